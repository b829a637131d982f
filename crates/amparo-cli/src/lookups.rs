//! The entries that bear on others, looked up in the indexes of the store, and the facts of them.

use amparo_core::entry::Entry;
use amparo_core::id::{EventId, Seq, Subject};
use amparo_projections::Facts;
use amparo_projections::closure::{Lookup, closed};
use amparo_store::ledger::Ledger;

use crate::error::Failure;

/// The most entries that an excerpt has: beyond, reading the facts of all is as fast.
const ENTRIES_MAX: usize = 20_000;

/// These entries and all that bear on them, in log order; none when there are too many.
///
/// # Errors
/// Integrity, when an entry cannot be read.
pub fn bearing_on(
    ledger: &Ledger,
    entries: impl IntoIterator<Item = Seq>,
) -> Result<Option<Vec<Entry>>, Failure> {
    closed(&Indexes(ledger), entries, ENTRIES_MAX)
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
    Facts::excerpt(entries, registered_as)
        .map_err(|error| Failure::not_a_log(first, &error.to_string()))
}

/// The indexes of the store, as look-ups.
struct Indexes<'l>(&'l Ledger);

impl Lookup for Indexes<'_> {
    type Error = Failure;

    fn entry(&self, seq: Seq) -> Result<Entry, Failure> {
        let entry = self.0.entry(seq)?;
        entry.ok_or_else(|| Failure::not_a_log(seq, "it is missing"))
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
