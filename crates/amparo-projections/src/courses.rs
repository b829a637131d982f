//! A subject's steps, sorted onto the three axes and, for clemency, by instrument.

use amparo_core::course::{Course, Step};
use amparo_core::id::Seq;
use amparo_core::kind::{Axis, State};

use crate::fact::{Fact, TextId};
use crate::facts::Facts;

/// A subject's courses on the three axes.
#[derive(Debug, Clone)]
pub struct Courses {
    /// On the custody axis.
    pub custody: Course<State>,
    /// On the case axis.
    pub case: Course<State>,
    /// On the clemency axis, by instrument, in the order of their codes.
    pub clemency: Vec<(TextId, Course<State>)>,
}

impl Courses {
    /// The courses of these steps; clemency steps come with their instrument.
    pub(crate) fn new(
        facts: &Facts,
        steps: impl Iterator<Item = (Step<State>, Option<TextId>)>,
    ) -> Self {
        let (mut custody, mut case) = (Vec::new(), Vec::new());
        let mut clemency: Vec<(TextId, Vec<Step<State>>)> = Vec::new();
        for (step, instrument) in steps {
            match (step.state.axis(), instrument) {
                (Axis::Custody, _) => custody.push(step),
                (Axis::Case, _) => case.push(step),
                (Axis::Clemency, None) => {}
                (Axis::Clemency, Some(code)) => {
                    match clemency.iter_mut().find(|(known, _)| *known == code) {
                        Some((_, steps)) => steps.push(step),
                        None => clemency.push((code, vec![step])),
                    }
                }
            }
        }
        clemency.sort_unstable_by_key(|(code, _)| facts.text(*code));
        Self {
            custody: Course::new(custody),
            case: Course::new(case),
            clemency: clemency
                .into_iter()
                .map(|(code, steps)| (code, Course::new(steps)))
                .collect(),
        }
    }
}

/// The step that an entry is on its axis, and the instrument if that is clemency.
pub(crate) fn step_of(seq: Seq, fact: &Fact) -> Option<(Step<State>, Option<TextId>)> {
    let step = Step {
        span: fact.span()?,
        seq,
        state: fact.kind().state()?,
    };
    Some((step, fact.instrument()))
}
