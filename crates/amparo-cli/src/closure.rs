//! Facts about a few people, and all that bears on them: where the log is long and the question is not.
//!
//! Which entries those are is looked up in the indexes of the store, and the numbers of references
//! (`p7`) in the kept deltas; where there are none, the log is short, and whoever asks reads it whole.

use std::collections::BTreeSet;

use amparo_core::id::{GroupId, PersonId, Seq, Subject};
use amparo_projections::Facts;
use amparo_store::ledger::Ledger;
use uuid::Uuid;

use crate::error::Failure;
use crate::identifier::is_reference;
use crate::kept_deltas::KeptDeltas;
use crate::lookups;

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
    let entries = lookups::bearing_on(ledger, open)?;
    let facts = entries.map(|entries| lookups::facts(&entries, |seq| deltas.number(seq)));
    facts.transpose()
}
