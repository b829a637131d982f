//! `key`: names under a lock, what goes on without them, and what is refused.

use std::fs;

use crate::harness::{Bench, Run};

const WORDS: &str = "four made-up demo words";
const OTHER: &str = "another made-up phrase";
const OPEN: [&str; 2] = ["--passphrase", "file:words"];

/// Ana Demo and Beatriz Demo, one of them arrested; the passphrases in files.
fn ledger() -> Bench {
    let bench = Bench::new();
    for (name, first, second) in [
        ("Anacanary Demo", "demo:ana", "other:ana"),
        ("Beatriz Demo", "demo:bea", "other:bea"),
    ] {
        let refs = ["--ref", first, "--ref", second, "--unsourced"];
        bench.ok(&[&["person", "add", name][..], &refs].concat());
    }
    let arrest = ["append", "arrest", "p1", "--occurred", "2026-02-01"];
    bench.ok(&[&arrest[..], &["--unsourced"]].concat());
    bench.file("words", format!("{WORDS}\n"));
    bench.file("other", OTHER);
    bench
}

/// The same, locked; and the recovery key.
fn locked() -> (Bench, String) {
    let bench = ledger();
    let locked = bench.ok(&["key", "lock", "--new", "file:words", "-O", "json"]);
    let recovery = locked.rows()[0]["recovery_key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(locked.err.contains("it is shown once"), "{}", locked.err);
    (bench, recovery)
}

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

fn names_nobody(run: &Run) {
    let all = format!("{}{}", run.out, run.err);
    assert!(!all.contains("Anacanary") && !all.contains(WORDS), "{all}");
}

#[test]
fn what_needs_no_names_goes_on_under_the_lock_and_shows_none() {
    let bench = ledger();
    let ask = |args: &[&str]| bench.run(args).out;
    let before = [ask(&["export"]), bench.head()];
    bench.ok(&["key", "lock", "--new", "file:words"]);
    assert_eq!([ask(&["export"]), bench.head()], before);
    for args in [
        &["totals"][..],
        &["log"],
        &["list"],
        &["status", "p1"],
        &["show", "e1"],
        &["person", "list"],
        &["audit", "p1"],
        &["flows", "--from", "2026-01-31", "--to", "2026-02-10"],
        &["export", "--csv", "tables"],
        &["checkpoint"],
        &[
            "append",
            "release",
            "p1",
            "--occurred",
            "2026-02-05",
            "--unsourced",
        ],
        &[
            "append",
            "charge",
            "demo:bea",
            "--occurred",
            "2026-02-06",
            "--unsourced",
        ],
        &["append", "note", "p2", "--text", "x", "--unsourced"],
        &["correct", "e3", "--occurred", "2026-02-02"],
        &["undo"],
    ] {
        let run = bench.ok(args);
        names_nobody(&run);
        assert!(run.err.contains("the names are locked"), "{args:?}");
    }
    assert_eq!(bench.rows(&["person", "list"]).len(), 2);
    let named = bench.ok(&with(&["list"], &OPEN));
    assert!(!named.err.contains("locked"), "{}", named.err);
    let person = bench.rows(&with(&["person", "list"], &OPEN));
    assert_eq!(person[0]["name"], "Anacanary Demo");
}

#[test]
fn what_needs_names_is_refused_under_the_lock_and_goes_on_with_the_passphrase() {
    let (bench, _) = locked();
    let draft = r#"{"id":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","kind":"person","person":"demo:new","private":{"name":"New Demo"},"unsourced":true}"#;
    bench.file("new.jsonl", draft);
    for (code, args) in [
        (3, &["find", "Anacanary"][..]),
        (3, &["find", "--similar"]),
        (5, &["status", "Anacanary Demo"]),
        (5, &["log", "Anacanary"]),
        (3, &["export", "--openings"]),
        (3, &["export", "--csv", "named", "--names"]),
        (3, &["person", "add", "Carla Demo", "--unsourced"]),
        (3, &["import", "new.jsonl"]),
        (
            3,
            &[
                "append",
                "arrest",
                "demo:unknown",
                "--occurred",
                "2026-02-01",
                "--unsourced",
            ],
        ),
        (3, &["correct", "e1", "--unsourced"]),
        (3, &["erase", "p2", "--basis", "danger"]),
    ] {
        let run = bench.refused(code, args);
        names_nobody(&run);
        assert!(
            run.err.contains("names are locked"),
            "{args:?}: {}",
            run.err
        );
        assert!(
            run.err.contains("--passphrase ask"),
            "{args:?}: {}",
            run.err
        );
    }
    let found = bench.ok(&with(&["find", "Anacanary"], &OPEN));
    assert!(found.out.contains("p1"), "{}", found.out);
    bench.ok(&with(&["import", "new.jsonl"], &OPEN));
    bench.ok(&with(&["import", "new.jsonl"], &OPEN));
    // Whether it is the same event cannot be told without its private fields.
    bench.refused(3, &["import", "new.jsonl"]);
    let openings = bench.ok(&with(&["export", "--openings"], &OPEN));
    assert!(openings.out.contains("New Demo"));
    let verified = bench.rows(&with(&["verify"], &OPEN));
    assert_eq!(verified[0]["opened"], 3, "{verified:?}");
}

#[test]
fn a_wrong_passphrase_is_refused_and_never_told_and_one_on_the_command_line_is_not_taken() {
    let (bench, _) = locked();
    for (code, from) in [
        (3, "file:other"),
        (2, "file:nowhere"),
        (2, "env:NOT_SET"),
        (2, "ask"),
        (2, WORDS),
        (2, "pass:four made-up demo words"),
    ] {
        for command in ["totals", "verify", "list"] {
            let run = bench.refused(code, &[command, "--passphrase", from]);
            assert!(!run.err.contains("demo words"), "{}", run.err);
        }
    }
    bench.refused(3, &["key", "unlock", "--passphrase", "file:other"]);
    bench.file("short", "too short");
    bench.refused(
        3,
        &[
            "key",
            "add",
            "--new",
            "file:short",
            "--passphrase",
            "file:words",
        ],
    );
    bench.refused(2, &["key", "lock", "--new", "file:other"]);
    // Without a lock nothing is asked.
    let open = ledger();
    open.ok(&["list", "--passphrase", "ask"]);
    open.refused(2, &["key", "unlock"]);
    open.refused(2, &["key", "lock"]);
}

#[test]
fn the_terminal_and_the_environment_give_a_passphrase_and_a_new_one_is_typed_twice() {
    let bench = ledger();
    let typed = |args: &[&str], typed: &str| {
        let mut command = bench.command(args);
        Run::from(command.env("AMPARO_TEST_TYPED", typed).output().unwrap())
    };
    let differ = typed(&["key", "lock"], &format!("{WORDS}\n{OTHER}"));
    assert_eq!(differ.code, 3, "{}", differ.err);
    assert_eq!(bench.rows(&["key", "test"])[0]["locked"], false);
    let locked = typed(&["key", "lock"], &format!("{WORDS}\n{WORDS}"));
    assert_eq!(locked.code, 0, "{}", locked.err);
    let listed = typed(&["person", "list", "--passphrase", "ask"], WORDS);
    assert!(listed.out.contains("Anacanary"), "{}", listed.out);
    let mut command = bench.command(&["person", "list"]);
    command.env("AMPARO_PASSPHRASE_FROM", "env:SECRET");
    let listed = Run::from(command.env("SECRET", WORDS).output().unwrap());
    assert!(listed.out.contains("Anacanary"), "{}", listed.err);
    let unlocked = typed(&["key", "unlock"], WORDS);
    assert_eq!(unlocked.code, 0, "{}", unlocked.err);
    assert!(bench.ok(&["person", "list"]).out.contains("Anacanary"));
}

#[test]
fn passphrases_are_added_and_replaced_and_the_recovery_key_opens_and_is_renewed() {
    let (bench, recovery) = locked();
    bench.file("recovery", recovery.to_uppercase().replace('-', " "));
    let opens = |file: &str| {
        let run = bench.run(&["key", "test", "--passphrase", &format!("file:{file}")]);
        assert!(run.code == 0 || run.code == 3, "{}", run.err);
        run.code == 0
    };
    assert_eq!(bench.run(&["key", "test"]).code, 1);
    assert!(opens("words") && opens("recovery") && !opens("other"));
    bench.ok(&with(&["key", "add", "--new", "file:other"], &OPEN));
    assert!(opens("words") && opens("other"));
    // Somebody forgot them all, and has the recovery key.
    let only = ["key", "add", "--only", "--new", "file:words"];
    bench.ok(&with(&only, &["--passphrase", "file:recovery"]));
    assert!(opens("words") && !opens("other") && opens("recovery"));
    let renewed = bench.ok(&with(&["key", "add", "--recovery", "-O", "json"], &OPEN));
    let renewed = renewed.rows()[0]["recovery_key"]
        .as_str()
        .unwrap()
        .to_owned();
    bench.file("renewed", &renewed);
    assert!(opens("words") && !opens("recovery") && opens("renewed"));
    let slots = bench.run(&["key", "test", "-O", "json"]).rows();
    assert_eq!(
        (&slots[0]["passphrases"], &slots[0]["recovery_keys"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn a_sled_store_built_under_the_lock_learns_the_references_when_the_lock_is_opened() {
    let (bench, _) = locked();
    fs::remove_dir_all(bench.ledger().join("sled")).unwrap();
    bench.ok(&["totals"]);
    assert!(bench.ledger().join("sled.locked").exists());
    let later = [
        "append",
        "release",
        "other:ana",
        "--occurred",
        "2026-02-07",
        "--unsourced",
    ];
    // Whether somebody has this reference cannot be told: nobody is registered a second time.
    bench.refused(3, &later);
    let learned = bench.ok(&with(&later, &OPEN));
    assert!(learned.err.contains("is built again"), "{}", learned.err);
    assert!(!bench.ledger().join("sled.locked").exists());
    assert_eq!(bench.rows(&["person", "list"]).len(), 2);
    bench.ok(&with(&["verify"], &OPEN));
}

#[test]
fn an_erasure_under_the_lock_leaves_no_byte_of_the_key_file_as_it_was() {
    let (bench, _) = locked();
    let path = bench.ledger().join("keys/subjects");
    let before = fs::read(&path).unwrap();
    let said = bench.ok(&with(&["erase", "p1", "--basis", "danger"], &OPEN));
    assert!(said.err.contains("destroyed 1 key(s)"), "{}", said.err);
    let after = fs::read(&path).unwrap();
    // A record is owner (16), sealed key (72) and checksum (4).
    assert_eq!(after.len(), before.len() - 92);
    let header = before.len() - 2 * 92;
    for old in before[header..].chunks(92) {
        let sealed = &old[16..88];
        assert!(!after.windows(72).any(|window| window == sealed));
    }
    let people = bench.rows(&with(&["person", "list"], &OPEN));
    let names: Vec<_> = people.iter().map(|person| person["name"].clone()).collect();
    assert_eq!(names, [serde_json::Value::Null, "Beatriz Demo".into()]);
    // As if the process had ended between the entry and the key: whoever writes next finishes it.
    fs::write(&path, &before).unwrap();
    bench.ok(&["append", "note", "p2", "--text", "x", "--unsourced"]);
    assert_eq!(fs::read(&path).unwrap().len(), before.len() - 92);
    bench.ok(&with(&["verify"], &OPEN));
}

#[test]
fn keys_that_were_backed_up_under_the_lock_are_locked_where_they_are_put_back() {
    let (bench, _) = locked();
    bench.ok(&["backup", "copy", "--keys", "copied-keys"]);
    bench.ok(&with(&["export", "--openings", "-o", "named.jsonl"], &OPEN));
    bench.ok(&["restore", "copy", "again", "--keys", "copied-keys"]);
    let listed = |more: &[&str]| bench.run(&with(&["-L", "again", "person", "list"], more));
    assert!(!listed(&[]).out.contains("Anacanary"));
    let opened = listed(&OPEN);
    assert!(opened.out.contains("Anacanary"), "{}", opened.err);
    let locked = &["-L", "again", "key", "test", "-O", "json"];
    assert_eq!(bench.run(locked).rows()[0]["locked"], true);
}

#[test]
fn a_ledger_put_back_under_the_lock_is_resumed_with_the_passphrase() {
    let bench = ledger();
    let folder = bench.ledger();
    let keys = folder.join("keys").display().to_string();
    bench.ok(&["backup", "copy"]);
    bench.ok(&["person", "add", "Carla Demo", "--unsourced"]);
    let newest = bench.ok(&["export", "--openings"]).out;
    bench.file("newest.jsonl", newest);
    let restored = bench.run(&["restore", "copy", "put-back", "--keys", &keys]);
    assert_eq!(restored.code, 0, "{}", restored.err);
    let put_back = |args: &[&str]| bench.run(&[&["-L", "put-back"], args].concat());
    assert_eq!(put_back(&["key", "lock", "--new", "file:words"]).code, 0);
    let refused = put_back(&["resume", "--from", "newest.jsonl"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("--passphrase ask"), "{}", refused.err);
    let resumed = put_back(&with(&["resume", "--from", "newest.jsonl"], &OPEN));
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    let found = put_back(&with(&["find", "Carla"], &OPEN));
    assert!(found.out.contains("Carla Demo"), "{}", found.out);
}

#[test]
fn what_is_recovered_stays_locked_and_takes_no_openings_in() {
    let (bench, _) = locked();
    bench.file("whole.jsonl", bench.run(&["export"]).out);
    let opened = bench.run(&with(&["export", "--openings"], &OPEN)).out;
    bench.file("opened.jsonl", opened);
    let segment = bench.ledger().join("journal/00000000000000000000.log");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    fs::remove_dir_all(bench.ledger().join("sled")).unwrap();
    let refused = bench.run(&["recover", "ledger", "new", "--from", "opened.jsonl"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(
        refused.err.contains("an export without openings"),
        "{}",
        refused.err
    );
    let recovered = bench.run(&["recover", "ledger", "anew", "--from", "whole.jsonl"]);
    assert_eq!(recovered.code, 0, "{}", recovered.err);
    // One of the two was sealed in the damaged batch, and is in no copy without openings.
    let found = bench.run(&with(&["-L", "anew", "find", "Demo"], &OPEN));
    let named = found.out.lines().filter(|line| line.starts_with("subject"));
    assert_eq!(named.count(), 1, "{}", found.out);
    let locked = bench.run(&["-L", "anew", "find", "Demo"]);
    assert_eq!(locked.code, 3, "{}", locked.err);
}

/// Locked, and taken to the field.
fn in_the_field() -> Bench {
    let (bench, _) = locked();
    let said = bench.ok(&with(&["key", "field", "on"], &OPEN));
    assert!(said.err.contains("without the passphrase"), "{}", said.err);
    bench
}

/// Whether any file of the folder has these bytes.
fn holds(folder: &std::path::Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|item| {
        let path = item.unwrap().path();
        match path.is_dir() {
            true => holds(&path, bytes),
            false => {
                let content = fs::read(&path).unwrap();
                content.windows(bytes.len()).any(|window| window == bytes)
            }
        }
    })
}

#[test]
fn names_are_recorded_in_the_field_and_read_nowhere_but_with_the_passphrase() {
    let bench = in_the_field();
    let added = bench.ok(&[
        "person",
        "add",
        "Carlacanary Demo",
        "--ref",
        "demo:carla",
        "--unsourced",
    ]);
    assert!(added.err.contains("is not known"), "{}", added.err);
    let dora = r#"{"kind":"person","person":"demo:dora","private":{"name":"Doracanary Demo","note":"a canary of a remark"},"unsourced":true}"#;
    bench.file("field.jsonl", dora);
    bench.ok(&["import", "field.jsonl"]);
    // The same again is the same; and something more of somebody who was named before.
    bench.ok(&["import", "field.jsonl"]);
    bench.ok(&["person", "alias", "p1", "Anotheracanary", "--unsourced"]);
    for args in [
        &["person", "list"][..],
        &["list"],
        &["log"],
        &["show", "e6"],
        &["status", "p3"],
        &["audit", "p3"],
        &["verify"],
        &["export"],
        &["report", "time-held"],
    ] {
        let run = bench.ok(args);
        let all = format!("{}{}", run.out, run.err);
        assert!(!all.contains("canary"), "{args:?}: {all}");
    }
    for args in [
        &["find", "Carlacanary"][..],
        &["export", "--openings"],
        &["key", "field", "off"],
        &["key", "add", "--new", "file:other"],
        &["correct", "e4", "--unsourced"],
    ] {
        let run = bench.run(args);
        assert!(run.code == 3 || run.code == 2, "{args:?}: {}", run.err);
        assert!(!run.out.contains("canary"), "{args:?}: {}", run.out);
    }
    let openings = bench.ok(&with(&["export", "--openings"], &OPEN)).out;
    for name in ["Carlacanary", "Doracanary", "Anotheracanary", "a canary of"] {
        assert!(openings.contains(name), "{name}");
        assert!(!holds(&bench.ledger(), name.as_bytes()), "{name}");
    }
    let salts: Vec<_> = openings.split("\"salt\":\"").skip(1).collect();
    assert!(salts.len() >= 9, "{}", salts.len());
    for salt in salts {
        let digits = &salt[..64];
        let bytes: Vec<u8> = (0..32)
            .map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
            .collect();
        assert!(!holds(&bench.ledger(), digits.as_bytes()) && !holds(&bench.ledger(), &bytes));
    }
    let people = bench.rows(&with(&["person", "list"], &OPEN));
    let names: Vec<_> = people.iter().map(|person| person["name"].clone()).collect();
    assert_eq!(
        names,
        [
            "Anacanary Demo",
            "Beatriz Demo",
            "Carlacanary Demo",
            "Doracanary Demo"
        ]
    );
    let verified = bench.rows(&with(&["verify"], &OPEN));
    assert_eq!(verified[0]["unopened"], 0, "{verified:?}");
}

#[test]
fn what_was_recorded_in_the_field_comes_back_on_a_stick_and_is_erased_like_the_rest() {
    let bench = in_the_field();
    bench.ok(&["person", "add", "Carla Demo", "--unsourced"]);
    bench.ok(&["person", "alias", "p3", "Carlita Demo", "--unsourced"]);
    bench.ok(&["backup", "stick", "--keys", "stick-keys"]);
    bench.ok(&["restore", "stick", "office", "--keys", "stick-keys"]);
    let office = |args: &[&str]| {
        let run = bench.run(&[&["-L", "office"], args, &OPEN].concat());
        assert_eq!(run.code, 0, "{args:?}: {}", run.err);
        run
    };
    assert!(office(&["find", "Carlita"]).out.contains("p3"));
    office(&["resume", "--fork", "--reason", "back from the field"]);
    office(&["key", "field", "off"]);
    office(&["key", "unlock"]);
    assert!(office(&["find", "Carlita"]).out.contains("Carla Demo"));
    let erased = office(&["erase", "p3", "--basis", "danger"]);
    assert!(erased.err.contains("destroyed 1 key(s)"), "{}", erased.err);
    assert!(!office(&["person", "list"]).out.contains("Carla"));
    office(&["verify"]);
    // In the field nobody is taken for new who may be known under another reference.
    fs::remove_dir_all(bench.ledger().join("sled")).unwrap();
    let release = ["append", "release", "other:ana", "--occurred", "2026-02-07"];
    bench.refused(3, &with(&release, &["--unsourced"]));
    bench.ok(&["person", "add", "Dora Demo", "--unsourced"]);
    let registered = ["person", "add", "Ana", "--ref", "other:ana", "--unsourced"];
    bench.refused(3, &registered);
    bench.ok(&with(&with(&release, &["--unsourced"]), &OPEN));
    assert_eq!(bench.rows(&["person", "list"]).len(), 4);
}
