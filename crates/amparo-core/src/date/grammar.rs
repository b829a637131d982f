//! The canonical grammar: what a stored date may look like.
//!
//! ```text
//! date      = day "T" time | calendar | interval | one-of
//! interval  = end "/" end              end    = "" | ".." | calendar
//! one-of    = "[" member *("," member) "]"
//! member    = calendar | plain ".." plain
//! ```
//!
//! `calendar` is one date of `calendar.rs`, `plain` one in digits only, `time` is `hh:mm` or
//! `hh:mm:ss`. A set of one date is that date, and `[..x]` and `[x..]` are the open intervals.

use std::ops::Range;

use super::MAX_TEXT_LEN;
use super::calendar::{self, CalendarDate, malformed};
use super::day::Day;
use super::error::{DateError, DateFault};
use super::span::{OpenSide, Span, TimeOfDay};
use super::time;

/// A date as read: its canonical text and its numbers.
pub(super) struct Reading {
    pub(super) canonical: String,
    pub(super) span: Span,
}

impl Reading {
    pub(super) fn on(day: Day) -> Self {
        Self {
            canonical: day.to_string(),
            span: Span::on(day),
        }
    }

    fn of(date: CalendarDate) -> Self {
        Self {
            span: date.span(),
            canonical: date.canonical,
        }
    }
}

/// A piece of what was written, which knows where it stands, so that errors can point there.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// Byte where the piece starts.
    at: usize,
    /// Bytes put before what was written, such as the `2026-02-` of a completed `09`.
    added: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn whole(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            added: 0,
        }
    }

    /// A part of the piece; empty if `range` leaves it.
    pub(super) fn cut(self, range: Range<usize>) -> Self {
        Self {
            at: self.offset(range.start),
            text: self.text.get(range).unwrap_or_default(),
            added: 0,
        }
    }

    /// The piece at the same place that reads `text`, with `added` bytes put in front.
    pub(super) fn reading_as<'b>(self, text: &'b str, added: usize) -> Piece<'b> {
        Piece {
            text,
            at: self.at,
            added,
        }
    }

    /// The byte of the whole text where byte `inner` of this piece was written.
    pub(super) fn offset(self, inner: usize) -> usize {
        self.at + inner.saturating_sub(self.added)
    }

    pub(super) fn error(self, fault: DateFault) -> DateError {
        DateError::new(fault, self.offset(0))
    }

    pub(super) fn calendar_date(self) -> Result<CalendarDate, DateError> {
        calendar::parse(self.text).map_err(|error| self.placed(error))
    }

    pub(super) fn time(self) -> Result<TimeOfDay, DateError> {
        time::parse(self.text).map_err(|error| self.placed(error))
    }

    pub(super) fn placed(self, error: DateError) -> DateError {
        let at = self.offset(error.offset());
        error.moved_to(at)
    }
}

/// Reads any spelling of the canonical grammar. Error offsets are bytes.
pub(super) fn parse(text: &str) -> Result<Reading, DateError> {
    check_signs(text)?;
    read(Piece::whole(text))
}

/// Refuses what no grammar looks at: no text, too much of it, or not ASCII.
pub(super) fn check_signs(text: &str) -> Result<(), DateError> {
    if text.is_empty() {
        return Err(DateError::new(DateFault::Empty, 0));
    }
    if text.len() > MAX_TEXT_LEN {
        let length = text.len();
        return Err(DateError::new(DateFault::TooLong { length }, MAX_TEXT_LEN));
    }
    text.bytes()
        .position(|byte| !byte.is_ascii())
        .map_or(Ok(()), |at| Err(DateError::new(DateFault::NotAscii, at)))
}

/// Reads a text that passed [`check_signs`].
pub(super) fn read(whole: Piece<'_>) -> Result<Reading, DateError> {
    let text = whole.text;
    if text.starts_with('{') {
        return Err(whole.error(DateFault::AllOf));
    }
    if text.starts_with('[') {
        return one_of(whole);
    }
    if let Some(slash) = text.find('/') {
        let start = whole.cut(0..slash);
        let end = whole.cut(slash + 1..text.len());
        if let Some(second) = end.text.find('/') {
            return Err(malformed(end.offset(second), "only one '/'"));
        }
        return interval(start, end);
    }
    match text.find('T') {
        Some(at) => date_time(whole.cut(0..at), whole.cut(at + 1..text.len())),
        None => whole.calendar_date().map(Reading::of),
    }
}

