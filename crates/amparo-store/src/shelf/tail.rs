//! The tail: entries that do not fill a bundle yet, in memory and as one value each.
//!
//! Slots are reused, never removed. There are two rings of them, and a flush that has moved
//! entries into a bundle writes what is left to the other ring: the slots that the last manifest
//! names stay whole until a newer manifest is there.
//!
//! Layout of a slot, little endian: `seq u64`, `id 16`, `keys u8` and 16 bytes each, `refs u8` and
//! 32 bytes each, `line length u32` and the line, then, if there is one, the sealed opening after
//! `1 u8`, else `0 u8`.

use super::wire::Fields;
use super::{ENTRIES_PER_BUNDLE, Indexed, KEYS_MAX, LINE_BYTES_MAX, REFS_MAX, SEALED_BYTES_MAX};

/// An entry as it waits for its bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TailEntry {
    pub(super) line: Vec<u8>,
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) id: [u8; 16],
    pub(super) keys: Vec<[u8; 16]>,
    pub(super) refs: Vec<([u8; 16], [u8; 16])>,
}

/// The slot of the entry `at` places into the tail.
pub(super) fn slot(ring: u8, at: usize) -> [u8; 2] {
    (u64::from(ring) * ENTRIES_PER_BUNDLE + at as u64)
        .to_be_bytes()
        .last_chunk()
        .copied()
        .unwrap_or_default()
}

impl TailEntry {
    /// Whether `entry` keeps the limits of the shelf.
    pub(super) fn fits(entry: &Indexed<'_>) -> bool {
        entry.line.len() <= LINE_BYTES_MAX
            && entry
                .sealed
                .is_none_or(|sealed| sealed.len() <= SEALED_BYTES_MAX)
            && entry.keys.len() <= KEYS_MAX
            && entry.refs.len() <= REFS_MAX
    }

    /// A copy of `entry`, which fits.
    pub(super) fn of(entry: &Indexed<'_>) -> Self {
        Self {
            line: entry.line.to_vec(),
            sealed: entry.sealed.map(<[u8]>::to_vec),
            id: entry.id,
            keys: entry.keys.to_vec(),
            refs: entry.refs.to_vec(),
        }
    }

    pub(super) fn encode(&self, seq: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.line.len() + 128);
        bytes.extend_from_slice(&seq.to_le_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.push(self.keys.len() as u8);
        self.keys
            .iter()
            .for_each(|key| bytes.extend_from_slice(key));
        bytes.push(self.refs.len() as u8);
        for (hash, person) in &self.refs {
            bytes.extend_from_slice(hash);
            bytes.extend_from_slice(person);
        }
        bytes.extend_from_slice(&(self.line.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.line);
        bytes.push(u8::from(self.sealed.is_some()));
        bytes.extend_from_slice(self.sealed.as_deref().unwrap_or_default());
        bytes
    }

    /// The entry in a slot; `None` if the slot does not hold entry `seq`.
    pub(super) fn decode(bytes: &[u8], seq: u64) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u64()? != seq {
            return None;
        }
        let id = fields.array()?;
        let keys = (0..fields.u8()?)
            .map(|_| fields.array())
            .collect::<Option<Vec<_>>>()?;
        let refs = (0..fields.u8()?)
            .map(|_| Some((fields.array()?, fields.array()?)))
            .collect::<Option<Vec<_>>>()?;
        let line_len = fields.u32()? as usize;
        let line = fields.bytes(line_len)?.to_vec();
        let sealed = match (fields.u8()?, fields.0) {
            (0, []) => None,
            (1, sealed) => Some(sealed.to_vec()),
            _ => return None,
        };
        Some(Self {
            line,
            sealed,
            id,
            keys,
            refs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_gives_back_its_entry_and_no_other() {
        for (sealed, keys, refs) in [
            (None, 0_u8, 0_u8),
            (Some(vec![]), 1, 0),
            (Some(vec![8; 90]), 4, 9),
        ] {
            let entry = TailEntry {
                line: b"{}".to_vec(),
                sealed,
                id: [3; 16],
                keys: (0..keys).map(|key| [key; 16]).collect(),
                refs: (0..refs).map(|at| ([at; 16], [at + 1; 16])).collect(),
            };
            let bytes = entry.encode(77);
            assert_eq!(TailEntry::decode(&bytes, 77), Some(entry.clone()));
            assert_eq!(TailEntry::decode(&bytes, 78), None);
            for len in 0..bytes.len() - entry.sealed.as_ref().map_or(0, Vec::len) {
                assert_eq!(TailEntry::decode(&bytes[..len], 77), None, "cut at {len}");
            }
        }
    }

    #[test]
    fn no_two_entries_of_the_rings_share_a_slot() {
        let slots: std::collections::HashSet<_> = [0, 1]
            .into_iter()
            .flat_map(|ring| (0..256).map(move |at| slot(ring, at)))
            .collect();
        assert_eq!(slots.len(), 512);
    }
}
