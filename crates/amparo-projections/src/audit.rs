//! What did the ledger say then, on whose word, and what became of each fact since?
//!
//! The past state is that of a view (the known-at) at the end of a day (the as-of). Each fact it
//! rests on comes with its entry, so with its sources and recorder, with what it replaced, and
//! with what was recorded later: corrections of it, and further entries about the same subject.

use amparo_core::course::{Course, Placed};
use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::kind::{Axis, Kind, State};

use crate::fact::{Fact, SubjectId, TextId};
use crate::timeline::{Standing, standing};
use crate::view::View;

/// The past state of one subject, and what became of it.
#[derive(Debug, Clone)]
pub struct Audit<'a> {
    /// Whom it is about, after the merges of then.
    pub subject: SubjectId,
    /// Custody, then case, then clemency by instrument; axes with nothing known are left out.
    pub axes: Vec<AuditedAxis<'a>>,
    /// What counted beside the steps: registrations, groups, identifications, merges, transfers.
    pub others: Vec<AuditedFact<'a>>,
    /// The status entries about the subject recorded since, in log order.
    pub learned_since: Vec<Seq>,
}

/// What was known on one axis.
#[derive(Debug, Clone)]
pub struct AuditedAxis<'a> {
    /// The axis.
    pub axis: Axis,
    /// The instrument, on the clemency axis.
    pub instrument: Option<TextId>,
    /// Where the subject stood.
    pub standing: Standing,
    /// The steps that were possible or passed by the end of the day, in their order.
    pub facts: Vec<AuditedFact<'a>>,
}

/// One fact that counted then.
#[derive(Debug, Clone)]
pub struct AuditedFact<'a> {
    /// The entry.
    pub seq: Seq,
    /// What it says, with its sources and recorder.
    pub fact: &'a Fact,
    /// The entry that it replaced.
    pub replaced: Option<Seq>,
    /// What replaced or retracted it since, in log order, with whether that is in force today.
    pub corrected_since: Vec<Correction>,
    /// Whether it is in force today.
    pub holds_today: bool,
}

/// A later correction of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// The entry that corrects.
    pub seq: Seq,
    /// Whether it withdraws the fact, or replaces it.
    pub is_retraction: bool,
    /// Whether the correction is in force today.
    pub holds_today: bool,
}

/// The past state of one subject; `None` if no entry known then names it.
///
/// `today` is a view of all that is known by now, of the same facts.
pub fn audit<'a>(
    then: &View<'a>,
    today: &View<'a>,
    subject: SubjectId,
    as_of: Day,
) -> Option<Audit<'a>> {
    let subject = then.root(subject);
    then.entries(subject).next()?;
    let courses = then.courses(subject);
    let audited = |(axis, instrument, course): (Axis, Option<TextId>, &Course<State>)| {
        let reached = course.steps().iter().filter(|placed| placed.lo <= as_of);
        let fact = |placed: &Placed<State>| audited_fact(then, today, placed.step.seq);
        let facts: Vec<_> = reached.filter_map(fact).collect();
        (!facts.is_empty()).then(|| AuditedAxis {
            axis,
            instrument,
            standing: standing(course, as_of),
            facts,
        })
    };
    let single = [
        (Axis::Custody, None, &courses.custody),
        (Axis::Case, None, &courses.case),
    ];
    let clemency = courses.clemency.iter();
    let clemency = clemency.map(|(code, course)| (Axis::Clemency, Some(*code), course));
    let others = then
        .entries(subject)
        .filter(|(seq, fact)| then.counts(*seq) && is_other(fact, as_of))
        .filter_map(|(seq, _)| audited_fact(then, today, seq));
    Some(Audit {
        subject,
        axes: single
            .into_iter()
            .chain(clemency)
            .filter_map(audited)
            .collect(),
        others: others.collect(),
        learned_since: learned_since(then, today, subject),
    })
}

/// The past state of everybody known then, in the order of first mention.
pub fn audit_all<'v, 'a>(
    then: &'v View<'a>,
    today: &'v View<'a>,
    as_of: Day,
) -> impl Iterator<Item = Audit<'a>> + use<'v, 'a> {
    then.subjects()
        .filter_map(move |subject| audit(then, today, subject, as_of))
}

/// Whether an entry counts beside the steps of the axes.
fn is_other(fact: &Fact, as_of: Day) -> bool {
    match fact.kind() {
        Kind::Person | Kind::Group | Kind::Identification | Kind::Merge => true,
        Kind::Transfer => fact.span().is_some_and(|span| span.lo() <= as_of),
        _ => false,
    }
}

