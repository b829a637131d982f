//! A bundle: the lines, or the sealed openings, of 256 consecutive entries in one compressed value.
//!
//! Bundle `k` holds entries `256 k .. 256 k + 256`, always: the same entries give the same bundle
//! whatever batches they came in, so writing it again after a crash changes nothing, and a bundle
//! is exactly the leaves of one full Merkle tile.
//!
//! Layout of the value: `format u8 = 1`, `items u16`, `raw length u32`, then one zstd frame of
//! `items` lengths (u32 each, `0xFFFF_FFFF` = no item here) followed by the items. Little endian.

use std::cell::RefCell;
use std::ops::Range;

use super::{ENTRIES_PER_BUNDLE, LINE_BYTES_MAX, SEALED_BYTES_MAX, ShelfError};

const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 7;
const ABSENT: u32 = u32::MAX;

/// The level at which bundles are compressed.
const ZSTD_LEVEL: i32 = 3;

/// Nothing that was put can unpack to more.
const RAW_BYTES_MAX: usize =
    ENTRIES_PER_BUNDLE as usize * (4 + larger(LINE_BYTES_MAX, SEALED_BYTES_MAX));

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Makes bundles; keeps the compressor's memory between them.
pub(super) struct Bundler {
    compressor: zstd::bulk::Compressor<'static>,
    raw: Vec<u8>,
}

impl Bundler {
    pub(super) fn new() -> Result<Self, ShelfError> {
        let compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(ShelfError::Io)?;
        Ok(Self {
            compressor,
            raw: Vec::new(),
        })
    }

    /// The value that holds `items`, at most a bundle of them, each within its limit.
    pub(super) fn encode<'a>(
        &mut self,
        items: impl Iterator<Item = Option<&'a [u8]>> + Clone,
    ) -> Result<Vec<u8>, ShelfError> {
        self.raw.clear();
        let mut count = 0_u16;
        for item in items.clone() {
            let len = item.map_or(ABSENT, |bytes| bytes.len() as u32);
            self.raw.extend_from_slice(&len.to_le_bytes());
            count += 1;
        }
        items
            .flatten()
            .for_each(|bytes| self.raw.extend_from_slice(bytes));
        let mut value =
            Vec::with_capacity(HEADER_BYTES + zstd::zstd_safe::compress_bound(self.raw.len()));
        value.push(FORMAT);
        value.extend_from_slice(&count.to_le_bytes());
        value.extend_from_slice(&(self.raw.len() as u32).to_le_bytes());
        let packed = self
            .compressor
            .compress(&self.raw)
            .map_err(ShelfError::Io)?;
        value.extend_from_slice(&packed);
        Ok(value)
    }
}

thread_local! {
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        const { RefCell::new(None) };
}

fn unpack(packed: &[u8], raw_len: usize) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = zstd::bulk::Decompressor::new().ok();
        }
        slot.as_mut()?.decompress(packed, raw_len).ok()
    })
}

/// Consecutive entries' lines (or sealed openings) in memory, to be read in place.
#[derive(Clone)]
pub struct Block {
    first_seq: u64,
    bytes: Vec<u8>,
    /// Where each item lies in `bytes`; an empty range that starts at `ABSENT` is no item.
    spans: Vec<Range<u32>>,
    shown: Range<usize>,
}

impl Block {
    /// Unpacks the value of the bundle that begins at `first_seq`; `None` if it is not one.
    pub(super) fn decode(first_seq: u64, value: &[u8]) -> Option<Self> {
        let (header, packed) = value.split_at_checked(HEADER_BYTES)?;
        let &[FORMAT, c0, c1, r0, r1, r2, r3] = header else {
            return None;
        };
        let count = usize::from(u16::from_le_bytes([c0, c1]));
        let raw_len = u32::from_le_bytes([r0, r1, r2, r3]) as usize;
        if count as u64 != ENTRIES_PER_BUNDLE || raw_len > RAW_BYTES_MAX {
            return None;
        }
        let bytes = unpack(packed, raw_len)?;
        if bytes.len() != raw_len {
            return None;
        }
        let mut start = (count * 4) as u32;
        let mut spans = Vec::with_capacity(count);
        for len in bytes.get(..count * 4)?.as_chunks::<4>().0 {
            let len = u32::from_le_bytes(*len);
            if len == ABSENT {
                spans.push(ABSENT..ABSENT);
                continue;
            }
            let end = start.checked_add(len)?;
            spans.push(start..end);
            start = end;
        }
        let shown = 0..spans.len();
        (start as usize == raw_len).then_some(Self {
            first_seq,
            bytes,
            spans,
            shown,
        })
    }

