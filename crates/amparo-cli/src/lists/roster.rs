//! One file of a list: read cell by cell, each person once, every fault with its place.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use amparo_core::date::Day;
use amparo_core::fault::{Fault, Rule};
use amparo_core::identity::External;
use amparo_core::word::nearest;
use csv::ByteRecord;
use sha2::{Digest as _, Sha256};

use super::record_line::Lines;
use super::rules::{Layout, Reading, Rules, read_date};
use crate::error::Failure;
use crate::faults::InputFault;

/// The most bytes of one file: it is held in memory while it is read.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most rows of one file.
const ROWS_MAX: u64 = 1_000_000;
/// The most columns of one file.
const COLUMNS_MAX: usize = 1024;
/// The most bytes of one cell that the rules name.
const CELL_BYTES_MAX: usize = 1024;
/// The mark that some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file of a list, which is read when its turn comes.
pub struct ListFile {
    /// As it was named.
    pub name: String,
    path: PathBuf,
}

/// What one file says.
pub struct Roster {
    /// The day it speaks of.
    pub day: Day,
    /// Its digest, in hex.
    pub sha256: String,
    /// How many rows it has.
    pub rows: u64,
    /// Everybody on it, in the order of their first rows.
    pub people: Vec<Listed>,
    /// The numbers of the rows that name somebody again.
    pub again: Vec<u64>,
}

/// One person on a list.
pub struct Listed {
    /// The reference, `scheme:key`.
    pub external: External,
    /// The row, the header being row 1.
    pub row: u64,
    /// The admission as it stands in the cell.
    pub admission_text: String,
    /// The admission as a draft spells it; none where the cell is empty or lies after the list.
    pub admission: Option<String>,
    /// The status as it stands in the cell, trimmed; none where the source does not know it.
    pub status: Option<String>,
}

impl ListFile {
    /// A file in a folder.
    pub fn new(name: &str, dir: &std::path::Path) -> Self {
        Self {
            name: name.to_owned(),
            path: dir.join(name),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::usage(format!("cannot read {}", self.name)).cause(error.to_string())
        };
        let file = File::open(&self.path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let mut limited = file.take(FILE_BYTES_MAX + 1);
        limited.read_to_end(&mut bytes).map_err(unreadable)?;
        match bytes.len() as u64 > FILE_BYTES_MAX {
            true => Err(Failure::refused(format!(
                "{} has more than {FILE_BYTES_MAX} bytes",
                self.name
            ))
            .hint("a list is the people of one day; split the file by day")),
            false => Ok(bytes),
        }
    }

    /// Reads the file by the rules.
    ///
    /// # Errors
    /// Usage when it cannot be read, else every fault of it as the inner error.
    pub fn read(&self, rules: &Rules) -> Result<Result<Roster, Vec<InputFault>>, Failure> {
        let bytes = self.bytes()?;
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        let mut reading = Reader {
            file: self,
            rules,
            faults: Vec::new(),
        };
        let roster = reading.roster(
            text,
            base16ct::lower::encode_string(&Sha256::digest(&bytes)),
        );
        Ok(match roster {
            Some(roster) if reading.faults.is_empty() => Ok(roster),
            _ => Err(reading.faults),
        })
    }

    fn stem(&self) -> &str {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        stem.unwrap_or_default()
    }
}

struct Reader<'r> {
    file: &'r ListFile,
    rules: &'r Rules,
    faults: Vec<InputFault>,
}

/// The columns of a layout in a file, by their places.
struct Columns<'r> {
    layout: &'r Layout,
    count: usize,
    person: usize,
    admission: usize,
    status: Option<usize>,
    date: Option<usize>,
}

