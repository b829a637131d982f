//! Whom the system lets into a ledger's folder: its owner alone, as it was made.
//!
//! A copy, an unpacked archive or a shared disk can leave it open to others. Refuses to change
//! anything: who may read what is the owner's to say. Invariant: what is found open is named, and
//! a folder that nobody else can enter is never looked through.

use std::path::{Path, PathBuf};

/// The first part of a ledger's folder that others than its owner can enter, read or write; none
/// on systems without such modes.
#[cfg(unix)]
pub(super) fn open_to_others(folder: &Path) -> Option<PathBuf> {
    use super::{JOURNAL, KEYS, SHELF};
    if !can_be_entered(folder) {
        return None;
    }
    let parts = [KEYS, JOURNAL, SHELF].map(|part| folder.join(part));
    let open = parts.iter().find(|part| mode(part) & 0o077 != 0);
    open.cloned()
}

#[cfg(not(unix))]
pub(super) fn open_to_others(_folder: &Path) -> Option<PathBuf> {
    None
}

#[cfg(unix)]
fn can_be_entered(folder: &Path) -> bool {
    mode(folder) & 0o011 != 0
}

/// The permissions of a folder or file; none for one that is not there.
#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    let found = std::fs::metadata(path);
    found.map_or(0, |found| found.permissions().mode() & 0o777)
}
