//! Backup and restore: the log and its signed heads, copied to another folder and checked there.
//!
//! A backup is a ledger folder without `keys/` and without `sled/`: it can be read, counted and
//! verified as it is. Making it keeps no lock: the journal only grows, so whatever of it is copied
//! while somebody appends is a beginning of the log. A later backup into the same folder copies
//! what is new, and only if the log is a continuation of what the folder holds: a log that was cut
//! or rewritten never replaces a sound backup. Its journal is one like any other, to which whole
//! batches are appended, so that a copy that is interrupted is an earlier state of the log;
//! `amparo.toml` is last, so that a first copy that is not finished is no ledger.
//!
//! Keys are copied apart, and only when asked: whoever has both can read names.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::id::LedgerId;
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};
use zeroize::Zeroizing;

use crate::files::{Files, Listed, RealFiles};
use crate::journal::{self, Access, Journal};
use crate::ledger::{self, JOURNAL, KEYS, LOCK, Ledger, OpenError, SHELF, read_settings};
use crate::settings;
use crate::signing::{FOLDER as CHECKPOINTS, POLICY};

/// How often a journal is read on whose segments were renamed while it was read.
const READINGS_MAX: usize = 8;
/// The most bytes of a file beside the journal: signed heads, their names, and 20 million keys.
const FILE_BYTES_MAX: usize = 1 << 30;

/// What a copy came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many entries the copy holds.
    pub entries: u64,
    /// How many of them it held before.
    pub before: u64,
    /// Their root, computed from the lines of the copy.
    pub root: Hash,
}

