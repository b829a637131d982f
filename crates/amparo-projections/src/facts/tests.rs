//! What is kept of entries, and what is refused.

use super::*;
use crate::sample::{Sample, day};

const DRAFTS: [&str; 6] = [
    r#""kind":"person","person":"p:b""#,
    r#""kind":"arrest","person":"p:a","occurred":"2026-02-08T23:30","place":"VE:Caracas","sources":[{"publisher":"Watch","kind":"ngo"},{"publisher":"Press","kind":"media"}]"#,
    r#""kind":"group","group":"g:1","size":3"#,
    r#""kind":"person","person":"p:a""#,
    r#""kind":"person","person":"p:b","replaces":"@0""#,
    r#""kind":"charge","person":"p:a","occurred":"2026-02-09","offences":["treason"],"jurisdiction":"military""#,
];

fn sample() -> Sample {
    Sample::of(&DRAFTS)
}

#[test]
fn only_the_next_entry_with_a_new_id_is_taken() {
    let sample = sample();
    let mut facts = Facts::default();
    let gap = |expected, found| {
        let (expected, found) = (Seq::new(expected), Seq::new(found));
        Err(ApplyError::SequenceGap { expected, found })
    };
    assert_eq!(facts.apply(&sample.entries[1]), gap(0, 1));
    assert_eq!(facts.apply(&sample.entries[0]), Ok(()));
    assert_eq!(facts.apply(&sample.entries[0]), gap(1, 0));
    let mut repeated = sample.entries[1].clone();
    repeated.id = sample.entries[0].id;
    let first = Seq::new(0);
    assert_eq!(
        facts.apply(&repeated),
        Err(ApplyError::RepeatedId { first })
    );
    assert_eq!(facts.apply(&sample.entries[1]), Ok(()));
    assert_eq!(facts.len(), 2);

    let max = Facts::ENTRIES_MAX;
    let next = |len: usize| check_next(len, Seq::new(len as u64));
    assert_eq!(next(max - 1), Ok(()));
    assert_eq!(next(max), Err(ApplyError::TooManyEntries));
}

#[test]
fn persons_and_groups_are_numbered_as_they_are_registered() {
    let facts = sample().facts();
    let shown = |list: &[SubjectId]| -> Vec<_> { list.iter().map(|id| facts.shown(*id)).collect() };
    assert_eq!(shown(facts.persons()), ["p1", "p2"]);
    assert_eq!(shown(facts.groups()), ["g1"]);
    let b = facts.fact(Seq::new(0)).and_then(Fact::subject);
    assert_eq!(facts.registered("p1"), b);
    for unknown in ["p0", "p3", "g2", "p", "x1", "p-1", "p99999999999999999999"] {
        assert_eq!(facts.registered(unknown), None, "{unknown}");
    }
    // Mentioned before it was registered: by its UUID until then.
    let first = Sample::of(&DRAFTS[1..2]).facts();
    let a = first.fact(Seq::new(0)).and_then(Fact::subject).unwrap();
    assert_eq!(first.shown(a), first.subject(a).unwrap().uuid().to_string());
}

#[test]
fn a_fact_says_what_its_entry_says() {
    let sample = sample();
    let facts = sample.facts();
    let arrest = facts.fact(Seq::new(1)).unwrap();
    assert_eq!(facts.date(arrest).as_deref(), Some("2026-02-08T23:30"));
    assert_eq!(
        facts.publishers(arrest).collect::<Vec<_>>(),
        ["Watch", "Press"]
    );
    assert_eq!(facts.recorder(arrest), "desk");
    assert_eq!(arrest.place().map(|id| facts.text(id)), Some("VE:Caracas"));
    assert_eq!(facts.places().collect::<Vec<_>>(), ["VE:Caracas"]);
    assert_eq!(
        facts
            .fact(Seq::new(4))
            .and_then(|fact| facts.replaces(fact)),
        Some(Seq::new(0))
    );
    let charge = facts.fact(Seq::new(5)).unwrap();
    assert_eq!(facts.date(charge).as_deref(), Some("2026-02-09"));
    assert_eq!(facts.offences(charge).collect::<Vec<_>>(), ["treason"]);
    assert_eq!(charge.span().map(|span| span.lo()), Some(day("2026-02-09")));
    let id = sample.entries[5].id;
    assert_eq!(facts.seq(id), Some(Seq::new(5)));
    assert_eq!(facts.id(Seq::new(5)), Some(id));
    assert_eq!(facts.fact(Seq::new(6)), None);
}

#[test]
fn a_time_is_a_known_at() {
    let sample = sample();
    let facts = sample.facts();
    let recorded = |n: usize| sample.entries[n].recorded;
    let before = Recorded::from_ms(recorded(0).ms() - 1).unwrap();
    assert_eq!(facts.known_at(before), None);
    assert_eq!(facts.known_at(recorded(0)), Some(Seq::new(0)));
    let between = Recorded::from_ms(recorded(3).ms() + 1).unwrap();
    assert_eq!(facts.known_at(between), Some(Seq::new(3)));
    assert_eq!(facts.known_at(recorded(5)), facts.head());
}
