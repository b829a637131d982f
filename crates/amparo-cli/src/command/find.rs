//! `find`: who and what a text may mean, and who may be registered twice.

use std::collections::HashMap;

use amparo_core::entry::Entry;
use amparo_core::id::Subject;
use amparo_core::private::PrivateField;
use clap::Args;

use super::Exit;
use crate::args::KnownAtArgs;
use crate::error::Failure;
use crate::fold;
use crate::identifier::is_reference;
use crate::listing::Listing;
use crate::output::{Cell, Column, Reply};
use crate::people::{Known, People, nobody};
use crate::session::{Reading, Session, whole_meta};
use crate::similar::{Likeness, Names, OTHERS_MAX, Who};
use crate::summary::{self, Mentioned};

/// Find people by name, and entries by what they say; case, accents and word order do not count
///
/// With --similar: who may be registered twice; with a ref, who may be one with that person; with
/// a name, who may be the one of that name. Two people are
/// suggested when they have the same reference in a list (same-reference), names of the same words
/// (same-words), of the same words but for one letter (one-letter), or when one name has all words
/// of the other, or of its initials, and more (more-words; two whole words at least). Names that
/// share some words and differ in others are never suggested. It only suggests: `amparo person
/// merge FROM INTO` merges, and retracting that entry undoes it.
///
/// Exit code 1 when nothing is found.
#[derive(Debug, Args)]
pub struct Find {
    /// Words of a name, of a place, of a source, of a note; with --similar a name or a ref
    #[arg(required_unless_present = "similar", value_name = "TEXT")]
    words: Vec<String>,
    /// Suggest who may be one and the same; without TEXT among all who are registered
    #[arg(long, conflicts_with = "known_at")]
    similar: bool,
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Find {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let typed = self.words.join(" ");
        if self.similar {
            return similar(session, &typed);
        }
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        Failure::unless_names(&ledger)?;
        let listing = Listing::read(&ledger, at.prefix())?;
        let columns = ["found", "ref", "kind", "name", "occurred", "text"].map(Column::text);
        let meta = at.log_meta().filter("text", Some(&typed));
        let mut reply = Reply::at(meta, columns);
        for subject in listing.people.near(&typed) {
            let Some(known) = listing.people.known(subject) else {
                continue;
            };
            if known.registered > at.known_at {
                continue;
            }
            let kind = match subject {
                Subject::Person(_) => "person",
                Subject::Group(_) => "group",
            };
            reply.push(vec![
                Cell::text("subject"),
                Cell::text(&known.reference),
                Cell::text(kind),
                Cell::maybe(known.name.as_ref()),
                Cell::Empty,
                Cell::text(known.aliases.join("; ")),
            ]);
        }
        let wanted = fold::words(&typed);
        let says = |entry: Entry| {
            let sealed = entry
                .private
                .iter()
                .any(|(field, _)| *field == PrivateField::Sources);
            let details = summary::details(&entry.event, &listing.people);
            let sources = summary::sources(&entry.event, sealed);
            let is_meant = fold::has_words(&format!("{details} {sources}"), &wanted);
            let subject = entry.event.subject();
            is_meant.then(|| {
                vec![
                    Cell::text("entry"),
                    Cell::text(entry.seq),
                    Cell::text(entry.event.kind()),
                    Cell::maybe(subject.map(|subject| listing.people.label(subject))),
                    Cell::maybe(entry.event.occurred()),
                    Cell::text(format!("{details} [{sources}]")),
                ]
            })
        };
        let mentioned = Mentioned::new(&wanted);
        let meant = |line: &[u8]| mentioned.may_be_in(line);
        ledger.each_stretch_of(0..at.prefix(), meant, says, |rows| {
            rows.into_iter().for_each(|row| reply.push(row));
            Ok::<(), Failure>(())
        })?;
        session.reply(&reply)?;
        Ok(if reply.is_empty() {
            Exit::No
        } else {
            Exit::Done
        })
    }
}

/// Suggests who may be one: with somebody, or among all.
fn similar(session: &mut Session<'_, '_>, typed: &str) -> Result<Exit, Failure> {
    let ledger = session.whole()?;
    Failure::unless_names(&ledger)?;
    let people = People::read(&ledger)?;
    let persons = Persons::of(&people);
    let columns = ["ref", "name", "other", "other_name", "likeness"].map(Column::text);
    let mut reply = Reply::new(whole_meta(&ledger), columns);
    if typed.is_empty() {
        let found = persons.names().pairs();
        for pair in &found.pairs {
            let (one, other) = (persons.root(pair.one), persons.root(pair.other));
            reply.push(suggestion(Some(one), "", other, pair.likeness));
        }
        if let Some(first) = found.too_many.first() {
            let first = &persons.root(*first).reference;
            session.talk(format!(
                "note: {} have a name like that of more than {OTHERS_MAX} others, which says too \
                 little; `amparo find --similar {first}` lists those of the first",
                found.too_many.len()
            ));
        }
    } else {
        let mut names = persons.names();
        let known = persons.called(typed)?;
        let who = known.unwrap_or_else(|| {
            names.add_name(persons.roots.len(), typed);
            persons.roots.len()
        });
        for (likeness, other) in names.like(who) {
            let one = known.map(|known| persons.root(known));
            reply.push(suggestion(one, typed, persons.root(other), likeness));
        }
    }
    session.reply(&reply)?;
    Ok(if reply.is_empty() {
        Exit::No
    } else {
        Exit::Done
    })
}

fn suggestion(one: Option<&Known>, typed: &str, other: &Known, likeness: Likeness) -> Vec<Cell> {
    let name = one.and_then(|one| one.name.as_deref());
    vec![
        Cell::maybe(one.map(|one| &one.reference)),
        Cell::maybe(name.or(one.is_none().then_some(typed))),
        Cell::text(&other.reference),
        Cell::maybe(other.name.as_ref()),
        Cell::text(likeness),
    ]
}

/// The persons of a ledger after merges, each at a place.
struct Persons<'p> {
    roots: Vec<&'p Known>,
    /// Everybody who is registered, at the place of the one they belong to.
    all: Vec<(Who, &'p Known)>,
}

impl<'p> Persons<'p> {
    fn of(people: &'p People) -> Self {
        let is_person = |known: &&Known| matches!(known.subject, Subject::Person(_));
        let is_root = |known: &&Known| people.resolve(known.subject) == known.subject;
        let roots: Vec<_> = people.iter().filter(is_person).filter(is_root).collect();
        let places = roots.iter().enumerate();
        let places: HashMap<_, _> = places.map(|(n, known)| (known.subject, n)).collect();
        let at_place = |known: &'p Known| {
            let root = places.get(&people.resolve(known.subject))?;
            Some((*root, known))
        };
        let all = people.iter().filter_map(at_place).collect();
        Self { roots, all }
    }

    fn root(&self, who: Who) -> &'p Known {
        self.roots[who]
    }

    /// Whom a ref, a UUID or a reference in a list stands for; `None` for a name.
    fn called(&self, text: &str) -> Result<Option<Who>, Failure> {
        if let Some((who, _)) = self.all.iter().find(|(_, known)| known.is_called(text)) {
            return Ok(Some(*who));
        }
        match is_reference(text) {
            true => Err(nobody(text).hint("only persons are compared by name")),
            false => Ok(None),
        }
    }

    fn names(&self) -> Names {
        let mut names = Names::default();
        for (who, known) in &self.all {
            known.names().for_each(|name| names.add_name(*who, name));
            known
                .refs
                .iter()
                .for_each(|text| names.add_reference(*who, text));
        }
        names
    }
}
