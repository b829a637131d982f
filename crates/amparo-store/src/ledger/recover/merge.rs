//! The sources side by side: for each place of the log the entry that the most trusted source
//! holds, or that it is lost.
//!
//! Agreement is checked wherever two sources hold the same place, and roots wherever all entries
//! before are there. A copy that disagrees is refused, and so is one that fills a gap with other
//! entries than those lost; the sled store is left out instead, since the journal decides.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use amparo_core::entry::Recorded;
use amparo_core::event::Body;
use amparo_core::id::{LedgerId, Subject};
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::merkle::{Frontier, leaf_hash};

use super::source::{Held, HeldPrivate, Reading, Source};
use super::{Origin, RecoverError};

/// What stands in a place of the log, or in several.
pub(super) enum Place {
    /// An entry.
    Kept(Box<Held>, Origin),
    /// Entries that no source holds.
    Lost(Range<u64>),
}

/// Why the sources do not fit together.
pub(super) enum Unfit {
    /// A copy must not be used, or cannot be read.
    Refused(RecoverError),
    /// The sled store does not hold this log.
    Store,
}

impl From<RecoverError> for Unfit {
    fn from(error: RecoverError) -> Self {
        Self::Refused(error)
    }
}

/// The sources on their way through the log.
pub(super) struct Merge<'s> {
    ledger: LedgerId,
    readings: Vec<Reading<'s>>,
    seq: u64,
    /// The log had at least so many entries.
    reached: u64,
}

impl<'s> Merge<'s> {
    pub(super) fn of(
        ledger: LedgerId,
        sources: &'s [Source<'_>],
        reached: u64,
    ) -> Result<Self, RecoverError> {
        let readings = sources.iter().map(Reading::of).collect::<Result<_, _>>()?;
        Ok(Self {
            ledger,
            readings,
            seq: 0,
            reached,
        })
    }

    /// The next place, or run of lost places; `None` at the end of what is known.
    pub(super) fn next(&mut self) -> Result<Option<Place>, Unfit> {
        for reading in &mut self.readings {
            reading.advance_to(self.seq)?;
        }
        let seq = self.seq;
        let taken: Vec<_> = self
            .readings
            .iter_mut()
            .filter_map(|reading| Some((reading.take(seq)?, reading.origin.clone())))
            .collect();
        if !taken.is_empty() {
            self.seq += 1;
            return self.agree(taken).map(Some);
        }
        let next = self.readings.iter().filter_map(Reading::seq).min();
        let reached = self.readings.iter().map(|reading| reading.reached).max();
        let reached = reached.unwrap_or(0).max(self.reached);
        let end = next.unwrap_or(reached);
        Ok((end > seq).then(|| {
            self.seq = end;
            Place::Lost(seq..end)
        }))
    }

    /// What all sources of a place say in common.
    fn agree(&self, taken: Vec<(Held, Origin)>) -> Result<Place, Unfit> {
        let mut taken = taken.into_iter();
        let Some((mut held, origin)) = taken.next() else {
            return Err(Unfit::Store);
        };
        self.check_opening(&held, &origin)?;
        for (other, from) in taken {
            if other.line != held.line {
                let seq = held.entry.seq.number();
                match (&origin, &from) {
                    (_, Origin::Store) => return Err(Unfit::Store),
                    (_, Origin::Copy(copy)) => {
                        self.check_opening(&other, &from)?;
                        let copy = Origin::Copy(copy.clone());
                        let error = RecoverError::OtherEntry {
                            copy,
                            other: origin,
                            seq,
                        };
                        return Err(error.into());
                    }
                    (_, Origin::Journal) => {}
                }
            }
            if matches!(held.private, HeldPrivate::Nothing) {
                held.private = other.private;
            }
        }
        Ok(Place::Kept(Box::new(held), origin))
    }

    /// An opening of another ledger is no opening of this one.
    fn check_opening(&self, held: &Held, origin: &Origin) -> Result<(), Unfit> {
        let Body::Ledger(opening) = held.entry.event.body() else {
            return Ok(());
        };
        match origin {
            Origin::Copy(copy) if opening.ledger != self.ledger => {
                Err(RecoverError::OtherLedger(copy.clone()).into())
            }
            Origin::Copy(_) | Origin::Journal | Origin::Store => Ok(()),
        }
    }

    /// When the next entry that some source holds was recorded.
    pub(super) fn next_recorded(&self) -> Option<Recorded> {
        let held = self
            .readings
            .iter()
            .filter_map(|reading| reading.next.as_ref());
        let next = held.min_by_key(|held| held.entry.seq);
        next.map(|held| held.entry.recorded)
    }
}

