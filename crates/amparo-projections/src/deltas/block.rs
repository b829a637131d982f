//! The moves of a stretch of the log, and the sums of all before it.

use std::collections::{BTreeMap, BTreeSet};

use amparo_core::date::Day;
use amparo_core::id::Seq;
use serde::{Deserialize, Serialize};

use crate::interner::Interner;
use crate::stance::Stance;

/// Entries whose moves are together in a block: one that is full never changes.
pub const BLOCK_ENTRIES: u64 = 1 << 17;

/// On what a subject stands: an axis, and for clemency the instrument by its number in the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Track {
    Custody,
    Case,
    Clemency(u32),
    /// Not an axis: entries in force that name an instrument, which gives it its lines.
    Named(u32),
}

/// All who stand the same on a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Cohort {
    pub(super) track: Track,
    pub(super) stance: Stance,
}

/// So many of a cohort more, from a day on, than the day before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) day: Day,
    pub(super) cohort: u32,
    pub(super) subjects: i64,
}

/// An entry moves so many from one cohort to another, from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// The entry, counted from the first of the block.
    pub(super) entry: u32,
    pub(super) day: Day,
    /// A cohort, or [`Block::NOWHERE`].
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) subjects: u64,
}

/// Persons and groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registered {
    pub(super) persons: u32,
    pub(super) groups: u32,
}

/// A registration: the entry, counted from the first of the block, and whether it is a group's.
pub(super) type Registration = (u32, bool);

/// Where a registration is, seen from a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// In a block before.
    Before,
    /// In this one: the entry.
    At(Seq),
    /// In none up to this one.
    Behind,
}

/// The moves of up to [`BLOCK_ENTRIES`] entries, and the sums of all before them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    pub(super) first: u64,
    /// How many entries were followed.
    pub(super) entries: u32,
    pub(super) instruments: Interner<Box<str>>,
    /// By number, from 1.
    pub(super) cohorts: Interner<Cohort>,
    /// By day and cohort.
    pub(super) before: Vec<Sum>,
    pub(super) moves: Vec<Move>,
    pub(super) registered_before: Registered,
    pub(super) registrations: Vec<Registration>,
}

impl Block {
    /// The number of no cohort: nothing is documented.
    pub(super) const NOWHERE: u32 = 0;

    /// The number of the block, from 0, that an entry is in.
    pub fn number_of(seq: Seq) -> u64 {
        seq.number() / BLOCK_ENTRIES
    }

    /// The number of this block.
    pub fn number(&self) -> u64 {
        self.first / BLOCK_ENTRIES
    }

    /// How many entries of the log are in this block and those before it.
    pub fn size(&self) -> u64 {
        self.first + u64::from(self.entries)
    }

    /// Whether no more entries go into it.
    pub fn is_full(&self) -> bool {
        u64::from(self.entries) >= BLOCK_ENTRIES
    }

    /// The block that follows, without an entry yet.
    #[must_use]
    pub fn next(&self) -> Self {
        let mut sums: Vec<Sum> = self.growth(u64::MAX).collect();
        sums.sort_unstable_by_key(|sum| (sum.day, sum.cohort));
        sums.dedup_by(|next, sum| {
            let is_same = (next.day, next.cohort) == (sum.day, sum.cohort);
            if is_same {
                add(&mut sum.subjects, next.subjects);
            }
            is_same
        });
        sums.retain(|sum| sum.cohort != Self::NOWHERE && sum.subjects != 0);
        let mut next = Self {
            first: self.size(),
            registered_before: self.registered(),
            ..Self::default()
        };
        let used: BTreeSet<u32> = sums.iter().map(|sum| sum.cohort).collect();
        let numbers = next.take_over(self, used);
        for sum in &mut sums {
            sum.cohort = numbers.get(&sum.cohort).copied().unwrap_or(Self::NOWHERE);
        }
        sums.sort_unstable_by_key(|sum| (sum.day, sum.cohort));
        next.before = sums;
        next
    }

    /// By how much cohorts grow from a day on, by the first entries of the block up to one of them.
    pub(super) fn growth(&self, last: u64) -> impl Iterator<Item = Sum> {
        let moves = self.moves.iter();
        let moves = moves.take_while(move |moved| u64::from(moved.entry) <= last);
        let moves = moves.flat_map(|moved| {
            let subjects = moved.subjects.cast_signed();
            [(moved.from, -subjects), (moved.to, subjects)].map(|(cohort, subjects)| Sum {
                day: moved.day,
                cohort,
                subjects,
            })
        });
        self.before.iter().copied().chain(moves)
    }

