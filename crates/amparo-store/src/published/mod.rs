//! The public export: the log as static files that stock tools verify (C2SP tlog-tiles).
//!
//! ```text
//! checkpoint                 the signed head (C2SP tlog-checkpoint)
//! tile/L/N[.p/W]             the Merkle tree, 256 hashes to a file
//! tile/entries/N[.p/W]       the entry lines, 256 to a file, each after its length
//! disclosures/openings.jsonl private fields that were chosen to be shown; mostly not there
//! log.pub                    the key to check the checkpoint with
//! VERIFY.md, verify.py       how to verify, with Python's standard library alone
//! SHA256SUMS                 of every file that is not under tile/
//! ```
//!
//! What is under `tile/`, and the checkpoint, are a function of the log alone: everybody gets the
//! same bytes, however often and from wherever it was exported. Refuses to hold anything private
//! that was not named, and to go on in a folder of another log or of a fork.

mod check;
mod disclose;
mod lines;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::note::MAX_NOTE_LEN;

use crate::files::{Files as _, RealFiles};

pub use check::{Checked, CheckedLine};
pub use disclose::Disclosure;
pub use lines::{PublishedLines, open_export};
pub use write::{PublishError, Written};

pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const LOG_PUB: &str = "log.pub";
pub(crate) const SUMS: &str = "SHA256SUMS";
pub(crate) const DISCLOSURES: &str = "disclosures";
pub(crate) const OPENINGS: &str = "disclosures/openings.jsonl";
pub(crate) const VERIFY_MD: &str = "VERIFY.md";
pub(crate) const VERIFY_PY: &str = "verify.py";

/// The files whose digests `SHA256SUMS` lists, in its order; the openings only where there are
/// any.
pub(crate) const SUMMED: [&str; 5] = [CHECKPOINT, OPENINGS, LOG_PUB, VERIFY_MD, VERIFY_PY];

/// A public export, with the head that it says it has.
#[derive(Debug)]
pub struct Published {
    pub(crate) folder: PathBuf,
    pub(crate) checkpoint: SignedCheckpoint,
}

/// Why a folder is no public export.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// There is no checkpoint in it.
    #[error("{} holds no public export", .0.display())]
    NotOne(PathBuf),
    /// Its checkpoint does not read.
    #[error("the export's checkpoint does not read")]
    Checkpoint(#[from] amparo_tlog::checkpoint::ParseSignedCheckpointError),
    /// The system failed.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Published {
    /// Opens an export, believing nothing in it yet.
    ///
    /// # Errors
    /// [`PublishedError`].
    pub fn open(folder: &Path) -> Result<Self, PublishedError> {
        let path = folder.join(CHECKPOINT);
        let bytes = match RealFiles.read(&path, MAX_NOTE_LEN) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(PublishedError::NotOne(folder.to_owned()));
            }
            Err(source) => return Err(PublishedError::Io { path, source }),
        };
        Ok(Self {
            folder: folder.to_owned(),
            checkpoint: SignedCheckpoint::parse(&bytes)?,
        })
    }

    /// The head that it says it has; not to be believed before a signature was checked.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// How many entries it says it has.
    pub(crate) fn size(&self) -> u64 {
        self.checkpoint.checkpoint().head().size()
    }
}
