//! `audit`: a past state, fact by fact, with who stands behind each and what became of it.

use amparo_core::id::Seq;
use amparo_core::kind::{Axis, Kind, State};
use amparo_core::word::Word as _;
use amparo_projections::View;
use amparo_projections::audit::{Audit as Audited, AuditedFact, Correction, audit, audit_all};
use amparo_projections::fact::{Fact, SubjectId, TextId};
use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Meta, Reply};
use crate::people::People;
use crate::session::Session;

/// Show what a past state rests on: each fact with its entry, sources and recorder, what it
/// replaced, and what has replaced or retracted it since
///
/// Give --as-of and --known-at for the state as it was known then. Without a person it covers
/// everybody known then, and leaves out what was learned since.
#[derive(Debug, Args)]
pub struct Audit {
    /// The person or group: a ref (p7), a name, a UUID or a reference in a list
    person: Option<String>,
    #[command(flatten)]
    at: CoordinateArgs,
}

/// What a fact is to the state on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearing {
    /// The state at the points is the one after it.
    Stands,
    /// It can be the one that the state rests on, for dates are uncertain.
    Possible,
    /// It came before, and something else has come since.
    Passed,
    /// It tells who is who, how many, or where.
    Beside,
    /// It was recorded later, and was not known then.
    Since,
}

impl Bearing {
    fn word(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Possible => "possible",
            Self::Passed => "passed",
            Self::Beside => "beside",
            Self::Since => "since",
        }
    }
}

/// One line of the answer.
struct Line<'d> {
    subject: SubjectId,
    bearing: Bearing,
    seq: Seq,
    fact: &'d Fact,
    replaced: Option<Seq>,
    since: Vec<Correction>,
    holds_today: bool,
}

impl Audit {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = match &self.person {
            Some(typed) => Derived::open_around(session, &self.at, typed)?,
            None => Derived::open(session, &self.at)?,
        };
        let people = match &self.person {
            Some(typed) => derived.people_around(typed)?,
            None => derived.people()?,
        };
        let (then, today, as_of) = (derived.then(), derived.today(), derived.at.as_of);
        let mut meta = derived.at.meta();
        let mut lines = Vec::new();
        match &self.person {
            Some(typed) => {
                let subject = derived.subject(session, &people, &then, typed)?;
                meta = meta.filter("person", Some(derived.facts.shown(subject)));
                let found = audit(&then, &today, subject, as_of);
                if let Some(audited) = found {
                    lines.extend(lines_of(&derived, &then, &audited));
                    lines.extend(lines_since(&today, &audited));
                }
            }
            None => {
                for audited in audit_all(&then, &today, as_of) {
                    lines.extend(lines_of(&derived, &then, &audited));
                }
            }
        }
        let reply = match figures::is_for_people(session.globals.format) {
            true => for_people(meta, &derived, &people, &lines, self.person.is_some()),
            false => for_programs(meta, &derived, &people, &lines),
        };
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

/// The facts that counted then, axis by axis.
fn lines_of<'d>(derived: &Derived, then: &View<'d>, audited: &Audited<'d>) -> Vec<Line<'d>> {
    let line = |fact: &AuditedFact<'d>, bearing| Line {
        subject: audited.subject,
        bearing,
        seq: fact.seq,
        fact: fact.fact,
        replaced: fact.replaced,
        since: fact.corrected_since.clone(),
        holds_today: fact.holds_today,
    };
    let mut lines = Vec::new();
    for axis in &audited.axes {
        let possible = possible_entries(derived, then, audited.subject, axis.axis, axis.instrument);
        for fact in &axis.facts {
            let bearing = match axis.standing.entry == Some(fact.seq) {
                true => Bearing::Stands,
                false if possible.contains(&fact.seq) => Bearing::Possible,
                false => Bearing::Passed,
            };
            lines.push(line(fact, bearing));
        }
    }
    lines.extend(
        audited
            .others
            .iter()
            .map(|fact| line(fact, Bearing::Beside)),
    );
    lines
}

/// The entries after which somebody can have stood at the end of the day.
fn possible_entries(
    derived: &Derived,
    then: &View<'_>,
    subject: SubjectId,
    axis: Axis,
    instrument: Option<TextId>,
) -> Vec<Seq> {
    let courses = then.courses(subject);
    let course = match axis {
        Axis::Custody => Some(&courses.custody),
        Axis::Case => Some(&courses.case),
        Axis::Clemency => {
            let mut clemency = courses.clemency.iter();
            clemency
                .find(|(code, _)| Some(*code) == instrument)
                .map(|(_, course)| course)
        }
    };
    let possible = course
        .map(|course| course.at(derived.at.as_of).possible)
        .unwrap_or_default();
    possible.iter().map(|placed| placed.step.seq).collect()
}

