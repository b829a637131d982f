//! The shelf: the indexed copy of the log that serves every read.
//!
//! It is fed batches in order, after the journal has them, and keeps entry lines and sealed
//! openings in compressed bundles, the upper Merkle tiles, three indexes (event id, subject,
//! external ref) and small derived states. It refuses to be the truth: it may be behind, damaged
//! or gone at any time, and is rebuilt from the journal by applying every batch again. It does no
//! Merkle arithmetic and parses no entry.
//!
//! Invariant: an answer is what the applied batches say up to [`Shelf::head`], or it is an error.
//! Every value is checksummed together with its place, and only what the manifest names exists
//! (`LAYOUT.md` has the layout and the order of writing).
//!
//! ```
//! use amparo_store::shelf::{Batch, Indexed, Shelf};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let mut shelf = Shelf::open(dir.path(), [1; 16])?;
//! let entry = Indexed { line: b"{\"seq\":0}", sealed: None, id: [7; 16], keys: &[[8; 16]], refs: &[] };
//! shelf.apply(&Batch {
//!     first_seq: 0,
//!     recorded_ms: 1_770_000_000_000,
//!     root_after: [0; 32],
//!     entries: &[entry],
//!     tiles: &[],
//! })?;
//! shelf.flush()?;
//! assert_eq!(shelf.seq_of_event([7; 16])?, Some(0));
//! assert_eq!(shelf.line(0)?.as_deref(), Some(b"{\"seq\":0}".as_slice()));
//! # Ok(())
//! # }
//! ```

mod apply;
mod bundle; // 256 entries in one compressed value
mod derived; // states of projections
mod filter; // which index runs need not be read
mod generation; // one run of each index, written together
mod index; // sets of records in sorted runs
mod manifest; // how far the shelf has come
mod page; // sorted records in 32 KB
mod read;
mod run; // pages, fence and filter of one run
mod tail; // entries that do not fill a bundle yet
#[cfg(test)]
mod tests;
mod volumes; // stores of bundles, half a million entries each
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub use self::bundle::Block;
use self::bundle::Bundler;
pub(crate) use self::filter::Filter;
use self::generation::{IndexKind, Place};
use self::index::Indexes;
use self::manifest::Manifest;
pub use self::read::{Blocks, IndexPairs};
use self::tail::TailEntry;
use self::volumes::Volumes;
use crate::kv::{Kv, KvError, Table};

/// Entries in a bundle, and leaves of a full Merkle tile.
pub const ENTRIES_PER_BUNDLE: u64 = 256;

/// Bytes of an entry line, at most.
pub const LINE_BYTES_MAX: usize = 64 << 10;

/// Bytes of an entry's sealed openings, at most.
pub const SEALED_BYTES_MAX: usize = 256 << 10;

/// Entries of a log, at most: what an index value of five bytes can name.
pub const ENTRIES_MAX: u64 = 1 << 40;

/// Subjects an entry can speak of.
pub const KEYS_MAX: usize = 4;

/// External refs an entry can bring.
pub const REFS_MAX: usize = 255;

/// Bytes of a derived state, at most.
pub const DERIVED_BYTES_MAX: usize = 64 << 20;

/// Bytes of a derived state's name, at most.
pub const DERIVED_NAME_BYTES_MAX: usize = 64;

/// Bytes of a Merkle tile, at most: 256 hashes.
pub const TILE_BYTES_MAX: usize = 256 * 32;

/// The version of the layout in `LAYOUT.md`. Any other is rebuilt, never converted.
const VERSION: u32 = 1;

/// Bytes an index value takes: a sequence in five, a person in sixteen.
const SEQ_WIDTH: usize = 5;
const PERSON_WIDTH: usize = 16;

const STAMP_KEY: &[u8] = b"stamp";
const MANIFEST_KEY: &[u8] = b"manifest";

/// Where the shelf stands: after which batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries held.
    pub size: u64,
    /// The Merkle root over them, as the batch said.
    pub root: [u8; 32],
    /// When the last batch was recorded, milliseconds since 1970 UTC.
    pub recorded_ms: i64,
    /// The first sequence of the last batch.
    pub batch_first_seq: u64,
}

