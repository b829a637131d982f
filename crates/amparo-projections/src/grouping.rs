//! By what are totals laid out? Each grouping says one thing of a subject on a day.
//!
//! Groupings look at the point dates: the value is where the subject stands at the end of the
//! day as best known; but for instruments, which take in what may have been asked under them, since
//! a state under one stands on a line of its own. They refuse to split a subject: its low, count and
//! high all go to the same line, so that the lines of a grouping with one value for each subject add
//! up to the total.

use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::value::Place;
use amparo_core::word::Word;

use crate::fact::{Fact, SubjectId};
use crate::view::View;

/// One way to lay out totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Where the subject is, cut to so many parts of the place.
    Place {
        /// At least 1.
        depth: usize,
    },
    /// Who took the subject, as last said.
    Authority,
    /// The court that the case or the request is before, as last said.
    Court,
    /// Whose court that is.
    Jurisdiction,
    /// The instruments under which something was, or may have been, asked or decided. Several for one
    /// subject.
    Instrument,
    /// The exclusion ground last named.
    Ground,
    /// The publishers behind the latest custody entry. Several for one subject.
    Publisher,
    /// The kinds of source behind the latest custody entry. Several for one subject.
    SourceKind,
    /// Who recorded the latest custody entry.
    Recorder,
}

impl Grouping {
    /// The lines on which a subject stands: every combination of the values of each grouping.
    pub fn keys(
        groupings: &[Grouping],
        view: &View<'_>,
        subject: SubjectId,
        as_of: Day,
    ) -> Vec<Vec<Option<String>>> {
        let mut keys = vec![Vec::new()];
        for grouping in groupings {
            let values = grouping.values(view, subject, as_of);
            let longer = keys.iter().flat_map(|key: &Vec<Option<String>>| {
                values.iter().map(|value| {
                    let mut key = key.clone();
                    key.push(value.clone());
                    key
                })
            });
            keys = longer.collect();
        }
        keys
    }

    /// What the grouping says of a subject at the end of a day: one or more values, `None` for
    /// not known.
    pub fn values(self, view: &View<'_>, subject: SubjectId, as_of: Day) -> Vec<Option<String>> {
        let facts = view.facts();
        let latest = |pick: &dyn Fn(&Fact) -> Option<String>| {
            let reached = view.reached(subject, as_of, |kind| kind.axis().is_some());
            vec![reached.iter().rev().find_map(|(_, fact)| pick(fact))]
        };
        let text = |id| facts.text(id).to_owned();
        match self {
            Self::Place { depth } => {
                let place = view.place(subject, as_of);
                let place = place.and_then(|(_, id)| Place::new(facts.text(id)));
                vec![place.map(|place| place.to_depth(depth).to_owned())]
            }
            Self::Authority => latest(&|fact| fact.authority().map(text)),
            Self::Court => latest(&|fact| fact.court().map(text)),
            Self::Jurisdiction => {
                latest(&|fact| fact.jurisdiction().map(|word| word.word().to_owned()))
            }
            Self::Ground => latest(&|fact| fact.ground().map(text)),
            Self::Instrument => {
                let trail = view.trail(subject);
                several(trail.instruments(as_of).map(text))
            }
            Self::Publisher => several(latest_custody(view, subject, as_of).into_iter().flat_map(
                |(_, fact)| {
                    facts
                        .publishers(fact)
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                },
            )),
            Self::SourceKind => several(latest_custody(view, subject, as_of).into_iter().flat_map(
                |(_, fact)| {
                    facts
                        .voices(fact)
                        .iter()
                        .map(|voice| voice.kind.word().to_owned())
                },
            )),
            Self::Recorder => {
                let latest = latest_custody(view, subject, as_of);
                vec![latest.map(|(_, fact)| facts.recorder(fact).to_owned())]
            }
        }
    }
}

fn latest_custody<'a>(view: &View<'a>, subject: SubjectId, as_of: Day) -> Option<(Seq, &'a Fact)> {
    let moves = view.moves(subject, as_of);
    moves
        .into_iter()
        .rev()
        .find(|(_, fact)| fact.kind().state().is_some())
}

/// The distinct values, or "not known" if there are none.
fn several(values: impl Iterator<Item = String>) -> Vec<Option<String>> {
    let mut values: Vec<_> = values.map(Some).collect();
    values.sort_unstable();
    values.dedup();
    if values.is_empty() {
        values.push(None);
    }
    values
}
