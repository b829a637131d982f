//! From drafts to a batch: every draft is checked against the ledger and against the drafts
//! before it, and gets its id and its place. Nothing is written here.

use std::collections::{HashMap, HashSet};

use amparo_core::draft::Draft;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::event::{Body, Event};
use amparo_core::fault::{Refusal, Rule};
use amparo_core::id::{Code, EventId, PersonId, Seq, Subject};
use amparo_core::identity::Secret;
use amparo_core::kind::Kind;
use amparo_core::limit;
use amparo_core::private::{Openings, Private};
use amparo_core::word::nearest;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::circle::merge_of;
use super::{Ledger, ReadError, index_key};
use crate::Random;
use crate::journal::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX};
use crate::vault::Owner;

/// Where drafts without an id get theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// A new UUIDv7 of this time: the same draft again is another event.
    Fresh(Recorded),
    /// A UUIDv8 of the content under the ledger's secret: the same draft again is the same event.
    FromContent,
}

/// Whether a plan keeps what it checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For a batch.
    Drafts,
    /// For a check of more drafts than memory holds: only ids and names are remembered.
    Nothing,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planned {
    /// It will be a new entry, after the registrations it needs.
    New {
        /// The place of the entry.
        seq: Seq,
        /// Its id.
        id: EventId,
        /// The subjects registered just before it.
        registers: Vec<(Seq, Subject)>,
    },
    /// The same event is recorded, or stands earlier in the same batch.
    Duplicate {
        /// The place of that entry.
        seq: Seq,
        /// Its id.
        id: EventId,
    },
}

/// Why a draft cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It breaks a rule.
    #[error(transparent)]
    Rule(Refusal),
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// An entry that lacks only its recording time.
#[derive(Debug)]
pub(super) struct PlannedEntry {
    pub(super) id: EventId,
    pub(super) event: Event,
    pub(super) owner: Owner,
    pub(super) openings: Option<Openings>,
}

/// Checked drafts, ready to be recorded together or not at all.
#[derive(Debug)]
pub struct Batch {
    pub(super) expected: u64,
    pub(super) by: Box<str>,
    pub(super) entries: Vec<PlannedEntry>,
}

impl Batch {
    /// How many entries it will add.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it adds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Drafts being checked, one after the other, as the log would be with all before them.
pub struct Plan<'l, 'r> {
    pub(super) ledger: &'l Ledger,
    by: Box<str>,
    ids: Ids,
    keep: Keep,
    random: Random<'r>,
    pub(super) next: u64,
    entries: Vec<PlannedEntry>,
    bytes: usize,
    pub(super) new: HashMap<EventId, New>,
    pub(super) targeting: HashMap<EventId, Vec<EventId>>,
    pub(super) merges: Vec<EventId>,
    subjects: HashSet<Uuid>,
    instruments: HashSet<Code>,
    /// Whose private fields were erased; read at the first draft that has any.
    erased: Option<HashSet<Subject>>,
}

/// What is remembered of an entry that is planned and not recorded.
pub(super) struct New {
    pub(super) seq: u64,
    content: [u8; 16],
    pub(super) target: Option<EventId>,
    pub(super) merge: Option<(PersonId, PersonId)>,
}

impl<'l, 'r> Plan<'l, 'r> {
    /// Starts a plan on the ledger's present head.
    pub fn new(ledger: &'l Ledger, by: &str, ids: Ids, keep: Keep, random: Random<'r>) -> Self {
        Self {
            ledger,
            by: by.into(),
            ids,
            keep,
            random,
            next: ledger.head.size,
            entries: Vec::new(),
            bytes: 0,
            new: HashMap::new(),
            targeting: HashMap::new(),
            merges: Vec::new(),
            subjects: HashSet::new(),
            instruments: HashSet::new(),
            erased: None,
        }
    }

    /// Whether the batch should be recorded before more is added: it is near the journal's limit.
    pub fn is_full(&self) -> bool {
        /// Room for one more draft with its registrations.
        const SLACK_ENTRIES: usize = 8;
        const SLACK_BYTES: usize = 8 * limit::LINE_BYTES_MAX;
        self.entries.len() + SLACK_ENTRIES >= BATCH_ENTRIES_MAX as usize
            || self.bytes + SLACK_BYTES >= BATCH_BYTES_MAX
    }

    /// The batch of all drafts that were added.
    pub fn into_batch(self) -> Batch {
        Batch {
            expected: self.ledger.head.size,
            by: self.by,
            entries: self.entries,
        }
    }

    /// Checks a draft and adds it.
    ///
    /// # Errors
    /// [`Refused::Rule`] when the ledger cannot accept it; the plan is then as it was.
    pub fn add(&mut self, mut draft: Draft) -> Result<Planned, Refused> {
        let content = draft.content();
        let given = draft.id();
        let id = given.unwrap_or_else(|| self.id_of(&content));
        self.resolve_externals(&mut draft)?;
        if let Some(seq) = self.seq_of(id)? {
            if given.is_some() {
                self.check_same(id, seq, &content, &draft)?;
            }
            return Ok(Planned::Duplicate {
                seq: Seq::new(seq),
                id,
            });
        }
        self.check_references(draft.event(), id)?;
        self.check_erased(&draft)?;
        self.check_refs(&draft)?;
        let bytes = self.check_line(&draft, id)?;
        let registers = self.register(&draft)?;
        let seq = self.push(id, &draft, digest(&content));
        self.bytes += bytes;
        Ok(Planned::New { seq, id, registers })
    }

