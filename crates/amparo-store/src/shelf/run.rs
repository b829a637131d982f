//! An index run: sorted records in pages, written once, with a fence and a filter.
//!
//! A run is a row of numbered values in strips: its pages, then its *fence* (first key and
//! checksum of each page), then its *filter*. The manifest holds the checksums of fence and
//! filter, the fence those of the pages: a page of another run, or of an earlier attempt at this
//! one, cannot pass for ours. Fence and filter are read when first needed and kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ShelfError;
use super::filter::Filter;
use super::page::{PAGE_BYTES_MAX, Page, PageBuilder, Record};
use crate::kv::{Kv, STRIP_VALUES, Table, Value};

const FENCE_BYTES: usize = 20;

/// A run is asked this often before its filter is read: a program that looks up one key reads one
/// page instead.
const LOOKUPS_BEFORE_FILTER: u32 = 32;

/// Pages kept in memory for lookups, over all runs: 8 MB.
const CACHED_PAGES_MAX: usize = 256;

/// What the manifest says about a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunMeta {
    pub(super) first_strip: u32,
    pub(super) pages: u32,
    pub(super) fence_values: u32,
    pub(super) filter_values: u32,
    pub(super) records: u64,
    pub(super) keys: u64,
    pub(super) fence_crc: u32,
    pub(super) filter_crc: u32,
}

impl RunMeta {
    /// Strips the run takes up, from its first.
    pub(super) fn strips(&self) -> u32 {
        let values = u64::from(self.pages) + u64::from(self.fence_values);
        (values + u64::from(self.filter_values)).div_ceil(STRIP_VALUES) as u32
    }
}

/// Where value `no` of a run lies.
fn place(first_strip: u32, no: u32) -> (Table, [u8; 1]) {
    let (strip, slot) = (u64::from(no) / STRIP_VALUES, u64::from(no) % STRIP_VALUES);
    (
        Table::Run(first_strip.saturating_add(strip as u32)),
        [slot as u8],
    )
}

/// Which run a page is of: generation and index.
pub(super) type RunName = (u32, u8);

type PageKey = (RunName, u32);

/// A page and when it was used last.
type CachedPage = (Arc<Page>, u64);

/// Pages read lately, shared by all runs of a shelf.
#[derive(Default)]
pub(super) struct PageCache {
    pages: Mutex<HashMap<PageKey, CachedPage>>,
    clock: AtomicU64,
}

impl PageCache {
    fn find(&self, key: PageKey) -> Option<Arc<Page>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let (page, used) = pages.get_mut(&key)?;
        *used = now;
        Some(Arc::clone(page))
    }

    fn keep(&self, key: PageKey, page: Arc<Page>) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= CACHED_PAGES_MAX {
            let oldest = pages
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(key, _)| *key);
            oldest.map(|key| pages.remove(&key));
        }
        pages.insert(key, (page, now));
    }
}

/// A run that can be read.
pub(super) struct Run {
    name: RunName,
    meta: RunMeta,
    width: usize,
    fence: OnceLock<Vec<(u128, u32)>>,
    filter: OnceLock<Filter>,
    lookups: AtomicU32,
}

impl Run {
    pub(super) fn new(name: RunName, meta: RunMeta, width: usize) -> Self {
        Self {
            name,
            meta,
            width,
            fence: OnceLock::new(),
            filter: OnceLock::new(),
            lookups: AtomicU32::new(0),
        }
    }

    /// Adds the values of `key` to `found`.
    pub(super) fn values_of(
        &self,
        store: &Kv,
        cache: &PageCache,
        key: u128,
        found: &mut Vec<u128>,
    ) -> Result<(), ShelfError> {
        if self.meta.pages == 0 || !self.may_hold(store, key)? {
            return Ok(());
        }
        let fence = self.fence(store)?;
        // The values of a key may begin at the end of the page before the first it opens.
        let start = fence
            .partition_point(|(first, _)| *first < key)
            .saturating_sub(1);
        let posts = fence.iter().enumerate().skip(start);
        for (no, _) in posts.take_while(|(_, (first, _))| *first <= key) {
            let at = (self.name, no as u32);
            let page = match cache.find(at) {
                Some(page) => page,
                None => {
                    let page = Arc::new(self.page(store, no)?);
                    cache.keep(at, Arc::clone(&page));
                    page
                }
            };
            page.values_of(key, found);
        }
        Ok(())
    }

    fn may_hold(&self, store: &Kv, key: u128) -> Result<bool, ShelfError> {
        if let Some(filter) = self.filter.get() {
            return Ok(filter.may_hold(key));
        }
        if self.lookups.fetch_add(1, Ordering::Relaxed) < LOOKUPS_BEFORE_FILTER {
            return Ok(true);
        }
        let first = self.meta.pages.saturating_add(self.meta.fence_values);
        let bytes = self.joined(store, first, self.meta.filter_values, self.meta.filter_crc)?;
        let filter = Filter::from_bytes(&bytes).ok_or_else(damaged)?;
        Ok(self.filter.get_or_init(|| filter).may_hold(key))
    }

    fn fence(&self, store: &Kv) -> Result<&[(u128, u32)], ShelfError> {
        if let Some(fence) = self.fence.get() {
            return Ok(fence);
        }
        let meta = &self.meta;
        let bytes = self.joined(store, meta.pages, meta.fence_values, meta.fence_crc)?;
        let (posts, rest) = bytes.as_chunks::<FENCE_BYTES>();
        if !rest.is_empty() || posts.len() as u64 != u64::from(meta.pages) {
            return Err(damaged());
        }
        let posts = posts.iter().map(|post| {
            let (mut key, mut crc) = ([0; 16], [0; 4]);
            key.copy_from_slice(&post[..16]);
            crc.copy_from_slice(&post[16..]);
            (u128::from_be_bytes(key), u32::from_le_bytes(crc))
        });
        Ok(self.fence.get_or_init(|| posts.collect()))
    }

