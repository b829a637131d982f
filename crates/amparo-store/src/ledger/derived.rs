//! What read models worked out of the log, kept so that the next process need not read it all.
//!
//! One file a model, under `derived/`, stamped with the ledger, the size and the root of the log
//! that it was worked out of, and a SHA-256 over all of it. It is believed only where this log had
//! that root at that size, and [`verify`](Ledger::verify) works it out anew and compares. Nothing
//! depends on it: what is missing, damaged, too old or not writable is worked out again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::entry::Entry;
use amparo_core::id::LedgerId;
use sha2::{Digest as _, Sha256};

use super::Ledger;
use super::verify::{Check, Part};
use crate::files::{Files, OpenMode};

const FOLDER: &str = "derived";
const MAGIC: [u8; 8] = *b"AMPAROD\x01";
const STAMP_BYTES: usize = 8 + 16 + 8 + 32;
const HEADER_BYTES: usize = STAMP_BYTES + 32;
/// The largest file that is read: more than a log of 2^28 entries gives.
const BYTES_MAX: usize = 1 << 34;

/// A read model as it was kept.
pub struct Kept {
    size: u64,
    root: [u8; 32],
    file: Vec<u8>,
}

impl Kept {
    /// How many entries it was worked out of.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The model, as it was given to be kept.
    pub fn bytes(&self) -> &[u8] {
        self.file.get(HEADER_BYTES..).unwrap_or_default()
    }

    /// What a file holds, if it is whole and of this ledger.
    fn read(files: &Arc<dyn Files>, path: &Path, ledger: LedgerId) -> Result<Option<Self>, ()> {
        let file = match files.read(path, BYTES_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|_| ())?,
        };
        let (stamp, _) = file.split_first_chunk::<STAMP_BYTES>().ok_or(())?;
        let size: [u8; 8] = stamp[24..32].try_into().map_err(|_| ())?;
        let root: [u8; 32] = stamp[32..].try_into().map_err(|_| ())?;
        let sound = stamp[..8] == MAGIC
            && stamp[8..24] == ledger.bytes()
            && file.get(STAMP_BYTES..HEADER_BYTES) == Some(&sum(stamp, &file)[..]);
        match sound {
            true => Ok(Some(Self {
                size: u64::from_le_bytes(size),
                root,
                file,
            })),
            false => Err(()),
        }
    }
}

/// Over the stamp and what follows the sum itself.
fn sum(stamp: &[u8], file: &[u8]) -> [u8; 32] {
    let body = file.get(HEADER_BYTES..).unwrap_or_default();
    Sha256::new().chain_update(stamp).chain_update(body).finalize().into()
}

/// A read model that [`verify`](Ledger::verify) feeds with the entries of the journal, to hold what
/// is kept of it against what they give.
pub trait Rederive {
    /// The name it is kept under.
    fn name(&self) -> &str;

    /// Takes the next entry.
    fn apply(&mut self, entry: &Entry);

    /// What is to be kept of the entries so far; none if they are no log.
    fn bytes(&self) -> Option<Vec<u8>>;
}

impl Ledger {
    /// What is kept of a read model, if it was worked out of the first entries of this log.
    pub fn kept(&self, name: &str) -> Option<Kept> {
        let path = path(&self.folder, name);
        let kept = Kept::read(&self.files, &path, self.id()).ok()??;
        let root = (kept.size <= self.head.size).then(|| self.tree().root(kept.size))?;
        (root.ok()?.as_bytes() == &kept.root).then_some(kept)
    }

    /// Keeps a read model that was worked out of the whole log; nothing, where the folder cannot
    /// be written.
    pub fn keep(&self, name: &str, bytes: &[u8]) {
        if self._lock.is_none() {
            return;
        }
        let path = path(&self.folder, name);
        let temporary = path.with_extension("tmp");
        // What cannot be kept is worked out again.
        if self.try_to_keep(&path, &temporary, bytes).is_err() {
            let _ = self.files.remove_file(&temporary);
        }
    }

    fn try_to_keep(&self, path: &Path, temporary: &Path, bytes: &[u8]) -> std::io::Result<()> {
        match self.files.create_folder(&self.folder.join(FOLDER)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let _ = self.files.remove_file(temporary);
        let stamp = [
            &MAGIC[..],
            &self.id().bytes(),
            &self.head.size.to_le_bytes(),
            self.head.root.as_bytes(),
        ]
        .concat();
        let sum: [u8; 32] = Sha256::new()
            .chain_update(&stamp)
            .chain_update(bytes)
            .finalize()
            .into();
        let mut file = self.files.create_file(temporary)?;
        file.write_all_at(&[&stamp[..], &sum].concat(), 0)?;
        file.write_all_at(bytes, HEADER_BYTES as u64)?;
        drop(file);
        // Not synced: what a power cut leaves fails its sum.
        self.files.rename(temporary, path)
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(FOLDER).join(name)
}
