//! CSV: a heading, then self-contained rows without totals, safe to open in a spreadsheet.

use std::io::{self, Write};

use super::cell::{Cell, Column, spread};
use super::{Reply, text};

/// Writes the rows as RFC 4180 CSV with the coordinates behind each row's own cells.
pub(super) fn write(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    let mut columns = reply.columns.clone();
    let mut rows = reply.rows.clone();
    let coordinates = if reply.at_coordinates {
        reply.meta.cells()
    } else {
        Vec::new()
    };
    let is_own = |key: &str| reply.columns.iter().any(|column| column.key == key);
    let more: Vec<_> = coordinates
        .into_iter()
        .filter(|(key, _)| !is_own(key))
        .collect();
    columns.extend(more.iter().map(|(key, _)| Column::machine(*key)));
    // A row of its own for the coordinates, so that the heading is the same without any row.
    rows.push(vec![Cell::Empty; reply.columns.len()]);
    for row in &mut rows {
        row.extend(more.iter().map(|(_, cell)| cell.clone()));
    }
    let (columns, mut rows) = spread(&columns, &rows);
    rows.pop();
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns.iter().map(|column| &*column.key))?;
    for row in &rows {
        csv.write_record(row.iter().map(field))?;
    }
    csv.flush()
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) => number.to_string(),
        other => text::formula_safe(other.plain()),
    }
}
