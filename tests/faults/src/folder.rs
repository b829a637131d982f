//! Copies of ledger folders, and the files in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Copies a folder with all it holds; `to` must not exist.
///
/// # Errors
/// Those of the system.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copy(&item.path(), &target)?;
        } else {
            fs::copy(item.path(), target)?;
        }
    }
    Ok(())
}

/// Every file below a folder, in order of path.
///
/// # Errors
/// Those of the system.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            found.extend(files(&item.path())?);
        } else {
            found.push(item.path());
        }
    }
    found.sort();
    Ok(found)
}
