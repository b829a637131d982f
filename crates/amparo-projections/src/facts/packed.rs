//! Facts as bytes, so that a process need not read the whole log to know what one before it knew.
//!
//! [`Facts::pack`] is a function of the entries alone: the same log gives the same bytes, so two
//! copies are compared by comparing bytes. [`Facts::unpack`] takes bytes from anywhere: what it takes
//! packs again to the same bytes, but for numbers that are spelled longer than they need be, and
//! nothing makes it panic. Whether the bytes are what *this* log gives, it cannot know; who kept them
//! says so, and `replay --check` and `verify` derive them anew.

use amparo_core::date::{Occurred, Span};
use amparo_core::entry::Entry;
use amparo_core::event::{Body, Event};
use amparo_core::id::{EventId, GroupId, PersonId, Seq, Subject};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Facts;
use crate::fact::{Fact, ListId, Particulars, SubjectId, TextId, Voice};

/// Changes with the bytes, and with what a fact says of an entry.
const VERSION: u32 = 1;
const ID_BYTES: usize = 16;
/// What an entry takes, about.
const ENTRY_BYTES: usize = 52;

/// Why bytes are no packed facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// Another version of the program wrote them.
    #[error("facts of version {found}; this program reads {VERSION}")]
    OtherVersion {
        /// Their version.
        found: u32,
    },
    /// They do not read.
    #[error("these are no packed facts: {0}")]
    Unreadable(#[from] postcard::Error),
    /// A fact names something that is not there.
    #[error("the facts of {seq} name something that is not there")]
    Dangling {
        /// The entry.
        seq: Seq,
    },
    /// There is more or less than there should be.
    #[error("the packed facts have another length than they say")]
    Length,
}

/// All but the facts themselves and the ids of their entries.
#[derive(Serialize, Deserialize)]
struct Tables {
    texts: Vec<Box<str>>,
    voices: Vec<Box<[Voice]>>,
    offences: Vec<Box<[TextId]>>,
    /// Whether it is a group, and the UUID.
    subjects: Vec<(bool, [u8; ID_BYTES])>,
    entries: u32,
}

impl Facts {
    /// The facts as bytes: some 46 for each entry.
    ///
    /// # Errors
    /// None that bytes in memory can have.
    pub fn pack(&self) -> Result<Vec<u8>, postcard::Error> {
        let subjects = self.subjects.values().iter();
        let tables = Tables {
            texts: self.texts.values().to_vec(),
            voices: self.voices.values().to_vec(),
            offences: self.offences.values().to_vec(),
            subjects: subjects
                .map(|subject| {
                    let is_group = matches!(subject, Subject::Group(_));
                    (is_group, subject.uuid().into_bytes())
                })
                .collect(),
            entries: self.facts.len() as u32,
        };
        let mut bytes = Vec::with_capacity(self.facts.len() * ENTRY_BYTES);
        bytes = postcard::to_extend(&VERSION, bytes)?;
        bytes = postcard::to_extend(&tables, bytes)?;
        for id in self.ids.values() {
            bytes.extend_from_slice(&id.bytes());
        }
        for (n, fact) in self.facts.iter().enumerate() {
            bytes = postcard::to_extend(fact, bytes)?;
            if let Some(line) = self.line_of(n, fact) {
                bytes = postcard::to_extend(&line, bytes)?;
            }
        }
        Ok(bytes)
    }

    /// The facts that were packed.
    ///
    /// # Errors
    /// [`UnpackError`].
    pub fn unpack(bytes: &[u8]) -> Result<Self, UnpackError> {
        let (version, bytes) = postcard::take_from_bytes::<u32>(bytes)?;
        if version != VERSION {
            return Err(UnpackError::OtherVersion { found: version });
        }
        let (tables, bytes) = postcard::take_from_bytes::<Tables>(bytes)?;
        let (mut facts, mut rest) = Self::without_entries(tables, bytes)?;
        let (entries, texts) = (facts.ids.values().len(), facts.texts.values().len());
        facts.facts.reserve_exact(entries);
        let mut spans = vec![None; texts];
        for n in 0..entries {
            let seq = Seq::new(n as u64);
            let (mut fact, after) = postcard::take_from_bytes::<Fact>(rest)?;
            rest = after;
            if !facts.holds_all_of(n, &fact) || !facts.read_date(&mut fact, &mut spans) {
                return Err(UnpackError::Dangling { seq });
            }
            match kept_whole(&fact) {
                false => facts.push(fact),
                true => {
                    let (line, after) = postcard::take_from_bytes::<&str>(rest)?;
                    rest = after;
                    if !facts.push_with(fact, line) {
                        return Err(UnpackError::Dangling { seq });
                    }
                }
            }
        }
        // A line that is kept names no text that is not in the table.
        match rest.is_empty() && facts.texts.values().len() == texts {
            true => Ok(facts),
            false => Err(UnpackError::Length),
        }
    }

