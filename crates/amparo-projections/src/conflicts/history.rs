//! Oddities in the history of one subject.

use amparo_core::course::{Course, Placed};
use amparo_core::date::Span;
use amparo_core::id::Seq;
use amparo_core::kind::{CustodyState, Kind, State};

use super::{Finding, FindingCode, ONE_EVENT_DAYS, is_one_event};
use crate::changes::in_custody;
use crate::courses::Courses;
use crate::fact::{Fact, Particulars, SubjectId};
use crate::state_set::StateSet;
use crate::view::View;

/// A step with what its entry says.
struct Reported<'a> {
    placed: &'a Placed<State>,
    fact: &'a Fact,
}

impl Reported<'_> {
    fn seq(&self) -> Seq {
        self.placed.step.seq
    }

    fn state(&self) -> State {
        self.placed.step.state
    }

    fn span(&self) -> Span {
        self.placed.step.span
    }
}

/// The findings about one subject after merges.
pub(super) fn of_subject(view: &View<'_>, subject: SubjectId) -> Vec<Finding> {
    let mut findings = Vec::new();
    let courses = view.courses(subject);
    let mut found = |code, entries: Vec<Seq>| {
        findings.push(Finding {
            code,
            subject: Some(subject),
            entries,
        });
    };
    let custody = reported(view, &courses.custody);
    custody_steps(&custody, &mut found);
    transfers(view, subject, &custody, &mut found);
    neighbours(&custody, &mut found);
    neighbours(&reported(view, &courses.case), &mut found);
    for (_, course) in &courses.clemency {
        neighbours(&reported(view, course), &mut found);
    }
    after_death(&custody, &courses, &mut found);
    findings
}

fn reported<'a>(view: &View<'a>, course: &'a Course<State>) -> Vec<Reported<'a>> {
    let steps = course.steps().iter();
    steps
        .filter_map(|placed| {
            let fact = view.fact(placed.step.seq)?;
            Some(Reported { placed, fact })
        })
        .collect()
}

fn custody_steps(steps: &[Reported<'_>], found: &mut impl FnMut(FindingCode, Vec<Seq>)) {
    use CustodyState::{ConditionalRelease, ExitUnknown, Released};
    let let_go = StateSet::of_custody([Released, ConditionalRelease, ExitUnknown]);
    let held = |step: &Reported<'_>| in_custody().contains(step.state());
    let first = steps
        .iter()
        .find(|step| held(step) || let_go.contains(step.state()));
    if let Some(first) = first.filter(|first| !held(first)) {
        found(FindingCode::ReleaseWithoutCustody, vec![first.seq()]);
    }
    let mut last_arrest: Option<&Reported<'_>> = None;
    for (n, step) in steps.iter().enumerate() {
        let before = n.checked_sub(1).map(|n| &steps[n]);
        match step.fact.kind() {
            Kind::Escape if !before.is_some_and(held) => {
                found(FindingCode::EscapeWithoutCustody, vec![step.seq()]);
            }
            Kind::Arrest => {
                let same_day = last_arrest.filter(|last| is_one_day(last.span(), step.span()));
                let detained = State::Custody(CustodyState::Detained);
                let again = before.filter(|before| before.state() == detained);
                if let Some(last) = same_day {
                    found(FindingCode::ArrestsOnOneDay, vec![last.seq(), step.seq()]);
                } else if let Some(before) = again.filter(|before| !is_perhaps_one(before, step)) {
                    let entries = vec![before.seq(), step.seq()];
                    found(FindingCode::ArrestWhileDetained, entries);
                }
                last_arrest = Some(step);
            }
            _ => {}
        }
    }
}

fn transfers(
    view: &View<'_>,
    subject: SubjectId,
    custody: &[Reported<'_>],
    found: &mut impl FnMut(FindingCode, Vec<Seq>),
) {
    for (seq, fact) in view.entries(subject) {
        let (Kind::Transfer, true, Some(span)) = (fact.kind(), view.counts(seq), fact.span())
        else {
            continue;
        };
        let key = (span.order_key(), seq);
        let before = custody.partition_point(|step| (step.span().order_key(), step.seq()) < key);
        let before = before.checked_sub(1).map(|n| custody[n].state());
        if !before.is_some_and(|state| in_custody().contains(state)) {
            found(FindingCode::TransferWithoutCustody, vec![seq]);
        }
    }
}

/// What each two steps that follow each other show.
fn neighbours(steps: &[Reported<'_>], found: &mut impl FnMut(FindingCode, Vec<Seq>)) {
    for pair in steps.windows(2) {
        let [one, other] = pair else { continue };
        let entries = || vec![one.seq(), other.seq()];
        if is_perhaps_one(one, other) {
            found(FindingCode::ReportedTwice, entries());
        }
        let (first, second) = (one.span(), other.span());
        let is_uncertain = first.lo() < first.hi() || second.lo() < second.hi();
        if one.state() != other.state() && is_uncertain && first.hi() >= second.lo() {
            found(FindingCode::OrderUncertain, entries());
        }
    }
}

/// Whether two reports may be of one event: same kind, near dates, the same offences if both name
/// some. Two arrests on one day are a finding of their own.
fn is_perhaps_one(one: &Reported<'_>, other: &Reported<'_>) -> bool {
    let kind = one.fact.kind();
    let offences = |fact: &Fact| match fact.particulars() {
        Particulars::Case { offences, .. } => *offences,
        _ => None,
    };
    let same_offences = match (offences(one.fact), offences(other.fact)) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    };
    let days_apart = other.span().lo().days_since(one.span().hi());
    kind == other.fact.kind()
        && is_one_event(kind)
        && same_offences
        && days_apart <= ONE_EVENT_DAYS
        && !(kind == Kind::Arrest && is_one_day(one.span(), other.span()))
}

fn is_one_day(one: Span, other: Span) -> bool {
    one.lo() == one.hi() && other.lo() == other.hi() && one.lo() == other.lo()
}

/// What came after the first death: in order on the custody axis, for certain on the others.
fn after_death(
    custody: &[Reported<'_>],
    courses: &Courses,
    found: &mut impl FnMut(FindingCode, Vec<Seq>),
) {
    let is_death = |step: &Reported<'_>| step.fact.kind() == Kind::Death;
    let Some(n) = custody.iter().position(is_death) else {
        return;
    };
    let death = &custody[n];
    let later = custody[n + 1..]
        .iter()
        .filter(|step| !is_perhaps_one(death, step))
        .map(Reported::seq);
    let clemency = courses.clemency.iter().map(|(_, course)| course);
    let elsewhere = std::iter::once(&courses.case).chain(clemency);
    let elsewhere = elsewhere
        .flat_map(Course::steps)
        .filter(|placed| placed.step.span.lo() > death.span().hi())
        .map(|placed| placed.step.seq);
    let entries: Vec<_> = std::iter::once(death.seq())
        .chain(later)
        .chain(elsewhere)
        .collect();
    if entries.len() > 1 {
        found(FindingCode::AfterDeath, entries);
    }
}
