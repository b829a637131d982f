//! `erase`: what was private of somebody is gone, and nothing else.

use std::fs;

use crate::folders::holding;
use crate::harness::Bench;

/// Ana Demo, her second registration, and Bea Demo; what is private of Ana, as bytes.
fn ledger() -> Bench {
    let bench = Bench::new();
    let note = ["--private-note", "Canarynote Demo"];
    bench.ok(&[
        &["person", "add", "Anacanary Demo", "--ref", "demo:ana"][..],
        &note,
        &["--unsourced"],
    ]
    .concat());
    bench.ok(&[
        "person",
        "add",
        "Beatriz Demo",
        "--ref",
        "demo:bea",
        "--unsourced",
    ]);
    bench.ok(&[
        "person",
        "add",
        "Otheralias Demo",
        "--ref",
        "demo:ana-2",
        "--unsourced",
    ]);
    bench.ok(&["append", "merge", "p3", "--into", "p1", "--unsourced"]);
    for (who, day) in [("demo:ana", "2026-01"), ("demo:bea", "2026-02-01")] {
        let private = ["--private-source", "Whispercanary Demo:witness"];
        bench.ok(&[&["append", "arrest", who, "--occurred", day][..], &private].concat());
    }
    bench
}

#[test]
fn an_erasure_says_that_it_cannot_be_undone() {
    let bench = ledger();
    // One who was registered twice, and one who was not.
    for who in ["demo:ana", "demo:bea"] {
        let said = bench.ok(&["erase", who, "--basis", "danger"]).err;
        assert!(said.contains("this cannot be undone"), "{said}");
        assert!(!said.contains("undo with"), "{said}");
        bench.refused(3, &["undo"]);
    }
    let said = bench.ok(&["append", "note", "--text", "Demo", "--unsourced"]);
    assert!(said.err.contains("undo with"), "{}", said.err);
}

