//! The entry: an event in its place in the log, and the bytes that are stored for it.
//!
//! The line is written once, when the entry is accepted; those bytes are stored, hashed and
//! exported. Reading a line and writing it again gives the same bytes ([`Entry::parse_exact`]
//! insists on it), so there is one line for an entry and one entry for a line.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

use crate::draft::finish;
use crate::event::{Body, Claim, Event, Instrument, Publication, PublishedNumber};
use crate::exact;
use crate::fault::{Fault, Faults, Problem, Rule, column};
use crate::id::{EventId, Seq, Subject};
use crate::json::{self, Json};
use crate::limit;
use crate::private::{Digest, Private, PrivateField};
use crate::read::{EventReader, Form, PRIVATE_FORM, uuid};
use crate::reader::Reader;
use crate::value::Quantity;
use crate::word::Word;
use crate::write::{self, Object};

/// The version of the entry format that this crate writes and reads.
pub const FORMAT_VERSION: u64 = 1;

/// When the ledger accepted an entry: UTC, in whole milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recorded(i64);

impl Recorded {
    /// The time so many milliseconds after 1970-01-01T00:00Z.
    ///
    /// Answers `None` outside the years 0 to 9999.
    pub fn from_ms(ms: i64) -> Option<Self> {
        let time = DateTime::<Utc>::from_timestamp_millis(ms)?;
        (0..=9999).contains(&time.year()).then_some(Self(ms))
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The time in chrono's terms.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// Reads `2026-02-10T14:03:22.123Z`, exactly.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
        let marks = [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (19, b'.'),
            (23, b'Z'),
        ];
        if marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
            return None;
        }
        let number = |range: Range<usize>| {
            bytes[range].iter().try_fold(0_u32, |number, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| number * 10 + u32::from(digit - b'0'))
            })
        };
        let date = NaiveDate::from_ymd_opt(
            i32::try_from(number(0..4)?).ok()?,
            number(5..7)?,
            number(8..10)?,
        )?;
        let time = date.and_hms_milli_opt(
            number(11..13)?,
            number(14..16)?,
            number(17..19)?,
            number(20..23)?,
        )?;
        Self::from_ms(time.and_utc().timestamp_millis())
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.utc();
        let (date, time) = (utc.date_naive(), utc.time());
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |range: Range<usize>, mut number: u32| {
            for digit in text[range].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0..4, date.year().unsigned_abs());
        put(5..7, date.month());
        put(8..10, date.day());
        put(11..13, time.hour());
        put(14..16, time.minute());
        put(17..19, time.second());
        put(20..23, time.nanosecond() / 1_000_000);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An event accepted by the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// The event's id.
    pub id: EventId,
    /// When it was accepted.
    pub recorded: Recorded,
    /// Who recorded it.
    pub by: Box<str>,
    /// The event.
    pub event: Event,
    /// The digests of its private fields, in the order of the line.
    pub private: Vec<(PrivateField, Digest)>,
}

/// Why bytes are no entry line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The line breaks the format.
    #[error("not an entry line: {}", .0.first().map_or("", |fault| fault.message.as_str()))]
    Faults(Vec<Fault>),
    /// The line says the same in other bytes than the ledger would have written.
    #[error("not in the form that the ledger writes")]
    NotExact,
}

impl Entry {
    /// The line of the entry, without a line end.
    ///
    /// May be longer than [`limit::LINE_BYTES_MAX`]: whoever accepts an entry checks that.
    pub fn line(&self) -> String {
        let mut line = Object::line();
        line.number("seq", self.seq.number());
        line.shown("id", self.id);
        line.shown("recorded", self.recorded);
        line.text("by", &self.by);
        write_event(&mut line, &self.event);
        if !self.private.is_empty() {
            line.object("private", |digests| {
                for (field, digest) in &self.private {
                    digests.shown(field.word(), digest);
                }
            });
        }
        line.finish()
    }

    /// Reads an entry line, without its line end.
    ///
    /// # Errors
    /// [`EntryError::Faults`] with every fault of the line.
    pub fn parse(line: &[u8]) -> Result<Self, EntryError> {
        exact::read(line).map_or_else(|| Self::parse_tree(line), Ok)
    }

