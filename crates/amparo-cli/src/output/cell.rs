//! Columns and cells.

use std::borrow::Cow;
use std::fmt::Display;

/// A column: its key in machine forms, which is also its heading.
#[derive(Debug, Clone)]
pub struct Column {
    /// The key, `snake_case`; headings show it with spaces.
    pub key: Cow<'static, str>,
    /// Whether the values are numbers, to be lined up at their ends.
    pub numeric: bool,
    /// Whether only machine forms show the column.
    pub machine_only: bool,
}

impl Column {
    /// A column of texts.
    pub fn text(key: impl Into<Cow<'static, str>>) -> Self {
        Self {
            key: key.into(),
            numeric: false,
            machine_only: false,
        }
    }

    /// A column of numbers.
    pub fn number(key: impl Into<Cow<'static, str>>) -> Self {
        Self {
            numeric: true,
            ..Self::text(key)
        }
    }

    /// A column that tables leave out: ids, hashes, whole objects.
    pub fn machine(key: impl Into<Cow<'static, str>>) -> Self {
        Self {
            machine_only: true,
            ..Self::text(key)
        }
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing is known, or nothing applies: `null` in JSON.
    Empty,
    /// The key makes no sense in this row: left out in JSON, empty elsewhere.
    Absent,
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A list of texts.
    List(Vec<String>),
    /// Named parts, in order. Tables and CSV give each part a column of its own.
    Parts(Vec<(&'static str, Cell)>),
    /// JSON text, passed on as it is.
    Json(String),
}

impl Cell {
    /// The cell of a text.
    pub fn text(value: impl Display) -> Self {
        Self::Text(value.to_string())
    }

    /// The cell of a text that may not be there.
    pub fn maybe(value: Option<impl Display>) -> Self {
        value.map_or(Self::Empty, Self::text)
    }

    /// The cell of a count; one beyond 2^63 is held there.
    pub fn count(value: impl TryInto<i64>) -> Self {
        Self::Number(value.try_into().unwrap_or(i64::MAX))
    }

    /// The cell of a list; an empty list is an empty cell.
    pub fn list<T: Display>(values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
        if values.is_empty() {
            Self::Empty
        } else {
            Self::List(values)
        }
    }

    /// The value as plain text, for tables and CSV.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Empty | Self::Absent => "".into(),
            Self::Text(text) | Self::Json(text) => text.into(),
            Self::Number(number) => number.to_string().into(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
            Self::List(values) => match values.as_slice() {
                [value] => value.into(),
                values => values.join("; ").into(),
            },
            Self::Parts(parts) => {
                let parts = parts
                    .iter()
                    .map(|(key, cell)| format!("{key} {}", cell.plain()));
                parts.collect::<Vec<_>>().join(" ").into()
            }
        }
    }
}

/// Columns and rows with every cell of parts spread over columns of its own, `head_seq`; as they are
/// where no cell has parts.
pub(super) fn spread<'r>(
    columns: &'r [Column],
    rows: &'r [Vec<Cell>],
) -> (Cow<'r, [Column]>, Cow<'r, [Vec<Cell>]>) {
    let has_parts = |row: &Vec<Cell>| row.iter().any(|cell| matches!(cell, Cell::Parts(_)));
    if !rows.iter().any(has_parts) {
        return (columns.into(), rows.into());
    }
    let mut wide = vec![Vec::new(); rows.len()];
    let mut headings = Vec::new();
    for (n, column) in columns.iter().enumerate() {
        let keys = rows.iter().find_map(|row| match &row[n] {
            Cell::Parts(parts) => Some(parts.iter().map(|(key, _)| *key).collect::<Vec<_>>()),
            _ => None,
        });
        let Some(keys) = keys else {
            headings.push(column.clone());
            wide.iter_mut()
                .zip(rows)
                .for_each(|(wide, row)| wide.push(row[n].clone()));
            continue;
        };
        for key in keys {
            let heading = format!("{}_{key}", column.key);
            headings.push(Column {
                key: heading.into(),
                ..column.clone()
            });
            for (wide, row) in wide.iter_mut().zip(rows) {
                let part = match &row[n] {
                    Cell::Parts(parts) => parts.iter().find(|(name, _)| *name == key),
                    _ => None,
                };
                wide.push(part.map_or(Cell::Empty, |(_, cell)| cell.clone()));
            }
        }
    }
    (headings.into(), wide.into())
}
