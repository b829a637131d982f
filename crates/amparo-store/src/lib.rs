//! The store of Amparo: an append-only log that is held twice, and the keys to its private parts.
//!
//! [`journal`] is the truth: plain segment files, durable before an append is acknowledged.
//! [`shelf`] is the sled store: it serves every read, may be behind, damaged or gone at any time,
//! and is rebuilt from the journal. The vault holds the keys under which private fields are
//! sealed. [`Ledger`] is the one door to all three. `LAYOUT.md` beside this crate is the folder,
//! byte by byte.
//!
//! Refuses to count, to print and to change or remove an entry: there is no such operation.

pub mod backup;
pub mod files;
pub mod journal;
pub mod ledger;
pub mod published;
pub mod shelf;
pub mod signing;

mod in_order;
mod kv;
mod lock;
mod settings;
mod vault;

pub use in_order::in_order;
pub use ledger::Ledger;
pub use settings::SettingsError;
pub use vault::{Cost, SlotError, SlotKind, SlotSecret, VaultError};

/// A source of random bytes: fills the whole slice.
pub type Random<'r> = &'r mut dyn FnMut(&mut [u8]);
