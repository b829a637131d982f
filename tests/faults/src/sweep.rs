//! Every file operation failing in turn: does the ledger keep its word?
//!
//! A step is taken on a copy of the ledger as it was before, with its k-th file operation failing,
//! for every k until none fails any more. Then the process is started again, and apart from that
//! the power is cut.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use amparo_store::Ledger;
use amparo_store::files::faults::{Effect, Fault, FaultyFiles, Survivors, SystemError, scratch};
use amparo_store::files::{Files, RealFiles};
use amparo_store::ledger::{Access, ExportError};

use crate::claim::{Broken, Length, insist};
use crate::folder;
use crate::story::{self, Content, STEPS, Step, Told};

/// Every how many-th case the short form tries: a prime, so that it meets all kinds of them.
const SHORT_EVERY: usize = 61;

/// One way to fail.
#[derive(Clone, Copy, Debug)]
struct Way {
    error: SystemError,
    effect: Effect,
    lasting: bool,
}

fn ways() -> impl Iterator<Item = Way> {
    SystemError::TOLD.into_iter().flat_map(|error| {
        Effect::ALL.into_iter().flat_map(move |effect| {
            [false, true].map(|lasting| Way {
                error,
                effect,
                lasting,
            })
        })
    })
}

/// The ledger before and after a step.
struct Around<'c> {
    place: usize,
    /// The folder of the ledger before; none where it is made by the step.
    before: &'c Path,
    was: Option<&'c Content>,
    is: &'c Content,
}

/// Sweeps every step of the story.
///
/// # Errors
/// [`Broken`] at the first case in which the claim does not hold.
pub fn writes(length: Length) -> Result<String, Broken> {
    let whole = scratch()?;
    let at = whole.path().join("ledger");
    let (mut cases, mut errors, mut unknown) = (0_usize, 0_usize, 0_usize);
    let mut number = 0;
    let mut was: Option<Content> = None;
    for (place, step) in STEPS.iter().enumerate() {
        let before = scratch()?;
        let kept = before.path().join("ledger");
        if at.exists() {
            folder::copy(&at, &kept)?;
        }
        let real: Arc<dyn Files> = Arc::new(RealFiles);
        let told = story::take(place, &real, &at)?;
        insist(told == Told::Done, || format!("{step:?}: {told:?}"))?;
        let is = story::content(&at, Access::Read)?;
        let around = Around {
            place,
            before: &kept,
            was: was.as_ref(),
            is: &is,
        };
        let operations = around.operations()?;
        for way in ways() {
            for operation in 0..operations {
                number += 1;
                if number % length.pick(SHORT_EVERY, 1) != 0 {
                    continue;
                }
                let told = around.fail(operation, way)?;
                cases += 1;
                errors += usize::from(told != Told::Done);
                unknown += usize::from(matches!(told, Told::Unknown(_)));
            }
        }
        was = Some(is);
    }
    Ok(format!(
        "{cases} failing operations, {errors} told as errors ({unknown} of them as outcome \
         unknown), 0 acknowledged entries lost"
    ))
}

impl Around<'_> {
    /// The ledger as it was before, in a new folder.
    fn laid_out(&self) -> Result<tempfile::TempDir, Broken> {
        let parent = scratch()?;
        if self.before.exists() {
            folder::copy(self.before, &parent.path().join("ledger"))?;
        }
        Ok(parent)
    }

    /// How many file operations the step has where none fails.
    fn operations(&self) -> Result<u64, Broken> {
        let parent = self.laid_out()?;
        let files = FaultyFiles::new(parent.path())?;
        let shared: Arc<dyn Files> = Arc::new(files.clone());
        story::take(self.place, &shared, &parent.path().join("ledger"))?;
        Ok(files.operations())
    }

    /// Takes the step with one operation failing, and checks what became of the ledger.
    fn fail(&self, operation: u64, way: Way) -> Result<Told, Broken> {
        let parent = self.laid_out()?;
        let at = parent.path().join("ledger");
        let files = FaultyFiles::new(parent.path())?;
        files.set_fault(Some(Fault {
            operation,
            error: way.error,
            effect: way.effect,
            lasting: way.lasting,
        }));
        let shared: Arc<dyn Files> = Arc::new(files.clone());
        let case = format!("{:?}, operation {operation}, {way:?}", STEPS[self.place]);
        let told = story::take(self.place, &shared, &at);
        let told = told.map_err(|broken| Broken::new(format!("{case}: {broken}")))?;
        let case = format!("{case}, told {told:?}");
        files.set_fault(None);

        let cut = scratch()?;
        let recording = files.recording();
        recording.power_cut(recording.len(), Survivors::Nothing, cut.path())?;
        self.check(
            &cut.path().join("ledger"),
            &told,
            &format!("{case}, power cut"),
        )?;
        self.check(&at, &told, &case)?;
        Ok(told)
    }

    /// Reads the ledger, takes the step again, and holds both against the run without faults.
    fn check(&self, at: &Path, told: &Told, case: &str) -> Result<(), Broken> {
        let say = |broken: Broken| Broken::new(format!("{case}: {broken}"));
        let may_be_undone = *told != Told::Done;
        if at.join("amparo.toml").exists() {
            let found = story::content(at, Access::Read).map_err(say)?;
            let is_done = found == *self.is;
            let is_undone = may_be_undone && Some(&found) == self.was;
            insist(is_done || is_undone, || {
                let (lines, signed) = (found.lines.len(), found.signed);
                format!("{case}: {lines} entries, {signed} signed")
            })?;
            let certainly_not = matches!(told, Told::NotDone(_));
            insist(is_undone || !certainly_not, || {
                format!("{case}: it is recorded all the same")
            })?;
        } else {
            let is_init = STEPS[self.place] == Step::Init;
            insist(may_be_undone && is_init, || format!("{case}: no ledger"))?;
            if at.exists() {
                fs::remove_dir_all(at)?;
            }
        }
        if STEPS[self.place] != Step::Init || !at.exists() {
            let real: Arc<dyn Files> = Arc::new(RealFiles);
            let again = story::take(self.place, &real, at).map_err(say)?;
            insist(again == Told::Done, || format!("{case}: then {again:?}"))?;
        }
        let found = story::content(at, Access::Read).map_err(say)?;
        insist(found == *self.is, || {
            format!("{case}: done again, it ends elsewhere")
        })?;
        story::insist_sound(at, case)
    }
}

