//! The refused rows of a table, each with its reasons, ready to be mended and imported again.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};

use chrono::NaiveDate;

use super::row::{CellFault, EDTF, Header, Mark, Row};
use super::rules::{Encoding, TableRules};

/// The column of the reasons.
const REASON: &str = "import_reason";

/// A file of refused rows: CSV, in the form that the rules read.
pub struct RefusedRows<'r> {
    csv: csv::Writer<BufWriter<File>>,
    rules: &'r TableRules,
    /// The place of the reasons of an earlier import, which are left out.
    earlier: Option<usize>,
    has_header: bool,
}

impl<'r> RefusedRows<'r> {
    /// Begins a file; the header comes with the first row.
    pub fn new(file: File, rules: &'r TableRules) -> Self {
        let delimiter = u8::try_from(rules.file.delimiter).unwrap_or(b',');
        Self {
            csv: csv::WriterBuilder::new()
                .flexible(true)
                .delimiter(delimiter)
                .from_writer(BufWriter::new(file)),
            rules,
            earlier: None,
            has_header: false,
        }
    }

    /// Adds a row with its reasons.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn add(&mut self, header: &Header, row: &Row, faults: &[CellFault]) -> io::Result<()> {
        if !self.has_header {
            self.has_header = true;
            self.earlier = header.place(REASON);
            // The header stays where the rules look for it.
            for _ in 1..self.rules.file.header_row {
                self.csv.write_record([""])?;
            }
            let names = header.raw.iter().map(Cow::Borrowed);
            self.write(header, names, REASON)?;
        }
        let reasons: Vec<String> = faults.iter().map(CellFault::line).collect();
        let cells = row.raw.iter().enumerate();
        let cells = cells.map(|(place, cell)| self.as_typed(header, row, place, cell));
        let cells: Vec<Cow<'_, [u8]>> = cells.collect();
        self.write(header, cells.into_iter(), &reasons.join("; "))
    }

    /// A cell as the rules read it: a date of a sheet in the first format that is stated for it.
    fn as_typed<'c>(
        &self,
        header: &Header,
        row: &Row,
        place: usize,
        cell: &'c [u8],
    ) -> Cow<'c, [u8]> {
        let formats = header.names().nth(place).and_then(|name| {
            let dates = self.rules.dates(name)?;
            row.is(place, Mark::Date).then_some(&dates.formats)
        });
        let format = formats.and_then(|formats| formats.iter().find(|format| *format != EDTF));
        let date = std::str::from_utf8(cell).ok().and_then(|text| {
            let text = text.split('T').next()?;
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
        });
        let mut typed = String::new();
        match (format, date) {
            // A format that asks for a time cannot be met by a day.
            (Some(format), Some(date)) if write!(typed, "{}", date.format(format)).is_ok() => {
                Cow::Owned(typed.into_bytes())
            }
            (Some(_) | None, _) => Cow::Borrowed(cell),
        }
    }

    fn write<'c>(
        &mut self,
        header: &Header,
        cells: impl Iterator<Item = Cow<'c, [u8]>>,
        last: &str,
    ) -> io::Result<()> {
        let encoding = self.rules.file.encoding;
        let earlier = self.earlier;
        let kept = cells.enumerate();
        let kept = kept.filter(|(place, _)| Some(*place) != earlier);
        for (_, cell) in kept {
            match (header.encoding == encoding, std::str::from_utf8(&cell)) {
                (false, Ok(text)) => self.csv.write_field(encoded(text, encoding))?,
                (true, _) | (false, Err(_)) => self.csv.write_field(&*cell)?,
            }
        }
        self.csv.write_field(encoded(last, encoding))?;
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Writes what is held back.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn flush(&mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

fn encoded(text: &str, encoding: Encoding) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Utf8 => Cow::Borrowed(text.as_bytes()),
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(text).0,
    }
}
