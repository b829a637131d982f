//! Why did a number move from one day and known-at to another?
//!
//! A [`diff`] goes from (D1, K1) to (D2, K2) and answers, for every line of the totals, how the
//! point count changed, split into six parts that add up to the change exactly. They do so by
//! construction: the way from one to the other is walked in small steps, and each step's effect
//! on each count goes to one part. The way, for `K1 <= K2`:
//!
//! 1. The day moves from D1 to D2 with what was known at K1. All that changes *happened*; the
//!    entry is the one that the standing of the later day rests on.
//! 2. The entries after K1, up to K2, come one by one, in log order, with the day at D2. What an
//!    entry changes at once in any count is its effect, and goes by what the entry is:
//!
//!    | the entry | part |
//!    |---|---|
//!    | a merge; a retraction of one, or of such a retraction, and so on | merged |
//!    | any other retraction | retracted |
//!    | any other entry that replaces one | corrected |
//!    | an identification, the size of a group | identified |
//!    | any other whose date has its point after D1 | happened |
//!    | any other | learned late |
//!
//! When `K2 < K1` the way is walked from the other end, and all signs are turned: a diff there
//! and the diff back cancel out, part by part. With D2 before D1 nothing that is learned can lie
//! after D1, so it is all learned late.
//!
//! Low and high are left out on purpose: a range narrows and widens without anybody coming or
//! going, and only point counts have parts that add up.

use std::collections::{BTreeMap, BTreeSet};

use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{Kind, State};
use amparo_core::planted::{Bug, is_planted};

use crate::courses::Courses;
use crate::fact::{Fact, SubjectId, TextId};
use crate::facts::Facts;
use crate::filter::Filter;
use crate::following::Following;
use crate::profile::Profile;
use crate::totals::{Cell, Line, lines, standings};

/// A day, and what was known: what every number is a function of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coordinates {
    /// The day at whose end the count is taken.
    pub as_of: Day,
    /// The last entry known; none for what was known before the first.
    pub known_at: Option<Seq>,
}

/// Why a count moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It came about between the days.
    Happened,
    /// It had come about by the first day, and was recorded since.
    LearnedLate,
    /// An entry was replaced by another.
    Corrected,
    /// An entry was withdrawn.
    Retracted,
    /// Two persons turned out to be one, or a merge was undone.
    Merged,
    /// A person was told apart from a group, or its size was stated.
    Identified,
}

impl Cause {
    /// Every cause, in the order of reports.
    pub const ALL: [Self; 6] = [
        Self::Happened,
        Self::LearnedLate,
        Self::Corrected,
        Self::Retracted,
        Self::Merged,
        Self::Identified,
    ];

    /// The word for it, as it heads the column of machine formats.
    pub fn word(self) -> &'static str {
        match self {
            Self::Happened => "happened",
            Self::LearnedLate => "learned_late",
            Self::Corrected => "corrected",
            Self::Retracted => "retracted",
            Self::Merged => "merged",
            Self::Identified => "identified",
        }
    }
}

/// One line of the totals at both ends of the way, and why it moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffRow {
    /// `custody`, `case`, `clemency`, or `profile` for the held line.
    pub axis: &'static str,
    /// The state, or the profile's name.
    pub state: String,
    /// The instrument, on the clemency axis.
    pub instrument: Option<String>,
    /// The point count at (D1, K1).
    pub from: u64,
    /// The point count at (D2, K2).
    pub to: u64,
    moves: Vec<Move>,
}

/// What one entry changed for one subject: the evidence of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Which part it belongs to.
    pub cause: Cause,
    /// The entry.
    pub entry: Seq,
    /// Whom it moved, by the merges of the moment.
    pub subject: SubjectId,
    /// By how much the count changed; never 0.
    pub change: i64,
}

impl DiffRow {
    /// By how much the count moved: the sum of all parts.
    pub fn change(&self) -> i64 {
        self.moves.iter().map(|step| step.change).sum()
    }

    /// How much of the change has a cause.
    pub fn part(&self, cause: Cause) -> i64 {
        self.evidence(cause).map(|step| step.change).sum()
    }

    /// What the part is made of, in the order of the way.
    pub fn evidence(&self, cause: Cause) -> impl Iterator<Item = &Move> {
        self.moves.iter().filter(move |step| step.cause == cause)
    }

    /// What the change is made of, in the order of the way.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }
}

