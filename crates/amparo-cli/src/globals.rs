//! The options of every command, checked.

use std::path::PathBuf;

use amparo_store::ledger::Ledger;

use crate::args::{CoordinateArgs, OutputFormat, RecorderArgs, SharedArgs};
use crate::error::Failure;
use crate::world::World;

/// What holds for the run as a whole.
#[derive(Debug, Clone)]
pub struct Globals {
    /// The folder named by `-L` or the environment, made absolute.
    pub named_ledger: Option<PathBuf>,
    /// The form of the answer.
    pub format: OutputFormat,
    /// Where the secret of locked names is read, as the options or the environment say it.
    pub passphrase: Option<String>,
    /// Coordinates given before the command.
    pub at: CoordinateArgs,
    /// The recorder given before the command.
    pub by: Option<String>,
    /// The recorder that the environment names.
    pub by_environment: Option<String>,
}

impl Globals {
    /// Checks the shared options against the world.
    pub fn new(
        shared: SharedArgs,
        at: CoordinateArgs,
        by: RecorderArgs,
        world: &World<'_>,
    ) -> Self {
        let named = shared
            .ledger
            .or_else(|| world.variable("AMPARO_LEDGER").map(str::to_owned));
        Self {
            named_ledger: named.map(|dir| world.dir.join(dir)),
            passphrase: shared
                .passphrase
                .or_else(|| world.variable("AMPARO_PASSPHRASE_FROM").map(str::to_owned)),
            format: shared.output.unwrap_or(OutputFormat::Table),
            at,
            by: by.by,
            by_environment: world.variable("AMPARO_BY").map(str::to_owned),
        }
    }

    /// The folder of the ledger: the named one, else the nearest upward.
    ///
    /// # Errors
    /// Usage, when no folder is named and none is found.
    pub fn ledger_dir(&self, world: &World<'_>) -> Result<PathBuf, Failure> {
        if let Some(dir) = &self.named_ledger {
            return Ok(dir.clone());
        }
        Ledger::find(&world.dir).ok_or_else(|| {
            Failure::usage("there is no ledger here or in any folder above")
                .hint("name one with -L DIR or AMPARO_LEDGER, or make one with `amparo init DIR`")
        })
    }
}
