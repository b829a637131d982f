//! `import`: records the drafts of files.

use clap::{Args, Subcommand};

use super::Exit;
use super::import_list::ImportList;
use super::import_table::{self, TableArgs};
use crate::args::RecorderArgs;
use crate::error::Failure;
use crate::faults::InputFault;
use crate::intake::{self, Check, Input, Tally};
use crate::output::{Cell, Column, Reply};
use crate::progress::Progress;
use crate::session::{Session, Writing, whole_meta};

/// Record the drafts of files (JSON Lines, one event on a line), or the rows of a table by rules
///
/// All files are checked first, and nothing is written if any line of any of them is refused;
/// every fault is reported. What is recorded already is left as it is, so that importing a file
/// twice changes nothing.
///
/// With --rules, FILE is a table instead (CSV, XLSX, ODS): each row tells of one person, and what its columns,
/// dates and codes mean is said by the rules, never guessed. A row that they do not fit is refused;
/// --rejects sets such rows apart. Somebody new whose name is like that of somebody known is asked
/// about before anything is recorded (--decisions), and never merged by itself. The same table
/// again, or one that overlaps it, adds nothing twice.
///
/// `amparo import list` takes full lists of people in custody instead, and records what follows
/// from their comparison. A file that is itself called `list` is `./list`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Import {
    #[command(subcommand)]
    action: Option<Action>,
    /// Files of drafts; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Check, tell what would be recorded, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    recorder: RecorderArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(ImportList),
}

impl Import {
    /// An import of standard input.
    pub(super) fn stdin(dry_run: bool, recorder: RecorderArgs) -> Self {
        Self {
            action: None,
            files: vec!["-".to_owned()],
            dry_run,
            table: TableArgs::default(),
            recorder,
        }
    }

    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if let Some(Action::List(list)) = self.action {
            return list.run(session);
        }
        if self.table.draft_rules {
            let [file] = self.files.as_slice() else {
                return Err(Failure::usage("--draft-rules takes one table at a time"));
            };
            return import_table::draft(session, file);
        }
        if let Some(rules) = &self.table.rules {
            let [file] = self.files.as_slice() else {
                return Err(Failure::usage("--rules takes one table at a time"));
            };
            if file == "-" {
                return Err(Failure::usage("a table is read twice; name a file"));
            }
            let writing = session.writing(&self.recorder)?;
            return import_table::run(session, &self.table, rules, file, self.dry_run, writing);
        }
        if self.files.iter().filter(|file| *file == "-").count() > 1 {
            return Err(Failure::usage("standard input can be read once only"));
        }
        let inputs: Vec<Input> = self
            .files
            .iter()
            .map(|name| Input::open(name, session.world))
            .collect::<Result<_, _>>()?;
        let mut writing = session.writing(&self.recorder)?;
        let checked = checked(session, &writing, &inputs)?;
        if self.dry_run {
            reply(session, &writing, &inputs, &checked.tallies)?;
            session.talk("nothing was written (--dry-run)");
            return Ok(Exit::Done);
        }
        let before = writing.ledger.head().size;
        let held = writing.now < writing.ledger.head().recorded;
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let total: u64 = checked
            .tallies
            .iter()
            .map(|tally| tally.new + tally.duplicate)
            .sum();
        let mut step = |done| progress.step("drafts recorded", done, Some(total));
        let tallies = intake::append(
            &mut writing,
            &inputs,
            checked,
            &mut *world.random,
            &mut step,
        )?;
        drop(progress);
        let answered = reply(session, &writing, &inputs, &tallies);
        let after = writing.ledger.head().size;
        session.close(writing.ledger);
        answered?;
        told(session, before, after, held);
        Ok(Exit::Done)
    }
}

/// The first pass, with its faults as a failure.
pub(super) fn checked(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    inputs: &[Input],
) -> Result<Check, Failure> {
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    let mut step = |done| progress.step("drafts checked", done, None);
    let check = intake::check(writing, inputs, &mut *world.random, &mut step)?;
    drop(progress);
    if check.faults.is_empty() {
        return Ok(check);
    }
    let Check {
        tallies, faults, ..
    } = check;
    let refused: u64 = tallies.iter().map(|tally| tally.refused).sum();
    let tallies: Vec<_> = tallies
        .into_iter()
        .map(|t| Tally {
            refused: t.refused,
            ..Tally::default()
        })
        .collect();
    reply(session, writing, inputs, &tallies)?;
    Err(refusal(faults, refused))
}

fn refusal(faults: Vec<InputFault>, refused: u64) -> Failure {
    let (count, lines) = (faults.len(), if refused == 1 { "line" } else { "lines" });
    let faulty = if count == 1 { "fault" } else { "faults" };
    Failure::refused(format!(
        "{count} {faulty} in {refused} {lines}; nothing was written"
    ))
    .faults(faults)
}

/// One row for each file, the keys as the design names them.
pub(super) fn reply(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    inputs: &[Input],
    tallies: &[Tally],
) -> Result<(), Failure> {
    let columns = [
        Column::text("file"),
        Column::number("new"),
        Column::number("duplicate"),
        Column::number("refused"),
        Column::machine("head"),
        Column::number("registered"),
    ];
    let mut reply = Reply::new(whole_meta(&writing.ledger), columns);
    for (input, tally) in inputs.iter().zip(tallies) {
        let head = tally
            .head
            .clone()
            .unwrap_or_else(|| intake::head(&writing.ledger.head()));
        reply.push(vec![
            Cell::text(&input.name),
            Cell::count(tally.new),
            Cell::count(tally.duplicate),
            Cell::count(tally.refused),
            Cell::Parts(vec![
                ("seq", Cell::count(head.size.saturating_sub(1))),
                ("root", Cell::text(head.root)),
            ]),
            Cell::count(tally.registered),
        ]);
    }
    session.reply(&reply)
}

pub(super) fn told(session: &mut Session<'_, '_>, before: u64, after: u64, held: bool) {
    if held {
        session.talk("note: the clock stands before the last entry; recorded at the time of that");
    }
    match after.checked_sub(before) {
        Some(0) | None => session.talk("nothing new: everything is recorded already"),
        Some(1) => session.talk(format!("recorded e{before}; undo with `amparo undo`")),
        Some(count) => session.talk(format!(
            "recorded e{before} to e{}, {count} entries; undo with `amparo undo`",
            after - 1
        )),
    }
}
