//! What the columns of the tables mean: their types, descriptions and keys.

use crate::error::Failure;
use crate::output::Column;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A time in UTC.
    DateTime,
    /// A JSON object.
    Object,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The heading.
    pub key: &'static str,
    /// What its values are.
    pub kind: Type,
    /// What it says.
    pub description: &'static str,
}

/// A column whose values stand in the key of another table.
#[derive(Debug, Clone, Copy)]
pub struct ForeignKey {
    /// The column.
    pub field: &'static str,
    /// The other table.
    pub table: &'static str,
    /// Its key.
    pub key: &'static str,
}

/// One table, without its rows.
#[derive(Debug, Clone)]
pub struct Table {
    /// The name of the file, without its ending, and of the sheet.
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns.
    pub fields: Vec<Field>,
    /// The columns that tell rows apart; none where no few columns do.
    pub primary_key: &'static [&'static str],
    /// The columns that point into other tables.
    pub foreign_keys: &'static [ForeignKey],
}

impl Table {
    /// The columns as an answer has them.
    pub fn columns(&self) -> Vec<Column> {
        let column = |field: &Field| match field.kind {
            Type::Integer => Column::number(field.key),
            Type::String | Type::Boolean | Type::Date | Type::DateTime | Type::Object => {
                Column::text(field.key)
            }
        };
        self.fields.iter().map(column).collect()
    }
}

/// A column, for a table of them.
pub const fn field(key: &'static str, kind: Type, description: &'static str) -> Field {
    Field {
        key,
        kind,
        description,
    }
}

/// What the columns of an answer mean, by a catalogue of all that there can be.
///
/// # Errors
/// Internal, for a column that the catalogue lacks.
pub fn described(columns: &[Column], catalogue: &[Field]) -> Result<Vec<Field>, Failure> {
    let of = |column: &Column| catalogue.iter().find(|field| field.key == column.key);
    let described = columns.iter().map(|column| {
        of(column).copied().ok_or_else(|| {
            Failure::internal(format!("the column `{}` is described nowhere", column.key))
        })
    });
    described.collect()
}

/// The columns that stand behind those of every table: what the row was derived from.
pub const COORDINATES: [Field; 9] = [
    field(
        "as_of",
        Type::Date,
        "The civil day at whose end the state is shown",
    ),
    field("known_at_seq", Type::Integer, "The last entry that counts"),
    field(
        "known_at_recorded",
        Type::DateTime,
        "When that entry was recorded",
    ),
    field("profile", Type::String, "The rule of who counts as held"),
    field(
        "filters",
        Type::Object,
        "What the rows were narrowed, grouped or withheld by",
    ),
    field(
        "head_size",
        Type::Integer,
        "How many entries the ledger had when this was written",
    ),
    field(
        "head_root",
        Type::String,
        "Their RFC 6962 Merkle root: any change of them changes it",
    ),
    field("ledger", Type::String, "The ledger's UUID"),
    field("format", Type::Integer, "The version of the entry format"),
];
