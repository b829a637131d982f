//! The manifest: the one value that says how far the shelf has come and what it is made of.
//!
//! It is put last in every flush. Whatever else a store may hold, only what the manifest names
//! exists; so a store that recovered any prefix of what was put is whole, only older.
//!
//! Layout, little endian: `format u8 = 1`, `size u64`, `root 32`, `recorded_ms i64`,
//! `batch_first_seq u64`, `bundled u64`, `ring u8`, `next_strip u32`, `next_generation u32`,
//! `generations u16`, and for each generation `number u32`, `own store u8` and its runs of events,
//! subjects and refs: `first_strip u32, pages u32, fence_values u32, filter_values u32,
//! records u64, keys u64, fence_crc u32, filter_crc u32` each.

use super::generation::GenerationMeta;
use super::run::RunMeta;
use super::wire::Fields;
use super::{ENTRIES_PER_BUNDLE, Head};

const FORMAT: u8 = 1;

/// The value put in each flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) head: Head,
    /// Entries in bundles; the rest are in the tail.
    pub(super) bundled: u64,
    /// Which of the two rings of tail slots holds the tail.
    pub(super) ring: u8,
    /// The number of the next strip of an index run.
    pub(super) next_strip: u32,
    /// The number of the next generation.
    pub(super) next_generation: u32,
    /// The generations of the indexes.
    pub(super) generations: Vec<GenerationMeta>,
}

impl Manifest {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&self.head.size.to_le_bytes());
        bytes.extend_from_slice(&self.head.root);
        bytes.extend_from_slice(&self.head.recorded_ms.to_le_bytes());
        bytes.extend_from_slice(&self.head.batch_first_seq.to_le_bytes());
        bytes.extend_from_slice(&self.bundled.to_le_bytes());
        bytes.push(self.ring);
        bytes.extend_from_slice(&self.next_strip.to_le_bytes());
        bytes.extend_from_slice(&self.next_generation.to_le_bytes());
        bytes.extend_from_slice(&(self.generations.len() as u16).to_le_bytes());
        for generation in &self.generations {
            bytes.extend_from_slice(&generation.number.to_le_bytes());
            bytes.push(u8::from(generation.own_store));
            for run in &generation.runs {
                let RunMeta {
                    first_strip,
                    pages,
                    fence_values,
                    filter_values,
                    ..
                } = *run;
                for number in [first_strip, pages, fence_values, filter_values] {
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
                bytes.extend_from_slice(&run.records.to_le_bytes());
                bytes.extend_from_slice(&run.keys.to_le_bytes());
                bytes.extend_from_slice(&run.fence_crc.to_le_bytes());
                bytes.extend_from_slice(&run.filter_crc.to_le_bytes());
            }
        }
        bytes
    }

    /// The manifest in `bytes`; `None` if they are not one, or its numbers do not agree.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u8()? != FORMAT {
            return None;
        }
        let head = Head {
            size: fields.u64()?,
            root: fields.array()?,
            recorded_ms: fields.i64()?,
            batch_first_seq: fields.u64()?,
        };
        let (bundled, ring, next_strip) = (fields.u64()?, fields.u8()?, fields.u32()?);
        let next_generation = fields.u32()?;
        let generations = (0..fields.u16()?)
            .map(|_| generation(&mut fields))
            .collect::<Option<Vec<_>>>()?;
        let tail = head.size.checked_sub(bundled)?;
        let agree = tail < ENTRIES_PER_BUNDLE && bundled.is_multiple_of(ENTRIES_PER_BUNDLE);
        let agree = agree && ring < 2 && head.batch_first_seq < head.size;
        let manifest = Self {
            head,
            bundled,
            ring,
            next_strip,
            next_generation,
            generations,
        };
        fields.end(manifest).filter(|_| agree)
    }
}

fn generation(fields: &mut Fields<'_>) -> Option<GenerationMeta> {
    let number = fields.u32()?;
    let own_store = match fields.u8()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let mut runs = [RunMeta::default(); 3];
    for run in &mut runs {
        *run = RunMeta {
            first_strip: fields.u32()?,
            pages: fields.u32()?,
            fence_values: fields.u32()?,
            filter_values: fields.u32()?,
            records: fields.u64()?,
            keys: fields.u64()?,
            fence_crc: fields.u32()?,
            filter_crc: fields.u32()?,
        };
    }
    Some(GenerationMeta {
        number,
        own_store,
        runs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_comes_back_and_a_cut_or_contradictory_one_does_not() {
        let run = RunMeta {
            first_strip: 1,
            pages: 2,
            fence_values: 3,
            filter_values: 4,
            records: 5,
            keys: 3,
            fence_crc: 6,
            filter_crc: 7,
        };
        let head = Head {
            size: 300,
            root: [9; 32],
            recorded_ms: -4,
            batch_first_seq: 299,
        };
        let manifest = Manifest {
            head,
            bundled: 256,
            ring: 1,
            next_strip: 10,
            next_generation: 4,
            generations: vec![
                GenerationMeta {
                    number: 1,
                    own_store: true,
                    runs: [run; 3],
                },
                GenerationMeta {
                    number: 3,
                    own_store: false,
                    runs: [run; 3],
                },
            ],
        };
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Some(manifest.clone()));
        for len in 0..bytes.len() {
            assert_eq!(Manifest::decode(&bytes[..len]), None, "cut at {len}");
        }
        for wrong in [
            Manifest {
                bundled: 512,
                ..manifest.clone()
            },
            Manifest {
                bundled: 0,
                ..manifest.clone()
            },
            Manifest {
                bundled: 255,
                ..manifest.clone()
            },
            Manifest {
                ring: 2,
                ..manifest.clone()
            },
            Manifest {
                head: Head {
                    batch_first_seq: 300,
                    ..head
                },
                ..manifest
            },
        ] {
            assert_eq!(Manifest::decode(&wrong.encode()), None, "{wrong:?}");
        }
    }
}
