//! The indexes: sets of (key, value) records in a few sorted runs and a remainder in memory.
//!
//! One key per entry in the store would cost more than the entry itself; so new records gather in
//! memory, are written as a generation of runs when the shelf is flushed, and generations of like
//! size are merged, four at a time. A record may be in several runs, or be inserted again after a
//! crash: an index is a set, and no answer depends on how often, or in which order, a record was
//! added.

use std::collections::BTreeSet;
use std::iter::Peekable;

use super::ShelfError;
use super::generation::{Generation, GenerationMeta, IndexKind, Place};
use super::page::Record;
use super::run::{Cursor, PageCache};

/// Generations of one size class that are merged into the next.
const GENERATIONS_PER_CLASS: usize = 4;

/// Records up to which a generation is in the lowest class.
const RECORDS_IN_LOWEST_CLASS: u64 = 1 << 10;

/// The three indexes of a shelf.
pub(super) struct Indexes {
    recent: [BTreeSet<Record>; 3],
    generations: Vec<Generation>,
    next_generation: u32,
    next_strip: u32,
    /// Merged away; to be removed once the manifest no longer names them.
    merged: Vec<Generation>,
    pages: PageCache,
}

impl Indexes {
    /// The indexes that the manifest names.
    pub(super) fn open(metas: &[GenerationMeta], next_generation: u32, next_strip: u32) -> Self {
        Self {
            recent: Default::default(),
            generations: metas.iter().map(|meta| Generation::new(*meta)).collect(),
            next_generation,
            next_strip,
            merged: Vec::new(),
            pages: PageCache::default(),
        }
    }

    pub(super) fn insert(&mut self, kind: IndexKind, key: [u8; 16], value: u128) {
        self.recent[kind.at()].insert((u128::from_be_bytes(key), value));
    }

    /// How many records are in memory only, over all indexes.
    pub(super) fn recent_len(&self) -> usize {
        self.recent.iter().map(BTreeSet::len).sum()
    }

    /// What the manifest has to say: generations, next generation, next strip of the desk.
    pub(super) fn metas(&self) -> (Vec<GenerationMeta>, u32, u32) {
        let metas = self.generations.iter().map(Generation::meta).collect();
        (metas, self.next_generation, self.next_strip)
    }

    /// The values of `key`, ascending, each once.
    pub(super) fn values_of(
        &self,
        place: Place<'_>,
        kind: IndexKind,
        key: [u8; 16],
    ) -> Result<Vec<u128>, ShelfError> {
        let key = u128::from_be_bytes(key);
        let mut found = Vec::new();
        for generation in &self.generations {
            let store = generation.store(place)?;
            generation
                .run(kind)
                .values_of(store, &self.pages, key, &mut found)?;
        }
        let recent = &self.recent[kind.at()];
        found.extend(
            recent
                .range((key, 0)..=(key, u128::MAX))
                .map(|record| record.1),
        );
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// All records in order, each once; a page of each run in memory.
    pub(super) fn records<'a>(
        &'a self,
        place: Place<'a>,
        kind: IndexKind,
    ) -> Result<Records<'a>, ShelfError> {
        let mut records = Records::of(place, kind, &self.generations)?;
        records.recent = Some(self.recent[kind.at()].iter().peekable());
        Ok(records)
    }

    /// Writes what is in memory as a generation, then merges until no class is full.
    pub(super) fn spill(&mut self, place: Place<'_>) -> Result<(), ShelfError> {
        if self.recent.iter().all(BTreeSet::is_empty) {
            return Ok(());
        }
        let recent = std::mem::take(&mut self.recent);
        let most = recent.each_ref().map(|records| records.len() as u64);
        let (number, strip) = (self.next_generation, self.next_strip);
        let written = Generation::write(place, number, strip, most, |kind| {
            Ok(recent[kind.at()].iter().map(|record| Ok(*record)))
        })?;
        self.admit(written);
        while let Some(class) = self.full_class() {
            let (old, kept) = self
                .generations
                .drain(..)
                .partition(|one| class_of(one) == class);
            self.generations = kept;
            self.merge(place, old)?;
        }
        Ok(())
    }

    fn merge(&mut self, place: Place<'_>, old: Vec<Generation>) -> Result<(), ShelfError> {
        let most = IndexKind::ALL.map(|kind| {
            old.iter()
                .map(|generation| generation.meta().runs[kind.at()].keys)
                .sum()
        });
        let (number, strip) = (self.next_generation, self.next_strip);
        let merged = Generation::write(place, number, strip, most, |kind| {
            Records::of(place, kind, &old)
        })?;
        self.admit(merged);
        self.merged.extend(old);
        Ok(())
    }

    /// Removes what merging has left over. The manifest that no longer names it must be flushed.
    pub(super) fn remove_merged(&mut self, place: Place<'_>) -> Result<(), ShelfError> {
        if self
            .merged
            .iter()
            .any(|generation| generation.meta().own_store)
        {
            // A power cut must not bring back a manifest whose folders are gone.
            place.desk.sync()?;
        }
        self.merged
            .drain(..)
            .try_for_each(|generation| generation.remove(place))
    }

    fn admit(&mut self, generation: Generation) {
        self.next_generation = self.next_generation.saturating_add(1);
        self.next_strip = self.next_strip.max(generation.meta().desk_strips().end);
        self.generations.push(generation);
    }

    fn full_class(&self) -> Option<u32> {
        let classes = self.generations.iter().map(class_of);
        classes.clone().find(|class| {
            classes.clone().filter(|other| other == class).count() >= GENERATIONS_PER_CLASS
        })
    }
}

/// Class `n` holds generations of up to 1024 x 4^n records.
fn class_of(generation: &Generation) -> u32 {
    let lowest = generation
        .meta()
        .records()
        .div_ceil(RECORDS_IN_LOWEST_CLASS)
        .max(1);
    lowest.next_power_of_two().ilog2().div_ceil(2)
}

/// The records of several runs, and of the remainder, merged. Ends after its first error.
pub(super) struct Records<'a> {
    cursors: Vec<Cursor<'a>>,
    recent: Option<Peekable<std::collections::btree_set::Iter<'a, Record>>>,
}

impl<'a> Records<'a> {
    fn of(
        place: Place<'a>,
        kind: IndexKind,
        generations: &'a [Generation],
    ) -> Result<Self, ShelfError> {
        let open = |one: &'a Generation| Cursor::open(one.store(place)?, one.run(kind));
        let cursors = generations.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self {
            cursors,
            recent: None,
        })
    }

    fn advance_past(&mut self, record: Record) -> Result<(), ShelfError> {
        for cursor in &mut self.cursors {
            while cursor.head == Some(record) {
                cursor.advance()?;
            }
        }
        if let Some(recent) = &mut self.recent {
            recent.next_if(|head| **head == record);
        }
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, ShelfError>;

    fn next(&mut self) -> Option<Self::Item> {
        let recent = self
            .recent
            .as_mut()
            .and_then(|recent| recent.peek().map(|head| **head));
        let heads = self.cursors.iter().filter_map(|cursor| cursor.head);
        let least = heads.chain(recent).min()?;
        if let Err(error) = self.advance_past(least) {
            self.cursors.clear();
            self.recent = None;
            return Some(Err(error));
        }
        Some(Ok(least))
    }
}
