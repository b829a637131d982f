//! What are the totals after each entry, and after each day?
//!
//! [`RunningTotals`] follows the log and keeps the totals of one day and one profile up to date.
//! An entry costs as much as the subjects it touches, a move to another day as much as the
//! subjects for whom something lies between the two days. What it answers is always what
//! [`totals`](crate::totals::totals) answers of the same entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Included};

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_core::force::InForce;
use amparo_core::id::{Seq, Subject};
use amparo_core::kind::Kind;

use crate::ReadModel;
use crate::courses::{Courses, step_of};
use crate::fact::{Particulars, SubjectId, TextId};
use crate::facts::{ApplyError, Facts};
use crate::merging::Merging;
use crate::profile::Profile;
use crate::totals::{Cell, Tally, TotalsRow, standings};
use crate::view::GroupWeight;

/// The totals of a log as it grows.
#[derive(Debug, Clone)]
pub struct RunningTotals {
    facts: Facts,
    in_force: InForce,
    merging: Merging,
    /// Those merged into a subject.
    members: HashMap<SubjectId, Vec<SubjectId>>,
    /// The groups that a person was told apart from, by entries in force or not.
    identified_from: HashMap<SubjectId, Vec<SubjectId>>,
    /// The entries about each subject, before merges.
    entries: Vec<Vec<u32>>,
    /// What each subject adds to the tally.
    added: Vec<Vec<(Cell, Count)>>,
    /// The status entries whose bounds or point are a day.
    turning_days: BTreeMap<Day, Vec<u32>>,
    /// How many entries in force name an instrument.
    instruments: HashMap<TextId, usize>,
    tally: Tally,
    as_of: Day,
    profile: Profile,
}

impl RunningTotals {
    /// The totals of an empty log at the end of a day.
    pub fn new(as_of: Day, profile: Profile) -> Self {
        Self {
            facts: Facts::default(),
            in_force: InForce::default(),
            merging: Merging::default(),
            members: HashMap::new(),
            identified_from: HashMap::new(),
            entries: Vec::new(),
            added: Vec::new(),
            turning_days: BTreeMap::new(),
            instruments: HashMap::new(),
            tally: Tally::default(),
            as_of,
            profile,
        }
    }

    /// The totals of a log read before, at once: for a series of days.
    pub fn of(facts: Facts, as_of: Day, profile: Profile) -> Self {
        let mut running = Self::new(as_of, profile);
        running.facts = facts;
        // `Facts` holds fewer entries than 2^32.
        for position in 0..running.facts.len() as u32 {
            let target = running.facts.at(position).target().map(Seq::number);
            running.in_force.push(target);
            running.index(position);
        }
        for position in 0..running.facts.len() as u32 {
            if let (true, Some(code)) = (
                running.holds(position),
                running.facts.at(position).instrument(),
            ) {
                *running.instruments.entry(code).or_default() += 1;
                running.tally.open(code);
            }
        }
        running.merge_anew();
        let subjects = 0..running.facts.subject_count() as u32;
        running.refresh(subjects.map(SubjectId::new).collect());
        running
    }

    /// The entries so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The day that the totals are of.
    pub fn as_of(&self) -> Day {
        self.as_of
    }

    /// The totals, with the same rows as [`totals`](crate::totals::totals).
    pub fn rows(&self) -> Vec<TotalsRow> {
        self.tally.rows(&self.facts, &self.profile, &[])
    }

    /// Moves to another day, earlier or later.
    pub fn move_to(&mut self, as_of: Day) {
        let (from, to) = (self.as_of.min(as_of), self.as_of.max(as_of));
        self.as_of = as_of;
        if from == to {
            return;
        }
        let stay = self.profile.shortest_stay_days().saturating_sub(1);
        let earlier = |day: Day| day.minus_days(stay).unwrap_or(Day::MIN);
        let mut touched = BTreeSet::new();
        for (from, to) in [(from, to), (earlier(from), earlier(to))] {
            if from < to {
                let turning = self.turning_days.range((Excluded(from), Included(to)));
                let positions = turning.flat_map(|(_, positions)| positions);
                touched.extend(positions.filter_map(|n| self.root_of_entry(*n)));
            }
        }
        self.refresh(touched);
    }

