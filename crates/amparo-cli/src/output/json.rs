//! The two JSON forms: one object with coordinates and rows, or a self-contained object a line.

use std::io::{self, Write};

use super::cell::{Cell, Column};
use super::{Reply, Written, text};

/// Writes `{"meta":{...},"rows":[...]}` but for its end, one row on a line, keys in a fixed order.
pub(super) fn write_json(reply: &Reply, written: &Written, out: &mut dyn Write) -> io::Result<()> {
    if !written.is_begun {
        let meta = object(reply.meta.cells().iter().map(|(key, cell)| (*key, cell)));
        write!(out, "{{\"meta\":{meta},\"rows\":[")?;
    }
    for (n, row) in reply.rows.iter().enumerate() {
        let is_first = n == 0 && !written.has_rows;
        let comma = if is_first { "" } else { "," };
        write!(out, "{comma}\n{}", row_object(&reply.columns, row, &[]))?;
    }
    Ok(())
}

/// Writes the end of it.
pub(super) fn write_end(written: &Written, out: &mut dyn Write) -> io::Result<()> {
    let end = if written.has_rows { "\n" } else { "" };
    writeln!(out, "{end}]}}")
}

/// Writes each row as an object on a line of its own; one at coordinates carries them.
pub(super) fn write_lines(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    let coordinates = if reply.at_coordinates {
        reply.meta.cells()
    } else {
        Vec::new()
    };
    for row in &reply.rows {
        writeln!(out, "{}", row_object(&reply.columns, row, &coordinates))?;
    }
    Ok(())
}

fn row_object(columns: &[Column], row: &[Cell], more: &[(&'static str, Cell)]) -> String {
    let own = columns.iter().map(|column| &*column.key).zip(row);
    let is_own = |key: &str| columns.iter().any(|column| column.key == key);
    let more = more
        .iter()
        .filter(|(key, _)| !is_own(key))
        .map(|(key, cell)| (*key, cell));
    object(own.chain(more))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, &'a Cell)>) -> String {
    let members = members.filter(|(_, cell)| **cell != Cell::Absent);
    let members = members.map(|(key, cell)| format!("{}:{}", text::json(key), value(cell)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Absent => "null".to_owned(),
        Cell::Text(value) => text::json(value),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::List(values) => {
            let values = values.iter().map(|value| text::json(value));
            format!("[{}]", values.collect::<Vec<_>>().join(","))
        }
        Cell::Parts(parts) => object(parts.iter().map(|(key, cell)| (*key, cell))),
        Cell::Json(json) => text::escape_steering(json),
    }
}