    fn secret(&self) -> Result<&'l Secret, Refused> {
        self.ledger
            .vault
            .secret()
            .ok_or(Refused::Read(ReadError::NoKeys))
    }

    fn id_of(&mut self, content: &str) -> EventId {
        match (self.ids, self.ledger.vault.secret()) {
            (Ids::FromContent, Some(secret)) => secret.event(content),
            (Ids::FromContent, None) => EventId::new(Uuid::nil()),
            (Ids::Fresh(now), _) => {
                let mut random = [0; 10];
                (self.random)(&mut random);
                let ms = u64::try_from(now.ms()).unwrap_or(0);
                let builder = uuid::Builder::from_unix_timestamp_millis(ms, &random);
                EventId::new(builder.into_uuid())
            }
        }
    }

    /// Puts registered persons in the place of ids derived from their other references.
    fn resolve_externals(&self, draft: &mut Draft) -> Result<(), Refused> {
        let derived: Vec<Uuid> = draft.externals().map(|(uuid, _)| uuid).collect();
        for uuid in derived {
            if let Some(registered) = self.ledger.registered_under(uuid)? {
                draft.resolve(uuid, registered);
            }
        }
        Ok(())
    }

    pub(super) fn seq_of(&self, id: EventId) -> Result<Option<u64>, ReadError> {
        if let Some(new) = self.new.get(&id) {
            return Ok(Some(new.seq));
        }
        Ok(self.ledger.seq_of(id)?.map(Seq::number))
    }

    /// Refuses an id that another event has.
    fn check_same(
        &self,
        id: EventId,
        seq: u64,
        content: &str,
        draft: &Draft,
    ) -> Result<(), Refused> {
        let same = match self.new.get(&id) {
            Some(new) => new.content == digest(content),
            None => self.is_recorded_as(Seq::new(seq), content, draft)?,
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

    fn check_references(&self, event: &Event, id: EventId) -> Result<(), Refused> {
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
    fn check_refs(&self, draft: &Draft) -> Result<(), Refused> {
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

    /// Refuses private fields of somebody whose own were erased.
    fn check_erased(&mut self, draft: &Draft) -> Result<(), Refused> {
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
    ///
    /// Answers how many bytes of a batch the entry takes.
    fn check_line(&self, draft: &Draft, id: EventId) -> Result<usize, Refused> {
        /// What the journal and the seal put around a line and its openings.
        const AROUND_BYTES: usize = 64;
        let openings = Openings::new(draft.private(), || [0; 32]);
        let line = self.entry_line(draft.event(), id, &openings);
        let sizes = [
            ("entry", line.len()),
            ("private fields", openings.to_json().len()),
        ];
        for (what, bytes) in sizes {
            if bytes > limit::LINE_BYTES_MAX {
                let max = limit::LINE_BYTES_MAX;
                let message = format!("the {what} would have {bytes} bytes; at most {max}");
                let remedy = "keep long texts in a document, and name it in a source".to_owned();
                return Err(refusal(Rule::AboveLimit, "kind", message, Some(remedy)));
            }
        }
        Ok(sizes.iter().map(|(_, bytes)| bytes).sum::<usize>() + AROUND_BYTES)
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

    /// Registers the subjects that nobody has named before.
    fn register(&mut self, draft: &Draft) -> Result<Vec<(Seq, Subject)>, Refused> {
        let mut registered = Vec::new();
        for subject in draft.event().subjects() {
            if !self.subjects.insert(subject.uuid())
                || self.ledger.has_key(index_key::subject(subject))?
                || registers(draft.event(), subject)
            {
                continue;
            }
            let registration = Draft::registration(subject, draft.external(subject));
            let content = registration.content();
            let id = self.secret()?.event(&content);
            self.bytes += self.check_line(&registration, id)?;
            registered.push((self.push(id, &registration, digest(&content)), subject));
        }
        Ok(registered)
    }

    fn push(&mut self, id: EventId, draft: &Draft, content: [u8; 16]) -> Seq {
        let seq = self.next;
        self.next += 1;
        let event = draft.event();
        if let Body::Instrument(described) = event.body() {
            self.instruments.insert(described.instrument.clone());
        }
        if let Some(target) = event.target() {
            self.targeting.entry(target).or_default().push(id);
        }
        let merge = merge_of(event);
        if merge.is_some() {
            self.merges.push(id);
        }
        self.new.insert(
            id,
            New {
                seq,
                content,
                target: event.target(),
                merge,
            },
        );
        if self.keep == Keep::Drafts {
            self.keep_entry(id, draft.event(), draft.private());
        }
        Seq::new(seq)
    }

    fn keep_entry(&mut self, id: EventId, event: &Event, private: &Private) {
        let random = &mut self.random;
        let openings = (!private.is_empty()).then(|| {
            Openings::new(private, || {
                let mut salt = [0; 32];
                random(&mut salt);
                salt
            })
        });
        let owner = Owner::of(event.subject(), self.ledger.id());
        self.entries.push(PlannedEntry {
            id,
            event: event.clone(),
            owner,
            openings,
        });
    }
}

pub(super) fn refusal(
    rule: Rule,
    field: &'static str,
    message: String,
    remedy: Option<String>,
) -> Refused {
    Refused::Rule(Refusal {
        rule,
        field,
        message,
        remedy,
    })
}

/// Whether the event is itself the registration of the subject.
fn registers(event: &Event, subject: Subject) -> bool {
    matches!(event.kind(), Kind::Person | Kind::Group) && event.subject() == Some(subject)
}

fn digest(content: &str) -> [u8; 16] {
    let full: [u8; 32] = Sha256::digest(content).into();
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}
