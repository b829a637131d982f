//! `demo`: the founding case as a newcomer sees it, and the table of what was known when.

use serde_json::Value;

use super::harness::Bench;

/// An empty folder in which the demonstration was made; answers what it printed.
fn demo() -> (Bench, String) {
    let bench = Bench::empty();
    let run = bench.run(&["demo"]);
    assert_eq!((run.code, &*run.err), (0, ""), "{}", run.out);
    (bench, run.out)
}

fn on_demo(bench: &Bench, args: &[&str]) -> Vec<Value> {
    let run = bench.run(&[&["-L", "amparo-demo", "-O", "json"], args].concat());
    assert_eq!(run.code, 0, "{args:?}\n{}", run.err);
    run.rows()
}

#[test]
fn the_demonstration_fits_a_screen_of_100_columns_and_says_what_it_is_for() {
    let (_bench, out) = demo();
    for line in out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert_eq!(line.trim_end(), line);
    }
    for says in [
        "Jorge Arreaza, deputy  clemency-requests           379           0           379  e32",
        "press headlines        clemency-grants             379           0           379  e38",
        "2026-02-08/2026-02-09  disappeared                              e11    family (replaced by e14)",
        "2025-05/2026-02-20                           charged            e28    press reports",
        "on 8 February            e10  conditional-release  e10       the court of the case",
        "on 9 February            e13  disappeared          e11       family",
        "on 10 February, and now  e55  detained             e14       family; press reports",
    ] {
        assert!(out.contains(says), "{says}\n{out}");
    }
}

#[test]
fn every_command_that_the_demonstration_names_runs_as_it_stands() {
    let (bench, out) = demo();
    let commands: Vec<_> = out
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("amparo "))
        .collect();
    assert_eq!(commands.len(), 7);
    for command in commands {
        let args: Vec<_> = command.split(' ').collect();
        let run = bench.run(&args);
        assert_eq!(run.code, 0, "{command}\n{}", run.err);
        assert!(!run.out.is_empty(), "{command}");
    }
}

#[test]
fn the_table_of_what_was_known_when_is_that_of_the_fixture() {
    let (bench, _) = demo();
    // The second table of the page, as it stands in fixtures/README.md.
    for (as_of, known_at, point, possible) in [
        (
            "2026-02-08",
            "2026-02-08",
            "conditional-release",
            &["conditional-release"][..],
        ),
        (
            "2026-02-09",
            "2026-02-08",
            "conditional-release",
            &["conditional-release"],
        ),
        (
            "2026-02-09",
            "e10",
            "conditional-release",
            &["conditional-release"],
        ),
        ("2026-02-09", "2026-02-09", "disappeared", &["disappeared"]),
        ("2026-02-09", "e13", "disappeared", &["disappeared"]),
        ("2026-02-09", "2026-02-10", "detained", &["detained"]),
        ("2026-02-09", "e17", "detained", &["detained"]),
        ("2026-02-09", "head", "detained", &["detained"]),
        (
            "2026-02-08",
            "e55",
            "detained",
            &["conditional-release", "detained"],
        ),
        ("2026-02-10", "e55", "house-arrest", &["house-arrest"]),
        (
            "2026-02-19",
            "e55",
            "released",
            &["house-arrest", "released"],
        ),
        ("2026-02-20", "e55", "released", &["released"]),
    ] {
        let at = [
            "status",
            "Guanipa",
            "--as-of",
            as_of,
            "--known-at",
            known_at,
        ];
        let rows = on_demo(&bench, &at);
        let custody = rows.iter().find(|row| row["axis"] == "custody").unwrap();
        assert_eq!(custody["state"], point, "as of {as_of} at {known_at}");
        assert_eq!(
            custody["possible"],
            Value::from(possible),
            "as of {as_of} at {known_at}"
        );
    }
    let rows = on_demo(&bench, &["status", "Guanipa", "--as-of", "2026-02-20"]);
    assert_eq!(
        (&rows[1]["axis"], &rows[1]["state"]),
        (&"case".into(), &"charged".into())
    );
    assert_eq!(rows[0]["full_freedom_count"], 0);
    assert_eq!(rows[0]["rearrests"], Value::from(vec!["e14"]));
}

#[test]
fn an_audit_of_the_9th_names_what_replaced_the_first_report() {
    let (bench, _) = demo();
    let at = [
        "audit",
        "Guanipa",
        "--as-of",
        "2026-02-09",
        "--known-at",
        "2026-02-09",
    ];
    let rows = on_demo(&bench, &at);
    let stands: Vec<_> = rows
        .iter()
        .filter(|row| row["bearing"] == "stands")
        .collect();
    let [fact] = stands[..] else {
        panic!("{rows:?}")
    };
    assert_eq!(
        (&fact["entry"], &fact["by"]),
        (&"e11".into(), &"demo".into())
    );
    assert_eq!(fact["sources"], Value::from(vec!["family (family)"]));
    assert_eq!(
        fact["corrected_since"],
        Value::from(vec!["replaced by e14"])
    );
    assert_eq!(fact["holds_today"], false);
    let since: Vec<_> = rows
        .iter()
        .filter(|row| row["bearing"] == "since")
        .collect();
    assert_eq!(
        (&since[0]["entry"], &since[0]["replaced"]),
        (&"e14".into(), &"e11".into())
    );
}

#[test]
fn a_replay_of_the_case_shows_the_day_each_report_came() {
    let (bench, _) = demo();
    let days = on_demo(&bench, &["replay", "--every", "day"]);
    let shown: Vec<_> = days
        .iter()
        .map(|row| {
            (
                row["as_of"].as_str().unwrap(),
                row["held_count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("2026-01-10", 2),
            ("2026-02-08", 1),
            ("2026-02-09", 2),
            ("2026-02-10", 2),
            ("2026-02-19", 2),
            ("2026-02-20", 1),
            ("2026-02-21", 1),
            ("2026-02-25", 1),
        ]
    );
    let of_one = on_demo(
        &bench,
        &["replay", "--person", "Guanipa", "--from", "2026-02-09"],
    );
    assert_eq!(of_one[0]["known_at"]["seq"], 11);
    assert_eq!(of_one[0]["custody"], "disappeared");
}

#[test]
fn the_demonstration_is_a_sound_ledger_with_the_times_of_the_fixture() {
    let (bench, _) = demo();
    assert_eq!(bench.run(&["-L", "amparo-demo", "verify"]).code, 0);
    assert_eq!(
        bench.run(&["-L", "amparo-demo", "replay", "--check"]).code,
        0
    );
    let log = on_demo(&bench, &["log"]);
    assert_eq!(log.len(), 56);
    assert_eq!(log[10]["recorded"], "2026-02-08T22:00:00.000Z");
    assert_eq!(log[55]["recorded"], "2026-02-25T22:00:00.000Z");
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let (bench, _) = demo();
    let again = bench.run(&["demo"]);
    assert_eq!((again.code, &*again.out), (2, ""));
    let hint = "`amparo -L amparo-demo status Guanipa --timeline`";
    assert!(again.err.contains(hint), "{}", again.err);
    bench.file("other", "mine");
    let other = bench.run(&["demo", "."]);
    assert_eq!(other.code, 2, "{}", other.err);
    assert!(other.err.contains("is not empty"), "{}", other.err);
    let elsewhere = bench.run(&["demo", "my demo", "-O", "json"]);
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.err);
    assert_eq!(elsewhere.rows()[0]["entries"], 56);
    for option in [&["--as-of", "2026-02-09"][..], &["--by", "me"]] {
        assert_eq!(bench.run(&[option, &["demo", "x"]].concat()).code, 2);
    }
}
