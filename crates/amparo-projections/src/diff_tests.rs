//! Where changes go, by table, and that the parts add up, for random histories.

use std::collections::HashSet;

use amparo_core::id::Subject;
use amparo_core::value::Place;
use proptest::prelude::*;

use super::*;
use crate::naive::{february, history, of_whom};
use crate::sample::{Sample, day};
use crate::totals::totals;
use crate::view::View;

/// Known at e2: p:1 held, p:2 held since some day of February, a group of three.
const LEARNED: [&str; 16] = [
    r#""kind":"arrest","person":"p:1","occurred":"2026-02-01""#,
    r#""kind":"arrest","person":"p:2","occurred":"2026-02""#,
    r#""kind":"custody-observed","group":"g:1","occurred":"2026-02-03""#,
    // e3: identified.
    r#""kind":"group","group":"g:1","size":3"#,
    // e4: learned late; e5: happened.
    r#""kind":"arrest","person":"p:3","occurred":"2026-02-04""#,
    r#""kind":"release","person":"p:1","occurred":"2026-02-18""#,
    // e6: corrected: p:3 was taken later.
    r#""kind":"arrest","person":"p:3","occurred":"2026-02-25","replaces":"@4""#,
    // e7: learned late, merged in e8, told apart in e9.
    r#""kind":"arrest","person":"p:4","occurred":"2026-02-05""#,
    r#""kind":"merge","person":"p:4","into":"p:2""#,
    r#""kind":"identification","group":"g:1","person":"p:4""#,
    // e10: undone; e11: done again.
    r#""kind":"retraction","entry":"@8""#,
    r#""kind":"retraction","entry":"@10""#,
    // e12: retracted.
    r#""kind":"retraction","entry":"@5""#,
    // e13: a size corrected.
    r#""kind":"group","group":"g:1","size":2,"replaces":"@3""#,
    // Nothing that counts.
    r#""kind":"note","person":"p:1","text":"seen by a lawyer""#,
    r#""kind":"custody-observed","person":"p:1","occurred":"2026-02-12""#,
];

fn at(on: &str, known: u64) -> Coordinates {
    Coordinates {
        as_of: day(on),
        known_at: Some(Seq::new(known)),
    }
}

fn held(rows: &[DiffRow]) -> String {
    let row = rows.last().unwrap();
    let mut shown = format!("{}->{}", row.from, row.to);
    for cause in Cause::ALL {
        let entries: Vec<_> = row
            .evidence(cause)
            .map(|step| format!("{:+}e{}", step.change, step.entry.number()))
            .collect();
        if !entries.is_empty() {
            shown += &format!(" {} {}", cause.word(), entries.join(","));
        }
    }
    shown
}

#[test]
fn each_change_goes_to_the_part_of_its_entry() {
    let facts = Sample::of(&LEARNED).facts();
    for (from, to, expect) in [
        // Nothing moved, then the day alone: p:2's point is the 14th.
        (at("2026-02-10", 2), at("2026-02-10", 2), "1->1"),
        (
            at("2026-02-10", 2),
            at("2026-02-20", 2),
            "1->2 happened +1e1",
        ),
        (
            at("2026-02-20", 2),
            at("2026-02-10", 2),
            "2->1 happened -1e1",
        ),
        // Each entry by itself, on one day.
        (
            at("2026-02-20", 2),
            at("2026-02-20", 3),
            "2->5 identified +3e3",
        ),
        (
            at("2026-02-20", 3),
            at("2026-02-20", 4),
            "5->6 learned_late +1e4",
        ),
        (
            at("2026-02-20", 4),
            at("2026-02-20", 5),
            "6->5 learned_late -1e5",
        ),
        (
            at("2026-02-20", 5),
            at("2026-02-20", 6),
            "5->4 corrected -1e6",
        ),
        (
            at("2026-02-20", 6),
            at("2026-02-20", 7),
            "4->5 learned_late +1e7",
        ),
        (at("2026-02-20", 7), at("2026-02-20", 8), "5->4 merged -1e8"),
        (
            at("2026-02-20", 8),
            at("2026-02-20", 9),
            "4->3 identified -1e9",
        ),
        (
            at("2026-02-20", 9),
            at("2026-02-20", 10),
            "3->4 merged +1e10",
        ),
        (
            at("2026-02-20", 10),
            at("2026-02-20", 11),
            "4->3 merged -1e11",
        ),
        (
            at("2026-02-20", 11),
            at("2026-02-20", 12),
            "3->4 retracted +1e12",
        ),
        (
            at("2026-02-20", 12),
            at("2026-02-20", 13),
            "4->3 corrected -1e13",
        ),
        (at("2026-02-20", 13), at("2026-02-20", 15), "3->3"),
        // Day and knowledge both: the release came after the first day, so it happened.
        (
            at("2026-02-10", 2),
            at("2026-02-20", 5),
            "1->5 happened +1e1,-1e5 learned_late +1e4 identified +3e3",
        ),
        (
            at("2026-02-20", 5),
            at("2026-02-10", 2),
            "5->1 happened +1e5,-1e1 learned_late -1e4 identified -3e3",
        ),
        // Back in days, on in knowledge.
        (
            at("2026-02-20", 2),
            at("2026-02-10", 4),
            "2->5 happened -1e1 learned_late +1e4 identified +3e3",
        ),
    ] {
        let rows = diff(&facts, from, to, &Profile::default(), &Filter::default());
        assert_eq!(held(&rows), expect, "{from:?} to {to:?}");
    }
}

