//! Faults of input as people read them: where, what, the place itself, and what to write instead.

use std::fmt::Write as _;

use amparo_core::fault::Fault;

use crate::excerpt::Excerpt;
use crate::output::text;

/// Where a fault stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file; `-` is standard input.
    Line {
        /// The file as it was named.
        file: String,
        /// The line, from 1.
        line: u64,
    },
    /// A cell of a table, by its row; the fault's field is its column.
    Cell {
        /// The file as it was named.
        file: String,
        /// The sheet, in a workbook.
        sheet: Option<String>,
        /// The row, from 1, the header counting.
        row: u64,
    },
    /// An option or argument of the command line.
    Flag(String),
}

/// A fault of some input, with its origin.
#[derive(Debug, Clone)]
pub struct InputFault {
    origin: Origin,
    fault: Box<Fault>,
    excerpt: Option<Excerpt>,
}

impl InputFault {
    /// A fault of a line of a file.
    pub fn of_line(file: &str, line: u64, bytes: &[u8], fault: Fault) -> Self {
        let excerpt = Excerpt::of(bytes, &fault);
        Self {
            origin: Origin::Line {
                file: file.to_owned(),
                line,
            },
            fault: Box::new(fault),
            excerpt,
        }
    }

    /// A fault of a cell, or of a whole row where the fault names no field. There is no excerpt:
    /// a row of a table may name people.
    pub fn of_cell(file: &str, row: u64, fault: Fault) -> Self {
        Self {
            origin: Origin::Cell {
                file: file.to_owned(),
                sheet: None,
                row,
            },
            fault: Box::new(fault),
            excerpt: None,
        }
    }

    /// The same in a sheet of a workbook.
    pub fn in_sheet(mut self, name: Option<&str>) -> Self {
        if let Origin::Cell { sheet, .. } = &mut self.origin {
            *sheet = name.map(str::to_owned);
        }
        self
    }

    /// A fault of an option, which needs no excerpt: it stands on the command line.
    pub fn of_flag(flag: String, fault: Fault) -> Self {
        Self {
            origin: Origin::Flag(flag),
            fault: Box::new(fault),
            excerpt: None,
        }
    }

    /// The fault in lines for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let message = text::visible(&self.fault.message);
        let mut lines = vec![match &self.origin {
            Origin::Line { file, line } => {
                format!(
                    "{}:{line}:{}: {message}",
                    text::visible(file),
                    self.fault.column
                )
            }
            Origin::Cell { file, sheet, row } => {
                let sheet = sheet.as_ref().map(|sheet| format!("sheet {sheet}, "));
                let place = match self.fault.field.is_empty() {
                    true => String::new(),
                    false => format!(", column {}", self.fault.field),
                };
                let place = format!("{}row {row}{place}", sheet.unwrap_or_default());
                format!(
                    "{}: {}: {message}",
                    text::visible(file),
                    text::visible(&place)
                )
            }
            Origin::Flag(flag) => format!("{flag}: {message}"),
        }];
        if let Some(excerpt) = &self.excerpt {
            lines.push(format!("  | {}", excerpt.text()));
            lines.push(format!("  | {}^", " ".repeat(excerpt.caret_columns())));
        }
        if let Some(remedy) = &self.fault.remedy {
            lines.push(format!("  hint: {}", text::visible(remedy)));
        }
        lines
    }

    /// The fault as one JSON object.
    pub(crate) fn json(&self) -> String {
        let mut out = String::from("{");
        let _ = match &self.origin {
            Origin::Line { file, line } => write!(
                out,
                "\"file\":{},\"line\":{line},\"column\":{}",
                text::json(file),
                self.fault.column
            ),
            Origin::Cell { file, sheet, row } => {
                let sheet = sheet
                    .as_ref()
                    .map(|name| format!(",\"sheet\":{}", text::json(name)));
                let sheet = sheet.unwrap_or_default();
                write!(out, "\"file\":{}{sheet},\"row\":{row}", text::json(file))
            }
            Origin::Flag(flag) => write!(out, "\"flag\":{}", text::json(flag)),
        };
        let remedy = self.fault.remedy.as_ref();
        let _ = write!(
            out,
            ",\"field\":{},\"rule\":\"{}\",\"message\":{},\"remedy\":{}}}",
            text::json(&self.fault.field),
            self.fault.rule,
            text::json(&self.fault.message),
            remedy.map_or("null".to_owned(), |remedy| text::json(remedy)),
        );
        out
    }
}
