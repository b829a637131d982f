//! `recover`: a new ledger from what is intact of a damaged one.

use std::path::{Path, PathBuf};

use amparo_store::ledger::{Ledger, Origin, RecoverError, Recovered, Recovery};
use clap::Args;

use super::Exit;
use super::init::{refused, zone};
use crate::args::RecorderArgs;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Column, Reply};
use crate::progress::Progress;
use crate::session::{Session, whole_meta};

/// Make a new ledger from what is intact of a damaged one
///
/// Every intact entry is carried over byte for byte and keeps its number: from the journal, around
/// its damaged places, then from the sled store, then from each --from, a backup or an export of
/// the same ledger. Keys, sealed private fields and signed heads come along where they are intact.
/// The damaged folder is only read; keep it.
///
/// Where an entry is lost, a note stands in its place, the last entry of the new ledger is the
/// report, and the exit code is 1. A log with an entry lost is another log, whose root is another: heads that were signed
/// over the lost places do not lead to it, and nothing is appended or signed until `resume --fork`
/// records that they are given up. So look for a copy first: if --from closes every gap, the root
/// is the old one, and the ledger goes on.
#[derive(Debug, Args)]
pub struct Recover {
    /// The folder of the damaged ledger
    damaged: String,
    /// The folder of the ledger to be made: empty, or not there
    folder: String,
    /// A backup or an export of the same ledger, for what is lost; repeat it, the best first
    #[arg(long, value_name = "COPY")]
    from: Vec<String>,
    /// What the ledger is called, if the entry that opens it is lost
    #[arg(long, requires = "time_zone")]
    name: Option<String>,
    /// The time zone of the ledger, if the entry that opens it is lost
    #[arg(long, visible_alias = "tz", value_name = "ZONE", requires = "name")]
    time_zone: Option<String>,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Recover {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.refuse_coordinates("`recover`")?;
        let recovery = self.recovery(session)?;
        let now = (session.world.clock)();
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let mut step = |done| progress.step("entries", done, None);
        let made = Ledger::recover(&recovery, now, &mut *world.random, &mut step);
        drop(progress);
        let (ledger, recovered) = made.map_err(|error| failed(&error))?;
        let answered = answer(session, &self.folder, &ledger, &recovered);
        tell(session, &recovered);
        session.close(ledger);
        answered?;
        Ok(
            match recovered.lost.is_empty() && !recovered.is_end_unknown {
                true => Exit::Done,
                false => Exit::No,
            },
        )
    }

    fn recovery(&self, session: &Session<'_, '_>) -> Result<Recovery, Failure> {
        let dir = |name: &String| session.world.dir.join(name);
        let (damaged, folder) = (dir(&self.damaged), dir(&self.folder));
        let inside = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
        if inside(&damaged, &folder) {
            let message = "the damaged ledger and the new one lie in one another";
            return Err(Failure::usage(message).hint("name a folder apart"));
        }
        if !damaged.is_dir() {
            let message = format!("there is no folder {}", damaged.display());
            return Err(Failure::usage(message).hint("name the folder of the damaged ledger"));
        }
        let copies: Vec<PathBuf> = self.from.iter().map(dir).collect();
        if let Some(missing) = copies.iter().find(|copy| !copy.exists()) {
            let message = format!("there is no {}", missing.display());
            return Err(Failure::usage(message).hint("--from names a backup or an export"));
        }
        let opening = match (&self.name, &self.time_zone) {
            (Some(name), Some(time_zone)) => Some((name.clone(), zone(time_zone)?)),
            (Some(_), None) | (None, Some(_)) | (None, None) => None,
        };
        Ok(Recovery {
            damaged,
            folder,
            copies,
            recorder: session.recorder(&self.recorder)?,
            opening,
        })
    }
}

