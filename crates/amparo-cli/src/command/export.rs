//! `export`: writes the log as it is stored.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use amparo_store::ledger::{ExportError, Ledger};
use clap::Args;

use super::Exit;
use crate::args::OutputFormat;
use crate::error::Failure;
use crate::new_file;
use crate::output::{Cell, Column, Reply};
use crate::progress::Progress;
use crate::session::{Session, whole_meta};

/// Write every entry as JSON Lines: the very bytes that are stored and hashed
///
/// Without --openings the export names nobody, and can be published. With it, the private fields
/// follow each entry; keep such a file as you keep keys.
#[derive(Debug, Args)]
pub struct Export {
    /// Write to a new file, and answer with a summary [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    out: Option<String>,
    /// With the private fields, in clear
    #[arg(long)]
    openings: bool,
}

impl Export {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match &self.out {
            Some(name) => {
                let name = name.clone();
                self.to_file(session, &name)
            }
            None => self.to_stdout(session),
        }
    }

    fn to_stdout(&self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let format = session.globals.format;
        if !matches!(format, OutputFormat::Table | OutputFormat::Jsonl) {
            return Err(Failure::usage("an export is JSON Lines and nothing else")
                .hint("leave -O out, or write the export to a file with -o FILE"));
        }
        let ledger = session.whole()?;
        // No progress here: it would stand among the lines on a terminal.
        ledger
            .export(self.openings, &mut session.world.stdout, &mut |_| {})
            .map_err(failed)?;
        session.world.stdout.flush().map_err(Failure::writing)?;
        Ok(Exit::Done)
    }

    fn to_file(&self, session: &mut Session<'_, '_>, name: &str) -> Result<Exit, Failure> {
        let ledger = session.whole()?;
        let path = session.world.dir.join(name);
        let file = new_file::create(session, name)?;
        let written = self.write(session, &ledger, file);
        if let Err(failure) = written {
            // Half an export must not be taken for a whole one.
            let _ = std::fs::remove_file(&path);
            return Err(failure);
        }
        let columns = ["file", "entries", "root", "openings"].map(Column::text);
        let mut reply = Reply::new(whole_meta(&ledger), columns).into_record();
        let head = ledger.head();
        reply.push(vec![
            Cell::text(name),
            Cell::count(head.size),
            Cell::text(head.root),
            Cell::Flag(self.openings),
        ]);
        session.reply(&reply)?;
        if self.openings {
            session.talk("this file names people: keep it as you keep keys");
        }
        Ok(Exit::Done)
    }

    fn write(
        &self,
        session: &mut Session<'_, '_>,
        ledger: &Ledger,
        file: File,
    ) -> Result<(), Failure> {
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let total = ledger.head().size;
        let mut out = BufWriter::new(file);
        let mut step = |done| progress.step("entries exported", done, Some(total));
        ledger
            .export(self.openings, &mut out, &mut step)
            .map_err(failed)?;
        let file = out
            .into_inner()
            .map_err(|error| Failure::writing(error.into_error()))?;
        file.sync_all().map_err(Failure::writing)
    }
}

fn failed(error: ExportError) -> Failure {
    match error {
        ExportError::Read(error) => error.into(),
        ExportError::Write(error) => Failure::writing(error),
    }
}