/// What a first reading of all sources found.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) carried: BTreeMap<Origin, u64>,
    pub(super) lost: Vec<Range<u64>>,
    /// How many entries the log is known to have had.
    pub(super) size: u64,
    pub(super) is_end_unknown: bool,
    pub(super) damage: Vec<String>,
    /// The end of the journal that is not a whole batch: no damage by itself.
    pub(super) torn: Option<String>,
    /// The sizes of signed heads that what is left does not extend.
    pub(super) heads_ahead: Vec<u64>,
    /// Whose private fields were erased.
    pub(super) erased: HashSet<Subject>,
}

impl Survey {
    /// Whether the journal alone holds the whole log.
    pub(super) fn is_sound(&self) -> bool {
        let mut others = self
            .carried
            .keys()
            .filter(|origin| **origin != Origin::Journal);
        self.damage.is_empty() && self.lost.is_empty() && others.next().is_none()
    }

    pub(super) fn is_lost(&self, seq: u64) -> bool {
        self.lost.iter().any(|range| range.contains(&seq))
    }
}

/// Reads all sources once.
pub(super) fn survey(
    ledger: LedgerId,
    sources: &[Source<'_>],
    heads: &[SignedCheckpoint],
) -> Result<Survey, Unfit> {
    let signed = heads.iter().map(|head| head.checkpoint().head().size());
    let mut merge = Merge::of(ledger, sources, signed.max().unwrap_or(0))?;
    let mut found = Survey::default();
    let mut proof = Proof {
        tree: Frontier::new(),
        is_exact: true,
        unproven: BTreeSet::new(),
    };
    loop {
        let size = merge.seq;
        let place = merge.next()?;
        proof.hold_against(&mut merge, size, heads, &mut found)?;
        match place {
            None => break,
            Some(Place::Lost(range)) => {
                proof.is_exact = false;
                found.lost.push(range);
            }
            Some(Place::Kept(held, origin)) => {
                proof.tree.push(leaf_hash(&held.line));
                if let (Body::Erasure { .. }, Some(subject)) =
                    (held.entry.event.body(), held.entry.event.subject())
                {
                    found.erased.insert(subject);
                }
                proof.unproven.insert(origin.clone());
                *found.carried.entry(origin).or_default() += 1;
            }
        }
        found.size = merge.seq;
    }
    let beyond = heads.iter().map(|head| head.checkpoint().head().size());
    found
        .heads_ahead
        .extend(beyond.filter(|size| *size > found.size));
    found.heads_ahead.sort_unstable();
    for reading in &mut merge.readings {
        if reading.origin == Origin::Journal {
            found.damage.append(&mut reading.damage);
            found.torn = reading.torn.take();
            found.is_end_unknown = reading.is_end_unknown;
        }
    }
    Ok(found)
}

/// The tree of what was read, as long as nothing is missing from it.
struct Proof {
    tree: Frontier,
    is_exact: bool,
    /// Who gave the entries since the last root that was right.
    unproven: BTreeSet<Origin>,
}

impl Proof {
    /// Compares the tree of a size with every root that a source or a signed head has there.
    fn hold_against(
        &mut self,
        merge: &mut Merge<'_>,
        size: u64,
        heads: &[SignedCheckpoint],
        found: &mut Survey,
    ) -> Result<(), Unfit> {
        let mut roots = Vec::new();
        for reading in &mut merge.readings {
            while let Some(&(of, root)) = reading.roots.front().filter(|(of, _)| *of <= size) {
                reading.roots.pop_front();
                let is_of_copy = matches!(reading.origin, Origin::Copy(_));
                if of == size && !is_of_copy {
                    roots.push((root, reading.origin.clone()));
                }
            }
        }
        for (root, origin) in roots {
            if !self.is_exact {
                continue;
            }
            if root == self.tree.root() {
                self.unproven.clear();
            } else if origin == Origin::Store {
                return Err(Unfit::Store);
            } else {
                self.blame(size, "the journal", found)?;
            }
        }
        for head in heads.iter().map(|head| head.checkpoint().head()) {
            if head.size() != size {
                continue;
            }
            if self.is_exact && head.root() == self.tree.root() {
                self.unproven.clear();
                continue;
            }
            found.heads_ahead.push(size);
            if self.is_exact {
                self.blame(size, "a signed head", found)?;
            }
        }
        Ok(())
    }

    /// Finds who gave what does not lead to a root; where the journal alone did, that is damage.
    fn blame(&mut self, size: u64, whose: &str, found: &mut Survey) -> Result<(), Unfit> {
        if self.unproven.contains(&Origin::Store) {
            return Err(Unfit::Store);
        }
        let copy = self
            .unproven
            .iter()
            .find(|origin| matches!(origin, Origin::Copy(_)));
        if let Some(copy) = copy.cloned() {
            return Err(RecoverError::OtherRoot { copy, size }.into());
        }
        let what = format!("the log of {size} entries has another root than {whose} says");
        found.damage.push(what);
        self.unproven.clear();
        Ok(())
    }
}
