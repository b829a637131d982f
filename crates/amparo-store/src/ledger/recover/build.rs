//! Writing the new ledger: the entries in their places, notes where one is lost, the report, and
//! last the file that makes the folder a ledger.

use amparo_core::entry::{Entry, FORMAT_VERSION, Recorded};
use amparo_core::event::{Event, Opening};
use amparo_core::id::{EventId, Seq};
use amparo_tlog::merkle::{Frontier, leaf_hash};

use super::keys::Belongings;
use super::merge::{Merge, Place, Survey, Unfit};
use super::report::{placeholder, report};
use super::source::{Held, HeldPrivate, Source, later};
use super::{KEYS, Patient, RecoverError, Recovered, Recovery};
use crate::Random;
use crate::files::OpenMode;
use crate::journal::Record;
use crate::ledger::create::{Foundation, InitError, check_text};
use crate::ledger::{Access, Ledger};
use crate::signing::Book;
use crate::vault::{Owner, Vault};

/// The recorder of a ledger whose own settings do not say.
const RECORDER: &str = "recorder";
/// Entries, and bytes of them, that are written as one batch.
const BATCH_ENTRIES: usize = 4096;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// An entry on its way into the new journal.
struct Ready {
    line: Vec<u8>,
    sealed: Vec<u8>,
}

/// A new ledger in the making.
pub(super) struct Builder<'p> {
    patient: &'p Patient,
    belongings: &'p Belongings,
    recovery: &'p Recovery,
    survey: Survey,
    recorder: String,
    now: Recorded,
    foundation: Foundation,
    vault: Option<Vault>,
    tree: Frontier,
    last: Option<Recorded>,
    waiting: Vec<Ready>,
    waiting_bytes: usize,
    sealed: u64,
}

