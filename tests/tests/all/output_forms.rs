//! The same rows in every form, safe to show and to open.

use super::harness::Bench;

#[test]
fn json_begins_with_the_coordinates_in_the_order_of_the_design() {
    let bench = Bench::demo();
    let out = bench
        .ok(&["log", "p1", "--known-at", "e20", "-O", "json"])
        .out;
    let expect = "{\"meta\":{\"as_of\":null,\"known_at\":{\"seq\":20,\"recorded\":\"2026-02-10T12:02:00.000Z\"},\
                  \"profile\":null,\"filters\":{\"person\":\"p1\"},\"head\":{\"size\":52,\"root\":\"";
    assert!(out.starts_with(expect), "{out}");
}

#[test]
fn every_form_has_the_same_rows() {
    let bench = Bench::demo();
    let json = bench.rows(&["log"]);
    let lines = bench.ok(&["log", "-O", "jsonl"]).out;
    let csv = bench.ok(&["log", "-O", "csv"]).out;
    let table = bench.ok(&["log"]).out;
    let md = bench.ok(&["log", "-O", "md"]).out;
    assert_eq!(json.len(), 52);
    for form in [&lines, &csv, &table, &md] {
        let count = json
            .iter()
            .filter(|row| {
                let (entry, kind) = (
                    row["entry"].as_str().unwrap(),
                    row["kind"].as_str().unwrap(),
                );
                form.lines().any(|line| {
                    let words: Vec<_> = line
                        .split([' ', ',', '"', '|'])
                        .filter(|word| !word.is_empty())
                        .collect();
                    words.contains(&entry) && words.contains(&kind.replace('_', "-").as_str())
                })
            })
            .count();
        assert_eq!(count, 52, "{form}");
    }
    assert_eq!(lines.lines().count(), 52);
    assert_eq!(csv.lines().count(), 53);
}

#[test]
fn options_stand_before_or_after_the_command() {
    let bench = Bench::demo();
    let after = bench.ok(&["log", "--known-at", "e20", "-O", "csv"]).out;
    assert_eq!(
        bench.ok(&["--known-at", "e20", "-O", "csv", "log"]).out,
        after
    );
    assert_eq!(bench.ok(&["-Ocsv", "log", "--known-at=e20"]).out, after);
}

#[test]
fn what_was_typed_cannot_steer_a_terminal_or_a_spreadsheet() {
    let bench = Bench::new();
    let text = "=cmd\u{1b}[31m\u{202e}x\ny";
    bench.ok(&["append", "note", "--unsourced", "--text", text]);
    for form in ["table", "md", "json", "jsonl"] {
        let out = bench.ok(&["log", "-O", form]).out;
        assert!(
            !out.contains('\u{1b}') && !out.contains('\u{202e}'),
            "{form}: {out}"
        );
    }
    assert_eq!(bench.rows(&["log"])[1]["details"], text);
    let csv = bench.ok(&["log", "-O", "csv"]).out;
    assert!(csv.contains("\"'=cmd"), "{csv}");
}

#[test]
fn vocabulary_completions_and_manual_need_no_ledger() {
    let bench = Bench::empty();
    assert!(
        bench
            .run(&["vocab", "-O", "csv"])
            .out
            .contains("kinds,house-arrest,custody")
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            bench.run(&["completions", shell]).out.contains("unsourced"),
            "{shell}"
        );
    }
    let page = bench.run(&["man", "append"]).out;
    assert!(
        page.contains(".SH NAME") && page.contains("\\-\\-occurred"),
        "{page}"
    );
    assert!(bench.run(&["man"]).out.contains(".SH SUBCOMMANDS"));
}
