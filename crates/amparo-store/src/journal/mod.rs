//! The journal: append-only segment files, the truth of the ledger.
//!
//! A batch of entries is one checksummed frame, synced before it is acknowledged; full segments
//! are compressed and never touched again. The bytes are laid out in `LAYOUT.md`.
//!
//! Knows bytes only: what is in an entry line, a sealed opening or a Merkle root is for others to
//! say. There is no update and no delete. Invariants: an acknowledged batch is on the disk;
//! history never becomes shorter without an error that names the entries; reading changes nothing.
//!
//! ```
//! use std::sync::Arc;
//! use amparo_store::files::RealFiles;
//! use amparo_store::journal::{Access, Journal, Record};
//!
//! let parent = tempfile::tempdir()?;
//! let folder = parent.path().join("journal");
//! let files = Arc::new(RealFiles);
//! Journal::create(files.clone(), &folder, [7; 16], [0; 32])?;
//!
//! let (mut journal, opened) = Journal::open(files, &folder, Access::Write, None)?;
//! assert_eq!(opened.size, 0);
//! let entry = Record { line: br#"{"seq":0}"#, sealed: b"" };
//! journal.append(0, 1_770_000_000_000, [1; 32], &[entry])?;
//! for batch in journal.batches(0) {
//!     assert_eq!(batch?.entries().next(), Some(entry));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::Files;

mod append;
mod block;
mod create;
mod damage;
mod frame;
mod open;
mod read;
mod seal;
mod segment;
mod segment_walk;
#[cfg(test)]
mod tests;
mod verify;
mod walk;
mod window;

pub use append::{AppendError, FullSegment, SealedSegment};
pub use create::CreateError;
pub use damage::{Damage, Finding, Lost, TornTail};
pub use frame::{Batch, Entries, Record};
pub use open::{Access, OpenError, Opened};
pub use read::{Batches, ReadError};
pub use seal::SealError;
pub use verify::{Salvage, Salvaged, Survey, Verified};

/// The most entries in one batch.
pub const BATCH_ENTRIES_MAX: u32 = 65_536;
/// The most bytes in one batch: lines, sealed openings, and 8 for each entry.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most bytes in one entry line.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// The most bytes in the sealed openings of one entry.
pub const SEALED_BYTES_MAX: usize = 128 * 1024;
/// The largest size of a log: all sequences are exact in a JSON number.
pub const SEQUENCE_MAX: u64 = (1 << 53) - 1;
/// A raw segment grows to this many bytes, or holds a single batch.
pub const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// A block of a sealed segment holds this many bytes before compression, or a single batch.
pub const BLOCK_BYTES: usize = 256 * 1024;

/// The identity of a ledger: the bytes of its UUID.
pub type LedgerId = [u8; 16];
/// The Merkle root of a log; opaque here.
pub type Root = [u8; 32];

/// How large segments and their blocks grow. Any sizes make a journal that every program reads;
/// others than the default are for tests and measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// See [`SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// See [`BLOCK_BYTES`].
    pub block_bytes: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            segment_bytes: SEGMENT_BYTES,
            block_bytes: BLOCK_BYTES,
        }
    }
}

/// The last batch of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastBatch {
    /// The sequence of its first entry.
    pub first_seq: u64,
    /// When it was recorded, in milliseconds of Unix time.
    pub recorded_ms: u64,
}

/// An open journal.
pub struct Journal {
    files: Arc<dyn Files>,
    folder: PathBuf,
    ledger_id: LedgerId,
    sizes: Sizes,
    size: u64,
    root: Root,
    last_batch: Option<LastBatch>,
    /// `None` when it was opened to be read.
    writer: Option<append::Writer>,
}

impl Journal {
    /// The folder of the journal.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ledger that it belongs to.
    #[must_use]
    pub fn ledger_id(&self) -> &LedgerId {
        &self.ledger_id
    }

    /// How many entries it holds: the sequence of the next one.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle root of the log, as the last append gave it.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The last batch; `None` in an empty journal.
    #[must_use]
    pub fn last_batch(&self) -> Option<LastBatch> {
        self.last_batch
    }

    /// Whether a write failed, so that no more is accepted before the journal is opened again.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.writer
            .as_ref()
            .is_some_and(append::Writer::is_poisoned)
    }

    /// Why the last attempt to compress full segments failed. It costs space only, and is made
    /// again when the next segment is full, or the journal is opened to write.
    #[must_use]
    pub fn postponed_sealing(&self) -> Option<&SealError> {
        self.writer
            .as_ref()
            .and_then(append::Writer::postponed_sealing)
    }

    /// Changes the sizes for segments and blocks still to be written.
    pub fn set_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Journal")
            .field("folder", &self.folder)
            .field("size", &self.size)
            .field("is_poisoned", &self.is_poisoned())
            .finish_non_exhaustive()
    }
}
