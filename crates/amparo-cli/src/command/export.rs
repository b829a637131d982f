//! `export`: writes the log as it is stored, and tables that are derived from it.

mod tables;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use amparo_core::id::Subject;
use amparo_core::private::PrivateField;
use amparo_core::word::Word as _;
use amparo_store::ledger::{ExportError, Ledger};
use amparo_store::published::{Disclosure, PublishError};
use clap::Args;

use super::Exit;
use crate::args::OutputFormat;
use crate::error::{Failure, FailureKind};
use crate::new_file;
use crate::output::{Cell, Column, Reply, text};
use crate::people::People;
use crate::progress::Progress;
use crate::session::{Session, whole_meta};
use tables::TableArgs;

/// Write every entry as JSON Lines, the very bytes that are stored and hashed; or tables
///
/// Without --openings the export names nobody, and can be published. With it, the private fields
/// follow each entry; keep such a file as you keep keys. With --tiles it is a folder of static files
/// for any web host or stick: entries, Merkle tiles, the newest signed head, and a script that
/// verifies them with Python alone. What stands in clear in an entry is public then: kinds, days,
/// places, sources, pseudonyms of persons; VERIFY.md in the folder says it all.
///
/// Tables are derived at coordinates: people, events, sources, totals and claims, one thing a row.
/// Without --names they name nobody, but each person's story stands in them; --suppress-below leaves
/// out all that is about one person.
#[derive(Debug, Args)]
pub struct Export {
    /// Write to a new file, and answer with a summary [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    out: Option<String>,
    /// With the private fields, in clear
    #[arg(long)]
    openings: bool,
    /// Write or bring up to date a public export in a folder: static files up to the newest signed
    /// head, which anybody verifies with the verify.py that lies in it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "openings"])]
    tiles: Option<String>,
    /// In a public export, show these private fields: name,birth [default: none]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', requires = "tiles")]
    disclose: Vec<String>,
    /// Show them of this person or group alone; several times for several
    #[arg(long, value_name = "PERSON", requires = "disclose")]
    of: Vec<String>,
    #[command(flatten)]
    tables: TableArgs,
}

impl Export {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if self.tables.is_asked() {
            return self.tables.run(session);
        }
        self.tables.refuse_coordinates()?;
        if let Some(folder) = self.tiles.clone() {
            return self.to_tiles(session, &folder);
        }
        match &self.out {
            Some(name) => {
                let name = name.clone();
                self.to_file(session, &name)
            }
            None => self.to_stdout(session),
        }
    }

    fn to_tiles(&self, session: &mut Session<'_, '_>, name: &str) -> Result<Exit, Failure> {
        let fields: Vec<_> = self
            .disclose
            .iter()
            .map(|word| field(word))
            .collect::<Result<_, _>>()?;
        let ledger = session.whole()?;
        let of = self.people(&ledger)?;
        let disclosure = Disclosure::new(fields, of);
        let folder = session.world.dir.join(name);
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let mut step = |done| progress.step("entries published", done, None);
        let written = ledger.publish(&folder, &disclosure, &mut step);
        drop(progress);
        let written = written.map_err(|error| not_published(&error))?;
        let columns = ["folder", "entries", "root", "before", "files", "disclosed"];
        let mut reply = Reply::new(whole_meta(&ledger), columns.map(Column::text)).into_record();
        reply.push(vec![
            Cell::text(name),
            Cell::count(written.head.size()),
            Cell::text(written.head.root()),
            Cell::count(written.before),
            Cell::count(written.files),
            Cell::count(written.disclosed),
        ]);
        session.reply(&reply)?;
        let behind = ledger.head().size - written.head.size();
        if behind > 0 {
            session.talk(format!(
                "note: {behind} entries are not signed yet, and not in it; `amparo checkpoint` signs"
            ));
        }
        if written.disclosed > 0 {
            let many = written.disclosed;
            session.talk(format!(
                "this copy shows private fields of {many} entries to everybody"
            ));
        }
        Ok(Exit::Done)
    }

    /// Those whose fields are shown, with whoever was merged into them; `None` for everybody.
    fn people(&self, ledger: &Ledger) -> Result<Option<BTreeSet<Subject>>, Failure> {
        if self.of.is_empty() {
            return Ok(None);
        }
        let people = People::read(ledger)?;
        let mut chosen = BTreeSet::new();
        for typed in &self.of {
            let one = people.resolve(people.to_write(typed)?);
            let all = people.iter().map(|known| known.subject);
            chosen.extend(all.filter(|subject| people.resolve(*subject) == one));
        }
        Ok(Some(chosen))
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

/// A private field by its word.
fn field(word: &str) -> Result<PrivateField, Failure> {
    PrivateField::from_word(word).ok_or_else(|| {
        let words = PrivateField::ALL.iter().map(|field| field.word());
        let shown = text::visible(word);
        Failure::usage(format!("--disclose: there is no private field `{shown}`")).hint(format!(
            "there are {}",
            words.collect::<Vec<_>>().join(", ")
        ))
    })
}

fn not_published(error: &PublishError) -> Failure {
    let (kind, hint) = match error {
        PublishError::NotSigned => (
            FailureKind::Refused,
            "sign the head with `amparo checkpoint`, then export again",
        ),
        PublishError::NotEmpty(_) | PublishError::OtherLog(_) => (
            FailureKind::Usage,
            "name a folder that is empty or not there",
        ),
        PublishError::Newer { .. } | PublishError::Fork { .. } => (
            FailureKind::Integrity,
            "keep it: it shows that this ledger was cut or rewritten; see `amparo resume --help`",
        ),
        PublishError::There(_) => (
            FailureKind::Refused,
            "name another folder, and compare the two with verify.py",
        ),
        PublishError::Read(_) | PublishError::Signing(_) | PublishError::Entry(_) => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong with the ledger",
        ),
        PublishError::Io { .. } => (FailureKind::Internal, "run the command again"),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}

fn failed(error: ExportError) -> Failure {
    match error {
        ExportError::Read(error) => error.into(),
        ExportError::Write(error) => Failure::writing(error),
    }
}
