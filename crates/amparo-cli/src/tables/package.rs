//! What is inside a workbook's package, walked through once before it is taken for a workbook.
//!
//! Trusts nothing that the package says of itself: every part is unpacked and counted, every part
//! of XML is read to its end, and repeated cells are multiplied out as numbers before any reader
//! does it in memory. Invariant: a package that passes holds no more than the limits say.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use amparo_core::fault::Rule;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::row::CellFault;

/// The most bytes of all parts, unpacked.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The most parts.
const PARTS_MAX: usize = 4096;
/// The most cells of a sheet.
pub const CELLS_MAX: usize = 2_000_000;
/// The most bytes of the texts of a sheet.
pub const TEXT_BYTES_MAX: usize = 128 * 1024 * 1024;
/// The most elements within one another.
const DEPTH_MAX: usize = 256;

/// The kinds of workbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Office Open XML.
    Xlsx,
    /// Open Document.
    Ods,
}

/// What a workbook above the limits is told.
pub fn too_large() -> CellFault {
    CellFault::new(
        Rule::AboveLimit,
        format!(
            "the workbook holds more than {UNPACKED_BYTES_MAX} bytes unpacked, {CELLS_MAX} cells, or \
             {TEXT_BYTES_MAX} bytes of text"
        ),
    )
    .remedy("save the sheet as CSV: that is read row by row")
}

fn damaged() -> CellFault {
    CellFault::new(Rule::Syntax, "this is no sound workbook (XLSX, ODS)")
        .remedy("open it in a spreadsheet program and save it anew, or save the sheet as CSV")
}

/// Walks through a package, and says what kind of workbook it is.
///
/// # Errors
/// A fault of the workbook as a whole.
pub fn check(bytes: &[u8]) -> Result<Kind, CellFault> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > PARTS_MAX {
        return Err(too_large());
    }
    let kind = match (
        archive.index_for_name("xl/workbook.xml"),
        archive.index_for_name("mimetype"),
    ) {
        (Some(_), _) => Kind::Xlsx,
        (None, Some(_)) => Kind::Ods,
        (None, None) => return Err(damaged()),
    };
    let mut left = UNPACKED_BYTES_MAX;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(|_| damaged())?;
        let name = part.name().map_err(|_| damaged())?;
        let is_xml = name.ends_with(".xml") || name.ends_with(".rels");
        drop(name);
        let mut limited = BufReader::new(part.take(left + 1));
        if is_xml {
            let walked = Walk::default().part(&mut limited);
            if limited.get_ref().limit() == 0 {
                return Err(too_large());
            }
            walked?;
        }
        io::copy(&mut limited, &mut io::sink()).map_err(|_| damaged())?;
        left = match limited.get_ref().limit().checked_sub(1) {
            Some(left) => left,
            None => return Err(too_large()),
        };
    }
    Ok(kind)
}

/// One part of XML, walked through to its end; cells are counted as Open Document repeats them.
#[derive(Default)]
struct Walk {
    depth: usize,
    /// How often the row repeats.
    row_repeats: u64,
    /// Cells of the row that hold something, with the empty ones before them.
    row_cells: u64,
    empty_cells: u64,
    /// Bytes of text in the cell, and how often it repeats.
    cell_bytes: u64,
    cell_repeats: u64,
    /// Rows with all that lies between them.
    rows: u64,
    empty_rows: u64,
    width: u64,
    /// Cells as they stand, before rows repeat.
    stored: u64,
    text_bytes: u64,
}

impl Walk {
    fn part(mut self, xml: impl BufRead) -> Result<(), CellFault> {
        let mut reader = Reader::from_reader(xml);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer).map_err(|_| damaged())? {
                Event::Start(element) => {
                    self.depth += 1;
                    self.begins(&element)?;
                }
                Event::Empty(element) => {
                    self.begins(&element)?;
                    self.ends(element.local_name().as_ref());
                }
                Event::End(element) => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(damaged)?;
                    self.ends(element.local_name().as_ref());
                }
                Event::Text(text) => self.cell_bytes += text.len() as u64,
                Event::CData(text) => self.cell_bytes += text.len() as u64,
                Event::DocType(_) => return Err(damaged()),
                Event::Eof if self.depth == 0 => return Ok(()),
                Event::Eof => return Err(damaged()),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::GeneralRef(_) => {}
            }
            if self.depth > DEPTH_MAX {
                return Err(damaged());
            }
            let cells = self.stored.max(self.rows.saturating_mul(self.width));
            if cells > CELLS_MAX as u64 || self.text_bytes > TEXT_BYTES_MAX as u64 {
                return Err(too_large());
            }
        }
    }

    fn begins(&mut self, element: &BytesStart<'_>) -> Result<(), CellFault> {
        match element.local_name().as_ref() {
            "table" => {
                (self.rows, self.empty_rows, self.width) = (0, 0, 0);
            }
            "table-row" => {
                self.row_repeats = repeats(element, "table:number-rows-repeated")?;
                (self.row_cells, self.empty_cells) = (0, 0);
            }
            "table-cell" | "covered-table-cell" => {
                let count = repeats(element, "table:number-columns-repeated")?;
                let mut holds = false;
                self.cell_bytes = 0;
                for attribute in element.attributes() {
                    let attribute = attribute.map_err(|_| damaged())?;
                    let name: &str = attribute.key.as_ref();
                    holds |= name.starts_with("office:") || name == "table:formula";
                    self.cell_bytes += attribute.value.len() as u64;
                }
                // An empty cell is never multiplied, whatever stands in it.
                self.cell_repeats = if holds { count } else { 0 };
                match holds {
                    true => {
                        self.row_cells += self.empty_cells.saturating_add(count);
                        self.empty_cells = 0;
                    }
                    false => self.empty_cells = self.empty_cells.saturating_add(count),
                }
            }
            "s" => self.cell_bytes += repeats(element, "text:c")?,
            _ => {}
        }
        Ok(())
    }

    fn ends(&mut self, name: &str) {
        match name {
            "table-cell" | "covered-table-cell" => {
                let times = self.cell_repeats.saturating_mul(self.row_repeats);
                let bytes = self.cell_bytes.saturating_mul(times);
                self.text_bytes = self.text_bytes.saturating_add(bytes);
                self.cell_bytes = 0;
            }
            "table-row" if self.row_cells == 0 => {
                self.empty_rows = self.empty_rows.saturating_add(self.row_repeats);
            }
            "table-row" => {
                let rows = self.empty_rows.saturating_add(self.row_repeats);
                self.rows = self.rows.saturating_add(rows);
                self.empty_rows = 0;
                self.width = self.width.max(self.row_cells);
                self.stored = self.stored.saturating_add(self.row_cells);
            }
            _ => {}
        }
    }
}

/// A number of repetitions; once where none is stated.
fn repeats(element: &BytesStart<'_>, name: &str) -> Result<u64, CellFault> {
    let attribute = element.try_get_attribute(name).map_err(|_| damaged())?;
    match attribute {
        None => Ok(1),
        Some(attribute) => {
            let count: Option<u32> = attribute.value.parse().ok();
            count.map(u64::from).ok_or_else(damaged)
        }
    }
}
