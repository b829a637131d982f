//! What can be wrong with a date, where, and what to write instead.
//!
//! Messages name rules and numbers, never the text itself: a cell that holds a person's name
//! where a date was meant must not carry that name into a log.

use thiserror::Error;

use super::MAX_TEXT_LEN;

/// English month names, January first, for messages.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What to write when nothing in the text says what was meant.
const ACCEPTED: &str = "write 2026-02-08, 2026-02, 2026, 2026-02-08T23:30, 2026-02~, 2026-02-XX, \
                        2026-02-08/2026-02-09 or ../2026-02";

/// A text refused as a date: the broken rule, its place, and mostly a remedy.
///
/// ```
/// use amparo_core::date::{DateFault, Occurred};
///
/// let error = Occurred::parse_stored("2026-02-30").unwrap_err();
/// assert_eq!(error.to_string(), "February 2026 has 28 days");
/// assert_eq!(error.offset(), 8);
/// assert_eq!(error.remedy(), Some("write 2026-02 if the day is not known"));
/// assert_eq!(error.fault(), DateFault::NoSuchDay { year: 2026, month: 2, days: 28 });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct DateError {
    fault: DateFault,
    offset: usize,
    remedy: Option<String>,
}

impl DateError {
    /// The broken rule.
    pub fn fault(&self) -> DateFault {
        self.fault
    }

    /// Where the fault stands: characters from the start of the text, from 0; the number of
    /// characters of the text when something is missing at its end.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What to write instead, as an English sentence without a full stop.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// Takes a byte offset; [`DateError::in_text`] turns it into characters at the end.
    pub(super) fn new(fault: DateFault, offset: usize) -> Self {
        let remedy = fault.usual_remedy().map(str::to_owned);
        Self {
            fault,
            offset,
            remedy,
        }
    }

    pub(super) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn moved_to(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// Turns the offset from bytes into characters of `text`, which every parser did last.
    pub(super) fn in_text(mut self, text: &str) -> Self {
        self.offset = text
            .char_indices()
            .take_while(|(at, _)| *at < self.offset)
            .count();
        self
    }
}

/// The rules a date can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DateFault {
    /// The text is empty.
    #[error("no date given")]
    Empty,
    /// The text is longer than [`MAX_TEXT_LEN`].
    #[error("a date has at most {MAX_TEXT_LEN} bytes, this one has {length}")]
    TooLong {
        /// Bytes of the text.
        length: usize,
    },
    /// A character outside ASCII, such as a full-width digit or a typographic dash.
    #[error("a date is written in plain digits, letters and signs (ASCII)")]
    NotAscii,
    /// Something else was expected at this place.
    #[error("not a date: expected {expected}")]
    Malformed {
        /// What could stand here.
        expected: &'static str,
    },
    /// A month outside 01..12.
    #[error("there is no month {month:02}")]
    NoSuchMonth {
        /// The month as written.
        month: u8,
    },
    /// A day that its month does not have.
    #[error("{} {year} has {days} days", month_name(*.month))]
    NoSuchDay {
        /// The year as written.
        year: u16,
        /// The month as written, 1..12.
        month: u8,
        /// Days of that month in that year.
        days: u8,
    },
    /// A date that starts before year 1 or ends after year 9999.
    #[error("years go from 0001 to 9999")]
    YearOutOfRange,
    /// A year that is not in front, with one possible reading.
    #[error("the year comes first, then month and day, joined by '-'")]
    YearNotFirst,
    /// A year that is not in front, with two possible readings.
    #[error("which number is the day and which the month is not certain")]
    DayOrMonth,
    /// `X` at a place that level 1 does not give it.
    #[error(
        "X stands for a whole day, a whole month and day, or the last one or two digits of a year"
    )]
    MaskNotAccepted,
    /// A qualifier that holds for a part of the date only.
    #[error("a qualifier (~ ? %) stands at the end and holds for the whole date")]
    MixedQualification,
    /// A grouping of months other than the four seasons.
    #[error("season codes go from 21 (spring) to 24 (winter), {code} is not one")]
    SeasonNotAccepted {
        /// The code as written, 25..41.
        code: u8,
    },
    /// A year with significant digits, `1950S2`.
    #[error("significant digits (S) are not accepted")]
    SignificantDigits,
    /// An all-of set.
    #[error("braces name several dates at once, and an event has one")]
    AllOf,
    /// An interval or range whose start lies after its end.
    #[error("the range starts after its end")]
    StartAfterEnd,
    /// An interval without any date.
    #[error("a range needs a date on at least one side")]
    NoDate,
    /// An open range next to other members of a one-of set.
    #[error("an open range cannot stand beside other dates in brackets")]
    OpenAmongOthers,
    /// A range in brackets whose ends are not plain dates of the same precision.
    #[error("both ends of a range in brackets are plain dates of the same precision")]
    UnevenRange,
    /// A time of day after something that is not one plain day.
    #[error("a time of day stands only after one complete day")]
    TimeNeedsDay,
    /// A time of day outside the clock.
    #[error("times go from 00:00 to 23:59:59")]
    NoSuchTime,
    /// An offset outside -14:00..+14:00, or `-00:00`, which says that the offset is unknown.
    #[error("offsets are Z or go from -14:00 to +14:00")]
    NoSuchOffset,
    /// An offset in a stored date.
    #[error("a stored time is local time of the ledger, without an offset")]
    OffsetNotStored,
    /// A stored date that is well formed but not spelled canonically.
    #[error("a stored date has its canonical spelling")]
    NotCanonical,
    /// A date where one day is needed.
    #[error("this is not one plain day")]
    NotOneDay,
    /// A date where a period is needed.
    #[error("a period is a plain day, month or year, or a range of them")]
    NotAPeriod,
}

impl DateFault {
    /// The remedy that holds whatever the text was.
    fn usual_remedy(self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::NotAscii | Self::Malformed { .. } | Self::MaskNotAccepted => {
                Some(ACCEPTED)
            }
            Self::TooLong { .. } => Some("write the range from the first to the last date: a/b"),
            Self::NoSuchMonth { .. } => Some("months go from 01 to 12"),
            Self::YearNotFirst | Self::DayOrMonth => {
                Some("write it like 2026-02-08, the year in four digits")
            }
            Self::SignificantDigits => Some("write 195X for a decade, 19XX for a century"),
            Self::AllOf => Some("write one draft for each date, or [a,b] if it was one of them"),
            Self::NoDate => Some("leave the date out if nothing is known of it"),
            Self::OpenAmongOthers => Some("write ../b for 'until b', a/.. for 'from a'"),
            Self::UnevenRange => Some("write the range with a slash: a/b"),
            Self::TimeNeedsDay => Some("write 2026-02-08T23:30, or leave the time out"),
            Self::NoSuchOffset => Some("write Z, -04:00 or +02:00, or leave it out for local time"),
            Self::NotOneDay => Some("write a day like 2026-02-08, or today or yesterday"),
            Self::NotAPeriod => Some("write 2026-02-08, 2026-02, 2026 or 2026-02-01..2026-02-15"),
            Self::NoSuchDay { .. }
            | Self::YearOutOfRange
            | Self::MixedQualification
            | Self::SeasonNotAccepted { .. }
            | Self::StartAfterEnd
            | Self::NoSuchTime
            | Self::OffsetNotStored
            | Self::NotCanonical => None,
        }
    }
}

/// The English name of month 1..12; empty for any other number.
pub(super) fn month_name(month: u8) -> &'static str {
    usize::from(month)
        .checked_sub(1)
        .and_then(|index| MONTHS.get(index))
        .copied()
        .unwrap_or_default()
}
