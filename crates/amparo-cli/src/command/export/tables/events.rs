//! `events`: one row for each entry up to the known-at, in force or not.

use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_projections::View;
use amparo_projections::fact::{Fact, TextId};

use super::Rows;
use super::schema::{Field, ForeignKey, Table, Type, field};
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::Cell;

const FIELDS: [Field; 21] = [
    field(
        "entry",
        Type::String,
        "The entry's place in the log, from e0",
    ),
    field("id", Type::String, "Its UUID"),
    field(
        "recorded",
        Type::DateTime,
        "When the ledger accepted it, in UTC",
    ),
    field("by", Type::String, "Who recorded it"),
    field("kind", Type::String, "What happened, or what is recorded"),
    field("subject", Type::String, "The person or group it names"),
    field(
        "counted_as",
        Type::String,
        "The row of people that it counts for, after merges",
    ),
    field(
        "other_subject",
        Type::String,
        "The person told apart from a group, or merged into",
    ),
    field(
        "corrects",
        Type::String,
        "The entry that it replaces or retracts",
    ),
    field(
        "occurred",
        Type::String,
        "When it happened, as written: an EDTF date",
    ),
    field(
        "first_day",
        Type::Date,
        "The first day on which it can have happened",
    ),
    field("last_day", Type::Date, "The last such day"),
    field(
        "place",
        Type::String,
        "Where, from the widest part to the narrowest",
    ),
    field("authority", Type::String, "Who took them"),
    field("court", Type::String, "The court"),
    field("jurisdiction", Type::String, "civil or military"),
    field(
        "instrument",
        Type::String,
        "The code of the amnesty, pardon or the like",
    ),
    field("ground", Type::String, "The code of the exclusion"),
    field(
        "sealed_sources",
        Type::Boolean,
        "Whether it rests on a source that must not be seen",
    ),
    field(
        "standing",
        Type::String,
        "in force, replaced or retracted, at the known-at",
    ),
    field(
        "standing_by",
        Type::String,
        "The entry that replaced or retracted it",
    ),
];

/// The table.
pub fn table() -> Table {
    const KEYS: &[ForeignKey] = &[ForeignKey {
        field: "counted_as",
        table: "people",
        key: "ref",
    }];
    Table {
        name: "events",
        description: "One row for each entry of the log up to the known-at, in its order",
        fields: FIELDS.to_vec(),
        primary_key: &["entry"],
        foreign_keys: KEYS,
    }
}

/// Writes a row for each entry.
///
/// # Errors
/// Integrity, when an entry is missing; else whatever keeps a row from being written.
pub fn rows(derived: &Derived, rows: &mut Rows<'_, '_>) -> Result<(), Failure> {
    let view = derived.then();
    for seq in (0..derived.at.prefix()).map(Seq::new) {
        let fact = view.fact(seq);
        let fact = fact.ok_or_else(|| Failure::not_a_log(seq, "it is missing"))?;
        rows.row(&cells(derived, &view, seq, fact))?;
    }
    Ok(())
}

fn cells(derived: &Derived, view: &View<'_>, seq: Seq, fact: &Fact) -> Vec<Cell> {
    let facts = &derived.facts;
    let text = |id: Option<TextId>| Cell::maybe(id.map(|id| facts.text(id)));
    let (standing, by) = standing(view, seq);
    let counted_as = fact.subject().map(|subject| view.root(subject));
    let mut cells = vec![
        Cell::text(seq),
        Cell::maybe(facts.id(seq)),
        Cell::text(fact.recorded()),
        Cell::text(facts.recorder(fact)),
        Cell::text(fact.kind()),
        Cell::maybe(fact.subject().map(|subject| facts.shown(subject))),
        Cell::maybe(counted_as.map(|subject| facts.shown(subject))),
        Cell::maybe(fact.second_subject().map(|subject| facts.shown(subject))),
        Cell::maybe(facts.target(fact)),
        Cell::maybe(facts.date(fact)),
    ];
    let days = fact.span().map(|span| (span.lo(), span.hi()));
    cells.extend(figures::day_cells(days));
    cells.extend([
        text(fact.place()),
        text(fact.authority()),
        text(fact.court()),
        Cell::maybe(fact.jurisdiction()),
        text(fact.instrument()),
        text(fact.ground()),
        Cell::Flag(fact.has_sealed_sources()),
        Cell::text(standing),
        Cell::maybe(by),
    ]);
    cells
}

/// Whether an entry counts, and else the last entry in force that put it out of force.
fn standing(view: &View<'_>, seq: Seq) -> (&'static str, Option<Seq>) {
    if view.is_in_force(seq) {
        return ("in force", None);
    }
    let by = view.corrections_of(seq).filter(|by| view.is_in_force(*by));
    let by = by.last();
    match by.and_then(|by| view.fact(by)).map(Fact::kind) {
        Some(Kind::Retraction) => ("retracted", by),
        Some(_) => ("replaced", by),
        None => ("not in force", by),
    }
}