fn audited_fact<'a>(then: &View<'a>, today: &View<'a>, seq: Seq) -> Option<AuditedFact<'a>> {
    let fact = then.fact(seq)?;
    let later = today
        .corrections_of(seq)
        .filter(|by| then.fact(*by).is_none())
        .map(|by| Correction {
            seq: by,
            is_retraction: today.fact(by).map(Fact::kind) == Some(Kind::Retraction),
            holds_today: today.is_in_force(by),
        });
    Some(AuditedFact {
        seq,
        fact,
        replaced: then.facts().replaces(fact),
        corrected_since: later.collect(),
        holds_today: today.is_in_force(seq),
    })
}

/// The status entries recorded since about whom the subject is today, in force or not.
fn learned_since(then: &View<'_>, today: &View<'_>, subject: SubjectId) -> Vec<Seq> {
    today
        .entries(subject)
        .filter(|(seq, fact)| then.fact(*seq).is_none() && fact.kind().axis().is_some())
        .map(|(seq, _)| seq)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    const HISTORY: [&str; 8] = [
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
        r#""kind":"release","person":"p:1","occurred":"2026-02-08","sources":[{"publisher":"Press","kind":"media"}]"#,
        r#""kind":"charge","person":"p:1","occurred":"2026-02-20""#,
        r#""kind":"release","person":"p:1","occurred":"2026-02-09","replaces":"@1""#,
        r#""kind":"retraction","entry":"@0""#,
        r#""kind":"retraction","entry":"@4""#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-02-01""#,
        r#""kind":"merge","person":"p:2","into":"p:1""#,
    ];

    fn shown(known: u64, on: &str) -> String {
        let facts = Sample::of(&HISTORY).facts();
        let then = View::known_at(&facts, Seq::new(known));
        let today = View::head(&facts);
        let first = then.subjects().next().unwrap();
        let audit = audit(&then, &today, first, day(on)).unwrap();
        let fact = |fact: &AuditedFact<'_>| {
            let voices: Vec<_> = facts.publishers(fact.fact).collect();
            let mut text = format!("{}[{}]", fact.seq, voices.join(","));
            if let Some(replaced) = fact.replaced {
                text += &format!(" for {replaced}");
            }
            for by in &fact.corrected_since {
                let verb = if by.is_retraction {
                    "withdrawn"
                } else {
                    "replaced"
                };
                let void = if by.holds_today { "" } else { ", void" };
                text += &format!(" ({verb} {}{void})", by.seq);
            }
            text + if fact.holds_today { "" } else { " gone" }
        };
        let axis = |axis: &AuditedAxis<'_>| {
            let facts: Vec<_> = axis.facts.iter().map(fact).collect();
            let point = axis.standing.point.map_or("-", State::word);
            format!("{point}: {}", facts.join(" "))
        };
        let axes: Vec<_> = audit.axes.iter().map(axis).collect();
        let others: Vec<_> = audit.others.iter().map(fact).collect();
        let since: Vec<_> = audit.learned_since.iter().map(Seq::to_string).collect();
        format!(
            "{} | {} | {}",
            axes.join("; "),
            others.join(" "),
            since.join(" ")
        )
    }

    #[test]
    fn each_fact_comes_with_what_it_rests_on_and_what_became_of_it() {
        for (known, on, expect) in [
            (0, "2026-01-31", " |  | e1 e2 e3 e6"),
            (
                1,
                "2026-02-08",
                "released: e0[Watch] (withdrawn e4, void) e1[Press] (replaced e3) gone |  | e2 e3 e6",
            ),
            (
                3,
                "2026-02-08",
                "detained: e0[Watch] (withdrawn e4, void) |  | e6",
            ),
            (
                5,
                "2026-02-20",
                "released: e0[Watch] e3[] for e1; charged: e2[] |  | e6",
            ),
            (7, "2026-02-05", "detained: e0[Watch] e6[] | e7[] | "),
        ] {
            assert_eq!(shown(known, on), expect, "known at e{known} on {on}");
        }
    }

    #[test]
    fn the_audit_of_everybody_has_each_subject_of_then_once() {
        let facts = Sample::of(&HISTORY).facts();
        let today = View::head(&facts);
        for (known, count) in [(0, 1), (6, 2), (7, 1)] {
            let then = View::known_at(&facts, Seq::new(known));
            assert_eq!(audit_all(&then, &today, day("2026-02-28")).count(), count);
        }
    }
}
