//! Who is left out of an instrument of clemency, on what ground, and by whose courts?
//!
//! Exclusions that stand at the end of a day, with the ground named last and the jurisdiction of
//! the case. Serves the watch for exclusion as a class (article 26 of the International Covenant
//! on Civil and Political Rights; military courts over civilians: Human Rights Committee, General
//! Comment 32, paragraph 22).

use std::collections::BTreeMap;

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{Axis, ClemencyState, State};
use amparo_core::value::Jurisdiction;
use amparo_core::word::Word as _;

use super::days_in;
use crate::fact::{Fact, SubjectId, TextId};
use crate::roster::present_run;
use crate::view::View;

/// Somebody left out of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// The instrument.
    pub instrument: TextId,
    /// The ground that the exclusion names.
    pub ground: Option<TextId>,
    /// Whose court the case is before, as last said.
    pub jurisdiction: Option<Jurisdiction>,
    /// Days excluded, the day of the report included.
    pub days: Count,
    /// The exclusions of the present run, then the entry that names the jurisdiction.
    pub entries: Vec<Seq>,
}

/// All who are left out on one ground, by one sort of court.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludedSum {
    /// The instrument.
    pub instrument: TextId,
    /// The ground.
    pub ground: Option<TextId>,
    /// Whose courts.
    pub jurisdiction: Option<Jurisdiction>,
    /// How many.
    pub total: Count,
}

/// Those excluded at the end of a day, in the order of first mention.
pub fn excluded(view: &View<'_>, as_of: Day) -> Vec<Excluded> {
    let excluded = |state| state == State::Clemency(ClemencyState::Excluded);
    let mut rows = Vec::new();
    for subject in view.subjects() {
        for (instrument, course) in &view.courses(subject).clemency {
            let one = course.at(as_of).count(excluded);
            let run = present_run(course, as_of, excluded).unwrap_or_default();
            let Some(first) = run.first().filter(|_| !one.is_zero()) else {
                continue;
            };
            let of_run = run.iter().map(|placed| placed.step.seq);
            let latest = of_run.clone().rev();
            let court = jurisdiction(view, subject, as_of);
            rows.push(Excluded {
                subject,
                total: one.times(view.weight(subject)),
                instrument: *instrument,
                ground: latest
                    .filter_map(|seq| view.fact(seq))
                    .find_map(Fact::ground),
                jurisdiction: court.map(|(_, jurisdiction)| jurisdiction),
                days: days_in(first, as_of),
                entries: of_run.chain(court.map(|(seq, _)| seq)).collect(),
            });
        }
    }
    rows.retain(|row| !row.total.is_zero());
    rows
}

/// The rows added up by instrument, ground and jurisdiction, by their texts.
pub fn by_ground(view: &View<'_>, rows: &[Excluded]) -> Vec<ExcludedSum> {
    let text = |id| view.facts().text(id);
    let mut sums = BTreeMap::new();
    for row in rows {
        let word = row.jurisdiction.map(Jurisdiction::word);
        let key = (text(row.instrument), row.ground.map(text), word);
        let sum = sums.entry(key).or_insert(ExcludedSum {
            instrument: row.instrument,
            ground: row.ground,
            jurisdiction: row.jurisdiction,
            total: Count::default(),
        });
        sum.total += row.total;
    }
    sums.into_values().collect()
}

fn jurisdiction(view: &View<'_>, subject: SubjectId, as_of: Day) -> Option<(Seq, Jurisdiction)> {
    let of_case = view.reached(subject, as_of, |kind| kind.axis() == Some(Axis::Case));
    let mut latest = of_case.iter().rev();
    latest.find_map(|(seq, fact)| Some((*seq, fact.jurisdiction()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn exclusions_add_up_by_ground_and_by_whose_court() {
        let facts = Sample::of(&[
            r#""kind":"charge","person":"p:1","occurred":"2026-01-01","jurisdiction":"military""#,
            r#""kind":"clemency-exclusion","person":"p:1","occurred":"2026-02-01","instrument":"law","ground":"arms""#,
            r#""kind":"clemency-exclusion","person":"p:2","occurred":"2026-02-01/2026-02-09","instrument":"law","ground":"arms""#,
            r#""kind":"charge","person":"p:2","occurred":"2026-01-01","jurisdiction":"civil""#,
            r#""kind":"charge","person":"p:2","occurred":"2026-03-01","jurisdiction":"military""#,
            r#""kind":"clemency-exclusion","person":"p:3","occurred":"2026-02-02","instrument":"law""#,
            r#""kind":"clemency-grant","person":"p:3","occurred":"2026-02-20","instrument":"law""#,
            r#""kind":"group","group":"g:1","size":4"#,
            r#""kind":"charge","group":"g:1","occurred":"2026-02-03","jurisdiction":"military""#,
            r#""kind":"clemency-exclusion","group":"g:1","occurred":"2026-02-04","instrument":"law","ground":"arms""#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, expect) in [
            ("2026-01-31", ""),
            (
                "2026-02-04",
                "law none none 1/1/1; law arms civil 0/0/1; law arms military 5/5/5",
            ),
            (
                "2026-02-09",
                "law none none 1/1/1; law arms civil 1/1/1; law arms military 5/5/5",
            ),
            ("2026-03-01", "law arms military 6/6/6"),
        ] {
            let rows = excluded(&view, day(on));
            let shown = |sum: &ExcludedSum| {
                let Count { low, count, high } = sum.total;
                let ground = sum.ground.map_or("none", |ground| facts.text(ground));
                let court = sum.jurisdiction.map_or("none", Jurisdiction::word);
                let code = facts.text(sum.instrument);
                format!("{code} {ground} {court} {low}/{count}/{high}")
            };
            let shown: Vec<_> = by_ground(&view, &rows).iter().map(shown).collect();
            assert_eq!(shown.join("; "), expect, "{on}");
        }
        let rows = excluded(&view, day("2026-02-04"));
        assert_eq!(rows[0].entries, [Seq::new(1), Seq::new(0)]);
        assert_eq!(rows[0].days.count, 4);
    }
}
