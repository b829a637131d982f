//! What is claimed, and what is documented for the same measure, day or period?
//!
//! A claim is never added to a count: it stands beside what the entries about persons and groups
//! give for the same question. The gap is a range, since both sides are. Claims are compared with
//! each other only where they speak of the same thing.

mod figures;

pub use figures::{Dispute, Figure, FigureStep, disputes, figures};

use std::collections::{HashMap, HashSet};

use amparo_core::course::{Count, Course};
use amparo_core::date::{Day, Occurred, Period};
use amparo_core::event::Claim;
use amparo_core::id::Seq;
use amparo_core::kind::State;
use amparo_core::value::{Measure, Quantity};

use crate::changes::{Change, changes};
use crate::fact::SubjectId;
use crate::profile::Profile;
use crate::roster::present_run;
use crate::scope::Scope;
use crate::view::View;

/// How far from a number "about" it may be, in percent, before two claims contradict each other.
pub const ABOUT_PERCENT: u64 = 10;

/// One claim beside what is documented.
#[derive(Debug, Clone)]
pub struct ClaimRow<'a> {
    /// The entry that states it.
    pub seq: Seq,
    /// The claim.
    pub claim: &'a Claim,
    /// The days it is compared over: for `held` the day alone, for clemency everything up to the
    /// day if it is one; none when it names neither day nor date, and all up to the as-of day is
    /// meant.
    pub period: Option<Period>,
    /// The place that the scope names, to which the comparison is confined.
    pub place: Option<&'a str>,
    /// How many are documented.
    pub documented: Count,
    /// Claimed less documented.
    pub gap: Gap,
    /// The claims in force of other claimants on the same thing whose numbers do not fit it.
    pub contradicted_by: Vec<Seq>,
}

/// One thing of the sort that a claim speaks of, documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Whom it is about.
    pub subject: SubjectId,
    /// The entry that it rests on.
    pub entry: Seq,
    /// How many it stands for, and how sure it is.
    pub total: Count,
}

/// Claimed less documented: a range, open where the claim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// At least so many more are claimed than documented.
    pub low: Option<i64>,
    /// At most so many more.
    pub high: Option<i64>,
}

impl Gap {
    fn new(claimed: &Quantity, documented: Count) -> Self {
        // Quantities and counts are far below 2^63.
        let less = |claimed: u64, documented: u64| {
            i64::try_from(i128::from(claimed) - i128::from(documented)).ok()
        };
        let (low, high) = stated(claimed);
        Self {
            low: less(low, documented.high),
            high: high.and_then(|high| less(high, documented.low)),
        }
    }
}

/// The claims in force up to the end of a day, in log order.
///
/// Claims about a time that begins after the day are left out, and periods end with it.
pub fn claims<'a>(view: &View<'a>, as_of: Day, profile: &Profile) -> Vec<ClaimRow<'a>> {
    let changes = changes(view);
    let mut contradicted_by: HashMap<Seq, Vec<Seq>> = HashMap::new();
    for (one, other) in contradictions(view) {
        contradicted_by.entry(one).or_default().push(other);
        contradicted_by.entry(other).or_default().push(one);
    }
    let asked: Vec<_> = claims_in_force(view)
        .into_iter()
        .filter_map(|(seq, claim)| Some((seq, claim, Question::of(view, seq, claim, as_of)?)))
        .collect();
    let questions = asked.iter().map(|(_, _, question)| *question).collect();
    let documented = documented(view, profile, &changes, questions);
    let mut rows = Vec::new();
    for (seq, claim, question) in asked {
        let documented = documented.get(&question).copied().unwrap_or_default();
        let mut contradicted_by = contradicted_by.remove(&seq).unwrap_or_default();
        contradicted_by.sort_unstable();
        rows.push(ClaimRow {
            seq,
            claim,
            period: period(view, seq, claim),
            place: question.scope.place(),
            documented,
            gap: Gap::new(&claim.quantity, documented),
            contradicted_by,
        });
    }
    rows
}

