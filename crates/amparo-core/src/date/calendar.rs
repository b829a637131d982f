//! One calendar date: year, month, day, with `X` digits, seasons and a qualifier.
//!
//! The only file that names `edtf-core`. That crate says what the text means; this file narrows
//! it to level 1 and years 1 to 9999, and says in our own words what is wrong with a text.
//! Offsets here are bytes from the start of the text given.

use chrono::{Datelike, NaiveDate};
use edtf_core::{Bound, BoundDate, Date, DateField, Edtf, Precision};

use super::day::Day;
use super::error::{DateError, DateFault};
use super::span::Span;

/// The signs for approximate, uncertain, and both.
pub(super) const QUALIFIERS: [char; 3] = ['~', '?', '%'];

/// Season codes of level 1: spring, summer, autumn, winter.
const SEASONS: std::ops::RangeInclusive<u8> = 21..=24;

/// One calendar date as read.
pub(super) struct CalendarDate {
    pub(super) canonical: String,
    pub(super) first: Day,
    pub(super) last: Day,
    pub(super) approximate: bool,
    pub(super) uncertain: bool,
    /// A year, month or day in digits only: no `X`, no season, no qualifier.
    pub(super) plain: bool,
}

impl CalendarDate {
    pub(super) fn span(&self) -> Span {
        Span::between(self.first, self.last).qualified(self.approximate, self.uncertain)
    }
}

/// Reads one calendar date of level 0 or 1.
pub(super) fn parse(text: &str) -> Result<CalendarDate, DateError> {
    if let Some(day) = Day::from_iso(text) {
        return Ok(CalendarDate {
            canonical: text.to_owned(),
            first: day,
            last: day,
            approximate: false,
            uncertain: false,
            plain: true,
        });
    }
    refuse_time(text)?;
    refuse_long_year(text)?;
    let parsed = Edtf::parse(text).map_err(|error| explain(text, error.offset))?;
    let Edtf::Date(date) = &parsed else {
        return Err(malformed(0, "a calendar date"));
    };
    let (first, last) = days(&parsed)?;
    refuse_level_2(&parsed, date, text, first, last)?;
    Ok(CalendarDate {
        canonical: parsed.to_string(),
        first,
        last,
        approximate: parsed.is_approximate(),
        uncertain: parsed.is_uncertain(),
        plain: !parsed.has_unspecified()
            && !parsed.is_approximate()
            && !parsed.is_uncertain()
            && date.precision() != Precision::Season,
    })
}

pub(super) fn malformed(at: usize, expected: &'static str) -> DateError {
    DateError::new(DateFault::Malformed { expected }, at)
}

/// First and last day that the date may mean.
fn days(parsed: &Edtf) -> Result<(Day, Day), DateError> {
    let bounds = parsed.bounds();
    match (day_of(bounds.earliest), day_of(bounds.latest)) {
        (Some(first), Some(last)) => Ok((first, last)),
        _ => Err(DateError::new(DateFault::YearOutOfRange, 0)),
    }
}

/// The day of a bound; `None` outside years 1 to 9999 and where there is no bound.
fn day_of(bound: Bound) -> Option<Day> {
    match bound {
        Bound::Date(BoundDate { year, month, day }) => {
            Day::from_ymd(i32::try_from(year).ok()?, month.into(), day.into())
        }
        Bound::NegativeInfinity | Bound::PositiveInfinity | Bound::Unknown => None,
    }
}

/// A time of day inside a range, or after a month.
fn refuse_time(text: &str) -> Result<(), DateError> {
    let bytes = text.as_bytes();
    let time = bytes.iter().enumerate().position(|(at, byte)| {
        let before_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        *byte == b':' || (*byte == b'T' && before_digit)
    });
    time.map_or(Ok(()), |at| {
        Err(DateError::new(DateFault::TimeNeedsDay, at))
    })
}

/// `Y17E8` and `-0044`.
fn refuse_long_year(text: &str) -> Result<(), DateError> {
    let signed = text.strip_prefix('Y').unwrap_or(text);
    let digits = signed.strip_prefix('-').unwrap_or(signed);
    if digits.len() < text.len() && digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(DateError::new(DateFault::YearOutOfRange, 0));
    }
    Ok(())
}

