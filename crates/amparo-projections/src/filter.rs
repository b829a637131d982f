//! Which entries is a question asked of, and of whom?
//!
//! A [`Filter`] has fields of two sorts. Some say *on whose word*: given to
//! [`View::asked`](crate::View::asked), only the status entries that meet them count, so that
//! "the government's ledger" and "the NGO's ledger" can be laid side by side. Others say *of
//! whom*: somebody counts if what is known at the end of a day meets them, since a release that
//! names no place still ends a stay in that place. Every field that is set must be met, and within
//! a field one of its values is enough. A filter knows texts, not numbers, so that it can be made
//! before the log is read.

use std::collections::HashSet;

use amparo_core::date::{Day, Period};
use amparo_core::entry::Recorded;
use amparo_core::id::{Seq, Subject};
use amparo_core::kind::{Kind, State};
use amparo_core::value::{Jurisdiction, Place, SourceKind};

use crate::courses::Courses;
use crate::fact::{Fact, SubjectId, TextId};
use crate::facts::Facts;
use crate::sources::Standing;
use crate::trail::Trail;
use crate::view::View;

/// What is asked; empty fields ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// On whose word: the kinds.
    pub kinds: Vec<Kind>,
    /// On whose word: the publishers, one of whom stands behind the entry.
    pub publishers: Vec<String>,
    /// On whose word: the kinds of source, one of which stands behind the entry.
    pub source_kinds: Vec<SourceKind>,
    /// On whose word: how many independent publishers stand behind the entry at least. Sealed
    /// sources count as one publisher more.
    pub publishers_min: usize,
    /// On whose word: who recorded it.
    pub recorders: Vec<String>,
    /// On whose word: it can have happened on a day of this period.
    pub occurred: Option<Period>,
    /// On whose word: it was recorded between these times, both included.
    pub recorded: Option<(Recorded, Recorded)>,
    /// Of whom: the states, one of which they can be in (an entry: leads to).
    pub states: Vec<State>,
    /// Of whom: the place is, or lies in, one of these.
    pub places: Vec<Place>,
    /// Of whom: the authority last named.
    pub authorities: Vec<String>,
    /// Of whom: the court last named.
    pub courts: Vec<String>,
    /// Of whom: the jurisdiction last named.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Of whom: an offence that is named.
    pub offences: Vec<String>,
    /// Of whom: an instrument under which something was, or may have been, asked or decided.
    pub instruments: Vec<String>,
    /// Of whom: the exclusion ground last named.
    pub grounds: Vec<String>,
    /// Of whom: the persons and groups themselves, and those merged with them.
    pub subjects: HashSet<Subject>,
}

impl Filter {
    /// Whether the filter asks nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether some field says of whom.
    pub fn asks_of_whom(&self) -> bool {
        let on_whose_word = Self {
            states: Vec::new(),
            places: Vec::new(),
            authorities: Vec::new(),
            courts: Vec::new(),
            jurisdictions: Vec::new(),
            offences: Vec::new(),
            instruments: Vec::new(),
            grounds: Vec::new(),
            subjects: HashSet::new(),
            ..self.clone()
        };
        on_whose_word != *self
    }

    /// Whether an entry itself says all that the filter asks, of both sorts: for lists of
    /// entries. Persons and groups are those that the entry names, before merges.
    pub fn passes(&self, facts: &Facts, fact: &Fact) -> bool {
        let text = |id| facts.text(id);
        self.counts(facts, fact)
            && one_of(&self.states, fact.kind().state())
            && one_of(&self.jurisdictions, fact.jurisdiction())
            && named(&self.authorities, fact.authority().map(text))
            && named(&self.courts, fact.court().map(text))
            && named(&self.instruments, fact.instrument().map(text))
            && named(&self.grounds, fact.ground().map(text))
            && any_named(&self.offences, || facts.offences(fact))
            && self.is_in_places(fact.place().map(text))
            && self.names_subject(facts, fact)
    }

    /// Whether an entry counts: it meets the fields that say on whose word.
    pub fn counts(&self, facts: &Facts, fact: &Fact) -> bool {
        one_of(&self.kinds, Some(fact.kind()))
            && named(&self.recorders, Some(facts.recorder(fact)))
            && self.passes_sources(facts, fact)
            && self.passes_times(fact)
    }

    /// Whether somebody is asked about: what counts in the view by the end of a day meets the
    /// fields that say of whom.
    pub fn keeps(&self, view: &View<'_>, subject: SubjectId, as_of: Day) -> bool {
        self.asks_about(view.facts(), subject, |one| view.root(one))
            && self.is_met(
                view.facts(),
                &view.trail(subject),
                &view.courses(subject),
                as_of,
            )
    }

