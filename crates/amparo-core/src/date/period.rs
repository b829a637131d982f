//! A stretch of whole days, for the command line.

use std::fmt;

use chrono_tz::Tz;

use super::day::Day;
use super::draft::{self, Context};
use super::error::{DateError, DateFault};

/// From one day to another, both included. Invariant: `first <= last`.
///
/// ```
/// use amparo_core::date::{Day, Period};
///
/// let today: Day = "2026-02-20".parse()?;
/// let february = Period::parse("2026-02", today)?;
/// assert_eq!(february.to_string(), "2026-02-01..2026-02-28");
/// assert_eq!(february.days(), 28);
/// assert_eq!(Period::parse("2026-02-18..hoy", today)?.days(), 3);
/// # Ok::<(), amparo_core::date::DateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    first: Day,
    last: Day,
}

impl Period {
    /// From `first` to `last`; `None` if `last` lies before `first`.
    pub fn new(first: Day, last: Day) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// Reads a day, month, year or season, or a range of them (`2026-02-08..09`,
    /// `2025-12..2026-01`), or a day counted from `today` (`yesterday`, `ayer..hoy`).
    ///
    /// # Errors
    /// [`DateFault::NotAPeriod`] for a date with a time, a qualifier, an open side or a choice in
    /// brackets, else the fault of the text.
    pub fn parse(text: &str, today: Day) -> Result<Self, DateError> {
        let context = Context {
            today,
            zone: Tz::UTC,
        };
        let reading = draft::parse(text, &context)?;
        let span = reading.span;
        let plain = span.time().is_none()
            && span.open().is_none()
            && !span.is_approximate()
            && !span.is_uncertain()
            && !reading.canonical.starts_with('[');
        if plain {
            Ok(Self {
                first: span.lo(),
                last: span.hi(),
            })
        } else {
            Err(DateError::new(DateFault::NotAPeriod, 0))
        }
    }

    /// First day.
    pub const fn first(self) -> Day {
        self.first
    }

    /// Last day, included.
    pub const fn last(self) -> Day {
        self.last
    }

    /// Number of days, at least 1.
    pub const fn days(self) -> u32 {
        self.last.days_since(self.first).unsigned_abs() + 1
    }

    /// Whether `day` is one of its days.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }
}

impl fmt::Display for Period {
    /// `2026-02-01..2026-02-28`, or `2026-02-08` for a single day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..{}", self.first, self.last)
        }
    }
}
