//! Bad input is refused with its place and a remedy, and nothing of it is written.

use std::collections::BTreeMap;
use std::fs;

use super::harness::{Bench, fixture, fixtures, markdown_rows};

/// One line of the table in `fixtures/bad/README.md`.
struct Expected {
    line: u64,
    column: u64,
    rule: String,
    says: String,
}

fn expected() -> BTreeMap<String, Vec<Expected>> {
    let mut all: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    for row in markdown_rows(&fixtures().join("bad/README.md")) {
        let (line, column) = row[2].split_once(':').unwrap();
        let expected = Expected {
            line: line.parse().unwrap(),
            column: column.parse().unwrap(),
            rule: row[3].clone(),
            says: row[4].replace('`', ""),
        };
        all.entry(row[0].clone()).or_default().push(expected);
    }
    all
}

#[test]
fn every_bad_fixture_is_refused_at_its_place_with_its_rule_and_remedy() {
    let bench = Bench::new();
    let expected = expected();
    assert!(expected.len() >= 48, "only {} fixtures", expected.len());
    for (file, faults) in &expected {
        let path = fixture(&format!("bad/{file}"));
        let run = bench.refused(3, &["import", &path, "-O", "json"]);
        let error = run.error();
        assert_eq!(error["kind"], "refused", "{file}");
        let found = error["faults"].as_array().unwrap();
        assert_eq!(found.len(), faults.len(), "{file}: {found:?}");
        for (found, expected) in found.iter().zip(faults) {
            assert_eq!(found["line"], expected.line, "{file}: {found}");
            assert_eq!(found["column"], expected.column, "{file}: {found}");
            assert_eq!(found["rule"], expected.rule.as_str(), "{file}: {found}");
            let said = format!("{} {}", found["message"], found["remedy"]).replace('`', "");
            assert!(said.contains(&expected.says), "{file}: {found}");
        }
        assert_eq!(run.rows()[0]["new"], 0, "{file}");
    }
}

#[test]
fn every_bad_fixture_is_refused_the_same_by_check_and_by_a_dry_run() {
    let bench = Bench::new();
    for file in expected().keys() {
        let path = fixture(&format!("bad/{file}"));
        let imported = bench.refused(3, &["import", &path]);
        assert_eq!(
            bench.refused(3, &["check", &path]).err,
            imported.err,
            "{file}"
        );
        assert_eq!(
            bench.refused(3, &["import", "-n", &path]).err,
            imported.err,
            "{file}"
        );
    }
}

#[test]
fn a_fault_is_shown_with_its_place_an_excerpt_and_a_remedy() {
    let bench = Bench::new();
    let name = bench.file(
        "in.jsonl",
        "\n{\"kind\":\"arest\",\"person\":\"demo:ana\"}\n",
    );
    let run = bench.refused(3, &["import", &name]);
    let expect = "\
in.jsonl:2:9: `arest` is no kind
  | \"kind\":\"arest\"
  |        ^
  hint: did you mean `arrest`?
error: 1 fault in 1 line; nothing was written
";
    assert_eq!(run.err, expect);
}

#[test]
fn what_needs_the_ledger_is_told_beside_the_other_faults_of_a_line() {
    let bench = Bench::new();
    let grant = r#"{"kind":"clemency-grant","person":"demo:ana","occurred":"2026-02-30","instrument":"nix","unsourced":true}"#;
    let retraction =
        r#"{"kind":"retraction","entry":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","reson":"x"}"#;
    let lines = bench.file("in.jsonl", format!("{grant}\n{retraction}\n"));
    let run = bench.refused(3, &["import", &lines, "-O", "json"]);
    let faults = run.error()["faults"].clone();
    let told = faults.as_array().unwrap().iter().map(|fault| {
        let rule = fault["rule"].as_str().unwrap();
        format!("{} {} {rule}", fault["line"], fault["column"])
    });
    let told: Vec<_> = told.collect();
    let expect = [
        "1 66 bad-date",
        "1 83 unknown-instrument",
        "2 30 unknown-entry",
        "2 69 unknown-field",
    ];
    assert_eq!(told, expect);
    let flags = [
        "--occurred",
        "2026-02-30",
        "--instrument",
        "nix",
        "--unsourced",
    ];
    let args = [&["append", "clemency-grant", "demo:ana"][..], &flags].concat();
    let run = bench.refused(3, &args);
    for flag in ["--occurred: ", "--instrument: "] {
        assert!(run.err.contains(flag), "{}", run.err);
    }
}

