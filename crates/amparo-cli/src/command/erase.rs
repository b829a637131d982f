//! `erase`: destroys what is private of a person or group, for good.

use amparo_core::id::Subject;
use amparo_core::value::ErasureBasis;
use amparo_core::word::Word as _;
use clap::Args;
use serde_json::json;

use super::Exit;
use crate::args::RecorderArgs;
use crate::compose::Composer;
use crate::draft_flags::set_text;
use crate::error::Failure;
use crate::output::text;
use crate::record::{Recording, record};
use crate::session::Session;

/// Destroy the private fields of a person or group for good: name, aliases, references, notes
///
/// The key that they are sealed under is destroyed, and an entry says that it was. The log, its
/// root, every count, every proof and every signed head stay as they were; nobody can read the
/// private fields again, here or in any copy of the log. It cannot be taken back.
///
/// What it cannot reach: backups of keys/ made before, names that were published, exported with
/// --openings or disclosed, and what a disk keeps of overwritten blocks. Fields in clear stay too:
/// kinds, days, places, the label of a group. Whoever keeps the ledger's secret and knows a reference of the person
/// can still tell that it is theirs.
#[derive(Debug, Args)]
pub struct Erase {
    /// The person or group: p7, g2, UUID, reference or exact name
    person: String,
    /// On what ground: consent-withdrawn, danger, data-protection, court-order or mistake
    #[arg(long, value_name = "CODE")]
    basis: String,
    /// Why, in words that may stand in clear: no name
    #[arg(long)]
    reason: Option<String>,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Erase {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if ErasureBasis::from_word(&self.basis).is_none() {
            let message = format!("`{}` is no basis", text::visible(&self.basis));
            let words: Vec<_> = ErasureBasis::ALL.iter().map(|word| word.word()).collect();
            return Err(
                Failure::usage(message).hint(match ErasureBasis::nearest(&self.basis) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write one of {}", words.join(", ")),
                }),
            );
        }
        let writing = session.writing(&self.recorder)?;
        // The keys that stay are sealed under a new wrapping key.
        Failure::unless_names(&writing.ledger)?;
        let mut composer = Composer::new(&writing.ledger);
        let meant = composer.registered(&self.person)?;
        let people = composer.people()?;
        // One human being, whatever ids the entries were recorded under.
        let meant = people.resolve(meant);
        let same = people.iter().map(|known| known.subject);
        let same: Vec<_> = same
            .filter(|known| people.resolve(*known) == meant)
            .collect();
        let mut lines = Vec::new();
        for subject in same {
            let whose = match subject {
                Subject::Person(_) => "person",
                Subject::Group(_) => "group",
            };
            let mut draft = json!({
                "kind": "erasure", whose: subject.uuid().to_string(), "basis": self.basis,
            });
            if let Some(draft) = draft.as_object_mut() {
                set_text(draft, "reason", &self.reason);
            }
            lines.push(draft.to_string());
        }
        let recording = Recording {
            own: true,
            lines,
            dry_run: self.dry_run,
            people: None,
        };
        record(session, writing, recording)?;
        if !self.dry_run {
            session.talk(
                "not reached: backups of keys/, what was published or exported with names, and \
                 what the disk keeps of overwritten blocks",
            );
        }
        Ok(Exit::Done)
    }
}
