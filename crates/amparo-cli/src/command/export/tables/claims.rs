//! `claims`: the rows of the command: what was claimed, beside what is documented.
//!
//! Where small numbers are withheld, nothing that is documented stands here: a claim can be about
//! any day and place, so that its row would show a number that another table withholds.

use amparo_projections::View;
use amparo_projections::claims::claims;

use super::schema::{Field, ForeignKey, Table, Type, described, field};
use crate::command::claims::for_programs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::output::{Cell, Column, Meta};

const FIELDS: [Field; 19] = [
    field("entry", Type::String, "The entry that states the claim"),
    field("claimant", Type::String, "Who claims it"),
    field(
        "measure",
        Type::String,
        "What is counted: held, arrests, releases, clemency-requests, ...",
    ),
    field(
        "instrument",
        Type::String,
        "The amnesty, pardon or the like that it speaks of",
    ),
    field(
        "scope",
        Type::String,
        "What part of the whole it speaks of, as stated",
    ),
    field(
        "place",
        Type::String,
        "The place of the log that the scope names, if it names one",
    ),
    field("from", Type::Date, "The first day it speaks of"),
    field("to", Type::Date, "The last day it speaks of"),
    field(
        "claimed_low",
        Type::Integer,
        "How many at least, as claimed",
    ),
    field(
        "claimed_high",
        Type::Integer,
        "How many at most, as claimed",
    ),
    field(
        "approximate",
        Type::Boolean,
        "Whether the claim is of about so many",
    ),
    field(
        "documented_low",
        Type::Integer,
        "How many entries document for certain",
    ),
    field(
        "documented_count",
        Type::Integer,
        "How many they document at the point dates",
    ),
    field(
        "documented_high",
        Type::Integer,
        "How many they can document",
    ),
    field(
        "gap_low",
        Type::Integer,
        "Claimed less documented, at least",
    ),
    field(
        "gap_high",
        Type::Integer,
        "Claimed less documented, at most",
    ),
    field(
        "contradicted_by",
        Type::String,
        "Claims of the same that cannot be true beside it; several with semicolons",
    ),
    field(
        "sources",
        Type::String,
        "Who published the claim; several with semicolons",
    ),
    field(
        "suppressed",
        Type::Boolean,
        "Whether what is documented is withheld, with the gap",
    ),
];

/// The table with its rows.
///
/// # Errors
/// Internal, for a column that is described nowhere.
pub fn table(
    derived: &Derived,
    view: &View<'_>,
    meta: &Meta,
    suppresses: bool,
) -> Result<(Table, Vec<Vec<Cell>>), Failure> {
    let claims = claims(view, derived.at.as_of, &derived.profile);
    let (mut columns, mut rows) = for_programs(meta.clone(), derived, &claims).into_rows();
    if suppresses {
        for row in &mut rows {
            let cells = columns.iter().zip(row.iter_mut());
            let derived = cells.filter(|(column, _)| is_derived(&column.key));
            derived.for_each(|(_, cell)| *cell = Cell::Empty);
            row.push(Cell::Flag(true));
        }
        columns.push(Column::text("suppressed"));
    }
    const KEYS: &[ForeignKey] = &[ForeignKey {
        field: "entry",
        table: "events",
        key: "entry",
    }];
    let table = Table {
        name: "claims",
        description: "Each number that somebody stated, beside what is documented for the same \
                      measure, time and place. A claim is never part of a count",
        fields: described(&columns, &FIELDS)?,
        primary_key: &["entry"],
        foreign_keys: KEYS,
    };
    Ok((table, rows))
}

/// Whether a column follows from counts.
fn is_derived(key: &str) -> bool {
    key.starts_with("documented_") || key.starts_with("gap_")
}
