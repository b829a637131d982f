//! `instrument`: the laws and decrees of clemency.

use amparo_core::event::{Body, Instrument as Described};
use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_store::ledger::Ledger;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::Exit;
use crate::args::{KnownAtArgs, WriteArgs};
use crate::draft_flags::{Members, exclusions, refusal, set_list, set_text};
use crate::error::Failure;
use crate::kept_facts;
use crate::output::{Cell, Column, Reply};
use crate::record::{Recording, record};
use crate::session::{Reading, Session};
use crate::standing::Standings;

/// Describe, show and list instruments of clemency: amnesties, pardons, commutations
#[derive(Debug, Args)]
pub struct Instrument {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Box<Add>),
    Show(Show),
    List(List),
}

/// Describe an instrument, so that entries can name it by its code
#[derive(Debug, Args)]
struct Add {
    /// The code that entries name it by: ve-amnesty-2026
    code: String,
    /// amnesty, pardon or commutation
    #[arg(long)]
    form: Option<String>,
    /// Its title
    #[arg(long)]
    title: Option<String>,
    /// Where it is law
    #[arg(long)]
    jurisdiction: Option<String>,
    /// Who adopted it
    #[arg(long)]
    adopted_by: Option<String>,
    /// When it was adopted
    #[arg(long, value_name = "DATE")]
    occurred: Option<String>,
    /// Within how many days a request must be decided
    #[arg(long, value_name = "DAYS")]
    decision_days: Option<u64>,
    /// A ground on which it excludes: "homicide=Homicide of any kind" (repeatable)
    #[arg(long = "exclusion", value_name = "CODE=TEXT")]
    exclusions: Vec<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// Show an instrument with the grounds on which it excludes
#[derive(Debug, Args)]
struct Show {
    /// Its code
    code: String,
    #[command(flatten)]
    at: KnownAtArgs,
}

/// List the instruments
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Instrument {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.action {
            Action::Add(add) => add.run(session),
            Action::Show(show) => answer(session, &show.at, Some(&show.code)),
            Action::List(list) => answer(session, &list.at, None),
        }
    }
}

impl Add {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.write.recorder)?;
        let mut draft = Members::new();
        let mut faults = Vec::new();
        draft.insert("kind".into(), "instrument".into());
        draft.insert("instrument".into(), self.code.as_str().into());
        for (field, value) in [
            ("form", &self.form),
            ("title", &self.title),
            ("jurisdiction", &self.jurisdiction),
            ("adopted_by", &self.adopted_by),
            ("occurred", &self.occurred),
        ] {
            set_text(&mut draft, field, value);
        }
        draft.extend(
            self.decision_days
                .map(|days| ("decision_days".to_owned(), days.into())),
        );
        set_list(&mut draft, "exclusions", exclusions(&self.exclusions));
        self.write.sources.put_into(&mut draft, &mut faults);
        if !faults.is_empty() {
            return Err(refusal(faults));
        }
        let line = Value::from(draft).to_string();
        record(
            session,
            writing,
            Recording::one(line, self.write.dry_run, None),
        )?;
        Ok(Exit::Done)
    }
}

/// The latest description in force of each instrument, or of one.
fn answer(
    session: &mut Session<'_, '_>,
    at: &KnownAtArgs,
    only: Option<&str>,
) -> Result<Exit, Failure> {
    let Reading { ledger, at } = session.reading_log(at)?;
    let described = described(&ledger, at.prefix())?;
    let columns = [
        Column::text("code"),
        Column::text("form"),
        Column::text("title"),
        Column::text("jurisdiction"),
        Column::text("adopted_by"),
        Column::number("decision_days"),
        Column::text("exclusions"),
        Column::text("entry"),
    ];
    let mut reply = Reply::at(at.log_meta(), columns);
    for (seq, described) in &described {
        if only.is_none_or(|code| described.instrument.as_str() == code) {
            reply.push(row(*seq, described));
        }
    }
    match only {
        Some(_) if reply.is_empty() => {
            let codes = described
                .iter()
                .map(|(_, described)| described.instrument.as_str());
            let codes: Vec<_> = codes.collect();
            Err(Failure::subject("no instrument has that code")
                .hint(format!("described are: {}", codes.join(", "))))
        }
        Some(_) => session.reply(&reply.into_record()).map(|()| Exit::Done),
        None => session.reply(&reply).map(|()| Exit::Done),
    }
}

fn described(ledger: &Ledger, prefix: u64) -> Result<Vec<(Seq, Described)>, Failure> {
    let standings = Standings::of_facts(&kept_facts::of(ledger)?, prefix);
    let mut all: Vec<(Seq, Described)> = Vec::new();
    for seq in (0..prefix).map(Seq::new) {
        if standings.kind(seq) != Some(Kind::Instrument) || !standings.is_in_force(seq) {
            continue;
        }
        let Some(entry) = ledger.entry(seq)? else {
            continue;
        };
        let Body::Instrument(described) = entry.event.body() else {
            continue;
        };
        let same = |known: &&mut (Seq, Described)| known.1.instrument == described.instrument;
        match all.iter_mut().find(same) {
            Some(known) => *known = (entry.seq, described.clone()),
            None => all.push((entry.seq, described.clone())),
        }
    }
    Ok(all)
}

fn row(seq: Seq, described: &Described) -> Vec<Cell> {
    let exclusions = described.exclusions.iter();
    vec![
        Cell::text(&described.instrument),
        Cell::maybe(described.form),
        Cell::maybe(described.title.as_ref()),
        Cell::maybe(described.jurisdiction.as_ref()),
        Cell::maybe(described.adopted_by.as_ref()),
        described.decision_days.map_or(Cell::Empty, Cell::count),
        Cell::list(exclusions.map(|excluded| format!("{}: {}", excluded.code, excluded.text))),
        Cell::text(seq),
    ]
}