fn answer(
    session: &mut Session<'_, '_>,
    folder: &str,
    ledger: &Ledger,
    recovered: &Recovered,
) -> Result<(), Failure> {
    let columns = [
        "folder",
        "entries",
        "journal",
        "store",
        "copies",
        "lost",
        "lost_entries",
        "report",
        "root",
        "same_until",
        "given_up",
    ];
    let mut reply = Reply::new(whole_meta(ledger), columns.map(Column::text)).into_record();
    let from = |is_meant: fn(&Origin) -> bool| {
        let meant = recovered
            .carried
            .iter()
            .filter(|(origin, _)| is_meant(origin));
        Cell::count(meant.map(|(_, count)| count).sum::<u64>())
    };
    let lost = recovered
        .lost
        .iter()
        .map(|range| match range.end - range.start {
            1 => format!("e{}", range.start),
            _ => format!("e{}..e{}", range.start, range.end - 1),
        });
    reply.push(vec![
        Cell::text(folder),
        Cell::count(recovered.size),
        from(|origin| matches!(origin, Origin::Journal)),
        from(|origin| matches!(origin, Origin::Store)),
        from(|origin| matches!(origin, Origin::Copy(_))),
        Cell::count(recovered.lost_entries()),
        Cell::list(lost),
        Cell::text(format!("e{}", recovered.size)),
        Cell::text(recovered.root),
        Cell::count(recovered.same_until),
        Cell::list(&recovered.heads_ahead),
    ]);
    session.reply(&reply)
}

/// Says in words what was damaged, and what to do next.
fn tell(session: &mut Session<'_, '_>, recovered: &Recovered) {
    for what in &recovered.damage {
        session.talk(format!("damaged: {what}"));
    }
    if recovered.is_end_unknown {
        session
            .talk("nothing tells where the old log ended: there may have been entries after these");
    }
    if recovered.is_whole() {
        session.talk("nothing is lost: the new ledger has the old root, and goes on from it");
        return;
    }
    if !recovered.lost.is_empty() {
        session.talk(format!(
            "{} entries are lost, and the root is another from e{} on; a note stands in the place \
             of each. An erasure may be among them: who was erased there must be erased again",
            recovered.lost_entries(),
            recovered.same_until
        ));
    }
    if !recovered.heads_ahead.is_empty() {
        let sizes: Vec<_> = recovered.heads_ahead.iter().map(u64::to_string).collect();
        session.talk(format!(
            "heads of {} entries were signed, and this log does not extend them; whoever holds one, \
             a witness too, will take it for a fork, and must be told",
            sizes.join(", ")
        ));
    }
    session.talk(
        "look for a newer backup or export, and `recover` again with --from it. Only if there is \
         none: `amparo resume --fork --reason TEXT` records that the rest is given up, and the \
         ledger goes on",
    );
}

fn failed(error: &RecoverError) -> Failure {
    let (kind, hint) = match error {
        RecoverError::Init(error) => return refused(error),
        RecoverError::NotALedger(_) => (
            FailureKind::Usage,
            "name the folder of the damaged ledger; `amparo init --from` makes one from an export",
        ),
        RecoverError::Sound => (
            FailureKind::Usage,
            "use it as it is; `amparo backup` and `amparo export` make copies",
        ),
        RecoverError::InUse => (FailureKind::InUse, "wait for it to end"),
        RecoverError::Copy { .. } => (
            FailureKind::Refused,
            "name what `amparo backup` or `amparo export` wrote, or leave it out",
        ),
        RecoverError::OtherLedger(_) => (FailureKind::Usage, "leave it out of --from"),
        RecoverError::OtherEntry { .. } | RecoverError::OtherRoot { .. } => (
            FailureKind::Integrity,
            "keep it, and leave it out of --from until it is known which of the two is right",
        ),
        RecoverError::OpeningLost => (
            FailureKind::Usage,
            "name a copy that has it with --from, or say again what it said with --name and \
             --time-zone",
        ),
        RecoverError::Changed => (FailureKind::InUse, "empty the new folder and try again"),
        RecoverError::Io { .. } | RecoverError::Signing(_) => (
            FailureKind::Internal,
            "the new folder is no ledger yet; empty it and try again",
        ),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}
