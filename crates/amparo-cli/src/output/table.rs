//! The two forms for people: a table without borders, and one in Markdown.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::cell::{Cell, Column, spread};
use super::{Layout, Reply, Written, text};

/// Blank columns between two columns of a table.
const GAP: u16 = 2;

/// Writes the coordinates, then a table without borders; behind rows that are written, further ones.
pub(super) fn write_table(
    reply: &Reply,
    written: &mut Written,
    out: &mut dyn Write,
) -> io::Result<()> {
    if reply.at_coordinates && !written.is_begun {
        writeln!(out, "{}\n", text::visible(&reply.meta.caption()))?;
    }
    let (columns, rows) = shown(reply);
    match reply.layout {
        Layout::Lines => {
            let headings = columns.iter().map(heading).collect();
            let numeric: Vec<_> = columns.iter().map(|column| column.numeric).collect();
            let rows = rows.iter().map(|row| row.iter().map(visible).collect());
            let headings = (!written.is_begun).then_some(headings);
            write_aligned(headings, rows.collect(), &numeric, &mut written.widths, out)
        }
        Layout::Record => {
            for (n, row) in rows.iter().enumerate() {
                if n > 0 || written.has_rows {
                    writeln!(out)?;
                }
                let cells = columns
                    .iter()
                    .zip(row)
                    .filter(|(_, cell)| **cell != Cell::Empty);
                let lines = cells.map(|(column, cell)| vec![heading(column), visible(cell)]);
                let lines = lines.collect();
                write_aligned(None, lines, &[false, false], &mut Vec::new(), out)?;
            }
            Ok(())
        }
    }
}

/// Writes the coordinates, then a table in Markdown; behind rows that are written, further ones.
pub(super) fn write_markdown(
    reply: &Reply,
    written: &Written,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (columns, rows) = shown(reply);
    if !written.is_begun {
        if reply.at_coordinates {
            writeln!(out, "{}\n", text::markdown(&reply.meta.caption()))?;
        }
        let headings = columns.iter().map(|c| text::markdown(&heading(c)));
        write_markdown_row(headings, out)?;
        let rule = columns
            .iter()
            .map(|column| if column.numeric { "--:" } else { "---" });
        writeln!(out, "|{}|", rule.collect::<Vec<_>>().join("|"))?;
    }
    for row in &rows {
        let cells = row.iter().map(|cell| text::markdown(&cell.plain()));
        write_markdown_row(cells, out)?;
    }
    Ok(())
}

fn write_markdown_row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))
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

/// Lines up cells by their width on screen, whatever the script; no line ends in blanks. Columns are
/// at least as wide as `widths`, which are then as wide as the columns.
fn write_aligned(
    headings: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
    numeric: &[bool],
    widths: &mut Vec<u16>,
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
    widths.resize(numeric.len(), 0);
    for (width, content) in widths.iter_mut().zip(table.column_max_content_widths()) {
        *width = content.max(*width);
    }
    for ((column, numeric), width) in table.column_iter_mut().zip(numeric).zip(&*widths) {
        column.set_padding((0, GAP));
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(*width + GAP)));
        if *numeric {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
