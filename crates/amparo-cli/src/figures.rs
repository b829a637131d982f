//! How counts, bounds and standings read, in cells and in words: the same everywhere.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::event::PublishedNumber;
use amparo_core::kind::State;
use amparo_projections::timeline::Standing;

use crate::args::OutputFormat;
use crate::output::{Cell, Column};

/// What stands for a state where nothing is documented.
pub const UNDOCUMENTED: &str = "not documented";

/// Whether a form of answer is laid out for people, rather than for programs.
pub fn is_for_people(format: OutputFormat) -> bool {
    match format {
        OutputFormat::Table | OutputFormat::Md => true,
        OutputFormat::Json | OutputFormat::Jsonl | OutputFormat::Csv => false,
    }
}

/// The columns of a count for programs: `held_low`, `held_count`, `held_high`.
pub fn count_columns(name: &str) -> [Column; 3] {
    ["low", "count", "high"].map(|bound| Column::number(format!("{name}_{bound}")))
}

/// The cells of a count for programs.
pub fn count_cells(count: Count) -> [Cell; 3] {
    [count.low, count.count, count.high].map(Cell::count)
}

/// The bounds of a count that dates leave open: `12..14`; nothing for one that is certain.
pub fn bounds(count: Count) -> Option<String> {
    (count.low < count.high).then(|| format!("{}..{}", count.low, count.high))
}

/// A count for people: `13`, or `13 (12..14)` where dates leave it open.
pub fn count(count: Count) -> String {
    match bounds(count) {
        Some(bounds) => format!("{} ({bounds})", count.count),
        None => count.count.to_string(),
    }
}

/// A stretch of days: `2026-02-08`, or `2026-02-08..2026-02-09`.
pub fn days((first, last): (Day, Day)) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}..{last}")
    }
}

/// The cells of a stretch of days for programs: its first and its last day.
pub fn day_cells(days: Option<(Day, Day)>) -> [Cell; 2] {
    [
        Cell::maybe(days.map(|(first, _)| first)),
        Cell::maybe(days.map(|(_, last)| last)),
    ]
}

/// Where a subject stands, for people: `released; house-arrest possible`.
pub fn standing(standing: &Standing) -> String {
    let point = standing.point.map_or(UNDOCUMENTED, State::word);
    let others = standing
        .possible
        .iter()
        .filter(|state| Some(**state) != standing.point);
    let mut others: Vec<_> = others.map(|state| state.word()).collect();
    if standing.undocumented && standing.point.is_some() {
        others.push(UNDOCUMENTED);
    }
    match others.as_slice() {
        [] => point.to_owned(),
        _ => format!("{point}; {} possible", others.join(", ")),
    }
}

/// What a published number is laid out by: `place VE:Caracas`.
pub fn published_by(number: &PublishedNumber) -> Cell {
    Cell::list(number.by.iter().map(|(grouping, value)| {
        let value = value.as_deref().unwrap_or("not known");
        format!("{grouping} {value}")
    }))
}

#[cfg(test)]
mod tests {
    use amparo_core::kind::CustodyState::{Detained, Released};

    use super::*;

    #[test]
    fn bounds_show_only_where_dates_leave_them_open() {
        for ((low, point, high), people) in [
            ((0, 0, 0), "0"),
            ((13, 13, 13), "13"),
            ((12, 13, 14), "13 (12..14)"),
            ((0, 0, 1), "0 (0..1)"),
        ] {
            assert_eq!(
                count(Count {
                    low,
                    count: point,
                    high
                }),
                people
            );
        }
    }

    #[test]
    fn a_standing_reads_as_its_point_and_what_else_is_possible() {
        let of = |undocumented, possible: &[_], point: Option<_>| {
            let possible = possible
                .iter()
                .map(|state| State::Custody(*state))
                .collect();
            let point = point.map(State::Custody);
            standing(&Standing {
                undocumented,
                possible,
                point,
                entry: None,
            })
        };
        for (undocumented, possible, point, reads) in [
            (true, &[][..], None, "not documented"),
            (true, &[Detained], None, "not documented; detained possible"),
            (
                true,
                &[Detained],
                Some(Detained),
                "detained; not documented possible",
            ),
            (false, &[Detained], Some(Detained), "detained"),
            (
                false,
                &[Detained, Released],
                Some(Released),
                "released; detained possible",
            ),
        ] {
            assert_eq!(of(undocumented, possible, point), reads);
        }
    }
}
