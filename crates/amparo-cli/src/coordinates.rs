//! As-of, known-at and profile: the three coordinates that every answer depends on.
//!
//! `--as-of` is a civil day in the ledger's time zone. `--known-at` is a position in the log,
//! however it is written: it is resolved here to the last entry that counts, once, so that nothing
//! further on knows of times.

use amparo_core::date::Day;
use amparo_core::entry::Recorded;
use amparo_core::id::Seq;
use amparo_projections::Profile;
use amparo_store::ledger::{Head, Ledger};
use amparo_store::signing::CheckpointName;
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;

use crate::args::CoordinateArgs;
use crate::error::Failure;
use crate::output::{self, KnownAt, Meta};

/// The profile that counts where none is named.
pub const DEFAULT_PROFILE: &str = "deprived-of-liberty";

/// What `--known-at` takes, for hints.
const KNOWN_AT_FORMS: &str = "write an entry (e41), a day (2026-02-08), a time (2026-02-08T12:00), the name of a \
     checkpoint, or head";

/// The coordinates of one question, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinates {
    /// The state is shown at the end of this day.
    pub as_of: Day,
    /// The last entry that counts.
    pub known_at: Seq,
    /// When that entry was recorded.
    pub known_at_recorded: Recorded,
    /// The profile, as it was typed until the log has told which one that is.
    pub profile: String,
    /// The day of the question in the ledger's time zone.
    pub today: Day,
    head: Head,
    ledger: amparo_core::id::LedgerId,
}

impl Coordinates {
    /// Resolves coordinates on a ledger at a time.
    ///
    /// # Errors
    /// Usage, for a day or position that does not read, or that lies past the head.
    pub fn check(args: &CoordinateArgs, ledger: &Ledger, now: Recorded) -> Result<Self, Failure> {
        let zone = ledger.opening().time_zone;
        let today = crate::session::today(ledger, now)?;
        let as_of = match &args.as_of {
            Some(text) => day("--as-of", text, today)?,
            None => today,
        };
        let head = ledger.head();
        let log = Log {
            option: "--known-at",
            size: head.size,
            recorded: &|seq| recorded(ledger, seq),
            named: &|name| named(ledger, name),
        };
        let when = args.known_at.as_deref().unwrap_or("head");
        let known_at = log.resolve(when, zone, today, now)?;
        Ok(Self {
            as_of,
            known_at,
            known_at_recorded: recorded(ledger, known_at)?,
            profile: args
                .profile
                .clone()
                .unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
            today,
            head,
            ledger: ledger.opening().ledger,
        })
    }

    /// The same question at another moment: a day, and behind an `@` the known-at, which is the
    /// head where there is none: `2026-02-20@e41`, `2026-02-20`.
    ///
    /// # Errors
    /// As [`check`](Self::check), naming the option.
    pub fn moment(
        &self,
        option: &'static str,
        text: &str,
        ledger: &Ledger,
        now: Recorded,
    ) -> Result<Self, Failure> {
        let (of_day, when) = text.split_once('@').unwrap_or((text, "head"));
        let log = Log {
            option,
            size: self.head.size,
            recorded: &|seq| recorded(ledger, seq),
            named: &|name| named(ledger, name),
        };
        let known_at = log.resolve(when, ledger.opening().time_zone, self.today, now)?;
        Ok(Self {
            as_of: day(option, of_day, self.today)?,
            known_at,
            known_at_recorded: recorded(ledger, known_at)?,
            ..self.clone()
        })
    }

    /// The same, with the profile by its name for good: see [`Profile::label`].
    pub fn counted_by(mut self, profile: &Profile) -> Self {
        self.profile = profile.label();
        self
    }

    /// Day and known-at in one word: `2026-02-20@e41`.
    pub fn in_one_word(&self) -> String {
        format!("{}@{}", self.as_of, self.known_at)
    }

    /// How many entries count: the length of the log's prefix.
    pub fn prefix(&self) -> u64 {
        self.known_at.number() + 1
    }

    /// The coordinates of an answer that shows the log and derives nothing from it.
    pub fn log_meta(&self) -> Meta {
        Meta {
            as_of: None,
            profile: None,
            ..self.meta()
        }
    }

