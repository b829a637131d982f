//! How keys are destroyed, and how the file of the subjects is written anew.
//!
//! The new file is whole and durable under its name before the old one is overwritten: a process
//! that ends between the two loses no key that stays, and leaves none under a name. A `.tmp` of an
//! attempt that did not get so far is overwritten by the next writer.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::PoisonError;

use zeroize::Zeroizing;

use super::key_file::{self, Record};
use super::lock::Lock;
use super::places;
use super::{Key, Owner, SUBJECTS_FILE, Subjects, Vault, VaultError, io_error};
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
        if owners.is_empty() {
            return Ok(0);
        }
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let destroyed = self.destroy_any(owners, random);
        self.poisoned |= destroyed.is_err();
        destroyed
    }

    fn destroy_any(
        &mut self,
        owners: &[Owner],
        random: Option<Random<'_>>,
    ) -> Result<usize, VaultError> {
        if !self.may_hold_any(owners)? {
            return Ok(0);
        }
        let mut every = self.every()?;
        let is_damaged = |(_, owner): &(u64, Owner)| owner.may_be_one_of(owners);
        let damaged = every.damaged.iter().filter(|record| is_damaged(record));
        let damaged = damaged.count();
        let stays_damaged = damaged < every.damaged.len();
        let mut known = damaged;
        for owner in owners {
            known += usize::from(self.has_key(*owner)?);
        }
        if known == 0 {
            return Ok(0);
        }
        match (&self.lock, random) {
            // What is damaged can only stay as it is, under the wrapping key that it has.
            (Some(lock), Some(random)) if lock.is_open() && !stays_damaged => {
                let mut lock = lock.clone();
                lock.rotate(random)?;
                every.keys.retain(|owner, _| !owners.contains(owner));
                self.write_under(Some(lock), &every.keys, random)?;
                self.torn.clear();
            }
            (Some(_) | None, _) => {
                self.rewrite_without(|record, says| match record {
                    Record::Key(owner, _) | Record::Locked(owner) => owners.contains(owner),
                    Record::Damaged => says.may_be_one_of(owners),
                })?;
                // Where those that stay are by now, the next opening finds.
                self.torn.retain(|record| !is_damaged(record));
            }
        }
        owners
            .iter()
            .for_each(|owner| drop(self.at_hand.remove(owner)));
        Ok(known)
    }

    /// Whether there may be a record of one of these owners: sound, or damaged.
    pub(super) fn may_hold_any(&self, owners: &[Owner]) -> Result<bool, VaultError> {
        let Some(looked) = self.looked()? else {
            return Ok(false);
        };
        let mut damaged = looked.damaged.iter();
        let is_sound = |owner: &Owner| {
            self.at_hand.contains_key(owner) || !looked.places.of(*owner).is_empty()
        };
        Ok(owners.iter().any(is_sound) || damaged.any(|(_, says)| says.may_be_one_of(owners)))
    }

    /// Forgets the keys of these owners, in memory alone.
    pub(crate) fn forget(&mut self, owners: &[Owner]) {
        owners
            .iter()
            .for_each(|owner| drop(self.at_hand.remove(owner)));
        self.forgotten.extend(owners);
    }

    /// Writes these keys in the place of the file's, under a lock or in the clear.
    pub(super) fn write_under(
        &mut self,
        lock: Option<Lock>,
        keys: &HashMap<Owner, Vec<Key>>,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let sealer = match &lock {
            None => None,
            Some(lock) => Some(lock.sealer(random).ok_or(VaultError::Locked)?),
        };
        let header = key_file::header(self.ledger, lock.as_ref());
        let (header, mut bytes) = (header.len(), Zeroizing::new(header));
        bytes.reserve(keys.len() * key_file::record_bytes(lock.as_ref()));
        let mut owners: Vec<Owner> = keys.keys().copied().collect();
        owners.sort_unstable();
        for owner in owners {
            for key in &keys[&owner] {
                let record = key_file::record(owner, key, sealer.as_ref(), random);
                bytes.extend_from_slice(&record.ok_or(VaultError::Locked)?);
            }
        }
        let before = std::mem::replace(&mut self.lock, lock);
        self.rewrite(&bytes, header)
            .inspect_err(|_| self.lock = before)
    }

    /// Takes the damaged records out of the file, durably. For whoever knows that nobody needs them.
    pub(crate) fn drop_damaged(&mut self) -> Result<(), VaultError> {
        self.rewrite_without(|record, _| matches!(record, Record::Damaged))?;
        self.torn.clear();
        Ok(())
    }

    /// Writes the file anew without the records that go, each told with the owner that it names.
    fn rewrite_without(&mut self, goes: impl Fn(&Record, Owner) -> bool) -> Result<(), VaultError> {
        let kept = self
            .kept_without(goes)
            .inspect_err(|_| self.poisoned = true)?;
        self.rewrite(&kept, self.span.from as usize)
    }

    fn kept_without(
        &mut self,
        goes: impl Fn(&Record, Owner) -> bool,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let lock = self.lock.as_ref();
        let mut kept = Zeroizing::new(key_file::header(self.ledger, lock));
        let Some(mut subjects) = self.subjects().filter(|_| self.is_writable) else {
            return Err(VaultError::NoKeys);
        };
        let Subjects { file, receiver, .. } = &mut *subjects;
        let mut opener = lock.map(|lock| lock.opener(receiver));
        let record_bytes = self.span.record_bytes;
        for chunk in places::chunks(file.as_mut(), self.span) {
            let (_, chunk) = chunk.map_err(io_error(SUBJECTS_FILE))?;
            for record in chunk.chunks(record_bytes) {
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
        }
        Ok(kept)
    }

    /// Puts these bytes in the place of the file, durably, and overwrites those of the old one. The
    /// header is of the lock that the vault has now.
    fn rewrite(&mut self, bytes: &[u8], header: usize) -> Result<(), VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let old = self.subjects.take().filter(|_| self.is_writable);
        let old = old.ok_or(VaultError::NoKeys)?.into_inner();
        let mut old = old.unwrap_or_else(PoisonError::into_inner);
        let path = self.folder.join(SUBJECTS_FILE);
        let rewritten = self.files.replace(&path, bytes).and_then(|()| {
            // The name is the new file's by now; this is the old one, until it is closed.
            overwrite(old.file.as_mut())?;
            self.files.open(&path, OpenMode::Write)
        });
        let taken = match rewritten {
            Ok(file) => self.take(file, header),
            Err(source) => Err(io_error(SUBJECTS_FILE)(source)),
        };
        self.poisoned |= taken.is_err();
        taken
    }
}

/// Writes zeros over the bytes of a file, durably.
pub(crate) fn overwrite(file: &mut dyn OpenFile) -> io::Result<()> {
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
