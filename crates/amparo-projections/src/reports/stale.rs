//! Who counts as held, and nobody independent has said a word for so many days?
//!
//! A word is any status entry about the person, on any axis, that a source other than an official
//! one stands behind: the holder's own word does not show that somebody is still there and well.
//! Serves the safeguards against enforced disappearance (article 17 of the Convention: contact
//! with the outside world), and a documenter's own upkeep: a person nobody asks after drifts into
//! being counted for ever.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;

use super::{both, days_in, present_stay, whether};
use crate::fact::{Fact, SubjectId};
use crate::profile::Profile;
use crate::sources::has_independent_word;
use crate::view::View;

/// Somebody held of whom nothing was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// The last independent word; none if there never was one.
    pub last_word: Option<Seq>,
    /// Days since it; without one, days of the present stay.
    pub days: Count,
    /// What the present stay began with, its latest entry, and the last word.
    pub entries: Vec<Seq>,
}

/// Those held at the end of a day with no independent word for at least so many days, the longest
/// first.
pub fn stale(view: &View<'_>, as_of: Day, profile: &Profile, days_min: u64) -> Vec<Stale> {
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let custody = view.courses(subject).custody;
        let held = profile.held(&custody, as_of);
        let stay = present_stay(&custody, as_of, profile).unwrap_or_default();
        let (Some(began), Some(latest)) = (stay.first(), stay.last()) else {
            continue;
        };
        let word = last_word(view, subject, as_of);
        let days = word.map_or_else(
            || days_in(began, as_of),
            |(_, fact)| days_since(fact, as_of),
        );
        let one = both(held, whether(days, |days| days >= days_min));
        let word = word.map(|(seq, _)| seq);
        let mut entries = vec![began.step.seq, latest.step.seq];
        entries.extend(word);
        entries.sort_unstable();
        entries.dedup();
        rows.push(Stale {
            subject,
            total: one.times(view.weight(subject)),
            last_word: word,
            days,
            entries,
        });
    }
    rows.retain(|row| !row.total.is_zero());
    rows.sort_by_key(|row| std::cmp::Reverse(row.days.count));
    rows
}

/// The last independent word by the end of a day: that which can be latest.
fn last_word<'a>(view: &View<'a>, subject: SubjectId, as_of: Day) -> Option<(Seq, &'a Fact)> {
    let reached = view.reached(subject, as_of, |kind| kind.axis().is_some());
    let mut latest = reached.into_iter().rev();
    latest.find(|(_, fact)| has_independent_word(view.facts(), fact))
}

fn days_since(fact: &Fact, as_of: Day) -> Count {
    let days = |from: Option<Day>| {
        let days = from.map_or(0, |from| as_of.days_since(from));
        u64::try_from(days).unwrap_or(0)
    };
    let span = fact.span();
    Count {
        low: days(span.map(|span| span.hi())),
        count: days(span.map(|span| span.point())),
        high: days(span.map(|span| span.lo())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn the_word_of_the_holder_is_none() {
        let facts = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-01-01","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
            r#""kind":"custody-observed","person":"p:1","occurred":"2026-01-20","sources":[{"publisher":"Ministry","kind":"official"}]"#,
            r#""kind":"charge","person":"p:1","occurred":"2026-02-01","sources":[{"publisher":"Defence","kind":"lawyer"}]"#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-01-25""#,
            r#""kind":"transfer","person":"p:1","occurred":"2026-02-05/2026-02-07","sources":[{"publisher":"Kin","kind":"family"}]"#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, days_min, expect) in [
            ("2026-01-24", 10, "Some(0) 23 1/1/1"),
            ("2026-01-24", 24, ""),
            ("2026-01-31", 7, "Some(0) 30 1/1/1; None 7 1/1/1"),
            ("2026-02-01", 8, "None 8 1/1/1"),
            ("2026-02-08", 3, "None 15 1/1/1; Some(4) 2 0/0/1"),
        ] {
            let rows = stale(&view, day(on), &Profile::default(), days_min);
            let shown = |row: &Stale| {
                let Count { low, count, high } = row.total;
                let word = row.last_word.map(Seq::number);
                format!("{word:?} {} {low}/{count}/{high}", row.days.count)
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join("; "), expect, "{on} {days_min}");
        }
    }
}
