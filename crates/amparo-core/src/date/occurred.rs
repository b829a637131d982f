//! The date of an event, text and numbers together.

use std::fmt;

use super::day::Day;
use super::draft::{self, Context};
use super::error::DateError;
use super::span::{OpenSide, Span};

/// When something happened in the world: the canonical text as an entry stores it, and its
/// [`Span`].
///
/// ```
/// use amparo_core::date::{Context, Occurred};
///
/// let context = Context {
///     today: "2026-02-20".parse()?,
///     zone: chrono_tz::America::Caracas,
/// };
/// let occurred = Occurred::parse_draft("2026-02-08..09", &context)?;
/// assert_eq!(occurred.as_str(), "2026-02-08/2026-02-09");
/// assert_eq!(Occurred::parse_stored("2026-02-08/2026-02-09")?, occurred);
///
/// let local = Occurred::parse_draft("2026-02-08T23:30Z", &context)?;
/// assert_eq!(local.as_str(), "2026-02-08T19:30");
/// # Ok::<(), amparo_core::date::DateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Occurred {
    text: Box<str>,
    span: Span,
}

impl Occurred {
    /// Reads the date of a stored entry: the canonical spelling and nothing else.
    ///
    /// # Errors
    /// [`DateFault::NotCanonical`](super::DateFault::NotCanonical) for another spelling of an
    /// accepted date,
    /// [`DateFault::OffsetNotStored`](super::DateFault::OffsetNotStored) for a time with an
    /// offset, else the fault of the text.
    pub fn parse_stored(text: &str) -> Result<Self, DateError> {
        let span = Span::parse_stored(text)?;
        Ok(Self {
            text: text.into(),
            span,
        })
    }

    /// Reads a date as people write it, in a draft or on the command line, and makes it
    /// canonical: besides what an entry stores, ranges such as `2026-02-08..09`, times with an
    /// offset (turned into local time of `context.zone`), a space for the `T`, and `today`,
    /// `yesterday`, `hoy`, `ayer`, `anteayer`.
    ///
    /// # Errors
    /// The fault of the text, with a remedy wherever one is known.
    pub fn parse_draft(text: &str, context: &Context) -> Result<Self, DateError> {
        let reading = draft::parse(text, context)?;
        Ok(Self {
            text: reading.canonical.into(),
            span: reading.span,
        })
    }

    /// The canonical text, at most [`MAX_TEXT_LEN`](super::MAX_TEXT_LEN) bytes of ASCII.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Bounds, point, time and flags.
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Whether the date lies wholly after `day`: no day that it allows is `day` or earlier.
    ///
    /// An open start (`../2026-02`) allows every day before its end, so it lies after `day` only
    /// when that end does, as a whole.
    pub fn lies_after(&self, day: Day) -> bool {
        let end = self
            .text
            .strip_prefix("..")
            .unwrap_or(&self.text)
            .strip_prefix('/');
        match (self.span.open(), end.map(Span::parse_stored)) {
            (Some(OpenSide::Start), Some(Ok(end))) => end.lies_after(day),
            _ => self.span.lies_after(day),
        }
    }
}

impl From<Day> for Occurred {
    fn from(day: Day) -> Self {
        Self {
            text: day.to_string().into(),
            span: Span::on(day),
        }
    }
}

impl fmt::Display for Occurred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