    fn root(&self, subject: SubjectId) -> SubjectId {
        let root = self.merging.roots.get(&subject);
        root.copied().unwrap_or(subject)
    }

    fn root_of_entry(&self, position: u32) -> Option<SubjectId> {
        let subject = self.facts.at(position).subject()?;
        Some(self.root(subject))
    }

    fn holds(&self, position: u32) -> bool {
        self.in_force.holds(position.into())
    }

    /// Notes the entry in the lists of this model.
    fn index(&mut self, position: u32) {
        self.entries
            .resize_with(self.facts.subject_count(), Vec::new);
        self.added.resize_with(self.facts.subject_count(), Vec::new);
        let fact = *self.facts.at(position);
        let Some(subject) = fact.subject() else {
            return;
        };
        self.entries[subject.index()].push(position);
        if let Particulars::Identification { person } = fact.particulars() {
            self.identified_from
                .entry(*person)
                .or_default()
                .push(subject);
        }
        if let Some(span) = fact.span().filter(|_| fact.kind().state().is_some()) {
            let mut days = vec![span.lo(), span.point(), span.hi()];
            days.dedup();
            for day in days {
                self.turning_days.entry(day).or_default().push(position);
            }
        }
    }

    /// Counts how often each instrument is named by entries in force.
    fn name_instrument(&mut self, position: u32) {
        let Some(code) = self.facts.at(position).instrument() else {
            return;
        };
        let holds = self.holds(position);
        let named = self.instruments.entry(code).or_default();
        if holds {
            *named += 1;
        } else {
            *named -= 1;
        }
    }

    /// Follows the merges among these entries, and answers whom that touches.
    fn merge(&mut self, changed: &[u32]) -> BTreeSet<SubjectId> {
        let of_merges = changed
            .iter()
            .filter(|n| self.facts.at(**n).kind() == Kind::Merge);
        match of_merges.copied().collect::<Vec<_>>()[..] {
            [] => BTreeSet::new(),
            [one] => self.merge_one(one).unwrap_or_else(|| self.merge_anew()),
            _ => self.merge_anew(),
        }
    }

    /// Adds a merge that only moves a person, and those merged into it, to another: the usual
    /// case, without a look at all other merges. `None` if it is not that.
    fn merge_one(&mut self, position: u32) -> Option<BTreeSet<SubjectId>> {
        let fact = self.facts.at(position);
        let (from, into) = (fact.subject()?, self.root(fact.second_subject()?));
        let is_new = self.in_force.len() == u64::from(position) + 1;
        let is_plain = self.merging.closing_a_circle.is_empty() && into != from;
        if !is_new || !is_plain || self.root(from) != from {
            return None;
        }
        let mut moved = self.members.remove(&from).unwrap_or_default();
        moved.push(from);
        let mut touched = BTreeSet::from([from, into]);
        for subject in &moved {
            self.merging.roots.insert(*subject, into);
            touched.extend(self.identified_from.get(subject).into_iter().flatten());
        }
        self.members.entry(into).or_default().extend(moved);
        Some(touched)
    }

    /// Settles all merges anew.
    fn merge_anew(&mut self) -> BTreeSet<SubjectId> {
        let in_force = self.facts.merging.iter().copied();
        let in_force = in_force.filter(|n| self.holds(*n));
        let merging = Merging::new(&self.facts, in_force);
        let before = std::mem::replace(&mut self.merging, merging);
        let mut touched = BTreeSet::new();
        for subject in before.roots.keys().chain(self.merging.roots.keys()) {
            let was = before.roots.get(subject).unwrap_or(subject);
            let is = self.root(*subject);
            if *was != is {
                touched.extend([*was, is]);
                touched.extend(self.identified_from.get(subject).into_iter().flatten());
            }
        }
        self.members.clear();
        for (subject, root) in &self.merging.roots {
            self.members.entry(*root).or_default().push(*subject);
        }
        touched
    }

    fn refresh(&mut self, touched: BTreeSet<SubjectId>) {
        for subject in touched {
            let standings = self.standings(subject);
            let before = std::mem::replace(&mut self.added[subject.index()], standings);
            for (cell, count) in before {
                self.tally.subtract(cell, count);
            }
            for (cell, count) in &self.added[subject.index()] {
                self.tally.add(*cell, *count);
            }
        }
    }

