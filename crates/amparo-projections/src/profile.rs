//! Who counts as held: a named, versioned rule, printed with every number.
//!
//! A profile is a set of custody states and a shortest stay. A *stay* is a run of days at whose
//! ends the subject is in one of the states; a subject counts on a day if the stay up to and
//! including that day has the shortest length or more. Without a shortest stay the run is the day
//! itself, which gives the rule of section 3.

use std::borrow::Cow;

use amparo_core::course::{Count, Course, Placed};
use amparo_core::date::Day;
use amparo_core::kind::{CustodyState, State};

use crate::state_set::StateSet;

/// A rule of who counts as held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: Cow<'static, str>,
    version: u32,
    states: StateSet,
    shortest_stay_days: u32,
}

/// Why a rule is no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No name.
    #[error("a profile needs a name")]
    Unnamed,
    /// No state.
    #[error("a profile needs at least one custody state")]
    NoState,
    /// A shortest stay above the limit.
    #[error("a shortest stay goes up to {max} days", max = Profile::SHORTEST_STAY_DAYS_MAX)]
    StayTooLong,
}

impl Profile {
    /// The longest shortest stay, in days: about a hundred years.
    pub const SHORTEST_STAY_DAYS_MAX: u32 = 36_600;

    /// A profile that counts these custody states after a stay of at least so many days.
    ///
    /// A shortest stay of 0 or 1 leaves nobody out.
    ///
    /// # Errors
    /// [`ProfileError`] without a name or a state, or with too long a stay.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        version: u32,
        states: impl IntoIterator<Item = CustodyState>,
        shortest_stay_days: u32,
    ) -> Result<Self, ProfileError> {
        let (name, states) = (name.into(), StateSet::of_custody(states));
        if name.is_empty() {
            return Err(ProfileError::Unnamed);
        }
        if states.is_empty() {
            return Err(ProfileError::NoState);
        }
        if shortest_stay_days > Self::SHORTEST_STAY_DAYS_MAX {
            return Err(ProfileError::StayTooLong);
        }
        Ok(Self {
            name,
            version,
            states,
            shortest_stay_days,
        })
    }

    /// The profiles that every ledger has; the first is the default.
    pub fn built_in() -> [Self; 3] {
        use CustodyState::{ConditionalRelease, Detained, Disappeared, HouseArrest};
        let profile = |name: &'static str, states: &[CustodyState]| Self {
            name: Cow::Borrowed(name),
            version: 1,
            states: StateSet::of_custody(states.iter().copied()),
            shortest_stay_days: 0,
        };
        [
            profile("deprived-of-liberty", &[Detained, Disappeared, HouseArrest]),
            profile("prison-only", &[Detained]),
            profile(
                "with-measures",
                &[Detained, Disappeared, HouseArrest, ConditionalRelease],
            ),
        ]
    }

    /// The built-in profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::built_in()
            .into_iter()
            .find(|profile| profile.name == name)
    }

    /// The same rule with another shortest stay.
    ///
    /// # Errors
    /// [`ProfileError::StayTooLong`].
    pub fn with_shortest_stay(mut self, days: u32) -> Result<Self, ProfileError> {
        if days > Self::SHORTEST_STAY_DAYS_MAX {
            return Err(ProfileError::StayTooLong);
        }
        self.shortest_stay_days = days;
        Ok(self)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version: a changed rule has a new one.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What names the rule for good: the name alone of a built-in one, else `a-week@2`.
    pub fn label(&self) -> String {
        let is_built_in = amparo_core::event::Profile::BUILT_IN.contains(&self.name());
        match is_built_in {
            true => self.name().to_owned(),
            false => format!("{}@{}", self.name, self.version),
        }
    }

    /// The states that count.
    pub fn states(&self) -> StateSet {
        self.states
    }

    /// The shortest stay that counts, in days; 0 for any.
    pub fn shortest_stay_days(&self) -> u32 {
        self.shortest_stay_days
    }

    /// Whether one subject, on this custody course, is held at the end of a day: each 0 or 1.
    ///
    /// Low if it is so however the uncertain dates fall, high if it is so for some way that they
    /// can fall, count if it is so at the point dates. Linear in the steps near that day.
    pub fn held(&self, custody: &Course<State>, as_of: Day) -> Count {
        let run = self.shortest_stay_days.max(1);
        let Some(first) = as_of.minus_days(run - 1) else {
            return Count::default();
        };
        let stay = Stay {
            steps: custody.steps(),
            states: self.states,
            first,
            last: as_of,
        };
        Count {
            low: stay.is_certain().into(),
            count: stay.is_at_the_points().into(),
            high: stay.is_possible().into(),
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        let [default, ..] = Self::built_in();
        default
    }
}

/// The question whether a subject is in the states at the end of each day from first to last.
struct Stay<'a> {
    steps: &'a [Placed<State>],
    states: StateSet,
    first: Day,
    last: Day,
}

