//! Profiles in the ledger: stated, versioned, and chosen by what was known.

use crate::harness::Bench;

fn held(bench: &Bench, args: &[&str]) -> (String, u64) {
    let args = [&["totals", "--as-of", "2026-02-09", "-O", "json"], args].concat();
    let reply = bench.run(&args).json();
    let profile = reply["meta"]["profile"].as_str().unwrap().to_owned();
    let rows = reply["rows"].as_array().unwrap();
    let held = rows.iter().find(|row| row["axis"] == "profile").unwrap();
    (profile, held["count"].as_u64().unwrap())
}

/// Three people: held since long, for three days, and under house arrest.
fn ledger() -> Bench {
    let bench = Bench::new();
    for (who, kind, day) in [
        ("demo:long", "arrest", "2025-05-01"),
        ("demo:short", "arrest", "2026-02-07"),
        ("demo:home", "house-arrest", "2025-12-01"),
    ] {
        bench.ok(&["append", kind, who, "--occurred", day, "--unsourced"]);
    }
    bench
}

#[test]
fn a_changed_rule_is_a_new_version_and_old_numbers_keep_theirs() {
    let bench = ledger();
    let add = |states: &str, days: &str| {
        let args = [
            "profile",
            "add",
            "a-week",
            "--states",
            states,
            "--shortest-stay",
            days,
        ];
        bench.ok(&args).out
    };
    let said = add("detained", "7");
    assert!(said.contains("profile") && said.contains("e7"), "{said}");
    add("detained,house-arrest", "2");
    for (args, profile, count) in [
        (&["--profile", "a-week"][..], "a-week@2", 3),
        (&["--profile", "a-week@2"], "a-week@2", 3),
        (&["--profile", "a-week@1"], "a-week@1", 1),
        (&["--profile", "a-week", "--known-at", "e7"], "a-week@1", 1),
        (&["--profile", "prison-only"], "prison-only", 2),
        (&[], "deprived-of-liberty", 3),
    ] {
        assert_eq!(held(&bench, args), (profile.to_owned(), count), "{args:?}");
    }
    bench.ok(&["retract", "e8"]);
    assert_eq!(
        held(&bench, &["--profile", "a-week"]),
        ("a-week@1".to_owned(), 1)
    );
}

#[test]
fn an_unknown_profile_or_version_is_named_with_the_way_out() {
    let bench = ledger();
    bench.ok(&["profile", "add", "a-week", "--states", "detained"]);
    for (profile, says) in [
        ("a-weak", "did you mean `a-week`?"),
        ("a-week@2", "amparo profile show a-week"),
        ("nothing-like-it", "there are a-week, deprived-of-liberty"),
    ] {
        let run = bench.refused(2, &["totals", "--profile", profile]);
        assert!(run.err.contains(says), "{}", run.err);
    }
    let early = bench.refused(2, &["totals", "--profile", "a-week", "--known-at", "e6"]);
    assert!(early.err.contains("no profile `a-week`"), "{}", early.err);
}

#[test]
fn what_is_no_profile_is_refused_and_nothing_is_written() {
    let bench = ledger();
    for (args, code, says) in [
        (
            &["profile", "add", "prison-only", "--states", "detained"][..],
            3,
            "built in",
        ),
        (
            &["profile", "add", "x", "--states", "detaned"],
            3,
            "did you mean `detained`?",
        ),
        (
            &["profile", "add", "x", "--states", "detained,detained"],
            3,
            "already",
        ),
        (
            &["profile", "add", "x y", "--states", "detained"],
            3,
            "--name",
        ),
        (
            &[
                "profile",
                "add",
                "x",
                "--states",
                "detained",
                "--shortest-stay",
                "99999",
            ],
            3,
            "36600",
        ),
        (&["profile", "show", "x"], 2, "amparo profile list"),
    ] {
        let run = bench.refused(code, args);
        assert!(run.err.contains(says), "{args:?}: {}", run.err);
    }
}

#[test]
fn profiles_are_listed_in_their_latest_version_and_shown_in_all() {
    let bench = ledger();
    for states in ["detained", "detained,disappeared"] {
        bench.ok(&["profile", "add", "cells", "--states", states]);
    }
    let shown = |args: &[&str]| {
        let rows = bench.rows(args);
        let row = |row: &serde_json::Value| {
            format!("{}@{} {}", row["profile"], row["version"], row["states"])
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&["profile", "list"])[3..],
        [r#""cells"@2 ["detained","disappeared"]"#]
    );
    assert_eq!(
        shown(&["profile", "show", "cells"]),
        [
            r#""cells"@1 ["detained"]"#,
            r#""cells"@2 ["detained","disappeared"]"#
        ]
    );
    assert_eq!(
        shown(&["profile", "show", "cells@1"]),
        [r#""cells"@1 ["detained"]"#]
    );
    let before = bench.rows(&["profile", "list", "--known-at", "e6"]);
    assert_eq!(before.len(), 3);
}
