//! Who was taken again, and how soon after being let out?
//!
//! For each time out (released, on conditions, unknown, escaped, exiled) the first arrest after
//! it, if it came within so many days. A second report of the same arrest is no second arrest.
//! Serves the watch for the "revolving door": releases that are announced, and taken back.

use amparo_core::course::{Count, Placed};
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::State;

use super::both;
use crate::fact::SubjectId;
use crate::timeline::{out_of_custody, rearrests as arrests_after_exit};
use crate::view::View;

/// Somebody taken again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rearrest {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// Days from the exit to the arrest; 0 on the same day.
    pub days: Count,
    /// How the subject had come out.
    pub out: State,
    /// The exit, and the arrest.
    pub entries: [Seq; 2],
}

/// The arrests up to the end of a day that came within so many days of an exit, the quickest
/// first.
pub fn rearrests(view: &View<'_>, as_of: Day, within_days: u64) -> Vec<Rearrest> {
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let custody = view.courses(subject).custody;
        let arrests = arrests_after_exit(view, &custody);
        let mut out = None;
        for placed in custody.steps() {
            if out_of_custody().contains(placed.step.state) {
                out = Some(placed);
                continue;
            }
            let Some(exit) = out.filter(|_| arrests.contains(&placed.step.seq)) else {
                continue;
            };
            out = None;
            let between = |from: Day, to: Day| u64::try_from(to.days_since(from)).unwrap_or(0);
            let point = |step: &Placed<State>| step.step.span.point();
            let days = Count {
                low: between(exit.hi, placed.lo),
                count: between(point(exit), point(placed)),
                high: between(exit.lo, placed.hi),
            };
            let soon = Count {
                low: (days.high <= within_days).into(),
                count: (days.count <= within_days).into(),
                high: (days.low <= within_days).into(),
            };
            let come = Count {
                low: (placed.hi <= as_of).into(),
                count: (point(placed) <= as_of).into(),
                high: (placed.lo <= as_of).into(),
            };
            rows.push(Rearrest {
                subject,
                total: both(soon, come).times(view.weight(subject)),
                days,
                out: exit.step.state,
                entries: [exit.step.seq, placed.step.seq],
            });
        }
    }
    rows.retain(|row| !row.total.is_zero());
    rows.sort_by_key(|row| row.days.count);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn the_first_arrest_after_each_time_out_counts_once() {
        let facts = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-01-01""#,
            r#""kind":"conditional-release","person":"p:1","occurred":"2026-02-08""#,
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-08/2026-02-09""#,
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-09""#,
            r#""kind":"release","person":"p:1","occurred":"2026-02-19""#,
            r#""kind":"arrest","person":"p:1","occurred":"2026-03-19""#,
            // House arrest is no arrest, and taken once is not again.
            r#""kind":"release","person":"p:2","occurred":"2026-02-01""#,
            r#""kind":"house-arrest","person":"p:2","occurred":"2026-02-02""#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, within, expect) in [
            ("2026-02-07", 90, ""),
            ("2026-02-28", 90, "e1e2 1/1/1"),
            ("2026-02-28", 0, "e1e2 0/1/1"),
            ("2026-03-18", 30, "e1e2 1/1/1"),
            ("2026-03-19", 28, "e1e2 1/1/1 e4e5 1/1/1"),
            ("2026-03-19", 27, "e1e2 1/1/1"),
        ] {
            let rows = rearrests(&view, day(on), within);
            let shown = |row: &Rearrest| {
                let Count { low, count, high } = row.total;
                format!("{}{} {low}/{count}/{high}", row.entries[0], row.entries[1])
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join(" "), expect, "{on} {within}");
        }
    }
}
