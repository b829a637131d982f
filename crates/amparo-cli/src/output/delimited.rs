//! CSV: a heading, then self-contained rows without totals, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use super::cell::{Cell, Column, spread};
use super::{Reply, Written, text};

/// Writes the rows as RFC 4180 CSV with the coordinates behind each row's own cells.
pub(super) fn write(reply: &Reply, written: &Written, out: &mut dyn Write) -> io::Result<()> {
    let coordinates = match reply.at_coordinates {
        true => reply.meta.beside(&reply.columns),
        false => Vec::new(),
    };
    let (columns, rows) = spread(&reply.columns, &reply.rows);
    let mut csv = match written.is_begun {
        false => CsvRows::begin(&columns, &coordinates, out)?,
        true => CsvRows::go_on(&coordinates, out),
    };
    rows.iter().try_for_each(|row| csv.row(row))?;
    csv.end().map(|_| ())
}

/// Rows of CSV that are written as they come.
pub struct CsvRows<W: Write> {
    csv: csv::Writer<W>,
    coordinates: Vec<String>,
}

impl<W: Write> CsvRows<W> {
    /// Writes the heading: the columns, and behind them the coordinates, which each row repeats.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn begin(columns: &[Column], coordinates: &[(Column, Cell)], out: W) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        let more = coordinates.iter().map(|(column, _)| column);
        csv.write_record(columns.iter().chain(more).map(|column| &*column.key))?;
        Ok(Self {
            csv,
            coordinates: fields(coordinates),
        })
    }

    /// Goes on behind rows that are written.
    fn go_on(coordinates: &[(Column, Cell)], out: W) -> Self {
        Self {
            csv: csv::Writer::from_writer(out),
            coordinates: fields(coordinates),
        }
    }

    /// Writes a row: one cell for each column.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for cell in cells {
            self.csv.write_field(field(cell).as_bytes())?;
        }
        Ok(self.csv.write_record(&self.coordinates)?)
    }

    /// Ends the rows, and gives the writer back.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn end(self) -> io::Result<W> {
        let flushed = self.csv.into_inner();
        flushed.map_err(csv::IntoInnerError::into_error)
    }
}

fn fields(coordinates: &[(Column, Cell)]) -> Vec<String> {
    let fields = coordinates.iter().map(|(_, cell)| field(cell).into_owned());
    fields.collect()
}

fn field(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Number(_) => cell.plain(),
        other => text::formula_safe(other.plain()),
    }
}
