//! One row: its cells by the names of their columns, and every fault of it.

use std::borrow::Cow;
use std::collections::HashMap;

use amparo_core::date::Occurred;
use amparo_core::fault::{Fault, Rule};
use amparo_core::word::nearest;
use csv::ByteRecord;
use serde_json::{Map, Value};

use super::rules::{ColumnRule, DateRule, Encoding, FieldRule, Formulas, TableRules};
use crate::lists::rules::{Reading, read_date};

/// The most bytes of one cell that the rules name.
pub const CELL_BYTES_MAX: usize = 16 * 1024;
/// The form of a date that is written in EDTF.
pub const EDTF: &str = "edtf";

/// A row of a file as it stands there.
#[derive(Default)]
pub struct Row {
    /// Its number: the line of a CSV file.
    pub number: u64,
    /// Its cells, in the encoding of the file.
    pub raw: ByteRecord,
    /// What there is to know of cells of a sheet besides their text.
    pub marks: Marks,
}

/// What there is to know of a cell of a sheet besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is a date, and its text is in EDTF.
    Date,
    /// A formula makes its text.
    Formula,
    /// It holds an error such as `#REF!`.
    Error,
}

/// The marks of a row, by the places of its cells.
pub type Marks = Vec<(usize, Mark)>;

impl Row {
    /// Whether a cell has a mark.
    pub fn is(&self, place: usize, mark: Mark) -> bool {
        self.marks.contains(&(place, mark))
    }
}

/// The names of the columns.
#[derive(Default)]
pub struct Header {
    /// As it stands in the file.
    pub raw: ByteRecord,
    /// The number of its row.
    pub row: u64,
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// The encoding of the file.
    pub encoding: Encoding,
    /// The sheet, in a workbook.
    pub sheet: Option<String>,
}

impl Header {
    /// Takes a row as the header.
    pub fn new(row: Row, encoding: Encoding, sheet: Option<String>) -> Self {
        let Row { number, raw, .. } = row;
        let name = |cell| match decoded(cell, encoding) {
            Some(name) => name.trim().to_owned(),
            None => String::from_utf8_lossy(cell).trim().to_owned(),
        };
        let names: Vec<String> = raw.iter().map(name).collect();
        let places = names.iter().enumerate();
        let places = places.map(|(place, name)| (name.clone(), place)).collect();
        Self {
            raw,
            row: number,
            names,
            places,
            encoding,
            sheet,
        }
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// How many columns have a name.
    pub fn places(&self, name: &str) -> usize {
        self.names.iter().filter(|known| *known == name).count()
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// A fault of a cell or of a whole row.
#[derive(Debug, Clone)]
pub struct CellFault {
    rule: Rule,
    column: String,
    message: String,
    remedy: Option<String>,
}

impl CellFault {
    /// A fault of a whole row.
    pub fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            column: String::new(),
            message: message.into(),
            remedy: None,
        }
    }

    /// The same in a column.
    pub fn in_column(mut self, column: &str) -> Self {
        column.clone_into(&mut self.column);
        self
    }

    /// The same with what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The fault in one line, for a cell of its own.
    pub fn line(&self) -> String {
        let place = match self.column.is_empty() {
            true => String::new(),
            false => format!("{}: ", self.column),
        };
        let remedy = self.remedy.as_ref().map(|remedy| format!(" ({remedy})"));
        format!("{place}{}{}", self.message, remedy.unwrap_or_default())
    }
}

impl From<CellFault> for Fault {
    fn from(fault: CellFault) -> Self {
        Self {
            rule: fault.rule,
            column: 1,
            field: fault.column,
            message: fault.message,
            remedy: fault.remedy,
        }
    }
}

/// A row being read: what the source says in it, and what is wrong with it.
pub struct Cells<'r> {
    rules: &'r TableRules,
    header: &'r Header,
    row: &'r Row,
    /// Every fault so far.
    pub faults: Vec<CellFault>,
}

/// What a cell says by a rule.
pub enum Said<T> {
    /// This.
    Value(T),
    /// That the source does not know, or nothing.
    Unknown,
    /// Something that the rules do not tell the meaning of; the fault is noted.
    Fault,
}

impl<'r> Cells<'r> {
    /// Begins to read a row.
    pub fn new(rules: &'r TableRules, header: &'r Header, row: &'r Row) -> Self {
        let mut cells = Self {
            rules,
            header,
            row,
            faults: Vec::new(),
        };
        let (found, expected) = (row.raw.len(), header.names.len());
        if found != expected {
            let message = format!("{found} cells, and {expected} in the header");
            let fault = CellFault::new(Rule::Syntax, message)
                .remedy("look for a missing quotation mark or delimiter");
            cells.faults.push(fault);
        }
        cells
    }

