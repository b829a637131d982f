//! An answer that may be longer than memory: written a part at a time, whatever its form.

use crate::args::OutputFormat;
use crate::error::Failure;
use crate::output::{Cell, Reply, Written};
use crate::session::Session;

/// How many rows are gathered before they are written.
const ROWS_GATHERED_MAX: usize = 256;
/// The same in a table, whose first rows say how wide the columns are.
const TABLE_ROWS_GATHERED_MAX: usize = 10_000;

/// The rows of an answer on their way out.
pub struct Stream {
    empty: Reply,
    gathered: Reply,
    /// How many rows are gathered.
    rows: usize,
    written: Written,
}

impl Stream {
    /// A stream of an answer that has no rows yet.
    pub fn new(empty: Reply) -> Self {
        Self {
            gathered: empty.clone(),
            empty,
            rows: 0,
            written: Written::default(),
        }
    }

    /// Adds a row, and writes what is gathered when it is time.
    ///
    /// # Errors
    /// As [`Session::reply`].
    pub fn push(&mut self, session: &mut Session<'_, '_>, row: Vec<Cell>) -> Result<(), Failure> {
        self.gathered.push(row);
        self.rows += 1;
        let max = match session.globals.format {
            OutputFormat::Table => TABLE_ROWS_GATHERED_MAX,
            OutputFormat::Md | OutputFormat::Json | OutputFormat::Jsonl | OutputFormat::Csv => {
                ROWS_GATHERED_MAX
            }
        };
        match self.rows >= max {
            true => self.write(session),
            false => Ok(()),
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// As [`Session::reply`].
    pub fn finish(mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        self.write(session)?;
        let mut bytes = Vec::new();
        let ended = self.written.end(session.globals.format, &mut bytes);
        ended.map_err(Failure::writing)?;
        session.write(&bytes)
    }

    fn write(&mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        self.rows = 0;
        let rows = std::mem::replace(&mut self.gathered, self.empty.clone());
        let mut bytes = Vec::new();
        let part = self.written.part(&rows, session.globals.format, &mut bytes);
        part.map_err(Failure::writing)?;
        session.write(&bytes)
    }
}