/// Why a copy was not made, or does not count.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no ledger, or its settings cannot be read.
    #[error(transparent)]
    Source(#[from] OpenError),
    /// A journal cannot be opened.
    #[error("cannot open the journal")]
    Open(#[from] journal::OpenError),
    /// The journal of the copy cannot be made.
    #[error("cannot make the journal of the copy")]
    Create(#[from] journal::CreateError),
    /// The journal of the copy does not take a batch.
    #[error("cannot write the journal of the copy")]
    Append(#[from] journal::AppendError),
    /// A journal cannot be read.
    #[error("cannot read the journal")]
    Read(#[from] journal::ReadError),
    /// The folder holds something else.
    #[error("{} holds something else than a copy of this ledger", .0.display())]
    OtherContent(PathBuf),
    /// The folder of a restored ledger must be new.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The log is not a continuation of what the folder holds.
    #[error("the log does not continue the {entries} entries that the copy holds")]
    NotAContinuation {
        /// How many entries the copy holds.
        entries: u64,
    },
    /// What was copied does not have the root that the log promises.
    #[error("the copy does not have the root that its log promises")]
    WrongRoot,
    /// The system failed.
    #[error("cannot copy {file}")]
    Io {
        /// The file, within the ledger's folder.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Copies the log and the signed heads of a ledger into a folder, and checks the copy.
///
/// Reads the log up to three times: what the copy held before, the same of the log, the copy whole.
///
/// # Errors
/// [`BackupError`]. The folder then holds what it held, or more of the same log.
pub fn backup(from: &Path, to: &Path) -> Result<Copied, BackupError> {
    check_whole(from)?;
    Copy::new(Arc::new(RealFiles), from, to)?.run()
}

/// Makes a ledger folder from a backup; `to` must be empty or not there.
///
/// # Errors
/// As [`backup`], and [`BackupError::NotEmpty`].
pub fn restore(from: &Path, to: &Path) -> Result<Copied, BackupError> {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    match files.list(to) {
        Ok(items) if !items.is_empty() => return Err(BackupError::NotEmpty(to.to_owned())),
        Ok(_) | Err(_) => {}
    }
    Copy::new(files, from, to)?.run()
}

/// Copies the folder of keys, into a folder that is empty or not there.
///
/// # Errors
/// [`BackupError::NotEmpty`], [`BackupError::Io`].
pub fn copy_keys(from: &Path, to: &Path) -> Result<(), BackupError> {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    match files.list(to) {
        Ok(items) if !items.is_empty() => return Err(BackupError::NotEmpty(to.to_owned())),
        Ok(_) | Err(_) => {}
    }
    copy_folder(&files, from, to)
}

/// Refuses a ledger whose journal ends before what its sled store knows to be acknowledged: the
/// journal alone cannot tell such damage from a batch that was torn. Whoever is writing has
/// checked it.
fn check_whole(ledger: &Path) -> Result<(), BackupError> {
    if !ledger.join(SHELF).is_dir() {
        return Ok(());
    }
    match Ledger::open(ledger, ledger::Access::Read, &mut |_| {}) {
        Ok(_) | Err(OpenError::InUse) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The folder of keys of a ledger.
pub fn keys_of(ledger: &Path) -> PathBuf {
    ledger.join(KEYS)
}

/// A copy in the making.
struct Copy {
    files: Arc<dyn Files>,
    from: PathBuf,
    to: PathBuf,
    ledger: LedgerId,
}

impl Copy {
    fn new(files: Arc<dyn Files>, from: &Path, to: &Path) -> Result<Self, BackupError> {
        let ledger = LedgerId::new(read_settings(&files, from)?.ledger);
        Ok(Self {
            files,
            from: from.to_owned(),
            to: to.to_owned(),
            ledger,
        })
    }

    fn run(self) -> Result<Copied, BackupError> {
        let log = self.journal(&self.from, Access::Read)?;
        self.check_content()?;
        make_folder(&self.files, &self.to)?;
        let before = self.extend(&log)?;
        for name in [CHECKPOINTS, POLICY] {
            let (from, to) = (self.from.join(name), self.to.join(name));
            match from.is_dir() {
                true => copy_folder(&self.files, &from, &to)?,
                false if from.exists() => copy_file(&self.files, &from, &to)?,
                false => {}
            }
        }
        let copy = self.journal(&self.to, Access::Read)?;
        let (at_opening, whole) = roots(&copy, log.size())?;
        if at_opening.as_bytes() != log.root() || whole.root().as_bytes() != copy.root() {
            return Err(BackupError::WrongRoot);
        }
        let name = settings::FILE;
        copy_file(&self.files, &self.from.join(name), &self.to.join(name))?;
        self.files.sync_folder(&self.to).map_err(failed(name))?;
        Ok(Copied {
            entries: whole.size(),
            before,
            root: whole.root(),
        })
    }

    fn journal(&self, folder: &Path, access: Access) -> Result<Journal, BackupError> {
        let at = folder.join(JOURNAL);
        let (journal, _) = Journal::open(self.files.clone(), &at, access, None)?;
        match *journal.ledger_id() == self.ledger.bytes() {
            true => Ok(journal),
            false => Err(BackupError::OtherContent(folder.to_owned())),
        }
    }

    /// Refuses a folder that holds what no copy holds.
    fn check_content(&self) -> Result<(), BackupError> {
        let items = match self.files.list(&self.to) {
            Ok(items) => items,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("the folder")(error)),
        };
        let known = [settings::FILE, JOURNAL, CHECKPOINTS, POLICY, SHELF, LOCK];
        let is_ours = |item: &Listed| {
            known.iter().any(|known| item.name == *known) || is_unfinished(&item.name)
        };
        match items.iter().all(is_ours) {
            true => Ok(()),
            false => Err(BackupError::OtherContent(self.to.clone())),
        }
    }

    /// Appends what is new to the journal of the copy; answers how many entries it held before.
    fn extend(&self, log: &Journal) -> Result<u64, BackupError> {
        let at = self.to.join(JOURNAL);
        if !at.exists() {
            let empty = *Frontier::new().root().as_bytes();
            Journal::create(self.files.clone(), &at, self.ledger.bytes(), empty)?;
        }
        let mut copy = self.journal(&self.to, Access::Write)?;
        let (_, held) = roots(&copy, 0)?;
        let before = held.size();
        if before > log.size() || (before > 0 && roots(log, before)?.0 != held.root()) {
            return Err(BackupError::NotAContinuation { entries: before });
        }
        for _ in 1..READINGS_MAX {
            match append_from(log, &mut copy) {
                // Sealed while it was being read: it is there under its other name.
                Err(BackupError::Read(journal::ReadError::Io { source, .. }))
                    if source.kind() == io::ErrorKind::NotFound => {}
                appended => return appended.map(|()| before),
            }
        }
        append_from(log, &mut copy).map(|()| before)
    }
}

/// Appends the batches that the copy does not have.
fn append_from(log: &Journal, copy: &mut Journal) -> Result<(), BackupError> {
    for batch in log.batches(copy.size()) {
        let batch = batch?;
        let held = usize::try_from(copy.size() - batch.first_seq()).unwrap_or(usize::MAX);
        let records: Vec<_> = batch.entries().skip(held).collect();
        let root = *batch.root_after();
        copy.append(copy.size(), batch.recorded_ms(), root, &records)?;
    }
    Ok(())
}

/// The root of the first entries of a journal, and the tree of all.
fn roots(journal: &Journal, first: u64) -> Result<(Hash, Frontier), BackupError> {
    let mut tree = Frontier::new();
    let mut root = tree.root();
    for batch in journal.batches(0) {
        for record in batch?.entries() {
            tree.push(leaf_hash(record.line));
            if tree.size() == first {
                root = tree.root();
            }
        }
    }
    Ok((root, tree))
}

fn is_unfinished(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "tmp")
}

fn failed(file: &str) -> impl Fn(io::Error) -> BackupError + use<> {
    let file = file.to_owned();
    move |source| BackupError::Io {
        file: file.clone(),
        source,
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Makes a folder that is there after a crash, unless there is one.
fn make_folder(files: &Arc<dyn Files>, folder: &Path) -> Result<(), BackupError> {
    let error = failed(&name_of(folder));
    match files.create_folder(folder) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => return Err(error(source)),
        Ok(()) | Err(_) => {}
    }
    let parent = folder.parent().unwrap_or(folder);
    files.sync_folder(parent).map_err(error)
}

/// Copies a folder of small files, and those in it.
fn copy_folder(files: &Arc<dyn Files>, from: &Path, to: &Path) -> Result<(), BackupError> {
    make_folder(files, to)?;
    let items = files.list(from).map_err(failed(&name_of(from)))?;
    for item in items.iter().filter(|item| !is_unfinished(&item.name)) {
        let (source, target) = (from.join(&item.name), to.join(&item.name));
        match item.is_folder {
            true => copy_folder(files, &source, &target)?,
            false => copy_file(files, &source, &target)?,
        }
    }
    Ok(())
}

/// Copies a file whole and durably, unless its very bytes are there.
fn copy_file(files: &Arc<dyn Files>, from: &Path, to: &Path) -> Result<(), BackupError> {
    let error = failed(&name_of(from));
    let bytes = Zeroizing::new(files.read(from, FILE_BYTES_MAX).map_err(&error)?);
    let held = files.read(to, FILE_BYTES_MAX).map(Zeroizing::new);
    match held.is_ok_and(|held| held == bytes) {
        true => Ok(()),
        false => files.replace(to, &bytes).map_err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::faults::{Effect, Fault, FaultyFiles, Survivors, SystemError, scratch};
    use crate::journal::{Record, Sizes};

    const ENTRIES: u64 = 40;

    /// A ledger folder of lines that mean nothing, in several segments, and no backup yet.
    fn ledger() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let root = scratch().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        let id = LedgerId::new(uuid::Uuid::from_u128(7));
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        std::fs::create_dir_all(from.join(CHECKPOINTS).join("abandoned")).unwrap();
        std::fs::write(from.join(CHECKPOINTS).join("abandoned/head"), "x").unwrap();
        let settings = settings::Settings::new(id, "desk");
        std::fs::write(from.join(settings::FILE), settings.write()).unwrap();
        let mut tree = Frontier::new();
        let empty = *tree.root().as_bytes();
        Journal::create(files.clone(), &from.join(JOURNAL), id.bytes(), empty).unwrap();
        let opened = Journal::open(files, &from.join(JOURNAL), Access::Write, None);
        let (mut journal, _) = opened.unwrap();
        journal.set_sizes(Sizes {
            segment_bytes: 2000,
            block_bytes: 500,
        });
        for n in 0..ENTRIES {
            let line = format!("line {n}");
            tree.push(leaf_hash(line.as_bytes()));
            let record = Record {
                line: line.as_bytes(),
                sealed: b"sealed",
            };
            journal
                .append(n, n, *tree.root().as_bytes(), &[record])
                .unwrap();
        }
        (root, from, to)
    }

    /// Whether the folder counts as a ledger, and if so holds all of the log.
    fn is_made(to: &Path) -> bool {
        let is_made = to.join(settings::FILE).exists();
        if is_made {
            let files: Arc<dyn Files> = Arc::new(RealFiles);
            let (copy, _) = Journal::open(files, &to.join(JOURNAL), Access::Read, None).unwrap();
            let (_, tree) = roots(&copy, 0).unwrap();
            assert_eq!(
                (tree.size(), tree.root().as_bytes()),
                (ENTRIES, copy.root())
            );
        }
        is_made
    }

    #[test]
    fn a_backup_that_fails_anywhere_is_no_ledger_yet_and_is_finished_by_the_next() {
        let operations = {
            let (root, from, to) = ledger();
            let faulty = FaultyFiles::new(root.path()).unwrap();
            let copy = Copy::new(Arc::new(faulty.clone()), &from, &to).unwrap();
            let copied = copy.run().unwrap();
            assert_eq!((copied.entries, copied.before), (ENTRIES, 0));
            faulty.operations()
        };
        assert!(operations > 50);
        for operation in 0..operations {
            for effect in Effect::ALL {
                let (root, from, to) = ledger();
                let faulty = FaultyFiles::new(root.path()).unwrap();
                faulty.set_fault(Some(Fault {
                    operation,
                    error: SystemError::NoSpace,
                    effect,
                    lasting: false,
                }));
                let copied = Copy::new(Arc::new(faulty), &from, &to).and_then(Copy::run);
                assert!(is_made(&to) || copied.is_err(), "{operation} {effect:?}");
                assert_eq!(backup(&from, &to).unwrap().entries, ENTRIES, "{operation}");
                assert!(is_made(&to));
            }
        }
    }

    #[test]
    fn a_backup_that_was_acknowledged_survives_a_power_cut() {
        let (root, from, to) = ledger();
        let faulty = FaultyFiles::new(root.path()).unwrap();
        let files: Arc<dyn Files> = Arc::new(faulty.clone());
        Copy::new(files, &from, &to).unwrap().run().unwrap();
        let recording = faulty.recording();
        for at in 0..=recording.len() {
            for survivors in [Survivors::Nothing, Survivors::Random(at as u64)] {
                let after = scratch().unwrap();
                let into = after.path().join("root");
                std::fs::create_dir(&into).unwrap();
                recording.power_cut(at, survivors, &into).unwrap();
                assert!(is_made(&into.join("to")) || at < recording.len());
            }
        }
    }
}
