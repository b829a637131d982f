//! `sources`: one row for each source of each entry.
//!
//! A source that must not be seen has no row; its entry says in `events` that there is one.

use amparo_core::entry::Entry;
use amparo_core::value::Source;

use super::Rows;
use super::schema::{Field, ForeignKey, Table, Type, field};
use crate::derived::Derived;
use crate::error::Failure;
use crate::output::Cell;

const FIELDS: [Field; 10] = [
    field("entry", Type::String, "The entry that rests on the source"),
    field(
        "number",
        Type::Integer,
        "Which of the entry's sources it is, from 1",
    ),
    field("publisher", Type::String, "Who published or told it"),
    field(
        "kind",
        Type::String,
        "What kind of voice: official, ngo, media, family, lawyer, court, witness, list",
    ),
    field("url", Type::String, "Where it can be read"),
    field(
        "published",
        Type::String,
        "When it was published: an EDTF date",
    ),
    field("title", Type::String, "What it is called"),
    field(
        "reliability",
        Type::String,
        "How reliable the source is, A to E; F cannot be judged",
    ),
    field(
        "credibility",
        Type::Integer,
        "How credible the report is, 1 to 5; 6 cannot be judged",
    ),
    field(
        "sha256",
        Type::String,
        "SHA-256 of the document that was kept",
    ),
];

/// The table.
pub fn table() -> Table {
    const KEYS: &[ForeignKey] = &[ForeignKey {
        field: "entry",
        table: "events",
        key: "entry",
    }];
    Table {
        name: "sources",
        description: "One row for each source of each entry; a sealed source has none",
        fields: FIELDS.to_vec(),
        primary_key: &["entry", "number"],
        foreign_keys: KEYS,
    }
}

/// Writes a row for each source, reading the log once.
///
/// # Errors
/// Integrity, when an entry cannot be read; else whatever keeps a row from being written.
pub fn rows(derived: &Derived, rows: &mut Rows<'_, '_>) -> Result<(), Failure> {
    for entry in derived.ledger.entries(0..derived.at.prefix()) {
        let entry = entry?;
        for (n, source) in entry.event.sources().iter().enumerate() {
            rows.row(&cells(&entry, n + 1, source))?;
        }
    }
    Ok(())
}

fn cells(entry: &Entry, number: usize, source: &Source) -> Vec<Cell> {
    vec![
        Cell::text(entry.seq),
        Cell::count(number),
        Cell::text(&source.publisher),
        Cell::text(source.kind),
        Cell::maybe(source.url.as_ref()),
        Cell::maybe(source.published.as_ref()),
        Cell::maybe(source.title.as_ref()),
        Cell::maybe(source.reliability),
        source
            .credibility
            .map_or(Cell::Empty, |grade| Cell::count(grade.grade())),
        Cell::maybe(source.sha256.as_ref()),
    ]
}
