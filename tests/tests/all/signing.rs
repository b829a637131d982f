//! `checkpoint`, `resume`, and what `verify` says of what was signed.

use std::fs;

use crate::folders::{copy, remove, replace};
use crate::harness::{Bench, Run};

const ARREST: [&str; 6] = [
    "append",
    "arrest",
    "demo:x",
    "--occurred",
    "2026-01-02",
    "--unsourced",
];

/// A ledger with one head signed at the demo's size, and one at the end, as it is told.
fn signed_twice() -> (Bench, u64, u64) {
    let bench = Bench::demo();
    let size = |run: Run| run.rows()[0]["size"].as_u64().unwrap();
    let first = size(bench.ok(&["checkpoint", "--name", "first", "-O", "json"]));
    copy(&bench.ledger(), &bench.path().join("older"));
    bench.ok(&["export", "-o", "older.jsonl"]);
    bench.ok(&ARREST);
    bench.ok(&["export", "-o", "newer.jsonl"]);
    let last = size(bench.ok(&["checkpoint", "-O", "json"]));
    assert!(first < last, "{first} {last}");
    (bench, first, last)
}

/// Puts parts of the ledger's folder back from the older copy.
fn put_back(bench: &Bench, parts: &[&str]) {
    for part in parts {
        replace(
            &bench.ledger().join(part),
            &bench.path().join("older").join(part),
        );
    }
}

#[test]
fn a_head_is_signed_once_and_handed_out_again() {
    let bench = Bench::demo();
    let first = bench.ok(&["checkpoint", "-O", "json"]);
    let again = bench.ok(&["checkpoint", "-O", "json"]);
    assert_eq!(first.rows(), again.rows());
    assert!(again.err.contains("signed before"), "{}", again.err);
    let row = &first.rows()[0];
    let file = fs::read_to_string(bench.ledger().join(row["file"].as_str().unwrap())).unwrap();
    assert_eq!(row["note"], file.as_str());
    let key = fs::read_to_string(bench.ledger().join("checkpoints/log.pub")).unwrap();
    let key = key.trim().parse().unwrap();
    let note = amparo_tlog::checkpoint::SignedCheckpoint::parse(file.as_bytes()).unwrap();
    note.note().verify([&key]).unwrap();
    let verified = bench.run(&["verify", "-O", "json"]);
    assert_eq!(verified.rows()[0]["level"], "signed");
    assert_eq!(verified.rows()[0]["checkpoint"], row["size"]);
}

