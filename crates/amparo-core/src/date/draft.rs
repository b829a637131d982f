//! Dates as people write them: in a draft or on the command line.
//!
//! Takes everything the canonical grammar takes, and more spellings of the same; what comes out is
//! canonical. Nothing here is ambiguous: a spelling with two readings belongs to `slip.rs`, which
//! explains it and refuses.

use chrono_tz::Tz;

use super::calendar::{QUALIFIERS, malformed};
use super::day::Day;
use super::error::{DateError, DateFault};
use super::grammar::{self, Piece, Reading};
use super::slip;
use super::span::Span;
use super::time;

/// Words for days, and how many days before today each lies.
const WORDS: [(&str, u32); 5] = [
    ("today", 0),
    ("hoy", 0),
    ("yesterday", 1),
    ("ayer", 1),
    ("anteayer", 2),
];

/// What a draft's date depends on besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The recording day, in the ledger's time zone.
    pub today: Day,
    /// The ledger's time zone.
    pub zone: Tz,
}

/// Reads a date as people write it. Error offsets are characters, and slips are explained.
pub(super) fn parse(text: &str, context: &Context) -> Result<Reading, DateError> {
    if let Some(day) = Day::from_iso(text) {
        return Ok(Reading::on(day));
    }
    read(text, context).map_err(|error| slip::explain(text, context, error).in_text(text))
}

/// Reads a date as people write it. Error offsets are bytes.
pub(super) fn read(text: &str, context: &Context) -> Result<Reading, DateError> {
    grammar::check_signs(text)?;
    let whole = Piece::whole(text);
    if let Some(day) = word(whole, context.today)? {
        return Ok(Reading::on(day));
    }
    if text.starts_with(['[', '{']) || text.contains('/') {
        return grammar::read(whole);
    }
    if let Some(dots) = text.find("..") {
        return range(whole, dots, context.today);
    }
    match clock_place(text) {
        Some(at) => {
            let clock = whole.cut(at + 1..text.len());
            date_time(whole.cut(0..at), clock, context)
        }
        None => grammar::read(whole),
    }
}

/// The text of a range end that leaves out what it shares with the start, in full: `09` after
/// `2026-02-08` is `2026-02-09`. Also says how many bytes were put in front.
pub(super) fn completed(start: &str, end: &str) -> Option<(String, usize)> {
    let is_short = |part: &str| part.len() == 2 && part.bytes().all(is_digit_or_x);
    let shared: Vec<&str> = start.trim_end_matches(QUALIFIERS).split('-').collect();
    let given: Vec<&str> = end.trim_end_matches(QUALIFIERS).split('-').collect();
    let kept = shared.len().checked_sub(given.len())?;
    if kept == 0 || !given.into_iter().all(is_short) {
        return None;
    }
    let front = shared.get(..kept)?.join("-");
    let added = front.len() + 1;
    Some((format!("{front}-{end}"), added))
}

/// A word for a day, in any case.
fn word(piece: Piece<'_>, today: Day) -> Result<Option<Day>, DateError> {
    let found = WORDS
        .iter()
        .find(|(word, _)| piece.text.eq_ignore_ascii_case(word));
    match found {
        None => Ok(None),
        Some((_, back)) => match today.minus_days(*back) {
            Some(day) => Ok(Some(day)),
            None => Err(piece.error(DateFault::YearOutOfRange)),
        },
    }
}

/// Where a time follows a date: the `T` or space before its first digit.
fn clock_place(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes
        .windows(2)
        .position(|pair| matches!(pair, [b'T' | b' ', b'0'..=b'9']))
}

/// Reads `a..b`, `a..` or `..b`, with words for days and a shortened `b`.
fn range(whole: Piece<'_>, dots: usize, today: Day) -> Result<Reading, DateError> {
    let text = whole.text;
    let start = whole.cut(0..dots);
    let end = whole.cut(dots + 2..text.len());
    if let Some(more) = end.text.find("..") {
        return Err(malformed(end.offset(more), "only one '..'"));
    }
    let from = spelled_out(start, "", today)?;
    let to = spelled_out(end, &from.0, today)?;
    grammar::interval(
        start.reading_as(&from.0, from.1),
        end.reading_as(&to.0, to.1),
    )
}

/// One end of a range with words and shortening resolved, and the bytes put in front of it.
fn spelled_out(end: Piece<'_>, start: &str, today: Day) -> Result<(String, usize), DateError> {
    if end.text.is_empty() {
        return Ok(("..".to_owned(), 0));
    }
    if let Some(day) = word(end, today)? {
        return Ok((day.to_string(), 0));
    }
    Ok(completed(start, end.text).unwrap_or_else(|| (end.text.to_owned(), 0)))
}

/// Reads a day and a time, and moves it to the ledger's zone if it has an offset.
fn date_time(date: Piece<'_>, clock: Piece<'_>, context: &Context) -> Result<Reading, DateError> {
    let day = match word(date, context.today)? {
        Some(day) => day,
        None => grammar::plain_day(date)?,
    };
    let Some(at) = time::offset_place(clock.text) else {
        let time = clock.time()?;
        return Ok(Reading {
            canonical: format!("{day}T{}", clock.text),
            span: Span::at(day, time),
        });
    };
    let local = clock.cut(0..at);
    let shift = clock.cut(at..clock.text.len());
    let time = local.time()?;
    let offset = time::parse_offset(shift.text).map_err(|error| shift.placed(error))?;
    let (day, time) = time::in_zone(day, time, offset, context.zone)
        .ok_or_else(|| date.error(DateFault::YearOutOfRange))?;
    let mut canonical = format!("{day}T{time}");
    let seconds_written = local.text.len() > "hh:mm".len();
    if seconds_written && time.seconds().is_multiple_of(60) {
        canonical.push_str(":00");
    }
    Ok(Reading {
        canonical,
        span: Span::at(day, time),
    })
}

fn is_digit_or_x(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'X'
}
