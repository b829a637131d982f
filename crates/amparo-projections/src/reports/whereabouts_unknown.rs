//! Of whom does nobody say where they are?
//!
//! The disappeared; those held with no place named; those who left custody and nobody says how.
//! Serves the International Convention for the Protection of All Persons from Enforced
//! Disappearance (articles 2, 17 and 18: concealment of "the fate or whereabouts", and the duty
//! to say where somebody is held). A place known of a disappeared person is where they were last
//! seen.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{CustodyState, State};

use super::days_in;
use crate::fact::{SubjectId, TextId};
use crate::roster::present_run;
use crate::view::View;

/// Somebody whose whereabouts nobody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhereaboutsUnknown {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// In which state: disappeared, exit unknown, or held with no place named.
    pub state: State,
    /// Days in the state, the day of the report included.
    pub days: Count,
    /// The last place that an entry names, whenever that was.
    pub last_seen: Option<(Seq, TextId)>,
    /// What the state began with, and its latest entry.
    pub entries: Vec<Seq>,
}

/// Those whose whereabouts are unknown at the end of a day, the longest first.
pub fn whereabouts_unknown(view: &View<'_>, as_of: Day) -> Vec<WhereaboutsUnknown> {
    use CustodyState::{Detained, Disappeared, ExitUnknown, HouseArrest};
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let custody = view.courses(subject).custody;
        if custody.steps().is_empty() {
            continue;
        }
        let has_place = view.place(subject, as_of).is_some();
        for state in [Disappeared, ExitUnknown, Detained, HouseArrest] {
            let nowhere_named = matches!(state, Detained | HouseArrest);
            if nowhere_named && has_place {
                continue;
            }
            let is = |of: State| of == State::Custody(state);
            let one = custody.at(as_of).count(is);
            let run = present_run(&custody, as_of, is).unwrap_or_default();
            let (Some(began), Some(latest)) = (run.first(), run.last()) else {
                continue;
            };
            let mut entries = vec![began.step.seq, latest.step.seq];
            entries.dedup();
            rows.push(WhereaboutsUnknown {
                subject,
                total: one.times(view.weight(subject)),
                state: State::Custody(state),
                days: days_in(began, as_of),
                last_seen: last_seen(view, subject, as_of),
                entries,
            });
        }
    }
    rows.retain(|row| !row.total.is_zero());
    rows.sort_by_key(|row| std::cmp::Reverse(row.days.count));
    rows
}

fn last_seen(view: &View<'_>, subject: SubjectId, as_of: Day) -> Option<(Seq, TextId)> {
    let moves = view.moves(subject, as_of);
    let mut latest = moves.iter().rev();
    latest.find_map(|(seq, fact)| Some((*seq, fact.place()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn disappeared_left_unknown_or_held_nobody_says_where() {
        let facts = Sample::of(&[
            r#""kind":"disappearance","person":"p:1","occurred":"2026-02-01","place":"VE:A""#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-02-02","place":"VE:B""#,
            r#""kind":"transfer","person":"p:2","occurred":"2026-02-05""#,
            r#""kind":"exit-unknown","person":"p:2","occurred":"2026-02-08""#,
            r#""kind":"custody-observed","person":"p:1","occurred":"2026-02-09","place":"VE:C""#,
            r#""kind":"release","person":"p:2","occurred":"2026-02-10""#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, expect) in [
            ("2026-01-31", ""),
            ("2026-02-03", "disappeared 3 VE:A"),
            ("2026-02-06", "disappeared 6 VE:A; detained 5 VE:B"),
            ("2026-02-08", "disappeared 8 VE:A; exit-unknown 1 VE:B"),
            ("2026-02-09", "exit-unknown 2 VE:B"),
            ("2026-02-10", ""),
        ] {
            let rows = whereabouts_unknown(&view, day(on));
            let shown = |row: &WhereaboutsUnknown| {
                let place = row.last_seen.map_or("", |(_, place)| facts.text(place));
                format!("{} {} {place}", row.state.word(), row.days.count)
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join("; "), expect, "{on}");
        }
    }
}
