//! The rows of a file, one at a time: bounded memory, whatever the file holds.
//!
//! Refuses what is longer than its limits, and a file whose header lacks a column of the rules.
//! Invariant: every byte of the file has been hashed once the last row was read.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use amparo_core::fault::Rule;
use amparo_core::word::nearest;
use sha2::{Digest as _, Sha256};

use super::row::{CellFault, Header, Row};
use super::rules::{Encoding, TableRules};
use super::workbook::{self, SheetRow, WORKBOOK_BYTES_MAX};
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

/// How a workbook begins.
const PACKAGE_MARK: &[u8] = b"PK\x03\x04";

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
    /// A fault of the header or of the workbook, or a failure to read.
    pub fn rows<'r>(&self, rules: &'r TableRules) -> Result<Rows<'r>, Stop> {
        let mut buffered = BufReader::with_capacity(
            READ_BYTES,
            Hashing {
                file: self.open()?,
                sha256: Sha256::new(),
            },
        );
        let start = buffered.fill_buf().map_err(|e| self.unreadable(&e))?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            let fault = CellFault::new(Rule::NotUtf8, "this is UTF-16")
                .remedy("save the file as CSV in UTF-8");
            return Err(Stop::Fault(1, fault));
        }
        if start.starts_with(b"\xd0\xcf\x11\xe0") {
            let fault = CellFault::new(Rule::Syntax, "an old or protected workbook")
                .remedy("save it as XLSX without a password, or as CSV in UTF-8");
            return Err(Stop::Fault(1, fault));
        }
        let is_workbook = start.starts_with(PACKAGE_MARK);
        if start.starts_with(BYTE_ORDER_MARK) {
            buffered.consume(BYTE_ORDER_MARK.len());
        }
        let (source, sheet) = match is_workbook {
            true => {
                let (rows, sheet) = self.sheet(buffered, rules)?;
                (rows, Some(sheet))
            }
            false => (Source::csv(buffered, rules), None),
        };
        let mut rows = Rows {
            name: self.name.clone(),
            rules,
            source,
            header: Header::default(),
            count: 0,
        };
        rows.header = rows.read_header(sheet)?;
        Ok(rows)
    }

    /// The name without its folder and ending.
    pub fn stem(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// The first lines, as far as one piece goes; none of a workbook.
    ///
    /// # Errors
    /// Usage, when it cannot be read.
    pub fn first_lines(&self, count: usize) -> Result<Vec<u8>, Failure> {
        let mut start = Vec::new();
        let mut file = self.open()?.take(READ_BYTES as u64);
        file.read_to_end(&mut start)
            .map_err(|e| self.unreadable(&e))?;
        if start.starts_with(PACKAGE_MARK) {
            return Ok(Vec::new());
        }
        let lines = start.split_inclusive(|byte| *byte == b'\n');
        Ok(lines.take(count).flatten().copied().collect())
    }

    /// The sheets of a workbook; none of anything else.
    ///
    /// # Errors
    /// A fault of the workbook, or a failure to read.
    pub fn sheets(&self) -> Result<Vec<String>, Stop> {
        let mut file = BufReader::new(self.open()?);
        let start = file.fill_buf().map_err(|e| self.unreadable(&e))?;
        if !start.starts_with(PACKAGE_MARK) {
            return Ok(Vec::new());
        }
        let bytes = self.workbook(&mut file)?;
        workbook::names(&bytes).map_err(|fault| Stop::Fault(1, fault))
    }

    /// The bytes of a workbook, unless they are too many.
    fn workbook(&self, file: &mut impl Read) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let read = file.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.unreadable(&error))?;
        if bytes.len() as u64 > WORKBOOK_BYTES_MAX {
            let message = format!("a workbook of more than {WORKBOOK_BYTES_MAX} bytes");
            let fault = CellFault::new(Rule::AboveLimit, message)
                .remedy("save the sheet as CSV: that is read row by row");
            return Err(Stop::Fault(1, fault));
        }
        Ok(bytes)
    }

    /// The rows of the sheet of a workbook, which is held in memory.
    fn sheet(
        &self,
        mut file: BufReader<Hashing>,
        rules: &TableRules,
    ) -> Result<(Source, String), Stop> {
        let bytes = self.workbook(&mut file)?;
        let sheet = workbook::read(&bytes, rules.file.sheet.as_deref());
        let sheet = sheet.map_err(|fault| Stop::Fault(1, fault))?;
        let hashing = file.into_inner();
        let rows = Source::Sheet {
            rows: sheet.rows.into_iter(),
            hashing,
        };
        Ok((rows, sheet.name))
    }
}

/// Where rows come from.
enum Source {
    Csv {
        csv: csv::Reader<Limited>,
        /// What was read since the last whole row.
        unread: Rc<RefCell<Unread>>,
        /// How many lines have ended.
        ended: u64,
    },
    Sheet {
        rows: std::vec::IntoIter<SheetRow>,
        hashing: Hashing,
    },
}

impl Source {
    fn csv(file: BufReader<Hashing>, rules: &TableRules) -> Self {
        let unread = Rc::new(RefCell::new(Unread::default()));
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(rules.file.delimiter).unwrap_or(b','))
            .buffer_capacity(READ_BYTES)
            .from_reader(Limited {
                inner: file,
                unread: Rc::clone(&unread),
            });
        Self::Csv {
            csv,
            unread,
            ended: 0,
        }
    }

    fn encoding(&self, rules: &TableRules) -> Encoding {
        match self {
            Self::Csv { .. } => rules.file.encoding,
            Self::Sheet { .. } => Encoding::Utf8,
        }
    }
}

