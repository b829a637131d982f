//! `totals`: how many are in each state, and how many are held.

mod behind;
pub mod figure;
mod series;

use amparo_core::date::Day;
use amparo_core::word::nearest;
use amparo_projections::grouping::Grouping;
use amparo_projections::totals::{TotalsRow, totals, totals_by};
use amparo_projections::{Profile, View};
use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::filters::FilterArgs;
use crate::lines::LineFilter;
use crate::output::{Cell, Column, Meta, Reply, text};
use crate::session::Session;

/// The most groupings of one question: each can multiply the rows.
const GROUPINGS_MAX: usize = 4;

/// The groupings by the name that `--by` takes, which is also the column.
const GROUPINGS: [(&str, Grouping); 9] = [
    ("place", Grouping::Place { depth: usize::MAX }),
    ("authority", Grouping::Authority),
    ("court", Grouping::Court),
    ("jurisdiction", Grouping::Jurisdiction),
    ("instrument", Grouping::Instrument),
    ("ground", Grouping::Ground),
    ("source", Grouping::Publisher),
    ("source-kind", Grouping::SourceKind),
    ("recorder", Grouping::Recorder),
];

/// Count who is in each state on each axis, and who is held by the profile
///
/// Each number has a low, a count and a high: uncertain dates make a range. Groups count for
/// their size less the persons told apart. Somebody can be in a state of each axis at once, so
/// numbers of different axes are never added up. A table leaves out what is zero. With --every
/// the numbers are those of each day, week, month or year.
#[derive(Debug, Default, Args)]
pub struct Totals {
    /// Lay the numbers out by place, authority, court, jurisdiction, instrument, ground, source,
    /// source-kind or recorder; several with commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    by: Vec<String>,
    /// With `--by place`, only so many parts of the place: 2 for VE:Caracas
    #[arg(long, value_name = "NUMBER")]
    depth: Option<usize>,
    /// Only this line: detained, granted, ..., or held for the profile's line
    #[arg(long)]
    state: Option<String>,
    /// The numbers of each day, week, month or year from --from to --to: the held line unless
    /// --state or --all says otherwise
    #[arg(long, value_name = "STEP", requires = "from", conflicts_with_all = ["by", "depth"])]
    every: Option<series::Step>,
    /// Of a series, all lines
    #[arg(long, requires = "every", conflicts_with = "state")]
    all: bool,
    /// The first day of a series
    #[arg(long, value_name = "DATE", requires = "every")]
    from: Option<String>,
    /// The last day of a series [default: the as-of day]
    #[arg(long, value_name = "DATE", requires = "every")]
    to: Option<String>,
    /// Draw a series beside its numbers: █ certain, ░ possible, │ the point count
    #[arg(long, requires = "every")]
    chart: bool,
    /// Draw one line of a series in a new SVG file, with the claims of the same measure
    #[arg(short = 'o', long, value_name = "FILE.svg", requires = "every")]
    out: Option<String>,
    /// The people behind each number, one row each; the rows add up to the number
    #[arg(long, conflicts_with_all = ["by", "every", "evidence"])]
    who: bool,
    /// The same, with the entry that each row rests on
    #[arg(long, conflicts_with_all = ["by", "every"])]
    evidence: bool,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

/// One grouping that was asked for.
type Asked = (&'static str, Grouping);

impl Totals {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if let Some(step) = self.every {
            return series::run(&self, step, session);
        }
        let asked = self.groupings()?;
        let derived = Derived::open(session, &self.at)?;
        let wanted = LineFilter::of(self.state.as_deref(), &derived.profile)?;
        let groupings: Vec<_> = asked.iter().map(|(_, grouping)| *grouping).collect();
        let filters = self
            .filters
            .check(session, &derived.ledger, derived.at.today)?;
        let (view, as_of) = (derived.asked(&filters), derived.at.as_of);
        if self.who || self.evidence {
            let meta = derived.at.meta().filter("state", self.state.as_ref());
            let meta = filters.show(meta);
            let reply = behind::reply(meta, &derived, &view, &wanted, self.evidence)?;
            session.reply(&reply)?;
            return Ok(Exit::Done);
        }
        let rows = counted(&view, as_of, &derived.profile, &groupings, &wanted);
        let names: Vec<_> = asked.iter().map(|(name, _)| *name).collect();
        let by = (!names.is_empty()).then(|| names.join(","));
        let meta = derived
            .at
            .meta()
            .filter("by", by)
            .filter("depth", self.depth)
            .filter("state", self.state.as_ref());
        let meta = filters.show(meta);
        let reply = if figures::is_for_people(session.globals.format) {
            for_people(meta, &names, &rows)
        } else {
            for_programs(meta, &names, &rows)
        };
        session.reply(&reply)?;
        Ok(Exit::Done)
    }

    /// The lines that a series shows.
    fn lines(&self, profile: &Profile) -> Result<LineFilter, Failure> {
        match (&self.state, self.all) {
            (None, false) => Ok(LineFilter::Held),
            (state, _) => LineFilter::of(state.as_deref(), profile),
        }
    }

    fn groupings(&self) -> Result<Vec<Asked>, Failure> {
        if self.by.len() > GROUPINGS_MAX {
            return Err(Failure::usage(format!(
                "--by takes at most {GROUPINGS_MAX} groupings"
            )));
        }
        let mut asked: Vec<Asked> = Vec::new();
        for typed in &self.by {
            let (name, grouping) = grouping(typed)?;
            if asked.iter().any(|(known, _)| *known == name) {
                return Err(Failure::usage(format!("--by names `{name}` twice")));
            }
            let cut = matches!(grouping, Grouping::Place { .. })
                .then_some(self.depth)
                .flatten();
            asked.push((
                name,
                cut.map_or(grouping, |depth| Grouping::Place { depth }),
            ));
        }
        let by_place = asked.iter().any(|(name, _)| *name == "place");
        match self.depth {
            Some(0) => Err(Failure::usage("--depth is at least 1")),
            Some(_) if !by_place => Err(Failure::usage(
                "--depth cuts places, and --by names no place",
            )
            .hint("add `--by place`")),
            Some(_) | None => Ok(asked),
        }
    }
}

/// The lines that are asked for, laid out by groupings where there are any.
fn counted(
    view: &View<'_>,
    as_of: Day,
    profile: &Profile,
    groupings: &[Grouping],
    wanted: &LineFilter,
) -> Vec<TotalsRow> {
    let mut rows = match groupings {
        [] => totals(view, as_of, profile),
        groupings => totals_by(view, as_of, profile, groupings),
    };
    rows.retain(|row| wanted.takes(row.axis, &row.state));
    rows
}

fn grouping(typed: &str) -> Result<Asked, Failure> {
    let names = || GROUPINGS.iter().map(|(name, _)| *name);
    let found = GROUPINGS.iter().find(|(name, _)| *name == typed);
    found.copied().ok_or_else(|| {
        let failure = Failure::usage(format!("totals are not kept by `{}`", text::visible(typed)));
        match nearest(typed, names()) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!(
                "--by takes {}",
                names().collect::<Vec<_>>().join(", ")
            )),
        }
    })
}