#[test]
fn only_the_owner_reads_the_key() {
    let bench = Bench::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let key = fs::metadata(bench.ledger().join("keys/checkpoint.key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    let verified = bench.run(&["verify", "-O", "json"]);
    assert_eq!(verified.rows()[0]["level"], "unsigned");
}

#[test]
fn the_name_of_a_checkpoint_is_a_position_and_never_moves() {
    let (bench, first, _) = signed_twice();
    let named = bench.rows(&["totals", "--as-of", "2026-02-10", "--known-at", "first"]);
    let position = format!("e{}", first - 1);
    let placed = bench.rows(&["totals", "--as-of", "2026-02-10", "--known-at", &position]);
    assert_eq!(named, placed);
    let taken = bench.refused(2, &["checkpoint", "--name", "first"]);
    assert!(taken.err.contains("a name never moves"), "{}", taken.err);
    bench.refused(2, &["checkpoint", "--name", "e7"]);
    bench.refused(2, &["totals", "--known-at", "second"]);
    let list = bench.rows(&["checkpoint", "--list"]);
    assert_eq!(
        (list.len(), &list[0]["names"]),
        (2, &serde_json::json!(["first"]))
    );
}

#[test]
fn a_log_put_back_from_an_older_copy_is_neither_signed_nor_appended_to() {
    let places: [&[&str]; 3] = [
        &["journal", "sled"],
        &["journal", "sled", "checkpoints"],
        &["journal", "sled", "keys"],
    ];
    for parts in places {
        let (bench, first, last) = signed_twice();
        put_back(&bench, parts);
        for args in [&ARREST[..], &["checkpoint"], &["undo"]] {
            let run = bench.run(args);
            assert_eq!(run.code, 4, "{parts:?} {args:?}\n{}", run.err);
            let says =
                format!("a head of {last} entries was signed, and the log ends after {first}");
            assert!(
                run.err.contains(&says) && run.err.contains("amparo resume"),
                "{}",
                run.err
            );
        }
        let verified = bench.run(&["verify"]);
        assert_eq!(verified.code, 4, "{}", verified.err);
        let older = bench.run(&["resume", "--from", "older.jsonl"]);
        assert_eq!(older.code, 4, "{}", older.err);
        let other = fs::read_to_string(bench.path().join("newer.jsonl")).unwrap();
        let other = bench.file(
            "other.jsonl",
            other.replace("fp:", "fq:").replace("desk", "dusk"),
        );
        assert_ne!(bench.run(&["resume", "--from", &other]).code, 0);
        assert_eq!(bench.run(&ARREST).code, 4);
        bench.ok(&["resume", "--from", "newer.jsonl"]);
        bench.ok(&["checkpoint"]);
        bench.ok(&[
            "append",
            "release",
            "demo:x",
            "--occurred",
            "2026-01-09",
            "--unsourced",
        ]);
        bench.ok(&["checkpoint"]);
    }
}

#[test]
fn a_restored_ledger_waits_until_somebody_says_that_nothing_is_newer() {
    let (bench, _, _) = signed_twice();
    bench.file("ledger/checkpoints/restored", "");
    let refused = bench.refused(4, &ARREST);
    assert!(
        refused.err.contains("restored from a backup"),
        "{}",
        refused.err
    );
    bench.refused(4, &["checkpoint"]);
    bench.refused(4, &["resume", "--from", "older.jsonl"]);
    bench.ok(&["resume", "--from", "newer.jsonl"]);
    bench.ok(&ARREST);
    bench.file("ledger/checkpoints/restored", "");
    bench.ok(&["resume", "--fork", "--reason", "there is no newer copy"]);
    bench.ok(&["checkpoint"]);
    assert_eq!(bench.rows(&["checkpoint", "--list"]).len(), 3);
}

#[test]
fn the_key_can_be_kept_elsewhere_and_no_other_signs() {
    let bench = Bench::demo();
    let key = bench.ledger().join("keys/checkpoint.key");
    fs::rename(&key, bench.path().join("stick.key")).unwrap();
    let none = bench.refused(3, &["checkpoint"]);
    assert!(none.err.contains("no key to sign with"), "{}", none.err);
    bench.run(&[
        "init",
        "-L",
        "other",
        "--name",
        "Demo",
        "--recorder",
        "desk",
    ]);
    let other = bench.refused(2, &["checkpoint", "--key", "other/keys/checkpoint.key"]);
    assert!(other.err.contains("not the key"), "{}", other.err);
    bench.file("text", "no key\n");
    let bad = bench.refused(2, &["checkpoint", "--key", "text"]);
    assert!(bad.err.contains("holds no key of a log"), "{}", bad.err);
    bench.refused(2, &["checkpoint", "--key", "nothing"]);
    bench.run(&["witness", "key"]);
    bench.refused(3, &["checkpoint", "--key", "ledger/keys/witness.key"]);
    bench.ok(&["checkpoint", "--key", "stick.key"]);
}

#[test]
fn no_new_key_is_made_where_something_was_signed() {
    let bench = Bench::demo();
    bench.ok(&["checkpoint"]);
    let keys = ["checkpoints", "keys/checkpoint.key", "keys/last.checkpoint"];
    for gone in 1..=keys.len() {
        for name in &keys[..gone] {
            remove(&bench.ledger().join(name));
        }
        for args in [&["checkpoint"][..], &ARREST] {
            let run = bench.run(args);
            assert_eq!(run.code, 4, "{gone} {args:?}: {}{}", run.out, run.err);
        }
        assert_eq!(bench.run(&["verify"]).code, 4, "{gone}");
    }
    // A ledger from before there were checkpoints has none of it, and gets a key.
    let old = Bench::demo();
    remove(&old.ledger().join("checkpoints"));
    remove(&old.ledger().join("keys/checkpoint.key"));
    old.ok(&ARREST);
    old.ok(&["checkpoint"]);
}

#[test]
fn the_sled_store_alone_remembers_what_was_signed() {
    let (bench, _, last) = signed_twice();
    remove(&bench.ledger().join("checkpoints"));
    copy(
        &bench.path().join("older/checkpoints"),
        &bench.ledger().join("checkpoints"),
    );
    fs::remove_file(bench.ledger().join("keys/last.checkpoint")).unwrap();
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4, "{}", verified.out);
    assert!(
        verified
            .err
            .contains(&format!("sled: a head of {last} entries")),
        "{}",
        verified.err
    );
}

#[test]
fn a_decision_to_go_on_as_a_fork_is_an_entry_and_moves_the_signed_heads_aside() {
    let (bench, first, last) = signed_twice();
    put_back(&bench, &["journal", "sled"]);
    bench.run(&["resume", "--fork"]);
    assert_eq!(bench.run(&["resume", "--fork", "--reason", " "]).code, 2);
    let forked = bench.run(&[
        "resume",
        "--fork",
        "--reason",
        "the disk died",
        "-O",
        "json",
    ]);
    assert_eq!(forked.code, 0, "{}", forked.err);
    assert_eq!(
        forked.rows()[0]["given_up"],
        serde_json::json!([last.to_string()])
    );
    let note = bench.rows(&["show", &format!("e{first}")]);
    let text = note[0]["fields"]["text"].as_str().unwrap();
    assert!(
        text.contains("Reason: the disk died") && text.contains("fork"),
        "{text}"
    );
    bench.ok(&ARREST);
    bench.ok(&["checkpoint"]);
    let aside = format!("checkpoints/abandoned/{last:020}.checkpoint");
    assert!(bench.ledger().join(aside).exists());
    let again = bench.refused(2, &["resume", "--fork", "--reason", "again"]);
    assert!(again.err.contains("nothing to resume"), "{}", again.err);
}

#[test]
fn a_log_with_other_entries_than_were_signed_is_a_fork() {
    let (bench, _, last) = signed_twice();
    put_back(&bench, &["journal", "sled", "checkpoints", "keys"]);
    bench.ok(&[
        "append",
        "release",
        "demo:y",
        "--occurred",
        "2026-01-09",
        "--unsourced",
    ]);
    let newer = bench.path().join("fork");
    copy(&bench.ledger(), &newer);
    // The head signed of the first history comes back: from a mail, a stick, a witness.
    let fork = bench.ok(&["checkpoint", "-O", "json"]).rows()[0]["size"]
        .as_u64()
        .unwrap();
    assert_eq!(fork, last);
    let (other, _, _) = signed_twice();
    let file = format!("checkpoints/{last:020}.checkpoint");
    fs::copy(other.ledger().join(&file), bench.ledger().join(&file)).unwrap();
    let run = bench.run(&ARREST);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("it is a fork"), "{}", run.err);
}

#[test]
fn every_byte_of_what_is_kept_of_a_signature_is_checked() {
    let bench = Bench::demo();
    bench.ok(&["checkpoint", "--name", "press"]);
    let folder = bench.ledger();
    let files = crate::folders::files(&folder.join("checkpoints"));
    let keys = ["keys/checkpoint.key", "keys/last.checkpoint"].map(|file| folder.join(file));
    let mut flipped = 0;
    for path in files.into_iter().chain(keys) {
        let sound = fs::read(&path).unwrap();
        for at in (0..sound.len()).step_by(7).chain([sound.len() - 1]) {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let run = bench.run(&["verify"]);
            assert_eq!(run.code, 4, "{path:?} byte {at}: {}{}", run.out, run.err);
            flipped += 1;
        }
        fs::write(&path, &sound).unwrap();
    }
    assert!(flipped > 100, "{flipped}");
    bench.ok(&["checkpoint"]);
}
