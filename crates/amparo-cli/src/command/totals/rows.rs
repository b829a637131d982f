//! The rows of totals, for people and for programs, with what is withheld of them.
//!
//! A withheld row shows that it is there and nothing of its three numbers.

use amparo_projections::totals::TotalsRow;

use crate::figures;
use crate::output::{Cell, Column, Meta, Reply};

/// What stands for a number that is withheld.
const WITHHELD: &str = "withheld";

/// One row of totals, as it may be shown.
pub struct Shown {
    /// The row.
    pub row: TotalsRow,
    /// Whether its numbers are withheld.
    pub is_withheld: bool,
}

impl Shown {
    /// A row whose numbers are told.
    pub fn open(row: TotalsRow) -> Self {
        Self {
            row,
            is_withheld: false,
        }
    }

    /// Whether a table shows the row: it is not zero for certain, or it is the held line.
    fn is_worth_a_line(&self) -> bool {
        self.is_withheld || !self.row.total.is_zero() || self.row.axis == "profile"
    }

    /// The bounds that dates leave open, where they may be seen.
    fn bounds(&self) -> Option<String> {
        figures::bounds(self.row.total).filter(|_| !self.is_withheld)
    }
}

/// The instrument of a row: its own on the clemency axis, else the one it is grouped under.
///
/// Answers `None` for a row that counts people of one instrument in a state of another.
pub fn instrument<'r>(row: &'r TotalsRow, names: &[&str]) -> Option<Option<&'r str>> {
    let grouped = names
        .iter()
        .position(|name| *name == "instrument")
        .map(|n| row.by[n].as_deref());
    match (row.instrument.as_deref(), grouped) {
        (own, None) => Some(own),
        (None, Some(grouped)) => Some(grouped),
        (Some(own), Some(grouped)) => (grouped == Some(own)).then_some(grouped),
    }
}

/// The values of the groupings apart from the instrument, which has its own column.
fn group_cells(row: &TotalsRow, names: &[&str]) -> impl Iterator<Item = Cell> {
    let named = names
        .iter()
        .zip(&row.by)
        .filter(|(name, _)| **name != "instrument");
    let cells: Vec<_> = named
        .map(|(_, value)| Cell::maybe(value.as_deref()))
        .collect();
    cells.into_iter()
}

fn group_columns(names: &[&'static str]) -> impl Iterator<Item = Column> {
    let names = names.iter().filter(|name| **name != "instrument");
    names.map(|name| Column::text(name.replace('-', "_")))
}

/// Every row, with bounds; the instrument stands only on rows that have one.
pub fn for_programs(meta: Meta, names: &[&'static str], rows: &[Shown], suppresses: bool) -> Reply {
    let columns = [
        Column::text("axis"),
        Column::text("state"),
        Column::number("low"),
        Column::number("count"),
        Column::number("high"),
        Column::text("instrument"),
    ];
    let by_instrument = names.contains(&"instrument");
    let suppressed = suppresses.then(|| Column::text("suppressed"));
    let columns = columns.into_iter().chain(group_columns(names));
    let mut reply = Reply::at(meta, columns.chain(suppressed));
    for Shown { row, is_withheld } in rows {
        let Some(instrument) = instrument(row, names) else {
            continue;
        };
        let instrument = match instrument {
            Some(code) => Cell::text(code),
            None if by_instrument => Cell::Empty,
            None => Cell::Absent,
        };
        let mut cells = vec![Cell::text(row.axis), Cell::text(&row.state)];
        cells.extend(match is_withheld {
            true => [Cell::Empty, Cell::Empty, Cell::Empty],
            false => figures::count_cells(row.total),
        });
        cells.push(instrument);
        cells.extend(group_cells(row, names));
        cells.extend(suppresses.then_some(Cell::Flag(*is_withheld)));
        reply.push(cells);
    }
    reply
}

/// The rows that are not zero for certain, and the held line.
pub fn for_people(meta: Meta, names: &[&'static str], rows: &[Shown], suppresses: bool) -> Reply {
    let rows: Vec<_> = rows
        .iter()
        .filter(|shown| shown.is_worth_a_line())
        .collect();
    let by_instrument = names.contains(&"instrument");
    let has_instrument = by_instrument || rows.iter().any(|shown| shown.row.instrument.is_some());
    let is_open = rows.iter().any(|shown| shown.bounds().is_some());
    let columns = [
        Column::text("axis"),
        Column::text("state"),
        Column::number("count"),
    ];
    let open = is_open.then(|| Column::number("low..high"));
    let instrument_column = has_instrument.then(|| Column::text("instrument"));
    let suppressed = suppresses.then(|| Column::text("suppressed"));
    let columns = columns.into_iter().chain(open).chain(instrument_column);
    let mut reply = Reply::at(meta, columns.chain(group_columns(names)).chain(suppressed));
    for shown in rows {
        let Shown { row, is_withheld } = shown;
        let Some(instrument) = instrument(row, names) else {
            continue;
        };
        let count = match is_withheld {
            true => Cell::text(WITHHELD),
            false => Cell::count(row.total.count),
        };
        let mut cells = vec![Cell::text(row.axis), Cell::text(&row.state), count];
        cells.extend(is_open.then(|| Cell::maybe(shown.bounds())));
        cells.extend(has_instrument.then(|| Cell::maybe(instrument)));
        cells.extend(group_cells(row, names));
        cells.extend(suppresses.then_some(Cell::Flag(*is_withheld)));
        reply.push(cells);
    }
    reply
}
