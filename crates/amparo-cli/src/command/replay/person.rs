//! How the picture of one person changed with each entry that bears on them.

use std::collections::BTreeSet;

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::State;
use amparo_projections::View;
use amparo_projections::fact::{Fact, SubjectId};
use amparo_projections::timeline::{Standing, standing};

use super::stretch::Stretch;
use super::{Every, Replay};
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::{Session, today};
use crate::stream::Stream;

/// What was known of somebody after one entry.
struct After<'d> {
    seq: Seq,
    fact: &'d Fact,
    as_of: Day,
    custody: Standing,
    case: Standing,
    /// By the instrument's code.
    clemency: Vec<(&'d str, Standing)>,
    held: Count,
}

/// Replays what was known of one person or group.
pub fn run(session: &mut Session<'_, '_>, replay: &Replay, typed: &str) -> Result<(), Failure> {
    let derived = Derived::open_around(session, &replay.at, typed)?;
    let stretch = Stretch::of(replay, &derived.at)?;
    let is_fixed = replay.at.as_of.is_some() || session.globals.at.as_of.is_some();
    let fixed = is_fixed.then_some(derived.at.as_of);
    let people = derived.people_around(typed)?;
    let view = derived.then();
    let subject = derived.subject(session, &people, &view, typed)?;
    let mut lines: Vec<(Day, Seq, &Fact)> = Vec::new();
    for seq in bearing_on(&view, subject) {
        let Some(fact) = view.fact(seq) else { continue };
        let day = today(&derived.ledger, fact.recorded())?;
        if stretch.holds(seq, day) {
            let is_same_day = lines.last().is_some_and(|(last, ..)| *last == day);
            if replay.every == Every::Day && is_same_day {
                lines.pop();
            }
            lines.push((day, seq, fact));
        }
    }
    let is_for_people = figures::is_for_people(session.globals.format);
    let meta = Meta {
        as_of: fixed,
        ..derived.at.meta()
    };
    let meta = meta.filter("person", Some(derived.facts.shown(subject)));
    let mut stream = Stream::new(Reply::at(meta, columns(is_for_people)));
    for (day, seq, fact) in lines {
        let after = After::new(&derived, subject, seq, fact, fixed.unwrap_or(day));
        let row = match is_for_people {
            true => after.row_for_people(&derived),
            false => after.row_for_programs(&derived),
        };
        stream.push(session, row)?;
    }
    stream.finish(session)
}

/// The entries about a subject, and the corrections of them and of each other, in log order.
fn bearing_on(view: &View<'_>, subject: SubjectId) -> BTreeSet<Seq> {
    let mut found = BTreeSet::new();
    let mut left: Vec<Seq> = view.entries(subject).map(|(seq, _)| seq).collect();
    while let Some(seq) = left.pop() {
        if found.insert(seq) {
            left.extend(view.corrections_of(seq));
        }
    }
    found
}

impl<'d> After<'d> {
    fn new(derived: &'d Derived, subject: SubjectId, seq: Seq, fact: &'d Fact, as_of: Day) -> Self {
        let view = View::known_at(&derived.facts, seq);
        let subject = view.root(subject);
        let courses = view.courses(subject);
        let clemency = courses.clemency.iter();
        let clemency =
            clemency.map(|(code, course)| (derived.facts.text(*code), standing(course, as_of)));
        Self {
            seq,
            fact,
            as_of,
            custody: standing(&courses.custody, as_of),
            case: standing(&courses.case, as_of),
            clemency: clemency.collect(),
            held: derived
                .profile
                .held(&courses.custody, as_of)
                .times(view.weight(subject)),
        }
    }

    fn row_for_people(&self, derived: &Derived) -> Vec<Cell> {
        let clemency = self.clemency.iter();
        let clemency =
            clemency.map(|(code, standing)| format!("{code}: {}", figures::standing(standing)));
        vec![
            Cell::text(self.seq),
            Cell::text(self.fact.recorded().utc().format("%Y-%m-%dT%H:%MZ")),
            Cell::text(self.fact.kind()),
            Cell::maybe(derived.facts.date(self.fact)),
            Cell::text(self.as_of),
            Cell::text(figures::standing(&self.custody)),
            Cell::text(figures::standing(&self.case)),
            Cell::list(clemency),
        ]
    }

    fn row_for_programs(&self, derived: &Derived) -> Vec<Cell> {
        let known_at = vec![
            ("seq", Cell::count(self.seq.number())),
            ("recorded", Cell::text(self.fact.recorded())),
        ];
        let possible =
            |standing: &Standing| Cell::list(standing.possible.iter().map(|state| state.word()));
        let point = |standing: &Standing| Cell::maybe(standing.point.map(State::word));
        let clemency = self.clemency.iter();
        let clemency =
            clemency.map(|(code, standing)| format!("{code}: {}", figures::standing(standing)));
        let own = [
            Cell::text(self.as_of),
            Cell::Parts(known_at),
            Cell::text(self.fact.kind()),
            Cell::maybe(derived.facts.date(self.fact)),
            point(&self.custody),
            possible(&self.custody),
            point(&self.case),
            possible(&self.case),
            Cell::list(clemency),
        ];
        own.into_iter()
            .chain(figures::count_cells(self.held))
            .collect()
    }
}

fn columns(is_for_people: bool) -> Vec<Column> {
    if is_for_people {
        let names = [
            "entry", "recorded", "kind", "occurred", "as_of", "custody", "case", "clemency",
        ];
        return names.map(Column::text).to_vec();
    }
    let names = [
        "as_of",
        "known_at",
        "kind",
        "occurred",
        "custody",
        "custody_possible",
        "case",
        "case_possible",
        "clemency",
    ];
    names
        .map(Column::text)
        .into_iter()
        .chain(figures::count_columns("held"))
        .collect()
}
