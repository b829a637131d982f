//! From where to where a replay goes: entries, or days of recording in the ledger's time zone.

use amparo_core::date::Day;
use amparo_core::id::Seq;

use super::Replay;
use crate::coordinates::{self, Coordinates};
use crate::error::Failure;

/// One end of the stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Entry(Seq),
    Day(Day),
}

/// The lines that a replay shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    from: Option<End>,
    to: Option<End>,
}

impl Stretch {
    /// Reads the ends of a replay.
    ///
    /// # Errors
    /// Usage, for an end that is no entry and no day, an entry that is not known, and ends that
    /// are the wrong way round.
    pub fn of(replay: &Replay, at: &Coordinates) -> Result<Self, Failure> {
        Self::read(
            replay.from.as_deref(),
            replay.to.as_deref(),
            at.known_at,
            at.today,
        )
    }

    fn read(from: Option<&str>, to: Option<&str>, last: Seq, today: Day) -> Result<Self, Failure> {
        let end = |option, typed: Option<&str>| {
            typed
                .map(|typed| End::read(option, typed, last, today))
                .transpose()
        };
        let stretch = Self {
            from: end("--from", from)?,
            to: end("--to", to)?,
        };
        let is_crossed = match (stretch.from, stretch.to) {
            (Some(End::Entry(from)), Some(End::Entry(to))) => from > to,
            (Some(End::Day(from)), Some(End::Day(to))) => from > to,
            _ => false,
        };
        match is_crossed {
            true => Err(Failure::usage("--from lies after --to")),
            false => Ok(stretch),
        }
    }

    /// Whether the line of an entry recorded on a day is shown.
    pub fn holds(&self, seq: Seq, recorded: Day) -> bool {
        let is_begun = match self.from {
            Some(End::Entry(from)) => from <= seq,
            Some(End::Day(from)) => from <= recorded,
            None => true,
        };
        is_begun && !self.is_over(seq, recorded)
    }

    /// Whether the stretch ends before an entry recorded on a day: no later one is in it either.
    pub fn is_over(&self, seq: Seq, recorded: Day) -> bool {
        match self.to {
            Some(End::Entry(to)) => to < seq,
            Some(End::Day(to)) => to < recorded,
            None => false,
        }
    }
}

impl End {
    fn read(option: &str, typed: &str, last: Seq, today: Day) -> Result<Self, Failure> {
        match typed.parse::<Seq>() {
            Ok(seq) if seq > last => {
                Err(Failure::usage(format!("{option}: there is no {seq} yet"))
                    .hint(format!("the replay ends at {last}")))
            }
            Ok(seq) => Ok(Self::Entry(seq)),
            Err(_) => coordinates::day(option, typed, today)
                .map(Self::Day)
                .map_err(|failure| failure.hint("or an entry, such as e10")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn read(from: Option<&str>, to: Option<&str>) -> Result<Stretch, Failure> {
        Stretch::read(from, to, Seq::new(9), day("2026-02-20"))
    }

    #[test]
    fn both_ends_are_included_whether_entries_or_days() {
        for (from, to, shown) in [
            (None, None, &[0, 1, 2, 3][..]),
            (Some("e1"), Some("e2"), &[1, 2]),
            (Some("2026-02-09"), None, &[1, 2, 3]),
            (None, Some("2026-02-09"), &[0, 1, 2]),
            (Some("e2"), Some("2026-02-09"), &[2]),
            (Some("ayer"), None, &[]),
        ] {
            let days = ["2026-02-08", "2026-02-09", "2026-02-09", "2026-02-10"];
            let stretch = read(from, to).unwrap();
            let held = (0..4_u64).filter(|n| stretch.holds(Seq::new(*n), day(days[*n as usize])));
            assert_eq!(held.collect::<Vec<_>>(), shown, "{from:?} {to:?}");
        }
    }

    #[test]
    fn ends_that_make_no_sense_are_usage_failures() {
        for (from, to, says) in [
            (Some("e10"), None, "there is no e10 yet"),
            (None, Some("soon"), "--to"),
            (Some("e3"), Some("e2"), "after --to"),
            (Some("2026-02-10"), Some("2026-02-09"), "after --to"),
        ] {
            let failure = format!("{:?}", read(from, to).unwrap_err());
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{failure}"
            );
        }
    }
}
