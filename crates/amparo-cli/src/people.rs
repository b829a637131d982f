//! Who is meant: refs, UUIDs, references in lists, names and near names.
//!
//! The index of names is made in memory, for one run; what it is made of is kept sealed (`kept_names`).
//! A near match is good enough to look, never to write.

use std::collections::HashMap;
use std::convert::Infallible;

use amparo_core::force::Merges;
use amparo_core::id::{PersonId, Seq, Subject};
use amparo_core::kind::Kind;
use amparo_projections::Facts;
use amparo_store::in_order;
use amparo_store::ledger::{Ledger, ReadError};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::closure;
use crate::error::{Candidate, Failure};
use crate::fold;
use crate::identifier::is_reference;
use crate::kept_facts;
use crate::kept_names::{self, Called};
use crate::output::text;

/// How many names are compared in one go, on one core.
const STRETCH_KNOWN: usize = 4096;
/// The most candidates that an answer lists.
const CANDIDATES_MAX: usize = 20;

/// One registered person or group.
#[derive(Clone, PartialEq, Eq)]
pub struct Known {
    /// The subject.
    pub subject: Subject,
    /// Where it was registered.
    pub registered: Seq,
    /// The ref of the screen: `p7`, `g2`.
    pub reference: String,
    /// The name of a person, the label of a group.
    pub name: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// References in lists.
    pub refs: Vec<String>,
}

/// Everybody who is registered, in the order of registration.
#[derive(Default, PartialEq, Eq)]
pub struct People {
    known: Vec<Known>,
    by_subject: HashMap<Subject, usize>,
    merges: Merges,
    /// Whether nobody's name could be opened, since the names are locked.
    locked: bool,
}

/// Whose names are opened: opening what is sealed is most of the work.
#[derive(Debug, Clone, Copy)]
pub enum Names<'n> {
    /// Those of all.
    All,
    /// Those of these, sorted.
    Of(&'n [Subject]),
}

impl Names<'_> {
    fn include(self, subject: Subject) -> bool {
        match self {
            Self::All => true,
            Self::Of(subjects) => subjects.binary_search(&subject).is_ok(),
        }
    }
}

/// What an entry of the kinds person and group tells in the open.
struct Told {
    seq: Seq,
    subject: Subject,
    in_force: bool,
    /// `p7`, `g1`.
    reference: String,
    /// The label of a group.
    label: Option<String>,
}

/// Who was found for a text.
pub enum Found {
    /// Exactly one, by a ref or an exact name.
    One(Subject),
    /// Nobody exactly; these are near, the nearest first.
    Near(Vec<Subject>),
    /// More than one of exactly that name.
    Several(Vec<Subject>),
}

impl People {
    /// Reads everybody from the ledger, with all names. Linear in its length.
    ///
    /// # Errors
    /// Integrity, when an entry cannot be read.
    pub fn read(ledger: &Ledger) -> Result<Self, Failure> {
        Self::of(ledger, &kept_facts::of(ledger)?, Names::All)
    }

