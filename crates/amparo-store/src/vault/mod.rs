//! The vault: the ledger's secret, the key of each subject, and what is sealed under them.
//!
//! Keys live in `keys/`, outside journal and sled store, so that destroying a key destroys what
//! was sealed under it in every copy of the log. A key is durable before anything sealed under
//! it is: otherwise a power cut could leave a name that nobody can open. A copy of a ledger
//! without `keys/` opens, counts and verifies; it only cannot show names.
//!
//! An owner has one key, or several: where keys can be sealed and not opened, each process that
//! writes makes a new one for everybody of whom it records something private.

mod copies;
mod destroy;
mod field;
mod key_file;
mod lock;
mod locking;
mod places;
mod reading;
mod rescue;
pub(crate) mod seal;
mod slots;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use amparo_core::id::{EventId, LedgerId, Subject};
use amparo_core::identity::Secret;
use amparo_core::planted::{Bug, is_planted};
use amparo_core::private::Openings;
use zeroize::Zeroizing;

use crate::Random;
use crate::files::{Files, OpenFile, OpenMode};
use crate::journal::BATCH_ENTRIES_MAX;
pub(crate) use destroy::overwrite;
use field::Receiver;
use lock::Lock;
use places::{Looked, Span};
use reading::Page;
pub(crate) use rescue::Rescued;
pub use slots::{Cost, SlotError, SlotKind, SlotSecret};

const SECRET_FILE: &str = "secret";
const SUBJECTS_FILE: &str = "subjects";
/// The last records of the file, which a writer checks as it opens: the keys of a batch are synced
/// together, so a power cut tears none before them.
const RECORDS_CHECKED_MIN: u64 = if cfg!(test) {
    8
} else {
    BATCH_ENTRIES_MAX as u64
};
/// Keys that are kept at hand from one batch to the next.
const AT_HAND_MAX: usize = BATCH_ENTRIES_MAX as usize;

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
pub(crate) struct Vault {
    ledger: LedgerId,
    secret: Option<Secret>,
    lock: Option<Lock>,
    files: Arc<dyn Files>,
    folder: PathBuf,
    /// The file of the subjects; none where there are no keys.
    subjects: Option<Mutex<Subjects>>,
    is_writable: bool,
    /// Which bytes of it hold records. The next one goes behind every other, sound or not.
    span: Span,
    /// What it holds; looked through when a key is first asked for.
    looked: OnceLock<Looked>,
    /// Damaged records among the last ones, which the writer found as it opened.
    torn: Vec<(u64, Owner)>,
    /// The newest keys of owners of whom something is recorded just now; under a lock that is not
    /// open, those that this process made.
    at_hand: HashMap<Owner, Key>,
    /// Whose keys count as gone, though they may be in the file.
    forgotten: HashSet<Owner>,
    poisoned: bool,
}

