//! CSV: a heading, then self-contained rows without totals, safe to open in a spreadsheet.

use std::io::{self, Write};

use super::cell::{Cell, spread};
use super::{Reply, text};

/// Writes the rows as RFC 4180 CSV with the coordinates behind each row's own cells.
pub(super) fn write(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    let mut columns = reply.columns.clone();
    let mut rows = reply.rows.clone();
    if reply.at_coordinates {
        let own = columns.len();
        let is_own = |key: &str| columns[..own].iter().any(|column| column.key == key);
        let cells: Vec<_> = reply
            .meta
            .cells()
            .into_iter()
            .filter(|(key, _)| !is_own(key))
            .collect();
        let more = reply
            .meta
            .columns()
            .into_iter()
            .filter(|column| !is_own(&column.key));
        let more: Vec<_> = more.collect();
        columns.extend(more);
        for row in &mut rows {
            row.extend(cells.iter().map(|(_, cell)| cell.clone()));
        }
    }
    let (columns, rows) = spread(&columns, &rows);
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