    /// Reads these persons and groups (sorted) from the ledger, with their names, and whom merges and the
    /// like tie to them; of a short log everybody else too, without names.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn with_names_of(ledger: &Ledger, subjects: &[Subject]) -> Result<Self, Failure> {
        let facts = match closure::of_subjects(ledger, subjects)? {
            Some(facts) => facts,
            None => kept_facts::of(ledger)?,
        };
        Self::of(ledger, &facts, Names::Of(subjects))
    }

    /// Reads whom a reference names from the ledger, without a name; where nobody is found so, everybody.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn unnamed(ledger: &Ledger, reference: &str) -> Result<Self, Failure> {
        let facts = match closure::around(ledger, reference)? {
            Some(facts) => facts,
            None => kept_facts::of(ledger)?,
        };
        Self::of(ledger, &facts, Names::Of(&[]))
    }

    /// Everybody as the facts of a ledger tell it, with all names unless a text is a ref or a UUID: then
    /// nobody's name is needed to find who is meant.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn to_find(ledger: &Ledger, facts: &Facts, text: &str) -> Result<Self, Failure> {
        if is_reference(text) || Uuid::try_parse(text).is_ok() {
            let unnamed = Self::of(ledger, facts, Names::Of(&[]))?;
            if matches!(unnamed.find(text), Found::One(_)) {
                return Ok(unnamed);
            }
        }
        Self::of(ledger, facts, Names::All)
    }

    /// Everybody as the facts of a ledger tell it: only the names are read from the ledger.
    ///
    /// # Errors
    /// Integrity, when private fields cannot be opened.
    pub fn of(ledger: &Ledger, facts: &Facts, names: Names<'_>) -> Result<Self, Failure> {
        let mut merges = Vec::new();
        let mut told = Vec::new();
        let in_force = facts.in_force_of(facts.len());
        let known = facts.seqs().filter_map(|seq| Some((seq, facts.fact(seq)?)));
        for (place, (seq, fact)) in (0..).zip(known) {
            let in_force = in_force.holds(place);
            let Some(id) = fact.subject() else { continue };
            let Some(subject) = facts.subject(id) else {
                continue;
            };
            match fact.kind() {
                kind if kept_names::tells(kind) => told.push(Told {
                    seq,
                    subject,
                    in_force,
                    reference: facts.shown(id),
                    label: facts.label(fact).map(str::to_owned),
                }),
                Kind::Merge => {
                    let into = fact.second_subject().and_then(|id| facts.subject(id));
                    if let (true, Subject::Person(person), Some(Subject::Person(into))) =
                        (in_force, subject, into)
                    {
                        merges.push((person, into));
                    }
                }
                _ => {}
            }
        }
        Self::learned(ledger, facts, &told, merges, names)
    }

    /// Registers everybody in the order of the log, and learns what is in force and wanted.
    fn learned(
        ledger: &Ledger,
        facts: &Facts,
        told: &[Told],
        merges: Vec<(PersonId, PersonId)>,
        names: Names<'_>,
    ) -> Result<Self, Failure> {
        let mut people = Self {
            locked: ledger.is_locked(),
            ..Self::default()
        };
        let mut sealed = Vec::new();
        let mut labels = Vec::new();
        for one in told {
            let n = people.register(one);
            if !one.in_force {
                continue;
            }
            if let Some(label) = &one.label {
                labels.push((one.seq, n, label));
            }
            if names.include(one.subject) {
                sealed.push((one.seq, n));
            }
        }
        // Labels are told in the open, names are opened: what was told last counts.
        let mut labels = labels.into_iter().peekable();
        let mut opened = sealed.iter();
        let all: Vec<Seq> = told.iter().map(|one| one.seq).collect();
        let wanted: Vec<Seq> = sealed.iter().map(|(seq, _)| *seq).collect();
        kept_names::each(ledger, facts, &all, &wanted, &mut |called| {
            let seq = called.seq();
            while let Some((_, n, label)) = labels.next_if(|(told, ..)| *told <= seq) {
                people.known[n].name = Some(label.clone());
            }
            if let Some((_, n)) = opened.find(|(known, _)| *known == seq) {
                people.known[*n].learn(called);
            }
        })?;
        for (_, n, label) in labels {
            people.known[n].name = Some(label.clone());
        }
        people.merges = Merges::new(merges);
        Ok(people)
    }

    fn register(&mut self, told: &Told) -> usize {
        let subject = told.subject;
        if let Some(n) = self.by_subject.get(&subject) {
            return *n;
        }
        self.known.push(Known {
            subject,
            registered: told.seq,
            reference: told.reference.clone(),
            name: None,
            aliases: Vec::new(),
            refs: Vec::new(),
        });
        self.by_subject.insert(subject, self.known.len() - 1);
        self.known.len() - 1
    }

    /// Everybody, in the order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.known.iter()
    }

    /// What is known of a subject.
    pub fn known(&self, subject: Subject) -> Option<&Known> {
        self.by_subject.get(&subject).map(|n| &self.known[*n])
    }

    /// The person whom a person's entries belong to, through merges in force.
    pub fn resolve(&self, subject: Subject) -> Subject {
        match subject {
            Subject::Person(person) => Subject::Person(self.merges.resolve(person)),
            Subject::Group(_) => subject,
        }
    }

    /// The ref of a subject: `p7`; its UUID where it is not registered.
    pub fn reference(&self, subject: Subject) -> String {
        let known = self.known(subject).map(|known| known.reference.clone());
        known.unwrap_or_else(|| subject.uuid().to_string())
    }

    /// The name of a subject, where one is known.
    pub fn name(&self, subject: Subject) -> Option<&str> {
        self.known(subject)?.name.as_deref()
    }

    /// Ref and name, for people to read: `p7 Ana Demo`.
    pub fn label(&self, subject: Subject) -> String {
        match self.name(subject) {
            Some(name) => format!("{} {name}", self.reference(subject)),
            None => self.reference(subject),
        }
    }

    /// Looks a text up: ref, UUID, reference in a list, exact name or alias, near name.
    pub fn find(&self, text: &str) -> Found {
        if let Some(known) = self.known.iter().find(|known| known.is_called(text)) {
            return Found::One(known.subject);
        }
        let wanted: String = text.nfc().collect();
        let exact = self.matching(|known| known.names().any(|name| name.nfc().eq(wanted.chars())));
        match exact.as_slice() {
            [one] => return Found::One(*one),
            [] => {}
            _ => return Found::Several(exact),
        }
        Found::Near(self.near(text))
    }

    /// Everybody whose name is like the text, the nearest first.
    pub fn near(&self, text: &str) -> Vec<Subject> {
        let typed = fold::words(text);
        let distance = |known: &Known| {
            let names = known.names().map(fold::words);
            names.filter_map(|name| fold::distance(&typed, &name)).min()
        };
        let mut near: Vec<(usize, usize)> = Vec::new();
        let starts = (0..self.known.len()).step_by(STRETCH_KNOWN);
        let Ok(()) = in_order(
            starts.zip(self.known.chunks(STRETCH_KNOWN)),
            |(start, stretch)| {
                let known = (start..).zip(stretch);
                let near = known.filter_map(|(n, known)| Some((distance(known)?, n)));
                near.collect::<Vec<_>>()
            },
            |found| {
                near.extend(found);
                Ok::<(), Infallible>(())
            },
        );
        near.sort_unstable();
        let subjects = near
            .into_iter()
            .map(|(_, n)| self.resolve(self.known[n].subject));
        distinct(subjects)
    }

    /// Finds the one to look at; a single near match will do, and is told.
    ///
    /// # Errors
    /// Exit 5, with the candidates, when nobody or more than one fits.
    pub fn to_look(&self, text: &str, talk: &mut dyn FnMut(String)) -> Result<Subject, Failure> {
        match self.find(text) {
            Found::One(subject) => Ok(self.resolve(subject)),
            Found::Near(near) => match near.as_slice() {
                [one] => {
                    talk(format!("note: taken to mean {}", self.label(*one)));
                    Ok(*one)
                }
                [] => Err(self.nobody(text)),
                _ => Err(self.ambiguous(&near, "more than one is called like that")),
            },
            Found::Several(several) => Err(self.ambiguous(&several, "more than one has that name")),
        }
    }

    /// Finds the one to write about; a near match never will do.
    ///
    /// # Errors
    /// Exit 5, with the candidates, unless exactly one fits exactly.
    pub fn to_write(&self, text: &str) -> Result<Subject, Failure> {
        match self.find(text) {
            Found::One(subject) => Ok(subject),
            Found::Near(near) if near.is_empty() => Err(self.nobody(text)),
            Found::Near(near) => Err(self.ambiguous(
                &near,
                "nobody has exactly that name, and a write never guesses",
            )),
            Found::Several(several) => Err(self.ambiguous(&several, "more than one has that name")),
        }
    }

    /// Finds the one person to write about.
    ///
    /// # Errors
    /// As [`to_write`](Self::to_write), and usage for a group.
    pub fn person_to_write(&self, text: &str) -> Result<PersonId, Failure> {
        match self.to_write(text)? {
            Subject::Person(person) => Ok(person),
            group @ Subject::Group(_) => {
                let message = format!("{} is a group", self.reference(group));
                Err(Failure::usage(message).hint("this is about one person; type a ref such as p7"))
            }
        }
    }

    /// A failure that lists who may have been meant.
    pub fn ambiguous(&self, subjects: &[Subject], message: &str) -> Failure {
        let shown = subjects.iter().take(CANDIDATES_MAX);
        let candidates = shown.map(|subject| Candidate {
            reference: self.reference(*subject),
            name: self.name(*subject).unwrap_or_default().to_owned(),
        });
        let failure = Failure::subject(message).candidates(candidates.collect());
        let failure = match subjects.len().checked_sub(CANDIDATES_MAX) {
            Some(more) if more > 0 => failure.hint(format!("{more} more; type more of the name")),
            Some(_) | None => failure,
        };
        failure.hint("type the ref of the one you mean, such as p7")
    }

    /// The failure of a text that fits nobody here.
    fn nobody(&self, text: &str) -> Failure {
        match self.locked && !is_reference(text) {
            true => Failure::reading(&ReadError::Locked)
                .of_subject("nobody can be found by name: the names are locked")
                .hint("a ref such as p7 needs no name"),
            false => nobody(text),
        }
    }

    fn matching(&self, fits: impl Fn(&Known) -> bool) -> Vec<Subject> {
        let fitting = self.known.iter().filter(|known| fits(known));
        distinct(fitting.map(|known| self.resolve(known.subject)))
    }
}