impl Stay<'_> {
    fn holds(&self, n: usize) -> bool {
        self.states.contains(self.steps[n].step.state)
    }

    /// How many steps have come by the last day, by a measure that grows along the course.
    fn reached(&self, day_of: impl Fn(&Placed<State>) -> Day) -> usize {
        self.steps
            .partition_point(|placed| day_of(placed) <= self.last)
    }

    /// Every state that is possible at the end of some day of the stay is one of the states.
    fn is_certain(&self) -> bool {
        let undocumented = self.steps.first().is_none_or(|step| step.hi > self.first);
        let stands_at_some_end = |n: usize| {
            let from = self.steps[n].lo.max(self.first);
            self.steps.get(n + 1).is_none_or(|next| from < next.hi)
        };
        let mut last_first = (0..self.reached(|step| step.lo)).rev();
        !undocumented
            // Before the step that is certain on the first day nothing stands any more.
            && last_first
                .by_ref()
                .take_while(|n| self.steps.get(n + 1).is_none_or(|next| next.hi > self.first))
                .all(|n| !stands_at_some_end(n) || self.holds(n))
    }

    /// The states at the point dates are among the states at the end of each day.
    fn is_at_the_points(&self) -> bool {
        let point = |n: usize| self.steps[n].step.span.point();
        let mut until = None;
        for n in (0..self.reached(|step| step.step.span.point())).rev() {
            // A step followed by another on the same day stands at the end of no day.
            let stands = until != Some(point(n));
            if stands && !self.holds(n) {
                return false;
            }
            if stands && point(n) <= self.first {
                return true;
            }
            until = Some(point(n));
        }
        false
    }

    /// The dates can fall so that the subject is in the states at the end of each day.
    fn is_possible(&self) -> bool {
        let reached = self.reached(|step| step.lo);
        let can_be_last = |n: &usize| {
            let next = self.steps.get(n + 1);
            next.is_none_or(|next| next.hi > self.last)
        };
        let mut candidates = (0..reached).rev().take_while(can_be_last);
        candidates.any(|n| self.holds(n) && self.can_reach_back_from(n))
    }

    /// A stay that ends in this step can have begun by the first day.
    fn can_reach_back_from(&self, last: usize) -> bool {
        let mut held = last;
        for n in (0..=last).rev() {
            if self.holds(n) {
                held = n;
                if self.steps[n].lo <= self.first {
                    return true;
                }
            } else if self.steps[n].hi < self.steps[held].lo {
                // The step between must fall on the day of the next held one, and cannot.
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use amparo_core::course::Step;
    use amparo_core::date::Occurred;
    use amparo_core::id::Seq;
    use proptest::prelude::*;

    use super::*;
    use crate::sample::day;

    fn february(n: u32) -> Day {
        day("2026-01-31").plus_days(n).unwrap()
    }

    /// A course of days of February, `from..=to`, with the state after each.
    fn course(steps: &[(u32, u32, CustodyState)]) -> Course<State> {
        let step = |(n, (from, to, state)): (usize, &(u32, u32, CustodyState))| {
            let text = match from == to {
                true => february(*from).to_string(),
                false => format!("{}/{}", february(*from), february(*to)),
            };
            Step {
                span: Occurred::parse_stored(&text).unwrap().span(),
                seq: Seq::new(n as u64),
                state: State::Custody(*state),
            }
        };
        Course::new(steps.iter().enumerate().map(step).collect())
    }

    #[test]
    fn only_stays_of_the_shortest_length_count() {
        use CustodyState::{Detained, HouseArrest, Released};
        let plain = [(3, 3, Detained), (10, 10, Released)];
        let moved = [(3, 3, Detained), (5, 5, HouseArrest)];
        let in_and_out = [(3, 3, Detained), (5, 5, Released), (5, 5, Detained)];
        let unsure = [(3, 6, Detained)];
        let squeezed = [(3, 3, Detained), (5, 7, Released), (7, 9, Detained)];
        for (steps, stay, on, expect) in [
            (&plain[..], 0, 3, (1, 1, 1)),
            (&plain, 1, 3, (1, 1, 1)),
            (&plain, 2, 3, (0, 0, 0)),
            (&plain, 2, 4, (1, 1, 1)),
            (&plain, 2, 10, (0, 0, 0)),
            // Another state of the profile goes on with the stay, and so does one day's release.
            (&moved, 4, 6, (1, 1, 1)),
            (&in_and_out, 4, 6, (1, 1, 1)),
            (&unsure, 4, 6, (0, 0, 1)),
            (&unsure, 4, 7, (0, 1, 1)),
            (&unsure, 4, 9, (1, 1, 1)),
            // Released and taken again on the 7th, perhaps: then it is one stay.
            (&squeezed, 8, 10, (0, 0, 1)),
            (&[], 0, 10, (0, 0, 0)),
        ] {
            let profile = Profile::default().with_shortest_stay(stay).unwrap();
            let Count { low, count, high } = profile.held(&course(steps), february(on));
            assert_eq!((low, count, high), expect, "{steps:?} {stay} days on {on}");
        }
    }

    #[test]
    fn a_profile_has_a_name_a_state_and_a_bounded_stay() {
        let longest = Profile::SHORTEST_STAY_DAYS_MAX;
        let states = [CustodyState::Detained];
        assert!(Profile::new("mine", 2, states, longest).is_ok());
        let refused = |name: &'static str, states: &[CustodyState], days| {
            Profile::new(name, 1, states.iter().copied(), days).err()
        };
        assert_eq!(refused("", &states, 0), Some(ProfileError::Unnamed));
        assert_eq!(refused("mine", &[], 0), Some(ProfileError::NoState));
        let too_long = Some(ProfileError::StayTooLong);
        assert_eq!(refused("mine", &states, longest + 1), too_long);
        assert_eq!(Profile::named("prison-only").map(|p| p.version()), Some(1));
        assert_eq!(Profile::named("mine"), None);
    }

    /// Every way that the dates can fall: one day for each step, in order, within its bounds.
    fn ways(steps: &[Placed<State>], from: Day) -> Vec<Vec<Day>> {
        let Some((first, rest)) = steps.split_first() else {
            return vec![Vec::new()];
        };
        let mut found = Vec::new();
        let mut on = first.lo.max(from);
        while on <= first.hi {
            found.extend(ways(rest, on).into_iter().map(|mut way| {
                way.insert(0, on);
                way
            }));
            on = on.plus_days(1).unwrap();
        }
        found
    }

    proptest! {
        #[test]
        fn held_is_what_all_ways_the_dates_can_fall_say(
            steps in prop::collection::vec((1..9_u32, 0..5_u32, 0..3_usize), 0..5),
            stay in 0..6_u32,
            on in 1..14_u32,
        ) {
            let states = [CustodyState::Detained, CustodyState::Released, CustodyState::HouseArrest];
            let steps: Vec<_> =
                steps.into_iter().map(|(from, more, s)| (from, from + more, states[s])).collect();
            let course = course(&steps);
            let profile = Profile::default().with_shortest_stay(stay).unwrap();
            let held_so = |days: &Vec<Day>| {
                (0..stay.max(1)).all(|back| {
                    let end = february(on).minus_days(back).unwrap();
                    let last = days.iter().rposition(|day| *day <= end);
                    last.is_some_and(|n| profile.states().contains(course.steps()[n].step.state))
                })
            };
            let ways = ways(course.steps(), Day::MIN);
            let points = course.steps().iter().map(|placed| placed.step.span.point()).collect();
            prop_assert_eq!(profile.held(&course, february(on)), Count {
                low: ways.iter().all(held_so).into(),
                count: held_so(&points).into(),
                high: ways.iter().any(held_so).into(),
            });
        }
    }
}
