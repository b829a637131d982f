//! Opens a journal: finds its end, and tells an interrupted append from damage.
//!
//! Reads the header of every segment and the whole of the last one; the rest is checked when it is
//! read. Only a writer changes anything: it cuts a torn tail and finishes what a crash
//! interrupted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::append::{Place, Writer};
use super::damage::{Damage, Finding, Lost, TornTail};
use super::segment::{Folder, Form, SEGMENT_HEADER_BYTES, Segment, SegmentHeader, header_damage};
use super::segment_walk::{End, SegmentWalk, Step};
use super::walk::start_missing;
use super::window::Unreadable;
use super::{Journal, LastBatch, LedgerId, Root, Sizes};
use crate::files::{Files, OpenMode};

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read; changes nothing, and works on a read-only copy.
    Read,
    /// To append. The caller sees to it that there is one writer.
    Write,
}

/// What was found when a journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// How many entries there are.
    pub size: u64,
    /// The Merkle root after the last of them.
    pub root: Root,
    /// The last batch, if there is one.
    pub last_batch: Option<LastBatch>,
    /// An interrupted append at the end: cut if opened to write, ignored if to read.
    pub torn: Option<TornTail>,
}

/// Why a journal was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder.
    #[error("there is no journal at {folder}")]
    Missing {
        /// The folder asked for.
        folder: PathBuf,
    },
    /// It was written by a program of another format.
    #[error("the journal {folder} has format {version}, which this program does not read")]
    OtherFormat {
        /// The folder asked for.
        folder: PathBuf,
        /// The format found.
        version: u16,
    },
    /// It is damaged. Verify names every damaged place; salvage reads around them.
    #[error("the journal {folder} is damaged")]
    Damaged {
        /// The folder asked for.
        folder: PathBuf,
        /// The first damaged place.
        source: Finding,
    },
    /// The system failed.
    #[error("cannot open the journal {folder}")]
    Io {
        /// The folder asked for.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Journal {
    /// Opens a journal. `acknowledged` is how many entries the caller knows to have been accepted,
    /// where it knows: if fewer are intact, that is damage and not a torn tail.
    ///
    /// To write: what a crash left undone is finished, a torn tail is cut, and the end of the log
    /// is written again and synced, so that what is reported as there is durable.
    ///
    /// # Errors
    /// [`OpenError`]: missing, another format, damaged in a segment header or in the last segment
    /// or short of `acknowledged`, or the system failed.
    pub fn open(
        files: Arc<dyn Files>,
        folder: &Path,
        access: Access,
        acknowledged: Option<u64>,
    ) -> Result<(Self, Opened), OpenError> {
        let explain = |failure| explain(folder, failure);
        let listed = Folder::list(&*files, folder).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => OpenError::Missing {
                folder: folder.to_path_buf(),
            },
            _ => explain(Failure::Io(source)),
        })?;
        let last = check_headers(&*files, folder, &listed.segments).map_err(explain)?;
        let tail = Tail::find(&*files, folder, last).map_err(explain)?;
        tail.check_acknowledged(acknowledged).map_err(explain)?;
        let last_batch = match tail.last_batch {
            Some(batch) => Some(batch),
            None => batch_before(&*files, folder, &listed.segments, &tail).map_err(explain)?,
        };
        let opened = Opened {
            size: tail.size,
            root: tail.root,
            last_batch,
            torn: tail.torn.clone(),
        };
        let writer = match access {
            Access::Read => None,
            Access::Write => {
                let writer = take_over(&*files, folder, &listed, &tail);
                Some(writer.map_err(|source| explain(Failure::Io(source)))?)
            }
        };
        let mut journal = Self {
            files,
            folder: folder.to_path_buf(),
            ledger_id: tail.ledger_id,
            sizes: Sizes::default(),
            size: tail.size,
            root: tail.root,
            last_batch,
            writer,
        };
        journal.seal_full();
        Ok((journal, opened))
    }
}

/// Why an opening failed, before the folder is named.
#[derive(Debug)]
enum Failure {
    Damaged(Finding),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}

fn explain(folder: &Path, failure: Failure) -> OpenError {
    let folder = folder.to_path_buf();
    match failure {
        Failure::Io(source) => OpenError::Io { folder, source },
        Failure::Damaged(source) => {
            if let Damage::OtherFormat(version) = source.damage {
                return OpenError::OtherFormat { folder, version };
            }
            OpenError::Damaged { folder, source }
        }
    }
}

/// Checks that the segments are there, are this ledger's, and that the last one is open; returns
/// it.
fn check_headers(
    files: &dyn Files,
    folder: &Path,
    segments: &[Segment],
) -> Result<Segment, Failure> {
    if let Some(finding) = start_missing(segments) {
        return Err(Failure::Damaged(finding));
    }
    let mut ledger_id = None;
    for (index, segment) in segments.iter().enumerate() {
        let form = segment.form();
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        let mut file = files.open(&form.path(folder, segment.first_seq), OpenMode::Read)?;
        let read = file.read_at(&mut bytes, 0)?;
        let header = SegmentHeader::decode(bytes.get(..read).unwrap_or_default());
        let next_seq = segments.get(index + 1).map(|next| next.first_seq);
        let finding = |damage, lost| Finding {
            file: form.file_name(segment.first_seq),
            offset: 0,
            damage,
            lost,
        };
        if let Some(damage) = header_damage(&header, segment.first_seq, form, ledger_id) {
            let lost = Lost::up_to(segment.first_seq, next_seq);
            return Err(Failure::Damaged(finding(damage, lost)));
        }
        if next_seq.is_none() && segment.is_sealed {
            let lost = Lost::From(segment.first_seq);
            return Err(Failure::Damaged(finding(Damage::SuccessorMissing, lost)));
        }
        ledger_id = header.ok().map(|header| header.ledger_id);
    }
    // Not empty: an empty list has no start.
    segments
        .last()
        .copied()
        .ok_or(Failure::Io(io::ErrorKind::NotFound.into()))
}

