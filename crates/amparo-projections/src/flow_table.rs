//! Does a published table of stocks and flows hold: in itself, and beside what is documented?
//!
//! Each row of such a table is a period: how many at its start, who came in, who went out, how
//! many at its end. In itself it holds when the kinds add up to the totals, the start and the
//! flows to the end, and the end of a period is the start of the next. Beside the ledger it holds
//! when each of its figures is the one of [`flows`](mod@crate::flows).
//!
//! It refuses to guess: what a table leaves empty is not published, and is neither 0 nor wrong. A
//! sum with an empty cell in it is not checked.

use std::collections::BTreeMap;
use std::fmt;

use amparo_core::date::{Day, Period};
use amparo_core::kind::Kind;
use amparo_core::word::Word as _;

use crate::flows::{FlowRow, Flows};

/// What a figure of a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// How many were held at the end of the day before the period.
    StockAtStart,
    /// Who came in, by one kind of entry or by any.
    Entries(Option<Kind>),
    /// Who went out, by one kind of entry or by any.
    Exits(Option<Kind>),
    /// How many were held at the end of the last day.
    StockAtEnd,
}

/// A table: what each of its figures counts, and one row for each period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowTable {
    /// What is counted, each once.
    pub items: Vec<Item>,
    /// The rows.
    pub rows: Vec<TableRow>,
}

/// The figures of one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The period.
    pub period: Period,
    /// A figure for each item, in their order; `None` where none is published.
    pub figures: Vec<Option<u64>>,
}

/// What a figure was held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    /// The table's other figures.
    Arithmetic,
    /// What is documented.
    Ledger,
}

/// A figure that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The row, from 0.
    pub row: usize,
    /// The figure; one that the table has no place for, where the ledger has a kind besides.
    pub item: Item,
    /// What the figure was held against.
    pub against: Against,
    /// What the table says; `None` for a kind that it does not have.
    pub published: Option<u64>,
    /// What it would have to say; below 0 where more went out than were in.
    pub expected: i64,
}

/// What came of the check of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What does not hold: row by row, arithmetic first, in the order of items.
    pub differences: Vec<Difference>,
    /// How many figures were held against the ledger.
    pub figures: usize,
    /// The rows whose start, flows and end could not be added up, since some are not published.
    pub not_added_up: Vec<usize>,
}

impl FlowTable {
    /// From the first day of the earliest period to the last of the latest; `None` for no rows.
    pub fn period(&self) -> Option<Period> {
        let first = self.rows.iter().map(|row| row.period.first()).min()?;
        let last = self.rows.iter().map(|row| row.period.last()).max()?;
        Period::new(first, last)
    }

    /// Holds the table against itself and against the flows of [`period`](Self::period).
    pub fn check(&self, flows: &Flows) -> Checked {
        let documented = Documented::new(flows);
        let mut checked = Checked::default();
        for (n, row) in self.rows.iter().enumerate() {
            if !self.add_up(n, row, &mut checked) {
                checked.not_added_up.push(n);
            }
            self.beside(&documented, n, row, &mut checked);
        }
        checked
    }

    /// The arithmetic of a row; whether its stocks and flows could be added up.
    fn add_up(&self, n: usize, row: &TableRow, checked: &mut Checked) -> bool {
        let mut fault = |item, expected| {
            checked.differences.push(Difference {
                row: n,
                item,
                against: Against::Arithmetic,
                published: self.figure(row, item),
                expected,
            });
        };
        let start = self.figure(row, Item::StockAtStart);
        let before = n.checked_sub(1).map(|before| &self.rows[before]);
        let adjoins =
            |before: &&TableRow| before.period.last().plus_days(1) == Some(row.period.first());
        let end_before = before
            .filter(adjoins)
            .and_then(|before| self.figure(before, Item::StockAtEnd));
        if let (Some(start), Some(end_before)) = (start, end_before)
            && start != end_before
        {
            fault(Item::StockAtStart, signed(end_before));
        }
        let mut side = |side: fn(Option<Kind>) -> Item| {
            let (total, sum) = (self.figure(row, side(None)), self.sum(row, side));
            if let (Some(total), Some(sum)) = (total, sum)
                && total != sum
            {
                fault(side(None), signed(sum));
            }
            total.or(sum)
        };
        let (entered, left) = (side(Item::Entries), side(Item::Exits));
        let end = self.figure(row, Item::StockAtEnd);
        let (Some(start), Some(entered), Some(left), Some(end)) = (start, entered, left, end)
        else {
            return false;
        };
        let expected = signed(start)
            .saturating_add(signed(entered))
            .saturating_sub(signed(left));
        if signed(end) != expected {
            fault(Item::StockAtEnd, expected);
        }
        true
    }

