//! Every step of one person or group on each axis, in the order of the world.

use amparo_core::kind::State;
use amparo_core::word::Word as _;
use amparo_projections::timeline::{Strand, TimelineStep};

use super::person::{Person, axis_name};
use crate::output::{Cell, Column, Reply};

/// The steps for people: one line each, all axes in one order.
pub fn for_people(person: &Person<'_, '_>) -> Reply {
    let columns = [
        "occurred",
        "axis",
        "kind",
        "place",
        "entry",
        "on the word of",
        "standing",
    ]
    .map(Column::text);
    let mut reply = Reply::new(person.derived.at.meta(), columns);
    for (strand, step) in in_order(person) {
        let facts = &person.derived.facts;
        let kind = match step.is_rearrest {
            true => format!("{} (re-arrest)", step.fact.kind()),
            false => step.fact.kind().to_string(),
        };
        reply.push(vec![
            Cell::maybe(facts.date(step.fact)),
            Cell::text(axis_name(person.derived, strand)),
            Cell::text(kind),
            Cell::maybe(step.fact.place().map(|place| facts.text(place))),
            Cell::text(step.seq),
            Cell::list(person.derived.sources(step.fact)),
            Cell::text(standing(person, step)),
        ]);
    }
    reply
}

/// The steps for programs.
pub fn for_programs(person: &Person<'_, '_>) -> Reply {
    let columns = [
        "person",
        "name",
        "axis",
        "instrument",
        "entry",
        "kind",
        "state",
        "occurred",
        "from",
        "to",
        "in_force",
        "put_out_by",
        "replaces",
        "rearrest",
        "place",
        "authority",
        "court",
        "ground",
        "sources",
        "recorded",
        "by",
    ]
    .map(Column::text);
    let facts = &person.derived.facts;
    let text = |id| facts.text(id);
    let mut reply = Reply::at(person.derived.at.meta(), columns);
    for (strand, step) in in_order(person) {
        let fact = step.fact;
        reply.push(vec![
            Cell::text(person.reference()),
            Cell::maybe(person.name()),
            Cell::text(strand.axis.word()),
            Cell::maybe(strand.instrument.map(text)),
            Cell::text(step.seq),
            Cell::text(fact.kind()),
            Cell::maybe(step.state.map(State::word)),
            Cell::maybe(facts.date(fact)),
            Cell::maybe(step.bounds.map(|(from, _)| from)),
            Cell::maybe(step.bounds.map(|(_, to)| to)),
            Cell::Flag(step.in_force),
            Cell::list(&step.put_out_by),
            Cell::maybe(facts.replaces(fact)),
            Cell::Flag(step.is_rearrest),
            Cell::maybe(fact.place().map(text)),
            Cell::maybe(fact.authority().map(text)),
            Cell::maybe(fact.court().map(text)),
            Cell::maybe(fact.ground().map(text)),
            Cell::list(person.derived.sources(fact)),
            Cell::text(fact.recorded()),
            Cell::text(facts.recorder(fact)),
        ]);
    }
    reply
}

/// The steps of all strands by what happened first.
pub fn in_order<'p, 'd>(person: &'p Person<'d, '_>) -> Vec<(&'p Strand<'d>, &'p TimelineStep<'d>)> {
    let strands = person.timeline.strands.iter();
    let steps = strands.flat_map(|strand| strand.steps.iter().map(move |step| (strand, step)));
    let mut steps: Vec<_> = steps.collect();
    steps.sort_by_key(|(_, step)| (step.fact.span().map(|span| span.order_key()), step.seq));
    steps
}

/// What became of a step: `replaced by e14`, `replaces e11`, or nothing to say.
pub fn standing(person: &Person<'_, '_>, step: &TimelineStep<'_>) -> String {
    let by = step.put_out_by.iter().map(|by| {
        let is_replaced = person
            .view
            .fact(*by)
            .is_some_and(|fact| person.view.facts().replaces(fact).is_some());
        format!(
            "{} by {by}",
            if is_replaced { "replaced" } else { "retracted" }
        )
    });
    let replaced = person.view.facts().replaces(step.fact);
    let replaces = replaced.map(|target| format!("replaces {target}"));
    replaces
        .into_iter()
        .chain(by)
        .collect::<Vec<_>>()
        .join(", ")
}
