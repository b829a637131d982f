//! The rows of a file, one at a time: bounded memory, whatever the file holds.
//!
//! Refuses what is longer than its limits, and a file whose header lacks a column of the rules.
//! Invariant: every byte of the file has been hashed once the last row was read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use amparo_core::fault::Rule;
use amparo_core::word::nearest;
use csv::ByteRecord;
use sha2::{Digest as _, Sha256};

use super::row::{CellFault, Header, Row};
use super::rules::TableRules;
use crate::error::Failure;

/// The most bytes of one CSV file; it is never held in memory.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// The most rows of one file.
const ROWS_MAX: u64 = 50_000_000;
/// The most columns of one file.
const COLUMNS_MAX: usize = 1024;
/// The most bytes of one row: a quotation mark that is never closed ends here.
const ROW_BYTES_MAX: u64 = 1024 * 1024;
/// Files are read in pieces of this size.
const READ_BYTES: usize = 256 * 1024;
/// The mark that some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file of a table.
pub struct TableFile {
    /// As it was named.
    pub name: String,
    path: PathBuf,
}

/// Where the reading of a file ended, other than with its last row.
pub enum Stop {
    /// At a fault of the file as a whole, at a row.
    Fault(u64, CellFault),
    /// At a failure.
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl TableFile {
    /// A file in a folder.
    ///
    /// # Errors
    /// Usage, when it cannot be read.
    pub fn new(name: &str, dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(name);
        if path.is_dir() {
            return Err(Failure::usage(format!("{name} is a folder")));
        }
        let file = Self {
            name: name.to_owned(),
            path,
        };
        let length = file.open()?.metadata().map_err(|e| file.unreadable(&e))?;
        match length.len() > FILE_BYTES_MAX {
            true => Err(
                Failure::refused(format!("{name} has more than {FILE_BYTES_MAX} bytes"))
                    .hint("split the file"),
            ),
            false => Ok(file),
        }
    }

    fn open(&self) -> Result<File, Failure> {
        File::open(&self.path).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::usage(format!("cannot read {}", self.name)).cause(error.to_string())
    }

    /// Begins to read the rows, after the header.
    ///
    /// # Errors
    /// A fault of the header, or a failure to read.
    pub fn rows<'r>(&self, rules: &'r TableRules) -> Result<Rows<'r>, Stop> {
        let unread = Rc::new(Cell::new(0));
        let hashing = Hashing {
            file: self.open()?,
            sha256: Sha256::new(),
        };
        let mut buffered = BufReader::with_capacity(READ_BYTES, hashing);
        let start = buffered.fill_buf().map_err(|e| self.unreadable(&e))?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            let fault = CellFault::new(Rule::NotUtf8, "this is UTF-16")
                .remedy("save the file as CSV in UTF-8");
            return Err(Stop::Fault(1, fault));
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xd0\xcf\x11\xe0") {
            let fault = CellFault::new(Rule::Syntax, "this is a workbook and not CSV")
                .remedy("save the sheet as CSV in UTF-8");
            return Err(Stop::Fault(1, fault));
        }
        if start.starts_with(BYTE_ORDER_MARK) {
            buffered.consume(BYTE_ORDER_MARK.len());
        }
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(rules.file.delimiter).unwrap_or(b','))
            .buffer_capacity(READ_BYTES)
            .from_reader(Limited {
                inner: buffered,
                row: Rc::clone(&unread),
            });
        let mut rows = Rows {
            name: self.name.clone(),
            rules,
            csv,
            unread,
            header: Header::default(),
            count: 0,
        };
        rows.header = rows.read_header()?;
        Ok(rows)
    }
}

/// The rows of a file, being read.
pub struct Rows<'r> {
    name: String,
    rules: &'r TableRules,
    csv: csv::Reader<Limited>,
    /// Bytes read since the last whole row.
    unread: Rc<Cell<u64>>,
    /// The header.
    pub header: Header,
    count: u64,
}

