//! A published table of stocks and flows, read from CSV with the place of every cell.
//!
//! Every fault of the file is found, not only the first; nothing of it is guessed. An empty cell is
//! a figure that is not published.

use amparo_core::date::{Day, Period};
use amparo_core::fault::{Fault, Rule};
use amparo_core::kind::{Axis, Kind};
use amparo_core::limit;
use amparo_core::word::nearest;
use amparo_projections::flow_table::{FlowTable, Item, TableRow};

use crate::faults::InputFault;

/// The most bytes of a table.
pub const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most rows of a table.
const ROWS_MAX: usize = 10_000;
/// The columns that say something for people, and are not read.
const REMARKS: [&str; 2] = ["note", "source"];
const PERIOD: &str = "period";
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where a cell stands in its file, both from 1; columns are counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column of the first character.
    pub column: usize,
}

/// A table, and where its cells stand.
#[derive(Debug)]
pub struct PlacedTable {
    /// The table.
    pub table: FlowTable,
    /// For each row, where its period stands and where each figure does, in the order of items.
    places: Vec<(Place, Vec<Place>)>,
    /// The period of each row as it is written.
    pub periods: Vec<String>,
}

/// What a column of the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Period,
    Figure(Item),
    Remark,
}

/// One record of the file: its cells, each with its place.
type Record = Vec<(Place, String)>;

impl PlacedTable {
    /// Reads a table; `file` is what faults call it.
    ///
    /// # Errors
    /// Every fault that there is.
    pub fn read(file: &str, text: &str, today: Day) -> Result<Self, Vec<InputFault>> {
        let mut reading = TableReading {
            file,
            today,
            faults: Vec::new(),
        };
        let table = reading.table(text);
        match table {
            Some(table) if reading.faults.is_empty() => Ok(table),
            Some(_) | None => Err(reading.faults),
        }
    }

    /// Where a figure stands; where its period does, for one that the table has no column for.
    pub fn place(&self, row: usize, item: Item) -> Place {
        let (period, figures) = &self.places[row];
        let column = self.table.items.iter().position(|known| *known == item);
        column.map_or(*period, |column| figures[column])
    }
}

struct TableReading<'f> {
    file: &'f str,
    today: Day,
    faults: Vec<InputFault>,
}

