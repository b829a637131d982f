//! Where the keys of each owner lie in the file of the subjects.
//!
//! There may be millions, and most commands need a few: so the file is looked through once, when a
//! key is first asked for, and eight bytes are kept of each record. A record is read, and checked
//! again, when its key is needed.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::iter;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::Owner;
use super::key_file::{self, CHUNK_RECORDS};
use crate::files::OpenFile;
use crate::in_order::in_order;

/// Records of a file, at most: what a place can name.
const RECORDS_MAX: u64 = u32::MAX as u64 - 1;

/// So many owners are looked for in a list of all records, which costs milliseconds each; then a
/// table is made of it, which costs as much as a hundred of them.
const LISTED_LOOKUPS_MAX: usize = 64;

/// A hash of the owner of each record, with the number of the record.
pub(super) struct Places {
    hasher: Hasher,
    slots: Mutex<Slots>,
}

/// Slots hold the hash above, the number and one below.
enum Slots {
    /// In the order of the file.
    Listed { slots: Vec<u64>, lookups: usize },
    /// By hash; 0 where there is none.
    Table { slots: Vec<u64>, used: usize },
}

/// Hashes owners, who may be chosen by others, with numbers that nobody knows.
#[derive(Clone, Copy)]
struct Hasher([u64; 2]);

impl Hasher {
    fn new() -> Self {
        Self([(); 2].map(|()| RandomState::new().hash_one(0)))
    }

    fn hash(self, owner: Owner) -> u32 {
        let id = u128::from_be_bytes(owner.0);
        let (high, low) = ((id >> 64) as u64 ^ self.0[0], id as u64 ^ self.0[1]);
        let product = u128::from(high) * u128::from(low);
        let folded = (product >> 64) as u64 ^ product as u64;
        (folded >> 32) as u32 ^ folded as u32
    }
}

impl Places {
    fn with_room(records: u64) -> Self {
        Self {
            hasher: Hasher::new(),
            slots: Mutex::new(Slots::Listed {
                slots: Vec::with_capacity(records as usize),
                lookups: 0,
            }),
        }
    }

    /// Notes that a record is of this owner; false where the file has more than can be named.
    pub(super) fn insert(&mut self, owner: Owner, number: u64) -> bool {
        let hash = self.hasher.hash(owner);
        self.insert_hashed(hash, number)
    }

    fn insert_hashed(&mut self, hash: u32, number: u64) -> bool {
        if number > RECORDS_MAX {
            return false;
        }
        let slots = self.slots.get_mut();
        slots
            .unwrap_or_else(PoisonError::into_inner)
            .insert(u64::from(hash) << 32 | (number + 1));
        true
    }

    /// The numbers of the records that may be of this owner, ascending: all that are, and hardly
    /// ever another.
    pub(super) fn of(&self, owner: Owner) -> Vec<u64> {
        let hash = u64::from(self.hasher.hash(owner));
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots.of(hash).into_iter();
        let mut numbers: Vec<u64> = found.map(|slot| (slot & u64::from(u32::MAX)) - 1).collect();
        numbers.sort_unstable();
        numbers
    }
}

impl Slots {
    fn table(records: usize) -> Self {
        let slots = records.saturating_mul(4) / 3 + 16;
        Self::Table {
            slots: vec![0; slots.next_power_of_two()],
            used: 0,
        }
    }

    fn insert(&mut self, slot: u64) {
        match self {
            Self::Listed { slots, .. } => slots.push(slot),
            Self::Table { slots, used } => {
                if *used >= slots.len() / 4 * 3 {
                    let larger = vec![0; slots.len() * 2];
                    let before = std::mem::replace(slots, larger);
                    let before = before.into_iter().filter(|slot| *slot != 0);
                    before.for_each(|slot| put(slots, slot));
                }
                *used += 1;
                put(slots, slot);
            }
        }
    }

    fn of(&mut self, hash: u64) -> Vec<u64> {
        if let Self::Listed { slots, lookups } = self {
            if *lookups < LISTED_LOOKUPS_MAX {
                *lookups += 1;
                let found = slots.iter().filter(|slot| **slot >> 32 == hash);
                return found.copied().collect();
            }
            let listed = std::mem::take(slots);
            *self = Self::table(listed.len());
            listed.into_iter().for_each(|slot| self.insert(slot));
        }
        let (Self::Table { slots, .. } | Self::Listed { slots, .. }) = self;
        let mask = slots.len() - 1;
        let from = (hash as usize) & mask;
        let found = (0..slots.len()).map(|step| slots[(from + step) & mask]);
        let found = found.take_while(|slot| *slot != 0);
        found.filter(|slot| slot >> 32 == hash).collect()
    }
}