#[test]
fn a_way_can_begin_before_the_first_entry_and_end_beyond_the_last() {
    let facts = Sample::of(&LEARNED[..2]).facts();
    let nothing = Coordinates {
        as_of: day("2026-02-20"),
        known_at: None,
    };
    let rows = diff(
        &facts,
        nothing,
        at("2026-02-20", u64::MAX),
        &Profile::default(),
        &Filter::default(),
    );
    assert_eq!(held(&rows), "0->2 learned_late +1e0,+1e1");
}

#[test]
fn somebody_is_asked_about_as_the_person_that_they_are_by_then() {
    let sample = Sample::of(&LEARNED);
    let facts = sample.facts();
    let person: Subject = sample.entries[1].event.subject().unwrap();
    let filter = Filter {
        subjects: HashSet::from([person]),
        ..Filter::default()
    };
    let rows = |to| {
        let from = at("2026-02-20", 2);
        diff(&facts, from, to, &Profile::default(), &filter)
    };
    assert_eq!(held(&rows(at("2026-02-20", 6))), "1->1");
    // By e8 p:4 is p:2; at e7 nobody knew, and it was not asked about.
    assert_eq!(held(&rows(at("2026-02-20", 8))), "1->1");
}

#[test]
fn who_comes_to_meet_a_filter_is_a_part_of_the_change() {
    let facts = Sample::of(&[
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","place":"VE:A""#,
        r#""kind":"transfer","person":"p:1","occurred":"2026-02-05","place":"VE:B""#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-02-03","place":"VE:B""#,
        r#""kind":"transfer","person":"p:2","occurred":"2026-02-04","place":"VE:A","replaces":"@2""#,
    ])
    .facts();
    let filter = Filter {
        places: vec![Place::new("VE:B").unwrap()],
        ..Filter::default()
    };
    let asked = |from, to| held(&diff(&facts, from, to, &Profile::default(), &filter));
    for (from, to, expect) in [
        (
            at("2026-02-01", 2),
            at("2026-02-06", 2),
            "0->2 happened +1e1,+1e2",
        ),
        (
            at("2026-02-06", 0),
            at("2026-02-06", 1),
            "0->1 learned_late +1e1",
        ),
        (
            at("2026-02-06", 2),
            at("2026-02-06", 3),
            "2->1 corrected -1e3",
        ),
        (
            at("2026-02-06", 2),
            at("2026-02-02", 2),
            "2->0 happened -1e1,-1e2",
        ),
    ] {
        assert_eq!(asked(from, to), expect);
    }
}

#[test]
fn a_stay_that_grows_long_enough_rests_on_the_entry_it_began_with() {
    let facts = Sample::of(&LEARNED[..1]).facts();
    let profile = Profile::default().with_shortest_stay(5).unwrap();
    let rows = diff(
        &facts,
        at("2026-02-04", 0),
        at("2026-02-05", 0),
        &profile,
        &Filter::default(),
    );
    assert_eq!(held(&rows), "0->1 happened +1e0");
}

fn counts(
    facts: &Facts,
    at: Coordinates,
    profile: &Profile,
    filter: &Filter,
) -> BTreeMap<String, u64> {
    let view = match at.known_at {
        Some(seq) => View::known_at(facts, seq),
        None => View::nothing(facts),
    };
    let view = view.asked(filter, at.as_of);
    let rows = totals(&view, at.as_of, profile).into_iter();
    let shown = rows.filter(|row| row.total.count > 0);
    shown
        .map(|row| {
            (
                format!("{:?}{}", row.instrument, row.state),
                row.total.count,
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn parts_add_up_to_the_difference_of_the_totals(
        sample in history(),
        places in prop::collection::vec((0..32_u32, any::<prop::sample::Index>()), 4),
        stay in 0..6_u32,
        filter in of_whom(),
    ) {
        let facts = sample.facts();
        let profile = Profile::default().with_shortest_stay(stay).unwrap();
        let place = |(n, known): &(u32, prop::sample::Index)| Coordinates {
            as_of: february(*n),
            known_at: known.index(facts.len() + 1).checked_sub(1).map(|n| Seq::new(n as u64)),
        };
        let places: Vec<_> = places.iter().map(place).collect();
        for pair in places.windows(2) {
            let rows = diff(&facts, pair[0], pair[1], &profile, &filter);
            let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
            for row in &rows {
                let parts: i64 = Cause::ALL.iter().map(|cause| row.part(*cause)).sum();
                prop_assert_eq!(row.from as i64 + parts, row.to as i64);
                prop_assert_eq!(row.change(), parts);
                let key = format!("{:?}{}", row.instrument, row.state);
                from.extend((row.from > 0).then(|| (key.clone(), row.from)));
                to.extend((row.to > 0).then_some((key, row.to)));
            }
            prop_assert_eq!(from, counts(&facts, pair[0], &profile, &filter));
            prop_assert_eq!(to, counts(&facts, pair[1], &profile, &filter));
            let back = diff(&facts, pair[1], pair[0], &profile, &filter);
            for (row, back) in rows.iter().zip(&back) {
                for cause in Cause::ALL {
                    prop_assert_eq!(row.part(cause), -back.part(cause));
                }
            }
        }
    }
}
