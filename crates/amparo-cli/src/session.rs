//! One run on one ledger: what every command starts from.
//!
//! A command opens its ledger by one of three doors, and the door decides which options make
//! sense: [`Session::reading`] takes coordinates, [`Session::writing`] takes a recorder,
//! [`Session::whole`] takes neither.

use std::io::Write as _;
use std::path::Path;

use amparo_core::date::Day;
use amparo_core::entry::Recorded;
use amparo_store::SlotSecret;
use amparo_store::ledger::{Access, Ledger};

use crate::args::{CoordinateArgs, KnownAtArgs, RecorderArgs};
use crate::coordinates::Coordinates;
use crate::error::Failure;
use crate::globals::Globals;
use crate::output::{self, Head, KnownAt, Meta, Reply, text};
use crate::progress::Progress;
use crate::secret_from::SecretFrom;
use crate::world::World;

/// The longest recorder's name, in bytes: a short text of the format.
const RECORDER_BYTES_MAX: usize = amparo_core::limit::TEXT_BYTES_MAX;

/// A run: the world, the shared options, and nothing opened yet.
pub struct Session<'s, 'w> {
    /// The world of the run.
    pub world: &'s mut World<'w>,
    /// The shared options.
    pub globals: Globals,
}

/// A ledger opened to look at, with the coordinates of the question.
pub struct Reading {
    /// The ledger.
    pub ledger: Ledger,
    /// The coordinates.
    pub at: Coordinates,
}

/// A ledger opened to write to.
pub struct Writing {
    /// The ledger.
    pub ledger: Ledger,
    /// Who records.
    pub by: String,
    /// The time of the run, taken once.
    pub now: Recorded,
    /// The day of the run in the ledger's time zone.
    pub today: Day,
}

impl Session<'_, '_> {
    /// Opens the ledger to look, at the coordinates given before or after the command.
    ///
    /// # Errors
    /// Usage for coordinates that do not read, else whatever keeps the ledger from opening.
    pub fn reading(&mut self, at: &CoordinateArgs) -> Result<Reading, Failure> {
        self.refuse_recorder()?;
        let at = self.coordinates(at)?;
        let ledger = self.open(Access::Read)?;
        let at = Coordinates::check(&at, &ledger, (self.world.clock)())?;
        Ok(Reading { ledger, at })
    }

    /// Opens the ledger to look at the log itself, which has no as-of and no profile.
    ///
    /// # Errors
    /// As [`reading`](Self::reading), and usage when `--as-of` or `--profile` is given.
    pub fn reading_log(&mut self, at: &KnownAtArgs) -> Result<Reading, Failure> {
        let before = &self.globals.at;
        for (option, value) in [("--as-of", &before.as_of), ("--profile", &before.profile)] {
            if value.is_some() {
                let message = format!("the log is the same as of any day; it takes no {option}");
                return Err(
                    Failure::usage(message).hint("--known-at shows the log as it was at a time")
                );
            }
        }
        let known_at = at.known_at.clone();
        self.reading(&CoordinateArgs {
            known_at,
            ..CoordinateArgs::default()
        })
    }

    /// Opens the ledger to look at two moments, each a day and a known-at: `2026-02-20@e41`.
    ///
    /// The coordinates of the reading are those of the later question, `--to`.
    ///
    /// # Errors
    /// As [`reading`](Self::reading), and usage when `--as-of` or `--known-at` is given.
    pub fn reading_between(
        &mut self,
        from: &str,
        to: &str,
        profile: &Option<String>,
    ) -> Result<(Reading, Coordinates), Failure> {
        let before = &self.globals.at;
        for (option, value) in [("--as-of", &before.as_of), ("--known-at", &before.known_at)] {
            if value.is_some() {
                let message = format!("--from and --to say when; there is no {option} beside them");
                return Err(Failure::usage(message)
                    .hint("write a day and a known-at together: --from 2026-02-20@e41"));
            }
        }
        let now = (self.world.clock)();
        let Reading { ledger, at } = self.reading(&CoordinateArgs {
            profile: profile.clone(),
            ..CoordinateArgs::default()
        })?;
        let from = at.moment("--from", from, &ledger, now)?;
        let at = at.moment("--to", to, &ledger, now)?;
        Ok((Reading { ledger, at }, from))
    }

