//! Reading the file of the subjects: all of it, its end, or the records of one owner.

use std::collections::HashMap;
use std::io;
use std::sync::{MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::key_file::{self, Record};
use super::places::{self, Looked};
use super::{
    Key, Owner, RECORDS_CHECKED_MIN, SUBJECTS_FILE, Subjects, Vault, VaultError, io_error,
};
use crate::files::OpenFile;

/// Bytes that are read at once around a record.
const PAGE_BYTES: usize = 4096;

/// Every key of the file.
#[derive(Default)]
pub(super) struct Every {
    /// The keys of each owner, in their order.
    pub(super) keys: HashMap<Owner, Vec<Key>>,
    /// Where the records are that do not open, and whose they say they are.
    pub(super) damaged: Vec<(u64, Owner)>,
}

/// The part of the file that was read last: who is registered one after the other has keys one
/// beside the other, and they are asked for in that order.
#[derive(Default)]
pub(super) struct Page {
    from: u64,
    bytes: Zeroizing<Vec<u8>>,
}

impl Page {
    /// The bytes of a record, or what the file has of them.
    fn record(
        &mut self,
        file: &mut dyn OpenFile,
        at: u64,
        record_bytes: usize,
    ) -> io::Result<&[u8]> {
        let held = at.checked_sub(self.from).map(|start| start as usize);
        let held = held.filter(|start| start + record_bytes <= self.bytes.len());
        if held.is_none() {
            let mut bytes = Zeroizing::new(vec![0; PAGE_BYTES.max(record_bytes)]);
            let read = file.read_at(&mut bytes, at)?;
            bytes.truncate(read);
            *self = Self { from: at, bytes };
        }
        let rest = &self.bytes[held.unwrap_or_default()..];
        Ok(&rest[..rest.len().min(record_bytes)])
    }
}

impl Vault {
    pub(super) fn look_at_the_last(&self) -> Result<Vec<(u64, Owner)>, VaultError> {
        let Some(mut subjects) = self.subjects() else {
            return Ok(Vec::new());
        };
        let last = self.span.last(RECORDS_CHECKED_MIN);
        let looked = places::look_through(subjects.file.as_mut(), last);
        let Looked { places, damaged } = looked.map_err(io_error(SUBJECTS_FILE))?;
        if last.from == self.span.from {
            // These are all.
            let damaged = damaged.clone();
            let _ = self.looked.set(Looked { places, damaged });
        }
        Ok(damaged)
    }

    pub(super) fn subjects(&self) -> Option<MutexGuard<'_, Subjects>> {
        let subjects = self.subjects.as_ref()?;
        Some(subjects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the file holds; none where there are no keys.
    pub(super) fn looked(&self) -> Result<Option<&Looked>, VaultError> {
        if let Some(looked) = self.looked.get() {
            return Ok(Some(looked));
        }
        let Some(mut subjects) = self.subjects() else {
            return Ok(None);
        };
        // Another thread may have looked while this one waited.
        if self.looked.get().is_none() {
            let looked = places::look_through(subjects.file.as_mut(), self.span);
            let _ = self.looked.set(looked.map_err(io_error(SUBJECTS_FILE))?);
        }
        Ok(self.looked.get())
    }

    /// Looks through the file, which is else done when a key is first asked for.
    ///
    /// # Errors
    /// [`VaultError::Io`], where a part of it cannot be read.
    pub(crate) fn look_through(&self) -> Result<(), VaultError> {
        self.looked().map(drop)
    }

    /// Gives `each` every record of the file: where it is, what it holds, whose it says it is.
    pub(super) fn each_record(
        &self,
        mut each: impl FnMut(u64, Record, Owner),
    ) -> Result<(), VaultError> {
        let Some(mut subjects) = self.subjects() else {
            return Ok(());
        };
        let Subjects { file, receiver, .. } = &mut *subjects;
        let mut opener = self.lock.as_ref().map(|lock| lock.opener(receiver));
        let record_bytes = self.span.record_bytes;
        for chunk in places::chunks(file.as_mut(), self.span) {
            let (first, chunk) = chunk.map_err(io_error(SUBJECTS_FILE))?;
            let places = (first..).step_by(record_bytes);
            for (at, record) in places.zip(chunk.chunks(record_bytes)) {
                let says = key_file::owner_of(record);
                each(at, key_file::read_record(record, opener.as_mut()), says);
            }
        }
        Ok(())
    }

    /// Every key of the file, and every record that does not open. Costs the file whole.
    pub(super) fn every(&self) -> Result<Every, VaultError> {
        let mut every = Every::default();
        self.each_record(|at, record, says| match record {
            Record::Key(owner, key) if !self.forgotten.contains(&owner) => {
                every.keys.entry(owner).or_default().push(key);
            }
            Record::Key(..) | Record::Locked(_) => {}
            Record::Damaged => every.damaged.push((at, says)),
        })?;
        Ok(every)
    }

    /// The sound records of an owner, in their order.
    pub(super) fn records_of(&self, owner: Owner) -> Result<Vec<Record>, VaultError> {
        if self.forgotten.contains(&owner) {
            return Ok(Vec::new());
        }
        let Some(looked) = self.looked()? else {
            return Ok(Vec::new());
        };
        let numbers = looked.places.of(owner);
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        // It was given up when it could not be written.
        let mut subjects = self.subjects().ok_or(VaultError::Poisoned)?;
        let Subjects {
            file,
            page,
            receiver,
        } = &mut *subjects;
        let mut opener = self.lock.as_ref().map(|lock| lock.opener(receiver));
        let record_bytes = self.span.record_bytes;
        let mut records = Vec::with_capacity(numbers.len());
        for number in numbers {
            let at = self.span.from + number * record_bytes as u64;
            let record = page.record(file.as_mut(), at, record_bytes);
            let record = record.map_err(io_error(SUBJECTS_FILE))?;
            match key_file::read_record(record, opener.as_mut()) {
                record @ (Record::Key(whose, _) | Record::Locked(whose)) if whose == owner => {
                    records.push(record);
                }
                Record::Key(..) | Record::Locked(_) | Record::Damaged => {}
            }
        }
        Ok(records)
    }

    /// Whether there is a key of this owner, open or locked.
    pub(super) fn has_key(&self, owner: Owner) -> Result<bool, VaultError> {
        Ok(self.at_hand.contains_key(&owner) || !self.records_of(owner)?.is_empty())
    }

    /// Whether one of the last records is damaged: the writer looks at them as it opens.
    pub(crate) fn is_torn(&self) -> bool {
        !self.torn.is_empty()
    }

    /// Offsets of damaged key records, whoever needs them. Costs the file whole.
    ///
    /// # Errors
    /// [`VaultError::Io`].
    pub(crate) fn damaged(&self) -> Result<Vec<u64>, VaultError> {
        let mut damaged = Vec::new();
        self.each_record(|at, record, _| match record {
            Record::Damaged => damaged.push(at),
            Record::Key(..) | Record::Locked(_) => {}
        })?;
        Ok(damaged)
    }

    /// The keys of an owner, in their order; none under a lock that is not open.
    pub(super) fn keys_of(&self, owner: Owner) -> Result<Vec<Key>, VaultError> {
        let records = self.records_of(owner)?.into_iter();
        let keys = records.filter_map(|record| match record {
            Record::Key(_, key) => Some(key),
            Record::Locked(_) | Record::Damaged => None,
        });
        Ok(keys.collect())
    }
}
