//! Works moves out, entry by entry, from the facts.

use amparo_core::course::Course;
use amparo_core::date::Day;
use amparo_core::kind::{self, Kind, State};

use super::block::{Block, Cohort, Move, Track};
use crate::courses::Courses;
use crate::fact::{SubjectId, TextId};
use crate::facts::Facts;
use crate::following::Following;
use crate::stance::Stance;

/// On what a subject stands, with the instrument as the facts number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Custody,
    Case,
    Clemency(TextId),
}

/// The order of turns: axis, instrument by its code, day. It is that of any excerpt.
type Place<'f> = (u8, &'f str, Day);

/// From a day on a subject stands so on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    axis: Axis,
    day: Day,
    stance: Stance,
}

impl Axis {
    fn of(self) -> kind::Axis {
        match self {
            Self::Custody => kind::Axis::Custody,
            Self::Case => kind::Axis::Case,
            Self::Clemency(_) => kind::Axis::Clemency,
        }
    }
}

impl Turn {
    fn place<'f>(&self, facts: &'f Facts) -> Place<'f> {
        match self.axis {
            Axis::Custody => (0, "", self.day),
            Axis::Case => (1, "", self.day),
            Axis::Clemency(code) => (2, facts.text(code), self.day),
        }
    }
}

/// How a subject is counted: what it weighs, and its turns in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    weight: u64,
    turns: Vec<Turn>,
    /// By axis, the day on which the last step so far has certainly been taken; on the clemency axis
    /// the latest of all instruments.
    settled: [Day; 3],
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            weight: 0,
            turns: Vec::new(),
            settled: [Day::MIN; 3],
        }
    }
}

/// Follows the log and says what each entry moves.
///
/// It keeps how every subject is counted now; the facts stand elsewhere and are handed in, always
/// the same ones.
#[derive(Debug)]
pub struct Follower {
    following: Following,
    /// By subject.
    counted: Vec<Counted>,
}

impl Follower {
    /// One that knows the entries before a place of the log. Linear in them.
    pub fn at(facts: &Facts, size: u64) -> Self {
        let mut follower = Self {
            following: Following::at(facts, facts.before(size)),
            counted: Vec::new(),
        };
        follower
            .counted
            .resize_with(facts.subject_count(), Counted::default);
        for subject in (0..facts.subject_count() as u32).map(SubjectId::new) {
            follower.counted[subject.index()] = follower.count(facts, subject);
        }
        follower
    }

    /// Takes the next entry of the facts, which must be the next of the block, and adds its moves.
    pub fn follow(&mut self, facts: &Facts, block: &mut Block) {
        let position = self.following.len();
        let entry = block.entries;
        let touched = self.following.push(facts);
        if self.counted.len() < facts.subject_count() {
            self.counted
                .resize_with(facts.subject_count(), Counted::default);
        }
        for n in &touched.entries {
            self.name_instrument(facts, *n, entry, block);
        }
        let kind = facts.at(position).kind();
        let is_alone = touched.entries.len() == 1;
        match (is_alone, kind.axis().filter(|_| kind.state().is_some())) {
            // The usual case: the next step of one axis.
            (true, Some(axis)) => {
                for subject in touched.subjects {
                    if self.step_ahead(facts, subject, position, entry, block) {
                        continue;
                    }
                    let now = self.count_axis(facts, subject, axis);
                    self.move_subject(facts, subject, now, entry, block);
                }
            }
            _ if is_alone && !counts_others(kind) => {}
            _ => {
                for subject in touched.subjects {
                    let now = self.count(facts, subject);
                    self.move_subject(facts, subject, now, entry, block);
                }
            }
        }
        if self.following.registers(facts, position) {
            let is_group = facts.at(position).kind() == Kind::Group;
            block.registrations.push((entry, is_group));
        }
        block.entries += 1;
    }

    /// An instrument has lines while entries in force name it: so many more or fewer, whatever the day.
    fn name_instrument(&self, facts: &Facts, position: u32, entry: u32, block: &mut Block) {
        let Some(code) = facts.at(position).instrument() else {
            return;
        };
        let track = Track::Named(block.instrument_number(facts.text(code)));
        let stance = Stance::default();
        let named = block.cohort_number(Cohort { track, stance });
        let (from, to) = match self.following.holds(position) {
            true => (Block::NOWHERE, named),
            false => (named, Block::NOWHERE),
        };
        block.moves.push(Move {
            entry,
            day: Day::MIN,
            from,
            to,
            subjects: 1,
        });
    }

