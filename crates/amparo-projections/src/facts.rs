//! What the log says, entry by entry: the read model that every question is asked of.
//!
//! [`Facts`] follows the whole log and keeps about 100 bytes of each entry. It draws no
//! conclusions: which entries are in force, who is whom and what follows is a
//! [`View`](crate::View) of the first so many of them. Append-only, so any view of a shorter log
//! stays what it was.
//!
//! Facts can also be an *excerpt*: those of some entries of a log, for a question about a few people
//! that must not cost what the log costs. An excerpt must be *closed*: with an entry it holds every
//! entry about the same persons and groups, whatever the entry replaces or retracts, and
//! whatever replaces or retracts it. Then everything that is derived of its subjects is what the whole
//! log gives; what is asked of all entries together (who is there, which instruments, which
//! profiles) it cannot answer. Inside, entries are known by their *position*, which is the sequence only
//! in a whole log.

mod packed;
pub(crate) mod packing;

pub use packed::UnpackError;

use std::collections::BTreeSet;

use amparo_core::date::Occurred;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::event::{Body, Claim, Custody, Instrument, Profile, Publication};
use amparo_core::force::InForce;
use amparo_core::id::{EventId, PersonId, Seq, Subject};
use amparo_core::kind::Kind;
use amparo_core::private::PrivateField;
use amparo_core::value::Source;

use crate::ReadModel;
use crate::fact::{Fact, ListId, Particulars, Position, SubjectId, TextId, Voice};
use crate::interner::Interner;

/// Why an entry cannot be added to a read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The entry is not the next one of the log.
    #[error("the next entry is {expected}, not {found}")]
    SequenceGap {
        /// The entry that must come next.
        expected: Seq,
        /// The entry that came.
        found: Seq,
    },
    /// The entry has the id of an earlier one, which no sound log holds.
    #[error("the id is that of {first}")]
    RepeatedId {
        /// The entry that has it.
        first: Seq,
    },
    /// The log is longer than read models go.
    #[error("a read model holds at most {max} entries", max = Facts::ENTRIES_MAX)]
    TooManyEntries,
}

/// Every entry of the log, compactly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    facts: Vec<Fact>,
    /// The sequences of an excerpt, by position; none of a whole log.
    seqs: Option<Vec<Seq>>,
    ids: Interner<EventId>,
    subjects: Interner<Subject>,
    texts: Interner<Box<str>>,
    voices: Interner<Box<[Voice]>>,
    offences: Interner<Box<[TextId]>>,
    places: BTreeSet<TextId>,
    claims: Vec<Claim>,
    instruments: Vec<Instrument>,
    profiles: Vec<Profile>,
    publications: Vec<Publication>,
    /// Persons and groups in the order of registration, and the number of each.
    registered_persons: Vec<SubjectId>,
    registered_groups: Vec<SubjectId>,
    /// By subject; 0 for one that was never registered.
    registered_as: Vec<u32>,
    /// The entries that every view needs apart from the status entries.
    pub(crate) correcting: Vec<u32>,
    pub(crate) merging: Vec<u32>,
    pub(crate) grouping: Vec<u32>,
    pub(crate) claiming: Vec<u32>,
    pub(crate) instrumenting: Vec<u32>,
    pub(crate) profiling: Vec<u32>,
    pub(crate) publishing: Vec<u32>,
}

impl ReadModel for Facts {
    fn apply(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        check_next(self.facts.len(), entry.seq)?;
        self.add(entry)
    }
}

impl Facts {
    /// The most entries of a log that a read model holds.
    pub const ENTRIES_MAX: usize = 1 << 28;

