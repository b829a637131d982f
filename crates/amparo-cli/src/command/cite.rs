//! `cite`: a number in a sentence, with all its coordinates.

use amparo_core::event::{Body, PublishedHead, PublishedNumber};
use amparo_core::id::Seq;
use amparo_projections::profiles::{self, profiles};
use amparo_projections::{Profile, View};
use clap::Args;

use super::Exit;
use super::publish::{head, query};
use super::totals::figure::Figure;
use crate::args::CoordinateArgs;
use crate::citation::Citation;
use crate::derived::Derived;
use crate::entry_ref;
use crate::error::Failure;
use crate::figures;
use crate::filters::Asked;
use crate::output::{Cell, Column, Head, KnownAt, Reply, text};
use crate::session::{Session, today};

/// Print a number in a sentence with all its coordinates, ready to be quoted and checked
///
/// The sentence says what was counted, by which rule, as of which day, as known at which entry, and
/// names the ledger and the head of its log: whoever has the log can count again.
#[derive(Debug, Args)]
pub struct Cite {
    /// A published figure: the entry that `publish` has recorded
    #[arg(conflicts_with_all = ["query", "as_of", "known_at", "profile"])]
    entry: Option<String>,
    /// A question, as for `totals` [default: totals --state held]
    #[arg(last = true, value_name = "QUESTION")]
    query: Vec<String>,
    #[command(flatten)]
    at: CoordinateArgs,
}

/// What is cited.
struct Cited {
    figure: Option<String>,
    at: (amparo_core::date::Day, Seq),
    profile: Profile,
    query: Vec<String>,
    asked: Asked,
    numbers: Vec<PublishedNumber>,
    head: PublishedHead,
}

impl Cite {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let cited = match &self.entry {
            Some(typed) => published(session, &derived, typed)?,
            None => asked(session, &derived, query(self.query))?,
        };
        let (as_of, known_at) = cited.at;
        let recorded = derived.facts.fact(known_at).map(|fact| fact.recorded());
        let recorded = recorded.ok_or_else(|| Failure::not_a_log(known_at, "it is missing"))?;
        let citation = Citation {
            ledger: &derived.ledger,
            as_of,
            known_at: (known_at, recorded),
            profile: &cited.profile,
            query: &cited.query,
            head: &cited.head,
        };
        let sentences = cited.numbers.iter().map(|number| citation.sentence(number));
        if figures::is_for_people(session.globals.format) {
            let lines: String = sentences
                .map(|line| format!("{}\n", text::visible(&line)))
                .collect();
            session.write(lines.as_bytes())?;
            return Ok(Exit::Done);
        }
        let columns = ["figure", "query", "axis", "state", "instrument", "by"].map(Column::text);
        let columns = columns.into_iter();
        let columns = columns.chain(["low", "count", "high"].map(Column::number));
        let columns = columns.chain([Column::text("sentence")]);
        let mut meta = derived.at.meta();
        (meta.as_of, meta.profile) = (Some(as_of), Some(cited.profile.label()));
        meta.known_at = Some(KnownAt {
            seq: known_at.number(),
            recorded,
        });
        meta.head = Some(Head {
            size: cited.head.size,
            root: cited.head.root.to_string(),
        });
        let mut reply = Reply::at(cited.asked.show(meta), columns);
        let question = text::shell_words(&cited.query);
        for (number, sentence) in cited.numbers.iter().zip(sentences) {
            reply.push(vec![
                Cell::maybe(cited.figure.as_ref()),
                Cell::text(&question),
                Cell::text(&number.axis),
                Cell::text(&number.state),
                Cell::maybe(number.instrument.as_ref()),
                figures::published_by(number),
                Cell::count(number.low),
                Cell::count(number.count),
                Cell::count(number.high),
                Cell::text(sentence),
            ]);
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

fn published(
    session: &mut Session<'_, '_>,
    derived: &Derived,
    typed: &str,
) -> Result<Cited, Failure> {
    let entry = entry_ref::find(&derived.ledger, typed)?;
    let Body::Publication(publication) = entry.event.body() else {
        let message = format!("{} publishes no figure", entry.seq);
        return Err(
            Failure::usage(message).hint("`amparo report publications` lists those that do")
        );
    };
    let label = format!("{}@{}", publication.profile, publication.profile_version);
    let view = View::known_at(&derived.facts, publication.known_at);
    let profile = profiles::find(&profiles(&view), &label);
    let figure = Figure::of(&publication.query)
        .map_err(|_| Failure::not_a_log(entry.seq, "its question does not read"))?;
    let read_on = today(&derived.ledger, entry.recorded)?;
    let asked = figure.filters(session, derived, read_on)?;
    if !derived.today().is_in_force(entry.seq) {
        let seq = entry.seq;
        session.talk(format!(
            "{seq} was withdrawn or replaced; see `amparo show {seq}`"
        ));
    }
    Ok(Cited {
        figure: Some(publication.figure.to_string()),
        at: (publication.as_of, publication.known_at),
        profile: profile
            .ok_or_else(|| Failure::not_a_log(entry.seq, "its profile is not of this log"))?,
        query: publication.query.iter().map(ToString::to_string).collect(),
        asked,
        numbers: publication.numbers.clone(),
        head: publication.head.clone(),
    })
}

fn asked(
    session: &mut Session<'_, '_>,
    derived: &Derived,
    query: Vec<String>,
) -> Result<Cited, Failure> {
    let figure = Figure::of(&query)?;
    let filters = figure.filters(session, derived, derived.at.today)?;
    let at = (derived.at.as_of, derived.at.known_at);
    Ok(Cited {
        figure: None,
        at,
        numbers: figure.numbers(&derived.facts, at, &derived.profile, &filters)?,
        asked: filters,
        profile: derived.profile.clone(),
        head: head(derived),
        query,
    })
}
