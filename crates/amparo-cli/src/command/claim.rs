//! `claim`: records somebody's statement of a number.

use clap::Args;

use super::Exit;
use crate::args::RecorderArgs;
use crate::draft_flags::{Members, SourceFlags, quantity, refusal, set_text};
use crate::error::Failure;
use crate::record::{Recording, record};
use crate::session::Session;

/// Record somebody's statement of a number, to compare it with what is documented
///
/// amparo claim "Foro Penal" held ~650 --about 2026-02-20 --source "Foro Penal:ngo"
#[derive(Debug, Args)]
pub struct Claim {
    /// Who states it
    claimant: String,
    /// What is counted: held, arrests, releases, clemency-requests, ...
    measure: String,
    /// How many: 379, ~650, 420+, 600..700, ">420", "<=50"
    #[arg(allow_hyphen_values = true)]
    quantity: String,
    /// The day (of held) or the period (of the others) that the number speaks of
    #[arg(long, value_name = "DATE")]
    about: Option<String>,
    /// When it was stated
    #[arg(long, value_name = "DATE")]
    occurred: Option<String>,
    /// The instrument it speaks of
    #[arg(long, value_name = "CODE")]
    instrument: Option<String>,
    /// What part of the whole it speaks of
    #[arg(long)]
    scope: Option<String>,
    #[command(flatten)]
    sources: SourceFlags,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Claim {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.recorder)?;
        let mut draft = Members::new();
        let mut faults = Vec::new();
        for (field, value) in [
            ("kind", "claim"),
            ("claimant", &self.claimant),
            ("measure", &self.measure),
        ] {
            draft.insert(field.to_owned(), value.into());
        }
        match quantity(&self.quantity) {
            Ok(quantity) => {
                draft.insert("quantity".into(), quantity);
            }
            Err(fault) => faults.push(fault),
        }
        set_text(&mut draft, "about", &self.about);
        set_text(&mut draft, "occurred", &self.occurred);
        set_text(&mut draft, "instrument", &self.instrument);
        set_text(&mut draft, "scope", &self.scope);
        self.sources.put_into(&mut draft, &mut faults);
        if !faults.is_empty() {
            return Err(refusal(faults));
        }
        let line = serde_json::Value::from(draft).to_string();
        record(session, writing, Recording::one(line, self.dry_run, None))?;
        Ok(Exit::Done)
    }
}
