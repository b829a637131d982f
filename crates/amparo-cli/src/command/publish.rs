//! `publish`: a figure goes out, and the log keeps what it followed from.

use amparo_core::event::{PublishedHead, PublishedNumber};
use amparo_core::limit;
use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::totals::figure::{DEFAULT, Figure};
use crate::args::{CoordinateArgs, RecorderArgs};
use crate::citation::Citation;
use crate::derived::Derived;
use crate::error::Failure;
use crate::record::{Recording, record};
use crate::session::{Session, Writing};

/// Record that a figure was published: its question, its coordinates, its numbers and the head
///
/// What is published stays computable: `report publications` counts each figure again at its own
/// coordinates, which must give the same numbers, and as known now, with the reasons for what
/// changed. `cite ENTRY` puts it in a sentence. The words of the question stand in clear in the
/// log, so they name nobody.
#[derive(Debug, Args)]
pub struct Publish {
    /// What the figure is called: "Weekly bulletin 7"
    figure: String,
    /// The question, as for `totals` [default: totals --state held]
    #[arg(last = true, value_name = "QUESTION")]
    query: Vec<String>,
    #[command(flatten)]
    at: CoordinateArgs,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Publish {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let query = query(self.query);
        let figure = Figure::of(&query)?;
        let (writing, at) = session.writing_at(&self.recorder, &self.at)?;
        let Writing {
            ledger,
            by,
            now,
            today,
        } = writing;
        let derived = Derived::of(session, ledger, at)?;
        let asked = figure.filters(session, &derived, today)?;
        let (as_of, known_at) = (derived.at.as_of, derived.at.known_at);
        let numbers =
            figure.numbers(&derived.facts, (as_of, known_at), &derived.profile, &asked)?;
        match numbers.len() {
            0 => {
                return Err(
                    Failure::usage("the question gives no numbers to publish").hint(
                        "without --by every state has one, 0 included: `-- totals --state held`",
                    ),
                );
            }
            1..=limit::NUMBERS_MAX => {}
            many => {
                let message = format!(
                    "the question gives {many} numbers; a figure has at most {}",
                    limit::NUMBERS_MAX
                );
                return Err(Failure::usage(message).hint("narrow it, with --state or with filters"));
            }
        }
        let head = head(&derived);
        let draft = json!({
            "kind": "publication",
            "figure": self.figure,
            "query": query,
            "as_of": as_of.to_string(),
            "known_at": known_at.number(),
            "profile": derived.profile.name(),
            "profile_version": derived.profile.version(),
            "numbers": numbers.iter().map(number).collect::<Vec<_>>(),
            "head": { "size": head.size, "root": head.root },
        });
        let citation = Citation {
            ledger: &derived.ledger,
            as_of,
            known_at: (known_at, derived.at.known_at_recorded),
            profile: &derived.profile,
            query: &query,
            head: &head,
        };
        let cited = (!self.dry_run && numbers.len() == 1).then(|| citation.sentence(&numbers[0]));
        let ledger = derived.ledger;
        let writing = Writing {
            ledger,
            by,
            now,
            today,
        };
        record(
            session,
            writing,
            Recording::own(draft.to_string(), self.dry_run),
        )?;
        if let Some(sentence) = cited {
            session.talk(sentence);
        }
        Ok(Exit::Done)
    }
}

/// The question that is asked: the words given, or how many are held.
pub fn query(given: Vec<String>) -> Vec<String> {
    match given.is_empty() {
        true => DEFAULT.map(str::to_owned).to_vec(),
        false => given,
    }
}

/// The head of the ledger that something is derived from.
pub fn head(derived: &Derived) -> PublishedHead {
    let head = derived.ledger.head();
    PublishedHead {
        size: head.size,
        root: head.root.to_string().into(),
    }
}

fn number(number: &PublishedNumber) -> Value {
    let mut object = json!({ "axis": number.axis, "state": number.state });
    if let Some(instrument) = &number.instrument {
        object["instrument"] = instrument.as_str().into();
    }
    if !number.by.is_empty() {
        let by = number.by.iter().map(|(grouping, value)| match value {
            Some(value) => json!({ "grouping": grouping, "value": value }),
            None => json!({ "grouping": grouping }),
        });
        object["by"] = by.collect();
    }
    for (key, value) in [
        ("low", number.low),
        ("count", number.count),
        ("high", number.high),
    ] {
        object[key] = value.into();
    }
    object
}
