//! What part of the whole a claim speaks of, where entries can tell: a place.
//!
//! A scope in words ("women", "political") cannot be counted from entries; such a claim is
//! compared with the whole, and the row names no place.

use amparo_core::date::Day;
use amparo_core::value::Place;

use crate::changes::Change;
use crate::fact::SubjectId;
use crate::view::View;

/// The part of the whole that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope<'a> {
    /// All of it.
    Everywhere,
    /// What is in a place.
    In(&'a str),
}

impl<'a> Scope<'a> {
    /// The scope of a text: a place if it is one that the log uses, or a wider one.
    pub(crate) fn of(view: &View<'_>, text: Option<&'a str>) -> Self {
        let Some((text, wider)) = text.and_then(|text| Some((text, Place::new(text)?))) else {
            return Self::Everywhere;
        };
        match view.facts().places().any(|place| lies_in(place, &wider)) {
            true => Self::In(text),
            false => Self::Everywhere,
        }
    }

    pub(crate) fn is_everywhere(self) -> bool {
        self == Self::Everywhere
    }

    pub(crate) fn place(self) -> Option<&'a str> {
        match self {
            Self::Everywhere => None,
            Self::In(place) => Some(place),
        }
    }

    /// Whether a subject is there at the end of a day.
    pub(crate) fn holds_subject(self, view: &View<'_>, subject: SubjectId, as_of: Day) -> bool {
        let place = || view.place(subject, as_of).map(|(_, place)| place);
        self.holds(|| Some(view.facts().text(place()?)))
    }

    /// Whether a change came about there: where its entry says, else where the subject was last
    /// said to be before it.
    pub(crate) fn holds_change(self, view: &View<'_>, change: &Change) -> bool {
        let place = || {
            let own = view.fact(change.seq)?.place();
            let before = || {
                let moves = view.moves(change.subject, change.point);
                let before = moves.iter().take_while(|(seq, _)| *seq != change.seq);
                before.filter_map(|(_, fact)| fact.place()).last()
            };
            own.or_else(before)
        };
        self.holds(|| Some(view.facts().text(place()?)))
    }

    fn holds<'p>(self, place: impl FnOnce() -> Option<&'p str>) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(wider) => {
                Place::new(wider).is_some_and(|wider| place().is_some_and(|p| lies_in(p, &wider)))
            }
        }
    }
}

fn lies_in(place: &str, wider: &Place) -> bool {
    Place::new(place).is_some_and(|place| place.lies_in(wider))
}
