//! Makes a new, empty journal: it is there whole and durable, or not at all.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segment::{Form, SegmentHeader};
use super::{Journal, LedgerId, Root};
use crate::files::{Files, OpenFile};

/// Why a journal was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is something at the place of the journal already.
    #[error("{folder} exists already")]
    Exists {
        /// The folder asked for.
        folder: PathBuf,
    },
    /// The system failed. Nothing is left in place unless only the last sync failed.
    #[error("cannot create the journal {folder}")]
    Io {
        /// The folder asked for.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Journal {
    /// Creates an empty journal for a ledger in a new folder; its parent must exist. `root` is the
    /// Merkle root of the empty log. Durable when it returns.
    ///
    /// Made in a folder `NAME.tmp` beside its place, synced, and renamed; one that a crash left
    /// there is replaced.
    ///
    /// # Errors
    /// [`CreateError::Exists`], [`CreateError::Io`].
    pub fn create(
        files: Arc<dyn Files>,
        folder: &Path,
        ledger_id: LedgerId,
        root: Root,
    ) -> Result<(), CreateError> {
        let failed = |source| CreateError::Io {
            folder: folder.to_path_buf(),
            source,
        };
        let parent = folder.parent().unwrap_or(Path::new(""));
        let name = folder
            .file_name()
            .ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let listed = files.list(parent).map_err(failed)?;
        if listed.iter().any(|item| item.name == name) {
            return Err(CreateError::Exists {
                folder: folder.to_path_buf(),
            });
        }
        let mut temporary_name = OsString::from(name);
        temporary_name.push(".tmp");
        let temporary = parent.join(&temporary_name);
        if listed.iter().any(|item| item.name == temporary_name) {
            clear(&*files, &temporary).map_err(failed)?;
        }
        let header = SegmentHeader {
            form: Form::Raw,
            ledger_id,
            first_seq: 0,
            root_before: root,
        };
        let made =
            fill(&*files, &temporary, &header).and_then(|()| files.rename(&temporary, folder));
        if let Err(source) = made {
            // What cannot be cleared now is cleared by the next attempt.
            let _ = clear(&*files, &temporary);
            return Err(failed(source));
        }
        files.sync_folder(parent).map_err(failed)
    }
}

fn fill(files: &dyn Files, folder: &Path, header: &SegmentHeader) -> io::Result<()> {
    files.create_folder(folder)?;
    create_segment(files, folder, header)
        .map(drop)
        .map_err(io::Error::from)
}

fn clear(files: &dyn Files, folder: &Path) -> io::Result<()> {
    for item in files.list(folder)? {
        files.remove_file(&folder.join(item.name))?;
    }
    files.remove_folder(folder)
}

/// Creates a segment without entries, durably. Before the rename nothing has happened to the
/// journal; an error after it leaves that open, see [`CreateSegmentError`].
pub(super) fn create_segment(
    files: &dyn Files,
    folder: &Path,
    header: &SegmentHeader,
) -> Result<Box<dyn OpenFile>, CreateSegmentError> {
    let temporary = header.form.temporary_path(folder, header.first_seq);
    let written = create_fresh(files, &temporary).and_then(|mut file| {
        file.write_all_at(&header.encode(), 0)?;
        file.sync_data()?;
        Ok(file)
    });
    let file = written.map_err(|source| {
        let _ = files.remove_file(&temporary);
        CreateSegmentError::Before(source)
    })?;
    files
        .rename(&temporary, &header.form.path(folder, header.first_seq))
        .and_then(|()| files.sync_folder(folder))
        .map_err(CreateSegmentError::After)?;
    Ok(file)
}

/// Creates a file, in the place of one that a crash or a failure left.
pub(super) fn create_fresh(files: &dyn Files, path: &Path) -> io::Result<Box<dyn OpenFile>> {
    match files.remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    files.create_file(path)
}

/// How far the creation of a segment came.
#[derive(Debug)]
pub(super) enum CreateSegmentError {
    /// The segment is not there.
    Before(io::Error),
    /// The segment may be there, now or after a crash.
    After(io::Error),
}

impl From<CreateSegmentError> for io::Error {
    fn from(error: CreateSegmentError) -> Self {
        match error {
            CreateSegmentError::Before(source) | CreateSegmentError::After(source) => source,
        }
    }
}
