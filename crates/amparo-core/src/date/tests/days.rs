//! Days, times of day, periods, and the order of entries.

use chrono_tz::Tz;

use super::super::{DateFault, Day, Occurred, Period, Span, TimeOfDay};
use super::{context, day};

#[test]
fn a_date_lies_after_a_day_only_if_all_of_it_does() {
    let cases = [
        ("2026-02-20", false),
        ("2026-02-21", true),
        ("2026-02", false),
        ("2026", false),
        ("2026-03", true),
        ("2026-02-19/2026-03", false),
        ("2026-02-21/..", true),
        ("2026-02-20/..", false),
        ("../2026-03", true),
        ("2026-02-20T23:59", false),
    ];
    for (text, after) in cases {
        let occurred = Occurred::parse_stored(text).unwrap();
        assert_eq!(occurred.lies_after(context().today), after, "{text}");
    }
}

#[test]
fn entries_of_a_day_are_ordered_by_time_with_none_last() {
    let sorted = [
        "2026-02-07",
        "2026-02-08T00:00",
        "2026-02-08T23:30",
        "2026-02-08T23:30:01",
        "2026-02-08",
        "2026-02-09T00:00",
        "2026-02",
    ];
    let mut keys: Vec<_> = sorted
        .iter()
        .map(|text| Span::parse_stored(text).unwrap().order_key())
        .collect();
    assert!(keys.is_sorted());
    keys.dedup();
    assert_eq!(keys.len(), sorted.len());
}

#[test]
fn ten_million_spans_fit_in_160_megabytes() {
    assert_eq!(size_of::<Span>(), 16);
    assert_eq!(size_of::<Option<TimeOfDay>>(), 4);
}

#[test]
fn a_time_of_day_ends_before_midnight() {
    let last = TimeOfDay::from_seconds(86_399).unwrap();
    assert_eq!(
        (last.to_string(), last.seconds()),
        ("23:59:59".into(), 86_399)
    );
    assert_eq!(TimeOfDay::from_seconds(86_400), None);
    assert_eq!(TimeOfDay::from_seconds(u32::MAX), None);
}

#[test]
fn a_day_counts_from_1970_and_stays_in_years_1_to_9999() {
    assert_eq!(day("1970-01-01").epoch_days(), 0);
    assert_eq!(day("1969-12-31").epoch_days(), -1);
    assert_eq!(day("2000-03-01").epoch_days(), 11_017);
    assert_eq!(day("0001-01-01"), Day::MIN);
    assert_eq!(day("9999-12-31"), Day::MAX);
    assert_eq!(Day::MIN.minus_days(1), None);
    assert_eq!(Day::MAX.plus_days(1), None);
    assert_eq!(Day::MAX.plus_days(u32::MAX), None);
    assert_eq!(Day::MIN.minus_days(u32::MAX), None);
    assert_eq!(day("2024-02-28").plus_days(2), Some(day("2024-03-01")));
    assert_eq!(day("2026-03-01").minus_days(1), Some(day("2026-02-28")));
    assert_eq!(day("2026-02-20").days_since(day("2026-02-28")), -8);
    assert_eq!(Day::MAX.days_since(Day::MIN), 3_652_058);
    assert_eq!(Day::from_ymd(10_000, 1, 1), None);
    assert_eq!(Day::from_ymd(0, 12, 31), None);
    assert_eq!(day("2026-02-08").year(), 2026);
}

