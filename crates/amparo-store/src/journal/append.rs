//! Appends batches: written and synced before they are acknowledged.
//!
//! Where it is not known whether a batch is on the disk, it says so and accepts no more: only
//! opening the journal again can tell.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::planted::{Bug, is_planted};

use super::create::{CreateSegmentError, create_segment};
use super::frame::{ENTRY_EXTRA_BYTES, FrameHeader, FrameKind, Record};
use super::seal::{SealError, seal};
use super::segment::{Form, SEGMENT_HEADER_BYTES, SegmentHeader};
use super::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Journal, LINE_BYTES_MAX, LastBatch, Root, SEALED_BYTES_MAX,
    SEQUENCE_MAX, Sizes,
};
use crate::files::{Files, OpenFile};

/// Why a batch was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The journal was opened to be read.
    #[error("the journal was opened to be read")]
    ReadOnly,
    /// An earlier write failed.
    #[error("an earlier write failed: reopen the journal and check")]
    Poisoned,
    /// The log is not as long as the caller takes it to be.
    #[error("expected a log of {expected} entries, found {found}")]
    SizeMoved {
        /// What the caller expected.
        expected: u64,
        /// How many entries there are.
        found: u64,
    },
    /// The batch holds nothing.
    #[error("a batch holds at least one entry")]
    Empty,
    /// The batch holds more than [`BATCH_ENTRIES_MAX`] entries.
    #[error("a batch of {entries} entries is over the limit of {BATCH_ENTRIES_MAX}")]
    TooManyEntries {
        /// How many it holds.
        entries: usize,
    },
    /// The batch is longer than [`BATCH_BYTES_MAX`].
    #[error("a batch of {bytes} bytes is over the limit of {BATCH_BYTES_MAX}")]
    BatchTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A line is longer than [`LINE_BYTES_MAX`].
    #[error("e{seq}: a line of {bytes} bytes is over the limit of {LINE_BYTES_MAX}")]
    LineTooLong {
        /// The sequence that the entry would have had.
        seq: u64,
        /// How long the line is.
        bytes: usize,
    },
    /// Sealed openings are longer than [`SEALED_BYTES_MAX`].
    #[error("e{seq}: sealed openings of {bytes} bytes are over the limit of {SEALED_BYTES_MAX}")]
    SealedTooLong {
        /// The sequence that the entry would have had.
        seq: u64,
        /// How long they are.
        bytes: usize,
    },
    /// The log would grow over [`SEQUENCE_MAX`].
    #[error("the log is full")]
    LogFull,
    /// The recording time lies before that of the last batch.
    #[error("the recording time goes backwards, from {last_ms} to {given_ms} ms")]
    RecordedBackwards {
        /// The recording time of the last batch, in milliseconds of Unix time.
        last_ms: u64,
        /// The recording time given.
        given_ms: u64,
    },
    /// The system failed, and the batch is certainly not in the journal.
    #[error("not recorded")]
    NotRecorded {
        /// What the system said.
        source: io::Error,
    },
    /// The system failed, and the batch may be in the journal or not.
    #[error("outcome unknown: reopen and check")]
    OutcomeUnknown {
        /// What the system said.
        source: io::Error,
    },
}

