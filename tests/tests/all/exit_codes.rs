//! Every exit code of the design, each made at least once, with what is said.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use super::harness::Bench;

#[test]
fn usage_failures_give_2_and_write_nothing() {
    let bench = Bench::demo();
    for args in [
        &["frobnicate"][..],
        &["append"],
        &["append", "arrest", "demo:ana", "--frob"],
        &[
            "append",
            "arrest",
            "demo:ana",
            "--unsourced",
            "--source",
            "A:ngo",
        ],
        &["--as-of", "2020-01-01", "append", "arrest", "demo:ana"],
        &["append", "arrest", "demo:ana", "--as-of", "2020-01-01"],
        &["--known-at", "e4", "undo"],
        &["--profile", "prison-only", "import", "x.jsonl"],
        &["--as-of", "2020-01-01", "verify"],
        &["--as-of", "2020-01-01", "export"],
        &["--as-of", "2020-01-01", "vocab"],
        &["--as-of", "2020-01-01", "log"],
        &["--by", "me", "log"],
        &["--by", "me", "verify"],
        &["--by", "me", "retract", "e4", "--by", "you"],
        &["--by", "", "retract", "e4"],
        &["log", "--known-at", "e99"],
        &["log", "--known-at", "1999-01-01"],
        &["log", "--known-at", "soon"],
        &["log", "--known-at", "2026-02-30"],
        &["log", "--kind", "arest"],
        &["import", "not-there.jsonl"],
        &["import", "-", "-"],
        &["init", "--tz", "Caracas"],
        &["init"],
        &["export", "-O", "csv"],
        &["vocab", "fruits"],
        &["man", "frobnicate"],
        &["-L", "elsewhere", "log"],
        &["correct", "e10"],
        &["correct", "e10", "--clear", "court"],
        &["retract", "entry"],
    ] {
        let run = bench.refused(2, args);
        assert!(run.err.starts_with("error: "), "{args:?}\n{}", run.err);
        assert!(run.out.is_empty(), "{args:?}\n{}", run.out);
    }
}

#[test]
fn a_failure_is_one_json_object_when_json_is_asked_for() {
    let bench = Bench::demo();
    for (code, kind, args) in [
        (2, "usage", &["frobnicate", "-O", "json"][..]),
        (2, "usage", &["-Ojson", "append"]),
        (2, "usage", &["log", "--known-at", "e99", "-O", "json"]),
        (3, "refused", &["append", "arrest", "p1", "-O", "json"]),
        (5, "subject", &["append", "arrest", "p99", "--output=json"]),
    ] {
        let run = bench.refused(code, args);
        let error = run.error();
        assert_eq!(error["kind"], kind, "{args:?}");
        assert_eq!(error["code"], code, "{args:?}");
        assert_eq!(run.err.lines().count(), 1, "{args:?}\n{}", run.err);
    }
}

#[test]
fn no_ledger_is_a_usage_failure_that_says_what_to_do() {
    let bench = Bench::empty();
    let run = bench.run(&["log"]);
    assert_eq!(run.code, 2);
    let expect = "error: there is no ledger here or in any folder above\n\nhint: name one with \
                  -L DIR or AMPARO_LEDGER, or make one with `amparo init DIR`\n";
    assert_eq!(run.err, expect);
}

#[test]
fn an_answer_of_no_gives_1() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["find", "zenobia"]).code, 1);
    let undo = bench.refused(1, &["undo"]);
    assert!(undo.err.contains("nothing to undo"), "{}", undo.err);
}

#[test]
fn an_unknown_or_ambiguous_subject_gives_5_with_the_candidates() {
    let bench = Bench::demo();
    for (args, says) in [
        (&["log", "Zenobia"][..], "nobody registered fits"),
        (&["log", "p99"], "there is no p99"),
        (&["log", "demo"], "more than one is called like that"),
        (&["show", "e99"], "holds no e99"),
        (&["show", "e9", "--known-at", "e8"], "was not known"),
        (&["retract", "e99"], "holds no e99"),
        (
            &[
                "append",
                "arrest",
                "ana demo",
                "--occurred",
                "2020",
                "--unsourced",
            ],
            "never guesses",
        ),
        (&["instrument", "show", "nope"], "no instrument"),
    ] {
        let run = bench.refused(5, args);
        assert!(run.err.contains(says), "{args:?}\n{}", run.err);
    }
    let candidates = bench.refused(5, &["log", "demo", "-O", "json"]).error()["candidates"].clone();
    assert_eq!(candidates[0]["ref"], "p1");
    assert_eq!(candidates[0]["name"], "Ana Demo");
}

#[test]
fn damage_gives_4_and_names_the_place() {
    let bench = Bench::demo();
    let journal = bench.ledger().join("journal");
    let segment = fs::read_dir(journal)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let run = bench.run(&["verify"]);
    assert_eq!(run.code, 4, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("damaged") && run.err.contains("caused by: journal"),
        "{run:?}"
    );
}

#[test]
fn a_ledger_in_use_gives_6() {
    let bench = Bench::new();
    let lock = fs::File::options()
        .write(true)
        .open(bench.ledger().join("LOCK"))
        .unwrap();
    lock.lock().unwrap();
    for args in [
        &["append", "note", "--text", "x", "--unsourced"][..],
        &["log"],
        &["verify"],
    ] {
        let run = bench.run(args);
        assert_eq!(run.code, 6, "{args:?}: {run:?}");
        assert!(
            run.err.contains("another process is using this ledger"),
            "{}",
            run.err
        );
    }
    drop(lock);
    bench.ok(&["log"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let bench = Bench::demo();
    for _ in 0..3 {
        let mut child = bench
            .command(&["export"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
        assert_eq!(err, "");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_gives_70_and_the_write_stands() {
    let bench = Bench::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let note = ["append", "note", "--text", "x", "--unsourced"];
    let run = bench.command(&note).stdout(full).output().unwrap();
    assert_eq!(run.status.code(), Some(70));
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(
        err.contains("error: the answer could not be written\ncaused by: "),
        "{err}"
    );
    assert_eq!(bench.rows(&["log"]).len(), 2);
}

#[test]
fn help_and_version_are_answers() {
    let bench = Bench::empty();
    for args in [
        &["--help"][..],
        &["append", "--help"],
        &["--version"],
        &["person", "add", "-h"],
    ] {
        let run = bench.run(args);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{args:?}");
        assert!(
            !run.out.is_empty() && !run.out.contains('\u{1b}'),
            "{args:?}"
        );
    }
    assert_eq!(bench.run(&[]).code, 2);
}
