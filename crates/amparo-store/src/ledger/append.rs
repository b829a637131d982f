//! Appending: a checked batch becomes entries, durable in the journal before anyone is told.
//!
//! Order of writes: keys of new subjects (synced), journal (synced: the acknowledgement), shelf.
//! Whatever fails before the journal leaves the log as it was. What fails after it is repaired
//! at the next opening, from the journal.

use amparo_core::entry::{Entry, Recorded};
use amparo_core::event::Event;
use amparo_core::id::{EventId, Seq};
use amparo_core::kind::Kind;
use amparo_core::private::{Openings, PrivateField};
use amparo_tlog::append::{AppendTilesError, append_tiles};
use amparo_tlog::merkle::{Frontier, Hash};

use super::index_key;
use super::named::hashes;
use super::plan::Batch;
use super::prepare::prepare;
use super::{Access, Head, Ledger, Standing};
use crate::Random;
use crate::journal::{self, Journal, Record};
use crate::shelf::{self, Indexed, Shelf, ShelfError};
use crate::vault::{Vault, VaultError};

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The new entries, in order.
    pub entries: Vec<AppendedEntry>,
    /// Where the log stands now.
    pub head: Head,
    /// The clock's time, where it lay before that of the last entry and was held at that.
    pub clock_held: Option<Recorded>,
}

/// One new entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendedEntry {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub id: EventId,
    /// Its kind.
    pub kind: Kind,
}

