//! Which requests for clemency are past the day by which they must be decided?
//!
//! Measured by the instrument's own `decision_days`, as last stated by an entry in force: an
//! instrument that states none has no overdue requests. Serves the duty to decide without delay
//! (article 9, paragraph 4, of the International Covenant on Civil and Political Rights).

use std::collections::HashMap;

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{ClemencyState, State};

use super::{both, days_since, whether};
use crate::fact::{SubjectId, TextId};
use crate::roster::present_run;
use crate::view::View;

/// A request not decided in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueRequest {
    /// For whom.
    pub subject: SubjectId,
    /// How sure it is, times what the subject counts for.
    pub total: Count,
    /// The instrument.
    pub instrument: TextId,
    /// Days from the first request without a decision since to the day of the report.
    pub days: Count,
    /// Within how many days it had to be decided.
    pub decision_days: u64,
    /// The request, and the instrument.
    pub entries: Vec<Seq>,
}

/// The requests undecided for longer than their instruments allow, the longest wait first.
pub fn overdue_requests(view: &View<'_>, as_of: Day) -> Vec<OverdueRequest> {
    let requested = State::Clemency(ClemencyState::Requested);
    let limits = decision_days(view);
    let mut rows = Vec::new();
    for subject in view.subjects() {
        for (instrument, course) in &view.courses(subject).clemency {
            let run = present_run(course, as_of, |state| state == requested);
            let limit = limits.get(instrument);
            let (Some(request), Some((stated, limit))) = (run.and_then(<[_]>::first), limit) else {
                continue;
            };
            let days = days_since(request, as_of);
            let stands = course.at(as_of).count(|state| state == requested);
            let one = both(stands, whether(days, |days| days > *limit));
            rows.push(OverdueRequest {
                subject,
                total: one.times(view.weight(subject)),
                instrument: *instrument,
                days,
                decision_days: *limit,
                entries: vec![request.step.seq, *stated],
            });
        }
    }
    rows.retain(|row| !row.total.is_zero());
    rows.sort_by_key(|row| std::cmp::Reverse(row.days.count));
    rows
}

/// Within how many days each instrument has requests decided, and which entry says so: the latest.
fn decision_days(view: &View<'_>) -> HashMap<TextId, (Seq, u64)> {
    let known = view.known(&view.facts().instrumenting).iter();
    let stated = known.filter_map(|n| {
        let seq = view.facts().seq_at(*n);
        let fact = view.fact(seq).filter(|_| view.counts(seq))?;
        let days = view.facts().instrument(fact)?.decision_days?;
        Some((fact.instrument()?, (seq, days)))
    });
    stated.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn a_request_is_overdue_from_the_day_after_its_last() {
        let facts = Sample::of(&[
            r#""kind":"instrument","instrument":"law","decision_days":15"#,
            r#""kind":"clemency-request","person":"p:1","instrument":"law","occurred":"2026-02-01""#,
            // Asked again: the first request counts.
            r#""kind":"clemency-request","person":"p:1","instrument":"law","occurred":"2026-02-10""#,
            r#""kind":"clemency-refusal","person":"p:1","instrument":"law","occurred":"2026-03-10""#,
            r#""kind":"clemency-request","person":"p:2","instrument":"other","occurred":"2026-02-01""#,
            r#""kind":"clemency-request","person":"p:3","instrument":"law","occurred":"2026-02-01/2026-02-03""#,
            r#""kind":"instrument","instrument":"law","decision_days":20,"replaces":"@0""#,
        ])
        .facts();
        for (known, on, expect) in [
            (5, "2026-02-16", ""),
            (5, "2026-02-17", "e1 1/1/1 16 e5 0/0/1 15"),
            (5, "2026-02-18", "e1 1/1/1 17 e5 0/1/1 16"),
            (5, "2026-03-10", "e5 1/1/1 36"),
            (6, "2026-02-18", ""),
            (6, "2026-02-22", "e1 1/1/1 21 e5 0/0/1 20"),
        ] {
            let view = View::known_at(&facts, Seq::new(known));
            let rows = overdue_requests(&view, day(on));
            let shown = |row: &OverdueRequest| {
                let Count { low, count, high } = row.total;
                format!("{} {low}/{count}/{high} {}", row.entries[0], row.days.count)
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join(" "), expect, "e{known} {on}");
        }
    }
}
