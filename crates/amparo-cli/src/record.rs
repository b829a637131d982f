//! Records a few events given on the command line, or shows what would be recorded.
//!
//! Everything goes through [`Draft::parse`] and the store's plan: there is one way of checking.
//! Every write says what changed, its refs and how to undo it, where that can be.

use std::cmp::Ordering;

use amparo_core::draft::Draft;
use amparo_core::entry::Entry;
use amparo_core::fault::Fault;
use amparo_core::id::{EventId, Seq, Subject};
use amparo_core::kind::Kind;
use amparo_store::ledger::{Appended, Batch, Ids, Keep, Ledger, Plan, Planned, Refused};

use crate::draft_flags::{flag_of, refusal};
use crate::error::Failure;
use crate::faults::InputFault;
use crate::intake::all_faults;
use crate::listing::named;
use crate::output::{Cell, Column, Reply};
use crate::people::People;
use crate::session::{Session, Writing, whole_meta};
use crate::summary;

/// How many entries are told one by one; the rows of the answer hold all.
const SAID_MAX: usize = 20;

/// What to record.
pub struct Recording {
    /// Draft lines, in order; all are recorded together or none.
    pub lines: Vec<String>,
    /// Whether a command has made the lines, of a kind that drafts from elsewhere may not have.
    pub own: bool,
    /// Whether only to show what would be recorded.
    pub dry_run: bool,
    /// The index of names, where it was read already.
    pub people: Option<People>,
}

impl Recording {
    /// One draft to record.
    pub fn one(line: String, dry_run: bool, people: Option<People>) -> Self {
        Self {
            lines: vec![line],
            own: false,
            dry_run,
            people,
        }
    }

    /// The same of a kind that only a command of the ledger records.
    pub fn own(line: String, dry_run: bool) -> Self {
        Self {
            own: true,
            ..Self::one(line, dry_run, None)
        }
    }
}

/// Records, or shows, and writes the answer.
///
/// More than one batch of the journal holds is recorded in several, with one recording time, so
/// that `undo` takes it back as one.
///
/// # Errors
/// Exit 3 with every fault under the name of its flag, exit 6 when the head moved, else whatever
/// keeps the store from writing.
pub fn record(
    session: &mut Session<'_, '_>,
    mut writing: Writing,
    recording: Recording,
) -> Result<(), Failure> {
    let drafts = parse(session, &writing, &recording.lines, recording.own)?;
    if recording.dry_run {
        let mut all = drafts.iter().cloned().zip(&recording.lines);
        let (planned, _) = plan(session, &writing, &mut all)?;
        return show(session, &writing.ledger, &planned, &drafts);
    }
    let mut recorded = Vec::with_capacity(drafts.len());
    let mut rest = drafts.into_iter().zip(&recording.lines);
    while rest.len() > 0 {
        let (planned, batch) = plan(session, &writing, &mut rest)?;
        recorded.extend(planned);
        let random = &mut *session.world.random;
        let appended = writing.ledger.append(batch, writing.now, random)?;
        if appended.clock_held.is_some() {
            session.talk(clock_held(&appended));
        }
    }
    if recording.own {
        finish_erasures(session, &mut writing.ledger)?;
    }
    let answered = answer(session, &writing.ledger, &recorded, recording.people);
    session.close(writing.ledger);
    answered
}

/// Destroys the keys that an erasure just recorded says are gone.
fn finish_erasures(session: &mut Session<'_, '_>, ledger: &mut Ledger) -> Result<(), Failure> {
    let destroyed = ledger
        .finish_erasures(Some(&mut *session.world.random))
        .map_err(|error| Failure::internal(error.to_string()).causes_of(&error))?;
    if destroyed > 0 {
        session.talk(format!("destroyed {destroyed} key(s)"));
    }
    Ok(())
}

/// What to say of a clock that stands before the last entry.
pub fn clock_held(appended: &Appended) -> String {
    let at = appended.head.recorded;
    format!("note: the clock stands before the last entry; recorded at the time of that, {at}")
}

fn parse(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    lines: &[String],
    own: bool,
) -> Result<Vec<Draft>, Failure> {
    let context = writing.ledger.context(writing.today);
    let (random, ids) = (&mut *session.world.random, Ids::Fresh(writing.now));
    let mut plan = Plan::new(&writing.ledger, &writing.by, ids, Keep::Nothing, random);
    let mut drafts = Vec::with_capacity(lines.len());
    let mut faults = Vec::new();
    for line in lines {
        let parsed = match own {
            true => Draft::parse_own(line.as_bytes(), &context),
            false => Draft::parse_partly(line.as_bytes(), &context),
        };
        match parsed {
            Ok(draft) => drafts.push(draft),
            Err(unread) => faults.extend(all_faults(&mut plan, unread, line.as_bytes())?),
        }
    }
    match faults.is_empty() {
        true => Ok(drafts),
        false => Err(refusal(faults.into_iter().map(of_flag).collect())),
    }
}

fn of_flag(fault: Fault) -> InputFault {
    InputFault::of_flag(flag_of(&fault.field), fault)
}

/// Plans drafts until a batch is full, or there are no more.
fn plan(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    drafts: &mut dyn Iterator<Item = (Draft, &String)>,
) -> Result<(Vec<Planned>, Batch), Failure> {
    let random = &mut *session.world.random;
    let ids = Ids::Fresh(writing.now);
    let mut plan = Plan::new(&writing.ledger, &writing.by, ids, Keep::Drafts, random);
    let mut planned = Vec::new();
    let mut faults = Vec::new();
    while !plan.is_full() {
        let Some((draft, line)) = drafts.next() else {
            break;
        };
        match plan.add(draft) {
            Ok(done) => planned.push(done),
            Err(Refused::Rule(rule)) => {
                faults.push(of_flag(rule.locate(line.as_bytes())));
            }
            Err(Refused::Read(error)) => return Err(error.into()),
        }
    }
    match faults.is_empty() {
        true => Ok((planned, plan.into_batch())),
        false => Err(refusal(faults)),
    }
}

