//! The refused rows of a table, each with its reasons, ready to be mended and imported again.

use std::fs::File;
use std::io::{self, BufWriter};

use csv::ByteRecord;

use super::row::{CellFault, Header};
use super::rules::{Encoding, FileForm};

/// The column of the reasons.
const REASON: &str = "import_reason";

/// A file of refused rows, in the form of the file that they come from.
pub struct RefusedRows {
    csv: csv::Writer<BufWriter<File>>,
    encoding: Encoding,
    /// The place of the reasons of an earlier import, which are left out.
    earlier: Option<usize>,
    has_header: bool,
}

impl RefusedRows {
    /// Begins a file; the header comes with the first row.
    pub fn new(file: File, form: &FileForm) -> Self {
        let delimiter = u8::try_from(form.delimiter).unwrap_or(b',');
        Self {
            csv: csv::WriterBuilder::new()
                .flexible(true)
                .delimiter(delimiter)
                .from_writer(BufWriter::new(file)),
            encoding: form.encoding,
            earlier: None,
            has_header: false,
        }
    }

    /// Adds a row with its reasons.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn add(
        &mut self,
        header: &Header,
        row: &ByteRecord,
        faults: &[CellFault],
    ) -> io::Result<()> {
        if !self.has_header {
            self.has_header = true;
            self.earlier = header.place(REASON);
            self.write(&header.raw, REASON)?;
        }
        let reasons: Vec<String> = faults.iter().map(CellFault::line).collect();
        self.write(row, &reasons.join("; "))
    }

    fn write(&mut self, cells: &ByteRecord, last: &str) -> io::Result<()> {
        let last = match self.encoding {
            Encoding::Utf8 => last.as_bytes().into(),
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(last).0,
        };
        let kept = cells
            .iter()
            .enumerate()
            .filter(|(place, _)| Some(*place) != self.earlier);
        for (_, cell) in kept {
            self.csv.write_field(cell)?;
        }
        self.csv.write_field(&*last)?;
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
