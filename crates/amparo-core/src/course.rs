//! From dated steps to a state on a day (design section 3): the rules of counting, in one place.
//!
//! A [`Course`] is one subject's steps on one axis, ordered and clamped. Asked about a day it
//! gives the states that are possible at the end of that day and the one at the point dates; low,
//! count and high of every total are sums over these answers and nothing else.

use crate::date::{Day, Span};
use crate::id::Seq;
use crate::planted::{Bug, is_planted};

/// One entry that moves a subject on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<S> {
    /// When it happened.
    pub span: Span,
    /// Which entry says so.
    pub seq: Seq,
    /// The state after it.
    pub state: S,
}

/// A step in its place: ordered, with its bounds clamped to those of its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<S> {
    /// The earliest day on which the course can have come this far.
    pub lo: Day,
    /// The day on which it has certainly come this far.
    pub hi: Day,
    /// The step.
    pub step: Step<S>,
}

/// One subject's steps on one axis, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course<S> {
    placed: Vec<Placed<S>>,
}

/// Where a subject stands on an axis at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a, S> {
    /// Whether it is possible that nothing is documented yet.
    pub undocumented: bool,
    /// The steps whose states are possible, in order.
    pub possible: &'a [Placed<S>],
    /// The step that the point dates have reached.
    pub point: Option<&'a Placed<S>>,
}

impl<S: Copy> Course<S> {
    /// Orders steps by point, time of day (none last) and sequence, and clamps their bounds.
    pub fn new(mut steps: Vec<Step<S>>) -> Self {
        steps.sort_by_key(|step| (step.span.order_key(), step.seq));
        let place = |step: Step<S>| Placed {
            lo: step.span.lo(),
            hi: step.span.hi(),
            step,
        };
        let mut placed: Vec<_> = steps.into_iter().map(place).collect();
        for n in 1..placed.len() {
            if !is_planted(Bug::LowerBoundNotClamped) {
                placed[n].lo = placed[n].lo.max(placed[n - 1].lo);
            }
        }
        for n in (1..placed.len()).rev() {
            placed[n - 1].hi = placed[n - 1].hi.min(placed[n].hi);
        }
        Self { placed }
    }

    /// The steps in their order.
    pub fn steps(&self) -> &[Placed<S>] {
        &self.placed
    }

    /// Where the subject stands at the end of a day. Logarithmic in the number of steps.
    pub fn at(&self, day: Day) -> Standing<'_, S> {
        let reached = |before: &dyn Fn(&Placed<S>) -> bool| self.placed.partition_point(before);
        let late = is_planted(Bug::CertainADayLate);
        let certain = reached(&|placed| placed.hi < day || placed.hi == day && !late);
        let possible = reached(&|placed| placed.lo <= day);
        let point = reached(&|placed| placed.step.span.point() <= day);
        let first = certain.saturating_sub(1);
        Standing {
            undocumented: certain == 0,
            possible: &self.placed[first..possible.max(first)],
            point: point.checked_sub(1).map(|n| &self.placed[n]),
        }
    }
}

impl<S: Copy> Standing<'_, S> {
    /// Low, count and high of one subject for a set of states: each 0 or 1.
    ///
    /// Low is 1 when only states of the set are possible, high when one of them is, count when
    /// the point state is one; so low <= count <= high.
    pub fn count(&self, in_set: impl Fn(S) -> bool) -> Count {
        let all =
            !self.undocumented && self.possible.iter().all(|placed| in_set(placed.step.state));
        let any = self.possible.iter().any(|placed| in_set(placed.step.state));
        let point = self.point.is_some_and(|placed| in_set(placed.step.state));
        Count {
            low: all.into(),
            count: point.into(),
            high: any.into(),
        }
    }
}

/// A total with its bounds: `low <= count <= high`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Count {
    /// How many there are at least.
    pub low: u64,
    /// How many there are at the point dates.
    pub count: u64,
    /// How many there are at most.
    pub high: u64,
}

impl Count {
    /// So many times this count.
    pub fn times(self, weight: u64) -> Self {
        Self {
            low: self.low * weight,
            count: self.count * weight,
            high: self.high * weight,
        }
    }