impl TableReading<'_> {
    fn table(&mut self, text: &str) -> Option<PlacedTable> {
        let records = self.records(text.trim_start_matches(BYTE_ORDER_MARK));
        let Some((heading, rows)) = records.split_first() else {
            let start = Place { line: 1, column: 1 };
            self.fault(start, Rule::MissingField, "there is no heading", EXAMPLE);
            return None;
        };
        let columns = self.heading(heading);
        let of = |column: &Option<Column>| match column {
            Some(Column::Figure(item)) => Some(*item),
            Some(Column::Period | Column::Remark) | None => None,
        };
        let mut read = PlacedTable {
            table: FlowTable {
                items: columns.iter().filter_map(of).collect(),
                rows: Vec::new(),
            },
            places: Vec::new(),
            periods: Vec::new(),
        };
        if rows.is_empty() {
            let remedy = "write a row for each period under the heading";
            self.fault(
                heading[0].0,
                Rule::MissingField,
                "there are no rows",
                remedy,
            );
        }
        for row in rows {
            self.row(&columns, row, &mut read);
        }
        Some(read)
    }

    /// The records of the file that are not blank, cells trimmed.
    fn records(&mut self, text: &str) -> Vec<Record> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = Vec::new();
        // Reading bytes that are UTF-8 already meets no error.
        for record in reader.records().map_while(Result::ok) {
            let position = record.position();
            let (byte, line) = position.map_or((0, 1), |at| (at.byte(), at.line()));
            let start = usize::try_from(byte).unwrap_or(text.len());
            let places = places(text.get(start..).unwrap_or_default(), line);
            let cells = record.iter().map(str::to_owned);
            let record: Record = places.into_iter().zip(cells).collect();
            if records.len() > ROWS_MAX {
                let message = format!("the table has more than {ROWS_MAX} rows");
                self.fault(record[0].0, Rule::AboveLimit, message, "check it in parts");
                break;
            }
            if record.iter().any(|(_, cell)| !cell.is_empty()) {
                records.push(record);
            }
        }
        records
    }

    /// What each column holds; `None` for one that is a fault.
    fn heading(&mut self, heading: &Record) -> Vec<Option<Column>> {
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(heading.len());
        for (place, name) in heading {
            let column = match column(name) {
                Ok(Column::Remark) => Some(Column::Remark),
                Ok(column) if columns.contains(&Some(column)) => {
                    let remedy = "leave one of the two out";
                    self.fault(
                        *place,
                        Rule::DuplicateKey,
                        "this column is there twice",
                        remedy,
                    );
                    None
                }
                Ok(column) => Some(column),
                Err(fault) => {
                    self.fault(*place, fault.rule, fault.message, &fault.remedy);
                    None
                }
            };
            columns.push(column);
        }
        let start = heading
            .first()
            .map_or(Place { line: 1, column: 1 }, |(place, _)| *place);
        // What a heading that does not read was meant to be is not known.
        let is_whole = !columns.contains(&None);
        if is_whole && !columns.contains(&Some(Column::Period)) {
            self.fault(
                start,
                Rule::MissingField,
                "there is no column `period`",
                EXAMPLE,
            );
        }
        let is_figure = |column: &Option<Column>| matches!(column, Some(Column::Figure(_)));
        if is_whole && !columns.iter().any(is_figure) {
            self.fault(
                start,
                Rule::MissingField,
                "there is no column of figures",
                EXAMPLE,
            );
        }
        columns
    }

    fn row(&mut self, columns: &[Option<Column>], row: &Record, read: &mut PlacedTable) {
        if row.len() != columns.len() {
            let message = format!(
                "this row has {} cells and the heading {}",
                row.len(),
                columns.len()
            );
            let remedy = "give each column a cell; what is not published stays empty";
            self.fault(row[0].0, Rule::Malformed, message, remedy);
            return;
        }
        let mut period = None;
        let (mut figures, mut places) = (Vec::new(), Vec::new());
        for (column, (place, cell)) in columns.iter().zip(row) {
            match column {
                Some(Column::Period) => {
                    period = self.period(*place, cell).map(|read| (read, *place, cell));
                }
                Some(Column::Figure(_)) => {
                    figures.push(self.figure(*place, cell));
                    places.push(*place);
                }
                Some(Column::Remark) | None => {}
            }
        }
        if let Some((period, place, cell)) = period {
            read.table.rows.push(TableRow { period, figures });
            read.places.push((place, places));
            read.periods.push(cell.clone());
        }
    }

    fn period(&mut self, place: Place, cell: &str) -> Option<Period> {
        let remedy = "write a day, a month, a year or a range: 2026-02, 2026-02-01..2026-02-14";
        match Period::parse(cell, self.today) {
            Ok(period) => Some(period),
            Err(error) => {
                let remedy = error.remedy().unwrap_or(remedy);
                self.fault(place, Rule::BadDate, error.to_string(), remedy);
                None
            }
        }
    }

    fn figure(&mut self, place: Place, cell: &str) -> Option<u64> {
        if cell.is_empty() {
            return None;
        }
        let is_whole = cell.bytes().all(|byte| byte.is_ascii_digit());
        match cell.parse::<u64>() {
            Ok(figure) if is_whole && figure <= limit::QUANTITY_MAX => Some(figure),
            Err(_) if !is_whole => {
                let remedy = "write digits alone: 1234; what is not published stays empty";
                self.fault(place, Rule::WrongType, "this is no whole number", remedy);
                None
            }
            Ok(_) | Err(_) => {
                let message = format!("a figure is at most {}", limit::QUANTITY_MAX);
                self.fault(place, Rule::AboveLimit, message, "check the figure");
                None
            }
        }
    }

    fn fault(&mut self, place: Place, rule: Rule, message: impl Into<String>, remedy: &str) {
        let fault = Fault {
            rule,
            column: place.column,
            field: String::new(),
            message: message.into(),
            remedy: Some(remedy.to_owned()),
        };
        // A cell can hold a name by mistake, so no excerpt of the line is shown.
        self.faults
            .push(InputFault::of_line(self.file, place.line, b"", fault));
    }
}

