//! The reference: the same lines in one SQLite table, durable at each commit.

use std::io;
use std::path::Path;

use rusqlite::{Connection, params};

/// A table of entry lines by sequence.
pub struct Table(Connection);

impl Table {
    /// A new database with an empty table: write-ahead log, synced at every commit.
    ///
    /// # Errors
    /// Whatever SQLite answers.
    pub fn create(path: &Path) -> io::Result<Self> {
        let connection = Connection::open(path).map_err(io::Error::other)?;
        let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE entries (seq INTEGER PRIMARY KEY, line TEXT NOT NULL);";
        connection
            .execute_batch(settings)
            .map_err(io::Error::other)?;
        Ok(Self(connection))
    }

    /// A database that is there.
    ///
    /// # Errors
    /// Whatever SQLite answers.
    pub fn open(path: &Path) -> io::Result<Self> {
        Connection::open(path).map(Self).map_err(io::Error::other)
    }

    /// Adds lines from a sequence on, in one transaction.
    ///
    /// # Errors
    /// Whatever SQLite answers.
    pub fn append(&mut self, first: u64, lines: &[impl AsRef<str>]) -> io::Result<()> {
        let mut append = || -> rusqlite::Result<()> {
            let transaction = self.0.transaction()?;
            let mut insert = transaction.prepare_cached("INSERT INTO entries VALUES (?1, ?2)")?;
            for (seq, line) in (first..).zip(lines) {
                insert.execute(params![seq.cast_signed(), line.as_ref()])?;
            }
            drop(insert);
            transaction.commit()
        };
        append().map_err(io::Error::other)
    }

    /// Gives every line in order.
    ///
    /// # Errors
    /// Whatever SQLite answers, and `each`.
    pub fn each(&self, mut each: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let select = "SELECT line FROM entries ORDER BY seq";
        let mut select = self.0.prepare(select).map_err(io::Error::other)?;
        let mut rows = select.query([]).map_err(io::Error::other)?;
        while let Some(row) = rows.next().map_err(io::Error::other)? {
            let line = row.get_ref(0).map_err(io::Error::other)?;
            each(line.as_str().map_err(io::Error::other)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = Table::create(&folder.path().join("lines")).unwrap();
        table.append(0, &["a", "b"]).unwrap();
        table.append(2, &["c"]).unwrap();
        assert!(table.append(2, &["d"]).is_err());
        let mut lines = Vec::new();
        let each = |line: &str| {
            lines.push(line.to_owned());
            Ok(())
        };
        table.each(each).unwrap();
        assert_eq!(lines, ["a", "b", "c"]);
    }
}