    /// What a subject adds to the tally; nothing for one whose entries belong to another.
    fn standings(&self, subject: SubjectId) -> Vec<(Cell, Count)> {
        let mut cells = Vec::new();
        let weight = self.weight(subject);
        if self.root(subject) != subject || weight == 0 {
            return cells;
        }
        let members = self.members.get(&subject).into_iter().flatten();
        let positions = std::iter::once(&subject)
            .chain(members)
            .flat_map(|member| &self.entries[member.index()]);
        let steps = positions
            .filter(|n| self.holds(**n))
            .filter_map(|n| step_of(*n, self.facts.at(*n)));
        standings(
            &Courses::new(steps),
            self.as_of,
            &self.profile,
            |cell, one| {
                cells.push((cell, one.times(weight)));
            },
        );
        cells
    }

    fn weight(&self, subject: SubjectId) -> u64 {
        if !matches!(self.facts.subject(subject), Some(Subject::Group(_))) {
            return 1;
        }
        let mut size = None;
        let mut identified = BTreeSet::new();
        for n in &self.entries[subject.index()] {
            if !self.holds(*n) {
                continue;
            }
            match self.facts.at(*n).particulars() {
                Particulars::Group { size: stated, .. } => size = stated.map(u64::from).or(size),
                Particulars::Identification { person } => {
                    identified.insert(self.root(*person));
                }
                _ => {}
            }
        }
        let identified = identified.len() as u64;
        GroupWeight { size, identified }.weight()
    }
}

impl ReadModel for RunningTotals {
    fn apply(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        self.facts.apply(entry)?;
        let position = self.in_force.len() as u32;
        let target = self.facts.at(position).target().map(Seq::number);
        let mut changed: Vec<_> = self.in_force.push(target);
        changed.push(position.into());
        // Positions come from this model's own entries, of which there are fewer than 2^32.
        let changed: Vec<_> = changed.into_iter().map(|n| n as u32).collect();

        self.index(position);
        let mut touched = BTreeSet::new();
        for n in &changed {
            self.name_instrument(*n);
            touched.extend(self.root_of_entry(*n));
        }
        touched.extend(self.merge(&changed));
        self.refresh(touched);
        for n in &changed {
            if let Some(code) = self.facts.at(*n).instrument() {
                match self.instruments.get(&code) {
                    None | Some(0) => self.tally.close(code),
                    Some(_) => self.tally.open(code),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    /// The naive model checks the rest; this is the chain that random histories seldom make.
    #[test]
    fn a_merge_of_two_told_apart_from_a_group_gives_it_back_its_weight() {
        let mut sample = Sample::default();
        let mut running = RunningTotals::new(day("2026-02-10"), Profile::default());
        for (draft, held) in [
            (r#""kind":"group","group":"g:1","size":3"#, 0),
            (
                r#""kind":"house-arrest","group":"g:1","occurred":"2026-02-01""#,
                3,
            ),
            (r#""kind":"identification","group":"g:1","person":"p:1""#, 2),
            (r#""kind":"identification","group":"g:1","person":"p:2""#, 1),
            (r#""kind":"merge","person":"p:2","into":"p:1""#, 2),
            (r#""kind":"merge","person":"p:1","into":"p:3""#, 2),
            (r#""kind":"retraction","entry":"@4""#, 1),
            (r#""kind":"retraction","entry":"@6""#, 2),
        ] {
            sample.add(draft);
            running.apply(sample.entries.last().unwrap()).unwrap();
            let total = running.rows().last().map(|row| row.total.count);
            assert_eq!(total, Some(held), "{draft}");
        }
    }

    #[test]
    fn an_entry_out_of_turn_changes_nothing() {
        let sample = Sample::of(&[r#""kind":"arrest","person":"p:1","occurred":"2026-02-01""#]);
        let mut running = RunningTotals::new(day("2026-02-10"), Profile::default());
        running.apply(&sample.entries[0]).unwrap();
        let before = running.rows();
        assert!(running.apply(&sample.entries[0]).is_err());
        assert_eq!(running.rows(), before);
        assert_eq!(running.facts().len(), 1);
    }
}
