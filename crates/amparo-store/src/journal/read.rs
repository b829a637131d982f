//! Reads batches in order, one block in memory at a time.
//!
//! Invariant: what is read is every batch asked for, or an error that names what is missing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Journal;
use super::damage::Finding;
use super::frame::Batch;
use super::segment_walk::Step;
use super::walk::{Route, Walk};
use super::window::Unreadable;

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The journal is damaged.
    #[error("the journal {folder} is damaged")]
    Damaged {
        /// The folder of the journal.
        folder: PathBuf,
        /// The damaged place.
        source: Finding,
    },
    /// The system failed.
    #[error("cannot read the journal {folder}")]
    Io {
        /// The folder of the journal.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Journal {
    /// The batches from the one that holds entry `from_seq` up to the end of the log as it is now.
    /// Nothing when `from_seq` is the size of the log. Costs one look at each segment before.
    #[must_use]
    pub fn batches(&self, from_seq: u64) -> Batches {
        let route = Route {
            from_seq,
            until_seq: Some(self.size),
            unreadable: Unreadable::Fails,
        };
        match Walk::new(Arc::clone(&self.files), &self.folder, route) {
            Ok(walk) => Batches {
                folder: self.folder.clone(),
                walk: Some(walk),
                failed: None,
            },
            Err(source) => Batches {
                folder: self.folder.clone(),
                walk: None,
                failed: Some(source),
            },
        }
    }
}

/// The batches of a journal in order, ending with the first error.
#[derive(Debug)]
pub struct Batches {
    folder: PathBuf,
    /// `None` once it has ended.
    walk: Option<Walk>,
    /// Why it could not begin.
    failed: Option<io::Error>,
}

impl Iterator for Batches {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = match (self.failed.take(), &mut self.walk) {
            (Some(source), _) => Err(source),
            (None, Some(walk)) => walk.next(),
            (None, None) => return None,
        };
        if let Ok(Some(Step::Batch(batch))) = step {
            return Some(Ok(batch));
        }
        self.walk = None;
        let folder = self.folder.clone();
        match step {
            Ok(Some(Step::Batch(_)) | None) => None,
            Ok(Some(Step::Damage(source))) => Some(Err(ReadError::Damaged { folder, source })),
            Ok(Some(Step::Torn(torn))) => {
                let source = torn.as_damage(u64::MAX);
                Some(Err(ReadError::Damaged { folder, source }))
            }
            Err(source) => Some(Err(ReadError::Io { folder, source })),
        }
    }
}
