//! `import FILE --rules RULES`: records what a table says of people, row by row.

use std::fs::{self, File};
use std::io::Read as _;

use amparo_core::word::Word as _;
use clap::Args;

use super::Exit;
use super::import::told;
use crate::error::Failure;
use crate::intake;
use crate::lists::check_zone;
use crate::output::{Cell, Column, Reply};
use crate::people::People;
use crate::progress::Progress;
use crate::session::{Session, Writing, whole_meta};
use crate::similar::OTHERS_MAX;
use crate::tables::{
    DECISIONS_BYTES_MAX, Decisions, Figures, Import, Question, RefusedRows, TableFile, TableImport,
    TableRules, draft_rules, near,
};
use crate::unfinished::Unfinished;

/// The options of an import by rules.
#[derive(Debug, Default, Args)]
pub struct TableArgs {
    /// Take FILE as a table (CSV, XLSX, ODS) by these rules: its columns, dates and codes (TOML)
    #[arg(long, value_name = "FILE")]
    pub rules: Option<String>,
    /// Propose rules for FILE (CSV, XLSX, ODS) from its header and data; records nothing
    #[arg(long, conflicts_with_all = ["rules", "dry_run"])]
    pub draft_rules: bool,
    /// Write refused rows here, each with its reason, and record the others
    #[arg(long, value_name = "FILE", requires = "rules")]
    rejects: Option<String>,
    /// Who of the table is who: written with questions if it is not there, else read with answers
    #[arg(long, value_name = "FILE", requires = "rules")]
    decisions: Option<String>,
}

/// Writes a proposal of rules for a table.
pub fn draft(session: &mut Session<'_, '_>, file: &str) -> Result<Exit, Failure> {
    session.no_options()?;
    let file = TableFile::new(file, &session.world.dir)?;
    // Rules can be drafted before there is a ledger; where there is one, its days are those.
    let zone = match session.globals.ledger_dir(session.world) {
        Ok(_) => Some(session.whole()?.opening().time_zone.name()),
        Err(_) => None,
    };
    let rules = draft_rules(&file, zone)?;
    session.write(rules.as_bytes())?;
    Ok(Exit::Done)
}

/// Imports one table by its rules.
pub fn run(
    session: &mut Session<'_, '_>,
    args: &TableArgs,
    rules: &str,
    file: &str,
    dry_run: bool,
    mut writing: Writing,
) -> Result<Exit, Failure> {
    let text = fs::read_to_string(session.world.dir.join(rules))
        .map_err(|e| Failure::usage(format!("cannot read {rules}")).cause(e.to_string()))?;
    let rules = TableRules::read(rules, &text)?;
    check_zone(&writing, &rules.time_zone)?;
    let file = TableFile::new(file, &session.world.dir)?;
    let mut rejects = match &args.rejects {
        None => None,
        Some(name) => {
            let (unfinished, file) = Unfinished::file(session, name)?;
            Some((unfinished, RefusedRows::new(file, &rules)))
        }
    };
    let answers = answers(session, args)?;
    let are_compared =
        rules.person.name.is_some() && near::are_comparable(writing.ledger.head().size);
    let people = match are_compared || answers.is_some() {
        true => {
            Failure::unless_names(&writing.ledger)?;
            Some(People::read(&writing.ledger)?)
        }
        false => None,
    };
    let decisions = match (&answers, &people, &args.decisions) {
        (Some(answers), Some(people), Some(name)) => Decisions::read(name, answers, people)?,
        (_, _, _) => Decisions::default(),
    };
    let table = TableImport {
        rules: &rules,
        file: &file,
        decisions: &decisions,
    };
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    let mut step = |done| progress.step("rows checked", done, None);
    let refused = rejects.as_mut().map(|(_, refused)| refused);
    let mut import = table.check(&writing, refused, &mut *world.random, &mut step)?;
    drop(progress);
    let questions = match people.filter(|_| are_compared && !import.people.are_too_many) {
        Some(people) => {
            let (questions, too_many) = import.people.questions(&rules, &people, &decisions);
            if too_many > 0 {
                session.talk(format!(
                    "note: {too_many} have a name like that of more than {OTHERS_MAX} others, \
                     which says too little to ask about"
                ));
            }
            Some(questions)
        }
        None => None,
    };
    if questions.is_none() && rules.person.name.is_some() {
        session.talk(
            "note: there are too many people to compare their names; who is new was not compared",
        );
    }
    let asked = Asked {
        args,
        questions: questions.as_deref(),
        is_answered: answers.is_some(),
    };
    if dry_run || !asked.is_empty() || (import.figures.refused > 0 && rejects.is_none()) {
        reply(session, &writing, &file, &import.figures, &asked)?;
        talk(session, &import.figures);
        asked.write(session)?;
        if dry_run {
            finish(rejects, import.figures.refused)?;
            session.talk("nothing was written to the ledger (--dry-run)");
        }
        return match (args.rejects.is_some(), dry_run) {
            (false, _) if import.figures.refused > 0 => Err(refusal(&mut import)),
            (_, true) => Ok(Exit::Done),
            (_, false) => Err(asked.failure()),
        };
    }
    let before = writing.ledger.head().size;
    let held = writing.now < writing.ledger.head().recorded;
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    let total = Some(import.figures.rows);
    let mut step = |done| progress.step("rows recorded", done, total);
    table.record(&mut writing, &import, &mut *world.random, &mut step)?;
    drop(progress);
    let answered = reply(session, &writing, &file, &import.figures, &asked);
    let after = writing.ledger.head().size;
    session.close(writing.ledger);
    finish(rejects, import.figures.refused)?;
    answered?;
    talk(session, &import.figures);
    told(session, before, after, held);
    Ok(Exit::Done)
}

