//! What an entry is found by, besides its place and its id: sixteen-byte keys of the shelf.
//!
//! Subjects are their own UUID. Other keys are hashes of a tag and a text, so that no id that a
//! user can choose falls together with them.

use amparo_core::entry::Entry;
use amparo_core::event::{Body, Event};
use amparo_core::id::{Code, EventId, Subject};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A key of the shelf's index from subjects and the like to entries.
pub(crate) type IndexKey = [u8; 16];

/// The entries that name a subject.
pub(crate) fn subject(subject: Subject) -> IndexKey {
    subject.uuid().into_bytes()
}

/// The entries that replace or retract an event.
pub(crate) fn targeting(event: EventId) -> IndexKey {
    tagged(b"targeting", &event.bytes())
}

/// The entries that describe an instrument.
pub(crate) fn instrument(code: &Code) -> IndexKey {
    tagged(b"instrument", code.as_str().as_bytes())
}

/// The entries that describe any instrument.
pub(crate) fn instruments() -> IndexKey {
    tagged(b"instruments", b"")
}

/// All erasures.
pub(crate) fn erasures() -> IndexKey {
    tagged(b"erasures", b"")
}

/// All merges.
pub(crate) fn merges() -> IndexKey {
    tagged(b"merges", b"")
}

fn tagged(tag: &[u8], value: &[u8]) -> IndexKey {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(tag)
        .chain_update([0])
        .chain_update(value)
        .finalize()
        .into();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    key
}

/// Under which hashes of its references a person or group is found, besides their own id.
pub(crate) fn of_refs(event: &Event, hashes: &[Uuid]) -> Vec<(IndexKey, IndexKey)> {
    let Some(subject) = event.subject() else {
        return Vec::new();
    };
    let own = subject.uuid();
    let others = hashes.iter().filter(|hash| **hash != own);
    others
        .map(|hash| (hash.into_bytes(), own.into_bytes()))
        .collect()
}

/// Every key that an entry is found by; at most four.
pub(crate) fn of_entry(entry: &Entry) -> Vec<IndexKey> {
    let mut keys: Vec<IndexKey> = entry.event.subjects().map(subject).collect();
    keys.extend(entry.event.target().map(targeting));
    match entry.event.body() {
        Body::Merge { .. } => keys.push(merges()),
        Body::Erasure { .. } => keys.push(erasures()),
        Body::Instrument(described) => {
            keys.extend([instrument(&described.instrument), instruments()]);
        }
        Body::Ledger(_)
        | Body::Custody(_)
        | Body::Case(_)
        | Body::Clemency(_)
        | Body::Claim(_)
        | Body::Person(_)
        | Body::Group(_)
        | Body::Identification { .. }
        | Body::SourceSilent { .. }
        | Body::Note { .. }
        | Body::Retraction { .. }
        | Body::Profile(_)
        | Body::Publication(_) => {}
    }
    keys
}
