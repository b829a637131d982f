//! The deltas of a long log, kept from run to run: totals of any past state, and the few people
//! that a question is about, without reading the log.
//!
//! One file a block; the last one grows with the log, and those before it never change. They lag behind
//! like everything that is kept: [`KeptDeltas::open`] brings the last block up to the head from
//! an excerpt of the log while few entries are missing, and leaves the question to the facts when
//! many are; [`keep`] catches up with those. `verify` and `replay --check` hold them against the log,
//! as they do facts.

use std::cell::RefCell;

use amparo_core::date::{Day, Period};
use amparo_core::id::Seq;
use amparo_projections::deltas::{BLOCK_ENTRIES, Block, Follower, Whereabouts};
use amparo_projections::series::{Every, Series};
use amparo_projections::totals::TotalsRow;
use amparo_projections::{Facts, Profile};
use amparo_store::ledger::Ledger;

use crate::error::Failure;
use crate::lookups;

const PREFIX: &str = "deltas-";
/// The shortest log whose deltas are kept: a shorter one is read about as fast.
const LOG_ENTRIES_MIN: u64 = 1024;
/// So many entries may be missing, and one in so many of the log: about where looking up each of
/// them takes as long as reading the facts.
const MISSING_MAX: u64 = 64;
const MISSING_FRACTION: u64 = 4096;
/// When so many were looked up, they are kept, so that nobody looks them up again.
const KEEP_ENTRIES_MIN: u64 = 8;

/// The name under which a block is kept.
pub fn name(block: u64) -> String {
    format!("{PREFIX}{block:04}")
}

/// Whether a block is kept under a name.
pub fn is_name(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// How many entries the kept deltas may lack for a question to be answered from them.
fn missing_max(size: u64) -> u64 {
    MISSING_MAX.max(size / MISSING_FRACTION)
}

/// The deltas of a ledger up to its head.
pub struct KeptDeltas<'l> {
    ledger: &'l Ledger,
    last: Block,
    /// The block before it that was read last.
    recent: RefCell<Option<Block>>,
}

impl<'l> KeptDeltas<'l> {
    /// The deltas up to the head; none where the facts answer as soon.
    ///
    /// # Errors
    /// Integrity, when an entry cannot be read.
    pub fn open(ledger: &'l Ledger) -> Result<Option<Self>, Failure> {
        let size = ledger.head().size;
        if size < LOG_ENTRIES_MIN {
            return Ok(None);
        }
        let Some(mut last) = last_block(ledger) else {
            return Ok(None);
        };
        let missing = size - last.size();
        if missing > missing_max(size) {
            return Ok(None);
        }
        if missing > 0 {
            let Some(entries) = lookups::bearing_on(ledger, (last.size()..size).map(Seq::new))?
            else {
                return Ok(None);
            };
            let facts = lookups::facts(&entries, |_| None)?;
            let keep = missing >= KEEP_ENTRIES_MIN;
            follow(ledger, &facts, &mut last, keep);
        }
        Ok(Some(Self {
            ledger,
            last,
            recent: RefCell::default(),
        }))
    }

    /// The totals at coordinates, with the rows of [`totals`](amparo_projections::totals::totals);
    /// none for a question that the deltas do not answer.
    pub fn totals(&self, known_at: Seq, as_of: Day, profile: &Profile) -> Option<Vec<TotalsRow>> {
        let number = Block::number_of(known_at);
        self.with_block(number, |block| block.totals(known_at, as_of, profile))?
    }

    /// The totals over a period at a known-at, as [`series`](amparo_projections::series::series)
    /// gives them; none for a question that the deltas do not answer.
    ///
    /// # Errors
    /// Usage, for more days than a series has.
    pub fn series(
        &self,
        known_at: Seq,
        period: Period,
        every: Every,
        profile: &Profile,
    ) -> Result<Option<Series>, Failure> {
        let number = Block::number_of(known_at);
        let series = self.with_block(number, |block| {
            block.series(known_at, period, every, profile)
        });
        let series = series.transpose().map(Option::flatten);
        series.map_err(|error| Failure::usage(error.to_string()))
    }

