//! The embedded key-value store under the shelf: the only file of the crate that names sled.
//!
//! sled 0.34.7 is fast, and it is fenced in here because of how it fails: `flush` never syncs the
//! file, and may never return on a full disk, damage met while opening is a panic, a crash while a
//! snapshot is written leaves a file that makes every later open fail, its cache keeps up to 16,000
//! leaves whatever its setting, and a leaf that outgrows 128 KB is rewritten again and again in side
//! files. So every call runs inside a fence that turns a panic into [`KvError::Damaged`], no wait
//! outlasts a full disk, the leftover snapshot is removed first, no background thread is started,
//! large values go to *strips* (trees of at most [`STRIP_VALUES`] values, written once), and strips
//! are pushed out of the cache after use.
//!
//! It promises no durability: the journal does. Its invariant: a value read back is the value that
//! was put under this table and key, or an error; each carries its own CRC-32 over all three.
//! After a crash sled recovers a prefix of what was put, in the order of the calls.

mod fence; // panics become errors
mod files;
mod table;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;
use std::time::{Duration, Instant};

use self::fence::fence;
pub use self::files::folder_bytes;
use self::files::{create_private_dir, make_private, remove_unfinished_snapshots};
pub use self::table::Table;

/// Values in a strip: sled rewrites a leaf when its eleventh change arrives, so eight values that
/// are put once are written once.
pub const STRIP_VALUES: u64 = 8;

/// What sled is asked to keep in memory. It keeps more, see `EVICTING_READS`.
const CACHE_BYTES: u64 = 4 << 20;

/// Reads of a strip after a read of it: sled looks at its cache limit when 64 reads of a cache
/// shard have queued up. See `LAYOUT.md`.
const EVICTING_READS: u32 = 31;

/// Reads of a strip after a put into it.
const EVICTING_READS_AFTER_PUT: u32 = 8;

/// Bytes read from and put into strips after which the store is closed and opened again: sled
/// keeps at least one leaf in each of 256 shards, and a leaf of a strip is a quarter of a megabyte.
const CACHED_BYTES_MAX: u64 = 8 << 20;

/// How long an open waits for another handle to go. sled's writing threads may hold on to the file
/// a moment after the last handle of this process is dropped.
const BUSY_WAIT: Duration = Duration::from_millis(500);
const BUSY_POLL: Duration = Duration::from_micros(500);

/// How long sled may write before it is looked whether it sleeps on a full disk.
const LOOK_AFTER: Duration = Duration::from_millis(250);
/// What sled grows by.
const SEGMENT_BYTES: usize = 512 * 1024;

const CRC_BYTES: usize = 4;

/// Why a call to the store failed.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// Another process, or another handle of this one, has it open.
    #[error("the indexed store is in use")]
    Busy,
    /// What is on disk cannot be read back as it was written.
    #[error("the indexed store is damaged: {0}")]
    Damaged(String),
    /// No room left on the device. The handle is of no more use.
    #[error("no room left for the indexed store")]
    Full,
    /// Any other failure of the file system.
    #[error("the indexed store could not be read or written")]
    Io(#[source] io::Error),
}

/// A value whose checksum has been found right.
pub struct Value {
    raw: sled::IVec,
}

impl Value {
    fn checked(table: Table, key: &[u8], raw: sled::IVec) -> Result<Self, KvError> {
        let value = Self { raw };
        let Some(payload_len) = value.raw.len().checked_sub(CRC_BYTES) else {
            return Err(KvError::Damaged(format!(
                "a value of {table:?} is cut short"
            )));
        };
        if value.raw[payload_len..] != checksum(table, key, &value.raw[..payload_len]) {
            return Err(KvError::Damaged(format!(
                "a value of {table:?} fails its checksum"
            )));
        }
        Ok(value)
    }

    /// The bytes that were put.
    pub fn bytes(&self) -> &[u8] {
        &self.raw[..self.raw.len() - CRC_BYTES]
    }

    /// The checksum over table, key and bytes.
    pub fn crc(&self) -> u32 {
        let tail = &self.raw[self.raw.len() - CRC_BYTES..];
        tail.iter()
            .rev()
            .fold(0, |crc, byte| (crc << 8) | u32::from(*byte))
    }
}

