//! The folder `checkpoints/`: every signed head of a ledger, as plain files.
//!
//! The newest is kept a second time beside the signing key, and a third time in the sled store
//! (`ledger::sign`), so that none of the three can be put back alone without being noticed.
//! Invariant: a file of a size holds one head for ever; only cosignatures are added to it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::key::{MAX_VERIFIER_KEY_LEN, VerifierKey};
use amparo_tlog::note::MAX_NOTE_LEN;
use amparo_tlog::policy::{MAX_POLICY_LEN, Policy};

use super::{CheckpointName, SigningError};
use crate::files::Files;

/// The folder, in a ledger's folder.
pub const FOLDER: &str = "checkpoints";
/// The most bytes that are read of the list of names.
const NAMES_BYTES_MAX: usize = 4 * 1024 * 1024;

const LOG_PUB: &str = "log.pub";
const NAMES: &str = "names";
const RESTORED: &str = "restored";
const ABANDONED: &str = "abandoned";
const SUFFIX: &str = ".checkpoint";
/// The newest head once more, beside the key that signed it.
const BESIDE_THE_KEY: &str = "keys/last.checkpoint";
/// Whose signatures count, as the user wrote it.
pub(crate) const POLICY: &str = "policy.txt";

/// A signed head as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The checkpoint, with the cosignatures that came in.
    pub checkpoint: SignedCheckpoint,
    /// Its names, in order.
    pub names: Vec<CheckpointName>,
    /// The file, from the ledger's folder.
    pub file: String,
}

impl Stored {
    fn new(checkpoint: SignedCheckpoint, file: String, names: &[(CheckpointName, u64)]) -> Self {
        let size = size_of(&checkpoint);
        let own = names.iter().filter(|(_, of)| *of == size);
        Self {
            names: own.map(|(name, _)| name.clone()).collect(),
            checkpoint,
            file,
        }
    }
}

/// The signed heads of one ledger folder.
#[derive(Debug)]
pub(crate) struct Book {
    files: Arc<dyn Files>,
    ledger: PathBuf,
}

impl Book {
    pub(crate) fn new(files: Arc<dyn Files>, ledger: &Path) -> Self {
        Self {
            files,
            ledger: ledger.to_owned(),
        }
    }