impl Journal {
    /// Appends a batch after the first `expected_size` entries; on the disk when it returns `Ok`.
    /// `root_after` is the Merkle root of the log with it.
    ///
    /// Costs one write and one sync; where the segment is full, a new one and the compression of
    /// the full one as well.
    ///
    /// # Errors
    /// [`AppendError`]. After `NotRecorded` the same batch may be tried again, for example when
    /// there is space again. After `OutcomeUnknown` every append is refused as `Poisoned`.
    pub fn append(
        &mut self,
        expected_size: u64,
        recorded_ms: u64,
        root_after: Root,
        records: &[Record<'_>],
    ) -> Result<(), AppendError> {
        self.append_unsealed(expected_size, recorded_ms, root_after, records)?;
        self.seal_full();
        Ok(())
    }

    /// The same, and leaves full segments to whoever [seals](Self::seal_full) them.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_unsealed(
        &mut self,
        expected_size: u64,
        recorded_ms: u64,
        root_after: Root,
        records: &[Record<'_>],
    ) -> Result<(), AppendError> {
        let writer = self.writer.as_mut().ok_or(AppendError::ReadOnly)?;
        if writer.is_poisoned {
            return Err(AppendError::Poisoned);
        }
        if expected_size != self.size {
            return Err(AppendError::SizeMoved {
                expected: expected_size,
                found: self.size,
            });
        }
        if let Some(last) = self
            .last_batch
            .filter(|last| recorded_ms < last.recorded_ms)
        {
            let last_ms = last.recorded_ms;
            return Err(AppendError::RecordedBackwards {
                last_ms,
                given_ms: recorded_ms,
            });
        }
        let (count, payload_bytes) = measure(self.size, records)?;
        let header = FrameHeader {
            kind: FrameKind::Batch,
            payload_bytes,
            count,
            first_seq: self.size,
            recorded_ms,
            root_after,
        };
        if writer.place.is_full_for(&header, self.sizes) {
            let header = SegmentHeader {
                form: Form::Raw,
                ledger_id: self.ledger_id,
                first_seq: self.size,
                root_before: self.root,
            };
            writer.roll_over(&*self.files, &self.folder, &header)?;
        }
        writer.write(&header, records)?;
        self.size = header.end_seq();
        self.root = root_after;
        self.last_batch = Some(LastBatch {
            first_seq: header.first_seq,
            recorded_ms,
        });
        Ok(())
    }

    /// Compresses the segments that have become full. What fails is kept until the next is full: it
    /// costs space only.
    pub fn seal_full(&mut self) {
        let sealed = self.full().into_iter().map(FullSegment::seal);
        let sealed: Vec<_> = sealed.collect();
        self.settle(sealed);
    }

    /// Hands out the segments that wait to be sealed, if one has become full since this was last
    /// asked. They can be sealed while more is appended; what became of them is to be
    /// [told](Self::settle).
    #[must_use]
    pub fn full(&mut self) -> Vec<FullSegment> {
        let Some(writer) = self.writer.as_mut().filter(|writer| writer.is_sealing_due) else {
            return Vec::new();
        };
        writer.is_sealing_due = false;
        let full = writer.full.drain(..).map(|entries| FullSegment {
            files: Arc::clone(&self.files),
            folder: self.folder.clone(),
            entries,
            sizes: self.sizes,
        });
        full.collect()
    }

    /// Notes what became of full segments: those that are not sealed wait on.
    pub fn settle(&mut self, sealed: Vec<SealedSegment>) {
        let Some(writer) = self.writer.as_mut().filter(|_| !sealed.is_empty()) else {
            return;
        };
        writer.postponed = None;
        for SealedSegment { entries, failed } in sealed {
            if failed.is_some() {
                writer.full.push(entries);
                writer.postponed = failed;
            }
        }
    }
}

/// A full segment that waits to be sealed. Nothing else touches it meanwhile.
#[derive(Debug)]
pub struct FullSegment {
    files: Arc<dyn Files>,
    folder: PathBuf,
    entries: Range<u64>,
    sizes: Sizes,
}

/// A full segment after it was sealed, or was not.
#[derive(Debug)]
pub struct SealedSegment {
    entries: Range<u64>,
    failed: Option<SealError>,
}

impl FullSegment {
    /// Seals the segment.
    #[must_use]
    pub fn seal(self) -> SealedSegment {
        let failed = seal(&*self.files, &self.folder, &self.entries, self.sizes).err();
        SealedSegment {
            entries: self.entries,
            failed,
        }
    }
}

/// Checks the limits of a batch; returns its count and the length of its payload.
fn measure(size: u64, records: &[Record<'_>]) -> Result<(u32, u32), AppendError> {
    if records.is_empty() {
        return Err(AppendError::Empty);
    }
    let too_many = AppendError::TooManyEntries {
        entries: records.len(),
    };
    let count = u32::try_from(records.len())
        .ok()
        .filter(|count| *count <= BATCH_ENTRIES_MAX);
    let count = count.ok_or(too_many)?;
    if u64::from(count) > SEQUENCE_MAX.saturating_sub(size) {
        return Err(AppendError::LogFull);
    }
    let mut bytes = 0_usize;
    for (seq, record) in (size..).zip(records) {
        if record.line.len() > LINE_BYTES_MAX {
            return Err(AppendError::LineTooLong {
                seq,
                bytes: record.line.len(),
            });
        }
        if record.sealed.len() > SEALED_BYTES_MAX {
            return Err(AppendError::SealedTooLong {
                seq,
                bytes: record.sealed.len(),
            });
        }
        bytes += ENTRY_EXTRA_BYTES + record.line.len() + record.sealed.len();
    }
    let payload_bytes = u32::try_from(bytes)
        .ok()
        .filter(|_| bytes <= BATCH_BYTES_MAX);
    Ok((
        count,
        payload_bytes.ok_or(AppendError::BatchTooLong { bytes })?,
    ))
}

/// Where a writer stands: the open segment, and its length up to the last acknowledged frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) first_seq: u64,
    pub(super) len: u64,
}

impl Place {
    /// Whether a frame belongs in the next segment: every segment holds at least one.
    fn is_full_for(self, header: &FrameHeader, sizes: Sizes) -> bool {
        self.len > SEGMENT_HEADER_BYTES as u64
            && self.len + header.frame_bytes() as u64 > sizes.segment_bytes
    }
}

/// The writing half of a journal.
pub(super) struct Writer {
    file: Box<dyn OpenFile>,
    place: Place,
    is_poisoned: bool,
    /// Full segments still to be sealed.
    full: Vec<Range<u64>>,
    /// Whether a segment became full since they were last tried.
    is_sealing_due: bool,
    postponed: Option<SealError>,
    /// The last frame, kept for its space.
    frame: Vec<u8>,
}

impl Writer {
    pub(super) fn new(file: Box<dyn OpenFile>, place: Place) -> Self {
        Self {
            file,
            place,
            is_poisoned: false,
            full: Vec::new(),
            is_sealing_due: false,
            postponed: None,
            frame: Vec::new(),
        }
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    pub(super) fn postponed_sealing(&self) -> Option<&SealError> {
        self.postponed.as_ref()
    }

    /// Notes a full segment, by its entries.
    pub(super) fn add_full(&mut self, entries: Range<u64>) {
        self.full.push(entries);
        self.is_sealing_due = true;
    }

    /// Opens the next segment. The batch has not been touched when this fails; the journal is
    /// poisoned where the segment may be there all the same, for then it is the one to append to.
    fn roll_over(
        &mut self,
        files: &dyn Files,
        folder: &Path,
        header: &SegmentHeader,
    ) -> Result<(), AppendError> {
        match create_segment(files, folder, header) {
            Ok(file) => {
                self.add_full(self.place.first_seq..header.first_seq);
                self.file = file;
                let len = SEGMENT_HEADER_BYTES as u64;
                self.place = Place {
                    first_seq: header.first_seq,
                    len,
                };
                Ok(())
            }
            Err(CreateSegmentError::Before(source)) => Err(AppendError::NotRecorded { source }),
            Err(CreateSegmentError::After(source)) => {
                self.is_poisoned = true;
                Err(AppendError::NotRecorded { source })
            }
        }
    }

    fn write(&mut self, header: &FrameHeader, records: &[Record<'_>]) -> Result<(), AppendError> {
        self.frame.clear();
        header.write_batch(records, &mut self.frame);
        if let Err(source) = self.file.write_all_at(&self.frame, self.place.len) {
            // The write was never synced: once what there is of it is cut away, and that is
            // synced, it has not happened.
            let undone = self
                .file
                .truncate(self.place.len)
                .and_then(|()| self.file.sync_data());
            self.is_poisoned = undone.is_err();
            return Err(match undone {
                Ok(()) => AppendError::NotRecorded { source },
                Err(_) => AppendError::OutcomeUnknown { source },
            });
        }
        if !is_planted(Bug::SyncSkipped)
            && let Err(source) = self.file.sync_data()
            && !is_planted(Bug::FailedSyncIgnored)
        {
            self.is_poisoned = true;
            return Err(AppendError::OutcomeUnknown { source });
        }
        self.place.len += self.frame.len() as u64;
        Ok(())
    }
}