fn checksum(table: Table, key: &[u8], payload: &[u8]) -> [u8; CRC_BYTES] {
    let (name, len) = table.name();
    let mut hasher = crc32fast::Hasher::new();
    // The lengths keep (table, key) pairs apart whose bytes run together alike.
    hasher.update(&[len as u8, key.len() as u8]);
    hasher.update(&name[..len]);
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize().to_le_bytes()
}

enum Handle {
    Open(sled::Db),
    /// Closed to empty its cache; the next call opens it.
    Closed,
    /// A call broke off: nothing more can be said of what is on disk.
    Broken,
}

/// An open store in a folder of its own. Closing is dropping.
pub struct Kv {
    dir: PathBuf,
    handle: RwLock<Handle>,
    /// Bytes of strips that sled may hold in memory.
    cached_bytes: AtomicU64,
    /// The strip read last, which costs nothing to read again.
    last_strip: AtomicU64,
}

impl Kv {
    /// Opens the store in `dir`, creating folder (0700) and store where there is none. What sled has
    /// made in it gets the modes 0600 and 0700, now and when the store is closed. Writes a
    /// snapshot of what was put since the last open, which is what makes the next open quick.
    ///
    /// # Errors
    /// [`KvError::Busy`] when it stays open elsewhere for [`BUSY_WAIT`]; `Damaged`, `Full` and `Io`
    /// as named.
    pub fn open(dir: &Path) -> Result<Self, KvError> {
        create_private_dir(dir).map_err(from_io)?;
        remove_unfinished_snapshots(dir).map_err(from_io)?;
        let db = open_patiently(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            handle: RwLock::new(Handle::Open(db)),
            cached_bytes: AtomicU64::new(0),
            last_strip: AtomicU64::new(u64::MAX),
        })
    }

    /// The value under `key`, checked.
    ///
    /// # Errors
    /// `Damaged` when it cannot be read back as it was put.
    pub fn get(&self, table: Table, key: &[u8]) -> Result<Option<Value>, KvError> {
        let found = self.fenced(|db| {
            let tree = tree(db, table)?;
            let found = tree.get(key)?;
            if table.strip().is_some() {
                evict(&tree, EVICTING_READS)?;
            }
            Ok(found)
        })?;
        if let (Some(strip), Some(raw)) = (table.strip(), &found)
            && self.last_strip.swap(strip, Ordering::Relaxed) != strip
        {
            // A strip is read as a whole.
            self.count_cached(raw.len() as u64 * STRIP_VALUES);
        }
        found.map(|raw| Value::checked(table, key, raw)).transpose()
    }

    /// Keys and checked values of `from..to` in order of keys; ends after its first error.
    ///
    /// # Errors
    /// As [`Kv::get`].
    pub fn scan(&self, table: Table, from: &[u8], to: &[u8]) -> Result<Scan<'_>, KvError> {
        let iter = self.fenced(|db| Ok(tree(db, table)?.range(from..to)))?;
        Ok(Scan {
            kv: self,
            table,
            iter,
        })
    }

    /// Puts a value, replacing any other under the key, and tells its checksum.
    ///
    /// # Errors
    /// `Full`, `Io`, `Damaged`. Whether it was put is then unknown.
    pub fn put(&self, table: Table, key: &[u8], payload: &[u8]) -> Result<u32, KvError> {
        count_put()?;
        let crc = checksum(table, key, payload);
        let mut raw = Vec::with_capacity(payload.len() + CRC_BYTES);
        raw.extend_from_slice(payload);
        raw.extend_from_slice(&crc);
        self.fenced(|db| {
            let tree = tree(db, table)?;
            tree.insert(key, raw)?;
            if table.strip().is_some() {
                evict(&tree, EVICTING_READS_AFTER_PUT)?;
            }
            Ok(())
        })?;
        if table.strip().is_some() {
            self.count_cached(payload.len() as u64);
        }
        Ok(u32::from_le_bytes(crc))
    }

    /// Removes a key, if it is there.
    pub fn remove(&self, table: Table, key: &[u8]) -> Result<(), KvError> {
        count_put()?;
        self.fenced(|db| tree(db, table)?.remove(key).map(drop))
    }

    /// Removes a whole table, if it is there.
    pub fn drop_table(&self, table: Table) -> Result<(), KvError> {
        count_put()?;
        let (name, len) = table.name();
        self.fenced(|db| db.drop_tree(&name[..len]).map(drop))
    }

    /// Hands everything put so far to the operating system. A killed process then loses nothing;
    /// a power cut may.
    pub fn flush(&self) -> Result<(), KvError> {
        let db = match &*self.read_handle() {
            Handle::Open(db) => db.clone(),
            // Closing has flushed.
            Handle::Closed => return Ok(()),
            Handle::Broken => return Err(broken_off()),
        };
        let flushed = patiently(&self.dir, move || db.flush().map(drop).map_err(from_sled));
        if let Err(KvError::Full) = &flushed {
            self.abandon();
        } else if let Err(KvError::Damaged(_)) = &flushed {
            self.close(Handle::Broken);
        }
        flushed
    }

    /// Flushes, and waits until the device has it.
    pub fn sync(&self) -> Result<(), KvError> {
        self.flush()?;
        // sled's own flush stops at `sync_file_range`; a second handle of the file can do better.
        let file = File::open(self.dir.join("db")).map_err(from_io)?;
        file.sync_data().map_err(from_io)
    }

    /// About how many bytes of strips it holds in memory.
    pub fn cached_bytes(&self) -> u64 {
        self.cached_bytes.load(Ordering::Relaxed)
    }

    fn fenced<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, KvError> {
        let outcome = loop {
            let handle = self.read_handle();
            match &*handle {
                Handle::Open(db) => break fence(|| call(db)),
                Handle::Broken => return Err(broken_off()),
                Handle::Closed => {}
            }
            drop(handle);
            self.reopen()?;
        };
        match outcome {
            Ok(outcome) => outcome.map_err(from_sled),
            Err(panicked) => {
                self.close(Handle::Broken);
                Err(panicked)
            }
        }
    }

    fn reopen(&self) -> Result<(), KvError> {
        let mut handle = self.write_handle();
        if let Handle::Closed = *handle {
            *handle = Handle::Open(open_patiently(&self.dir)?);
        }
        Ok(())
    }

    fn count_cached(&self, bytes: u64) {
        let before = self.cached_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) >= CACHED_BYTES_MAX {
            self.close(Handle::Closed);
        }
    }

    /// Drops the handle. sled flushes, and may panic, when its last handle goes; nothing rests on
    /// that flush.
    fn close(&self, state: Handle) {
        let mut handle = self.write_handle();
        self.cached_bytes.store(0, Ordering::Relaxed);
        if let Handle::Open(db) = std::mem::replace(&mut *handle, state) {
            let _ = patiently(&self.dir, move || {
                drop(db);
                Ok(())
            });
            make_private(&self.dir);
        }
    }

    /// Gives up a handle without closing it, which would wait for ever.
    fn abandon(&self) {
        let mut handle = self.write_handle();
        if let Handle::Open(db) = std::mem::replace(&mut *handle, Handle::Broken) {
            std::mem::forget(db);
        }
    }

    fn read_handle(&self) -> RwLockReadGuard<'_, Handle> {
        self.handle.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_handle(&self) -> RwLockWriteGuard<'_, Handle> {
        self.handle.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kv {
    fn drop(&mut self) {
        self.close(Handle::Broken);
    }
}