impl<'r> Reader<'r> {
    fn roster(&mut self, text: &[u8], sha256: String) -> Option<Roster> {
        let columns = self.columns(text)?;
        let mut day = self.rules.day_of_name(self.file.stem());
        if day.is_none() && columns.date.is_none() {
            let form = self.rules.date.as_ref().map(|date| date.file_name.as_str());
            let message = "the file's name does not tell the day of the list".to_owned();
            let remedy = format!("the rules expect a name like {}", form.unwrap_or_default());
            self.fault(1, None, Rule::BadDate, message, remedy);
            return None;
        }
        let mut roster = Roster {
            day: day.unwrap_or(Day::MIN),
            sha256,
            rows: 0,
            people: Vec::new(),
            again: Vec::new(),
        };
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut csv = reader(text, columns.layout);
        let mut record = ByteRecord::new();
        let mut lines = Lines::default();
        let _ = csv.read_byte_record(&mut record);
        // Bytes in memory, any number of cells: reading has no way to fail.
        while let Ok(true) = csv.read_byte_record(&mut record) {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            roster.rows += 1;
            let row = lines.of(text, record.position());
            if roster.rows > ROWS_MAX {
                let message = format!("more than {ROWS_MAX} rows");
                self.fault(
                    row,
                    None,
                    Rule::AboveLimit,
                    message,
                    "split the file".to_owned(),
                );
                return None;
            }
            if record.len() != columns.count {
                let message = format!(
                    "{} cells, and {} in the header",
                    record.len(),
                    columns.count
                );
                let remedy = "look for a missing quotation mark or delimiter".to_owned();
                self.fault(row, None, Rule::Syntax, message, remedy);
                continue;
            }
            let listed_on = self.date_of_row(&columns, &record, row, &mut day);
            roster.day = day.unwrap_or(roster.day);
            let Some(listed) = listed_on.and_then(|day| self.listed(&columns, &record, row, day))
            else {
                continue;
            };
            self.add(&mut roster, &mut places, listed);
        }
        if day.is_none() && self.faults.is_empty() {
            let message = "no row tells the day of the list".to_owned();
            self.fault(
                1,
                None,
                Rule::BadDate,
                message,
                "an empty list has no day".to_owned(),
            );
        }
        Some(roster)
    }

    /// The first row of a person counts, but for what only a later one tells.
    fn add(&mut self, roster: &mut Roster, places: &mut HashMap<String, usize>, listed: Listed) {
        match places.get(listed.external.as_str()) {
            Some(_) => roster.again.push(listed.row),
            None => {
                places.insert(listed.external.as_str().to_owned(), roster.people.len());
                roster.people.push(listed);
            }
        }
    }

