//! Totals laid out by what is last said of each subject, as slowly as it reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::dates::Day;
use crate::histories;
use crate::naive::{Naive, Step, Story, Totals};

/// By what totals are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The place, cut to so many parts.
    Place(usize),
    /// The last text under this key: `authority`, `court`, `jurisdiction`, `ground`.
    Last(&'static str),
    /// Every instrument that somebody asked under or was decided about, or may have been.
    Instrument,
    /// Each `publisher`, or each `kind`, behind the latest custody step.
    Source(&'static str),
    /// Who recorded the latest custody step.
    Recorder,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Place(1),
        Self::Place(2),
        Self::Last("authority"),
        Self::Last("court"),
        Self::Last("jurisdiction"),
        Self::Last("ground"),
        Self::Instrument,
        Self::Source("publisher"),
        Self::Source("kind"),
        Self::Recorder,
    ];

    fn values(self, story: &Story<'_>, as_of: Day) -> Vec<Option<String>> {
        let reached = |step: &&Step<'_>| step.when.point() <= as_of;
        let reached: Vec<_> = story.steps.iter().filter(reached).collect();
        let latest = reached
            .iter()
            .rfind(|step| step.axis() == "custody" && step.state().is_some());
        match self {
            Self::Place(parts) => vec![place(&reached).map(|place| cut(place, parts))],
            Self::Last(key) => {
                let last = reached.iter().rev().find_map(|step| step.text(key));
                vec![last.map(str::to_owned)]
            }
            Self::Instrument => {
                let possible = story.steps.iter().filter(|step| step.when.lo <= as_of);
                each(possible.filter_map(|step| step.text("instrument")))
            }
            Self::Source(key) => {
                let sources = latest.and_then(|step| step.draft["sources"].as_array());
                let sources = sources.into_iter().flatten();
                each(sources.filter_map(|source| source[key].as_str()))
            }
            Self::Recorder => vec![latest.map(|step| histories::recorder(step.n).to_owned())],
        }
    }
}

/// Each value once; "not known" where there is none.
fn each<'v>(values: impl Iterator<Item = &'v str>) -> Vec<Option<String>> {
    let values: BTreeSet<_> = values.map(str::to_owned).collect();
    match values.is_empty() {
        true => vec![None],
        false => values.into_iter().map(Some).collect(),
    }
}

/// Where somebody is: as the last custody step or transfer says. A step that changes no state and
/// names no place leaves it; any other that names none makes it unknown.
fn place<'n>(reached: &[&Step<'n>]) -> Option<&'n str> {
    let (mut at, mut state) = (None, None);
    for step in reached.iter().filter(|step| step.axis() == "custody") {
        let is_repeated = step.state().is_some() && step.state() == state;
        if step.text("place").is_some() || !is_repeated {
            at = step.text("place");
        }
        state = step.state().or(state);
    }
    at
}

/// The first parts of a place.
fn cut(place: &str, parts: usize) -> String {
    place.split(':').take(parts).collect::<Vec<_>>().join(":")
}

impl Naive {
    /// The totals of each value, without the rows that are zero for certain.
    pub fn totals_by(&self, as_of: Day, profile: &str, by: By) -> BTreeMap<Option<String>, Totals> {
        let mut laid_out: BTreeMap<_, Totals> = BTreeMap::new();
        for story in self.stories() {
            for value in by.values(&story, as_of) {
                story.add_to(laid_out.entry(value).or_default(), as_of, profile);
            }
        }
        for totals in laid_out.values_mut() {
            totals.retain(|_, [_, _, high]| *high > 0);
        }
        laid_out.retain(|_, totals| !totals.is_empty());
        laid_out
    }
}
