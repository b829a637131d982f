//! What happened to a person, in order, and where does the person stand on a day?
//!
//! A [`Timeline`] has one strand for custody, one for the case and one for each instrument of
//! clemency: the three are three different answers. Entries out of force are shown in their place
//! with what put them out. Derived facts (a re-arrest, full freedom, the stays) are read off the
//! strands and stand in no entry.

use amparo_core::course::{Count, Course, Placed};
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{Axis, CaseState, CustodyState, Kind, State};

use crate::fact::{Fact, SubjectId, TextId};
use crate::profile::Profile;
use crate::state_set::StateSet;
use crate::view::View;

/// The story of one person or group, and where it has come to at the end of a day.
#[derive(Debug, Clone)]
pub struct Timeline<'a> {
    /// Whom it is about, after merges.
    pub subject: SubjectId,
    /// Those whose entries belong to the subject by merges.
    pub merged: Vec<SubjectId>,
    /// What the subject counts for: 1, or the weight of a group.
    pub weight: u64,
    /// Custody, case, then clemency by instrument; custody and case are always there.
    pub strands: Vec<Strand<'a>>,
    /// Where the subject is, by which entry.
    pub place: Option<(Seq, TextId)>,
    /// Released and no open case: low if that is certain, high if possible, count at the points.
    pub full_freedom: Count,
    /// The stays in the profile's states, up to the day.
    pub stays: Vec<Stay>,
}

/// What happened on one axis.
#[derive(Debug, Clone)]
pub struct Strand<'a> {
    /// The axis.
    pub axis: Axis,
    /// The instrument, on the clemency axis.
    pub instrument: Option<TextId>,
    /// The steps in their order, those after the day included.
    pub steps: Vec<TimelineStep<'a>>,
    /// Where the subject stands at the end of the day.
    pub standing: Standing,
}

/// One entry in its place.
#[derive(Debug, Clone)]
pub struct TimelineStep<'a> {
    /// The entry.
    pub seq: Seq,
    /// What it says.
    pub fact: &'a Fact,
    /// The state after it; none for a transfer.
    pub state: Option<State>,
    /// The first and last day on which it can have happened, given its neighbours; none for a
    /// transfer, or out of force.
    pub bounds: Option<(Day, Day)>,
    /// Whether it is in force.
    pub in_force: bool,
    /// The entries in force that put it out of force.
    pub put_out_by: Vec<Seq>,
    /// Whether it is an arrest after an earlier exit from custody.
    pub is_rearrest: bool,
}

/// Where a subject stands on one axis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is possible that nothing is documented yet.
    pub undocumented: bool,
    /// The possible states, each once, in the order in which they come.
    pub possible: Vec<State>,
    /// The state at the point dates.
    pub point: Option<State>,
    /// The entry that the point state rests on.
    pub entry: Option<Seq>,
}

/// A run of days in the states of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The entry that it begins with.
    pub from: Seq,
    /// The first and last day on which it can have begun.
    pub began: (Day, Day),
    /// The entry that it ends with, if it can have ended by the day.
    pub to: Option<Seq>,
    /// The first and last day on which it can have ended.
    pub ended: Option<(Day, Day)>,
    /// How many days, up to and including the day: those at whose end the subject was held.
    pub days: Count,
}

/// The timeline of a subject; `None` if no known entry names it.
pub fn timeline<'a>(
    view: &View<'a>,
    subject: SubjectId,
    as_of: Day,
    profile: &Profile,
) -> Option<Timeline<'a>> {
    let subject = view.root(subject);
    view.entries(subject).next()?;
    let courses = view.courses(subject);
    let strand = |axis, instrument, course: &Course<State>| Strand {
        axis,
        instrument,
        steps: steps(view, subject, axis, instrument, course),
        standing: standing(course, as_of),
    };
    let mut strands = vec![
        strand(Axis::Custody, None, &courses.custody),
        strand(Axis::Case, None, &courses.case),
    ];
    let none = Course::new(Vec::new());
    for code in instruments(view, subject) {
        let course = courses.clemency.iter().find(|(known, _)| *known == code);
        let course = course.map_or(&none, |(_, course)| course);
        strands.push(strand(Axis::Clemency, Some(code), course));
    }
    Some(Timeline {
        subject,
        merged: view.merged_into(subject),
        weight: view.weight(subject),
        strands,
        place: view.place(subject, as_of),
        full_freedom: full_freedom(&courses.custody, &courses.case, as_of),
        stays: stays(&courses.custody, as_of, profile),
    })
}

