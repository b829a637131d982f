//! The two forms for people: a table without borders, and one in Markdown.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::cell::{Cell, Column, spread};
use super::{Layout, Reply, text};

/// Blank columns between two columns of a table.
const GAP: u16 = 2;

/// Writes the coordinates, then a table without borders.
pub(super) fn write_table(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    if reply.at_coordinates {
        writeln!(out, "{}\n", text::visible(&reply.meta.caption()))?;
    }
    let (columns, rows) = shown(reply);
    match reply.layout {
        Layout::Lines => {
            let headings = columns.iter().map(heading).collect();
            let numeric: Vec<_> = columns.iter().map(|column| column.numeric).collect();
            let rows = rows.iter().map(|row| row.iter().map(visible).collect());
            write_aligned(Some(headings), rows.collect(), &numeric, out)
        }
        Layout::Record => {
            for (n, row) in rows.iter().enumerate() {
                if n > 0 {
                    writeln!(out)?;
                }
                let cells = columns
                    .iter()
                    .zip(row)
                    .filter(|(_, cell)| **cell != Cell::Empty);
                let lines = cells.map(|(column, cell)| vec![heading(column), visible(cell)]);
                write_aligned(None, lines.collect(), &[false, false], out)?;
            }
            Ok(())
        }
    }
}

/// Writes the coordinates, then a table in Markdown.
pub(super) fn write_markdown(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    if reply.at_coordinates {
        writeln!(out, "{}\n", text::markdown(&reply.meta.caption()))?;
    }
    let (columns, rows) = shown(reply);
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    writeln!(
        out,
        "{}",
        line(
            columns
                .iter()
                .map(|c| text::markdown(&heading(c)))
                .collect()
        )
    )?;
    let rule = columns
        .iter()
        .map(|column| if column.numeric { "--:" } else { "---" });
    writeln!(out, "|{}|", rule.collect::<Vec<_>>().join("|"))?;
    for row in &rows {
        let cells = row.iter().map(|cell| text::markdown(&cell.plain()));
        writeln!(out, "{}", line(cells.collect()))?;
    }
    Ok(())
}

/// The columns that people see, parts spread.
fn shown(reply: &Reply) -> (Vec<Column>, Vec<Vec<Cell>>) {
    let (columns, rows) = spread(&reply.columns, &reply.rows);
    let keep: Vec<_> = columns.iter().map(|column| !column.machine_only).collect();
    let kept = |row: Vec<Cell>| {
        row.into_iter()
            .zip(&keep)
            .filter(|(_, keep)| **keep)
            .map(|(cell, _)| cell)
            .collect()
    };
    let rows = rows.into_iter().map(kept).collect();
    (
        columns
            .into_iter()
            .filter(|column| !column.machine_only)
            .collect(),
        rows,
    )
}

fn heading(column: &Column) -> String {
    column.key.replace('_', " ")
}

fn visible(cell: &Cell) -> String {
    text::visible(&cell.plain())
}

/// Lines up cells by their width on screen, whatever the script; no line ends in blanks.
fn write_aligned(
    headings: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
    numeric: &[bool],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    if let Some(headings) = headings {
        table.set_header(headings);
    }
    table.add_rows(rows);
    for (column, numeric) in table.column_iter_mut().zip(numeric) {
        column.set_padding((0, GAP));
        if *numeric {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
