//! `append`: records one event.

use clap::Args;

use super::Exit;
use super::import::Import;
use crate::args::RecorderArgs;
use crate::compose::Composer;
use crate::draft_flags::DraftFlags;
use crate::entry_ref;
use crate::error::Failure;
use crate::record::{Recording, record};
use crate::session::Session;

/// Record one event: what happened to whom, when, and who says so
///
/// KIND is a kind such as arrest or release (see `amparo vocab kinds`), or `-` to read drafts as
/// JSON Lines from standard input. SUBJECT is a ref (p7), a UUID, a reference in a list
/// (foro-penal:0123), or a name exactly as it is registered. For an instrument it is the code,
/// for a retraction the entry, for a claim the claimant, for source-silent the list.
#[derive(Debug, Args)]
pub struct Append {
    /// What happened: arrest, transfer, release, ...
    kind: String,
    /// To whom
    subject: Option<String>,
    #[command(flatten)]
    flags: DraftFlags,
    /// The id of the event: recording it twice changes nothing [default: a new one]
    #[arg(long, value_name = "UUID")]
    id: Option<String>,
    /// The entry that this one corrects
    #[arg(long, value_name = "ENTRY")]
    replaces: Option<String>,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Append {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if self.kind == "-" {
            return Import::stdin(self.dry_run, self.recorder).run(session);
        }
        let writing = session.writing(&self.recorder)?;
        let mut composer = Composer::new(&writing.ledger);
        let subject = self.subject.as_deref();
        let mut draft = composer.draft(&self.kind, subject, &self.flags, session.world)?;
        if let Some(id) = &self.id {
            draft.insert("id".into(), id.as_str().into());
        }
        if let Some(typed) = &self.replaces {
            let replaced = entry_ref::find(&writing.ledger, typed)?;
            draft.insert("replaces".into(), replaced.id.to_string().into());
        }
        let people = composer.into_people();
        let line = serde_json::Value::from(draft).to_string();
        record(session, writing, Recording::one(line, self.dry_run, people))?;
        Ok(Exit::Done)
    }
}
