//! How many are in each state on each axis, and how many are held?
//!
//! Every number is a range with a point: low counts those who are in the state however the
//! uncertain dates fall, high those who can be, count those who are at the point dates (design
//! section 3). Groups weigh what they stand for. All custody and case states are there, also at
//! zero, and all clemency states of each instrument; the last line says how many are held by the
//! profile.

use std::collections::BTreeMap;

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::kind::{CaseState, ClemencyState, CustodyState, State};
use amparo_core::word::Word;

use crate::courses::Courses;
use crate::fact::TextId;
use crate::grouping::Grouping;
use crate::profile::Profile;
use crate::stance::Stance;
use crate::state_set::index;
use crate::view::View;

const CLEMENCY_STATES: usize = ClemencyState::ALL.len();
/// The custody and case states: those that have one row each.
const SINGLE_STATES: usize = CustodyState::ALL.len() + CaseState::ALL.len();

/// One line of the totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalsRow {
    /// `custody`, `case`, `clemency`, or `profile` for the held line.
    pub axis: &'static str,
    /// The state, or the profile's name.
    pub state: String,
    /// The instrument, on the clemency axis.
    pub instrument: Option<String>,
    /// The values of the groupings asked for, in their order; none where nothing is known.
    pub by: Vec<Option<String>>,
    /// How many.
    pub total: Count,
}

/// The totals at the end of a day.
pub fn totals(view: &View<'_>, as_of: Day, profile: &Profile) -> Vec<TotalsRow> {
    let mut tally = Tally::default();
    for code in view.instruments() {
        tally.open(code);
    }
    for subject in view.subjects() {
        let weight = view.weight(subject);
        let courses = view.courses(subject);
        standings(&courses, as_of, profile, |cell, one| {
            tally.add(cell, one.times(weight));
        });
    }
    tally.rows(|code| view.facts().text(code), profile, &[])
}

/// The totals at the end of a day, laid out by what the groupings say of each subject.
///
/// Rows that are zero for certain are left out. A grouping that can give a subject several
/// values (sources, instruments) counts it under each of them, so those rows overlap.
pub fn totals_by(
    view: &View<'_>,
    as_of: Day,
    profile: &Profile,
    groupings: &[Grouping],
) -> Vec<TotalsRow> {
    let mut tallies: BTreeMap<Vec<Option<String>>, Tally> = BTreeMap::new();
    for subject in view.subjects() {
        let weight = view.weight(subject);
        let courses = view.courses(subject);
        for key in Grouping::keys(groupings, view, subject, as_of) {
            let tally = tallies.entry(key).or_default();
            standings(&courses, as_of, profile, |cell, one| {
                tally.add(cell, one.times(weight));
            });
        }
    }
    let rows = tallies
        .iter()
        .flat_map(|(key, tally)| tally.rows(|code| view.facts().text(code), profile, key));
    rows.filter(|row| !row.total.is_zero()).collect()
}

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    /// A state of the custody or case axis.
    Single(State),
    /// A state under an instrument.
    Clemency(TextId, ClemencyState),
    /// Held by the profile.
    Held,
}

/// Where one subject stands: each cell that is not zero for certain, with counts of 0 or 1.
pub(crate) fn standings(
    courses: &Courses,
    as_of: Day,
    profile: &Profile,
    mut add: impl FnMut(Cell, Count),
) {
    for course in [&courses.custody, &courses.case] {
        Stance::at(course, as_of).each_state(|state, one| add(Cell::Single(state), one));
    }
    for (code, course) in &courses.clemency {
        Stance::at(course, as_of).each_state(|state, one| {
            if let State::Clemency(state) = state {
                add(Cell::Clemency(*code, state), one);
            }
        });
    }
    let held = profile.held(&courses.custody, as_of);
    if !held.is_zero() {
        add(Cell::Held, held);
    }
}

/// Sums in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    single: [Count; SINGLE_STATES],
    clemency: BTreeMap<TextId, [Count; CLEMENCY_STATES]>,
    held: Count,
}

