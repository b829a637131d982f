//! Which entries bear on some entries? The closed excerpt of a log that [`Facts::excerpt`] is made of.
//!
//! With an entry it has every entry about the same persons and groups, what it replaces or retracts,
//! and what replaces or retracts it. So no step from entry to entry leads out of it, and everything
//! that is derived of a subject in it (what is in force, who is whom, what a group weighs) is
//! derived from entries that are in it.
//!
//! [`Facts::excerpt`]: crate::Facts::excerpt

use std::collections::{BTreeMap, BTreeSet, HashSet};

use amparo_core::entry::Entry;
use amparo_core::id::{EventId, Seq, Subject};

/// How entries of a log are found.
pub trait Lookup {
    /// Why one cannot be.
    type Error;

    /// The entry at a place, which is in the log.
    ///
    /// # Errors
    /// When it cannot be read.
    fn entry(&self, seq: Seq) -> Result<Entry, Self::Error>;

    /// The entries that name a person or group.
    ///
    /// # Errors
    /// When they cannot be found.
    fn naming(&self, subject: Subject) -> Result<Vec<Seq>, Self::Error>;

    /// The entries that replace or retract an event.
    ///
    /// # Errors
    /// When they cannot be found.
    fn targeting(&self, event: EventId) -> Result<Vec<Seq>, Self::Error>;

    /// The entry of an event.
    ///
    /// # Errors
    /// When it cannot be found.
    fn of_event(&self, event: EventId) -> Result<Option<Seq>, Self::Error>;
}

