//! Recovering: a new ledger from what is intact of a damaged one.
//!
//! Every intact entry is carried over byte for byte and keeps its place. A place whose entry is
//! lost gets a note that says so, since a log has no gaps; nothing else is made up, and a last
//! note is the report. What the journal lacks is taken from the sled store, then from the copies
//! that are given; wherever the log's own roots or signed heads reach, they decide whether what
//! was taken is what was lost.
//!
//! Refuses to write to the damaged folder, to choose between two histories, and to go on in the
//! place of the old log by itself: with an entry lost, the root is another, and the new ledger is
//! neither appended to nor signed until `resume` has recorded that decision.

mod build;
mod keys;
mod merge;
mod report;
mod source;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::entry::Recorded;
use amparo_core::id::LedgerId;
use amparo_tlog::merkle::Hash;
use chrono_tz::Tz;

use super::create::InitError;
use super::transfer::RestoreError;
use super::{JOURNAL, KEYS, LOCK, Ledger, SHELF};
use crate::files::{Files, RealFiles};
use crate::lock::{Lock, LockError};
use crate::settings::{self, Settings};
use crate::signing::{FOLDER as CHECKPOINTS, SigningError};
use crate::{Random, journal};

use build::Builder;
use keys::Belongings;
use merge::{Unfit, survey};
use source::{OpenedStore, Source};

/// What a damaged ledger is recovered into, and with what help.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The damaged folder; it is only read.
    pub damaged: PathBuf,
    /// The folder of the new ledger: empty, or not there.
    pub folder: PathBuf,
    /// Backups and exports of the same ledger, the best first.
    pub copies: Vec<PathBuf>,
    /// Who records; where it is not said, whoever the damaged ledger names.
    pub recorder: Option<String>,
    /// What the ledger is called and its time zone, where the entry that says so is lost.
    pub opening: Option<(String, Tz)>,
}

/// Where an entry was taken from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The damaged ledger's journal.
    Journal,
    /// Its sled store, or one that was set aside.
    Store,
    /// A copy that was given.
    Copy(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal => f.write_str("the journal"),
            Self::Store => f.write_str("the sled store"),
            Self::Copy(path) => path.display().fmt(f),
        }
    }
}

/// What became of a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// How many entries were carried over, and from where.
    pub carried: Vec<(Origin, u64)>,
    /// The places whose entries are lost, in order.
    pub lost: Vec<Range<u64>>,
    /// The size of the old log, as far as it is known.
    pub size: u64,
    /// The root of those entries, lost ones as the notes in their place.
    pub root: Hash,
    /// Whether the log may have gone on after its known end.
    pub is_end_unknown: bool,
    /// The largest size at which the old log and the new one have the same root.
    pub same_until: u64,
    /// Every damaged place that was met, in words without a name in them.
    pub damage: Vec<String>,
    /// How many entries' private fields came as sealed openings.
    pub sealed: u64,
    /// The sizes of signed heads that the new log does not extend.
    pub heads_ahead: Vec<u64>,
}

impl Recovered {
    /// How many entries are lost.
    pub fn lost_entries(&self) -> u64 {
        self.lost.iter().map(|range| range.end - range.start).sum()
    }

    /// Whether the new ledger begins with the whole old log.
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty() && !self.is_end_unknown && self.heads_ahead.is_empty()
    }
}