impl Known {
    /// Takes in what an entry tells; the latest name counts, aliases and refs add up.
    fn learn(&mut self, called: &Called<'_>) {
        self.name = called.name.map(str::to_owned).or(self.name.take());
        for (known, told) in [
            (&mut self.aliases, &called.aliases),
            (&mut self.refs, &called.refs),
        ] {
            for text in told {
                if !known.iter().any(|old| old == text) {
                    known.push((*text).to_owned());
                }
            }
        }
    }

    /// Name and aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.name.iter().chain(&self.aliases).map(String::as_str)
    }

    /// Whether a text is the ref, the UUID or a reference in a list of this one.
    pub fn is_called(&self, text: &str) -> bool {
        self.reference.eq_ignore_ascii_case(text)
            || Uuid::try_parse(text).is_ok_and(|uuid| uuid == self.subject.uuid())
            || self.refs.iter().any(|known| known == text)
    }
}

/// The failure of a text that fits nobody.
pub fn nobody(text: &str) -> Failure {
    let what = match is_reference(text) {
        true => format!("there is no {}", text::visible(text)),
        false => "nobody registered fits".to_owned(),
    };
    Failure::subject(what).hint(
        "`amparo person list` shows everybody; `amparo person add NAME` registers somebody; a \
         reference such as foro-penal:0123 is registered by its first entry",
    )
}

/// Each once, in the order of the first.
fn distinct(subjects: impl Iterator<Item = Subject>) -> Vec<Subject> {
    let mut seen = std::collections::HashSet::new();
    subjects.filter(|subject| seen.insert(*subject)).collect()
}