/// The rows of a file, being read.
pub struct Rows<'r> {
    name: String,
    rules: &'r TableRules,
    source: Source,
    /// The header.
    pub header: Header,
    count: u64,
}

impl Rows<'_> {
    fn read_header(&mut self, sheet: Option<String>) -> Result<Header, Stop> {
        let mut row = Row::default();
        while self.record(&mut row)? {
            if row.number >= self.rules.file.header_row {
                return self.checked_header(row, sheet);
            }
        }
        let fault = CellFault::new(Rule::MissingField, "there is no header")
            .remedy("the first row names the columns; `file.header-row` tells another");
        Err(Stop::Fault(1, fault))
    }

    fn checked_header(&self, row: Row, sheet: Option<String>) -> Result<Header, Stop> {
        let (number, columns) = (row.number, row.raw.len());
        if columns > COLUMNS_MAX {
            let message = format!("{columns} columns; at most {COLUMNS_MAX}");
            let fault = CellFault::new(Rule::AboveLimit, message)
                .remedy("leave out what the rules do not name, or state the delimiter");
            return Err(Stop::Fault(number, fault));
        }
        let header = Header::new(row, self.source.encoding(self.rules), sheet);
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
            return Err(Stop::Fault(number, fault));
        }
        Ok(header)
    }

    /// The next row that is not empty.
    ///
    /// # Errors
    /// A fault after which nothing can be read, or a failure to read.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, Stop> {
        while self.record(row)? {
            if row.raw.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            self.count += 1;
            if self.count > ROWS_MAX {
                let fault = CellFault::new(Rule::AboveLimit, format!("more than {ROWS_MAX} rows"))
                    .remedy("split the file");
                return Err(Stop::Fault(row.number, fault));
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// The digest of the file, in hex; it reads what is left of it.
    ///
    /// # Errors
    /// Usage, when it cannot be read.
    pub fn sha256(self) -> Result<String, Failure> {
        let mut hashing = match self.source {
            Source::Csv { csv, .. } => csv.into_inner().inner.into_inner(),
            Source::Sheet { hashing, .. } => hashing,
        };
        match io::copy(&mut hashing, &mut io::sink()) {
            Ok(_) => Ok(base16ct::lower::encode_string(&hashing.sha256.finalize())),
            Err(error) => {
                let failure = Failure::usage(format!("cannot read {}", self.name));
                Err(failure.cause(error.to_string()))
            }
        }
    }

    /// Reads one row, empty or not; answers false at the end.
    fn record(&mut self, row: &mut Row) -> Result<bool, Stop> {
        let (csv, unread, ended) = match &mut self.source {
            Source::Csv { csv, unread, ended } => (csv, unread, ended),
            Source::Sheet { rows, .. } => {
                let Some(next) = rows.next() else {
                    return Ok(false);
                };
                row.number = next.number;
                row.raw = next.cells;
                row.marks = next.marks;
                // A sheet ends each row with its last cell.
                while row.raw.len() < self.header.raw.len() {
                    row.raw.push_field(b"");
                }
                return Ok(true);
            }
        };
        let read = csv.read_byte_record(&mut row.raw);
        let end = csv.position().byte();
        match read {
            Ok(more) => {
                // A row begins where it ends, but for the line ends within it and the one after it.
                let (lines, is_ended) = unread.borrow_mut().taken(end);
                *ended += lines;
                let within = row.raw.as_slice().iter().filter(|byte| **byte == b'\n');
                let after = within.count() as u64 + u64::from(is_ended);
                row.number = (1 + *ended).saturating_sub(after);
                Ok(more)
            }
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    let message = format!("a row of more than {ROW_BYTES_MAX} bytes");
                    let fault = CellFault::new(Rule::AboveLimit, message)
                        .remedy("look for a quotation mark that is never closed");
                    Stop::Fault(1 + *ended, fault)
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

/// What the reader of CSV has taken since the last whole row.
#[derive(Default)]
struct Unread {
    /// Bytes taken of the file.
    taken: u64,
    /// Bytes taken since.
    bytes: u64,
    /// Where lines end that no row has passed yet.
    ends: VecDeque<u64>,
}

impl Unread {
    /// Begins anew after a row that ends at a byte: how many lines have ended before it, and whether
    /// the last of them did so with the row.
    fn taken(&mut self, end: u64) -> (u64, bool) {
        // What the reader holds in advance is less than one piece.
        self.bytes = 0;
        let passed = self.ends.partition_point(|at| *at < end);
        let last = self.ends.drain(..passed).next_back();
        (passed as u64, last.is_some_and(|at| at + 1 == end))
    }
}

/// Ends the reading of a row that has no end.
struct Limited {
    inner: BufReader<Hashing>,
    unread: Rc<RefCell<Unread>>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut unread = self.unread.borrow_mut();
        if unread.bytes > ROW_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.inner.read(buffer)?;
        for (at, byte) in (unread.taken..).zip(&buffer[..count]) {
            if *byte == b'\n' {
                unread.ends.push_back(at);
            }
        }
        unread.taken += count as u64;
        unread.bytes += count as u64;
        Ok(count)
    }
}
