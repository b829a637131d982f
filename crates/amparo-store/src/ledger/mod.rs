//! The ledger: one folder, opened to read or to write, with every part behind one handle.
//!
//! Append flows one way: drafts are checked against the ledger ([`Plan`]), become entries, go to
//! the journal (durable: this is the acknowledgement) and then to the shelf, the sled store that
//! serves every read. What the shelf lacks it takes from the journal; it is never asked whether
//! the log is right. Nothing here counts, and nothing here can change or remove an entry.

mod against;
mod append;
mod bulk;
mod catch_up;
mod checked;
mod circle;
mod compare;
mod create;
mod derived;
mod erase;
mod examine;
mod index_key;
mod kept_sealed;
mod locking;
mod modes;
mod named;
mod open;
mod opened;
mod plan;
mod planned;
mod prepare;
mod read;
mod recover;
mod resume;
mod rules;
mod sign;
#[cfg(test)]
mod tests;
mod torn_keys;
mod transfer;
mod verify;
mod verify_sealed;
mod verify_signed;
mod witness;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::Context;
use amparo_core::date::Day;
use amparo_core::entry::Recorded;
use amparo_core::event::Opening;
use amparo_core::id::LedgerId;
use amparo_core::identity::Secret;
use amparo_tlog::merkle::{Frontier, Hash};

use crate::files::Files;
use crate::journal::Journal;
use crate::lock::Lock;
use crate::settings::Settings;
use crate::shelf::Shelf;
use crate::signing::Book;
use crate::vault::Vault;

pub use against::{KeptElsewhere, KeptError};
pub use append::{AppendError, Appended, AppendedEntry};
pub use bulk::Appender;
pub use checked::Checked;
pub use create::{InitError, NewLedger};
pub use derived::{Kept, Rederive};
pub use erase::EraseError;
pub use kept_sealed::KeptSealed;
pub use named::{Named, Namer};
pub use open::OpenError;
pub(crate) use open::read_settings;
pub use plan::{Batch, Ids, Keep, Plan, Planned, Refused};
pub use read::{Block, ReadError};
pub use recover::{Origin, RecoverError, Recovered, Recovery};
pub use resume::{OpenExport, ResumeError};
pub use sign::{CheckpointError, Signed, Standing};
pub use transfer::{ExportError, RestoreError};
pub use verify::{Extent, Finding, Part, SignedLevel, Verification, Verified};
pub use witness::{AddCosignatureError, AskError, Cosigned, WitnessError};

/// The folders of a ledger folder.
pub(crate) const JOURNAL: &str = "journal";
pub(crate) const SHELF: &str = "sled";
pub(crate) const KEYS: &str = "keys";
pub(crate) const LOCK: &str = "LOCK";

/// What a ledger is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read; works on a folder that cannot be written.
    Read,
    /// To append.
    Write,
}

/// Where the log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub size: u64,
    /// The RFC 6962 root over their lines.
    pub root: Hash,
    /// When the last of them was recorded.
    pub recorded: Recorded,
}

/// Something worth telling whoever opened the ledger. Holds no names of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The last batch was torn by a crash before it was acknowledged, and was cut.
    TornBatchCut {
        /// How many bytes went.
        bytes: u64,
    },
    /// The same, seen by a reader, who leaves it.
    TornBatchIgnored {
        /// How many bytes are left out.
        bytes: u64,
    },
    /// The sled store could not be used, was set aside, and is built again from the journal.
    StoreRebuilt {
        /// Why.
        reason: String,
    },
    /// The sled store was behind, as a crash or an older copy of it leaves it, and takes what it
    /// lacks from the journal.
    StoreBehind {
        /// Entries it lacks.
        lacking: u64,
        /// Entries there are.
        total: u64,
    },
    /// The sled store takes entries from the journal: how far it is.
    CatchingUp {
        /// Entries it holds by now.
        done: u64,
        /// Entries there are.
        total: u64,
    },
    /// The folder cannot be written; a temporary sled store serves this one process.
    TemporaryStore,
    /// The disk is full; a temporary sled store elsewhere serves this one process.
    NoRoom,
    /// The folder has no keys: names cannot be shown.
    NoKeys,
    /// Others than the owner can enter, read or write a part of the folder.
    OpenToOthers {
        /// The part.
        path: PathBuf,
    },
    /// The keys are under a lock that is not open: names cannot be shown.
    Locked,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornBatchCut { bytes } => write!(
                f,
                "cut {bytes} bytes of a last batch that a crash had torn; it was never acknowledged"
            ),
            Self::TornBatchIgnored { bytes } => write!(
                f,
                "left out {bytes} bytes of a last batch that a crash had torn; the next writer \
                 cuts them"
            ),
            Self::StoreRebuilt { reason } => write!(
                f,
                "the sled store is built again from the journal, and nothing is lost: {reason}"
            ),
            Self::StoreBehind { lacking, total } => write!(
                f,
                "the sled store was behind, and takes {lacking} of {total} entries from the \
                 journal; nothing is lost"
            ),
            Self::CatchingUp { done, total } => {
                write!(
                    f,
                    "the sled store takes entries from the journal: {done} of {total}"
                )
            }
            Self::TemporaryStore => {
                f.write_str("the folder cannot be written; a temporary sled store serves this run")
            }
            Self::NoRoom => {
                f.write_str("the disk is full; a temporary sled store elsewhere serves this run")
            }
            Self::NoKeys => f.write_str("this copy has no keys: names are not shown"),
            Self::OpenToOthers { path } => write!(
                f,
                "others on this computer can get at {}: `chmod -R go= FOLDER` keeps the ledger's \
                 folder to its owner",
                path.display()
            ),
            Self::Locked => f.write_str("the names are locked and not shown"),
        }
    }
}

/// An open ledger.
pub struct Ledger {
    folder: PathBuf,
    files: Arc<dyn Files>,
    settings: Settings,
    opening: Opening,
    journal: Journal,
    shelf: Shelf,
    vault: Vault,
    /// The right edge of the Merkle tree, from which each new root is made.
    frontier: Frontier,
    head: Head,
    access: Access,
    book: Book,
    /// Whether the log may grow and be signed.
    standing: Standing,
    /// Set when a write has failed in a way that only reopening can clear up.
    poisoned: bool,
    // Dropped last, in this order: the shelf is closed before its temporary folder goes.
    _temporary: Option<tempfile::TempDir>,
    _lock: Option<Lock>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// The nearest ledger folder at or above a folder.
    pub fn find(from: &Path) -> Option<PathBuf> {
        from.ancestors()
            .find(|folder| folder.join(crate::settings::FILE).is_file())
            .map(Into::into)
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who records, where nothing else is said.
    pub fn recorder(&self) -> &str {
        &self.settings.recorder
    }

    /// Where the log stands.
    pub fn head(&self) -> Head {
        self.head
    }

    /// What `e0` says: name, time zone, ledger id, format.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// What drafts are read against on a day.
    ///
    /// A copy without keys derives ids that lead to nobody; it cannot append either.
    pub fn context(&self, today: Day) -> Context {
        let secret = self
            .vault
            .secret()
            .cloned()
            .unwrap_or_else(|| Secret::new([0; 32]));
        Context {
            today,
            zone: self.opening.time_zone,
            secret,
        }
    }

    fn id(&self) -> LedgerId {
        self.opening.ledger
    }
}
