//! Which entries is a question asked of?
//!
//! A [`Filter`] names what entries must say; every field that is set must be met, and within a
//! field one of its values is enough. Given to [`View::filtered`](crate::View::filtered) it lets
//! "the government's ledger" and "the NGO's ledger" be laid side by side: only the status entries
//! that pass count. It knows texts, not numbers, so that it can be made before the log is read.

use std::collections::BTreeSet;

use amparo_core::date::Period;
use amparo_core::entry::Recorded;
use amparo_core::kind::Kind;
use amparo_core::value::{Jurisdiction, Place, SourceKind};

use crate::fact::Fact;
use crate::facts::Facts;

/// What entries must say; empty fields ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// The publishers, one of whom stands behind the entry.
    pub publishers: Vec<String>,
    /// The kinds of source, one of which stands behind the entry.
    pub source_kinds: Vec<SourceKind>,
    /// How many publishers, each counted once, stand behind the entry at least. Sealed sources
    /// count as one publisher more.
    pub publishers_min: usize,
    /// Who recorded it.
    pub recorders: Vec<String>,
    /// The place it names is, or lies in, one of these.
    pub places: Vec<Place>,
    /// The authority it names.
    pub authorities: Vec<String>,
    /// The court it names.
    pub courts: Vec<String>,
    /// The jurisdiction it names.
    pub jurisdictions: Vec<Jurisdiction>,
    /// One of the offences it names.
    pub offences: Vec<String>,
    /// The instrument it speaks of.
    pub instruments: Vec<String>,
    /// The exclusion ground it names.
    pub grounds: Vec<String>,
    /// It can have happened on a day of this period.
    pub occurred: Option<Period>,
    /// It was recorded between these times, both included.
    pub recorded: Option<(Recorded, Recorded)>,
}

impl Filter {
    /// Whether the filter asks nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry of these facts says what the filter asks.
    pub fn passes(&self, facts: &Facts, fact: &Fact) -> bool {
        let text = |id| facts.text(id);
        one_of(&self.kinds, Some(fact.kind()))
            && one_of(&self.jurisdictions, fact.jurisdiction())
            && named(&self.recorders, Some(facts.recorder(fact)))
            && named(&self.authorities, fact.authority().map(text))
            && named(&self.courts, fact.court().map(text))
            && named(&self.instruments, fact.instrument().map(text))
            && named(&self.grounds, fact.ground().map(text))
            && any_named(&self.offences, || facts.offences(fact))
            && self.passes_sources(facts, fact)
            && self.passes_place(fact.place().map(text))
            && self.passes_times(fact)
    }

    fn passes_sources(&self, facts: &Facts, fact: &Fact) -> bool {
        let voices = facts.voices(fact);
        let enough = || {
            let publishers: BTreeSet<_> = voices.iter().map(|voice| voice.publisher).collect();
            publishers.len() + usize::from(fact.has_sealed_sources()) >= self.publishers_min
        };
        let kinds = &self.source_kinds;
        any_named(&self.publishers, || facts.publishers(fact))
            && (kinds.is_empty() || voices.iter().any(|voice| kinds.contains(&voice.kind)))
            && (self.publishers_min == 0 || enough())
    }

