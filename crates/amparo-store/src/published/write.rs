//! Writing a public export, or bringing one up to the newest signed head.
//!
//! Order: bundles and tiles (each synced), disclosures, key and instructions, the checkpoint, the
//! sums, and last the partial tiles of the head before are removed. A run that was cut short is
//! finished by the next one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use amparo_core::entry::Entry;
use amparo_tlog::bundle::write_bundle;
use amparo_tlog::checkpoint::TreeHead;
use amparo_tlog::tile::{TILE_WIDTH, changed_bundles, changed_tiles};
use sha2::{Digest as _, Sha256};

use super::{
    CHECKPOINT, DISCLOSURES, Disclosure, LOG_PUB, OPENINGS, Published, PublishedError, SUMMED,
    SUMS, VERIFY_MD, VERIFY_PY,
};
use crate::ledger::{Ledger, ReadError};
use crate::signing::SigningError;

const VERIFY_MD_TEXT: &str = include_str!("VERIFY.md");
const VERIFY_PY_TEXT: &str = include_str!("verify.py");
const NEW: &str = "amparo-new.tmp";

/// What an export wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The signed head it now has.
    pub head: TreeHead,
    /// How many entries it had before.
    pub before: u64,
    /// How many tiles and bundles were written.
    pub files: u64,
    /// How many entries have disclosed fields.
    pub disclosed: u64,
}

/// Why a public export was not written.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nothing is signed.
    #[error("no head of this log is signed")]
    NotSigned,
    /// The folder holds something else.
    #[error("{} is not empty, and holds no public export", .0.display())]
    NotEmpty(PathBuf),
    /// The folder holds the export of another log.
    #[error("{} holds the export of another log", .0.display())]
    OtherLog(PathBuf),
    /// The export there is newer than the newest signed head.
    #[error("the export there has {found} entries, and only {signed} of this log are signed")]
    Newer {
        /// How many entries it has.
        found: u64,
        /// How many the newest signed head has.
        signed: u64,
    },
    /// The export there is of a fork.
    #[error("the export there has other entries: this log does not begin with its {size}")]
    Fork {
        /// How many entries it has.
        size: u64,
    },
    /// The export there does not read.
    #[error(transparent)]
    There(#[from] PublishedError),
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was signed could not be read.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// An entry does not fit a bundle, or a private field does not open.
    #[error("{0}")]
    Entry(String),
    /// The system failed.
    #[error("cannot write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Ledger {
    /// Writes the log up to the newest signed head into a folder that is empty, not there, or
    /// holds an older export of it.
    ///
    /// # Errors
    /// [`PublishError`]; what was there before stays verifiable until the checkpoint is replaced.
    pub fn publish(
        &self,
        folder: &Path,
        disclosure: &Disclosure,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Written, PublishError> {
        let newest = self.newest_checkpoint()?.ok_or(PublishError::NotSigned)?;
        let key = self.log_key()?.ok_or(PublishError::NotSigned)?;
        let head = newest.checkpoint.checkpoint().head();
        let before = self.published_before(folder, &newest.checkpoint)?;
        let out = Out { folder };
        let mut files = 0;
        for id in changed_bundles(before, head.size()) {
            let first = id.index() * u64::from(TILE_WIDTH);
            let end = first + u64::from(id.width());
            let lines: Result<Vec<Vec<u8>>, ReadError> =
                self.lines(first..end).map(|line| Ok(line?.1)).collect();
            let lines = lines?;
            let bundle = write_bundle(lines.iter().map(Vec::as_slice));
            let bundle = bundle.map_err(|error| PublishError::Entry(error.to_string()))?;
            out.write(&id.to_string(), &bundle)?;
            files += 1;
            progress(end);
        }
        for id in changed_tiles(before, head.size()) {
            let tile = self.tile(id)?.unwrap_or_default();
            // The log may have grown since the head was signed: a tile of it is the beginning.
            let tile = tile.get(..id.byte_len());
            let tile = tile.ok_or_else(|| PublishError::Entry(format!("{id} is missing")))?;
            out.write(&id.to_string(), tile)?;
            files += 1;
        }
        let disclosed = self.disclose(&out, disclosure, head.size())?;
        out.write(LOG_PUB, format!("{key}\n").as_bytes())?;
        out.write(VERIFY_MD, VERIFY_MD_TEXT.as_bytes())?;
        out.write(VERIFY_PY, VERIFY_PY_TEXT.as_bytes())?;
        out.write(CHECKPOINT, newest.checkpoint.to_string().as_bytes())?;
        out.write(SUMS, out.sums()?.as_bytes())?;
        out.remove_partials(head.size())?;
        Ok(Written {
            head,
            before,
            files,
            disclosed,
        })
    }

    /// How many entries the folder holds already.
    fn published_before(
        &self,
        folder: &Path,
        newest: &amparo_tlog::checkpoint::SignedCheckpoint,
    ) -> Result<u64, PublishError> {
        let there = match Published::open(folder) {
            Ok(there) => there,
            Err(PublishedError::NotOne(_)) => {
                // A first run that was cut short has tiles and no checkpoint yet.
                let is_begun = folder.join("tile").is_dir();
                let is_empty = match fs::read_dir(folder) {
                    Ok(mut items) => items.next().is_none(),
                    Err(error) => error.kind() == io::ErrorKind::NotFound,
                };
                return match is_empty || is_begun {
                    true => Ok(0),
                    false => Err(PublishError::NotEmpty(folder.to_owned())),
                };
            }
            Err(error) => return Err(error.into()),
        };
        let (found, signed) = (there.checkpoint.checkpoint(), newest.checkpoint());
        if found.origin() != signed.origin() {
            return Err(PublishError::OtherLog(folder.to_owned()));
        }
        let (found, signed) = (found.head(), signed.head());
        if found.size() > signed.size() {
            let (found, signed) = (found.size(), signed.size());
            return Err(PublishError::Newer { found, signed });
        }
        match self.tree().root(found.size()) == Ok(found.root()) {
            true => Ok(found.size()),
            false => Err(PublishError::Fork { size: found.size() }),
        }
    }

    /// Writes the openings that are disclosed, and nothing where there are none.
    fn disclose(
        &self,
        out: &Out<'_>,
        disclosure: &Disclosure,
        size: u64,
    ) -> Result<u64, PublishError> {
        let mut text = String::new();
        let mut count = 0;
        let asked = if disclosure.is_nothing() { 0 } else { size };
        for entry in self.entries(0..asked) {
            let entry: Entry = entry?;
            if entry.private.is_empty() {
                continue;
            }
            let subject = entry.event.subject();
            let Some(openings) = self.openings(entry.seq)? else {
                continue;
            };
            let shown = openings.only(|field| disclosure.shows(field, subject));
            if !shown.is_empty() {
                let (id, fields) = (entry.id, shown.to_json());
                text.push_str(&format!(
                    "{{\"opening\":{{\"entry\":\"{id}\",\"fields\":{fields}}}}}\n"
                ));
                count += 1;
            }
        }
        match text.is_empty() {
            true => out.remove_folder(DISCLOSURES)?,
            false => out.write(OPENINGS, text.as_bytes())?,
        }
        Ok(count)
    }
}

/// The folder that is written to.
struct Out<'f> {
    folder: &'f Path,
}

