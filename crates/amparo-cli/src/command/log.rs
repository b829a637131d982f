//! `log`: the entries, as they were recorded.

use amparo_core::entry::Entry;
use amparo_core::id::Subject;
use amparo_core::kind::Kind;
use amparo_core::word::Word as _;
use clap::Args;

use super::Exit;
use crate::args::KnownAtArgs;
use crate::error::Failure;
use crate::listing::Listing;
use crate::output::Reply;
use crate::session::{Reading, Session};

/// List the entries in the order of their recording, of one person or of all
#[derive(Debug, Args)]
pub struct Log {
    /// Only entries about this person or group, and those merged into them
    person: Option<String>,
    /// Only entries of this kind
    #[arg(long)]
    kind: Option<String>,
    /// Only the last entries
    #[arg(long, value_name = "NUMBER")]
    last: Option<usize>,
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Log {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let kind = self.kind.as_deref().map(kind).transpose()?;
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        let listing = Listing::read(&ledger, at.prefix())?;
        let subject = match &self.person {
            Some(typed) => Some(
                listing
                    .people
                    .to_look(typed, &mut |line| session.talk(line))?,
            ),
            None => None,
        };
        let is_about = |entry: &Entry, subject: Subject| {
            entry
                .event
                .subjects()
                .any(|named| listing.people.resolve(named) == subject)
        };
        let mut entries = Vec::new();
        for entry in ledger.entries(0..at.prefix()) {
            let entry = entry?;
            let fits = subject.is_none_or(|subject| is_about(&entry, subject))
                && kind.is_none_or(|kind| entry.event.kind() == kind);
            if fits {
                entries.push(entry);
            }
        }
        let skip = self
            .last
            .map_or(0, |last| entries.len().saturating_sub(last));
        let meta = at
            .log_meta()
            .filter(
                "person",
                subject.map(|subject| listing.people.reference(subject)),
            )
            .filter("kind", kind)
            .filter("last", self.last);
        let mut reply = Reply::at(meta, Listing::columns());
        for entry in &entries[skip..] {
            reply.push(listing.row(entry, &ledger)?);
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

fn kind(typed: &str) -> Result<Kind, Failure> {
    Kind::from_spelling(typed).ok_or_else(|| {
        let failure = Failure::usage(format!("`{typed}` is no kind"));
        match Kind::nearest(typed) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("`amparo vocab kinds` lists them"),
        }
    })
}
