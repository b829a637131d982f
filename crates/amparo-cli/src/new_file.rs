//! Files that a command is told to write: new ones, for their owner alone.
//!
//! Refuses to overwrite. Invariant: a file that was not written whole is not left behind.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::Failure;
use crate::session::Session;

/// Creates a file that is not there, readable by its owner alone.
///
/// # Errors
/// Usage, when it is there or cannot be made.
pub fn create(session: &Session<'_, '_>, name: &str) -> Result<File, Failure> {
    create_in(&session.world.dir, name)
}

/// Creates a file that is not there, in a folder of one's own choice.
///
/// # Errors
/// As [`create`].
pub fn create_in(folder: &Path, name: &str) -> Result<File, Failure> {
    open(&folder.join(name)).map_err(|error| not_created(name, &error))
}

/// Opens a file that is not there, readable by its owner alone.
///
/// # Errors
/// Whatever the system answers.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Why something could not be created.
pub fn not_created(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => there_already(name),
        _ => Failure::usage(format!("cannot write {name}")).cause(error.to_string()),
    }
}

/// That something of that name is there.
pub fn there_already(name: &str) -> Failure {
    Failure::usage(format!("{name} is there already"))
        .hint("nothing is overwritten; name a new file or folder")
}

/// Writes a new file whole and durably.
///
/// # Errors
/// As [`create`], and internal when it cannot be written.
pub fn write(session: &Session<'_, '_>, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = create(session, name)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a file must not be taken for a whole one.
        let _ = std::fs::remove_file(session.world.dir.join(name));
        Failure::writing(error)
    })
}
