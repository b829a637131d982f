//! The rules that a draft must keep beside its own form: those that take the ledger to see.
//!
//! Nothing here changes a plan, beyond what it remembers of what it has read.

use amparo_core::draft::Draft;
use amparo_core::entry::Entry;
use amparo_core::event::{Body, Event};
use amparo_core::fault::Rule;
use amparo_core::id::{Code, EventId, Seq, Subject};
use amparo_core::kind::{Kind, SubjectRule};
use amparo_core::limit;
use amparo_core::private::Openings;
use amparo_core::word::nearest;

use super::named::Named;
use super::plan::{Plan, Refused, refusal};
use super::{ReadError, index_key};

impl Plan<'_, '_> {
    /// Refuses an id that another event has.
    pub(super) fn check_same(&self, seq: u64, named: &Named) -> Result<(), Refused> {
        let planned = self.new.get(named.id).map_err(ReadError::Planned)?;
        let same = match planned {
            Some(new) => new.content == named.digest,
            None => self.is_recorded_as(Seq::new(seq), &named.content, &named.draft)?,
        };
        if same {
            return Ok(());
        }
        let message = format!("the id is that of e{seq}, and the content is not");
        let remedy = format!("leave the id out, or correct e{seq} with \"replaces\"");
        Err(refusal(Rule::IdTaken, "id", message, Some(remedy)))
    }

    fn is_recorded_as(&self, seq: Seq, content: &str, draft: &Draft) -> Result<bool, ReadError> {
        let Some(entry) = self.ledger.entry(seq)? else {
            return Ok(false);
        };
        match self.ledger.private(seq)? {
            Some(private) => {
                let recorded = entry.content(&private);
                Ok(recorded == content || recorded == draft.content())
            }
            // Erased, or without a key: what is in the clear must be the same, and the private
            // fields must be the same ones.
            None => {
                let fields = draft.private().fields().map(|(field, _)| field);
                let same_fields = entry.private.iter().map(|(field, _)| *field).eq(fields);
                Ok(same_fields && &entry.event == draft.event())
            }
        }
    }

    pub(super) fn check_references(&self, event: &Event, id: EventId) -> Result<(), Refused> {
        self.secret()?;
        if let Some(target) = event.target() {
            let field = if event.replaces().is_some() {
                "replaces"
            } else {
                "entry"
            };
            match self.seq_of(target)? {
                Some(0) => {
                    let message = "e0 opens the ledger and stays as it is".to_owned();
                    return Err(refusal(Rule::OpeningIsFixed, field, message, None));
                }
                Some(seq) if self.kind_at(seq)? == Some(Kind::Erasure) => {
                    let message = format!("e{seq} is an erasure, and the keys are gone");
                    return Err(refusal(Rule::ErasureIsFinal, field, message, None));
                }
                Some(_) => {}
                None => {
                    let message = "no entry of this ledger has this event id".to_owned();
                    let remedy = "an entry can only be corrected after it; check the id".to_owned();
                    return Err(refusal(Rule::UnknownEntry, field, message, Some(remedy)));
                }
            }
        }
        self.check_instrument(event)?;
        self.check_circle(event, id)
    }

    /// Refuses somebody new under a reference where the references that the registered have are not
    /// all known: it may be one of them.
    pub(super) fn check_refs(&self, draft: &Draft) -> Result<(), Refused> {
        if !self.ledger.lacks_refs() {
            return Ok(());
        }
        for subject in draft.event().subjects() {
            if draft.external(subject).is_some()
                && !self.ledger.has_key(index_key::subject(subject))?
            {
                return Err(ReadError::Locked.into());
            }
        }
        Ok(())
    }

    /// The subjects that nobody has named before; refuses a person in the place of a group, and a
    /// group in that of a person.
    ///
    /// Only who is registered under a UUID is looked up to be told, once: an id that was derived
    /// from a reference is that of a person or of a group by how it was made.
    pub(super) fn unregistered(&mut self, draft: &Draft) -> Result<Vec<Subject>, Refused> {
        let mut unregistered: Vec<Subject> = Vec::new();
        for subject in draft.event().subjects() {
            let mut named = unregistered.iter().copied();
            let known = match named.find(|other| other.uuid() == subject.uuid()) {
                Some(other) => Some(other),
                None => self.registered(subject, draft.external(subject).is_some())?,
            };
            match known {
                None => unregistered.push(subject),
                Some(known) if known == subject => {}
                Some(_) => return Err(another_sort(draft.event(), subject)),
            }
        }
        Ok(unregistered)
    }

