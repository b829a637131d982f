//! What a ledger signs with, and what it has signed.
//!
//! `key` holds the private halves: of the log, and of the witness that this ledger may be for
//! others. `Book` is the folder `checkpoints/`: every signed head, their names, the key they
//! are checked with, and the mark of a folder that was restored. `Seen` is what this ledger, as a
//! witness, has seen of other logs.
//!
//! Refuses to judge whether a head may be signed: that is `ledger::sign`, which knows the log.
//! Invariant: a signed head is on disk, synced, before it is handed out; none is ever overwritten
//! by another head.

mod book;
pub(crate) mod key;
mod name;
mod seen;
#[cfg(test)]
mod tests;

use std::io;

pub(crate) use book::{Book, POLICY, signed_under};
pub use book::{FOLDER, Stored};
pub use name::{CheckpointName, CheckpointNameError, NAME_BYTES_MAX};
pub(crate) use seen::Seen;

/// Why what lies in `checkpoints/` or a signing key cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A file does not read as what it must be.
    #[error("{file} is damaged: {what}")]
    Damaged {
        /// The file, from the ledger's folder.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A name is taken by another checkpoint.
    #[error("the checkpoint of {size} entries is named {name} already")]
    NameTaken {
        /// The name.
        name: CheckpointName,
        /// The size of the checkpoint that has it.
        size: u64,
    },
    /// The system failed.
    #[error("cannot read or write {file}")]
    Io {
        /// The file, from the ledger's folder.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
