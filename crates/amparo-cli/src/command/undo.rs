//! `undo`: withdraws what the last command wrote.

use clap::Args;

use super::Exit;
use crate::args::RecorderArgs;
use crate::error::Failure;
use crate::record::{Recording, record};
use crate::session::Session;

/// Withdraw what the last command wrote, with a retraction for each of its entries
///
/// Nothing is deleted. Undoing an undo brings the entries back.
#[derive(Debug, Args)]
pub struct Undo {
    /// Show the exact events, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Undo {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.recorder)?;
        let last = writing.ledger.last_write()?;
        if last.is_empty() {
            session.talk("there is nothing to undo: the ledger holds only its opening");
            return Ok(Exit::No);
        }
        let mut lines = Vec::new();
        for entry in writing.ledger.entries(last) {
            let id = entry?.id;
            lines.push(format!(
                r#"{{"kind":"retraction","entry":"{id}","reason":"undo"}}"#
            ));
        }
        // The newest first, as one would take them back by hand.
        lines.reverse();
        record(
            session,
            writing,
            Recording {
                own: false,
                lines,
                dry_run: self.dry_run,
                people: None,
            },
        )?;
        Ok(Exit::Done)
    }
}
