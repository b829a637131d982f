//! `diff`: why a number moved from one day and known-at to another.

use amparo_projections::diff::{Cause, Coordinates, DiffRow, Move, diff};
use clap::Args;

use super::Exit;
use crate::coordinates;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::filters::FilterArgs;
use crate::lines::LineFilter;
use crate::output::{Cell, Column, Meta, Reply};
use crate::people::People;
use crate::session::{Reading, Session};

/// Explain why a number moved: what happened, was learned late, corrected, retracted, merged
///
/// A moment is a day and a known-at: `2026-02-20@e41` is the end of 20 February by what the ledger
/// knew at entry 41; a day alone is that day as known now. Between two moments each point count
/// changes by six parts, which add up to the change exactly: what happened between the days; what
/// had happened by the first day and was learned since; what was corrected, retracted or merged
/// since; and who was told apart from a group. Filters that say of whom are met or not at each
/// moment: who comes to meet them, or meets them no more, is a part of the change. With --evidence
/// each part is opened into the entries and the people that make it.
#[derive(Debug, Args)]
pub struct Diff {
    /// Only of this person or group
    #[arg(conflicts_with_all = ["whom", "which"])]
    person: Option<String>,
    /// The first moment: 2026-02-20@e41, 2026-02-20@head, 2026-02-20
    #[arg(long, value_name = "DAY@KNOWN")]
    from: String,
    /// The second moment, written alike
    #[arg(long, value_name = "DAY@KNOWN")]
    to: String,
    /// Only this line of the totals: detained, granted, ..., or held for the profile's line
    #[arg(long)]
    state: Option<String>,
    /// Who counts as held [default: deprived-of-liberty]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// List the entries and people behind each part, with the effect of each
    #[arg(long)]
    evidence: bool,
    #[command(flatten)]
    filters: FilterArgs,
}

impl Diff {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let (Reading { ledger, at }, from) =
            session.reading_between(&self.from, &self.to, &self.profile)?;
        let derived = Derived::of(session, ledger, at)?;
        let wanted = LineFilter::of(self.state.as_deref(), &derived.profile)?;
        let people = match (self.evidence, &self.person) {
            (true, _) => derived.people()?,
            (false, Some(typed)) => derived.people_around(typed)?,
            (false, None) => People::default(),
        };
        let asked = derived.filters(session, &self.filters)?;
        let mut filter = asked.filter.clone();
        let mut person = None;
        if let Some(typed) = &self.person {
            let subject = derived.subject(session, &people, &derived.today(), typed)?;
            person = Some(derived.facts.shown(subject));
            filter.subjects.extend(derived.facts.subject(subject));
        }
        let (start, end) = (moment(&from), moment(&derived.at));
        let mut rows = diff(&derived.facts, start, end, &derived.profile, &filter);
        rows.retain(|row| wanted.takes(row.axis, &row.state));
        let meta = asked
            .show(derived.at.meta())
            .filter("from", Some(from.in_one_word()))
            .filter("to", Some(derived.at.in_one_word()))
            .filter("state", self.state)
            .filter("person", person);
        let reply = match self.evidence {
            true => evidence(meta, &derived, &people, &rows),
            false => parts(meta, &rows, figures::is_for_people(session.globals.format)),
        };
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

fn moment(at: &coordinates::Coordinates) -> Coordinates {
    Coordinates {
        as_of: at.as_of,
        known_at: Some(at.known_at),
    }
}

/// The instrument of a row behind its own keys: on the clemency axis alone.
fn instrument(row: &DiffRow) -> Cell {
    row.instrument.as_ref().map_or(Cell::Absent, Cell::text)
}

/// One line for each number, with the six parts of its change; tables leave out what is nothing.
fn parts(meta: Meta, rows: &[DiffRow], for_people: bool) -> Reply {
    let is_still = |row: &DiffRow| row.from == 0 && row.to == 0 && row.moves().is_empty();
    let is_shown = |row: &&DiffRow| !for_people || row.axis == "profile" || !is_still(row);
    let rows: Vec<_> = rows.iter().filter(is_shown).collect();
    let has_instrument = !for_people || rows.iter().any(|row| row.instrument.is_some());
    let columns = ["axis", "state"].map(Column::text).into_iter();
    let columns = columns
        .chain(["from", "to", "change"].map(Column::number))
        .chain(Cause::ALL.map(|cause| Column::number(cause.word())))
        .chain(has_instrument.then(|| Column::text("instrument")));
    let mut reply = Reply::at(meta, columns);
    for row in rows {
        let own = [
            Cell::text(row.axis),
            Cell::text(&row.state),
            Cell::count(row.from),
            Cell::count(row.to),
            Cell::Number(row.change()),
        ];
        let causes = Cause::ALL.map(|cause| Cell::Number(row.part(cause)));
        let instrument = has_instrument.then(|| instrument(row));
        reply.push(own.into_iter().chain(causes).chain(instrument).collect());
    }
    reply
}

/// One line for each entry and subject that moved a number, part by part.
fn evidence(meta: Meta, derived: &Derived, people: &People, rows: &[DiffRow]) -> Reply {
    let texts = ["axis", "state", "part", "entry", "kind", "occurred"].map(Column::text);
    let columns = texts
        .into_iter()
        .chain(["subject", "name"].map(Column::text))
        .chain([Column::number("effect")])
        .chain(["sources", "instrument"].map(Column::text));
    let mut reply = Reply::at(meta, columns);
    for row in rows {
        for cause in Cause::ALL {
            for step in row.evidence(cause) {
                reply.push(step_cells(derived, people, row, step));
            }
        }
    }
    reply
}

fn step_cells(derived: &Derived, people: &People, row: &DiffRow, step: &Move) -> Vec<Cell> {
    let fact = derived.facts.fact(step.entry);
    vec![
        Cell::text(row.axis),
        Cell::text(&row.state),
        Cell::text(step.cause.word()),
        Cell::text(step.entry),
        Cell::maybe(fact.map(|fact| fact.kind())),
        Cell::maybe(fact.and_then(|fact| derived.facts.date(fact))),
        Cell::text(derived.facts.shown(step.subject)),
        Cell::maybe(derived.name(people, step.subject)),
        Cell::Number(step.change),
        Cell::list(fact.map(|fact| derived.sources(fact)).unwrap_or_default()),
        instrument(row),
    ]
}
