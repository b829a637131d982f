//! What is known at an entry: the first so many entries of the log, and what they say together.
//!
//! A view decides which entries are in force, whom they belong to after merges, and what a group
//! weighs (design section 3); it gives each subject's courses. It borrows the facts and changes
//! nothing, so that any past state can be rebuilt beside the present one. Building one is linear
//! in the entries, with a few bytes for each.

use std::collections::BTreeMap;

use amparo_core::date::Day;
use amparo_core::event::Publication;
use amparo_core::id::{Seq, Subject};
use amparo_core::kind::{Axis, Kind};
use amparo_core::planted::{Bug, is_planted};

use crate::courses::{Courses, step_of};
use crate::fact::{Fact, Particulars, SubjectId, TextId};
use crate::facts::Facts;
use crate::filter::Filter;
use crate::merging::Merging;
use crate::trail::Trail;

/// The first entries of a log, and what they say together.
#[derive(Debug, Clone)]
pub struct View<'a> {
    facts: &'a Facts,
    size: usize,
    in_force: Vec<bool>,
    left_out: Option<Vec<bool>>,
    /// Whom the view is confined to.
    only: Option<Vec<bool>>,
    /// What is corrected by what, in order.
    corrections: Vec<(Seq, Seq)>,
    merging: Merging,
    /// Whom each subject's entries belong to.
    roots: Vec<SubjectId>,
    weights: BTreeMap<SubjectId, GroupWeight>,
    /// For each subject, where its entries start in `entries`; one more than there are subjects.
    starts: Vec<u32>,
    entries: Vec<u32>,
}

/// What a group counts for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupWeight {
    /// Its size, as last stated.
    pub size: Option<u64>,
    /// How many distinct persons were told apart from it.
    pub identified: u64,
}

impl GroupWeight {
    /// The size less those told apart, never below 0; a group of unknown size counts for none.
    pub fn weight(self) -> u64 {
        self.size.unwrap_or(0).saturating_sub(self.identified)
    }
}

impl<'a> View<'a> {
    /// What the whole log says.
    pub fn head(facts: &'a Facts) -> Self {
        Self::of(facts, facts.len())
    }

    /// What was known at an entry: the log up to it, the entry included.
    ///
    /// A sequence beyond the head is the head.
    pub fn known_at(facts: &'a Facts, seq: Seq) -> Self {
        Self::of(facts, facts.before(seq.number().saturating_add(1)))
    }

    /// What was known before the first entry: nothing.
    pub fn nothing(facts: &'a Facts) -> Self {
        Self::of(facts, 0)
    }

    fn of(facts: &'a Facts, size: usize) -> Self {
        let mut view = Self {
            facts,
            size,
            in_force: from_the_newest_back(facts, size),
            left_out: None,
            only: None,
            corrections: Vec::new(),
            merging: Merging::default(),
            roots: Vec::new(),
            weights: BTreeMap::new(),
            starts: Vec::new(),
            entries: Vec::new(),
        };
        view.sort_corrections();
        view.merge();
        view.weigh();
        view.sort_by_subject();
        view
    }

    /// The same view in which only those status entries count that pass.
    ///
    /// Corrections, merges, groups and identifications hold as before: a filter asks on whose
    /// word a state rests, not who is whom.
    pub fn filtered(mut self, passes: impl Fn(Seq, &Fact) -> bool) -> Self {
        let leave_out = |(n, fact): (usize, &Fact)| {
            fact.kind().axis().is_some() && !passes(self.facts.seq_at(n as u32), fact)
        };
        let facts = &self.facts.all()[..self.size];
        self.left_out = Some(facts.iter().enumerate().map(leave_out).collect());
        self
    }

    /// The same view confined to those subjects, after merges, that are kept.
    ///
    /// Nobody else is among [`subjects`](Self::subjects), so nobody else is counted or reported.
    pub fn confined(mut self, keeps: impl Fn(&Self, SubjectId) -> bool) -> Self {
        let mut only = vec![false; self.roots.len()];
        for subject in self.subjects() {
            only[subject.index()] = keeps(&self, subject);
        }
        self.only = Some(only);
        self
    }

    /// The view of which a filter asks at the end of a day: only the entries on whose word it
    /// asks, and only those of whom it asks.
    pub fn asked(self, filter: &Filter, as_of: Day) -> Self {
        let view = self.on_word_of(filter);
        match filter.asks_of_whom() {
            true => view.confined(|view, subject| filter.keeps(view, subject, as_of)),
            false => view,
        }
    }

    /// The view of the entries on whose word a filter asks, of everybody.
    pub fn on_word_of(self, filter: &Filter) -> Self {
        let facts = self.facts;
        match filter.is_empty() {
            true => self,
            false => self.filtered(|_, fact| filter.counts(facts, fact)),
        }
    }

    /// The facts that this is a view of.
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// How many entries are known.
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether no entry is known.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// The last entry known.
    pub fn last(&self) -> Option<Seq> {
        let last = self.size.checked_sub(1)?;
        Some(self.facts.seq_at(last as u32))
    }

