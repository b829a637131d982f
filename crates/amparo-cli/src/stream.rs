//! An answer that may be longer than memory, written a part at a time, whatever its form.
//!
//! Its rows are laid out on a thread of its own while the next ones are made. Only a few parts are
//! ahead of what is written, and an answer of a single part needs no thread.

use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use crate::args::OutputFormat;
use crate::error::Failure;
use crate::output::{Cell, Reply, Written};
use crate::session::Session;

/// How many rows are gathered before they are laid out.
const ROWS_GATHERED_MAX: usize = 2048;
/// The same in a table, whose first rows say how wide the columns are.
const TABLE_ROWS_GATHERED_MAX: usize = 10_000;
/// Parts that are made and not written.
const PARTS_AHEAD_MAX: usize = 3;

/// The rows of an answer on their way out.
pub struct Stream {
    empty: Reply,
    gathered: Reply,
    /// How many rows are gathered.
    rows: usize,
    /// From the second part on.
    typesetter: Option<Typesetter>,
}

impl Stream {
    /// A stream of an answer that has no rows yet.
    pub fn new(empty: Reply) -> Self {
        Self {
            gathered: empty.clone(),
            empty,
            rows: 0,
            typesetter: None,
        }
    }

    /// Adds a row, and writes what is laid out when it is time.
    ///
    /// # Errors
    /// As [`Session::reply`].
    pub fn push(&mut self, session: &mut Session<'_, '_>, row: Vec<Cell>) -> Result<(), Failure> {
        let format = session.globals.format;
        let max = match format {
            OutputFormat::Table => TABLE_ROWS_GATHERED_MAX,
            OutputFormat::Md | OutputFormat::Json | OutputFormat::Jsonl | OutputFormat::Csv => {
                ROWS_GATHERED_MAX
            }
        };
        if self.rows == max {
            self.rows = 0;
            let part = std::mem::replace(&mut self.gathered, self.empty.clone());
            let typesetter = &mut self.typesetter;
            let typesetter = typesetter.get_or_insert_with(|| Typesetter::new(format));
            typesetter.take(session, part)?;
        }
        self.gathered.push(row);
        self.rows += 1;
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// As [`Session::reply`].
    pub fn finish(self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        let format = session.globals.format;
        let mut written = match self.typesetter {
            Some(typesetter) => typesetter.finish(session)?,
            None => Written::default(),
        };
        let mut bytes = Vec::new();
        let last = written.part(&self.gathered, format, &mut bytes);
        let ended = last.and_then(|()| written.end(format, &mut bytes));
        ended.map_err(Failure::writing)?;
        session.write(&bytes)
    }
}

/// The thread that lays parts out, in their order.
struct Typesetter {
    parts: SyncSender<Reply>,
    laid: Receiver<io::Result<Vec<u8>>>,
    /// Parts that it was given and that are not written.
    ahead: usize,
    thread: JoinHandle<Written>,
}

impl Typesetter {
    fn new(format: OutputFormat) -> Self {
        let (parts, given) = mpsc::sync_channel::<Reply>(PARTS_AHEAD_MAX);
        let (done, laid) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut written = Written::default();
            for part in given {
                let mut bytes = Vec::new();
                let lines = written.part(&part, format, &mut bytes);
                // Whoever writes has met an error, and wants no more.
                if done.send(lines.map(|()| bytes)).is_err() {
                    break;
                }
            }
            written
        });
        Self {
            parts,
            laid,
            ahead: 0,
            thread,
        }
    }

    fn take(&mut self, session: &mut Session<'_, '_>, part: Reply) -> Result<(), Failure> {
        while let Ok(bytes) = self.laid.try_recv() {
            self.ahead -= 1;
            session.write(&bytes.map_err(Failure::writing)?)?;
        }
        if self.ahead == PARTS_AHEAD_MAX {
            self.write(session)?;
        }
        // It goes on for as long as it is given parts, or has panicked, which `finish` passes on.
        if self.parts.send(part).is_ok() {
            self.ahead += 1;
        }
        Ok(())
    }

    /// Writes the next part.
    fn write(&mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        self.ahead -= 1;
        match self.laid.recv() {
            Ok(bytes) => session.write(&bytes.map_err(Failure::writing)?),
            Err(_) => Ok(()),
        }
    }

    /// Writes what is laid out; answers how far the answer is written.
    fn finish(mut self, session: &mut Session<'_, '_>) -> Result<Written, Failure> {
        while self.ahead > 0 {
            self.write(session)?;
        }
        drop(self.parts);
        let ended = self.thread.join();
        ended.map_err(|panic| std::panic::resume_unwind(panic))
    }
}
