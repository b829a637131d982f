//! Signing the head, and the guard before it.
//!
//! Order: journal synced, root computed again from the stored tiles, guard, signature, signed
//! head kept and synced in `checkpoints/` and beside the key, then in the sled store; only then
//! is it handed out. The guard: the log must extend the newest head known to have been signed,
//! from whichever of the three places knows it. A log that does not is neither signed nor
//! appended to, until `resume` (`ledger::resume`).
//!
//! What it cannot see: a folder that was put back whole, keys and all, from an older copy. Only a
//! head kept elsewhere shows that.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use amparo_core::id::LedgerId;
use amparo_tlog::checkpoint::{
    Checkpoint, SignCheckpointError, SignedCheckpoint, TreeHead, TreeSizeError,
};
use amparo_tlog::key::{KeyKind, VerifierKey};
use amparo_tlog::origin::Origin;
use amparo_tlog::policy::Policy;
use amparo_tlog::reader::{ReadTreeError, TreeReader};
use amparo_tlog::tile::TileId;

use super::{Access, Ledger, ReadError};
use crate::Random;
use crate::files::{Files, RealFiles};
use crate::shelf::ShelfError;
use crate::signing::key::{LOG_KEY, PrivateKey, log_name};
use crate::signing::{Book, CheckpointName, SigningError, Stored};

/// The newest signed head, as the sled store keeps it.
pub(super) const IN_STORE: &str = "last-checkpoint";

/// Whether the log may be signed and appended to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It extends every head known to have been signed.
    Sound,
    /// It ends before a head that was signed: it was put back from an older copy.
    Behind {
        /// How many entries it holds.
        size: u64,
        /// How many the signed head has.
        signed: u64,
    },
    /// It holds other entries than a head that was signed.
    Forked {
        /// How many entries the signed head has.
        signed: u64,
    },
    /// It was restored from a backup, or recovered with entries lost, and nobody has said since
    /// that this is to go on.
    Restored,
    /// What was signed cannot be read.
    Unreadable {
        /// Why.
        what: String,
    },
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound => f.write_str("the log extends every head that was signed"),
            Self::Behind { size, signed } => write!(
                f,
                "a head of {signed} entries was signed, and the log ends after {size}: it was put \
                 back from an older copy"
            ),
            Self::Forked { signed } => write!(
                f,
                "a head of {signed} entries was signed, and the log holds other entries: it is a \
                 fork"
            ),
            Self::Restored => f.write_str(
                "the ledger was restored from a backup or recovered, and there may be entries \
                 elsewhere that it lacks",
            ),
            Self::Unreadable { what } => {
                write!(f, "what was signed of this log cannot be read: {what}")
            }
        }
    }
}

/// A head that is signed, and on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signed head, with its names and its file.
    pub stored: Stored,
    /// The key to check it with.
    pub key: VerifierKey,
    /// Whether it was signed just now; else the head was signed before.
    pub is_new: bool,
}