    fn move_subject(
        &mut self,
        facts: &Facts,
        subject: SubjectId,
        now: Counted,
        entry: u32,
        block: &mut Block,
    ) {
        let before = std::mem::replace(&mut self.counted[subject.index()], now);
        let now = &self.counted[subject.index()];
        let mut note = |step, subjects| note(facts, step, subjects, entry, block);
        if before.weight == now.weight {
            let both = [&before.turns[..], &now.turns];
            differences(facts, both, |step| note(step, now.weight));
        } else {
            differences(facts, [&before.turns, &[]], |step| {
                note(step, before.weight);
            });
            differences(facts, [&[], &now.turns], |step| note(step, now.weight));
        }
    }

    /// Takes a step of one certain day that lies behind all others of its axis, without a look at
    /// those: it adds one turn, to its own state. Answers whether it was such a step.
    fn step_ahead(
        &mut self,
        facts: &Facts,
        subject: SubjectId,
        position: u32,
        entry: u32,
        block: &mut Block,
    ) -> bool {
        let fact = facts.at(position);
        let (Some(span), Some(state)) = (fact.span(), fact.kind().state()) else {
            return false;
        };
        let axis = match (state.axis(), fact.instrument()) {
            (kind::Axis::Custody, _) => Axis::Custody,
            (kind::Axis::Case, _) => Axis::Case,
            (kind::Axis::Clemency, Some(code)) => Axis::Clemency(code),
            (kind::Axis::Clemency, None) => return false,
        };
        let counted = &mut self.counted[subject.index()];
        let day = span.lo();
        let settled = &mut counted.settled[axis.of() as usize];
        let is_certain = span.hi() == day && self.following.root(subject) == subject;
        if !is_certain || day <= *settled {
            return false;
        }
        let last = counted.turns.iter().rposition(|turn| turn.axis == axis);
        let (at, from) = match (last, axis) {
            (Some(last), _) => (last + 1, counted.turns[last].stance),
            // The first of an instrument has its place among the others by the code.
            (None, Axis::Clemency(_)) => return false,
            (None, Axis::Custody | Axis::Case) => {
                let before = |turn: &Turn| turn.axis.of() < axis.of();
                (counted.turns.partition_point(before), Stance::default())
            }
        };
        *settled = day;
        if counted.turns.is_empty() {
            counted.weight = self.following.weight(facts, subject);
        }
        let stance = Stance::certain(state);
        if from != stance {
            counted.turns.insert(at, Turn { axis, day, stance });
            note(
                facts,
                (axis, day, from, stance),
                counted.weight,
                entry,
                block,
            );
        }
        true
    }

    /// How a subject is counted when nothing has changed but its course on an axis.
    fn count_axis(&self, facts: &Facts, subject: SubjectId, axis: kind::Axis) -> Counted {
        let on_axis = |n: u32| facts.at(n).kind().axis() == Some(axis);
        let Some(courses) = self.following.courses(facts, subject, on_axis) else {
            return Counted::default();
        };
        let known = &self.counted[subject.index()];
        let from = known.turns.partition_point(|turn| turn.axis.of() < axis);
        let to = known.turns.partition_point(|turn| turn.axis.of() <= axis);
        let mut turns = known.turns.clone();
        turns.splice(from..to, self::turns(&courses));
        let mut settled = known.settled;
        settled[axis as usize] = self::settled(&courses)[axis as usize];
        // A subject's first status entry may be its first of all: its weight is not known yet.
        let weight = match known.turns.is_empty() {
            true => self.following.weight(facts, subject),
            false => known.weight,
        };
        Counted {
            weight,
            turns,
            settled,
        }
    }

    /// How a subject is counted; not at all where its entries belong to another.
    fn count(&self, facts: &Facts, subject: SubjectId) -> Counted {
        let Some(courses) = self.following.courses(facts, subject, |_| true) else {
            return Counted::default();
        };
        Counted {
            weight: self.following.weight(facts, subject),
            turns: turns(&courses),
            settled: settled(&courses),
        }
    }
}