fn put(slots: &mut [u64], slot: u64) {
    let mask = slots.len() - 1;
    let mut at = (slot >> 32) as usize & mask;
    while slots[at] != 0 {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

/// What was found when the file was looked through.
pub(super) struct Looked {
    pub(super) places: Places,
    /// Where the records are whose bytes do not match their check, and whose they say they are.
    pub(super) damaged: Vec<(u64, Owner)>,
}

/// Which bytes of the file hold records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) record_bytes: usize,
}

impl Span {
    /// The last records of it, this many at most.
    pub(super) fn last(self, records: u64) -> Self {
        let bytes = records * self.record_bytes as u64;
        let from = self.to.saturating_sub(bytes).max(self.from);
        Self { from, ..self }
    }

    pub(super) fn records(self) -> u64 {
        (self.to - self.from).div_ceil(self.record_bytes as u64)
    }
}

/// What records are in themselves: where the first is, and the hash of the owner of each, or whose
/// it says it is where it is damaged.
type Examined = (u64, Vec<Result<u32, Owner>>);

/// Looks through records, on all cores where they are many.
///
/// # Errors
/// Those of the system; `FileTooLarge` for more records than can be named.
pub(super) fn look_through(file: &mut dyn OpenFile, span: Span) -> io::Result<Looked> {
    let mut looked = Looked {
        places: Places::with_room(span.records()),
        damaged: Vec::new(),
    };
    let hasher = looked.places.hasher;
    let examine = |(at, chunk): (u64, Zeroizing<Vec<u8>>)| -> Examined {
        let records = chunk.chunks(span.record_bytes);
        let examined = records.map(|record| {
            let owner = key_file::owner_of(record);
            match key_file::is_sound(record, span.record_bytes) {
                true => Ok(hasher.hash(owner)),
                false => Err(owner),
            }
        });
        (at, examined.collect())
    };
    let mut note = |(first, examined): Examined| -> io::Result<()> {
        for (n, record) in (0_u64..).zip(examined) {
            let at = first + n * span.record_bytes as u64;
            match record {
                Ok(hash) => {
                    let number = (at - span.from) / span.record_bytes as u64;
                    if !looked.places.insert_hashed(hash, number) {
                        return Err(io::ErrorKind::FileTooLarge.into());
                    }
                }
                Err(owner) => looked.damaged.push((at, owner)),
            }
        }
        Ok(())
    };
    let is_short = span.records() <= CHUNK_RECORDS as u64;
    let mut chunks = chunks(file, span);
    if is_short {
        chunks.try_for_each(|chunk| note(examine(chunk?)))?;
    } else {
        in_order(
            chunks,
            |chunk| chunk.map(examine),
            |examined| note(examined?),
        )?;
    }
    Ok(looked)
}

/// Records, many at a time, each time with where the first is.
pub(super) fn chunks(
    file: &mut dyn OpenFile,
    span: Span,
) -> impl Iterator<Item = io::Result<(u64, Zeroizing<Vec<u8>>)>> + Send {
    let mut at = span.from;
    iter::from_fn(move || {
        if at >= span.to {
            return None;
        }
        let mut chunk = Zeroizing::new(vec![0; span.record_bytes * CHUNK_RECORDS]);
        let read = match file.read_at(&mut chunk, at) {
            Ok(read) => read,
            Err(error) => {
                at = span.to;
                return Some(Err(error));
            }
        };
        chunk.truncate(read);
        let first = at;
        // A file that was cut short meanwhile ends there.
        at = match read {
            0 => span.to,
            _ => at + (span.record_bytes * CHUNK_RECORDS) as u64,
        };
        (read > 0).then_some(Ok((first, chunk)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_of_an_owner_is_found_in_list_and_table_also_after_growing() {
        let owner = |n: u128| Owner((n << 64 | n).to_be_bytes());
        let mut places = Places::with_room(0);
        for number in 0..3000 {
            assert!(places.insert(owner(u128::from(number) % 1000), number));
        }
        for n in 0..1000 {
            let found = places.of(owner(u128::from(n)));
            assert!(
                [n, n + 1000, n + 2000]
                    .iter()
                    .all(|number| found.contains(number))
            );
            assert!(found.is_sorted() && found.len() < 6);
        }
        assert!(places.of(owner(5000)).len() < 3);
        for number in 3000..9000 {
            assert!(places.insert(owner(u128::from(number)), number));
        }
        assert!((3000..9000).all(|n| places.of(owner(u128::from(n))).contains(&n)));
        assert!(!places.insert(owner(1), RECORDS_MAX + 1));
    }
}
