//! Seals a full segment: compresses it, once, and removes the raw form when the sealed one is
//! durable and holds the same.
//!
//! Only space depends on it. A crash at any point leaves the raw form, or both, or the sealed one;
//! the next writer finishes. Invariant: the raw form is removed only while a sealed one that was
//! read back and compared is there, synced and named.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Sizes;
use super::block::BlockWriter;
use super::create::create_fresh;
use super::damage::{Damage, Finding, Lost};
use super::segment::{Form, SegmentHeader};
use super::segment_walk::{End, SegmentWalk, Step};
use super::window::Unreadable;
use crate::files::Files;

/// How hard zstd tries: an append that fills a segment waits for it, some 100 ms at this level;
/// an import does not.
const COMPRESSION_LEVEL: i32 = 3;

/// Why a full segment was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The raw segment is damaged: it is left as it is.
    #[error("a full segment is damaged, and is left as it is")]
    Damaged {
        /// The damaged place.
        source: Finding,
    },
    /// What was written does not read back as what it was made from.
    #[error("{file} does not read back as it was written")]
    ReadsBackOtherwise {
        /// The file written.
        file: PathBuf,
    },
    /// The system failed.
    #[error("cannot seal {file}")]
    Io {
        /// The raw segment.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Seals the raw segment of these entries, or finishes doing so.
pub(super) fn seal(
    files: &dyn Files,
    folder: &Path,
    entries: &Range<u64>,
    sizes: Sizes,
) -> Result<(), SealError> {
    let raw = Form::Raw.path(folder, entries.start);
    let sealed = Form::Sealed.path(folder, entries.start);
    let temporary = Form::Sealed.temporary_path(folder, entries.start);
    let failed = |source| SealError::Io {
        file: raw.clone(),
        source,
    };
    if !is_same(files, folder, entries, &sealed)? {
        let written = write_sealed(files, folder, entries, &temporary, sizes).and_then(|()| {
            if is_same(files, folder, entries, &temporary)? {
                return files.rename(&temporary, &sealed).map_err(failed);
            }
            Err(SealError::ReadsBackOtherwise {
                file: temporary.clone(),
            })
        });
        if let Err(error) = written {
            let _ = files.remove_file(&temporary);
            return Err(error);
        }
    }
    files.sync_folder(folder).map_err(failed)?;
    files.remove_file(&raw).map_err(failed)
}

/// Writes the sealed form into a new file and syncs it.
fn write_sealed(
    files: &dyn Files,
    folder: &Path,
    entries: &Range<u64>,
    path: &Path,
    sizes: Sizes,
) -> Result<(), SealError> {
    let raw_path = Form::Raw.path(folder, entries.start);
    let failed = |source| SealError::Io {
        file: raw_path.clone(),
        source,
    };
    let mut raw = open(files, &raw_path, entries, Form::Raw).map_err(failed)?;
    let header = raw_header(&raw)?;
    let mut file = create_fresh(files, path).map_err(failed)?;
    let mut block = BlockWriter::new(COMPRESSION_LEVEL).map_err(failed)?;
    let mut bytes = SegmentHeader {
        form: Form::Sealed,
        ..header
    }
    .encode()
    .to_vec();
    let mut offset = 0;
    loop {
        let batch = match raw.next().map_err(failed)? {
            None => None,
            Some(Step::Batch(batch)) => Some(batch),
            Some(step) => {
                return Err(SealError::Damaged {
                    source: finding(step, entries),
                });
            }
        };
        if batch
            .as_ref()
            .is_none_or(|batch| block.is_full_for(batch, sizes.block_bytes))
        {
            block.finish(&mut bytes).map_err(failed)?;
            file.write_all_at(&bytes, offset).map_err(failed)?;
            offset += bytes.len() as u64;
            bytes.clear();
        }
        match batch {
            Some(batch) => block.push(&batch),
            None => return file.sync_data().map_err(failed),
        }
    }
}

/// Whether the sealed form at `sealed` is there and holds what the raw segment holds.
///
/// # Errors
/// [`SealError::Damaged`] when the raw segment is, [`SealError::Io`].
pub(super) fn is_same(
    files: &dyn Files,
    folder: &Path,
    entries: &Range<u64>,
    sealed: &Path,
) -> Result<bool, SealError> {
    let raw_path = Form::Raw.path(folder, entries.start);
    let failed = |source| SealError::Io {
        file: raw_path.clone(),
        source,
    };
    let mut sealed = match open(files, sealed, entries, Form::Sealed) {
        Ok(walk) => walk,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let mut raw = open(files, &raw_path, entries, Form::Raw).map_err(failed)?;
    let header = raw_header(&raw)?;
    let mut same = *sealed.header()
        == Ok(SegmentHeader {
            form: Form::Sealed,
            ..header
        });
    loop {
        match raw.next().map_err(failed)? {
            Some(Step::Batch(batch)) if same => {
                let other = sealed.next().map_err(failed)?;
                same = matches!(other, Some(Step::Batch(other)) if other == batch);
            }
            Some(Step::Batch(_)) => {}
            Some(step) => {
                return Err(SealError::Damaged {
                    source: finding(step, entries),
                });
            }
            None => return Ok(same && sealed.next().map_err(failed)?.is_none()),
        }
    }
}

fn open(
    files: &dyn Files,
    path: &Path,
    entries: &Range<u64>,
    form: Form,
) -> io::Result<SegmentWalk> {
    let end = End::At(entries.end);
    SegmentWalk::open_path(files, path, entries.start, form, end, Unreadable::Fails)
}

fn raw_header(raw: &SegmentWalk) -> Result<SegmentHeader, SealError> {
    match (raw.header_damage(None), raw.header()) {
        (None, Ok(header)) => Ok(header.clone()),
        (damage, _) => {
            let damage = damage.unwrap_or(Damage::SegmentHeader);
            Err(SealError::Damaged {
                source: raw.finding(damage, Lost::Nothing),
            })
        }
    }
}

/// The damage that a step of a raw segment, other than a batch, stands for.
fn finding(step: Step, entries: &Range<u64>) -> Finding {
    match step {
        Step::Damage(finding) => finding,
        Step::Torn(torn) => torn.as_damage(entries.end),
        Step::Batch(batch) => Finding {
            file: Form::Raw.file_name(entries.start),
            offset: 0,
            damage: Damage::FrameContent,
            lost: Lost::Entries(batch.first_seq()..batch.end_seq()),
        },
    }
}