/// Adds a move of so many, unless it moves nobody or nowhere.
fn note(
    facts: &Facts,
    (axis, day, from, to): (Axis, Day, Stance, Stance),
    subjects: u64,
    entry: u32,
    block: &mut Block,
) {
    if from == to || subjects == 0 {
        return;
    }
    let track = match axis {
        Axis::Custody => Track::Custody,
        Axis::Case => Track::Case,
        Axis::Clemency(code) => Track::Clemency(block.instrument_number(facts.text(code))),
    };
    let mut number = |stance| block.cohort_number(Cohort { track, stance });
    let (from, to) = (number(from), number(to));
    block.moves.push(Move {
        entry,
        day,
        from,
        to,
        subjects,
    });
}

/// By axis, the day on which the last step has certainly been taken.
fn settled(courses: &Courses) -> [Day; 3] {
    let last = |course: &Course<State>| course.steps().last().map_or(Day::MIN, |last| last.hi);
    let clemency = courses.clemency.iter().map(|(_, course)| last(course));
    [
        last(&courses.custody),
        last(&courses.case),
        clemency.max().unwrap_or(Day::MIN),
    ]
}

/// Whether an entry of a kind can change how anybody is counted, without a step on an axis.
fn counts_others(kind: Kind) -> bool {
    matches!(kind, Kind::Group | Kind::Identification | Kind::Merge)
}

/// The turns of a subject's courses, in their order.
fn turns(courses: &Courses) -> Vec<Turn> {
    let mut turns = Vec::new();
    turns_of(&courses.custody, Axis::Custody, &mut turns);
    turns_of(&courses.case, Axis::Case, &mut turns);
    for (code, course) in &courses.clemency {
        turns_of(course, Axis::Clemency(*code), &mut turns);
    }
    turns
}

fn turns_of(course: &Course<State>, axis: Axis, turns: &mut Vec<Turn>) {
    let steps = course.steps().iter();
    let days = steps.flat_map(|placed| [placed.lo, placed.step.span.point(), placed.hi]);
    let mut days: Vec<Day> = days.collect();
    days.sort_unstable();
    days.dedup();
    let mut stood = Stance::default();
    for day in days {
        let stance = Stance::at(course, day);
        if stance != stood {
            turns.push(Turn { axis, day, stance });
            stood = stance;
        }
    }
}

/// What takes one list of turns to another: on which axis, from which day on, from which stance to
/// which.
fn differences(
    facts: &Facts,
    [before, now]: [&[Turn]; 2],
    mut note: impl FnMut((Axis, Day, Stance, Stance)),
) {
    // Most often only the last turns differ.
    let same = before.iter().zip(now).take_while(|(old, new)| old == new);
    let same = same.count();
    let (mut old, mut new) = (Steps::of(before, same), Steps::of(now, same));
    let next = |old: &Steps<'_>, new: &Steps<'_>| {
        let turns = old.rest.first().into_iter().chain(new.rest.first());
        turns.copied().min_by_key(|turn| turn.place(facts))
    };
    while let Some(Turn { axis, day, .. }) = next(&old, &new) {
        let (left, was) = old.step(axis, day);
        let (came_from, is) = new.step(axis, day);
        // Of the old, `left` to `was` is taken back; of the new, `came_from` to `is` is added.
        if (left, was) != (came_from, is) {
            note((axis, day, was, is));
            note((axis, day, came_from, left));
        }
    }
}

/// A walk along turns.
struct Steps<'t> {
    rest: &'t [Turn],
    axis: Option<Axis>,
    stance: Stance,
}

impl<'t> Steps<'t> {
    /// The walk behind the first so many turns.
    fn of(turns: &'t [Turn], done: usize) -> Self {
        let (done, rest) = turns.split_at(done);
        let last = done.last();
        Self {
            rest,
            axis: last.map(|turn| turn.axis),
            stance: last.map_or(Stance::default(), |turn| turn.stance),
        }
    }

    /// The stance before a day and on it.
    fn step(&mut self, axis: Axis, day: Day) -> (Stance, Stance) {
        if self.axis != Some(axis) {
            (self.axis, self.stance) = (Some(axis), Stance::default());
        }
        let before = self.stance;
        if let Some((turn, rest)) = self.rest.split_first()
            && (turn.axis, turn.day) == (axis, day)
        {
            (self.stance, self.rest) = (turn.stance, rest);
        }
        (before, self.stance)
    }
}