/// The status entries recorded since.
fn lines_since<'d>(today: &View<'d>, audited: &Audited<'d>) -> Vec<Line<'d>> {
    let line = |seq: &Seq| {
        let fact = today.fact(*seq)?;
        let since = today.corrections_of(*seq).map(|by| Correction {
            seq: by,
            is_retraction: today.fact(by).map(Fact::kind) == Some(Kind::Retraction),
            holds_today: today.is_in_force(by),
        });
        Some(Line {
            subject: audited.subject,
            bearing: Bearing::Since,
            seq: *seq,
            fact,
            replaced: today.facts().replaces(fact),
            since: since.collect(),
            holds_today: today.is_in_force(*seq),
        })
    };
    audited.learned_since.iter().filter_map(line).collect()
}

/// `replaced by e14`, and `(void)` behind it where that is out of force itself.
fn correction(correction: &Correction) -> String {
    let what = if correction.is_retraction {
        "retracted"
    } else {
        "replaced"
    };
    let void = if correction.holds_today {
        ""
    } else {
        " (void)"
    };
    format!("{what} by {}{void}", correction.seq)
}

fn for_people(
    meta: Meta,
    derived: &Derived,
    people: &People,
    lines: &[Line<'_>],
    is_of_one: bool,
) -> Reply {
    let subject = (!is_of_one).then(|| Column::text("subject"));
    let columns = [
        "bearing",
        "entry",
        "kind",
        "occurred",
        "place",
        "recorded",
        "by",
        "on the word of",
        "replaced",
        "since then",
    ];
    let columns = subject.into_iter().chain(columns.map(Column::text));
    let mut reply = Reply::at(meta, columns);
    let facts = &derived.facts;
    for line in lines {
        let subject = (!is_of_one).then(|| Cell::text(derived.label(people, line.subject)));
        let own = [
            Cell::text(line.bearing.word()),
            Cell::text(line.seq),
            Cell::text(line.fact.kind()),
            Cell::maybe(facts.date(line.fact)),
            Cell::maybe(line.fact.place().map(|place| facts.text(place))),
            Cell::text(line.fact.recorded().utc().format("%Y-%m-%dT%H:%MZ")),
            Cell::text(facts.recorder(line.fact)),
            Cell::list(derived.sources(line.fact)),
            Cell::maybe(line.replaced),
            Cell::list(line.since.iter().map(correction)),
        ];
        reply.push(subject.into_iter().chain(own).collect());
    }
    reply
}

fn for_programs(meta: Meta, derived: &Derived, people: &People, lines: &[Line<'_>]) -> Reply {
    let columns = [
        "subject",
        "name",
        "axis",
        "instrument",
        "state",
        "bearing",
        "entry",
        "kind",
        "occurred",
        "place",
        "authority",
        "court",
        "ground",
        "recorded",
        "by",
        "sources",
        "replaced",
        "corrected_since",
        "holds_today",
    ];
    let mut reply = Reply::at(meta, columns.map(Column::text));
    let facts = &derived.facts;
    let text = |id| facts.text(id);
    for line in lines {
        let fact = line.fact;
        reply.push(vec![
            Cell::text(facts.shown(line.subject)),
            Cell::maybe(derived.name(people, line.subject)),
            Cell::maybe(fact.kind().axis().map(Axis::word)),
            Cell::maybe(fact.instrument().map(text)),
            Cell::maybe(fact.kind().state().map(State::word)),
            Cell::text(line.bearing.word()),
            Cell::text(line.seq),
            Cell::text(fact.kind()),
            Cell::maybe(facts.date(fact)),
            Cell::maybe(fact.place().map(text)),
            Cell::maybe(fact.authority().map(text)),
            Cell::maybe(fact.court().map(text)),
            Cell::maybe(fact.ground().map(text)),
            Cell::text(fact.recorded()),
            Cell::text(facts.recorder(fact)),
            Cell::list(derived.sources(fact)),
            Cell::maybe(line.replaced),
            Cell::list(line.since.iter().map(correction)),
            Cell::Flag(line.holds_today),
        ]);
    }
    reply
}
