//! What holds for every text, and the bounds against a model that tries every day.

use chrono_tz::Tz;
use proptest::prelude::*;

use super::super::calendar::bounds_by_edtf_core;
use super::super::{Context, Day, MAX_TEXT_LEN, Occurred, OpenSide, Period, Span};
use super::context;

/// First and last day whose ISO text fits `pattern` of `X` and digits: the slow, obvious way.
fn days_that_fit(pattern: &str) -> Option<(Day, Day)> {
    let mut first_to_last = None;
    let mut day = Day::from_ymd(pattern[..4].replace('X', "0").parse().ok()?, 1, 1)?;
    let end = Day::from_ymd(pattern[..4].replace('X', "9").parse().ok()?, 12, 31)?;
    while day <= end {
        let text = day.to_string();
        let fits = |(sign, digit): (char, char)| sign == 'X' || sign == digit;
        if pattern.chars().zip(text.chars()).all(fits) {
            first_to_last = Some((first_to_last.map_or(day, |(first, _)| first), day));
        }
        // No day follows the last of year 9999.
        let Some(next) = day.plus_days(1) else { break };
        day = next;
    }
    first_to_last
}

fn any_day() -> impl Strategy<Value = Day> {
    (Day::MIN.epoch_days()..=Day::MAX.epoch_days()).prop_map(|n| Day::from_epoch_days(n).unwrap())
}

/// A calendar date of level 0 or 1 without a qualifier, in years 10 to 9999.
fn calendar_date() -> impl Strategy<Value = String> {
    (10..=9999_i32, 1..=12_u32, 1..=31_u32, 0..7).prop_map(|(year, month, day, shape)| {
        let day = Day::from_ymd(year, month, day.min(28)).unwrap().to_string();
        match shape {
            0 => day,
            1 => day[..7].to_owned(),
            2 => day[..4].to_owned(),
            3 => format!("{}-XX", &day[..7]),
            4 => format!("{}-XX", &day[..4]),
            5 => format!("{}-XX-XX", &day[..4]),
            _ => format!("{}X", &day[..3]),
        }
    })
}

fn qualified_date() -> impl Strategy<Value = String> {
    (
        calendar_date(),
        prop::sample::select(vec!["", "", "~", "?", "%"]),
    )
        .prop_map(|(date, sign)| date + sign)
}

/// A text of the accepted grammar; a range may still be the wrong way round.
fn date_text() -> impl Strategy<Value = String> {
    let pair = || (qualified_date(), qualified_date());
    prop_oneof![
        3 => qualified_date(),
        2 => pair().prop_map(|(a, b)| format!("{a}/{b}")),
        1 => pair().prop_map(|(a, b)| format!("{a}..{b}")),
        1 => pair().prop_map(|(a, b)| format!("[{a},{b}]")),
        1 => (any_day(), any_day()).prop_map(|(a, b)| format!("[{a}..{b}]")),
        1 => qualified_date().prop_map(|a| format!("{a}/..")),
        1 => qualified_date().prop_map(|a| format!("../{a}")),
        1 => qualified_date().prop_map(|a| format!("..{a}")),
        1 => qualified_date().prop_map(|a| format!("/{a}")),
        1 => (any_day(), 0..24, 0..60, prop::sample::select(vec!["", "Z", "-04:00", "+14"]))
            .prop_map(|(day, hour, minute, zone)| format!("{day}T{hour:02}:{minute:02}{zone}")),
        1 => prop::sample::select(vec!["ayer", "hoy", "ayer..hoy", "today 10:00"])
            .prop_map(str::to_owned),
    ]
}

/// A text one or two characters away from an accepted one.
fn damaged_text() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(
        "0123456789-/.[]{},~?%XTYZES:+ tz\u{FF11}\u{2011}\u{0661}ñ\n\0"
            .chars()
            .collect::<Vec<_>>(),
    );
    let change = (any::<prop::sample::Index>(), sign, 0..3);
    (date_text(), prop::collection::vec(change, 1..3)).prop_map(|(text, changes)| {
        let mut signs: Vec<char> = text.chars().collect();
        for (place, sign, what) in changes {
            let at = place.index(signs.len() + 1);
            match what {
                0 => signs.insert(at, sign),
                1 if at < signs.len() => drop(signs.remove(at)),
                _ if at < signs.len() => signs[at] = sign,
                _ => signs.push(sign),
            }
        }
        signs.into_iter().collect()
    })
}