    /// Each figure of a row beside the documented one, and the kinds that the row leaves out.
    fn beside(&self, documented: &Documented, n: usize, row: &TableRow, checked: &mut Checked) {
        let mut items = self.items.clone();
        for (side, kinds) in [
            (Item::Entries as fn(_) -> _, &documented.entries),
            (Item::Exits, &documented.exits),
        ] {
            if self.kinds(side).next().is_some() {
                items.extend(kinds.keys().map(|kind| side(Some(*kind))));
            }
        }
        items.sort_unstable();
        items.dedup();
        for item in items {
            let (published, has_place) = (self.figure(row, item), self.items.contains(&item));
            let expected = documented.figure(item, row.period);
            let differs = match published {
                Some(published) => signed(published) != expected,
                None => !has_place && expected != 0,
            };
            checked.figures += usize::from(published.is_some());
            if differs {
                checked.differences.push(Difference {
                    row: n,
                    item,
                    against: Against::Ledger,
                    published,
                    expected,
                });
            }
        }
    }

    fn figure(&self, row: &TableRow, item: Item) -> Option<u64> {
        let place = self.items.iter().position(|known| *known == item)?;
        row.figures.get(place).copied().flatten()
    }

    /// The kinds that the table tells apart on one side.
    fn kinds(&self, side: fn(Option<Kind>) -> Item) -> impl Iterator<Item = Item> {
        let by_kind = move |item: &Item| Kind::ALL.iter().any(|kind| side(Some(*kind)) == *item);
        self.items.iter().copied().filter(by_kind)
    }

    /// The sum over the kinds of a side; `None` where one is not published, or there are none.
    fn sum(&self, row: &TableRow, side: fn(Option<Kind>) -> Item) -> Option<u64> {
        let mut figures = self
            .kinds(side)
            .map(|item| self.figure(row, item))
            .peekable();
        figures.peek()?;
        figures.try_fold(0_u64, |sum, figure| Some(sum.saturating_add(figure?)))
    }
}

/// The flows of the ledger, ready to be asked for any period.
struct Documented {
    start: u64,
    entries: BTreeMap<Kind, ByDay>,
    exits: BTreeMap<Kind, ByDay>,
}

type ByDay = BTreeMap<Day, u64>;

impl Documented {
    fn new(flows: &Flows) -> Self {
        let by_kind = |rows: &[FlowRow]| {
            let by_day = |row: &FlowRow| {
                let mut days = ByDay::new();
                for one in &row.moves {
                    *days.entry(one.day).or_default() += one.weight;
                }
                (row.kind, days)
            };
            rows.iter().map(by_day).collect()
        };
        Self {
            start: flows.start,
            entries: by_kind(&flows.entries),
            exits: by_kind(&flows.exits),
        }
    }

    fn figure(&self, item: Item, period: Period) -> i64 {
        let within = |kinds: &BTreeMap<Kind, ByDay>, kind: Option<Kind>| -> u64 {
            let asked = kinds
                .iter()
                .filter(|(known, _)| kind.is_none_or(|kind| kind == **known));
            let of_period = |days: &ByDay| {
                let days = days.range(period.first()..=period.last());
                days.map(|(_, count)| count).sum::<u64>()
            };
            asked.map(|(_, days)| of_period(days)).sum()
        };
        match item {
            Item::StockAtStart => self.stock(|day| day < period.first()),
            Item::StockAtEnd => self.stock(|day| day <= period.last()),
            Item::Entries(kind) => signed(within(&self.entries, kind)),
            Item::Exits(kind) => signed(within(&self.exits, kind)),
        }
    }

    /// The stock after the flows of the first days: at one known-at it follows from them exactly.
    fn stock(&self, is_before: impl Fn(Day) -> bool) -> i64 {
        let sum = |kinds: &BTreeMap<Kind, ByDay>| -> u64 {
            let days = kinds.values().flat_map(|days| {
                days.iter()
                    .take_while(|(day, _)| is_before(**day))
                    .map(|(_, count)| count)
            });
            days.sum()
        };
        signed(self.start) + signed(sum(&self.entries)) - signed(sum(&self.exits))
    }
}