impl Tally {
    /// Gives an instrument its lines, also if nobody stands in any of its states.
    pub(crate) fn open(&mut self, code: TextId) {
        self.clemency.entry(code).or_default();
    }

    /// Takes the lines of an instrument away.
    pub(crate) fn close(&mut self, code: TextId) {
        self.clemency.remove(&code);
    }

    pub(crate) fn add(&mut self, cell: Cell, count: Count) {
        *self.cell(cell) += count;
    }

    /// Takes away what was added before.
    pub(crate) fn subtract(&mut self, cell: Cell, count: Count) {
        let sum = self.cell(cell);
        sum.low -= count.low;
        sum.count -= count.count;
        sum.high -= count.high;
    }

    fn cell(&mut self, cell: Cell) -> &mut Count {
        match cell {
            Cell::Single(state) => &mut self.single[index(state)],
            Cell::Clemency(code, state) => {
                &mut self.clemency.entry(code).or_default()[state as usize]
            }
            Cell::Held => &mut self.held,
        }
    }

    /// The sums as rows, in the order of reports: instruments by code.
    pub(crate) fn rows<'t>(
        &self,
        text: impl Fn(TextId) -> &'t str,
        profile: &Profile,
        by: &[Option<String>],
    ) -> Vec<TotalsRow> {
        let lines = lines(text, profile, self.clemency.keys().copied());
        let row = |line: Line| TotalsRow {
            total: self.total(line.cell),
            axis: line.axis,
            state: line.state,
            instrument: line.instrument,
            by: by.to_vec(),
        };
        lines.into_iter().map(row).collect()
    }

    fn total(&self, cell: Cell) -> Count {
        match cell {
            Cell::Single(state) => self.single[index(state)],
            Cell::Clemency(code, state) => {
                let totals = self.clemency.get(&code);
                totals.map_or(Count::default(), |totals| totals[state as usize])
            }
            Cell::Held => self.held,
        }
    }
}

/// What a line of a table of totals is of, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) cell: Cell,
    pub(crate) axis: &'static str,
    pub(crate) state: String,
    pub(crate) instrument: Option<String>,
}