/// Where a subject on this course stands at the end of a day.
pub fn standing(course: &Course<State>, as_of: Day) -> Standing {
    let at = course.at(as_of);
    let mut possible = Vec::new();
    for placed in at.possible {
        if !possible.contains(&placed.step.state) {
            possible.push(placed.step.state);
        }
    }
    Standing {
        undocumented: at.undocumented,
        possible,
        point: at.point.map(|placed| placed.step.state),
        entry: at.point.map(|placed| placed.step.seq),
    }
}

/// Whether somebody is released and has no open case: each 0 or 1.
pub fn full_freedom(custody: &Course<State>, case: &Course<State>, as_of: Day) -> Count {
    let released = custody
        .at(as_of)
        .count(|state| state == State::Custody(CustodyState::Released));
    let open = case
        .at(as_of)
        .count(|state| matches!(state, State::Case(state) if CaseState::is_open(state)));
    Count {
        low: released.low & (1 - open.high),
        count: released.count & (1 - open.count),
        high: released.high & (1 - open.low),
    }
}

/// Whether each step is an arrest after an earlier exit from custody.
pub fn rearrests(view: &View<'_>, custody: &Course<State>) -> Vec<Seq> {
    let out = out_of_custody();
    let mut has_been_out = false;
    let mut found = Vec::new();
    for placed in custody.steps() {
        let kind = view.fact(placed.step.seq).map(Fact::kind);
        if has_been_out && kind == Some(Kind::Arrest) {
            found.push(placed.step.seq);
        }
        has_been_out |= out.contains(placed.step.state);
    }
    found
}

/// The states of somebody who has left custody alive.
pub(crate) fn out_of_custody() -> StateSet {
    use CustodyState::{ConditionalRelease, Escaped, Exiled, ExitUnknown, Released};
    StateSet::of_custody([ConditionalRelease, Released, ExitUnknown, Escaped, Exiled])
}

/// The runs of steps in the profile's states that can have begun by the end of a day.
///
/// The days of a stay are those at whose end the subject is held, so that one day of arrest with
/// release on the next is one day. The shortest stay of the profile is left aside: this is what
/// it is measured on.
pub fn stays(custody: &Course<State>, as_of: Day, profile: &Profile) -> Vec<Stay> {
    let held = |placed: &Placed<State>| profile.states().contains(placed.step.state);
    let steps = custody.steps();
    let mut stays = Vec::new();
    let mut n = 0;
    while n < steps.len() && steps[n].lo <= as_of {
        if !held(&steps[n]) {
            n += 1;
            continue;
        }
        let rest = &steps[n..];
        let length = rest.iter().position(|placed| !held(placed));
        let end = length.map(|length| &rest[length]);
        stays.push(stay(&steps[n], end, as_of));
        n += length.unwrap_or(rest.len());
    }
    stays
}

fn stay(from: &Placed<State>, end: Option<&Placed<State>>, as_of: Day) -> Stay {
    let end = end.filter(|end| end.lo <= as_of);
    let after = as_of.plus_days(1).unwrap_or(as_of);
    let days = |from: Day, to: Option<Day>| {
        let to = to.map_or(after, |to| to.min(after));
        u64::try_from(to.days_since(from)).unwrap_or(0)
    };
    let point = |placed: &Placed<State>| placed.step.span.point();
    Stay {
        from: from.step.seq,
        began: (from.lo, from.hi),
        to: end.map(|end| end.step.seq),
        ended: end.map(|end| (end.lo, end.hi)),
        days: Count {
            low: days(from.hi, end.map(|end| end.lo)),
            count: days(point(from), end.map(point)),
            high: days(from.lo, end.map(|end| end.hi)),
        },
    }
}

