//! `prove` and `verify-proof`: what a third party checks without the ledger.

use std::fs;

use crate::folders::remove;
use crate::harness::Bench;

/// A demo ledger with two signed heads, and the policy of somebody who trusts its key.
fn signed() -> Bench {
    let bench = Bench::demo();
    bench.ok(&["checkpoint", "--name", "first"]);
    bench.ok(&[
        "append",
        "arrest",
        "demo:x",
        "--occurred",
        "2026-01-02",
        "--unsourced",
    ]);
    bench.ok(&["checkpoint", "--name", "second"]);
    let key = fs::read_to_string(bench.ledger().join("checkpoints/log.pub")).unwrap();
    bench.file("policy.txt", format!("log {key}quorum none\n"));
    bench
}

const PROOFS: [(&str, &[&str]); 4] = [
    ("first.proof", &["prove", "e0"]),
    ("last.proof", &["prove", "e52"]),
    (
        "growth.proof",
        &["prove", "--consistent", "first", "second"],
    ),
    (
        "figure.proof",
        &["prove", "--figure", "--as-of", "2026-02-10"],
    ),
];

fn proven(bench: &Bench) {
    for (name, args) in PROOFS {
        bench.ok(&[args, &["-o", name]].concat());
    }
}

#[test]
fn each_proof_is_checked_without_the_ledger() {
    let bench = signed();
    proven(&bench);
    let totals = bench.rows(&["totals", "--as-of", "2026-02-10"]);
    let line = bench.rows(&["show", "e52"])[0]["line"].clone();
    remove(&bench.ledger());
    for (name, _) in PROOFS {
        let run = bench.run(&["verify-proof", name, "--policy", "policy.txt", "-O", "json"]);
        assert_eq!(run.code, 0, "{name}: {}", run.err);
        let rows = run.rows();
        assert_eq!(rows[0]["level"], "signed", "{name}");
        if name == "last.proof" {
            assert_eq!(
                (&rows[0]["line"], &rows[0]["entry"]),
                (&line, &"e52".into())
            );
        }
        if name == "figure.proof" {
            let held = |rows: &[serde_json::Value]| {
                let row = rows
                    .iter()
                    .find(|row| row["axis"] == "profile")
                    .unwrap()
                    .clone();
                [
                    row["low"].clone(),
                    row["count"].clone(),
                    row["high"].clone(),
                ]
            };
            assert_eq!(held(&rows), held(&totals));
            let detained = |rows: &[serde_json::Value]| {
                let detained = rows.iter().find(|row| row["state"] == "detained");
                detained.unwrap()["count"].clone()
            };
            assert_eq!(detained(&rows), detained(&totals));
        }
    }
}

#[test]
fn no_changed_byte_of_a_proof_is_taken_for_one() {
    let bench = signed();
    proven(&bench);
    let mut flipped = 0;
    for (name, _) in PROOFS {
        let sound = fs::read(bench.path().join(name)).unwrap();
        let step = (sound.len() / 60).max(1);
        for at in (0..sound.len()).step_by(step) {
            let mut changed = sound.clone();
            changed[at] ^= 1;
            bench.file("changed.proof", changed);
            let run = bench.run(&["verify-proof", "changed.proof", "--policy", "policy.txt"]);
            assert!(
                [1, 3, 4].contains(&run.code),
                "{name} byte {at}: {}{}",
                run.out,
                run.err
            );
            assert!(
                !run.err.is_empty() && run.out.is_empty(),
                "{name} byte {at}"
            );
            flipped += 1;
        }
    }
    assert!(flipped >= 200, "{flipped}");
}

#[test]
fn a_figure_with_an_entry_left_out_or_a_better_number_proves_nothing() {
    let bench = signed();
    proven(&bench);
    let sound = fs::read_to_string(bench.path().join("figure.proof")).unwrap();
    let lines: Vec<&str> = sound.lines().collect();
    let arrest = lines
        .iter()
        .position(|line| line.contains("\"kind\":\"arrest\""))
        .unwrap();
    let mut without = lines.clone();
    without.remove(arrest);
    let held = lines[1].find("\"count\":").unwrap() + "\"count\":".len();
    let mut better = sound.clone();
    let at = lines[0].len() + 1 + held;
    let digit = if &better[at..=at] == "1" { "2" } else { "1" };
    better.replace_range(at..=at, digit);
    for (what, text) in [("left out", without.join("\n") + "\n"), ("better", better)] {
        bench.file("changed.proof", text);
        let run = bench.run(&["verify-proof", "changed.proof", "--policy", "policy.txt"]);
        assert_eq!(run.code, 4, "{what}: {}{}", run.out, run.err);
    }
}