    /// An entry, if it is known.
    pub fn fact(&self, seq: Seq) -> Option<&'a Fact> {
        self.position(seq).map(|n| self.facts.at(n))
    }

    /// Whether an entry is in force; one that is not known is not.
    pub fn is_in_force(&self, seq: Seq) -> bool {
        self.position(seq)
            .is_some_and(|n| self.in_force[n as usize])
    }

    /// Whether an entry counts: it is in force and no filter leaves it out.
    pub fn counts(&self, seq: Seq) -> bool {
        self.position(seq).is_some_and(|n| self.counts_at(n))
    }

    /// The known entries that replace or retract an entry, in log order, in force or not.
    pub fn corrections_of(&self, seq: Seq) -> impl Iterator<Item = Seq> + '_ {
        let first = self
            .corrections
            .partition_point(|(target, _)| *target < seq);
        self.corrections[first..]
            .iter()
            .take_while(move |(target, _)| *target == seq)
            .map(|(_, by)| *by)
    }

    /// The merges in force that are disregarded, since each would close a circle.
    pub fn merges_closing_a_circle(&self) -> &[Seq] {
        &self.merging.closing_a_circle
    }

    /// Whom the entries of a subject belong to.
    pub fn root(&self, subject: SubjectId) -> SubjectId {
        self.roots.get(subject.index()).copied().unwrap_or(subject)
    }

    /// Those whose entries belong to a subject by merges, in the order of first mention.
    pub fn merged_into(&self, subject: SubjectId) -> Vec<SubjectId> {
        let merged = self.merging.roots.iter();
        let mut merged: Vec<_> = merged
            .filter(|(_, root)| **root == subject)
            .map(|(from, _)| *from)
            .collect();
        merged.sort_unstable();
        merged
    }

    /// The subjects that are known, after merges, in the order of first mention.
    pub fn subjects(&self) -> impl Iterator<Item = SubjectId> + '_ {
        (0..self.roots.len() as u32)
            .map(SubjectId::new)
            .filter(|subject| self.root(*subject) == *subject)
            .filter(|subject| !self.positions(*subject).is_empty())
            .filter(|subject| self.only.as_ref().is_none_or(|only| only[subject.index()]))
    }

    /// What a subject counts for: 1 for a person, its weight for a group.
    pub fn weight(&self, subject: SubjectId) -> u64 {
        match self.facts.subject(subject) {
            Some(Subject::Group(_)) => self.group(subject).weight(),
            Some(Subject::Person(_)) => 1,
            None => 0,
        }
    }

    /// What is known of the size of a group.
    pub fn group(&self, group: SubjectId) -> GroupWeight {
        self.weights.get(&group).copied().unwrap_or_default()
    }

    /// The known entries of a subject after merges, in log order, in force or not: those about
    /// it, and those that identify it or merge another into it.
    pub fn entries(&self, subject: SubjectId) -> impl Iterator<Item = (Seq, &'a Fact)> + '_ {
        self.positions(self.root(subject))
            .iter()
            .map(|n| (self.facts.seq_at(*n), self.facts.at(*n)))
    }

    /// The courses of a subject after merges.
    pub fn courses(&self, subject: SubjectId) -> Courses {
        let positions = self.positions(self.root(subject)).iter();
        let steps = positions
            .filter(|n| self.counts_at(**n))
            .filter_map(|n| step_of(self.facts.seq_at(*n), self.facts.at(*n)));
        Courses::new(self.facts, steps)
    }

    /// The custody entries and transfers of a subject that count and that the point dates have
    /// reached at the end of a day, in their order.
    pub fn moves(&self, subject: SubjectId, as_of: Day) -> Vec<(Seq, &'a Fact)> {
        self.reached(subject, as_of, |kind| kind.axis() == Some(Axis::Custody))
    }

    /// The entries of some kinds of a subject that count and that the point dates have reached
    /// at the end of a day, in their order.
    pub fn reached(
        &self,
        subject: SubjectId,
        as_of: Day,
        of_kind: impl Fn(Kind) -> bool,
    ) -> Vec<(Seq, &'a Fact)> {
        let trail = self.trail(subject);
        let reached = trail.reached(as_of).iter();
        reached
            .filter(|(_, fact)| of_kind(fact.kind()))
            .copied()
            .collect()
    }

    /// Where a subject is at the end of a day: see [`Trail::place`].
    pub fn place(&self, subject: SubjectId, as_of: Day) -> Option<(Seq, TextId)> {
        self.trail(subject).place(as_of)
    }

    /// What counts of a subject after merges, in the order of its dates.
    pub fn trail(&self, subject: SubjectId) -> Trail<'a> {
        Trail::new(self.entries(subject).filter(|(seq, _)| self.counts(*seq)))
    }

    /// The codes of the instruments that are registered or used by entries in force.
    pub fn instruments(&self) -> Vec<TextId> {
        let mut codes: Vec<_> = self.facts.all()[..self.size]
            .iter()
            .enumerate()
            .filter(|(n, _)| self.in_force[*n] && !self.is_left_out(*n))
            .filter_map(|(_, fact)| fact.instrument())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The published figures of entries in force, in log order.
    pub fn publications(&self) -> impl Iterator<Item = (Seq, &'a Fact, &'a Publication)> + '_ {
        let known = self.known(&self.facts.publishing).iter();
        let in_force = known.filter(|position| self.counts_at(**position));
        in_force.filter_map(|position| {
            let fact = self.facts.at(*position);
            let seq = self.facts.seq_at(*position);
            Some((seq, fact, self.facts.publication(fact)?))
        })
    }

    /// The known entries, in log order.
    pub(crate) fn seqs(&self) -> impl Iterator<Item = Seq> + use<'a> {
        self.facts.seqs().take(self.size)
    }

    /// Where an entry stands among the facts, if it is known.
    fn position(&self, seq: Seq) -> Option<u32> {
        let position = self.facts.position(seq)?;
        Some(position).filter(|n| (*n as usize) < self.size)
    }

    /// The known entries of a list of the facts, with their positions.
    pub(crate) fn known<'l>(&self, list: &'l [u32]) -> &'l [u32] {
        &list[..list.partition_point(|n| (*n as usize) < self.size)]
    }

    pub(crate) fn counts_at(&self, position: u32) -> bool {
        self.in_force[position as usize] && !self.is_left_out(position as usize)
    }

    fn is_left_out(&self, n: usize) -> bool {
        self.left_out
            .as_ref()
            .is_some_and(|left_out| left_out.get(n).copied().unwrap_or(false))
    }

    fn positions(&self, subject: SubjectId) -> &[u32] {
        let n = subject.index();
        match (self.starts.get(n), self.starts.get(n + 1)) {
            (Some(start), Some(end)) => &self.entries[*start as usize..*end as usize],
            _ => &[],
        }
    }

    fn sort_corrections(&mut self) {
        let known = self.known(&self.facts.correcting).iter();
        let mut corrections: Vec<_> = known
            .filter_map(|n| Some((self.facts.target(self.facts.at(*n))?, self.facts.seq_at(*n))))
            .collect();
        corrections.sort_unstable();
        self.corrections = corrections;
    }

    fn merge(&mut self) {
        self.roots = (0..self.facts.subject_count() as u32)
            .map(SubjectId::new)
            .collect();
        let known = self.known(&self.facts.merging).iter().copied();
        let in_force = known.filter(|n| self.in_force[*n as usize]);
        self.merging = Merging::new(self.facts, in_force);
        for (subject, root) in &self.merging.roots {
            self.roots[subject.index()] = *root;
        }
    }

    fn weigh(&mut self) {
        let mut identified = Vec::new();
        for n in self.known(&self.facts.grouping) {
            let fact = self.facts.at(*n);
            let Some(group) = fact.subject().filter(|_| self.in_force[*n as usize]) else {
                continue;
            };
            let weight = self.weights.entry(group).or_default();
            match fact.particulars() {
                Particulars::Group { size, .. } => {
                    weight.size = size.map(u64::from).or(weight.size);
                }
                Particulars::Identification { person } => {
                    identified.push((group, self.roots[person.index()]));
                }
                _ => {}
            }
        }
        identified.sort_unstable();
        if !is_planted(Bug::IdentifiedTwice) {
            identified.dedup();
        }
        for (group, _) in identified {
            self.weights.entry(group).or_default().identified += 1;
        }
    }

    /// Sorts the known entries by subject, counting first: one list for all of them.
    fn sort_by_subject(&mut self) {
        let facts = &self.facts.all()[..self.size];
        let mut starts = vec![0_u32; self.roots.len() + 1];
        for fact in facts {
            for subject in belongs_to(&self.roots, fact) {
                starts[subject.index()] += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut entries = vec![0; sum as usize];
        for (n, fact) in facts.iter().enumerate().rev() {
            for subject in belongs_to(&self.roots, fact) {
                let start = &mut starts[subject.index()];
                *start -= 1;
                entries[*start as usize] = n as u32;
            }
        }
        (self.starts, self.entries) = (starts, entries);
    }
}

/// The subjects, after merges, that an entry belongs to; at most two.
fn belongs_to(roots: &[SubjectId], fact: &Fact) -> impl Iterator<Item = SubjectId> + use<> {
    let first = fact.subject().map(|subject| roots[subject.index()]);
    let second = fact.second_subject().map(|subject| roots[subject.index()]);
    first
        .into_iter()
        .chain(second.filter(|second| Some(*second) != first))
}

/// Which of the first entries are in force, decided from the newest back.
fn from_the_newest_back(facts: &Facts, size: usize) -> Vec<bool> {
    let mut in_force = vec![true; size];
    let known = facts.correcting.partition_point(|n| (*n as usize) < size);
    for n in facts.correcting[..known].iter().rev() {
        let counts = in_force[*n as usize] || is_planted(Bug::RetractedRetractionHolds);
        if let (true, Some(target)) = (counts, facts.at(*n).target) {
            in_force[target.index()] = false;
        }
    }
    in_force
}
