//! Bringing the shelf up to the journal: entry by entry, with every root checked on the way.
//!
//! Who is wrong when they disagree is decided here: a journal whose own roots do not fit its
//! lines is damage; a shelf that does not fit the journal is set aside and built again.

use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::Seq;
use amparo_core::private::PrivateField;
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};
use amparo_tlog::reader::TreeReader;

use super::append::{Prepared, index, refs_of};
use super::open::{OpenError, OpenedShelf, Parts, inconsistent};
use super::{Head, Notice};
use crate::journal::{self, Journal};
use crate::shelf::{Shelf, ShelfError};
use crate::vault::{Opened, Owner};

/// Entries taken from the journal between two notices.
const NOTICE_EVERY: u64 = 100_000;
/// Entries given to the shelf at once.
const INDEX_ENTRIES: usize = 8192;

impl Parts {
    /// Brings the shelf up to the journal; one that disagrees is built again.
    pub(super) fn agree(
        &self,
        opened: OpenedShelf,
        journal: &Journal,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<(Shelf, Frontier), OpenError> {
        let OpenedShelf {
            mut shelf,
            is_renewed,
        } = opened;
        if !is_renewed && shelf.head().is_none() && journal.size() > 1 {
            notify(Notice::StoreRebuilt {
                reason: "it holds nothing".to_owned(),
            });
        }
        match self.catch_up(&mut shelf, journal, notify) {
            Ok(frontier) => return Ok((shelf, frontier)),
            Err(CatchUpError::Journal(error)) => return Err(*error),
            Err(CatchUpError::Shelf(reason)) => {
                drop(shelf);
                shelf = self.renew(reason, notify)?;
            }
        }
        match self.catch_up(&mut shelf, journal, notify) {
            Ok(frontier) => Ok((shelf, frontier)),
            Err(CatchUpError::Journal(error)) => Err(*error),
            Err(CatchUpError::Shelf(what)) => Err(OpenError::Inconsistent { what }),
        }
    }

    fn catch_up(
        &self,
        shelf: &mut Shelf,
        journal: &Journal,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<Frontier, CatchUpError> {
        let from = shelf.head().map_or(0, |head| head.size);
        let mut frontier = self.frontier(shelf, from)?;
        tell_if_behind(from, journal.size(), notify);
        let mut waiting: Vec<Prepared> = Vec::new();
        let mut told = from;
        for batch in journal.batches(from) {
            let batch = batch.map_err(OpenError::DamagedWithin)?;
            let first = batch.first_seq();
            let recorded = i64::try_from(batch.recorded_ms())
                .ok()
                .and_then(Recorded::from_ms);
            let recorded = recorded.ok_or_else(|| inconsistent(first, "has no sound time"))?;
            for (seq, record) in (first..).zip(batch.entries()) {
                if seq < from {
                    continue;
                }
                let prepared = self.prepare(Seq::new(seq), record)?;
                frontier.push(prepared.leaf);
                waiting.push(prepared);
            }
            let root = Hash::from_bytes(*batch.root_after());
            if frontier.root() != root {
                let what = format!("the root after e{} is another", frontier.size() - 1);
                return Err(OpenError::Inconsistent { what }.into());
            }
            if waiting.len() >= INDEX_ENTRIES || batch.end_seq() == journal.size() {
                let size = frontier.size();
                let first = size - waiting.len() as u64;
                index(
                    shelf,
                    first,
                    &Head {
                        size,
                        root,
                        recorded,
                    },
                    &waiting,
                )?;
                waiting.clear();
                if size - told >= NOTICE_EVERY {
                    told = size;
                    notify(Notice::CatchingUp {
                        done: size,
                        total: journal.size(),
                    });
                }
            }
        }
        if frontier.size() != journal.size() || frontier.root().as_bytes() != journal.root() {
            return Err(CatchUpError::Shelf(
                "it disagrees with the journal's head".to_owned(),
            ));
        }
        if journal.size() > from {
            shelf.flush()?;
        }
        // The opening is read by every run: a shelf that cannot give it is of no use.
        shelf.line(0)?;
        Ok(frontier)
    }

    /// The right edge of the shelf's tree, which must have the root that its head promises.
    fn frontier(&self, shelf: &Shelf, size: u64) -> Result<Frontier, CatchUpError> {
        let mut reader =
            TreeReader::new(size, |id| shelf.tile(id.level(), id.index()).ok().flatten());
        let frontier = reader
            .frontier(size)
            .map_err(|error| CatchUpError::Shelf(error.to_string()))?;
        match shelf.head() {
            Some(head) if head.root != *frontier.root().as_bytes() => Err(CatchUpError::Shelf(
                "its Merkle tree has another root".to_owned(),
            )),
            Some(_) | None => Ok(frontier),
        }
    }

    fn prepare(&self, seq: Seq, record: journal::Record<'_>) -> Result<Prepared, OpenError> {
        let entry =
            Entry::parse(record.line).map_err(|source| OpenError::NotAnEntry { seq, source })?;
        if entry.seq != seq {
            let what = format!("the line at {seq} says that it is {}", entry.seq);
            return Err(OpenError::Inconsistent { what });
        }
        let mut refs = Vec::new();
        let has_refs = entry
            .private
            .iter()
            .any(|(field, _)| *field == PrivateField::Refs);
        if has_refs && !record.sealed.is_empty() {
            let owner = Owner::of(entry.event.subject(), self.ledger);
            match self.vault.open_sealed(owner, entry.id, record.sealed)? {
                Opened::Openings(openings) => {
                    refs = refs_of(&self.vault, &entry.event, &openings);
                }
                Opened::Locked => self.mark_locked()?,
                Opened::NoKey | Opened::Damaged => {}
            }
        }
        Ok(Prepared {
            leaf: leaf_hash(record.line),
            line: record.line.to_vec(),
            sealed: record.sealed.to_vec(),
            entry,
            refs,
        })
    }
}

/// Says that a store lacks entries. An empty one is new, or was told to be built again.
fn tell_if_behind(size: u64, total: u64, notify: &mut dyn FnMut(Notice)) {
    if 0 < size && size < total {
        let lacking = total - size;
        notify(Notice::StoreBehind { lacking, total });
    }
}

/// Who is to blame when the shelf cannot be brought up to the journal.
enum CatchUpError {
    Journal(Box<OpenError>),
    Shelf(String),
}

impl From<OpenError> for CatchUpError {
    fn from(error: OpenError) -> Self {
        Self::Journal(Box::new(error))
    }
}

impl From<ShelfError> for CatchUpError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Full | ShelfError::Io(_) => {
                Self::Journal(Box::new(OpenError::Store(error)))
            }
            ShelfError::Busy
            | ShelfError::Stale
            | ShelfError::Damaged { .. }
            | ShelfError::OutOfOrder { .. }
            | ShelfError::TooLarge(_)
            | ShelfError::Poisoned => Self::Shelf(error.to_string()),
        }
    }
}
