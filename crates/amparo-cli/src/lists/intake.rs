//! Files of a list into the ledger: all compared first, and recorded only when none is refused.

use std::collections::HashMap;
use std::path::Path;

use amparo_core::date::{Context, Day};
use amparo_core::draft::Draft;
use amparo_core::id::{EventId, Seq};
use amparo_store::ledger::{Ids, Keep, Plan, Planned, Refused};
use uuid::Uuid;

use super::compare::{Comparison, Counts, Effect, Step};
use super::known::{Closed, Known};
use super::roster::{ListFile, Roster};
use super::rules::Rules;
use crate::error::Failure;
use crate::faults::InputFault;
use crate::session::Writing;

/// What came of one file.
pub struct Figures {
    /// As it was named.
    pub file: String,
    /// Its day.
    pub day: Day,
    /// How many rows it has.
    pub rows: u64,
    /// How many people.
    pub people: u64,
    /// How many rows name somebody again.
    pub again: u64,
    /// The comparison; none where the file is recorded already.
    pub counts: Option<Counts>,
    /// How many entries it added, with registrations.
    pub new: u64,
    /// Where the log stood after it.
    pub head: Seq,
}

/// A random source, as the store takes it.
type Random<'r> = &'r mut dyn FnMut(&mut [u8]);

/// A file in its place among the others.
struct Turn<'f> {
    file: &'f ListFile,
    day: Day,
}

/// Compares files in the order of their days, and records what follows unless it is a dry run.
///
/// # Errors
/// Exit 3 with every fault of every file, or when a file comes too late to be compared; nothing
/// is written then.
pub fn import(
    writing: &mut Writing,
    rules: &Rules,
    files: &[ListFile],
    dry_run: bool,
    random: Random<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<Vec<Figures>, Failure> {
    check_zone(writing, &rules.time_zone)?;
    let mut turns = read_all(writing, rules, files)?;
    turns.sort_by_key(|turn| turn.day);
    if let Some(pair) = turns.windows(2).find(|pair| pair[0].day == pair[1].day) {
        let message = format!("{} and {}", pair[0].file.name, pair[1].file.name);
        return Err(
            Failure::refused(format!("{message} are lists of the same day"))
                .hint("import the one that was published last"),
        );
    }
    let mut externals = HashMap::new();
    let checked = {
        let plan = Box::new(Plan::new(
            &writing.ledger,
            &writing.by,
            Ids::FromContent,
            Keep::Nothing,
            random,
        ));
        let mut checker = Recorder::Check { writing, plan };
        checker.pass(rules, &turns, &mut externals, step)?
    };
    match dry_run {
        true => Ok(checked),
        false => Recorder::Record { writing, random }.pass(rules, &turns, &mut externals, step),
    }
}

/// Refuses a list whose days begin and end at other moments than those of the ledger.
///
/// # Errors
/// Exit 3.
pub fn check_zone(writing: &Writing, stated: &str) -> Result<(), Failure> {
    let zone = writing.ledger.opening().time_zone;
    match zone.name() == stated {
        true => Ok(()),
        false => Err(Failure::refused(format!(
            "the list's days are those of {stated}, the ledger's those of {zone}"
        ))
        .hint(format!(
            "keep such lists in a ledger of their own: amparo -L DIR init --tz {stated}"
        ))),
    }
}

/// Reads every file once, for its day and its faults.
fn read_all<'f>(
    writing: &Writing,
    rules: &Rules,
    files: &'f [ListFile],
) -> Result<Vec<Turn<'f>>, Failure> {
    let mut turns = Vec::with_capacity(files.len());
    let mut faults: Vec<InputFault> = Vec::new();
    for file in files {
        match file.read(rules)? {
            Ok(roster) if roster.day > writing.today => {
                let message = format!("{}: a list of {}, after today", file.name, roster.day);
                return Err(Failure::refused(message).hint("check the date in its name or cells"));
            }
            Ok(roster) => turns.push(Turn {
                file,
                day: roster.day,
            }),
            Err(found) => faults.extend(found),
        }
    }
    match faults.len() {
        0 => Ok(turns),
        1 => Err(Failure::refused("1 fault; nothing was written").faults(faults)),
        count => {
            Err(Failure::refused(format!("{count} faults; nothing was written")).faults(faults))
        }
    }
}

