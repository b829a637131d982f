//! Who is deprived of liberty although clemency was granted, so many days later?
//!
//! Serves category I of the Working Group on Arbitrary Detention (Methods of Work, paragraph 8
//! (a)): no legal basis can be invoked, "as when a person is kept in detention ... despite an
//! amnesty law applicable to him or her". The grant must be in force under its instrument: after
//! an appeal or a revocation it is not. Somebody taken again after the grant is here too, and is
//! marked: that may be another matter.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{ClemencyState, State};

use super::{both, days_since, present_stay, whether};
use crate::fact::{SubjectId, TextId};
use crate::profile::Profile;
use crate::roster::present_run;
use crate::view::View;

/// Somebody granted clemency and held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedButHeld {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// The instrument.
    pub instrument: TextId,
    /// Days from the grant to the day of the report.
    pub days: Count,
    /// Whether the present stay began after the grant, by the point dates.
    pub is_taken_again: bool,
    /// The grant, what the present stay began with, and its latest entry.
    pub entries: Vec<Seq>,
}

/// Those held by the profile at least so many days after a grant, the longest wait first.
pub fn granted_but_held(
    view: &View<'_>,
    as_of: Day,
    profile: &Profile,
    days_min: u64,
) -> Vec<GrantedButHeld> {
    let granted = State::Clemency(ClemencyState::Granted);
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let courses = view.courses(subject);
        let held = profile.held(&courses.custody, as_of);
        let Some(stay) = present_stay(&courses.custody, as_of, profile) else {
            continue;
        };
        for (instrument, course) in &courses.clemency {
            let run = present_run(course, as_of, |state| state == granted);
            let Some(grant) = run.and_then(<[_]>::first) else {
                continue;
            };
            let days = days_since(grant, as_of);
            let stands = course.at(as_of).count(|state| state == granted);
            let one = both(both(held, stands), whether(days, |days| days >= days_min));
            let began = stay.first().map_or(grant, |first| first);
            let last = stay.last().map_or(began, |last| last);
            let mut entries = vec![grant.step.seq, began.step.seq, last.step.seq];
            entries.dedup();
            rows.push(GrantedButHeld {
                subject,
                total: one.times(view.weight(subject)),
                instrument: *instrument,
                days,
                is_taken_again: began.step.span.point() > grant.step.span.point(),
                entries,
            });
        }
    }
    rows.retain(|row| !row.total.is_zero());
    rows.sort_by_key(|row| std::cmp::Reverse(row.days.count));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    const HISTORY: [&str; 10] = [
        r#""kind":"arrest","person":"p:1","occurred":"2026-01-05""#,
        r#""kind":"clemency-grant","person":"p:1","instrument":"law","occurred":"2026-02-01""#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-01-05""#,
        r#""kind":"clemency-grant","person":"p:2","instrument":"law","occurred":"2026-02-01/2026-02-05""#,
        r#""kind":"release","person":"p:2","occurred":"2026-02-20""#,
        r#""kind":"clemency-grant","person":"p:3","instrument":"law","occurred":"2026-02-01""#,
        r#""kind":"arrest","person":"p:3","occurred":"2026-02-10""#,
        r#""kind":"arrest","person":"p:4","occurred":"2026-01-05""#,
        r#""kind":"clemency-grant","person":"p:4","instrument":"law","occurred":"2026-02-01""#,
        r#""kind":"clemency-revocation","person":"p:4","instrument":"law","occurred":"2026-02-12""#,
    ];

    #[test]
    fn a_grant_in_force_and_a_stay_that_goes_on_make_a_row() {
        let facts = Sample::of(&HISTORY).facts();
        let view = View::head(&facts);
        for (on, days_min, expect) in [
            ("2026-01-31", 0, ""),
            ("2026-02-04", 0, "e1 3..3 e8 3..3 e3 0..3"),
            // p:2 may have been granted on the 1st: three days ago.
            ("2026-02-04", 3, "e1 3..3 e8 3..3 e3 0..3"),
            ("2026-02-04", 4, ""),
            ("2026-02-12", 5, "e1 11..11 e5 11..11! e3 7..11"),
            ("2026-02-20", 5, "e1 19..19 e5 19..19!"),
            ("2026-02-20", 19, "e1 19..19 e5 19..19!"),
            ("2026-02-20", 20, ""),
        ] {
            let rows = granted_but_held(&view, day(on), &Profile::default(), days_min);
            let shown = |row: &GrantedButHeld| {
                let again = if row.is_taken_again { "!" } else { "" };
                let Count { low, high, .. } = row.days;
                format!("{} {low}..{high}{again}", row.entries[0])
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join(" "), expect, "{on} {days_min}");
        }
        let rows = granted_but_held(&view, day("2026-02-04"), &Profile::default(), 3);
        let possible = Count {
            low: 0,
            count: 0,
            high: 1,
        };
        assert_eq!(rows[2].total, possible);
    }
}
