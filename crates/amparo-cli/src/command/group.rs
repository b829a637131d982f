//! `group`: people of whom only their number is known, and those who were told apart from them.

use amparo_core::id::Subject;
use amparo_projections::View;
use amparo_projections::fact::SubjectId;
use clap::{Args, Subcommand};

use super::Exit;
use crate::args::{KnownAtArgs, WriteArgs};
use crate::compose::fresh_uuid;
use crate::derived::Derived;
use crate::draft_flags::{Members, set_text};
use crate::error::Failure;
use crate::output::{Cell, Column, Reply};
use crate::people::People;
use crate::record::{Recording, record};
use crate::session::Session;

/// Register, show and list groups, and tell persons apart from them
///
/// A group counts for its size, less the distinct persons who were told apart from it.
#[derive(Debug, Args)]
pub struct Group {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    Identify(Identify),
    Show(Show),
    List(List),
}

/// Register a group of people without names
#[derive(Debug, Args)]
struct Add {
    /// What to call it; it stands in the log in clear, so it names nobody
    label: String,
    /// How many they are
    #[arg(long, value_name = "NUMBER")]
    size: Option<u64>,
    /// What drafts call it: demo:rodeo-23 [default: a new id]
    #[arg(long = "ref", value_name = "SCHEME:VALUE")]
    reference: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// Say that a person is one of a group: the group counts for one less
///
/// Retracting the entry undoes it.
#[derive(Debug, Args)]
struct Identify {
    /// The group: g1
    group: String,
    /// The person, who is registered already
    person: String,
    #[command(flatten)]
    write: WriteArgs,
}

/// List the persons who were told apart from a group, with the entry of each
#[derive(Debug, Args)]
struct Show {
    /// The group: g1, or its label
    group: String,
    #[command(flatten)]
    at: KnownAtArgs,
}

/// List the groups: size, how many were told apart, how many are left
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Group {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.action {
            Action::Add(add) => add.run(session),
            Action::Identify(identify) => identify.run(session),
            Action::Show(show) => show.run(session),
            Action::List(list) => list.run(session),
        }
    }
}

impl Add {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.write.recorder)?;
        let group = match &self.reference {
            Some(reference) => reference.clone(),
            None => fresh_uuid(session.world).to_string(),
        };
        let mut draft = Members::new();
        draft.insert("kind".into(), "group".into());
        draft.insert("group".into(), group.into());
        draft.extend(self.size.map(|size| ("size".to_owned(), size.into())));
        set_text(&mut draft, "label", &Some(self.label));
        let line = self.write.sources.line(draft)?;
        let recording = Recording::one(line, self.write.dry_run, None);
        record(session, writing, recording)?;
        Ok(Exit::Done)
    }
}

impl Identify {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.write.recorder)?;
        let people = People::read(&writing.ledger)?;
        let group = people.to_write(&self.group)?;
        if let Subject::Person(_) = group {
            return Err(not_a_group(&people, group));
        }
        let person = people.person_to_write(&self.person)?;
        let mut draft = Members::new();
        draft.insert("kind".into(), "identification".into());
        draft.insert("group".into(), group.uuid().to_string().into());
        draft.insert("person".into(), person.to_string().into());
        let line = self.write.sources.line(draft)?;
        let recording = Recording::one(line, self.write.dry_run, Some(people));
        record(session, writing, recording)?;
        Ok(Exit::Done)
    }
}

impl Show {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open_log(session, &self.at)?;
        let view = derived.then();
        let people = derived.people()?;
        let group = derived.subject(session, &people, &view, &self.group)?;
        if let Some(person @ Subject::Person(_)) = derived.facts.subject(group) {
            return Err(not_a_group(&people, person));
        }
        let meta = derived.at.log_meta();
        let meta = meta.filter("group", Some(derived.facts.shown(group)));
        let columns = ["ref", "name", "entry", "standing", "sources"].map(Column::text);
        let mut reply = Reply::at(meta, columns);
        for (seq, fact) in view.entries(group) {
            let Some(person) = fact.second_subject() else {
                continue;
            };
            let person = view.root(person);
            reply.push(vec![
                Cell::text(derived.facts.shown(person)),
                Cell::maybe(derived.name(&people, person)),
                Cell::text(seq),
                Cell::text(match view.is_in_force(seq) {
                    true => "in force",
                    false => "not in force",
                }),
                Cell::list(derived.sources(fact)),
            ]);
        }
        session.talk(said(&derived, &people, &view, group));
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open_log(session, &self.at)?;
        let view = derived.then();
        // A label is no private field: nothing need be opened for it.
        let people = derived.people_named([])?;
        let texts = ["ref", "label"].map(Column::text).into_iter();
        let numbers = ["size", "identified", "left"].map(Column::number);
        let columns = texts.chain(numbers).chain([Column::machine("id")]);
        let mut reply = Reply::at(derived.at.log_meta(), columns);
        for group in derived.facts.groups() {
            if view.entries(*group).next().is_none() {
                continue;
            }
            let weight = view.group(*group);
            reply.push(vec![
                Cell::text(derived.facts.shown(*group)),
                Cell::maybe(derived.name(&people, *group)),
                weight.size.map_or(Cell::Empty, Cell::count),
                Cell::count(weight.identified),
                Cell::count(weight.weight()),
                Cell::maybe(derived.facts.subject(*group).map(Subject::uuid)),
            ]);
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

/// `g1 unnamed, Demo I: 23, of whom 2 were told apart; 21 are left`
fn said(derived: &Derived, people: &People, view: &View<'_>, group: SubjectId) -> String {
    let weight = view.group(group);
    let size = weight
        .size
        .map_or("of unknown size".to_owned(), |size| size.to_string());
    format!(
        "{}: {size}, of whom {} were told apart; {} are left",
        derived.label(people, group),
        weight.identified,
        weight.weight()
    )
}

fn not_a_group(people: &People, person: Subject) -> Failure {
    let message = format!("{} is a person", people.reference(person));
    Failure::usage(message).hint("`amparo group list` lists the groups")
}
