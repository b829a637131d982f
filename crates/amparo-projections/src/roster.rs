//! Who is in a state at the end of a day, since when, and on whose word?
//!
//! One row for each subject that is, or can be, in the state; the counts of a row say how sure it
//! is, and their sums over all rows are the totals of the state.

use amparo_core::course::{Count, Course, Placed};
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{Axis, State};

use crate::fact::{SubjectId, TextId};
use crate::profile::Profile;
use crate::view::View;

/// In what somebody may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'p> {
    /// In a state; on the clemency axis under one instrument, or under any.
    State(State, Option<TextId>),
    /// Held by a profile.
    Held(&'p Profile),
}

/// One subject in the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Who, after merges.
    pub subject: SubjectId,
    /// The instrument, on the clemency axis.
    pub instrument: Option<TextId>,
    /// How many it stands for, and how sure it is.
    pub total: Count,
    /// The state of the subject; for a profile, one of its states.
    pub state: State,
    /// The first and last day on which the present run of such states can have begun.
    pub since: (Day, Day),
    /// The entry that the run begins with.
    pub began: Seq,
    /// The latest entry of the run.
    pub entry: Seq,
    /// The publishers behind the entries of the run, each once.
    pub publishers: Vec<TextId>,
    /// Where the subject is.
    pub place: Option<TextId>,
}

/// The subjects that are or can be in a state at the end of a day, in the order of first mention.
///
/// Groups that weigh nothing are left out.
pub fn roster(view: &View<'_>, as_of: Day, asked: Asked<'_>) -> Vec<RosterRow> {
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let courses = view.courses(subject);
        match asked {
            Asked::Held(profile) => {
                let one = profile.held(&courses.custody, as_of);
                let is = |state| profile.states().contains(state);
                rows.extend(row(view, subject, as_of, &courses.custody, one, is));
            }
            Asked::State(state, code) => {
                let course_of_axis = match state.axis() {
                    Axis::Custody => Some((None, &courses.custody)),
                    Axis::Case => Some((None, &courses.case)),
                    Axis::Clemency => None,
                };
                let clemency = courses.clemency.iter().filter(|(instrument, _)| {
                    state.axis() == Axis::Clemency && code.is_none_or(|code| code == *instrument)
                });
                let clemency = clemency.map(|(instrument, course)| (Some(*instrument), course));
                for (instrument, course) in course_of_axis.into_iter().chain(clemency) {
                    let one = course.at(as_of).count(|s| s == state);
                    let row = row(view, subject, as_of, course, one, |s| s == state);
                    rows.extend(row.map(|row| RosterRow { instrument, ..row }));
                }
            }
        }
    }
    rows
}

fn row(
    view: &View<'_>,
    subject: SubjectId,
    as_of: Day,
    course: &Course<State>,
    one: Count,
    is: impl Fn(State) -> bool,
) -> Option<RosterRow> {
    let total = one.times(view.weight(subject));
    if total.is_zero() {
        return None;
    }
    let run = present_run(course, as_of, is)?;
    let (first, stands) = (run.first()?, run.last()?);
    let mut publishers: Vec<_> = run
        .iter()
        .filter_map(|placed| view.fact(placed.step.seq))
        .flat_map(|fact| view.facts().voices(fact))
        .map(|voice| voice.publisher)
        .collect();
    publishers.sort_unstable();
    publishers.dedup();
    Some(RosterRow {
        subject,
        instrument: None,
        total,
        state: stands.step.state,
        since: (first.lo, first.hi),
        began: first.step.seq,
        entry: stands.step.seq,
        publishers,
        place: view.place(subject, as_of).map(|(_, place)| place),
    })
}

/// The state at the point dates of the end of a day, with the first and last day on which the
/// present run of it can have begun; `None` where nothing is documented.
pub fn present(course: &Course<State>, as_of: Day) -> Option<(State, (Day, Day))> {
    let state = course.at(as_of).point?.step.state;
    let first = present_run(course, as_of, |other| other == state)?.first()?;
    Some((state, (first.lo, first.hi)))
}

/// The steps of the present run of such states at the end of a day, up to the one that stands:
/// the one at the points if it is in such a state, else the last of those that can be. `None` if
/// nothing of the kind is possible.
pub(crate) fn present_run(
    course: &Course<State>,
    as_of: Day,
    is: impl Fn(State) -> bool,
) -> Option<&[Placed<State>]> {
    let in_state = |placed: &&Placed<State>| is(placed.step.state);
    let standing = course.at(as_of);
    let possible = standing.possible.iter().rev().find(in_state);
    let stands = standing.point.filter(in_state).or(possible)?;
    let steps = course.steps();
    let last = steps.iter().position(|step| step == stands)?;
    let run = steps[..=last].iter().rev().take_while(in_state).count();
    Some(&steps[last + 1 - run..=last])
}

#[cfg(test)]
mod tests {
    use amparo_core::kind::{ClemencyState, CustodyState};

    use super::*;
    use crate::sample::{Sample, day};

    fn sample() -> Sample {
        Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-01/2026-02-03","place":"VE:A","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
            r#""kind":"custody-observed","person":"p:1","occurred":"2026-02-06","sources":[{"publisher":"Press","kind":"media"}]"#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-02""#,
            r#""kind":"group","group":"g:1","size":4"#,
            r#""kind":"house-arrest","group":"g:1","occurred":"2026-02-02""#,
            r#""kind":"clemency-request","person":"p:2","instrument":"a","occurred":"2026-02-05""#,
            r#""kind":"group","group":"g:2","label":"of unknown size""#,
            r#""kind":"arrest","group":"g:2","occurred":"2026-02-02""#,
        ])
    }

    #[test]
    fn rows_say_who_since_when_and_on_whose_word() {
        let facts = sample().facts();
        let view = View::head(&facts);
        let detained = Asked::State(State::Custody(CustodyState::Detained), None);
        let rows = roster(&view, day("2026-02-10"), detained);
        assert_eq!(rows.len(), 2);
        let first = &rows[0];
        assert_eq!(first.since, (day("2026-02-01"), day("2026-02-03")));
        assert_eq!((first.began, first.entry), (Seq::new(0), Seq::new(1)));
        let words: Vec<_> = first.publishers.iter().map(|id| facts.text(*id)).collect();
        assert_eq!(words, ["Watch", "Press"]);
        assert_eq!(first.place.map(|id| facts.text(id)), Some("VE:A"));
        // Possible, not certain, and not at the point date.
        assert_eq!(
            rows[1].total,
            Count {
                low: 0,
                count: 0,
                high: 1
            }
        );
    }

    #[test]
    fn rows_of_a_profile_and_of_an_instrument_add_up_to_the_totals() {
        let facts = sample().facts();
        let view = View::head(&facts);
        let on = day("2026-02-10");
        let profile = Profile::default();
        let sum = |asked| {
            let mut sum = Count::default();
            for row in roster(&view, on, asked) {
                sum += row.total;
            }
            Some(sum)
        };
        let rows = crate::totals::totals(&view, on, &profile);
        let total = |word: &str| {
            rows.iter()
                .find(|row| row.state == word)
                .map(|row| row.total)
        };
        assert_eq!(sum(Asked::Held(&profile)), total("deprived-of-liberty"));
        let requested = State::Clemency(ClemencyState::Requested);
        assert_eq!(sum(Asked::State(requested, None)), total("requested"));
        assert_eq!(
            sum(Asked::State(requested, facts.text_id("a"))),
            total("requested")
        );
        assert_eq!(
            sum(Asked::State(requested, facts.text_id("VE:A"))),
            Some(Count::default())
        );
    }
}