/// The keys and values of a range; see [`Kv::scan`].
pub struct Scan<'a> {
    kv: &'a Kv,
    table: Table,
    iter: sled::Iter,
}

impl Iterator for Scan<'_> {
    type Item = Result<(Vec<u8>, Value), KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let iter = &mut self.iter;
        let next = self.kv.fenced(|_| iter.next().transpose()).transpose()?;
        Some(next.and_then(|(key, raw)| {
            let value = Value::checked(self.table, &key, raw)?;
            Ok((key.to_vec(), value))
        }))
    }
}

#[cfg(test)]
thread_local! {
    static PUTS_LEFT: std::cell::Cell<u64> = const { std::cell::Cell::new(u64::MAX) };
}

/// Lets a test stop its thread's writer, whatever store it writes to, after any put.
#[cfg(test)]
pub fn fail_after_puts(puts: u64) {
    PUTS_LEFT.set(puts);
}

#[cfg(test)]
fn count_put() -> Result<(), KvError> {
    let left = PUTS_LEFT.get().checked_sub(1);
    PUTS_LEFT.set(left.unwrap_or(0));
    left.map(drop)
        .ok_or_else(|| KvError::Io(io::Error::other("stopped by the test")))
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps)]
fn count_put() -> Result<(), KvError> {
    Ok(())
}