#[test]
fn a_day_of_an_instant_is_the_civil_day_of_the_zone() {
    let cases = [
        (1_770_508_800_000, Tz::UTC, Some("2026-02-08")),
        (1_770_508_799_999, Tz::UTC, Some("2026-02-07")),
        (
            1_770_508_800_000,
            chrono_tz::America::Caracas,
            Some("2026-02-07"),
        ),
        (
            1_770_508_800_000,
            chrono_tz::Asia::Tokyo,
            Some("2026-02-08"),
        ),
        (-1, Tz::UTC, Some("1969-12-31")),
        (i64::MAX, chrono_tz::Asia::Tokyo, None),
        (i64::MIN, chrono_tz::America::Caracas, None),
        (8_210_266_876_799_999, chrono_tz::Asia::Tokyo, None),
        (-8_334_601_228_800_000, chrono_tz::America::Caracas, None),
    ];
    for (utc_ms, zone, expected) in cases {
        assert_eq!(Day::at(utc_ms, zone), expected.map(day), "{utc_ms} {zone}");
    }
}

#[test]
fn a_day_on_the_command_line_is_one_plain_day() {
    let today = context().today;
    assert_eq!(Day::parse("2026-02-08", today).unwrap(), day("2026-02-08"));
    assert_eq!(Day::parse("hoy", today).unwrap(), today);
    assert_eq!(Day::parse("anteayer", today).unwrap(), day("2026-02-18"));
    let not_one_day = [
        "2026-02",
        "2026-02-08~",
        "2026-02-08T10:00",
        "ayer..hoy",
        "../2026-02-08",
    ];
    for text in not_one_day {
        let error = Day::parse(text, today).unwrap_err();
        assert_eq!(error.fault(), DateFault::NotOneDay, "{text}");
    }
    let error = Day::parse("ayer", Day::MIN).unwrap_err();
    assert_eq!(error.fault(), DateFault::YearOutOfRange);
    let error = Day::parse("08/02/2026", today).unwrap_err();
    assert_eq!(error.fault(), DateFault::DayOrMonth);
    let error = "2026-02".parse::<Day>().unwrap_err();
    assert_eq!(error.fault(), DateFault::NotOneDay);
    let error = "hoy".parse::<Day>().unwrap_err();
    assert!(matches!(error.fault(), DateFault::Malformed { .. }));
}

#[test]
fn a_period_runs_from_its_first_to_its_last_day() {
    let today = context().today;
    let cases = [
        ("2026-02-08", "2026-02-08", 1),
        ("2026-02", "2026-02-01..2026-02-28", 28),
        ("2024", "2024-01-01..2024-12-31", 366),
        ("2026-02-08..09", "2026-02-08..2026-02-09", 2),
        ("2025-12..2026-01", "2025-12-01..2026-01-31", 62),
        ("2025-12/2026-01", "2025-12-01..2026-01-31", 62),
        ("2025..2026-02-03", "2025-01-01..2026-02-03", 399),
        ("ayer..hoy", "2026-02-19..2026-02-20", 2),
        ("0001..9999", "0001-01-01..9999-12-31", 3_652_059),
    ];
    for (text, shown, days) in cases {
        let period = Period::parse(text, today).unwrap();
        assert_eq!(period.to_string(), shown, "{text}");
        assert_eq!(period.days(), days, "{text}");
        assert_eq!(Period::parse(shown, today).unwrap(), period);
    }
    let refused = [
        "2026-02~",
        "2026..",
        "..2026",
        "[2025,2026]",
        "2026-02-08T10:00",
    ];
    for text in refused {
        let error = Period::parse(text, today).unwrap_err();
        assert_eq!(error.fault(), DateFault::NotAPeriod, "{text}");
    }
    let error = Period::parse("2026..2025", today).unwrap_err();
    assert_eq!(error.fault(), DateFault::StartAfterEnd);
}

#[test]
fn a_period_contains_both_its_ends() {
    let (first, last) = (day("2026-02-08"), day("2026-02-10"));
    let period = Period::new(first, last).unwrap();
    assert!(period.contains(first) && period.contains(last));
    assert!(!period.contains(first.minus_days(1).unwrap()));
    assert!(!period.contains(last.plus_days(1).unwrap()));
    assert_eq!((period.first(), period.last()), (first, last));
    assert_eq!(Period::new(last, first), None);
}
