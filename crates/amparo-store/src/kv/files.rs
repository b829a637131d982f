//! The folder of a store, seen from outside.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

use super::{KvError, from_io};

pub(super) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Takes from others than the owner what they may do with what sled has made in `dir`: files become
/// 0600, folders 0700. sled asks for no modes, so a file is as open as the system makes it until
/// then; the folder around it is not.
///
/// What cannot be changed, such as another owner's file, stays as it is.
#[cfg(unix)]
pub(super) fn make_private(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for item in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(found) = item.metadata() else {
            continue;
        };
        let mut permissions = found.permissions();
        if !found.is_symlink() && permissions.mode() & 0o077 != 0 {
            permissions.set_mode(permissions.mode() & 0o700);
            let _ = std::fs::set_permissions(item.path(), permissions);
        }
        if found.is_dir() {
            make_private(&item.path());
        }
    }
}

#[cfg(not(unix))]
pub(super) fn make_private(_dir: &Path) {}

/// A crash while a snapshot is written leaves `snap.<n>.generating`, which the next open would
/// take for the newest snapshot and fail on, for ever.
pub(super) fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    for file in std::fs::read_dir(dir)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// Bytes of all files under `dir`.
///
/// # Errors
/// `Io`.
pub fn folder_bytes(dir: &Path) -> Result<u64, KvError> {
    count_bytes(dir).map_err(from_io)
}

fn count_bytes(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for file in std::fs::read_dir(dir)? {
        let file = file?;
        let meta = file.metadata()?;
        bytes += if meta.is_dir() {
            count_bytes(&file.path())?
        } else {
            meta.len()
        };
    }
    Ok(bytes)
}
