//! The part of verifying that needs nothing but one batch, and so goes on on all cores: lines are
//! hashed and parsed, and what is sealed is opened.

use amparo_core::entry::{Entry, EntryError};
use amparo_core::id::LedgerId;
use amparo_core::private::Private;
use amparo_tlog::merkle::{Hash, leaf_hash};

use super::index_key::{self, IndexKey};
use super::verify_sealed::Seal;
use crate::journal::{Batch, Salvage, Salvaged};
use crate::vault::Vault;

/// Entries that are examined in one go.
const STRETCH_ENTRIES: usize = 1024;

/// What a journal holds, some hundreds of entries at a time.
pub(super) struct Stretches(pub(super) Salvage);

impl Iterator for Stretches {
    type Item = Vec<Salvaged>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut stretch, mut entries) = (Vec::new(), 0);
        while entries < STRETCH_ENTRIES {
            let Some(part) = self.0.next() else { break };
            if let Salvaged::Batch(batch) = &part {
                entries += batch.count() as usize;
            }
            stretch.push(part);
        }
        Some(stretch).filter(|stretch| !stretch.is_empty())
    }
}

/// A part of the journal, examined.
pub(super) enum Examined {
    /// A batch, with its entries.
    Batch(Batch, Vec<ExaminedEntry>),
    /// What holds no entries.
    Other(Salvaged),
}

/// What an entry is in itself, before it is held against those around it.
pub(super) struct ExaminedEntry {
    pub(super) leaf: Hash,
    pub(super) entry: Result<Entry, EntryError>,
    pub(super) seal: Seal,
    pub(super) keys: Vec<IndexKey>,
}

impl ExaminedEntry {
    /// The entry with its private fields, where they were opened; nothing where the line is none.
    pub(super) fn opened(&self) -> Option<(&Entry, Option<&Private>)> {
        let private = match &self.seal {
            Seal::Opened(private, _) => Some(&**private),
            _ => None,
        };
        Some((self.entry.as_ref().ok()?, private))
    }
}

/// Examines a part of the journal; with the keys of its entries where they are compared.
pub(super) fn examine(
    part: Salvaged,
    ledger: LedgerId,
    vault: Option<&Vault>,
    are_keys_compared: bool,
) -> Examined {
    let batch = match part {
        Salvaged::Batch(batch) => batch,
        Salvaged::Gap(_) | Salvaged::Torn(_) => return Examined::Other(part),
    };
    let entries = batch.entries().map(|record| {
        let entry = Entry::parse_exact(record.line);
        let sound = entry.as_ref().ok();
        let seal = sound.map(|entry| Seal::of(entry, record.sealed, ledger, vault));
        let keyed = sound.filter(|_| are_keys_compared);
        ExaminedEntry {
            leaf: leaf_hash(record.line),
            seal: seal.unwrap_or(Seal::None),
            keys: keyed.map(index_key::of_entry).unwrap_or_default(),
            entry,
        }
    });
    let entries = entries.collect();
    Examined::Batch(batch, entries)
}