    /// Whether it is certain to be zero.
    pub fn is_zero(self) -> bool {
        self.high == 0
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.low += other.low;
        self.count += other.count;
        self.high += other.high;
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.low == self.high {
            f.pad(&self.count.to_string())
        } else {
            f.pad(&format!("{} ({}..{})", self.count, self.low, self.high))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Occurred;

    fn course(dates: &[(&str, char)]) -> Course<char> {
        let step = |(n, (date, state)): (usize, &(&str, char))| Step {
            span: Occurred::parse_stored(date).unwrap().span(),
            seq: Seq::new(n as u64),
            state: *state,
        };
        Course::new(dates.iter().enumerate().map(step).collect())
    }

    /// The standing in short: `possible states : point state`, `-` for not yet documented.
    fn standing(course: &Course<char>, day: &str) -> String {
        let at = course.at(day.parse().unwrap());
        let mut out = String::new();
        if at.undocumented {
            out.push('-');
        }
        out.extend(at.possible.iter().map(|placed| placed.step.state));
        out.push(':');
        out.push(at.point.map_or('-', |placed| placed.step.state));
        out
    }

    #[test]
    fn states_follow_the_rules_of_counting() {
        let exact = [("2026-02-08", 'a'), ("2026-02-10", 'b')];
        let month = [("2026-02", 'a')];
        let overlap = [
            ("2026-02-01/2026-02-20", 'a'),
            ("2026-02-05/2026-02-15", 'b'),
        ];
        let inside = [("2026-02", 'a'), ("2026-02-20", 'b')];
        let same_day = [
            ("2026-02-08", 'n'),
            ("2026-02-08T23:30", 'l'),
            ("2026-02-08T07:00", 'e'),
        ];
        let open = [("../2026-02", 'a'), ("2026-03-05/..", 'b')];
        for (steps, day, expect) in [
            (&exact[..], "2026-02-07", "-:-"),
            (&exact, "2026-02-08", "a:a"),
            (&exact, "2026-02-09", "a:a"),
            (&exact, "2026-02-10", "b:b"),
            (&month, "2026-01-31", "-:-"),
            (&month, "2026-02-01", "-a:-"),
            (&month, "2026-02-13", "-a:-"),
            (&month, "2026-02-14", "-a:a"),
            (&month, "2026-02-27", "-a:a"),
            (&month, "2026-02-28", "a:a"),
            // Points tie on the 10th: a before b by sequence; a's end is clamped to b's.
            (&overlap, "2026-02-04", "-a:-"),
            (&overlap, "2026-02-05", "-ab:-"),
            (&overlap, "2026-02-10", "-ab:b"),
            (&overlap, "2026-02-15", "b:b"),
            (&inside, "2026-02-19", "-a:a"),
            (&inside, "2026-02-20", "b:b"),
            // The times order the day; without a time comes last.
            (&same_day, "2026-02-08", "n:n"),
            // Open dates are points at their other bound.
            (&open, "2026-02-27", "-:-"),
            (&open, "2026-02-28", "a:a"),
            (&open, "2026-03-05", "b:b"),
            (&[], "2026-03-05", "-:-"),
        ] {
            assert_eq!(standing(&course(steps), day), expect, "{steps:?} on {day}");
        }
    }

    #[test]
    fn steps_are_ordered_and_their_bounds_clamped_to_those_of_their_neighbours() {
        let course = course(&[("2026-02", 'b'), ("2026-02-10/2026-02-12", 'a')]);
        let bounds = course.steps().iter().map(|placed| {
            let Placed { lo, hi, step } = placed;
            format!("{} {lo} {hi}", step.state)
        });
        let bounds: Vec<_> = bounds.collect();
        assert_eq!(
            bounds,
            ["a 2026-02-10 2026-02-12", "b 2026-02-10 2026-02-28"]
        );
    }

    #[test]
    fn a_state_counts_at_least_where_nothing_else_is_possible_and_at_most_where_it_is() {
        let course = course(&[("2026-02-01", 'a'), ("2026-02-10/2026-02-20", 'b')]);
        for (day, set, expect) in [
            ("2026-01-31", "ab", "0"),
            ("2026-02-01", "a", "1"),
            ("2026-02-12", "a", "1 (0..1)"),
            ("2026-02-12", "b", "0 (0..1)"),
            ("2026-02-12", "ab", "1"),
            ("2026-02-15", "b", "1 (0..1)"),
            ("2026-02-20", "a", "0"),
        ] {
            let standing = course.at(day.parse().unwrap());
            let count = standing.count(|state| set.contains(state));
            assert_eq!(count.to_string(), expect, "{set} on {day}");
        }
    }

    #[test]
    fn counts_are_added_up_and_weighed_bound_by_bound() {
        let mut sum = Count {
            low: 1,
            count: 2,
            high: 3,
        };
        sum += sum.times(3);
        assert_eq!((sum.low, sum.count, sum.high), (4, 8, 12));
        assert!(!sum.is_zero() && sum.times(0).is_zero());
        assert_eq!(format!("{sum:>10}|{:<3}|", sum.times(0)), " 8 (4..12)|0  |");
    }

    #[test]
    fn low_is_at_most_count_and_count_at_most_high() {
        let course = course(&[
            ("2026-02-01/2026-02-20", 'a'),
            ("2026-02", 'b'),
            ("202X", 'a'),
        ]);
        for n in 0..4000 {
            let day = "2020-01-01".parse::<Day>().unwrap().plus_days(n).unwrap();
            for state in ['a', 'b', 'c'] {
                let Count { low, count, high } = course.at(day).count(|s| s == state);
                assert!(low <= count && count <= high, "{state} on {day}");
            }
        }
    }
}
