//! Folders copied and looked through, for tests that damage a ledger.

use std::fs;
use std::path::{Path, PathBuf};

/// Copies a folder with everything in it to a place where nothing is.
pub fn copy(from: &Path, to: &Path) {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), &target).unwrap();
        }
    }
}

/// Puts a copy of a folder in the place of whatever is there.
pub fn replace(at: &Path, with: &Path) {
    remove(at);
    copy(with, at);
}

/// Removes a folder or a file, if it is there.
pub fn remove(at: &Path) {
    if at.is_dir() {
        fs::remove_dir_all(at).unwrap();
    } else if at.exists() {
        fs::remove_file(at).unwrap();
    }
}

/// Every file in a folder and below, in the order of their names.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A folder and every folder below it, the outer before the inner.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(folders(&path));
        }
    }
    found
}

/// The only file of a folder whose name ends so.
pub fn only(folder: &Path, ending: &str) -> PathBuf {
    let mut found = files(folder);
    found.retain(|path| path.to_str().unwrap().ends_with(ending));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Every file in a folder and below that holds these bytes.
pub fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|path| {
        let all = fs::read(path).unwrap();
        all.windows(bytes.len()).any(|window| window == bytes)
    });
    found
}
