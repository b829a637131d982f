//! What read models worked out of the log, kept so that the next process need not read it all.
//!
//! One file a model, under `derived/`, stamped with the ledger, the size and the root of the log
//! that it was worked out of, and a SHA-256 over all of it. It is believed only where this log had
//! that root at that size, and [`verify`](Ledger::verify) works it out anew and compares. Nothing
//! depends on it: what is missing, damaged, too old or not writable is worked out again.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::entry::Entry;
use amparo_core::id::LedgerId;
use amparo_tlog::merkle::Frontier;
use sha2::{Digest as _, Sha256};

use super::Ledger;
use super::verify::{Check, Part};
use crate::files::Files;

const FOLDER: &str = "derived";
const MAGIC: [u8; 8] = *b"AMPAROD\x01";
const STAMP_BYTES: usize = 8 + 16 + 8 + 32;
const HEADER_BYTES: usize = STAMP_BYTES + 32;
/// The largest file that is read: more than a log of 2^28 entries gives.
const BYTES_MAX: usize = 1 << 34;

/// What a file says of itself, in the order of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    ledger: [u8; 16],
    size: u64,
    root: [u8; 32],
}

/// A SHA-256 over stamp and model.
type Sum = [u8; 32];

impl Stamp {
    fn bytes(&self) -> [u8; STAMP_BYTES] {
        let mut bytes = [0; STAMP_BYTES];
        let parts: [&[u8]; 4] = [&MAGIC, &self.ledger, &self.size.to_le_bytes(), &self.root];
        bytes.copy_from_slice(&parts.concat());
        bytes
    }

    fn sum(&self, model: &[u8]) -> Sum {
        let sum = Sha256::new().chain_update(self.bytes()).chain_update(model);
        sum.finalize().into()
    }
}

/// A read model as it was kept.
#[derive(Debug)]
pub struct Kept {
    stamp: Stamp,
    sum: Sum,
    file: Vec<u8>,
}

impl Kept {
    /// How many entries it was worked out of.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }

    /// The model, as it was given to be kept.
    pub fn bytes(&self) -> &[u8] {
        self.file.get(HEADER_BYTES..).unwrap_or_default()
    }

    /// What a file holds, if it is whole and of this ledger; nothing where there is no file.
    ///
    /// # Errors
    /// [`NotKept`] for anything else.
    fn read(
        files: &Arc<dyn Files>,
        path: &Path,
        ledger: LedgerId,
    ) -> Result<Option<Self>, NotKept> {
        let file = match files.read(path, BYTES_MAX) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|_| NotKept)?,
        };
        let mut header = file.get(..HEADER_BYTES).ok_or(NotKept)?;
        let is_ours = take::<8>(&mut header) == Some(MAGIC);
        let stamp = Stamp {
            ledger: take(&mut header).ok_or(NotKept)?,
            size: take(&mut header).map(u64::from_le_bytes).ok_or(NotKept)?,
            root: take(&mut header).ok_or(NotKept)?,
        };
        let sum = take(&mut header).ok_or(NotKept)?;
        let kept = Self { stamp, sum, file };
        let is_whole = stamp.ledger == ledger.bytes() && stamp.sum(kept.bytes()) == sum;
        match is_ours && is_whole {
            true => Ok(Some(kept)),
            false => Err(NotKept),
        }
    }
}

/// A file is damaged, or of another ledger.
#[derive(Debug)]
struct NotKept;

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

/// A read model that [`verify`](Ledger::verify) feeds with the entries of the journal, to hold what
/// is kept of it against what they give.
pub trait Rederive {
    /// The name it is kept under.
    fn name(&self) -> &str;

    /// Makes ready for so many entries.
    fn expect(&mut self, entries: u64);

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
        let size = kept.size();
        let root = (size <= self.head.size).then(|| self.tree().root(size))?;
        (root.ok()?.as_bytes() == &kept.stamp.root).then_some(kept)
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

    fn try_to_keep(&self, path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.files.create_folder(&self.folder.join(FOLDER)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let _ = self.files.remove_file(temporary);
        let stamp = Stamp {
            ledger: self.id().bytes(),
            size: self.head.size,
            root: *self.head.root.as_bytes(),
        };
        let header = [&stamp.bytes()[..], &stamp.sum(bytes)].concat();
        let mut file = self.files.create_file(temporary)?;
        file.write_all_at(&header, 0)?;
        file.write_all_at(bytes, HEADER_BYTES as u64)?;
        drop(file);
        // Not synced: what a power cut leaves fails its sum.
        self.files.rename(temporary, path)
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(FOLDER).join(name)
}

/// A kept read model, and the model that is fed to be compared with it.
pub(super) struct Derived<'m> {
    stamp: Stamp,
    sum: Sum,
    model: &'m mut dyn Rederive,
    /// Whether it is what the log gave, once the log got so far.
    agrees: Option<bool>,
}

impl Derived<'_> {
    /// Takes the next entry of the log, whose tree with it has this right edge.
    pub(super) fn take(&mut self, entry: &Entry, frontier: &Frontier) {
        if self.agrees.is_some() {
            return;
        }
        self.model.apply(entry);
        if frontier.size() == self.stamp.size {
            let same_log = frontier.root().as_bytes() == &self.stamp.root;
            let sum = self.model.bytes().map(|bytes| self.stamp.sum(&bytes));
            self.agrees = Some(same_log && sum == Some(self.sum));
        }
    }
}

impl Check {
    /// What is kept of a read model, to be held against what the log gives.
    pub(super) fn derived<'m>(
        &mut self,
        files: &Arc<dyn Files>,
        folder: &Path,
        model: Option<&'m mut dyn Rederive>,
    ) -> Option<Derived<'m>> {
        let model = model?;
        match Kept::read(files, &path(folder, model.name()), self.ledger) {
            Ok(kept) => kept.map(|kept| {
                // No more than the file can hold, whatever it says.
                model.expect(kept.size().min(kept.bytes().len() as u64));
                Derived {
                    stamp: kept.stamp,
                    sum: kept.sum,
                    model,
                    agrees: None,
                }
            }),
            Err(NotKept) => {
                let what = format!("{} is damaged", model.name());
                self.found(Part::Derived, what);
                None
            }
        }
    }

    /// Says so when the log gave something else, or never got so far.
    pub(super) fn finish_derived(&mut self, derived: Option<Derived<'_>>) {
        let wrong = derived.filter(|derived| derived.agrees != Some(true));
        // A log that is damaged before that size gives nothing to compare with.
        if let Some(derived) = wrong.filter(|_| self.whole) {
            let (name, size) = (derived.model.name(), derived.stamp.size);
            let what = format!("{name} is not what the first {size} entries of the log give");
            self.found(Part::Derived, what);
        }
    }
}