    /// The text of a cell, without what stands around it; none where it is faulty.
    pub fn text(&mut self, column: &str) -> Option<Cow<'r, str>> {
        let place = self.header.place(column)?;
        let raw = self.row.raw.get(place)?;
        if raw.len() > CELL_BYTES_MAX {
            let message = format!("a cell of {} bytes; at most {CELL_BYTES_MAX}", raw.len());
            self.fault(Rule::AboveLimit, column, message, "shorten it");
            return None;
        }
        let refuses = self.rules.file.formulas == Formulas::Refuse;
        if refuses && self.row.is(place, Mark::Formula) {
            let remedy = "paste the values in its place, or state `file.formulas = \"value\"`";
            self.fault(Rule::WrongType, column, "a formula".to_owned(), remedy);
            return None;
        }
        if self.row.is(place, Mark::Error) {
            let remedy = "mend the cell, or empty it";
            self.fault(
                Rule::WrongType,
                column,
                "an error of a formula".to_owned(),
                remedy,
            );
            return None;
        }
        match decoded(raw, self.header.encoding) {
            Some(Cow::Borrowed(text)) => Some(Cow::Borrowed(text.trim())),
            Some(Cow::Owned(text)) => Some(Cow::Owned(text.trim().to_owned())),
            None => {
                let remedy = "save the file as UTF-8, or state `file.encoding` in the rules";
                self.fault(
                    Rule::NotUtf8,
                    column,
                    "this is not UTF-8".to_owned(),
                    remedy,
                );
                None
            }
        }
    }

    /// The text of a cell where the source knows it.
    pub fn known(&mut self, column: &str) -> Said<Cow<'r, str>> {
        match self.text(column) {
            None => Said::Fault,
            Some(text) if self.is_unknown(&text) => Said::Unknown,
            Some(text) => Said::Value(text),
        }
    }

    fn is_unknown(&self, text: &str) -> bool {
        text.is_empty() || self.rules.unknown.iter().any(|unknown| unknown == text)
    }

    /// What a rule of a field gives in this row.
    pub fn field(&mut self, rule: &FieldRule) -> Said<String> {
        let rule = match rule {
            FieldRule::Fixed(value) => return Said::Value(value.clone()),
            FieldRule::Column(rule) => rule,
        };
        match (self.known(&rule.column), &rule.values) {
            (Said::Fault, _) => Said::Fault,
            (Said::Unknown, _) => Said::Unknown,
            (Said::Value(text), None) => Said::Value(text.into_owned()),
            (Said::Value(text), Some(values)) => match values.get(&*text) {
                Some(value) => Said::Value(value.clone()),
                None => {
                    self.not_mapped(rule, &text, values.keys());
                    Said::Fault
                }
            },
        }
    }

    fn not_mapped<'v>(
        &mut self,
        rule: &ColumnRule,
        code: &str,
        codes: impl Iterator<Item = &'v String>,
    ) {
        let near = nearest(code, codes.map(String::as_str));
        let remedy = match near {
            Some(near) => format!("map it in `values`; the nearest there is `{near}`"),
            None => "map it in `values`, or list it in `unknown`".to_owned(),
        };
        let message = format!("the code `{code}` is not mapped yet");
        self.fault(Rule::UnknownWord, &rule.column, message, &remedy);
    }

    /// The date that a rule gives in this row, as a draft spells it.
    pub fn date(&mut self, rule: &DateRule) -> Said<String> {
        let text = match (self.text(&rule.column), &rule.unknown_as) {
            (None, _) => return Said::Fault,
            (Some(text), Some(date)) if !text.is_empty() && self.is_unknown(&text) => {
                return Said::Value(date.clone());
            }
            (Some(text), _) if self.is_unknown(&text) => return Said::Unknown,
            (Some(text), _) => text,
        };
        let place = self.header.place(&rule.column);
        if place.is_some_and(|place| self.row.is(place, Mark::Date)) {
            return Said::Value(text.into_owned());
        }
        let is_edtf = rule.formats.iter().any(|format| format == EDTF);
        let edtf = is_edtf
            .then(|| Occurred::parse_stored(&text).ok())
            .flatten();
        let message = match (read_date(&text, &rule.formats), edtf) {
            (Reading::Date(date, _), None) => return Said::Value(date),
            (Reading::Unread, Some(edtf)) => return Said::Value(edtf.as_str().to_owned()),
            (Reading::Date(date, _), Some(edtf)) if date == edtf.as_str() => {
                return Said::Value(date);
            }
            (Reading::Unread, None) => "not a date in a form that the rules state",
            (Reading::Date(..) | Reading::Ambiguous, _) => {
                "a date with two readings by the forms that the rules state"
            }
        };
        let remedy = format!("the rules expect {}", rule.formats.join(" or "));
        self.fault(Rule::BadDate, &rule.column, message.to_owned(), &remedy);
        Said::Fault
    }

    /// Notes a fault of a cell.
    pub fn fault(&mut self, rule: Rule, column: &str, message: String, remedy: &str) {
        let fault = CellFault::new(rule, message).in_column(column);
        self.faults.push(fault.remedy(remedy));
    }

    /// The row and those of its cells that are recorded in another form, for a private note.
    pub fn note<'c>(&mut self, columns: impl Iterator<Item = &'c str>) -> String {
        let mut kept = Map::new();
        for column in columns {
            match self.text(column) {
                Some(text) if !text.is_empty() => {
                    kept.insert(column.to_owned(), Value::String(text.into_owned()));
                }
                Some(_) | None => {}
            }
        }
        let mut note = Map::new();
        if let Some(sheet) = &self.header.sheet {
            note.insert("sheet".to_owned(), sheet.as_str().into());
        }
        note.insert("row".to_owned(), self.row.number.into());
        if !kept.is_empty() {
            note.insert("cells".to_owned(), Value::Object(kept));
        }
        Value::Object(note).to_string()
    }
}

/// The text of a cell, where it is one in this encoding.
pub fn decoded(raw: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
        Encoding::Windows1252 => {
            encoding_rs::WINDOWS_1252.decode_without_bom_handling_and_without_replacement(raw)
        }
    }
}
