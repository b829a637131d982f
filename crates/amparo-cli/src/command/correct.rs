//! `correct`: a new entry in the place of an old one, with only what changes typed.

use amparo_core::entry::Entry;
use amparo_core::kind::{Kind, SubjectRule};
use amparo_store::ledger::Ledger;
use clap::Args;
use serde_json::Value;

use super::Exit;
use crate::args::RecorderArgs;
use crate::compose::Composer;
use crate::draft_flags::{DraftFlags, Members};
use crate::entry_ref;
use crate::error::Failure;
use crate::record::{Recording, record};
use crate::session::Session;

/// Correct an entry: a new one replaces it, with only what you name changed
///
/// Fields, sources and private fields of the old entry are carried over unless a flag changes
/// them; --source replaces all of its sources. The old entry stays in the log.
#[derive(Debug, Args)]
pub struct Correct {
    /// The entry: e49, or the id of its event
    #[arg(id = "corrected", value_name = "ENTRY")]
    entry: String,
    /// Another kind; fields that it does not take are left out
    #[arg(long)]
    kind: Option<String>,
    /// A field to leave out (repeatable)
    #[arg(long, value_name = "FIELD")]
    clear: Vec<String>,
    /// Leave the private fields out, where this copy cannot open them
    #[arg(long)]
    without_private: bool,
    #[command(flatten)]
    flags: DraftFlags,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Correct {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.recorder)?;
        let old = entry_ref::find(&writing.ledger, &self.entry)?;
        let seq = old.seq;
        if old.event.kind() == Kind::Retraction {
            return Err(Failure::usage(format!("{seq} is a retraction"))
                .hint(format!("`amparo retract {seq}` takes it back")));
        }
        let before = self.carried(&writing.ledger, &old)?;
        let mut draft = before.clone();
        self.change_kind(&mut draft);
        for field in &self.clear {
            if draft.remove(&field.replace('-', "_")).is_none() {
                return Err(Failure::usage(format!(
                    "{seq} has no field `{field}` to clear"
                )));
            }
        }
        let fields = &self.flags.fields;
        if fields.person.is_some() || fields.group.is_some() {
            draft.remove("person");
            draft.remove("group");
        }
        for (key, given) in [("into", &fields.into), ("entry", &fields.entry)] {
            if given.is_some() {
                draft.remove(key);
            }
        }
        let mut composer = Composer::new(&writing.ledger);
        composer.put_refs(&mut draft, &self.flags)?;
        self.flags.put_into(&mut draft)?;
        if draft == before {
            return Err(Failure::usage("nothing would change")
                .hint("name what changes, such as --occurred 2026-02-09"));
        }
        self.warn_if_out_of_force(session, &writing.ledger, &old)?;
        draft.insert("replaces".into(), old.id.to_string().into());
        let people = composer.into_people();
        let line = Value::from(draft).to_string();
        record(session, writing, Recording::one(line, self.dry_run, people))?;
        Ok(Exit::Done)
    }

    /// The old event as a draft, private fields in clear.
    fn carried(&self, ledger: &Ledger, old: &Entry) -> Result<Members, Failure> {
        let mut draft: Members = serde_json::from_str(&old.line()).map_err(|error| {
            Failure::internal("an entry does not read").cause(error.to_string())
        })?;
        for key in ["seq", "id", "recorded", "by", "private", "replaces"] {
            draft.remove(key);
        }
        if self.without_private {
            return Ok(draft);
        }
        match ledger.private(old.seq)? {
            Some(private) => {
                let mut fields = Members::new();
                for (field, json) in private.fields() {
                    let value = serde_json::from_str(&json).unwrap_or_default();
                    fields.insert(field.to_string(), value);
                }
                draft.insert("private".into(), fields.into());
            }
            None if !old.private.is_empty() => {
                let message = format!("the private fields of {} cannot be opened here", old.seq);
                return Err(Failure::refused(message)
                    .hint("--without-private corrects the rest and leaves them out"));
            }
            None => {}
        }
        Ok(draft)
    }

    fn change_kind(&self, draft: &mut Members) {
        let Some(typed) = &self.kind else { return };
        draft.insert("kind".into(), typed.as_str().into());
        let Some(kind) = Kind::from_spelling(typed) else {
            return;
        };
        let rule = kind.rule();
        let subject: &[&str] = match rule.subject {
            SubjectRule::PersonOrGroup | SubjectRule::Optional => &["person", "group"],
            SubjectRule::InFields => &[],
        };
        let shared = ["kind", "occurred", "sources", "unsourced", "private"];
        draft.retain(|key, _| {
            let key = key.as_str();
            shared.contains(&key) || subject.contains(&key) || rule.fields.contains(&key)
        });
    }

    /// Correcting what is already corrected is admitted, and worth a word.
    fn warn_if_out_of_force(
        &self,
        session: &mut Session<'_, '_>,
        ledger: &Ledger,
        old: &Entry,
    ) -> Result<(), Failure> {
        if let Some(by) = ledger.targeted_by(old.id)?.last() {
            session.talk(format!(
                "note: {} is replaced or retracted by {by} already; `amparo show {by}` tells",
                old.seq
            ));
        }
        Ok(())
    }
}
