//! Which entries and whom a filter lets through, by table.

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

/// Held in Caracas, then in Zulia, then let go from nobody says where; another in Caracas.
const MOVED: [&str; 9] = [
    r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","authority":"Force","place":"VE:Caracas:A","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
    r#""kind":"transfer","person":"p:1","occurred":"2026-02-05","place":"VE:Zulia""#,
    r#""kind":"charge","person":"p:1","occurred":"2026-02-06","court":"2nd","jurisdiction":"military","offences":["treason"]"#,
    r#""kind":"clemency-exclusion","person":"p:1","occurred":"2026-02-07","instrument":"law","ground":"arms""#,
    r#""kind":"release","person":"p:1","occurred":"2026-02-10""#,
    r#""kind":"arrest","person":"p:2","occurred":"2026-02-02","authority":"Guard","place":"VE:Caracas:B""#,
    r#""kind":"group","group":"g:1","size":5"#,
    r#""kind":"custody-observed","group":"g:1","occurred":"2026-02-02","place":"VE:Caracas:B""#,
    r#""kind":"merge","person":"p:3","into":"p:1""#,
];

#[test]
fn somebody_is_asked_about_by_what_is_known_on_the_day() {
    let sample = Sample::of(&MOVED);
    let facts = sample.facts();
    let texts = |text: &str| vec![text.to_owned()];
    let none = Filter::default;
    let of = |n: usize| HashSet::from([sample.entries[n].event.subject().unwrap()]);
    let caracas = || Filter {
        places: vec![Place::new("VE:Caracas").unwrap()],
        ..none()
    };
    let military = Filter {
        jurisdictions: vec![Jurisdiction::Military],
        ..none()
    };
    let released = Filter {
        states: vec![State::from_word("released").unwrap()],
        ..none()
    };
    let by = |authorities| Filter {
        authorities,
        ..none()
    };
    let person = |n| Filter {
        subjects: of(n),
        ..none()
    };
    for (filter, on, held) in [
        (none(), "2026-02-04", 7),
        (caracas(), "2026-02-04", 7),
        (caracas(), "2026-02-05", 6),
        // The release names no place, and counts all the same.
        (caracas(), "2026-02-10", 6),
        (by(texts("Force")), "2026-02-09", 1),
        (by(texts("Force")), "2026-02-10", 0),
        (by(texts("Guard")), "2026-02-09", 1),
        (military.clone(), "2026-02-05", 0),
        (military, "2026-02-06", 1),
        (released, "2026-02-10", 0),
        (person(0), "2026-02-09", 1),
        // p:3 is p:1.
        (person(8), "2026-02-09", 1),
        (person(6), "2026-02-09", 5),
    ] {
        let view = View::head(&facts).asked(&filter, day(on));
        let rows = totals(&view, day(on), &Profile::default());
        let found = rows.last().map(|row| row.total.count);
        assert_eq!(found, Some(held), "{filter:?} on {on}");
    }
}

#[test]
fn each_field_of_whom_keeps_those_who_meet_it() {
    let facts = Sample::of(&MOVED).facts();
    let texts = |text: &str| vec![text.to_owned()];
    let none = Filter::default;
    let shown = |filter: &Filter| -> Vec<u32> {
        let view = View::head(&facts).asked(filter, day("2026-02-28"));
        view.subjects().map(SubjectId::number).collect()
    };
    assert_eq!(shown(&none()).len(), 3);
    let first = shown(&none())[..1].to_vec();
    for filter in [
        Filter {
            courts: texts("2nd"),
            ..none()
        },
        Filter {
            offences: texts("treason"),
            ..none()
        },
        Filter {
            instruments: texts("law"),
            ..none()
        },
        Filter {
            grounds: texts("arms"),
            ..none()
        },
    ] {
        assert!(filter.asks_of_whom());
        assert_eq!(shown(&filter), first, "{filter:?}");
    }
    let nobody = Filter {
        courts: texts("9th"),
        ..none()
    };
    assert_eq!(shown(&nobody), Vec::<u32>::new());
    let by_word = Filter {
        publishers: texts("Watch"),
        ..none()
    };
    assert!(!by_word.asks_of_whom());
}

#[test]
fn names_that_differ_in_case_only_are_one_publisher() {
    let facts = Sample::of(&[
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","sources":[{"publisher":"Watch","kind":"ngo"},{"publisher":"WATCH ","kind":"ngo"},{"publisher":"Press","kind":"media"}]"#,
    ])
    .facts();
    assert_eq!(Standing::behind(&facts, facts.all()).count(), 2);
    for (least, passes) in [(2, true), (3, false)] {
        let filter = Filter {
            publishers_min: least,
            ..Filter::default()
        };
        assert_eq!(filter.passes(&facts, facts.at(0)), passes, "{least}");
    }
}
