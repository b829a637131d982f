//! `list`: who is held, or in a state, by name.

use amparo_core::kind::{Axis, State};
use amparo_projections::fact::TextId;
use amparo_projections::roster::{Asked, RosterRow, roster};
use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::lines::state;
use crate::output::{Cell, Column, Reply};
use crate::people::People;
use crate::session::Session;

/// List who is held, or who is in a state: since when, where, and on whose word
///
/// The counts of a row say how sure it is, and add up to those of `totals`: a person who can have
/// been released by then has a low of 0, a group stands for its size.
#[derive(Debug, Args)]
pub struct List {
    /// Who is in this state, instead of who is held by the profile: released, charged, granted
    #[arg(long)]
    state: Option<String>,
    /// Of a clemency state, under this instrument only
    #[arg(long, value_name = "CODE", requires = "state")]
    instrument: Option<String>,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl List {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let state = self.state.as_deref().map(state).transpose()?;
        if let Some(state) = state
            && self.instrument.is_some()
            && state.axis() != Axis::Clemency
        {
            return Err(
                Failure::usage(format!("nobody is {} under an instrument", state.word()))
                    .hint("--instrument goes with a clemency state, such as requested"),
            );
        }
        let derived = Derived::open(session, &self.at)?;
        let instrument = match &self.instrument {
            Some(code) => Some(instrument(&derived, code)?),
            None => None,
        };
        let asked = match state {
            Some(state) => Asked::State(state, instrument),
            None => Asked::Held(&derived.profile),
        };
        let rows = roster(&derived.then(), derived.at.as_of, asked);
        let people = People::read(&derived.ledger)?;
        let for_people = figures::is_for_people(session.globals.format);
        let meta = derived
            .at
            .meta()
            .filter("state", state.map(State::word))
            .filter("instrument", self.instrument.as_ref());
        let mut reply = Reply::at(meta, columns(for_people));
        for row in &rows {
            reply.push(cells(&derived, &people, row, for_people));
        }
        session.reply(&reply)?;
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
