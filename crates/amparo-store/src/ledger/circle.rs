//! Circles of merges: the one thing a draft can break that takes the history of others to see.
//!
//! A merge closes a circle directly; so does a retraction, or a replacement, that brings an older
//! merge back. Both are decided on the merges that would be in force, from the newest back.

use std::collections::{HashMap, HashSet};

use amparo_core::event::{Body, Event};
use amparo_core::fault::Rule;
use amparo_core::force::Merges;
use amparo_core::id::{EventId, PersonId};

use super::plan::{Plan, Refused, refusal};
use super::{ReadError, index_key};

impl Plan<'_, '_> {
    /// Refuses a merge, or a retraction that brings a merge back, that would close a circle.
    pub(super) fn check_circle(&self, event: &Event, id: EventId) -> Result<(), Refused> {
        let merge = merge_of(event);
        let field = match event.body() {
            Body::Merge { .. } => "into",
            _ if event.replaces().is_some() => "replaces",
            _ => "entry",
        };
        if merge.is_none() && !self.revives_a_merge(event)? {
            return Ok(());
        }
        if self.merges_with(id, event.target(), merge)?.has_circle() {
            let message = "this would merge a person into themselves, in a circle".to_owned();
            let remedy = "retract the merge that leads the other way first".to_owned();
            return Err(refusal(Rule::MergeWouldCycle, field, message, Some(remedy)));
        }
        Ok(())
    }

    /// Whether what the event puts out of force leads, down its chain, to a merge.
    fn revives_a_merge(&self, event: &Event) -> Result<bool, ReadError> {
        let mut next = event.target();
        while let Some(target) = next {
            let planned = self.new.get(target).map_err(ReadError::Planned)?;
            let (merge, target) = match planned {
                Some(new) => {
                    let next = self.targets.get(&target).copied();
                    (self.merges.contains_key(&new.seq), next)
                }
                None => match self.ledger.entry_of(target)? {
                    Some(entry) => (merge_of(&entry.event).is_some(), entry.event.target()),
                    None => (false, None),
                },
            };
            if merge {
                return Ok(true);
            }
            next = target;
        }
        Ok(false)
    }

    /// The merges in force once this event is recorded.
    fn merges_with(
        &self,
        id: EventId,
        target: Option<EventId>,
        merge: Option<(PersonId, PersonId)>,
    ) -> Result<Merges, ReadError> {
        let mut merges: Vec<(u64, EventId, (PersonId, PersonId))> = Vec::new();
        for seq in self.ledger.seqs_under(index_key::merges())? {
            if let Some(entry) = self.ledger.entry(seq)?
                && let Some(pair) = merge_of(&entry.event)
            {
                merges.push((seq.number(), entry.id, pair));
            }
        }
        let planned = self.merges.iter();
        merges.extend(planned.map(|(seq, (id, pair))| (*seq, *id, *pair)));
        merges.extend(merge.map(|pair| (self.next, id, pair)));
        let roots = merges.iter().map(|(_, id, _)| *id);
        let in_force = self.in_force(roots.collect(), id, target)?;
        let kept = merges
            .into_iter()
            .filter(|(_, id, _)| in_force.contains(id));
        Ok(Merges::new(kept.map(|(_, _, pair)| pair)))
    }

    /// Which of these events are in force once the event of this id and target is recorded.
    fn in_force(
        &self,
        roots: Vec<EventId>,
        id: EventId,
        target: Option<EventId>,
    ) -> Result<HashSet<EventId>, ReadError> {
        let mut seen: HashMap<EventId, u64> = HashMap::new();
        let mut targets: HashMap<EventId, EventId> = HashMap::new();
        let mut waiting = roots;
        while let Some(event) = waiting.pop() {
            let seq = if event == id {
                self.next
            } else {
                self.seq_of(event)?.unwrap_or(u64::MAX)
            };
            if seen.insert(event, seq).is_some() {
                continue;
            }
            let planned = self.targeting.get(&event).into_iter().flatten().copied();
            let this = (target == Some(event)).then_some(id);
            let mut by: Vec<EventId> = planned.chain(this).collect();
            for seq in self.ledger.targeted_by(event)? {
                by.extend(self.ledger.entry(seq)?.map(|entry| entry.id));
            }
            targets.extend(by.iter().map(|by| (*by, event)));
            waiting.extend(by);
        }
        let mut newest_first: Vec<_> = seen.into_iter().collect();
        newest_first.sort_by_key(|(_, seq)| std::cmp::Reverse(*seq));
        let mut in_force: HashSet<EventId> = newest_first.iter().map(|(id, _)| *id).collect();
        for (id, _) in newest_first {
            if let (true, Some(target)) = (in_force.contains(&id), targets.get(&id)) {
                in_force.remove(target);
            }
        }
        Ok(in_force)
    }
}

/// The merge that an event is.
pub(super) fn merge_of(event: &Event) -> Option<(PersonId, PersonId)> {
    match event.body() {
        Body::Merge { person, into } => Some((*person, *into)),
        _ => None,
    }
}
