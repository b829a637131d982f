//! How keys are destroyed, and how the file of the subjects is written anew.
//!
//! The new file is whole and durable under its name before the old one is overwritten: a process
//! that ends between the two loses no key that stays, and leaves none under a name. A `.tmp` of an
//! attempt that did not get so far is overwritten by the next writer.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::key_file::{self, Record};
use super::lock::Lock;
use super::{CHUNK_RECORDS, Owner, SUBJECTS_FILE, Vault, VaultError, io_error};
use crate::Random;
use crate::files::{Files, OpenFile, OpenMode};

impl Vault {
    /// Destroys the keys of these owners, durably: the file is written anew without them, and the
    /// bytes of the old one are overwritten. Answers how many there were.
    ///
    /// A damaged record is destroyed as well if it may be of one of them. In a locked vault that is
    /// open, and where there is randomness, those that stay are sealed under a new wrapping key.
    /// Costs the file whole, and nothing where none of them has a record.
    pub(crate) fn destroy(
        &mut self,
        owners: &[Owner],
        random: Option<Random<'_>>,
    ) -> Result<usize, VaultError> {
        let is_damaged = |(_, owner): &(u64, Owner)| owner.may_be_one_of(owners);
        let damaged = self.damaged.iter().filter(|record| is_damaged(record));
        let damaged = damaged.count();
        if damaged == 0 && !owners.iter().any(|owner| self.has_key(*owner)) {
            return Ok(0);
        }
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let stays_damaged = damaged < self.damaged.len();
        match (&self.lock, random) {
            // What is damaged can only stay as it is, under the wrapping key that it has.
            (Some(lock), Some(random)) if lock.is_open() && !stays_damaged => {
                let mut lock = lock.clone();
                lock.rotate(random)?;
                let gone = self.forget(owners) + damaged;
                self.damaged.clear();
                self.write_under(Some(lock), random)?;
                Ok(gone)
            }
            (Some(_) | None, _) => {
                self.rewrite_without(|record, says| match record {
                    Record::Key(owner, _) | Record::Locked(owner) => owners.contains(owner),
                    Record::Damaged => says.may_be_one_of(owners),
                })?;
                // Where those that stay are by now, the next opening finds.
                self.damaged.retain(|record| !is_damaged(record));
                Ok(self.forget(owners) + damaged)
            }
        }
    }

    /// Forgets the keys of these owners, in memory alone.
    pub(crate) fn forget(&mut self, owners: &[Owner]) -> usize {
        let mut forgotten = 0;
        for owner in owners {
            let was_known = self.keys.remove(owner).is_some();
            self.earlier.remove(owner);
            forgotten += usize::from(self.locked.remove(owner) || was_known);
        }
        forgotten
    }

    /// Writes every key anew, under a lock or in the clear.
    pub(super) fn write_under(
        &mut self,
        lock: Option<Lock>,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let sealer = match &lock {
            None => None,
            Some(lock) => Some(lock.sealer(random).ok_or(VaultError::Locked)?),
        };
        let mut bytes = Zeroizing::new(key_file::header(self.ledger, lock.as_ref()));
        bytes.reserve(self.keys.len() * key_file::record_bytes(lock.as_ref()));
        let mut owners: Vec<Owner> = self.keys.keys().copied().collect();
        owners.sort_unstable();
        for owner in owners {
            for key in self.keys_of(owner) {
                let record = key_file::record(owner, key, sealer.as_ref(), random);
                bytes.extend_from_slice(&record.ok_or(VaultError::Locked)?);
            }
        }
        self.rewrite(&bytes)?;
        self.lock = lock;
        Ok(())
    }

    /// Takes the damaged records out of the file, durably. For whoever knows that nobody needs them.
    pub(crate) fn drop_damaged(&mut self) -> Result<(), VaultError> {
        self.rewrite_without(|record, _| matches!(record, Record::Damaged))?;
        self.damaged.clear();
        Ok(())
    }

    /// Writes the file anew without the records that go, each told with the owner that it names.
    fn rewrite_without(&mut self, goes: impl Fn(&Record, Owner) -> bool) -> Result<(), VaultError> {
        match self.kept_without(goes) {
            Ok(kept) => self.rewrite(&kept),
            Err(source) => Err(self.poison(source)),
        }
    }

    fn kept_without(
        &mut self,
        goes: impl Fn(&Record, Owner) -> bool,
    ) -> io::Result<Zeroizing<Vec<u8>>> {
        let lock = self.lock.as_ref();
        let file = self
            .subjects
            .as_mut()
            .ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        let mut opener = lock.map(Lock::opener);
        let mut kept = Zeroizing::new(key_file::header(self.ledger, lock));
        let record_bytes = key_file::record_bytes(lock);
        let mut chunk = Zeroizing::new(vec![0; record_bytes * CHUNK_RECORDS]);
        let mut at = kept.len() as u64;
        while at < self.end {
            let read = file.read_at(&mut chunk, at)?;
            for record in chunk[..read].chunks(record_bytes) {
                if !goes(
                    &key_file::read_record(record, opener.as_mut()),
                    key_file::owner_of(record),
                ) {
                    kept.extend_from_slice(record);
                    // A last one that is cut short stays one, whatever is written behind it.
                    let end = kept.len() + record_bytes - record.len();
                    kept.resize(end, 0);
                }
            }
            at += chunk.len() as u64;
        }
        Ok(kept)
    }

    /// Puts these bytes in the place of the file, durably, and overwrites those of the old one.
    fn rewrite(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let mut old = self.subjects.take().ok_or(VaultError::NoKeys)?;
        let path = self.folder.join(SUBJECTS_FILE);
        let rewritten = self.files.replace(&path, bytes).and_then(|()| {
            // The name is the new file's by now; this is the old one, until it is closed.
            overwrite(old.as_mut())?;
            self.files.open(&path, OpenMode::Write)
        });
        match rewritten {
            Ok(file) => {
                (self.subjects, self.end) = (Some(file), bytes.len() as u64);
                Ok(())
            }
            Err(source) => Err(self.poison(source)),
        }
    }

    fn poison(&mut self, source: io::Error) -> VaultError {
        self.poisoned = true;
        io_error(SUBJECTS_FILE)(source)
    }
}

/// Writes zeros over the bytes of a file, durably.
fn overwrite(file: &mut dyn OpenFile) -> io::Result<()> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let len = file.len()?;
    let mut at = 0;
    while at < len {
        let left = usize::try_from(len - at).unwrap_or(ZEROS.len());
        let bytes = left.min(ZEROS.len());
        file.write_all_at(&ZEROS[..bytes], at)?;
        at += bytes as u64;
    }
    file.sync_data()
}

/// Overwrites and removes what an interrupted writing left beside a key file.
pub(super) fn clear_unfinished(files: &dyn Files, path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_os_string();
    name.push(".tmp");
    let path = Path::new(&name);
    match files.open(path, OpenMode::Write) {
        Ok(mut file) => overwrite(file.as_mut())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    files.remove_file(path)
}