    /// Finds the layout whose columns the file has.
    fn columns(&mut self, text: &[u8]) -> Option<Columns<'r>> {
        let mut seen = Vec::new();
        for layout in &self.rules.layout {
            let mut header = ByteRecord::new();
            let _ = reader(text, layout).read_byte_record(&mut header);
            let names: Vec<String> = header
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).trim().to_owned())
                .collect();
            if names.len() > COLUMNS_MAX {
                let message = format!("{} columns; at most {COLUMNS_MAX}", names.len());
                let remedy = "leave out what the rules do not name".to_owned();
                self.fault(1, None, Rule::AboveLimit, message, remedy);
                return None;
            }
            let place = |name: &str| {
                let mut places = names.iter().enumerate().filter(|(_, found)| *found == name);
                match (places.next(), places.next()) {
                    (Some((place, _)), None) => Some(place),
                    (None, _) | (Some(_), Some(_)) => None,
                }
            };
            if layout.columns().all(|name| place(name).is_some()) {
                return Some(Columns {
                    layout,
                    count: names.len(),
                    person: place(&layout.person)?,
                    admission: place(&layout.admission)?,
                    status: layout.status.as_deref().and_then(place),
                    date: layout.date.as_deref().and_then(place),
                });
            }
            let absent = layout.columns().find(|name| place(name).is_none());
            seen.extend(absent.map(|absent| {
                let near = nearest(absent, names.iter().map(String::as_str));
                let near = near
                    .map(|near| format!(" (near: `{near}`)"))
                    .unwrap_or_default();
                format!("`{absent}`{near}")
            }));
        }
        let message = format!(
            "no layout of the rules fits: missing, or twice, {}",
            seen.join("; ")
        );
        let remedy = "add a [[layout]] with the names in this file's header".to_owned();
        self.fault(1, None, Rule::MissingField, message, remedy);
        None
    }

    /// The day a row speaks of, which is the same in all rows.
    fn date_of_row(
        &mut self,
        columns: &Columns<'_>,
        record: &ByteRecord,
        row: u64,
        day: &mut Option<Day>,
    ) -> Option<Day> {
        let (Some(place), Some(name)) = (columns.date, &columns.layout.date) else {
            return *day;
        };
        let text = self.cell(record, place, name, row)?;
        let remedy = format!(
            "the rules expect {}",
            columns.layout.date_formats.join(" or ")
        );
        match (read_date(&text, &columns.layout.date_formats), *day) {
            (Reading::Date(_, found), None) => *day = Some(found),
            (Reading::Date(_, found), Some(before)) if found == before => {}
            (Reading::Date(..), Some(before)) => {
                let message = format!("another day than {before}, that of the rows before");
                let remedy = "a file holds the list of one day; split it by day".to_owned();
                self.fault(row, Some(name), Rule::Contradiction, message, remedy);
                return None;
            }
            (Reading::Unread | Reading::Ambiguous, _) => {
                let message = "not a date in the form that the rules state".to_owned();
                self.fault(row, Some(name), Rule::BadDate, message, remedy);
                return None;
            }
        }
        *day
    }

    fn listed(
        &mut self,
        columns: &Columns<'_>,
        record: &ByteRecord,
        row: u64,
        day: Day,
    ) -> Option<Listed> {
        let layout = columns.layout;
        let key = self.cell(record, columns.person, &layout.person, row);
        let admission_text = self.cell(record, columns.admission, &layout.admission, row);
        let status = match (columns.status, &layout.status) {
            (Some(place), Some(name)) => self
                .cell(record, place, name, row)
                .and_then(|text| self.status(text, name, row)),
            (None, _) | (_, None) => None,
        };
        let (key, admission_text) = (key?, admission_text?);
        let external = External::new(&format!("{}:{key}", self.rules.scheme));
        if external.is_none() {
            let message = "not a key of a person: empty, too long, or with control characters";
            let remedy = "every row names one person; correct a copy of the file".to_owned();
            self.fault(
                row,
                Some(&layout.person),
                Rule::Malformed,
                message.to_owned(),
                remedy,
            );
        }
        let admission = self.admission(&admission_text, layout, row, day);
        Some(Listed {
            external: external?,
            row,
            admission_text,
            admission: admission?,
            status,
        })
    }

    /// The outer option is a fault, the inner one an admission that says nothing usable.
    fn admission(
        &mut self,
        text: &str,
        layout: &Layout,
        row: u64,
        list: Day,
    ) -> Option<Option<String>> {
        if text.is_empty() {
            return Some(None);
        }
        let message = match read_date(text, &layout.admission_formats) {
            Reading::Date(date, day) => return Some((day <= list).then_some(date)),
            Reading::Unread => "not a date in the form that the rules state",
            Reading::Ambiguous => "a date with two readings by the forms that the rules state",
        };
        let remedy = format!("the rules expect {}", layout.admission_formats.join(" or "));
        let name = Some(layout.admission.as_str());
        self.fault(row, name, Rule::BadDate, message.to_owned(), remedy);
        None
    }

    /// A code that is mapped; one that the source means as unknown is none; others are faults.
    fn status(&mut self, code: String, name: &str, row: u64) -> Option<String> {
        let status = self.rules.status.as_ref()?;
        if status.unknown.contains(&code) {
            return None;
        }
        if status.values.contains_key(&code) {
            return Some(code);
        }
        let near = nearest(&code, status.values.keys().map(String::as_str));
        let remedy = match near {
            Some(near) => format!("map it in [status.values]; the nearest there is `{near}`"),
            None => "map it in [status.values], or list it in status.unknown".to_owned(),
        };
        let message = format!("the code `{code}` is not mapped yet");
        self.fault(row, Some(name), Rule::UnknownWord, message, remedy);
        None
    }

    fn cell(&mut self, record: &ByteRecord, n: usize, name: &str, row: u64) -> Option<String> {
        let cell = record.get(n).unwrap_or_default();
        if cell.len() > CELL_BYTES_MAX {
            let message = format!("a cell of {} bytes; at most {CELL_BYTES_MAX}", cell.len());
            let remedy = "look for a missing quotation mark".to_owned();
            self.fault(row, Some(name), Rule::AboveLimit, message, remedy);
            return None;
        }
        match std::str::from_utf8(cell) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(_) => {
                let message = "not UTF-8".to_owned();
                let remedy = "save the file as UTF-8".to_owned();
                self.fault(row, Some(name), Rule::NotUtf8, message, remedy);
                None
            }
        }
    }

    fn fault(&mut self, row: u64, column: Option<&str>, rule: Rule, what: String, remedy: String) {
        let fault = Fault {
            rule,
            column: 1,
            field: column.unwrap_or_default().to_owned(),
            message: what,
            remedy: Some(remedy),
        };
        self.faults
            .push(InputFault::of_cell(&self.file.name, row, fault));
    }
}

fn reader<'t>(text: &'t [u8], layout: &Layout) -> csv::Reader<&'t [u8]> {
    let delimiter = u8::try_from(layout.delimiter).unwrap_or(b',');
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text)
}
