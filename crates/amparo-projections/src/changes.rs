//! The changes of state in a log: steps after which a subject stands elsewhere than before.
//!
//! What claims of arrests, releases, exits, deaths and clemency are compared with. Sightings of
//! somebody known to be held, and repeated reports, change nothing and are not here.

use amparo_core::course::{Course, Placed};
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{ClemencyState, CustodyState, Kind, State};
use amparo_core::value::Measure;

use crate::fact::{Fact, SubjectId, TextId};
use crate::state_set::StateSet;
use crate::view::View;

/// One change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub subject: SubjectId,
    /// What the subject counts for.
    pub weight: u64,
    /// The entry.
    pub seq: Seq,
    /// Its kind.
    pub kind: Kind,
    /// The state before; none if nothing was documented.
    pub from: Option<State>,
    /// The state after.
    pub into: State,
    /// The instrument, on the clemency axis.
    pub instrument: Option<TextId>,
    /// Whether the subject was never in this state before.
    pub is_first: bool,
    /// The earliest day.
    pub lo: Day,
    /// The day at the points.
    pub point: Day,
    /// The latest day.
    pub hi: Day,
}

/// The changes of all subjects, by subject.
pub fn changes(view: &View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for subject in view.subjects() {
        let weight = view.weight(subject);
        if weight == 0 {
            continue;
        }
        let courses = view.courses(subject);
        let axes = [(None, &courses.custody), (None, &courses.case)];
        let clemency = courses
            .clemency
            .iter()
            .map(|(instrument, course)| (Some(*instrument), course));
        for (instrument, course) in axes.into_iter().chain(clemency) {
            let of_course = changes_of(view, course).map(|change| Change {
                subject,
                weight,
                instrument,
                ..change
            });
            changes.extend(of_course);
        }
    }
    changes
}

fn changes_of(view: &View<'_>, course: &Course<State>) -> impl Iterator<Item = Change> {
    let steps = course.steps();
    let change = |(n, placed): (usize, &Placed<State>)| {
        let state = placed.step.state;
        let from = n.checked_sub(1).map(|n| steps[n].step.state);
        let fact = view.fact(placed.step.seq)?;
        let change = Change {
            subject: fact.subject()?,
            weight: 0,
            seq: placed.step.seq,
            kind: Fact::kind(fact),
            from,
            into: state,
            instrument: None,
            is_first: !steps[..n].iter().any(|before| before.step.state == state),
            lo: placed.lo,
            point: placed.step.span.point(),
            hi: placed.hi,
        };
        Some(change).filter(|change| change.from != Some(change.into))
    };
    steps.iter().enumerate().filter_map(change)
}

/// The states in which somebody is in custody.
pub(crate) fn in_custody() -> StateSet {
    use CustodyState::{Detained, Disappeared, HouseArrest};
    StateSet::of_custody([Detained, Disappeared, HouseArrest])
}

impl Change {
    /// Whether the change is one of those that a measure counts; never for `held`.
    pub fn is(&self, measure: Measure) -> bool {
        let into = |state| self.into == State::Custody(state);
        let first_into = |state| self.is_first && self.into == State::Clemency(state);
        match measure {
            Measure::Held => false,
            Measure::Arrests => self.kind == Kind::Arrest,
            Measure::Releases => into(CustodyState::Released),
            Measure::ConditionalReleases => into(CustodyState::ConditionalRelease),
            Measure::Deaths => into(CustodyState::Deceased),
            Measure::Exits => {
                let was_in = self.from.is_some_and(|from| in_custody().contains(from));
                was_in && !in_custody().contains(self.into)
            }
            Measure::ClemencyRequests => first_into(ClemencyState::Requested),
            Measure::ClemencyGrants => first_into(ClemencyState::Granted),
            Measure::ClemencyRefusals => first_into(ClemencyState::Refused),
        }
    }
}