impl Rows<'_> {
    fn read_header(&mut self) -> Result<Header, Stop> {
        let mut record = ByteRecord::new();
        loop {
            let Some(line) = self.record(&mut record)? else {
                let fault = CellFault::new(Rule::MissingField, "there is no header")
                    .remedy("the first row names the columns; `file.header-row` tells another");
                return Err(Stop::Fault(1, fault));
            };
            if line >= self.rules.file.header_row {
                return self.checked_header(line, record);
            }
        }
    }

    fn checked_header(&self, line: u64, raw: ByteRecord) -> Result<Header, Stop> {
        if raw.len() > COLUMNS_MAX {
            let message = format!("{} columns; at most {COLUMNS_MAX}", raw.len());
            let fault = CellFault::new(Rule::AboveLimit, message)
                .remedy("leave out what the rules do not name, or state the delimiter");
            return Err(Stop::Fault(line, fault));
        }
        let header = Header::new(raw, self.rules.file.encoding);
        for wanted in self.rules.columns() {
            let said = match header.places(wanted) {
                1 => continue,
                0 => format!("there is no column `{wanted}`"),
                count => format!("the column `{wanted}` stands {count} times"),
            };
            let near = nearest(wanted, header.names().filter(|name| *name != wanted));
            let remedy = match near {
                Some(near) => format!("the nearest is `{near}`; spell it in the rules as here"),
                None => {
                    let named: Vec<_> = header.names().take(20).collect();
                    format!("the header has {}", named.join(", "))
                }
            };
            let fault = CellFault::new(Rule::MissingField, said).remedy(remedy);
            return Err(Stop::Fault(line, fault));
        }
        Ok(header)
    }

    /// The next row that is not empty.
    ///
    /// # Errors
    /// A fault after which nothing can be read, or a failure to read.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, Stop> {
        loop {
            let Some(line) = self.record(&mut row.raw)? else {
                return Ok(false);
            };
            row.number = line;
            if row.raw.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            self.count += 1;
            if self.count > ROWS_MAX {
                let fault = CellFault::new(Rule::AboveLimit, format!("more than {ROWS_MAX} rows"))
                    .remedy("split the file");
                return Err(Stop::Fault(line, fault));
            }
            return Ok(true);
        }
    }

    /// The digest of the file, in hex; it reads what is left of it.
    ///
    /// # Errors
    /// Usage, when it cannot be read.
    pub fn sha256(self) -> Result<String, Failure> {
        let mut hashing = self.csv.into_inner().inner.into_inner();
        match io::copy(&mut hashing, &mut io::sink()) {
            Ok(_) => Ok(hex::encode(hashing.sha256.finalize())),
            Err(error) => {
                Err(Failure::usage(format!("cannot read {}", self.name)).cause(error.to_string()))
            }
        }
    }

    /// Reads one record, and answers its line.
    fn record(&mut self, record: &mut ByteRecord) -> Result<Option<u64>, Stop> {
        let before = self.csv.position().line();
        let read = self.csv.read_byte_record(record);
        // What the reader holds in advance is less than one piece.
        self.unread.set(0);
        match read {
            Ok(true) => Ok(Some(record.position().map_or(before, csv::Position::line))),
            Ok(false) => Ok(None),
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    let message = format!("a row of more than {ROW_BYTES_MAX} bytes");
                    let fault = CellFault::new(Rule::AboveLimit, message)
                        .remedy("look for a quotation mark that is never closed");
                    Stop::Fault(before, fault)
                }
                kind => {
                    let failure = Failure::usage(format!("cannot read {}", self.name));
                    Stop::Failure(failure.cause(csv_cause(&kind)))
                }
            }),
        }
    }
}

/// What the reader of CSV says, without anything of the file.
fn csv_cause(kind: &csv::ErrorKind) -> String {
    match kind {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "not readable as CSV".to_owned(),
    }
}

/// Hashes all that is read of a file.
struct Hashing {
    file: File,
    sha256: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        Ok(count)
    }
}

/// Ends the reading of a row that has no end.
struct Limited {
    inner: BufReader<Hashing>,
    row: Rc<Cell<u64>>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.row.get() > ROW_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.inner.read(buffer)?;
        self.row.set(self.row.get() + count as u64);
        Ok(count)
    }
}
