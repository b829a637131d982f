//! Who counts as held on the word of one publisher, or of none?
//!
//! Looks at the entries of the present stay: if at most one independent publisher stands behind
//! all of them together, the person is here. Serves the rule of two independent sources (Berkeley
//! Protocol on Digital Open Source Investigations; commissions of inquiry of the United Nations):
//! what to corroborate next.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;

use super::{days_in, present_stay};
use crate::fact::{SubjectId, TextId};
use crate::profile::Profile;
use crate::sources::Standing;
use crate::view::View;

/// Somebody held on the word of one, or of nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleSource {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is that they are held, times what the subject counts for.
    pub total: Count,
    /// The publisher; none if the source is sealed, or there is none.
    pub publisher: Option<TextId>,
    /// Whether the one source is sealed.
    pub is_sealed: bool,
    /// Days of the present stay, the day of the report included.
    pub days: Count,
    /// The entries of the present stay.
    pub entries: Vec<Seq>,
}

/// Those held at the end of a day on the word of at most one publisher, in the order of first
/// mention.
pub fn single_source(view: &View<'_>, as_of: Day, profile: &Profile) -> Vec<SingleSource> {
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let custody = view.courses(subject).custody;
        let total = profile.held(&custody, as_of).times(view.weight(subject));
        let stay = present_stay(&custody, as_of, profile).unwrap_or_default();
        let Some(began) = stay.first().filter(|_| !total.is_zero()) else {
            continue;
        };
        let entries: Vec<_> = stay.iter().map(|placed| placed.step.seq).collect();
        let said = entries.iter().filter_map(|seq| view.fact(*seq));
        let behind = Standing::behind(view.facts(), said);
        if behind.count() <= 1 {
            rows.push(SingleSource {
                subject,
                total,
                publisher: behind.publishers.first().copied(),
                is_sealed: behind.has_sealed,
                days: days_in(began, as_of),
                entries,
            });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn a_stay_needs_two_publishers_to_leave_the_report() {
        let facts = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
            r#""kind":"custody-observed","person":"p:1","occurred":"2026-02-03","sources":[{"publisher":"WATCH","kind":"ngo"}]"#,
            r#""kind":"custody-observed","person":"p:1","occurred":"2026-02-05","sources":[{"publisher":"Press","kind":"media"}]"#,
            r#""kind":"release","person":"p:1","occurred":"2026-02-08","sources":[{"publisher":"Press","kind":"media"}]"#,
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-09","sources":[{"publisher":"Press","kind":"media"}]"#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-02-02""#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, expect) in [
            ("2026-01-31", ""),
            ("2026-02-01", "Watch 1 [0]"),
            ("2026-02-04", "Watch 4 [0, 1]; nobody 3 [5]"),
            ("2026-02-05", "nobody 4 [5]"),
            // A new stay begins anew.
            ("2026-02-09", "Press 1 [4]; nobody 8 [5]"),
        ] {
            let rows = single_source(&view, day(on), &Profile::default());
            let shown = |row: &SingleSource| {
                let who = row.publisher.map_or("nobody", |id| facts.text(id));
                let entries: Vec<_> = row.entries.iter().map(|seq| seq.number()).collect();
                format!("{who} {} {entries:?}", row.days.count)
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join("; "), expect, "{on}");
        }
    }
}
