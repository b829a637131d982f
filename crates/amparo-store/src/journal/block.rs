//! Blocks: whole batch frames, compressed together into one frame of a sealed segment.
//!
//! Invariant: what comes out is, byte for byte, the frames that went in.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::BATCH_ENTRIES_MAX;
use super::frame::{
    BLOCK_CONTENT_BYTES_MAX, BadFrame, Batch, CHECKSUM_BYTES, FRAME_HEADER_BYTES, FrameHeader,
    FrameKind, is_intact,
};

/// What a block has before the compressed bytes: the length that they had.
const BLOCK_LENGTH_BYTES: usize = 4;

/// Puts whole batch frames together into one compressed block frame.
pub(super) struct BlockWriter {
    compressor: zstd::bulk::Compressor<'static>,
    frames: Vec<u8>,
    header: Option<FrameHeader>,
}

impl BlockWriter {
    pub(super) fn new(level: i32) -> io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(level)?;
        Ok(Self {
            compressor,
            frames: Vec::new(),
            header: None,
        })
    }

    /// Whether the block would grow over `block_bytes`, or over the entries that one may hold.
    pub(super) fn is_full_for(&self, batch: &Batch, block_bytes: usize) -> bool {
        self.header.as_ref().is_some_and(|header| {
            self.frames.len() + batch.header.frame_bytes() > block_bytes
                || header.count + batch.header.count > BATCH_ENTRIES_MAX
        })
    }

    pub(super) fn push(&mut self, batch: &Batch) {
        batch.write_frame(&mut self.frames);
        let last = &batch.header;
        self.header = Some(match self.header.take() {
            None => FrameHeader {
                kind: FrameKind::Block,
                ..last.clone()
            },
            Some(first) => FrameHeader {
                count: first.count + last.count,
                recorded_ms: last.recorded_ms,
                root_after: last.root_after,
                ..first
            },
        });
    }

    /// Appends the block frame and starts anew; nothing when no batch was pushed.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(mut header) = self.header.take() else {
            return Ok(());
        };
        let content_bytes = u32::try_from(self.frames.len()).map_err(io::Error::other)?;
        let mut payload = content_bytes.to_le_bytes().to_vec();
        payload.extend(self.compressor.compress(&self.frames)?);
        header.payload_bytes = u32::try_from(payload.len()).map_err(io::Error::other)?;
        header.write_frame(&payload, out);
        self.frames.clear();
        Ok(())
    }
}

/// Takes the batches out of block frames.
pub(super) struct BlockReader(zstd::bulk::Decompressor<'static>);

impl fmt::Debug for BlockReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BlockReader")
    }
}

impl BlockReader {
    pub(super) fn new() -> io::Result<Self> {
        zstd::bulk::Decompressor::new().map(Self)
    }

    /// The batches of the block at the start of `frame`, which is as long as its header says.
    pub(super) fn read(&mut self, frame: &[u8]) -> Result<Vec<Batch>, BadFrame> {
        let header = FrameHeader::decode(frame).ok_or(BadFrame::Header)?;
        if !is_intact(frame) {
            return Err(BadFrame::Checksum);
        }
        let frames = self.decompress(frame).ok_or(BadFrame::Content)?;
        let mut batches: Vec<Batch> = Vec::new();
        let (mut at, mut seq, mut recorded_ms) = (0, header.first_seq, 0);
        while at < frames.len() {
            let batch = Batch::decode(&frames, at).map_err(|_| BadFrame::Content)?;
            if batch.first_seq() != seq || batch.recorded_ms() < recorded_ms {
                return Err(BadFrame::Content);
            }
            at += batch.header.frame_bytes();
            (seq, recorded_ms) = (batch.end_seq(), batch.recorded_ms());
            batches.push(batch);
        }
        let as_last = |batch: &Batch| {
            (batch.end_seq(), batch.recorded_ms(), *batch.root_after())
                == (header.end_seq(), header.recorded_ms, header.root_after)
        };
        let whole = header.kind == FrameKind::Block && batches.last().is_some_and(as_last);
        if whole {
            Ok(batches)
        } else {
            Err(BadFrame::Content)
        }
    }

    fn decompress(&mut self, frame: &[u8]) -> Option<Arc<Vec<u8>>> {
        let (_, payload) = frame.split_at_checked(FRAME_HEADER_BYTES)?;
        let (content_bytes, rest) = payload.split_first_chunk::<BLOCK_LENGTH_BYTES>()?;
        let compressed = rest.get(..rest.len().checked_sub(CHECKSUM_BYTES)?)?;
        let content_bytes = u32::from_le_bytes(*content_bytes) as usize;
        if content_bytes > BLOCK_CONTENT_BYTES_MAX {
            return None;
        }
        let mut frames = Vec::with_capacity(content_bytes);
        self.0.decompress_to_buffer(compressed, &mut frames).ok()?;
        (frames.len() == content_bytes).then(|| Arc::new(frames))
    }
}
