//! A sheet of a workbook (XLSX, ODS) as rows of texts.
//!
//! Refuses workbooks that unpack to more than their limits, before anything of them is laid out in
//! memory ([`package`](super::package)). Invariant: a text here is what the cell says, never a
//! rounding of it: dates as year, month and day, numbers in the fewest digits that are that number.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use amparo_core::fault::Rule;
use calamine::{Data, DataRef, ExcelDateTime, Ods, Range, Reader as _, Xlsx};
use csv::ByteRecord;

use super::package::{self, CELLS_MAX, Kind, TEXT_BYTES_MAX};
use super::row::{CELL_BYTES_MAX, CellFault, Mark, Marks};

/// The most bytes of a workbook as it is packed: it is held in memory.
pub const WORKBOOK_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most columns of a sheet that are read.
const COLUMNS_MAX: u32 = 1024;

/// A sheet of a workbook.
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows that are not empty, in their order.
    pub rows: Vec<SheetRow>,
}

/// A row of a sheet.
#[derive(Default)]
pub struct SheetRow {
    /// Its number, from 1.
    pub number: u64,
    /// Its cells, in UTF-8.
    pub cells: ByteRecord,
    /// What there is to know of cells besides their text.
    pub marks: Marks,
}

/// Reads a sheet: the one that is named, or the only one.
///
/// # Errors
/// A fault of the workbook as a whole.
pub fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, CellFault> {
    let kind = package::check(bytes)?;
    // What the library does not survive is damaged: the row numbers are not known here.
    let read = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Xlsx => xlsx(bytes, wanted),
        Kind::Ods => ods(bytes, wanted),
    }));
    read.unwrap_or_else(|_| Err(damaged()))
}

/// The names of the sheets, in their order.
///
/// # Errors
/// A fault of the workbook as a whole.
pub fn names(bytes: &[u8]) -> Result<Vec<String>, CellFault> {
    let kind = package::check(bytes)?;
    let names = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Xlsx => Xlsx::new(Cursor::new(bytes))
            .map(|book| book.sheet_names())
            .ok(),
        Kind::Ods => Ods::new(Cursor::new(bytes))
            .map(|book| book.sheet_names())
            .ok(),
    }));
    names.ok().flatten().ok_or_else(damaged)
}

fn damaged() -> CellFault {
    CellFault::new(Rule::Syntax, "this workbook cannot be read")
        .remedy("open it in a spreadsheet program and save it anew, or save the sheet as CSV")
}

