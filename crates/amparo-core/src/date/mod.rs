//! Dates of events, as documenters write them: often a day, sometimes a month, "between the 8th
//! and the 9th", "about February", "not later than May".
//!
//! [`Occurred`] is such a date: a canonical text (an EDTF profile) and the [`Span`] of
//! days that it may mean. [`Day`] is one civil day, [`Period`] a stretch of whole days.
//!
//! # The profile
//! Levels 0 and 1 of EDTF (ISO 8601-2 Annex A) for years 0001 to 9999, and one-of sets:
//!
//! | text | days it may mean |
//! |---|---|
//! | `2026-02-08`, `2026-02`, `2026` | that day, month, year |
//! | `2026-02-08T23:30`, `2026-02-08T23:30:15` | that day; local time of the ledger, no offset |
//! | `2026-02~`, `2026-02?`, `2026-02%` | the same, flagged approximate, uncertain, both |
//! | `2026-02-XX`, `2026-XX`, `2026-XX-XX`, `202X`, `20XX` | every day that fits |
//! | `2026-21` to `2026-24` | March-May, June-August, September-November, December-February |
//! | `2026-02-08/2026-02-09` | from the first day of the start to the last day of the end |
//! | `../2026-02`, `/2026-02` | the last day of that end, flagged open |
//! | `2026-02-08/..`, `2026-02-08/` | the first day of that start, flagged open |
//! | `[2026-02-08,2026-02-12]`, `[2026-02-08..2026-02-10]` | from the first to the last of them |
//!
//! An interval says that the event happened *at some moment in it*, not that it lasted.
//!
//! Three points differ from plain EDTF. An open or unknown side does not reach to infinity: both
//! bounds stand at the known end (design, section 3), since an event that may have happened at any
//! time in history would make every count uncertain for ever. A time of day may leave out the
//! seconds. An `X` may stand in the ends of an interval, which EDTF leaves to level 2.
//!
//! A draft's time with an offset becomes local time of the ledger; in the hour that a zone repeats
//! when its clocks go back, the stored time no longer says which of the two it was.
//!
//! Seasons are those of the northern hemisphere; `2026-24` ends in February 2027. Southern ones are
//! better written as an interval.
//!
//! # What this module refuses to do
//! It does not read the clock or the time zone of the machine: [`Context`] gives both. It does not
//! guess: `08/02/2026` is refused, and the error names both readings. It does not judge whether a
//! date is plausible, only ([`Span::lies_after`]) whether it lies in the future.
//!
//! # Invariants
//! The canonical text of a date is the only stored spelling of it: [`Occurred::parse_stored`]
//! takes that text and no other, and yields it back. No text makes a parser panic.
//!
//! The calendar is `chrono`'s and the reading of a single calendar date is `edtf-core`'s; the
//! latter is named in one file (`calendar.rs`) and in no signature.

mod calendar;
mod day;
mod draft;
mod error;
mod grammar;
mod occurred;
mod period;
mod slip;
mod span;
mod time;

#[cfg(test)]
mod tests;

pub use day::Day;
pub use draft::Context;
pub use error::{DateError, DateFault};
pub use occurred::Occurred;
pub use period::Period;
pub use span::{OpenSide, Span, TimeOfDay};

/// Most bytes of a date, written or stored.
pub const MAX_TEXT_LEN: usize = 64;