    /// The same for a line in any form: by way of a tree, in which every fault has its place.
    pub(crate) fn parse_tree(line: &[u8]) -> Result<Self, EntryError> {
        let fault = |rule, column, message: &str| {
            let (message, field) = (message.to_owned(), String::new());
            EntryError::Faults(vec![Fault {
                rule,
                column,
                field,
                message,
                remedy: None,
            }])
        };
        if line.len() > limit::LINE_BYTES_MAX {
            return Err(fault(Rule::AboveLimit, 1, "the line is too long"));
        }
        let text =
            std::str::from_utf8(line).map_err(|_| fault(Rule::NotUtf8, 1, "this is not UTF-8"))?;
        let value = json::parse(text)
            .map_err(|error| fault(Rule::Syntax, column(text, error.offset), &error.message))?;
        let mut faults = Faults::default();
        match read(value, &mut faults) {
            Some(entry) if faults.is_empty() => Ok(entry),
            _ => Err(EntryError::Faults(faults.locate(text))),
        }
    }

    /// Reads an entry line and insists that it is written as the ledger writes it.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and [`EntryError::NotExact`].
    pub fn parse_exact(line: &[u8]) -> Result<Self, EntryError> {
        if let Some(entry) = exact::read(line) {
            return Ok(entry);
        }
        let entry = Self::parse_tree(line)?;
        if entry.line().as_bytes() == line {
            Ok(entry)
        } else {
            Err(EntryError::NotExact)
        }
    }

    /// The event in canonical JSON with these private fields in clear: equal to the
    /// [content](crate::draft::Draft::content) of the draft it came from.
    pub fn content(&self, private: &Private) -> String {
        content(&self.event, private)
    }
}

fn read(value: Json<'_>, faults: &mut Faults) -> Option<Entry> {
    let mut r = Reader::new(value, faults);
    r.require(&["seq", "id", "recorded", "by"], || "an entry".to_owned());
    let seq = r.whole("seq", u64::MAX).map(Seq::new);
    let id = uuid(&mut r, "id").map(EventId::new);
    let recorded = r.parsed("recorded", limit::TEXT_BYTES_MAX, |text| {
        Recorded::parse(text)
            .ok_or_else(|| Problem::new(Rule::BadDate, "not a time in UTC with milliseconds"))
    });
    let by = r.text("by");
    let mut events = EventReader::new(Form::Stored);
    let kind = events.kind(&mut r)?;
    let event = events.event(kind, &mut r);
    let private = digests(&mut r);
    if let Some(event) = &event {
        let sealed = private
            .iter()
            .any(|(field, _)| *field == PrivateField::Sources);
        events.check_sources(event, sealed, &mut r);
    }
    finish(kind, &["seq", "id", "recorded", "by", "private"], &mut r);
    Some(Entry {
        seq: seq?,
        id: id?,
        recorded: recorded?,
        by: by?,
        event: event?,
        private,
    })
}

fn digests(r: &mut Reader<'_, '_>) -> Vec<(PrivateField, Digest)> {
    let read = r.object("private", true, PRIVATE_FORM, |r| {
        let mut digests = Vec::new();
        for field in PrivateField::ALL {
            let digest = r.parsed(field.word(), limit::TEXT_BYTES_MAX, |text| {
                Digest::from_hex(text)
                    .ok_or_else(|| Problem::new(Rule::Malformed, "not a digest of 64 hex digits"))
            });
            digests.extend(digest.map(|digest| (*field, digest)));
        }
        let words: Vec<_> = PrivateField::ALL.iter().map(|field| field.word()).collect();
        r.finish(&words, |_| None);
        Some(digests)
    });
    read.unwrap_or_default()
}

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

fn write_event(line: &mut Object, event: &Event) {
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

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_recording_time_reads_back_and_is_written_as_rfc_3339(ms in -62_167_219_200_000..253_402_300_799_999_i64) {
            let recorded = Recorded::from_ms(ms).unwrap();
            let shown = recorded.to_string();
            prop_assert_eq!(&shown, &recorded.utc().to_rfc3339_opts(SecondsFormat::Millis, true));
            prop_assert_eq!(Recorded::parse(&shown), Some(recorded));
        }
    }

    #[test]
    fn another_spelling_of_a_time_is_no_recording_time() {
        assert!(Recorded::parse("2026-02-10T14:03:22.123Z").is_some());
        for other in [
            "2026-02-10t14:03:22.123Z",
            "2026-02-10T14:03:22.123z",
            "2026-02-10T14:03:22.123+00:00",
            "2026-02-10T14:03:22Z",
            "2026-02-10T14:03:22.1230Z",
            "2026-02-30T14:03:22.123Z",
            "2026-02-10T24:03:22.123Z",
            "2026-02-10T14:03:60.123Z",
            "-026-02-10T14:03:22.123Z",
            "+026-02-10T14:03:22.123Z",
            "2026-02-10T14:03:22.12éZ",
            "",
        ] {
            assert_eq!(Recorded::parse(other), None, "{other}");
        }
    }
}
