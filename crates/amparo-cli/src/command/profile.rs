//! `profile`: the rules of who counts as held.

use amparo_projections::profiles::{Stated, profiles};
use amparo_projections::{Profile as Rule, View};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Exit;
use crate::args::{KnownAtArgs, RecorderArgs};
use crate::derived::read_facts;
use crate::error::Failure;
use crate::output::{Cell, Column, Reply, text};
use crate::record::{Recording, record};
use crate::session::{Reading, Session};

/// State, show and list profiles: the rules of who counts as held
///
/// A profile is a set of custody states and, if wanted, a shortest stay. Three are built in and
/// never change. Others are entries of the log: a changed rule is a new version, the old one stays
/// for the numbers that were published with it. `--profile NAME` takes the version that was known
/// at the known-at, `--profile NAME@2` that version and no other.
#[derive(Debug, Args)]
pub struct Profile {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    Show(Show),
    List(List),
}

/// State a profile, or the next version of one
#[derive(Debug, Args)]
struct Add {
    /// Its name: letters, digits, `-`, `_`, `.`
    name: String,
    /// The custody states that count: detained, disappeared, house-arrest, ... (with commas)
    #[arg(long, value_name = "STATE", value_delimiter = ',', required = true)]
    states: Vec<String>,
    /// Only who has been in those states for so many days counts
    #[arg(long, value_name = "DAYS")]
    shortest_stay: Option<u64>,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

/// Show every version of a profile, or one
#[derive(Debug, Args)]
struct Show {
    /// Its name, or NAME@VERSION
    profile: String,
    #[command(flatten)]
    at: KnownAtArgs,
}

/// List the profiles, each in its latest version
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Profile {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.action {
            Action::Add(add) => add.run(session),
            Action::Show(show) => show.run(session),
            Action::List(list) => list.run(session),
        }
    }
}

impl Add {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.recorder)?;
        let facts = read_facts(session, &writing.ledger)?;
        let stated = profiles(&View::head(&facts));
        let of_name = stated.iter().map(|stated| &stated.profile);
        let of_name = of_name.filter(|profile| profile.name() == self.name);
        let version = of_name.map(Rule::version).max().unwrap_or(0) + 1;
        let mut draft = json!({
            "kind": "profile", "name": self.name, "version": version, "states": self.states,
        });
        if let Some(days) = self.shortest_stay {
            draft["shortest_stay_days"] = Value::from(days);
        }
        let line = draft.to_string();
        record(session, writing, Recording::one(line, self.dry_run, None))?;
        Ok(Exit::Done)
    }
}

impl Show {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let name = self.profile.clone();
        let (name, version) = match name.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (name.as_str(), None),
        };
        let is_meant = |stated: &Stated| {
            stated.profile.name() == name
                && version.is_none_or(|wanted| stated.profile.version().to_string() == wanted)
        };
        let found = answer(session, &self.at, |all| {
            all.iter()
                .filter(|stated| is_meant(stated))
                .cloned()
                .collect()
        })?;
        match found {
            0 => {
                let message = format!("there is no profile `{}`", text::visible(&self.profile));
                Err(Failure::usage(message).hint("`amparo profile list` lists them"))
            }
            _ => Ok(Exit::Done),
        }
    }
}

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let latest = |all: &[Stated]| {
            let is_latest = |(n, stated): &(usize, &Stated)| {
                let version = |stated: &Stated| stated.profile.version();
                let of_name = all.iter().enumerate();
                let mut of_name =
                    of_name.filter(|(_, other)| other.profile.name() == stated.profile.name());
                of_name.all(|(m, other)| (version(other), m) <= (version(stated), *n))
            };
            let latest = all.iter().enumerate().filter(is_latest);
            latest.map(|(_, stated)| stated.clone()).collect()
        };
        answer(session, &self.at, latest)?;
        Ok(Exit::Done)
    }
}

/// Answers with some of the profiles, unless there are none of them, and says how many.
fn answer(
    session: &mut Session<'_, '_>,
    at: &KnownAtArgs,
    choose: impl FnOnce(&[Stated]) -> Vec<Stated>,
) -> Result<usize, Failure> {
    let Reading { ledger, at } = session.reading_log(at)?;
    let facts = read_facts(session, &ledger)?;
    let chosen = choose(&profiles(&View::known_at(&facts, at.known_at)));
    let columns = [
        Column::text("profile"),
        Column::number("version"),
        Column::text("states"),
        Column::number("shortest_stay_days"),
        Column::text("entry"),
    ];
    let mut reply = Reply::at(at.log_meta(), columns);
    for stated in &chosen {
        let profile = &stated.profile;
        let stay = profile.shortest_stay_days();
        reply.push(vec![
            Cell::text(profile.name()),
            Cell::count(profile.version()),
            Cell::list(profile.states().iter().map(|state| state.word())),
            (stay > 0).then_some(stay).map_or(Cell::Empty, Cell::count),
            Cell::maybe(stated.entry),
        ]);
    }
    if !chosen.is_empty() {
        session.reply(&reply)?;
    }
    Ok(chosen.len())
}
