//! From a planned batch to what is stored of each entry: sealed, written as a line, hashed.
//!
//! Each entry is on its own here, so that large batches are shared between all cores. What is
//! random is drawn before, in the order of the entries: the same source gives the same bytes
//! whatever the number of cores.

use std::iter;

use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::Seq;
use amparo_tlog::merkle::leaf_hash;

use super::append::{AppendError, Prepared};
use super::index_key;
use super::plan::{Batch, PlannedEntry};
use crate::Random;
use crate::in_order::in_order;
use crate::vault::{Nonce, Vault};

/// Entries that are worked on at once; a batch without more is not worth a thread.
const PIECE_ENTRIES: usize = 256;

/// Makes the entries of a batch that begins at `first`; their owners have keys.
///
/// # Errors
/// [`AppendError::Unsealed`]
pub(super) fn prepare(
    vault: &Vault,
    first: u64,
    batch: Batch,
    recorded: Recorded,
    random: Random<'_>,
) -> Result<Vec<Prepared>, AppendError> {
    let Batch { by, entries, .. } = batch;
    let mut prepared = Vec::with_capacity(entries.len());
    let mut waiting = (first..).zip(entries).map(|(seq, planned)| {
        let nonce = planned.openings.as_ref().map(|_| Vault::nonce(random));
        (Seq::new(seq), planned, nonce.unwrap_or_default())
    });
    let pieces = iter::from_fn(|| {
        let piece: Vec<_> = waiting.by_ref().take(PIECE_ENTRIES).collect();
        (!piece.is_empty()).then_some(piece)
    });
    let pieces: Vec<_> = pieces.collect();
    let work = |piece: Vec<(Seq, PlannedEntry, Nonce)>| -> Result<Vec<Prepared>, AppendError> {
        let entries = piece.into_iter();
        let entries = entries.map(|(seq, planned, nonce)| {
            let by = by.clone();
            one(vault, by, seq, planned, recorded, &nonce)
        });
        entries.collect()
    };
    if pieces.len() <= 1 {
        return work(pieces.into_iter().flatten().collect());
    }
    in_order(pieces.into_iter(), work, |piece| {
        prepared.extend(piece?);
        Ok::<(), AppendError>(())
    })?;
    Ok(prepared)
}

fn one(
    vault: &Vault,
    by: Box<str>,
    seq: Seq,
    planned: PlannedEntry,
    recorded: Recorded,
    nonce: &Nonce,
) -> Result<Prepared, AppendError> {
    let PlannedEntry {
        id,
        event,
        owner,
        openings,
        refs,
    } = planned;
    let mut sealed = Vec::new();
    if let Some(openings) = &openings {
        sealed = vault
            .seal(owner, id, openings, nonce)
            .ok_or(AppendError::Unsealed(seq))?;
    }
    let refs = index_key::of_refs(&event, &refs);
    let private = openings.map_or_else(Vec::new, |openings| openings.digests(id));
    let entry = Entry {
        seq,
        id,
        recorded,
        by,
        event,
        private,
    };
    let line = entry.line().into_bytes();
    let leaf = leaf_hash(&line);
    Ok(Prepared {
        entry,
        line,
        sealed,
        leaf,
        refs,
    })
}