/// What is documented for each of these questions, each answered once.
///
/// Those of who was held are answered together, person by person: there may be many of them, on as
/// many days, and who a person was on all of them follows from one course.
fn documented<'a>(
    view: &View<'_>,
    profile: &Profile,
    changes: &[Change],
    questions: HashSet<Question<'a>>,
) -> HashMap<Question<'a>, Count> {
    let (mut held, others): (Vec<_>, Vec<_>) = questions
        .into_iter()
        .map(|question| (question, Count::default()))
        .partition(|(question, _)| question.measure == Measure::Held);
    for subject in view.subjects() {
        let custody = view.courses(subject).custody;
        for (question, sum) in &mut held {
            let named = question.held(view, profile, subject, &custody);
            *sum += named.map_or(Count::default(), |named| named.total);
        }
    }
    let others = others.into_iter().map(|(question, mut sum)| {
        question.each(view, profile, changes, |named| sum += named.total);
        (question, sum)
    });
    held.into_iter().chain(others).collect()
}

/// What is documented by name of the things that a claim speaks of: their totals add up to
/// `documented` of its row. Held ones are in the order of first mention, changes by subject.
///
/// Empty for what is no claim in force, and for a claim about a time that begins after the day.
pub fn named(view: &View<'_>, claim: Seq, as_of: Day, profile: &Profile) -> Vec<Named> {
    let mut all = Vec::new();
    let fact = view.fact(claim).filter(|_| view.counts(claim));
    if let Some(stated) = fact.and_then(|fact| view.facts().claim(fact))
        && let Some(question) = Question::of(view, claim, stated, as_of)
    {
        question.each(view, profile, &changes(view), |named| {
            all.extend(Some(named).filter(|named| !named.total.is_zero()));
        });
    }
    all
}

/// The claims in force with those they contradict: same measure, instrument, scope and time,
/// other claimant, numbers that cannot both be true.
pub fn contradictions(view: &View<'_>) -> Vec<(Seq, Seq)> {
    let stated = claims_in_force(view);
    let mut groups: HashMap<_, Vec<(Seq, &Claim)>> = HashMap::new();
    for (seq, claim) in &stated {
        groups
            .entry(subject_of(view, *seq, claim))
            .or_default()
            .push((*seq, claim));
    }
    let mut pairs = Vec::new();
    for group in groups.values() {
        for (n, (seq, claim)) in group.iter().enumerate() {
            let earlier = group[..n]
                .iter()
                .filter(|(_, other)| contradict(claim, other));
            pairs.extend(earlier.map(|(other, _)| (*other, *seq)));
        }
    }
    pairs.sort_unstable();
    pairs
}

fn claims_in_force<'a>(view: &View<'a>) -> Vec<(Seq, &'a Claim)> {
    let known = view.known(&view.facts().claiming);
    let seqs = known.iter().map(|n| view.facts().seq_at(*n));
    seqs.filter(|seq| view.counts(*seq))
        .filter_map(|seq| Some((seq, view.facts().claim(view.fact(seq)?)?)))
        .collect()
}

/// The time a claim is about: as it says, else when it was made, if it says either.
fn period(view: &View<'_>, seq: Seq, claim: &Claim) -> Option<Period> {
    let about = claim.about.as_ref().map(Occurred::span);
    let made = || view.fact(seq).and_then(|fact| fact.span());
    let span = about.or_else(made)?;
    let first = match claim.measure {
        Measure::Held => span.hi(),
        _ => span.lo(),
    };
    Period::new(first, span.hi())
}

/// What a claim is about: claims that agree in it can contradict each other.
fn subject_of<'a>(
    view: &View<'_>,
    seq: Seq,
    claim: &'a Claim,
) -> (Measure, Option<&'a str>, Option<&'a str>, Option<Period>) {
    let instrument = claim.instrument.as_ref().map(|code| code.as_str());
    let period = period(view, seq, claim);
    (claim.measure, instrument, claim.scope.as_deref(), period)
}

fn contradict(one: &Claim, other: &Claim) -> bool {
    let ((low, high), (other_low, other_high)) = (meant(&one.quantity), meant(&other.quantity));
    let above = |low: u64, high: Option<u64>| high.is_some_and(|high| low > high);
    one.claimant != other.claimant && (above(low, other_high) || above(other_low, high))
}

/// The numbers as stated: from the first to the second, if there is one. "About 650" is 650.
fn stated(quantity: &Quantity) -> (u64, Option<u64>) {
    match (quantity.low(), quantity.high()) {
        (Some(low), None) if quantity.is_approximate() => (low, Some(low)),
        (low, high) => (low.unwrap_or(0), high),
    }
}

