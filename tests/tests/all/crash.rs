//! Processes killed while they write, journals cut short, and two processes at once.
//!
//! What was acknowledged, by an entry's ref printed, is there afterwards; what was not is there
//! whole or not at all. `AMPARO_CRASH_ROUNDS` sets how often processes are killed.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::folders;
use super::harness::{Bench, Run};
use super::model::setting;
use amparo_model::random::Random;

const ROUNDS: u64 = 24;
/// How many drafts an import that is killed brings.
const DRAFTS: usize = 200;

fn note(text: &str) -> String {
    format!("{{\"kind\":\"note\",\"text\":\"{text}\",\"unsourced\":true}}\n")
}

/// Starts the program with everything it says kept.
fn start(bench: &Bench, args: &[&str]) -> Child {
    let mut command = bench.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// How long something takes at best.
fn shortest_of_three(run: impl Fn(usize)) -> Duration {
    let times = (0..3).map(|n| {
        let started = Instant::now();
        run(n);
        started.elapsed()
    });
    times.min().unwrap()
}

/// Kills with SIGKILL at a random moment of a run that takes about so long; what it said, and
/// whether it was still running.
fn kill(mut child: Child, random: &mut Random, usual: Duration) -> (String, bool) {
    let moment = usual.mul_f64(random.between(40, 140) as f64 / 100.0);
    let started = Instant::now();
    // Not a wait for something to happen: the moment itself is what is tried.
    while let Some(left) = moment.checked_sub(started.elapsed()) {
        thread::park_timeout(left);
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let killed = output.status.code().is_none();
    (String::from_utf8(output.stdout).unwrap(), killed)
}

/// A ledger whose writers are killed, with every line that it has ever held.
struct Killed {
    bench: Bench,
    lines: Vec<String>,
}

impl Killed {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            lines: Vec::new(),
        }
    }

    /// Insists that the ledger is sound and that nothing went, and answers the lines that came.
    fn came(&mut self) -> Vec<String> {
        let run = self.bench.ok(&["export"]);
        let lines: Vec<_> = run.out.lines().map(str::to_owned).collect();
        assert!(
            lines.starts_with(&self.lines),
            "entries were lost or changed"
        );
        let came = lines[self.lines.len()..].to_vec();
        self.lines = lines;
        came
    }

    /// Insists that no event is there twice.
    fn none_twice(&self) {
        let id = |line: &String| {
            let entry: Value = serde_json::from_str(line).unwrap();
            entry["id"].to_string()
        };
        let ids: BTreeSet<_> = self.lines.iter().map(id).collect();
        assert_eq!(ids.len(), self.lines.len());
    }
}

fn rounds() -> u64 {
    setting("AMPARO_CRASH_ROUNDS").unwrap_or(ROUNDS).div_ceil(2)
}

#[test]
fn a_killed_import_is_there_whole_or_not_at_all_and_runs_again() {
    let mut ledger = Killed::new();
    let mut random = Random::new(1);
    let usual = shortest_of_three(|n| {
        let file = ledger
            .bench
            .file("warm.jsonl", drafts(&format!("warm {n}")));
        let run = ledger.bench.run(&["import", &file]);
        assert!(is_import_acknowledged(&run.out), "{run:?}");
    });
    ledger.came();
    let (mut killed, mut recorded) = (0, 0);
    for round in 0..rounds() {
        let file = ledger
            .bench
            .file("drafts.jsonl", drafts(&round.to_string()));
        let child = start(&ledger.bench, &["import", &file]);
        let (out, was_running) = kill(child, &mut random, usual);
        let came = ledger.came().len();
        assert!(came == 0 || came == DRAFTS, "a torn batch: {came} entries");
        assert!(came == DRAFTS || !is_import_acknowledged(&out), "{out}");
        let again = ledger.bench.rows(&["import", &file]);
        assert_eq!(again[0]["duplicate"], came);
        assert_eq!(again[0]["new"], DRAFTS - came);
        assert_eq!(ledger.came().len(), DRAFTS - came);
        killed += u64::from(was_running);
        recorded += u64::from(came > 0);
    }
    ledger.none_twice();
    println!(
        "{} imports, {killed} killed, {recorded} recorded at once",
        rounds()
    );
    assert!(killed > 0);
}

