//! What read models worked out of the log, kept so that the next process need not read it all.
//!
//! Files under `derived/`, each stamped with the ledger, the size and the root of the log
//! that it was worked out of, and a SHA-256 over all of it. It is believed only where this log had
//! that root at that size, and [`verify`](Ledger::verify) works it out anew and compares. Nothing
//! depends on it: what is missing, damaged, too old or not writable is worked out again.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use amparo_core::entry::Entry;
use amparo_core::id::LedgerId;
use amparo_core::private::Private;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Ledger;
use super::examine::ExaminedEntry;
use super::kept_sealed::{self, is_sealed};
use super::verify::{Check, Part};
use crate::files::Files;
use crate::vault::Vault;

/// Batches of at least so many entries are given to be compared in one go; and how often they are
/// ahead.
const STRETCH_ENTRIES: usize = 1024;
const STRETCHES_AHEAD_MAX: usize = 2;
pub(super) const FOLDER: &str = "derived";
pub(super) const TEMPORARY: &str = "tmp";
const MAGIC: [u8; 8] = *b"AMPAROD\x01";
const STAMP_BYTES: usize = 8 + 16 + 8 + 32;
const HEADER_BYTES: usize = STAMP_BYTES + 32;
/// The largest file that is read: more than a log of 2^28 entries gives.
const BYTES_MAX: usize = 1 << 34;

/// What a file says of itself, in the order of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    ledger: [u8; 16],
    size: u64,
    root: [u8; 32],
}

/// A SHA-256 over stamp and model.
type Sum = [u8; 32];

