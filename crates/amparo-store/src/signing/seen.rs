//! What this ledger, as a witness, knows of other logs: their keys, and the last head it saw of
//! each.
//!
//! Each head is kept twice, in `checkpoints/witnessed/` and beside the witness's key, and the
//! newer counts: an older copy of one of the two folders makes no witness forget. Invariant: a
//! head is in both, synced, before its cosignature leaves the house.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::key::{KeyKind, VerifierKey};
use amparo_tlog::merkle::Hash;
use amparo_tlog::note::MAX_NOTE_LEN;
use amparo_tlog::origin::Origin;
use sha2::{Digest as _, Sha256};

use super::SigningError;
use super::book::{damaged, failed, make_folder, read, write};
use crate::files::Files;

/// The keys of the logs that this witness knows, a line each.
const LOGS: &str = "checkpoints/witnessed/logs";
/// The two folders that keep the last heads.
const PLACES: [&str; 2] = ["checkpoints/witnessed", "keys/witnessed"];
/// The most logs that a witness knows.
pub const LOGS_MAX: usize = 1000;
const LOGS_BYTES_MAX: usize = LOGS_MAX * 400;

/// The heads that a witness has seen.
#[derive(Debug)]
pub(crate) struct Seen {
    files: Arc<dyn Files>,
    ledger: PathBuf,
}

impl Seen {
    pub(crate) fn new(files: Arc<dyn Files>, ledger: &Path) -> Self {
        Self {
            files,
            ledger: ledger.to_owned(),
        }
    }

    /// The keys of the known logs, in the order in which they were added.
    pub(crate) fn logs(&self) -> Result<Vec<VerifierKey>, SigningError> {
        let bytes = read(&self.files, &self.ledger, LOGS, LOGS_BYTES_MAX)?;
        let bytes = bytes.unwrap_or_default();
        let text = std::str::from_utf8(&bytes).map_err(|error| damaged(LOGS, error))?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(damaged(LOGS, "it is cut off"));
        }
        let key = |(number, line): (usize, &str)| {
            let key: Result<VerifierKey, _> = line.parse();
            key.map_err(|error| damaged(LOGS, format!("line {number}: {error}")))
        };
        (1..).zip(text.split_terminator('\n')).map(key).collect()
    }

    /// Knows one more log, durably; whether it was new.
    pub(crate) fn trust(&self, key: &VerifierKey) -> Result<bool, SigningError> {
        let mut logs = self.logs()?;
        if logs.contains(key) {
            return Ok(false);
        }
        if key.kind() != KeyKind::Note || logs.len() >= LOGS_MAX {
            return Err(damaged(
                LOGS,
                "it takes at most 1,000 keys, and those of logs alone",
            ));
        }
        logs.push(key.clone());
        self.make_folders()?;
        let text: String = logs.iter().map(|key| format!("{key}\n")).collect();
        write(&self.files, &self.ledger, LOGS, text.as_bytes())?;
        Ok(true)
    }

    /// The last head seen of a log: the newer of the two copies.
    pub(crate) fn last(&self, origin: &Origin) -> Result<Option<SignedCheckpoint>, SigningError> {
        let logs = self.logs()?;
        let mut last: Option<SignedCheckpoint> = None;
        for place in PLACES {
            let file = format!("{place}/{}", file_name(origin));
            let Some(bytes) = read(&self.files, &self.ledger, &file, MAX_NOTE_LEN)? else {
                continue;
            };
            let found = check(&file, &bytes, origin, &logs)?;
            let size = |head: &SignedCheckpoint| head.checkpoint().head().size();
            if last.as_ref().is_none_or(|last| size(last) < size(&found)) {
                last = Some(found);
            }
        }
        Ok(last)
    }

    /// Keeps a head in both places, durably.
    pub(crate) fn keep(&self, head: &SignedCheckpoint) -> Result<(), SigningError> {
        self.make_folders()?;
        let name = file_name(head.checkpoint().origin());
        for place in PLACES {
            let file = format!("{place}/{name}");
            write(
                &self.files,
                &self.ledger,
                &file,
                head.to_string().as_bytes(),
            )?;
        }
        Ok(())
    }

    /// The last head of each known log, in the order of the logs.
    pub(crate) fn all(&self) -> Result<Vec<(VerifierKey, Option<SignedCheckpoint>)>, SigningError> {
        let logs = self.logs()?.into_iter();
        let head = |key: VerifierKey| {
            let last = self.last(&Origin::from(key.name()))?;
            Ok((key, last))
        };
        logs.map(head).collect()
    }

    fn make_folders(&self) -> Result<(), SigningError> {
        for folder in [super::FOLDER, PLACES[0], PLACES[1]] {
            make_folder(&self.files, &self.ledger, folder)?;
        }
        for folder in [super::FOLDER, "keys"] {
            self.files
                .sync_folder(&self.ledger.join(folder))
                .map_err(|error| failed(folder, error))?;
        }
        Ok(())
    }
}

/// Reads a head that was kept, and checks that a known key of its log signed it.
fn check(
    file: &str,
    bytes: &[u8],
    origin: &Origin,
    logs: &[VerifierKey],
) -> Result<SignedCheckpoint, SigningError> {
    let head = SignedCheckpoint::parse(bytes).map_err(|error| damaged(file, error))?;
    if head.checkpoint().origin() != origin {
        return Err(damaged(file, "it is of another log"));
    }
    let keys = logs.iter().filter(|key| origin.is_named(key.name()));
    head.note()
        .verify(keys)
        .map_err(|error| damaged(file, error))?;
    Ok(head)
}

/// A name for any origin: the first 16 bytes of its SHA-256.
fn file_name(origin: &Origin) -> String {
    let digest = Sha256::digest(origin.as_str().as_bytes());
    let text = Hash::from_bytes(digest.into()).to_string();
    format!("{}.checkpoint", text.get(..32).unwrap_or(&text))
}