    /// The coordinates as every answer shows them.
    pub fn meta(&self) -> Meta {
        Meta {
            as_of: Some(self.as_of),
            known_at: Some(KnownAt {
                seq: self.known_at.number(),
                recorded: self.known_at_recorded,
            }),
            profile: Some(self.profile.clone()),
            filters: Vec::new(),
            head: Some(output::Head {
                size: self.head.size,
                root: self.head.root.to_string(),
            }),
            ledger: Some(self.ledger),
        }
    }
}

/// Reads a day that an option gives.
///
/// # Errors
/// Usage, with the remedy of the date's own fault.
pub fn day(option: &str, text: &str, today: Day) -> Result<Day, Failure> {
    Day::parse(text, today).map_err(|error| {
        let remedy = error
            .remedy()
            .unwrap_or("write a day, such as 2026-02-20 or yesterday");
        Failure::usage(format!("{option}: {error}")).hint(remedy)
    })
}

fn recorded(ledger: &Ledger, seq: Seq) -> Result<Recorded, Failure> {
    let entry = ledger.entry(seq).map_err(Failure::from)?;
    entry
        .map(|entry| entry.recorded)
        .ok_or_else(|| missing(seq))
}

fn named(ledger: &Ledger, name: &CheckpointName) -> Result<Option<u64>, Failure> {
    let named = ledger.checkpoint_named(name);
    named.map_err(|error| Failure::signing(&error))
}

fn missing(seq: Seq) -> Failure {
    Failure::new(
        crate::error::FailureKind::Integrity,
        format!("{seq} is missing from the ledger"),
    )
    .hint("`amparo verify` tells what is wrong with the ledger")
}

/// A log as positions see it: how long it is, and when each entry was recorded.
struct Log<'l> {
    /// The option that asks, for messages.
    option: &'static str,
    size: u64,
    recorded: &'l dyn Fn(Seq) -> Result<Recorded, Failure>,
    /// How many entries the checkpoint of a name has.
    named: &'l dyn Fn(&CheckpointName) -> Result<Option<u64>, Failure>,
}

impl Log<'_> {
    /// The last entry that counts.
    fn resolve(&self, when: &str, zone: Tz, today: Day, now: Recorded) -> Result<Seq, Failure> {
        if when == "head" {
            return self.last();
        }
        if let Ok(seq) = when.parse::<Seq>() {
            return match seq.number() < self.size {
                true => Ok(seq),
                false => Err(self.past_the_head(&format!("there is no {seq} yet"))),
            };
        }
        if let Ok(name) = when.parse::<CheckpointName>()
            && let Some(size) = (self.named)(&name)?
        {
            return match size.checked_sub(1).filter(|last| *last < self.size) {
                Some(last) => Ok(Seq::new(last)),
                None => Err(self.past_the_head(&format!("{name} has {size} entries"))),
            };
        }
        let until = until(self.option, when, zone, today)?;
        if until.starts_after(now) {
            return Err(self.past_the_head(&format!("{when} has not come yet")));
        }
        match self.recorded_until(until.last)? {
            0 => Err(Failure::usage(format!(
                "{}: the ledger did not exist at {when}",
                self.option
            ))
            .hint(format!(
                "it was opened at {}",
                (self.recorded)(Seq::OPENING)?
            ))),
            count => Ok(Seq::new(count - 1)),
        }
    }

    fn last(&self) -> Result<Seq, Failure> {
        self.size
            .checked_sub(1)
            .map(Seq::new)
            .ok_or_else(|| missing(Seq::OPENING))
    }

    fn past_the_head(&self, what: &str) -> Failure {
        let last = self.size.saturating_sub(1);
        Failure::usage(format!("{}: {what}", self.option)).hint(format!(
            "the ledger ends at e{last}; leave the known-at out for all of it"
        ))
    }

    /// How many entries were recorded up to a time: recording times never decrease.
    fn recorded_until(&self, time: Recorded) -> Result<u64, Failure> {
        let (mut known, mut unknown) = (0, self.size);
        while known < unknown {
            let middle = known + (unknown - known) / 2;
            match (self.recorded)(Seq::new(middle))? <= time {
                true => known = middle + 1,
                false => unknown = middle,
            }
        }
        Ok(known)
    }
}

/// The stretch of time that a text names: what counts is recorded up to its last millisecond.
pub struct Until {
    /// Its first millisecond.
    pub first: Recorded,
    /// Its last millisecond.
    pub last: Recorded,
}

impl Until {
    fn starts_after(&self, now: Recorded) -> bool {
        self.first > now
    }
}