impl<'p> Builder<'p> {
    /// Lays the new folder, with the keys that are intact.
    pub(super) fn begin(
        patient: &'p Patient,
        belongings: &'p Belongings,
        recovery: &'p Recovery,
        survey: Survey,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<Self, RecoverError> {
        let known = recovery.recorder.as_ref().or(patient.recorder.as_ref());
        let recorder = known.map_or(RECORDER, String::as_str).to_owned();
        check_text("recorder", &recorder)?;
        let (files, folder) = (&patient.files, &recovery.folder);
        let foundation = Foundation::lay(files.clone(), folder, patient.ledger, random)?;
        belongings.keep_keys(files, folder, patient.ledger)?;
        let vault = match belongings.has_keys() {
            true => {
                let at = folder.join(KEYS);
                let vault = Vault::open(files, &at, patient.ledger, OpenMode::Write, None);
                Some(vault.map_err(InitError::from)?)
            }
            false => None,
        };
        Ok(Self {
            patient,
            belongings,
            recovery,
            survey,
            recorder,
            now,
            foundation,
            vault,
            tree: Frontier::new(),
            last: None,
            waiting: Vec::new(),
            waiting_bytes: 0,
            sealed: 0,
        })
    }

    /// Writes everything, and opens the ledger.
    pub(super) fn build(
        mut self,
        sources: &[Source<'_>],
        random: Random<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Ledger, Recovered), RecoverError> {
        let mut merge = Merge::of(self.patient.ledger, sources, self.survey.size)?;
        let refused = |unfit| match unfit {
            Unfit::Refused(error) => error,
            Unfit::Store => RecoverError::Changed,
        };
        while let Some(place) = merge.next().map_err(refused)? {
            match place {
                Place::Kept(held, _) => self.carry(*held, random)?,
                Place::Lost(range) => {
                    let next = merge.next_recorded();
                    for seq in range {
                        self.stand_in(seq, next, random)?;
                    }
                }
            }
            progress(self.tree.size());
        }
        let recovered = self.recovered();
        let text = report(&recovered, self.now);
        let recorded = self.last.map_or(self.now, |last| last.max(self.now));
        self.write(Event::remark(&text), recorded, random)?;
        self.flush()?;
        self.finish(recovered)
    }

    fn recovered(&self) -> Recovered {
        let lost = self.survey.lost.clone();
        let size = self.tree.size();
        let mut damage = self.patient.damage.clone();
        damage.extend(self.survey.damage.iter().cloned());
        damage.extend(self.survey.torn.clone());
        damage.extend(self.belongings.damage.iter().cloned());
        Recovered {
            carried: self.survey.carried.clone().into_iter().collect(),
            same_until: lost.first().map_or(size, |first| first.start),
            lost,
            size,
            root: self.tree.root(),
            is_end_unknown: self.survey.is_end_unknown,
            damage,
            sealed: self.sealed,
            heads_ahead: self.survey.heads_ahead.clone(),
        }
    }

    /// Carries an entry over.
    fn carry(&mut self, held: Held, random: Random<'_>) -> Result<(), RecoverError> {
        let Held {
            entry,
            line,
            private,
        } = held;
        let sealed = match private {
            HeldPrivate::Nothing => Vec::new(),
            HeldPrivate::Sealed(sealed) => sealed,
            HeldPrivate::Open(openings) => {
                let subject = entry.event.subject();
                let is_erased = subject.is_some_and(|whose| self.survey.erased.contains(&whose));
                let owner = Owner::of(subject, self.patient.ledger);
                match self.vault.as_mut().filter(|_| !is_erased) {
                    None => Vec::new(),
                    Some(vault) => {
                        let ensured = vault.ensure([owner].into_iter(), random);
                        ensured.map_err(InitError::from)?;
                        let sealed = vault.seal(owner, entry.id, &openings, &Vault::nonce(random));
                        sealed.unwrap_or_default()
                    }
                }
            }
        };
        self.sealed += u64::from(!sealed.is_empty());
        self.last = Some(later(self.last, &entry));
        self.push(line, sealed)
    }

    /// Writes a note in the place of a lost entry; in the first place, the opening.
    fn stand_in(
        &mut self,
        seq: u64,
        next: Option<Recorded>,
        random: Random<'_>,
    ) -> Result<(), RecoverError> {
        let recorded = self.last.or(next).unwrap_or(self.now);
        let event = match (seq, &self.recovery.opening) {
            (0, Some((name, time_zone))) => {
                check_text("name", name)?;
                Event::opening(Opening {
                    name: name.as_str().into(),
                    time_zone: *time_zone,
                    ledger: self.patient.ledger,
                    format: FORMAT_VERSION,
                })
            }
            (0, None) => return Err(RecoverError::OpeningLost),
            (seq, _) => Event::remark(&placeholder(seq, self.now)),
        };
        self.write(event, recorded, random)
    }

    fn write(
        &mut self,
        event: Event,
        recorded: Recorded,
        random: Random<'_>,
    ) -> Result<(), RecoverError> {
        let mut id = [0; 16];
        random(&mut id);
        let entry = Entry {
            seq: Seq::new(self.tree.size()),
            id: EventId::new(uuid::Builder::from_random_bytes(id).into_uuid()),
            recorded,
            by: self.recorder.as_str().into(),
            event,
            private: Vec::new(),
        };
        self.last = Some(later(self.last, &entry));
        self.push(entry.line().into_bytes(), Vec::new())
    }

    fn push(&mut self, line: Vec<u8>, sealed: Vec<u8>) -> Result<(), RecoverError> {
        self.tree.push(leaf_hash(&line));
        self.waiting_bytes += line.len() + sealed.len();
        self.waiting.push(Ready { line, sealed });
        match self.waiting.len() >= BATCH_ENTRIES || self.waiting_bytes >= BATCH_BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), RecoverError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        let records = waiting.iter().map(|ready| Record {
            line: &ready.line,
            sealed: &ready.sealed,
        });
        let records: Vec<_> = records.collect();
        let recorded_ms = self.last.and_then(|last| u64::try_from(last.ms()).ok());
        let first = self.tree.size() - records.len() as u64;
        let root = *self.tree.root().as_bytes();
        let journal = &mut self.foundation.journal;
        let appended = journal.append(first, recorded_ms.unwrap_or(0), root, &records);
        appended.map_err(InitError::journal)?;
        Ok(())
    }

    /// Brings the rest, says whether a decision is wanted, and makes the folder a ledger.
    fn finish(self, recovered: Recovered) -> Result<(Ledger, Recovered), RecoverError> {
        let (files, folder) = (&self.patient.files, &self.recovery.folder);
        drop(self.vault);
        self.belongings.keep_signed(files, folder)?;
        if !recovered.is_whole() {
            Book::new(files.clone(), folder).mark_restored()?;
        }
        let access = match self.belongings.has_keys() {
            true => Access::Write,
            false => Access::Read,
        };
        let ledger = self.foundation.finish_for(&self.recorder, access)?;
        Ok((ledger, recovered))
    }
}
