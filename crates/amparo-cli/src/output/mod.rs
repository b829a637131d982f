//! The answer of a command, and the five forms it is written in.
//!
//! A [`Reply`] is coordinates, columns and rows of typed cells. Every form shows the same rows;
//! machine forms never hold a totals row, and no form depends on what reads it. Rows may come in
//! parts, so that an answer can be longer than memory. Text that came
//! from input is shown so that it cannot steer a terminal or a spreadsheet.

mod cell;
mod delimited;
mod json;
mod meta;
mod table;
pub mod text;

use std::io::{self, Write};

pub use cell::{Cell, Column};
pub use delimited::CsvRows;
pub use meta::{Head, KnownAt, Meta, short_root};

use crate::args::OutputFormat;

/// How the rows are laid out for people to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One line for each row.
    Lines,
    /// One line for each cell: for an answer about one thing.
    Record,
}

/// The answer of a command.
#[derive(Debug, Clone)]
pub struct Reply {
    meta: Meta,
    at_coordinates: bool,
    layout: Layout,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Reply {
    /// An answer that depends on coordinates: every form shows them.
    pub fn at(meta: Meta, columns: impl IntoIterator<Item = Column>) -> Self {
        let columns = columns.into_iter().collect();
        Self {
            meta,
            at_coordinates: true,
            layout: Layout::Lines,
            columns,
            rows: Vec::new(),
        }
    }

    /// An answer about the ledger as it is: only `json` tells which ledger and head.
    pub fn new(meta: Meta, columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            at_coordinates: false,
            ..Self::at(meta, columns)
        }
    }

    /// Lays the rows out one cell on a line, for an answer about one thing.
    pub fn into_record(mut self) -> Self {
        self.layout = Layout::Record;
        self
    }

    /// Adds a row: one cell for each column, in their order; missing ones at the end are empty.
    pub fn push(&mut self, mut row: Vec<Cell>) {
        debug_assert!(
            row.len() <= self.columns.len(),
            "a row has more cells than columns"
        );
        row.resize(self.columns.len(), Cell::Empty);
        self.rows.push(row);
    }

    /// The columns and the rows, without the coordinates.
    pub fn into_rows(self) -> (Vec<Column>, Vec<Vec<Cell>>) {
        (self.columns, self.rows)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Writes an answer in one form.
///
/// # Errors
/// Whatever the writer answers.
pub fn write(reply: &Reply, format: OutputFormat, out: &mut dyn Write) -> io::Result<()> {
    let mut written = Written::default();
    written.part(reply, format, out)?;
    written.end(format, out)
}

/// How far an answer is written whose rows come in parts.
#[derive(Debug, Default)]
pub struct Written {
    /// Whether a part is written, and with it what stands before the rows.
    is_begun: bool,
    /// Whether there was a row.
    has_rows: bool,
    /// How wide the columns of a table are so far.
    widths: Vec<usize>,
}

impl Written {
    /// Writes the next rows: an answer with these alone, the same for each part but for them.
    ///
    /// The columns of a table are as wide as the widest cell so far.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn part(
        &mut self,
        reply: &Reply,
        format: OutputFormat,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match format {
            OutputFormat::Table => table::write_table(reply, self, out),
            OutputFormat::Md => table::write_markdown(reply, self, out),
            OutputFormat::Json => json::write_json(reply, self, out),
            OutputFormat::Jsonl => json::write_lines(reply, out),
            OutputFormat::Csv => delimited::write(reply, self, out),
        }?;
        self.is_begun = true;
        self.has_rows |= !reply.is_empty();
        Ok(())
    }

    /// Writes what stands behind the rows.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn end(&self, format: OutputFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            OutputFormat::Json => json::write_end(self, out),
            OutputFormat::Table | OutputFormat::Md | OutputFormat::Jsonl | OutputFormat::Csv => {
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
