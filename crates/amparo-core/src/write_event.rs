//! Writes the event part of an object, of a draft's content or of an entry's line: every kind's fields
//! in their order.

use crate::event::{Body, Claim, Event, Instrument, Publication, PublishedNumber};
use crate::id::Subject;
use crate::private::Private;
use crate::value::Quantity;
use crate::word::Word;
use crate::write::{self, Object};

/// The canonical JSON of an event and its private fields.
pub(crate) fn content(event: &Event, private: &Private) -> String {
    let mut object = Object::line();
    write_event(&mut object, event);
    if !private.is_empty() {
        object.object("private", |fields| {
            for (field, value) in private.fields() {
                fields.json(field.word(), &value);
            }
        });
    }
    object.finish()
}

/// Writes an event's members, but for its private fields.
pub(crate) fn write_event(line: &mut Object, event: &Event) {
    line.text("kind", event.kind().word());
    write_subject(line, event);
    if let Some(occurred) = &event.occurred {
        line.text("occurred", occurred.as_str());
    }
    write_fields(line, &event.body);
    if !event.sources.is_empty() {
        line.sources("sources", &event.sources);
    }
    if event.unsourced {
        line.json("unsourced", "true");
    }
    if let Some(replaced) = event.replaces {
        line.shown("replaces", replaced);
    }
}

fn write_subject(line: &mut Object, event: &Event) {
    match event.subject() {
        Some(Subject::Person(person)) => line.shown("person", person),
        Some(Subject::Group(group)) => line.shown("group", group),
        None => {}
    }
    if let Body::Instrument(instrument) = &event.body {
        line.text("instrument", instrument.instrument.as_str());
    }
}

fn write_fields(line: &mut Object, body: &Body) {
    match body {
        Body::Ledger(opening) => {
            line.text("name", &opening.name);
            line.text("time_zone", opening.time_zone.name());
            line.shown("ledger", opening.ledger);
            line.number("format", opening.format);
        }
        Body::Custody(custody) => {
            line.maybe_text("authority", custody.authority.as_deref());
            line.maybe_text("from", custody.from.as_ref().map(|place| place.as_str()));
            line.maybe_text("place", custody.place.as_ref().map(|place| place.as_str()));
            line.maybe_texts("grounds", &custody.grounds);
            line.maybe_texts("measures", &custody.measures);
            line.maybe_text("basis", custody.basis.map(Word::word));
            line.maybe_text("destination", custody.destination.as_deref());
            line.maybe_text("cause", custody.cause.as_deref());
        }
        Body::Case(case) => {
            line.maybe_texts("offences", &case.offences);
            line.maybe_text("court", case.court.as_deref());
            line.maybe_text("jurisdiction", case.jurisdiction.map(Word::word));
            line.maybe_number("term_days", case.term_days);
        }
        Body::Clemency(clemency) => {
            line.text("instrument", clemency.instrument.as_str());
            line.maybe_text("court", clemency.court.as_deref());
            line.maybe_text("filed_by", clemency.filed_by.as_deref());
            line.maybe_text("ground", clemency.ground.as_ref().map(|code| code.as_str()));
        }
        Body::Instrument(instrument) => write_instrument(line, instrument),
        Body::Claim(claim) => write_claim(line, claim),
        Body::Person(_) => {}
        Body::Group(group) => {
            line.maybe_number("size", group.size);
            line.maybe_text("label", group.label.as_deref());
        }
        Body::Identification { person, .. } => line.shown("person", person),
        Body::Merge { into, .. } => line.shown("into", into),
        Body::SourceSilent { list, period } => {
            line.text("list", list);
            line.maybe_text("period", period.as_ref().map(|period| period.as_str()));
        }
        Body::Note { text, .. } => line.text("text", text),
        Body::Retraction { entry, reason } => {
            line.shown("entry", entry);
            line.maybe_text("reason", reason.as_deref());
        }
        Body::Profile(profile) => {
            line.text("name", profile.name.as_str());
            line.number("version", profile.version);
            let states = profile.states.iter().map(|state| write::text(state.word()));
            line.json("states", &write::list(states));
            line.maybe_number("shortest_stay_days", profile.shortest_stay_days);
        }
        Body::Publication(publication) => write_publication(line, publication),
        Body::Erasure { basis, reason, .. } => {
            line.text("basis", basis.word());
            line.maybe_text("reason", reason.as_deref());
        }
    }
}

fn write_instrument(line: &mut Object, instrument: &Instrument) {
    line.maybe_text("form", instrument.form.map(Word::word));
    line.maybe_text("title", instrument.title.as_deref());
    line.maybe_text("jurisdiction", instrument.jurisdiction.as_deref());
    line.maybe_text("adopted_by", instrument.adopted_by.as_deref());
    line.maybe_number("decision_days", instrument.decision_days);
    if !instrument.exclusions.is_empty() {
        let exclusions = instrument.exclusions.iter().map(|exclusion| {
            let mut object = Object::new();
            object.text("code", exclusion.code.as_str());
            object.text("text", &exclusion.text);
            object.finish()
        });
        line.json("exclusions", &write::list(exclusions));
    }
}

fn write_claim(line: &mut Object, claim: &Claim) {
    line.text("claimant", &claim.claimant);
    line.text("measure", claim.measure.word());
    line.json("quantity", &quantity(&claim.quantity));
    line.maybe_text("about", claim.about.as_ref().map(|about| about.as_str()));
    line.maybe_text(
        "instrument",
        claim.instrument.as_ref().map(|code| code.as_str()),
    );
    line.maybe_text("scope", claim.scope.as_deref());
}

fn write_publication(line: &mut Object, publication: &Publication) {
    line.text("figure", &publication.figure);
    line.json("query", &write::texts(&publication.query));
    line.text("as_of", &publication.as_of.to_string());
    line.number("known_at", publication.known_at.number());
    line.text("profile", publication.profile.as_str());
    line.number("profile_version", publication.profile_version);
    let numbers = publication.numbers.iter().map(published_number);
    line.json("numbers", &write::list(numbers));
    let mut head = Object::new();
    head.number("size", publication.head.size);
    head.text("root", &publication.head.root);
    line.json("head", &head.finish());
}

fn published_number(number: &PublishedNumber) -> String {
    let mut object = Object::new();
    object.text("axis", &number.axis);
    object.text("state", &number.state);
    let instrument = number.instrument.as_ref();
    object.maybe_text("instrument", instrument.map(|code| code.as_str()));
    if !number.by.is_empty() {
        let by = number.by.iter().map(|(grouping, value)| {
            let mut object = Object::new();
            object.text("grouping", grouping);
            object.maybe_text("value", value.as_deref());
            object.finish()
        });
        object.json("by", &write::list(by));
    }
    object.number("low", number.low);
    object.number("count", number.count);
    object.number("high", number.high);
    object.finish()
}

fn quantity(quantity: &Quantity) -> String {
    let mut object = Object::new();
    object.maybe_number("low", quantity.low());
    object.maybe_number("high", quantity.high());
    if quantity.is_approximate() {
        object.json("approximate", "true");
    }
    object.finish()
}
