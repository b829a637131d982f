//! `import list`: records what follows from full lists of people in custody.

use std::fs;

use amparo_core::id::Seq;
use amparo_store::Ledger;
use clap::Args;

use super::Exit;
use super::import::told;
use crate::args::RecorderArgs;
use crate::error::Failure;
use crate::lists::{self, Figures, ListFile, Rules};
use crate::output::{Cell, Column, Reply};
use crate::progress::Progress;
use crate::session::{Session, Writing, whole_meta};

/// Record what follows from full lists of people in custody, such as daily rosters (CSV)
///
/// Each list is compared with the one before it. Whom no list had before is in custody since their
/// admission. Who is gone has left, nobody says how, some time between the two lists. Who is back
/// with the same admission never left: the inferred exit is retracted. Another admission is
/// another stay, or a correction where they never went. A list equal to the one before it is
/// recorded as silent. The rules say what columns, codes and dates mean; nothing is guessed.
///
/// Files are taken in the order of their days. All are checked first, and nothing is written if
/// any is refused. Files imported together, one by one or twice give the same entries.
#[derive(Debug, Args)]
pub struct ImportList {
    /// The files, one for each day
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The rules of the list (TOML)
    #[arg(long, value_name = "FILE")]
    rules: String,
    /// Compare, tell what would be recorded, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl ImportList {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let path = session.world.dir.join(&self.rules);
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("cannot read {}", self.rules)).cause(error.to_string())
        })?;
        let rules = Rules::read(&self.rules, &text)?;
        let dir = session.world.dir.clone();
        let files = self.files.iter().map(|name| ListFile::new(name, &dir));
        let files: Vec<ListFile> = files.collect();
        let mut writing = session.writing(&self.recorder)?;
        Failure::unless_names(&writing.ledger)?;
        let before = writing.ledger.head().size;
        let held = writing.now < writing.ledger.head().recorded;
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let mut step = |done| progress.step("lists compared", done, None);
        let random = &mut *world.random;
        let figures = lists::import(
            &mut writing,
            &rules,
            &files,
            self.dry_run,
            random,
            &mut step,
        )?;
        drop(progress);
        let answered = reply(session, &writing, &figures);
        if self.dry_run {
            answered?;
            session.talk("nothing was written (--dry-run)");
            return Ok(Exit::Done);
        }
        let after = writing.ledger.head().size;
        session.close(writing.ledger);
        answered?;
        told(session, before, after, held);
        Ok(Exit::Done)
    }
}

/// Where the log ended after a list; the root of what a dry run would record is not known.
fn head(ledger: &Ledger, seq: Seq) -> Cell {
    let size = seq.number() + 1;
    let root = (size <= ledger.head().size).then(|| ledger.tree().root(size).ok());
    Cell::Parts(vec![
        ("seq", Cell::count(seq.number())),
        ("root", Cell::maybe(root.flatten())),
    ])
}

/// One row for each list; the comparison is left out of a list that was recorded before.
fn reply(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    figures: &[Figures],
) -> Result<(), Failure> {
    let columns = [
        Column::text("file"),
        Column::text("date"),
        Column::number("rows"),
        Column::number("people"),
        Column::number("entered"),
        Column::number("left"),
        Column::number("returned"),
        Column::number("returned_same_admission"),
        Column::number("admission_changed"),
        Column::number("status_changed"),
        Column::text("silent"),
        Column::number("repeated_rows"),
        Column::number("new"),
        Column::number("head"),
    ];
    let mut reply = Reply::new(whole_meta(&writing.ledger), columns);
    for file in figures {
        let counts = file.counts.as_ref();
        let count = |figure: fn(&lists::Counts) -> u64| {
            counts.map_or(Cell::Empty, |counts| Cell::count(figure(counts)))
        };
        reply.push(vec![
            Cell::text(&file.file),
            Cell::text(file.day),
            Cell::count(file.rows),
            Cell::count(file.people),
            count(|counts| counts.entered),
            count(|counts| counts.left),
            count(|counts| counts.returned),
            count(|counts| counts.returned_same_admission),
            count(|counts| counts.admission_changed),
            count(|counts| counts.status_changed),
            counts.map_or(Cell::Empty, |counts| Cell::Flag(counts.silent)),
            Cell::count(file.again),
            Cell::count(file.new),
            head(&writing.ledger, file.head),
        ]);
    }
    session.reply(&reply)?;
    let repeated: u64 = figures.iter().map(|file| file.again).sum();
    if repeated > 0 {
        session.talk(format!(
            "note: {repeated} rows name somebody whom their list names already; the first counts"
        ));
    }
    if figures.iter().any(|file| file.counts.is_none()) {
        session
            .talk("note: lists without figures were recorded before; their head is that of then");
    }
    Ok(())
}