    fn page(&self, store: &Kv, no: usize) -> Result<Page, ShelfError> {
        let crc = self.fence(store)?.get(no).ok_or_else(damaged)?.1;
        let value = self.value(store, no as u32)?;
        if value.crc() != crc {
            return Err(damaged());
        }
        Page::parse(value.bytes().to_vec(), self.width).ok_or_else(damaged)
    }

    fn joined(&self, store: &Kv, first: u32, values: u32, crc: u32) -> Result<Vec<u8>, ShelfError> {
        let mut bytes = Vec::new();
        for no in first..first.saturating_add(values) {
            bytes.extend_from_slice(self.value(store, no)?.bytes());
        }
        if crc32fast::hash(&bytes) != crc {
            return Err(damaged());
        }
        Ok(bytes)
    }

    fn value(&self, store: &Kv, no: u32) -> Result<Value, ShelfError> {
        let (table, key) = place(self.meta.first_strip, no);
        store.get(table, &key)?.ok_or_else(damaged)
    }
}

fn damaged() -> ShelfError {
    ShelfError::damaged("an index run")
}

/// Reads a run's records in order, one page in memory at a time.
pub(super) struct Cursor<'a> {
    store: &'a Kv,
    run: &'a Run,
    next_page: usize,
    records: std::vec::IntoIter<Record>,
    pub(super) head: Option<Record>,
}

impl<'a> Cursor<'a> {
    /// A cursor at the first record.
    pub(super) fn open(store: &'a Kv, run: &'a Run) -> Result<Self, ShelfError> {
        let records = Vec::new().into_iter();
        let mut cursor = Self {
            store,
            run,
            next_page: 0,
            records,
            head: None,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// Moves `head` to the next record, or to `None` at the end.
    pub(super) fn advance(&mut self) -> Result<(), ShelfError> {
        self.head = self.records.next();
        while self.head.is_none() && self.next_page < self.run.meta.pages as usize {
            let page = self.run.page(self.store, self.next_page)?;
            self.next_page += 1;
            self.records = page.records().collect::<Vec<_>>().into_iter();
            self.head = self.records.next();
        }
        Ok(())
    }
}

/// Writes a run; the strips it takes are counted in `next_strip`.
pub(super) struct RunWriter<'a> {
    store: &'a Kv,
    first_strip: u32,
    page: PageBuilder,
    pages: u32,
    written: u32,
    fence: Vec<u8>,
    filter: Filter,
    keys: u64,
    records: u64,
    last: Option<Record>,
}

impl<'a> RunWriter<'a> {
    /// A writer of records with at most `keys_max` different keys.
    pub(super) fn new(store: &'a Kv, first_strip: u32, width: usize, keys_max: u64) -> Self {
        Self {
            store,
            first_strip,
            page: PageBuilder::new(width),
            pages: 0,
            written: 0,
            fence: Vec::new(),
            filter: Filter::new(keys_max),
            keys: 0,
            records: 0,
            last: None,
        }
    }

    /// Adds the next record in order; a double of the last one is left out.
    pub(super) fn push(&mut self, record: Record) -> Result<(), ShelfError> {
        if self.last == Some(record) {
            return Ok(());
        }
        if self.last.is_none_or(|last| last.0 != record.0) {
            self.filter.insert(record.0);
            self.keys += 1;
        }
        self.last = Some(record);
        self.records += 1;
        if !self.page.has_room() {
            self.close_page()?;
        }
        self.page.push(record);
        Ok(())
    }

    /// Writes what is left. The run does not exist until a manifest names it.
    pub(super) fn finish(mut self) -> Result<RunMeta, ShelfError> {
        if !self.page.is_empty() {
            self.close_page()?;
        }
        if self.records == 0 {
            return Ok(RunMeta {
                first_strip: self.first_strip,
                ..RunMeta::default()
            });
        }
        let fence = std::mem::take(&mut self.fence);
        let fence_values = self.put_joined(&fence)?;
        self.filter.shrink(self.keys);
        let filter = self.filter.to_bytes();
        let filter_values = self.put_joined(&filter)?;
        Ok(RunMeta {
            first_strip: self.first_strip,
            pages: self.pages,
            fence_values,
            filter_values,
            records: self.records,
            keys: self.keys,
            fence_crc: crc32fast::hash(&fence),
            filter_crc: crc32fast::hash(&filter),
        })
    }

    fn close_page(&mut self) -> Result<(), ShelfError> {
        let Some(first_key) = self.page.first_key() else {
            return Ok(());
        };
        let page = self.page.finish();
        let crc = self.put(&page)?;
        self.fence.extend_from_slice(&first_key.to_be_bytes());
        self.fence.extend_from_slice(&crc.to_le_bytes());
        self.pages += 1;
        Ok(())
    }

    fn put_joined(&mut self, bytes: &[u8]) -> Result<u32, ShelfError> {
        let chunks = bytes.chunks(PAGE_BYTES_MAX);
        let count = chunks.len() as u32;
        for chunk in chunks {
            self.put(chunk)?;
        }
        Ok(count)
    }

    fn put(&mut self, payload: &[u8]) -> Result<u32, ShelfError> {
        let (table, key) = place(self.first_strip, self.written);
        if u64::from(self.written) % STRIP_VALUES == 0 {
            // A strip of this number may be left from before a crash.
            self.store.drop_table(table)?;
        }
        self.written += 1;
        Ok(self.store.put(table, &key, payload)?)
    }
}
