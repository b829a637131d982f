//! Files that fail on demand: for tests only.
//!
//! [`FaultyFiles`] passes every operation on to real files below a root folder, so that a store
//! over it can be reopened by any program. It counts the operations, fails the one it was told to
//! ([`Fault`]), and keeps a [`Recording`] of all changes and syncs, from which a [power
//! cut](Recording::power_cut) after any of them is laid out as a folder.
//!
//! Refuses to be kind. What was not synced may survive in any subset, torn in sectors; a name is
//! durable only once its folder was synced; and after a failed sync of a file a later one does not
//! cover what was written before (Linux marks such pages clean). Invariant: what was synced
//! survives every cut.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Files, Listed, OpenFile, OpenMode, RealFiles};

mod recording;
#[cfg(test)]
mod tests;

use recording::{Change, Node};
pub use recording::{Recording, Survivors};

/// A temporary folder in memory where the system has one, so that tests that sync thousands of
/// times do not wait for a device.
///
/// # Errors
/// Those of the system.
pub fn scratch() -> io::Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

/// What the system says when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemError {
    /// `EIO`: the device failed.
    InputOutput,
    /// `ENOSPC`: the disk is full.
    NoSpace,
    /// Nothing: it says that a write or sync was done. Any other operation is done.
    Silence,
}

impl SystemError {
    /// Those that are told.
    pub const TOLD: [Self; 2] = [Self::InputOutput, Self::NoSpace];

    fn answer(self) -> io::Result<()> {
        match self {
            Self::InputOutput => Err(io::Error::from_raw_os_error(5)),
            Self::NoSpace => Err(io::Error::from_raw_os_error(28)),
            Self::Silence => Ok(()),
        }
    }
}

/// How much of a failing operation is done all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing of it.
    Nothing,
    /// A write puts down this many bytes at most; any other operation nothing.
    Torn(usize),
    /// All of it: only the answer is lost.
    Whole,
}

impl Effect {
    /// One of each.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Torn(37), Self::Whole];
}

/// Which operation fails, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation that fails, counted from 0 ([`FaultyFiles::operations`]).
    pub operation: u64,
    /// What the caller is told.
    pub error: SystemError,
    /// What is done all the same.
    pub effect: Effect,
    /// Whether all later operations fail as well; with [`SystemError::NoSpace`], those that take
    /// space.
    pub lasting: bool,
}

/// Real files below a root folder, with faults and a recording. Clones share both.
#[derive(Clone, Debug)]
pub struct FaultyFiles {
    shared: Arc<Mutex<Shared>>,
}

impl FaultyFiles {
    /// Takes charge of `root`; what it holds now counts as durable.
    ///
    /// # Errors
    /// Those of the system while reading what is there.
    pub fn new(root: &Path) -> io::Result<Self> {
        let shared = Shared {
            root: root.to_path_buf(),
            operations: 0,
            fault: None,
            recording: Recording::start(root)?,
        };
        Ok(Self {
            shared: Arc::new(Mutex::new(shared)),
        })
    }

    /// Sets the fault to come, or none.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// How many operations there were, reads among them.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// How many changes and syncs there were.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.lock().recording.len()
    }

    /// The changes and syncs up to now.
    #[must_use]
    pub fn recording(&self) -> Recording {
        self.lock().recording.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one operation and runs it, unless it is to fail.
    fn run<T>(
        &self,
        takes_space: bool,
        operation: impl FnOnce(&mut Shared) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut shared = self.lock();
        let fault = shared.strike(takes_space);
        match fault.map(|fault| (fault.effect, fault.error.answer())) {
            None | Some((_, Ok(()))) => operation(&mut shared),
            Some((Effect::Nothing | Effect::Torn(_), Err(error))) => Err(error),
            Some((Effect::Whole, Err(error))) => operation(&mut shared).and(Err(error)),
        }
    }
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    operations: u64,
    fault: Option<Fault>,
    recording: Recording,
}