#[test]
fn bulk_above_the_limits_is_refused() {
    let bench = Bench::new();
    let source = "{\"publisher\":\"A\",\"kind\":\"ngo\"}";
    let sources = vec![source; 65].join(",");
    for (line, rule, column) in [
        (
            format!(
                "{{\"kind\":\"note\",\"text\":\"{}\",\"unsourced\":true}}",
                "x".repeat(70_000)
            ),
            "above-limit",
            1,
        ),
        (
            format!("{{\"kind\":\"note\",\"text\":\"x\",\"sources\":[{sources}]}}"),
            "above-limit",
            37,
        ),
        ("[".repeat(100_000), "above-limit", 1),
        ("[".repeat(50_000), "syntax", 128),
    ] {
        let name = bench.file("bulk.jsonl", line);
        let fault = bench.refused(3, &["import", &name, "-O", "json"]).error()["faults"][0].clone();
        assert_eq!(
            (&fault["rule"], &fault["column"]),
            (&rule.into(), &column.into()),
            "{fault}"
        );
    }
}

#[test]
fn no_message_about_bad_input_repeats_a_name() {
    let bench = Bench::new();
    for line in [
        r#"{"kind":"person","person":"Zenobia Demo","unsourced":true}"#,
        r#"{"kind":"person","person":"demo:z","private":{"nombre":"Zenobia Demo"},"unsourced":true}"#,
        r#"{"kind":"person","person":"demo:z","private":{"name":"Zenobia Demo"} "unsourced":true}"#,
        r#"{"kind":"person","person":"demo:z","name":"Zenobia Demo","unsourced":true}"#,
        r#"{"kind":"person","person":"demo:z","privat":{"name":"Zenobia Demo"},"unsourced":true}"#,
        r#"{"kind":"person","person":"demo:z","private":{"birth":"Zenobia Demo"},"unsourced":true}"#,
        r#"{"kind":"arrest","person":"demo:z","occurred":"ayer","size":"Zenobia Demo","unsourced":true}"#,
    ] {
        let name = bench.file("in.jsonl", line);
        for form in ["table", "json"] {
            let run = bench.refused(3, &["import", &name, "-O", form]);
            assert!(!run.err.contains("Zenobia"), "{line}\n{}", run.err);
            assert!(!run.out.contains("Zenobia"), "{line}\n{}", run.out);
        }
    }
}

#[test]
fn faults_of_flags_are_told_under_the_name_of_the_flag() {
    let bench = Bench::new();
    let arrest = ["append", "arrest", "demo:ana"];
    for (flags, flag, says) in [
        (
            &["--occurred", "2020-02-30", "--unsourced"][..],
            "--occurred",
            "29 days",
        ),
        (
            &["--occurred", "2999", "--unsourced"],
            "--occurred",
            "after today",
        ),
        (
            &["--occurred", "2020", "--place", "VE:", "--unsourced"],
            "--place",
            "wide to narrow",
        ),
        (&["--occurred", "2020"], "--source", "no source says so"),
        (
            &["--occurred", "2020", "--source", "A:nog"],
            "--source",
            "did you mean `ngo`",
        ),
        (
            &["--occurred", "2020", "--source", "A"],
            "--source",
            "needs its kind",
        ),
        (
            &["--occurred", "2020", "--basis", "medical", "--unsourced"],
            "--basis",
            "release",
        ),
        (&["--unsourced"], "--occurred", "needs `occurred`"),
        (
            &["--occurred", "2020", "--unsourced", "--id", "42"],
            "--id",
            "no UUID",
        ),
    ] {
        let args = [&arrest[..], flags].concat();
        let run = bench.refused(3, &args);
        let line = run
            .err
            .lines()
            .find(|line| line.starts_with(&format!("{flag}: ")));
        assert!(
            line.is_some() && run.err.contains(says),
            "{flags:?}\n{}",
            run.err
        );
    }
    let run = bench.refused(3, &["append", "arest", "demo:ana", "--unsourced"]);
    assert!(
        run.err
            .starts_with("KIND: `arest` is no kind\n  hint: did you mean `arrest`?")
    );
}

#[test]
fn all_faults_of_all_files_are_reported_and_no_file_is_written() {
    let bench = Bench::new();
    let good = bench.file("good.jsonl", fs::read(fixture("demo-small.jsonl")).unwrap());
    let one = fixture("bad/bad-place.jsonl");
    let five = fixture("bad/many-faults.jsonl");
    let run = bench.refused(3, &["import", &good, &one, &five, "-O", "json"]);
    assert_eq!(run.error()["faults"].as_array().unwrap().len(), 6);
    let refused: Vec<_> = run
        .rows()
        .iter()
        .map(|row| row["refused"].as_u64().unwrap())
        .collect();
    assert_eq!(refused, [0, 1, 5]);
}
