//! What counts of one subject, in the order of its dates: where it is on a day, and what was said of it.

use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::Axis;
use amparo_core::planted::{Bug, is_planted};

use crate::fact::{Fact, TextId};

/// The status entries and transfers of a subject that count.
pub struct Trail<'a> {
    /// By date, then by the order of the log.
    entries: Vec<(Seq, &'a Fact)>,
}

impl<'a> Trail<'a> {
    /// Of these entries those that say something on an axis.
    pub(crate) fn new(entries: impl Iterator<Item = (Seq, &'a Fact)>) -> Self {
        let on_an_axis = |(_, fact): &(Seq, &Fact)| fact.kind().axis().is_some();
        let mut entries: Vec<_> = entries.filter(on_an_axis).collect();
        entries.retain(|(_, fact)| fact.span().is_some());
        entries.sort_by_key(|(seq, fact)| (fact.span().map(|span| span.order_key()), *seq));
        Self { entries }
    }

    /// Those that the point dates have reached at the end of a day.
    pub fn reached(&self, as_of: Day) -> &[(Seq, &'a Fact)] {
        let is_reached = |fact: &Fact| fact.span().is_some_and(|span| span.point() <= as_of);
        let reached = self.entries.partition_point(|(_, fact)| is_reached(fact));
        &self.entries[..reached]
    }

    /// The instruments under which something was, or may have been, asked or decided by the end of a
    /// day, as often as it was.
    pub(crate) fn instruments(&self, as_of: Day) -> impl Iterator<Item = TextId> + '_ {
        let of_clemency = |fact: &&Fact| fact.kind().axis() == Some(Axis::Clemency);
        let is_possible = move |fact: &&Fact| fact.span().is_some_and(|span| span.lo() <= as_of);
        let facts = self.entries.iter().map(|(_, fact)| *fact);
        let possible = facts.filter(of_clemency).filter(is_possible);
        possible.filter_map(Fact::instrument)
    }

    /// Where the subject is at the end of a day, by the point dates.
    ///
    /// The place of the latest custody step or transfer. One that names none leaves the place as
    /// it was if it changes no state (a sighting, a second report); after any other, also after
    /// a transfer to nobody knows where, the place is unknown.
    pub fn place(&self, as_of: Day) -> Option<(Seq, TextId)> {
        let (mut at, mut before) = (None, None);
        let custody = |(_, fact): &&(Seq, &Fact)| fact.kind().axis() == Some(Axis::Custody);
        for (seq, fact) in self.reached(as_of).iter().filter(custody) {
            let state = fact.kind().state();
            match fact.place() {
                Some(place) => at = Some((*seq, place)),
                None if state.is_some() && state == before => {}
                None if is_planted(Bug::PlaceOutlivesState) => {}
                None => at = None,
            }
            before = state.or(before);
        }
        at
    }

    /// The days on which something may be otherwise than on the day before: bounds and points.
    pub(crate) fn days(&self) -> impl Iterator<Item = Day> + '_ {
        let spans = self.entries.iter().filter_map(|(_, fact)| fact.span());
        spans.flat_map(|span| [span.lo(), span.point(), span.hi()])
    }
}