/// The lines of a table of totals in the order of reports: every custody and case state, every
/// clemency state of each instrument, by code, and the held line.
pub(crate) fn lines<'t>(
    text: impl Fn(TextId) -> &'t str,
    profile: &Profile,
    instruments: impl IntoIterator<Item = TextId>,
) -> Vec<Line> {
    let line = |cell, axis, state: &str, instrument: Option<&str>| Line {
        cell,
        axis,
        state: state.to_owned(),
        instrument: instrument.map(str::to_owned),
    };
    let single = State::all().take(SINGLE_STATES);
    let mut lines: Vec<_> = single
        .map(|state| line(Cell::Single(state), state.axis().word(), state.word(), None))
        .collect();
    let codes = instruments.into_iter();
    let mut codes: Vec<_> = codes.map(|code| (text(code), code)).collect();
    codes.sort_unstable();
    for (text, code) in codes {
        for state in ClemencyState::ALL.iter().copied() {
            let cell = Cell::Clemency(code, state);
            lines.push(line(cell, "clemency", state.word(), Some(text)));
        }
    }
    lines.push(line(Cell::Held, "profile", profile.name(), None));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    fn line(rows: &[TotalsRow]) -> String {
        let shown = rows.iter().filter(|row| !row.total.is_zero());
        let cell = |row: &TotalsRow| {
            let by: Vec<_> = row.by.iter().map(|v| v.as_deref().unwrap_or("?")).collect();
            let Count { low, count, high } = row.total;
            format!("{}{} {low}/{count}/{high}", by.join(","), row.state)
        };
        shown.map(cell).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn an_uncertain_date_makes_a_range_and_a_correction_moves_it() {
        let sample = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-01-05""#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-02""#,
            r#""kind":"release","person":"p:1","occurred":"2026-02-10","replaces":"@0""#,
            r#""kind":"retraction","entry":"@2""#,
        ]);
        let facts = sample.facts();
        for (known, on, expect) in [
            (0, "2026-01-04", ""),
            (0, "2026-02-10", "detained 1/1/1; deprived-of-liberty 1/1/1"),
            (1, "2026-02-10", "detained 1/1/2; deprived-of-liberty 1/1/2"),
            (1, "2026-02-14", "detained 1/2/2; deprived-of-liberty 1/2/2"),
            (
                2,
                "2026-02-10",
                "detained 0/0/1; released 1/1/1; deprived-of-liberty 0/0/1",
            ),
            (3, "2026-02-28", "detained 2/2/2; deprived-of-liberty 2/2/2"),
        ] {
            let view = View::known_at(&facts, sample.entries[known].seq);
            let rows = totals(&view, day(on), &Profile::default());
            assert_eq!(line(&rows), expect, "known at e{known} on {on}");
        }
    }

    #[test]
    fn all_single_states_and_the_states_of_each_instrument_have_a_row() {
        let sample = Sample::of(&[
            r#""kind":"instrument","instrument":"b""#,
            r#""kind":"clemency-request","person":"p:1","instrument":"a","occurred":"2026-02-10""#,
            r#""kind":"instrument","instrument":"c""#,
            r#""kind":"retraction","entry":"@2""#,
        ]);
        let facts = sample.facts();
        let rows = totals(&View::head(&facts), day("2026-02-10"), &Profile::default());
        assert_eq!(rows.len(), 9 + 6 + 2 * 6 + 1);
        let codes: Vec<_> = rows
            .iter()
            .filter_map(|row| row.instrument.as_deref())
            .collect();
        assert_eq!((codes[0], codes[6], codes.len()), ("a", "b", 12));
        assert_eq!(rows.last().map(|row| row.axis), Some("profile"));
        assert_eq!(
            totals(
                &View::nothing(&facts),
                day("2026-02-10"),
                &Profile::default()
            )
            .len(),
            16
        );
    }

    #[test]
    fn a_group_weighs_its_size_less_those_told_apart() {
        let sample = Sample::of(&[
            r#""kind":"custody-observed","group":"g:1","occurred":"2026-02-10""#,
            r#""kind":"group","group":"g:1","size":3"#,
            r#""kind":"identification","group":"g:1","person":"p:1""#,
            r#""kind":"identification","group":"g:1","person":"p:2""#,
            r#""kind":"merge","person":"p:2","into":"p:1""#,
            r#""kind":"group","group":"g:1","label":"renamed""#,
            r#""kind":"group","group":"g:1","size":1"#,
        ]);
        let facts = sample.facts();
        for (known, weight) in [(0, 0), (1, 3), (2, 2), (3, 1), (4, 2), (5, 2), (6, 0)] {
            let view = View::known_at(&facts, sample.entries[known].seq);
            let rows = totals(&view, day("2026-02-10"), &Profile::default());
            assert_eq!(
                rows.last().map(|row| row.total.count),
                Some(weight),
                "e{known}"
            );
        }
    }

    #[test]
    fn lines_by_place_add_up_to_the_total() {
        let sample = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","place":"VE:Caracas:A""#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-02-01","place":"VE:Caracas:A""#,
            r#""kind":"transfer","person":"p:2","occurred":"2026-02-03","place":"VE:Zulia:B""#,
            r#""kind":"arrest","person":"p:3","occurred":"2026-02-03","place":"VE:Caracas:C""#,
            r#""kind":"arrest","person":"p:4","occurred":"2026-02-03""#,
            r#""kind":"custody-observed","person":"p:2","occurred":"2026-02-04""#,
        ]);
        let facts = sample.facts();
        let view = View::head(&facts);
        let by = |groupings: &[Grouping]| {
            let rows = totals_by(&view, day("2026-02-05"), &Profile::default(), groupings);
            let detained: Vec<_> = rows
                .into_iter()
                .filter(|row| row.axis == "custody")
                .collect();
            line(&detained)
        };
        assert_eq!(
            by(&[Grouping::Place { depth: 2 }]),
            "?detained 1/1/1; VE:Caracasdetained 2/2/2; VE:Zuliadetained 1/1/1"
        );
        assert_eq!(by(&[]), "detained 4/4/4");
    }
}