/// Reads an interval from its two ends, each empty (unknown), `..` (open) or a date.
pub(super) fn interval(start: Piece<'_>, end: Piece<'_>) -> Result<Reading, DateError> {
    let dated = |piece: Piece<'_>| match piece.text {
        "" | ".." => Ok(None),
        _ => piece.calendar_date().map(Some),
    };
    let (from, to) = (dated(start)?, dated(end)?);
    let span = match (&from, &to) {
        (Some(from), Some(to)) if from.first > to.last => {
            let error = end.error(DateFault::StartAfterEnd);
            if to.first > from.last {
                return Err(error);
            }
            let remedy = format!("write {}/{}", to.canonical, from.canonical);
            return Err(error.with_remedy(remedy));
        }
        (Some(from), Some(to)) => Span::between(from.first, to.last)
            .qualified(from.approximate, from.uncertain)
            .qualified(to.approximate, to.uncertain),
        (Some(from), None) => Span::on(from.first)
            .opened(OpenSide::End)
            .qualified(from.approximate, from.uncertain),
        (None, Some(to)) => Span::on(to.last)
            .opened(OpenSide::Start)
            .qualified(to.approximate, to.uncertain),
        (None, None) => return Err(start.error(DateFault::NoDate)),
    };
    let spelled = |date: Option<CalendarDate>, piece: Piece<'_>| match date {
        Some(date) => date.canonical,
        None => piece.text.to_owned(),
    };
    let canonical = format!("{}/{}", spelled(from, start), spelled(to, end));
    Ok(Reading { canonical, span })
}

/// Reads a day and a local time of day.
fn date_time(date: Piece<'_>, clock: Piece<'_>) -> Result<Reading, DateError> {
    let day = plain_day(date)?;
    if let Some(at) = time::offset_place(clock.text) {
        return Err(DateError::new(DateFault::OffsetNotStored, clock.offset(at)));
    }
    let time = clock.time()?;
    Ok(Reading {
        canonical: format!("{}T{}", date.text, clock.text),
        span: Span::at(day, time),
    })
}

/// The day before a time of day.
pub(super) fn plain_day(date: Piece<'_>) -> Result<Day, DateError> {
    if let Some(day) = Day::from_iso(date.text) {
        return Ok(day);
    }
    date.calendar_date()?;
    Err(date.error(DateFault::TimeNeedsDay))
}

/// A member of a one-of set.
enum Member {
    Date(CalendarDate),
    Range(CalendarDate, CalendarDate),
}

impl Member {
    fn span(&self) -> Span {
        match self {
            Self::Date(date) => date.span(),
            Self::Range(from, to) => Span::between(from.first, to.last),
        }
    }

    fn canonical(&self) -> String {
        match self {
            Self::Date(date) => date.canonical.clone(),
            Self::Range(from, to) => format!("{}..{}", from.canonical, to.canonical),
        }
    }
}

/// Reads a one-of set, brackets included.
fn one_of(set: Piece<'_>) -> Result<Reading, DateError> {
    let Some(inner) = set.text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) else {
        return Err(malformed(set.offset(set.text.len()), "']' at the end"));
    };
    let mut pieces = Vec::new();
    let mut at = 1;
    for part in inner.split(',') {
        pieces.push(set.cut(at..at + part.len()));
        at += part.len() + 1;
    }
    if let [only] = *pieces
        && let Some(reading) = open_range(only)?
    {
        return Ok(reading);
    }
    let mut members = Vec::with_capacity(pieces.len());
    for piece in pieces {
        members.push(member(piece)?);
    }
    Ok(joined(members))
}

fn joined(mut members: Vec<Member>) -> Reading {
    if let [Member::Date(_)] = *members
        && let Some(Member::Date(only)) = members.pop()
    {
        return Reading::of(only);
    }
    let spans: Vec<Span> = members.iter().map(Member::span).collect();
    let texts: Vec<String> = members.iter().map(Member::canonical).collect();
    let lo = spans.iter().map(Span::lo).min().unwrap_or(Day::MIN);
    let hi = spans.iter().map(Span::hi).max().unwrap_or(Day::MAX);
    Reading {
        canonical: format!("[{}]", texts.join(",")),
        span: Span::between(lo, hi).qualified(
            spans.iter().any(Span::is_approximate),
            spans.iter().any(Span::is_uncertain),
        ),
    }
}

/// `[..x]` or `[x..]`, which mean the open intervals.
fn open_range(only: Piece<'_>) -> Result<Option<Reading>, DateError> {
    let text = only.text;
    if text.starts_with("..") {
        let end = only.cut(2..text.len());
        return interval(only.cut(0..2), end).map(Some);
    }
    match text.strip_suffix("..") {
        Some(date) => interval(only.cut(0..date.len()), only.cut(date.len()..text.len())).map(Some),
        None => Ok(None),
    }
}

fn member(piece: Piece<'_>) -> Result<Member, DateError> {
    let text = piece.text;
    let Some(dots) = text.find("..") else {
        return piece.calendar_date().map(Member::Date);
    };
    let (start, end) = (piece.cut(0..dots), piece.cut(dots + 2..text.len()));
    if start.text.is_empty() || end.text.is_empty() {
        return Err(piece.error(DateFault::OpenAmongOthers));
    }
    let (from, to) = (start.calendar_date()?, end.calendar_date()?);
    // Plain dates of one precision have texts of one length.
    if !from.plain || !to.plain || from.canonical.len() != to.canonical.len() {
        return Err(piece.error(DateFault::UnevenRange));
    }
    if from.first > to.last {
        let remedy = format!("write [{}..{}]", to.canonical, from.canonical);
        return Err(end.error(DateFault::StartAfterEnd).with_remedy(remedy));
    }
    Ok(Member::Range(from, to))
}