    /// Who is registered under the UUID of a subject, as the plan or the log says.
    fn registered(
        &mut self,
        subject: Subject,
        derived: bool,
    ) -> Result<Option<Subject>, ReadError> {
        let uuid = subject.uuid();
        if let Some(known) = self.subjects.get(&uuid) {
            return Ok(Some(*known));
        }
        let seqs = self.ledger.seqs_under(index_key::subject(subject))?;
        let Some(first) = seqs.first() else {
            return Ok(None);
        };
        let entry = match derived {
            true => None,
            false => self.ledger.entry(*first)?,
        };
        let mut named = entry.iter().flat_map(|entry| entry.event.subjects());
        let known = named.find(|named| named.uuid() == uuid);
        let known = known.unwrap_or(subject);
        self.subjects.insert(uuid, known);
        Ok(Some(known))
    }

    /// Refuses private fields of somebody whose own were erased.
    pub(super) fn check_erased(&mut self, draft: &Draft) -> Result<(), Refused> {
        let Some(subject) = draft.event().subject() else {
            return Ok(());
        };
        if draft.private().is_empty() {
            return Ok(());
        }
        let erased = match self.erased.take() {
            Some(erased) => erased,
            None => self.ledger.erased()?,
        };
        let is_erased = erased.contains(&subject);
        self.erased = Some(erased);
        if !is_erased {
            return Ok(());
        }
        let message = "these private fields were erased, for good".to_owned();
        let remedy = "leave `private` out, and say who it is by UUID or as p7".to_owned();
        Err(refusal(
            Rule::ErasureIsFinal,
            "private",
            message,
            Some(remedy),
        ))
    }

    /// The kind of an entry that is recorded; none of one that is only planned.
    fn kind_at(&self, seq: u64) -> Result<Option<Kind>, ReadError> {
        let entry = self.ledger.entry(Seq::new(seq))?;
        Ok(entry.map(|entry| entry.event.kind()))
    }

    fn check_instrument(&self, event: &Event) -> Result<(), Refused> {
        let Some(code) = event.instrument() else {
            return Ok(());
        };
        let known = event.kind() == Kind::Instrument
            || self.instruments.contains(code)
            || self.ledger.has_key(index_key::instrument(code))?;
        if known {
            return Ok(());
        }
        let mut codes = self.ledger.instrument_codes()?;
        codes.extend(self.instruments.iter().cloned());
        let near = nearest(code.as_str(), codes.iter().map(Code::as_str));
        let remedy = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "record the instrument first, with the kind `instrument`".to_owned(),
        };
        let message = format!("there is no instrument `{code}` in this ledger");
        Err(refusal(
            Rule::UnknownInstrument,
            "instrument",
            message,
            Some(remedy),
        ))
    }

    /// Refuses a draft whose entry line or openings would be too long.
    pub(super) fn check_line(&self, named: &Named) -> Result<(), Refused> {
        if named.line_bytes_at_most(&self.by) <= limit::LINE_BYTES_MAX {
            return Ok(());
        }
        let openings = Openings::new(named.draft.private(), || [0; 32]);
        let line = self.entry_line(named.draft.event(), named.id, &openings);
        let sizes = [
            ("entry", line.len()),
            ("private fields", openings.to_json().len()),
        ];
        let too_long = sizes
            .iter()
            .find(|(_, bytes)| *bytes > limit::LINE_BYTES_MAX);
        too_long.map_or(Ok(()), |(what, bytes)| {
            let max = limit::LINE_BYTES_MAX;
            let message = format!("the {what} would have {bytes} bytes; at most {max}");
            let remedy = "keep long texts in a document, and name it in a source".to_owned();
            Err(refusal(Rule::AboveLimit, "kind", message, Some(remedy)))
        })
    }

    fn entry_line(&self, event: &Event, id: EventId, openings: &Openings) -> String {
        let entry = Entry {
            seq: Seq::new(self.next),
            id,
            recorded: self.ledger.head.recorded,
            by: self.by.clone(),
            event: event.clone(),
            private: openings.digests(id),
        };
        entry.line()
    }
}

/// The refusal of a draft that has the UUID of a group where it says a person, or the other way
/// round.
fn another_sort(event: &Event, subject: Subject) -> Refused {
    let into = match event.body() {
        Body::Merge { into, .. } => Some(Subject::Person(*into)),
        _ => None,
    };
    let (field, is, asked) = match subject {
        Subject::Person(_) if into == Some(subject) => ("into", "group", "person"),
        Subject::Person(_) => ("person", "group", "person"),
        Subject::Group(_) => ("group", "person", "group"),
    };
    let message = format!("this is the UUID of a {is}, and `{field}` names a {asked}");
    let remedy = match event.kind().rule().subject {
        SubjectRule::PersonOrGroup | SubjectRule::Optional => {
            format!("write `{is}` in the place of `{field}`, or check the UUID")
        }
        SubjectRule::InFields => "check the UUID".to_owned(),
    };
    refusal(Rule::WrongSubject, field, message, Some(remedy))
}
