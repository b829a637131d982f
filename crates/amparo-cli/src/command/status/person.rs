//! Where one person or group stands at the end of a day, on three axes.

use amparo_core::course::{Count, Course, Placed};
use amparo_core::date::Day;
use amparo_core::id::{Seq, Subject};
use amparo_core::kind::{Axis, Kind, State};
use amparo_core::word::Word as _;
use amparo_projections::View;
use amparo_projections::courses::Courses;
use amparo_projections::fact::SubjectId;
use amparo_projections::timeline::{Strand, Timeline, timeline};

use super::timeline as steps;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Reply};
use crate::people::People;
use crate::session::Session;

/// Who it is about, and everything that holds on all axes together.
pub struct Person<'d, 'v> {
    pub derived: &'d Derived,
    pub people: People,
    pub view: &'v View<'d>,
    pub timeline: Timeline<'d>,
}

/// How long the present run of one state has lasted, by which entries.
struct Run {
    since: (Day, Day),
    entry: Seq,
    sources: Vec<String>,
}

/// Answers where somebody stands; with every step, where the timeline is asked for.
pub fn show(
    session: &mut Session<'_, '_>,
    derived: &Derived,
    typed: &str,
    with_steps: bool,
) -> Result<(), Failure> {
    let people = derived.people_around(typed)?;
    let view = derived.then();
    let subject = derived.subject(session, &people, &view, typed)?;
    let found = timeline(&view, subject, derived.at.as_of, &derived.profile);
    let timeline = found.ok_or_else(|| Failure::internal("a known subject has no entries"))?;
    let person = Person {
        derived,
        people,
        view: &view,
        timeline,
    };
    let courses = view.courses(subject);
    let for_people = figures::is_for_people(session.globals.format);
    match (for_people, with_steps) {
        (true, _) => {
            session.reply(&person.summary())?;
            session.write(b"\n")?;
            session.reply(&person.axes_for_people(&courses))?;
            if with_steps {
                session.write(b"\n")?;
                session.reply(&steps::for_people(&person))?;
            }
            Ok(())
        }
        (false, true) => session.reply(&steps::for_programs(&person)),
        (false, false) => session.reply(&person.axes_for_programs(&courses)),
    }
}

