//! Frames: the unit that the journal writes, checks and loses.
//!
//! A frame is a header with its own checksum, a payload, and a checksum that binds the payload to
//! the header. A `batch` frame holds entries; a `block` frame (see `block`) holds whole batch
//! frames, compressed. Field by field: `LAYOUT.md`.
//!
//! Knows bytes in memory only, no files. Invariant: what decodes was encoded here, every length in
//! it has been checked, and so reading its entries cannot fail.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use amparo_core::planted::{Bug, is_planted};

use super::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BLOCK_BYTES, Root, SEQUENCE_MAX};

/// Bytes that no UTF-8 text holds, so that no entry line can pass for a frame.
pub(super) const FRAME_MAGIC: [u8; 4] = [0xff, 0xa3, 0xf7, 0xfe];
pub(super) const FRAME_HEADER_BYTES: usize = 68;
pub(super) const CHECKSUM_BYTES: usize = 4;
/// What a batch frame has around its payload.
pub(super) const FRAME_EXTRA_BYTES: usize = FRAME_HEADER_BYTES + CHECKSUM_BYTES;
/// What an entry has around its line and sealed opening: their lengths.
pub(super) const ENTRY_EXTRA_BYTES: usize = 8;

/// The most bytes that a block holds before compression: many small frames, or one large.
pub(super) const BLOCK_CONTENT_BYTES_MAX: usize = BATCH_BYTES_MAX + FRAME_EXTRA_BYTES;
/// The most bytes of any payload. zstd makes what it cannot compress longer by less than 1/128.
const PAYLOAD_BYTES_MAX: usize = BLOCK_CONTENT_BYTES_MAX + BLOCK_CONTENT_BYTES_MAX / 128;
const _: () = assert!(BLOCK_BYTES <= BLOCK_CONTENT_BYTES_MAX && PAYLOAD_BYTES_MAX < 1 << 31);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Batch = 1,
    Block = 2,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) kind: FrameKind,
    pub(super) payload_bytes: u32,
    pub(super) count: u32,
    pub(super) first_seq: u64,
    pub(super) recorded_ms: u64,
    pub(super) root_after: Root,
}

impl FrameHeader {
    pub(super) fn encode(&self) -> [u8; FRAME_HEADER_BYTES] {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        bytes[0..4].copy_from_slice(&FRAME_MAGIC);
        bytes[4] = self.kind as u8;
        bytes[8..12].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.count.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.recorded_ms.to_le_bytes());
        bytes[32..64].copy_from_slice(&self.root_after);
        let checksum = crc32fast::hash(&bytes[..64]);
        bytes[64..68].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header at the start of `bytes`, if a whole and sound one is there.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; FRAME_HEADER_BYTES] = bytes.first_chunk()?;
        if bytes[..4] != FRAME_MAGIC || crc32fast::hash(&bytes[..64]) != read_u32(bytes, 64)? {
            return None;
        }
        let kind = match bytes[4..8] {
            [1, 0, 0, 0] => FrameKind::Batch,
            [2, 0, 0, 0] => FrameKind::Block,
            _ => return None,
        };
        let header = Self {
            kind,
            payload_bytes: read_u32(bytes, 8)?,
            count: read_u32(bytes, 12)?,
            first_seq: read_u64(bytes, 16)?,
            recorded_ms: read_u64(bytes, 24)?,
            root_after: bytes.get(32..64)?.try_into().ok()?,
        };
        let within_limits = header.payload_bytes as usize <= PAYLOAD_BYTES_MAX
            && (1..=BATCH_ENTRIES_MAX).contains(&header.count)
            && header.first_seq <= SEQUENCE_MAX - u64::from(header.count);
        within_limits.then_some(header)
    }

    /// One past the last entry.
    pub(super) fn end_seq(&self) -> u64 {
        self.first_seq + u64::from(self.count)
    }

    pub(super) fn entries(&self) -> Range<u64> {
        self.first_seq..self.end_seq()
    }

    /// The length of the whole frame.
    pub(super) fn frame_bytes(&self) -> usize {
        FRAME_EXTRA_BYTES + self.payload_bytes as usize
    }

    /// Appends the whole frame around `payload`, which must be as long as the header says.
    pub(super) fn write_frame(&self, payload: &[u8], out: &mut Vec<u8>) {
        let header = self.encode();
        out.extend_from_slice(&header);
        out.extend_from_slice(payload);
        out.extend_from_slice(&payload_checksum(&header, payload).to_le_bytes());
    }

    /// Appends a whole batch frame to the empty `out`, which must come to what the header says.
    pub(super) fn write_batch(&self, records: &[Record<'_>], out: &mut Vec<u8>) {
        let header = self.encode();
        out.reserve(self.frame_bytes());
        out.extend_from_slice(&header);
        for record in records {
            write_field(record.line, out);
            write_field(record.sealed, out);
        }
        let checksum = payload_checksum(&header, out.get(header.len()..).unwrap_or_default());
        out.extend_from_slice(&checksum.to_le_bytes());
    }
}

