//! Feeding the shelf: batches into the tail, full bundles into volumes, and the flush.
//!
//! Until a flush, what was applied is in memory and answers reads; only whole bundles are written
//! at once. A flush puts, in this order: bundles (synced), index runs, tail slots, tiles, the
//! manifest, and then drops what the manifest no longer names. sled recovers a prefix of that
//! order, so after a crash the shelf stands at its last whole flush, and takes the batches after
//! it again.

use super::generation::Place;
use super::manifest::Manifest;
use super::tail::{self, TailEntry};
use super::volumes::Part;
use super::{
    Batch, ENTRIES_MAX, ENTRIES_PER_BUNDLE, Head, Kv, MANIFEST_KEY, Shelf, ShelfError,
    TILE_BYTES_MAX, Table, derived,
};

/// Index records in memory before a flush is due by itself.
const RECENT_RECORDS_MAX: usize = 1 << 18;

/// Entries put in one session after which closing also writes sled's snapshot.
const ENTRIES_WORTH_SETTLING: u64 = 1 << 14;

impl Shelf {
    /// Takes the next batch. One that is held already is passed over, so a caller may apply again
    /// whatever it is unsure of.
    ///
    /// # Errors
    /// `OutOfOrder` when the batch neither follows the head nor lies before it, `TooLarge` when it
    /// breaks a limit: both leave the shelf as it was. After any other error the shelf is
    /// poisoned and has to be reopened.
    pub fn apply(&mut self, batch: &Batch<'_>) -> Result<(), ShelfError> {
        let size = self.size();
        let end = batch.first_seq.saturating_add(batch.entries.len() as u64);
        if end <= size {
            return Ok(());
        }
        if batch.first_seq != size {
            return Err(ShelfError::OutOfOrder {
                expected: size,
                found: batch.first_seq,
            });
        }
        if end > ENTRIES_MAX {
            return Err(ShelfError::TooLarge("the log"));
        }
        self.refuse_if_poisoned()?;
        if batch
            .tiles
            .iter()
            .any(|(.., hashes)| hashes.len() > TILE_BYTES_MAX)
        {
            return Err(ShelfError::TooLarge("a Merkle tile"));
        }
        if !batch.entries.iter().all(TailEntry::fits) {
            return Err(ShelfError::TooLarge("an entry"));
        }
        self.guarded(|shelf| {
            shelf.take_in(batch)?;
            shelf.head = Some(Head {
                size: end,
                root: batch.root_after,
                recorded_ms: batch.recorded_ms,
                batch_first_seq: batch.first_seq,
            });
            if shelf.indexes.recent_len() >= RECENT_RECORDS_MAX {
                shelf.write_all()?;
            }
            Ok(())
        })
    }

    /// Writes what is in memory only, so that another process, or this one after a crash, finds it.
    ///
    /// # Errors
    /// `Full`, `Io`, `Damaged`; the shelf is then poisoned.
    pub fn flush(&mut self) -> Result<(), ShelfError> {
        self.refuse_if_poisoned()?;
        self.guarded(Self::write_all)
    }

    /// Flushes and closes. After a large import it also sees to it that the next open is quick.
    ///
    /// # Errors
    /// Those of [`Shelf::flush`].
    pub fn close(mut self) -> Result<(), ShelfError> {
        self.flush()?;
        if self.applied >= ENTRIES_WORTH_SETTLING {
            self.volumes.settle()?;
            let dir = self.dir.join("desk");
            drop(self);
            Kv::open(&dir)?;
        }
        Ok(())
    }

    /// Replaces the derived state under `name`, stamped with the present head.
    ///
    /// # Errors
    /// `TooLarge`, and those of [`Shelf::flush`].
    pub fn set_derived(&mut self, name: &str, bytes: &[u8]) -> Result<(), ShelfError> {
        self.flush()?;
        derived::store(&self.desk, name, self.size(), bytes)?;
        Ok(self.desk.flush()?)
    }

    pub(super) fn refuse_if_poisoned(&self) -> Result<(), ShelfError> {
        if self.poisoned {
            Err(ShelfError::Poisoned)
        } else {
            Ok(())
        }
    }

    fn guarded(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), ShelfError>,
    ) -> Result<(), ShelfError> {
        let outcome = write(self);
        self.poisoned = outcome.is_err();
        outcome
    }

    fn take_in(&mut self, batch: &Batch<'_>) -> Result<(), ShelfError> {
        self.dirty = true;
        self.applied += batch.entries.len() as u64;
        for (seq, entry) in (batch.first_seq..).zip(batch.entries.iter().map(TailEntry::of)) {
            self.index(seq, &entry);
            self.tail.push(entry);
            if self.tail.len() as u64 == ENTRIES_PER_BUNDLE {
                self.fold()?;
            }
        }
        let kept = batch.tiles.iter().filter(|(level, ..)| *level > 0);
        self.tiles
            .extend(kept.map(|(level, index, hashes)| ((*level, *index), hashes.clone())));
        Ok(())
    }

    /// Moves the tail, which is a bundle's worth, into a bundle.
    fn fold(&mut self) -> Result<(), ShelfError> {
        let bundle = self.bundled / ENTRIES_PER_BUNDLE;
        let lines = self.tail.iter().map(|entry| Some(entry.line.as_slice()));
        self.volumes
            .put(Part::Lines, bundle, &self.bundler.encode(lines)?)?;
        // Also when no entry has one: a missing value has to mean damage.
        let sealed = self.tail.iter().map(|entry| entry.sealed.as_deref());
        self.volumes
            .put(Part::Sealed, bundle, &self.bundler.encode(sealed)?)?;
        self.bundled += ENTRIES_PER_BUNDLE;
        self.tail.clear();
        self.folded = true;
        Ok(())
    }

    fn write_all(&mut self) -> Result<(), ShelfError> {
        let (true, Some(head)) = (self.dirty, self.head) else {
            return Ok(());
        };
        if self.folded {
            self.volumes.sync()?;
            let place = Place {
                dir: &self.dir,
                desk: &self.desk,
                stamp: self.stamp,
            };
            self.indexes.spill(place)?;
            self.ring ^= 1;
            self.tail_written = 0;
        }
        for at in self.tail_written..self.tail.len() {
            let value = self.tail[at].encode(self.bundled + at as u64);
            self.desk
                .put(Table::Tail, &tail::slot(self.ring, at), &value)?;
        }
        self.tail_written = self.tail.len();
        for ((level, index), hashes) in &self.tiles {
            self.desk
                .put(Table::Tiles, &tile_key(*level, *index), hashes)?;
        }
        self.tiles.clear();
        let (generations, next_generation, next_strip) = self.indexes.metas();
        let manifest = Manifest {
            head,
            bundled: self.bundled,
            ring: self.ring,
            next_strip,
            next_generation,
            generations,
        };
        self.desk
            .put(Table::Meta, MANIFEST_KEY, &manifest.encode())?;
        self.desk.flush()?;
        let place = Place {
            dir: &self.dir,
            desk: &self.desk,
            stamp: self.stamp,
        };
        self.indexes.remove_merged(place)?;
        self.folded = false;
        self.dirty = false;
        Ok(())
    }
}

/// Where a tile lies: by level, then index.
pub(super) fn tile_key(level: u8, index: u64) -> [u8; 9] {
    let mut key = [level; 9];
    key[1..].copy_from_slice(&index.to_be_bytes());
    key
}
