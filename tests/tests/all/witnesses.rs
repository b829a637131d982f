//! `witness`: organisations that cosign each other's heads, over files of one line.

use std::fs;

use crate::folders::{copy, replace};
use crate::harness::{Bench, Run};

const RELEASE: [&str; 6] = [
    "append",
    "release",
    "demo:y",
    "--occurred",
    "2026-01-09",
    "--unsourced",
];
const ARREST: [&str; 6] = [
    "append",
    "arrest",
    "demo:x",
    "--occurred",
    "2026-01-02",
    "--unsourced",
];

/// A signed log, and two witnesses that watch it and stand in its policy.
fn watched(quorum: &str) -> Bench {
    let bench = Bench::demo();
    bench.ok(&["checkpoint"]);
    let log = fs::read_to_string(bench.ledger().join("checkpoints/log.pub")).unwrap();
    let mut policy = format!("log {log}");
    for witness in ["w1", "w2"] {
        bench.run(&[
            "init",
            "-L",
            witness,
            "--name",
            "Demo",
            "--recorder",
            "desk",
        ]);
        let key = bench
            .run(&["witness", "key", "-L", witness, "-O", "json"])
            .rows()[0]["key"]
            .clone();
        policy += &format!("witness {witness} {}\n", key.as_str().unwrap());
        let trusted = bench.run(&["witness", "trust", log.trim(), "-L", witness]);
        assert_eq!(trusted.code, 0, "{}", trusted.err);
    }
    policy += &format!("group both {quorum} w1 w2\nquorum both\n");
    fs::write(bench.ledger().join("policy.txt"), policy).unwrap();
    bench
}

/// The name under which a witness cosigns.
fn name(bench: &Bench, witness: &str) -> String {
    let key = bench
        .run(&["witness", "key", "-L", witness, "-O", "json"])
        .rows()[0]["key"]
        .clone();
    key.as_str().unwrap().split('+').next().unwrap().to_owned()
}

/// Asks a witness, and hands back what it says.
fn cosign(bench: &Bench, witness: &str) -> Run {
    let _ = fs::remove_file(bench.path().join("request"));
    let _ = fs::remove_file(bench.path().join("answer"));
    let asked = bench.run(&["witness", "ask", &name(bench, witness), "-o", "request"]);
    assert_eq!(asked.code, 0, "{}", asked.err);
    bench.run(&["witness", "sign", "request", "-o", "answer", "-L", witness])
}

