//! The volumes: stores of bundles, each for half a million entries, opened when asked for.
//!
//! One store for all bundles would keep too much in memory during a scan (sled's cache does not
//! hold to its limit), open slower with every entry, and rewrite an ever longer list of trees. A
//! volume is small, is written once from front to back, and everything it holds in memory goes
//! when it is closed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::{ENTRIES_PER_BUNDLE, ShelfError, Stamp};
use crate::kv::{Kv, STRIP_VALUES, Table, Value};

/// Bundles in a volume: 256 strips of lines and as many of openings.
const BUNDLES_PER_VOLUME: u64 = 2048;

/// Volumes open at a time. Scans need one, look-ups across a long ledger all they can get.
const OPEN_VOLUMES_MAX: usize = 32;

/// Bytes read after which all volumes are closed, and opened again when asked for: the only way to
/// get back what sled has cached, which it holds on to by the leaf, one strip or more in each of
/// 256 shards.
const CACHED_BYTES_MAX: u64 = 32 << 20;

/// Which of a bundle's two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Lines,
    Sealed,
}

struct Volume {
    number: u64,
    kv: Kv,
    used: AtomicU64,
}

/// All volumes of a shelf.
pub(super) struct Volumes {
    dir: PathBuf,
    stamp: Stamp,
    open: RwLock<Vec<Volume>>,
    clock: AtomicU64,
    /// The volume with puts that are not synced yet.
    unsynced: Option<u64>,
    /// The volume with puts that was not opened anew since.
    unsettled: Option<u64>,
}

impl Volumes {
    pub(super) fn new(dir: PathBuf, stamp: Stamp) -> Self {
        Self {
            dir,
            stamp,
            open: RwLock::default(),
            clock: AtomicU64::new(0),
            unsynced: None,
            unsettled: None,
        }
    }

    /// A value of bundle `bundle`, if it was put.
    pub(super) fn get(&self, part: Part, bundle: u64) -> Result<Option<Value>, ShelfError> {
        let number = bundle / BUNDLES_PER_VOLUME;
        if !self.path(number).join("db").is_file() {
            return Err(damaged(bundle)); // opening would create it
        }
        if self.cached_bytes() > CACHED_BYTES_MAX {
            self.close_all();
        }
        let (table, key) = place(part, bundle);
        self.with(number, |volume| Ok(volume.kv.get(table, &key)?))
    }

    /// Puts a value of bundle `bundle`; bundles come in order.
    pub(super) fn put(&mut self, part: Part, bundle: u64, value: &[u8]) -> Result<(), ShelfError> {
        let number = bundle / BUNDLES_PER_VOLUME;
        if self.unsettled.is_some_and(|last| last != number) {
            self.settle()?;
        }
        (self.unsynced, self.unsettled) = (Some(number), Some(number));
        let (table, key) = place(part, bundle);
        self.with(number, |volume| {
            Ok(volume.kv.put(table, &key, value).map(drop)?)
        })
    }

    /// Waits until what was put is on the device, so that no manifest names what a power cut
    /// could take.
    pub(super) fn sync(&mut self) -> Result<(), ShelfError> {
        if let Some(number) = self.unsynced {
            self.with(number, |volume| Ok(volume.kv.sync()?))?;
            self.unsynced = None;
        }
        Ok(())
    }

    /// Syncs and reopens the volume written last: only opening writes sled's snapshot, without
    /// which the next reader would have to read the whole volume.
    pub(super) fn settle(&mut self) -> Result<(), ShelfError> {
        self.sync()?;
        self.close_all();
        if let Some(number) = self.unsettled.take() {
            self.with(number, |_| Ok(()))?;
        }
        Ok(())
    }

    fn cached_bytes(&self) -> u64 {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.iter().map(|volume| volume.kv.cached_bytes()).sum()
    }

    fn close_all(&self) {
        self.open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("bundles-{number:03}"))
    }

    fn with<T>(
        &self,
        number: u64,
        call: impl Fn(&Volume) -> Result<T, ShelfError>,
    ) -> Result<T, ShelfError> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(volume) = open.iter().find(|volume| volume.number == number) {
                volume.used.store(now, Ordering::Relaxed);
                return call(volume);
            }
        }
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have opened it while this one waited.
        if let Some(volume) = open.iter().find(|volume| volume.number == number) {
            return call(volume);
        }
        if open.len() >= OPEN_VOLUMES_MAX {
            let used = |volume: &Volume| volume.used.load(Ordering::Relaxed);
            let oldest = (0..open.len()).min_by_key(|at| used(&open[*at]));
            oldest.map(|at| open.swap_remove(at));
        }
        let kv = Kv::open(&self.path(number))?;
        self.stamp.check_or_write(&kv)?;
        let used = AtomicU64::new(now);
        let volume = Volume { number, kv, used };
        let outcome = call(&volume);
        open.push(volume);
        outcome
    }
}

fn place(part: Part, bundle: u64) -> (Table, [u8; 1]) {
    let in_volume = bundle % BUNDLES_PER_VOLUME;
    let (strip, slot) = (
        (in_volume / STRIP_VALUES) as u32,
        (in_volume % STRIP_VALUES) as u8,
    );
    match part {
        Part::Lines => (Table::Lines(strip), [slot]),
        Part::Sealed => (Table::Sealed(strip), [slot]),
    }
}

/// The damage of a bundle, named by its entries.
pub(super) fn damaged(bundle: u64) -> ShelfError {
    let first = bundle * ENTRIES_PER_BUNDLE;
    ShelfError::damaged(format!("the bundle of entries {first} to {}", first + 255))
}