impl<'d> Person<'d, '_> {
    /// Ref of the subject.
    pub fn reference(&self) -> String {
        self.derived.facts.shown(self.timeline.subject)
    }

    /// Name of the subject, where one is known.
    pub fn name(&self) -> Option<&str> {
        self.derived.name(&self.people, self.timeline.subject)
    }

    fn labels(&self, subjects: &[SubjectId]) -> Vec<String> {
        subjects
            .iter()
            .map(|subject| self.derived.label(&self.people, *subject))
            .collect()
    }

    fn is_group(&self) -> bool {
        let subject = self.derived.facts.subject(self.timeline.subject);
        matches!(subject, Some(Subject::Group(_)))
    }

    /// The arrests after an exit from custody, that can have happened by the day.
    fn rearrests(&self) -> Vec<Seq> {
        let as_of = self.derived.at.as_of;
        let steps = self
            .timeline
            .strands
            .iter()
            .flat_map(|strand| &strand.steps);
        let again = steps.filter(|step| {
            step.is_rearrest && step.bounds.is_some_and(|(first, _)| first <= as_of)
        });
        again.map(|step| step.seq).collect()
    }

    /// The other side of identifications in force: the groups of a person, the persons of a group.
    fn identified(&self) -> Vec<SubjectId> {
        let own = self.timeline.subject;
        let entries = self
            .view
            .entries(own)
            .filter(|(seq, fact)| fact.kind() == Kind::Identification && self.view.counts(*seq));
        let sides = entries.filter_map(|(_, fact)| Some((fact.subject()?, fact.second_subject()?)));
        let other = |(group, person)| match self.view.root(person) {
            person if group == own => person,
            _ => group,
        };
        let mut others: Vec<_> = sides.map(other).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    fn days_held(&self) -> Count {
        let mut sum = Count::default();
        for stay in &self.timeline.stays {
            sum += stay.days;
        }
        sum
    }

    fn place(&self) -> Option<&str> {
        self.timeline
            .place
            .map(|(_, place)| self.derived.facts.text(place))
    }

    fn summary(&self) -> Reply {
        let facts = &self.derived.facts;
        let known = facts.subject(self.timeline.subject);
        let aliases = known.and_then(|subject| self.people.known(subject));
        let who = self.derived.label(&self.people, self.timeline.subject);
        let what = if self.is_group() { "group" } else { "person" };
        let stands_for = self.is_group().then_some(self.timeline.weight);
        let identified = self.labels(&self.identified());
        let rearrests = self.rearrests();
        let cells = [
            (Column::text(what), Cell::text(who)),
            (
                Column::text("also_called"),
                Cell::list(aliases.iter().flat_map(|a| &a.aliases)),
            ),
            (Column::text("stands_for"), Cell::maybe(stands_for)),
            (
                Column::text("merged_from"),
                Cell::list(self.labels(&self.timeline.merged)),
            ),
            (
                Column::text(if self.is_group() {
                    "told_apart"
                } else {
                    "told_apart_from"
                }),
                Cell::list(identified),
            ),
            (Column::text("place"), Cell::maybe(self.place())),
            (
                Column::text("full_freedom"),
                Cell::text(self.full_freedom()),
            ),
            (Column::text("re-arrests"), Cell::list(rearrests)),
            (
                Column::text("days_held"),
                Cell::text(figures::count(self.days_held())),
            ),
        ];
        let (columns, row): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
        let mut reply = Reply::at(self.derived.at.meta(), columns).into_record();
        reply.push(row);
        reply
    }

    /// Whether somebody is released without an open case, and what stands against it.
    fn full_freedom(&self) -> String {
        let free = self.timeline.full_freedom;
        let case_is_open = self.timeline.strands.iter().any(
            |strand| matches!(strand.standing.point, Some(State::Case(state)) if state.is_open()),
        );
        let is_released = self.timeline.strands.iter().any(|strand| {
            strand.standing.point == Some(State::Custody(amparo_core::kind::CustodyState::Released))
        });
        let answer = match (free.low, free.count, free.high) {
            (1.., ..) => "yes",
            (0, 1.., _) => "yes, as far as the dates tell",
            (0, 0, 1..) => "no, as far as the dates tell",
            (0, 0, 0) => "no",
        };
        match (free.count, is_released, case_is_open) {
            (0, true, true) => format!("{answer}: released, and the case is open"),
            _ => answer.to_owned(),
        }
    }

    fn axes_for_people(&self, courses: &Courses) -> Reply {
        let columns = ["axis", "state", "since", "entry", "on the word of"].map(Column::text);
        let mut reply = Reply::new(self.derived.at.meta(), columns);
        for strand in &self.timeline.strands {
            let run = self.run(strand, courses);
            reply.push(vec![
                Cell::text(axis_name(self.derived, strand)),
                Cell::text(figures::standing(&strand.standing)),
                Cell::maybe(run.as_ref().map(|run| figures::days(run.since))),
                Cell::maybe(run.as_ref().map(|run| run.entry)),
                Cell::list(run.into_iter().flat_map(|run| run.sources)),
            ]);
        }
        reply
    }

    fn axes_for_programs(&self, courses: &Courses) -> Reply {
        let columns = [
            "person",
            "name",
            "axis",
            "instrument",
            "state",
            "possible",
            "undocumented",
            "since_from",
            "since_to",
            "entry",
            "sources",
            "place",
        ]
        .map(Column::text)
        .into_iter()
        .chain(figures::count_columns("full_freedom"))
        .chain([Column::text("rearrests")])
        .chain(figures::count_columns("days_held"))
        .chain(["weight", "identified", "merged_from"].map(Column::text));
        let facts = &self.derived.facts;
        let mut reply = Reply::at(self.derived.at.meta(), columns);
        for strand in &self.timeline.strands {
            let run = self.run(strand, courses);
            let own = [
                Cell::text(self.reference()),
                Cell::maybe(self.name()),
                Cell::text(strand.axis.word()),
                Cell::maybe(strand.instrument.map(|code| facts.text(code))),
                Cell::maybe(strand.standing.point.map(State::word)),
                Cell::list(strand.standing.possible.iter().map(|state| state.word())),
                Cell::Flag(strand.standing.undocumented),
            ];
            let on_custody = strand.axis == Axis::Custody;
            let run_cells = figures::day_cells(run.as_ref().map(|run| run.since)).into_iter();
            let run_cells = run_cells.chain([
                Cell::maybe(run.as_ref().map(|run| run.entry)),
                Cell::list(run.into_iter().flat_map(|run| run.sources)),
                Cell::maybe(self.place().filter(|_| on_custody)),
            ]);
            let shared = figures::count_cells(self.timeline.full_freedom)
                .into_iter()
                .chain([Cell::list(self.rearrests())])
                .chain(figures::count_cells(self.days_held()))
                .chain([
                    Cell::count(self.timeline.weight),
                    Cell::list(
                        self.identified()
                            .into_iter()
                            .map(|other| facts.shown(other)),
                    ),
                    Cell::list(self.timeline.merged.iter().map(|other| facts.shown(*other))),
                ]);
            reply.push(own.into_iter().chain(run_cells).chain(shared).collect());
        }
        reply
    }

    /// The run of the state at the points: since when, by which entry, on whose word.
    fn run(&self, strand: &Strand<'_>, courses: &Courses) -> Option<Run> {
        let entry = strand.standing.entry?;
        let run = run_up_to(course_of(strand, courses)?.steps(), entry)?;
        let first = run.first()?;
        let mut sources = Vec::new();
        for placed in run {
            for source in self
                .view
                .fact(placed.step.seq)
                .map(|fact| self.derived.sources(fact))?
            {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        Some(Run {
            since: (first.lo, first.hi),
            entry,
            sources,
        })
    }
}

/// What an axis is called: `custody`, `case`, `clemency ve-amnesty-2026`.
pub fn axis_name(derived: &Derived, strand: &Strand<'_>) -> String {
    match strand.instrument {
        Some(code) => format!("{} {}", strand.axis.word(), derived.facts.text(code)),
        None => strand.axis.word().to_owned(),
    }
}

fn course_of<'c>(strand: &Strand<'_>, courses: &'c Courses) -> Option<&'c Course<State>> {
    match strand.axis {
        Axis::Custody => Some(&courses.custody),
        Axis::Case => Some(&courses.case),
        Axis::Clemency => {
            let mut clemency = courses.clemency.iter();
            let found = clemency.find(|(code, _)| Some(*code) == strand.instrument);
            found.map(|(_, course)| course)
        }
    }
}

/// The steps of one state that end with an entry's.
fn run_up_to(steps: &[Placed<State>], entry: Seq) -> Option<&[Placed<State>]> {
    let last = steps.iter().position(|placed| placed.step.seq == entry)?;
    let state = steps[last].step.state;
    let before = steps[..last]
        .iter()
        .rposition(|placed| placed.step.state != state);
    Some(&steps[before.map_or(0, |n| n + 1)..=last])
}