/// A batch as the journal holds it, with what its entries are to be found by.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Sequence of the first entry.
    pub first_seq: u64,
    /// When the batch was recorded, milliseconds since 1970 UTC.
    pub recorded_ms: i64,
    /// The Merkle root after its last entry.
    pub root_after: [u8; 32],
    /// Its entries, at least one.
    pub entries: &'a [Indexed<'a>],
    /// Tiles that the batch changed: level, index, 32 bytes per hash. Those of level 0 are not
    /// kept, the bundles are their bytes: see [`Shelf::tile`].
    pub tiles: &'a [(u8, u64, Vec<u8>)],
}

/// An entry and what it is to be found by.
#[derive(Clone, Copy)]
pub struct Indexed<'a> {
    /// The entry's bytes, at most [`LINE_BYTES_MAX`].
    pub line: &'a [u8],
    /// Its sealed openings, at most [`SEALED_BYTES_MAX`].
    pub sealed: Option<&'a [u8]>,
    /// Its event id.
    pub id: [u8; 16],
    /// Persons and groups it speaks of, at most [`KEYS_MAX`].
    pub keys: &'a [[u8; 16]],
    /// Hashes of external refs it brings, each with its person, at most [`REFS_MAX`].
    pub refs: &'a [([u8; 16], [u8; 16])],
}

/// Tells where the entry is from, not what it says: lines may be about people.
impl std::fmt::Debug for Indexed<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Indexed")
            .field("bytes", &self.line.len())
            .finish_non_exhaustive()
    }
}