    /// The key that checkpoints are checked with; `None` where the ledger never had one.
    pub(crate) fn log_key(&self) -> Result<Option<VerifierKey>, SigningError> {
        let file = in_folder(LOG_PUB);
        let Some(bytes) = self.read(&file, MAX_VERIFIER_KEY_LEN + 1)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| damaged(&file, error))?;
        let text = text
            .strip_suffix('\n')
            .ok_or_else(|| damaged(&file, "it is cut off"))?;
        text.parse()
            .map(Some)
            .map_err(|error| damaged(&file, error))
    }

    /// Begins the folder with the key that checkpoints are checked with.
    pub(crate) fn begin(&self, key: &VerifierKey) -> Result<(), SigningError> {
        self.make_folder(FOLDER)?;
        self.write(&in_folder(LOG_PUB), format!("{key}\n").as_bytes())
    }

    /// Whose signatures count: the user's `policy.txt`, and the log itself in any case. With
    /// whether there is such a file.
    pub(crate) fn policy(&self, own: VerifierKey) -> Result<(Policy, bool), SigningError> {
        let failed = |error: &dyn std::error::Error| damaged(POLICY, error);
        match self.read(POLICY, MAX_POLICY_LEN)? {
            None => Policy::of_log(own)
                .map(|policy| (policy, false))
                .map_err(|error| failed(&error)),
            Some(bytes) => {
                let mut policy = Policy::parse(&bytes).map_err(|error| failed(&error))?;
                if !policy.logs().contains(&own) {
                    policy.add_log(own).map_err(|error| failed(&error))?;
                }
                Ok((policy, true))
            }
        }
    }

    /// The sizes of the signed heads, in order.
    pub(crate) fn sizes(&self) -> Result<Vec<u64>, SigningError> {
        self.sizes_in(FOLDER)
    }

    /// The heads that were given up by a recorded decision.
    pub(crate) fn abandoned(&self) -> Result<Vec<SignedCheckpoint>, SigningError> {
        let mut all = Vec::new();
        for size in self.sizes_in(&in_folder(ABANDONED))? {
            let file = in_folder(&format!("{ABANDONED}/{}", file_name(size)));
            all.extend(self.checkpoint(&file)?);
        }
        Ok(all)
    }

    fn sizes_in(&self, folder: &str) -> Result<Vec<u64>, SigningError> {
        let listed = match self.files.list(&self.ledger.join(folder)) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(folder, error)),
        };
        let mut sizes = Vec::new();
        for item in listed {
            let name = item.name.to_string_lossy().into_owned();
            let Some(digits) = name.strip_suffix(SUFFIX) else {
                continue;
            };
            let size = digits.parse().ok().filter(|size| file_name(*size) == name);
            let other = || damaged(&format!("{folder}/{name}"), "its name is no size");
            sizes.push(size.ok_or_else(other)?);
        }
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// The signed head of a size, with its log's signature checked.
    pub(crate) fn stored(&self, size: u64) -> Result<Option<Stored>, SigningError> {
        let file = in_folder(&file_name(size));
        let Some(checkpoint) = self.checkpoint(&file)? else {
            return Ok(None);
        };
        if size_of(&checkpoint) != size {
            return Err(damaged(&file, "it is of another size than its name says"));
        }
        let names = self.names()?;
        Ok(Some(Stored::new(checkpoint, file, &names)))
    }

    /// Every signed head, in order of size.
    pub(crate) fn all(&self) -> Result<Vec<Stored>, SigningError> {
        let names = self.names()?;
        let mut all = Vec::new();
        for size in self.sizes()? {
            let file = in_folder(&file_name(size));
            let checkpoint = self.checkpoint(&file)?;
            let checkpoint = checkpoint.filter(|checkpoint| size_of(checkpoint) == size);
            let other = || damaged(&file, "it is of another size than its name says");
            let checkpoint = checkpoint.ok_or_else(other)?;
            all.push(Stored::new(checkpoint, file, &names));
        }
        Ok(all)
    }

    /// The newest signed head of the folder.
    pub(crate) fn newest(&self) -> Result<Option<SignedCheckpoint>, SigningError> {
        match self.sizes()?.last() {
            Some(size) => Ok(self.stored(*size)?.map(|stored| stored.checkpoint)),
            None => Ok(None),
        }
    }

    /// The newest signed head, as it is kept beside the key.
    pub(crate) fn beside_the_key(&self) -> Result<Option<SignedCheckpoint>, SigningError> {
        self.checkpoint(BESIDE_THE_KEY)
    }

    fn checkpoint(&self, file: &str) -> Result<Option<SignedCheckpoint>, SigningError> {
        let Some(bytes) = self.read(file, MAX_NOTE_LEN)? else {
            return Ok(None);
        };
        self.check(file, &bytes).map(Some)
    }

    /// Reads a checkpoint of this log, and checks the log's signature on it.
    pub(crate) fn check(&self, file: &str, bytes: &[u8]) -> Result<SignedCheckpoint, SigningError> {
        let key = self.log_key()?;
        let key = key.ok_or_else(|| damaged(&in_folder(LOG_PUB), "it is missing"))?;
        signed_under(&key, bytes).map_err(|what| damaged(file, what))
    }

    /// Keeps a signed head, durably, first here and then beside the key.
    pub(crate) fn keep(&self, checkpoint: &SignedCheckpoint) -> Result<(), SigningError> {
        self.keep_here(checkpoint)?;
        self.write(BESIDE_THE_KEY, checkpoint.to_string().as_bytes())
    }

    /// Keeps a signed head of this folder with one more cosignature.
    pub(crate) fn keep_here(&self, checkpoint: &SignedCheckpoint) -> Result<(), SigningError> {
        self.make_folder(FOLDER)?;
        let file = in_folder(&file_name(checkpoint.checkpoint().head().size()));
        self.write(&file, checkpoint.to_string().as_bytes())
    }

    /// Every name with the size of its checkpoint, in the order in which they were given.
    pub(crate) fn names(&self) -> Result<Vec<(CheckpointName, u64)>, SigningError> {
        let file = in_folder(NAMES);
        let Some(bytes) = self.read(&file, NAMES_BYTES_MAX)? else {
            return Ok(Vec::new());
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| damaged(&file, error))?;
        let lines = (1..).zip(text.split_terminator('\n'));
        let names = lines.map(|(number, line)| {
            let bad = || damaged(&file, format!("line {number} is not a name and a size"));
            let (name, size) = parse_name(line).ok_or_else(bad)?;
            Ok((name, size))
        });
        let names: Vec<_> = names.collect::<Result<_, _>>()?;
        match text.is_empty() || text.ends_with('\n') {
            true => Ok(names),
            false => Err(damaged(&file, "it is cut off")),
        }
    }

    /// Names the checkpoint of a size, durably. Giving the same name again changes nothing.
    pub(crate) fn name(&self, name: &CheckpointName, size: u64) -> Result<(), SigningError> {
        let mut names = self.names()?;
        if let Some((_, taken)) = names.iter().find(|(known, _)| known == name) {
            return match *taken == size {
                true => Ok(()),
                false => Err(SigningError::NameTaken {
                    name: name.clone(),
                    size: *taken,
                }),
            };
        }
        names.push((name.clone(), size));
        self.write_names(&names)
    }

    fn write_names(&self, names: &[(CheckpointName, u64)]) -> Result<(), SigningError> {
        let lines = names.iter().map(|(name, size)| name_line(name, *size));
        self.write(&in_folder(NAMES), lines.collect::<String>().as_bytes())
    }

    /// Whether the folder was restored, and nobody has said since that it is the newest.
    pub(crate) fn is_restored(&self) -> bool {
        self.ledger.join(in_folder(RESTORED)).exists()
    }

    /// Marks the folder as restored.
    pub(crate) fn mark_restored(&self) -> Result<(), SigningError> {
        self.make_folder(FOLDER)?;
        self.write(&in_folder(RESTORED), b"")
    }

    /// Takes the mark away.
    pub(crate) fn clear_restored(&self) -> Result<(), SigningError> {
        if !self.is_restored() {
            return Ok(());
        }
        self.remove(&in_folder(RESTORED))?;
        self.files
            .sync_folder(&self.ledger.join(FOLDER))
            .map_err(|error| failed(FOLDER, error))
    }

    /// Moves heads aside that a recorded decision gives up, with their names, and takes the
    /// newest of the others as the last one signed.
    pub(crate) fn abandon(&self, given_up: &[SignedCheckpoint]) -> Result<(), SigningError> {
        let aside = in_folder(ABANDONED);
        self.make_folder(FOLDER)?;
        self.make_folder(&aside)?;
        let sizes: Vec<u64> = given_up.iter().map(size_of).collect();
        let mut names = self.names()?;
        names.retain(|(_, size)| !sizes.contains(size));
        self.write_names(&names)?;
        for checkpoint in given_up {
            let name = file_name(size_of(checkpoint));
            self.write(
                &format!("{aside}/{name}"),
                checkpoint.to_string().as_bytes(),
            )?;
            self.remove(&in_folder(&name))?;
        }
        self.files
            .sync_folder(&self.ledger.join(FOLDER))
            .map_err(|error| failed(FOLDER, error))?;
        match self.newest()? {
            Some(newest) => self.write(BESIDE_THE_KEY, newest.to_string().as_bytes()),
            None => self.remove(BESIDE_THE_KEY),
        }
    }

    fn remove(&self, file: &str) -> Result<(), SigningError> {
        match self.files.remove_file(&self.ledger.join(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(file, error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn make_folder(&self, folder: &str) -> Result<(), SigningError> {
        make_folder(&self.files, &self.ledger, folder)
    }

    fn read(&self, file: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, SigningError> {
        read(&self.files, &self.ledger, file, bytes_max)
    }

    fn write(&self, file: &str, bytes: &[u8]) -> Result<(), SigningError> {
        write(&self.files, &self.ledger, file, bytes)
    }
}

/// Reads a checkpoint that the log of this key has signed.
pub(crate) fn signed_under(key: &VerifierKey, bytes: &[u8]) -> Result<SignedCheckpoint, String> {
    let checkpoint = SignedCheckpoint::parse(bytes).map_err(|error| chain(&error))?;
    if !checkpoint.checkpoint().origin().is_named(key.name()) {
        return Err("it is of another log".to_owned());
    }
    let verified = checkpoint.note().verify([key]);
    verified.map_err(|error| error.to_string())?;
    Ok(checkpoint)
}

fn size_of(checkpoint: &SignedCheckpoint) -> u64 {
    checkpoint.checkpoint().head().size()
}

fn in_folder(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

fn file_name(size: u64) -> String {
    format!("{size:020}{SUFFIX}")
}

/// `NAME SIZE CRC`: the checksum is against accidents, which would move a name to other entries.
fn name_line(name: &CheckpointName, size: u64) -> String {
    let text = format!("{name} {size}");
    format!("{text} {:08x}\n", crc32fast::hash(text.as_bytes()))
}

fn parse_name(line: &str) -> Option<(CheckpointName, u64)> {
    let mut parts = line.split(' ');
    let (name, size) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (name_line(&name, size).trim_end() == line).then_some((name, size))
}

pub(super) fn make_folder(
    files: &Arc<dyn Files>,
    ledger: &Path,
    folder: &str,
) -> Result<(), SigningError> {
    match files.create_folder(&ledger.join(folder)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(folder, error)),
        Ok(()) | Err(_) => files
            .sync_folder(ledger)
            .map_err(|error| failed(folder, error)),
    }
}

pub(super) fn read(
    files: &Arc<dyn Files>,
    ledger: &Path,
    file: &str,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, SigningError> {
    match files.read(&ledger.join(file), bytes_max) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(damaged(file, "it is too long"))
        }
        Err(error) => Err(failed(file, error)),
    }
}

pub(super) fn write(
    files: &Arc<dyn Files>,
    ledger: &Path,
    file: &str,
    bytes: &[u8],
) -> Result<(), SigningError> {
    files
        .replace(&ledger.join(file), bytes)
        .map_err(|error| failed(file, error))
}

pub(super) fn damaged(file: &str, what: impl ToString) -> SigningError {
    SigningError::Damaged {
        file: file.to_owned(),
        what: what.to_string(),
    }
}

pub(super) fn failed(file: &str, source: io::Error) -> SigningError {
    SigningError::Io {
        file: file.to_owned(),
        source,
    }
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
