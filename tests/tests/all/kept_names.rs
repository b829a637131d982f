//! The names of a long log are kept from run to run, sealed: the same answers, with them, without them,
//! and when they are damaged; and none is left of somebody who was erased.

use std::fs;
use std::ops::Range;

use amparo_store::Ledger;
use amparo_store::ledger::Access;

use super::folders::holding;
use super::harness::Bench;

const PERSONS: usize = 1100;
const QUESTIONS: [&[&str]; 5] = [
    &["list", "-O", "csv"],
    &["report", "time-held", "--as-of", "2026-02-10", "-O", "csv"],
    &[
        "status",
        "Demo Canary7",
        "--as-of",
        "2026-02-10",
        "-O",
        "json",
    ],
    &["find", "canary10", "-O", "json"],
    &["person", "list", "-O", "csv"],
];

#[test]
fn false_names_are_found() {
    let bench = Bench::new();
    bench.ok(&["person", "add", "Ana Demo", "--unsourced"]);
    bench.ok(&[
        "append",
        "arrest",
        "p1",
        "--occurred",
        "2026-02-01",
        "--unsourced",
    ]);
    // Entry 1, a name of 8 bytes, no aliases and no references.
    let keep = |name: &[u8; 8]| {
        let ledger = Ledger::open(&bench.ledger(), Access::Read, &mut |_| {}).unwrap();
        ledger.keep_sealed(
            "names.sealed",
            3,
            &[&[1, 1, 8], &name[..], &[0, 0]].concat(),
        );
    };
    keep(b"Ana Demo");
    let checked = bench.ok(&["replay", "--check"]);
    assert!(checked.out.contains("names kept"), "{}", checked.out);
    assert_eq!(bench.run(&["verify"]).code, 0);
    keep(b"Bea Demo");
    assert!(bench.run(&["list"]).out.contains("Bea Demo"));
    let checked = bench.run(&["replay", "--check"]);
    assert_eq!(checked.code, 4);
    let says = "names kept differ from what the log gives";
    assert!(checked.err.contains(says), "{}", checked.err);
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4);
    let says = "derived: names.sealed is not what the first 3 entries of the log give";
    assert!(verified.err.contains(says), "{}", verified.err);
}

/// Drafts of people with names, each arrested.
fn drafts(persons: Range<usize>) -> String {
    let of_one = |n| {
        format!(
            concat!(
                r#"{{"kind":"person","person":"d:{n}","private":{{"name":"Demo Canary{n}","#,
                r#""aliases":["Demo Alias{n}"]}},"unsourced":true}}"#,
                "\n",
                r#"{{"kind":"arrest","person":"d:{n}","occurred":"2026-02-01","unsourced":true}}"#,
                "\n"
            ),
            n = n,
        )
    };
    persons.map(of_one).collect()
}

fn answers(bench: &Bench) -> [String; 5] {
    QUESTIONS.map(|question| {
        let run = bench.run(question);
        assert_eq!(run.code, 0, "{question:?}\n{}", run.err);
        run.out
    })
}

#[test]
fn answers_are_the_same_with_kept_names_and_without() {
    let bench = Bench::new();
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts(0..PERSONS))]);
    let kept = bench.ledger().join("derived/names.sealed");
    assert!(!kept.exists());
    let anew = answers(&bench);
    assert!(kept.exists() && holding(&bench.ledger(), b"Canary").is_empty());
    assert_eq!(answers(&bench), anew);
    assert!(anew[2].contains("Demo Canary7") && anew[3].contains("Demo Canary10"));

    // What is told later counts, and what is withdrawn does not.
    bench.ok(&["person", "alias", "p8", "Demo Other", "--unsourced"]);
    let found = bench.ok(&["find", "Demo Other"]);
    assert!(found.out.contains("Demo Canary7"), "{}", found.out);
    bench.ok(&[
        "correct",
        "e3",
        "--private-name",
        "Demo Corrected",
        "--unsourced",
    ]);
    bench.ok(&["retract", "e5", "--reason", "wrong person"]);
    bench.ok(&["append", "merge", "p5", "--into", "p4", "--unsourced"]);
    let list = bench.ok(&["list", "-O", "csv"]).out;
    assert!(list.contains(",Demo Corrected,") && !list.contains(",Demo Canary1,"));
    assert!(!list.contains(",Demo Canary2,"));
    let later = answers(&bench);
    fs::remove_file(&kept).unwrap();
    assert_eq!(answers(&bench), later);

    // Damaged, they are opened anew, and kept anew.
    let sound = fs::read(&kept).unwrap();
    let mut damaged = sound.clone();
    damaged[sound.len() / 2] ^= 1;
    fs::write(&kept, &damaged).unwrap();
    let verified = bench.run(&["verify"]);
    assert_eq!(verified.code, 4);
    let says = "derived: names.sealed is damaged";
    assert!(verified.err.contains(says), "{}", verified.err);
    assert_eq!(answers(&bench), later);
    assert_eq!(fs::read(&kept).unwrap(), sound);
    assert_eq!(bench.run(&["verify"]).code, 0);

    // Many more go behind those that are kept.
    let more = bench.file("more.jsonl", drafts(PERSONS..2 * PERSONS));
    bench.ok(&["import", &more]);
    let grown = answers(&bench);
    assert!(fs::read(&kept).unwrap().len() > sound.len() * 3 / 2);
    fs::remove_file(&kept).unwrap();
    assert_eq!(answers(&bench), grown);
    assert_eq!(bench.run(&["verify"]).code, 0);
}

#[test]
fn names_whose_keys_were_missing_for_a_time_come_back() {
    let bench = Bench::new();
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts(0..PERSONS))]);
    let subjects = bench.ledger().join("keys/subjects");
    let whole = fs::read(&subjects).unwrap();
    // An older copy: the keys of the first five hundred.
    fs::write(&subjects, &whole[..31 + 52 * 500]).unwrap();
    let names = |bench: &Bench| {
        let list = bench.run(&["list", "-O", "csv"]);
        assert_eq!(list.code, 0, "{}", list.err);
        list.out.matches(",Demo Canary").count()
    };
    assert_eq!(names(&bench), 500);
    assert!(!bench.ledger().join("derived/names.sealed").exists());
    fs::write(&subjects, whole).unwrap();
    assert_eq!((names(&bench), names(&bench)), (PERSONS, PERSONS));
}

#[test]
fn an_erased_name_is_in_nothing_that_is_kept() {
    let bench = Bench::new();
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts(0..PERSONS))]);
    let kept = bench.ledger().join("derived/names.sealed");
    let before = bench.ok(&["list", "-O", "csv"]);
    assert!(before.out.contains("Demo Canary7,"));
    let old = fs::read(&kept).unwrap();
    bench.ok(&["erase", "p8", "--basis", "consent-withdrawn"]);
    // What comes back from a copy of the folder opens no more.
    for put_back in [false, true] {
        if put_back {
            fs::write(&kept, &old).unwrap();
        } else {
            assert!(!kept.exists());
        }
        assert_eq!(bench.run(&["verify"]).code, 0);
        let after = bench.ok(&["list", "-O", "csv"]);
        assert!(after.out.contains("Demo Canary8,") && !after.out.contains("Demo Canary7,"));
        let near = bench.ok(&["find", "Canary7", "-O", "csv"]);
        assert!(near.out.contains(",Demo Canary70,") && !near.out.contains(",Demo Canary7,"));
        assert_ne!(fs::read(&kept).unwrap(), old);
    }
    assert!(holding(&bench.ledger(), b"Canary").is_empty());
}