/// Why a head was not signed.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The ledger was opened to be read, or an earlier write failed.
    #[error("the ledger is not open for writing")]
    NotWritable,
    /// The log does not extend what was signed of it.
    #[error("not signed: {0}")]
    Guarded(Standing),
    /// The stored tiles do not lead to the root of the log.
    #[error("not signed: the stored tiles do not lead to the root of the log")]
    OtherRoot,
    /// The stored tiles cannot be read.
    #[error("not signed: the stored tiles cannot be read")]
    Tiles(#[source] ReadTreeError),
    /// There is no key to sign with.
    #[error("not signed: this copy of the ledger has no key to sign with")]
    NoKey,
    /// The given key is another than the one that signed before.
    #[error("not signed: this is not the key that `checkpoints/log.pub` names")]
    OtherKey,
    /// The given key file holds no key of a log.
    #[error("not signed: the key file holds no key of a log: {0}")]
    NotAKey(&'static str),
    /// The head could not be signed.
    #[error("not signed")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is kept could not be read or written.
    #[error("the signed head could not be kept")]
    Keep(#[from] SigningError),
    /// The sled store could not take it.
    #[error("the signed head is kept, and the sled store could not take it")]
    Store(#[source] ShelfError),
}

impl From<SignCheckpointError> for CheckpointError {
    fn from(error: SignCheckpointError) -> Self {
        Self::Sign(Box::new(error))
    }
}

impl From<TreeSizeError> for CheckpointError {
    fn from(error: TreeSizeError) -> Self {
        Self::Sign(Box::new(error))
    }
}

impl Ledger {
    /// Signs the head, and names it where a name is given. Signing the same head again hands out
    /// what was kept, cosignatures included.
    ///
    /// `key` is the content of a key file that is kept elsewhere; else the ledger's own is used,
    /// and made where there never was one.
    ///
    /// # Errors
    /// [`CheckpointError`]; nothing was signed then, but for [`CheckpointError::Keep`] and
    /// [`CheckpointError::Store`], after which the same head can be signed again.
    pub fn checkpoint(
        &mut self,
        name: Option<&CheckpointName>,
        key: Option<&[u8]>,
        random: Random<'_>,
    ) -> Result<Signed, CheckpointError> {
        if self.access != Access::Write || self.poisoned {
            return Err(CheckpointError::NotWritable);
        }
        // The journal was synced when the ledger was opened to write and at every append.
        let head = TreeHead::new(self.head.size, self.head.root)?;
        let root = self
            .tree()
            .root(head.size())
            .map_err(CheckpointError::Tiles)?;
        if root != head.root() {
            self.mark_store_damaged();
            return Err(CheckpointError::OtherRoot);
        }
        self.take_stand();
        if self.standing != Standing::Sound {
            return Err(CheckpointError::Guarded(self.standing.clone()));
        }
        let key = self.signing_key(key, random)?;
        let before = self.book.stored(head.size())?;
        let is_new = before.is_none();
        if is_new {
            let signer = key.signer();
            let checkpoint = Checkpoint::new(Origin::from(signer.name()), head);
            let signed = SignedCheckpoint::sign(checkpoint, &signer)?;
            self.book.keep(&signed)?;
            self.keep_in_store(&signed)
                .map_err(CheckpointError::Store)?;
        }
        if let Some(name) = name {
            self.book.name(name, head.size())?;
        }
        let stored = self.book.stored(head.size())?;
        Ok(Signed {
            stored: stored.ok_or(CheckpointError::NoKey)?,
            key: key.verifier_key(),
            is_new,
        })
    }

    /// Every signed head, in order of size.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn checkpoints(&self) -> Result<Vec<Stored>, SigningError> {
        self.book.all()
    }

    /// The newest signed head.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn newest_checkpoint(&self) -> Result<Option<Stored>, SigningError> {
        match self.book.sizes()?.last() {
            Some(size) => self.book.stored(*size),
            None => Ok(None),
        }
    }

    /// The size of the checkpoint of a name.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn checkpoint_named(&self, name: &CheckpointName) -> Result<Option<u64>, SigningError> {
        let names = self.book.names()?;
        Ok(names
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, size)| size))
    }

    /// The key that this ledger's checkpoints are checked with.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn log_key(&self) -> Result<Option<VerifierKey>, SigningError> {
        self.book.log_key()
    }

    /// Whose signatures count for this ledger, and whether the user's `policy.txt` says so; else
    /// the log's own alone. `None` where nothing was ever signed.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn policy(&self) -> Result<Option<(Policy, bool)>, SigningError> {
        match self.book.log_key()? {
            Some(key) => self.book.policy(key).map(Some),
            None => Ok(None),
        }
    }

    /// Marks a ledger's folder as put back from a backup: it is neither appended to nor signed
    /// until somebody says that it is the newest (`resume_from`, `resume_as_fork`).
    ///
    /// # Errors
    /// [`SigningError::Io`].
    pub fn mark_restored(folder: &Path) -> Result<(), SigningError> {
        Book::new(Arc::new(RealFiles), folder).mark_restored()
    }

    /// Whether the log may be signed and appended to; always sound for a ledger opened to read.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The Merkle tree of the log, read from the sled store.
    pub fn tree(&self) -> TreeReader<impl FnMut(TileId) -> Option<Vec<u8>> + '_> {
        TreeReader::new(self.head.size, |id| {
            self.shelf.tile(id.level(), id.index()).ok().flatten()
        })
    }

    /// One tile of the log's tree, as wide as the tree makes it.
    ///
    /// # Errors
    /// [`ReadError::StoreDamaged`], [`ReadError::Store`].
    pub fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, ReadError> {
        self.shelf
            .tile(id.level(), id.index())
            .map_err(|error| self.shelf_error(error))
    }

    /// Looks what was signed, and whether the log extends it.
    pub(super) fn take_stand(&mut self) {
        self.standing = match self.signed_heads() {
            Ok(heads) => self.stand_on(&heads),
            Err(error) => Standing::Unreadable {
                what: error.to_string(),
            },
        };
        let newest = self.book.newest().ok().flatten();
        if let (Standing::Sound, Some(newest)) = (&self.standing, newest)
            && self
                .in_store()
                .ok()
                .flatten()
                .is_none_or(|kept| kept.checkpoint() != newest.checkpoint())
        {
            // A store that was built again; where it cannot take it, two places know still.
            let _ = self.keep_in_store(&newest);
        }
    }

    fn stand_on(&self, heads: &[SignedCheckpoint]) -> Standing {
        let not_extended = heads.iter().find(|head| !self.extends(head));
        match not_extended.map(|head| head.checkpoint().head().size()) {
            Some(signed) if signed > self.head.size => Standing::Behind {
                size: self.head.size,
                signed,
            },
            Some(signed) => Standing::Forked { signed },
            None if self.book.is_restored() => Standing::Restored,
            None => Standing::Sound,
        }
    }

    /// Whether the log begins with the tree of a signed head.
    pub(super) fn extends(&self, signed: &SignedCheckpoint) -> bool {
        let head = signed.checkpoint().head();
        self.tree().root(head.size()) == Ok(head.root())
    }

    /// The newest head of each place that keeps it, the newest of all first.
    pub(super) fn signed_heads(&self) -> Result<Vec<SignedCheckpoint>, SigningError> {
        let places = [
            self.book.newest()?,
            self.book.beside_the_key()?,
            self.in_store()?,
        ];
        let mut heads: Vec<_> = places.into_iter().flatten().collect();
        heads.sort_by_key(|head| std::cmp::Reverse(head.checkpoint().head().size()));
        Ok(heads)
    }

    /// What the sled store keeps; a copy that does not read is none, since the store may be
    /// damaged at any time and two other places know.
    fn in_store(&self) -> Result<Option<SignedCheckpoint>, SigningError> {
        let Ok(Some((_, bytes))) = self.shelf.derived(IN_STORE) else {
            return Ok(None);
        };
        match bytes.is_empty() || self.book.log_key()?.is_some() {
            true => Ok(self.book.check("sled", &bytes).ok()),
            // Something was signed once, and the key to check it with is gone.
            false => self.book.check("sled", &bytes).map(Some),
        }
    }

    fn keep_in_store(&mut self, signed: &SignedCheckpoint) -> Result<(), ShelfError> {
        self.shelf
            .set_derived(IN_STORE, signed.to_string().as_bytes())?;
        self.shelf.flush()
    }

    /// Forgets in the sled store what the folder no longer holds.
    pub(super) fn renew_in_store(&mut self) -> Result<(), SigningError> {
        let newest = self.book.newest()?.map(|newest| newest.to_string());
        let bytes = newest.unwrap_or_default();
        // What the store cannot take is only an older copy of what two places know.
        let _ = self.shelf.set_derived(IN_STORE, bytes.as_bytes());
        let _ = self.shelf.flush();
        Ok(())
    }

    fn signing_key(
        &self,
        given: Option<&[u8]>,
        random: Random<'_>,
    ) -> Result<PrivateKey, CheckpointError> {
        let known = self.book.log_key()?;
        let own = match given {
            Some(bytes) => {
                let key = PrivateKey::parse(bytes).map_err(CheckpointError::NotAKey)?;
                let is_of_log = key.verifier_key().kind() == KeyKind::Note;
                Some(key).filter(|_| is_of_log)
            }
            None => PrivateKey::read(&self.files, &self.folder, LOG_KEY)?,
        };
        match (own, known) {
            (Some(key), Some(known)) if key.verifier_key() == known => Ok(key),
            (Some(_), Some(_)) => Err(CheckpointError::OtherKey),
            (Some(_), None) | (None, Some(_)) => Err(CheckpointError::NoKey),
            // A ledger from before there were checkpoints.
            (None, None) if self.vault.secret().is_some() => {
                Ok(begin_signing(&self.files, &self.folder, self.id(), random)?)
            }
            (None, None) => Err(CheckpointError::NoKey),
        }
    }
}

/// Draws the key of a ledger, and keeps both halves.
pub(super) fn begin_signing(
    files: &Arc<dyn Files>,
    folder: &Path,
    ledger: LedgerId,
    random: Random<'_>,
) -> Result<PrivateKey, SigningError> {
    let name = log_name(ledger).map_err(|error| SigningError::Damaged {
        file: LOG_KEY.to_owned(),
        what: error.to_string(),
    })?;
    let key = PrivateKey::draw(name, KeyKind::Note, random);
    key.keep(files, folder, LOG_KEY)?;
    Book::new(files.clone(), folder).begin(&key.verifier_key())?;
    Ok(key)
}