    fn passes_place(&self, place: Option<&str>) -> bool {
        let place = || place.and_then(Place::new);
        self.places.is_empty()
            || place().is_some_and(|place| self.places.iter().any(|wider| place.lies_in(wider)))
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
mod tests {
    use super::*;
    use crate::sample::{Sample, day};
    use crate::totals::totals;
    use crate::{Profile, View};

    const HISTORY: [&str; 5] = [
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-01/2026-02-03","authority":"Force","place":"VE:Caracas:A","sources":[{"publisher":"Watch","kind":"ngo"},{"publisher":"Press","kind":"media"}]"#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-02-05","place":"VE:Zulia","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
        r#""kind":"release","person":"p:1","occurred":"2026-02-08","sources":[{"publisher":"Ministry","kind":"official"}]"#,
        r#""kind":"charge","person":"p:2","occurred":"2026-02-09","court":"2nd","jurisdiction":"military","offences":["treason","arms"]"#,
        r#""kind":"clemency-exclusion","person":"p:2","occurred":"2026-02-10","instrument":"law","ground":"arms","court":"3rd""#,
    ];

    #[test]
    fn each_field_passes_the_entries_that_meet_it() {
        let sample = Sample::of(&HISTORY);
        let facts = sample.facts();
        let texts = |text: &str| vec![text.to_owned()];
        let none = Filter::default;
        let recorded = |n: usize| sample.entries[n].recorded;
        let period = |from, to| Period::new(day(from), day(to));
        for (filter, expect) in [
            (none(), "01234"),
            (
                Filter {
                    kinds: vec![Kind::Arrest, Kind::Charge],
                    ..none()
                },
                "013",
            ),
            (
                Filter {
                    publishers: texts("Watch"),
                    ..none()
                },
                "01",
            ),
            (
                Filter {
                    publishers: texts("Nobody"),
                    ..none()
                },
                "",
            ),
            (
                Filter {
                    source_kinds: vec![SourceKind::Official, SourceKind::Media],
                    ..none()
                },
                "02",
            ),
            (
                Filter {
                    publishers_min: 1,
                    ..none()
                },
                "012",
            ),
            (
                Filter {
                    publishers_min: 2,
                    ..none()
                },
                "0",
            ),
            (
                Filter {
                    recorders: texts("desk"),
                    ..none()
                },
                "01234",
            ),
            (
                Filter {
                    recorders: texts("other"),
                    ..none()
                },
                "",
            ),
            (
                Filter {
                    places: vec![Place::new("VE:Caracas").unwrap()],
                    ..none()
                },
                "0",
            ),
            (
                Filter {
                    places: vec![Place::new("VE").unwrap()],
                    ..none()
                },
                "01",
            ),
            (
                Filter {
                    authorities: texts("Force"),
                    ..none()
                },
                "0",
            ),
            (
                Filter {
                    courts: vec!["2nd".into(), "3rd".into()],
                    ..none()
                },
                "34",
            ),
            (
                Filter {
                    jurisdictions: vec![Jurisdiction::Military],
                    ..none()
                },
                "3",
            ),
            (
                Filter {
                    offences: texts("arms"),
                    ..none()
                },
                "3",
            ),
            (
                Filter {
                    instruments: texts("law"),
                    ..none()
                },
                "4",
            ),
            (
                Filter {
                    grounds: texts("arms"),
                    ..none()
                },
                "4",
            ),
            (
                Filter {
                    occurred: period("2026-02-03", "2026-02-05"),
                    ..none()
                },
                "01",
            ),
            (
                Filter {
                    recorded: Some((recorded(1), recorded(2))),
                    ..none()
                },
                "12",
            ),
            (
                Filter {
                    publishers: texts("Watch"),
                    occurred: period("2026-02-05", "2026-02-28"),
                    ..none()
                },
                "1",
            ),
        ] {
            let passing = (0..5).filter(|n| filter.passes(&facts, facts.at(*n)));
            let passing: String = passing.map(|n| n.to_string()).collect();
            assert_eq!(passing, expect, "{filter:?}");
            assert_eq!(filter.is_empty(), filter == none());
        }
    }

    #[test]
    fn two_ledgers_can_be_laid_side_by_side() {
        let facts = Sample::of(&HISTORY).facts();
        let held = |publisher: &str| {
            let filter = Filter {
                publishers: vec![publisher.to_owned()],
                ..Filter::default()
            };
            let view = View::head(&facts).filtered(|_, fact| filter.passes(&facts, fact));
            let rows = totals(&view, day("2026-02-28"), &Profile::default());
            rows.last().map(|row| row.total.count)
        };
        assert_eq!(held("Watch"), Some(2));
        assert_eq!(held("Ministry"), Some(0));
        let whole = totals(&View::head(&facts), day("2026-02-28"), &Profile::default());
        assert_eq!(whole.last().map(|row| row.total.count), Some(1));
    }
}
