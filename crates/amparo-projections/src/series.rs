//! How did the totals move from day to day?
//!
//! A [`Series`] has the totals at the end of each day, week, month or year of a period, at one
//! known-at: the numbers are those of [`totals`](crate::totals::totals) of each of these days, of
//! those who meet the filter on that day. It counts every subject once on the first day and then only
//! where something turns, so that a year by day costs little more than a day.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use amparo_core::course::{Count, Course};
use amparo_core::date::{Day, Period};
use amparo_core::kind::State;

use crate::courses::Courses;
use crate::filter::Filter;
use crate::profile::Profile;
use crate::totals::{Cell, Line, lines, standings};
use crate::trail::Trail;
use crate::view::View;

/// The most days that a series has: about a hundred years of them.
pub const POINTS_MAX: usize = 36_600;

/// How far apart the days of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Each day.
    Day,
    /// Each Sunday: the end of an ISO week.
    Week,
    /// The last day of each month.
    Month,
    /// The last day of each year.
    Year,
}

/// Why there is no such series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// Too many days.
    #[error("a series has at most {POINTS_MAX} points; ask by week, month or year")]
    TooManyPoints,
}

/// The totals at the end of some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The days, in order; the last is the last of the period, also amid a week or month.
    pub days: Vec<Day>,
    /// The lines of the totals, in their order.
    pub lines: Vec<SeriesLine>,
}

/// One line of the totals over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesLine {
    /// `custody`, `case`, `clemency`, or `profile` for the held line.
    pub axis: &'static str,
    /// The state, or the profile's name.
    pub state: String,
    /// The instrument, on the clemency axis.
    pub instrument: Option<String>,
    /// How many, on each of the days.
    pub totals: Vec<Count>,
}

/// The totals over a period of a view [on the word](View::on_word_of) that a filter asks for, of those
/// of whom it asks.
///
/// Linear in the steps of all subjects, and in the days times the lines.
///
/// # Errors
/// [`SeriesError::TooManyPoints`].
pub fn series(
    view: &View<'_>,
    period: Period,
    every: Every,
    profile: &Profile,
    filter: &Filter,
) -> Result<Series, SeriesError> {
    let days = every.days(period)?;
    let mut sums = Sums {
        points: days.len(),
        of: BTreeMap::new(),
    };
    for subject in view.subjects() {
        let weight = view.weight(subject);
        if weight == 0 || !filter.asks_about(view.facts(), subject, |one| view.root(one)) {
            continue;
        }
        let courses = view.courses(subject);
        let trail = filter.asks_of_whom().then(|| view.trail(subject));
        let met_on = trail.iter().flat_map(Trail::days);
        let points = turning_points(&courses, met_on, &days, profile);
        sums.add(&points, |point| {
            let is_met = |trail| filter.is_met(view.facts(), trail, &courses, days[point]);
            let mut counts = Vec::new();
            if trail.as_ref().is_none_or(is_met) {
                standings(&courses, days[point], profile, |cell, one| {
                    counts.push((cell, one.times(weight)));
                });
            }
            counts
        });
    }
    let lines = lines(|code| view.facts().text(code), profile, view.instruments()).into_iter();
    let line = |line: Line| SeriesLine {
        totals: sums.totals(line.cell),
        axis: line.axis,
        state: line.state,
        instrument: line.instrument,
    };
    Ok(Series {
        lines: lines.map(line).collect(),
        days,
    })
}

impl Every {
    /// The days of a period at whose ends the totals are taken.
    ///
    /// # Errors
    /// [`SeriesError::TooManyPoints`].
    pub fn days(self, period: Period) -> Result<Vec<Day>, SeriesError> {
        let mut days = Vec::new();
        let mut from = Some(period.first());
        while let Some(first) = from.filter(|first| *first <= period.last()) {
            if days.len() == POINTS_MAX {
                return Err(SeriesError::TooManyPoints);
            }
            let end = self.end(first).min(period.last());
            days.push(end);
            from = end.plus_days(1);
        }
        Ok(days)
    }

    /// The last day of the week, month or year of a day.
    fn end(self, day: Day) -> Day {
        let end = match self {
            Self::Day => Some(day),
            Self::Week => {
                // 1970-01-01 was a Thursday: three days before the end of its week.
                let past_sunday = (day.epoch_days() + 3).rem_euclid(7).unsigned_abs();
                day.plus_days(6 - past_sunday)
            }
            Self::Month => last_of_month(day),
            Self::Year => Day::from_ymd(day.year(), 12, 31),
        };
        end.unwrap_or(Day::MAX)
    }
}

fn last_of_month(day: Day) -> Option<Day> {
    let iso = day.to_string();
    let month = u32::from_str(iso.get(5..7)?).ok()?;
    (28..=31)
        .rev()
        .find_map(|last| Day::from_ymd(day.year(), month, last))
}

/// What the count of a line grows by at each point; sums over them are the totals.
struct Sums {
    points: usize,
    of: BTreeMap<Cell, Vec<[i64; 3]>>,
}

impl Sums {
    /// Adds a subject: where it stands at the first point, and how that changes at the others.
    fn add(&mut self, points: &[usize], counts: impl Fn(usize) -> Vec<(Cell, Count)>) {
        let mut before = Vec::new();
        for point in points {
            let after = counts(*point);
            for (cell, count) in &before {
                self.grow(*cell, *point, *count, -1);
            }
            for (cell, count) in &after {
                self.grow(*cell, *point, *count, 1);
            }
            before = after;
        }
    }

