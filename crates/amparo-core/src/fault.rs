//! Faults of input: what is wrong, where, and what to write instead.

use crate::json::{self, Path, Step};
use crate::word::vocabulary;

vocabulary! {
    /// The rule that a piece of input breaks; stable words, for programs.
    Rule, "rule" {
        /// Not JSON.
        Syntax = "syntax",
        /// Not UTF-8.
        NotUtf8 = "not-utf8",
        /// A line, text, list or number above its limit.
        AboveLimit = "above-limit",
        /// The same key twice in one object.
        DuplicateKey = "duplicate-key",
        /// No such kind.
        UnknownKind = "unknown-kind",
        /// No such field, or not of this kind.
        UnknownField = "unknown-field",
        /// A field that the kind cannot do without.
        MissingField = "missing-field",
        /// A list where a text belongs, and so on.
        WrongType = "wrong-type",
        /// A word that is not in the vocabulary.
        UnknownWord = "unknown-word",
        /// Not a UUID or external reference, place, code, digest.
        Malformed = "malformed",
        /// An impossible date, or none.
        BadDate = "bad-date",
        /// A date after the recording day.
        FutureDate = "future-date",
        /// Neither a source nor `unsourced`.
        NoSource = "no-source",
        /// Two fields that exclude each other.
        Contradiction = "contradiction",
        /// An entry that the ledger does not hold.
        UnknownEntry = "unknown-entry",
        /// An instrument that the ledger does not hold.
        UnknownInstrument = "unknown-instrument",
        /// A group where a person is asked for, or a person where a group is.
        WrongSubject = "wrong-subject",
        /// An event id that is taken by another event.
        IdTaken = "id-taken",
        /// A merge that would close a circle.
        MergeWouldCycle = "merge-would-cycle",
        /// The opening of the ledger cannot be corrected or withdrawn.
        OpeningIsFixed = "opening-is-fixed",
        /// Somebody's erased private fields are to come back.
        ErasureIsFinal = "erasure-is-final",
    }
}

/// One fault of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule that is broken.
    pub rule: Rule,
    /// Column of the first character that is wrong, from 1, counted in characters.
    pub column: usize,
    /// The field it is in, as `sources[0].kind`; empty for the line as a whole.
    pub field: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to write instead, where that can be said.
    pub remedy: Option<String>,
}

/// A draft that reads well and that the ledger cannot accept: what is wrong with which field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The rule that is broken.
    pub rule: Rule,
    /// The field it is in.
    pub field: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// What to do instead, where that can be said.
    pub remedy: Option<String>,
}

impl Refusal {
    /// Finds the field in the draft's line.
    pub fn locate(self, line: &[u8]) -> Fault {
        let text = String::from_utf8_lossy(line);
        let member = match json::parse(&text) {
            Ok(json::Json::Object(members)) => {
                members.iter().position(|(key, _)| key == self.field)
            }
            Ok(_) | Err(_) => None,
        };
        let path: Path = member.map(Step::Member).into_iter().collect();
        Fault {
            rule: self.rule,
            column: column(&text, json::locate(&text, &path)),
            field: self.field.to_owned(),
            message: self.message,
            remedy: self.remedy,
        }
    }
}

/// A problem before its place in the text is known.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) rule: Rule,
    /// Characters into the text value at which it stands.
    pub(crate) offset: Option<usize>,
    pub(crate) message: String,
    pub(crate) remedy: Option<String>,
}

impl Problem {
    pub(crate) fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            offset: None,
            message: message.into(),
            remedy: None,
        }
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// The faults of one line, collected while it is read.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Path, String, Problem)>);

impl Faults {
    pub(crate) fn add(&mut self, path: Path, field: String, problem: Problem) {
        self.0.push((path, field, problem));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds the place of each fault in the text, in the order of the text.
    pub(crate) fn locate(self, text: &str) -> Vec<Fault> {
        let mut faults: Vec<Fault> = self
            .0
            .into_iter()
            .map(|fault| located(text, fault))
            .collect();
        faults.sort_by_key(|fault| fault.column);
        faults
    }
}

fn located(text: &str, (mut path, field, problem): (Path, String, Problem)) -> Fault {
    if let Some(offset) = problem.offset {
        path.push(Step::Char(offset));
    }
    Fault {
        rule: problem.rule,
        column: column(text, json::locate(text, &path)),
        field,
        message: problem.message,
        remedy: problem.remedy,
    }
}

/// The column, from 1 and in characters, of a byte offset of a line.
pub(crate) fn column(text: &str, offset: usize) -> usize {
    text.char_indices()
        .take_while(|(at, _)| *at < offset)
        .count()
        + 1
}