/// Runs every parser over `text` and checks all that must hold whatever it is.
fn check_text(text: &str) -> Result<(), TestCaseError> {
    let context = context();
    let length = text.chars().count();
    if let Ok(stored) = Occurred::parse_stored(text) {
        prop_assert_eq!(stored.as_str(), text);
        prop_assert_eq!(Occurred::parse_draft(text, &context), Ok(stored));
    }
    match Occurred::parse_draft(text, &context) {
        Ok(draft) => {
            let span = draft.span();
            prop_assert!(draft.as_str().len() <= MAX_TEXT_LEN && draft.as_str().is_ascii());
            prop_assert_eq!(Occurred::parse_stored(draft.as_str()), Ok(draft));
            prop_assert!(span.lo() <= span.point() && span.point() <= span.hi());
            let single = span.lo() == span.hi();
            prop_assert!(single || (span.time().is_none() && span.open().is_none()));
        }
        Err(error) => {
            prop_assert!(error.offset() <= length, "{} in {:?}", error, text);
            let remedy = error
                .remedy()
                .and_then(|remedy| remedy.strip_prefix("write "));
            if let Some(date) = remedy.and_then(|date| date.split(' ').next())
                && date.starts_with(|c: char| c.is_ascii_digit() || c == '[')
            {
                let date = date.trim_end_matches(',');
                let repaired = Occurred::parse_draft(date, &context);
                prop_assert!(repaired.is_ok(), "remedy {} for {:?}", date, text);
            }
        }
    }
    for error in [
        Occurred::parse_stored(text).err(),
        Day::parse(text, context.today).err(),
        Period::parse(text, context.today).err(),
        text.parse::<Day>().err(),
    ] {
        prop_assert!(error.is_none_or(|error| error.offset() <= length));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_a_parser_panic_or_point_outside_it(text in "\\PC{0,80}") {
        check_text(&text)?;
    }

    #[test]
    fn no_bytes_make_a_parser_panic_or_point_outside_them(
        bytes in prop::collection::vec(any::<u8>(), 0..80)
    ) {
        check_text(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_text_of_date_signs_breaks_the_rules(text in "[0-9X~?%/.,:TZ+\\[\\]{}YES -]{0,40}") {
        check_text(&text)?;
    }

    #[test]
    fn no_damaged_date_breaks_the_rules(text in damaged_text()) {
        check_text(&text)?;
    }

    #[test]
    fn every_date_of_the_grammar_obeys_the_rules(text in date_text()) {
        check_text(&text)?;
    }

    #[test]
    fn every_date_text_of_level_0_or_1_is_accepted(text in qualified_date()) {
        let span = Span::parse_stored(&text).unwrap();
        prop_assert_eq!(span.is_approximate(), text.ends_with(['~', '%']));
        prop_assert_eq!(span.is_uncertain(), text.ends_with(['?', '%']));
    }

    #[test]
    fn bounds_are_those_of_edtf_core_but_for_open_sides(text in date_text()) {
        if let Ok(span) = Span::parse_stored(&text) && span.time().is_none() {
            let expected = match span.open() {
                Some(OpenSide::Start) => (None, Some(span.hi())),
                Some(OpenSide::End) => (Some(span.lo()), None),
                None => (Some(span.lo()), Some(span.hi())),
            };
            prop_assert_eq!(bounds_by_edtf_core(&text), Some(expected));
        }
    }

    #[test]
    fn a_day_survives_its_text_and_its_number(day in any_day()) {
        prop_assert_eq!(day.to_string().parse::<Day>().unwrap(), day);
        prop_assert_eq!(Day::from_epoch_days(day.epoch_days()), Some(day));
        prop_assert_eq!(Day::try_from(chrono::NaiveDate::from(day)).unwrap(), day);
        prop_assert_eq!(Occurred::from(day), Occurred::parse_stored(&day.to_string()).unwrap());
    }

    #[test]
    fn an_offset_is_undone_by_the_same_zone(day in any_day(), hour in 0..24, minute in 0..60) {
        let utc = Context { zone: Tz::UTC, ..context() };
        let text = format!("{day}T{hour:02}:{minute:02}");
        let parsed = Occurred::parse_draft(&format!("{text}Z"), &utc).unwrap();
        prop_assert_eq!(parsed.as_str(), text);
    }

    #[test]
    fn milliseconds_never_make_a_day_panic(utc_ms in any::<i64>()) {
        for zone in [Tz::UTC, chrono_tz::Pacific::Kiritimati, chrono_tz::America::Caracas] {
            let day = Day::at(utc_ms, zone);
            prop_assert!(day.is_none_or(|day| Day::MIN <= day && day <= Day::MAX));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bounds_are_the_first_and_last_day_that_fit(text in calendar_date()) {
        let span = Span::parse_stored(&text).unwrap();
        prop_assert_eq!(Some((span.lo(), span.hi())), days_that_fit(&text));
    }
}