const EXAMPLE: &str = "the heading is such as: period,stock-at-start,entry arrest,exit release,\
                       stock-at-end";

/// A heading that does not read.
struct HeadingFault {
    rule: Rule,
    message: &'static str,
    remedy: String,
}

/// What a column of this heading holds; case, `_` and `:` for spaces, and plurals do not count.
fn column(name: &str) -> Result<Column, HeadingFault> {
    let folded = name.to_lowercase().replace(['_', ':', ' '], "-");
    let (side, kind) = match folded.split_once('-') {
        Some(("entry" | "entries", kind)) => ("entry", kind),
        Some(("exit" | "exits", kind)) => ("exit", kind),
        Some(_) | None => (folded.as_str(), ""),
    };
    let item = match (side, kind) {
        (PERIOD, _) => return Ok(Column::Period),
        (remark, _) if REMARKS.contains(&remark) => return Ok(Column::Remark),
        ("stock-at-start", _) => Item::StockAtStart,
        ("stock-at-end", _) => Item::StockAtEnd,
        ("entry" | "entries", "") => Item::Entries(None),
        ("exit" | "exits", "") => Item::Exits(None),
        ("entry", kind) => Item::Entries(Some(kind_of_flow(kind)?)),
        ("exit", kind) => Item::Exits(Some(kind_of_flow(kind)?)),
        (other, _) => {
            let columns = [PERIOD, "stock-at-start", "entries", "exits", "stock-at-end"];
            let near = nearest(other, columns.into_iter().chain(REMARKS));
            return Err(HeadingFault {
                rule: Rule::UnknownField,
                message: "this is no column of a table of flows",
                remedy: near.map_or(EXAMPLE.to_owned(), |near| format!("did you mean `{near}`?")),
            });
        }
    };
    Ok(Column::Figure(item))
}

/// A kind by which somebody can come in or go out.
fn kind_of_flow(word: &str) -> Result<Kind, HeadingFault> {
    use amparo_core::word::Word as _;
    let moves = |kind: &Kind| {
        kind.state()
            .is_some_and(|state| state.axis() == Axis::Custody)
    };
    let kind = Kind::from_word(word).filter(moves);
    kind.ok_or_else(|| {
        let words = Kind::ALL
            .iter()
            .filter(|kind| moves(kind))
            .map(|kind| kind.word());
        let remedy = match nearest(word, words.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", words.collect::<Vec<_>>().join(", ")),
        };
        HeadingFault {
            rule: Rule::UnknownKind,
            message: "this is no kind by which somebody comes in or goes out",
            remedy,
        }
    })
}