/// The way of every point count from one pair of coordinates to another, with the lines of
/// [`totals`](crate::totals::totals) for all instruments of either end.
///
/// Of a filter, the fields that say on whose word pick the status entries that count all the way.
/// Those that say of whom are met or not at every step of it, as they are at its ends: who comes to
/// meet them, or meets them no more, is a part of the change.
///
/// Linear in the entries known at the earlier known-at, and then in what each later entry
/// touches.
pub fn diff(
    facts: &Facts,
    from: Coordinates,
    to: Coordinates,
    profile: &Profile,
    filter: &Filter,
) -> Vec<DiffRow> {
    let is_back = known(facts, to) < known(facts, from);
    let (start, end) = if is_back { (to, from) } else { (from, to) };
    let mut way = Way::from(facts, start, profile, filter);
    way.move_to(end.as_of);
    while way.known < known(facts, end) {
        way.learn();
    }
    way.rows(is_back)
}

/// How many entries are known.
fn known(facts: &Facts, at: Coordinates) -> usize {
    let known = at.known_at.map_or(0, |seq| {
        usize::try_from(seq.number()).map_or(usize::MAX, |n| n.saturating_add(1))
    });
    known.min(facts.len())
}

/// The way from one pair of coordinates to another.
struct Way<'a> {
    facts: &'a Facts,
    profile: &'a Profile,
    /// The filter, if it says of whom.
    of_whom: Option<&'a Filter>,
    /// Whether each entry counts, if it is in force.
    passes: Vec<bool>,
    following: Following,
    known: usize,
    first_day: Day,
    as_of: Day,
    /// What each subject counts for, where that is not 0.
    standing: Vec<Vec<(Cell, u64)>>,
    from: BTreeMap<Cell, u64>,
    moves: BTreeMap<Cell, Vec<Move>>,
    instruments: BTreeSet<TextId>,
}

impl<'a> Way<'a> {
    fn from(
        facts: &'a Facts,
        start: Coordinates,
        profile: &'a Profile,
        filter: &'a Filter,
    ) -> Self {
        let passes = |fact: &Fact| fact.kind().axis().is_none() || filter.counts(facts, fact);
        let mut way = Self {
            facts,
            profile,
            of_whom: Some(filter).filter(|filter| filter.asks_of_whom()),
            passes: facts.all().iter().map(passes).collect(),
            following: Following::at(facts, known(facts, start)),
            known: known(facts, start),
            first_day: start.as_of,
            as_of: start.as_of,
            standing: vec![Vec::new(); facts.subject_count()],
            from: BTreeMap::new(),
            moves: BTreeMap::new(),
            instruments: BTreeSet::new(),
        };
        way.note_instruments();
        for subject in way.subjects() {
            let standing = way.standing_of(subject);
            for (cell, count) in &standing {
                *way.from.entry(*cell).or_default() += count;
            }
            way.standing[subject.index()] = standing;
        }
        way
    }

    fn subjects(&self) -> impl Iterator<Item = SubjectId> + use<> {
        (0..self.facts.subject_count() as u32).map(SubjectId::new)
    }

    /// The first part of the way.
    fn move_to(&mut self, as_of: Day) {
        let (earlier, later) = (as_of.min(self.as_of), as_of.max(self.as_of));
        self.as_of = as_of;
        for subject in self.subjects() {
            let changes = self.restand(subject);
            if changes.is_empty() {
                continue;
            }
            let courses = self.courses(subject);
            for (cell, change) in changes {
                let rests_on = courses.as_ref().and_then(|of| rests_on(of, cell, later));
                let entry = match self.of_whom {
                    None => rests_on,
                    Some(_) => self.turned_by(subject, rests_on, earlier, later),
                };
                // A count that differs between two days rests on a step of the later day.
                let entry = entry.unwrap_or(Seq::OPENING);
                self.note(cell, Cause::Happened, entry, subject, change);
            }
        }
    }

    /// The entry that a change between two days rests on, where somebody may have come to meet the
    /// filter: the step if it lies between them, else what was last reached.
    fn turned_by(
        &self,
        subject: SubjectId,
        rests_on: Option<Seq>,
        earlier: Day,
        later: Day,
    ) -> Option<Seq> {
        let is_between = |seq: &Seq| {
            let span = self.facts.fact(*seq).and_then(Fact::span);
            span.is_some_and(|span| span.point() > earlier)
        };
        let last = || {
            let passes = |n: u32| self.passes[n as usize];
            let trail = self.following.trail(self.facts, subject, passes);
            trail.reached(later).last().map(|(seq, _)| *seq)
        };
        rests_on.filter(is_between).or_else(last).or(rests_on)
    }

    /// One step of the second part.
    fn learn(&mut self) {
        let entry = self.facts.seq_at(self.known as u32);
        self.known += 1;
        let touched = self.following.push(self.facts);
        let mut cause = None;
        for subject in touched.subjects {
            for (cell, change) in self.restand(subject) {
                let cause = *cause.get_or_insert_with(|| self.cause(entry));
                self.note(cell, cause, entry, subject, change);
            }
        }
    }