impl Out<'_> {
    /// Writes a file whole, and durably; one that is there already with these bytes is left.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.folder.join(name);
        let written = (|| {
            if fs::read(&path).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            let parent = path.parent().unwrap_or(self.folder);
            fs::create_dir_all(parent)?;
            let temporary = self.folder.join(NEW);
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        })();
        written.map_err(|source| PublishError::Io { path, source })
    }

    fn sums(&self) -> Result<String, PublishError> {
        let mut text = String::new();
        for name in SUMMED {
            let path = self.folder.join(name);
            match fs::read(&path) {
                Ok(bytes) => {
                    let digest = Sha256::digest(&bytes);
                    let digest = amparo_tlog::merkle::Hash::from_bytes(digest.into());
                    text.push_str(&format!("{digest}  {name}\n"));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(PublishError::Io { path, source }),
            }
        }
        Ok(text)
    }

    fn remove_folder(&self, name: &str) -> Result<(), PublishError> {
        let path = self.folder.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PublishError::Io {
                path,
                source: error,
            }),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes partial tiles and bundles that the tree of this size does not have: those of the
    /// head before.
    fn remove_partials(&self, size: u64) -> Result<(), PublishError> {
        let tiles = changed_tiles(0, size)
            .filter(|id| !id.is_full())
            .map(|id| id.to_string());
        let bundles = changed_bundles(0, size).filter(|id| id.width() < TILE_WIDTH);
        let bundles = bundles.map(|id| id.to_string());
        let kept: BTreeSet<PathBuf> = tiles
            .chain(bundles)
            .map(|name| self.folder.join(name))
            .collect();
        self.remove_in(&self.folder.join("tile"), &kept)
            .map_err(|source| PublishError::Io {
                path: self.folder.join("tile"),
                source,
            })
    }

    fn remove_in(&self, folder: &Path, kept: &BTreeSet<PathBuf>) -> io::Result<()> {
        for item in fs::read_dir(folder)? {
            let path = item?.path();
            let is_partial = path.extension().is_some_and(|extension| extension == "p");
            if !path.is_dir() {
                continue;
            }
            if !is_partial {
                self.remove_in(&path, kept)?;
                continue;
            }
            for width in fs::read_dir(&path)? {
                let width = width?.path();
                if !kept.contains(&width) {
                    fs::remove_file(width)?;
                }
            }
            if fs::read_dir(&path)?.next().is_none() {
                fs::remove_dir(&path)?;
            }
        }
        Ok(())
    }
}
