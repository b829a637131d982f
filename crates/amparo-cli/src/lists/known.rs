//! What the lists have said so far, read back from the log.

use std::collections::{BTreeMap, HashSet};

use amparo_core::date::{Day, Occurred};
use amparo_core::entry::Entry;
use amparo_core::event::{Body, Custody};
use amparo_core::id::{EventId, Seq};
use amparo_core::kind::Kind;
use amparo_store::ledger::Ledger;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::Rules;
use crate::error::Failure;
use crate::kept_facts;
use crate::standing::Standings;

/// What the lists have said up to one of them.
#[derive(Default)]
pub struct Known {
    /// Everybody who was ever on one.
    pub people: BTreeMap<Uuid, Seen>,
    /// Every list, by its day.
    pub lists: BTreeMap<Day, Closed>,
    /// Entries of the lists that somebody has replaced or withdrawn by hand.
    pub out_of_force: HashSet<EventId>,
}

/// A list that was compared to its end.
#[derive(Clone)]
pub struct Closed {
    /// The digest of its file.
    pub sha256: String,
    /// The entry that says so.
    pub seq: Seq,
}

/// What the lists say of one person.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Whether the last list has them.
    pub present: bool,
    /// The entry of the present or last stay, and its date.
    pub stay: (EventId, Occurred),
    /// The inferred exits that stand, in their order.
    pub exits: Vec<(EventId, Occurred)>,
    /// The last status, as it stood in its cell.
    pub status: Option<String>,
}

/// The cells behind an entry, as its private note holds them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cells {
    /// The row of the file, the header being row 1.
    pub row: u64,
    /// The admission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission: Option<String>,
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Known {
    /// Reads back what the lists of these rules have said. Linear in the length of the log.
    ///
    /// What stands after the last closed list belongs to one that was cut short: it is left out,
    /// and comes again, word for word, when that file is compared again.
    ///
    /// # Errors
    /// Integrity, when an entry cannot be read.
    pub fn read(ledger: &Ledger, rules: &Rules) -> Result<Self, Failure> {
        let size = ledger.head().size;
        let standings = Standings::of_facts(&kept_facts::of(ledger)?, size);
        let mut known = Self::default();
        let mut open: Vec<Entry> = Vec::new();
        let mut noted: Vec<(Uuid, Seq)> = Vec::new();
        for entry in ledger.entries(0..size) {
            let entry = entry?;
            if !is_of_list(&entry, rules) {
                continue;
            }
            if !standings.is_in_force(entry.seq) {
                known.out_of_force.insert(entry.id);
            }
            match closes(&entry) {
                None => open.push(entry),
                // A list that was taken back, with `undo`, has said nothing.
                Some(_) if !standings.is_in_force(entry.seq) => open.clear(),
                Some((day, sha256)) => {
                    for entry in open.drain(..) {
                        known.take(&entry, rules, &mut noted);
                    }
                    let seq = entry.seq;
                    known.lists.insert(day, Closed { sha256, seq });
                }
            }
        }
        for (person, seq) in noted {
            let note = ledger
                .private(seq)?
                .and_then(|private| private.note().map(str::to_owned));
            let cells = note.and_then(|note| serde_json::from_str::<Cells>(&note).ok());
            let status = cells.and_then(|cells| cells.status);
            if let (Some(seen), Some(status)) = (known.people.get_mut(&person), status) {
                seen.status = Some(status);
            }
        }
        Ok(known)
    }

    fn take(&mut self, entry: &Entry, rules: &Rules, noted: &mut Vec<(Uuid, Seq)>) {
        let occurred = entry.event.occurred();
        match entry.event.body() {
            Body::Custody(Custody { kind, subject, .. }) => {
                let Some(occurred) = occurred else { return };
                let person = subject.uuid();
                if is_kind(*kind, &rules.leave.kind) {
                    let replaces = entry.event.replaces();
                    self.left(person, entry.id, occurred.clone(), replaces);
                } else {
                    self.stays(person, entry.id, occurred.clone());
                    noted.push((person, entry.seq));
                }
            }
            Body::Retraction { entry: target, .. } => {
                let holds = |seen: &&mut Seen| seen.exits.last().is_some_and(|e| e.0 == *target);
                if let Some(seen) = self.people.values_mut().find(holds) {
                    seen.exits.pop();
                    seen.present = true;
                }
            }
            Body::Case(case) => {
                noted.push((case.subject.uuid(), entry.seq));
            }
            Body::Note {
                subject: Some(subject),
                ..
            } => {
                noted.push((subject.uuid(), entry.seq));
            }
            _ => {}
        }
    }

    /// Somebody is in custody since a date.
    pub fn stays(&mut self, person: Uuid, entry: EventId, since: Occurred) {
        let stay = (entry, since);
        match self.people.get_mut(&person) {
            Some(seen) => {
                seen.present = true;
                seen.stay = stay;
            }
            None => {
                let seen = Seen {
                    present: true,
                    stay,
                    exits: Vec::new(),
                    status: None,
                };
                self.people.insert(person, seen);
            }
        }
    }

    /// Somebody has left, or an exit has another date than was inferred.
    pub fn left(&mut self, person: Uuid, id: EventId, when: Occurred, replaces: Option<EventId>) {
        let Some(seen) = self.people.get_mut(&person) else {
            return;
        };
        match replaces {
            Some(_) => {
                seen.exits.pop();
            }
            None => seen.present = false,
        }
        seen.exits.push((id, when));
    }
}

fn is_of_list(entry: &Entry, rules: &Rules) -> bool {
    let source = entry.event.sources().first();
    source.is_some_and(|source| {
        *source.publisher == *rules.source.publisher && source.title.as_deref() == Some(&rules.list)
    })
}

/// The day and the file of the list that an entry closes.
fn closes(entry: &Entry) -> Option<(Day, String)> {
    match entry.event.body() {
        Body::SourceSilent { .. } | Body::Note { subject: None, .. } => {}
        _ => return None,
    }
    let source = entry.event.sources().first()?;
    let published = Occurred::parse_stored(source.published.as_deref()?).ok()?;
    Some((published.span().lo(), source.sha256.as_deref()?.to_owned()))
}

fn is_kind(kind: Kind, word: &str) -> bool {
    Kind::from_spelling(word) == Some(kind)
}
