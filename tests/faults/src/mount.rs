//! File systems of our own for a moment: a small one in memory. Only root can mount.

use std::path::{Path, PathBuf};
use std::process::Command;

use amparo_store::files::faults::scratch;
use tempfile::TempDir;

use crate::claim::Broken;

/// A file system that is mounted while this lives.
pub struct Mounted {
    at: PathBuf,
    // Dropped last: the folder goes after the file system is gone from it.
    _parent: TempDir,
}

impl Mounted {
    /// A file system in memory of so many KiB; why not, where the system does not let us.
    ///
    /// # Errors
    /// [`Broken`] where there is no folder to mount it on.
    pub fn in_memory(kib: usize) -> Result<Result<Self, String>, Broken> {
        let size = format!("size={kib}k,mode=0700");
        Self::mount(&["-t", "tmpfs", "-o", &size, "tmpfs"])
    }

    /// Mounts what these arguments say.
    ///
    /// # Errors
    /// As [`in_memory`](Self::in_memory).
    pub fn mount(args: &[&str]) -> Result<Result<Self, String>, Broken> {
        let parent = scratch()?;
        let at = parent.path().join("mounted");
        std::fs::create_dir(&at)?;
        let mounted = run(Command::new("mount").args(args).arg(&at));
        Ok(mounted.map(|()| Self {
            at,
            _parent: parent,
        }))
    }

    /// Where it is mounted.
    pub fn at(&self) -> &Path {
        &self.at
    }

    /// Lets nobody write any more.
    ///
    /// # Errors
    /// [`Broken`] with what the system said.
    pub fn make_read_only(&self) -> Result<(), Broken> {
        let remounted = run(Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.at));
        remounted.map_err(Broken::new)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a file that is still open somewhere must not keep it for ever.
        let _ = run(Command::new("umount").arg("-l").arg(&self.at));
    }
}

/// Runs a program of the system to its end.
///
/// # Errors
/// What it said on standard error.
pub fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let first = said.lines().next().unwrap_or("no reason given");
            Err(first.trim().to_owned())
        }
        Err(error) => Err(format!("{:?}: {error}", command.get_program())),
    }
}