#[test]
fn a_raw_scan_of_the_folder_finds_no_name_alias_salt_or_key_and_the_log_is_the_same() {
    let bench = ledger();
    let openings = bench.run(&["export", "--openings"]).out;
    let salts = openings
        .split("\"salt\":\"")
        .skip(1)
        .map(|rest| rest[..64].to_owned());
    let salts: Vec<_> = salts.collect();
    assert!(salts.len() > 6);
    let keys = fs::read(bench.ledger().join("keys/subjects")).unwrap();
    // A header of 31 bytes, then owner (16), key (32) and checksum (4) of each.
    let records: Vec<_> = keys[31..].chunks(52).collect();
    assert_eq!(records.len(), 3);
    let log = bench.run(&["export"]).out;
    let totals = bench.run(&["totals", "-O", "csv", "--known-at", "e6"]).out;
    bench.ok(&["checkpoint", "--name", "before"]);

    let said = bench.ok(&[
        "erase",
        "demo:ana",
        "--basis",
        "danger",
        "--reason",
        "asked for",
    ]);
    assert!(said.err.contains("destroyed 2 key(s)"), "{}", said.err);
    assert!(
        said.err.contains("not reached: backups of keys/"),
        "{}",
        said.err
    );
    assert!(!said.out.contains("Anacanary") && !said.err.contains("Anacanary"));

    let after = bench.run(&["export", "--openings"]).out;
    for secret in ["Anacanary", "Otheralias", "Canarynote"] {
        assert!(
            openings.contains(secret) && !after.contains(secret),
            "{secret}"
        );
        assert!(
            holding(&bench.ledger(), secret.as_bytes()).is_empty(),
            "{secret}"
        );
    }
    assert!(after.contains("Beatriz"));
    for salt in salts {
        let raw: Vec<u8> = (0..32)
            .map(|n| u8::from_str_radix(&salt[2 * n..2 * n + 2], 16).unwrap())
            .collect();
        assert!(holding(&bench.ledger(), salt.as_bytes()).is_empty());
        assert!(holding(&bench.ledger(), &raw).is_empty());
    }
    let still_there = records
        .iter()
        .filter(|record| !holding(&bench.ledger(), &record[16..48]).is_empty());
    assert_eq!(still_there.count(), 1, "the key of one who was not erased");

    assert!(bench.run(&["export"]).out.starts_with(&log));
    let same = |totals: &str| {
        totals
            .lines()
            .map(|line| line.split(",2026").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        same(&bench.run(&["totals", "-O", "csv", "--known-at", "e6"]).out),
        same(&totals)
    );
    let verified = bench.ok(&["verify"]);
    assert!(
        verified.out.contains("sound") && verified.out.contains("signed"),
        "{}",
        verified.out
    );
    bench.ok(&["totals", "--known-at", "before"]);
}

#[test]
fn no_command_shows_the_name_any_more_and_the_person_goes_on_without_one() {
    let bench = ledger();
    bench.ok(&["erase", "p1", "--basis", "consent-withdrawn"]);
    for args in [
        &["list"][..],
        &["status"],
        &["status", "p1"],
        &["log"],
        &["audit", "p1"],
        &["person", "list"],
        &["person", "show", "p1"],
        &["show", "e1"],
        &["totals", "--who"],
        &["replay"],
        &["report", "single-source"],
        &["export", "--openings"],
    ] {
        let run = bench.run(args);
        assert!(run.code == 0, "{args:?}: {}", run.err);
        let all = format!("{}{}", run.out, run.err);
        for secret in ["Anacanary", "Otheralias", "Canarynote"] {
            assert!(!all.contains(secret), "{args:?}: {all}");
        }
    }
    assert_eq!(bench.run(&["find", "Anacanary"]).code, 1);
    assert_eq!(bench.run(&["status", "Anacanary Demo"]).code, 5);
    bench.ok(&[
        "append",
        "release",
        "p1",
        "--occurred",
        "2026-02-09",
        "--unsourced",
    ]);
    bench.ok(&[
        "append",
        "arrest",
        "demo:ana",
        "--occurred",
        "2026-02-10",
        "--unsourced",
    ]);
    assert_eq!(bench.rows(&["person", "list"]).len(), 3);
}

#[test]
fn an_erasure_is_final() {
    let bench = ledger();
    bench.ok(&["erase", "p1", "--basis", "data-protection"]);
    let head = bench.rows(&["log", "--kind", "erasure"]);
    let erasure = head[0]["entry"].as_str().unwrap().to_owned();
    for (args, says) in [
        (&["retract", &erasure][..], "is an erasure"),
        (
            &[
                "append",
                "person",
                "p1",
                "--private-name",
                "Again Demo",
                "--unsourced",
            ],
            "erased, for good",
        ),
    ] {
        let run = bench.refused(3, args);
        assert!(run.err.contains(says), "{args:?}: {}", run.err);
    }
    let file = bench.file(
        "again.jsonl",
        r#"{"kind":"person","person":"demo:ana","private":{"name":"Again Demo"},"unsourced":true}"#,
    );
    let run = bench.refused(3, &["import", &file]);
    assert!(run.err.contains("again.jsonl:1:"), "{}", run.err);
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_by_the_next_command() {
    let bench = ledger();
    let keys = bench.ledger().join("keys/subjects");
    let before = fs::read(&keys).unwrap();
    bench.ok(&["erase", "p1", "--basis", "danger"]);
    // As if the process had ended between the entry and the key.
    fs::write(&keys, &before).unwrap();
    let found = bench.run(&["find", "Anacanary"]);
    assert_eq!(found.code, 1, "{}", found.out);
    assert_eq!(fs::read(&keys).unwrap(), before, "a reader has written");
    bench.ok(&["append", "note", "p2", "--text", "x", "--unsourced"]);
    let after = fs::read(&keys).unwrap();
    assert_eq!(after.len(), 31 + 52);
}

#[test]
fn what_cannot_be_erased_is_refused_and_a_dry_run_destroys_nothing() {
    let bench = ledger();
    let keys = fs::read(bench.ledger().join("keys/subjects")).unwrap();
    for (args, code, says) in [
        (
            &["erase", "p1", "--basis", "dangr"][..],
            2,
            "did you mean `danger`?",
        ),
        (
            &["erase", "p1", "--basis", "x"],
            2,
            "write one of consent-withdrawn",
        ),
        (&["erase", "p9", "--basis", "danger"], 5, ""),
        (&["erase", "Anacanary Dem", "--basis", "danger"], 5, ""),
        (&["erase", "demo:nobody", "--basis", "danger"], 5, ""),
    ] {
        let run = bench.refused(code, args);
        assert!(run.err.contains(says), "{args:?}: {}", run.err);
    }
    let dry = bench.ok(&["erase", "p1", "--basis", "danger", "-n"]);
    assert!(dry.out.contains(r#""kind":"erasure""#), "{}", dry.out);
    assert_eq!(
        fs::read(bench.ledger().join("keys/subjects")).unwrap(),
        keys
    );
}

#[test]
fn what_is_private_of_a_group_is_erased_and_its_people_and_counts_stay() {
    let bench = ledger();
    let add = ["group", "add", "unnamed, Rodeo", "--size", "23"];
    bench.ok(&[&add[..], &["--ref", "g:canarygroup", "--unsourced"]].concat());
    let note = ["append", "note", "g1", "--text", "x", "--unsourced"];
    bench.ok(&[&note[..], &["--private-note", "Groupcanary Demo"]].concat());
    bench.ok(&[
        "append",
        "arrest",
        "g1",
        "--occurred",
        "2026-02-03",
        "--unsourced",
    ]);
    bench.ok(&[
        "append",
        "identification",
        "g1",
        "--person",
        "p2",
        "--unsourced",
    ]);
    let counts = || {
        let totals = bench.rows(&["totals"]);
        totals
            .iter()
            .map(|row| row["count"].clone())
            .collect::<Vec<_>>()
    };
    let before = counts();
    let openings = bench.run(&["export", "--openings"]).out;
    assert!(openings.contains("Groupcanary") && openings.contains("g:canarygroup"));
    let said = bench.ok(&["erase", "g1", "--basis", "danger"]);
    assert!(said.err.contains("destroyed 1 key(s)"), "{}", said.err);
    assert_eq!(counts(), before);
    let after = bench.run(&["export", "--openings"]).out;
    assert!(!after.contains("Groupcanary") && !after.contains("g:canarygroup"));
    assert!(after.contains("Beatriz") && after.contains("unnamed, Rodeo"));
    assert!(holding(&bench.ledger(), b"Groupcanary").is_empty());
    let run = bench.refused(3, &[&note[..], &["--private-note", "y"]].concat());
    assert!(run.err.contains("erased, for good"), "{}", run.err);
}