impl Stamp {
    pub(super) fn bytes(&self) -> [u8; STAMP_BYTES] {
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

    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
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

/// Read models that [`verify`](Ledger::verify) feeds with the entries of the journal, to hold what
/// is kept of them against what they give.
pub trait Rederive {
    /// Makes ready for so many entries, and for what is kept under these names.
    fn expect(&mut self, names: &[&str], entries: u64);

    /// Takes the next entry, with its private fields where they were opened.
    fn apply(&mut self, entry: &Entry, private: Option<&Private>);

    /// What is to be kept under a name of the entries so far; none if they are no log, or nothing is kept
    /// under it.
    fn bytes(&self, name: &str) -> Option<Zeroizing<Vec<u8>>>;
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

    /// Keeps what was worked out of the first so many entries of the log; nothing, where the folder
    /// cannot be written.
    pub fn keep(&self, name: &str, size: u64, bytes: &[u8]) {
        if self._lock.is_none() {
            return;
        }
        let path = path(&self.folder, name);
        let temporary = path.with_extension(TEMPORARY);
        // What cannot be kept is worked out again.
        if self.try_to_keep(&path, &temporary, size, bytes).is_err() {
            let _ = self.files.remove_file(&temporary);
        }
    }

    /// What a model of the first so many entries is stamped with.
    pub(super) fn stamp(&self, size: u64) -> io::Result<Stamp> {
        let root = self.tree().root(size).map_err(io::Error::other)?;
        Ok(Stamp {
            ledger: self.id().bytes(),
            size,
            root: *root.as_bytes(),
        })
    }

    fn try_to_keep(
        &self,
        path: &Path,
        temporary: &Path,
        size: u64,
        bytes: &[u8],
    ) -> io::Result<()> {
        let stamp = self.stamp(size)?;
        match self.files.create_folder(&self.folder.join(FOLDER)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let _ = self.files.remove_file(temporary);
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

/// A file that is kept.
struct Found {
    name: String,
    stamp: Stamp,
    sum: Sum,
}

/// What is kept, and the models that are fed to be compared with it.
pub(super) struct Derived<'m> {
    /// What the log has not got to, the longest log first.
    waiting: Vec<Found>,
    model: &'m mut (dyn Rederive + Send),
}

/// What is kept, after the log was read.
#[derive(Default)]
pub(super) struct Compared {
    /// What is what the entries give.
    same: Vec<Found>,
    /// What is not, or of a log that never got so far.
    other: Vec<Found>,
}

impl Derived<'_> {
    /// Takes the entries of the log in their order, until there are no more.
    fn compare(mut self, stretches: impl Iterator<Item = Stretch>) -> Compared {
        let (mut compared, mut size) = (Compared::default(), 0);
        for stretch in stretches {
            let entries = stretch.iter().flatten();
            for (entry, private) in entries.filter_map(ExaminedEntry::opened) {
                size += 1;
                self.take(entry, private, size, &mut compared);
            }
        }
        compared.other.append(&mut self.waiting);
        compared
    }

    fn take(
        &mut self,
        entry: &Entry,
        private: Option<&Private>,
        size: u64,
        compared: &mut Compared,
    ) {
        if self.waiting.is_empty() {
            return;
        }
        self.model.apply(entry, private);
        while let Some(found) = self.waiting.pop_if(|found| found.stamp.size == size) {
            let bytes = self.model.bytes(&found.name);
            let sum = bytes.map(|bytes| found.stamp.sum(&bytes));
            match sum == Some(found.sum) {
                true => compared.same.push(found),
                false => compared.other.push(found),
            }
        }
    }
}

/// The entries of some batches.
type Stretch = Vec<Vec<ExaminedEntry>>;

/// Where entries go to be compared with what is kept.
pub(super) struct Feed {
    gathered: Stretch,
    gathered_entries: usize,
    stretches: SyncSender<Stretch>,
}

impl Feed {
    /// Takes the entries of the next batch of the log.
    pub(super) fn take(&mut self, entries: Vec<ExaminedEntry>) {
        self.gathered_entries += entries.len();
        self.gathered.push(entries);
        if self.gathered_entries >= STRETCH_ENTRIES {
            self.send();
        }
    }

    /// There are no more.
    pub(super) fn finish(mut self) {
        self.send();
    }

    fn send(&mut self) {
        let stretch = std::mem::take(&mut self.gathered);
        self.gathered_entries = 0;
        // Whoever compares has panicked, which is passed on at the end.
        let _ = self.stretches.send(stretch);
    }
}

/// Compares what is kept on a thread of its own, with the entries that `read` feeds.
pub(super) fn compare_beside(
    derived: Option<Derived<'_>>,
    read: impl FnOnce(Option<Feed>),
) -> Compared {
    let Some(derived) = derived.filter(|derived| !derived.waiting.is_empty()) else {
        read(None);
        return Compared::default();
    };
    thread::scope(|scope| {
        let (stretches, fed) = mpsc::sync_channel(STRETCHES_AHEAD_MAX);
        let comparing = scope.spawn(move || derived.compare(fed.into_iter()));
        read(Some(Feed {
            gathered: Vec::new(),
            gathered_entries: 0,
            stretches,
        }));
        let compared = comparing.join();
        compared.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Check {
    /// What is kept of read models, to be held against what the log gives.
    pub(super) fn derived<'m>(
        &mut self,
        files: &Arc<dyn Files>,
        folder: &Path,
        vault: Option<&Vault>,
        model: Option<&'m mut (dyn Rederive + Send)>,
    ) -> Option<Derived<'m>> {
        let model = model?;
        let listed = files.list(&folder.join(FOLDER)).unwrap_or_default();
        let names = listed.into_iter().filter(|listed| {
            let extension = Path::new(&listed.name).extension();
            !listed.is_folder && extension != Some(TEMPORARY.as_ref())
        });
        let names = names.map(|listed| listed.name.to_string_lossy().into_owned());
        let (mut waiting, mut most) = (Vec::new(), 0);
        for name in names {
            match Kept::read(files, &path(folder, &name), self.ledger) {
                Ok(None) => {}
                Ok(Some(kept)) => {
                    // No more than the file can hold, whatever it says.
                    most = most.max(kept.size().min(kept.bytes().len() as u64));
                    let stamp = kept.stamp;
                    let sum = match is_sealed(&name) {
                        false => Some(kept.sum),
                        // What does not open is used by nobody.
                        true => vault
                            .and_then(|vault| kept_sealed::open(&kept, vault))
                            .map(|bytes| stamp.sum(&bytes)),
                    };
                    waiting.extend(sum.map(|sum| Found { name, stamp, sum }));
                }
                Err(NotKept) => self.found(Part::Derived, format!("{name} is damaged")),
            }
        }
        waiting.sort_by_key(|found| std::cmp::Reverse(found.stamp.size));
        let names: Vec<_> = waiting.iter().map(|found| found.name.as_str()).collect();
        model.expect(&names, most);
        self.want(waiting.iter().map(|found| found.stamp.size));
        Some(Derived { waiting, model })
    }

    /// Says so where the log gave something else, had another root, or never got so far.
    pub(super) fn finish_derived(&mut self, compared: Compared, vault: Option<&Vault>) {
        // A log that is damaged before that size gives nothing to compare with.
        if !self.whole {
            return;
        }
        let Compared { same, mut other } = compared;
        let of_this_log = |found: &Found| {
            let root = self
                .roots
                .iter()
                .find(|(size, _)| *size == found.stamp.size);
            root.is_some_and(|(_, root)| root.as_bytes() == &found.stamp.root)
        };
        other.extend(same.into_iter().filter(|found| !of_this_log(found)));
        // With the key of somebody erased put back more opens than was kept, and nobody reads it.
        let erased = self.keyless.erased();
        let has_left = |vault: &Vault| vault.has_left(&erased).unwrap_or(true);
        if vault.is_none_or(has_left) {
            other.retain(|found| !is_sealed(&found.name));
        }
        for Found { name, stamp, .. } in other {
            let size = stamp.size;
            let what = format!("{name} is not what the first {size} entries of the log give");
            self.found(Part::Derived, what);
        }
    }
}