/// The checksum after a payload. It begins with the header's, so that the payload of one frame
/// cannot stand behind the header of another.
pub(super) fn payload_checksum(header: &[u8; FRAME_HEADER_BYTES], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[64..]);
    hasher.update(payload);
    hasher.finalize()
}

/// Whether `frame`, as long as its header says, ends with the right checksum.
pub(super) fn is_intact(frame: &[u8]) -> bool {
    let (Some(header), Some((rest, checksum))) = (
        frame.first_chunk(),
        frame.split_last_chunk::<CHECKSUM_BYTES>(),
    ) else {
        return false;
    };
    let payload = rest.get(FRAME_HEADER_BYTES..).unwrap_or_default();
    let found = payload_checksum(header, payload);
    found == u32::from_le_bytes(*checksum) || is_planted(Bug::TornFrameAccepted)
}

/// One entry as the journal holds it; both parts are opaque to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The bytes of the entry line, without a line end.
    pub line: &'a [u8],
    /// The sealed openings of its private fields; empty when it has none.
    pub sealed: &'a [u8],
}

/// A batch: entries that were appended, and stand or fall, together.
#[derive(Clone)]
pub struct Batch {
    pub(super) header: FrameHeader,
    /// The bytes that the payload lies in; shared with the other batches of a block.
    bytes: Arc<Vec<u8>>,
    payload: Range<usize>,
}

impl Batch {
    /// Decodes the batch frame at `start` in `bytes`.
    pub(super) fn decode(bytes: &Arc<Vec<u8>>, start: usize) -> Result<Self, BadFrame> {
        let rest = bytes.get(start..).unwrap_or_default();
        let header = FrameHeader::decode(rest).ok_or(BadFrame::Header)?;
        let frame = rest.get(..header.frame_bytes()).ok_or(BadFrame::Short)?;
        if !is_intact(frame) {
            return Err(BadFrame::Checksum);
        }
        let from = start + FRAME_HEADER_BYTES;
        let payload = from..from + header.payload_bytes as usize;
        let batch = Self {
            header,
            bytes: Arc::clone(bytes),
            payload,
        };
        let mut entries = batch.entries();
        let found = entries.by_ref().count();
        let whole = batch.header.kind == FrameKind::Batch
            && found == batch.header.count as usize
            && entries.rest.is_empty();
        if whole {
            Ok(batch)
        } else {
            Err(BadFrame::Content)
        }
    }

    fn payload(&self) -> &[u8] {
        self.bytes.get(self.payload.clone()).unwrap_or_default()
    }

    /// Appends the frame again, byte for byte.
    pub(super) fn write_frame(&self, out: &mut Vec<u8>) {
        self.header.write_frame(self.payload(), out);
    }

    /// The sequence of its first entry.
    #[must_use]
    pub fn first_seq(&self) -> u64 {
        self.header.first_seq
    }

    /// One past the sequence of its last entry: the size of the log after it.
    #[must_use]
    pub fn end_seq(&self) -> u64 {
        self.header.end_seq()
    }

    /// How many entries it holds: 1 to [`BATCH_ENTRIES_MAX`].
    #[must_use]
    pub fn count(&self) -> u32 {
        self.header.count
    }

    /// When the ledger accepted it, in milliseconds of Unix time.
    #[must_use]
    pub fn recorded_ms(&self) -> u64 {
        self.header.recorded_ms
    }

    /// The Merkle root of the log up to and with this batch, as the appender gave it.
    #[must_use]
    pub fn root_after(&self) -> &Root {
        &self.header.root_after
    }

    /// Its entries, in order of sequence.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            rest: self.payload(),
        }
    }
}

impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.payload() == other.payload()
    }
}

impl Eq for Batch {}

/// Leaves the content out: entries may hold what must not reach a log.
impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Batch")
            .field("entries", &self.header.entries())
            .field("recorded_ms", &self.header.recorded_ms)
            .finish_non_exhaustive()
    }
}

/// The entries of a batch.
#[derive(Clone)]
pub struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, rest) = split_field(self.rest)?;
        let (sealed, rest) = split_field(rest)?;
        self.rest = rest;
        Some(Record { line, sealed })
    }
}

/// Splits a length and as many bytes off; `None` when they are not all there.
fn split_field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

fn write_field(field: &[u8], out: &mut Vec<u8>) {
    // The caller has checked the limits, which are far below what a u32 can say.
    out.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(field);
}

/// Why the bytes at a place are not the frame that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadFrame {
    /// The header is cut short, or its checksum or a field is wrong.
    Header,
    /// The file ends within the frame.
    Short,
    /// The checksum after the payload is wrong.
    Checksum,
    /// The checksums are right and the payload is not what the header says.
    Content,
}

pub(super) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}

pub(super) fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u64::from_le_bytes)
}
