//! `claims`: what is claimed, beside what is documented.

mod opened;

use amparo_core::date::Period;
use amparo_core::value::Measure;
use amparo_core::word::Word as _;
use amparo_projections::claims::{ClaimRow, Gap, claims};
use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::filters::FilterArgs;
use crate::output::{Cell, Column, Meta, Reply, text};
use crate::session::Session;

/// Lay each claimed number beside what is documented for the same measure, time and place
///
/// The gap is claimed less documented: a range, since both can be. A claim is never added to a
/// count. A scope in words that no place in the log matches is compared with the whole. Requests,
/// grants and refusals claimed on a day are all up to it; over several days, those of these days.
///
/// --who lists who is documented of what each claim speaks of: their counts add up to what stands
/// beside the claim. --figures lists what each claimant stated of one measure, instrument and scope
/// over time, and by how much it moved. --disputes lists claims of different claimants on the same
/// thing whose numbers cannot both be true, and how far they are apart at least; "about" is taken
/// to mean a tenth more or less.
#[derive(Debug, Args)]
pub struct Claims {
    /// Only claims of this measure: held, arrests, releases, clemency-requests, ...
    #[arg(long)]
    measure: Option<String>,
    /// Only claims of claimants whose name has this in it, whatever its case
    #[arg(long, value_name = "NAME")]
    claimant: Option<String>,
    /// List who is documented of what each claim speaks of, with the entry of each
    #[arg(long, visible_alias = "evidence", conflicts_with_all = ["figures", "disputes"])]
    who: bool,
    /// List how the figure of each claimant moved
    #[arg(long, conflicts_with = "disputes")]
    figures: bool,
    /// List the claims that contradict each other
    #[arg(long)]
    disputes: bool,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Claims {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let measure = self.measure.as_deref().map(measure).transpose()?;
        let derived = Derived::open(session, &self.at)?;
        let mut filters =
            self.filters
                .check(session, &derived.ledger, &derived.facts, derived.at.today)?;
        // Of claims an instrument says which are asked for; what each is compared with follows.
        let codes = std::mem::take(&mut filters.filter.instruments);
        let view = derived.asked(&filters);
        let mut rows = claims(&view, derived.at.as_of, &derived.profile);
        let wanted = self.claimant.as_deref().map(str::to_lowercase);
        rows.retain(|row| {
            let claimant = || row.claim.claimant.to_lowercase();
            let code = row.claim.instrument.as_ref().map(ToString::to_string);
            (codes.is_empty() || code.is_some_and(|code| codes.contains(&code)))
                && measure.is_none_or(|measure| row.claim.measure == measure)
                && wanted
                    .as_deref()
                    .is_none_or(|wanted| claimant().contains(wanted))
        });
        let meta = derived
            .at
            .meta()
            .filter("measure", measure.map(|measure| measure.word()))
            .filter("claimant", self.claimant);
        let meta = filters.show(meta);
        let is_for_people = figures::is_for_people(session.globals.format);
        let reply = if self.who {
            opened::who(meta, &derived, &view, &rows)?
        } else if self.figures {
            opened::moves(meta, &rows, is_for_people)
        } else if self.disputes {
            opened::contradicting(meta, &view, &rows)
        } else if is_for_people {
            for_people(meta, &rows)
        } else {
            for_programs(meta, &derived, &rows)
        };
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

fn measure(typed: &str) -> Result<Measure, Failure> {
    Measure::from_word(typed).ok_or_else(|| {
        let failure = Failure::usage(format!("`{}` is no measure", text::visible(typed)));
        match Measure::nearest(typed) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => {
                let words: Vec<_> = Measure::ALL.iter().map(|measure| measure.word()).collect();
                failure.hint(format!("there are {}", words.join(", ")))
            }
        }
    })
}

/// A gap for people: `379`, `420..421`, `at least 421`.
pub fn gap(gap: Gap) -> String {
    match (gap.low, gap.high) {
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low}..{high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => String::new(),
    }
}

fn days(period: Period) -> String {
    figures::days((period.first(), period.last()))
}

fn for_people(meta: Meta, rows: &[ClaimRow<'_>]) -> Reply {
    let columns = [
        Column::text("entry"),
        Column::text("claimant"),
        Column::text("measure"),
        Column::text("about"),
        Column::number("claimed"),
        Column::number("documented"),
        Column::number("gap"),
        Column::text("scope"),
    ];
    let is_contradicted = rows.iter().any(|row| !row.contradicted_by.is_empty());
    let contradicted = is_contradicted.then(|| Column::text("contradicted_by"));
    let mut reply = Reply::at(meta, columns.into_iter().chain(contradicted));
    for row in rows {
        let contradicted = is_contradicted.then(|| Cell::list(&row.contradicted_by));
        let own = [
            Cell::text(row.seq),
            Cell::text(&row.claim.claimant),
            Cell::text(row.claim.measure.word()),
            Cell::maybe(row.period.map(days)),
            Cell::text(row.claim.quantity),
            Cell::text(figures::count(row.documented)),
            Cell::text(gap(row.gap)),
            Cell::maybe(row.claim.scope.as_deref()),
        ];
        reply.push(own.into_iter().chain(contradicted).collect());
    }
    reply
}

pub(super) fn for_programs(meta: Meta, derived: &Derived, rows: &[ClaimRow<'_>]) -> Reply {
    let columns = [
        "entry",
        "claimant",
        "measure",
        "instrument",
        "scope",
        "place",
        "from",
        "to",
    ]
    .map(Column::text)
    .into_iter()
    .chain(["claimed_low", "claimed_high", "approximate"].map(Column::number))
    .chain(figures::count_columns("documented"))
    .chain(["gap_low", "gap_high"].map(Column::number))
    .chain(["contradicted_by", "sources"].map(Column::text));
    let bound = |bound: Option<u64>| bound.map_or(Cell::Empty, Cell::count);
    let mut reply = Reply::at(meta, columns);
    for row in rows {
        let claim = row.claim;
        let own = [
            Cell::text(row.seq),
            Cell::text(&claim.claimant),
            Cell::text(claim.measure.word()),
            Cell::maybe(claim.instrument.as_ref()),
            Cell::maybe(claim.scope.as_deref()),
            Cell::maybe(row.place),
            Cell::maybe(row.period.map(Period::first)),
            Cell::maybe(row.period.map(Period::last)),
            bound(claim.quantity.low()),
            bound(claim.quantity.high()),
            Cell::Flag(claim.quantity.is_approximate()),
        ];
        let sources = derived
            .facts
            .fact(row.seq)
            .map(|fact| derived.sources(fact));
        let compared = figures::count_cells(row.documented).into_iter().chain([
            row.gap.low.map_or(Cell::Empty, Cell::Number),
            row.gap.high.map_or(Cell::Empty, Cell::Number),
            Cell::list(&row.contradicted_by),
            Cell::list(sources.unwrap_or_default()),
        ]);
        reply.push(own.into_iter().chain(compared).collect());
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_measure_is_a_usage_failure_that_names_the_nearest() {
        for (typed, says) in [
            ("helt", "did you mean `held`?"),
            ("people", "there are held, arrests"),
        ] {
            let failure = format!("{:?}", measure(typed).unwrap_err());
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{failure}"
            );
        }
    }

    #[test]
    fn a_gap_is_a_number_a_range_or_a_bound() {
        for (low, high, reads) in [
            (Some(379), Some(379), "379"),
            (Some(-1), Some(0), "-1..0"),
            (Some(421), None, "at least 421"),
            (None, Some(3), "at most 3"),
        ] {
            assert_eq!(gap(Gap { low, high }), reads);
        }
    }
}