    /// The entry that registered whom a reference names: `p7`, `g1`.
    pub fn registration(&self, reference: &str) -> Option<Seq> {
        let (is_group, number) = match reference.split_at_checked(1)? {
            ("p", number) => (false, number),
            ("g", number) => (true, number),
            _ => return None,
        };
        let number: u32 = number.parse().ok()?;
        // The first block that has it, by halves.
        let (mut from, mut to) = (0, self.last.number());
        while from <= to {
            let half = from + (to - from) / 2;
            match self.with_block(half, |block| block.registration(is_group, number))? {
                Whereabouts::At(seq) => return Some(seq),
                Whereabouts::Behind => from = half + 1,
                Whereabouts::Before => to = half.checked_sub(1)?,
            }
        }
        None
    }

    /// The number in the reference of whom an entry registered.
    pub fn number(&self, registration: Seq) -> Option<u32> {
        let block = Block::number_of(registration);
        self.with_block(block, |block| block.reference(registration))?
    }

    fn with_block<R>(&self, number: u64, ask: impl FnOnce(&Block) -> R) -> Option<R> {
        if number == self.last.number() {
            return Some(ask(&self.last));
        }
        let mut recent = self.recent.borrow_mut();
        let is_other = recent.as_ref().is_none_or(|block| block.number() != number);
        if is_other {
            *recent = kept(self.ledger, number).filter(Block::is_full);
        }
        recent.as_ref().map(ask)
    }
}

/// Brings the deltas of a long log up to the facts of all of it, where they lack more than a question
/// may look up.
pub fn keep(ledger: &Ledger, facts: &Facts) {
    let size = facts.len() as u64;
    if size < LOG_ENTRIES_MIN {
        return;
    }
    let mut last = last_block(ledger).unwrap_or_default();
    if size - last.size().min(size) > missing_max(size) {
        follow(ledger, facts, &mut last, true);
    }
}

/// Gives each block that is kept, with the last entry that it knows, beside what the facts of the whole log
/// give there.
pub fn each_beside(ledger: &Ledger, facts: &Facts, mut take: impl FnMut(Seq, &Block, &Block)) {
    let mut follower = Follower::at(facts, 0);
    let mut anew = Block::default();
    let mut beside = kept(ledger, 0);
    for seq in facts.seqs() {
        if anew.is_full() {
            anew = anew.next();
            beside = kept(ledger, anew.number());
        }
        follower.follow(facts, &mut anew);
        if let Some(kept) = beside.take_if(|kept| kept.size() == anew.size()) {
            take(seq, &kept, &anew);
        }
    }
}

/// Adds the moves of all entries beyond a block, and of the blocks after it, to which it goes on.
fn follow(ledger: &Ledger, facts: &Facts, last: &mut Block, keep: bool) {
    let size = ledger.head().size;
    let mut follower = Follower::at(facts, last.size());
    let store = |block: &Block| {
        if let (true, Ok(bytes)) = (keep, block.pack()) {
            ledger.keep(&name(block.number()), block.size(), &bytes);
        }
    };
    while last.size() < size {
        if last.is_full() {
            *last = last.next();
        }
        follower.follow(facts, last);
        if last.is_full() {
            store(last);
        }
    }
    if !last.is_full() {
        store(last);
    }
}

/// The last block that is kept. One before it may be gone or damaged: what it would answer, the facts do.
fn last_block(ledger: &Ledger) -> Option<Block> {
    let newest = ledger.head().size.checked_sub(1)? / BLOCK_ENTRIES;
    (0..=newest).rev().find_map(|number| kept(ledger, number))
}

fn kept(ledger: &Ledger, number: u64) -> Option<Block> {
    let kept = ledger.kept(&name(number))?;
    let block = Block::unpack(kept.bytes()).ok()?;
    (block.number() == number && block.size() == kept.size()).then_some(block)
}