    fn cause(&self, entry: Seq) -> Cause {
        let Some(fact) = self.facts.fact(entry) else {
            return Cause::LearnedLate;
        };
        let mut withdrawn = Some(fact);
        while let Some(of) = withdrawn.filter(|of| of.kind() == Kind::Retraction) {
            withdrawn = self
                .facts
                .target(of)
                .and_then(|target| self.facts.fact(target));
        }
        let after = |fact: &Fact| {
            fact.span()
                .is_some_and(|span| span.point() > self.first_day)
        };
        match fact.kind() {
            _ if withdrawn.is_some_and(|fact| fact.kind() == Kind::Merge) => Cause::Merged,
            Kind::Retraction => Cause::Retracted,
            _ if fact.is_correction() && !is_planted(Bug::CorrectionLearnedLate) => {
                Cause::Corrected
            }
            Kind::Identification | Kind::Group => Cause::Identified,
            _ if after(fact) => Cause::Happened,
            _ => Cause::LearnedLate,
        }
    }

    /// Counts a subject anew, and answers what changed.
    fn restand(&mut self, subject: SubjectId) -> Vec<(Cell, i64)> {
        let after = self.standing_of(subject);
        let before = std::mem::take(&mut self.standing[subject.index()]);
        let mut changes: Vec<_> = before
            .iter()
            .map(|(cell, n)| (*cell, -signed(*n)))
            .collect();
        for (cell, count) in &after {
            match changes.iter_mut().find(|(known, _)| known == cell) {
                Some((_, change)) => *change += signed(*count),
                None => changes.push((*cell, signed(*count))),
            }
        }
        changes.retain(|(_, change)| *change != 0);
        self.standing[subject.index()] = after;
        changes
    }

    fn courses(&self, subject: SubjectId) -> Option<Courses> {
        let passes = |n: u32| self.passes[n as usize];
        self.following.courses(self.facts, subject, passes)
    }

    fn standing_of(&self, subject: SubjectId) -> Vec<(Cell, u64)> {
        let mut cells = Vec::new();
        let courses = self.courses(subject);
        let Some(courses) = courses.filter(|courses| self.is_asked_about(subject, courses)) else {
            return cells;
        };
        let weight = self.following.weight(self.facts, subject);
        standings(&courses, self.as_of, self.profile, |cell, one| {
            let count = one.times(weight).count;
            if count > 0 {
                cells.push((cell, count));
            }
        });
        cells
    }

    fn is_asked_about(&self, subject: SubjectId, courses: &Courses) -> bool {
        self.of_whom.is_none_or(|filter| {
            let root = |one| self.following.root(one);
            let passes = |n: u32| self.passes[n as usize];
            filter.asks_about(self.facts, subject, root) && {
                let trail = self.following.trail(self.facts, subject, passes);
                filter.is_met(self.facts, &trail, courses, self.as_of)
            }
        })
    }

    fn note(&mut self, cell: Cell, cause: Cause, entry: Seq, subject: SubjectId, change: i64) {
        self.moves.entry(cell).or_default().push(Move {
            cause,
            entry,
            subject,
            change,
        });
    }

    fn note_instruments(&mut self) {
        for n in 0..self.known as u32 {
            let code = self.facts.at(n).instrument();
            let counts = self.following.holds(n) && self.passes[n as usize];
            self.instruments.extend(code.filter(|_| counts));
        }
    }

    /// The lines, from the end of the way if it was walked from there.
    fn rows(mut self, turned: bool) -> Vec<DiffRow> {
        self.note_instruments();
        let codes = self.instruments.iter().copied();
        let lines = lines(|code| self.facts.text(code), self.profile, codes).into_iter();
        let row = |line: Line| {
            let mut moves = self.moves.remove(&line.cell).unwrap_or_default();
            let change: i64 = moves.iter().map(|step| step.change).sum();
            let from = self.from.get(&line.cell).copied().unwrap_or(0);
            let to = from.saturating_add_signed(change);
            if turned {
                moves.reverse();
                moves.iter_mut().for_each(|step| step.change = -step.change);
            }
            let (from, to) = if turned { (to, from) } else { (from, to) };
            DiffRow {
                axis: line.axis,
                state: line.state,
                instrument: line.instrument,
                from,
                to,
                moves,
            }
        };
        lines.map(row).collect()
    }
}

/// The entry that a count of one subject rests on at the end of a day.
fn rests_on(courses: &Courses, cell: Cell, as_of: Day) -> Option<Seq> {
    let course = match cell {
        Cell::Single(State::Custody(_)) | Cell::Held => &courses.custody,
        Cell::Single(State::Case(_) | State::Clemency(_)) => &courses.case,
        Cell::Clemency(code, _) => {
            let mut clemency = courses.clemency.iter();
            &clemency.find(|(known, _)| *known == code)?.1
        }
    };
    course.at(as_of).point.map(|placed| placed.step.seq)
}

/// Counts are bounded by entries times the largest group, far below 2^63.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
