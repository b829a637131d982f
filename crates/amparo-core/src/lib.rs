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

pub mod course;
pub mod date;
pub mod draft;
pub mod entry;
pub mod event;
pub mod fault;
#[doc = include_str!("../FORMAT.md")]
pub mod format {}
pub mod force;
pub mod id;
pub mod identity;
pub mod kind;
pub mod limit;
pub mod planted;
pub mod private;
pub mod promise;
pub mod value;
pub mod word;

mod exact;
mod json;
mod read;
mod read_body;
mod reader;
mod recorded;
mod write;
mod write_event;

pub use read::Context;