/// Why a batch was not recorded, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The ledger was opened to be read.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// The log has grown since the batch was checked.
    #[error("the ledger has moved on: the batch was checked at {expected} entries, now {found}")]
    HeadMoved {
        /// The size that the batch was checked at.
        expected: u64,
        /// The size now.
        found: u64,
    },
    /// The log does not extend what was signed of it.
    #[error("not recorded: {0}")]
    Guarded(Standing),
    /// An earlier write failed.
    #[error("an earlier write failed: reopen the ledger and check")]
    Poisoned,
    /// The batch may be recorded or not.
    #[error("outcome unknown: reopen the ledger and check")]
    OutcomeUnknown(#[source] journal::AppendError),
    /// The batch is certainly not recorded.
    #[error("not recorded")]
    NotRecorded(#[source] journal::AppendError),
    /// The keys of new subjects could not be kept.
    #[error("not recorded: the keys of new subjects could not be written")]
    Keys(#[source] VaultError),
    /// Private fields could not be sealed.
    #[error("not recorded: private fields of {0} could not be sealed")]
    Unsealed(Seq),
}

/// An entry with everything that is stored for it.
pub(super) struct Prepared {
    pub(super) entry: Entry,
    pub(super) line: Vec<u8>,
    pub(super) sealed: Vec<u8>,
    pub(super) leaf: Hash,
    pub(super) refs: Vec<([u8; 16], [u8; 16])>,
}

impl Ledger {
    /// Records a batch: all of it or nothing.
    ///
    /// Answers only when the batch is durable. The recording time never goes backwards: a clock
    /// that was set back is held at the last entry's time, and the answer says so.
    ///
    /// # Errors
    /// [`AppendError`]; only after [`AppendError::OutcomeUnknown`] may the batch be recorded.
    pub fn append(
        &mut self,
        batch: Batch,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<Appended, AppendError> {
        self.check_may_grow()?;
        self.append_unguarded(batch, now, random)
    }

    pub(super) fn check_may_grow(&self) -> Result<(), AppendError> {
        if self.access == Access::Read {
            return Err(AppendError::ReadOnly);
        }
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        if self.standing != Standing::Sound {
            return Err(AppendError::Guarded(self.standing.clone()));
        }
        Ok(())
    }

    pub(super) fn append_unguarded(
        &mut self,
        batch: Batch,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<Appended, AppendError> {
        let (expected, found) = (batch.expected, self.head.size);
        if expected != found {
            return Err(AppendError::HeadMoved { expected, found });
        }
        let clock_held = (now < self.head.recorded).then_some(now);
        if batch.is_empty() {
            return Ok(Appended {
                entries: Vec::new(),
                head: self.head,
                clock_held: None,
            });
        }
        let recorded = now.max(self.head.recorded);
        ensure_keys(&mut self.vault, &batch, random)?;
        let prepared = prepare(&self.vault, self.head.size, batch, recorded, random)?;
        self.record(&prepared, recorded)?;
        let entries = prepared.iter().map(|prepared| AppendedEntry {
            seq: prepared.entry.seq,
            id: prepared.entry.id,
            kind: prepared.entry.event.kind(),
        });
        Ok(Appended {
            entries: entries.collect(),
            head: self.head,
            clock_held,
        })
    }

    pub(super) fn record(
        &mut self,
        prepared: &[Prepared],
        recorded: Recorded,
    ) -> Result<(), AppendError> {
        let first = self.head.size;
        let (journal, frontier, head) = (&mut self.journal, &mut self.frontier, &mut self.head);
        log(journal, frontier, head, prepared, recorded).map_err(|error| {
            self.poisoned |= matches!(error, journal::AppendError::OutcomeUnknown { .. });
            AppendError::from(error)
        })?;
        // From here on the batch is recorded, whatever becomes of full segments and of the shelf.
        self.journal.seal_full();
        if let Err(error) = index(&mut self.shelf, first, &self.head, prepared) {
            self.store_failed(&error);
        }
        Ok(())
    }

    /// Takes note that the store could not take what is recorded.
    pub(super) fn store_failed(&mut self, error: &ShelfError) {
        // A store without room is only behind.
        if !matches!(error, ShelfError::Full) {
            self.mark_store_damaged();
        }
        self.poisoned = true;
    }
}

impl From<journal::AppendError> for AppendError {
    fn from(error: journal::AppendError) -> Self {
        match error {
            journal::AppendError::OutcomeUnknown { .. } => Self::OutcomeUnknown(error),
            journal::AppendError::Poisoned => Self::Poisoned,
            _ => Self::NotRecorded(error),
        }
    }
}

/// Sees to it that whoever has private fields in a batch has a key, durably.
pub(super) fn ensure_keys(
    vault: &mut Vault,
    batch: &Batch,
    random: Random<'_>,
) -> Result<(), AppendError> {
    let entries = batch.entries.iter();
    let owners = entries.filter(|entry| entry.openings.is_some());
    vault
        .ensure(owners.map(|entry| entry.owner), random)
        .map_err(AppendError::Keys)
}

/// Puts a batch into the journal, durably; the log is longer by it when this returns `Ok`. Segments
/// that become full are left to be sealed.
pub(super) fn log(
    journal: &mut Journal,
    frontier: &mut Frontier,
    head: &mut Head,
    prepared: &[Prepared],
    recorded: Recorded,
) -> Result<(), journal::AppendError> {
    let mut grown = frontier.clone();
    for prepared in prepared {
        grown.push(prepared.leaf);
    }
    let records: Vec<_> = prepared
        .iter()
        .map(|prepared| Record {
            line: &prepared.line,
            sealed: &prepared.sealed,
        })
        .collect();
    let next = Head {
        size: grown.size(),
        root: grown.root(),
        recorded,
    };
    let recorded_ms = u64::try_from(recorded.ms()).unwrap_or(0);
    journal.append_unsealed(head.size, recorded_ms, *next.root.as_bytes(), &records)?;
    *frontier = grown;
    *head = next;
    Ok(())
}

/// The other references of a person, as hashes that only this ledger's secret makes.
pub(super) fn refs_of(
    vault: &Vault,
    event: &Event,
    openings: &Openings,
) -> Vec<([u8; 16], [u8; 16])> {
    let (Some(secret), Some(subject)) = (vault.secret(), event.subject()) else {
        return Vec::new();
    };
    let refs = openings.only(|field| field == PrivateField::Refs);
    if refs.is_empty() {
        return Vec::new();
    }
    let Ok(private) = refs.private() else {
        return Vec::new();
    };
    index_key::of_refs(event, &hashes(secret, subject, private.refs()))
}

/// Gives a batch to the shelf, with the tiles of the Merkle tree that it changes.
pub(super) fn index(
    shelf: &mut Shelf,
    first: u64,
    head: &Head,
    prepared: &[Prepared],
) -> Result<(), ShelfError> {
    let leaves: Vec<Hash> = prepared.iter().map(|prepared| prepared.leaf).collect();
    let tiles = append_tiles(first, &leaves, |id| {
        shelf.tile(id.level(), id.index()).ok().flatten()
    })
    .map_err(|error: AppendTilesError| ShelfError::Damaged {
        what: error.to_string(),
    })?;
    let tiles: Vec<_> = tiles
        .into_iter()
        .map(|tile| (tile.id().level(), tile.id().index(), tile.into_bytes()))
        .collect();
    let keys: Vec<_> = prepared
        .iter()
        .map(|one| index_key::of_entry(&one.entry))
        .collect();
    let entries: Vec<Indexed<'_>> = prepared
        .iter()
        .zip(&keys)
        .map(|(prepared, keys)| Indexed {
            line: &prepared.line,
            sealed: (!prepared.sealed.is_empty()).then_some(&prepared.sealed),
            id: prepared.entry.id.bytes(),
            keys,
            refs: &prepared.refs,
        })
        .collect();
    shelf.apply(&shelf::Batch {
        first_seq: first,
        recorded_ms: head.recorded.ms(),
        root_after: *head.root.as_bytes(),
        entries: &entries,
        tiles: &tiles,
    })
}
