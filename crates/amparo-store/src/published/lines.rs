//! The entry lines of a public export, read one bundle at a time.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use amparo_tlog::bundle::{MAX_BUNDLE_ENTRY_LEN, read_bundle};
use amparo_tlog::tile::{BundleId, TILE_WIDTH, changed_bundles};

use super::Published;
use crate::files::{Files as _, RealFiles};

/// Longest bundle in bytes.
const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (MAX_BUNDLE_ENTRY_LEN + 2);

impl Published {
    /// The entries of a bundle.
    pub(super) fn bundle(&self, id: BundleId) -> io::Result<Vec<Vec<u8>>> {
        let bytes = RealFiles.read(&self.folder.join(id.to_string()), BUNDLE_BYTES_MAX)?;
        let bad =
            |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{id}: {what}"));
        let entries = read_bundle(&bytes).map_err(|error| bad(error.to_string()))?;
        if entries.len() != usize::from(id.width()) {
            return Err(bad(format!("it holds {} entries", entries.len())));
        }
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }
}

/// Opens an export from its first line, whichever form it has: JSON Lines, or the folder of a
/// public export.
///
/// # Errors
/// Those of the system, and `InvalidData` for a folder that is no public export.
pub fn open_export(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if !path.is_dir() {
        return Ok(Box::new(BufReader::new(File::open(path)?)));
    }
    let published = Published::open(path);
    let published =
        published.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    Ok(Box::new(PublishedLines::new(published)))
}

/// The lines of an export as JSON Lines: what `export` without `--tiles` writes.
pub struct PublishedLines {
    published: Published,
    bundles: VecDeque<BundleId>,
    waiting: Vec<u8>,
    at: usize,
}

impl PublishedLines {
    /// Reads an export from its first line. Checks no hash.
    pub fn new(published: Published) -> Self {
        let bundles = changed_bundles(0, published.size()).collect();
        Self {
            published,
            bundles,
            waiting: Vec::new(),
            at: 0,
        }
    }
}

impl Read for PublishedLines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let taken = ready.len().min(out.len());
        out[..taken].copy_from_slice(&ready[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for PublishedLines {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.waiting.len() {
            let Some(id) = self.bundles.pop_front() else {
                return Ok(&[]);
            };
            self.waiting = self.published.bundle(id)?.join(&b'\n');
            self.waiting.push(b'\n');
            self.at = 0;
        }
        Ok(&self.waiting[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}
