//! The reports that documenters file: one question each, in a file of its own.
//!
//! A report is a list of rows. A row says whom it is about, how sure it is (`total`: low if it is
//! certain, high if it is possible, count at the point dates, times what the subject counts for),
//! for how long (`days`, as sure as the dates) and on which entries it rests. Rows of what is
//! not even possible are left out; so are groups that weigh nothing. Nothing here judges: each
//! file names the standard that the question comes from, and leaves the finding to the reader.

// Let go, with the case still open.
pub mod at_liberty_case_open;
// Left out of an instrument.
pub mod excluded;
// Granted, and held all the same.
pub mod granted_but_held;
// Recorded long after it happened.
pub mod late_discoveries;
// On one list and not on another.
pub mod list_diff;
// Asked for, and not decided in time.
pub mod overdue_requests;
// Held without a sentence.
pub mod pretrial;
// Taken again.
pub mod rearrests;
// Resting on one publisher.
pub mod single_source;
// Held, and nothing heard since.
pub mod stale;
// Days held over all stays.
pub mod time_held;
// Nobody says where.
pub mod whereabouts_unknown;

use amparo_core::course::{Count, Course, Placed};
use amparo_core::date::Day;
use amparo_core::kind::State;

use crate::profile::Profile;
use crate::roster::present_run;

/// Both of two things, each 0 or 1.
fn both(one: Count, other: Count) -> Count {
    Count {
        low: one.low.min(other.low),
        count: one.count.min(other.count),
        high: one.high.min(other.high),
    }
}

/// Whether so many days meet a rule that more days meet rather: each 0 or 1.
fn whether(days: Count, rule: impl Fn(u64) -> bool) -> Count {
    Count {
        low: rule(days.low).into(),
        count: rule(days.count).into(),
        high: rule(days.high).into(),
    }
}

/// How many days have passed from a step to a day: 0 on the day itself, and before.
fn days_since(step: &Placed<State>, as_of: Day) -> Count {
    let days = |from: Day| u64::try_from(as_of.days_since(from)).unwrap_or(0);
    Count {
        low: days(step.hi),
        count: days(step.step.span.point()),
        high: days(step.lo),
    }
}

/// How many days somebody has been in a state since a step: those at whose end it was so.
fn days_in(step: &Placed<State>, as_of: Day) -> Count {
    let days = |from: Day| u64::try_from(as_of.days_since(from).saturating_add(1)).unwrap_or(0);
    Count {
        low: days(step.hi),
        count: days(step.step.span.point()),
        high: days(step.lo),
    }
}

/// The steps of the present stay in the states of a profile.
fn present_stay<'c>(
    custody: &'c Course<State>,
    as_of: Day,
    profile: &Profile,
) -> Option<&'c [Placed<State>]> {
    present_run(custody, as_of, |state| profile.states().contains(state))
}
