//! The time at which an entry was accepted, and its one spelling.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

/// When the ledger accepted an entry: UTC, in whole milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recorded(i64);

impl Recorded {
    /// The time so many milliseconds after 1970-01-01T00:00Z.
    ///
    /// Answers `None` outside the years 0 to 9999.
    pub fn from_ms(ms: i64) -> Option<Self> {
        let time = DateTime::<Utc>::from_timestamp_millis(ms)?;
        (0..=9999).contains(&time.year()).then_some(Self(ms))
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The time in chrono's terms.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// Reads `2026-02-10T14:03:22.123Z`, exactly.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
        let marks = [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (19, b'.'),
            (23, b'Z'),
        ];
        if marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
            return None;
        }
        let number = |range: Range<usize>| {
            bytes[range].iter().try_fold(0_u32, |number, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| number * 10 + u32::from(digit - b'0'))
            })
        };
        let date = NaiveDate::from_ymd_opt(
            i32::try_from(number(0..4)?).ok()?,
            number(5..7)?,
            number(8..10)?,
        )?;
        let time = date.and_hms_milli_opt(
            number(11..13)?,
            number(14..16)?,
            number(17..19)?,
            number(20..23)?,
        )?;
        Self::from_ms(time.and_utc().timestamp_millis())
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.utc();
        let (date, time) = (utc.date_naive(), utc.time());
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |range: Range<usize>, mut number: u32| {
            for digit in text[range].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0..4, date.year().unsigned_abs());
        put(5..7, date.month());
        put(8..10, date.day());
        put(11..13, time.hour());
        put(14..16, time.minute());
        put(17..19, time.second());
        put(20..23, time.nanosecond() / 1_000_000);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_recording_time_reads_back_and_is_written_as_rfc_3339(ms in -62_167_219_200_000..253_402_300_799_999_i64) {
            let recorded = Recorded::from_ms(ms).unwrap();
            let shown = recorded.to_string();
            prop_assert_eq!(&shown, &recorded.utc().to_rfc3339_opts(SecondsFormat::Millis, true));
            prop_assert_eq!(Recorded::parse(&shown), Some(recorded));
        }
    }

    #[test]
    fn another_spelling_of_a_time_is_no_recording_time() {
        assert!(Recorded::parse("2026-02-10T14:03:22.123Z").is_some());
        for other in [
            "2026-02-10t14:03:22.123Z",
            "2026-02-10T14:03:22.123z",
            "2026-02-10T14:03:22.123+00:00",
            "2026-02-10T14:03:22Z",
            "2026-02-10T14:03:22.1230Z",
            "2026-02-30T14:03:22.123Z",
            "2026-02-10T24:03:22.123Z",
            "2026-02-10T14:03:60.123Z",
            "-026-02-10T14:03:22.123Z",
            "+026-02-10T14:03:22.123Z",
            "2026-02-10T14:03:22.12éZ",
            "",
        ] {
            assert_eq!(Recorded::parse(other), None, "{other}");
        }
    }
}
