//! An index: a set of (key, value) records in a few sorted runs and a small unsorted remainder.
//!
//! One key per entry in the store would cost more than the entry itself; so new records gather in
//! memory, are written as a run when the shelf is flushed, and runs of like size are merged, four
//! at a time. A record may be in several runs, or be inserted again after a crash: an index is a
//! set, and no answer depends on how often, or in which order, a record was added.

use std::collections::BTreeSet;
use std::iter::Peekable;

use super::ShelfError;
use super::page::Record;
use super::run::{Cursor, PageCache, Run, RunMeta, RunWriter};
use crate::kv::Kv;

/// Runs of one size class that are merged into the next.
const RUNS_PER_CLASS: usize = 4;

/// Records up to which a run is in the lowest class.
const RECORDS_IN_LOWEST_CLASS: u64 = 256;

/// Which strips are next to be written, and which to be dropped once the manifest is.
#[derive(Default)]
pub(super) struct Strips {
    pub(super) next: u32,
    pub(super) garbage: Vec<u32>,
}

/// One index of a shelf.
pub(super) struct Index {
    width: usize,
    recent: BTreeSet<Record>,
    runs: Vec<Run>,
}

impl Index {
    /// The index whose values take `width` bytes, of the runs that the manifest names.
    pub(super) fn open(width: usize, runs: &[RunMeta]) -> Self {
        let runs = runs.iter().map(|meta| Run::new(*meta, width)).collect();
        Self {
            width,
            recent: BTreeSet::new(),
            runs,
        }
    }

    pub(super) fn insert(&mut self, key: [u8; 16], value: u128) {
        self.recent.insert((u128::from_be_bytes(key), value));
    }

    /// How many records are in memory only.
    pub(super) fn recent_len(&self) -> usize {
        self.recent.len()
    }

    pub(super) fn runs(&self) -> impl ExactSizeIterator<Item = RunMeta> {
        self.runs.iter().map(Run::meta)
    }

    /// The values of `key`, ascending, each once.
    pub(super) fn values_of(
        &self,
        desk: &Kv,
        cache: &PageCache,
        key: [u8; 16],
    ) -> Result<Vec<u128>, ShelfError> {
        let key = u128::from_be_bytes(key);
        let mut found = Vec::new();
        for run in &self.runs {
            run.values_of(desk, cache, key, &mut found)?;
        }
        found.extend(
            self.recent
                .range((key, 0)..=(key, u128::MAX))
                .map(|record| record.1),
        );
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// All records in order, each once; a page of each run in memory.
    pub(super) fn records<'a>(&'a self, desk: &'a Kv) -> Result<Records<'a>, ShelfError> {
        let mut records = Records::of_runs(desk, self.runs.iter())?;
        records.recent = Some(self.recent.iter().peekable());
        Ok(records)
    }

    /// Writes what is in memory as a run, then merges until no class is full.
    pub(super) fn spill(&mut self, desk: &Kv, strips: &mut Strips) -> Result<(), ShelfError> {
        if self.recent.is_empty() {
            return Ok(());
        }
        let mut writer = RunWriter::new(desk, strips.next, self.width, self.recent.len() as u64);
        self.recent
            .iter()
            .try_for_each(|record| writer.push(*record))?;
        self.admit(writer.finish()?, strips);
        self.recent.clear();
        while let Some(class) = self.full_class() {
            let (merged, kept) = self.runs.drain(..).partition(|run| class_of(run) == class);
            self.runs = kept;
            self.merge(desk, strips, merged)?;
        }
        Ok(())
    }

    fn merge(&mut self, desk: &Kv, strips: &mut Strips, old: Vec<Run>) -> Result<(), ShelfError> {
        let records_max = old.iter().map(|run| run.meta().records).sum();
        let mut writer = RunWriter::new(desk, strips.next, self.width, records_max);
        for record in Records::of_runs(desk, old.iter())? {
            writer.push(record?)?;
        }
        self.admit(writer.finish()?, strips);
        for run in old {
            let meta = run.meta();
            let end = meta.first_strip.saturating_add(meta.strips());
            strips.garbage.extend(meta.first_strip..end);
        }
        Ok(())
    }

    fn admit(&mut self, run: Run, strips: &mut Strips) {
        strips.next = strips.next.saturating_add(run.meta().strips());
        self.runs.push(run);
    }

    fn full_class(&self) -> Option<u32> {
        let classes = self.runs.iter().map(class_of);
        classes
            .clone()
            .find(|class| classes.clone().filter(|other| other == class).count() >= RUNS_PER_CLASS)
    }
}

/// Class `n` holds runs of up to 256 x 4^n records.
fn class_of(run: &Run) -> u32 {
    let lowest = run.meta().records.div_ceil(RECORDS_IN_LOWEST_CLASS).max(1);
    lowest.next_power_of_two().ilog2().div_ceil(2)
}

/// The records of several runs, and of the remainder, merged. Ends after its first error.
pub(super) struct Records<'a> {
    cursors: Vec<Cursor<'a>>,
    recent: Option<Peekable<std::collections::btree_set::Iter<'a, Record>>>,
}

impl<'a> Records<'a> {
    fn of_runs(desk: &'a Kv, runs: impl Iterator<Item = &'a Run>) -> Result<Self, ShelfError> {
        let cursors = runs
            .map(|run| Cursor::open(desk, run))
            .collect::<Result<_, _>>()?;
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