/// The questions about people, and where their answers come from.
struct Asked<'a> {
    args: &'a TableArgs,
    /// None where names were not compared.
    questions: Option<&'a [Question]>,
    is_answered: bool,
}

impl Asked<'_> {
    fn is_empty(&self) -> bool {
        self.questions.is_none_or(<[Question]>::is_empty)
    }

    /// How many people are asked about.
    fn people(&self) -> Cell {
        match self.questions {
            Some(questions) => Cell::count(near::people_asked(questions)),
            None => Cell::Empty,
        }
    }

    /// Writes the questions to the file that was named for them, unless it holds answers.
    fn write(&self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        let (Some(name), Some(questions), false) =
            (&self.args.decisions, self.questions, self.is_answered)
        else {
            return Ok(());
        };
        if questions.is_empty() {
            return Ok(());
        }
        let (unfinished, file) = Unfinished::file(session, name)?;
        near::write(questions, &file).map_err(Failure::writing)?;
        unfinished.finish()?;
        session.talk(format!(
            "{} questions about people are in {name}: fill its column `decision`",
            questions.len()
        ));
        Ok(())
    }

    fn failure(&self) -> Failure {
        let questions = self.questions.unwrap_or_default();
        let failure = Failure::subject(format!(
            "{} people of the table may be registered already, in rows {}; nothing was written",
            near::people_asked(questions),
            near::rows_asked(questions)
        ));
        match (&self.args.decisions, self.is_answered) {
            (Some(name), true) => failure.hint(format!(
                "answer each in {name}; to have those that it lacks listed, name a new file"
            )),
            (Some(name), false) => failure.hint(format!(
                "fill the column `decision` of {name} with `same` or `different`, and import again"
            )),
            (None, _) => failure.hint(
                "--decisions FILE writes down who may be who, and takes your answers from there",
            ),
        }
    }
}

/// The bytes of the file of decisions, where there is one.
fn answers(session: &Session<'_, '_>, args: &TableArgs) -> Result<Option<Vec<u8>>, Failure> {
    let Some(name) = &args.decisions else {
        return Ok(None);
    };
    let path = session.world.dir.join(name);
    if !path.exists() {
        return Ok(None);
    }
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("cannot read {name}")).cause(error.to_string())
    };
    let mut bytes = Vec::new();
    let mut file = File::open(path)
        .map_err(unreadable)?
        .take(DECISIONS_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 > DECISIONS_BYTES_MAX {
        true => Err(Failure::refused(format!(
            "{name} has more than {DECISIONS_BYTES_MAX} bytes"
        ))),
        false => Ok(Some(bytes)),
    }
}

fn finish(rejects: Option<(Unfinished, RefusedRows<'_>)>, refused: u64) -> Result<(), Failure> {
    match rejects {
        Some((unfinished, mut rows)) if refused > 0 => {
            rows.flush().map_err(Failure::writing)?;
            unfinished.finish()
        }
        // Without a refused row there is no file.
        Some(_) | None => Ok(()),
    }
}

fn refusal(import: &mut Import) -> Failure {
    let Figures { refused, .. } = import.figures;
    let count = import.faults.len() as u64 + import.faults_more;
    let faulty = if count == 1 { "fault" } else { "faults" };
    let rows = if refused == 1 { "row" } else { "rows" };
    let failure = Failure::refused(format!(
        "{count} {faulty} in {refused} {rows}; nothing was written"
    ))
    .faults(std::mem::take(&mut import.faults))
    .hint("--rejects FILE writes these rows apart, with their reasons, and records the others");
    match import.faults_more {
        0 => failure,
        more => failure.hint(format!("{more} faults more are not told here")),
    }
}

/// One row for the file, the keys as those of drafts where they mean the same.
fn reply(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    file: &TableFile,
    figures: &Figures,
    asked: &Asked<'_>,
) -> Result<(), Failure> {
    let columns = [
        Column::text("file"),
        Column::number("rows"),
        Column::number("new"),
        Column::number("duplicate"),
        Column::number("near_match"),
        Column::number("refused"),
        Column::machine("head"),
        Column::number("registered"),
        Column::machine("kinds"),
    ];
    let head = intake::head(&writing.ledger.head());
    let kinds = figures.new.iter();
    let kinds = kinds.map(|(kind, count)| (kind.word(), Cell::count(*count)));
    let mut reply = Reply::new(whole_meta(&writing.ledger), columns);
    reply.push(vec![
        Cell::text(&file.name),
        Cell::count(figures.rows),
        Cell::count(figures.new.values().sum::<u64>()),
        Cell::count(figures.duplicate),
        asked.people(),
        Cell::count(figures.refused),
        Cell::Parts(vec![
            ("seq", Cell::count(head.size.saturating_sub(1))),
            ("root", Cell::text(head.root)),
        ]),
        Cell::count(figures.registered),
        Cell::Parts(kinds.collect()),
    ]);
    session.reply(&reply)
}

fn talk(session: &mut Session<'_, '_>, figures: &Figures) {
    if figures.out_of_force > 0 {
        session.talk(format!(
            "note: {} duplicates were replaced or taken back since, and stay so",
            figures.out_of_force
        ));
    }
}
