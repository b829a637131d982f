//! A new workbook with a sheet for each table: the same rows as the CSV files.
//!
//! Texts are cells of text and nothing else, so that no spreadsheet takes one for a formula, a link
//! or a number. Rows are written as they come, through nameless files beside the workbook that are
//! gone with the process.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use amparo_core::entry::Recorded;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use super::Sink;
use super::schema::Table;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Meta};
use crate::session::Session;
use crate::unfinished::Unfinished;

/// What every failure of size advises.
const ADVICE: &str = "write CSV files with --csv DIR: they have no such limit";

/// The workbook while it is written.
pub struct XlsxFile {
    unfinished: Unfinished,
    file: File,
    workbook: Workbook,
    sheets: usize,
    open: &'static str,
    row: u32,
    coordinates: Vec<Cell>,
}

impl XlsxFile {
    /// Begins a file that is not there.
    ///
    /// # Errors
    /// Usage, when it is there or cannot be made.
    pub fn new(session: &Session<'_, '_>, name: &str, created: Recorded) -> Result<Self, Failure> {
        let (unfinished, file) = Unfinished::file(session, name)?;
        let mut workbook = Workbook::new();
        let beside = unfinished.path().parent().unwrap_or(unfinished.path());
        workbook
            .set_tempdir(beside)
            .map_err(|error| failed("", &error))?;
        let created = ExcelDateTime::from_timestamp(created.ms() / 1000);
        let created = created.map_err(|error| failed("", &error))?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        Ok(Self {
            unfinished,
            file,
            workbook,
            sheets: 0,
            open: "",
            row: 0,
            coordinates: Vec::new(),
        })
    }

    /// Writes the workbook and gives it its name.
    ///
    /// # Errors
    /// Usage, when it is there by now; internal, when it cannot be written.
    pub fn finish(self) -> Result<(), Failure> {
        let Self {
            unfinished,
            file,
            mut workbook,
            ..
        } = self;
        let mut out = BufWriter::new(file);
        let saved = workbook.save_to_writer(&mut out);
        saved.map_err(|error| failed("", &error))?;
        out.flush().map_err(Failure::writing)?;
        unfinished.finish()
    }

    fn write(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        let (table, row) = (self.open, self.row);
        let coordinates = std::mem::take(&mut self.coordinates);
        let sheet = self.workbook.worksheet_from_index(self.sheets - 1);
        let written = sheet.and_then(|sheet| {
            let cells = cells.iter().chain(&coordinates);
            (0..)
                .zip(cells)
                .try_for_each(|(n, cell)| write(sheet, row, n, cell))
        });
        self.coordinates = coordinates;
        self.row += 1;
        written.map_err(|error| failed(table, &error))
    }
}

impl Sink for XlsxFile {
    fn begin(&mut self, table: &Table, meta: &Meta) -> Result<(), Failure> {
        let sheet = self.workbook.add_worksheet_with_constant_memory();
        sheet
            .and_then(|sheet| sheet.set_name(table.name)?.set_freeze_panes(1, 0))
            .map_err(|error| failed(table.name, &error))?;
        self.sheets += 1;
        (self.open, self.row) = (table.name, 0);
        let columns = table.columns();
        let (more, coordinates): (Vec<_>, Vec<_>) = meta.beside(&columns).into_iter().unzip();
        let headings = columns.iter().chain(&more);
        let headings: Vec<_> = headings.map(|column| Cell::text(&column.key)).collect();
        self.coordinates = Vec::new();
        self.write(&headings)?;
        self.coordinates = coordinates;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        self.write(cells)
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty | Cell::Absent => {}
        Cell::Flag(flag) => {
            sheet.write_boolean(row, column, *flag)?;
        }
        // A number of a spreadsheet is exact up to 2^53; none of ours is near it.
        Cell::Number(number) => match i32::try_from(*number) {
            Ok(number) => {
                sheet.write_number(row, column, number)?;
            }
            Err(_) => {
                sheet.write_string(row, column, number.to_string())?;
            }
        },
        Cell::Text(_) | Cell::List(_) | Cell::Parts(_) | Cell::Json(_) => {
            let text = cell.plain();
            if !text.is_empty() {
                sheet.write_string(row, column, text)?;
            }
        }
    }
    Ok(())
}

fn failed(table: &str, error: &XlsxError) -> Failure {
    let too_large =
        |what: &str| Failure::new(FailureKind::Refused, format!("{table}: {what}")).hint(ADVICE);
    match error {
        XlsxError::RowColumnLimitError => {
            too_large("a sheet holds at most 1,048,576 rows, and there are more")
        }
        XlsxError::MaxStringLengthExceeded => {
            too_large("a cell holds at most 32,767 characters, and a text is longer")
        }
        _ => Failure::internal("the workbook could not be written").cause(error.to_string()),
    }
}
