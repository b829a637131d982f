//! Which entries are in force, and whom a person's entries belong to (design section 3).
//!
//! Pure: a log is seen as a list of targets, one for each entry, and answers are derived from
//! nothing else. Both answers are kept as entries come, so that a read model can follow the log.

use std::collections::HashMap;

use crate::id::PersonId;

/// Which entries of a log are in force, kept up to date as entries come.
///
/// An entry is in force unless an in-force later entry targets it (replaces or retracts it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InForce {
    /// The earlier entry that each entry targets.
    targets: Vec<Option<u32>>,
    in_force: Vec<bool>,
    /// The entries that target an entry, in log order.
    targeted_by: HashMap<u32, Vec<u32>>,
}

impl InForce {
    /// Adds the next entry of the log, and answers which earlier entries changed with it.
    ///
    /// A target that is not an earlier entry is ignored: it cannot stand in a sound log.
    pub fn push(&mut self, target: Option<u64>) -> Vec<u64> {
        let position = self.targets.len() as u32;
        let target = target
            .and_then(|t| u32::try_from(t).ok())
            .filter(|t| *t < position);
        self.targets.push(target);
        self.in_force.push(true);
        let Some(target) = target else {
            return Vec::new();
        };
        self.targeted_by.entry(target).or_default().push(position);
        self.settle(target)
    }

    /// Decides an entry anew, then whatever it targets, and so on down the chain.
    fn settle(&mut self, first: u32) -> Vec<u64> {
        let mut changed = Vec::new();
        let mut next = Some(first);
        while let Some(entry) = next {
            let targeted_by = self.targeted_by.get(&entry).map_or(&[][..], Vec::as_slice);
            let in_force = !targeted_by.iter().any(|by| self.in_force[*by as usize]);
            if self.in_force[entry as usize] == in_force {
                break;
            }
            self.in_force[entry as usize] = in_force;
            changed.push(u64::from(entry));
            next = self.targets[entry as usize];
        }
        changed
    }

    /// How many entries there are.
    pub fn len(&self) -> u64 {
        self.targets.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Whether the entry at this position is in force; false beyond the end.
    pub fn holds(&self, position: u64) -> bool {
        usize::try_from(position)
            .ok()
            .and_then(|n| self.in_force.get(n))
            .copied()
            .unwrap_or(false)
    }

    /// The earlier entry that an entry targets.
    pub fn target(&self, position: u64) -> Option<u64> {
        let target = self.targets.get(usize::try_from(position).ok()?)?;
        target.map(u64::from)
    }

    /// The entries that target an entry, in log order, in force or not.
    pub fn targeted_by(&self, position: u64) -> impl Iterator<Item = u64> {
        let all = u32::try_from(position)
            .ok()
            .and_then(|n| self.targeted_by.get(&n));
        all.into_iter().flatten().map(|n| u64::from(*n))
    }
}

/// Whom the entries of a person belong to, given the merges in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merges {
    into: HashMap<PersonId, PersonId>,
}

impl Merges {
    /// The mapping of merges in force, given in log order: the latest of a person wins.
    pub fn new(in_force: impl IntoIterator<Item = (PersonId, PersonId)>) -> Self {
        Self {
            into: in_force.into_iter().collect(),
        }
    }

    /// The person whom somebody's entries belong to, through chains of merges.
    ///
    /// A circle cannot stand in a sound log; in an unsound one the walk ends before it would come back to where it began.
    pub fn resolve(&self, person: PersonId) -> PersonId {
        let mut at = person;
        for _ in 0..=self.into.len() {
            match self.into.get(&at) {
                Some(into) if *into != person => at = *into,
                Some(_) | None => break,
            }
        }
        at
    }

    /// Whether some chain of merges leads back to where it began.
    pub fn has_circle(&self) -> bool {
        let leads_back = |start: &PersonId| {
            let mut at = *start;
            for _ in 0..self.into.len() {
                match self.into.get(&at) {
                    Some(into) if into == start => return true,
                    Some(into) => at = *into,
                    None => return false,
                }
            }
            false
        };
        self.into.keys().any(leads_back)
    }

