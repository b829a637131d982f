//! `restore`: makes a ledger from a backup, and checks it.

use amparo_store::backup::{copy_keys, keys_of, restore};
use amparo_store::ledger::{Finding, Ledger, Part};
use clap::Args;

use super::Exit;
use super::backup::{answer, failed};
use crate::error::{Failure, FailureKind};
use crate::progress::Progress;
use crate::session::Session;

/// Make a ledger from a backup, in a new folder, and verify it whole
///
/// Without --keys it can be read, counted and verified, and shows no names. A backup does not know
/// what was recorded after it, so nothing is appended or signed until `resume` says how to go on:
/// from the newest export there is, or without what may be missing.
#[derive(Debug, Args)]
pub struct Restore {
    /// The folder of the backup
    backup: String,
    /// The folder of the ledger to be made: empty, or not there
    folder: String,
    /// The folder of keys that `backup --keys` has made
    #[arg(long, value_name = "DIR")]
    keys: Option<String>,
}

impl Restore {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let path = |name: &str| session.world.dir.join(name);
        let (from, to) = (path(&self.backup), path(&self.folder));
        let keys = self.keys.as_deref().map(path);
        if let Some(keys) = keys.as_ref().filter(|keys| !keys.is_dir()) {
            return Err(Failure::usage(format!(
                "there are no keys in {}",
                keys.display()
            )));
        }
        let copied = restore(&from, &to).map_err(failed)?;
        if let Some(keys) = &keys {
            copy_keys(keys, &keys_of(&to)).map_err(failed)?;
        }
        Ledger::mark_restored(&to).map_err(|error| Failure::signing(&error))?;
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let mut step = |done| progress.step("entries verified", done, None);
        let verified = Ledger::verify(&to, &mut step);
        drop(progress);
        let verified = verified.map_err(|error| Failure::opening(&error, &to))?;
        session.reply(&answer(&self.folder, copied, self.keys.as_deref()))?;
        let findings = verified.findings.iter().map(ToString::to_string);
        let findings: Vec<_> = findings.collect();
        match findings.is_empty() {
            true => {
                session.talk(
                    "before anything is recorded: `amparo resume --from` the newest export there \
                     is, or `amparo resume --fork --reason TEXT`",
                );
                Ok(Exit::Done)
            }
            false => {
                let is_of_heads = |finding: &Finding| finding.part == Part::Checkpoints;
                let (message, hint) = match verified.findings.iter().all(is_of_heads) {
                    true => (
                        "the backup was restored, and something was signed after it was made",
                        "`amparo resume --from` a newer export goes on from there",
                    ),
                    false => (
                        "the backup was restored, and is not sound",
                        "keep it, and restore another",
                    ),
                };
                let failure = Failure::new(FailureKind::Integrity, message).hint(hint);
                Err(findings.into_iter().fold(failure, Failure::cause))
            }
        }
    }
}
