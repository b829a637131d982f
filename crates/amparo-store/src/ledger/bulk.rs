//! Many batches one behind the other: the sled store takes each while the next is on its way.
//!
//! What [`Ledger::append`] promises holds for each batch: keys first, then the journal, synced, and
//! only then is it acknowledged. Nothing recorded depends on the store, nor on the compression of full
//! segments: each follows on a thread of its own. When all is done the store is as far as the log, and
//! every full segment was tried.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use amparo_core::entry::Recorded;
use amparo_tlog::merkle::Frontier;

use super::append::{AppendError, Prepared, ensure_keys, index, log};
use super::plan::Batch;
use super::prepare::prepare;
use super::{Head, Ledger};
use crate::Random;
use crate::journal::{self, FullSegment, Journal};
use crate::shelf::ShelfError;
use crate::vault::Vault;

/// Batches that wait for the store: each is held in memory.
const BEHIND_MAX: usize = 1;
/// Full segments that wait to be sealed: each is larger than it will be.
const FULL_MAX: usize = 4;

/// Records batches, while the store follows.
pub struct Appender<'l> {
    vault: &'l mut Vault,
    journal: &'l mut Journal,
    frontier: &'l mut Frontier,
    head: &'l mut Head,
    is_poisoned: &'l mut bool,
    behind: SyncSender<Behind>,
    full: SyncSender<FullSegment>,
}

/// A batch that is recorded, and that the store lacks.
struct Behind {
    first: u64,
    head: Head,
    prepared: Vec<Prepared>,
}

impl Ledger {
    /// Lets `work` record any number of batches, and returns when the store has them too and no full
    /// segment waits to be sealed.
    ///
    /// The log cannot be read meanwhile: the batches are of drafts that were
    /// [checked](super::Checked) before.
    ///
    /// # Errors
    /// Those of `work`; and [`AppendError`] as [`append`](Self::append) has it, where the ledger
    /// takes no batch at all.
    pub fn append_all<T, E: From<AppendError>>(
        &mut self,
        work: impl FnOnce(&mut Appender<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.check_may_grow()?;
        let shelf = &mut self.shelf;
        let (behind, follow) = sync_channel::<Behind>(BEHIND_MAX);
        let (full, sealing) = sync_channel::<FullSegment>(FULL_MAX);
        let mut appender = Appender {
            vault: &mut self.vault,
            journal: &mut self.journal,
            frontier: &mut self.frontier,
            head: &mut self.head,
            is_poisoned: &mut self.poisoned,
            behind,
            full,
        };
        let (outcome, followed, sealed) = thread::scope(|scope| {
            let follower = scope.spawn(move || -> Result<(), ShelfError> {
                for Behind {
                    first,
                    head,
                    prepared,
                } in follow
                {
                    index(shelf, first, &head, &prepared)?;
                }
                Ok(())
            });
            let sealer = scope.spawn(move || {
                let sealed = sealing.into_iter().map(FullSegment::seal);
                sealed.collect::<Vec<_>>()
            });
            let outcome = work(&mut appender);
            drop(appender);
            (outcome, follower.join(), sealer.join())
        });
        match followed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.store_failed(&error),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        match sealed {
            Ok(sealed) => self.journal.settle(sealed),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        outcome
    }
}

impl Appender<'_> {
    /// Where the log stands.
    pub fn head(&self) -> Head {
        *self.head
    }

    /// Records a batch: all of it or nothing. Answers only when it is durable.
    ///
    /// # Errors
    /// As [`Ledger::append`]. After [`AppendError::Poisoned`] the batch is not recorded: the store
    /// could not take an earlier one.
    pub fn append(
        &mut self,
        batch: Batch,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<(), AppendError> {
        if *self.is_poisoned {
            return Err(AppendError::Poisoned);
        }
        let (expected, first) = (batch.expected, self.head.size);
        if expected != first {
            let found = first;
            return Err(AppendError::HeadMoved { expected, found });
        }
        if batch.is_empty() {
            return Ok(());
        }
        let recorded = now.max(self.head.recorded);
        ensure_keys(self.vault, &batch, random)?;
        let prepared = prepare(self.vault, first, batch, recorded, random)?;
        log(self.journal, self.frontier, self.head, &prepared, recorded).map_err(|error| {
            *self.is_poisoned = matches!(error, journal::AppendError::OutcomeUnknown { .. });
            AppendError::from(error)
        })?;
        for full in self.journal.full() {
            // Whoever seals has panicked, which is passed on at the end.
            let _ = self.full.send(full);
        }
        let head = *self.head;
        let behind = Behind {
            first,
            head,
            prepared,
        };
        // The store has failed, which is told when it is asked for at the end.
        *self.is_poisoned = self.behind.send(behind).is_err();
        Ok(())
    }
}