/// Whether the answer is whole: a line of names, and one for the file.
fn is_import_acknowledged(out: &str) -> bool {
    out.ends_with('\n') && out.lines().count() == 2
}

fn drafts(round: &str) -> String {
    (0..DRAFTS).map(|n| note(&format!("{round} {n}"))).collect()
}

#[test]
fn an_append_that_was_acknowledged_before_the_kill_is_there() {
    let mut ledger = Killed::new();
    let mut random = Random::new(2);
    let args = ["append", "note", "--unsourced", "--text"];
    let usual = shortest_of_three(|n| {
        let run = ledger.bench.run(&[&args[..], &["warm"]].concat());
        assert!(is_append_acknowledged(&run.out, n + 1), "{run:?}");
    });
    ledger.came();
    let (mut killed, mut recorded) = (0, 0);
    for round in 0..rounds() {
        let text = format!("round {round}");
        let child = start(&ledger.bench, &[&args[..], &[&text]].concat());
        let (out, was_running) = kill(child, &mut random, usual);
        let seq = ledger.lines.len();
        let came = ledger.came();
        assert!(came.len() <= 1);
        assert!(came.iter().all(|line| line.contains(&text)));
        let acknowledged = is_append_acknowledged(&out, seq);
        assert!(!acknowledged || came.len() == 1, "{out}");
        killed += u64::from(was_running);
        recorded += came.len();
    }
    ledger.none_twice();
    println!("{} appends, {killed} killed, {recorded} recorded", rounds());
    assert!(killed > 0);
}

/// Whether the entry's ref was printed.
fn is_append_acknowledged(out: &str, seq: usize) -> bool {
    let told = format!("recorded  e{seq} ");
    out.lines().any(|line| line.starts_with(&told))
}

#[test]
fn a_reader_killed_while_it_builds_the_sled_store_leaves_a_ledger_that_reads() {
    let bench = Bench::demo();
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts("one"))]);
    let question = ["totals", "--as-of", "2026-02-09", "-O", "json"];
    let answer = bench.ok(&question).out;
    let mut random = Random::new(3);
    let sled = bench.ledger().join("sled");
    let usual = shortest_of_three(|_| {
        folders::remove(&sled);
        bench.run(&question);
    });
    for _ in 0..rounds() {
        folders::remove(&sled);
        kill(start(&bench, &question), &mut random, usual);
        assert_eq!(bench.ok(&question).out, answer);
    }
}

/// A ledger with a last batch of two entries, and where its frame stands in the journal.
struct Framed {
    bench: Bench,
    segment: PathBuf,
    journal: Vec<u8>,
    /// Where the last frame begins.
    start: usize,
    /// The export without the last batch, and with it.
    before: String,
    after: String,
}

impl Framed {
    fn new() -> Self {
        let bench = Bench::new();
        bench.ok(&["import", &bench.file("first.jsonl", note("a") + &note("b"))]);
        let segment = folders::only(&bench.ledger().join("journal"), ".log");
        let start = fs::read(&segment).unwrap().len();
        let before = bench.ok(&["export"]).out;
        bench.ok(&["import", &bench.file("last.jsonl", note("c") + &note("d"))]);
        let after = bench.ok(&["export"]).out;
        let journal = fs::read(&segment).unwrap();
        Self {
            bench,
            segment,
            journal,
            start,
            before,
            after,
        }
    }

    /// The lengths to which the journal is cut: before each byte of the last frame.
    fn cuts(&self) -> std::ops::Range<usize> {
        self.start..self.journal.len()
    }

    fn cut(&self, length: usize) {
        fs::write(&self.segment, &self.journal[..length]).unwrap();
    }
}

