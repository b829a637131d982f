//! The dates of the naive model: days as numbers, and bounds read from the text by hand.
//!
//! Written from section 3 of the design and from EDTF alone; nothing here is shared with the
//! program. It reads the forms that the histories use, and no others.

/// A day, counted from 1900-01-01.
pub type Day = i64;

const FIRST_YEAR: i64 = 1900;

/// What a date says of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The earliest day.
    pub lo: Day,
    /// The latest day.
    pub hi: Day,
    /// Seconds since midnight.
    pub time: Option<i64>,
}

impl When {
    /// The day that stands for the date in counts.
    pub fn point(self) -> Day {
        self.lo + (self.hi - self.lo) / 2
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of a civil day.
pub fn number(year: i64, month: i64, day: i64) -> Day {
    let years: i64 = (FIRST_YEAR..year)
        .map(|y| 365 + i64::from(is_leap(y)))
        .sum();
    let months: i64 = (1..month).map(|m| days_in_month(year, m)).sum();
    years + months + day - 1
}

/// Year, month and day of a number.
pub fn civil(mut day: Day) -> (i64, i64, i64) {
    let mut year = FIRST_YEAR;
    while day >= 365 + i64::from(is_leap(year)) {
        day -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

/// A day as it is written: `2026-02-08`.
pub fn iso(day: Day) -> String {
    let (year, month, day) = civil(day);
    format!("{year}-{month:02}-{day:02}")
}

/// First and last day of one calendar date: a day, a month, a year or a decade, digits left open
/// and qualifiers included.
fn calendar(text: &str) -> (Day, Day) {
    let text = text.trim_end_matches(['~', '?', '%']);
    if let Some(decade) = text.strip_suffix('X').filter(|decade| decade.len() == 3) {
        let first: i64 = decade.parse::<i64>().unwrap() * 10;
        return (number(first, 1, 1), number(first + 9, 12, 31));
    }
    let parts: Vec<&str> = text.split('-').filter(|part| *part != "XX").collect();
    let part = |n: usize| parts[n].parse::<i64>().unwrap();
    match parts.len() {
        1 => (number(part(0), 1, 1), number(part(0), 12, 31)),
        2 => {
            let last = days_in_month(part(0), part(1));
            (number(part(0), part(1), 1), number(part(0), part(1), last))
        }
        _ => {
            let day = number(part(0), part(1), part(2));
            (day, day)
        }
    }
}

/// Reads a date of a draft, in a ledger whose days are four hours behind UTC.
pub fn read(text: &str) -> When {
    let untimed = |(lo, hi)| When { lo, hi, time: None };
    if let Some((day, clock)) = text.split_once('T') {
        return timed(calendar(day).0, clock);
    }
    if let Some(set) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        let ends = set.split(',').flat_map(|member| member.split(".."));
        let ends: Vec<_> = ends.map(calendar).collect();
        let lo = ends.iter().map(|(lo, _)| *lo).min().unwrap();
        let hi = ends.iter().map(|(_, hi)| *hi).max().unwrap();
        return untimed((lo, hi));
    }
    let ends = match text.split_once('/') {
        Some(ends) => Some(ends),
        None => text.split_once(".."),
    };
    match ends {
        None => untimed(calendar(text)),
        // An open side starts, or ends, at the other bound.
        Some(("" | "..", to)) => untimed((calendar(to).1, calendar(to).1)),
        Some((from, "" | "..")) => untimed((calendar(from).0, calendar(from).0)),
        Some((from, to)) if to.len() == 2 => {
            let month = &from[..from.len() - 2];
            untimed((calendar(from).0, calendar(&format!("{month}{to}")).1))
        }
        Some((from, to)) => untimed((calendar(from).0, calendar(to).1)),
    }
}

/// A time of day: local, or in UTC with a `Z`.
fn timed(day: Day, clock: &str) -> When {
    let (clock, behind) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 4 * 3600),
        None => (clock, 0),
    };
    let units = [3600, 60, 1];
    let parts = clock.split(':').map(|part| part.parse::<i64>().unwrap());
    let seconds: i64 = parts.zip(units).map(|(part, unit)| part * unit).sum();
    let local = seconds - behind;
    let day = day + local.div_euclid(86_400);
    When {
        lo: day,
        hi: day,
        time: Some(local.rem_euclid(86_400)),
    }
}

#[test]
fn the_naive_calendar_agrees_with_days_known_by_heart() {
    for (text, lo, hi, point) in [
        ("2026-02", "2026-02-01", "2026-02-28", "2026-02-14"),
        ("2024", "2024-01-01", "2024-12-31", "2024-07-01"),
        ("../2026-01", "2026-01-31", "2026-01-31", "2026-01-31"),
        ("2026-01/..", "2026-01-01", "2026-01-01", "2026-01-01"),
        ("202X", "2020-01-01", "2029-12-31", "2024-12-31"),
        ("2026-02-08..09", "2026-02-08", "2026-02-09", "2026-02-08"),
        (
            "2026-02-08T03:30Z",
            "2026-02-07",
            "2026-02-07",
            "2026-02-07",
        ),
    ] {
        let when = read(text);
        let said = [when.lo, when.hi, when.point()].map(iso);
        assert_eq!(said, [lo, hi, point], "{text}");
    }
}
