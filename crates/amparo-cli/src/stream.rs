//! An answer that may be longer than memory: written as it comes where its form allows.

use crate::args::OutputFormat;
use crate::error::Failure;
use crate::output::{self, Cell, Reply};
use crate::session::Session;

/// How many rows are gathered before they are written.
const ROWS_GATHERED_MAX: usize = 256;

/// The rows of an answer on their way out.
pub struct Stream {
    empty: Reply,
    gathered: Reply,
    /// How many rows are gathered.
    rows: usize,
    is_begun: bool,
}

impl Stream {
    /// A stream of an answer that has no rows yet.
    pub fn new(empty: Reply) -> Self {
        Self {
            gathered: empty.clone(),
            empty,
            rows: 0,
            is_begun: false,
        }
    }

    /// Adds a row, and writes what is gathered when it is time.
    ///
    /// # Errors
    /// As [`Session::reply`].
    pub fn push(&mut self, session: &mut Session<'_, '_>, row: Vec<Cell>) -> Result<(), Failure> {
        self.gathered.push(row);
        self.rows += 1;
        let streams = match session.globals.format {
            OutputFormat::Jsonl | OutputFormat::Csv => true,
            // Widths and brackets need all rows.
            OutputFormat::Table | OutputFormat::Md | OutputFormat::Json => false,
        };
        match streams && self.rows >= ROWS_GATHERED_MAX {
            true => self.write(session),
            false => Ok(()),
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// As [`Session::reply`].
    pub fn finish(mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        match self.is_begun && self.gathered.is_empty() {
            true => Ok(()),
            false => self.write(session),
        }
    }

    fn write(&mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        self.rows = 0;
        let rows = std::mem::replace(&mut self.gathered, self.empty.clone());
        let mut bytes = Vec::new();
        output::write(&rows, session.globals.format, &mut bytes).map_err(Failure::writing)?;
        let has_heading = session.globals.format == OutputFormat::Csv && self.is_begun;
        let heading = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .filter(|_| has_heading);
        self.is_begun = true;
        session.write(&bytes[heading.map_or(0, |end| end + 1)..])
    }
}
