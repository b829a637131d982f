//! Making a ledger: keys, journal with its opening entry, and last the file that makes the folder
//! a ledger. What a crash leaves before that last step is no ledger, and is not taken for one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::entry::{Entry, FORMAT_VERSION, Recorded};
use amparo_core::event::{Event, Opening};
use amparo_core::id::{EventId, LedgerId, Seq};
use amparo_tlog::merkle::{EMPTY_ROOT, Frontier, leaf_hash};
use chrono_tz::Tz;

use super::sign::begin_signing;
use super::{Access, JOURNAL, KEYS, LOCK, Ledger, OpenError};
use crate::files::{Files, RealFiles};
use crate::journal::{self, Journal, Record};
use crate::lock::{Lock, LockError};
use crate::settings::{self, Settings};
use crate::signing::SigningError;
use crate::vault::Vault;
use crate::{Random, VaultError};

/// What a new ledger is told of itself.
#[derive(Debug, Clone)]
pub struct NewLedger {
    /// What it is called.
    pub name: String,
    /// The time zone in which its days begin and end.
    pub time_zone: Tz,
    /// Who records, where nothing else is said.
    pub recorder: String,
}

/// Why a ledger was not made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The folder holds a ledger.
    #[error("{} holds a ledger already", .0.display())]
    IsALedger(PathBuf),
    /// The folder holds something else.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The name or the recorder is empty or too long.
    #[error("the {0} must have 1 to 1024 bytes")]
    BadText(&'static str),
    /// The folder could not be made or written.
    #[error("cannot write {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process is at work in the folder.
    #[error("another process is using this folder")]
    InUse,
    /// The keys could not be written.
    #[error("cannot write the keys")]
    Keys(#[from] VaultError),
    /// The key that signs checkpoints could not be written.
    #[error("cannot write the key that signs checkpoints")]
    Signing(#[from] SigningError),
    /// The journal could not be made.
    #[error("cannot make the journal")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The new ledger could not be opened.
    #[error("the ledger was made and cannot be opened")]
    Open(#[from] OpenError),
}

impl InitError {
    pub(super) fn journal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Journal(Box::new(error))
    }
}

/// A folder on its way to being a ledger.
pub(super) struct Foundation {
    pub(super) files: Arc<dyn Files>,
    pub(super) folder: PathBuf,
    pub(super) journal: Journal,
    ledger: LedgerId,
    _lock: Lock,
}

impl Foundation {
    /// Makes keys and an empty journal in a folder that is empty or does not exist.
    pub(super) fn lay(
        files: Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
        random: Random<'_>,
    ) -> Result<Self, InitError> {
        let failed = |source| InitError::Io {
            folder: folder.to_owned(),
            source,
        };
        if folder.join(settings::FILE).exists() {
            return Err(InitError::IsALedger(folder.to_owned()));
        }
        match files.list(folder) {
            Ok(listed) if listed.is_empty() => {}
            Ok(_) => return Err(InitError::NotEmpty(folder.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = folder.parent() {
                    std::fs::create_dir_all(parent).map_err(failed)?;
                }
                files.create_folder(folder).map_err(failed)?;
                let parent = folder
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty());
                files
                    .sync_folder(parent.unwrap_or(Path::new(".")))
                    .map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        let lock = Lock::take(&folder.join(LOCK)).map_err(|error| match error {
            LockError::InUse => InitError::InUse,
            LockError::Io(source) => failed(source),
        })?;
        let mut secret = zeroize::Zeroizing::new([0; 32]);
        random(&mut *secret);
        Vault::create(&files, &folder.join(KEYS), ledger, &secret)?;
        begin_signing(&files, folder, ledger, random)?;
        let at = folder.join(JOURNAL);
        Journal::create(files.clone(), &at, ledger.bytes(), *EMPTY_ROOT.as_bytes())
            .map_err(InitError::journal)?;
        let (journal, _) = Journal::open(files.clone(), &at, journal::Access::Write, None)
            .map_err(InitError::journal)?;
        Ok(Self {
            files,
            folder: folder.to_owned(),
            journal,
            ledger,
            _lock: lock,
        })
    }

    /// Makes the folder a ledger and opens it to write.
    pub(super) fn finish(self, recorder: &str) -> Result<Ledger, InitError> {
        self.finish_for(recorder, Access::Write)
    }

    /// Makes the folder a ledger and opens it.
    pub(super) fn finish_for(self, recorder: &str, access: Access) -> Result<Ledger, InitError> {
        let failed = |source| InitError::Io {
            folder: self.folder.clone(),
            source,
        };
        let settings = Settings::new(self.ledger, recorder);
        let path = self.folder.join(settings::FILE);
        self.files
            .replace(&path, settings.write().as_bytes())
            .map_err(failed)?;
        self.files.sync_folder(&self.folder).map_err(failed)?;
        let (files, folder) = (self.files.clone(), self.folder.clone());
        drop(self);
        Ok(Ledger::open_on(files, &folder, access, &mut |_| {})?)
    }
}

impl Ledger {
    /// Makes a ledger in a folder that is empty or does not exist, and opens it to write.
    ///
    /// # Errors
    /// [`InitError`]; a folder that holds anything is left as it is.
    pub fn init(
        folder: &Path,
        new: &NewLedger,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<Self, InitError> {
        Self::init_on(Arc::new(RealFiles), folder, new, now, random)
    }

    /// The same over other files than the system's: ones that fail on demand.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub fn init_on(
        files: Arc<dyn Files>,
        folder: &Path,
        new: &NewLedger,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<Self, InitError> {
        check_text("name", &new.name)?;
        check_text("recorder", &new.recorder)?;
        let mut uuid = || {
            let mut bytes = [0; 16];
            random(&mut bytes);
            uuid::Builder::from_random_bytes(bytes).into_uuid()
        };
        let ledger = LedgerId::new(uuid());
        let opening = Entry {
            seq: Seq::OPENING,
            id: EventId::new(uuid()),
            recorded: now,
            by: new.recorder.as_str().into(),
            event: Event::opening(Opening {
                name: new.name.as_str().into(),
                time_zone: new.time_zone,
                ledger,
                format: FORMAT_VERSION,
            }),
            private: Vec::new(),
        };
        let line = opening.line();
        let mut foundation = Foundation::lay(files, folder, ledger, random)?;
        let mut frontier = Frontier::new();
        frontier.push(leaf_hash(line.as_bytes()));
        let record = Record {
            line: line.as_bytes(),
            sealed: &[],
        };
        let recorded_ms = u64::try_from(now.ms()).unwrap_or(0);
        foundation
            .journal
            .append(0, recorded_ms, *frontier.root().as_bytes(), &[record])
            .map_err(InitError::journal)?;
        foundation.finish(&new.recorder)
    }
}

pub(super) fn check_text(what: &'static str, text: &str) -> Result<(), InitError> {
    let max = amparo_core::limit::TEXT_BYTES_MAX;
    let sound = !text.trim().is_empty() && text.len() <= max;
    if sound {
        Ok(())
    } else {
        Err(InitError::BadText(what))
    }
}