fn refuse_level_2(
    parsed: &Edtf,
    date: &Date,
    text: &str,
    first: Day,
    last: Day,
) -> Result<(), DateError> {
    if parsed.level() < 2 {
        return Ok(());
    }
    if date.year.significant_digits.is_some() {
        return Err(DateError::new(DateFault::SignificantDigits, 4));
    }
    let range = format!("write {first}/{last} for the days from the first to the last that fit");
    if let Some(code) = date.month.and_then(DateField::value)
        && code > *SEASONS.end()
    {
        let fault = DateFault::SeasonNotAccepted { code };
        return Err(DateError::new(fault, place_of(text, 5)).with_remedy(range));
    }
    let body = text.replace(QUALIFIERS, "");
    if Edtf::parse(&body).is_ok_and(|unqualified| unqualified.level() < 2) {
        let sign = match (parsed.is_uncertain(), parsed.is_approximate()) {
            (true, true) => '%',
            (true, false) => '?',
            (false, _) => '~',
        };
        let at = text.find(QUALIFIERS).unwrap_or(0);
        return Err(DateError::new(DateFault::MixedQualification, at)
            .with_remedy(format!("write {body}{sign} for the whole date")));
    }
    let at = text.find('X').unwrap_or(0);
    Err(DateError::new(DateFault::MaskNotAccepted, at).with_remedy(range))
}

/// Says what is wrong with a text that `edtf-core` refused at `refused_at`.
fn explain(text: &str, refused_at: usize) -> DateError {
    if let Some(misfit) = misfit(text) {
        return misfit;
    }
    if let Some(error) = no_such_day(text) {
        return error;
    }
    if let Some(at) = text.find('X') {
        return DateError::new(DateFault::MaskNotAccepted, at);
    }
    match text.rfind(QUALIFIERS) {
        Some(at) => DateError::new(DateFault::MixedQualification, at)
            .with_remedy("write one sign at the end: 2026-02-08~"),
        None => malformed(refused_at, "a calendar date"),
    }
}

/// The first place where the text, qualifiers aside, leaves the shape `YYYY-MM-DD`.
fn misfit(text: &str) -> Option<DateError> {
    let mut slot = 0;
    for (at, byte) in text.bytes().enumerate() {
        if QUALIFIERS.contains(&char::from(byte)) {
            continue;
        }
        let fits = match slot {
            4 | 7 => byte == b'-',
            0..10 => byte.is_ascii_digit() || byte == b'X',
            _ => false,
        };
        if !fits {
            return Some(malformed(at, expected_at(slot)));
        }
        slot += 1;
    }
    match slot {
        4 | 7 | 10 => None,
        _ => Some(malformed(text.len(), expected_at(slot))),
    }
}

/// What stands at a slot of `YYYY-MM-DD`.
fn expected_at(slot: usize) -> &'static str {
    match slot {
        0..4 => "a year of four digits",
        4 => "the end, or '-' and a month",
        5 | 6 => "a month of two digits",
        7 => "the end, or '-' and a day",
        8 | 9 => "a day of two digits",
        _ => "nothing after the day",
    }
}

/// The byte of `text` that stands at a slot of `YYYY-MM-DD`, qualifiers aside.
fn place_of(text: &str, slot: usize) -> usize {
    text.char_indices()
        .filter(|(_, sign)| !QUALIFIERS.contains(sign))
        .nth(slot)
        .map_or(text.len(), |(at, _)| at)
}

/// A text of the right shape whose month or day does not exist.
fn no_such_day(text: &str) -> Option<DateError> {
    let body = text.replace(QUALIFIERS, "");
    let year: u16 = body.get(..4)?.parse().ok()?;
    let month: u8 = body.get(5..7)?.parse().ok()?;
    let day: Option<u8> = body.get(8..).and_then(|day| day.parse().ok());
    if year == 0 {
        return Some(DateError::new(DateFault::YearOutOfRange, 0));
    }
    if !(1..=12).contains(&month) {
        let error = DateError::new(DateFault::NoSuchMonth { month }, place_of(text, 5));
        let swapped = day.and_then(|day| Day::from_ymd(year.into(), day.into(), month.into()));
        return Some(match swapped {
            Some(swapped) => error.with_remedy(format!("write {swapped} if {month} is the day")),
            None if month == 0 => {
                error.with_remedy(format!("write {year:04} if the month is not known"))
            }
            None => error,
        });
    }
    let days = NaiveDate::from_ymd_opt(year.into(), month.into(), 1)?.num_days_in_month();
    day.filter(|day| !(1..=days).contains(day))?;
    let fault = DateFault::NoSuchDay { year, month, days };
    let remedy = format!("write {year:04}-{month:02} if the day is not known");
    Some(DateError::new(fault, place_of(text, 8)).with_remedy(remedy))
}

/// What `edtf-core` makes of a whole text, intervals and sets too: the cross-check of our bounds.
/// `None` on a side means that it is open or unknown.
#[cfg(test)]
pub(super) fn bounds_by_edtf_core(text: &str) -> Option<(Option<Day>, Option<Day>)> {
    let bounds = Edtf::parse(text).ok()?.bounds();
    Some((day_of(bounds.earliest), day_of(bounds.latest)))
}
