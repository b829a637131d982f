//! The entry: an event in its place in the log, and the bytes that are stored for it.
//!
//! The line is written once, when the entry is accepted; those bytes are stored, hashed and
//! exported. Reading a line and writing it again gives the same bytes ([`Entry::parse_exact`]
//! insists on it), so there is one line for an entry and one entry for a line.

use crate::draft::finish;
use crate::event::Event;
use crate::exact;
use crate::fault::{Fault, Faults, Problem, Rule, column};
use crate::id::{EventId, Seq};
use crate::json::{self, Json};
use crate::limit;
use crate::private::{Digest, Private, PrivateField};
use crate::read::{EventReader, Form, PRIVATE_FORM, uuid};
use crate::reader::Reader;
pub use crate::recorded::Recorded;
use crate::word::Word as _;
use crate::write::Object;
use crate::write_event::{content, write_event};

/// The version of the entry format that this crate writes and reads.
pub const FORMAT_VERSION: u64 = 1;

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
