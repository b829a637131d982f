//! `retract`: withdraws an entry.

use clap::Args;

use super::Exit;
use crate::args::RecorderArgs;
use crate::draft_flags::{Members, set_text};
use crate::entry_ref;
use crate::error::Failure;
use crate::record::{Recording, record};
use crate::session::Session;

/// Withdraw an entry: it stays in the log, and no longer counts
///
/// A retraction can itself be retracted, which brings the entry back.
#[derive(Debug, Args)]
pub struct Retract {
    /// The entry: e49, or the id of its event
    entry: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Retract {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.recorder)?;
        let entry = entry_ref::find(&writing.ledger, &self.entry)?;
        let mut draft = Members::new();
        draft.insert("kind".into(), "retraction".into());
        draft.insert("entry".into(), entry.id.to_string().into());
        set_text(&mut draft, "reason", &self.reason);
        let line = serde_json::Value::from(draft).to_string();
        record(session, writing, Recording::one(line, self.dry_run, None))?;
        Ok(Exit::Done)
    }
}
