//! `vocab`: the words of the format.

use amparo_core::kind::{Axis, Kind, State, SubjectRule};
use amparo_core::private::PrivateField;
use amparo_core::value::{
    Basis, ErasureBasis, Form, Jurisdiction, Measure, Reliability, SourceKind,
};
use amparo_core::word::Word;
use clap::{Args, ValueEnum};

use super::Exit;
use crate::error::Failure;
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::Session;

/// List the words of the format: kinds with their fields, states, bases, source kinds, ...
#[derive(Debug, Args)]
pub struct Vocab {
    /// Only this list
    list: Option<List>,
}

/// The lists of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum List {
    /// What can be recorded
    Kinds,
    /// Where somebody can stand
    States,
    /// What kinds of voices there are
    SourceKinds,
    /// How reliable a source is
    Reliability,
    /// On what grounds people are let go
    Bases,
    /// On what grounds private fields are erased
    ErasureBases,
    /// Whose court it is
    Jurisdictions,
    /// What form clemency takes
    Forms,
    /// What a claim counts
    Measures,
    /// What is never stored in clear
    PrivateFields,
}

impl Vocab {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let columns = [
            "list", "word", "axis", "state", "subject", "fields", "required",
        ];
        let mut reply = Reply::new(Meta::default(), columns.map(Column::text));
        for list in List::value_variants() {
            if self.list.is_none_or(|only| only == *list) {
                push(&mut reply, *list);
            }
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

fn push(reply: &mut Reply, list: List) {
    match list {
        List::Kinds => Kind::drafts().for_each(|kind| reply.push(kind_row(kind))),
        List::States => State::all().for_each(|state| {
            reply.push(vec![
                Cell::text("states"),
                Cell::text(state.word()),
                Cell::text(state.axis()),
            ]);
        }),
        List::SourceKinds => words::<SourceKind>(reply, "source-kinds"),
        List::Reliability => words::<Reliability>(reply, "reliability"),
        List::Bases => words::<Basis>(reply, "bases"),
        List::ErasureBases => words::<ErasureBasis>(reply, "erasure-bases"),
        List::Jurisdictions => words::<Jurisdiction>(reply, "jurisdictions"),
        List::Forms => words::<Form>(reply, "forms"),
        List::Measures => words::<Measure>(reply, "measures"),
        List::PrivateFields => words::<PrivateField>(reply, "private-fields"),
    }
}

fn words<T: Word>(reply: &mut Reply, list: &str) {
    for word in T::ALL {
        reply.push(vec![Cell::text(list), Cell::text(word.word())]);
    }
}

fn kind_row(kind: Kind) -> Vec<Cell> {
    let rule = kind.rule();
    let subject = match rule.subject {
        SubjectRule::PersonOrGroup => "person or group",
        SubjectRule::Optional => "optional",
        SubjectRule::InFields => "",
    };
    let dated = rule.dated.then_some("occurred");
    vec![
        Cell::text("kinds"),
        Cell::text(kind),
        Cell::maybe(kind.axis().map(Axis::word)),
        Cell::maybe(kind.state().map(State::word)),
        Cell::text(subject),
        Cell::list(rule.fields),
        Cell::list(rule.required.iter().copied().chain(dated)),
    ]
}