    /// Opens the ledger to write.
    ///
    /// # Errors
    /// Usage when coordinates are given or the recorder is not a short text, exit 6 when another
    /// process writes, else whatever keeps the ledger from opening.
    pub fn writing(&mut self, recorder: &RecorderArgs) -> Result<Writing, Failure> {
        self.refuse_coordinates("a command that writes")?;
        self.open_to_write(recorder)
    }

    fn open_to_write(&mut self, recorder: &RecorderArgs) -> Result<Writing, Failure> {
        let by = self.recorder(recorder)?;
        let ledger = self.open(Access::Write)?;
        let now = (self.world.clock)();
        let today = today(&ledger, now)?;
        let by = by.unwrap_or_else(|| ledger.recorder().to_owned());
        Ok(Writing {
            ledger,
            by,
            now,
            today,
        })
    }

    /// Opens the ledger to sign it: nothing is recorded, and no recorder is named.
    ///
    /// # Errors
    /// Usage when coordinates or a recorder are given, else whatever keeps it from opening.
    pub fn signing(&mut self) -> Result<Ledger, Failure> {
        self.no_options()?;
        self.open(Access::Write)
    }

    /// Opens the ledger to write down what it gives at coordinates.
    ///
    /// # Errors
    /// As [`reading`](Self::reading) and [`writing`](Self::writing).
    pub fn writing_at(
        &mut self,
        recorder: &RecorderArgs,
        at: &CoordinateArgs,
    ) -> Result<(Writing, Coordinates), Failure> {
        let at = self.coordinates(at)?;
        let writing = self.open_to_write(recorder)?;
        let at = Coordinates::check(&at, &writing.ledger, writing.now)?;
        Ok((writing, at))
    }

    /// The coordinates given before or after the command.
    fn coordinates(&self, at: &CoordinateArgs) -> Result<CoordinateArgs, Failure> {
        Ok(CoordinateArgs {
            as_of: one("--as-of", &self.globals.at.as_of, &at.as_of)?,
            known_at: one("--known-at", &self.globals.at.known_at, &at.known_at)?,
            profile: one("--profile", &self.globals.at.profile, &at.profile)?,
        })
    }

    /// Opens the ledger to read it as a whole, at no coordinates.
    ///
    /// # Errors
    /// Usage when coordinates or a recorder are given, else whatever keeps it from opening.
    pub fn whole(&mut self) -> Result<Ledger, Failure> {
        self.no_options()?;
        self.open(Access::Read)
    }

    /// For commands that open no ledger: refuses the options that make no sense without one.
    ///
    /// # Errors
    /// Usage when coordinates or a recorder are given.
    pub fn no_options(&self) -> Result<(), Failure> {
        self.refuse_recorder()?;
        self.refuse_coordinates("this command")
    }

    /// The recorder that the options or the environment name.
    ///
    /// # Errors
    /// Usage when it is given twice, empty, too long or has control characters.
    pub fn recorder(&self, recorder: &RecorderArgs) -> Result<Option<String>, Failure> {
        let by = one("--by", &self.globals.by, &recorder.by)?
            .or_else(|| self.globals.by_environment.clone());
        match by {
            Some(by) if by.trim().is_empty() || by.chars().any(char::is_control) => {
                Err(Failure::usage("--by names no recorder"))
            }
            Some(by) if by.len() > RECORDER_BYTES_MAX => {
                let message = format!("--by has {} bytes; at most {RECORDER_BYTES_MAX}", by.len());
                Err(Failure::usage(message))
            }
            by => Ok(by),
        }
    }

    /// Refuses coordinates given before a command that takes none.
    ///
    /// # Errors
    /// Usage.
    pub fn refuse_coordinates(&self, what: &str) -> Result<(), Failure> {
        match self.globals.at.given() {
            Some(option) => Err(Failure::usage(format!("{what} takes no {option}"))
                .hint("coordinates belong to the commands that look, such as `amparo status`")),
            None => Ok(()),
        }
    }

