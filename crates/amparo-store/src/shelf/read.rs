//! Reading the shelf. Every answer is as of [`Shelf::head`]; what lies beyond it does not exist.

use std::ops::Range;
use std::sync::PoisonError;

use sha2::{Digest, Sha256};

use super::apply::tile_key;
use super::bundle::Block;
use super::generation::IndexKind;
use super::index::Records;
use super::volumes::{self, Part};
use super::{ENTRIES_PER_BUNDLE, Shelf, ShelfError, Table, derived};
use crate::kv::folder_bytes;

const HASH_BYTES: usize = 32;

/// Levels of tiles a tree can have: eight levels of the tree each.
const TILE_LEVELS: u8 = 8;

impl Shelf {
    /// The line of entry `seq`, byte for byte; `None` past the head.
    ///
    /// Costs a bundle; the last one is kept, so neighbours are cheap.
    ///
    /// # Errors
    /// `Damaged`, naming the entries; `Io`.
    pub fn line(&self, seq: u64) -> Result<Option<Vec<u8>>, ShelfError> {
        if seq >= self.size() {
            return Ok(None);
        }
        if let Some(entry) = seq
            .checked_sub(self.bundled)
            .and_then(|at| self.tail.get(at as usize))
        {
            return Ok(Some(entry.line.clone()));
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if !recent
            .as_ref()
            .is_some_and(|block| block.seqs().contains(&seq))
        {
            *recent = Some(self.bundle(Part::Lines, seq / ENTRIES_PER_BUNDLE)?);
        }
        let line = recent
            .as_ref()
            .and_then(|block| block.item(seq))
            .map(<[u8]>::to_vec);
        line.map(Some)
            .ok_or_else(|| volumes::damaged(seq / ENTRIES_PER_BUNDLE))
    }

    /// The lines of `range`, a bundle at a time, to be parsed in place. Memory is one bundle. For
    /// two threads, give each half of the range.
    pub fn blocks(&self, range: Range<u64>) -> Blocks<'_> {
        Blocks {
            shelf: self,
            part: Part::Lines,
            range: self.held(range),
        }
    }