/// Reads a day or a time; a day counts to its end in the ledger's time zone.
///
/// # Errors
/// Usage, naming the option.
pub fn until(option: &str, when: &str, zone: Tz, today: Day) -> Result<Until, Failure> {
    if let Ok(day) = Day::parse(when, today) {
        let start = |day: Day| local(&format!("{day}T00:00:00"), zone);
        let first = start(day);
        let next = day.plus_days(1).and_then(start);
        if let (Some(first), Some(next)) = (first, next) {
            let last = Recorded::from_ms(next.ms() - 1).unwrap_or(next);
            return Ok(Until { first, last });
        }
    }
    let time = DateTime::parse_from_rfc3339(when)
        .ok()
        .and_then(|time| Recorded::from_ms(time.timestamp_millis()))
        .or_else(|| local(when, zone));
    match time {
        Some(time) => Ok(Until {
            first: time,
            last: time,
        }),
        None => Err(
            Failure::usage(format!("{option}: this is no position in the log"))
                .hint(KNOWN_AT_FORMS),
        ),
    }
}

/// Reads a local time of the ledger; the later of two where clocks are set back, the first after
/// the gap where they are set forward.
fn local(text: &str, zone: Tz) -> Option<Recorded> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let naive = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    let ms = match zone.from_local_datetime(&naive) {
        LocalResult::Single(time) => time.timestamp_millis(),
        LocalResult::Ambiguous(_, later) => later.timestamp_millis(),
        LocalResult::None => {
            let before = naive.checked_sub_signed(chrono::TimeDelta::hours(3))?;
            let offset = zone.offset_from_local_datetime(&before).latest()?;
            naive.and_utc().timestamp_millis() - offset_ms(offset)
        }
    };
    Recorded::from_ms(ms)
}

fn offset_ms(offset: chrono_tz::TzOffset) -> i64 {
    use chrono::Offset as _;
    i64::from(offset.fix().local_minus_utc()) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARACAS: Tz = chrono_tz::America::Caracas;

    fn time(text: &str) -> Recorded {
        Recorded::parse(text).unwrap()
    }

    /// Resolves on a log of three entries, asked on 10 February 2026 at 12:00 in Caracas.
    fn resolve(when: &str) -> Result<u64, String> {
        let times = [
            "2026-02-08T16:00:00.000Z",
            "2026-02-09T03:59:59.999Z",
            "2026-02-09T04:00:00.000Z",
        ];
        let recorded = |seq: Seq| Ok(time(times[seq.number() as usize]));
        let log = Log {
            option: "--known-at",
            size: 3,
            recorded: &recorded,
            named: &|name| Ok((name.as_str() == "press").then_some(2)),
        };
        let today = "2026-02-10".parse().unwrap();
        log.resolve(when, CARACAS, today, time("2026-02-10T16:00:00.000Z"))
            .map(Seq::number)
            .map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn a_position_reads_as_entry_day_or_time() {
        for (when, seq) in [
            ("head", 2),
            ("e1", 1),
            ("0", 0),
            ("2026-02-08", 1),
            ("2026-02-09", 2),
            ("ayer", 2),
            ("press", 1),
            ("today", 2),
            ("2026-02-08T12:00", 0),
            ("2026-02-08T23:59:59", 0),
            ("2026-02-09T00:00", 2),
            ("2026-02-08T16:00:00Z", 0),
            ("2026-02-09T05:00:00+01:00", 2),
        ] {
            assert_eq!(resolve(when), Ok(seq), "{when}");
        }
    }

    #[test]
    fn before_the_opening_and_past_the_head_are_usage_failures() {
        for (when, says) in [
            ("e3", "there is no e3 yet"),
            ("2026-02-07", "did not exist"),
            ("2026-02-08T11:59", "did not exist"),
            ("2026-02-11", "has not come yet"),
            ("2026-02-10T12:01", "has not come yet"),
            ("soon", "no position"),
            ("e", "no position"),
            ("2026-02-30", "no position"),
        ] {
            let failure = resolve(when).unwrap_err();
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{when}: {failure}"
            );
        }
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap() {
        let zone = chrono_tz::America::Sao_Paulo;
        let start = local("2018-11-04T00:00:00", zone).unwrap();
        assert_eq!(start, time("2018-11-04T03:00:00.000Z"));
    }
}