/// These entries and all that bear on them, in log order; none when there are more than so many.
///
/// # Errors
/// As the look-ups have them.
pub fn closed<L: Lookup>(
    log: &L,
    entries: impl IntoIterator<Item = Seq>,
    entries_max: usize,
) -> Result<Option<Vec<Entry>>, L::Error> {
    let mut open: BTreeSet<Seq> = entries.into_iter().collect();
    let mut found = BTreeMap::new();
    let mut subjects = HashSet::new();
    // In log order, as far as it goes: entries that lie together are read together.
    while let Some(seq) = open.pop_first() {
        if found.len() + open.len() >= entries_max {
            return Ok(None);
        }
        let entry = log.entry(seq)?;
        let mut bearing = log.targeting(entry.id)?;
        if let Some(target) = entry.event.target() {
            bearing.extend(log.of_event(target)?);
        }
        for subject in entry.event.subjects() {
            if subjects.insert(subject) {
                bearing.extend(log.naming(subject)?);
            }
        }
        found.insert(seq, entry);
        open.extend(bearing.into_iter().filter(|seq| !found.contains_key(seq)));
    }
    Ok(Some(found.into_values().collect()))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::audit::audit;
    use crate::deltas::{Block, Follower};
    use crate::naive::{february, history};
    use crate::sample::Sample;
    use crate::timeline::timeline;
    use crate::{Facts, Profile, View};

    impl Lookup for Sample {
        type Error = Infallible;

        fn entry(&self, seq: Seq) -> Result<Entry, Infallible> {
            Ok(self.entries[seq.number() as usize].clone())
        }

        fn naming(&self, subject: Subject) -> Result<Vec<Seq>, Infallible> {
            let entries = self.entries.iter();
            let naming = entries.filter(|entry| entry.event.subjects().any(|one| one == subject));
            Ok(naming.map(|entry| entry.seq).collect())
        }

        fn targeting(&self, event: EventId) -> Result<Vec<Seq>, Infallible> {
            let entries = self.entries.iter();
            let targeting = entries.filter(|entry| entry.event.target() == Some(event));
            Ok(targeting.map(|entry| entry.seq).collect())
        }

        fn of_event(&self, event: EventId) -> Result<Option<Seq>, Infallible> {
            let entry = self.entries.iter().find(|entry| entry.id == event);
            Ok(entry.map(|entry| entry.seq))
        }
    }

    /// The facts of these entries and all that bear on them.
    fn excerpt(sample: &Sample, whole: &Block, entries: impl IntoIterator<Item = Seq>) -> Facts {
        let Ok(closed) = closed(sample, entries, usize::MAX);
        Facts::excerpt(&closed.unwrap(), |seq| whole.reference(seq)).unwrap()
    }

    fn whole_block(facts: &Facts) -> Block {
        let mut block = Block::default();
        let mut follower = Follower::at(facts, 0);
        (0..facts.len()).for_each(|_| follower.follow(facts, &mut block));
        block
    }

    /// Everything that is told of one subject, with texts and subjects as they are shown.
    fn told(facts: &Facts, subject: Subject, known: Seq) -> Option<[String; 3]> {
        let id = facts.subject_id(subject)?;
        let (view, head) = (View::known_at(facts, known), View::head(facts));
        let day = february(20);
        let line = timeline(&view, view.root(id), day, &Profile::default()).map(|line| {
            let strand = |strand: &crate::timeline::Strand<'_>| {
                let steps = strand.steps.iter().map(|step| {
                    let place = step.fact.place().map(|place| facts.text(place));
                    format!(
                        "{:?} {:?} {:?} {:?} {:?} {place:?} {:?}",
                        step.seq,
                        step.state,
                        step.bounds,
                        step.in_force,
                        step.put_out_by,
                        facts.replaces(step.fact)
                    )
                });
                let steps: Vec<_> = steps.collect();
                let code = strand.instrument.map(|code| facts.text(code));
                format!("{:?} {code:?} {:?} {steps:?}", strand.axis, strand.standing)
            };
            let strands: Vec<_> = line.strands.iter().map(strand).collect();
            let merged = line.merged.iter().map(|one| facts.shown(*one));
            let merged: Vec<_> = merged.collect();
            let place = line.place.map(|(seq, place)| (seq, facts.text(place)));
            let shown = facts.shown(line.subject);
            format!(
                "{shown} {} {strands:?} {:?} {merged:?} {place:?} {:?}",
                line.weight, line.stays, line.full_freedom
            )
        });
        let audited = audit(&view, &head, view.root(id), day).map(|audited| {
            let others = audited.others.iter();
            let others: Vec<_> = others
                .map(|fact| {
                    (
                        fact.seq,
                        fact.replaced,
                        fact.corrected_since.clone(),
                        fact.holds_today,
                    )
                })
                .collect();
            format!("{others:?} {:?}", audited.learned_since)
        });
        let entries = view
            .entries(id)
            .map(|(seq, _)| (seq, view.is_in_force(seq)));
        let entries = format!("{:?}", entries.collect::<Vec<_>>());
        Some([
            line.unwrap_or_default(),
            audited.unwrap_or_default(),
            entries,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn an_excerpt_tells_of_its_subjects_what_the_whole_log_tells(
            sample in history(),
            known in any::<prop::sample::Index>(),
        ) {
            let facts = sample.facts();
            prop_assume!(!facts.is_empty());
            let whole = whole_block(&facts);
            let known = Seq::new(known.index(facts.len()) as u64);
            let subjects = sample.entries.iter().flat_map(|entry| entry.event.subjects());
            for subject in subjects.collect::<BTreeSet<_>>() {
                let Ok(naming) = sample.naming(subject);
                let part = excerpt(&sample, &whole, naming);
                let (of_part, of_all) = (told(&part, subject, known), told(&facts, subject, known));
                prop_assert_eq!(of_part, of_all, "{:?} at {}", subject, known);
            }
        }

        #[test]
        fn an_excerpt_moves_what_the_whole_log_moves(
            sample in history(),
            known in any::<prop::sample::Index>(),
        ) {
            let facts = sample.facts();
            let known = known.index(facts.len() + 1);
            let mut block = Block::default();
            let mut follower = Follower::at(&facts, 0);
            (0..known).for_each(|_| follower.follow(&facts, &mut block));
            let whole = whole_block(&facts);
            let part = excerpt(&sample, &whole, (known as u64..facts.len() as u64).map(Seq::new));
            let mut follower = Follower::at(&part, known as u64);
            (known..facts.len()).for_each(|_| follower.follow(&part, &mut block));
            prop_assert_eq!(block, whole);
        }
    }

    #[test]
    fn what_bears_on_too_many_is_not_gathered() {
        let arrest = r#""kind":"arrest","person":"p:1","occurred":"2026-02-01""#;
        let sample = Sample::of(&[arrest; 5]);
        let first = || [Seq::new(0)];
        let Ok(all) = closed(&sample, first(), 5);
        assert_eq!(all.map(|entries| entries.len()), Some(5));
        let Ok(none) = closed(&sample, first(), 4);
        assert!(none.is_none());
    }
}