/// Shows the exact events that would be recorded.
fn show(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    planned: &[Planned],
    drafts: &[Draft],
) -> Result<(), Failure> {
    let columns = [Column::text("would_be"), Column::text("event")];
    let mut reply = Reply::new(whole_meta(ledger), columns);
    for (planned, draft) in planned.iter().zip(drafts) {
        match planned {
            Planned::New { seq, id, registers } => {
                for (seq, subject) in registers {
                    let registration = Draft::registration(*subject, draft.external(*subject));
                    reply.push(vec![Cell::text(seq), Cell::Json(registration.content())]);
                }
                reply.push(vec![
                    Cell::text(seq),
                    Cell::Json(with_id(*id, &draft.content())),
                ]);
            }
            Planned::Duplicate { seq, id } => {
                session.talk(format!("note: {seq} already records this event"));
                reply.push(vec![
                    Cell::text(seq),
                    Cell::Json(with_id(*id, &draft.content())),
                ]);
            }
        }
    }
    session.reply(&reply)?;
    session.talk("nothing was written (--dry-run)");
    Ok(())
}

fn with_id(id: EventId, content: &str) -> String {
    let members = content.strip_prefix('{').unwrap_or(content);
    format!("{{\"id\":\"{id}\",{members}")
}

/// Says what was recorded.
fn answer(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    planned: &[Planned],
    people: Option<People>,
) -> Result<(), Failure> {
    let mut recorded: Vec<(Seq, &'static str)> = Vec::new();
    for planned in planned {
        match planned {
            Planned::New { seq, registers, .. } => {
                recorded.extend(registers.iter().map(|(seq, _)| (*seq, "registered")));
                recorded.push((*seq, "recorded"));
            }
            Planned::Duplicate { seq, .. } => recorded.push((*seq, "known")),
        }
    }
    let mut entries = Vec::with_capacity(recorded.len());
    for (seq, action) in recorded {
        let entry = ledger.entry(seq)?;
        entries.extend(entry.map(|entry| (entry, action)));
    }
    let people = match people.filter(|people| knows_all(people, &entries)) {
        Some(people) => people,
        None => {
            let recorded: Vec<_> = entries.iter().map(|(entry, _)| entry.clone()).collect();
            People::with_names_of(ledger, &named(&recorded))?
        }
    };
    let mut reply = Reply::new(whole_meta(ledger), columns());
    for (n, (entry, action)) in entries.iter().enumerate() {
        match n.cmp(&SAID_MAX) {
            Ordering::Less => session.talk(said(entry, action, &people)),
            Ordering::Equal => session.talk(format!("and {} more", entries.len() - n)),
            Ordering::Greater => {}
        }
        reply.push(row(entry, action, ledger, &people)?);
    }
    session.reply(&reply)?;
    let new: Vec<_> = entries
        .iter()
        .filter(|(_, action)| *action != "known")
        .collect();
    let is_erasure = |(entry, _): &&(Entry, _)| entry.event.kind() == Kind::Erasure;
    match new.as_slice() {
        [] => {}
        new if new.iter().any(is_erasure) => {
            session.talk("this cannot be undone: the keys are gone")
        }
        [(entry, _)] => {
            let seq = entry.seq;
            session.talk(format!("undo with `amparo undo` or `amparo retract {seq}`"));
        }
        _ => session.talk("undo with `amparo undo`"),
    }
    Ok(())
}

fn knows_all(people: &People, entries: &[(Entry, &'static str)]) -> bool {
    let tells =
        |entry: &Entry| matches!(entry.event.kind(), Kind::Person | Kind::Group | Kind::Merge);
    entries.iter().all(|(entry, _)| {
        !tells(entry)
            && entry
                .event
                .subjects()
                .all(|subject| people.known(subject).is_some())
    })
}

fn columns() -> [Column; 8] {
    [
        Column::text("action"),
        Column::text("entry"),
        Column::machine("id"),
        Column::text("kind"),
        Column::text("subject"),
        Column::text("name"),
        Column::text("occurred"),
        Column::text("target"),
    ]
}

fn row(
    entry: &Entry,
    action: &str,
    ledger: &Ledger,
    people: &People,
) -> Result<Vec<Cell>, Failure> {
    let subject = entry.event.subject();
    let target = match entry.event.target() {
        Some(target) => ledger.seq_of(target)?,
        None => None,
    };
    Ok(vec![
        Cell::text(action),
        Cell::text(entry.seq),
        Cell::text(entry.id),
        Cell::text(entry.event.kind()),
        Cell::maybe(subject.map(|subject| people.reference(subject))),
        Cell::maybe(subject.and_then(|subject| people.name(subject))),
        Cell::maybe(entry.event.occurred()),
        Cell::maybe(target),
    ])
}

/// `recorded e49: arrest of p7 Ana Demo, 2025-05: SEBIN, VE:Caracas`
fn said(entry: &Entry, action: &str, people: &People) -> String {
    let event = &entry.event;
    let of = match event.subject() {
        Some(subject @ (Subject::Person(_) | Subject::Group(_))) => {
            format!(" of {}", people.label(subject))
        }
        None => String::new(),
    };
    let occurred = event
        .occurred()
        .map(|day| format!(", {day}"))
        .unwrap_or_default();
    let details = summary::details(event, people);
    let details = if details.is_empty() {
        details
    } else {
        format!(": {details}")
    };
    format!(
        "{action} {}: {}{of}{occurred}{details}",
        entry.seq,
        event.kind()
    )
}
