//! The two forms for people: a table without borders, and one in Markdown.

use std::borrow::Cow;
use std::io::{self, Write};
use std::iter;

use unicode_width::UnicodeWidthStr as _;

use super::cell::{Cell, Column, spread};
use super::{Layout, Reply, Written, text};

/// Blank columns between two columns of a table.
const GAP: usize = 2;

/// Writes the coordinates, then a table without borders; behind rows that are written, further ones.
pub(super) fn write_table(
    reply: &Reply,
    written: &mut Written,
    out: &mut dyn Write,
) -> io::Result<()> {
    if reply.at_coordinates && !written.is_begun {
        writeln!(out, "{}\n", text::visible(&reply.meta.caption()))?;
    }
    let (columns, rows) = spread(&reply.columns, &reply.rows);
    match reply.layout {
        Layout::Lines => {
            let kept = || columns.iter().filter(|column| !column.machine_only);
            let numeric: Vec<_> = kept().map(|column| column.numeric).collect();
            let headings = (!written.is_begun).then(|| kept().map(heading).collect());
            let mut lines: Vec<Vec<_>> = headings.into_iter().collect();
            for row in rows.iter() {
                let cells = shown(&columns, row);
                lines.push(cells.map(|(_, cell)| visible(cell)).collect());
            }
            write_aligned(&lines, &numeric, &mut written.widths, out)
        }
        Layout::Record => {
            for (n, row) in rows.iter().enumerate() {
                if n > 0 || written.has_rows {
                    writeln!(out)?;
                }
                let cells = shown(&columns, row).filter(|(_, cell)| **cell != Cell::Empty);
                let lines = cells.map(|(column, cell)| vec![heading(column), visible(cell)]);
                let lines: Vec<_> = lines.collect();
                write_aligned(&lines, &[false, false], &mut Vec::new(), out)?;
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
    let (columns, rows) = spread(&reply.columns, &reply.rows);
    if !written.is_begun {
        if reply.at_coordinates {
            writeln!(out, "{}\n", text::markdown(&reply.meta.caption()))?;
        }
        let kept = || columns.iter().filter(|column| !column.machine_only);
        write_markdown_row(kept().map(|column| text::markdown(&heading(column))), out)?;
        let rule = kept().map(|column| if column.numeric { "--:" } else { "---" });
        writeln!(out, "|{}|", rule.collect::<Vec<_>>().join("|"))?;
    }
    for row in rows.iter() {
        let cells = shown(&columns, row).map(|(_, cell)| text::markdown(&cell.plain()));
        write_markdown_row(cells, out)?;
    }
    Ok(())
}

fn write_markdown_row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// The cells of a row that people see, with their columns.
fn shown<'r>(
    columns: &'r [Column],
    row: &'r [Cell],
) -> impl Iterator<Item = (&'r Column, &'r Cell)> {
    let cells = columns.iter().zip(row);
    cells.filter(|(column, _)| !column.machine_only)
}

fn heading(column: &Column) -> Cow<'_, str> {
    match column.key.contains('_') {
        true => column.key.replace('_', " ").into(),
        false => (&*column.key).into(),
    }
}

fn visible(cell: &Cell) -> Cow<'_, str> {
    match cell.plain() {
        plain if text::has_steering(&plain) => text::visible(&plain).into(),
        plain => plain,
    }
}

/// Lines up cells by their width on screen, whatever the script; no line ends in blanks. Columns are
/// at least as wide as `widths`, which are then as wide as the columns.
fn write_aligned(
    lines: &[Vec<Cow<'_, str>>],
    numeric: &[bool],
    widths: &mut Vec<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    widths.resize(numeric.len(), 0);
    for line in lines {
        for (cell, width) in line.iter().zip(&mut *widths) {
            *width = width_of(cell).max(*width);
        }
    }
    let mut bytes = String::new();
    for line in lines {
        let start = bytes.len();
        for ((cell, numeric), width) in line.iter().zip(numeric).zip(&*widths) {
            let blanks = width - width_of(cell);
            let (before, after) = if *numeric { (blanks, 0) } else { (0, blanks) };
            bytes.extend(iter::repeat_n(' ', before));
            bytes.push_str(cell);
            bytes.extend(iter::repeat_n(' ', after + GAP));
        }
        bytes.truncate(start + bytes[start..].trim_end().len());
        bytes.push('\n');
    }
    out.write_all(bytes.as_bytes())
}

/// How many columns of the screen a text takes.
fn width_of(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => text.width(),
    }
}
