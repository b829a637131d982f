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
pub struct Row {
    /// Whom it is about.
    pub subject: SubjectId,
    /// How many it stands for.
    pub total: Count,
    /// For how long.
    pub days: Count,
    /// The cells of the report's own columns.
    pub own: Box<[Cell]>,
    /// What it rests on.
    pub entries: Box<[Seq]>,
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
    pub fn send(mut self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let rows = std::mem::take(&mut self.rows);
        self.send_each(session, rows, |row| row.subject, |row| row)
    }

    /// Answers with many rows, each made when its turn has come.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_each<T>(
        self,
        session: &mut Session<'_, '_>,
        rows: Vec<T>,
        subject: impl Fn(&T) -> SubjectId,
        row: impl Fn(T) -> Row,
    ) -> Result<Exit, Failure> {
        let people = self.derived.people_named(rows.iter().map(subject))?;
        let mut stream = Stream::new(self.reply);
        for row in rows.into_iter().map(row) {
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
