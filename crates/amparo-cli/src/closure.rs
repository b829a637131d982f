//! The entries about a few people, and all that bear on them: what facts are made of when the log is
//! long and the question is not.
//!
//! Which entries those are is looked up in the indexes of the store, and the numbers of references
//! (`p7`) in the kept deltas; where there are none, the log is short, and whoever asks reads it whole.

use std::collections::BTreeSet;
use std::ops::Range;

use amparo_core::entry::Entry;
use amparo_core::id::{EventId, GroupId, PersonId, Seq, Subject};
use amparo_projections::Facts;
use amparo_projections::closure::{Lookup, closed};
use amparo_store::ledger::Ledger;
use uuid::Uuid;

use crate::error::Failure;
use crate::identifier::is_reference;
use crate::kept_deltas::KeptDeltas;
use crate::kept_facts::not_a_log;

/// The most entries that an excerpt has: beyond, reading the facts of all is as fast.
const ENTRIES_MAX: usize = 20_000;

/// The facts about whom a reference (`p7`) or a UUID names; none where the facts of all answer as
/// soon, and for any other text.
///
/// # Errors
/// Integrity, when an entry cannot be read.
pub fn around(ledger: &Ledger, typed: &str) -> Result<Option<Facts>, Failure> {
    let uuid = Uuid::try_parse(typed).ok();
    if uuid.is_none() && !is_reference(typed) {
        return Ok(None);
    }
    let Some(deltas) = KeptDeltas::open(ledger)? else {
        return Ok(None);
    };
    let named = match uuid {
        Some(uuid) => [
            Subject::Person(PersonId::new(uuid)),
            Subject::Group(GroupId::new(uuid)),
        ]
        .to_vec(),
        None => {
            let registration = deltas.registration(&typed.to_ascii_lowercase());
            let entry = registration.map(|seq| ledger.entry(seq)).transpose()?;
            let subject = entry.flatten().and_then(|entry| entry.event.subject());
            let Some(subject) = subject else {
                return Ok(None);
            };
            [subject].to_vec()
        }
    };
    about(ledger, &deltas, &named)
}

/// The facts about some persons and groups; none where the facts of all answer as soon.
///
/// # Errors
/// As [`around`].
pub fn of_subjects(ledger: &Ledger, subjects: &[Subject]) -> Result<Option<Facts>, Failure> {
    match KeptDeltas::open(ledger)? {
        Some(deltas) => about(ledger, &deltas, subjects),
        None => Ok(None),
    }
}

/// The facts of an entry and all that bear on it; none where the facts of all answer as soon.
///
/// # Errors
/// As [`around`].
pub fn of_entry(ledger: &Ledger, seq: Seq) -> Result<Option<Facts>, Failure> {
    match KeptDeltas::open(ledger)? {
        Some(deltas) => closed_facts(ledger, &deltas, BTreeSet::from([seq])),
        None => Ok(None),
    }
}

fn about(
    ledger: &Ledger,
    deltas: &KeptDeltas<'_>,
    subjects: &[Subject],
) -> Result<Option<Facts>, Failure> {
    let mut open = BTreeSet::new();
    for subject in subjects {
        open.extend(ledger.seqs_of(*subject)?);
    }
    // Of somebody unknown the whole log says so.
    if open.is_empty() && !subjects.is_empty() {
        return Ok(None);
    }
    closed_facts(ledger, deltas, open)
}

fn closed_facts(
    ledger: &Ledger,
    deltas: &KeptDeltas<'_>,
    open: BTreeSet<Seq>,
) -> Result<Option<Facts>, Failure> {
    let entries = closed(&Indexes(ledger), open, ENTRIES_MAX)?;
    let facts = entries.map(|entries| facts(&entries, |seq| deltas.number(seq)));
    facts.transpose()
}

/// The entries of a range and those that bear on them, in log order; none when there are too many.
///
/// # Errors
/// As [`around`].
pub fn of_entries(ledger: &Ledger, range: Range<u64>) -> Result<Option<Vec<Entry>>, Failure> {
    closed(&Indexes(ledger), range.map(Seq::new), ENTRIES_MAX)
}

/// The facts of an excerpt.
///
/// # Errors
/// Integrity, when its entries are no part of a log.
pub fn facts(
    entries: &[Entry],
    registered_as: impl Fn(Seq) -> Option<u32>,
) -> Result<Facts, Failure> {
    let first = entries.first().map_or(Seq::OPENING, |entry| entry.seq);
    Facts::excerpt(entries, registered_as).map_err(|error| not_a_log(first, &error.to_string()))
}

/// The indexes of the store, as look-ups.
struct Indexes<'l>(&'l Ledger);

impl Lookup for Indexes<'_> {
    type Error = Failure;

    fn entry(&self, seq: Seq) -> Result<Entry, Failure> {
        let entry = self.0.entry(seq)?;
        entry.ok_or_else(|| not_a_log(seq, "it is missing"))
    }

    fn naming(&self, subject: Subject) -> Result<Vec<Seq>, Failure> {
        Ok(self.0.seqs_of(subject)?)
    }

    fn targeting(&self, event: EventId) -> Result<Vec<Seq>, Failure> {
        Ok(self.0.targeted_by(event)?)
    }

    fn of_event(&self, event: EventId) -> Result<Option<Seq>, Failure> {
        Ok(self.0.seq_of(event)?)
    }
}
