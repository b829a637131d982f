//! The ledger at a glance: who is held, the states that somebody is in, the latest entries.

use amparo_core::id::{Seq, Subject};
use amparo_projections::View;
use amparo_projections::conflicts::conflicts;
use amparo_projections::totals::{TotalsRow, totals};

use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Reply, text};
use crate::people::People;
use crate::session::Session;

/// How many of the latest entries are shown.
const LATEST: u64 = 5;

/// Everything that the overview tells.
struct Overview {
    held: TotalsRow,
    states: Vec<TotalsRow>,
    persons: usize,
    groups: usize,
    findings: usize,
    latest: Vec<Seq>,
}

impl Overview {
    fn new(derived: &Derived, view: &View<'_>) -> Option<Self> {
        let mut states = totals(view, derived.at.as_of, &derived.profile);
        let held = states.pop()?;
        states.retain(|row| !row.total.is_zero());
        let is_person =
            |subject| matches!(derived.facts.subject(subject), Some(Subject::Person(_)));
        let subjects = view.subjects().count();
        let persons = view
            .subjects()
            .filter(|subject| is_person(*subject))
            .count();
        let known = derived.at.prefix();
        Some(Self {
            held,
            states,
            persons,
            groups: subjects - persons,
            findings: conflicts(view).len(),
            latest: (known.saturating_sub(LATEST)..known)
                .rev()
                .map(Seq::new)
                .collect(),
        })
    }
}

/// Answers with the overview.
pub fn show(session: &mut Session<'_, '_>, derived: &Derived) -> Result<(), Failure> {
    let view = derived.then();
    let overview = Overview::new(derived, &view)
        .ok_or_else(|| Failure::internal("the totals have no line for the profile"))?;
    if !figures::is_for_people(session.globals.format) {
        return session.reply(&for_programs(derived, &overview));
    }
    session.reply(&for_people(derived, &overview))?;
    session.write(b"\n")?;
    let latest_facts = overview.latest.iter();
    let latest_facts = latest_facts.filter_map(|seq| derived.facts.fact(*seq)?.subject());
    let people = derived.people_named(latest_facts)?;
    session.reply(&latest(derived, &people, &overview))
}

fn for_people(derived: &Derived, overview: &Overview) -> Reply {
    let mut cells = vec![(
        Column::text("held"),
        Cell::text(figures::count(overview.held.total)),
    )];
    for row in &overview.states {
        let name = match &row.instrument {
            Some(instrument) => format!("{}, {} of {instrument}", row.axis, row.state),
            None => format!("{}, {}", row.axis, row.state),
        };
        cells.push((Column::text(name), Cell::text(figures::count(row.total))));
    }
    let findings = match overview.findings {
        0 => "none".to_owned(),
        found => format!("{found}: see `amparo report conflicts`"),
    };
    cells.push((Column::text("persons"), Cell::count(overview.persons)));
    cells.push((Column::text("groups"), Cell::count(overview.groups)));
    cells.push((Column::text("findings"), Cell::text(findings)));
    let (columns, row): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
    let mut reply = Reply::at(derived.at.meta(), columns).into_record();
    reply.push(row);
    reply
}

fn latest(derived: &Derived, people: &People, overview: &Overview) -> Reply {
    let columns = ["latest", "recorded", "kind", "subject", "occurred"].map(Column::text);
    let mut reply = Reply::new(derived.at.meta(), columns);
    for seq in &overview.latest {
        let Some(fact) = derived.facts.fact(*seq) else {
            continue;
        };
        reply.push(vec![
            Cell::text(seq),
            Cell::text(fact.recorded()),
            Cell::text(fact.kind()),
            Cell::maybe(fact.subject().map(|subject| derived.label(people, subject))),
            Cell::maybe(derived.facts.date(fact)),
        ]);
    }
    reply
}

/// One row; the states are a list of rows as those of `totals`.
fn for_programs(derived: &Derived, overview: &Overview) -> Reply {
    let columns = figures::count_columns("held").into_iter().chain([
        Column::text("states"),
        Column::number("persons"),
        Column::number("groups"),
        Column::number("findings"),
        Column::text("latest"),
    ]);
    let states: Vec<_> = overview.states.iter().map(state_json).collect();
    let own = [
        Cell::Json(format!("[{}]", states.join(","))),
        Cell::count(overview.persons),
        Cell::count(overview.groups),
        Cell::count(overview.findings),
        Cell::list(&overview.latest),
    ];
    let mut reply = Reply::at(derived.at.meta(), columns);
    reply.push(
        figures::count_cells(overview.held.total)
            .into_iter()
            .chain(own)
            .collect(),
    );
    reply
}

/// A row of the totals as an object, with the keys of `totals`.
pub fn state_json(row: &TotalsRow) -> String {
    let instrument = row
        .instrument
        .as_deref()
        .map(|code| format!(",\"instrument\":{}", text::json(code)));
    format!(
        "{{\"axis\":{},\"state\":{},\"low\":{},\"count\":{},\"high\":{}{}}}",
        text::json(row.axis),
        text::json(&row.state),
        row.total.low,
        row.total.count,
        row.total.high,
        instrument.unwrap_or_default(),
    )
}
