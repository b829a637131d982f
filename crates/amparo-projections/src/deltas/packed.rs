//! A block as bytes: a function of the entries alone, as [`Block`] is.

use amparo_core::date::Day;
use amparo_core::kind::Axis;
use serde::{Deserialize, Serialize};

use super::block::{BLOCK_ENTRIES, Block, Cohort, Move, Registered, Registration, Sum, Track};

/// Changes with the bytes, and with what a block says of its entries.
const VERSION: u32 = 1;

/// Why bytes are no block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// Another version of the program wrote them.
    #[error("deltas of version {found}; this program reads {VERSION}")]
    OtherVersion {
        /// Their version.
        found: u32,
    },
    /// They do not read.
    #[error("these are no deltas: {0}")]
    Unreadable(#[from] postcard::Error),
    /// They name something that is not there, or are not in order.
    #[error("the deltas are not in order")]
    Disordered,
}

/// A block with its days and entries as differences.
#[derive(Serialize, Deserialize)]
struct Packed {
    first: u64,
    entries: u32,
    instruments: Vec<Box<str>>,
    cohorts: Vec<Cohort>,
    /// Days since the sum before, cohort, subjects.
    before: Vec<(i32, u32, i64)>,
    /// Entries since the move before, days since it, from, to, subjects.
    moves: Vec<(u32, i32, u32, u32, u64)>,
    registered_before: Registered,
    /// Entries since the registration before.
    registrations: Vec<Registration>,
}

impl Block {
    /// The block as bytes: some 6 for each of its moves.
    ///
    /// # Errors
    /// None that bytes in memory can have.
    pub fn pack(&self) -> Result<Vec<u8>, postcard::Error> {
        let mut day = 0;
        let mut since =
            |next: Day| next.epoch_days() - std::mem::replace(&mut day, next.epoch_days());
        let before = self.before.iter();
        let before = before
            .map(|sum| (since(sum.day), sum.cohort, sum.subjects))
            .collect();
        let mut entry = 0;
        let moves = self.moves.iter().map(|moved| {
            let entries = moved.entry - std::mem::replace(&mut entry, moved.entry);
            let days = since(moved.day);
            (entries, days, moved.from, moved.to, moved.subjects)
        });
        let moves = moves.collect();
        let mut entry = 0;
        let registrations = self
            .registrations
            .iter()
            .map(|(at, is_group)| (at - std::mem::replace(&mut entry, *at), *is_group));
        let packed = Packed {
            first: self.first,
            entries: self.entries,
            instruments: self.instruments.values().to_vec(),
            cohorts: self.cohorts.values().to_vec(),
            before,
            moves,
            registered_before: self.registered_before,
            registrations: registrations.collect(),
        };
        let bytes = postcard::to_extend(&VERSION, Vec::new())?;
        postcard::to_extend(&packed, bytes)
    }

    /// The block that was packed.
    ///
    /// # Errors
    /// [`UnpackError`].
    pub fn unpack(bytes: &[u8]) -> Result<Self, UnpackError> {
        let (version, bytes) = postcard::take_from_bytes::<u32>(bytes)?;
        if version != VERSION {
            return Err(UnpackError::OtherVersion { found: version });
        }
        let (packed, rest) = postcard::take_from_bytes::<Packed>(bytes)?;
        let block = Self::from_packed(packed).ok_or(UnpackError::Disordered)?;
        match rest.is_empty() && block.is_in_order() {
            true => Ok(block),
            false => Err(UnpackError::Disordered),
        }
    }

    fn from_packed(packed: Packed) -> Option<Self> {
        let mut last = 0_i32;
        let mut day_after = |days: i32| {
            last = last.checked_add(days)?;
            Day::from_epoch_days(last)
        };
        let before = packed.before.into_iter().map(|(days, cohort, subjects)| {
            Some(Sum {
                day: day_after(days)?,
                cohort,
                subjects,
            })
        });
        let before = before.collect::<Option<_>>()?;
        let mut entry = 0_u32;
        let moves = packed.moves.into_iter();
        let moves = moves.map(|(entries, days, from, to, subjects)| {
            entry = entry.checked_add(entries)?;
            Some(Move {
                entry,
                day: day_after(days)?,
                from,
                to,
                subjects,
            })
        });
        let moves = moves.collect::<Option<_>>()?;
        let mut entry = 0_u32;
        let registrations = packed.registrations.into_iter().map(|(entries, is_group)| {
            entry = entry.checked_add(entries)?;
            Some((entry, is_group))
        });
        Some(Self {
            first: packed.first,
            entries: packed.entries,
            instruments: packed.instruments.into(),
            cohorts: packed.cohorts.into(),
            before,
            moves,
            registered_before: packed.registered_before,
            registrations: registrations.collect::<Option<_>>()?,
        })
    }

    /// Whether all that it names is there, and none of its sums can overflow.
    fn is_in_order(&self) -> bool {
        let cohorts = self.cohorts.values();
        let instruments = self.instruments.values().len();
        let is_named = |code: u32| (code as usize) < instruments;
        let stands = cohorts.iter().all(|cohort| match cohort.track {
            Track::Custody => cohort.stance.is_on(Axis::Custody),
            Track::Case => cohort.stance.is_on(Axis::Case),
            Track::Clemency(code) => is_named(code) && cohort.stance.is_on(Axis::Clemency),
            Track::Named(code) => is_named(code),
        });
        let is_cohort = |number: u32| number as usize <= cohorts.len();
        let entries = self.entries;
        let fits = |subjects: u64| subjects <= u64::from(u32::MAX);
        stands
            && self.first.is_multiple_of(BLOCK_ENTRIES)
            && u64::from(entries) <= BLOCK_ENTRIES
            && self.first <= crate::Facts::ENTRIES_MAX as u64
            && self.before.is_sorted_by_key(|sum| sum.day)
            && self
                .before
                .iter()
                .all(|sum| is_cohort(sum.cohort) && sum.subjects.unsigned_abs() < 1 << 48)
            && self.moves.iter().all(|moved| {
                is_cohort(moved.from)
                    && is_cohort(moved.to)
                    && moved.entry < entries
                    && fits(moved.subjects)
            })
            && self
                .registrations
                .is_sorted_by(|one, other| one.0 < other.0)
            && self.registrations.iter().all(|(entry, _)| *entry < entries)
            && self
                .registered_before
                .persons
                .checked_add(entries)
                .is_some()
            && self.registered_before.groups.checked_add(entries).is_some()
    }
}
