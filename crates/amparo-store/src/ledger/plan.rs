//! From drafts to a batch: every draft is checked against the ledger and against the drafts
//! before it, and gets its id and its place. Nothing is written here.

use std::collections::{BTreeMap, HashMap, HashSet};

use amparo_core::draft::Draft;
use amparo_core::entry::Recorded;
use amparo_core::event::{Body, Event};
use amparo_core::fault::{Refusal, Rule};
use amparo_core::id::{Code, EventId, LedgerId, PersonId, Seq, Subject};
use amparo_core::identity::Secret;
use amparo_core::kind::Kind;
use amparo_core::limit;
use amparo_core::private::Openings;
use uuid::Uuid;

use super::circle::merge_of;
use super::named::Named;
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
    /// Its private references, as hashes.
    pub(super) refs: Vec<Uuid>,
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
    pub(super) by: Box<str>,
    ids: Ids,
    keep: Keep,
    random: Random<'r>,
    pub(super) next: u64,
    entries: Vec<PlannedEntry>,
    bytes: usize,
    /// What is planned and not recorded: there may be millions, so little is kept of each.
    pub(super) new: HashMap<EventId, New>,
    /// What those of them that have a target replace or retract, and the other way round.
    pub(super) targets: HashMap<EventId, EventId>,
    pub(super) targeting: HashMap<EventId, Vec<EventId>>,
    /// The merges among them, by their places.
    pub(super) merges: BTreeMap<u64, (EventId, (PersonId, PersonId))>,
    subjects: HashSet<Uuid>,
    /// Whose other references they bring.
    refs: HashMap<Uuid, Uuid>,
    pub(super) instruments: HashSet<Code>,
    /// Whose private fields were erased; read at the first draft that has any.
    pub(super) erased: Option<HashSet<Subject>>,
}

/// What is remembered of an entry that is planned and not recorded.
pub(super) struct New {
    pub(super) seq: u64,
    pub(super) content: [u8; 16],
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
            targets: HashMap::new(),
            targeting: HashMap::new(),
            merges: BTreeMap::new(),
            subjects: HashSet::new(),
            refs: HashMap::new(),
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
    pub fn add(&mut self, draft: Draft) -> Result<Planned, Refused> {
        self.add_named(self.ledger.namer(self.ids).name(draft))
    }

    /// Checks a draft whose content and id are known, and adds it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_named(&mut self, mut named: Named) -> Result<Planned, Refused> {
        let id = named.id.unwrap_or_else(|| self.fresh_id());
        self.resolve_externals(&mut named.draft)?;
        if let Some(seq) = self.seq_of(id)? {
            if named.draft.id().is_some() {
                self.check_same(id, seq, &named)?;
            }
            return Ok(Planned::Duplicate {
                seq: Seq::new(seq),
                id,
            });
        }
        self.check_references(named.draft.event(), id)?;
        self.check_erased(&named.draft)?;
        self.check_refs(&named.draft)?;
        let bytes = self.check_line(&named, id)?;
        let registers = self.register(&named.draft)?;
        let seq = self.push(id, named);
        self.bytes += bytes;
        Ok(Planned::New { seq, id, registers })
    }

    pub(super) fn secret(&self) -> Result<&'l Secret, Refused> {
        self.ledger
            .vault
            .secret()
            .ok_or(Refused::Read(ReadError::NoKeys))
    }

    fn fresh_id(&mut self) -> EventId {
        let ms = match self.ids {
            Ids::Fresh(now) => u64::try_from(now.ms()).unwrap_or(0),
            Ids::FromContent => 0,
        };
        let mut random = [0; 10];
        (self.random)(&mut random);
        let builder = uuid::Builder::from_unix_timestamp_millis(ms, &random);
        EventId::new(builder.into_uuid())
    }

    /// Puts registered persons in the place of ids derived from their other references.
    fn resolve_externals(&self, draft: &mut Draft) -> Result<(), Refused> {
        let derived: Vec<Uuid> = draft.externals().map(|(uuid, _)| uuid).collect();
        for uuid in derived {
            let recorded = self.ledger.registered_under(uuid)?;
            if let Some(registered) = recorded.or_else(|| self.refs.get(&uuid).copied()) {
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
            let registration = self.ledger.namer(Ids::FromContent).name(registration);
            let id = self.secret()?.event(&registration.content);
            self.bytes += self.check_line(&registration, id)?;
            registered.push((self.push(id, registration), subject));
        }
        Ok(registered)
    }

    fn push(&mut self, id: EventId, named: Named) -> Seq {
        let seq = self.next;
        self.next += 1;
        let event = named.draft.event();
        if let Body::Instrument(described) = event.body() {
            self.instruments.insert(described.instrument.clone());
        }
        if let Some(target) = event.target() {
            self.targets.insert(id, target);
            self.targeting.entry(target).or_default().push(id);
        }
        if let Some(merge) = merge_of(event) {
            self.merges.insert(seq, (id, merge));
        }
        if let Some(subject) = event.subject() {
            let own = subject.uuid();
            for hash in named.refs.iter().filter(|hash| **hash != own) {
                self.refs.entry(*hash).or_insert(own);
            }
        }
        let content = named.digest();
        self.new.insert(id, New { seq, content });
        if self.keep == Keep::Drafts {
            let owner = self.ledger.id();
            let entry = PlannedEntry::new(id, named, owner, &mut self.random);
            self.entries.push(entry);
        }
        Seq::new(seq)
    }
}

impl PlannedEntry {
    /// Draws a salt for each private field.
    pub(super) fn new(
        id: EventId,
        named: Named,
        ledger: LedgerId,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Self {
        let (event, private) = named.draft.into_parts();
        let openings = (!private.is_empty()).then(|| {
            Openings::new(&private, || {
                let mut salt = [0; 32];
                random(&mut salt);
                salt
            })
        });
        let owner = Owner::of(event.subject(), ledger);
        Self {
            id,
            event,
            owner,
            openings,
            refs: named.refs,
        }
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