fn level(bench: &Bench) -> (i32, String) {
    let run = bench.run(&["verify", "-O", "json"]);
    (
        run.code,
        run.rows()[0]["level"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn verify_names_how_many_of_those_asked_have_signed() {
    let bench = watched("all");
    assert_eq!(level(&bench), (1, "signed".to_owned()));
    for (witness, expected) in [
        ("w1", (1, "cosigned 1 of 2")),
        ("w2", (0, "cosigned 2 of 2")),
    ] {
        let signed = cosign(&bench, witness);
        assert_eq!(signed.code, 0, "{}", signed.err);
        assert!(signed.err.contains("taken on trust"), "{}", signed.err);
        let lines = fs::read_to_string(bench.path().join("request")).unwrap();
        let answer = fs::read_to_string(bench.path().join("answer")).unwrap();
        assert_eq!((lines.lines().count(), answer.lines().count()), (1, 1));
        let added = bench.run(&["witness", "add", "answer", "-O", "json"]);
        assert_eq!(added.code, 0, "{}", added.err);
        assert_eq!(
            level(&bench),
            (expected.0, expected.1.to_owned()),
            "{witness}"
        );
    }
    // A third party with the same policy accepts what both have cosigned.
    fs::copy(
        bench.ledger().join("policy.txt"),
        bench.path().join("policy.txt"),
    )
    .unwrap();
    bench.ok(&["prove", "e1", "-o", "e1.proof"]);
    let run = bench.run(&[
        "verify-proof",
        "e1.proof",
        "--policy",
        "policy.txt",
        "-O",
        "json",
    ]);
    assert_eq!(run.rows()[0]["level"], "cosigned 2 of 2", "{}", run.err);
    // What is appended since is not cosigned, and a new head starts anew.
    bench.run(&ARREST);
    bench.run(&["checkpoint"]);
    assert_eq!(level(&bench), (1, "signed".to_owned()));
    let again = cosign(&bench, "w1");
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.err.contains("which had 52"), "{}", again.err);
}

#[test]
fn one_of_two_is_enough_where_the_policy_says_so() {
    let bench = watched("any");
    assert_eq!(cosign(&bench, "w2").code, 0);
    bench.ok(&["witness", "add", "answer"]);
    assert_eq!(level(&bench), (0, "cosigned 1 of 2".to_owned()));
}

#[test]
fn two_forks_cannot_both_be_cosigned() {
    let bench = watched("any");
    assert_eq!(cosign(&bench, "w1").code, 0);
    let common = bench.path().join("common");
    copy(&bench.ledger(), &common);
    let fork = |entry: &[&str]| {
        replace(&bench.ledger(), &common);
        bench.run(entry);
        let signed = bench.run(&["checkpoint"]);
        assert_eq!(signed.code, 0, "{}", signed.err);
        bench.run(&["witness", "add", "answer"]);
    };
    fork(&ARREST);
    let first = bench.path().join("first");
    copy(&bench.ledger(), &first);
    let _ = fs::remove_file(bench.path().join("request"));
    bench.run(&["witness", "ask", "--seen", "52", "-o", "request"]);
    let signed = bench.run(&["witness", "sign", "request", "-L", "w1"]);
    assert_eq!(signed.code, 0, "{}", signed.err);
    // The other history: of the same size, then longer, asked from every size that it can.
    for longer in [false, true] {
        fork(&RELEASE);
        if longer {
            bench.run(&ARREST);
            bench.run(&["checkpoint"]);
        }
        for seen in ["0", "52", "54"] {
            let _ = fs::remove_file(bench.path().join("forked"));
            let asked = bench.run(&["witness", "ask", "--seen", seen, "-o", "forked"]);
            assert_eq!(asked.code, 0, "{}", asked.err);
            let refused = bench.run(&["witness", "sign", "forked", "-L", "w1"]);
            let expected = if seen == "54" { 4 } else { 1 };
            assert_eq!(
                refused.code, expected,
                "{longer} {seen}: {}{}",
                refused.out, refused.err
            );
            assert!(refused.out.is_empty(), "{}", refused.out);
            assert_eq!(
                refused.err.contains("ALARM"),
                seen == "54",
                "{}",
                refused.err
            );
        }
    }
    // The first history still goes on.
    replace(&bench.ledger(), &first);
    bench.run(&RELEASE);
    bench.run(&["checkpoint"]);
    bench.run(&["witness", "ask", "--seen", "54", "-o", "goes-on"]);
    let signed = bench.run(&["witness", "sign", "goes-on", "-L", "w1"]);
    assert_eq!(signed.code, 0, "{}", signed.err);
}

#[test]
fn a_witness_put_back_in_part_from_an_older_copy_forgets_nothing() {
    for part in ["checkpoints", "keys"] {
        let bench = watched("any");
        assert_eq!(cosign(&bench, "w1").code, 0);
        copy(&bench.path().join("w1"), &bench.path().join("older"));
        bench.run(&["witness", "add", "answer"]);
        copy(&bench.ledger(), &bench.path().join("common"));
        bench.run(&ARREST);
        bench.run(&["checkpoint"]);
        assert_eq!(cosign(&bench, "w1").code, 0);
        replace(
            &bench.path().join("w1").join(part),
            &bench.path().join("older").join(part),
        );
        replace(&bench.ledger(), &bench.path().join("common"));
        bench.run(&RELEASE);
        bench.run(&["checkpoint"]);
        let refused = cosign(&bench, "w1");
        assert_ne!(refused.code, 0, "{part}: {}", refused.err);
        let seen = bench.run(&["witness", "seen", "-L", "w1", "-O", "json"]);
        assert_eq!(seen.rows()[0]["size"], 54, "{part}");
    }
}

#[test]
fn what_is_no_request_and_no_answer_is_refused() {
    let bench = watched("any");
    assert_eq!(cosign(&bench, "w1").code, 0);
    let request = fs::read_to_string(bench.path().join("request")).unwrap();
    let answer = fs::read_to_string(bench.path().join("answer")).unwrap();
    for at in (0..request.trim().len()).step_by(request.len() / 40) {
        let mut changed = request.trim().as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        bench.file("changed", changed);
        let run = bench.run(&["witness", "sign", "changed", "-L", "w2"]);
        assert!(
            [1, 3, 4].contains(&run.code) && run.out.is_empty(),
            "byte {at}: {}",
            run.err
        );
    }
    // The mark of a signature takes three bytes; then come name and base64.
    for at in (4..answer.trim().len() - 2).step_by(9) {
        let mut changed = answer.trim().as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        bench.file("changed", changed);
        let run = bench.run(&["witness", "add", "changed"]);
        assert!([3, 4].contains(&run.code), "byte {at}: {}", run.err);
    }
    bench.refused(3, &["witness", "add", "request"]);
    bench.refused(3, &["witness", "sign", "answer"]);
    bench.refused(2, &["witness", "sign", "nothing"]);
    bench.refused(2, &["witness", "trust", "amparo/x"]);
    bench.refused(2, &["witness", "ask"]);
    bench.refused(5, &["witness", "ask", "amparo-witness/nobody"]);
    bench.refused(4, &["witness", "ask", "--seen", "99"]);
    // A log that the witness does not know.
    bench.run(&[
        "init",
        "-L",
        "strange",
        "--name",
        "Demo",
        "--recorder",
        "desk",
    ]);
    bench.run(&["checkpoint", "-L", "strange"]);
    bench.run(&[
        "witness",
        "ask",
        "--seen",
        "0",
        "-o",
        "strange.request",
        "-L",
        "strange",
    ]);
    let run = bench.run(&["witness", "sign", "strange.request", "-L", "w1"]);
    assert!(
        run.code == 3 && run.err.contains("witness trust"),
        "{}",
        run.err
    );
}