/// Where the cells of the first record of a text stand; blank lines before it are skipped.
fn places(text: &str, line: u64) -> Vec<Place> {
    let blank = |c: &char| *c == '\n' || *c == '\r';
    let skipped = text.chars().take_while(blank);
    let line = line + skipped.filter(|c| *c == '\n').count() as u64;
    let mut at = Place { line, column: 1 };
    let mut places = vec![at];
    let mut in_quotes = false;
    for c in text.trim_start_matches(['\n', '\r']).chars() {
        at.column += 1;
        match c {
            '"' => in_quotes = !in_quotes,
            ',' if !in_quotes => places.push(at),
            '\n' if !in_quotes => break,
            '\n' => {
                at = Place {
                    line: at.line + 1,
                    column: 1,
                };
            }
            _ => {}
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PlacedTable, Vec<String>> {
        let today = Day::from_ymd(2026, 2, 28).unwrap();
        let faults =
            |faults: Vec<InputFault>| faults.iter().map(|fault| fault.lines().join(" ")).collect();
        PlacedTable::read("t.csv", text, today).map_err(faults)
    }

    #[test]
    fn every_cell_keeps_its_place_under_any_spelling_of_the_heading() {
        let text = "\u{feff}Period,Stock at start,note,entries,\"entry:arrest\",exit_release,Stock-at-end\r\n\
                    \r\n2026-01 , 1 ,\"a, \n\"\"b\"\"\",2,,3,0\r\n2026-02,0,,,0,0,0\n";
        let read = read(text).unwrap();
        let items = [
            Item::StockAtStart,
            Item::Entries(None),
            Item::Entries(Some(Kind::Arrest)),
            Item::Exits(Some(Kind::Release)),
            Item::StockAtEnd,
        ];
        assert_eq!(read.table.items, items);
        assert_eq!(
            read.table.rows[0].figures,
            [Some(1), Some(2), None, Some(3), Some(0)]
        );
        assert_eq!(read.periods, ["2026-01", "2026-02"]);
        for (row, item, line, column) in [
            (0, Item::StockAtStart, 3, 10),
            (0, Item::Entries(None), 4, 8),
            (0, Item::StockAtEnd, 4, 13),
            (1, Item::StockAtEnd, 5, 17),
            // There is no such column: the period stands for it.
            (1, Item::Exits(None), 5, 1),
        ] {
            assert_eq!(read.place(row, item), Place { line, column }, "{item}");
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place_and_a_remedy() {
        for (text, expect) in [
            ("", "t.csv:1:1: there is no heading"),
            (
                "period\n2026-02\n",
                "t.csv:1:1: there is no column of figures",
            ),
            (
                "exits,entries\n1,2\n",
                "t.csv:1:1: there is no column `period`",
            ),
            ("period,entries\n", "t.csv:1:1: there are no rows"),
            (
                "period,stock at strat\n2026,1\n",
                "t.csv:1:8: this is no column of a table of flows   hint: did you mean `stock-at-start`?",
            ),
            (
                "period,exit realease\n2026,1\n",
                "t.csv:1:8: this is no kind by which somebody comes in or goes out   hint: did you mean `release`?",
            ),
            (
                "period,entry charge\n2026,1\n",
                "t.csv:1:8: this is no kind by which",
            ),
            (
                "period,exits,EXIT\n2026,1,1\n",
                "t.csv:1:14: this column is there twice",
            ),
            (
                "period,exits\n2026,1,1\n",
                "t.csv:2:1: this row has 3 cells and the heading 2",
            ),
            ("period,exits\n2026-02-30,1\n", "t.csv:2:1: "),
            ("period,exits\n,1\n", "t.csv:2:1: "),
            ("period,exits\n2026/..,1\n", "t.csv:2:1: "),
            (
                "period,exits\n2026,-1\n",
                "t.csv:2:6: this is no whole number",
            ),
            (
                "period,exits\n2026,\"1,234\"\n",
                "t.csv:2:6: this is no whole number",
            ),
            (
                "period,exits\n2026,1000000001\n",
                "t.csv:2:6: a figure is at most 1000000000",
            ),
            (
                "period,exits\n2026,99999999999999999999\n",
                "t.csv:2:6: a figure is at most",
            ),
        ] {
            let faults = read(text).unwrap_err();
            assert!(faults[0].starts_with(expect), "{text}: {faults:?}");
            assert!(
                faults.len() == 1 && faults[0].contains("hint: "),
                "{faults:?}"
            );
        }
        let many = "period,exits,entry x\n2026-13,x,1\n2026,y,1\n";
        assert_eq!(read(many).unwrap_err().len(), 4);
        let rows = |n: usize| format!("period,exits\n{}", "2026,1\n".repeat(n));
        assert!(read(&rows(ROWS_MAX)).is_ok());
        let faults = read(&rows(ROWS_MAX + 1)).unwrap_err();
        assert!(faults[0].contains("more than 10000 rows"), "{faults:?}");
    }
}