    fn grow(&mut self, cell: Cell, point: usize, by: Count, sign: i64) {
        let points = self.points;
        let growth = self.of.entry(cell).or_insert_with(|| vec![[0; 3]; points]);
        let by = [by.low, by.count, by.high];
        for (sum, by) in growth[point].iter_mut().zip(by) {
            // Counts are bounded by entries times the largest group, far below 2^63.
            *sum = sum.saturating_add(sign * i64::try_from(by).unwrap_or(i64::MAX));
        }
    }

    fn totals(&self, cell: Cell) -> Vec<Count> {
        let Some(growth) = self.of.get(&cell) else {
            return vec![Count::default(); self.points];
        };
        let mut sums = [0_u64; 3];
        let total = |growth: &[i64; 3]| {
            for (sum, by) in sums.iter_mut().zip(growth) {
                *sum = sum.saturating_add_signed(*by);
            }
            let [low, count, high] = sums;
            Count { low, count, high }
        };
        growth.iter().map(total).collect()
    }
}

/// The points at which a subject may stand elsewhere than at the one before, or meet a filter on one of
/// these days; always the first.
fn turning_points(
    courses: &Courses,
    met_on: impl Iterator<Item = Day>,
    days: &[Day],
    profile: &Profile,
) -> Vec<usize> {
    let mut points = vec![0];
    let mut turn = |day: Option<Day>| {
        let point = day.map_or(days.len(), |day| days.partition_point(|end| *end < day));
        points.extend(Some(point).filter(|point| *point < days.len()));
    };
    met_on.for_each(|day| turn(Some(day)));
    let mut of_course = |course: &Course<State>, later: u32| {
        for placed in course.steps() {
            for day in [placed.lo, placed.step.span.point(), placed.hi] {
                turn(day.plus_days(later));
            }
        }
    };
    of_course(&courses.custody, 0);
    of_course(&courses.case, 0);
    for (_, course) in &courses.clemency {
        of_course(course, 0);
    }
    // A stay becomes long enough, or may have, that much later.
    let stay = profile.shortest_stay_days().saturating_sub(1);
    if stay > 0 {
        of_course(&courses.custody, stay);
    }
    points.sort_unstable();
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::naive::{february, history, of_whom};
    use crate::sample::day;
    use crate::totals::totals;

    #[test]
    fn points_are_the_ends_of_weeks_months_and_years_and_the_last_day() {
        for (every, from, to, expect) in [
            (
                Every::Day,
                "2026-02-27",
                "2026-03-01",
                "2026-02-27 2026-02-28 2026-03-01",
            ),
            (
                Every::Week,
                "2026-02-08",
                "2026-02-18",
                "2026-02-08 2026-02-15 2026-02-18",
            ),
            (Every::Week, "1969-12-29", "1970-01-04", "1970-01-04"),
            (
                Every::Month,
                "2024-02-29",
                "2024-04-01",
                "2024-02-29 2024-03-31 2024-04-01",
            ),
            (
                Every::Year,
                "2024-02-29",
                "2025-12-31",
                "2024-12-31 2025-12-31",
            ),
            (Every::Year, "9999-01-01", "9999-12-31", "9999-12-31"),
        ] {
            let period = Period::new(day(from), day(to)).unwrap();
            let days = every.days(period).unwrap();
            let days: Vec<_> = days.iter().map(Day::to_string).collect();
            assert_eq!(days.join(" "), expect, "{every:?}");
        }
    }

    #[test]
    fn a_series_has_a_limit() {
        let last = day("1900-01-01").plus_days(POINTS_MAX as u32 - 1).unwrap();
        let period = |last| Period::new(day("1900-01-01"), last).unwrap();
        assert_eq!(
            Every::Day.days(period(last)).map(|days| days.len()),
            Ok(POINTS_MAX)
        );
        let past = period(last.plus_days(1).unwrap());
        assert_eq!(Every::Day.days(past), Err(SeriesError::TooManyPoints));
        assert_eq!(Every::Week.days(past).map(|days| days.len()), Ok(5229));
    }

    proptest! {
        #[test]
        fn each_point_has_the_totals_of_its_day(
            sample in history(),
            first in 0..20_u32,
            length in 0..30_u32,
            stay in 0..6_u32,
            filter in of_whom(),
        ) {
            let facts = sample.facts();
            let view = View::head(&facts).on_word_of(&filter);
            let profile = Profile::default().with_shortest_stay(stay).unwrap();
            let period = Period::new(february(first), february(first + length)).unwrap();
            for every in [Every::Day, Every::Week] {
                let series = series(&view, period, every, &profile, &filter).unwrap();
                for (n, day) in series.days.iter().enumerate() {
                    let asked = View::head(&facts).asked(&filter, *day);
                    let rows = totals(&asked, *day, &profile);
                    prop_assert_eq!(rows.len(), series.lines.len());
                    for (row, line) in rows.iter().zip(&series.lines) {
                        prop_assert_eq!((row.axis, &row.state), (line.axis, &line.state));
                        prop_assert_eq!(&row.instrument, &line.instrument);
                        prop_assert_eq!(row.total, line.totals[n], "{} on {}", row.state, day);
                    }
                }
            }
        }
    }
}
