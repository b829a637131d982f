//! `find`: who and what a text may mean.

use amparo_core::private::PrivateField;
use clap::Args;

use super::Exit;
use crate::args::KnownAtArgs;
use crate::error::Failure;
use crate::fold;
use crate::listing::Listing;
use crate::output::{Cell, Column, Reply};
use crate::session::{Reading, Session};
use crate::summary;

/// Find people by name, and entries by what they say; case, accents and word order do not count
///
/// Exit code 1 when nothing is found.
#[derive(Debug, Args)]
pub struct Find {
    /// Words of a name, of a place, of a source, of a note
    #[arg(required = true, value_name = "TEXT")]
    words: Vec<String>,
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Find {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let typed = self.words.join(" ");
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        let listing = Listing::read(&ledger, at.prefix())?;
        let columns = ["found", "ref", "kind", "name", "occurred", "text"].map(Column::text);
        let meta = at.log_meta().filter("text", Some(&typed));
        let mut reply = Reply::at(meta, columns);
        for subject in listing.people.near(&typed) {
            let Some(known) = listing.people.known(subject) else {
                continue;
            };
            if known.registered > at.known_at {
                continue;
            }
            let kind = match subject {
                amparo_core::id::Subject::Person(_) => "person",
                amparo_core::id::Subject::Group(_) => "group",
            };
            reply.push(vec![
                Cell::text("subject"),
                Cell::text(&known.reference),
                Cell::text(kind),
                Cell::maybe(known.name.as_ref()),
                Cell::Empty,
                Cell::text(known.aliases.join("; ")),
            ]);
        }
        let wanted = fold::words(&typed);
        for entry in ledger.entries(0..at.prefix()) {
            let entry = entry?;
            let sealed = entry
                .private
                .iter()
                .any(|(field, _)| *field == PrivateField::Sources);
            let details = summary::details(&entry.event, &listing.people);
            let sources = summary::sources(&entry.event, sealed);
            let said = fold::words(&format!("{details} {sources}"));
            if wanted.is_empty() || !wanted.iter().all(|word| said.contains(word)) {
                continue;
            }
            let subject = entry.event.subject();
            reply.push(vec![
                Cell::text("entry"),
                Cell::text(entry.seq),
                Cell::text(entry.event.kind()),
                Cell::maybe(subject.map(|subject| listing.people.label(subject))),
                Cell::maybe(entry.event.occurred()),
                Cell::text(format!("{details} [{sources}]")),
            ]);
        }
        session.reply(&reply)?;
        Ok(if reply.is_empty() {
            Exit::No
        } else {
            Exit::Done
        })
    }
}
