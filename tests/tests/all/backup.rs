//! `backup` and `restore`: the log elsewhere, checked, without names unless they are asked for.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Bench;

fn row(bench: &Bench, args: &[&str]) -> Value {
    bench.rows(args).remove(0)
}

/// Size and root of the ledger in a folder.
fn head(bench: &Bench, folder: &str) -> String {
    bench.run(&["-L", folder, "verify", "-O", "json"]).json()["meta"]["head"].to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let items = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = items
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_the_same_log_without_keys_and_a_second_one_copies_what_is_new() {
    let bench = Bench::demo();
    bench.ok(&["checkpoint", "--name", "first"]);
    let made = row(&bench, &["backup", "copy"]);
    assert_eq!(made["entries"], made["new"]);
    assert_eq!(head(&bench, "copy"), bench.head());
    assert!(!bench.path().join("copy/keys").exists());
    let none = row(&bench, &["backup", "copy"]);
    assert_eq!(none["new"], 0);
    bench.ok(&["append", "note", "--text", "one more", "--unsourced"]);
    let again = row(&bench, &["backup", "copy"]);
    assert_eq!(again["new"], 1);
    assert_eq!(head(&bench, "copy"), bench.head());
    let totals = |ledger: &str| {
        let run = bench.run(&["-L", ledger, "totals", "-O", "csv"]);
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    assert_eq!(totals("copy"), totals("ledger"));
    let csv = bench.ok(&["backup", "copy", "-O", "csv"]).out;
    assert!(csv.starts_with("folder,entries,new,root,keys\n"), "{csv}");
}

#[test]
fn a_restored_ledger_goes_on_with_its_keys_and_shows_no_names_without() {
    let bench = Bench::new();
    bench.ok(&[
        "person",
        "add",
        "Ana Demo",
        "--ref",
        "demo:ana",
        "--unsourced",
    ]);
    bench.ok(&["checkpoint"]);
    bench.ok(&["backup", "copy", "--keys", "copied-keys"]);
    bench.ok(&["export", "-o", "newest.jsonl"]);
    for (folder, keys, name) in [("with", true, "Ana Demo"), ("without", false, "p1")] {
        let mut args = vec!["restore", "copy", folder];
        args.extend(
            keys.then_some(["--keys", "copied-keys"])
                .into_iter()
                .flatten(),
        );
        bench.ok(&args);
        assert_eq!(head(&bench, folder), bench.head());
        let listed = bench.run(&["-L", folder, "person", "list"]);
        assert!(listed.out.contains(name), "{}{}", listed.out, listed.err);
        assert_eq!(listed.out.contains("Ana Demo"), keys);
        let more = [
            "-L",
            folder,
            "append",
            "arrest",
            "p1",
            "--occurred",
            "2026-01",
            "--unsourced",
        ];
        let refused = bench.run(&more);
        assert_eq!(refused.code, 4, "{}", refused.err);
        let resumed = bench.run(&["-L", folder, "resume", "--from", "newest.jsonl"]);
        assert_eq!(resumed.code == 0, keys, "{}", resumed.err);
        assert_eq!(bench.run(&more).code == 0, keys);
    }
    assert_eq!(
        names(&bench.path().join("copied-keys")),
        names(&bench.ledger().join("keys"))
    );
}

#[test]
fn an_old_backup_with_newer_keys_is_neither_appended_to_nor_signed() {
    let bench = Bench::demo();
    bench.ok(&["backup", "old"]);
    bench.ok(&["append", "note", "--text", "later", "--unsourced"]);
    bench.ok(&["checkpoint"]);
    bench.ok(&["backup", "new", "--keys", "copied-keys"]);
    bench.ok(&["export", "-o", "newer.jsonl"]);
    let restored = bench.run(&["restore", "old", "put-back", "--keys", "copied-keys"]);
    assert_eq!(restored.code, 4, "{}", restored.err);
    assert!(restored.err.contains("resume --from"), "{}", restored.err);
    let note = [
        "-L",
        "put-back",
        "append",
        "note",
        "--text",
        "fork",
        "--unsourced",
    ];
    for args in [&note[..], &["-L", "put-back", "checkpoint"]] {
        let run = bench.run(args);
        assert_eq!(run.code, 4, "{args:?}: {}", run.err);
    }
    let resumed = bench.run(&["-L", "put-back", "resume", "--from", "newer.jsonl"]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    assert_eq!(head(&bench, "put-back"), bench.head());
}

#[test]
fn a_log_that_was_cut_never_replaces_a_sound_backup() {
    let bench = Bench::demo();
    bench.ok(&["backup", "early"]);
    bench.ok(&["append", "note", "--text", "later", "--unsourced"]);
    bench.ok(&["backup", "copy"]);
    let whole = head(&bench, "copy");
    let run = bench.run(&["-L", "early", "backup", "copy"]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("does not continue"), "{}", run.err);
    assert_eq!(head(&bench, "copy"), whole);
    // Another ledger altogether.
    let other = Bench::new();
    let into = bench.path().join("copy");
    let run = other.run(&["backup", into.to_str().unwrap()]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert_eq!(head(&bench, "copy"), whole);
}

#[test]
fn what_is_damaged_in_the_copy_is_copied_anew_and_what_is_damaged_here_is_named() {
    let bench = Bench::demo();
    bench.ok(&["checkpoint"]);
    bench.ok(&["backup", "copy"]);
    let pub_file = bench.path().join("copy/checkpoints/log.pub");
    let sound = fs::read(&pub_file).unwrap();
    fs::write(&pub_file, b"x").unwrap();
    bench.ok(&["backup", "copy"]);
    assert_eq!(fs::read(&pub_file).unwrap(), sound);
    let segment = bench
        .ledger()
        .join("journal")
        .join(&names(&bench.ledger().join("journal"))[0]);
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let before = head(&bench, "copy");
    let run = bench.run(&["backup", "copy"]);
    assert_eq!(run.code, 4, "{}", run.err);
    let run = bench.run(&["backup", "another"]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(!bench.path().join("another/amparo.toml").exists());
    assert_eq!(head(&bench, "copy"), before);
}

#[test]
fn folders_that_cannot_hold_a_copy_are_refused() {
    let bench = Bench::demo();
    fs::create_dir(bench.path().join("full")).unwrap();
    bench.file("full/letter.txt", "x");
    bench.ok(&["backup", "copy"]);
    for args in [
        &["backup", "full"][..],
        &["backup", "ledger/copy"],
        &["backup", "new", "--keys", "new/keys"],
        &["backup", "copy", "--keys", "full"],
        &["restore", "copy", "full"],
        &["restore", "nowhere", "made"],
        &["restore", "copy", "made", "--keys", "nowhere"],
    ] {
        bench.refused(2, args);
    }
    assert_eq!(names(&bench.path().join("full")), ["letter.txt"]);
}