/// Sweeps the opening of a ledger whose sled store is gone.
///
/// # Errors
/// [`Broken`] at the first case in which the claim does not hold.
pub fn rebuilds(length: Length) -> Result<String, Broken> {
    let whole = scratch()?;
    let kept = whole.path().join("ledger");
    let after = story::told_in_peace(&kept)?;
    let is = after.last().ok_or_else(|| Broken::new("no steps"))?;
    fs::remove_dir_all(kept.join("sled"))?;
    let (mut cases, mut errors, mut number) = (0_usize, 0_usize, 0_usize);
    for access in [Access::Read, Access::Write] {
        let operations = reading(&kept, access, None)?.1;
        for way in ways() {
            for operation in 0..operations {
                number += 1;
                if number % length.pick(SHORT_EVERY, 1) != 0 {
                    continue;
                }
                let fault = Fault {
                    operation,
                    error: way.error,
                    effect: way.effect,
                    lasting: way.lasting,
                };
                let (read, _) = reading(&kept, access, Some(fault))?;
                cases += 1;
                match read {
                    Ok(content) => insist(content == *is, || {
                        let lines = content.lines.len();
                        format!("{access:?}, {fault:?}: {lines} entries and no error")
                    })?,
                    Err(_) => errors += 1,
                }
            }
        }
    }
    Ok(format!(
        "{cases} failing operations, {errors} told as errors, 0 answers from less than the log"
    ))
}

/// Reads a copy of a ledger over files with a fault, then again without; what the first was told,
/// and how many operations there were.
fn reading(
    kept: &Path,
    access: Access,
    fault: Option<Fault>,
) -> Result<(Result<Content, Broken>, u64), Broken> {
    let parent = scratch()?;
    let at = parent.path().join("ledger");
    folder::copy(kept, &at)?;
    let files = FaultyFiles::new(parent.path())?;
    files.set_fault(fault);
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let opened = Ledger::open_on(shared, &at, access, &mut |_| {});
    let read = match opened {
        Ok(ledger) => story::content_of(&ledger),
        Err(error) => Err(Broken::new(error.to_string())),
    };
    let operations = files.operations();
    let again = story::content(&at, Access::Write);
    let again = again.map_err(|broken| Broken::new(format!("{fault:?}, then: {broken}")))?;
    if let Ok(read) = &read {
        insist(again == *read, || {
            format!("{fault:?}: then it read otherwise")
        })?;
    }
    Ok((read, operations))
}

/// A place to write to that is full after so many bytes.
#[derive(Debug)]
struct Full {
    written: Vec<u8>,
    bytes_max: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.bytes_max - self.written.len();
        if room == 0 {
            return Err(io::Error::from_raw_os_error(28));
        }
        let taken = &bytes[..bytes.len().min(room)];
        self.written.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Exports to places that are full at every byte.
///
/// # Errors
/// [`Broken`] at the first case in which the claim does not hold.
pub fn exports(length: Length) -> Result<String, Broken> {
    let whole = scratch()?;
    let at = whole.path().join("ledger");
    let after = story::told_in_peace(&at)?;
    let is = after.last().ok_or_else(|| Broken::new("no steps"))?;
    let opened = Ledger::open(&at, Access::Read, &mut |_| {});
    let ledger = opened.map_err(|error| Broken::new(error.to_string()))?;
    let mut cases = 0_usize;
    for openings in [false, true] {
        let to = |bytes_max| {
            let mut out = Full {
                written: Vec::new(),
                bytes_max,
            };
            let outcome = ledger.export(openings, &mut out, &mut |_| {});
            (outcome, out.written)
        };
        let (outcome, all) = to(usize::MAX);
        outcome.map_err(|error| Broken::new(error.to_string()))?;
        for bytes_max in (0..all.len()).step_by(length.pick(SHORT_EVERY, 1)) {
            let (outcome, written) = to(bytes_max);
            let is_told = matches!(outcome, Err(ExportError::Write(_)));
            insist(is_told, || format!("full at {bytes_max}: {outcome:?}"))?;
            insist(all.starts_with(&written), || {
                format!("full at {bytes_max}: other bytes were written")
            })?;
            cases += 1;
        }
    }
    insist(story::content_of(&ledger)? == *is, || {
        "the log is another after the exports".to_owned()
    })?;
    Ok(format!("{cases} full disks, 0 taken for whole exports"))
}
