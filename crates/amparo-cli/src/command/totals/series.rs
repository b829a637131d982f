//! `totals --every`: the totals at the end of each day, week, month or year of a period.

use amparo_core::date::Period;
use amparo_core::value::Measure;
use amparo_projections::Profile;
use amparo_projections::claims::claims;
use amparo_projections::series::{Every, Series, SeriesLine, series};
use amparo_store::ledger::Ledger;
use clap::ValueEnum;

use super::Totals;
use crate::args::CoordinateArgs;
use crate::chart::{self, Chart, Claimed, Point};
use crate::command::Exit;
use crate::coordinates::{Coordinates, day};
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::kept_deltas::KeptDeltas;
use crate::lines::LineFilter;
use crate::new_file;
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::{Reading, Session};

/// How far apart the rows of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// The end of each day.
    Day,
    /// The end of each Sunday, and the last day.
    Week,
    /// The last day of each month, and the last day.
    Month,
    /// The last day of each year, and the last day.
    Year,
}

impl Step {
    fn every(self) -> Every {
        match self {
            Self::Day => Every::Day,
            Self::Week => Every::Week,
            Self::Month => Every::Month,
            Self::Year => Every::Year,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// Answers a series: rows, a chart of them, and a drawing in a file.
pub fn run(totals: &Totals, step: Step, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let for_people = figures::is_for_people(session.globals.format);
    if totals.chart && !for_people {
        return Err(
            Failure::usage("a chart is for people, and -O asks for data")
                .hint("leave one of the two out; -o FILE.svg draws beside data as well"),
        );
    }
    let before = &session.globals.at.as_of;
    if totals.to.is_some() && (totals.at.as_of.is_some() || before.is_some()) {
        return Err(Failure::usage(
            "--to says the last day; there is no --as-of beside it",
        ));
    }
    let at = CoordinateArgs {
        as_of: totals.to.clone().or_else(|| totals.at.as_of.clone()),
        ..totals.at.clone()
    };
    let Reading { ledger, at } = session.reading(&at)?;
    let period = period(totals.from.as_deref().unwrap_or_default(), &at)?;
    if let Some((profile, answer)) = kept_series(totals, step, period, &ledger, &at)? {
        let wanted = totals.lines(&profile)?;
        let mut lines = answer.lines;
        lines.retain(|line| wanted.takes(line.axis, &line.state));
        let meta = meta(totals, step, period, &at.counted_by(&profile));
        let reply = rows(meta, &lines, &answer.days, for_people, totals.chart);
        session.reply(&reply)?;
        return Ok(Exit::Done);
    }
    let derived = Derived::of(session, ledger, at)?;
    let wanted = totals.lines(&derived.profile)?;
    let filters =
        totals
            .filters
            .check(session, &derived.ledger, &derived.facts, derived.at.today)?;
    let filter = &filters.filter;
    let view = derived.then().on_word_of(filter);
    let answer = series(&view, period, step.every(), &derived.profile, filter)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let mut lines = answer.lines;
    let codes = &filters.filter.instruments;
    lines.retain(|line| {
        let is_asked = |code: &String| codes.is_empty() || codes.contains(code);
        wanted.takes(line.axis, &line.state) && line.instrument.as_ref().is_none_or(is_asked)
    });
    let meta = filters.show(meta(totals, step, period, &derived.at));
    if let Some(name) = &totals.out {
        let claimed = match wanted {
            LineFilter::Held => claimed(&derived, period),
            LineFilter::All | LineFilter::State(_) => Vec::new(),
        };
        let drawing = drawing(&meta, &derived, &lines, &answer.days, claimed)?;
        write_new(session, name, &drawing)?;
    }
    let reply = rows(meta, &lines, &answer.days, for_people, totals.chart);
    session.reply(&reply)?;
    Ok(Exit::Done)
}

/// The series over everybody as the kept deltas give it; none where the question is about more,
/// or the log is short.
fn kept_series(
    totals: &Totals,
    step: Step,
    period: Period,
    ledger: &Ledger,
    at: &Coordinates,
) -> Result<Option<(Profile, Series)>, Failure> {
    // A drawing shows claims too.
    let is_of_all = totals.out.is_none() && totals.filters.is_empty();
    let Some(profile) = Profile::named(&at.profile).filter(|_| is_of_all) else {
        return Ok(None);
    };
    let Some(deltas) = KeptDeltas::open(ledger)? else {
        return Ok(None);
    };
    let series = deltas.series(at.known_at, period, step.every(), &profile)?;
    Ok(series.map(|series| (profile, series)))
}

fn meta(totals: &Totals, step: Step, period: Period, at: &Coordinates) -> Meta {
    at.meta()
        .filter("every", Some(step.word()))
        .filter("from", Some(period.first()))
        .filter("to", Some(period.last()))
        .filter("state", totals.state.as_ref())
}

fn period(from: &str, at: &Coordinates) -> Result<Period, Failure> {
    let first = day("--from", from, at.today)?;
    Period::new(first, at.as_of)
        .ok_or_else(|| Failure::usage(format!("--to {} is before --from {first}", at.as_of)))
}

/// The rows, line after line: the five keys of totals, the day, and the instrument behind it.
fn rows(
    meta: Meta,
    lines: &[SeriesLine],
    days: &[amparo_core::date::Day],
    for_people: bool,
    with_chart: bool,
) -> Reply {
    let has_instrument = !for_people || lines.iter().any(|line| line.instrument.is_some());
    let columns = ["axis", "state"].map(Column::text).into_iter();
    let columns = columns
        .chain(["low", "count", "high"].map(Column::number))
        .chain([Column::text("day")])
        .chain(has_instrument.then(|| Column::text("instrument")))
        .chain(with_chart.then(|| Column::text("chart")));
    let mut reply = Reply::at(meta, columns);
    for line in lines {
        let high = line
            .totals
            .iter()
            .map(|total| total.high)
            .max()
            .unwrap_or(0);
        let instrument = line.instrument.as_ref().map_or(Cell::Absent, Cell::text);
        for (day, total) in days.iter().zip(&line.totals) {
            let mut cells = vec![Cell::text(line.axis), Cell::text(&line.state)];
            cells.extend(figures::count_cells(*total));
            cells.push(Cell::text(day));
            cells.extend(has_instrument.then(|| instrument.clone()));
            cells.extend(with_chart.then(|| Cell::Text(chart::bar(*total, high))));
            reply.push(cells);
        }
    }
    reply
}

/// What claimants say of the same measure, within the period.
fn claimed(derived: &Derived, period: Period) -> Vec<Claimed> {
    let view = derived.then();
    let rows = claims(&view, derived.at.as_of, &derived.profile).into_iter();
    let rows = rows.filter(|row| row.claim.measure == Measure::Held);
    let claimed = rows.filter_map(|row| {
        let day = row.period.map(Period::last)?;
        let (low, high) = (row.claim.quantity.low(), row.claim.quantity.high());
        let scope = row.claim.scope.as_deref();
        Some(Claimed {
            day,
            low: low.or(high)?,
            high,
            claimant: match scope {
                Some(scope) => format!("{} ({scope})", row.claim.claimant),
                None => row.claim.claimant.to_string(),
            },
            words: row.claim.quantity.to_string(),
        })
    });
    claimed.filter(|claim| period.contains(claim.day)).collect()
}

fn drawing(
    meta: &Meta,
    derived: &Derived,
    lines: &[SeriesLine],
    days: &[amparo_core::date::Day],
    claimed: Vec<Claimed>,
) -> Result<String, Failure> {
    let [line] = lines else {
        return Err(
            Failure::usage("a drawing shows one line, and more are asked for")
                .hint("choose one with --state, and an instrument with --instrument"),
        );
    };
    let of = match line.axis {
        "profile" => format!("Held ({})", line.state),
        _ => line.state.clone(),
    };
    let under = line.instrument.as_ref().map(|code| format!(", {code}"));
    let points = days.iter().zip(&line.totals).map(|(day, total)| Point {
        day: *day,
        total: *total,
    });
    let chart = Chart {
        title: format!(
            "{}: {of}{}",
            derived.ledger.opening().name,
            under.unwrap_or_default()
        ),
        source: meta.caption(),
        points: points.collect(),
        claims: claimed,
    };
    Ok(chart.svg())
}

/// Writes the drawing, into a file that is not there yet.
fn write_new(session: &mut Session<'_, '_>, name: &str, text: &str) -> Result<(), Failure> {
    new_file::write(session, name, text.as_bytes())?;
    session.talk(format!("drawn in {name}"));
    Ok(())
}
