//! `person`: who is registered.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Exit;
use crate::args::{KnownAtArgs, WriteArgs};
use crate::compose::fresh_uuid;
use crate::draft_flags::{Members, SourceFlags, set_list, set_text};
use crate::error::Failure;
use crate::output::{Cell, Column, Reply};
use crate::people::{Found, Known, People};
use crate::record::{Recording, record};
use crate::session::{Reading, Session};

/// Register, name, show and list persons and groups
#[derive(Debug, Args)]
pub struct Person {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    Alias(Alias),
    Merge(Merge),
    Show(Show),
    List(List),
}

/// Register a person; the name is sealed, and only a digest of it stands in the log
#[derive(Debug, Args)]
struct Add {
    /// The name
    name: String,
    /// Another name (repeatable)
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// A reference in somebody's list: foro-penal:0123 (repeatable)
    #[arg(long = "ref", value_name = "SCHEME:VALUE")]
    refs: Vec<String>,
    /// When they were born: 1971, 1971-03-02
    #[arg(long, value_name = "DATE")]
    birth: Option<String>,
    /// Their sex, as stated
    #[arg(long)]
    sex: Option<String>,
    /// Their nationality, as stated
    #[arg(long)]
    nationality: Option<String>,
    /// A remark that must not be seen
    #[arg(long = "private-note", value_name = "TEXT")]
    note: Option<String>,
    /// Another person has the same name: register one more
    #[arg(long)]
    namesake: bool,
    #[command(flatten)]
    write: WriteArgs,
}

/// Give a person another name
#[derive(Debug, Args)]
struct Alias {
    /// The person
    person: String,
    /// Other names
    #[arg(required = true, value_name = "NAME")]
    aliases: Vec<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// Say that two who are registered are one: what is recorded of FROM belongs to INTO
///
/// Both refs stay, and every entry stays as it is. Retracting the entry of the merge undoes it:
/// `amparo log p7` shows which one it is. `amparo find --similar` suggests who may be one.
#[derive(Debug, Args)]
struct Merge {
    /// The person who is another
    from: String,
    /// The person who that is
    into: String,
    #[command(flatten)]
    write: WriteArgs,
}

/// Show what is known of a person or group: names, references, where registered
#[derive(Debug, Args)]
struct Show {
    /// The person
    person: String,
    #[command(flatten)]
    at: KnownAtArgs,
}

/// List everybody who is registered
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Person {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.action {
            Action::Add(add) => add.run(session),
            Action::Alias(alias) => alias.run(session),
            Action::Merge(merge) => merge.run(session),
            Action::Show(show) => show.run(session),
            Action::List(list) => list.run(session),
        }
    }
}

impl Add {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.write.recorder)?;
        let people = People::read(&writing.ledger)?;
        let namesakes = match people.find(&self.name) {
            Found::One(one) => vec![one],
            Found::Several(several) => several,
            Found::Near(_) => Vec::new(),
        };
        if !self.namesake && !namesakes.is_empty() {
            return Err(people
                .ambiguous(&namesakes, "somebody of that name is registered already")
                .hint("--namesake registers another person of the same name"));
        }
        if writing.ledger.is_locked() && writing.ledger.is_for_field() {
            session.talk(
                "note: the names are locked, so whether somebody of that name is registered is not \
                 known",
            );
        }
        let person = match self.refs.first() {
            Some(reference) => reference.clone(),
            None => fresh_uuid(session.world).to_string(),
        };
        let mut private = Members::new();
        for (field, value) in [
            ("name", &Some(self.name.clone())),
            ("birth", &self.birth),
            ("sex", &self.sex),
            ("nationality", &self.nationality),
            ("note", &self.note),
        ] {
            set_text(&mut private, field, value);
        }
        set_list(&mut private, "aliases", texts(&self.aliases));
        set_list(&mut private, "refs", texts(&self.refs));
        let line = line(&self.write.sources, &person, private)?;
        record(
            session,
            writing,
            Recording::one(line, self.write.dry_run, None),
        )?;
        Ok(Exit::Done)
    }
}

impl Alias {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.write.recorder)?;
        let people = People::read(&writing.ledger)?;
        let person = people.person_to_write(&self.person)?;
        let mut private = Members::new();
        set_list(&mut private, "aliases", texts(&self.aliases));
        let line = line(&self.write.sources, &person.to_string(), private)?;
        record(
            session,
            writing,
            Recording::one(line, self.write.dry_run, None),
        )?;
        Ok(Exit::Done)
    }
}

impl Merge {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.write.recorder)?;
        let people = People::read(&writing.ledger)?;
        let from = people.person_to_write(&self.from)?;
        let into = people.person_to_write(&self.into)?;
        let mut draft = Members::new();
        draft.insert("kind".into(), "merge".into());
        draft.insert("person".into(), from.to_string().into());
        draft.insert("into".into(), into.to_string().into());
        let line = self.write.sources.line(draft)?;
        let recording = Recording::one(line, self.write.dry_run, Some(people));
        record(session, writing, recording)?;
        Ok(Exit::Done)
    }
}

/// The draft of a person.
fn line(sources: &SourceFlags, person: &str, private: Members) -> Result<String, Failure> {
    let mut draft = Members::new();
    draft.insert("kind".into(), "person".into());
    draft.insert("person".into(), person.into());
    draft.insert("private".into(), private.into());
    sources.line(draft)
}

impl Show {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        let people = People::read(&ledger)?;
        let subject = people.to_look(&self.person, &mut |line| session.talk(line))?;
        let mut reply = Reply::at(at.log_meta(), columns()).into_record();
        let merged = people
            .iter()
            .filter(|known| people.resolve(known.subject) == subject);
        for known in merged.filter(|known| known.registered <= at.known_at) {
            reply.push(row(known, &people));
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        let people = People::read(&ledger)?;
        let mut reply = Reply::at(at.log_meta(), columns());
        for known in people
            .iter()
            .filter(|known| known.registered <= at.known_at)
        {
            reply.push(row(known, &people));
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

fn columns() -> [Column; 7] {
    [
        Column::text("ref"),
        Column::text("name"),
        Column::text("aliases"),
        Column::text("refs"),
        Column::text("registered"),
        Column::text("merged_into"),
        Column::machine("id"),
    ]
}

fn row(known: &Known, people: &People) -> Vec<Cell> {
    let into = people.resolve(known.subject);
    vec![
        Cell::text(&known.reference),
        Cell::maybe(known.name.as_ref()),
        Cell::list(&known.aliases),
        Cell::list(&known.refs),
        Cell::text(known.registered),
        Cell::maybe((into != known.subject).then(|| people.reference(into))),
        Cell::text(known.subject.uuid()),
    ]
}

fn texts(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| text.as_str().into()).collect()
}
