//! How somebody stands on an axis at the end of a day, as far as counting goes: whoever stands the
//! same counts the same.

use amparo_core::course::{Count, Course};
use amparo_core::date::Day;
use amparo_core::kind::{Axis, State};
use serde::{Deserialize, Serialize};

use crate::state_set::StateSet;

/// Which states are possible, and which is the one at the point dates.
///
/// Only what is documented is a stance: nobody stands anywhere before the first step of a course.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Stance {
    possible: StateSet,
    /// One state, or none where the point dates have not come so far.
    point: StateSet,
    /// Whether it is possible that nothing is documented yet.
    undocumented: bool,
}

impl Stance {
    /// Where a course stands at the end of a day.
    pub(crate) fn at(course: &Course<State>, as_of: Day) -> Self {
        let standing = course.at(as_of);
        let steps = standing.possible.iter();
        let possible: StateSet = steps.map(|placed| placed.step.state).collect();
        if possible.is_empty() {
            return Self::default();
        }
        let point = standing.point.map(|placed| placed.step.state);
        Self {
            possible,
            point: point.into_iter().collect(),
            undocumented: standing.undocumented,
        }
    }

    /// Where somebody certainly stands.
    pub(crate) fn certain(state: State) -> Self {
        let state: StateSet = std::iter::once(state).collect();
        Self {
            possible: state,
            point: state,
            undocumented: false,
        }
    }

    /// Whether its states are all of one axis.
    pub(crate) fn is_on(self, axis: Axis) -> bool {
        let mut states = self.possible.iter().chain(self.point.iter());
        states.all(|state| state.axis() == axis)
    }

    /// Each state that is not zero for certain, with counts of 0 or 1.
    pub(crate) fn each_state(self, mut add: impl FnMut(State, Count)) {
        for state in self.possible.iter() {
            let one = Count {
                low: (self.possible.is_only(state) && !self.undocumented).into(),
                count: self.point.contains(state).into(),
                high: 1,
            };
            add(state, one);
        }
    }

    /// Whether one of some states holds: each 0 or 1.
    pub(crate) fn in_any(self, states: StateSet) -> Count {
        Count {
            low: (self.possible.is_within(states) && !self.undocumented).into(),
            count: self.point.meets(states).into(),
            high: self.possible.meets(states).into(),
        }
    }
}