/// The instruments under which the subject has entries, in force or not.
fn instruments(view: &View<'_>, subject: SubjectId) -> Vec<TextId> {
    let mut codes: Vec<_> = view
        .entries(subject)
        .filter(|(_, fact)| fact.kind().axis() == Some(Axis::Clemency))
        .filter_map(|(_, fact)| fact.instrument())
        .collect();
    codes.sort_unstable_by_key(|code| view.facts().text(*code));
    codes.dedup();
    codes
}

fn steps<'a>(
    view: &View<'a>,
    subject: SubjectId,
    axis: Axis,
    instrument: Option<TextId>,
    course: &Course<State>,
) -> Vec<TimelineStep<'a>> {
    let rearrests = rearrests(view, course);
    let placed = |seq| course.steps().iter().find(|placed| placed.step.seq == seq);
    let step = |(seq, fact): (Seq, &'a Fact)| TimelineStep {
        seq,
        fact,
        state: fact.kind().state(),
        bounds: placed(seq).map(|placed| (placed.lo, placed.hi)),
        in_force: view.is_in_force(seq),
        put_out_by: view
            .corrections_of(seq)
            .filter(|by| view.is_in_force(*by))
            .collect(),
        is_rearrest: rearrests.contains(&seq),
    };
    let mut steps: Vec<_> = view
        .entries(subject)
        .filter(|(_, fact)| fact.kind().axis() == Some(axis))
        .filter(|(_, fact)| instrument.is_none() || fact.instrument() == instrument)
        .filter(|(seq, _)| view.counts(*seq) || !view.is_in_force(*seq))
        .map(step)
        .collect();
    steps.sort_by_key(|step| (step.fact.span().map(|span| span.order_key()), step.seq));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    fn shown(timeline: &Timeline<'_>) -> Vec<String> {
        let strand = |strand: &Strand<'_>| {
            let step = |step: &TimelineStep<'_>| {
                let mark = if step.in_force { "" } else { "x" };
                let again = if step.is_rearrest { "!" } else { "" };
                format!("{mark}{}{again}", step.fact.kind())
            };
            let steps: Vec<_> = strand.steps.iter().map(step).collect();
            let possible = strand.standing.possible.iter().map(|state| state.word());
            let point = strand.standing.point.map_or("-", State::word);
            let possible: Vec<_> = possible.collect();
            format!("{} | {} | {point}", steps.join(" "), possible.join(" "))
        };
        timeline.strands.iter().map(strand).collect()
    }

    /// Taken in May, let out on terms, taken again around midnight, house arrest, freed.
    const CASE: [&str; 8] = [
        r#""kind":"arrest","person":"p:1","occurred":"2025-05","place":"VE:Caracas""#,
        r#""kind":"charge","person":"p:1","occurred":"2025-06-01""#,
        r#""kind":"conditional-release","person":"p:1","occurred":"2026-02-08""#,
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-08/2026-02-09""#,
        r#""kind":"house-arrest","person":"p:1","occurred":"2026-02-10","place":"VE:Zulia""#,
        r#""kind":"release","person":"p:1","occurred":"2026-02-19""#,
        r#""kind":"release","person":"p:1","occurred":"2026-02-19/2026-02-20","replaces":"@5""#,
        r#""kind":"clemency-request","person":"p:2","occurred":"2026-02-20","instrument":"a""#,
    ];

    #[test]
    fn the_three_axes_are_three_answers() {
        let sample = Sample::of(&CASE);
        let facts = sample.facts();
        let at = |known: usize, on: &str| {
            let view = View::known_at(&facts, sample.entries[known].seq);
            let person = sample.entries[0].event.subject().unwrap();
            let person = facts.subject_id(person).unwrap();
            let timeline = timeline(&view, person, day(on), &Profile::default()).unwrap();
            let place = timeline
                .place
                .map(|(_, place)| facts.text(place).to_owned());
            (shown(&timeline), place, timeline.full_freedom)
        };
        let (now, place, _) = at(7, "2026-02-09");
        assert_eq!(
            now,
            [
                "arrest conditional-release arrest! house-arrest xrelease release \
                 | detained | detained",
                "charge | charged | charged",
            ]
        );
        assert_eq!(place, None);
        let (then, ..) = at(2, "2026-02-09");
        let terms = "arrest conditional-release | conditional-release | conditional-release";
        assert_eq!(then[0], terms);
        let (_, place, free) = at(7, "2026-02-20");
        assert_eq!((place, free), (None, Count::default()));
        let (_, place, _) = at(7, "2026-02-18");
        assert_eq!(place.as_deref(), Some("VE:Zulia"));
    }

    #[test]
    fn stays_have_days_as_sure_as_their_dates() {
        let sample = Sample::of(&CASE);
        let facts = sample.facts();
        let view = View::head(&facts);
        let person = facts.subject_id(sample.entries[0].event.subject().unwrap());
        let courses = view.courses(person.unwrap());
        let days = |on: &str| {
            let stays = stays(&courses.custody, day(on), &Profile::default());
            let count = |stay: &Stay| (stay.days.low, stay.days.count, stay.days.high);
            stays.iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(days("2025-04-30"), []);
        assert_eq!(days("2025-05-31"), [(1, 16, 31)]);
        assert_eq!(days("2026-02-08"), [(253, 268, 283), (0, 1, 1)]);
        assert_eq!(days("2026-03-01"), [(253, 268, 283), (10, 11, 12)]);
    }

    #[test]
    fn full_freedom_is_released_without_an_open_case() {
        let sample = Sample::of(&[
            r#""kind":"release","person":"p:1","occurred":"2026-02-05""#,
            r#""kind":"charge","person":"p:1","occurred":"2026-02-06""#,
            r#""kind":"dismissal","person":"p:1","occurred":"2026-02-08/2026-02-10""#,
        ]);
        let facts = sample.facts();
        let view = View::head(&facts);
        let courses = view.courses(view.subjects().next().unwrap());
        for (on, expect) in [
            ("2026-02-04", (0, 0, 0)),
            ("2026-02-05", (1, 1, 1)),
            ("2026-02-06", (0, 0, 0)),
            ("2026-02-08", (0, 0, 1)),
            ("2026-02-09", (0, 1, 1)),
            ("2026-02-10", (1, 1, 1)),
        ] {
            let Count { low, count, high } = full_freedom(&courses.custody, &courses.case, day(on));
            assert_eq!((low, count, high), expect, "{on}");
        }
    }

    #[test]
    fn merged_persons_have_one_timeline() {
        let sample = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-05""#,
            r#""kind":"release","person":"p:2","occurred":"2026-02-06""#,
            r#""kind":"merge","person":"p:2","into":"p:1""#,
        ]);
        let facts = sample.facts();
        let second = facts
            .subject_id(sample.entries[1].event.subject().unwrap())
            .unwrap();
        let of = |view: &View<'_>| {
            let timeline = timeline(view, second, day("2026-02-28"), &Profile::default()).unwrap();
            (shown(&timeline).remove(0), timeline.merged.len())
        };
        let before = View::known_at(&facts, Seq::new(1));
        assert_eq!(of(&before), ("release | released | released".to_owned(), 0));
        let after = View::head(&facts);
        assert_eq!(
            of(&after),
            ("arrest release | released | released".to_owned(), 1)
        );
    }
}
