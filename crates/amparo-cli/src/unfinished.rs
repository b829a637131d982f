//! What a command writes and is not whole yet: it has another name, and loses it only at the end.
//!
//! Refuses to overwrite. Invariant: what has its own name is whole and synced; what was broken off
//! by a failure is taken away, and what was killed is left as `NAME.partial`.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::new_file;
use crate::session::Session;

/// A folder or file on its way.
pub struct Unfinished {
    name: String,
    path: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    /// Begins a folder, for its owner alone.
    ///
    /// # Errors
    /// Usage, when something of that name is there, or it cannot be made.
    pub fn folder(session: &Session<'_, '_>, name: &str) -> Result<Self, Failure> {
        let begun = Self::named(session, name)?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        match builder.create(&begun.path) {
            Ok(()) => Ok(begun),
            Err(error) => Err(begun.not_begun(&error)),
        }
    }

    /// Begins a file, for its owner alone.
    ///
    /// # Errors
    /// As [`folder`](Self::folder).
    pub fn file(session: &Session<'_, '_>, name: &str) -> Result<(Self, File), Failure> {
        let begun = Self::named(session, name)?;
        match new_file::open(&begun.path) {
            Ok(file) => Ok((begun, file)),
            Err(error) => Err(begun.not_begun(&error)),
        }
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, durably.
    ///
    /// # Errors
    /// Usage, when something of that name is there by now; internal, when it cannot be synced.
    pub fn finish(mut self) -> Result<(), Failure> {
        refuse_existing(&self.name, &self.target)?;
        let named = sync(&self.path)
            .and_then(|()| fs::rename(&self.path, &self.target))
            .and_then(|()| self.target.parent().map_or(Ok(()), sync));
        named.map_err(Failure::writing)?;
        self.is_finished = true;
        Ok(())
    }

    fn named(session: &Session<'_, '_>, name: &str) -> Result<Self, Failure> {
        let target = session.world.dir.join(name);
        refuse_existing(name, &target)?;
        let Some(file_name) = target.file_name() else {
            return Err(Failure::usage(format!(
                "`{name}` names no new folder or file"
            )));
        };
        let mut partial = file_name.to_owned();
        partial.push(".partial");
        Ok(Self {
            name: name.to_owned(),
            path: target.with_file_name(partial),
            target,
            is_finished: false,
        })
    }

    /// Says why it could not be begun; what is there under the other name is not ours to remove.
    fn not_begun(mut self, error: &io::Error) -> Failure {
        self.is_finished = true;
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::usage(format!("{}.partial is there already", self.name))
                    .hint("an export was broken off there; remove it, or name another place")
            }
            _ => new_file::not_created(&self.name, error),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // Half an export must not be taken for a whole one.
            let _ = match self.path.is_dir() {
                true => fs::remove_dir_all(&self.path),
                false => fs::remove_file(&self.path),
            };
        }
    }
}

fn refuse_existing(name: &str, target: &Path) -> Result<(), Failure> {
    match target.symlink_metadata() {
        Ok(_) => Err(new_file::there_already(name)),
        Err(_) => Ok(()),
    }
}

/// Makes what stands in a folder or file durable, where the system can.
fn sync(path: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(path)?.sync_all(),
        false => Ok(()),
    }
}
