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
use crate::stream::Stream;

/// A report in the making.
pub struct Rows<'d> {
    derived: &'d Derived,
    for_people: bool,
    reply: Reply,
    rows: Vec<Row>,
}

/// A row as it waits for the names, in less memory than its cells would take.
struct Row {
    subject: SubjectId,
    total: Count,
    days: Count,
    own: Box<[Cell]>,
    entries: Box<[Seq]>,
}

impl<'d> Rows<'d> {
    /// A report with these columns of its own between days and entries.
    pub fn new(
        session: &Session<'_, '_>,
        derived: &'d Derived,
        meta: Meta,
        own: &[&'static str],
    ) -> Self {
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
        Self {
            derived,
            rows: Vec::new(),
            for_people,
            reply: Reply::at(meta, columns),
        }
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
        self.rows.push(Row {
            subject,
            total,
            days,
            own: own.into_iter().collect(),
            entries: entries.into(),
        });
    }

    /// The cell of a text of the log.
    pub fn said(&self, id: Option<TextId>) -> Cell {
        Cell::maybe(id.map(|id| self.derived.facts.text(id)))
    }

    /// Answers.
    ///
    /// # Errors
    /// Integrity, when the names cannot be read; internal, when the answer cannot be written.
    pub fn send(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let shown = self.rows.iter().map(|row| row.subject);
        let people = self.derived.people_named(shown)?;
        let mut stream = Stream::new(self.reply);
        for row in self.rows {
            stream.push(session, cells(self.derived, &people, self.for_people, row))?;
        }
        stream.finish(session)?;
        Ok(Exit::Done)
    }
}

fn cells(derived: &Derived, people: &People, for_people: bool, row: Row) -> Vec<Cell> {
    let mut cells = vec![
        Cell::text(derived.facts.shown(row.subject)),
        Cell::maybe(derived.name(people, row.subject)),
    ];
    let counts = [row.total, row.days];
    match for_people {
        true => cells.extend(counts.map(|of| Cell::text(figures::count(of)))),
        false => cells.extend(counts.into_iter().flat_map(figures::count_cells)),
    }
    cells.extend(row.own);
    cells.push(Cell::list(row.entries));
    cells
}
