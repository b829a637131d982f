//! What is seen of a table before there are rules: what parts its cells, which row is the header,
//! and what its columns hold.

use std::collections::BTreeSet;

use super::file::{Rows, Stop, TableFile};
use super::row::{Mark, Row, decoded};
use super::rules::{Columns, Encoding, FileForm, PersonRules, TableRules};
use crate::lists::rules::Publisher;

/// How many rows a proposal is made from.
const ROWS_READ: usize = 10_000;
/// What sources often write where they do not know.
const UNKNOWN: [&str; 12] = [
    "n/a",
    "N/A",
    "s/d",
    "S/D",
    "-",
    "--",
    "?",
    "unknown",
    "Unknown",
    "desconocido",
    "Desconocido",
    "NULL",
];
/// What cells may be parted by.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// How many rows a title may take.
const TITLES_MAX: usize = 20;

/// What was seen of a column.
pub struct Seen {
    /// Its name.
    pub name: String,
    /// How many cells are not empty, and not known to be unknown.
    pub count: usize,
    /// The distinct texts of them, up to a limit.
    pub texts: BTreeSet<String>,
    /// Whether there are more distinct texts than the limit.
    pub has_more: bool,
    /// How many are dates of a sheet, which need no format.
    pub typed_dates: usize,
    /// Whether no text stands twice.
    pub is_distinct: bool,
}

/// How many distinct texts of a column are kept.
const TEXTS_MAX: usize = 2_000;

/// What was seen of a table.
pub struct Table {
    /// How it is written.
    pub form: FileForm,
    /// The sheets of a workbook; none of anything else.
    pub sheets: Vec<String>,
    /// How many rows were looked at.
    pub rows: usize,
    /// What they hold.
    pub columns: Vec<Seen>,
    /// What stands where the source does not know.
    pub unknown: BTreeSet<String>,
    not_utf8: bool,
}

/// Rules that name no column, to read any table.
fn blank(form: &FileForm) -> TableRules {
    TableRules {
        list: String::new(),
        scheme: String::new(),
        time_zone: String::new(),
        source: Publisher {
            publisher: String::new(),
            kind: String::new(),
            url: None,
        },
        file: FileForm {
            sheet: form.sheet.clone(),
            ..*form
        },
        unknown: Vec::new(),
        person: PersonRules {
            key: Columns::Several(Vec::new()),
            name: None,
            aliases: None,
            birth: None,
            sex: None,
            nationality: None,
            keep: Vec::new(),
        },
        event: Vec::new(),
    }
}

/// What parts the cells of the first lines.
fn delimiter(lines: &[u8]) -> char {
    let count = |delimiter: &char| {
        lines
            .iter()
            .filter(|b| char::from(**b) == *delimiter)
            .count()
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(count);
    best.filter(|best| count(best) > 0).unwrap_or(',')
}

/// The first row with two cells or more: what stands above is a title.
fn header_row(file: &TableFile, rules: TableRules) -> Result<u64, Stop> {
    let mut rows = file.rows(&rules)?;
    if filled(&rows.header.raw) > 1 {
        return Ok(rows.header.row);
    }
    let first = rows.header.row;
    let mut row = Row::default();
    for _ in 0..TITLES_MAX {
        if !rows.next(&mut row)? {
            break;
        }
        if filled(&row.raw) > 1 {
            return Ok(row.number);
        }
    }
    Ok(first)
}

fn filled(cells: &csv::ByteRecord) -> usize {
    let is_filled = |cell: &&[u8]| !cell.trim_ascii().is_empty();
    cells.iter().filter(is_filled).count()
}

fn is_utf8(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok()
}

impl Table {
    /// Looks at the beginning of a file.
    ///
    /// # Errors
    /// A fault of the file, or a failure to read.
    pub fn see(file: &TableFile) -> Result<Self, Stop> {
        let mut form = FileForm {
            delimiter: delimiter(&file.first_lines(TITLES_MAX)?),
            ..FileForm::default()
        };
        let sheets = file.sheets()?;
        if sheets.len() > 1 {
            form.sheet = sheets.first().cloned();
        }
        form.header_row = header_row(file, blank(&form))?;
        let mut table = Self {
            form,
            sheets,
            rows: 0,
            columns: Vec::new(),
            unknown: BTreeSet::new(),
            not_utf8: false,
        };
        let rules = blank(&table.form);
        let mut rows = file.rows(&rules)?;
        table.not_utf8 = rows.header.raw.iter().any(|cell| !is_utf8(cell));
        let mut row = Row::default();
        for name in rows.header.names() {
            table.columns.push(Seen {
                name: name.to_owned(),
                count: 0,
                texts: BTreeSet::new(),
                has_more: false,
                typed_dates: 0,
                is_distinct: true,
            });
        }
        while table.rows < ROWS_READ && rows.next(&mut row)? {
            table.rows += 1;
            table.take(&rows, &row);
        }
        if table.not_utf8 {
            table.form.encoding = Encoding::Windows1252;
            // Names of columns were read as something else.
            let rules = blank(&table.form);
            let again = file.rows(&rules)?;
            for (column, name) in table.columns.iter_mut().zip(again.header.names()) {
                name.clone_into(&mut column.name);
            }
        }
        Ok(table)
    }

    fn take(&mut self, rows: &Rows<'_>, row: &Row) {
        for (place, cell) in row.raw.iter().enumerate() {
            let Some(column) = self.columns.get_mut(place) else {
                continue;
            };
            self.not_utf8 |= !is_utf8(cell);
            let text = decoded(cell, rows.header.encoding);
            let text = text.or_else(|| decoded(cell, Encoding::Windows1252));
            let text = text.unwrap_or_default();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            if UNKNOWN.contains(&text) {
                self.unknown.insert(text.to_owned());
                continue;
            }
            column.count += 1;
            if row.is(place, Mark::Date) {
                column.typed_dates += 1;
            } else if column.texts.len() < TEXTS_MAX {
                let is_new = column.texts.insert(text.to_owned());
                column.is_distinct &= is_new;
            } else if !column.texts.contains(text) {
                column.has_more = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_stands_most_often() {
        for (line, expect) in [
            ("a,b,c", ','),
            ("a;b,x;c", ';'),
            ("a\tb", '\t'),
            ("alone", ','),
            ("a title, of 2026\n\na;b;c\n", ';'),
        ] {
            assert_eq!(delimiter(line.as_bytes()), expect, "{line}");
        }
    }
}
