//! What a check of drafts found, and the same drafts again: to be recorded without another look
//! into the log.
//!
//! A file of drafts is checked as a whole before any of it is recorded, and is too long to be kept
//! until then. What was decided of each draft is little: whether it is new, whom it registers, who
//! is meant by another reference. With that, the same drafts in the same order on the same log
//! become the same entries. Whoever reads them again sees to it that they are the same.

use std::collections::{HashMap, VecDeque};

use amparo_core::draft::Draft;
use amparo_core::event::Event;
use amparo_core::id::{LedgerId, Subject};
use uuid::Uuid;

use super::named::{Named, Namer};
use super::plan::{Batch, PlannedEntry};
use crate::Random;

/// What a [`Plan`](super::Plan) that kept nothing has decided.
#[derive(Debug)]
pub struct Checked {
    pub(super) ledger: LedgerId,
    pub(super) namer: Namer,
    pub(super) by: Box<str>,
    /// The place of the next entry.
    pub(super) next: u64,
    /// Whether each draft is new, in their order.
    pub(super) is_new: VecDeque<bool>,
    /// Who is registered along the way, and at which place.
    pub(super) registered: VecDeque<(u64, Subject)>,
    pub(super) references: References,
}

/// Who is meant by a reference under which they are not registered.
#[derive(Debug, Default)]
pub(super) struct References {
    /// As the log says.
    pub(super) recorded: HashMap<Uuid, Uuid>,
    /// As planned drafts say.
    pub(super) planned: HashMap<Uuid, Uuid>,
}

impl References {
    /// Puts who is meant in the place of ids derived from other references.
    pub(super) fn resolve(&self, draft: &mut Draft) {
        let derived: Vec<Uuid> = draft.externals().map(|(uuid, _)| uuid).collect();
        for uuid in derived {
            let recorded = self.recorded.get(&uuid);
            if let Some(registered) = recorded.or_else(|| self.planned.get(&uuid)) {
                draft.resolve(uuid, *registered);
            }
        }
    }

    /// Remembers the references that a planned draft brings.
    pub(super) fn learn(&mut self, event: &Event, refs: &[Uuid]) {
        let Some(subject) = event.subject() else {
            return;
        };
        let own = subject.uuid();
        for hash in refs.iter().filter(|hash| **hash != own) {
            self.planned.entry(*hash).or_insert(own);
        }
    }
}

impl Checked {
    /// An empty batch for what comes next.
    pub fn batch(&self) -> Batch {
        Batch {
            expected: self.next,
            by: self.by.clone(),
            entries: Vec::new(),
            bytes: 0,
        }
    }

    /// Puts the next draft of those that were checked into a batch, after the registrations it
    /// needs, unless it is recorded already.
    ///
    /// Answers false when there were no more drafts.
    pub fn put(&mut self, mut named: Named, batch: &mut Batch, random: Random<'_>) -> bool {
        let Some(is_new) = self.is_new.pop_front() else {
            return false;
        };
        if is_new {
            self.references.resolve(&mut named.draft);
            for subject in named.draft.event().subjects() {
                if self.registered.front() == Some(&(self.next, subject)) {
                    self.registered.pop_front();
                    let external = named.draft.external(subject);
                    let registration = Draft::registration(subject, external);
                    self.push(self.namer.name(registration), batch, random);
                }
            }
            self.push(named, batch, random);
        }
        true
    }

    fn push(&mut self, named: Named, batch: &mut Batch, random: Random<'_>) {
        self.references.learn(named.draft.event(), &named.refs);
        self.next += 1;
        batch.bytes += named.bytes_at_most(&self.by);
        let entry = PlannedEntry::new(named, self.ledger, random);
        batch.entries.push(entry);
    }
}