/// The end of the log, as the last segment shows it.
#[derive(Debug)]
struct Tail {
    ledger_id: LedgerId,
    first_seq: u64,
    size: u64,
    root: Root,
    last_batch: Option<LastBatch>,
    /// Where the last intact frame (or the segment header) begins, and where it ends.
    last_at: u64,
    end_at: u64,
    torn: Option<TornTail>,
}

impl Tail {
    fn find(files: &dyn Files, folder: &Path, last: Segment) -> Result<Self, Failure> {
        let mut walk = SegmentWalk::open(files, folder, last, End::Open, Unreadable::Fails)?;
        let Ok(header) = walk.header().clone() else {
            let finding = walk.finding(Damage::SegmentHeader, walk.all_lost());
            return Err(Failure::Damaged(finding));
        };
        let mut tail = Self {
            ledger_id: header.ledger_id,
            first_seq: header.first_seq,
            size: header.first_seq,
            root: header.root_before,
            last_batch: None,
            last_at: 0,
            end_at: walk.offset(),
            torn: None,
        };
        while let Some(step) = walk.next()? {
            match step {
                Step::Damage(finding) => return Err(Failure::Damaged(finding)),
                Step::Torn(torn) => tail.torn = Some(torn),
                Step::Batch(batch) => {
                    tail.size = batch.end_seq();
                    tail.root = *batch.root_after();
                    tail.last_batch = Some(LastBatch {
                        first_seq: batch.first_seq(),
                        recorded_ms: batch.recorded_ms(),
                    });
                    tail.last_at = tail.end_at;
                    tail.end_at = walk.offset();
                }
            }
        }
        Ok(tail)
    }

    fn check_acknowledged(&self, acknowledged: Option<u64>) -> Result<(), Failure> {
        let Some(acknowledged) = acknowledged.filter(|size| *size > self.size) else {
            return Ok(());
        };
        Err(Failure::Damaged(match &self.torn {
            Some(torn) => torn.as_damage(acknowledged),
            None => Finding {
                file: Form::Raw.file_name(self.first_seq),
                offset: self.end_at,
                damage: Damage::EndsEarly,
                lost: Lost::Entries(self.size..acknowledged),
            },
        }))
    }
}

/// The last batch before a last segment that holds none yet.
fn batch_before(
    files: &dyn Files,
    folder: &Path,
    segments: &[Segment],
    tail: &Tail,
) -> Result<Option<LastBatch>, Failure> {
    let Some([segment, _]) = segments.last_chunk() else {
        return Ok(None);
    };
    let end = End::At(tail.first_seq);
    let mut walk = SegmentWalk::open(files, folder, *segment, end, Unreadable::Fails)?;
    walk.skip_to(tail.first_seq.saturating_sub(1))?;
    let mut last = None;
    while let Some(step) = walk.next()? {
        match step {
            Step::Batch(batch) => last = Some(batch),
            Step::Damage(finding) => return Err(Failure::Damaged(finding)),
            Step::Torn(torn) => return Err(Failure::Damaged(torn.as_damage(tail.first_seq))),
        }
    }
    match last {
        Some(batch) if *batch.root_after() == tail.root => {
            let (first_seq, recorded_ms) = (batch.first_seq(), batch.recorded_ms());
            Ok(Some(LastBatch {
                first_seq,
                recorded_ms,
            }))
        }
        Some(_) | None => Err(Failure::Damaged(Finding {
            file: Form::Raw.file_name(tail.first_seq),
            offset: 0,
            damage: Damage::RootBroken,
            lost: Lost::Nothing,
        })),
    }
}

/// Makes the end of the log durable and hands it to a writer, and finishes what a crash left.
fn take_over(files: &dyn Files, folder: &Path, listed: &Folder, tail: &Tail) -> io::Result<Writer> {
    for path in &listed.temporary {
        // It only takes space; whoever needs its name removes it first.
        let _ = files.remove_file(path);
    }
    let mut file = files.open(&Form::Raw.path(folder, tail.first_seq), OpenMode::Write)?;
    if tail.torn.is_some() {
        file.truncate(tail.end_at)?;
    }
    // A crash may have come between write and sync, and after a failed sync the system may hold
    // bytes that a later sync does not write (it took them for written). So the last frame, the
    // only one that can be in that state, is written again.
    let last_bytes = tail.end_at.saturating_sub(tail.last_at);
    let mut last_frame = vec![0; usize::try_from(last_bytes).map_err(io::Error::other)?];
    if file.read_at(&mut last_frame, tail.last_at)? != last_frame.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    file.write_all_at(&last_frame, tail.last_at)?;
    file.sync_data()?;
    files.sync_folder(folder)?;

    let place = Place {
        first_seq: tail.first_seq,
        len: tail.end_at,
    };
    let mut writer = Writer::new(file, place);
    for pair in listed.segments.windows(2) {
        let [segment, next] = pair else { continue };
        if segment.is_raw {
            writer.add_full(segment.first_seq..next.first_seq);
        }
    }
    Ok(writer)
}