/// Counts are bounded by entries times the largest group; what a table says may be any number.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StockAtStart => f.write_str("stock-at-start"),
            Self::Entries(None) => f.write_str("entries"),
            Self::Entries(Some(kind)) => write!(f, "entry {kind}"),
            Self::Exits(None) => f.write_str("exits"),
            Self::Exits(Some(kind)) => write!(f, "exit {kind}"),
            Self::StockAtEnd => f.write_str("stock-at-end"),
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arithmetic => "arithmetic",
            Self::Ledger => "ledger",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::filter::Filter;
    use crate::flows::flows;
    use crate::naive::{february, history};
    use crate::profile::Profile;
    use crate::sample::{Sample, day};
    use crate::view::View;

    fn period(first: &str, last: &str) -> Period {
        Period::new(day(first), day(last)).unwrap()
    }

    /// Two weeks: one is taken and one disappears in the first, one is let go in the second.
    fn sample() -> Sample {
        Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-01""#,
            r#""kind":"disappearance","person":"p:2","occurred":"2026-02-03""#,
            r#""kind":"release","person":"p:1","occurred":"2026-02-09""#,
        ])
    }

    fn shown(items: &[Item], rows: &[&[Option<u64>]]) -> Vec<String> {
        let weeks = [("2026-02-01", "2026-02-07"), ("2026-02-08", "2026-02-14")];
        let row = |(figures, (first, last)): (&&[Option<u64>], _)| TableRow {
            period: period(first, last),
            figures: figures.to_vec(),
        };
        let table = FlowTable {
            items: items.to_vec(),
            rows: rows.iter().zip(weeks).map(row).collect(),
        };
        let facts = sample().facts();
        let view = View::head(&facts);
        let flows = flows(
            &view,
            &view,
            table.period().unwrap(),
            &Profile::default(),
            &Filter::default(),
        );
        let checked = table.check(&flows);
        let of = |difference: &Difference| {
            let Difference {
                row,
                item,
                against,
                published,
                expected,
            } = difference;
            let published = published.map_or("-".to_owned(), |published| published.to_string());
            format!("{row} {item}: {published}, by {against} {expected}")
        };
        let differences = checked.differences.iter().map(of);
        let open = checked.not_added_up.iter().map(|row| format!("{row} open"));
        differences.chain(open).collect()
    }

    #[test]
    fn each_figure_is_held_against_the_others_and_against_the_ledger() {
        use Item::{Entries, Exits, StockAtEnd, StockAtStart};
        let totals = [StockAtStart, Entries(None), Exits(None), StockAtEnd];
        let (first, second) = (
            [Some(0), Some(2), Some(0), Some(2)],
            [Some(2), Some(0), Some(1), Some(1)],
        );
        let none: [&str; 0] = [];
        assert_eq!(shown(&totals, &[&first, &second]), none);

        let wrong_end = [Some(0), Some(2), Some(0), Some(3)];
        let expect = [
            "0 stock-at-end: 3, by arithmetic 2",
            "0 stock-at-end: 3, by ledger 2",
            "1 stock-at-start: 2, by arithmetic 3",
        ];
        assert_eq!(shown(&totals, &[&wrong_end, &second]), expect);

        let nobody_left = [Some(0), Some(0), Some(5), Some(0)];
        let expect = [
            "0 stock-at-end: 0, by arithmetic -5",
            "0 entries: 0, by ledger 2",
            "0 exits: 5, by ledger 0",
            "0 stock-at-end: 0, by ledger 2",
        ];
        assert_eq!(shown(&totals, &[&nobody_left]), expect);
    }

    #[test]
    fn kinds_add_up_to_the_total_and_one_left_out_is_told() {
        use Item::{Entries, StockAtEnd};
        let items = [Entries(None), Entries(Some(Kind::Arrest)), StockAtEnd];
        let expect = [
            "0 entries: 2, by arithmetic 1",
            "0 entry disappearance: -, by ledger 1",
            "0 open",
        ];
        assert_eq!(shown(&items, &[&[Some(2), Some(1), Some(2)]]), expect);
        // An empty cell is not published: nothing is held against it, nor added up with it.
        let expect = ["0 entry disappearance: -, by ledger 1", "0 open"];
        assert_eq!(shown(&items, &[&[Some(2), None, None]]), expect);
    }

    proptest! {
        #[test]
        fn the_flows_of_the_ledger_itself_always_hold(
            sample in history(),
            days in prop::collection::btree_set(0..28_u32, 2..5),
        ) {
            let facts = sample.facts();
            let view = View::head(&facts);
            let days: Vec<_> = days.into_iter().map(february).collect();
            let mut rows = Vec::new();
            let mut items = vec![Item::StockAtStart, Item::Entries(None), Item::Exits(None), Item::StockAtEnd];
            for kind in Kind::ALL {
                items.extend([Item::Entries(Some(*kind)), Item::Exits(Some(*kind))]);
            }
            for two in days.windows(2) {
                let period = Period::new(two[0].plus_days(1).unwrap(), two[1]).unwrap();
                let of = flows(&view, &view, period, &Profile::default(), &Filter::default());
                let count = |rows: &[FlowRow], kind: Kind| {
                    rows.iter().find(|row| row.kind == kind).map_or(0, |row| row.count)
                };
                let figure = |item: &Item| Some(match *item {
                    Item::StockAtStart => of.start,
                    Item::Entries(None) => of.entered(),
                    Item::Entries(Some(kind)) => count(&of.entries, kind),
                    Item::Exits(None) => of.left(),
                    Item::Exits(Some(kind)) => count(&of.exits, kind),
                    Item::StockAtEnd => of.end,
                });
                rows.push(TableRow { period, figures: items.iter().map(figure).collect() });
            }
            let table = FlowTable { items, rows };
            if let Some(period) = table.period() {
                let checked = table.check(&flows(&view, &view, period, &Profile::default(), &Filter::default()));
                prop_assert_eq!(checked.differences, []);
                prop_assert!(checked.not_added_up.is_empty() && checked.figures > 0);
            }
        }
    }
}