/// The open file of the subjects, with what opens keys that were sealed in the field.
struct Subjects {
    file: Box<dyn OpenFile>,
    page: Page,
    receiver: Option<Receiver>,
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
        let record_bytes = key_file::record_bytes(None);
        Self {
            ledger,
            secret: None,
            lock: None,
            files: files.clone(),
            folder: folder.to_owned(),
            subjects: None,
            is_writable: false,
            span: Span {
                from: 0,
                to: 0,
                record_bytes,
            },
            looked: OnceLock::new(),
            torn: Vec::new(),
            at_hand: HashMap::new(),
            forgotten: HashSet::new(),
            poisoned: false,
        }
    }

    /// Opens the keys of a ledger; without a folder of keys, a vault that opens nothing.
    ///
    /// A damaged record is passed over, and the others are used. One at the end may be a write that
    /// a power cut tore, or a key that somebody needs: nothing is ever written over it. A locked
    /// vault is opened with the `secret`, where one is given; without a lock none is needed. Costs
    /// the same however many keys there are: the first of them that is asked for costs the file.
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
        vault.take(file, header)?;
        if mode == OpenMode::Write {
            vault.is_writable = true;
            vault.torn = vault.look_at_the_last()?;
        }
        Ok(vault)
    }

    /// Takes the file of the subjects, whose header has this length.
    fn take(&mut self, mut file: Box<dyn OpenFile>, header: usize) -> Result<(), VaultError> {
        let lock = self.lock.as_ref();
        let record_bytes = key_file::record_bytes(lock);
        let from = header as u64;
        let len = file.len().map_err(io_error(SUBJECTS_FILE))?;
        let records = len.saturating_sub(from).div_ceil(record_bytes as u64);
        self.span = Span {
            from,
            to: from + records * record_bytes as u64,
            record_bytes,
        };
        let receiver = lock.and_then(Lock::receiver);
        let page = Page::default();
        self.subjects = Some(Mutex::new(Subjects {
            file,
            page,
            receiver,
        }));
        self.looked = OnceLock::new();
        Ok(())
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

    /// The ledger's secret, where the keys are there.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Sees to it that each owner has a key to seal with, durably.
    pub(crate) fn ensure(
        &mut self,
        owners: impl Iterator<Item = Owner>,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        // What was made under a lock that is not open cannot be read again.
        if !self.is_locked() && self.at_hand.len() >= AT_HAND_MAX {
            self.at_hand.clear();
        }
        let mut seen = HashSet::new();
        let mut without: Vec<Owner> = Vec::new();
        for owner in owners {
            if self.at_hand.contains_key(&owner) || !seen.insert(owner) {
                continue;
            }
            let newest = match self.is_locked() {
                true => None,
                false => self.keys_of(owner)?.pop(),
            };
            match newest {
                Some(key) => {
                    self.at_hand.insert(owner, key);
                }
                None => without.push(owner),
            }
        }
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
        let first = self.span.records();
        self.append(&records)?;
        if let Some(looked) = self.looked.get_mut() {
            let mut numbered = (first..).zip(&fresh);
            if !numbered.all(|(number, (owner, _))| looked.places.insert(*owner, number)) {
                self.poisoned = true;
                return Err(io_error(SUBJECTS_FILE)(io::ErrorKind::FileTooLarge.into()));
            }
        }
        self.at_hand.extend(fresh);
        Ok(())
    }

    fn append(&mut self, records: &[u8]) -> Result<(), VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let subjects = self.subjects.as_mut().filter(|_| self.is_writable);
        let subjects = subjects.ok_or(VaultError::NoKeys)?;
        let subjects = subjects.get_mut().unwrap_or_else(PoisonError::into_inner);
        subjects.page = Page::default();
        let written = subjects.file.write_all_at(records, self.span.to);
        let written = match is_planted(Bug::KeysNotSynced) {
            true => written,
            false => written.and_then(|()| subjects.file.sync_data()),
        };
        if let Err(source) = written {
            self.poisoned = true;
            return Err(VaultError::Io {
                file: SUBJECTS_FILE,
                source,
            });
        }
        self.span.to += records.len() as u64;
        Ok(())
    }

    /// Seals the openings of an entry; `None` where the owner has no key at hand, which
    /// [`ensure`](Self::ensure) puts there.
    pub(crate) fn seal(
        &self,
        owner: Owner,
        entry: EventId,
        openings: &Openings,
        nonce: &Nonce,
    ) -> Option<Vec<u8>> {
        let key = self.at_hand.get(&owner)?;
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
    ///
    /// # Errors
    /// [`VaultError::Io`], where the key file cannot be read.
    pub(crate) fn open_sealed(
        &self,
        owner: Owner,
        entry: EventId,
        sealed: &[u8],
    ) -> Result<Opened, VaultError> {
        if self.is_locked() {
            return Ok(match self.has_key(owner)? {
                true => Opened::Locked,
                false => Opened::NoKey,
            });
        }
        let keys = self.keys_of(owner)?;
        if keys.is_empty() {
            return Ok(Opened::NoKey);
        }
        let opened = keys.iter().rev().find_map(|key| {
            let text = seal::open(key, self.ledger, entry, sealed)?;
            Openings::from_json(std::str::from_utf8(&text).ok()?).ok()
        });
        Ok(opened.map_or(Opened::Damaged, Opened::Openings))
    }
}

/// Names no key.
impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Vault");
        shown
            .field("folder", &self.folder)
            .field("span", &self.span);
        shown.finish_non_exhaustive()
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
