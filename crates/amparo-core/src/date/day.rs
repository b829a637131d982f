//! A civil day, without time or zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;

use super::draft::{self, Context};
use super::error::{DateError, DateFault};
use super::grammar;

/// Days from 1970-01-01 to 0001-01-01.
const MIN_EPOCH_DAYS: i32 = -719_162;
/// Days from 1970-01-01 to 9999-12-31.
const MAX_EPOCH_DAYS: i32 = 2_932_896;

/// A day of the proleptic Gregorian calendar, from 0001-01-01 to 9999-12-31.
///
/// Shown and read as `2026-02-08`. Whose midnight it is stands elsewhere: all days of a ledger
/// are in the ledger's time zone.
///
/// ```
/// use amparo_core::date::Day;
///
/// let day: Day = "2026-02-28".parse()?;
/// assert_eq!(day.plus_days(1).unwrap().to_string(), "2026-03-01");
/// assert_eq!(Day::parse("ayer", day)?.to_string(), "2026-02-27");
/// # Ok::<(), amparo_core::date::DateError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// 0001-01-01.
    pub const MIN: Self = Self(MIN_EPOCH_DAYS);
    /// 9999-12-31.
    pub const MAX: Self = Self(MAX_EPOCH_DAYS);

    /// The day that many days after 1970-01-01; `None` outside years 1 to 9999.
    pub const fn from_epoch_days(days: i32) -> Option<Self> {
        if days < MIN_EPOCH_DAYS || days > MAX_EPOCH_DAYS {
            return None;
        }
        Some(Self(days))
    }

    /// The day of a year, month (1 to 12) and day of the month; `None` if there is no such day.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(|date| Self::try_from(date).ok())
    }

    /// The civil day in `zone` at an instant given as milliseconds since 1970-01-01T00:00Z;
    /// `None` outside years 1 to 9999.
    pub fn at(utc_ms: i64, zone: Tz) -> Option<Self> {
        let instant = DateTime::from_timestamp_millis(utc_ms)?;
        // A zone can only be applied safely well inside chrono's own, far wider limits.
        Self::try_from(instant.date_naive()).ok()?;
        let local = instant.with_timezone(&zone).date_naive();
        Self::try_from(local).ok()
    }

    /// Reads a day from the command line: `2026-02-08`, or `today`, `yesterday`, `hoy`, `ayer`,
    /// `anteayer` counted from `today`.
    ///
    /// # Errors
    /// [`DateFault::NotOneDay`] for a date that is not one plain day, else the fault of the text.
    pub fn parse(text: &str, today: Self) -> Result<Self, DateError> {
        let context = Context {
            today,
            zone: Tz::UTC,
        };
        let reading = draft::parse(text, &context)?;
        Self::from_iso(&reading.canonical).ok_or_else(|| DateError::new(DateFault::NotOneDay, 0))
    }

    /// Days since 1970-01-01, negative before.
    pub const fn epoch_days(self) -> i32 {
        self.0
    }

    /// The day `days` later; `None` past [`Day::MAX`].
    pub fn plus_days(self, days: u32) -> Option<Self> {
        self.0
            .checked_add_unsigned(days)
            .and_then(Self::from_epoch_days)
    }

    /// The day `days` earlier; `None` before [`Day::MIN`].
    pub fn minus_days(self, days: u32) -> Option<Self> {
        self.0
            .checked_sub_unsigned(days)
            .and_then(Self::from_epoch_days)
    }

    /// Days from `earlier` to this day, negative if `earlier` is in fact later.
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Calendar year, 1 to 9999.
    pub fn year(self) -> i32 {
        NaiveDate::from(self).year()
    }

    /// Reads exactly `YYYY-MM-DD`. The fast path of every parser: nothing is allocated.
    pub(super) fn from_iso(text: &str) -> Option<Self> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text.as_bytes() else {
            return None;
        };
        let mut digits = [y0, y1, y2, y3, m0, m1, d0, d1];
        for digit in &mut digits {
            *digit = digit.wrapping_sub(b'0');
        }
        if digits.iter().any(|digit| *digit > 9) {
            return None;
        }
        let number = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + u32::from(*d));
        let year = i32::try_from(number(&digits[..4])).ok()?;
        Self::from_ymd(year, number(&digits[4..6]), number(&digits[6..]))
    }
}

impl TryFrom<NaiveDate> for Day {
    type Error = DateError;

    /// # Errors
    /// [`DateFault::YearOutOfRange`] outside years 1 to 9999.
    fn try_from(date: NaiveDate) -> Result<Self, DateError> {
        Self::from_epoch_days(date.to_epoch_days())
            .ok_or_else(|| DateError::new(DateFault::YearOutOfRange, 0))
    }
}

impl From<Day> for NaiveDate {
    fn from(day: Day) -> Self {
        // chrono reaches far beyond year 9999: the default is never taken.
        Self::from_epoch_days(day.0).unwrap_or_default()
    }
}

impl FromStr for Day {
    type Err = DateError;

    /// Reads exactly `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        match Self::from_iso(text) {
            Some(day) => Ok(day),
            None => match grammar::parse(text) {
                Ok(_) => Err(DateError::new(DateFault::NotOneDay, 0)),
                Err(error) => Err(error.in_text(text)),
            },
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&NaiveDate::from(*self), f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
