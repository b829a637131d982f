//! Opening: settings, lock, journal, shelf and keys, and the shelf brought up to the journal.
//!
//! The shelf is trusted only as far as it agrees with the journal: its head must have the root
//! that the journal has there. A shelf that is missing, damaged, of another ledger or in
//! disagreement is set aside and built again from the journal, and the caller is told.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::entry::{Entry, EntryError, Recorded};
use amparo_core::event::{Body, Opening};
use amparo_core::id::{LedgerId, Seq};
use amparo_tlog::merkle::Frontier;

use super::modes::open_to_others;
use super::{Access, EraseError, Head, JOURNAL, KEYS, LOCK, Ledger, Notice, SHELF, Standing};
use crate::files::{Files, OpenMode, RealFiles};
use crate::journal::{self, Journal, LastBatch};
use crate::lock::{Lock, LockError};
use crate::settings::{self, Settings, SettingsError};
use crate::shelf::{Shelf, ShelfError};
use crate::signing::Book;
use crate::vault::{SlotKind, SlotSecret, Vault, VaultError};

/// Set beside the shelf when a reader found it damaged.
const DAMAGED_MARK: &str = "sled.damaged";
/// Where Linux keeps files in memory.
const IN_MEMORY: &str = "/dev/shm";
/// Where a shelf that could not be used is kept until the next one.
pub(super) const SET_ASIDE: &str = "sled.set-aside";
/// Set beside the shelf when it took in references that nobody could open: it lacks them.
const LOCKED_MARK: &str = "sled.locked";

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no ledger.
    #[error("there is no ledger in {}", .0.display())]
    NotALedger(PathBuf),
    /// The settings cannot be used.
    #[error("cannot use the ledger's settings")]
    Settings(#[from] SettingsError),
    /// Another process has it.
    #[error("another process is using this ledger")]
    InUse,
    /// The journal is damaged: the entries it names are not readable from it.
    #[error("the journal is damaged")]
    Damaged(#[source] journal::OpenError),
    /// The journal is damaged in a place that opening met while it read.
    #[error("the journal is damaged")]
    DamagedWithin(#[source] journal::ReadError),
    /// The journal's lines are not the log that its roots promise.
    #[error("the journal does not hold the log that it promises: {what}")]
    Inconsistent {
        /// What does not fit.
        what: String,
    },
    /// A line of the journal is no entry.
    #[error("{seq} is not readable as an entry")]
    NotAnEntry {
        /// The place of the line.
        seq: Seq,
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// The keys cannot be used.
    #[error("cannot use the ledger's keys")]
    Keys(#[from] VaultError),
    /// The sled store cannot be built.
    #[error("cannot build the sled store")]
    Store(#[source] ShelfError),
    /// The system failed.
    #[error("cannot open {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl From<journal::OpenError> for OpenError {
    fn from(error: journal::OpenError) -> Self {
        match error {
            journal::OpenError::Io { folder, source } => Self::Io { folder, source },
            journal::OpenError::Missing { .. }
            | journal::OpenError::OtherFormat { .. }
            | journal::OpenError::Damaged { .. } => Self::Damaged(error),
        }
    }
}

/// A ledger folder's parts before the shelf is known to agree with the journal.
pub(super) struct Parts {
    pub(super) folder: PathBuf,
    pub(super) files: Arc<dyn Files>,
    pub(super) shelf_folder: PathBuf,
    pub(super) ledger: LedgerId,
    pub(super) vault: Vault,
}

/// A shelf before it is brought up to the journal.
pub(super) struct OpenedShelf {
    pub(super) shelf: Shelf,
    /// Whether it is an empty one in the place of one set aside, which was told.
    pub(super) is_renewed: bool,
}

impl Ledger {
    /// Opens a ledger.
    ///
    /// To write, or wherever the folder can be written, this takes the lock, waiting two seconds
    /// for another process. On a folder that can only be read, a temporary shelf serves.
    ///
    /// # Errors
    /// [`OpenError`]. A damaged shelf is no error: it is built again, and `notify` is told.
    pub fn open(
        folder: &Path,
        access: Access,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(RealFiles), folder, access, notify)
    }

    /// Opens a ledger and, where its keys are locked, the lock with a secret. Without a lock the
    /// secret is not looked at.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`VaultError::Secret`] where the secret opens no slot.
    pub fn open_unlocked(
        folder: &Path,
        access: Access,
        secret: &SlotSecret,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Self, OpenError> {
        Self::open_with(Arc::new(RealFiles), folder, access, Some(secret), notify)
    }

    /// Which secrets open the keys of the ledger in a folder; none where they have no lock.
    ///
    /// # Errors
    /// [`OpenError::NotALedger`], [`OpenError::Settings`], [`OpenError::Keys`], [`OpenError::Io`].
    pub fn slots_of(folder: &Path) -> Result<Vec<SlotKind>, OpenError> {
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let settings = read_settings(&files, folder)?;
        let ledger = LedgerId::new(settings.ledger);
        Ok(Vault::slots_of(&files, &folder.join(KEYS), ledger)?)
    }

    /// The same over other files than the system's: ones that fail on demand. The sled store,
    /// which may be lost at any time, is opened on the system's in any case.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(
        files: Arc<dyn Files>,
        folder: &Path,
        access: Access,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Self, OpenError> {
        Self::open_with(files, folder, access, None, notify)
    }

    fn open_with(
        files: Arc<dyn Files>,
        folder: &Path,
        access: Access,
        secret: Option<&SlotSecret>,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Self, OpenError> {
        read_settings(&files, folder)?;
        let mut lock = take_lock(folder, access)?;
        if lock.is_none() {
            notify(Notice::TemporaryStore);
            let shelf = temporary_shelf(folder)?;
            return Self::open_at(&files, folder, shelf, access, secret, &mut lock, notify);
        }
        let shelf = (folder.join(SHELF), None);
        let opened = Self::open_at(&files, folder, shelf, access, secret, &mut lock, notify);
        match opened {
            // sled writes where it opens; a reader needs no room on this disk.
            Err(OpenError::Store(ShelfError::Full)) if access == Access::Read => {
                notify(Notice::NoRoom);
                let shelf = temporary_shelf(folder)?;
                Self::open_at(&files, folder, shelf, access, secret, &mut lock, notify)
            }
            opened => opened,
        }
    }

    /// Opens a ledger whose sled store is in this folder, which may be a temporary one.
    fn open_at(
        files: &Arc<dyn Files>,
        folder: &Path,
        (shelf_folder, temporary): (PathBuf, Option<tempfile::TempDir>),
        access: Access,
        secret: Option<&SlotSecret>,
        lock: &mut Option<Lock>,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Self, OpenError> {
        let settings = read_settings(files, folder)?;
        let ledger = LedgerId::new(settings.ledger);
        let mode = if access == Access::Write {
            OpenMode::Write
        } else {
            OpenMode::Read
        };
        let vault = Vault::open(files, &folder.join(KEYS), ledger, mode, secret)?;
        if vault.secret().is_none() {
            notify(Notice::NoKeys);
        }
        if let Some(path) = open_to_others(folder) {
            notify(Notice::OpenToOthers { path });
        }
        if vault.is_locked() {
            notify(Notice::Locked);
        }
        let parts = Parts {
            folder: folder.to_owned(),
            files: files.clone(),
            shelf_folder,
            ledger,
            vault,
        };
        let opened = parts.open_shelf(notify)?;
        let (journal, last) = parts.open_journal(access, &opened.shelf, notify)?;
        let (shelf, frontier) = parts.agree(opened, &journal, notify)?;
        parts.assemble(
            settings,
            journal,
            last,
            shelf,
            frontier,
            access,
            (lock.take(), temporary),
        )
    }

    /// Notes that the shelf is damaged, so that the next opening builds it again.
    pub(super) fn mark_store_damaged(&self) {
        // Where the mark cannot be set, the next opening or `verify` finds the damage itself.
        let _ = self.files.replace(&self.folder.join(DAMAGED_MARK), b"");
    }

    /// Whether the shelf lacks references, since nobody could open them when it was built.
    pub(super) fn lacks_refs(&self) -> bool {
        self.vault.is_locked() && self.folder.join(LOCKED_MARK).exists()
    }

    /// Writes what only memory holds of the sled store, and closes the ledger.
    ///
    /// Nothing recorded depends on it: what the store lacks, the next opening takes from the
    /// journal.
    ///
    /// # Errors
    /// [`OpenError::Store`] when the store could not be written.
    pub fn close(self) -> Result<(), OpenError> {
        if self.poisoned {
            return Ok(());
        }
        self.shelf.close().map_err(OpenError::Store)
    }
}

/// The settings of the ledger in a folder.
pub(crate) fn read_settings(files: &Arc<dyn Files>, folder: &Path) -> Result<Settings, OpenError> {
    match files.read(&folder.join(settings::FILE), settings::BYTES_MAX) {
        Ok(bytes) => Ok(Settings::read(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::NotALedger(folder.to_owned()))
        }
        Err(source) => Err(OpenError::Io {
            folder: folder.to_owned(),
            source,
        }),
    }
}

/// Takes the lock; none on a folder that can only be read.
fn take_lock(folder: &Path, access: Access) -> Result<Option<Lock>, OpenError> {
    match Lock::take(&folder.join(LOCK)) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::InUse) => Err(OpenError::InUse),
        Err(LockError::Io(source)) => {
            let unwritable = matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            );
            if unwritable && access == Access::Read {
                return Ok(None);
            }
            Err(OpenError::Io {
                folder: folder.to_owned(),
                source,
            })
        }
    }
}

/// A copy of the shelf in a temporary folder of this process; in memory, where the system has such
/// a place and the disk of temporary files is full.
fn temporary_shelf(folder: &Path) -> Result<(PathBuf, Option<tempfile::TempDir>), OpenError> {
    let shelf = folder.join(SHELF);
    let copied = |temporary: io::Result<tempfile::TempDir>| {
        let temporary = temporary?;
        let at = temporary.path().join(SHELF);
        if shelf.is_dir() {
            copy_folder(&shelf, &at)?;
        }
        Ok((at, Some(temporary)))
    };
    copied(tempfile::tempdir()).or_else(|source| {
        copied(tempfile::tempdir_in(IN_MEMORY)).map_err(|_| OpenError::Io {
            folder: folder.to_owned(),
            source,
        })
    })
}

pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    for item in std::fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copy_folder(&item.path(), &target)?;
        } else {
            let mut content = std::fs::File::open(item.path())?;
            io::copy(&mut content, &mut std::fs::File::create(&target)?)?;
        }
    }
    Ok(())
}

impl Parts {
    /// Opens the shelf; one that cannot be used is set aside for an empty one.
    fn open_shelf(&self, notify: &mut dyn FnMut(Notice)) -> Result<OpenedShelf, OpenError> {
        let marked = self.folder.join(DAMAGED_MARK).exists();
        let there = self.shelf_folder.exists();
        let renewed = |shelf| OpenedShelf {
            shelf,
            is_renewed: true,
        };
        if marked && there {
            let reason = "a reader found it damaged".to_owned();
            return self.renew(reason, notify).map(renewed);
        }
        if there && !self.vault.is_locked() && self.folder.join(LOCKED_MARK).exists() {
            let reason = "it was built while the names were locked".to_owned();
            return self.renew(reason, notify).map(renewed);
        }
        match Shelf::open(&self.shelf_folder, self.ledger.bytes()) {
            Ok(shelf) => Ok(OpenedShelf {
                shelf,
                is_renewed: false,
            }),
            Err(ShelfError::Busy) => Err(OpenError::InUse),
            // A store without room is not damaged: it opens again when there is some.
            Err(ShelfError::Full) => Err(OpenError::Store(ShelfError::Full)),
            Err(error @ ShelfError::Io(_)) if !there => Err(OpenError::Store(error)),
            Err(error) => self.renew(error.to_string(), notify).map(renewed),
        }
    }

    /// Sets the shelf aside and starts an empty one.
    pub(super) fn renew(
        &self,
        reason: String,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Shelf, OpenError> {
        let failed = |source| OpenError::Io {
            folder: self.folder.clone(),
            source,
        };
        notify(Notice::StoreRebuilt { reason });
        if self.shelf_folder.exists() {
            let aside = self.shelf_folder.with_file_name(SET_ASIDE);
            if aside.exists() {
                std::fs::remove_dir_all(&aside).map_err(failed)?;
            }
            std::fs::rename(&self.shelf_folder, &aside).map_err(failed)?;
        }
        for mark in [DAMAGED_MARK, LOCKED_MARK] {
            match std::fs::remove_file(self.folder.join(mark)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                Ok(()) | Err(_) => {}
            }
        }
        Shelf::open(&self.shelf_folder, self.ledger.bytes()).map_err(OpenError::Store)
    }

    /// Notes that the shelf lacks references, since nobody could open them: the first opening that
    /// can builds it again. A shelf that goes with the process needs no note.
    pub(super) fn mark_locked(&self) -> Result<(), OpenError> {
        let mark = self.folder.join(LOCKED_MARK);
        if self.shelf_folder != self.folder.join(SHELF) || mark.exists() {
            return Ok(());
        }
        self.files
            .replace(&mark, b"")
            .map_err(|source| OpenError::Io {
                folder: self.folder.clone(),
                source,
            })
    }

    fn open_journal(
        &self,
        access: Access,
        shelf: &Shelf,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<(Journal, Option<LastBatch>), OpenError> {
        let acknowledged = shelf.head().map(|head| head.size);
        let mode = match access {
            Access::Write => journal::Access::Write,
            Access::Read => journal::Access::Read,
        };
        let at = self.folder.join(JOURNAL);
        let (journal, opened) = Journal::open(self.files.clone(), &at, mode, acknowledged)?;
        if *journal.ledger_id() != self.ledger.bytes() {
            let what = "it belongs to another ledger than amparo.toml says".to_owned();
            return Err(OpenError::Inconsistent { what });
        }
        if let Some(torn) = opened.torn {
            let bytes = torn.bytes;
            notify(match access {
                Access::Write => Notice::TornBatchCut { bytes },
                Access::Read => Notice::TornBatchIgnored { bytes },
            });
        }
        Ok((journal, opened.last_batch))
    }

    #[allow(clippy::too_many_arguments)]
    fn assemble(
        self,
        settings: Settings,
        journal: Journal,
        last: Option<LastBatch>,
        shelf: Shelf,
        frontier: Frontier,
        access: Access,
        held: (Option<Lock>, Option<tempfile::TempDir>),
    ) -> Result<Ledger, OpenError> {
        let opening = self.opening(&shelf)?;
        let recorded = last.and_then(|last| i64::try_from(last.recorded_ms).ok());
        let recorded = recorded.and_then(Recorded::from_ms);
        let recorded = recorded.ok_or_else(|| inconsistent(0, "was never recorded"))?;
        let head = Head {
            size: frontier.size(),
            root: frontier.root(),
            recorded,
        };
        let mut ledger = Ledger {
            book: Book::new(self.files.clone(), &self.folder),
            standing: Standing::Sound,
            folder: self.folder,
            files: self.files,
            settings,
            opening,
            journal,
            shelf,
            vault: self.vault,
            frontier,
            head,
            access,
            poisoned: false,
            _temporary: held.1,
            _lock: held.0,
        };
        if access == Access::Write {
            ledger.take_stand();
        }
        match ledger.finish_erasures(None) {
            Ok(_) => {}
            Err(EraseError::Keys(error)) => return Err(error.into()),
            // A damaged sled store is marked by now, and `verify` and the next opening see to it.
            Err(EraseError::Read(_)) => {}
        }
        if access == Access::Write {
            ledger.clear_torn_keys();
        }
        Ok(ledger)
    }

    fn opening(&self, shelf: &Shelf) -> Result<Opening, OpenError> {
        let line = shelf.line(0).map_err(OpenError::Store)?.unwrap_or_default();
        let entry = Entry::parse(&line).map_err(|source| OpenError::NotAnEntry {
            seq: Seq::OPENING,
            source,
        })?;
        match entry.event.body() {
            Body::Ledger(opening) if opening.ledger == self.ledger => Ok(opening.clone()),
            _ => Err(inconsistent(0, "does not open this ledger")),
        }
    }
}

pub(super) fn inconsistent(seq: u64, what: &str) -> OpenError {
    OpenError::Inconsistent {
        what: format!("e{seq} {what}"),
    }
}