    /// The facts of an excerpt, which must be closed, from its entries in log order. `registered_as` tells the number of
    /// whom an entry registers: the 7 of `p7`.
    ///
    /// # Errors
    /// [`ApplyError`], for entries that are not in order.
    pub fn excerpt(
        entries: &[Entry],
        registered_as: impl Fn(Seq) -> Option<u32>,
    ) -> Result<Self, ApplyError> {
        let mut facts = Self {
            seqs: Some(Vec::with_capacity(entries.len())),
            ..Self::default()
        };
        for entry in entries {
            let after = facts.head().map_or(0, |head| head.number() + 1);
            if entry.seq.number() < after {
                return Err(ApplyError::SequenceGap {
                    expected: Seq::new(after),
                    found: entry.seq,
                });
            }
            let registered = facts.registered_persons.len() + facts.registered_groups.len();
            facts.add(entry)?;
            facts.seqs.get_or_insert_default().push(entry.seq);
            let has_registered = facts.registered_persons.len() + facts.registered_groups.len();
            let subject = entry.event.subject().and_then(|id| facts.subject_id(id));
            if let Some(subject) = subject.filter(|_| has_registered > registered) {
                facts.registered_as[subject.index()] = registered_as(entry.seq).unwrap_or(0);
            }
        }
        Ok(facts)
    }

    /// Makes room for so many more entries, so that none is moved when the next comes.
    pub fn reserve(&mut self, entries: usize) {
        self.facts.reserve_exact(entries);
        self.ids.reserve(entries);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The last entry.
    pub fn head(&self) -> Option<Seq> {
        let last = self.facts.len().checked_sub(1)?;
        Some(self.seq_at(last as u32))
    }

    /// The entries that are there, in log order.
    pub fn seqs(&self) -> impl Iterator<Item = Seq> + '_ {
        (0..self.facts.len() as u32).map(|position| self.seq_at(position))
    }

    /// The last entry recorded at or before a time: the known-at of that time.
    pub fn known_at(&self, time: Recorded) -> Option<Seq> {
        let known = self.facts.partition_point(|fact| fact.recorded <= time);
        known.checked_sub(1).map(|n| self.seq_at(n as u32))
    }

    /// An entry.
    pub fn fact(&self, seq: Seq) -> Option<&Fact> {
        Some(self.at(self.position(seq)?))
    }

    /// The entry that an entry replaces or retracts.
    pub fn target(&self, fact: &Fact) -> Option<Seq> {
        fact.target.map(|target| self.seq_at(target.number()))
    }

    /// The entry that an entry replaces.
    pub fn replaces(&self, fact: &Fact) -> Option<Seq> {
        self.target(fact).filter(|_| fact.kind != Kind::Retraction)
    }

    /// The id of an entry.
    pub fn id(&self, seq: Seq) -> Option<EventId> {
        self.ids.value(self.position(seq)?).copied()
    }

    /// The entry of an id.
    pub fn seq(&self, id: EventId) -> Option<Seq> {
        self.ids.find(&id).map(|n| self.seq_at(n))
    }

    /// The number of a text that the log uses.
    pub fn text_id(&self, text: &str) -> Option<TextId> {
        self.texts.find(text).map(TextId::new)
    }

    /// A text of the log.
    pub fn text(&self, id: TextId) -> &str {
        self.texts.value(id.number()).map_or("", |text| text)
    }

    /// The recorder of an entry.
    pub fn recorder(&self, fact: &Fact) -> &str {
        self.text(fact.by)
    }

    /// The voices behind an entry, as far as they may be shown.
    pub fn voices(&self, fact: &Fact) -> &[Voice] {
        let list = fact.voices.and_then(|id| self.voices.value(id.number()));
        list.map_or(&[], |voices| voices)
    }

    /// The publishers behind an entry.
    pub fn publishers(&self, fact: &Fact) -> impl Iterator<Item = &str> {
        self.voices(fact)
            .iter()
            .map(|voice| self.text(voice.publisher))
    }

    /// The date of an entry as it is written in the log.
    pub fn date(&self, fact: &Fact) -> Option<String> {
        match fact.date {
            Some(text) => Some(self.text(text).to_owned()),
            None => fact.span.map(|span| span.lo().to_string()),
        }
    }

    /// The offences that an entry names.
    pub fn offences(&self, fact: &Fact) -> impl Iterator<Item = &str> {
        let list = match fact.particulars {
            Particulars::Case { offences, .. } => offences,
            _ => None,
        };
        let list = list.and_then(|id| self.offences.value(id.number()));
        list.into_iter().flatten().map(|id| self.text(*id))
    }