/// Why nothing was recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Nothing in the folder tells which ledger it holds.
    #[error("{} holds nothing of a ledger", .0.display())]
    NotALedger(PathBuf),
    /// Nothing is damaged.
    #[error("there is nothing to recover: nothing of the ledger is damaged")]
    Sound,
    /// Another process has the damaged ledger.
    #[error("another process is using this ledger")]
    InUse,
    /// A copy cannot be read.
    #[error("cannot read {}", copy.display())]
    Copy {
        /// The copy.
        copy: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A copy is of another ledger.
    #[error("{} is a copy of another ledger", .0.display())]
    OtherLedger(PathBuf),
    /// Two sources hold another entry in the same place.
    #[error("{copy} has another e{seq} than {other}: it is of another log, or was changed")]
    OtherEntry {
        /// The copy that was given.
        copy: Origin,
        /// What it disagrees with.
        other: Origin,
        /// The place.
        seq: u64,
    },
    /// What a copy gave for lost entries is not what was lost.
    #[error(
        "{copy} does not hold the entries that were lost: the log of {size} entries has another root"
    )]
    OtherRoot {
        /// The copy that was given.
        copy: Origin,
        /// The size at which the root is another.
        size: u64,
    },
    /// The first entry is lost, and nobody said what it said.
    #[error("the entry that opens the ledger is lost")]
    OpeningLost,
    /// The folder was written to while it was read.
    #[error("the damaged ledger or a copy of it changed while it was read")]
    Changed,
    /// The damaged folder could not be read.
    #[error("cannot read {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The new ledger could not be made.
    #[error("the new ledger is not made")]
    Init(#[from] InitError),
    /// The signed heads could not be written.
    #[error("the new ledger is not made")]
    Signing(#[from] SigningError),
}

impl RecoverError {
    fn copy(copy: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Copy {
            copy: copy.to_owned(),
            source: Box::new(source),
        }
    }

    fn export(copy: &Path, error: RestoreError) -> Self {
        Self::copy(copy, error)
    }
}

/// The damaged folder, with the lock held and its sled stores copied to where they can be opened.
struct Patient {
    files: Arc<dyn Files>,
    folder: PathBuf,
    ledger: LedgerId,
    recorder: Option<String>,
    /// What is damaged beside the log.
    damage: Vec<String>,
    stores: Vec<OpenedStore>,
    _lock: Option<Lock>,
}

impl Ledger {
    /// Makes a new ledger from what is intact of a damaged one, and opens it to write.
    ///
    /// Reads every source twice: once to find what is lost and whether the sources agree, once to
    /// write. Memory is one batch of each.
    ///
    /// # Errors
    /// [`RecoverError`]; the new folder is then no ledger. The damaged one is never written to.
    pub fn recover(
        recovery: &Recovery,
        now: Recorded,
        random: Random<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Self, Recovered), RecoverError> {
        let patient = Patient::admit(&recovery.damaged)?;
        let mut sources = patient.sources(&recovery.copies);
        let belongings = Belongings::gather(
            &patient.files,
            &patient.folder,
            patient.ledger,
            &patient.stores,
        );
        let found = loop {
            match survey(patient.ledger, &sources, &belongings.heads) {
                Ok(found) => break found,
                Err(Unfit::Refused(error)) => return Err(error),
                // The store is only a copy of the journal, and the journal decides.
                Err(Unfit::Store) => {
                    sources.retain(|source| source.origin() != Origin::Store);
                }
            }
        };
        if found.is_sound() && patient.damage.is_empty() && belongings.damage.is_empty() {
            return Err(RecoverError::Sound);
        }
        if found.is_lost(0) && recovery.opening.is_none() {
            return Err(RecoverError::OpeningLost);
        }
        let builder = Builder::begin(&patient, &belongings, recovery, found, now, random)?;
        builder.build(&sources, random, progress)
    }
}

impl Patient {
    fn admit(folder: &Path) -> Result<Self, RecoverError> {
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let failed = |source| RecoverError::Io {
            folder: folder.to_owned(),
            source,
        };
        files.list(folder).map_err(failed)?;
        let lock = Lock::take_as_it_is(&folder.join(LOCK)).map_err(|error| match error {
            LockError::InUse => RecoverError::InUse,
            LockError::Io(source) => failed(source),
        })?;
        let mut damage = Vec::new();
        let settings = read_settings(&files, folder, &mut damage);
        let known = settings
            .as_ref()
            .map(|settings| LedgerId::new(settings.ledger));
        let in_journal = || {
            let id = journal::Journal::ledger_of(&*files, &folder.join(JOURNAL));
            id.map(|id| LedgerId::new(uuid::Uuid::from_bytes(id)))
        };
        let ledger = known.or_else(in_journal);
        let ledger = ledger.ok_or_else(|| RecoverError::NotALedger(folder.to_owned()))?;
        let mut stores = Vec::new();
        for name in [SHELF, super::open::SET_ASIDE] {
            stores.extend(OpenedStore::copy_of(&folder.join(name), ledger));
        }
        Ok(Self {
            files,
            folder: folder.to_owned(),
            ledger,
            recorder: settings.map(|settings| settings.recorder),
            damage,
            stores,
            _lock: lock,
        })
    }

    /// Every source of entries, the most trusted first.
    fn sources(&self, copies: &[PathBuf]) -> Vec<Source<'_>> {
        let journal = Source::Journal(
            self.files.clone(),
            self.folder.join(JOURNAL),
            Origin::Journal,
        );
        let stores = self.stores.iter().map(Source::Store);
        let copies = copies.iter().map(|copy| {
            let at = copy.join(JOURNAL);
            match at.is_dir() {
                true => Source::Journal(self.files.clone(), at, Origin::Copy(copy.clone())),
                false => Source::Export(copy.clone()),
            }
        });
        std::iter::once(journal)
            .chain(stores)
            .chain(copies)
            .collect()
    }
}

fn read_settings(
    files: &Arc<dyn Files>,
    folder: &Path,
    damage: &mut Vec<String>,
) -> Option<Settings> {
    let file = settings::FILE;
    let read = match files.read(&folder.join(file), settings::BYTES_MAX) {
        Ok(bytes) => Settings::read(&bytes).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{file} cannot be read: {error}")),
    };
    read.map_err(|what| damage.push(what)).ok()
}
