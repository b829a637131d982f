//! `list`: who is held, or in a state, by name.

use amparo_core::kind::State;
use amparo_projections::fact::TextId;
use amparo_projections::roster::{Asked, RosterRow, roster};
use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::filters::FilterArgs;
use crate::lines::state;
use crate::output::{Cell, Column, Reply};
use crate::people::People;
use crate::session::Session;
use crate::stream::Stream;

/// List who is held, or who is in a state: since when, where, and on whose word
///
/// The counts of a row say how sure it is, and add up to those of `totals`: a person who can have
/// been released by then has a low of 0, a group stands for its size.
#[derive(Debug, Args)]
pub struct List {
    /// Who is in this state, instead of who is held by the profile: released, charged, granted
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl List {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let state = self.state.as_deref().map(state).transpose()?;
        let derived = Derived::open(session, &self.at)?;
        let filters =
            self.filters
                .check(session, &derived.ledger, &derived.facts, derived.at.today)?;
        let mut codes = Vec::new();
        for code in &filters.filter.instruments {
            codes.push(instrument(&derived, code)?);
        }
        // A clemency state is one of these instruments, and not of another.
        let instrument = match codes.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let asked = match state {
            Some(state) => Asked::State(state, instrument),
            None => Asked::Held(&derived.profile),
        };
        let mut rows = roster(&derived.asked(&filters), derived.at.as_of, asked);
        rows.retain(|row| codes.is_empty() || row.instrument.is_none_or(|of| codes.contains(&of)));
        let people = derived.people_named(rows.iter().map(|row| row.subject))?;
        let for_people = figures::is_for_people(session.globals.format);
        let meta = derived.at.meta().filter("state", state.map(State::word));
        let meta = filters.show(meta);
        let mut stream = Stream::new(Reply::at(meta, columns(for_people)));
        for row in &rows {
            stream.push(session, cells(&derived, &people, row, for_people))?;
        }
        stream.finish(session)?;
        Ok(Exit::Done)
    }
}

fn columns(for_people: bool) -> Vec<Column> {
    let mut columns = ["ref", "name", "state"].map(Column::text).to_vec();
    match for_people {
        true => columns.extend([Column::number("count"), Column::text("since")]),
        false => {
            columns.extend(["low", "count", "high"].map(Column::number));
            columns.extend(["since_first", "since_last"].map(Column::text));
        }
    }
    columns.extend(["place", "instrument", "entry", "sources"].map(Column::text));
    columns
}

fn cells(derived: &Derived, people: &People, row: &RosterRow, for_people: bool) -> Vec<Cell> {
    let said = |id: Option<TextId>| Cell::maybe(id.map(|id| derived.facts.text(id)));
    let mut cells = vec![
        Cell::text(derived.facts.shown(row.subject)),
        Cell::maybe(derived.name(people, row.subject)),
        Cell::text(row.state.word()),
    ];
    match for_people {
        true => cells.extend([
            Cell::text(figures::count(row.total)),
            Cell::text(figures::days(row.since)),
        ]),
        false => {
            cells.extend(figures::count_cells(row.total));
            cells.extend(figures::day_cells(Some(row.since)));
        }
    }
    let publishers = row.publishers.iter();
    cells.extend([
        said(row.place),
        said(row.instrument),
        Cell::text(row.entry),
        Cell::list(publishers.map(|id| derived.facts.text(*id))),
    ]);
    cells
}

fn instrument(derived: &Derived, code: &str) -> Result<TextId, Failure> {
    derived
        .facts
        .text_id(code)
        .filter(|id| derived.then().instruments().contains(id))
        .ok_or_else(|| {
            Failure::subject("no instrument has that code")
                .hint("`amparo instrument list` lists them")
        })
}
