//! One writer at a time: the lock on a ledger folder.
//!
//! The lock is the operating system's, on an open file, so it goes with the process however that
//! ends; the file's content means nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a second process waits before it gives up.
const WAIT_MAX: Duration = Duration::from_secs(2);
const WAIT_STEP: Duration = Duration::from_millis(25);

/// The lock, held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("another process is using this ledger")]
    InUse,
    #[error("cannot lock the ledger")]
    Io(#[source] io::Error),
}

impl Lock {
    /// Takes the lock, waiting for at most two seconds.
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(LockError::Io)?;
        Self::wait_for(file)
    }

    /// The same without writing: `None` where nobody ever locked.
    pub(crate) fn take_as_it_is(path: &Path) -> Result<Option<Self>, LockError> {
        match File::open(path) {
            Ok(file) => Self::wait_for(file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LockError::Io(error)),
        }
    }

    fn wait_for(file: File) -> Result<Self, LockError> {
        let give_up = Instant::now() + WAIT_MAX;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    std::thread::sleep(WAIT_STEP);
                }
                Err(TryLockError::WouldBlock) => return Err(LockError::InUse),
                Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_waits_and_is_told_and_the_lock_goes_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("LOCK");
        let held = Lock::take(&path).unwrap();
        assert!(matches!(Lock::take(&path).unwrap_err(), LockError::InUse));
        drop(held);
        Lock::take(&path).unwrap();
    }
}
