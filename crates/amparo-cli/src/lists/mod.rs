//! Successive full lists of people in custody, turned into events by comparison.
//!
//! A list says who is there, never what happened; this module says no more than follows from two
//! lists in a row. What it refuses to do: guess a layout, a date format or the meaning of a code.
//! Its invariant: what the last list said is read back from the log alone, so that files imported
//! together, one by one or twice give the same entries.

mod compare;
mod intake;
mod known;
mod record_line;
mod roster;
pub mod rules;

pub use compare::Counts;
pub use intake::{Figures, check_zone, import};
pub use roster::ListFile;
pub use rules::Rules;