#[test]
fn a_published_figure_is_proven_with_the_question_it_answers() {
    let bench = signed();
    bench.ok(&[
        "publish",
        "Weekly",
        "--as-of",
        "2026-02-10",
        "--",
        "totals",
        "--by",
        "place",
    ]);
    let entry = "e54";
    bench.refused(3, &["prove", "--figure", entry]);
    bench.ok(&["checkpoint"]);
    let published = bench.rows(&["show", entry])[0]["fields"]["numbers"].clone();
    bench.ok(&["prove", "--figure", entry, "-o", "weekly.proof"]);
    let asked = [
        "prove",
        "--figure",
        "-o",
        "asked.proof",
        "--as-of",
        "2026-02-10",
        "--",
        "totals",
    ];
    bench.ok(&[&asked[..], &["--state", "detained", "--min-sources", "1"]].concat());
    bench.refused(2, &["prove", "--figure", "e1"]);
    bench.refused(2, &["prove", "--figure", entry, "--as-of", "2026-02-09"]);
    bench.refused(2, &["prove", "--figure", "--", "totals", "--person", "p1"]);
    bench.refused(2, &["prove", "--figure", "--", "list"]);
    let wanted = [
        "totals",
        "--as-of",
        "2026-02-10",
        "--state",
        "detained",
        "--min-sources",
        "1",
    ];
    let wanted = bench.rows(&wanted)[0]["count"].clone();
    remove(&bench.ledger());
    let verify =
        |name: &str| bench.run(&["verify-proof", name, "--policy", "policy.txt", "-O", "json"]);
    let weekly = verify("weekly.proof");
    assert_eq!(weekly.code, 0, "{}", weekly.err);
    let rows = weekly.rows();
    assert_eq!(
        (&rows[0]["published"], &rows[0]["question"]),
        (&entry.into(), &"totals --by place".into(),)
    );
    let counts = |rows: &[serde_json::Value]| -> Vec<String> {
        rows.iter().map(|row| row["count"].to_string()).collect()
    };
    assert_eq!(counts(&rows), counts(published.as_array().unwrap()));
    let asked = verify("asked.proof");
    assert_eq!(asked.rows()[0]["count"], wanted, "{}", asked.err);
    // The same numbers for another question prove nothing.
    let text = fs::read_to_string(bench.path().join("weekly.proof")).unwrap();
    let other = text
        .replacen("\"by\",", "", 1)
        .replacen("\"--by\"", "\"--depth\"", 1);
    assert_ne!(other, text);
    bench.file("other.proof", other);
    assert_ne!(verify("other.proof").code, 0);
}

#[test]
fn the_policy_is_the_verifiers_own() {
    let bench = signed();
    proven(&bench);
    let key = "example.com/other+ab1af2b0+AWAu9IBo1MD2fXqKTcTNk6W1BMZMBP2v3jyVNcL3tIP8";
    bench.file("bad.txt", format!("log {key}\nquorum none\n"));
    let bad = bench.run(&["verify-proof", "last.proof", "--policy", "bad.txt"]);
    assert_eq!(bad.code, 3, "{}", bad.err);
    assert!(bad.err.contains("bad.txt:1"), "{}", bad.err);
    // Another ledger, made at another minute and so with another key.
    bench.run(&[
        "init",
        "-L",
        "other",
        "--name",
        "Demo",
        "--recorder",
        "desk",
    ]);
    let stranger = fs::read_to_string(bench.path().join("other/checkpoints/log.pub")).unwrap();
    bench.file("stranger.txt", format!("log {stranger}quorum none\n"));
    let run = bench.run(&["verify-proof", "last.proof", "--policy", "stranger.txt"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(
        run.err.contains("does not accept the checkpoint: unsigned"),
        "{}",
        run.err
    );
}

#[test]
fn what_no_signed_head_holds_is_not_proven() {
    let bench = Bench::demo();
    for args in [&["prove", "e3"][..], &["prove", "--figure"]] {
        let run = bench.refused(3, args);
        assert!(run.err.contains("no signed head holds"), "{}", run.err);
    }
    bench.ok(&["checkpoint"]);
    bench.ok(&[
        "append",
        "arrest",
        "demo:x",
        "--occurred",
        "2026-01-02",
        "--unsourced",
    ]);
    bench.refused(3, &["prove", "e52"]);
    bench.refused(5, &["prove", "--consistent", "52", "53"]);
    bench.refused(5, &["prove", "e99"]);
    bench.refused(2, &["prove", "e1", "--as-of", "2026-02-10"]);
    bench.refused(2, &["prove"]);
    bench.ok(&["prove", "--figure", "--known-at", "e9", "-o", "early.proof"]);
    let twice = bench.refused(2, &["prove", "e1", "-o", "early.proof"]);
    assert!(twice.err.contains("is there already"), "{}", twice.err);
}
