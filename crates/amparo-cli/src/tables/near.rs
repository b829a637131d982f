//! People of a table who may be known already, and what somebody decided about each.
//!
//! It asks and never merges. Invariant: nobody new is recorded while a question about them is open.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use amparo_core::id::Subject;
use amparo_core::identity::External;

use super::person::{Stands, Told, Who};
use super::rules::TableRules;
use crate::error::Failure;
use crate::identifier::is_reference;
use crate::output::text::formula_safe;
use crate::people::{Found, Known, People};
use crate::similar::{Likeness, Names};

/// The most new people who are compared by name.
const PEOPLE_MAX: usize = 100_000;
/// The most entries of a ledger whose people are compared by name.
const ENTRIES_MAX: u64 = 1_000_000;
/// The most bytes of a file of decisions.
pub const DECISIONS_BYTES_MAX: u64 = 16 * 1024 * 1024;

const COLUMNS: [&str; 7] = [
    "row",
    "reference",
    "name",
    "candidate",
    "candidate_name",
    "likeness",
    "decision",
];

/// Somebody of a table who may be somebody else.
pub struct Question {
    row: u64,
    reference: String,
    name: String,
    candidate: String,
    candidate_name: String,
    likeness: Likeness,
}

/// What was decided, by the references of the table.
#[derive(Default)]
pub struct Decisions {
    same: HashMap<String, Stands>,
    answered: HashSet<(String, String)>,
}

/// Whether the people of a ledger are few enough to be compared by name.
pub fn are_comparable(entries: u64) -> bool {
    entries <= ENTRIES_MAX
}

impl Decisions {
    /// Reads a file of decisions.
    ///
    /// # Errors
    /// Exit 3 with the line of what does not read, exit 5 for a candidate whom nobody knows.
    pub fn read(name: &str, bytes: &[u8], people: &People) -> Result<Self, Failure> {
        let bad = |line: u64, message: &str| {
            Failure::refused(format!("{name}:{line}: {message}"))
                .hint("fill the column `decision` with `same` or `different`, and leave the rest")
        };
        let mut csv = csv::ReaderBuilder::new().from_reader(bytes);
        let header = csv.headers().map_err(|_| bad(1, "this is no CSV"))?.clone();
        let place = |column: &str| {
            let place = header.iter().position(|name| name.trim() == column);
            place.ok_or_else(|| bad(1, &format!("there is no column `{column}`")))
        };
        let (reference, candidate) = (place("reference")?, place("candidate")?);
        let decision = place("decision")?;
        let mut decisions = Self::default();
        for record in csv.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                bad(line, "this row does not read")
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |place: usize| record.get(place).unwrap_or_default().trim().to_owned();
            let (reference, candidate) = (cell(reference), cell(candidate));
            let is_same = match cell(decision).to_lowercase().as_str() {
                "" => continue,
                "same" => true,
                "different" => false,
                _ => return Err(bad(line, "a decision is `same` or `different`")),
            };
            if is_same {
                let stands = stands(&candidate, people)?;
                if decisions.same.insert(reference.clone(), stands).is_some() {
                    return Err(bad(line, "the same person is two candidates at once")
                        .hint("merge those two first: amparo person merge FROM INTO"));
                }
            }
            decisions.answered.insert((reference, candidate));
        }
        decisions.follow();
        Ok(decisions)
    }

    /// Who somebody was decided to be.
    pub fn same(&self, own: &External) -> Option<&Stands> {
        self.same.get(own.as_str())
    }

    fn is_answered(&self, question: &Question) -> bool {
        let pair = (question.reference.clone(), question.candidate.clone());
        self.same.contains_key(&question.reference) || self.answered.contains(&pair)
    }

    /// Puts the one at the end in the place of each of a chain of other rows.
    fn follow(&mut self) {
        for reference in self.same.keys().cloned().collect::<Vec<_>>() {
            let mut seen = HashSet::from([reference.clone()]);
            let mut end = self.same.get(&reference).cloned();
            while let Some(Stands::With(other)) = &end
                && let Some(next) = self.same.get(other.as_str())
                && seen.insert(other.as_str().to_owned())
            {
                end = Some(next.clone());
            }
            match end {
                // In a circle, everybody is the one at whom it was entered last.
                Some(Stands::With(other)) if other.as_str() == reference => {
                    self.same.remove(&reference);
                }
                Some(end) => {
                    self.same.insert(reference, end);
                }
                None => {}
            }
        }
    }
}

/// Who a candidate is: somebody of the ledger, or of another row by its reference.
fn stands(candidate: &str, people: &People) -> Result<Stands, Failure> {
    match people.find(candidate) {
        Found::One(subject @ Subject::Person(_)) => Ok(Stands::As(people.resolve(subject).uuid())),
        Found::One(_) | Found::Near(_) | Found::Several(_) => {
            let external = External::new(candidate).filter(|_| !is_reference(candidate));
            external.map(Stands::With).ok_or_else(|| {
                Failure::subject(format!("there is no candidate `{candidate}`"))
                    .hint("a candidate is a ref such as p7, or a reference such as scheme:key")
            })
        }
    }
}