/// The numbers as meant: "about" reaches [`ABOUT_PERCENT`] to either side.
fn meant(quantity: &Quantity) -> (u64, Option<u64>) {
    let (low, high) = stated(quantity);
    match quantity.is_approximate() {
        true => {
            let reach =
                |number: u64| number / 100 * ABOUT_PERCENT + number % 100 * ABOUT_PERCENT / 100;
            (low - reach(low), high.map(|high| high + reach(high)))
        }
        false => (low, high),
    }
}

/// What is asked of the entries to compare them with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question<'a> {
    measure: Measure,
    instrument: Option<&'a str>,
    first: Option<Day>,
    last: Day,
    scope: Scope<'a>,
}

impl<'a> Question<'a> {
    /// What a claim asks; `None` if it is about a time that begins after the day.
    fn of(view: &View<'_>, seq: Seq, claim: &'a Claim, as_of: Day) -> Option<Self> {
        let period = period(view, seq, claim);
        let is_later = period.is_some_and(|period| period.first() > as_of);
        (!is_later).then(|| Self {
            measure: claim.measure,
            instrument: claim.instrument.as_ref().map(|code| code.as_str()),
            first: period
                .filter(|period| !is_running_total(claim.measure, *period))
                .map(Period::first),
            last: period.map_or(as_of, |period| period.last().min(as_of)),
            scope: Scope::of(view, claim.scope.as_deref()),
        })
    }

    /// Everything documented, one by one; of changes also what is zero.
    fn each(
        &self,
        view: &View<'_>,
        profile: &Profile,
        changes: &[Change],
        mut add: impl FnMut(Named),
    ) {
        if self.measure == Measure::Held {
            return self.each_held(view, profile, add);
        }
        let code = self.instrument.map(|code| view.facts().text_id(code));
        for change in changes.iter().filter(|change| change.is(self.measure)) {
            let asked = code.is_none_or(|code| code.is_some() && code == change.instrument);
            if asked && self.scope.holds_change(view, change) {
                add(Named {
                    subject: change.subject,
                    entry: change.seq,
                    total: self.counted(change).times(change.weight),
                });
            }
        }
    }

    fn each_held(&self, view: &View<'_>, profile: &Profile, add: impl FnMut(Named)) {
        let held = |subject| self.held(view, profile, subject, &view.courses(subject).custody);
        view.subjects().filter_map(held).for_each(add);
    }

    /// What is documented of somebody with this course, if they are or can be held.
    fn held(
        &self,
        view: &View<'_>,
        profile: &Profile,
        subject: SubjectId,
        custody: &Course<State>,
    ) -> Option<Named> {
        // Most people of a long log were first heard of later.
        let begins = custody.steps().iter().map(|placed| placed.lo).min()?;
        if begins > self.last {
            return None;
        }
        let total = profile.held(custody, self.last);
        let total = total.times(view.weight(subject));
        let is_there =
            || self.scope.is_everywhere() || self.scope.holds_subject(view, subject, self.last);
        if total.is_zero() || !is_there() {
            return None;
        }
        let states = |state| profile.states().contains(state);
        let run = present_run(custody, self.last, states)?;
        Some(Named {
            subject,
            entry: run.last()?.step.seq,
            total,
        })
    }

    /// Whether a change falls into the period: certainly, at its point, possibly.
    fn counted(&self, change: &Change) -> Count {
        let first = self.first;
        let inside =
            |from: Day, to: Day| first.is_none_or(|first| first <= from) && to <= self.last;
        Count {
            low: inside(change.lo, change.hi).into(),
            count: inside(change.point, change.point).into(),
            high: (first.is_none_or(|first| first <= change.hi) && change.lo <= self.last).into(),
        }
    }
}

/// Whether a claim is a running total: one of requests, grants or refusals on a day counts them from the
/// beginning; over several days it counts those of these days.
fn is_running_total(measure: Measure, period: Period) -> bool {
    let of_clemency = matches!(
        measure,
        Measure::ClemencyRequests | Measure::ClemencyGrants | Measure::ClemencyRefusals
    );
    of_clemency && period.first() == period.last()
}

/// The claims of a claimant on a measure, in log order: how its figure moved.
pub fn moved<'r, 'a>(
    rows: &'r [ClaimRow<'a>],
    claimant: &'r str,
    measure: Measure,
) -> impl Iterator<Item = &'r ClaimRow<'a>> {
    rows.iter()
        .filter(move |row| &*row.claim.claimant == claimant && row.claim.measure == measure)
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