    /// Gives cohorts of another block numbers in this one, by what they are and not by when they came, and
    /// answers the new number of each.
    fn take_over(&mut self, from: &Self, cohorts: BTreeSet<u32>) -> BTreeMap<u32, u32> {
        let cohorts = cohorts.into_iter();
        let cohorts = cohorts.filter_map(|number| Some((from.cohort(number)?, number)));
        let cohorts = cohorts.map(|(cohort, number)| {
            let (axis, code) = match cohort.track {
                Track::Custody => (0, ""),
                Track::Case => (1, ""),
                Track::Clemency(code) => (2, from.instrument(code)),
                Track::Named(code) => (3, from.instrument(code)),
            };
            ((axis, code, cohort.stance), (number, cohort.track))
        });
        let cohorts: BTreeMap<_, _> = cohorts.collect();
        let renumbered = cohorts
            .into_iter()
            .map(|((_, code, stance), (old, track))| {
                let track = match track {
                    Track::Custody | Track::Case => track,
                    Track::Clemency(_) => Track::Clemency(self.instrument_number(code)),
                    Track::Named(_) => Track::Named(self.instrument_number(code)),
                };
                (old, self.cohort_number(Cohort { track, stance }))
            });
        renumbered.collect()
    }

    /// The number of an instrument, which is added if it is new.
    pub(super) fn instrument_number(&mut self, code: &str) -> u32 {
        self.instruments.intern(code, || code.into())
    }

    /// The number of a cohort, which is added if it is new.
    pub(super) fn cohort_number(&mut self, cohort: Cohort) -> u32 {
        if cohort.stance == Stance::default() && !matches!(cohort.track, Track::Named(_)) {
            return Self::NOWHERE;
        }
        self.cohorts.intern(&cohort, || cohort) + 1
    }

    fn cohort(&self, number: u32) -> Option<Cohort> {
        let at = number.checked_sub(1)?;
        self.cohorts.value(at).copied()
    }

    pub(super) fn instrument(&self, number: u32) -> &str {
        self.instruments.value(number).map_or("", |code| code)
    }

    /// How many were registered in this block and those before it.
    pub(super) fn registered(&self) -> Registered {
        let groups = self.registrations.iter().filter(|(_, is_group)| *is_group);
        let groups = groups.count() as u32;
        Registered {
            persons: self.registered_before.persons + self.registrations.len() as u32 - groups,
            groups: self.registered_before.groups + groups,
        }
    }

    /// The entry that registered a person or group, by the number of the reference (`p7`, `g1`): that
    /// of this block, or whether to look before it or behind it.
    pub fn registration(&self, is_group: bool, number: u32) -> Whereabouts {
        let before = self.registered_before.of(is_group);
        if number <= before {
            return Whereabouts::Before;
        }
        let mut of_kind = self
            .registrations
            .iter()
            .filter(|(_, group)| *group == is_group);
        match of_kind.nth((number - before - 1) as usize) {
            Some((entry, _)) => Whereabouts::At(Seq::new(self.first + u64::from(*entry))),
            None => Whereabouts::Behind,
        }
    }

    /// The number in the reference of whom an entry of this block registered; none for an entry that
    /// registers nobody.
    pub fn reference(&self, seq: Seq) -> Option<u32> {
        let entry = seq.number().checked_sub(self.first)?;
        let at = self
            .registrations
            .binary_search_by_key(&entry, |(entry, _)| u64::from(*entry));
        let (_, is_group) = *self.registrations.get(at.ok()?)?;
        let up_to = self.registrations.iter().take(at.ok()? + 1);
        let of_kind = up_to.filter(|(_, group)| *group == is_group).count();
        Some(self.registered_before.of(is_group) + of_kind as u32)
    }
}

/// Adds to a sum. What a log gives is far from the bounds; bytes from elsewhere must not panic.
pub(super) fn add(sum: &mut i64, more: i64) {
    *sum = sum.saturating_add(more);
}

impl Registered {
    fn of(self, is_group: bool) -> u32 {
        match is_group {
            true => self.groups,
            false => self.persons,
        }
    }
}