/// The people of a table who are new to the ledger.
#[derive(Default)]
pub struct NewPeople {
    places: HashMap<String, usize>,
    people: Vec<New>,
    /// Whether they are too many to be compared.
    pub are_too_many: bool,
}

struct New {
    row: u64,
    reference: String,
    name: String,
    aliases: Vec<String>,
}

impl NewPeople {
    /// Takes in who a row is about, if they are new and have a name.
    pub fn add(&mut self, row: u64, who: &Who, told: &Told) {
        let Some(name) = told.name.as_ref().filter(|_| who.is_new) else {
            return;
        };
        if self.are_too_many {
            return;
        }
        if let Some(place) = self.places.get(who.own.as_str()) {
            let known = &mut self.people[*place];
            if known.name != *name && !known.aliases.contains(name) {
                known.aliases.push(name.clone());
            }
            return;
        }
        if self.people.len() >= PEOPLE_MAX {
            *self = Self {
                are_too_many: true,
                ..Self::default()
            };
            return;
        }
        let reference = who.own.as_str().to_owned();
        self.places.insert(reference.clone(), self.people.len());
        self.people.push(New {
            row,
            reference,
            name: name.clone(),
            aliases: told.aliases.clone(),
        });
    }

    /// Everybody of them who may be known already, and about whom nothing was decided.
    ///
    /// Answers as well how many have a name that too many others fit. A table with a key of its
    /// own tells its people apart by it; one without is compared with itself as well.
    pub fn questions(
        &self,
        rules: &TableRules,
        people: &People,
        decisions: &Decisions,
    ) -> (Vec<Question>, usize) {
        let key = rules.person.key.names();
        let is_by_name = rules
            .person
            .name
            .as_ref()
            .is_some_and(|name| key.contains(name));
        let scheme = format!("{}:", rules.scheme);
        let is_candidate = |known: &&Known| {
            let is_own = known.refs.iter().any(|text| text.starts_with(&scheme));
            matches!(known.subject, Subject::Person(_)) && (is_by_name || !is_own)
        };
        let known: Vec<&Known> = people.iter().filter(is_candidate).collect();
        let mut names = Names::default();
        for (who, known) in known.iter().enumerate() {
            known.names().for_each(|name| names.add_name(who, name));
        }
        for (who, new) in self.people.iter().enumerate() {
            names.add_name(known.len() + who, &new.name);
            for alias in &new.aliases {
                names.add_name(known.len() + who, alias);
            }
        }
        let found = names.pairs();
        let mut questions = Vec::new();
        for pair in &found.pairs {
            let Some(new) = pair.other.checked_sub(known.len()) else {
                continue;
            };
            let new = &self.people[new];
            let (candidate, candidate_name) = match known.get(pair.one) {
                Some(known) => {
                    let root = people.resolve(known.subject);
                    let name = people.name(root).unwrap_or_default().to_owned();
                    (people.reference(root), name)
                }
                None if is_by_name => {
                    let earlier = &self.people[pair.one - known.len()];
                    (earlier.reference.clone(), earlier.name.clone())
                }
                None => continue,
            };
            questions.push(Question {
                row: new.row,
                reference: new.reference.clone(),
                name: new.name.clone(),
                candidate,
                candidate_name,
                likeness: pair.likeness,
            });
        }
        questions.retain(|question| !decisions.is_answered(question));
        questions.sort_by_key(|question| question.row);
        let mut asked = HashSet::new();
        questions.retain(|q| asked.insert((q.reference.clone(), q.candidate.clone())));
        let too_many = found.too_many.iter().filter(|who| **who >= known.len());
        (questions, too_many.count())
    }
}

/// How many people questions are about.
pub fn people_asked(questions: &[Question]) -> u64 {
    let people: HashSet<_> = questions
        .iter()
        .map(|question| &question.reference)
        .collect();
    people.len() as u64
}

/// The rows that questions are about, for a message that names nobody.
pub fn rows_asked(questions: &[Question]) -> String {
    const SHOWN: usize = 10;
    let mut rows: Vec<u64> = questions.iter().map(|question| question.row).collect();
    rows.dedup();
    let shown = rows.iter().take(SHOWN).map(u64::to_string);
    let more = if rows.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
}

/// Writes questions for somebody to decide, as CSV.
///
/// # Errors
/// Whatever the system answers.
pub fn write(questions: &[Question], out: impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    for question in questions {
        csv.write_record([
            &*question.row.to_string(),
            &question.reference,
            &formula_safe((&question.name).into()),
            &question.candidate,
            &formula_safe((&question.candidate_name).into()),
            &question.likeness.to_string(),
            "",
        ])?;
    }
    csv.flush()?;
    Ok(())
}
