//! A ledger's life in steps, each as a process of its own would take it, and what it was told.
//!
//! The same step on the same folder gives the same bytes: clock and randomness are its own. So a
//! step that failed and is taken again must end where it would have ended at once.

use std::path::Path;
use std::sync::Arc;

use amparo_core::draft::Draft;
use amparo_core::entry::Recorded;
use amparo_core::id::Seq;
use amparo_store::Ledger;
use amparo_store::files::{Files, RealFiles};
use amparo_store::ledger::{Access, AppendError, Batch, Ids, Keep, NewLedger, Plan};

use crate::claim::{Broken, insist};
use crate::disk::chain;

const FIRST_MS: i64 = 1_770_724_800_000;
const STEP_MS: i64 = 60_000;

/// One thing done to a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The ledger is made.
    Init,
    /// One person is registered and arrested.
    Append(usize),
    /// Many are, in one batch.
    Import,
    /// An entry is replaced, another retracted.
    Correct,
    /// The head is signed.
    Checkpoint,
}

/// The whole life, in order.
pub const STEPS: [Step; 9] = [
    Step::Init,
    Step::Append(0),
    Step::Append(1),
    Step::Import,
    Step::Correct,
    Step::Checkpoint,
    Step::Append(2),
    Step::Append(3),
    Step::Checkpoint,
];

/// How many people an import brings.
const IMPORTED: std::ops::Range<usize> = 100..118;

/// What a step was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was done.
    Done,
    /// It was certainly not done.
    NotDone(String),
    /// It may have been done or not.
    Unknown(String),
}

/// Takes the step at this place of [`STEPS`] over files that may fail.
///
/// # Errors
/// [`Broken`] where the ledger breaks its word at once: a write after one whose outcome is
/// unknown was not refused.
pub fn take(place: usize, files: &Arc<dyn Files>, folder: &Path) -> Result<Told, Broken> {
    let now = recorded(place)?;
    let mut random = random(place);
    let step = STEPS[place];
    if step == Step::Init {
        let new = NewLedger {
            name: "Demo".into(),
            time_zone: chrono_tz::America::Caracas,
            recorder: "desk".into(),
        };
        let made = Ledger::init_on(files.clone(), folder, &new, now, &mut random);
        return Ok(match made {
            Ok(_) => Told::Done,
            Err(error) => Told::Unknown(error.to_string()),
        });
    }
    let opened = Ledger::open_on(files.clone(), folder, Access::Write, &mut |_| {});
    let mut ledger = match opened {
        Ok(ledger) => ledger,
        Err(error) => return Ok(Told::NotDone(error.to_string())),
    };
    let told = match step {
        Step::Init => Told::Done,
        Step::Checkpoint => match ledger.checkpoint(None, None, &mut random) {
            Ok(_) => Told::Done,
            Err(error) => Told::Unknown(error.to_string()),
        },
        Step::Append(_) | Step::Correct => record(&mut ledger, &drafts(step), now, &mut random)?,
        Step::Import => import(&mut ledger, &drafts(step), now, &mut random)?,
    };
    // Whatever only memory holds of the sled store may be lost: closing it may fail.
    let _ = ledger.close();
    Ok(told)
}

