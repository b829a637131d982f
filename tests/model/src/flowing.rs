//! Who came in and who went out, day by day: whoever is held at the end of a day and was not at
//! the end of the day before, and the other way round.

use std::collections::BTreeMap;

use crate::dates::Day;
use crate::naive::{Naive, Step, Story, held};

/// How many came in, or went out, by one kind: all, those of them who had been held before, and
/// those of them of whom nothing about custody was documented before.
pub type Flow = [u64; 3];

/// Stock, comings, goings, stock.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// How many were held at the end of the day before.
    pub start: u64,
    /// Who came in, by kind.
    pub entries: BTreeMap<String, Flow>,
    /// Who went out, by kind.
    pub exits: BTreeMap<String, Flow>,
    /// How many were held at the end of the last day.
    pub end: u64,
}

/// Whether somebody is held at the end of a day, at the points of the dates.
fn is_held(custody: &[Step<'_>], day: Day, states: &[&str]) -> bool {
    let last = custody.iter().rfind(|step| step.when.point() <= day);
    let state = last.and_then(Step::state);
    state.is_some_and(|state| states.contains(&state))
}

/// The step by which somebody came in or went out on a day: the first of the day after which it
/// stays so till the end of the day.
fn turn(custody: &[Step<'_>], day: Day, states: &[&str]) -> usize {
    let is_in = is_held(custody, day, states);
    let of_day = (0..custody.len()).filter(|n| custody[*n].when.point() == day);
    let is_so = |n: &usize| custody[*n].state().is_some_and(|s| states.contains(&s)) == is_in;
    of_day.rev().take_while(is_so).last().unwrap()
}

fn add(story: &Story<'_>, first: Day, last: Day, states: &[&str], flows: &mut Flows) {
    let custody = story.course("custody", "");
    let held_on = |day| is_held(&custody, day, states);
    flows.start += story.weight * u64::from(held_on(first - 1));
    flows.end += story.weight * u64::from(held_on(last));
    for day in first..=last {
        if held_on(day) == held_on(day - 1) {
            continue;
        }
        let step = turn(&custody, day, states);
        let kind = custody[step].text("kind").unwrap().to_owned();
        let came = held_on(day);
        let flow = if came {
            flows.entries.entry(kind).or_default()
        } else {
            flows.exits.entry(kind).or_default()
        };
        let earlier = custody
            .iter()
            .map(|step| step.when.point())
            .filter(|at| *at < day);
        let again = came && earlier.into_iter().any(held_on);
        flow[0] += story.weight;
        flow[1] += story.weight * u64::from(again);
        flow[2] += story.weight * u64::from(came && step == 0);
    }
}

impl Naive {
    /// The flows of a period.
    pub fn flows(&self, first: Day, last: Day, profile: &str) -> Flows {
        let mut flows = Flows::default();
        for story in self.stories().iter().filter(|story| story.weight > 0) {
            add(story, first, last, held(profile), &mut flows);
        }
        flows
    }
}