/// Why the shelf could not be opened, fed or read.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Open elsewhere, in another process or this one.
    #[error("the indexed store is in use")]
    Busy,
    /// Of another ledger, or of another version: to be set aside and rebuilt.
    #[error("the indexed store belongs to another ledger or another version")]
    Stale,
    /// To be set aside and rebuilt.
    #[error("the indexed store is damaged: {what}")]
    Damaged {
        /// The part that cannot be read.
        what: String,
    },
    /// No room left on the device.
    #[error("no room left for the indexed store")]
    Full,
    /// Any other failure of the file system.
    #[error("the indexed store could not be read or written")]
    Io(#[source] io::Error),
    /// The batch does not follow the head.
    #[error("a batch that begins at entry {found} cannot follow entry {expected} of the store")]
    OutOfOrder {
        /// The sequence the next batch has to begin with.
        expected: u64,
        /// The sequence it begins with.
        found: u64,
    },
    /// A limit of the shelf is broken.
    #[error("{0} is larger than the indexed store takes")]
    TooLarge(&'static str),
    /// An earlier write failed half way: reopen.
    #[error("an earlier write to the indexed store failed; reopen it")]
    Poisoned,
}

impl ShelfError {
    fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

impl From<KvError> for ShelfError {
    fn from(error: KvError) -> Self {
        match error {
            KvError::Busy => Self::Busy,
            KvError::Damaged(what) => Self::Damaged { what },
            KvError::Full => Self::Full,
            KvError::Io(source) => Self::Io(source),
        }
    }
}

/// What each store of a shelf begins with: layout version and ledger.
#[derive(Clone, Copy)]
struct Stamp([u8; 20]);

impl Stamp {
    fn new(ledger_id: [u8; 16]) -> Self {
        let mut stamp = [0; 20];
        stamp[..4].copy_from_slice(&VERSION.to_le_bytes());
        stamp[4..].copy_from_slice(&ledger_id);
        Self(stamp)
    }

    fn check_or_write(self, kv: &Kv) -> Result<(), ShelfError> {
        match kv.get(Table::Meta, STAMP_KEY)? {
            Some(found) if found.bytes() == self.0 => Ok(()),
            Some(_) => Err(ShelfError::Stale),
            // The stamp is the first value put: nothing can be there before it.
            None if kv.get(Table::Meta, MANIFEST_KEY)?.is_some() => {
                Err(ShelfError::damaged("its stamp"))
            }
            None => Ok(kv.put(Table::Meta, STAMP_KEY, &self.0).map(drop)?),
        }
    }
}

/// The open shelf. One at a time; readers share it between threads.
pub struct Shelf {
    dir: PathBuf,
    /// Everything but the bundles.
    desk: Kv,
    stamp: Stamp,
    volumes: Volumes,
    bundler: Bundler,
    head: Option<Head>,
    bundled: u64,
    tail: Vec<TailEntry>,
    /// Entries of the tail that are in their slots.
    tail_written: usize,
    ring: u8,
    /// Entries have gone into bundles since the last manifest.
    folded: bool,
    dirty: bool,
    poisoned: bool,
    indexes: Indexes,
    /// Tiles that wait for the next flush.
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
    /// The block read last by [`Shelf::line`].
    recent: Mutex<Option<Block>>,
    /// Entries put since opening.
    applied: u64,
}

/// What is only in memory is written as a shelf goes, so that it bears witness to the last batch
/// also where nobody closed it.
impl Drop for Shelf {
    fn drop(&mut self) {
        if self.dirty && !self.poisoned {
            let _ = self.flush();
        }
    }
}

impl Shelf {
    /// Opens the shelf in `dir`, or begins one where there is none. Reads the manifest and the
    /// tail; bundles, fences and filters are read when first needed.
    ///
    /// # Errors
    /// `Busy`; `Stale` when it is of another ledger or version; `Damaged`, `Full`, `Io`.
    pub fn open(dir: &Path, ledger_id: [u8; 16]) -> Result<Self, ShelfError> {
        let desk = Kv::open(&dir.join("desk"))?;
        let stamp = Stamp::new(ledger_id);
        stamp.check_or_write(&desk)?;
        let manifest = match desk.get(Table::Meta, MANIFEST_KEY)? {
            None => None,
            Some(value) => Some(
                Manifest::decode(value.bytes())
                    .ok_or_else(|| ShelfError::damaged("its manifest"))?,
            ),
        };
        let named = manifest.as_ref().map_or((&[][..], 0, 0), |manifest| {
            (
                &manifest.generations[..],
                manifest.next_generation,
                manifest.next_strip,
            )
        });
        Place {
            dir,
            desk: &desk,
            stamp,
        }
        .remove_strays(named.0)?;
        let mut shelf = Self {
            dir: dir.to_owned(),
            volumes: Volumes::new(dir.to_owned(), stamp),
            bundler: Bundler::new()?,
            head: manifest.as_ref().map(|manifest| manifest.head),
            bundled: manifest.as_ref().map_or(0, |manifest| manifest.bundled),
            tail: Vec::new(),
            tail_written: 0,
            ring: manifest.as_ref().map_or(0, |manifest| manifest.ring),
            folded: false,
            dirty: false,
            poisoned: false,
            indexes: Indexes::open(named.0, named.1, named.2),
            stamp,
            tiles: BTreeMap::new(),
            recent: Mutex::new(None),
            applied: 0,
            desk,
        };
        shelf.load_tail()?;
        Ok(shelf)
    }

    /// Where the shelf stands; `None` when it is empty.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.head
    }

    fn size(&self) -> u64 {
        self.head.map_or(0, |head| head.size)
    }

    fn load_tail(&mut self) -> Result<(), ShelfError> {
        let (from, to) = (
            tail::slot(self.ring, 0),
            tail::slot(self.ring, ENTRIES_PER_BUNDLE as usize),
        );
        let mut slots = self.desk.scan(Table::Tail, &from, &to)?;
        let mut entries = Vec::new();
        for (at, seq) in (self.bundled..self.size()).enumerate() {
            let slot = slots.next().transpose()?;
            let slot = slot.filter(|(key, _)| *key == tail::slot(self.ring, at));
            let entry = slot.and_then(|(_, value)| TailEntry::decode(value.bytes(), seq));
            entries.push(entry.ok_or_else(|| ShelfError::damaged(format!("entry {seq}")))?);
        }
        drop(slots);
        for (seq, entry) in (self.bundled..).zip(entries) {
            self.index(seq, &entry);
            self.tail.push(entry);
        }
        self.tail_written = self.tail.len();
        Ok(())
    }

    fn index(&mut self, seq: u64, entry: &TailEntry) {
        let indexes = &mut self.indexes;
        indexes.insert(IndexKind::Events, entry.id, u128::from(seq));
        for key in &entry.keys {
            indexes.insert(IndexKind::Subjects, *key, u128::from(seq));
        }
        for (hash, person) in &entry.refs {
            indexes.insert(IndexKind::Refs, *hash, u128::from_be_bytes(*person));
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            dir: &self.dir,
            desk: &self.desk,
            stamp: self.stamp,
        }
    }
}
