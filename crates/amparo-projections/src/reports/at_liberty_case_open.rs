//! Who is at liberty with a case still open?
//!
//! Released, or out on conditions, while a charge, conviction or sentence stands: freed, and not
//! free. Serves articles 9 and 14 of the International Covenant on Civil and Political Rights
//! (release "subject to guarantees to appear", trial without undue delay): what a count of
//! releases leaves out.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{CaseState, CustodyState, State};

use super::{both, days_in};
use crate::fact::SubjectId;
use crate::roster::present_run;
use crate::view::View;

/// Somebody at liberty whose case is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtLibertyCaseOpen {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// Released, or out on conditions.
    pub custody: State,
    /// Where the case stands.
    pub case: State,
    /// Days at liberty, the day of the report included.
    pub days: Count,
    /// What the liberty began with, its latest entry, and the latest of the case.
    pub entries: Vec<Seq>,
}

/// Those at liberty with an open case at the end of a day, the longest first.
pub fn at_liberty_case_open(view: &View<'_>, as_of: Day) -> Vec<AtLibertyCaseOpen> {
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let courses = view.courses(subject);
        let liberty = present_run(&courses.custody, as_of, is_at_liberty);
        let open = present_run(&courses.case, as_of, is_open);
        let (Some([began, ..]), Some([.., case])) = (liberty, open) else {
            continue;
        };
        let latest = liberty.and_then(<[_]>::last).map_or(began, |last| last);
        let one = both(
            courses.custody.at(as_of).count(is_at_liberty),
            courses.case.at(as_of).count(is_open),
        );
        let mut entries = vec![began.step.seq, latest.step.seq, case.step.seq];
        entries.dedup();
        rows.push(AtLibertyCaseOpen {
            subject,
            total: one.times(view.weight(subject)),
            custody: latest.step.state,
            case: case.step.state,
            days: days_in(began, as_of),
            entries,
        });
    }
    rows.retain(|row| !row.total.is_zero());
    rows.sort_by_key(|row| std::cmp::Reverse(row.days.count));
    rows
}

fn is_at_liberty(state: State) -> bool {
    use CustodyState::{ConditionalRelease, Released};
    state == State::Custody(Released) || state == State::Custody(ConditionalRelease)
}

fn is_open(state: State) -> bool {
    matches!(state, State::Case(state) if CaseState::is_open(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn liberty_and_an_open_case_together_make_a_row() {
        let facts = Sample::of(&[
            r#""kind":"charge","person":"p:1","occurred":"2026-01-01""#,
            r#""kind":"conditional-release","person":"p:1","occurred":"2026-02-01""#,
            r#""kind":"release","person":"p:1","occurred":"2026-02-05""#,
            r#""kind":"dismissal","person":"p:1","occurred":"2026-02-10/2026-02-12""#,
            // No case, and held: neither is here.
            r#""kind":"release","person":"p:2","occurred":"2026-02-01""#,
            r#""kind":"arrest","person":"p:3","occurred":"2026-02-01""#,
            r#""kind":"charge","person":"p:3","occurred":"2026-02-01""#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, expect) in [
            ("2026-01-31", ""),
            ("2026-02-01", "conditional-release charged 1/1/1 1 [1, 0]"),
            ("2026-02-06", "released charged 1/1/1 6 [1, 2, 0]"),
            ("2026-02-10", "released charged 0/1/1 10 [1, 2, 0]"),
            ("2026-02-11", "released charged 0/0/1 11 [1, 2, 0]"),
            ("2026-02-12", ""),
        ] {
            let rows = at_liberty_case_open(&view, day(on));
            let shown = |row: &AtLibertyCaseOpen| {
                let Count { low, count, high } = row.total;
                let entries: Vec<_> = row.entries.iter().map(|seq| seq.number()).collect();
                let (custody, case) = (row.custody.word(), row.case.word());
                format!(
                    "{custody} {case} {low}/{count}/{high} {} {entries:?}",
                    row.days.count
                )
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join(" "), expect, "{on}");
        }
    }
}
