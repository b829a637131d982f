//! `totals`: how many are in each state, and how many are held.

mod behind;
pub mod figure;
pub(super) mod rows;
mod series;

use std::iter;

use amparo_core::date::Day;
use amparo_core::word::nearest;
use amparo_projections::grouping::Grouping;
use amparo_projections::suppression::withheld;
use amparo_projections::totals::{TotalsRow, totals, totals_by};
use amparo_projections::{Profile, View};
use amparo_store::ledger::Ledger;
use clap::Args;
use rows::Shown;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::coordinates::Coordinates;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::filters::FilterArgs;
use crate::kept_deltas::KeptDeltas;
use crate::lines::LineFilter;
use crate::output::{Meta, text};
use crate::session::{Reading, Session};

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
    /// Withhold numbers from 1 to below this, and as many beside them as it takes that none follows
    /// by subtraction from the others, or from these totals without --by. It does not protect
    /// against totals of another day, filter or layout beside these, nor hide that a row is there
    #[arg(long, value_name = "NUMBER", value_parser = threshold())]
    #[arg(conflicts_with_all = ["who", "evidence", "every"])]
    suppress_below: Option<u64>,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

/// One grouping that was asked for.
pub(super) type Asked = (&'static str, Grouping);

impl Totals {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if let Some(step) = self.every {
            return series::run(&self, step, session);
        }
        let asked = self.groupings()?;
        let Reading { ledger, at } = session.reading(&self.at)?;
        if let Some((profile, rows)) = self.kept_totals(&ledger, &at)? {
            let wanted = LineFilter::of(self.state.as_deref(), &profile)?;
            let shown = rows.into_iter().map(Shown::open).collect();
            return self.reply(session, &at.counted_by(&profile), &wanted, shown, |meta| {
                meta
            });
        }
        let derived = Derived::of(session, ledger, at)?;
        let wanted = LineFilter::of(self.state.as_deref(), &derived.profile)?;
        let groupings: Vec<_> = asked.iter().map(|(_, grouping)| *grouping).collect();
        let filters =
            self.filters
                .check(session, &derived.ledger, &derived.facts, derived.at.today)?;
        let (view, as_of) = (derived.asked(&filters), derived.at.as_of);
        if self.who || self.evidence {
            let meta = derived.at.meta().filter("state", self.state.as_ref());
            let meta = filters.show(meta);
            let reply = behind::reply(meta, &derived, &view, &wanted, self.evidence)?;
            session.reply(&reply)?;
            return Ok(Exit::Done);
        }
        let below = self.suppress_below;
        let rows = counted(&view, as_of, &derived.profile, &groupings, below);
        self.reply(session, &derived.at, &wanted, rows, |meta| {
            filters.show(meta)
        })
    }

    /// The totals over everybody as the kept deltas give them; none where the question is about
    /// more, or the log is short.
    fn kept_totals(
        &self,
        ledger: &Ledger,
        at: &Coordinates,
    ) -> Result<Option<(Profile, Vec<TotalsRow>)>, Failure> {
        let opens = self.who || self.evidence || self.suppress_below.is_some();
        let Some(profile) = Profile::named(&at.profile) else {
            return Ok(None);
        };
        if opens || !self.by.is_empty() || !self.filters.is_empty() {
            return Ok(None);
        }
        let deltas = KeptDeltas::open(ledger)?;
        let rows = deltas.and_then(|deltas| deltas.totals(at.known_at, at.as_of, &profile));
        Ok(rows.map(|rows| (profile, rows)))
    }

    /// Writes the lines that are wanted.
    fn reply(
        &self,
        session: &mut Session<'_, '_>,
        at: &Coordinates,
        wanted: &LineFilter,
        mut rows: Vec<Shown>,
        filters: impl FnOnce(Meta) -> Meta,
    ) -> Result<Exit, Failure> {
        rows.retain(|shown| wanted.takes(shown.row.axis, &shown.row.state));
        let names: Vec<_> = self.groupings()?.iter().map(|(name, _)| *name).collect();
        let by = (!names.is_empty()).then(|| names.join(","));
        let meta = at
            .meta()
            .filter("by", by)
            .filter("depth", self.depth)
            .filter("state", self.state.as_ref())
            .filter("suppress-below", self.suppress_below);
        let meta = filters(meta);
        let suppresses = self.suppress_below.is_some();
        let reply = if figures::is_for_people(session.globals.format) {
            rows::for_people(meta, &names, &rows, suppresses)
        } else {
            rows::for_programs(meta, &names, &rows, suppresses)
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
        groupings(&self.by, self.depth)
    }
}

/// The least threshold that withholds anything.
const THRESHOLD_MIN: u64 = 2;

/// Reads the threshold of `--suppress-below`.
pub(super) fn threshold() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(THRESHOLD_MIN..)
}

/// The totals at the end of a day, with what is withheld of them below a threshold.
///
/// Totals laid out by groups are judged beside the same totals over everybody, since who reads the
/// one may read the other.
pub(super) fn counted(
    view: &View<'_>,
    as_of: Day,
    profile: &Profile,
    groupings: &[Grouping],
    suppress_below: Option<u64>,
) -> Vec<Shown> {
    let everybody = || totals(view, as_of, profile);
    let (rows, withheld) = match (groupings, suppress_below) {
        ([], None) => (everybody(), Vec::new()),
        ([], Some(below)) => {
            let rows = everybody();
            let withheld = withheld(&rows, &[], profile, below).overall;
            (rows, withheld)
        }
        (groupings, None) => (totals_by(view, as_of, profile, groupings), Vec::new()),
        (groupings, Some(below)) => {
            let rows = totals_by(view, as_of, profile, groupings);
            let withheld = withheld(&everybody(), &rows, profile, below).grouped;
            (rows, withheld)
        }
    };
    let withheld = withheld.into_iter().chain(iter::repeat(false));
    let shown = rows.into_iter().zip(withheld);
    shown
        .map(|(row, is_withheld)| Shown { row, is_withheld })
        .collect()
}

/// The groupings that `--by` and `--depth` ask for.
///
/// # Errors
/// Usage, for one that is unknown or named twice, and for a depth that cuts nothing.
pub(super) fn groupings(by: &[String], depth: Option<usize>) -> Result<Vec<Asked>, Failure> {
    if by.len() > GROUPINGS_MAX {
        return Err(Failure::usage(format!(
            "--by takes at most {GROUPINGS_MAX} groupings"
        )));
    }
    let mut asked: Vec<Asked> = Vec::new();
    for typed in by {
        let (name, grouping) = grouping(typed)?;
        if asked.iter().any(|(known, _)| *known == name) {
            return Err(Failure::usage(format!("--by names `{name}` twice")));
        }
        let cut = matches!(grouping, Grouping::Place { .. })
            .then_some(depth)
            .flatten();
        asked.push((
            name,
            cut.map_or(grouping, |depth| Grouping::Place { depth }),
        ));
    }
    let by_place = asked.iter().any(|(name, _)| *name == "place");
    match depth {
        Some(0) => Err(Failure::usage("--depth is at least 1")),
        Some(_) if !by_place => Err(
            Failure::usage("--depth cuts places, and --by names no place").hint("add `--by place`"),
        ),
        Some(_) | None => Ok(asked),
    }
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
