//! Entries as lists and pages show them, at a known-at: what they say, and whether they count.

use amparo_core::entry::Entry;
use amparo_core::force::InForce;
use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_core::private::PrivateField;
use amparo_store::ledger::Ledger;

use crate::error::Failure;
use crate::output::{Cell, Column};
use crate::people::People;
use crate::summary;

/// The start of a log, with what is in force in it.
pub struct Listing {
    /// The names.
    pub people: People,
    in_force: InForce,
    kinds: Vec<Kind>,
}

impl Listing {
    /// Reads the first entries of the log. Linear in their number.
    ///
    /// # Errors
    /// Integrity, when an entry cannot be read.
    pub fn read(ledger: &Ledger, prefix: u64) -> Result<Self, Failure> {
        let mut in_force = InForce::default();
        let mut kinds = Vec::new();
        for entry in ledger.entries(0..prefix) {
            let entry = entry?;
            let target = match entry.event.target() {
                Some(target) => ledger.seq_of(target)?.map(Seq::number),
                None => None,
            };
            in_force.push(target);
            kinds.push(entry.event.kind());
        }
        Ok(Self {
            people: People::read(ledger)?,
            in_force,
            kinds,
        })
    }

    /// Whether an entry is in force.
    pub fn is_in_force(&self, seq: Seq) -> bool {
        self.in_force.holds(seq.number())
    }

    /// `in force`, or what put the entry out of force: `replaced by e52`, `retracted by e60`.
    pub fn standing(&self, seq: Seq) -> String {
        if self.is_in_force(seq) {
            return "in force".to_owned();
        }
        let by = self
            .in_force
            .targeted_by(seq.number())
            .filter(|by| self.in_force.holds(*by));
        match by.last() {
            Some(by) => {
                let kind = usize::try_from(by).ok().and_then(|by| self.kinds.get(by));
                let what = if kind == Some(&Kind::Retraction) {
                    "retracted"
                } else {
                    "replaced"
                };
                format!("{what} by e{by}")
            }
            None => "not in force".to_owned(),
        }
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
            Cell::text(self.standing(entry.seq)),
            Cell::text(entry.id),
            Cell::maybe(target),
        ])
    }
}