fn open_patiently(dir: &Path) -> Result<sled::Db, KvError> {
    let config = sled::Config::new()
        .path(dir)
        .flush_every_ms(None)
        .cache_capacity(CACHE_BYTES);
    let start = Instant::now();
    loop {
        match fence(|| config.open())?.map_err(from_sled) {
            Err(KvError::Busy) if start.elapsed() < BUSY_WAIT => thread::sleep(BUSY_POLL),
            outcome => {
                make_private(dir);
                return outcome;
            }
        }
    }
}

/// Runs a call of sled that waits for its writes, and does not wait for ever on a full disk.
///
/// Where a write fails in the background, sled 0.34.7 may wake nobody, and whoever waits for it waits
/// for ever: in a flush, and in the drop of the last handle. So the call has a thread of its own,
/// and when it takes long it is looked whether the disk is full. If so the thread is left to its
/// sleep: it holds the store until the process ends.
fn patiently<T: Send + 'static>(
    dir: &Path,
    call: impl FnOnce() -> Result<T, KvError> + Send + 'static,
) -> Result<T, KvError> {
    let (answer, answered) = mpsc::channel();
    let call = move || {
        // Nobody listens any more where it was given up.
        let _ = answer.send(fence(call).and_then(|outcome| outcome));
    };
    thread::Builder::new().spawn(call).map_err(KvError::Io)?;
    loop {
        match answered.recv_timeout(LOOK_AFTER) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) if is_full(dir) => return Err(KvError::Full),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(broken_off()),
        }
    }
}

/// Whether there is no room for a segment of sled, tried with a file of that size.
fn is_full(dir: &Path) -> bool {
    let probe = dir.join("room.tmp");
    let written = std::fs::write(&probe, vec![1; SEGMENT_BYTES]);
    let _ = std::fs::remove_file(&probe);
    written.is_err_and(|error| matches!(from_io(error), KvError::Full))
}

fn broken_off() -> KvError {
    KvError::Damaged("an earlier call broke off".to_owned())
}

fn tree(db: &sled::Db, table: Table) -> sled::Result<sled::Tree> {
    let (name, len) = table.name();
    db.open_tree(&name[..len])
}

fn evict(tree: &sled::Tree, reads: u32) -> sled::Result<()> {
    (0..reads).try_for_each(|_| tree.contains_key([0]).map(drop))
}

fn from_sled(error: sled::Error) -> KvError {
    match error {
        sled::Error::Io(error) => from_io(error),
        sled::Error::Corruption { .. } => KvError::Damaged("a page fails its checksum".to_owned()),
        sled::Error::CollectionNotFound(_) => KvError::Damaged("a tree is missing".to_owned()),
        sled::Error::Unsupported(_) => KvError::Damaged("its settings are not ours".to_owned()),
        sled::Error::ReportableBug(_) => KvError::Damaged("its state is impossible".to_owned()),
    }
}

fn from_io(error: io::Error) -> KvError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => KvError::Full,
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::NotFound => {
            KvError::Damaged("a file is missing or cut short".to_owned())
        }
        // sled wraps the failed lock in a text of its own.
        io::ErrorKind::Other if error.to_string().contains("could not acquire lock") => {
            KvError::Busy
        }
        _ => KvError::Io(error),
    }
}