    /// Whether nobody is merged.
    pub fn is_empty(&self) -> bool {
        self.into.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// The rule as it is stated: from the newest entry back.
    fn from_the_newest_back(targets: &[Option<u64>]) -> Vec<bool> {
        let mut in_force = vec![true; targets.len()];
        for (position, target) in targets.iter().enumerate().rev() {
            if let (true, Some(target)) = (in_force[position], target) {
                in_force[*target as usize] = false;
            }
        }
        in_force
    }

    #[test]
    fn a_retraction_can_itself_be_retracted() {
        for (targets, expect) in [
            (vec![None, Some(0)], vec![false, true]),
            (vec![None, Some(0), Some(1)], vec![true, false, true]),
            (
                vec![None, Some(0), Some(1), Some(2)],
                vec![false, true, false, true],
            ),
            (vec![None, Some(0), Some(0)], vec![false, true, true]),
            (
                vec![None, Some(0), Some(0), Some(1)],
                vec![false, false, true, true],
            ),
        ] {
            let mut force = InForce::default();
            for target in &targets {
                force.push(*target);
            }
            let found: Vec<_> = (0..force.len()).map(|n| force.holds(n)).collect();
            assert_eq!(found, expect, "{targets:?}");
        }
    }

    #[test]
    fn what_targets_what_can_be_asked_both_ways() {
        let mut force = InForce::default();
        assert!(force.is_empty());
        for target in [None, None, Some(1), Some(1), Some(0)] {
            force.push(target);
        }
        assert!(!force.is_empty());
        let targets: Vec<_> = (0..6).map(|n| force.target(n)).collect();
        assert_eq!(targets, [None, None, Some(1), Some(1), Some(0), None]);
        for (entry, expect) in [(0, &[4][..]), (1, &[2, 3]), (2, &[]), (9, &[])] {
            let by: Vec<_> = force.targeted_by(entry).collect();
            assert_eq!(by, expect, "{entry}");
        }
    }

    #[test]
    fn a_target_that_is_not_an_earlier_entry_is_ignored() {
        for target in [1, 2, u64::MAX] {
            let mut force = InForce::default();
            force.push(None);
            assert!(force.push(Some(target)).is_empty(), "{target}");
            assert_eq!(force.target(1), None, "{target}");
            assert!(force.holds(0) && force.holds(1), "{target}");
        }
    }

    proptest! {
        #[test]
        fn following_the_log_equals_deciding_from_the_newest_back(
            picks in proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..40)
        ) {
            let mut targets: Vec<Option<u64>> = Vec::new();
            let mut force = InForce::default();
            for (targeting, pick) in picks {
                let position = targets.len();
                let target = (targeting && position > 0).then(|| pick.index(position.max(1)) as u64);
                targets.push(target);
                force.push(target);
                let expect = from_the_newest_back(&targets);
                let found: Vec<_> = (0..force.len()).map(|n| force.holds(n)).collect();
                prop_assert_eq!(found, expect);
            }
        }
    }

    #[test]
    fn merges_resolve_through_chains_and_show_their_circles() {
        let p = |n| PersonId::new(Uuid::from_u128(n));
        let chain = Merges::new([(p(1), p(2)), (p(2), p(3)), (p(9), p(3)), (p(1), p(9))]);
        assert_eq!(chain.resolve(p(1)), p(3));
        assert_eq!(chain.resolve(p(3)), p(3));
        assert!(!chain.has_circle() && !chain.is_empty());
        assert!(Merges::default().is_empty());
        let circle = Merges::new([(p(1), p(2)), (p(2), p(3)), (p(3), p(1)), (p(7), p(1))]);
        assert!(circle.has_circle());
        let _ = circle.resolve(p(7));
        let circle = Merges::new([(p(1), p(2)), (p(2), p(3)), (p(3), p(1))]);
        assert_eq!(circle.resolve(p(1)), p(3));
    }
}
