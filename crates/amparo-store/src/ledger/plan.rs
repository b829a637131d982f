//! From drafts to a batch: every draft is checked against the ledger and against the drafts
//! before it, and gets its id and its place. Nothing is written here.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

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

use super::checked::{Checked, References};
use super::circle::merge_of;
use super::named::Named;
use super::planned::{New, PlannedIds};
use super::{Ledger, ReadError};
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
    /// How long it is in the journal, or less.
    pub(super) bytes: usize,
}

impl Batch {
    /// Whether it should be recorded before more is added: it is near the journal's limit.
    pub fn is_full(&self) -> bool {
        is_full(self.entries.len(), self.bytes)
    }

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
    /// What was decided of each draft, where none is kept.
    is_new: VecDeque<bool>,
    registered: VecDeque<(u64, Subject)>,
    references: References,
    /// What is planned and not recorded.
    pub(super) new: PlannedIds,
    /// What those of them that have a target replace or retract, and the other way round.
    pub(super) targets: HashMap<EventId, EventId>,
    pub(super) targeting: HashMap<EventId, Vec<EventId>>,
    /// The merges among them, by their places.
    pub(super) merges: BTreeMap<u64, (EventId, (PersonId, PersonId))>,
    /// Who is known to be registered, or will be, by their UUID.
    pub(super) subjects: HashMap<Uuid, Subject>,
    pub(super) instruments: HashSet<Code>,
    /// Whose private fields were erased; read at the first draft that has any.
    pub(super) erased: Option<HashSet<Subject>>,
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
            is_new: VecDeque::new(),
            registered: VecDeque::new(),
            references: References::default(),
            new: PlannedIds::new(&ledger.folder),
            targets: HashMap::new(),
            targeting: HashMap::new(),
            merges: BTreeMap::new(),
            subjects: HashMap::new(),
            instruments: HashSet::new(),
            erased: None,
        }
    }

    /// Whether the batch should be recorded before more is added: it is near the journal's limit.
    pub fn is_full(&self) -> bool {
        is_full(self.entries.len(), self.bytes)
    }

    /// The batch of all drafts that were added.
    pub fn into_batch(self) -> Batch {
        Batch {
            expected: self.ledger.head.size,
            by: self.by,
            entries: self.entries,
            bytes: self.bytes,
        }
    }

    /// What was decided of the drafts that were added, and not kept.
    pub fn into_checked(self) -> Checked {
        Checked {
            ledger: self.ledger.id(),
            namer: self.ledger.namer(),
            by: self.by,
            next: self.ledger.head.size,
            is_new: self.is_new,
            registered: self.registered,
            references: References {
                planned: HashMap::new(),
                ..self.references
            },
        }
    }

    /// Checks a draft and adds it.
    ///
    /// # Errors
    /// [`Refused::Rule`] when the ledger cannot accept it; the plan is then as it was.
    pub fn add(&mut self, draft: Draft) -> Result<Planned, Refused> {
        let mut named = self.ledger.namer().name(draft);
        if let (Ids::Fresh(now), None) = (self.ids, named.draft.id()) {
            named.id = self.fresh_id(now)?;
        }
        self.add_named(named)
    }

    /// Draws an id that no event has: the same draft again is another event, never a duplicate.
    fn fresh_id(&mut self, now: Recorded) -> Result<EventId, Refused> {
        /// More draws than chance asks for: after these the source gives the same again and again.
        const DRAWS_MAX: usize = 64;
        for _ in 0..DRAWS_MAX {
            let id = fresh_id(now, self.random);
            if self.seq_of(id)?.is_none() {
                return Ok(id);
            }
        }
        let message = "every id that was drawn is that of another event".to_owned();
        Err(refusal(Rule::IdTaken, "id", message, None))
    }

    /// Checks a draft whose content and id are known, and adds it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_named(&mut self, mut named: Named) -> Result<Planned, Refused> {
        self.resolve_externals(&mut named.draft)?;
        let id = named.id;
        if let Some(seq) = self.seq_of(id)? {
            if named.draft.id().is_some() {
                self.check_same(seq, &named)?;
            }
            self.decided(false);
            return Ok(Planned::Duplicate {
                seq: Seq::new(seq),
                id,
            });
        }
        self.check_references(named.draft.event(), id)?;
        self.check_erased(&named.draft)?;
        self.check_refs(&named.draft)?;
        self.check_line(&named)?;
        let unregistered = self.unregistered(&named.draft)?;
        let registers = self.register(&named.draft, unregistered)?;
        let seq = self.push(named);
        self.decided(true);
        Ok(Planned::New { seq, id, registers })
    }

    /// Holds a draft that was read only in part, and is refused whatever the ledger says, against
    /// the ledger. The plan stays as it was.
    ///
    /// # Errors
    /// [`Refused::Rule`] when it names what the ledger does not hold, or somebody as what they are
    /// not.
    pub fn check_partly(&mut self, draft: Draft) -> Result<(), Refused> {
        let mut named = self.ledger.namer().name(draft);
        self.resolve_externals(&mut named.draft)?;
        self.check_references(named.draft.event(), named.id)?;
        self.unregistered(&named.draft).map(drop)
    }

    fn decided(&mut self, is_new: bool) {
        match self.keep {
            Keep::Nothing => self.is_new.push_back(is_new),
            Keep::Drafts => {}
        }
    }

    pub(super) fn secret(&self) -> Result<&'l Secret, Refused> {
        self.ledger
            .vault
            .secret()
            .ok_or(Refused::Read(ReadError::NoKeys))
    }

    /// Puts registered persons in the place of ids derived from their other references.
    fn resolve_externals(&mut self, draft: &mut Draft) -> Result<(), Refused> {
        for (uuid, _) in draft.externals() {
            if let Some(registered) = self.ledger.registered_under(uuid)? {
                self.references.recorded.insert(uuid, registered);
            }
        }
        self.references.resolve(draft);
        Ok(())
    }

    pub(super) fn seq_of(&self, id: EventId) -> Result<Option<u64>, ReadError> {
        if let Some(new) = self.new.get(id).map_err(ReadError::Planned)? {
            return Ok(Some(new.seq));
        }
        Ok(self.ledger.seq_of(id)?.map(Seq::number))
    }

    /// Registers the subjects that nobody has named before.
    fn register(
        &mut self,
        draft: &Draft,
        unregistered: Vec<Subject>,
    ) -> Result<Vec<(Seq, Subject)>, Refused> {
        let mut registered = Vec::new();
        for subject in unregistered {
            if !registers(draft.event(), subject) {
                self.secret()?;
                let registration = Draft::registration(subject, draft.external(subject));
                let registration = self.ledger.namer().name(registration);
                self.check_line(&registration)?;
                let seq = self.push(registration);
                registered.push((seq, subject));
            }
            self.subjects.insert(subject.uuid(), subject);
        }
        if self.keep == Keep::Nothing {
            let places = registered
                .iter()
                .map(|(seq, subject)| (seq.number(), *subject));
            self.registered.extend(places);
        }
        Ok(registered)
    }

    fn push(&mut self, named: Named) -> Seq {
        let (seq, id) = (self.next, named.id);
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
        self.references.learn(event, &named.refs);
        let content = named.digest;
        self.new.insert(id, New { seq, content });
        self.bytes += named.bytes_at_most(&self.by);
        if self.keep == Keep::Drafts {
            let entry = PlannedEntry::new(named, self.ledger.id(), self.random);
            self.entries.push(entry);
        }
        Seq::new(seq)
    }
}

impl PlannedEntry {
    /// Draws a salt for each private field.
    pub(super) fn new(named: Named, ledger: LedgerId, random: Random<'_>) -> Self {
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
            id: named.id,
            event,
            owner,
            openings,
            refs: named.refs,
        }
    }
}

/// Whether a batch has no room for one more draft with its registrations.
fn is_full(entries: usize, bytes: usize) -> bool {
    const SLACK_ENTRIES: usize = 8;
    const SLACK_BYTES: usize = 16 * limit::LINE_BYTES_MAX;
    entries + SLACK_ENTRIES >= BATCH_ENTRIES_MAX as usize || bytes + SLACK_BYTES >= BATCH_BYTES_MAX
}

fn fresh_id(now: Recorded, random: Random<'_>) -> EventId {
    let mut bytes = [0; 10];
    random(&mut bytes);
    let ms = u64::try_from(now.ms()).unwrap_or(0);
    let builder = uuid::Builder::from_unix_timestamp_millis(ms, &bytes);
    EventId::new(builder.into_uuid())
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