    fn refuse_recorder(&self) -> Result<(), Failure> {
        match self.globals.by {
            Some(_) => Err(Failure::usage(
                "--by names a recorder, and this command writes nothing",
            )
            .hint("an option of the command itself stands after its name")),
            None => Ok(()),
        }
    }

    /// The secret that is to open the locked names of a ledger, where the options or the
    /// environment say whence it is read. Without a lock nothing is asked.
    ///
    /// # Errors
    /// Usage where nothing can be read there, exit 3 where it can be no secret.
    pub fn secret(&mut self, dir: &Path) -> Result<Option<SlotSecret>, Failure> {
        let Some(from) = self.globals.passphrase.clone() else {
            return Ok(None);
        };
        let from = SecretFrom::parse("--passphrase", &from)?;
        // What keeps the lock from being read keeps the ledger from opening, and is told there.
        match Ledger::slots_of(dir) {
            Ok(slots) if !slots.is_empty() => from.read(self.world).map(Some),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    fn open(&mut self, access: Access) -> Result<Ledger, Failure> {
        let dir = self.globals.ledger_dir(self.world)?;
        let secret = self.secret(&dir)?;
        let world = &mut *self.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let mut notify = |notice| progress.notice(&notice);
        let opened = match &secret {
            Some(secret) => Ledger::open_unlocked(&dir, access, secret, &mut notify),
            None => Ledger::open(&dir, access, &mut notify),
        };
        progress.finish();
        opened.map_err(|error| Failure::opening(&error, &dir))
    }

    /// Closes a ledger that was written to, so that the sled store holds all of it.
    ///
    /// What is recorded does not depend on it, so a store that cannot be written is a note.
    pub fn close(&mut self, ledger: Ledger) {
        if let Err(error) = ledger.close() {
            let error = Failure::internal(error.to_string()).causes_of(&error);
            self.talk(format!(
                "note: recorded, and the sled store is behind ({}); the next command catches up",
                error.message()
            ));
        }
    }

    /// Says one line on standard error.
    ///
    /// Talk that cannot be said is dropped: the answer on standard output still counts.
    pub fn talk(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.world.stderr, "{}", text::visible(line.as_ref()));
    }

    /// Writes the answer on standard output, in the form that was asked for.
    ///
    /// # Errors
    /// [`Failure::is_broken_pipe`] when the reader is gone, else an internal failure.
    pub fn reply(&mut self, reply: &Reply) -> Result<(), Failure> {
        output::write(reply, self.globals.format, &mut self.world.stdout)
            .and_then(|()| self.world.stdout.flush())
            .map_err(Failure::writing)
    }

    /// Writes bytes on standard output as they are.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let stdout = &mut self.world.stdout;
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(Failure::writing)
    }
}

/// The coordinates of an answer that was derived from the whole ledger.
pub fn whole_meta(ledger: &Ledger) -> Meta {
    let head = ledger.head();
    let last = head.size.saturating_sub(1);
    Meta {
        as_of: None,
        known_at: Some(KnownAt {
            seq: last,
            recorded: head.recorded,
        }),
        profile: None,
        filters: Vec::new(),
        head: Some(Head {
            size: head.size,
            root: head.root.to_string(),
        }),
        ledger: Some(ledger.opening().ledger),
    }
}

/// The civil day of a time, in the ledger's time zone.
///
/// # Errors
/// Internal, for a clock outside the years 1 to 9999.
pub fn today(ledger: &Ledger, now: Recorded) -> Result<Day, Failure> {
    Day::at(now.ms(), ledger.opening().time_zone)
        .ok_or_else(|| Failure::internal("the clock stands outside the years 1 to 9999"))
}

/// An option given before or after the command, not both.
fn one(
    name: &str,
    before: &Option<String>,
    after: &Option<String>,
) -> Result<Option<String>, Failure> {
    match (before, after) {
        (Some(_), Some(_)) => Err(Failure::usage(format!("{name} is given twice"))),
        (before, after) => Ok(after.clone().or_else(|| before.clone())),
    }
}
