//! The numbers of a date: what the rules from history to state work on.

use std::fmt;
use std::num::NonZeroU32;

use super::day::Day;
use super::error::{DateError, DateFault};
use super::grammar;
use crate::planted::{Bug, is_planted};

/// Seconds of a civil day; leap seconds are not counted.
const SECONDS_PER_DAY: u32 = 86_400;

/// A local time of day, to the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(
    /// Seconds since midnight plus one, so that `Option<TimeOfDay>` takes four bytes.
    NonZeroU32,
);

impl TimeOfDay {
    /// The time that many seconds after midnight; `None` from 86 400 on.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds >= SECONDS_PER_DAY {
            return None;
        }
        NonZeroU32::new(seconds + 1).map(Self)
    }

    /// Seconds since midnight, 0 to 86 399.
    pub fn seconds(self) -> u32 {
        self.0.get() - 1
    }
}

impl fmt::Display for TimeOfDay {
    /// `23:30`, or `23:30:15` when the seconds are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, rest) = (self.seconds() / 3600, self.seconds() % 3600);
        write!(f, "{hour:02}:{:02}", rest / 60)?;
        if !rest.is_multiple_of(60) {
            write!(f, ":{:02}", rest % 60)?;
        }
        Ok(())
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The side on which a date has no bound, or an unknown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpenSide {
    /// `../2026-02` or `/2026-02`: nobody says since when.
    Start,
    /// `2026-02-08/..` or `2026-02-08/`: nobody says until when.
    End,
}

/// The bounds and flags of a date, 16 bytes.
///
/// Invariant: `lo <= point <= hi`; a time of day or an open side only where `lo == hi`.
///
/// ```
/// use amparo_core::date::Span;
///
/// let span = Span::parse_stored("2026-02~")?;
/// assert_eq!(span.lo().to_string(), "2026-02-01");
/// assert_eq!(span.hi().to_string(), "2026-02-28");
/// assert_eq!(span.point().to_string(), "2026-02-14");
/// assert!(span.is_approximate());
/// # Ok::<(), amparo_core::date::DateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    lo: Day,
    hi: Day,
    time: Option<TimeOfDay>,
    open: Option<OpenSide>,
    approximate: bool,
    uncertain: bool,
}

impl Span {
    /// Reads the numbers of a stored date without keeping its text. Plain days, by far the most
    /// dates of a ledger, are read without allocating.
    ///
    /// # Errors
    /// As [`Occurred::parse_stored`](super::Occurred::parse_stored).
    pub fn parse_stored(text: &str) -> Result<Self, DateError> {
        if let Some(day) = Day::from_iso(text) {
            return Ok(Self::on(day));
        }
        let reading = grammar::parse(text).map_err(|error| error.in_text(text))?;
        if reading.canonical == text {
            return Ok(reading.span);
        }
        let at = text
            .bytes()
            .zip(reading.canonical.bytes())
            .take_while(|(written, canonical)| written == canonical)
            .count();
        Err(DateError::new(DateFault::NotCanonical, at)
            .with_remedy(format!("write {}", reading.canonical)))
    }

    /// Earliest possible day.
    pub const fn lo(&self) -> Day {
        self.lo
    }

    /// Latest possible day.
    pub const fn hi(&self) -> Day {
        self.hi
    }

    /// The day that point counts use: `lo + floor((hi - lo) / 2)`.
    pub fn point(&self) -> Day {
        if is_planted(Bug::PointIsLastDay) {
            return self.hi;
        }
        let half = self.hi.days_since(self.lo).unsigned_abs() / 2;
        self.lo.plus_days(half).unwrap_or(self.hi)
    }

    /// Local time of day, when the date gives one.
    pub const fn time(&self) -> Option<TimeOfDay> {
        self.time
    }

    /// The side on which the date is open or unknown; the bounds are then both at the other end.
    pub const fn open(&self) -> Option<OpenSide> {
        self.open
    }

    /// Whether any part is marked approximate (`~` or `%`).
    pub const fn is_approximate(&self) -> bool {
        self.approximate
    }

    /// Whether any part is marked uncertain (`?` or `%`).
    pub const fn is_uncertain(&self) -> bool {
        self.uncertain
    }

    /// Whether the date lies wholly after `day`. No event may lie after its recording day.
    pub fn lies_after(&self, day: Day) -> bool {
        self.lo > day
    }

    /// What entries of one history are ordered by, before their sequence: the point, then the
    /// seconds since midnight, with `u32::MAX` (last) when no time is given.
    pub fn order_key(&self) -> (Day, u32) {
        let time = self.time.filter(|_| !is_planted(Bug::TimeOfDayIgnored));
        let seconds = time.map_or(u32::MAX, TimeOfDay::seconds);
        (self.point(), seconds)
    }

    /// One plain day.
    pub const fn on(day: Day) -> Self {
        Self {
            lo: day,
            hi: day,
            time: None,
            open: None,
            approximate: false,
            uncertain: false,
        }
    }

    pub(super) const fn at(day: Day, time: TimeOfDay) -> Self {
        let mut span = Self::on(day);
        span.time = Some(time);
        span
    }

    /// From `lo` to `hi`; the caller has seen to it that `lo <= hi`.
    pub(super) fn between(lo: Day, hi: Day) -> Self {
        debug_assert!(lo <= hi);
        let mut span = Self::on(lo);
        span.hi = hi;
        span
    }

    pub(super) const fn opened(mut self, side: OpenSide) -> Self {
        self.open = Some(side);
        self
    }

    pub(super) const fn qualified(mut self, approximate: bool, uncertain: bool) -> Self {
        self.approximate |= approximate;
        self.uncertain |= uncertain;
        self
    }
}