    /// The claim that an entry states.
    pub fn claim(&self, fact: &Fact) -> Option<&Claim> {
        match fact.particulars {
            Particulars::Claim { kept, .. } => self.claims.get(kept as usize),
            _ => None,
        }
    }

    /// What an entry calls the group that it describes.
    pub fn label(&self, fact: &Fact) -> Option<&str> {
        match fact.particulars {
            Particulars::Group { label, .. } => label.map(|id| self.text(id)),
            _ => None,
        }
    }

    /// The instrument that an entry describes.
    pub fn instrument(&self, fact: &Fact) -> Option<&Instrument> {
        match fact.particulars {
            Particulars::Instrument { kept, .. } => self.instruments.get(kept as usize),
            _ => None,
        }
    }

    /// The profile that an entry states.
    pub fn profile(&self, fact: &Fact) -> Option<&Profile> {
        match fact.particulars {
            Particulars::Profile { kept } => self.profiles.get(kept as usize),
            _ => None,
        }
    }

    /// The published figure that an entry records.
    pub fn publication(&self, fact: &Fact) -> Option<&Publication> {
        match fact.particulars {
            Particulars::Publication { kept } => self.publications.get(kept as usize),
            _ => None,
        }
    }

    /// Every place that custody entries name, each once, in the order of first mention.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|id| self.text(*id))
    }

    /// How many persons and groups the log mentions.
    pub fn subject_count(&self) -> usize {
        self.subjects.values().len()
    }

    /// The person or group of a number.
    pub fn subject(&self, id: SubjectId) -> Option<Subject> {
        self.subjects.value(id.number()).copied()
    }

    /// The number of a person or group that the log mentions.
    pub fn subject_id(&self, subject: Subject) -> Option<SubjectId> {
        self.subjects.find(&subject).map(SubjectId::new)
    }

    /// How a person or group is shown: `p7` is the 7th person registered, `g1` the first group.
    ///
    /// One that was never registered is shown by its UUID.
    pub fn shown(&self, id: SubjectId) -> String {
        let subject = self.subject(id);
        let number = self.registered_as.get(id.index());
        match (subject, number.filter(|number| **number > 0)) {
            (Some(Subject::Person(_)), Some(number)) => format!("p{number}"),
            (Some(Subject::Group(_)), Some(number)) => format!("g{number}"),
            (Some(subject), None) => subject.uuid().to_string(),
            (None, _) => String::new(),
        }
    }

    /// The person or group shown as `p7` or `g1`.
    pub fn registered(&self, shown: &str) -> Option<SubjectId> {
        let (list, number) = match (shown.strip_prefix('p'), shown.strip_prefix('g')) {
            (Some(number), _) => (&self.registered_persons, number),
            (None, Some(number)) => (&self.registered_groups, number),
            (None, None) => return None,
        };
        let number: u32 = number.parse().ok()?;
        match self.seqs {
            Some(_) => {
                let mut list = list.iter().copied();
                list.find(|subject| self.registered_as[subject.index()] == number)
            }
            None => list.get(number.checked_sub(1)? as usize).copied(),
        }
    }

    /// The persons registered, in the order of their numbers.
    pub fn persons(&self) -> &[SubjectId] {
        &self.registered_persons
    }

    /// The groups registered, in the order of their numbers.
    pub fn groups(&self) -> &[SubjectId] {
        &self.registered_groups
    }

    /// Which of the first so many entries are in force by what these say, by their place among those
    /// that are there.
    pub fn in_force_of(&self, entries: usize) -> InForce {
        let mut in_force = InForce::default();
        for fact in self.facts.iter().take(entries) {
            in_force.push(fact.target.map(|target| target.number().into()));
        }
        in_force
    }

    pub(crate) fn all(&self) -> &[Fact] {
        &self.facts
    }

    pub(crate) fn at(&self, position: u32) -> &Fact {
        &self.facts[position as usize]
    }

    /// The sequence of an entry that is there.
    pub(crate) fn seq_at(&self, position: u32) -> Seq {
        match &self.seqs {
            Some(seqs) => seqs[position as usize],
            None => Seq::new(position.into()),
        }
    }

    /// Where an entry stands among those that are there.
    pub(crate) fn position(&self, seq: Seq) -> Option<u32> {
        let position = match &self.seqs {
            Some(seqs) => seqs.binary_search(&seq).ok()?,
            None => usize::try_from(seq.number()).ok()?,
        };
        // There are fewer than 2^32.
        (position < self.facts.len()).then_some(position as u32)
    }

    /// How many of the entries that are there stand before a place of the log.
    pub(crate) fn before(&self, seq: u64) -> usize {
        match &self.seqs {
            Some(seqs) => seqs.partition_point(|known| known.number() < seq),
            None => usize::try_from(seq).map_or(self.facts.len(), |n| n.min(self.facts.len())),
        }
    }

    fn add(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        let position = self.facts.len() as u32;
        let first = self.ids.intern(&entry.id, || entry.id);
        if first != position {
            let first = self.seq_at(first);
            return Err(ApplyError::RepeatedId { first });
        }
        let fact = self.fact_of(entry);
        self.push(fact);
        Ok(())
    }

    fn fact_of(&mut self, entry: &Entry) -> Fact {
        let event = &entry.event;
        let span = event.occurred().map(Occurred::span);
        Fact {
            recorded: entry.recorded,
            span,
            subject: event.subject().map(|subject| self.mention(subject)),
            target: event
                .target()
                .and_then(|id| self.ids.find(&id))
                // The entry's own id is there already.
                .filter(|earlier| *earlier < self.facts.len() as u32)
                .map(Position::new),
            by: self.number(&entry.by),
            voices: self.voices_of(event.sources()),
            date: event
                .occurred()
                .filter(|date| !is_plain(date))
                .map(|date| self.number(date.as_str())),
            particulars: self.particulars_of(event.body()),
            kind: event.kind(),
            sealed_sources: entry
                .private
                .iter()
                .any(|(field, _)| *field == PrivateField::Sources),
        }
    }

    fn particulars_of(&mut self, body: &Body) -> Particulars {
        match body {
            Body::Custody(custody) => self.custody_of(custody),
            Body::Case(case) => Particulars::Case {
                offences: self.offences_of(&case.offences),
                court: self.maybe(case.court.as_deref()),
                jurisdiction: case.jurisdiction,
                term_days: case.term_days.and_then(|days| u32::try_from(days).ok()),
            },
            Body::Clemency(clemency) => Particulars::Clemency {
                instrument: self.number(clemency.instrument.as_str()),
                court: self.maybe(clemency.court.as_deref()),
                filed_by: self.maybe(clemency.filed_by.as_deref()),
                ground: self.maybe(clemency.ground.as_ref().map(|code| code.as_str())),
            },
            Body::Instrument(instrument) => {
                self.instruments.push(instrument.clone());
                Particulars::Instrument {
                    instrument: self.number(instrument.instrument.as_str()),
                    kept: self.instruments.len() as u32 - 1,
                }
            }
            Body::Claim(claim) => {
                self.claims.push(claim.clone());
                Particulars::Claim {
                    claimant: self.number(&claim.claimant),
                    kept: self.claims.len() as u32 - 1,
                }
            }
            Body::Group(group) => Particulars::Group {
                size: group.size.and_then(|size| u32::try_from(size).ok()),
                label: self.maybe(group.label.as_deref()),
            },
            Body::Identification { person, .. } => Particulars::Identification {
                person: self.mention_person(*person),
            },
            Body::Merge { into, .. } => Particulars::Merge {
                into: self.mention_person(*into),
            },
            Body::SourceSilent { list, .. } => Particulars::SourceSilent {
                list: self.number(list),
            },
            Body::Profile(profile) => {
                self.profiles.push(profile.clone());
                Particulars::Profile {
                    kept: self.profiles.len() as u32 - 1,
                }
            }
            Body::Publication(publication) => {
                self.publications.push((**publication).clone());
                Particulars::Publication {
                    kept: self.publications.len() as u32 - 1,
                }
            }
            Body::Ledger(_)
            | Body::Person(_)
            | Body::Note { .. }
            | Body::Retraction { .. }
            | Body::Erasure { .. } => Particulars::None,
        }
    }

    fn custody_of(&mut self, custody: &Custody) -> Particulars {
        let place = |place: &Option<amparo_core::value::Place>| {
            place.as_ref().map(|place| place.as_str().to_owned())
        };
        Particulars::Custody {
            authority: self.maybe(custody.authority.as_deref()),
            place: self.maybe(place(&custody.place).as_deref()),
            from: self.maybe(place(&custody.from).as_deref()),
            basis: custody.basis,
        }
    }

    /// Adds what an entry says, and notes what the entry is for the lists of this model.
    fn push(&mut self, fact: Fact) {
        self.index(&fact);
        self.facts.push(fact);
    }

    fn index(&mut self, fact: &Fact) {
        let position = self.facts.len() as u32;
        self.places.extend(fact.place());
        if fact.target.is_some() {
            self.correcting.push(position);
        }
        match fact.kind {
            Kind::Merge => self.merging.push(position),
            Kind::Group | Kind::Identification => self.grouping.push(position),
            Kind::Claim => self.claiming.push(position),
            Kind::Instrument => self.instrumenting.push(position),
            Kind::Profile => self.profiling.push(position),
            Kind::Publication => self.publishing.push(position),
            _ => {}
        }
        let list = match fact.kind {
            Kind::Person => &mut self.registered_persons,
            Kind::Group => &mut self.registered_groups,
            _ => return,
        };
        let Some(subject) = fact.subject else { return };
        if self.registered_as.len() <= subject.index() {
            self.registered_as.resize(subject.index() + 1, 0);
        }
        let number = &mut self.registered_as[subject.index()];
        if *number == 0 {
            list.push(subject);
            *number = list.len() as u32;
        }
    }

    fn mention(&mut self, subject: Subject) -> SubjectId {
        SubjectId::new(self.subjects.intern(&subject, || subject))
    }

    fn mention_person(&mut self, person: PersonId) -> SubjectId {
        self.mention(Subject::Person(person))
    }

    fn number(&mut self, text: &str) -> TextId {
        TextId::new(self.texts.intern(text, || text.into()))
    }

    fn maybe(&mut self, text: Option<&str>) -> Option<TextId> {
        text.map(|text| self.number(text))
    }

    fn voices_of(&mut self, sources: &[Source]) -> Option<ListId> {
        let mut voices: Vec<_> = sources
            .iter()
            .map(|source| Voice {
                publisher: self.number(&source.publisher),
                kind: source.kind,
            })
            .collect();
        voices.dedup();
        let list = || self.voices.intern(&voices[..], || voices[..].into());
        (!sources.is_empty()).then(list).map(ListId::new)
    }

    fn offences_of(&mut self, offences: &[Box<str>]) -> Option<ListId> {
        let offences: Vec<_> = offences.iter().map(|text| self.number(text)).collect();
        let list = || self.offences.intern(&offences[..], || offences[..].into());
        (!offences.is_empty()).then(list).map(ListId::new)
    }
}

/// Whether an entry is the next one after so many, and there is room for it.
fn check_next(len: usize, found: Seq) -> Result<(), ApplyError> {
    let expected = Seq::new(len as u64);
    if found != expected {
        return Err(ApplyError::SequenceGap { expected, found });
    }
    if len >= Facts::ENTRIES_MAX {
        return Err(ApplyError::TooManyEntries);
    }
    Ok(())
}

/// Whether the date is one plain day, so that its span says all of its text.
fn is_plain(date: &Occurred) -> bool {
    let span = date.span();
    date.as_str().len() == "2026-02-08".len()
        && span.lo() == span.hi()
        && span.time().is_none()
        && span.open().is_none()
        && !span.is_approximate()
        && !span.is_uncertain()
}

#[cfg(test)]
mod tests;
