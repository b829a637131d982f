//! The facts of a long log are kept from run to run: the same answers, with them, without them, and
//! when they are damaged; and false ones are found.

use std::fs;

use amparo_core::entry::Entry;
use amparo_projections::{Facts, ReadModel as _};
use sha2::{Digest as _, Sha256};

use super::harness::Bench;

const PERSONS: usize = 600;
const QUESTIONS: [&[&str]; 4] = [
    &["totals", "--as-of", "2026-02-09", "-O", "json"],
    &[
        "totals",
        "--as-of",
        "2026-02-09",
        "--by",
        "place",
        "-O",
        "json",
    ],
    &["status", "p7", "-O", "json"],
    &["report", "single-source", "-O", "csv"],
];

/// Drafts of so many people, each arrested on one of nine days at one of two places.
pub fn arrests(persons: usize) -> String {
    let of_one = |n| {
        format!(
            concat!(
                r#"{{"kind":"person","person":"d:{n}","unsourced":true}}"#,
                "\n",
                r#"{{"kind":"arrest","person":"d:{n}","occurred":"2026-02-0{day}","#,
                r#""place":"VE:{place}","unsourced":true}}"#,
                "\n"
            ),
            n = n,
            day = 1 + n % 9,
            place = ["Caracas", "Zulia"][n % 2]
        )
    };
    (0..persons).map(of_one).collect()
}

fn answers(bench: &Bench) -> [String; 4] {
    QUESTIONS.map(|question| {
        let run = bench.run(question);
        assert_eq!(run.code, 0, "{question:?}\n{}", run.err);
        run.out
    })
}

#[test]
fn answers_are_the_same_with_kept_facts_and_without_and_false_ones_are_found() {
    let bench = Bench::new();
    let drafts = arrests(PERSONS);
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts)]);
    let facts = bench.ledger().join("derived/facts");
    assert!(!facts.exists());
    let anew = answers(&bench);
    assert!(facts.exists());
    assert_eq!(answers(&bench), anew);

    // What is recorded after them is read on top of them.
    bench.ok(&[
        "append",
        "release",
        "p7",
        "--occurred",
        "2026-02-08",
        "--unsourced",
    ]);
    let later = answers(&bench);
    assert_ne!(later[0], anew[0]);
    fs::remove_dir_all(facts.parent().unwrap()).unwrap();
    assert_eq!(answers(&bench), later);

    // Damaged: the same answers, `verify` says so, and the next command keeps them anew.
    let sound = fs::read(&facts).unwrap();
    let mut damaged = sound.clone();
    let half = damaged.len() / 2;
    damaged[half] ^= 1;
    fs::write(&facts, &damaged).unwrap();
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4);
    assert!(
        verified.err.contains("derived: facts is damaged"),
        "{}",
        verified.err
    );
    assert!(
        verified.err.contains("remove the folder derived"),
        "{}",
        verified.err
    );
    assert_eq!(answers(&bench), later);
    assert_eq!(fs::read(&facts).unwrap(), sound);

    // Forged with care, they are believed until somebody checks.
    fs::write(&facts, under_stamp(&sound[..64], &false_facts(&bench))).unwrap();
    assert_ne!(answers(&bench), later);
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4);
    let wrong = "derived: facts is not what the first 1202 entries of the log give";
    assert!(verified.err.contains(wrong), "{}", verified.err);
}

#[test]
fn replay_finds_false_facts() {
    let bench = Bench::new();
    replay_finds(&bench, "facts", false_facts);
}

/// A ledger of one arrest of which something false is kept, and how `replay --check` says so.
pub fn replay_finds(bench: &Bench, name: &str, kept: impl Fn(&Bench) -> Vec<u8>) {
    bench.ok(&[
        "append",
        "arrest",
        "demo:1",
        "--occurred",
        "2026-02-08",
        "--unsourced",
    ]);
    assert_eq!(bench.run(&["replay", "--check"]).code, 0);
    let verified = bench.run(&["verify", "-O", "json"]).json();
    let head = &verified["meta"]["head"];
    let (size, root) = (
        head["size"].as_u64().unwrap(),
        head["root"].as_str().unwrap(),
    );
    let settings = fs::read_to_string(bench.ledger().join("amparo.toml")).unwrap();
    let ledger = settings.split('"').find(|text| text.len() == 36).unwrap();
    let stamp = [
        &b"AMPAROD\x01"[..],
        &hex(&ledger.replace('-', "")),
        &size.to_le_bytes(),
        &hex(root),
    ]
    .concat();
    let folder = bench.ledger().join("derived");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(name), under_stamp(&stamp, &kept(bench))).unwrap();
    let checked = bench.run(&["replay", "--check"]);
    assert_eq!(checked.code, 4);
    let what = name.split('-').next().unwrap();
    let says = format!("{what} kept differ from what the log gives");
    assert!(checked.err.contains(&says), "{}", checked.err);
}

/// The facts of a log in which something happened on another day.
fn false_facts(bench: &Bench) -> Vec<u8> {
    let mut facts = Facts::default();
    for line in bench.run(&["export"]).out.lines() {
        let line = line.replace("\"2026-02-08\"", "\"2026-02-07\"");
        let entry = Entry::parse(line.as_bytes()).unwrap();
        facts.apply(&entry).unwrap();
    }
    facts.pack().unwrap()
}

pub fn under_stamp(stamp: &[u8], model: &[u8]) -> Vec<u8> {
    let sum = Sha256::new().chain_update(stamp).chain_update(model);
    [stamp, &sum.finalize(), model].concat()
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |n| u8::from_str_radix(&digits[n..n + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}