/// The instrument of a row: its own on the clemency axis, else the one it is grouped under.
///
/// Answers `None` for a row that counts people of one instrument in a state of another.
fn instrument<'r>(row: &'r TotalsRow, names: &[&str]) -> Option<Option<&'r str>> {
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
fn for_programs(meta: Meta, names: &[&'static str], rows: &[TotalsRow]) -> Reply {
    let columns = [
        Column::text("axis"),
        Column::text("state"),
        Column::number("low"),
        Column::number("count"),
        Column::number("high"),
        Column::text("instrument"),
    ];
    let by_instrument = names.contains(&"instrument");
    let mut reply = Reply::at(meta, columns.into_iter().chain(group_columns(names)));
    for row in rows {
        let Some(instrument) = instrument(row, names) else {
            continue;
        };
        let instrument = match instrument {
            Some(code) => Cell::text(code),
            None if by_instrument => Cell::Empty,
            None => Cell::Absent,
        };
        let own = [
            Cell::text(row.axis),
            Cell::text(&row.state),
            Cell::count(row.total.low),
            Cell::count(row.total.count),
            Cell::count(row.total.high),
            instrument,
        ];
        reply.push(own.into_iter().chain(group_cells(row, names)).collect());
    }
    reply
}

/// The rows that are not zero for certain, and the held line.
fn for_people(meta: Meta, names: &[&'static str], rows: &[TotalsRow]) -> Reply {
    let is_shown = |row: &&TotalsRow| !row.total.is_zero() || row.axis == "profile";
    let rows: Vec<_> = rows.iter().filter(is_shown).collect();
    let by_instrument = names.contains(&"instrument");
    let has_instrument = by_instrument || rows.iter().any(|row| row.instrument.is_some());
    let is_open = rows.iter().any(|row| figures::bounds(row.total).is_some());
    let columns = [
        Column::text("axis"),
        Column::text("state"),
        Column::number("count"),
    ];
    let open = is_open.then(|| Column::number("low..high"));
    let instrument_column = has_instrument.then(|| Column::text("instrument"));
    let columns = columns.into_iter().chain(open).chain(instrument_column);
    let mut reply = Reply::at(meta, columns.chain(group_columns(names)));
    for row in rows {
        let Some(instrument) = instrument(row, names) else {
            continue;
        };
        let own = [
            Cell::text(row.axis),
            Cell::text(&row.state),
            Cell::count(row.total.count),
        ];
        let open = is_open.then(|| Cell::maybe(figures::bounds(row.total)));
        let instrument = has_instrument.then(|| Cell::maybe(instrument));
        let cells = own.into_iter().chain(open).chain(instrument);
        reply.push(cells.chain(group_cells(row, names)).collect());
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groupings_that_make_no_sense_are_usage_failures() {
        for (by, depth, says) in [
            (&["sauce"][..], None, "did you mean `source`?"),
            (&["colour"], None, "--by takes place, authority"),
            (&["place", "place"], None, "names `place` twice"),
            (&["court"], Some(2), "names no place"),
            (&["place"], Some(0), "at least 1"),
            (
                &["place", "court", "source", "ground", "recorder"],
                None,
                "at most 4",
            ),
        ] {
            let by = by.iter().map(|name| (*name).to_owned()).collect();
            let totals = Totals {
                by,
                depth,
                ..Totals::default()
            };
            let failure = format!("{:?}", totals.groupings().unwrap_err());
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{failure}"
            );
        }
    }

    #[test]
    fn a_depth_cuts_the_place_and_nothing_else() {
        let by = ["court", "place"].map(str::to_owned).to_vec();
        let totals = Totals {
            by,
            depth: Some(2),
            ..Totals::default()
        };
        let asked = totals.groupings().unwrap();
        assert_eq!(
            asked,
            [
                ("court", Grouping::Court),
                ("place", Grouping::Place { depth: 2 })
            ]
        );
    }
}