    /// All but the facts, and the bytes of these.
    fn without_entries(tables: Tables, bytes: &[u8]) -> Result<(Self, &[u8]), UnpackError> {
        let entries = tables.entries as usize;
        let id_bytes = entries.checked_mul(ID_BYTES).ok_or(UnpackError::Length)?;
        let cut = bytes.split_at_checked(id_bytes);
        let (ids, rest) = cut.ok_or(UnpackError::Length)?;
        let (ids, _) = ids.as_chunks::<ID_BYTES>();
        let ids = ids.iter().map(|id| EventId::new(Uuid::from_bytes(*id)));
        let subjects = tables.subjects.into_iter().map(subject);
        let facts = Self {
            ids: ids.collect::<Vec<_>>().into(),
            subjects: subjects.collect::<Vec<_>>().into(),
            texts: tables.texts.into(),
            voices: tables.voices.into(),
            offences: tables.offences.into(),
            ..Self::default()
        };
        Ok((facts, rest))
    }

    /// Reads the date of a fact from its text, once for each text; whether it begins on the day of the
    /// fact.
    fn read_date(&self, fact: &mut Fact, spans: &mut [Option<Span>]) -> bool {
        let Some(text) = fact.date else { return true };
        let known = &mut spans[text.number() as usize];
        if known.is_none() {
            *known = Span::parse_stored(self.text(text)).ok();
        }
        let day = std::mem::replace(&mut fact.span, *known);
        known.is_some() && day.map(|day| day.lo()) == known.map(|span| span.lo())
    }

    /// Adds a fact and the line that is kept of its entry; whether this is that line.
    fn push_with(&mut self, fact: Fact, line: &str) -> bool {
        let Ok(entry) = Entry::parse(line.as_bytes()) else {
            return false;
        };
        let kept = self.particulars_of(entry.event.body());
        let n = self.facts.len();
        self.push(fact);
        kept == fact.particulars && self.line_of(n, &fact).as_deref() == Some(line)
    }

    /// The line of an entry that is kept whole, without its sources.
    fn line_of(&self, n: usize, fact: &Fact) -> Option<String> {
        let claim = || self.claim(fact).cloned().map(Body::Claim);
        let instrument = || self.instrument(fact).cloned().map(Body::Instrument);
        let profile = || self.profile(fact).cloned().map(Body::Profile);
        let publication = || {
            let published = self.publication(fact).cloned();
            published.map(|published| Body::Publication(Box::new(published)))
        };
        let body = claim()
            .or_else(instrument)
            .or_else(profile)
            .or_else(publication)?;
        let seq = Seq::new(n as u64);
        let date = self.date(fact);
        let entry = Entry {
            seq,
            id: self.id(seq)?,
            recorded: fact.recorded,
            by: self.recorder(fact).into(),
            event: Event::bare(
                body,
                date.and_then(|date| Occurred::parse_stored(&date).ok()),
            ),
            private: Vec::new(),
        };
        Some(entry.line())
    }

    /// Whether all that the fact of an entry names is there, and before it.
    fn holds_all_of(&self, n: usize, fact: &Fact) -> bool {
        let text = |id: TextId| (id.number() as usize) < self.texts.values().len();
        let maybe = |id: Option<TextId>| id.is_none_or(text);
        let subject = |id: SubjectId| id.index() < self.subjects.values().len();
        let offences = |list: ListId| self.offences.value(list.number());
        let voices = fact.voices.map(|list| self.voices.value(list.number()));
        let particulars = match fact.particulars {
            Particulars::Custody {
                authority,
                place,
                from,
                basis: _,
            } => maybe(authority) && maybe(place) && maybe(from),
            Particulars::Case {
                offences: list,
                court,
                jurisdiction: _,
                term_days: _,
            } => {
                let listed = list.is_none_or(|list| {
                    offences(list).is_some_and(|list| list.iter().copied().all(text))
                });
                listed && maybe(court)
            }
            Particulars::Clemency {
                instrument,
                court,
                filed_by,
                ground,
            } => text(instrument) && maybe(court) && maybe(filed_by) && maybe(ground),
            Particulars::Group { size: _, label } => maybe(label),
            Particulars::Identification { person } => subject(person),
            Particulars::Merge { into } => subject(into),
            Particulars::SourceSilent { list } => text(list),
            // Compared with the line that is kept.
            Particulars::Instrument { .. }
            | Particulars::Claim { .. }
            | Particulars::Profile { .. }
            | Particulars::Publication { .. }
            | Particulars::None => true,
        };
        let voiced = voices.is_none_or(|list| {
            list.is_some_and(|list| list.iter().all(|voice| text(voice.publisher)))
        });
        particulars
            && voiced
            && fact.subject.is_none_or(subject)
            && fact.target.is_none_or(|target| target.index() < n)
            && text(fact.by)
            && maybe(fact.date)
    }
}

/// Whether the whole of what the entry says is kept beside its fact.
fn kept_whole(fact: &Fact) -> bool {
    match fact.particulars {
        Particulars::Claim { .. }
        | Particulars::Instrument { .. }
        | Particulars::Profile { .. }
        | Particulars::Publication { .. } => true,
        Particulars::Custody { .. }
        | Particulars::Case { .. }
        | Particulars::Clemency { .. }
        | Particulars::Group { .. }
        | Particulars::Identification { .. }
        | Particulars::Merge { .. }
        | Particulars::SourceSilent { .. }
        | Particulars::None => false,
    }
}

fn subject((is_group, uuid): (bool, [u8; ID_BYTES])) -> Subject {
    let uuid = Uuid::from_bytes(uuid);
    match is_group {
        true => Subject::Group(GroupId::new(uuid)),
        false => Subject::Person(PersonId::new(uuid)),
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
