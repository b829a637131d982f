//! Tables of people and what happened to them, turned into events row by row, by rules.
//!
//! What it refuses to do: guess a column, a date format, the meaning of a code, or who somebody
//! is. Its invariant: the id of an event is made of what its row says and not of where the row
//! stands, so that the same file again, or one that overlaps it, appends nothing twice.

mod draft;
mod event;
mod file;
mod intake;
pub mod near;
mod package;
mod person;
mod propose;
mod refused;
mod row;
mod rules;
mod seen;
mod workbook;

pub use draft::draft_rules;
pub use file::TableFile;
pub use intake::{Figures, Import, TableImport};
pub use near::{DECISIONS_BYTES_MAX, Decisions, Question};
pub use refused::RefusedRows;
pub use rules::TableRules;
