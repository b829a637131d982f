//! Export, and the way back into a new ledger.

use std::fs;

use super::harness::Bench;

#[test]
fn an_export_makes_a_ledger_with_the_same_root() {
    let bench = Bench::demo();
    bench.ok(&["export", "-o", "open.jsonl", "--openings"]);
    bench.ok(&["export", "-o", "closed.jsonl"]);
    let head = bench.head();
    for (export, name) in [("open.jsonl", "Ana Demo"), ("closed.jsonl", "")] {
        let other = Bench::empty();
        let from = bench.path().join(export);
        let from = from.to_str().unwrap();
        let made = other.run(&["init", "copy", "--from", from, "-O", "json"]);
        assert_eq!(made.code, 0, "{}", made.err);
        assert_eq!(made.json()["meta"]["head"].to_string(), head);
        let verified = other.run(&["-L", "copy", "verify", "-O", "json"]);
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
        let person = other.run(&["-L", "copy", "person", "show", "p1", "-O", "json"]);
        assert_eq!(person.rows()[0]["name"].as_str().unwrap_or_default(), name);
        let again = other.run(&["-L", "copy", "export"]);
        assert_eq!(
            again.out,
            fs::read_to_string(bench.path().join("closed.jsonl")).unwrap()
        );
    }
}

#[test]
fn an_export_overwrites_nothing_and_is_for_its_owner_alone() {
    let bench = Bench::demo();
    bench.ok(&["export", "-o", "out.jsonl"]);
    let run = bench.refused(2, &["export", "-o", "out.jsonl"]);
    assert!(run.err.contains("is there already"), "{}", run.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(bench.path().join("out.jsonl"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn an_export_that_was_changed_makes_no_ledger() {
    let bench = Bench::demo();
    let export = bench.ok(&["export"]).out;
    let swapped = {
        let mut lines: Vec<_> = export.lines().collect();
        lines.swap(3, 4);
        lines.join("\n")
    };
    for (name, changed) in [
        ("swapped", swapped),
        (
            "respaced",
            export.replacen("{\"seq\":3,", "{\"seq\": 3,", 1),
        ),
        (
            "headless",
            export.lines().skip(1).collect::<Vec<_>>().join("\n"),
        ),
        ("empty", String::new()),
    ] {
        let other = Bench::empty();
        other.file("export.jsonl", changed);
        let run = other.run(&["init", "copy", "--from", "export.jsonl"]);
        assert_eq!(run.code, 3, "{name}: {run:?}");
        assert_eq!(other.run(&["-L", "copy", "log"]).code, 2, "{name}");
    }
}
