//! Who is held after each entry, and which numbers it moved.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_projections::totals::TotalsRow;
use amparo_projections::{ReadModel as _, RunningTotals};

use super::stretch::Stretch;
use super::{Every, Replay};
use crate::args::OutputFormat;
use crate::command::status::state_json;
use crate::coordinates::Coordinates;
use crate::derived::profile_of;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Meta, Reply};
use crate::people::People;
use crate::session::{Reading, Session, today};
use crate::stream::Stream;

/// The state after one entry.
struct After {
    entry: Entry,
    /// How many entries the line stands for: those of the day, or one.
    entries: u64,
    /// The day of recording.
    day: Day,
    as_of: Day,
    held: Count,
    states: Vec<TotalsRow>,
}

/// Replays the log at coordinates.
pub fn run(session: &mut Session<'_, '_>, replay: &Replay) -> Result<(), Failure> {
    let Reading { ledger, at } = session.reading(&replay.at)?;
    let profile = profile_of(session, &ledger, &at)?;
    let at = at.counted_by(&profile);
    let stretch = Stretch::of(replay, &at)?;
    let is_fixed = replay.at.as_of.is_some() || session.globals.at.as_of.is_some();
    let fixed = is_fixed.then_some(at.as_of);
    let people = People::read(&ledger)?;
    let mut lines = Lines::new(session, &at, fixed, replay.every, people);
    let mut running = RunningTotals::new(fixed.unwrap_or(Day::MIN), profile);
    let mut shown: Vec<TotalsRow> = Vec::new();
    let mut waiting: Option<After> = None;
    let mut is_begun = false;
    for entry in ledger.entries(0..at.prefix()) {
        let entry = entry?;
        let day = today(&ledger, entry.recorded)?;
        if stretch.is_over(entry.seq, day) {
            break;
        }
        let is_shown = stretch.holds(entry.seq, day);
        if is_shown && !is_begun {
            shown = states(&running).1;
            is_begun = true;
        }
        running
            .apply(&entry)
            .map_err(|error| Failure::not_a_log(entry.seq, &error.to_string()))?;
        running.move_to(fixed.unwrap_or(day));
        if !is_shown {
            continue;
        }
        let is_next = |waiting: &mut After| replay.every == Every::Entry || waiting.day != day;
        if let Some(done) = waiting.take_if(is_next) {
            shown = lines.push(session, done, &shown)?;
        }
        let entries = waiting.map_or(0, |waiting| waiting.entries) + 1;
        waiting = Some(After::new(entry, entries, day, &running));
    }
    if let Some(done) = waiting {
        lines.push(session, done, &shown)?;
    }
    lines.stream.finish(session)
}

impl After {
    fn new(entry: Entry, entries: u64, day: Day, running: &RunningTotals) -> Self {
        let (held, states) = states(running);
        Self {
            entry,
            entries,
            day,
            as_of: running.as_of(),
            held,
            states,
        }
    }
}

/// How many are held, and the states that are not zero for certain.
fn states(running: &RunningTotals) -> (Count, Vec<TotalsRow>) {
    let mut states = running.rows();
    let held = states.pop().map(|row| row.total).unwrap_or_default();
    states.retain(|row| !row.total.is_zero());
    (held, states)
}

/// The lines of the answer.
struct Lines {
    stream: Stream,
    every: Every,
    people: People,
    is_for_people: bool,
}

impl Lines {
    fn new(
        session: &Session<'_, '_>,
        at: &Coordinates,
        fixed: Option<Day>,
        every: Every,
        people: People,
    ) -> Self {
        let format: OutputFormat = session.globals.format;
        let is_for_people = figures::is_for_people(format);
        let meta = Meta {
            as_of: fixed,
            ..at.meta()
        };
        let columns = columns(every, is_for_people);
        let stream = Stream::new(Reply::at(meta, columns));
        Self {
            stream,
            every,
            people,
            is_for_people,
        }
    }

    /// Writes a line and answers the states that it showed.
    fn push(
        &mut self,
        session: &mut Session<'_, '_>,
        after: After,
        before: &[TotalsRow],
    ) -> Result<Vec<TotalsRow>, Failure> {
        let moved = moved(before, &after.states);
        let row = match self.is_for_people {
            true => self.row_for_people(&after, &moved),
            false => self.row_for_programs(&after, &moved),
        };
        self.stream.push(session, row)?;
        Ok(after.states)
    }

