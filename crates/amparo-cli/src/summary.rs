//! An event in one line, for people: what it says beyond its kind, subject and date.

use amparo_core::event::{Body, Claim, Clemency, Custody, Event, Instrument, Profile, Publication};
use amparo_core::id::{PersonId, Subject};
use amparo_core::value::Source;

use crate::people::People;

/// What an event says beyond its kind, subject and date.
pub fn details(event: &Event, people: &People) -> String {
    let person = |person: PersonId| people.label(Subject::Person(person));
    let parts: Vec<String> = match event.body() {
        Body::Ledger(opening) => {
            vec![
                format!("ledger \"{}\"", opening.name),
                opening.time_zone.name().to_owned(),
            ]
        }
        Body::Custody(custody) => custody_parts(custody),
        Body::Case(case) => {
            let offences = case.offences.iter().map(|offence| offence.to_string());
            let term = case.term_days.map(|days| format!("{days} days"));
            let jurisdiction = case
                .jurisdiction
                .map(|jurisdiction| jurisdiction.to_string());
            offences
                .chain(text(&case.court))
                .chain(jurisdiction)
                .chain(term)
                .collect()
        }
        Body::Clemency(clemency) => clemency_parts(clemency),
        Body::Instrument(instrument) => instrument_parts(instrument),
        Body::Claim(claim) => vec![claim_line(claim)],
        Body::Person(_) => Vec::new(),
        Body::Group(group) => {
            let size = group.size.map(|size| format!("{size} persons"));
            size.into_iter().chain(text(&group.label)).collect()
        }
        Body::Identification { person: told, .. } => vec![format!("is {}", person(*told))],
        Body::Merge { into, .. } => vec![format!("is {}", person(*into))],
        Body::SourceSilent { list, period } => {
            let period = period.as_ref().map(|period| period.to_string());
            [list.to_string()].into_iter().chain(period).collect()
        }
        Body::Note { text, .. } => vec![text.to_string()],
        Body::Retraction { reason, .. } => text(reason).collect(),
        Body::Profile(profile) => profile_parts(profile),
        Body::Publication(publication) => publication_parts(publication),
        Body::Erasure { basis, reason, .. } => [basis.to_string()]
            .into_iter()
            .chain(text(reason))
            .collect(),
    };
    parts.join(", ")
}

fn custody_parts(custody: &Custody) -> Vec<String> {
    let from = custody.from.as_ref().map(|place| format!("from {place}"));
    let place = custody.place.as_ref().map(|place| place.to_string());
    let basis = custody.basis.map(|basis| basis.to_string());
    let lists = custody
        .grounds
        .iter()
        .chain(&custody.measures)
        .map(|text| text.to_string());
    text(&custody.authority)
        .chain(from)
        .chain(place)
        .chain(basis)
        .chain(lists)
        .chain(text(&custody.destination))
        .chain(text(&custody.cause))
        .collect()
}

fn profile_parts(profile: &Profile) -> Vec<String> {
    let states = profile.states.iter().map(|state| state.to_string());
    let stay = profile.shortest_stay_days;
    let stay = stay.map(|days| format!("after a stay of {days} days"));
    let name = format!("{}@{}", profile.name, profile.version);
    [name].into_iter().chain(states).chain(stay).collect()
}

fn publication_parts(publication: &Publication) -> Vec<String> {
    vec![
        publication.figure.to_string(),
        crate::output::text::shell_words(&publication.query),
        format!("as of {}", publication.as_of),
        format!("known at {}", publication.known_at),
        format!("{}@{}", publication.profile, publication.profile_version),
    ]
}

fn clemency_parts(clemency: &Clemency) -> Vec<String> {
    let ground = clemency
        .ground
        .as_ref()
        .map(|ground| format!("ground {ground}"));
    let filed = clemency
        .filed_by
        .as_ref()
        .map(|by| format!("filed by {by}"));
    [clemency.instrument.to_string()]
        .into_iter()
        .chain(text(&clemency.court))
        .chain(filed)
        .chain(ground)
        .collect()
}

fn instrument_parts(instrument: &Instrument) -> Vec<String> {
    let form = instrument.form.map(|form| form.to_string());
    let days = instrument
        .decision_days
        .map(|days| format!("decision within {days} days"));
    [instrument.instrument.to_string()]
        .into_iter()
        .chain(form)
        .chain(text(&instrument.title))
        .chain(text(&instrument.jurisdiction))
        .chain(text(&instrument.adopted_by))
        .chain(days)
        .collect()
}

fn claim_line(claim: &Claim) -> String {
    let about = claim
        .about
        .as_ref()
        .map(|about| format!(" ({about})"))
        .unwrap_or_default();
    let scope = claim
        .scope
        .as_ref()
        .map(|scope| format!(", {scope}"))
        .unwrap_or_default();
    format!(
        "{}: {} {}{about}{scope}",
        claim.claimant, claim.quantity, claim.measure
    )
}

fn text(value: &Option<Box<str>>) -> impl Iterator<Item = String> {
    value.iter().map(|value| value.to_string())
}

/// The sources of an event in one line; the ones that must not be seen are counted.
pub fn sources(event: &Event, sealed: bool) -> String {
    let shown = event.sources().iter().map(source);
    let sealed = sealed.then(|| "sealed source".to_owned());
    let none = event.is_unsourced().then(|| "unsourced".to_owned());
    shown
        .chain(sealed)
        .chain(none)
        .collect::<Vec<_>>()
        .join("; ")
}

/// One source in a few words, with its grades: `Foro Penal (ngo, B2)`.
pub fn source(source: &Source) -> String {
    let reliability = source
        .reliability
        .map(|grade| grade.to_string())
        .unwrap_or_default();
    let credibility = source
        .credibility
        .map(|grade| grade.grade().to_string())
        .unwrap_or_default();
    let grades = format!("{reliability}{credibility}");
    let grades = if grades.is_empty() {
        grades
    } else {
        format!(", {grades}")
    };
    format!("{} ({}{grades})", source.publisher, source.kind)
}
