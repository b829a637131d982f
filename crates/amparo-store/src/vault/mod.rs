//! The vault: the ledger's secret, the key of each subject, and what is sealed under them.
//!
//! Keys live in `keys/`, outside journal and sled store, so that destroying a key destroys what
//! was sealed under it in every copy of the log. A key is durable before anything sealed under
//! it is: otherwise a power cut could leave a name that nobody can open. A copy of a ledger
//! without `keys/` opens, counts and verifies; it only cannot show names.
//!
//! An owner has one key, or several: where keys can be sealed and not opened, each process that
//! writes makes a new one for everybody of whom it records something private.

mod destroy;
mod field;
mod key_file;
mod lock;
mod locking;
mod rescue;
mod seal;
mod slots;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::id::{EventId, LedgerId, Subject};
use amparo_core::identity::Secret;
use amparo_core::planted::{Bug, is_planted};
use amparo_core::private::Openings;
use zeroize::Zeroizing;

use crate::Random;
use crate::files::{Files, OpenFile, OpenMode};
use key_file::Record;
use lock::Lock;
pub(crate) use rescue::Rescued;
pub use slots::{Cost, SlotError, SlotKind, SlotSecret};

const SECRET_FILE: &str = "secret";
const SUBJECTS_FILE: &str = "subjects";
/// Records that are read at once.
const CHUNK_RECORDS: usize = 256;

/// Whose key it is: a subject's, or the ledger's own for what is about nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Owner([u8; 16]);

impl Owner {
    /// The owner of what an entry about this subject keeps private.
    pub(crate) fn of(subject: Option<Subject>, ledger: LedgerId) -> Self {
        match subject {
            Some(subject) => Self(subject.uuid().into_bytes()),
            None => Self(ledger.bytes()),
        }
    }

    /// Whether this, read from a damaged record, may be one of these but for some bits. The ids of
    /// two people differ in 60 bits or so.
    fn may_be_one_of(self, owners: &[Self]) -> bool {
        /// The most bits of an id that damage is thought to turn.
        const BITS_TURNED_MAX: u32 = 16;
        let (this, all) = (u128::from_be_bytes(self.0), owners.iter());
        let mut others = all.map(|owner| u128::from_be_bytes(owner.0));
        others.any(|other| (this ^ other).count_ones() <= BITS_TURNED_MAX)
    }
}

pub(crate) type Key = Zeroizing<[u8; 32]>;
/// What makes two seals under one key differ.
pub(crate) type Nonce = [u8; seal::NONCE_BYTES];

