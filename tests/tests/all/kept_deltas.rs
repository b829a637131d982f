//! The deltas of a long log are kept from run to run: the same answers with them and without, however
//! the log went on since, and false ones are found.

use std::fs;

use amparo_core::entry::Entry;
use amparo_projections::deltas::{Block, Follower};
use amparo_projections::{Facts, ReadModel as _};

use super::harness::Bench;
use super::kept_facts::{arrests, replay_finds, under_stamp};

const PERSONS: usize = 520;

/// Questions that the deltas answer, or find the few people of.
const QUESTIONS: [&[&str]; 15] = [
    &["totals", "-O", "json"],
    &[
        "totals",
        "--as-of",
        "2026-02-04",
        "--profile",
        "prison-only",
    ],
    &["totals", "--known-at", "e800", "-O", "csv"],
    &[
        "totals",
        "--state",
        "detained",
        "--known-at",
        "e2",
        "-O",
        "csv",
    ],
    &[
        "totals",
        "--as-of",
        "2026-02-05",
        "--profile",
        "with-measures",
    ],
    &[
        "totals",
        "--every",
        "day",
        "--from",
        "2026-01-30",
        "--all",
        "-O",
        "csv",
    ],
    &["status", "p7", "-O", "json"],
    &["status", "p519", "--timeline"],
    &["status", "P2", "--known-at", "e100"],
    &["status", "g1", "-O", "json"],
    &["log", "p7", "-O", "json"],
    &["audit", "p8", "-O", "json"],
    &["replay", "--person", "p3", "-O", "csv"],
    &["show", "e12", "-O", "json"],
    &["show", "e1042", "-O", "json"],
];

fn answers(bench: &Bench) -> Vec<String> {
    let answer = |question: &&[&str]| {
        let run = bench.run(question);
        assert_eq!(run.code, 0, "{question:?}\n{}", run.err);
        run.out
    };
    QUESTIONS.iter().map(answer).collect()
}

/// The answers of a ledger of which nothing is kept, question by question.
fn anew(bench: &Bench) -> Vec<String> {
    let answer = |question: &&[&str]| {
        let _ = fs::remove_dir_all(bench.ledger().join("derived"));
        let run = bench.run(question);
        assert_eq!(run.code, 0, "{question:?}\n{}", run.err);
        run.out
    };
    QUESTIONS.iter().map(answer).collect()
}

fn with_people(group: bool) -> Bench {
    let bench = Bench::new();
    let mut drafts = arrests(PERSONS);
    if group {
        drafts += concat!(
            r#"{"kind":"instrument","instrument":"demo-law","unsourced":true}"#,
            "\n",
            r#"{"kind":"group","group":"g:demo","size":5,"unsourced":true}"#,
            "\n",
            r#"{"kind":"custody-observed","group":"g:demo","occurred":"2026-02-03","unsourced":true}"#,
            "\n"
        );
    }
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts)]);
    bench
}

#[test]
fn answers_are_the_same_with_kept_deltas_and_without_however_the_log_goes_on() {
    let bench = with_people(true);
    let block = bench.ledger().join("derived/deltas-0000");
    assert!(!block.exists());
    let first = anew(&bench);
    assert!(block.exists());
    assert_eq!(answers(&bench), first);
    let kept = fs::read(&block).unwrap();

    // Each of these bears on somebody else too: what is replaced, who is merged, who was told apart.
    for more in [
        &[
            "append",
            "release",
            "p7",
            "--occurred",
            "2026-02-09",
            "--unsourced",
        ][..],
        &[
            "append",
            "transfer",
            "p8",
            "--occurred",
            "2026-02-09",
            "--place",
            "VE:Lara",
            "--unsourced",
        ],
        &["person", "merge", "p2", "p519", "--unsourced"],
        &["group", "identify", "g1", "p3", "--unsourced"],
        &["retract", "e16", "--reason", "wrong person"],
        &[
            "append",
            "clemency-request",
            "p8",
            "--occurred",
            "2026-02",
            "--instrument",
            "demo-law",
            "--unsourced",
        ],
        &["undo"],
    ] {
        bench.ok(more);
    }
    assert_eq!(fs::read(&block).unwrap(), kept, "a write keeps nothing");
    let later = answers(&bench);
    assert_ne!(later[0], first[0]);
    assert_eq!(later, anew(&bench));

    // A tail that is worth keeping is kept, as the whole log would give it.
    let before = fs::read(&block).unwrap();
    for day in 1..=9 {
        let day = format!("2026-02-0{day}");
        bench.ok(&["append", "charge", "p9", "--occurred", &day, "--unsourced"]);
    }
    let grown = answers(&bench);
    assert_ne!(fs::read(&block).unwrap(), before);
    assert_eq!(bench.run(&["verify"]).code, 0);
    assert_eq!(grown, anew(&bench));
}

#[test]
fn damaged_deltas_are_named_and_kept_anew_and_false_ones_are_found() {
    let bench = with_people(false);
    let totals = ["totals", "--as-of", "2026-02-07", "-O", "json"];
    let right = bench.run(&totals).out;
    let block = bench.ledger().join("derived/deltas-0000");
    let sound = fs::read(&block).unwrap();
    let mut damaged = sound.clone();
    let half = damaged.len() / 2;
    damaged[half] ^= 1;
    fs::write(&block, &damaged).unwrap();
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4);
    let says = "derived: deltas-0000 is damaged";
    assert!(verified.err.contains(says), "{}", verified.err);
    assert_eq!(bench.run(&totals).out, right);
    assert_eq!(fs::read(&block).unwrap(), sound);

    // Forged with care, they are believed until somebody checks.
    fs::write(&block, under_stamp(&sound[..64], &false_block(&bench))).unwrap();
    assert_ne!(bench.run(&totals).out, right);
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4);
    let says = "derived: deltas-0000 is not what the first 1041 entries of the log give";
    assert!(verified.err.contains(says), "{}", verified.err);
    assert!(
        verified.err.contains("remove the folder derived"),
        "{}",
        verified.err
    );
}

#[test]
fn replay_finds_false_deltas() {
    replay_finds(&Bench::new(), "deltas-0000", false_block);
}

/// The deltas of a log in which something happened on another day.
fn false_block(bench: &Bench) -> Vec<u8> {
    let mut facts = Facts::default();
    let mut follower = Follower::at(&facts, 0);
    let mut block = Block::default();
    for line in bench.run(&["export"]).out.lines() {
        let line = line.replace("\"2026-02-08\"", "\"2026-02-07\"");
        let entry = Entry::parse(line.as_bytes()).unwrap();
        facts.apply(&entry).unwrap();
        follower.follow(&facts, &mut block);
    }
    block.pack().unwrap()
}