    /// Whether the persons and groups asked about are, or have become, this one.
    pub(crate) fn asks_about(
        &self,
        facts: &Facts,
        subject: SubjectId,
        root: impl Fn(SubjectId) -> SubjectId,
    ) -> bool {
        let is_it = |asked: &Subject| {
            let asked = facts.subject_id(*asked);
            asked.is_some_and(|asked| root(asked) == root(subject))
        };
        self.subjects.is_empty() || self.subjects.iter().any(is_it)
    }

    /// Whether what counts of somebody by the end of a day meets the other fields that say of whom.
    pub(crate) fn is_met(
        &self,
        facts: &Facts,
        trail: &Trail<'_>,
        courses: &Courses,
        as_of: Day,
    ) -> bool {
        let place = || trail.place(as_of).map(|(_, id)| facts.text(id));
        (self.states.is_empty() || self.can_stand(courses, as_of))
            && (self.places.is_empty() || self.is_in_places(place()))
            && any_named(&self.instruments, || {
                trail.instruments(as_of).map(|id| facts.text(id))
            })
            && self.is_in_reached(facts, trail.reached(as_of))
    }

    fn can_stand(&self, courses: &Courses, as_of: Day) -> bool {
        let clemency = courses.clemency.iter().map(|(_, course)| course);
        let mut courses = [&courses.custody, &courses.case]
            .into_iter()
            .chain(clemency);
        courses.any(|course| {
            course
                .at(as_of)
                .count(|state| self.states.contains(&state))
                .high
                > 0
        })
    }

    /// The fields for which the entries reached by the end of the day are looked through.
    fn is_in_reached(&self, facts: &Facts, reached: &[(Seq, &Fact)]) -> bool {
        let asks = !self.authorities.is_empty()
            || !self.courts.is_empty()
            || !self.jurisdictions.is_empty()
            || !self.offences.is_empty()
            || !self.grounds.is_empty();
        if !asks {
            return true;
        }
        let text = |id| facts.text(id);
        let latest = reached.iter().rev().map(|(_, fact)| *fact);
        let last = |pick: &dyn Fn(&Fact) -> Option<TextId>| latest.clone().find_map(pick).map(text);
        named(&self.authorities, last(&Fact::authority))
            && named(&self.courts, last(&Fact::court))
            && named(&self.grounds, last(&Fact::ground))
            && one_of(
                &self.jurisdictions,
                latest.clone().find_map(Fact::jurisdiction),
            )
            && any_named(&self.offences, || {
                latest.clone().flat_map(|fact| facts.offences(fact))
            })
    }

    fn passes_sources(&self, facts: &Facts, fact: &Fact) -> bool {
        let voices = facts.voices(fact);
        let kinds = &self.source_kinds;
        any_named(&self.publishers, || facts.publishers(fact))
            && (kinds.is_empty() || voices.iter().any(|voice| kinds.contains(&voice.kind)))
            && (self.publishers_min == 0
                || Standing::behind(facts, [fact]).count() >= self.publishers_min)
    }

    fn is_in_places(&self, place: Option<&str>) -> bool {
        let place = || place.and_then(Place::new);
        self.places.is_empty()
            || place().is_some_and(|place| self.places.iter().any(|wider| place.lies_in(wider)))
    }

    fn names_subject(&self, facts: &Facts, fact: &Fact) -> bool {
        let named = [fact.subject(), fact.second_subject()];
        let mut named = named
            .into_iter()
            .flatten()
            .filter_map(|id| facts.subject(id));
        self.subjects.is_empty() || named.any(|subject| self.subjects.contains(&subject))
    }

    fn passes_times(&self, fact: &Fact) -> bool {
        let occurred = |period: Period| {
            fact.span()
                .is_some_and(|span| span.lo() <= period.last() && period.first() <= span.hi())
        };
        let recorded = |(from, to)| (from..=to).contains(&fact.recorded());
        self.occurred.is_none_or(occurred) && self.recorded.is_none_or(recorded)
    }
}

fn one_of<T: PartialEq>(asked: &[T], said: Option<T>) -> bool {
    asked.is_empty() || said.is_some_and(|said| asked.contains(&said))
}

fn named(asked: &[String], said: Option<&str>) -> bool {
    asked.is_empty() || said.is_some_and(|said| asked.iter().any(|asked| asked == said))
}

fn any_named<'f, I: Iterator<Item = &'f str>>(asked: &[String], said: impl Fn() -> I) -> bool {
    asked.is_empty() || said().any(|said| named(asked, Some(said)))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
