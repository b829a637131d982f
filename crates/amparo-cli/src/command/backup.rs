//! `backup`: copies the log to another folder, and checks the copy.

use amparo_store::backup::{BackupError, Copied, backup, copy_keys, keys_of};
use clap::Args;

use super::Exit;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::Session;

/// Copy the log and its signed heads into another folder, and check the copy
///
/// The copy is a ledger folder without keys: it can be read, counted and verified, and shows no
/// names. It may be made while another command appends. Made again into the same folder, it copies
/// what is new; a log that was cut or rewritten since is refused (exit code 4) and leaves the copy
/// as it is. With --keys the keys go into a folder of their own: keep it apart from the copy,
/// since whoever has both can read names.
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder of the copy: a new one, or that of an earlier backup
    folder: String,
    /// Also copy the keys, into this new folder
    #[arg(long, value_name = "DIR")]
    keys: Option<String>,
}

impl Backup {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let ledger = session.globals.ledger_dir(session.world)?;
        let folder = session.world.dir.join(&self.folder);
        let keys = self.keys.as_ref().map(|name| session.world.dir.join(name));
        let inside = |path: &std::path::Path| path.starts_with(&ledger) || ledger.starts_with(path);
        let is_within = keys.as_ref().is_some_and(|keys| {
            keys.starts_with(&folder) || folder.starts_with(keys) || inside(keys)
        });
        if inside(&folder) || is_within {
            return Err(Failure::usage(
                "the ledger, its copy and the copy of its keys lie in one another",
            )
            .hint("name folders apart, on another disk if there is one"));
        }
        let copied = backup(&ledger, &folder).map_err(failed)?;
        if let Some(keys) = &keys {
            copy_keys(&keys_of(&ledger), keys).map_err(failed)?;
        }
        session.reply(&answer(&self.folder, copied, self.keys.as_deref()))?;
        if keys.is_some() {
            session.talk("keep the keys apart from the copy: whoever has both can read names");
        }
        Ok(Exit::Done)
    }
}

/// What a copy came to.
pub fn answer(folder: &str, copied: Copied, keys: Option<&str>) -> Reply {
    let columns = ["folder", "entries", "new", "root", "keys"];
    let mut reply = Reply::new(Meta::default(), columns.map(Column::text)).into_record();
    reply.push(vec![
        Cell::text(folder),
        Cell::count(copied.entries),
        Cell::count(copied.entries - copied.before),
        Cell::text(copied.root),
        Cell::maybe(keys),
    ]);
    reply
}

/// What to say of a copy that was not made.
pub fn failed(error: BackupError) -> Failure {
    let (kind, hint) = match &error {
        BackupError::Source(error) => {
            let kind = match error {
                amparo_store::ledger::OpenError::NotALedger(_) => FailureKind::Usage,
                _ => FailureKind::Integrity,
            };
            (kind, "name the ledger's folder with -L")
        }
        BackupError::OtherContent(_) | BackupError::NotEmpty(_) => (
            FailureKind::Usage,
            "name a folder that is empty or not there",
        ),
        BackupError::Open(_) | BackupError::Read(_) | BackupError::WrongRoot => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong, here and with -L there",
        ),
        BackupError::NotAContinuation { .. } => (
            FailureKind::Integrity,
            "keep the copy: it may hold what was cut or rewritten here. `amparo verify --against` \
             an export of it tells where the two part",
        ),
        BackupError::Io { .. } | BackupError::Create(_) | BackupError::Append(_) => {
            (FailureKind::Internal, "nothing of an earlier copy is lost")
        }
    };
    Failure::new(kind, error.to_string())
        .causes_of(&error)
        .hint(hint)
}