    fn row_for_people(&self, after: &After, moved: &[String]) -> Vec<Cell> {
        let event = &after.entry.event;
        let subject = event.subject().map(|subject| self.people.label(subject));
        let mut row = vec![
            Cell::text(after.entry.seq),
            Cell::text(after.entry.recorded.utc().format("%Y-%m-%dT%H:%MZ")),
        ];
        match self.every {
            Every::Entry => row.extend([
                Cell::text(event.kind()),
                Cell::maybe(subject),
                Cell::maybe(event.occurred()),
            ]),
            Every::Day => row.push(Cell::count(after.entries)),
        }
        row.extend([
            Cell::text(after.as_of),
            Cell::text(figures::count(after.held)),
            Cell::text(moved.join(", ")),
        ]);
        row
    }

    fn row_for_programs(&self, after: &After, moved: &[String]) -> Vec<Cell> {
        let event = &after.entry.event;
        let subject = event.subject();
        let known_at = vec![
            ("seq", Cell::count(after.entry.seq.number())),
            ("recorded", Cell::text(after.entry.recorded)),
        ];
        let mut row = vec![Cell::text(after.as_of), Cell::Parts(known_at)];
        match self.every {
            Every::Entry => row.extend([
                Cell::text(event.kind()),
                Cell::maybe(subject.map(|subject| self.people.reference(subject))),
                Cell::maybe(subject.and_then(|subject| self.people.name(subject))),
                Cell::maybe(event.occurred()),
            ]),
            Every::Day => row.push(Cell::count(after.entries)),
        }
        row.extend(figures::count_cells(after.held));
        let states: Vec<_> = after.states.iter().map(state_json).collect();
        row.extend([
            Cell::Json(format!("[{}]", states.join(","))),
            Cell::list(moved),
        ]);
        row
    }
}

fn columns(every: Every, is_for_people: bool) -> Vec<Column> {
    let texts = |names: &[&'static str]| names.iter().map(|name| Column::text(*name)).collect();
    let entries = || vec![Column::number("entries")];
    let mut columns: Vec<Column> = texts(match is_for_people {
        true => &["entry", "recorded"],
        false => &["as_of", "known_at"],
    });
    columns.extend(match (every, is_for_people) {
        (Every::Day, _) => entries(),
        (Every::Entry, true) => texts(&["kind", "subject", "occurred"]),
        (Every::Entry, false) => texts(&["kind", "subject", "name", "occurred"]),
    });
    match is_for_people {
        true => columns.extend([
            Column::text("as_of"),
            Column::number("held"),
            Column::text("moved"),
        ]),
        false => {
            columns.extend(figures::count_columns("held"));
            columns.extend([Column::text("states"), Column::text("moved")]);
        }
    }
    columns
}

/// The numbers that changed: `detained 1 -> 2`.
fn moved(before: &[TotalsRow], after: &[TotalsRow]) -> Vec<String> {
    let same = |one: &TotalsRow, other: &TotalsRow| {
        (one.axis, &one.state, &one.instrument) == (other.axis, &other.state, &other.instrument)
    };
    let total = |rows: &[TotalsRow], row: &TotalsRow| {
        rows.iter()
            .find(|other| same(row, other))
            .map(|row| row.total)
            .unwrap_or_default()
    };
    let gone = before
        .iter()
        .filter(|row| !after.iter().any(|other| same(row, other)));
    let lines = gone.chain(after).filter_map(|row| {
        let (was, is) = (total(before, row), total(after, row));
        let change = || {
            format!(
                "{} {} -> {}",
                row.state,
                figures::count(was),
                figures::count(is)
            )
        };
        (was != is).then(change)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &str, low: u64, count: u64, high: u64) -> TotalsRow {
        let total = Count { low, count, high };
        TotalsRow {
            axis: "custody",
            state: state.into(),
            instrument: None,
            by: Vec::new(),
            total,
        }
    }

    #[test]
    fn what_moved_is_what_differs_also_in_its_bounds() {
        let before = [
            row("detained", 1, 1, 1),
            row("released", 2, 2, 2),
            row("exiled", 1, 1, 1),
        ];
        let after = [
            row("detained", 1, 1, 2),
            row("deceased", 1, 1, 1),
            row("exiled", 1, 1, 1),
        ];
        let lines = [
            "released 2 -> 0",
            "detained 1 -> 1 (1..2)",
            "deceased 0 -> 1",
        ];
        assert_eq!(moved(&before, &after), lines);
        assert_eq!(moved(&before, &before), [""; 0]);
    }
}
