//! Reads every byte of a journal, damaged or not: to name all that is wrong, or to save what is
//! not.
//!
//! Neither opens the journal nor changes it, so both work on one that does not open.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::damage::{Damage, Finding, Lost, TornTail};
use super::frame::Batch;
use super::read::ReadError;
use super::seal::{SealError, is_same};
use super::segment::{Folder, Form};
use super::segment_walk::{End, SegmentWalk, Step};
use super::walk::{Route, Walk};
use super::window::Unreadable;
use super::{Journal, LedgerId};
use crate::files::{Files, OpenMode};

/// What a full read of a journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many batches are intact.
    pub batches: u64,
    /// How many entries they hold.
    pub entries: u64,
    /// The size of the log up to the last intact batch.
    pub size: u64,
    /// How many segments there are, and how many bytes they take.
    pub segments: u64,
    /// See `segments`.
    pub bytes: u64,
    /// Every damaged place; none in a sound journal.
    pub findings: Vec<Finding>,
    /// An interrupted append at the end; no damage, unless its entries were acknowledged.
    pub torn: Option<TornTail>,
    /// What else is in the folder; no damage, and never read.
    pub unknown_files: Vec<OsString>,
}

impl Journal {
    /// Reads every byte and checks every checksum, sequence, root between segments and recording
    /// time. `acknowledged` as for [`Journal::open`].
    ///
    /// # Errors
    /// [`ReadError::Io`] when the folder cannot be listed; all else is a finding.
    pub fn verify(
        files: Arc<dyn Files>,
        folder: &Path,
        acknowledged: Option<u64>,
    ) -> Result<Verified, ReadError> {
        let mut survey = Survey::begin(files, folder)?;
        for part in Self::salvage(Arc::clone(&survey.files), folder)? {
            survey.see(&part);
        }
        Ok(survey.finish(acknowledged))
    }

    /// All that is intact in a journal, in order, with a gap for every damaged place.
    ///
    /// # Errors
    /// [`ReadError::Io`] when the folder cannot be listed.
    pub fn salvage(files: Arc<dyn Files>, folder: &Path) -> Result<Salvage, ReadError> {
        let route = Route {
            from_seq: 0,
            until_seq: None,
            unreadable: Unreadable::IsZeros,
        };
        match Walk::new(files, folder, route) {
            Ok(walk) => Ok(Salvage(walk)),
            Err(source) => Err(ReadError::Io {
                folder: folder.to_path_buf(),
                source,
            }),
        }
    }
}

impl Journal {
    /// The ledger that a journal belongs to, as its first sound segment header says; works on one
    /// that does not open.
    #[must_use]
    pub fn ledger_of(files: &dyn Files, folder: &Path) -> Option<LedgerId> {
        let listed = Folder::list(files, folder).ok()?;
        listed.segments.into_iter().find_map(|segment| {
            let unreadable = Unreadable::IsZeros;
            let walk = SegmentWalk::open(files, folder, segment, End::Open, unreadable).ok()?;
            let header = walk.header().as_ref().ok()?;
            Some(header.ledger_id)
        })
    }
}

fn list(files: &dyn Files, folder: &Path) -> Result<Folder, ReadError> {
    Folder::list(files, folder).map_err(|source| ReadError::Io {
        folder: folder.to_path_buf(),
        source,
    })
}

/// The finding where fewer entries are there, or named as lost, than were acknowledged.
fn missing_end(verified: &Verified, last: u64, acknowledged: Option<u64>) -> Option<Finding> {
    let acknowledged = acknowledged?;
    if let Some(torn) = &verified.torn {
        return (torn.first_seq < acknowledged).then(|| torn.as_damage(acknowledged));
    }
    let named = verified.findings.iter().map(|finding| match &finding.lost {
        Lost::Nothing => 0,
        Lost::Entries(entries) => entries.end,
        Lost::From(_) => u64::MAX,
    });
    let reached = named.max().unwrap_or(0).max(verified.size);
    (reached < acknowledged).then(|| Finding {
        file: Form::Raw.file_name(last),
        offset: 0,
        damage: Damage::EndsEarly,
        lost: Lost::Entries(reached..acknowledged),
    })
}