impl Shared {
    /// Counts one operation; returns the fault that it meets.
    fn strike(&mut self, takes_space: bool) -> Option<Fault> {
        let this = self.operations;
        self.operations += 1;
        let fault = self.fault?;
        let lasts = fault.lasting && (takes_space || fault.error == SystemError::InputOutput);
        (this == fault.operation || (this > fault.operation && lasts)).then_some(fault)
    }

    /// The folder that holds `path`, and its name there.
    fn place(&self, path: &Path) -> io::Result<(Node, OsString)> {
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "outside the root folder");
        let name = path.file_name().ok_or_else(outside)?;
        let folder = self.node(path.parent().ok_or_else(outside)?)?;
        Ok((folder, name.to_os_string()))
    }

    fn node(&self, path: &Path) -> io::Result<Node> {
        let below = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        self.recording
            .find(below)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, path: &Path, is_folder: bool) -> io::Result<Node> {
        let (folder, name) = self.place(path)?;
        let node = self.recording.next_node();
        self.recording.change(Change::Create {
            folder,
            name,
            node,
            is_folder,
        });
        Ok(node)
    }
}

impl Files for FaultyFiles {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.run(true, |shared| {
            RealFiles.create_folder(path)?;
            shared.create(path, true).map(drop)
        })
    }

    fn create_file(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        let files = self.clone();
        self.run(true, |shared| {
            let file = RealFiles.create_file(path)?;
            let node = shared.create(path, false)?;
            Ok(Box::new(FaultyFile { files, node, file }) as Box<dyn OpenFile>)
        })
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn OpenFile>> {
        let files = self.clone();
        self.run(false, |shared| {
            let file = RealFiles.open(path, mode)?;
            let node = shared.node(path)?;
            Ok(Box::new(FaultyFile { files, node, file }) as Box<dyn OpenFile>)
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.run(true, |shared| {
            RealFiles.rename(from, to)?;
            let node = shared.node(from)?;
            let (from, to) = (shared.place(from)?, shared.place(to)?);
            shared.recording.change(Change::Move { from, to, node });
            Ok(())
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.run(false, |shared| {
            RealFiles.remove_file(path)?;
            let node = shared.node(path)?;
            shared.recording.change(Change::Remove {
                at: shared.place(path)?,
                node,
            });
            Ok(())
        })
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.run(false, |shared| {
            RealFiles.remove_folder(path)?;
            let node = shared.node(path)?;
            shared.recording.change(Change::Remove {
                at: shared.place(path)?,
                node,
            });
            Ok(())
        })
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut shared = self.lock();
        let fault = shared.strike(false);
        let node = shared.node(path)?;
        shared.recording.sync(node, fault)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        self.run(false, |_| RealFiles.list(path))
    }
}

#[derive(Debug)]
struct FaultyFile {
    files: FaultyFiles,
    node: Node,
    file: Box<dyn OpenFile>,
}

impl OpenFile for FaultyFile {
    fn len(&mut self) -> io::Result<u64> {
        let file = &mut self.file;
        self.files.run(false, |_| file.len())
    }

    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = &mut self.file;
        self.files.run(false, |_| file.read_at(buffer, offset))
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut shared = self.files.lock();
        let fault = shared.strike(true);
        let written = match fault.map(|fault| fault.effect) {
            None | Some(Effect::Whole) => bytes,
            Some(Effect::Nothing) => &[],
            Some(Effect::Torn(len)) => bytes.get(..len).unwrap_or(bytes),
        };
        self.file.write_all_at(written, offset)?;
        if !written.is_empty() {
            let change = Change::Write {
                node: self.node,
                offset,
                bytes: written.into(),
            };
            shared.recording.change(change);
        }
        fault.map_or(Ok(()), |fault| fault.error.answer())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let (file, node) = (&mut self.file, self.node);
        self.files.run(false, |shared| {
            file.truncate(len)?;
            shared.recording.change(Change::Truncate { node, len });
            Ok(())
        })
    }

    /// Recorded only: the recording says what a sync is worth, the device is left alone.
    fn sync_data(&mut self) -> io::Result<()> {
        let mut shared = self.files.lock();
        let fault = shared.strike(false);
        shared.recording.sync(self.node, fault)
    }
}
