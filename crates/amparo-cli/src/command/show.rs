//! `show`: one entry, whole.

use amparo_core::entry::Entry;
use amparo_core::private::Private;
use amparo_store::ledger::ReadError;
use clap::Args;
use serde_json::Value;

use super::Exit;
use crate::args::KnownAtArgs;
use crate::closure;
use crate::draft_flags::Members;
use crate::entry_ref;
use crate::error::Failure;
use crate::kept_facts;
use crate::listing::Listing;
use crate::output::{Cell, Column, Reply};
use crate::session::{Reading, Session};

/// Show one entry with all its fields, its sources, and what became of it
#[derive(Debug, Args)]
pub struct Show {
    /// The entry: e49, or the id of its event
    entry: String,
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Show {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        let entry = entry_ref::find(&ledger, &self.entry)?;
        if entry.seq > at.known_at {
            return Err(Failure::subject(format!(
                "{} was not known at {}",
                entry.seq, at.known_at
            )));
        }
        let facts = match closure::of_entry(&ledger, entry.seq)? {
            Some(facts) => facts,
            None => kept_facts::of(&ledger)?,
        };
        let shown = std::slice::from_ref(&entry);
        let listing = Listing::of(&ledger, &facts, at.prefix(), shown)?;
        let private = match ledger.private(entry.seq) {
            Err(ReadError::Locked) => None,
            private => private?,
        };
        let mut cells: Vec<(Column, Cell)> = Vec::new();
        let row = listing.row(&entry, &ledger)?;
        let shown_whole = ["details", "sources"];
        cells.extend(
            Listing::columns()
                .into_iter()
                .zip(row)
                .filter(|(column, _)| !shown_whole.contains(&&*column.key))
                .map(|(column, cell)| {
                    (
                        Column {
                            machine_only: false,
                            ..column
                        },
                        cell,
                    )
                }),
        );
        cells.push((Column::text("fields"), fields(&entry)));
        cells.push((Column::text("sources"), sources(&entry)));
        cells.push((Column::text("private"), opened(&entry, private.as_ref())));
        cells.push((Column::machine("line"), Cell::Json(entry.line())));
        let (columns, row): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
        let mut reply = Reply::at(at.log_meta(), columns).into_record();
        reply.push(row);
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

/// The own fields of the kind, as the line holds them.
fn fields(entry: &Entry) -> Cell {
    let line: Members = serde_json::from_str(&entry.line()).unwrap_or_default();
    let own = entry.event.kind().rule().fields;
    let mut members = own
        .iter()
        .filter_map(|field| Some((*field, line.get(*field)?)))
        .peekable();
    if members.peek().is_none() {
        return Cell::Empty;
    }
    let members = members.map(|(field, value)| format!("{}:{value}", Value::from(field)));
    Cell::Json(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
}

fn sources(entry: &Entry) -> Cell {
    let line: Members = serde_json::from_str(&entry.line()).unwrap_or_default();
    match line.get("sources") {
        Some(sources) => Cell::Json(sources.to_string()),
        None if entry.event.is_unsourced() => Cell::text("unsourced"),
        None => Cell::Empty,
    }
}

/// The private fields in clear; their names alone where they cannot be opened here.
fn opened(entry: &Entry, private: Option<&Private>) -> Cell {
    match private {
        Some(private) => {
            let fields = private
                .fields()
                .map(|(field, json)| format!("\"{field}\":{json}"));
            Cell::Json(format!("{{{}}}", fields.collect::<Vec<_>>().join(",")))
        }
        None => Cell::list(
            entry
                .private
                .iter()
                .map(|(field, _)| format!("{field} (sealed)")),
        ),
    }
}