/// The keys of a ledger, open.
#[derive(Debug)]
pub(crate) struct Vault {
    ledger: LedgerId,
    secret: Option<Secret>,
    /// The newest key of each owner; under a lock that is not open, those of this process alone.
    keys: HashMap<Owner, Key>,
    /// The keys before it, of owners who have several.
    earlier: HashMap<Owner, Vec<Key>>,
    lock: Option<Lock>,
    /// Whose keys there are under a lock that is not open.
    locked: HashSet<Owner>,
    files: Arc<dyn Files>,
    folder: PathBuf,
    subjects: Option<Box<dyn OpenFile>>,
    /// Where the next record goes: behind every other, sound or not.
    end: u64,
    /// Where the damaged records are, and whose they say they are.
    damaged: Vec<(u64, Owner)>,
    poisoned: bool,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key file cannot be read or written.
    #[error("cannot use the key file {file}")]
    Io {
        /// The file's name in `keys/`.
        file: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A key file is damaged, or of another ledger or version.
    #[error("the key file {file} is not one of this ledger's: {reason}")]
    Unusable {
        /// The file's name in `keys/`.
        file: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The ledger folder has no keys, or can only be read.
    #[error("this copy of the ledger has no keys that can be written")]
    NoKeys,
    /// The keys are locked.
    #[error("the names are locked")]
    Locked,
    /// The secret does not open the lock, or cannot become one that does.
    #[error(transparent)]
    Secret(#[from] SlotError),
    /// There is a lock already.
    #[error("the keys are locked already")]
    AlreadyLocked,
    /// There is no lock.
    #[error("the keys are not locked")]
    NotLocked,
    /// An earlier write of keys failed.
    #[error("an earlier write of keys failed; reopen the ledger")]
    Poisoned,
}

fn io_error(file: &'static str) -> impl Fn(io::Error) -> VaultError {
    move |source| VaultError::Io { file, source }
}

impl Vault {
    /// Writes the key files of a new ledger into its empty folder `keys/`, durably.
    pub(crate) fn create(
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
        secret: &[u8; 32],
    ) -> Result<(), VaultError> {
        files.create_folder(folder).map_err(io_error("keys"))?;
        for (name, body) in [
            (SECRET_FILE, key_file::secret(ledger, secret)),
            (SUBJECTS_FILE, key_file::header(ledger, None)),
        ] {
            files
                .replace(&folder.join(name), &body)
                .map_err(io_error(name))?;
        }
        Ok(())
    }

    /// A vault that opens nothing.
    fn empty(files: &Arc<dyn Files>, folder: &Path, ledger: LedgerId) -> Self {
        Self {
            ledger,
            secret: None,
            keys: HashMap::new(),
            earlier: HashMap::new(),
            lock: None,
            locked: HashSet::new(),
            files: files.clone(),
            folder: folder.to_owned(),
            subjects: None,
            end: 0,
            damaged: Vec::new(),
            poisoned: false,
        }
    }

    /// Opens the keys of a ledger; without a folder of keys, a vault that opens nothing.
    ///
    /// A damaged record is remembered, and the others are used. One at the end may be a write that
    /// a power cut tore, or a key that somebody needs: nothing is ever written over it. A locked
    /// vault is opened with the `secret`, where one is given; without a lock none is needed.
    pub(crate) fn open(
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
        mode: OpenMode,
        secret: Option<&SlotSecret>,
    ) -> Result<Self, VaultError> {
        let mut vault = Self::empty(files, folder, ledger);
        let secret_path: PathBuf = folder.join(SECRET_FILE);
        match files.read(&secret_path, key_file::SECRET_FILE_BYTES) {
            Ok(bytes) => {
                let secret = key_file::read_secret(&bytes, ledger).map_err(|reason| {
                    VaultError::Unusable {
                        file: SECRET_FILE,
                        reason,
                    }
                })?;
                vault.secret = Some(Secret::new(secret));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && mode == OpenMode::Read => {
                return Ok(vault);
            }
            Err(error) => return Err(io_error(SECRET_FILE)(error)),
        }
        let subjects = folder.join(SUBJECTS_FILE);
        if mode == OpenMode::Write {
            destroy::clear_unfinished(files.as_ref(), &subjects)
                .map_err(io_error(SUBJECTS_FILE))?;
        }
        let mut file = files
            .open(&subjects, mode)
            .map_err(io_error(SUBJECTS_FILE))?;
        let header = vault.read_header(file.as_mut())?;
        if let (Some(lock), Some(secret)) = (&mut vault.lock, secret) {
            lock.open(secret)?;
        }
        vault.load(file.as_mut(), header)?;
        if mode == OpenMode::Write {
            vault.subjects = Some(file);
        }
        Ok(vault)
    }

    /// Which secrets open the lock of a folder of keys; none where it has no lock, or no keys.
    pub(crate) fn slots_of(
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
    ) -> Result<Vec<SlotKind>, VaultError> {
        let mut file = match files.open(&folder.join(SUBJECTS_FILE), OpenMode::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error(SUBJECTS_FILE)(error)),
        };
        let mut vault = Self::empty(files, folder, ledger);
        vault.read_header(file.as_mut())?;
        Ok(vault.slots())
    }

    /// Reads the header, and answers its length.
    fn read_header(&mut self, file: &mut dyn OpenFile) -> Result<usize, VaultError> {
        let mut header = [0; key_file::HEADER_BYTES_MAX];
        let read = file
            .read_at(&mut header, 0)
            .map_err(io_error(SUBJECTS_FILE))?;
        let (len, lock) =
            key_file::read_header(&header[..read], self.ledger).map_err(|reason| {
                VaultError::Unusable {
                    file: SUBJECTS_FILE,
                    reason,
                }
            })?;
        self.lock = lock;
        Ok(len)
    }

    fn load(&mut self, file: &mut dyn OpenFile, header: usize) -> Result<(), VaultError> {
        let lock = self.lock.as_ref();
        let record_bytes = key_file::record_bytes(lock);
        let mut opener = lock.map(Lock::opener);
        let mut chunk = Zeroizing::new(vec![0; record_bytes * CHUNK_RECORDS]);
        let mut at = header as u64;
        loop {
            let read = file
                .read_at(&mut chunk, at)
                .map_err(io_error(SUBJECTS_FILE))?;
            for record in chunk[..read].chunks(record_bytes) {
                match key_file::read_record(record, opener.as_mut()) {
                    Record::Key(owner, key) => {
                        if let Some(before) = self.keys.insert(owner, key) {
                            self.earlier.entry(owner).or_default().push(before);
                        }
                    }
                    Record::Locked(owner) => {
                        self.locked.insert(owner);
                    }
                    Record::Damaged => self.damaged.push((at, key_file::owner_of(record))),
                }
                at += record_bytes as u64;
            }
            if read < chunk.len() {
                break;
            }
        }
        self.end = at;
        Ok(())
    }

    /// The ledger's secret, where the keys are there.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Whether there is a key of this owner, open or locked.
    fn has_key(&self, owner: Owner) -> bool {
        self.keys.contains_key(&owner) || self.locked.contains(&owner)
    }

    /// Offsets of damaged key records, whoever needs them.
    pub(crate) fn damaged(&self) -> impl Iterator<Item = u64> + '_ {
        self.damaged.iter().map(|(at, _)| *at)
    }

    /// The keys of an owner, in their order.
    fn keys_of(&self, owner: Owner) -> impl DoubleEndedIterator<Item = &Key> {
        let earlier = self.earlier.get(&owner);
        earlier.into_iter().flatten().chain(self.keys.get(&owner))
    }

    /// Sees to it that each owner has a key to seal with, durably.
    pub(crate) fn ensure(
        &mut self,
        owners: impl Iterator<Item = Owner>,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let mut seen = HashSet::new();
        let is_new = |owner: &Owner| !self.keys.contains_key(owner) && seen.insert(*owner);
        let without: Vec<Owner> = owners.filter(is_new).collect();
        if without.is_empty() {
            return Ok(());
        }
        let sealer = match &self.lock {
            None => None,
            Some(lock) => Some(lock.sealer(random).ok_or(VaultError::Locked)?),
        };
        let mut records = Zeroizing::new(Vec::new());
        let mut fresh: Vec<(Owner, Key)> = Vec::with_capacity(without.len());
        for owner in without {
            let mut key = Zeroizing::new([0; 32]);
            random(&mut *key);
            let record = key_file::record(owner, &key, sealer.as_ref(), random);
            records.extend_from_slice(&record.ok_or(VaultError::Locked)?);
            fresh.push((owner, key));
        }
        self.append(&records)?;
        self.keys.extend(fresh);
        Ok(())
    }

    fn append(&mut self, records: &[u8]) -> Result<(), VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let file = self.subjects.as_mut().ok_or(VaultError::NoKeys)?;
        let written = file.write_all_at(records, self.end);
        let written = match is_planted(Bug::KeysNotSynced) {
            true => written,
            false => written.and_then(|()| file.sync_data()),
        };
        if let Err(source) = written {
            self.poisoned = true;
            return Err(VaultError::Io {
                file: SUBJECTS_FILE,
                source,
            });
        }
        self.end += records.len() as u64;
        Ok(())
    }

    /// Seals the openings of an entry; `None` where the owner has no key.
    pub(crate) fn seal(
        &self,
        owner: Owner,
        entry: EventId,
        openings: &Openings,
        nonce: &Nonce,
    ) -> Option<Vec<u8>> {
        let key = self.keys.get(&owner)?;
        let text = Zeroizing::new(openings.to_json());
        seal::seal(key, self.ledger, entry, nonce, text.as_bytes())
    }

    /// Draws a nonce; each is used once.
    pub(crate) fn nonce(random: Random<'_>) -> Nonce {
        let mut nonce = Nonce::default();
        random(&mut nonce);
        nonce
    }

    /// Opens what was sealed for an entry.
    pub(crate) fn open_sealed(&self, owner: Owner, entry: EventId, sealed: &[u8]) -> Opened {
        if self.is_locked() {
            return match self.has_key(owner) {
                true => Opened::Locked,
                false => Opened::NoKey,
            };
        }
        let mut keys = self.keys_of(owner).rev().peekable();
        if keys.peek().is_none() {
            return Opened::NoKey;
        }
        keys.find_map(|key| {
            let text = seal::open(key, self.ledger, entry, sealed)?;
            Openings::from_json(std::str::from_utf8(&text).ok()?).ok()
        })
        .map_or(Opened::Damaged, Opened::Openings)
    }
}

/// What became of an attempt to open something sealed.
#[derive(Debug)]
pub(crate) enum Opened {
    Openings(Openings),
    /// Erased, or a copy without its keys.
    NoKey,
    /// There is a key, under a lock that is not open.
    Locked,
    Damaged,
}

#[cfg(test)]
mod tests;
