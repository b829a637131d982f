//! What each wrong text is told.

use super::super::{DateError, DateFault, MAX_TEXT_LEN, Occurred};
use super::context;

/// Text, fragment of the message, offset in characters, fragment of the remedy.
type Refusal = (&'static str, &'static str, usize, &'static str);

#[rustfmt::skip]
const REFUSED_EVERYWHERE: &[Refusal] = &[
    ("", "no date given", 0, "write 2026-02-08"),
    // No such day.
    ("2026-02-30", "February 2026 has 28 days", 8, "write 2026-02 if the day"),
    ("2026-02-29", "February 2026 has 28 days", 8, "2026-02"),
    ("2024-02-30", "February 2024 has 29 days", 8, "2024-02"),
    ("1900-02-29", "February 1900 has 28 days", 8, "1900-02"),
    ("2026-04-31~", "April 2026 has 30 days", 8, "2026-04"),
    ("2026-02-00", "February 2026 has 28 days", 8, "write 2026-02 if"),
    ("2026-13", "there is no month 13", 5, "01 to 12"),
    ("2026-13-08", "there is no month 13", 5, "write 2026-08-13 if 13 is the day"),
    ("2026-31-02", "there is no month 31", 5, "01 to 12"),
    ("0000-13-45", "years go from 0001 to 9999", 0, ""),
    ("2026-00", "there is no month 00", 5, "write 2026 if the month"),
    ("2026-21-08", "there is no month 21", 5, "write 2026-08-21"),
    ("2026-02-08/2026-02-30", "February 2026 has 28 days", 19, "2026-02"),
    ("[2026-02-08,2026-02-30]", "February 2026 has 28 days", 20, "2026-02"),
    // Years.
    ("0000", "years go from 0001 to 9999", 0, ""),
    ("0000-01-01", "years go from 0001 to 9999", 0, ""),
    ("000X", "years go from 0001 to 9999", 0, ""),
    ("-0044", "years go from 0001 to 9999", 0, ""),
    ("Y17E8", "years go from 0001 to 9999", 0, ""),
    ("Y12026", "years go from 0001 to 9999", 0, ""),
    ("9999-24", "years go from 0001 to 9999", 0, ""),
    ("2026/Y17E8", "years go from 0001 to 9999", 5, ""),
    // Shape.
    ("2026-", "expected a month of two digits", 5, "write 2026-02-08"),
    ("2026-02-", "expected a day of two digits", 8, "write 2026-02-08"),
    ("2026-02-8", "expected a day of two digits", 9, "write 2026-02-08"),
    ("202", "expected a year of four digits", 3, "write 2026-02-08"),
    ("20260", "expected the end, or '-' and a month", 4, "write 2026-02-08"),
    ("2026-02-081", "expected nothing after the day", 10, "write 2026-02-08"),
    ("2026-02-08/2026-02-09/2026", "expected only one '/'", 21, "write"),
    ("somebody", "expected a year of four digits", 0, "write 2026-02-08"),
    ("Tuesday", "expected a year of four digits", 0, "write 2026-02-08"),
    // Level 2.
    ("1950S2", "significant digits", 4, "195X"),
    ("2026-33", "season codes go from 21 (spring) to 24", 5, "write 2026-01-01/2026-03-31"),
    ("2026-02~-08", "stands at the end", 7, "write 2026-02-08~ for the whole date"),
    ("~2026-02-08", "stands at the end", 0, "write 2026-02-08~"),
    ("2026?-02~-08", "stands at the end", 4, "write 2026-02-08%"),
    ("2026-02-08~~", "stands at the end", 11, "one sign"),
    ("2026-02-1X", "X stands for", 9, "write 2026-02-10/2026-02-19"),
    ("XXXX-02", "years go from", 0, ""),
    ("~2026-02-1X", "X stands for", 10, "write 2026-02-10/2026-02-19"),
    ("2XXX", "X stands for", 1, "write 2000-01-01/2999-12-31"),
    ("202X-02-30", "X stands for", 3, "write"),
    ("{2026-02-08,2026-02-09}", "braces name several", 0, "[a,b]"),
    // Ranges.
    ("2026-02-09/2026-02-08", "starts after its end", 11, "write 2026-02-08/2026-02-09"),
    ("2026-03/2026-02-15", "starts after its end", 8, "write 2026-02-15/2026-03"),
    ("[2026-02-09..2026-02-08]", "starts after its end", 13, "write [2026-02-08..2026-02-09]"),
    ("../..", "needs a date", 0, "leave the date out"),
    ("/", "needs a date", 0, "leave the date out"),
    ("[..]", "needs a date", 1, "leave the date out"),
    ("[2026-02-08", "expected ']' at the end", 11, "write"),
    ("[]", "expected a year", 1, "write"),
    ("[2026,]", "expected a year", 6, "write"),
    ("[..2026,2027]", "open range cannot stand", 1, "../b"),
    ("[2026,2027..]", "open range cannot stand", 6, "../b"),
    ("[2026-02..2026-02-08]", "same precision", 1, "a/b"),
    ("[2026-02-08~..2026-02-09~]", "same precision", 1, "a/b"),
    ("[2026-21..2026-22]", "same precision", 1, "a/b"),
    // Time of day.
    ("2026-02-08T24:00", "times go from 00:00", 11, "00:00 of the next day"),
    ("2026-02-08T25:00", "times go from 00:00", 11, ""),
    // The hour is named first.
    ("2026-02-08T24:60", "times go from 00:00", 11, ""),
    ("2026-02-08T23:60", "times go from 00:00", 14, ""),
    ("2026-02-08T23:59:60", "times go from 00:00", 17, ""),
    ("2026-02-08T23:30~", "expected a time like 23:30", 11, "write"),
    ("2026-02-08T23", "expected a time like 23:30", 11, "write"),
    ("2026-02T23:30", "only after one complete day", 0, "leave the time out"),
    ("2026-02-08~T23:30", "only after one complete day", 0, "leave the time out"),
    ("2026-02-08T23:30/2026-02-09", "only after one complete day", 10, "leave the time out"),
];

#[rustfmt::skip]
const REFUSED_AS_STORED: &[Refusal] = &[
    ("2026-02-08T23:30Z", "without an offset", 16, ""),
    ("2026-02-08T23:30-04:00", "without an offset", 16, ""),
    ("2026-02-08..09", "expected nothing after the day", 10, "write"),
    ("today", "expected a year of four digits", 0, "write"),
    ("2026-02-08 23:30", "only after one complete day", 13, "write 2026-02-08T23:30"),
    ("~2026", "canonical spelling", 0, "write 2026~"),
    ("[2026-02-08]", "canonical spelling", 0, "write 2026-02-08"),
    ("[2026-02-08..]", "canonical spelling", 0, "write 2026-02-08/.."),
    ("２０２６-02-08", "ASCII", 0, "write 2026-02-08"),
];

#[rustfmt::skip]
const REFUSED_IN_A_DRAFT: &[Refusal] = &[
    // Two readings, or the year not first.
    (
        "08/02/2026",
        "which number is the day and which the month is not certain",
        0,
        "write 2026-02-08 for 8 February or 2026-08-02 for 2 August",
    ),
    ("8-2-2026", "which number is the day", 0, "2026-02-08 for 8 February or 2026-08-02"),
    ("8.2.2026", "which number is the day", 0, "2026-02-08 for 8 February or 2026-08-02"),
    ("08 02 2026", "which number is the day", 0, "2026-02-08 for 8 February or 2026-08-02"),
    ("25/02/2026", "the year comes first", 0, "write 2026-02-25"),
    ("02/25/2026", "the year comes first", 0, "write 2026-02-25"),
    ("02/02/2026", "the year comes first", 0, "write 2026-02-02"),
    ("32/13/2026", "the year comes first", 0, "write it like 2026-02-08"),
    ("08/02/26", "the year comes first", 0, "the year in four digits"),
    // Slips with one reading.
    ("2026/02/08", "only one '/'", 7, "write 2026-02-08"),
    ("2026/2", "expected a year of four digits", 6, "write 2026-02"),
    ("2026-2-8", "expected a month of two digits", 6, "write 2026-02-08"),
    ("20260208", "expected the end, or '-' and a month", 4, "write 2026-02-08"),
    ("2026-02-08/09", "expected a year of four digits", 13, "write 2026-02-08/2026-02-09"),
    ("2026-02-xx", "expected a day of two digits", 8, "write 2026-02-XX"),
    (" 2026-02-08", "expected a year of four digits", 0, "write 2026-02-08"),
    ("[2026-02-08, 2026-02-12]", "expected a year", 12, "write [2026-02-08,2026-02-12]"),
    ("２０２６-０２-０８", "plain digits", 0, "write 2026-02-08"),
    ("٢٠٢٦-٠٢-٠٨", "plain digits", 0, "write 2026-02-08"),
    ("2026‑02‑08", "plain digits", 4, "write 2026-02-08"),
    ("8 de febrero", "expected a year of four digits", 1, "write 2026-02-08"),
    ("mañana", "plain digits", 2, "write 2026-02-08"),
    ("2026-02-08T23:30:00.000Z", "expected a time", 11, "write 2026-02-08T19:30:00"),
    ("2026-02-08t23:30z", "only after one complete day", 13, "write 2026-02-08T19:30"),
    // Ranges.
    ("2026-02-08..07", "starts after its end", 12, "write 2026-02-07/2026-02-08"),
    ("2026-02-08..30", "February 2026 has 28 days", 12, "2026-02"),
    ("2026-02-08..02-30", "February 2026 has 28 days", 15, "2026-02"),
    ("2025..26", "expected a year of four digits", 8, "write"),
    ("2026-02-08..09..10", "only one '..'", 14, "write"),
    ("..", "needs a date", 0, "leave the date out"),
    ("2026-02-08T10:00..11:00", "only after one complete day", 10, "leave the time out"),
    // Offsets.
    ("2026-02-08T23:30+15:00", "offsets are Z", 16, "-04:00"),
    ("2026-02-08T23:30-00:00", "offsets are Z", 16, "-04:00"),
    ("2026-02-08T23:30+04:60", "offsets are Z", 16, "-04:00"),
    ("2026-02-08T23:30+4", "offsets are Z", 16, "-04:00"),
    ("2026-02-08T25:30Z", "times go from", 11, ""),
    ("0001-01-01T00:00Z", "years go from", 0, ""),
    ("9999-12-31T23:00-12:00", "years go from", 0, ""),
];

#[test]
fn a_wrong_date_is_told_what_where_and_what_instead() {
    let context = context();
    let check = |case: &Refusal, result: Result<Occurred, DateError>| {
        let (text, fragment, offset, remedy) = *case;
        let error = result.expect_err(text);
        let given = error.remedy().unwrap_or_default();
        assert!(error.to_string().contains(fragment), "{text}: {error}");
        assert_eq!(error.offset(), offset, "offset of {text}: {error}");
        assert!(given.contains(remedy), "remedy of {text}: {given}");
    };
    for case in REFUSED_EVERYWHERE {
        check(case, Occurred::parse_stored(case.0));
        check(case, Occurred::parse_draft(case.0, &context));
    }
    for case in REFUSED_AS_STORED {
        check(case, Occurred::parse_stored(case.0));
    }
    for case in REFUSED_IN_A_DRAFT {
        check(case, Occurred::parse_draft(case.0, &context));
    }
}

#[test]
fn a_date_has_at_most_max_text_len_bytes() {
    let at_limit = "[2026-01-01,2026-01-02,2026-01-03,2026-01-04,2026-01-05,2026-01~]";
    assert_eq!(at_limit.len(), MAX_TEXT_LEN + 1);
    let at_limit = at_limit.replace('~', "");
    assert!(Occurred::parse_stored(&at_limit).is_ok());
    assert!(Occurred::parse_draft(&at_limit, &context()).is_ok());

    let past = at_limit.replace(']', "~]");
    for result in [
        Occurred::parse_stored(&past),
        Occurred::parse_draft(&past, &context()),
    ] {
        let error = result.unwrap_err();
        let length = MAX_TEXT_LEN + 1;
        assert_eq!(error.fault(), DateFault::TooLong { length });
        assert_eq!(error.offset(), MAX_TEXT_LEN);
    }
}

#[test]
fn a_message_never_repeats_what_is_not_a_date() {
    for text in ["Ana Demo", "Ana Demo 2026", "2026-02 Ana", "ana-02-2026"] {
        let error = Occurred::parse_draft(text, &context()).unwrap_err();
        let said = format!("{error} {error:?}").to_lowercase();
        assert!(!said.contains("ana") && !said.contains("demo"), "{said}");
    }
}
