//! The one door to the disk for what must not be lost: the journal, the key file, checkpoints.
//!
//! Everything durable is built from the few operations of [`Files`] and [`OpenFile`], so that a
//! test can fail any of them, tear a write, or cut the power between two of them (see `faults`,
//! behind the feature of that name). In production [`RealFiles`] passes them to the system.
//!
//! Refuses to decide anything: no retries, no hidden syncs, no caching. Invariant: what is made
//! here can be read by its owner only (files 0600, folders 0700).

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use amparo_core::planted::{Bug, is_planted};

#[cfg(any(test, feature = "faults"))]
pub mod faults;

/// What a caller means to do with a file it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Read only: works on a read-only copy.
    Read,
    /// Read and write in place. The file must exist.
    Write,
}

/// One item of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name, without the folder.
    pub name: OsString,
    /// Whether it is a folder itself.
    pub is_folder: bool,
}

/// The operations on names: what a folder holds.
pub trait Files: fmt::Debug + Send + Sync {
    /// Creates a folder (0700). It must not exist.
    ///
    /// # Errors
    /// Those of the system; `AlreadyExists` when the name is taken.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Creates a file (0600) and opens it for reading and writing. It must not exist.
    ///
    /// # Errors
    /// Those of the system; `AlreadyExists` when the name is taken.
    fn create_file(&self, path: &Path) -> io::Result<Box<dyn OpenFile>>;

    /// Opens a file that exists.
    ///
    /// # Errors
    /// Those of the system; `NotFound` when there is none.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn OpenFile>>;

    /// Gives a file or folder another name, replacing a file of that name in one step.
    ///
    /// # Errors
    /// Those of the system. After an error the file may be found under either name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Those of the system; `NotFound` when there is none.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// Those of the system; `NotFound` when there is none.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable: creations, renames and removals up to now.
    ///
    /// # Errors
    /// Those of the system. After an error nothing is known about them.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// The items of a folder, in order of name.
    ///
    /// # Errors
    /// Those of the system; `NotFound` when there is no such folder.
    fn list(&self, path: &Path) -> io::Result<Vec<Listed>>;

    /// The whole content of a small file.
    ///
    /// # Errors
    /// Those of the system; `FileTooLarge` when it holds more than `bytes_max` bytes.
    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut file = self.open(path, OpenMode::Read)?;
        let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
        let len = usize::try_from(file.len()?).map_err(|_| too_large())?;
        if len > bytes_max {
            return Err(too_large());
        }
        let mut bytes = vec![0; len];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Writes a small file whole and durably: after a crash at any point the old content or the
    /// new one is there, never a mixture. Written beside itself as `NAME.tmp`, synced, renamed.
    ///
    /// # Errors
    /// Those of the system. After an error either content may be found.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let no_name = || io::Error::from(io::ErrorKind::InvalidInput);
        let folder = path.parent().ok_or_else(no_name)?;
        let mut name = path.file_name().ok_or_else(no_name)?.to_os_string();
        name.push(".tmp");
        let temporary = folder.join(name);
        match self.remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = self.create_file(&temporary)?;
        file.write_all_at(bytes, 0)?;
        match file.sync_data() {
            Err(error) if !is_planted(Bug::FailedSyncIgnored) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.rename(&temporary, path)?;
        if is_planted(Bug::FolderNotSynced) {
            return Ok(());
        }
        self.sync_folder(folder)
    }
}

/// The operations on the bytes of one open file.
pub trait OpenFile: fmt::Debug + Send + Sync {
    /// The length of the file in bytes.
    ///
    /// # Errors
    /// Those of the system.
    fn len(&mut self) -> io::Result<u64>;

    /// Whether the file holds nothing.
    ///
    /// # Errors
    /// Those of the system.
    fn is_empty(&mut self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Fills `buffer` from `offset` on; returns how much there was, less than asked only where
    /// the file ends.
    ///
    /// # Errors
    /// Those of the system.
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`, making the file longer where needed. Not durable before
    /// [`OpenFile::sync_data`].
    ///
    /// # Errors
    /// Those of the system. After an error any part may have been written.
    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file to `len` bytes.
    ///
    /// # Errors
    /// Those of the system.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Makes the bytes of the file and its length durable.
    ///
    /// # Errors
    /// Those of the system. After an error nothing is known about what was written since the last
    /// success, and a later success says nothing about it: the system may have dropped it.
    fn sync_data(&mut self) -> io::Result<()>;
}

/// The files of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn create_file(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn OpenFile>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).write(mode == OpenMode::Write);
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Only Unix lets a folder be opened and synced; elsewhere the system orders names itself.
        #[cfg(unix)]
        fs::File::open(or_current(path))?.sync_all()?;
        #[cfg(not(unix))]
        let _ = path;
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        let mut items = Vec::new();
        for item in fs::read_dir(or_current(path))? {
            let item = item?;
            let is_folder = item.file_type()?.is_dir();
            items.push(Listed {
                name: item.file_name(),
                is_folder,
            });
        }
        items.sort();
        Ok(items)
    }
}

/// The parent of a bare name is the empty path: it means the current folder.
fn or_current(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

#[derive(Debug)]
struct RealFile(fs::File);

impl OpenFile for RealFile {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write_all(bytes)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replace_puts_the_new_content_in_place_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        for content in [&b"first"[..], b"", b"the second, longer"] {
            RealFiles.replace(&path, content).unwrap();
            assert_eq!(RealFiles.read(&path, 100).unwrap(), content);
            assert_eq!(RealFiles.list(folder.path()).unwrap().len(), 1);
        }
    }

    #[test]
    fn read_refuses_a_file_over_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        RealFiles.replace(&path, &[7; 101]).unwrap();
        assert_eq!(RealFiles.read(&path, 101).unwrap().len(), 101);
        let error = RealFiles.read(&path, 100).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_is_created() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        let file = folder.join("file");
        RealFiles.create_folder(&folder).unwrap();
        RealFiles.create_file(&file).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    }
}