    /// A block of items that are not in a bundle yet.
    pub(super) fn gather<'a>(
        first_seq: u64,
        items: impl Iterator<Item = Option<&'a [u8]>>,
    ) -> Self {
        let mut bytes = Vec::new();
        let spans: Vec<_> = items
            .map(|item| match item {
                None => ABSENT..ABSENT,
                Some(item) => {
                    let start = bytes.len() as u32;
                    bytes.extend_from_slice(item);
                    start..bytes.len() as u32
                }
            })
            .collect();
        let shown = 0..spans.len();
        Self {
            first_seq,
            bytes,
            spans,
            shown,
        }
    }

    /// Shows only the entries that also lie in `range`.
    pub(super) fn clip(mut self, range: &Range<u64>) -> Self {
        let within = |seq: u64| (seq.saturating_sub(self.first_seq) as usize).min(self.spans.len());
        let (start, end) = (within(range.start), within(range.end));
        self.shown = start..end.max(start);
        self
    }

    /// How many entries the block shows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether it shows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The sequences it shows.
    #[must_use]
    pub fn seqs(&self) -> Range<u64> {
        self.first_seq + self.shown.start as u64..self.first_seq + self.shown.end as u64
    }

    /// The item of entry `seq`; `None` when the block does not show it, or it has none.
    #[must_use]
    pub fn item(&self, seq: u64) -> Option<&[u8]> {
        let at = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        self.shown.contains(&at).then(|| self.at(at)).flatten()
    }

    /// Sequence and item of each entry shown that has one, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let items = self.shown.clone();
        items.filter_map(|at| Some((self.first_seq + at as u64, self.at(at)?)))
    }

    fn at(&self, at: usize) -> Option<&[u8]> {
        let span = self.spans.get(at)?;
        self.bytes.get(span.start as usize..span.end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<Option<Vec<u8>>> {
        (0..256_usize)
            .map(|at| (at % 3 != 1).then(|| vec![at as u8; at * at % 997]))
            .collect()
    }

    fn bundle(items: &[Option<Vec<u8>>]) -> Vec<u8> {
        Bundler::new()
            .unwrap()
            .encode(items.iter().map(Option::as_deref))
            .unwrap()
    }

    #[test]
    fn a_bundle_gives_back_each_item_and_tells_none_from_empty() {
        let items = items();
        let block = Block::decode(512, &bundle(&items)).unwrap();
        assert_eq!(block.seqs(), 512..768);
        for (seq, item) in (512..).zip(&items) {
            assert_eq!(block.item(seq), item.as_deref(), "entry {seq}");
        }
        assert_eq!(block.iter().count(), items.iter().flatten().count());
        let clipped = block.clone().clip(&(700..10_000));
        assert_eq!(clipped.seqs(), 700..768);
        assert!(clipped.item(699).is_none() && clipped.item(768).is_none());
        assert!(block.clip(&(0..5)).is_empty());
    }

    #[test]
    fn what_is_not_a_bundle_is_refused_without_panic() {
        let good = bundle(&items());
        for len in 0..good.len().min(600) {
            assert!(Block::decode(0, &good[..len]).is_none(), "cut at {len}");
        }
        for at in 0..HEADER_BYTES {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert!(Block::decode(0, &bad).is_none(), "byte {at}");
        }
    }

    #[test]
    fn a_bundle_of_the_longest_lines_is_kept() {
        let line = vec![b'x'; LINE_BYTES_MAX];
        let items = vec![Some(line); ENTRIES_PER_BUNDLE as usize];
        let block = Block::decode(0, &bundle(&items)).unwrap();
        assert_eq!(block.item(255).map(<[u8]>::len), Some(LINE_BYTES_MAX));
    }
}