fn record(
    ledger: &mut Ledger,
    drafts: &[String],
    now: Recorded,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Told, Broken> {
    let batch = plan(ledger, drafts, random)?;
    Ok(match ledger.append(batch, now, random) {
        Ok(_) => Told::Done,
        Err(error @ AppendError::OutcomeUnknown(_)) => {
            let next = plan(ledger, &[note("another")], random)?;
            let refused = ledger.append(next, now, random);
            let is_refused = matches!(refused, Err(AppendError::Poisoned));
            insist(is_refused, || format!("a write after {error}: {refused:?}"))?;
            Told::Unknown(error.to_string())
        }
        Err(error) => Told::NotDone(error.to_string()),
    })
}

/// Checks drafts and records them after, as an import does.
fn import(
    ledger: &mut Ledger,
    drafts: &[String],
    now: Recorded,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Told, Broken> {
    let mut checked = planned(ledger, drafts, Keep::Nothing, random)?.into_checked();
    let (namer, drafts) = (ledger.namer(), parsed(ledger, drafts)?);
    let appended = ledger.append_all(|appender| {
        let mut batch = checked.batch();
        for draft in drafts {
            checked.put(namer.name(draft), &mut batch, random);
        }
        let appended = appender.append(batch, now, random);
        if matches!(appended, Err(AppendError::OutcomeUnknown(_))) {
            let refused = appender.append(checked.batch(), now, random);
            if !matches!(refused, Err(AppendError::Poisoned)) {
                return Ok(Err(Broken::new(format!(
                    "a write after another: {refused:?}"
                ))));
            }
        }
        appended.map(Ok)
    });
    Ok(match appended {
        Ok(kept) => kept.map(|()| Told::Done)?,
        Err(error @ AppendError::OutcomeUnknown(_)) => Told::Unknown(error.to_string()),
        Err(error) => Told::NotDone(error.to_string()),
    })
}

/// Registers people, each with a private note of so many bytes, and records their arrests, in one
/// batch; the lines. Whoever is there already is left as they are.
///
/// # Errors
/// [`Broken`] where the drafts are none.
pub fn append_people(
    ledger: &mut Ledger,
    numbers: std::ops::Range<usize>,
    bytes: usize,
) -> Result<Result<Vec<Vec<u8>>, AppendError>, Broken> {
    let place = STEPS.len() + numbers.start;
    let note = "x".repeat(bytes);
    let drafts = numbers.flat_map(|n| {
        let person = format!(
            r#"{{"kind":"person","person":"fp:{n}","private":{{"name":"Ana Demo {n}","note":"{note}"}},"unsourced":true}}"#
        );
        [person, arrest(n, "2026-01-02", None)]
    });
    let drafts: Vec<_> = drafts.collect();
    let (mut random, now) = (random(place), recorded(STEPS.len())?);
    let batch = plan(ledger, &drafts, &mut random)?;
    let before = ledger.head().size;
    if batch.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    if let Err(error) = ledger.append(batch, now, &mut random) {
        return Ok(Err(error));
    }
    let lines = ledger.lines(before..ledger.head().size);
    let lines: Result<Vec<_>, _> = lines.map(|line| line.map(|(_, line)| line)).collect();
    Ok(Ok(lines.map_err(|error| Broken::new(error.to_string()))?))
}

/// Checks drafts, with ids from their content.
fn plan(
    ledger: &Ledger,
    drafts: &[String],
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Batch, Broken> {
    Ok(planned(ledger, drafts, Keep::Drafts, random)?.into_batch())
}

fn planned<'l, 'r>(
    ledger: &'l Ledger,
    drafts: &[String],
    keep: Keep,
    random: &'r mut dyn FnMut(&mut [u8]),
) -> Result<Plan<'l, 'r>, Broken> {
    let mut plan = Plan::new(ledger, "desk", Ids::FromContent, keep, random);
    for draft in parsed(ledger, drafts)? {
        let planned = plan.add(draft);
        planned.map_err(|refused| Broken::new(refused.to_string()))?;
    }
    Ok(plan)
}

fn parsed(ledger: &Ledger, drafts: &[String]) -> Result<Vec<Draft>, Broken> {
    let today = "2026-03-01".parse();
    let today = today.map_err(|_| Broken::new("the day is none"))?;
    let context = ledger.context(today);
    let parse = |line: &String| {
        let draft = Draft::parse(line.as_bytes(), &context);
        draft.map_err(|faults| Broken::new(format!("{line}: {faults:?}")))
    };
    drafts.iter().map(parse).collect()
}

fn drafts(step: Step) -> Vec<String> {
    match step {
        Step::Init | Step::Checkpoint => Vec::new(),
        Step::Append(n) => vec![person(n), arrest(n, "2026-01-02", None)],
        Step::Import => IMPORTED
            .flat_map(|n| [person(n), arrest(n, "2026-01", Some(n))])
            .collect(),
        Step::Correct => vec![
            release(100, &id(100)),
            format!(
                r#"{{"kind":"retraction","entry":"{}","reason":"wrong person"}}"#,
                id(101)
            ),
        ],
    }
}

fn id(n: usize) -> String {
    format!("01936b2e-7c1a-7d53-8f3e-{n:012}")
}

fn note(text: &str) -> String {
    format!(r#"{{"kind":"note","text":"{text}","unsourced":true}}"#)
}

fn person(n: usize) -> String {
    format!(
        r#"{{"kind":"person","person":"fp:{n}","private":{{"name":"Ana Demo {n}"}},"unsourced":true}}"#
    )
}

fn arrest(n: usize, occurred: &str, with_id: Option<usize>) -> String {
    let id = with_id.map_or_else(String::new, |n| format!(r#""id":"{}","#, id(n)));
    format!(r#"{{{id}"kind":"arrest","person":"fp:{n}","occurred":"{occurred}","unsourced":true}}"#)
}

fn release(n: usize, replaces: &str) -> String {
    format!(
        r#"{{"kind":"release","person":"fp:{n}","occurred":"2026-02-01","replaces":"{replaces}","unsourced":true}}"#
    )
}

fn recorded(place: usize) -> Result<Recorded, Broken> {
    let steps = i64::try_from(place).unwrap_or(i64::MAX);
    Recorded::from_ms(FIRST_MS + STEP_MS * steps).ok_or_else(|| Broken::new("no such time"))
}

/// Random bytes, the same for the same step.
pub fn random(place: usize) -> impl FnMut(&mut [u8]) + use<> {
    let mut state = 0x9e37_79b9_u64 + place as u64;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = state.to_be_bytes()[0];
        }
    }
}

/// What a ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Every line, byte for byte.
    pub lines: Vec<Vec<u8>>,
    /// How many entries' private fields open.
    pub opened: usize,
    /// How many entries the newest signed head covers.
    pub signed: u64,
}

/// Reads a whole ledger.
///
/// # Errors
/// What a reader is told, as [`Broken`].
pub fn content(folder: &Path, access: Access) -> Result<Content, Broken> {
    let told = |error: &(dyn std::error::Error + 'static)| Broken::new(chain(error));
    let opened = Ledger::open_on(Arc::new(RealFiles), folder, access, &mut |_| {});
    let ledger = opened.map_err(|error| told(&error))?;
    content_of(&ledger)
}

/// The same of a ledger that is open.
///
/// # Errors
/// As [`content`].
pub fn content_of(ledger: &Ledger) -> Result<Content, Broken> {
    let told = |error: &(dyn std::error::Error + 'static)| Broken::new(chain(error));
    let size = ledger.head().size;
    let mut content = Content {
        lines: Vec::new(),
        opened: 0,
        signed: 0,
    };
    for line in ledger.lines(0..size) {
        content.lines.push(line.map_err(|error| told(&error))?.1);
    }
    for seq in 0..size {
        let openings = ledger.openings(Seq::new(seq));
        content.opened += usize::from(openings.map_err(|error| told(&error))?.is_some());
    }
    let newest = ledger.newest_checkpoint().map_err(|error| told(&error))?;
    content.signed = newest.map_or(0, |stored| stored.checkpoint.checkpoint().head().size());
    Ok(content)
}

/// Makes the ledger of the first step on real files.
///
/// # Errors
/// [`Broken`] where it is not made.
pub fn begin(folder: &Path) -> Result<(), Broken> {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let made = take(0, &files, folder)?;
    insist(made == Told::Done, || format!("{made:?}"))
}

/// What the ledger holds after each step where nothing fails; left in `folder`.
///
/// # Errors
/// [`Broken`] where a step is not done.
pub fn told_in_peace(folder: &Path) -> Result<Vec<Content>, Broken> {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let after = (0..STEPS.len()).map(|place| {
        let told = take(place, &files, folder)?;
        insist(told == Told::Done, || {
            format!("{:?}: {told:?}", STEPS[place])
        })?;
        content(folder, Access::Read)
    });
    after.collect()
}

/// Insists that a full check of a ledger finds nothing.
///
/// # Errors
/// [`Broken`] with what it found.
pub fn insist_sound(folder: &Path, case: &str) -> Result<(), Broken> {
    let verified = Ledger::verify(folder, &mut |_| {});
    let verified = verified.map_err(|error| Broken::new(format!("{case}: {error}")))?;
    insist(verified.findings.is_empty(), || {
        format!("{case}: {:?}", verified.findings)
    })
}