/// Where drafts go: into a plan that keeps nothing, or into the log.
enum Recorder<'w, 'r> {
    Check {
        writing: &'w Writing,
        plan: Box<Plan<'w, 'r>>,
    },
    Record {
        writing: &'w mut Writing,
        random: Random<'r>,
    },
}

/// What became of the drafts of one file.
struct Recorded {
    ids: Vec<EventId>,
    new: u64,
}

impl Recorder<'_, '_> {
    fn writing(&self) -> &Writing {
        match self {
            Self::Check { writing, .. } => writing,
            Self::Record { writing, .. } => writing,
        }
    }

    /// Compares every file with what the lists before it have said.
    fn pass(
        &mut self,
        rules: &Rules,
        turns: &[Turn<'_>],
        externals: &mut HashMap<String, Uuid>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<Figures>, Failure> {
        let mut known = Known::read(&self.writing().ledger, rules)?;
        let mut size = self.writing().ledger.head().size;
        let mut done = Vec::with_capacity(turns.len());
        for turn in turns {
            let roster = turn.file.read(rules)?.map_err(|_| changed(turn.file))?;
            if roster.day != turn.day {
                return Err(changed(turn.file));
            }
            let mut figures = Figures::of(turn.file, &roster, size);
            match recorded_before(&known, turn.file, &roster)? {
                Some(head) => figures.head = head,
                None => {
                    self.compare(
                        rules,
                        turn.file,
                        &roster,
                        &mut known,
                        externals,
                        &mut figures,
                    )?;
                    size += figures.new;
                }
            }
            done.push(figures);
            progress(done.len() as u64);
        }
        Ok(done)
    }

    fn compare(
        &mut self,
        rules: &Rules,
        file: &ListFile,
        roster: &Roster,
        known: &mut Known,
        externals: &mut HashMap<String, Uuid>,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let ids = ids(self.writing(), roster, externals)?;
        let name = Path::new(&file.name).file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let dates = Context {
            today: self.writing().today,
            zone: self.writing().ledger.opening().time_zone,
        };
        let list = (&*name, roster, &ids[..]);
        let (counts, steps) = Comparison::new(rules, known, list, dates).run()?;
        let recorded = self.record(&steps, file, known)?;
        figures.counts = Some(counts);
        figures.new = recorded.new;
        figures.head = Seq::new(figures.head.number() + recorded.new);
        for (step, id) in steps.into_iter().zip(recorded.ids) {
            apply(known, step.effect, id, roster, figures.head);
        }
        for (listed, person) in roster.people.iter().zip(&ids) {
            if let (Some(status), Some(seen)) = (&listed.status, known.people.get_mut(person)) {
                seen.status = Some(status.clone());
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        steps: &[Step],
        file: &ListFile,
        known: &Known,
    ) -> Result<Recorded, Failure> {
        let mut recorded = Recorded {
            ids: Vec::with_capacity(steps.len()),
            new: 0,
        };
        match self {
            Self::Check { writing, plan } => {
                let context = writing.ledger.context(writing.today);
                for step in steps {
                    recorded.add(plan, step, &context, file, known)?;
                }
            }
            Self::Record { writing, random } => {
                let mut rest = steps.iter().peekable();
                while rest.peek().is_some() {
                    let ledger = &writing.ledger;
                    let context = ledger.context(writing.today);
                    let ids = Ids::FromContent;
                    let mut plan = Plan::new(ledger, &writing.by, ids, Keep::Drafts, &mut **random);
                    while !plan.is_full()
                        && let Some(step) = rest.next()
                    {
                        recorded.add(&mut plan, step, &context, file, known)?;
                    }
                    let batch = plan.into_batch();
                    if !batch.is_empty() {
                        writing.ledger.append(batch, writing.now, &mut **random)?;
                    }
                }
            }
        }
        Ok(recorded)
    }
}

impl Recorded {
    fn add(
        &mut self,
        plan: &mut Plan<'_, '_>,
        step: &Step,
        context: &amparo_core::Context,
        file: &ListFile,
        known: &Known,
    ) -> Result<(), Failure> {
        let cannot = |message: &str| {
            Failure::refused(format!("{}: what follows cannot be recorded", file.name))
                .cause(message.to_owned())
        };
        let draft = Draft::parse(step.line.as_bytes(), context).map_err(|faults| {
            let said = faults
                .first()
                .map(|fault| format!("{}: {}", fault.field, fault.message));
            cannot(&said.unwrap_or_default())
                .hint("the rules give this text or kind; correct them there")
        })?;
        match plan.add(draft) {
            Ok(Planned::New { id, registers, .. }) => {
                self.ids.push(id);
                self.new += 1 + registers.len() as u64;
            }
            Ok(Planned::Duplicate { id, seq }) => {
                if known.out_of_force.contains(&id) {
                    let message = format!("{seq} says this already, and was taken back");
                    return Err(cannot(&message).hint(
                        "take the undoing back: `amparo undo` right after it, or `amparo \
                               retract` its entries",
                    ));
                }
                self.ids.push(id);
            }
            Err(Refused::Rule(refusal)) => return Err(cannot(&refusal.message)),
            Err(Refused::Read(error)) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Figures {
    fn of(file: &ListFile, roster: &Roster, size: u64) -> Self {
        Self {
            file: file.name.clone(),
            day: roster.day,
            rows: roster.rows,
            people: roster.people.len() as u64,
            again: roster.again.len() as u64,
            counts: None,
            new: 0,
            head: Seq::new(size.saturating_sub(1)),
        }
    }
}

fn changed(file: &ListFile) -> Failure {
    Failure::refused(format!("{} has changed while it was imported", file.name))
        .hint("import it again: what is recorded already is left as it is")
}

/// The entry that closed this list, if this very file was compared before.
fn recorded_before(
    known: &Known,
    file: &ListFile,
    roster: &Roster,
) -> Result<Option<Seq>, Failure> {
    let day = roster.day;
    match known.lists.get(&day) {
        Some(closed) if closed.sha256 == roster.sha256 => return Ok(Some(closed.seq)),
        Some(closed) => {
            let message = format!(
                "{}: another list of {day} is recorded, {}",
                file.name, closed.seq
            );
            return Err(Failure::refused(message)
                .hint("a day has one list; record what this one adds with `amparo append`"));
        }
        None => {}
    }
    match known.lists.last_key_value() {
        Some((last, _)) if *last > day => Err(Failure::refused(format!(
            "{}: a list of {day}, and that of {last} is recorded already",
            file.name
        ))
        .hint(
            "lists are compared in the order of their days: import all of them into a new ledger",
        )),
        Some(_) | None => Ok(None),
    }
}

/// The ids in the ledger of everybody on a list.
fn ids(
    writing: &Writing,
    roster: &Roster,
    externals: &mut HashMap<String, Uuid>,
) -> Result<Vec<Uuid>, Failure> {
    let mut ids = Vec::with_capacity(roster.people.len());
    for listed in &roster.people {
        let text = listed.external.as_str();
        let id = match externals.get(text) {
            Some(id) => *id,
            None => {
                let id = writing.ledger.person_under(&listed.external)?;
                externals.insert(text.to_owned(), id);
                id
            }
        };
        ids.push(id);
    }
    Ok(ids)
}

fn apply(known: &mut Known, effect: Effect, id: EventId, roster: &Roster, head: Seq) {
    match effect {
        Effect::Stays(person, since) => known.stays(person, id, since),
        Effect::Left(person, when) => known.left(person, id, when, None),
        Effect::LeftAt(person, when, exit) => known.left(person, id, when, Some(exit)),
        Effect::Back(person) => {
            if let Some(seen) = known.people.get_mut(&person) {
                seen.exits.pop();
                seen.present = true;
            }
        }
        Effect::Nothing => {}
        Effect::Closes => {
            let sha256 = roster.sha256.clone();
            known.lists.insert(roster.day, Closed { sha256, seq: head });
        }
    }
}
