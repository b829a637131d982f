//! `totals --who` and `--evidence`: the people and the entries behind each number.
//!
//! The rows of a line add up to its low, count and high exactly: each person or group that is, or
//! can be, in the state has one row, with the one entry that its standing rests on.

use amparo_core::date::Day;
use amparo_core::kind::State;
use amparo_projections::View;
use amparo_projections::roster::{Asked, RosterRow, roster};

use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::lines::LineFilter;
use crate::output::{Cell, Column, Meta, Reply};
use crate::people::People;

/// The people behind the lines asked for, with the entries if `with_entries`.
///
/// # Errors
/// Integrity, when the names cannot be read.
pub fn reply(
    meta: Meta,
    derived: &Derived,
    view: &View<'_>,
    wanted: &LineFilter,
    with_entries: bool,
) -> Result<Reply, Failure> {
    let lines: Vec<_> = lines(derived, view, wanted, derived.at.as_of).collect();
    let shown = lines.iter().flat_map(|(.., rows)| rows);
    let people = derived.people_named(shown.map(|row| row.subject))?;
    let texts = ["axis", "state"].map(Column::text).into_iter();
    let columns = texts
        .chain(["low", "count", "high"].map(Column::number))
        .chain(["ref", "name", "place", "instrument"].map(Column::text));
    let of_entry = ["entry", "kind", "occurred", "recorded", "by", "sources"].map(Column::text);
    let mut reply = Reply::at(
        meta,
        columns.chain(of_entry.into_iter().filter(|_| with_entries)),
    );
    for (axis, word, rows) in &lines {
        for row in rows {
            let mut cells = vec![Cell::text(axis), Cell::text(word)];
            cells.extend(figures::count_cells(row.total));
            cells.extend(whom(derived, &people, row));
            if with_entries {
                cells.extend(entry(derived, row));
            }
            reply.push(cells);
        }
    }
    Ok(reply)
}

/// The lines asked for in the order of totals, each with who is behind it.
fn lines<'v>(
    derived: &'v Derived,
    view: &'v View<'_>,
    wanted: &'v LineFilter,
    as_of: Day,
) -> impl Iterator<Item = (&'static str, String, Vec<RosterRow>)> + 'v {
    let states = State::all().filter(|state| wanted.takes(axis(*state), state.word()));
    let of_state = move |state: State| {
        let rows = roster(view, as_of, Asked::State(state, None));
        (axis(state), state.word().to_owned(), rows)
    };
    let profile = &derived.profile;
    let held = wanted.takes("profile", profile.name()).then(|| {
        let rows = roster(view, as_of, Asked::Held(profile));
        ("profile", profile.name().to_owned(), rows)
    });
    states.map(of_state).chain(held)
}

fn axis(state: State) -> &'static str {
    use amparo_core::word::Word as _;
    state.axis().word()
}

fn whom(derived: &Derived, people: &People, row: &RosterRow) -> [Cell; 4] {
    let said = |id| derived.facts.text(id);
    [
        Cell::text(derived.facts.shown(row.subject)),
        Cell::maybe(derived.name(people, row.subject)),
        Cell::maybe(row.place.map(said)),
        row.instrument.map(said).map_or(Cell::Absent, Cell::text),
    ]
}

/// The entry that the standing rests on.
fn entry(derived: &Derived, row: &RosterRow) -> Vec<Cell> {
    let mut cells = vec![Cell::text(row.entry)];
    if let Some(fact) = derived.facts.fact(row.entry) {
        cells.extend([
            Cell::text(fact.kind()),
            Cell::maybe(derived.facts.date(fact)),
            Cell::text(fact.recorded()),
            Cell::text(derived.facts.recorder(fact)),
            Cell::list(derived.sources(fact)),
        ]);
    }
    cells
}
