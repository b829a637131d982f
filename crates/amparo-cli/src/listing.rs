//! Entries as lists and pages show them, at a known-at: what they say, and whether they count.

use amparo_core::entry::Entry;
use amparo_core::id::Subject;
use amparo_core::private::PrivateField;
use amparo_projections::Facts;
use amparo_store::ledger::Ledger;

use crate::error::Failure;
use crate::kept_facts;
use crate::output::{Cell, Column};
use crate::people::{Names, People};
use crate::standing::Standings;
use crate::summary;

/// What a list of entries needs to know beyond them: names, and what is in force.
pub struct Listing {
    /// The names.
    pub people: People,
    /// What is in force.
    pub standings: Standings,
}

impl Listing {
    /// Reads the first entries of the log, and the names of all. Linear in their number.
    ///
    /// # Errors
    /// Integrity, when an entry cannot be read.
    pub fn read(ledger: &Ledger, prefix: u64) -> Result<Self, Failure> {
        let facts = kept_facts::of(ledger)?;
        Ok(Self {
            people: People::of(ledger, &facts, Names::All)?,
            standings: Standings::of_facts(&facts, prefix),
        })
    }

    /// The same for these entries alone, with the names they need.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of(
        ledger: &Ledger,
        facts: &Facts,
        prefix: u64,
        entries: &[Entry],
    ) -> Result<Self, Failure> {
        Ok(Self {
            people: People::of(ledger, facts, Names::Of(&named(entries)))?,
            standings: Standings::of_facts(facts, prefix),
        })
    }

    /// The columns of a list of entries.
    pub fn columns() -> [Column; 12] {
        [
            Column::text("entry"),
            Column::text("recorded"),
            Column::text("by"),
            Column::text("kind"),
            Column::text("subject"),
            Column::text("name"),
            Column::text("occurred"),
            Column::text("details"),
            Column::text("sources"),
            Column::text("standing"),
            Column::machine("id"),
            Column::machine("target"),
        ]
    }

    /// The row of an entry in such a list.
    ///
    /// # Errors
    /// Integrity, when the ledger cannot be read.
    pub fn row(&self, entry: &Entry, ledger: &Ledger) -> Result<Vec<Cell>, Failure> {
        let event = &entry.event;
        let target = match event.target() {
            Some(target) => ledger.seq_of(target)?,
            None => None,
        };
        let details = summary::details(event, &self.people);
        let details = match target {
            Some(target) if details.is_empty() => format!("of {target}"),
            Some(target) => format!("of {target}: {details}"),
            None => details,
        };
        let sealed = entry
            .private
            .iter()
            .any(|(field, _)| *field == PrivateField::Sources);
        let subject = event.subject();
        Ok(vec![
            Cell::text(entry.seq),
            Cell::text(entry.recorded),
            Cell::text(&entry.by),
            Cell::text(event.kind()),
            Cell::maybe(subject.map(|subject| self.people.reference(subject))),
            Cell::maybe(subject.and_then(|subject| self.people.name(subject))),
            Cell::maybe(event.occurred()),
            Cell::text(details),
            Cell::text(summary::sources(event, sealed)),
            Cell::text(self.standings.of(entry.seq)),
            Cell::text(entry.id),
            Cell::maybe(target),
        ])
    }
}

/// Everybody whom entries name, each once.
pub fn named(entries: &[Entry]) -> Vec<Subject> {
    let mut subjects: Vec<_> = entries
        .iter()
        .flat_map(|entry| entry.event.subjects())
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
