//! The layout that reports about people share: who, how sure, for how long, and on which entries.

use amparo_core::course::Count;
use amparo_core::id::Seq;
use amparo_projections::fact::{SubjectId, TextId};

use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Meta, Reply};
use crate::people::People;
use crate::session::Session;

/// A report in the making.
pub struct Rows<'d> {
    derived: &'d Derived,
    people: People,
    for_people: bool,
    reply: Reply,
}

impl<'d> Rows<'d> {
    /// A report with these columns of its own between days and entries.
    ///
    /// # Errors
    /// Integrity, when the names cannot be read.
    pub fn new(
        session: &Session<'_, '_>,
        derived: &'d Derived,
        meta: Meta,
        own: &[&'static str],
    ) -> Result<Self, Failure> {
        let for_people = figures::is_for_people(session.globals.format);
        let mut columns = ["ref", "name"].map(Column::text).to_vec();
        match for_people {
            true => columns.extend(["count", "days"].map(Column::number)),
            false => {
                columns.extend(["low", "count", "high"].map(Column::number));
                columns.extend(figures::count_columns("days"));
            }
        }
        columns.extend(own.iter().map(|name| Column::text(*name)));
        columns.push(Column::text("entries"));
        Ok(Self {
            derived,
            people: People::read(&derived.ledger)?,
            for_people,
            reply: Reply::at(meta, columns),
        })
    }

    /// Adds somebody.
    pub fn push(
        &mut self,
        subject: SubjectId,
        total: Count,
        days: Count,
        own: impl IntoIterator<Item = Cell>,
        entries: &[Seq],
    ) {
        let mut cells = vec![
            Cell::text(self.derived.facts.shown(subject)),
            Cell::maybe(self.derived.name(&self.people, subject)),
        ];
        match self.for_people {
            true => cells.extend([total, days].map(|of| Cell::text(figures::count(of)))),
            false => cells.extend([total, days].into_iter().flat_map(figures::count_cells)),
        }
        cells.extend(own);
        cells.push(Cell::list(entries));
        self.reply.push(cells);
    }

    /// The cell of a text of the log.
    pub fn said(&self, id: Option<TextId>) -> Cell {
        Cell::maybe(id.map(|id| self.derived.facts.text(id)))
    }

    /// Answers.
    ///
    /// # Errors
    /// Internal, when the answer cannot be written.
    pub fn send(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.reply(&self.reply)?;
        Ok(Exit::Done)
    }
}
