//! `init`: makes a ledger.

use std::path::{Path, PathBuf};

use amparo_core::word::nearest;
use amparo_store::VaultError;
use amparo_store::ledger::{InitError, Ledger, NewLedger, RestoreError};
use amparo_store::published::open_export;
use chrono_tz::Tz;
use clap::Args;

use super::Exit;
use crate::args::RecorderArgs;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Column, Reply};
use crate::progress::Progress;
use crate::session::{Session, whole_meta};

/// The recorder of a ledger that was told none. Never the account's name, which would be public.
const DEFAULT_RECORDER: &str = "recorder";

/// Make a ledger: a folder with its journal, its store and its keys
///
/// The folder must be empty or not there yet. With --from, the new ledger holds the same entries
/// as an export, byte for byte, and so the same root.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder [default: that of -L, else this one]
    dir: Option<String>,
    /// What the ledger is called [default: the folder's name]
    #[arg(long, conflicts_with = "from")]
    name: Option<String>,
    /// The time zone in which its days begin and end: America/Caracas [default: UTC]
    #[arg(
        long,
        visible_alias = "tz",
        value_name = "ZONE",
        conflicts_with = "from"
    )]
    time_zone: Option<String>,
    /// Who records, where a command does not say [default: $AMPARO_BY, else "recorder"]
    #[arg(long)]
    recorder: Option<String>,
    /// Take all entries from an export of another ledger: a file, or the folder of its tiles
    #[arg(long, value_name = "EXPORT")]
    from: Option<String>,
}

impl Init {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.refuse_coordinates("`init`")?;
        let dir = self.dir(session)?;
        let by = session.recorder(&RecorderArgs {
            by: self.recorder.clone(),
        })?;
        let recorder = by.unwrap_or_else(|| DEFAULT_RECORDER.to_owned());
        let ledger = match &self.from {
            Some(export) => restore(session, &dir, export, &recorder)?,
            None => self.make(session, &dir, recorder)?,
        };
        let answered = answer(session, &ledger);
        session.close(ledger);
        answered
    }

    fn dir(&self, session: &Session<'_, '_>) -> Result<PathBuf, Failure> {
        let world = &*session.world;
        match (&self.dir, &session.globals.named_ledger) {
            (Some(dir), None) => Ok(world.dir.join(dir)),
            (None, Some(named)) => Ok(named.clone()),
            (None, None) => Ok(world.dir.clone()),
            (Some(dir), Some(named)) if world.dir.join(dir) == *named => Ok(named.clone()),
            (Some(_), Some(_)) => Err(Failure::usage("two folders are named")
                .hint("leave out -L and AMPARO_LEDGER, or the folder behind `init`")),
        }
    }

    fn make(
        &self,
        session: &mut Session<'_, '_>,
        dir: &Path,
        recorder: String,
    ) -> Result<Ledger, Failure> {
        let time_zone = zone(self.time_zone.as_deref().unwrap_or("UTC"))?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => dir
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        let name = if name.is_empty() {
            "ledger".to_owned()
        } else {
            name
        };
        let new = NewLedger {
            name,
            time_zone,
            recorder,
        };
        let now = (session.world.clock)();
        Ledger::init(dir, &new, now, &mut *session.world.random).map_err(|error| refused(&error))
    }
}

fn restore(
    session: &mut Session<'_, '_>,
    dir: &Path,
    export: &str,
    recorder: &str,
) -> Result<Ledger, Failure> {
    let path = session.world.dir.join(export);
    let mut file = open_export(&path).map_err(|error| {
        Failure::usage(format!("cannot read {export}")).cause(error.to_string())
    })?;
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    let mut step = |done| progress.step("entries", done, None);
    let made = Ledger::init_from(dir, &mut *file, recorder, &mut *world.random, &mut step);
    drop(progress);
    made.map_err(|error| match &error {
        RestoreError::Init(error) => refused(error),
        RestoreError::Read(_) => Failure::internal(error.to_string()).causes_of(&error),
        RestoreError::NotAnEntry { .. } | RestoreError::NotALog { .. } => {
            Failure::refused(error.to_string())
                .causes_of(&error)
                .hint("an export is what `amparo export` writes, whole and unchanged")
        }
    })
}

pub fn refused(error: &InitError) -> Failure {
    let (kind, hint) = match error {
        InitError::IsALedger(_) => (FailureKind::Usage, "it can be used as it is"),
        InitError::NotEmpty(_) => (
            FailureKind::Usage,
            "name a folder that is empty or not there",
        ),
        InitError::BadText(_) => (FailureKind::Usage, "shorten it"),
        InitError::InUse => (FailureKind::InUse, "wait for it to end"),
        InitError::Keys(VaultError::Locked) => (
            FailureKind::Refused,
            "private fields cannot be taken in under a lock: give a backup, or an export without \
             openings; empty the new folder first",
        ),
        InitError::Io { .. }
        | InitError::Keys(_)
        | InitError::Signing(_)
        | InitError::Journal(_)
        | InitError::Open(_) => (
            FailureKind::Internal,
            "the folder is no ledger yet; empty it and try again",
        ),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}

/// Reads the name of a time zone.
pub fn zone(typed: &str) -> Result<Tz, Failure> {
    typed.parse().map_err(|_| {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let city = |name: &&str| name.rsplit('/').next() == Some(typed);
        let near = names.clone().find(city).or_else(|| nearest(typed, names));
        let failure = Failure::usage(format!("there is no time zone `{typed}`"));
        match near {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("write one of the tz database, such as America/Caracas or UTC"),
        }
    })
}

fn answer(session: &mut Session<'_, '_>, ledger: &Ledger) -> Result<Exit, Failure> {
    let columns = [
        Column::text("ledger"),
        Column::text("name"),
        Column::text("folder"),
        Column::text("time_zone"),
        Column::text("recorder"),
        Column::text("entries"),
        Column::text("root"),
    ];
    let (opening, head) = (ledger.opening(), ledger.head());
    let mut reply = Reply::new(whole_meta(ledger), columns).into_record();
    reply.push(vec![
        Cell::text(opening.ledger),
        Cell::text(&opening.name),
        Cell::text(ledger.folder().display()),
        Cell::text(opening.time_zone.name()),
        Cell::text(ledger.recorder()),
        Cell::count(head.size),
        Cell::text(head.root),
    ]);
    session.reply(&reply)?;
    session.talk("made a ledger; keep its keys/ folder private, and a copy of it elsewhere");
    Ok(Exit::Done)
}
