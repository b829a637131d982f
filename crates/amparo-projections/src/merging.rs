//! Which merges hold: the latest in force of each person, and none that closes a circle.
//!
//! A ledger refuses a merge that would close a circle, but retracting a retraction can bring one
//! back. Then the merge of the circle recorded last is disregarded, so that nobody drops out of a
//! count; `conflicts` reports it.

use std::collections::HashMap;

use amparo_core::force::Merges;
use amparo_core::id::{PersonId, Seq, Subject};
use amparo_core::planted::{Bug, is_planted};

use crate::fact::{Fact, SubjectId};
use crate::facts::Facts;

/// The merges that hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Merging {
    /// The persons whose entries belong to another, and to whom.
    pub(crate) roots: HashMap<SubjectId, SubjectId>,
    /// In force, and disregarded since they would close a circle.
    pub(crate) closing_a_circle: Vec<Seq>,
}

impl Merging {
    /// The merges that hold of those at these positions that are in force, given in log order.
    pub(crate) fn new(facts: &Facts, in_force: impl Iterator<Item = u32>) -> Self {
        let mut latest: HashMap<PersonId, (u32, SubjectId, PersonId)> = HashMap::new();
        for n in in_force {
            if let Some((subject, from, into)) = pair(facts, facts.at(n)) {
                if is_planted(Bug::FirstMergeWins) && latest.contains_key(&from) {
                    continue;
                }
                latest.insert(from, (n, subject, into));
            }
        }
        let mut in_order: Vec<_> = latest
            .into_iter()
            .map(|(from, rest)| (rest, from))
            .collect();
        in_order.sort_unstable_by_key(|((n, ..), _)| *n);

        let (mut next, mut closing_a_circle) = (HashMap::new(), Vec::new());
        for ((n, _, into), from) in &in_order {
            if leads_to(&next, *into, *from) {
                closing_a_circle.push(facts.seq_at(*n));
            } else {
                next.insert(*from, *into);
            }
        }
        let merges = Merges::new(next.iter().map(|(from, into)| (*from, *into)));
        let root_of = |((_, subject, _), from): &((u32, SubjectId, PersonId), PersonId)| {
            let root = facts.subject_id(Subject::Person(merges.resolve(*from)))?;
            Some((*subject, root)).filter(|(subject, root)| subject != root)
        };
        let roots = in_order.iter().filter_map(root_of).collect();
        Self {
            roots,
            closing_a_circle,
        }
    }
}

/// Whether the chain from one person reaches another. The chains given have no circle.
fn leads_to(next: &HashMap<PersonId, PersonId>, from: PersonId, to: PersonId) -> bool {
    let mut at = Some(from);
    while let Some(person) = at {
        if person == to {
            return true;
        }
        at = next.get(&person).copied();
    }
    false
}

/// Who a merge says is whom: the subject merged, the person it is, the person it goes into.
fn pair(facts: &Facts, fact: &Fact) -> Option<(SubjectId, PersonId, PersonId)> {
    let subject = fact.subject()?;
    match (
        facts.subject(subject)?,
        facts.subject(fact.second_subject()?)?,
    ) {
        (Subject::Person(from), Subject::Person(into)) => Some((subject, from, into)),
        _ => None,
    }
}
