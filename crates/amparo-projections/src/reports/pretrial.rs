//! Who is held without a decision of a first court, for how long, and what share of all held is
//! that?
//!
//! Held by the profile, and on the case axis nothing is documented, a charge stands, or an
//! earlier decision was quashed. Serves article 9, paragraph 3, of the International Covenant on
//! Civil and Political Rights, and indicator 16.3.2 of the Sustainable Development Goals:
//! "unsentenced detainees as a proportion of overall prison population". As there, whoever was
//! convicted, sentenced, acquitted or had the case dismissed by a first court is not among the
//! unsentenced. That no entry names a charge does not prove that there is none.

use amparo_core::course::{Count, Course};
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{CaseState, State};

use super::{both, days_in, present_stay, whether};
use crate::fact::SubjectId;
use crate::profile::Profile;
use crate::view::View;

/// Those held without a decision of a first court.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pretrial {
    /// Those held so for longer than asked, the longest first.
    pub rows: Vec<PretrialRow>,
    /// How many are held so, for however long.
    pub unsentenced: Count,
    /// How many are held.
    pub held: Count,
}

/// Somebody held without a decision of a first court.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PretrialRow {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// Where the case stands at the point dates; none if nothing is documented.
    pub case: Option<State>,
    /// Days of the present stay, the day of the report included.
    pub days: Count,
    /// What the stay began with, and the latest of the case.
    pub entries: Vec<Seq>,
}

impl Pretrial {
    /// The share of the unsentenced among all held, in thousandths, rounded down: at the point
    /// dates, and between the bounds that the counts allow. `None` if nobody can be held.
    ///
    /// The share at the points is 0 if nobody is held at the points.
    pub fn share_per_mille(&self) -> Option<Count> {
        let per_mille = |of: u64, all: u64| of.saturating_mul(1000).checked_div(all).unwrap_or(0);
        // Those held and sentenced bound the share from the other side.
        let sentenced_at_most = self.held.high.saturating_sub(self.unsentenced.low);
        let sentenced_at_least = self.held.low.saturating_sub(self.unsentenced.high);
        let Count { low, count, high } = self.unsentenced;
        (!self.held.is_zero()).then(|| Count {
            low: per_mille(low, low + sentenced_at_most),
            count: per_mille(count, self.held.count),
            high: per_mille(high, high + sentenced_at_least),
        })
    }
}

/// Those held without a decision of a first court at the end of a day, for more than so many
/// days, and their share of all held.
pub fn pretrial(view: &View<'_>, as_of: Day, profile: &Profile, longer_than_days: u64) -> Pretrial {
    let mut found = Pretrial {
        rows: Vec::new(),
        unsentenced: Count::default(),
        held: Count::default(),
    };
    for subject in view.subjects() {
        let courses = view.courses(subject);
        let weight = view.weight(subject);
        let held = profile.held(&courses.custody, as_of);
        found.held += held.times(weight);
        let one = both(held, undecided(&courses.case, as_of));
        found.unsentenced += one.times(weight);
        let stay = present_stay(&courses.custody, as_of, profile);
        let Some(began) = stay.and_then(<[_]>::first) else {
            continue;
        };
        let days = days_in(began, as_of);
        let one = both(one, whether(days, |days| days > longer_than_days));
        let case = courses.case.at(as_of).point;
        let latest = case.map(|placed| placed.step.seq);
        found.rows.push(PretrialRow {
            subject,
            total: one.times(weight),
            case: case.map(|placed| placed.step.state),
            days,
            entries: std::iter::once(began.step.seq).chain(latest).collect(),
        });
    }
    found.rows.retain(|row| !row.total.is_zero());
    found
        .rows
        .sort_by_key(|row| std::cmp::Reverse(row.days.count));
    found
}

/// Whether no first court has decided, or its decision is quashed: each 0 or 1.
fn undecided(case: &Course<State>, as_of: Day) -> Count {
    let is = |state| match state {
        State::Case(CaseState::Charged | CaseState::Quashed) => true,
        State::Case(
            CaseState::Convicted
            | CaseState::Sentenced
            | CaseState::Acquitted
            | CaseState::Dismissed,
        )
        | State::Custody(_)
        | State::Clemency(_) => false,
    };
    // The rest of what is possible: nothing documented is undecided, too.
    let decided = case.at(as_of).count(|state| !is(state));
    Count {
        low: 1 - decided.high,
        count: 1 - decided.count,
        high: 1 - decided.low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    const HISTORY: [&str; 12] = [
        r#""kind":"arrest","person":"p:1","occurred":"2025-01-01""#,
        r#""kind":"charge","person":"p:1","occurred":"2025-01-03""#,
        r#""kind":"arrest","person":"p:2","occurred":"2025-01-01""#,
        r#""kind":"sentence","person":"p:2","occurred":"2026-02-01/2026-02-05""#,
        r#""kind":"arrest","person":"p:3","occurred":"2026-01-30""#,
        r#""kind":"arrest","person":"p:4","occurred":"2025-06-01""#,
        r#""kind":"conviction","person":"p:4","occurred":"2025-09-01""#,
        r#""kind":"quashing","person":"p:4","occurred":"2026-02-08""#,
        r#""kind":"group","group":"g:1","size":6"#,
        r#""kind":"arrest","group":"g:1","occurred":"2026-02-01""#,
        r#""kind":"dismissal","group":"g:1","occurred":"2026-02-04""#,
        r#""kind":"charge","person":"p:5","occurred":"2026-02-01""#,
    ];

    #[test]
    fn undecided_cases_of_those_held_make_rows_and_the_share() {
        let facts = Sample::of(&HISTORY).facts();
        let view = View::head(&facts);
        for (on, longer_than, expect, share) in [
            ("2024-12-31", 0, "0/0/0 of 0", None),
            (
                "2026-01-31",
                365,
                "e0 396 e2 396 / 3/3/3 of 4",
                Some((750, 750, 750)),
            ),
            (
                "2026-01-31",
                395,
                "e0 396 e2 396 / 3/3/3 of 4",
                Some((750, 750, 750)),
            ),
            ("2026-01-31", 396, "3/3/3 of 4", Some((750, 750, 750))),
            (
                "2026-02-02",
                365,
                "e0 398 e2 398 / 8/9/9 of 10",
                Some((800, 900, 900)),
            ),
            (
                "2026-02-05",
                365,
                "e0 401 / 2/2/2 of 10",
                Some((200, 200, 200)),
            ),
            (
                "2026-02-08",
                200,
                "e0 404 e5 253 / 3/3/3 of 10",
                Some((300, 300, 300)),
            ),
        ] {
            let found = pretrial(&view, day(on), &Profile::default(), longer_than);
            let row = |row: &PretrialRow| format!("{} {} ", row.entries[0], row.days.count);
            let rows: String = found.rows.iter().map(row).collect();
            let Count { low, count, high } = found.unsentenced;
            let rule = if rows.is_empty() { "" } else { "/ " };
            let shown = format!("{rows}{rule}{low}/{count}/{high} of {}", found.held.count);
            assert_eq!(shown, expect, "{on} {longer_than}");
            let shown = found.share_per_mille();
            assert_eq!(shown.map(|s| (s.low, s.count, s.high)), share, "{on}");
        }
    }
}
