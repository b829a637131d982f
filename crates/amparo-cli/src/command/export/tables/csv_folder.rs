//! A new folder of CSV files, one for each table, each hashed while it is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use amparo_tlog::merkle::Hash;
use sha2::{Digest as _, Sha256};

use super::Sink;
use super::schema::Table;
use crate::error::Failure;
use crate::new_file;
use crate::output::{Cell, CsvRows, Meta};
use crate::session::Session;
use crate::unfinished::Unfinished;

/// A file that stands in the folder.
pub struct InFolder {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
}

/// The folder while it is written.
pub struct CsvFolder {
    folder: Unfinished,
    open: Option<(String, CsvRows<Hashed>)>,
    files: Vec<InFolder>,
}

impl CsvFolder {
    /// Begins a folder that is not there.
    ///
    /// # Errors
    /// Usage, when it is there or cannot be made.
    pub fn new(session: &Session<'_, '_>, name: &str) -> Result<Self, Failure> {
        Ok(Self {
            folder: Unfinished::folder(session, name)?,
            open: None,
            files: Vec::new(),
        })
    }

    /// The files that are whole.
    pub fn files(&self) -> &[InFolder] {
        &self.files
    }

    /// Adds a text to the folder.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let mut file = self.create(name)?;
        file.write_all(text.as_bytes()).map_err(Failure::writing)?;
        self.close(name.to_owned(), file)
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// Usage, when it is there by now; internal, when it cannot be synced.
    pub fn finish(self) -> Result<(), Failure> {
        self.folder.finish()
    }

    fn create(&self, name: &str) -> Result<Hashed, Failure> {
        Ok(Hashed {
            file: BufWriter::new(new_file::create_in(self.folder.path(), name)?),
            sha256: Sha256::new(),
            bytes: 0,
        })
    }

    fn close(&mut self, name: String, hashed: Hashed) -> Result<(), Failure> {
        let Hashed {
            file,
            sha256,
            bytes,
        } = hashed;
        let file = file.into_inner().map_err(|error| error.into_error());
        let file = file.map_err(Failure::writing)?;
        file.sync_all().map_err(Failure::writing)?;
        self.files.push(InFolder {
            name,
            bytes,
            sha256: Hash::from_bytes(sha256.finalize().into()),
        });
        Ok(())
    }
}

impl Sink for CsvFolder {
    fn begin(&mut self, table: &Table, meta: &Meta) -> Result<(), Failure> {
        let name = format!("{}.csv", table.name);
        let file = self.create(&name)?;
        let rows = CsvRows::begin(&table.columns(), &meta.beside(&table.columns()), file);
        self.open = Some((name, rows.map_err(Failure::writing)?));
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        match &mut self.open {
            Some((_, rows)) => rows.row(cells).map_err(Failure::writing),
            None => Err(Failure::internal("a row stands outside every table")),
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Some((name, rows)) = self.open.take() else {
            return Ok(());
        };
        let file = rows.end().map_err(Failure::writing)?;
        self.close(name, file)
    }
}

/// A file, with the hash of what was written to it.
struct Hashed {
    file: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