/// The sheet that is wanted, among those that there are.
fn chosen(names: &[String], wanted: Option<&str>) -> Result<String, CellFault> {
    let listed = names.join(", ");
    match (wanted, names) {
        (Some(wanted), _) if names.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => {
            let message = format!("there is no sheet `{wanted}`");
            Err(CellFault::new(Rule::MissingField, message)
                .remedy(format!("the workbook has {listed}")))
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => {
            let message = format!("the workbook has {} sheets", names.len());
            let remedy = format!("name one as `file.sheet` in the rules: {listed}");
            Err(CellFault::new(Rule::MissingField, message).remedy(remedy))
        }
    }
}

fn xlsx(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, CellFault> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let name = chosen(&workbook.sheet_names(), wanted)?;
    let mut sheet = Laying::new(name);
    let cells = workbook.worksheet_cells_reader(&sheet.name);
    let mut cells = cells.map_err(|_| damaged())?;
    while let Some(cell) = cells
        .next_cell_with_formula_metadata()
        .map_err(|_| damaged())?
    {
        let (row, column) = cell.pos;
        let (text, mark) = match &cell.value {
            DataRef::SharedString(text) => ((*text).to_owned(), None),
            value => shown(&Data::from(value.clone())),
        };
        let formula = cell.formula.map(|_| Mark::Formula);
        sheet.cell(row, column, &text, [mark, formula])?;
    }
    Ok(sheet.finish())
}

fn ods(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, CellFault> {
    let mut workbook = Ods::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let name = chosen(&workbook.sheet_names(), wanted)?;
    let range = workbook.worksheet_range(&name).map_err(|_| damaged())?;
    let formulas = workbook.worksheet_formula(&name).map_err(|_| damaged())?;
    let mut sheet = Laying::new(name);
    let (top, left) = range.start().unwrap_or_default();
    for (row, cells) in (top..).zip(range.rows()) {
        for (column, value) in (left..).zip(cells) {
            let (text, mark) = shown(value);
            let formula = has_formula(&formulas, row, column).then_some(Mark::Formula);
            sheet.cell(row, column, &text, [mark, formula])?;
        }
    }
    Ok(sheet.finish())
}

fn has_formula(formulas: &Range<String>, row: u32, column: u32) -> bool {
    let formula = formulas.get_value((row, column));
    formula.is_some_and(|formula| !formula.is_empty())
}

/// A cell as text, with what kind of thing it is.
fn shown(value: &Data) -> (String, Option<Mark>) {
    match value {
        Data::String(text) | Data::DurationIso(text) => (text.clone(), None),
        Data::Int(number) => (number.to_string(), None),
        Data::Float(number) => (number.to_string(), None),
        Data::Bool(is) => (if *is { "TRUE" } else { "FALSE" }.to_owned(), None),
        Data::DateTime(time) => moment(time),
        Data::DateTimeIso(text) => {
            let day = text.strip_suffix("T00:00:00").unwrap_or(text);
            (day.to_owned(), Some(Mark::Date))
        }
        Data::Error(error) => (error.to_string(), Some(Mark::Error)),
        Data::Empty => (String::new(), None),
    }
}

/// A date, a date with a time, or a time alone.
fn moment(time: &ExcelDateTime) -> (String, Option<Mark>) {
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    if time.is_duration() {
        return (time.as_f64().to_string(), None);
    }
    if time.as_f64() < 1.0 {
        return (clock, None);
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    match clock == "00:00:00" {
        true => (date, Some(Mark::Date)),
        false => (format!("{date}T{clock}"), Some(Mark::Date)),
    }
}

/// A sheet being laid out, cell by cell.
struct Laying {
    name: String,
    rows: Vec<SheetRow>,
    row: SheetRow,
    cells: usize,
    bytes: usize,
}

impl Laying {
    fn new(name: String) -> Self {
        Self {
            name,
            rows: Vec::new(),
            row: SheetRow::default(),
            cells: 0,
            bytes: 0,
        }
    }

    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        marks: [Option<Mark>; 2],
    ) -> Result<(), CellFault> {
        if text.is_empty() && marks.iter().all(Option::is_none) {
            return Ok(());
        }
        let number = u64::from(row) + 1;
        if column >= COLUMNS_MAX {
            let message = format!("a cell in row {number} beyond {COLUMNS_MAX} columns");
            return Err(CellFault::new(Rule::AboveLimit, message)
                .remedy("leave out what the rules do not name"));
        }
        if number != self.row.number {
            self.end_row();
            if number < self.row.number {
                return Err(damaged());
            }
            self.row.number = number;
        }
        let place = column as usize;
        if place < self.row.cells.len() {
            return Err(damaged());
        }
        while self.row.cells.len() < place {
            self.row.cells.push_field(b"");
        }
        let kept = kept(text);
        self.row.cells.push_field(kept.as_bytes());
        let marks = marks.into_iter().flatten();
        self.row.marks.extend(marks.map(|mark| (place, mark)));
        self.cells += 1;
        self.bytes += kept.len();
        if self.cells > CELLS_MAX || self.bytes > TEXT_BYTES_MAX {
            return Err(package::too_large());
        }
        Ok(())
    }

    fn end_row(&mut self) {
        let number = self.row.number;
        if !self.row.cells.is_empty() {
            self.rows.push(std::mem::take(&mut self.row));
        }
        self.row.number = number;
    }

    fn finish(mut self) -> Sheet {
        self.end_row();
        Sheet {
            name: self.name,
            rows: self.rows,
        }
    }
}

/// What is kept of a text: enough to see that it is too long.
fn kept(text: &str) -> &str {
    let mut end = text.len().min(CELL_BYTES_MAX + 4);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package of parts, packed.
    fn package(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(*name, options).unwrap();
            std::io::Write::write_all(&mut zip, content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// A workbook in Open Document whose one sheet has these rows.
    fn ods_of(rows: &str) -> Vec<u8> {
        let content = format!(
            r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body>
            <office:spreadsheet><table:table table:name="Demo">{rows}</table:table>
            </office:spreadsheet></office:body></office:document-content>"#
        );
        package(&[
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("META-INF/manifest.xml", "<manifest/>"),
            ("content.xml", &content),
        ])
    }

    fn xlsx_of(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        fill(workbook.add_worksheet());
        workbook.save_to_buffer().unwrap()
    }

    fn texts(row: &SheetRow) -> Vec<&str> {
        let text = |cell| std::str::from_utf8(cell).unwrap();
        row.cells.iter().map(text).collect()
    }

    #[test]
    fn an_open_document_sheet_reads_with_repeated_cells_and_rows_apart() {
        let cell = |text: &str| {
            let value = "office:value-type=\"string\"";
            format!("<table:table-cell {value}><text:p>{text}</text:p></table:table-cell>")
        };
        let rows = format!(
            r#"<table:table-row>{}{}</table:table-row>
            <table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>
            <table:table-row><table:table-cell table:number-columns-repeated="2"/>
            <table:table-cell office:value-type="date" office:date-value="2025-04-03"/>
            <table:table-cell table:number-columns-repeated="16000"/></table:table-row>
            <table:table-row table:number-rows-repeated="1048000">
            <table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#,
            cell("ID"),
            cell("NAME")
        );
        // Between the cells of a row nothing stands, not even space.
        let rows: Vec<&str> = rows.lines().map(str::trim).collect();
        let sheet = read(&ods_of(&rows.concat()), None).unwrap();
        assert_eq!(sheet.name, "Demo");
        let read: Vec<_> = sheet
            .rows
            .iter()
            .map(|row| (row.number, texts(row)))
            .collect();
        assert_eq!(
            read,
            [(1, vec!["ID", "NAME"]), (5, vec!["", "", "2025-04-03"])]
        );
        assert_eq!(sheet.rows[1].marks, [(2, Mark::Date)]);
    }

    #[test]
    fn what_would_not_fit_into_memory_is_refused_before_it_is_laid_out() {
        let value = "office:value-type=\"string\" office:string-value=\"x\"";
        let wide = format!("<table:table-cell {value} table:number-columns-repeated=\"16000\"/>");
        let spread = format!(
            "<table:table-row><table:table-cell {value}/></table:table-row>\
             <table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell/>\
             </table:table-row><table:table-row>{wide}</table:table-row>"
        );
        let spaces = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>\
                      <text:s text:c=\"4000000000\"/></text:p></table:table-cell></table:table-row>";
        let many = format!(
            "<table:table-row table:number-rows-repeated=\"1000000\">{wide}</table:table-row>"
        );
        let long = "x".repeat(20_000);
        let long = format!(
            "<table:table-row><table:table-cell office:value-type=\"string\" \
             table:number-columns-repeated=\"10000\"><text:p>{long}</text:p>\
             </table:table-cell></table:table-row>"
        );
        for rows in [spread.as_str(), spaces, &many, &long] {
            let fault = read(&ods_of(rows), None).err().unwrap();
            assert!(fault.line().contains("holds more than"), "{}", fault.line());
        }
        let padding = " ".repeat(200 * 1024 * 1024);
        let bomb = package(&[
            ("mimetype", "x"),
            ("a.bin", &padding),
            ("b.xml", &format!("<a>{padding}</a>")),
        ]);
        assert!(bomb.len() < 1024 * 1024);
        let fault = read(&bomb, None).err().unwrap();
        assert!(fault.line().contains("holds more than"), "{}", fault.line());
    }

    #[test]
    fn a_part_that_ends_too_early_is_damage_and_no_endless_loop() {
        for rows in [
            "<table:table-row>",
            "<table:table-cell office:annotation=\"\">",
        ] {
            let content = format!("<o><table:table table:name=\"Demo\">{rows}");
            let bytes = package(&[
                ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
                ("META-INF/manifest.xml", "<manifest/>"),
                ("content.xml", &content),
            ]);
            assert!(read(&bytes, None).is_err());
        }
    }

    #[test]
    fn a_sheet_is_named_or_the_only_one() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        for name in ["Demo", "Other"] {
            let sheet = workbook.add_worksheet().set_name(name).unwrap();
            sheet.write(0, 0, name).unwrap();
        }
        let bytes = workbook.save_to_buffer().unwrap();
        let fault = read(&bytes, None).err().unwrap().line();
        assert!(
            fault.contains("2 sheets") && fault.contains("Demo, Other"),
            "{fault}"
        );
        assert_eq!(
            texts(&read(&bytes, Some("Other")).unwrap().rows[0]),
            ["Other"]
        );
        assert!(read(&bytes, Some("None")).is_err());
    }

    #[test]
    fn formulas_and_dates_are_marked() {
        let bytes = xlsx_of(|sheet| {
            let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2025, 4, 3).unwrap();
            let format = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yy");
            sheet.write_with_format(1, 0, &date, &format).unwrap();
            let formula = rust_xlsxwriter::Formula::new("=1+1").set_result("2");
            sheet.write(1, 2, formula).unwrap();
        });
        let sheet = read(&bytes, None).unwrap();
        assert_eq!(sheet.rows.len(), 1);
        let row = &sheet.rows[0];
        assert_eq!((row.number, texts(row)), (2, vec!["2025-04-03", "", "2"]));
        assert_eq!(row.marks, [(0, Mark::Date), (2, Mark::Formula)]);
    }

    proptest::proptest! {
        #[test]
        fn bytes_that_are_no_workbook_never_end_the_program(
            is_xlsx in proptest::prelude::any::<bool>(),
            cut in 0_usize..8000,
            changes in proptest::collection::vec((0_usize..8000, proptest::prelude::any::<u8>()), 0..8),
        ) {
            let mut bytes = match is_xlsx {
                true => xlsx_of(|sheet| { sheet.write(0, 0, "ID").unwrap(); }),
                false => ods_of("<table:table-row><table:table-cell/></table:table-row>"),
            };
            for (place, byte) in changes {
                let place = place % bytes.len();
                bytes[place] = byte;
            }
            bytes.truncate(cut.max(4));
            let _ = package::check(&bytes);
            let _ = read(&bytes, None);
        }

        #[test]
        fn parts_that_are_no_sheet_never_end_the_program(
            content in "(<table:table table:name=\"a\">|</?table:table-row>|<table:table-cell office:value=\"[0-9a]\" table:number-columns-repeated=\"[0-9]{1,6}\"/?>|</table:table-cell>|<text:s text:c=\"[0-9]{1,3}\"/>|&x;|x){0,24}",
        ) {
            let bytes = ods_of(&content);
            let _ = read(&bytes, None);
        }
    }

    #[test]
    fn cells_say_what_they_hold_and_nothing_rounded() {
        let date = |serial| {
            let kind = calamine::ExcelDateTimeType::DateTime;
            Data::DateTime(ExcelDateTime::new(serial, kind, false))
        };
        for (value, text, mark) in [
            (Data::Float(17.0), "17", None),
            (Data::Float(0.1), "0.1", None),
            (Data::String(" 0017".to_owned()), " 0017", None),
            (date(45_750.0), "2025-04-03", Some(Mark::Date)),
            (date(45_750.5), "2025-04-03T12:00:00", Some(Mark::Date)),
            (date(0.5), "12:00:00", None),
            (
                Data::DateTimeIso("2025-04-03T00:00:00".to_owned()),
                "2025-04-03",
                Some(Mark::Date),
            ),
            (
                Data::Error(calamine::CellErrorType::Ref),
                "#REF!",
                Some(Mark::Error),
            ),
        ] {
            assert_eq!(shown(&value), (text.to_owned(), mark), "{value:?}");
        }
    }
}
