//! What is known after each entry: which entries are in force, who is whom, what a group weighs.
//!
//! A [`View`](crate::View) decides this once for one known-at; a [`Following`] decides it again
//! after every entry, at the cost of what the entry touches. It keeps positions only: the facts
//! stand elsewhere and are handed in, always the same ones. It refuses to count.

use std::collections::{BTreeSet, HashMap};

use amparo_core::force::InForce;
use amparo_core::id::Subject;
use amparo_core::kind::Kind;

use crate::courses::{Courses, step_of};
use crate::fact::{Particulars, SubjectId};
use crate::facts::Facts;
use crate::merging::Merging;
use crate::trail::Trail;
use crate::view::GroupWeight;

/// What the first so many entries say together, kept up to date as entries come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Following {
    in_force: InForce,
    merging: Merging,
    /// Those merged into a subject.
    members: HashMap<SubjectId, Vec<SubjectId>>,
    /// The groups that a person was told apart from, by entries in force or not.
    identified_from: HashMap<SubjectId, Vec<SubjectId>>,
    /// The entries about each subject, before merges.
    entries: Vec<Vec<u32>>,
}

/// What an entry touches.
#[derive(Debug, Clone)]
pub(crate) struct Touched {
    /// The entries that came into force or went out of it, the new one included.
    pub(crate) entries: Vec<u32>,
    /// The subjects, before and after merges, that may count for something else now; each once, in
    /// their order.
    pub(crate) subjects: Vec<SubjectId>,
}

impl Following {
    /// What the first so many entries say, at once. Linear in them.
    pub(crate) fn at(facts: &Facts, size: usize) -> Self {
        let mut following = Self::default();
        // `Facts` holds fewer entries than 2^32.
        for position in 0..size.min(facts.len()) as u32 {
            let target = facts
                .at(position)
                .target
                .map(|target| target.number().into());
            following.in_force.push(target);
            following.index(facts, position);
        }
        following.merge_anew(facts);
        following
    }

    /// Takes the next entry of the facts, which must hold it, and answers what it touches.
    pub(crate) fn push(&mut self, facts: &Facts) -> Touched {
        let position = self.len();
        let target = facts
            .at(position)
            .target
            .map(|target| target.number().into());
        let mut changed = self.in_force.push(target);
        changed.push(position.into());
        // Positions come from the facts, of which there are fewer than 2^32.
        let entries: Vec<_> = changed.into_iter().map(|n| n as u32).collect();
        self.index(facts, position);
        let mut subjects: Vec<_> = entries
            .iter()
            .filter_map(|n| self.root_of_entry(facts, *n))
            .collect();
        subjects.extend(self.merge(facts, &entries));
        subjects.sort_unstable();
        subjects.dedup();
        Touched { entries, subjects }
    }

    /// How many entries were taken.
    pub(crate) fn len(&self) -> u32 {
        // Positions come from the facts, of which there are fewer than 2^32.
        self.in_force.len() as u32
    }

    /// Whom the entries of a subject belong to.
    pub(crate) fn root(&self, subject: SubjectId) -> SubjectId {
        let root = self.merging.roots.get(&subject);
        root.copied().unwrap_or(subject)
    }

    /// Whom an entry is about, after merges.
    pub(crate) fn root_of_entry(&self, facts: &Facts, position: u32) -> Option<SubjectId> {
        let subject = facts.at(position).subject()?;
        Some(self.root(subject))
    }

    /// Whether an entry is the first that registers its subject.
    pub(crate) fn registers(&self, facts: &Facts, position: u32) -> bool {
        let is_registration = |n: u32| matches!(facts.at(n).kind(), Kind::Person | Kind::Group);
        let subject = facts.at(position).subject();
        let entries = subject.and_then(|subject| self.entries.get(subject.index()));
        let mut first = entries.into_iter().flatten();
        is_registration(position) && first.find(|n| is_registration(**n)) == Some(&position)
    }

    /// Whether an entry is in force.
    pub(crate) fn holds(&self, position: u32) -> bool {
        self.in_force.holds(position.into())
    }

    /// The courses of those entries of a subject that pass; none for one whose entries belong to
    /// another, or that was never mentioned.
    pub(crate) fn courses(
        &self,
        facts: &Facts,
        subject: SubjectId,
        passes: impl Fn(u32) -> bool,
    ) -> Option<Courses> {
        if self.root(subject) != subject {
            return None;
        }
        self.entries.get(subject.index())?;
        let counting = self.counting(subject, passes);
        let steps = counting.filter_map(|n| step_of(facts.seq_at(n), facts.at(n)));
        Some(Courses::new(facts, steps))
    }

    /// What counts of those entries of a subject, and of those merged into it, that pass.
    pub(crate) fn trail<'f>(
        &self,
        facts: &'f Facts,
        subject: SubjectId,
        passes: impl Fn(u32) -> bool,
    ) -> Trail<'f> {
        let counting = self.counting(subject, passes);
        Trail::new(counting.map(|n| (facts.seq_at(n), facts.at(n))))
    }

    fn counting(
        &self,
        subject: SubjectId,
        passes: impl Fn(u32) -> bool,
    ) -> impl Iterator<Item = u32> {
        let members = self.members.get(&subject).into_iter().flatten();
        let all = std::iter::once(subject).chain(members.copied());
        let positions = all
            .filter_map(|one| self.entries.get(one.index()))
            .flatten();
        positions
            .copied()
            .filter(move |n| self.holds(*n) && passes(*n))
    }

    /// What a subject counts for: 1 for a person, its weight for a group.
    pub(crate) fn weight(&self, facts: &Facts, subject: SubjectId) -> u64 {
        if !matches!(facts.subject(subject), Some(Subject::Group(_))) {
            return 1;
        }
        let mut size = None;
        let mut identified = BTreeSet::new();
        for n in self.entries.get(subject.index()).into_iter().flatten() {
            if !self.holds(*n) {
                continue;
            }
            match facts.at(*n).particulars() {
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

    /// Notes the entry in the lists of this model.
    fn index(&mut self, facts: &Facts, position: u32) {
        let fact = facts.at(position);
        let Some(subject) = fact.subject() else {
            return;
        };
        if self.entries.len() < facts.subject_count() {
            self.entries.resize_with(facts.subject_count(), Vec::new);
        }
        self.entries[subject.index()].push(position);
        if let Particulars::Identification { person } = fact.particulars() {
            self.identified_from
                .entry(*person)
                .or_default()
                .push(subject);
        }
    }

    /// Follows the merges among these entries, and answers whom that touches.
    fn merge(&mut self, facts: &Facts, changed: &[u32]) -> BTreeSet<SubjectId> {
        let changed = changed.iter().copied();
        let mut of_merges = changed.filter(|n| facts.at(*n).kind() == Kind::Merge);
        match (of_merges.next(), of_merges.next()) {
            (None, _) => BTreeSet::new(),
            (Some(one), None) => self
                .merge_one(facts, one)
                .unwrap_or_else(|| self.merge_anew(facts)),
            (Some(_), Some(_)) => self.merge_anew(facts),
        }
    }

    /// Adds a merge that only moves a person, and those merged into it, to another: the usual
    /// case, without a look at all other merges. `None` if it is not that.
    fn merge_one(&mut self, facts: &Facts, position: u32) -> Option<BTreeSet<SubjectId>> {
        let fact = facts.at(position);
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
    fn merge_anew(&mut self, facts: &Facts) -> BTreeSet<SubjectId> {
        let in_force = facts.merging.iter().copied();
        let in_force = in_force.filter(|n| self.holds(*n));
        let merging = Merging::new(facts, in_force);
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
}
