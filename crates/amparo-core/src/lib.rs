//! The event model of Amparo: what an entry says, how it is written, and what follows from it.
//!
//! Everything here is a function of its arguments. The crate refuses to do IO, to read a clock, to
//! make random numbers and to know of any storage; the same entries give the same bytes and the
//! same answers on any machine. `FORMAT.md` beside this crate is the format, field by field.
//!
//! The way of an event: [`draft::Draft`] is read from what somebody wrote, with every fault
//! reported; the ledger gives it a place and it becomes an [`entry::Entry`], whose line is the
//! stored truth; [`force`] says which entries are in force, and [`course`] derives states from
//! them.

/// From dated steps to a state on a day.
pub mod course;
/// EDTF dates with bounds and a point.
pub mod date;
/// Event drafts.
pub mod draft;
/// Entries and their lines.
pub mod entry;
/// Events and their fields.
pub mod event;
/// Faults of input.
pub mod fault;
#[doc = include_str!("../FORMAT.md")]
pub mod format {}
/// Which entries are in force.
pub mod force;
/// Identifiers.
pub mod id;
/// Identifiers made from content.
pub mod identity;
/// Kinds, axes and states.
pub mod kind;
/// The limits of the format.
pub mod limit;
/// Private fields, their digests and their openings.
pub mod private;
/// Values that fields hold.
pub mod value;
/// Closed vocabularies.
pub mod word;

mod json;
mod read;
mod read_body;
mod reader;
mod write;

pub use read::Context;