const WRITE: [&str; 5] = ["append", "note", "--text", "x", "--unsourced"];
/// Writers are tried at every so many bytes, and readers at each.
const WRITERS_EVERY: usize = 16;

#[test]
fn a_journal_cut_anywhere_in_a_frame_that_sled_holds_is_damage_and_names_the_entries() {
    let framed = Framed::new();
    let names_them = |run: Run, length: usize| {
        assert_eq!(run.code, 4, "cut at {length}: {run:?}");
        assert!(run.err.contains("e3..e4"), "cut at {length}\n{}", run.err);
        assert_eq!(run.out, "", "cut at {length}");
    };
    for length in framed.cuts() {
        framed.cut(length);
        names_them(framed.bench.run(&["export"]), length);
        if length % WRITERS_EVERY == 0 {
            names_them(framed.bench.run(&WRITE), length);
            assert_eq!(framed.bench.run(&["verify"]).code, 4, "cut at {length}");
        }
        let journal = fs::read(&framed.segment).unwrap();
        assert!(
            journal == framed.journal[..length],
            "cut at {length}: the journal was touched"
        );
    }
    framed.cut(framed.journal.len());
    assert_eq!(framed.bench.ok(&["export"]).out, framed.after);
}

#[test]
fn a_journal_cut_anywhere_in_its_last_frame_keeps_all_before_when_nothing_else_knows_of_it() {
    let framed = Framed::new();
    let sled = framed.bench.ledger().join("sled");
    for length in framed.cuts() {
        framed.cut(length);
        folders::remove(&sled);
        let torn = length - framed.start;
        let run = framed.bench.run(&["export"]);
        assert_eq!(run.code, 0, "cut at {length}: {run:?}");
        assert_eq!(run.out, framed.before, "cut at {length}");
        let told = run
            .err
            .contains(&format!("left out {torn} bytes of a last batch"));
        assert_eq!(told, torn > 0, "cut at {length}\n{}", run.err);
        if length % WRITERS_EVERY == 0 {
            let run = framed.bench.run(&WRITE);
            assert_eq!(run.code, 0, "cut at {length}: {run:?}");
            let told = run
                .err
                .contains(&format!("cut {torn} bytes of a last batch"));
            assert_eq!(told, torn > 0, "cut at {length}\n{}", run.err);
            let export = framed.bench.ok(&["export"]).out;
            assert!(export.starts_with(&framed.before), "cut at {length}");
            let lines = framed.before.lines().count() + 1;
            assert_eq!(export.lines().count(), lines, "cut at {length}");
        }
    }
}

/// Starts an export that does not end until somebody reads on, and waits until it has begun: it
/// holds the ledger.
fn holder(bench: &Bench) -> Child {
    let mut child = start(bench, &["export"]);
    let mut first = [0];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    child
}

/// Reads on, so that the export ends.
fn release(mut child: Child) {
    let mut rest = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_second_process_waits_and_is_told_that_the_ledger_is_in_use() {
    let bench = Bench::new();
    // More than a pipe holds.
    let long = "x".repeat(3000);
    let notes: String = (0..200).map(|n| note(&format!("{n} {long}"))).collect();
    bench.ok(&["import", &bench.file("long.jsonl", notes)]);

    let first = holder(&bench);
    let started = Instant::now();
    for args in [&WRITE[..], &["totals"]] {
        let second = bench.run(args);
        assert_eq!(second.code, 6, "{second:?}");
        let told = "error: another process is using this ledger\n";
        assert!(second.err.starts_with(told), "{}", second.err);
    }
    assert!(
        started.elapsed() >= Duration::from_secs(2),
        "it did not wait"
    );
    release(first);
    bench.ok(&WRITE);

    let first = holder(&bench);
    let waiting = start(&bench, &WRITE);
    release(first);
    let second = Run::from(waiting.wait_with_output().unwrap());
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(bench.ok(&["export"]).out.lines().count(), 1 + 200 + 2);
}
