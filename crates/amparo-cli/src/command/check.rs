//! `check`: tells what is wrong with files of drafts.

use clap::Args;

use super::Exit;
use super::import::{checked, reply};
use crate::error::Failure;
use crate::intake::Input;
use crate::session::{Session, Writing, today};

/// Check files of drafts against the ledger, and write nothing
///
/// Exit code 3 and every fault, with its place and its remedy, when a line would be refused.
#[derive(Debug, Args)]
pub struct Check {
    /// Files of drafts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

impl Check {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let inputs: Vec<Input> = self
            .files
            .iter()
            .map(|name| Input::open(name, session.world))
            .collect::<Result<_, _>>()?;
        let ledger = session.whole()?;
        let now = (session.world.clock)();
        let today = today(&ledger, now)?;
        let by = ledger.recorder().to_owned();
        let writing = Writing {
            ledger,
            by,
            now,
            today,
        };
        let check = checked(session, &writing, &inputs)?;
        reply(session, &writing, &inputs, &check.tallies)?;
        session.talk("no fault was found");
        Ok(Exit::Done)
    }
}
