//! A set of states as one number, so that counting a subject costs a few instructions.

use amparo_core::kind::{CaseState, ClemencyState, CustodyState, State};
use amparo_core::word::Word;
use serde::{Deserialize, Serialize};

/// A set of states of all axes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct StateSet(u32);

impl StateSet {
    /// The set of these custody states.
    pub fn of_custody(states: impl IntoIterator<Item = CustodyState>) -> Self {
        states.into_iter().map(State::Custody).collect()
    }

    /// Whether the state is in the set.
    pub fn contains(self, state: State) -> bool {
        self.0 & bit(state) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The states of the set, in the order of reports.
    pub fn iter(self) -> impl Iterator<Item = State> {
        State::all().filter(move |state| self.contains(*state))
    }

    /// Adds a state.
    pub fn insert(&mut self, state: State) {
        self.0 |= bit(state);
    }

    /// Whether one of its states is in another set.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it has a state, and all of them are in another set.
    pub(crate) fn is_within(self, other: Self) -> bool {
        self.0 != 0 && self.0 & !other.0 == 0
    }

    /// Whether this state and no other is in the set.
    pub(crate) fn is_only(self, state: State) -> bool {
        self.0 == bit(state)
    }
}

impl FromIterator<State> for StateSet {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Self {
        let bits = states.into_iter().map(bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

/// The place of a state in [`State::all`].
pub(crate) fn index(state: State) -> usize {
    const CASE: usize = CustodyState::ALL.len();
    const CLEMENCY: usize = CASE + CaseState::ALL.len();
    const ALL: usize = CLEMENCY + ClemencyState::ALL.len();
    const { assert!(ALL <= u32::BITS as usize) };
    match state {
        State::Custody(state) => state as usize,
        State::Case(state) => CASE + state as usize,
        State::Clemency(state) => CLEMENCY + state as usize,
    }
}

fn bit(state: State) -> u32 {
    1 << index(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own_bit_in_the_order_of_reports() {
        for (place, state) in State::all().enumerate() {
            assert_eq!(index(state), place, "{state:?}");
        }
        let all: StateSet = State::all().collect();
        assert_eq!(all.iter().count(), State::all().count());
        assert!(StateSet::default().is_empty());
    }
}
