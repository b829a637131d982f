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

use crate::ReadModel;
use crate::fact::{SubjectId, TextId};
use crate::facts::{ApplyError, Facts};
use crate::following::Following;
use crate::profile::Profile;
use crate::totals::{Cell, Tally, TotalsRow, standings};

/// The totals of a log as it grows.
#[derive(Debug, Clone)]
pub struct RunningTotals {
    facts: Facts,
    following: Following,
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
            following: Following::default(),
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
        running.following = Following::at(&facts, facts.len());
        running.facts = facts;
        // `Facts` holds fewer entries than 2^32.
        for position in 0..running.facts.len() as u32 {
            running.index(position);
            let code = running.facts.at(position).instrument();
            if let (true, Some(code)) = (running.following.holds(position), code) {
                *running.instruments.entry(code).or_default() += 1;
                running.tally.open(code);
            }
        }
        let subjects = 0..running.facts.subject_count() as u32;
        running.refresh(subjects.map(SubjectId::new));
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
        self.tally
            .rows(|code| self.facts.text(code), &self.profile, &[])
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
                touched.extend(
                    positions.filter_map(|n| self.following.root_of_entry(&self.facts, *n)),
                );
            }
        }
        self.refresh(touched);
    }

    /// Notes the entry in the lists of this model.
    fn index(&mut self, position: u32) {
        self.added.resize_with(self.facts.subject_count(), Vec::new);
        let fact = self.facts.at(position);
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
        let holds = self.following.holds(position);
        let named = self.instruments.entry(code).or_default();
        if holds {
            *named += 1;
        } else {
            *named -= 1;
        }
    }

    fn refresh(&mut self, touched: impl IntoIterator<Item = SubjectId>) {
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
        let weight = self.following.weight(&self.facts, subject);
        let courses = self.following.courses(&self.facts, subject, |_| true);
        let Some(courses) = courses.filter(|_| weight > 0) else {
            return cells;
        };
        standings(&courses, self.as_of, &self.profile, |cell, one| {
            cells.push((cell, one.times(weight)));
        });
        cells
    }
}

impl ReadModel for RunningTotals {
    fn apply(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        self.facts.apply(entry)?;
        let touched = self.following.push(&self.facts);
        // `Facts` holds fewer entries than 2^32.
        self.index(self.facts.len() as u32 - 1);
        for n in &touched.entries {
            self.name_instrument(*n);
        }
        self.refresh(touched.subjects);
        for n in &touched.entries {
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