/// What [`Journal::verify`] finds, for whoever goes through [`Journal::salvage`] anyway.
#[derive(Debug)]
pub struct Survey {
    files: Arc<dyn Files>,
    folder: PathBuf,
    listed: Folder,
    verified: Verified,
}

impl Survey {
    /// Lists the folder.
    ///
    /// # Errors
    /// As [`Journal::verify`].
    pub fn begin(files: Arc<dyn Files>, folder: &Path) -> Result<Self, ReadError> {
        let listed = list(&*files, folder)?;
        let verified = Verified {
            segments: listed.segments.len() as u64,
            unknown_files: listed.unknown.clone(),
            ..Verified::default()
        };
        Ok(Self {
            files,
            folder: folder.to_path_buf(),
            listed,
            verified,
        })
    }

    /// Takes the next part of the journal.
    pub fn see(&mut self, part: &Salvaged) {
        match part {
            Salvaged::Batch(batch) => self.see_batch(batch),
            Salvaged::Gap(finding) => self.verified.findings.push(finding.clone()),
            Salvaged::Torn(torn) => self.verified.torn = Some(torn.clone()),
        }
    }

    /// The same of a batch.
    pub fn see_batch(&mut self, batch: &Batch) {
        self.verified.batches += 1;
        self.verified.entries += u64::from(batch.count());
        self.verified.size = batch.end_seq();
    }

    /// What there is, when every part was seen.
    pub fn finish(self, acknowledged: Option<u64>) -> Verified {
        let Self {
            files,
            folder,
            listed,
            mut verified,
        } = self;
        let last = listed
            .segments
            .last()
            .map_or(0, |segment| segment.first_seq);
        verified
            .findings
            .extend(missing_end(&verified, last, acknowledged));
        for (index, segment) in listed.segments.iter().enumerate() {
            let next = listed.segments.get(index + 1).map(|next| next.first_seq);
            if segment.is_raw && segment.is_sealed {
                let entries = segment.first_seq..next.unwrap_or(verified.size);
                let damage = both_forms(&*files, &folder, entries, next.is_none());
                verified.findings.extend(damage);
            }
            for (form, is_there) in [
                (Form::Raw, segment.is_raw),
                (Form::Sealed, segment.is_sealed),
            ] {
                let path = form.path(&folder, segment.first_seq);
                if is_there && let Ok(mut file) = files.open(&path, OpenMode::Read) {
                    verified.bytes += file.len().unwrap_or(0);
                }
            }
        }
        verified
    }
}

/// What is wrong where the raw and the sealed form are both there, beyond the raw one, which the
/// walk has read.
fn both_forms(
    files: &dyn Files,
    folder: &Path,
    entries: Range<u64>,
    is_last: bool,
) -> Option<Finding> {
    let sealed = Form::Sealed.path(folder, entries.start);
    let damage = match is_same(files, folder, &entries, &sealed) {
        Ok(_) | Err(_) if is_last => Damage::SuccessorMissing,
        Ok(true) | Err(SealError::Damaged { .. }) => return None,
        Ok(false) | Err(SealError::ReadsBackOtherwise { .. }) => Damage::FormsDiffer,
        Err(SealError::Io { .. }) => Damage::Unreadable,
    };
    let file = Form::Sealed.file_name(entries.start);
    Some(Finding {
        file,
        offset: 0,
        damage,
        lost: Lost::Nothing,
    })
}

/// One part of a journal, damaged or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Salvaged {
    /// A batch that is intact.
    Batch(Batch),
    /// A damaged place, with what it costs.
    Gap(Finding),
    /// An interrupted append at the end.
    Torn(TornTail),
}

/// The parts of a journal in order; see [`Journal::salvage`].
#[derive(Debug)]
pub struct Salvage(Walk);

impl Iterator for Salvage {
    type Item = Salvaged;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.next() {
            Ok(Some(Step::Batch(batch))) => Some(Salvaged::Batch(batch)),
            Ok(Some(Step::Damage(finding))) => Some(Salvaged::Gap(finding)),
            Ok(Some(Step::Torn(torn))) => Some(Salvaged::Torn(torn)),
            Ok(None) => None,
            // Pages that cannot be read are taken as zeros, and segments that do not open are
            // gaps; should anything else fail, it is a gap to the end.
            Err(_) => self.0.give_up().map(Salvaged::Gap),
        }
    }
}