    /// The sealed openings of `range`, a bundle at a time; entries without any are left out.
    pub fn sealed_blocks(&self, range: Range<u64>) -> Blocks<'_> {
        Blocks {
            shelf: self,
            part: Part::Sealed,
            range: self.held(range),
        }
    }

    /// Sequence and line of each entry of `range`, in order; memory is one bundle.
    pub fn lines(
        &self,
        range: Range<u64>,
    ) -> impl Iterator<Item = Result<(u64, Vec<u8>), ShelfError>> {
        self.blocks(range).flat_map(|block| match block {
            Ok(block) => block
                .iter()
                .map(|(seq, line)| Ok((seq, line.to_vec())))
                .collect(),
            Err(error) => vec![Err(error)],
        })
    }

    /// The sealed openings of entry `seq`; `None` if it has none, or lies past the head.
    ///
    /// # Errors
    /// `Damaged`, naming the entries; `Io`.
    pub fn sealed(&self, seq: u64) -> Result<Option<Vec<u8>>, ShelfError> {
        let block = self
            .sealed_blocks(seq..seq.saturating_add(1))
            .next()
            .transpose()?;
        Ok(block.and_then(|block| block.item(seq).map(<[u8]>::to_vec)))
    }

    /// The tile, as long as the head says it is; `None` when the tree has no such tile.
    ///
    /// Level 0 is hashed anew from the lines (RFC 6962, section 2.1), so a root computed from
    /// tiles also vouches for the bundles.
    ///
    /// # Errors
    /// `Damaged` when a tile that must be there is not, or is too short; `Io`.
    pub fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, ShelfError> {
        if level >= TILE_LEVELS {
            return Ok(None);
        }
        let nodes = self.size() >> (8 * u32::from(level));
        let Some(first) = index
            .checked_mul(ENTRIES_PER_BUNDLE)
            .filter(|first| *first < nodes)
        else {
            return Ok(None);
        };
        let width = (nodes - first).min(ENTRIES_PER_BUNDLE);
        if level == 0 {
            return self.leaves(first..first + width).map(Some);
        }
        let damaged = || ShelfError::damaged(format!("Merkle tile {index} of level {level}"));
        let len = width as usize * HASH_BYTES;
        let stored = match self.tiles.get(&(level, index)) {
            Some(tile) => tile.get(..len).map(<[u8]>::to_vec),
            None => {
                let value = self.desk.get(Table::Tiles, &tile_key(level, index))?;
                value.and_then(|value| value.bytes().get(..len).map(<[u8]>::to_vec))
            }
        };
        stored.map(Some).ok_or_else(damaged)
    }

    fn leaves(&self, range: Range<u64>) -> Result<Vec<u8>, ShelfError> {
        let mut tile = Vec::with_capacity((range.end - range.start) as usize * HASH_BYTES);
        for block in self.blocks(range) {
            for (_, line) in block?.iter() {
                tile.extend_from_slice(
                    &Sha256::new()
                        .chain_update([0])
                        .chain_update(line)
                        .finalize(),
                );
            }
        }
        Ok(tile)
    }

    /// The sequence of the entry with this event id.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    pub fn seq_of_event(&self, id: [u8; 16]) -> Result<Option<u64>, ShelfError> {
        Ok(self.seqs(IndexKind::Events, id)?.first().copied())
    }

    /// The sequences of the entries that speak of a person or group, ascending.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    pub fn seqs_of_subject(&self, subject: [u8; 16]) -> Result<Vec<u64>, ShelfError> {
        self.seqs(IndexKind::Subjects, subject)
    }

    /// The persons that the hash of an external ref was brought with: one, unless two entries
    /// disagree.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    pub fn persons_of_ref(&self, hash: [u8; 16]) -> Result<Vec<[u8; 16]>, ShelfError> {
        self.refuse_if_poisoned()?;
        let persons = self
            .indexes
            .values_of(self.place(), IndexKind::Refs, hash)?;
        Ok(persons.into_iter().map(u128::to_be_bytes).collect())
    }

    fn seqs(&self, kind: IndexKind, key: [u8; 16]) -> Result<Vec<u64>, ShelfError> {
        let size = u128::from(self.size());
        let found = self.indexes.values_of(self.place(), kind, key)?;
        Ok(found
            .into_iter()
            .take_while(|seq| *seq < size)
            .map(|seq| seq as u64)
            .collect())
    }

    /// Every (event id, sequence), in order of ids: for comparing the index with the log.
    ///
    /// # Errors
    /// `Damaged`, `Io`; also from the iterator, which then ends.
    pub fn event_pairs(&self) -> Result<IndexPairs<'_>, ShelfError> {
        self.refuse_if_poisoned()?;
        Ok(IndexPairs {
            records: self.indexes.records(self.place(), IndexKind::Events)?,
        })
    }

    /// Every (subject, sequence), in order of both.
    ///
    /// # Errors
    /// As [`Shelf::event_pairs`].
    pub fn subject_pairs(&self) -> Result<IndexPairs<'_>, ShelfError> {
        self.refuse_if_poisoned()?;
        Ok(IndexPairs {
            records: self.indexes.records(self.place(), IndexKind::Subjects)?,
        })
    }

    /// Every (hash of an external ref, person as a big-endian number), in order of both.
    ///
    /// # Errors
    /// As [`Shelf::event_pairs`].
    pub fn ref_pairs(&self) -> Result<IndexPairs<'_>, ShelfError> {
        self.refuse_if_poisoned()?;
        Ok(IndexPairs {
            records: self.indexes.records(self.place(), IndexKind::Refs)?,
        })
    }

    /// The derived state under `name` and the log size it was derived from, which may be smaller
    /// than the head's.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    pub fn derived(&self, name: &str) -> Result<Option<(u64, Vec<u8>)>, ShelfError> {
        // After a crash the shelf may stand before the state it derived: that one is not usable.
        Ok(derived::load(&self.desk, name)?.filter(|(size, _)| *size <= self.size()))
    }

    /// Bytes of all files of the shelf.
    ///
    /// # Errors
    /// `Io`.
    pub fn size_on_disk(&self) -> Result<u64, ShelfError> {
        Ok(folder_bytes(&self.dir)?)
    }

    fn held(&self, range: Range<u64>) -> Range<u64> {
        range.start..range.end.min(self.size())
    }

    fn bundle(&self, part: Part, bundle: u64) -> Result<Block, ShelfError> {
        let first_seq = bundle * ENTRIES_PER_BUNDLE;
        let value = self.volumes.get(part, bundle)?;
        let block = value.and_then(|value| Block::decode(first_seq, value.bytes()));
        block.ok_or_else(|| volumes::damaged(bundle))
    }

    fn tail_block(&self, part: Part) -> Block {
        let items = self.tail.iter().map(|entry| match part {
            Part::Lines => Some(entry.line.as_slice()),
            Part::Sealed => entry.sealed.as_deref(),
        });
        Block::gather(self.bundled, items)
    }
}

/// Blocks of a range in order; ends after its first error. See [`Shelf::blocks`].
pub struct Blocks<'a> {
    shelf: &'a Shelf,
    part: Part,
    range: Range<u64>,
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, ShelfError>;

    fn next(&mut self) -> Option<Self::Item> {
        let seq = self.range.start;
        if self.range.is_empty() {
            return None;
        }
        let block = if seq >= self.shelf.bundled {
            Ok(self.shelf.tail_block(self.part))
        } else {
            self.shelf.bundle(self.part, seq / ENTRIES_PER_BUNDLE)
        };
        let shown = block.map(|block| block.clip(&self.range));
        self.range.start = match &shown {
            Ok(block) => block.seqs().end.max(seq + 1),
            Err(_) => self.range.end,
        };
        Some(shown)
    }
}

/// Pairs of an index in order; ends after its first error.
pub struct IndexPairs<'a> {
    records: Records<'a>,
}

impl Iterator for IndexPairs<'_> {
    type Item = Result<([u8; 16], u128), ShelfError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        Some(record.map(|(key, value)| (key.to_be_bytes(), value)))
    }
}
