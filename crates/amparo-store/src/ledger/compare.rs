//! The shelf held against the log: lines, sealed openings, Merkle tiles and every index.

use amparo_tlog::merkle::Hash;

use super::verify::{Check, Part};
use crate::journal::Batch;
use crate::shelf::{Block, IndexPairs, Shelf, ShelfError};

impl Check {
    /// Holds lines, and what is sealed for them, against the shelf's.
    pub(super) fn compare_lines(&mut self, shelf: &Shelf, waiting: &[Batch]) {
        let size = shelf.head().map_or(0, |head| head.size);
        let (Some(first), Some(last)) = (waiting.first(), waiting.last()) else {
            return;
        };
        let range = first.first_seq()..last.end_seq().min(size);
        let records = || {
            let records = waiting
                .iter()
                .flat_map(|batch| (batch.first_seq()..).zip(batch.entries()));
            records.take_while(|(seq, _)| *seq < size)
        };
        let lines = records().map(|(seq, record)| (seq, record.line));
        self.compare_blocks("the line", shelf.blocks(range.clone()), lines);
        let sealed = records().map(|(seq, record)| (seq, record.sealed));
        let sealed = sealed.filter(|(_, sealed)| !sealed.is_empty());
        self.compare_blocks("what is sealed", shelf.sealed_blocks(range), sealed);
    }

    /// Holds the items of blocks that are not empty against those expected.
    fn compare_blocks<'r>(
        &mut self,
        what: &str,
        blocks: impl Iterator<Item = Result<Block, ShelfError>>,
        mut expected: impl Iterator<Item = (u64, &'r [u8])>,
    ) {
        for block in blocks {
            let block = match block {
                Ok(block) => block,
                Err(error) => return self.found(Part::Store, error.to_string()),
            };
            for item in block.iter().filter(|(_, item)| !item.is_empty()) {
                if expected.next() != Some(item) {
                    let what = format!("{what} for e{} is not the journal's", item.0);
                    return self.found(Part::Store, what);
                }
            }
        }
        if let Some((seq, _)) = expected.next() {
            self.found(Part::Store, format!("{what} for e{seq} is missing"));
        }
    }

    /// Holds the full tiles that the next leaves complete against the shelf's.
    pub(super) fn compare_tiles(&mut self, shelf: &Shelf, leaves: &[Hash]) {
        let Ok(tiles) = self.edge.push(leaves) else {
            return self.found(Part::Log, "the Merkle tree cannot be built");
        };
        let size = self.frontier.size();
        if shelf.head().is_none_or(|head| head.size < size) {
            return;
        }
        for tile in tiles {
            let id = tile.id();
            if id.level() > 0 && id.is_full() {
                match shelf.tile(id.level(), id.index()) {
                    Ok(Some(found)) if found == tile.bytes() => {}
                    Ok(_) => self.found(Part::Store, format!("{id} is not the log's")),
                    Err(error) => self.found(Part::Store, error.to_string()),
                }
            }
        }
    }

    /// Sorts the event ids that were seen: no two entries may have the same.
    pub(super) fn finish_ids(&mut self) {
        // Around a gap something may have been read twice, and the gap is a finding.
        if !self.whole {
            return;
        }
        self.events.sort_unstable();
        let mut pairs = self.events.windows(2);
        if let Some(twice) = pairs.find(|pair| pair[0].0 == pair[1].0) {
            let what = format!("e{} and e{} have the same event id", twice[0].1, twice[1].1);
            self.found(Part::Log, what);
        }
    }

    /// Holds the shelf's head, right edge and indexes against the log.
    pub(super) fn finish_shelf(&mut self, shelf: &Shelf) {
        let Some(head) = shelf.head() else { return };
        let log = self.verified.head;
        // A log that lost its end is a finding already; the store cannot agree with it.
        if !self.whole || log.is_none_or(|log| log.size < head.size) {
            return;
        }
        if log.is_some_and(|log| log.size == head.size && *log.root.as_bytes() != head.root) {
            self.found(Part::Store, "its head is not the log's");
        }
        if log.is_some_and(|log| log.size == head.size) {
            for tile in std::mem::take(&mut self.edge).partial() {
                let id = tile.id();
                match shelf.tile(id.level(), id.index()) {
                    Ok(Some(found)) if found == tile.bytes() => {}
                    Ok(_) | Err(_) => self.found(Part::Store, format!("{id} is not the log's")),
                }
            }
        }
        let below = |pairs: &mut Vec<([u8; 16], u64)>| {
            let mut pairs = std::mem::take(pairs);
            pairs.retain(|(_, seq)| *seq < head.size);
            pairs
        };
        let events = below(&mut self.events);
        let mut keys = below(&mut self.keys);
        keys.sort_unstable();
        keys.dedup();
        self.compare_index("of event ids", shelf.event_pairs(), &events);
        self.compare_index("of subjects", shelf.subject_pairs(), &keys);
        let refs = self
            .refs
            .iter()
            .map(|(hash, person)| (*hash, u128::from_be_bytes(*person)));
        let mut refs: Vec<_> = refs.collect();
        refs.sort_unstable();
        refs.dedup();
        self.compare_refs(shelf.ref_pairs(), &refs);
    }

    fn compare_index(
        &mut self,
        which: &str,
        pairs: Result<IndexPairs<'_>, ShelfError>,
        expected: &[([u8; 16], u64)],
    ) {
        let mut expected = expected.iter();
        let pairs = match pairs {
            Ok(pairs) => pairs,
            Err(error) => return self.found(Part::Store, format!("the index {which}: {error}")),
        };
        for pair in pairs {
            match pair {
                Ok((key, value)) => match expected.next() {
                    Some((k, seq)) if *k == key && u128::from(*seq) == value => {}
                    Some(_) | None => {
                        let what = format!("the index {which} is not the log's, at e{value}");
                        return self.found(Part::Store, what);
                    }
                },
                Err(error) => {
                    return self.found(Part::Store, format!("the index {which}: {error}"));
                }
            }
        }
        if let Some((_, seq)) = expected.next() {
            self.found(Part::Store, format!("the index {which} lacks e{seq}"));
        }
    }

    fn compare_refs(
        &mut self,
        pairs: Result<IndexPairs<'_>, ShelfError>,
        expected: &[([u8; 16], u128)],
    ) {
        // References that can no longer be opened stay in the index: it is a superset.
        let found: Result<Vec<_>, ShelfError> = pairs.and_then(Iterator::collect);
        match found {
            Ok(found) => {
                let lacks = expected
                    .iter()
                    .any(|pair| found.binary_search(pair).is_err());
                if lacks && self.verified.behind == 0 {
                    self.found(Part::Store, "the index of references lacks one");
                }
            }
            Err(error) => self.found(Part::Store, format!("the index of references: {error}")),
        }
    }
}
