//! The histories of the model through the real program: files imported, totals asked in JSON.

use serde_json::Value;

use super::super::harness::{Bench, Run};
use super::difference;
use super::setting;
use amparo_model::dates;
use amparo_model::histories::{self, History};
use amparo_model::naive::{PROFILES, Totals};
use amparo_model::random::Random;

const HISTORIES: u64 = 20;
const DRAFTS: usize = 60;
const QUESTIONS: usize = 5;
/// Other seeds than those of the histories in memory.
const FIRST_SEED: u64 = 1_000_000;

/// A position in the log, as `--known-at` takes it, and how many drafts are known there.
struct Known {
    spelled: String,
    drafts: usize,
}

#[test]
fn the_program_answers_with_the_totals_of_the_naive_model() {
    let seeds = match setting("AMPARO_MODEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => FIRST_SEED..FIRST_SEED + HISTORIES,
    };
    let mut circles = 0;
    for seed in seeds {
        let mut random = Random::new(seed);
        let history = History::random(&mut random, DRAFTS);
        let bench = Bench::new();
        import(&bench, &history, &mut random);
        for _ in 0..QUESTIONS {
            let known = known(&bench, &history, &mut random);
            let as_of = histories::as_of(&mut random);
            let profile = random.pick(&PROFILES).0;
            let day = dates::iso(as_of);
            let args = [
                "--as-of",
                &day,
                "--known-at",
                &known.spelled,
                "--profile",
                profile,
            ];
            let run = bench.run(&[&["totals", "-O", "json"], &args[..]].concat());
            let naive = history.naive.known(known.drafts).totals(as_of, profile);
            let difference = difference(&totals(&run), &naive);
            assert_eq!(difference, None, "AMPARO_MODEL_SEED={seed}, {args:?}");
        }
        circles += usize::from(refuses_a_circle(&bench, &history, &mut random, seed));
        a_copy_says_the_same(&bench, seed);
    }
    println!("{HISTORIES} histories in the program, {circles} circles refused");
}

/// Imports the drafts in a few files, one after the other.
fn import(bench: &Bench, history: &History, random: &mut Random) {
    let mut rest = &history.lines[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + random.below(rest.len()));
        let file = bench.file("drafts.jsonl", now.join("\n"));
        let run = bench.run(&["import", &file]);
        assert_eq!(run.code, 0, "{}", run.err);
        rest = later;
    }
    assert_eq!(bench.run(&["verify"]).code, 0);
}

/// A position in the log. The program registers subjects between the drafts, so positions and
/// drafts are matched by the ids in an export.
fn known(bench: &Bench, history: &History, random: &mut Random) -> Known {
    let export = bench.run(&["export"]).out;
    let entries: Vec<Value> = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = random.below(entries.len());
    let (spelled, size) = match random.below(4) {
        0 => ("head".to_owned(), entries.len()),
        1 => {
            let recorded = entries[last]["recorded"].as_str().unwrap();
            let till = |entry: &&Value| entry["recorded"].as_str().unwrap() <= recorded;
            (recorded.to_owned(), entries.iter().take_while(till).count())
        }
        _ => (format!("e{last}"), last + 1),
    };
    let ids: Vec<_> = (0..history.lines.len()).map(histories::id).collect();
    let is_draft = |entry: &&Value| ids.iter().any(|id| entry["id"] == **id);
    let drafts = entries[..size].iter().filter(is_draft).count();
    Known { spelled, drafts }
}

/// The totals of an answer in JSON.
fn totals(run: &Run) -> Totals {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let total = |row: &Value| ["low", "count", "high"].map(|key| row[key].as_u64().unwrap());
    let entry = |row: &Value| {
        let key = (
            text(row, "axis"),
            text(row, "instrument"),
            text(row, "state"),
        );
        (key, total(row))
    };
    run.rows().iter().map(entry).collect()
}

/// A draft that would close a circle, where there is one, is refused.
fn refuses_a_circle(bench: &Bench, history: &History, random: &mut Random, seed: u64) -> bool {
    let Some(circle) = history.circle(random) else {
        return false;
    };
    let file = bench.file("circle.jsonl", &circle);
    let run = bench.refused(3, &["import", &file]);
    assert!(
        run.err.contains("circle"),
        "AMPARO_MODEL_SEED={seed}\n{}",
        run.err
    );
    true
}

/// A ledger made from an export has the same root, totals and bytes.
fn a_copy_says_the_same(bench: &Bench, seed: u64) {
    for openings in [&["--openings"][..], &[]] {
        let export = bench.run(&[&["export"], openings].concat()).out;
        let copy = Bench::empty();
        copy.file("export.jsonl", &export);
        let made = copy.run(&["init", "copy", "--from", "export.jsonl"]);
        assert_eq!(made.code, 0, "AMPARO_MODEL_SEED={seed}\n{}", made.err);
        let again = copy
            .run(&[&["-L", "copy", "export"], openings].concat())
            .out;
        assert_eq!(again, export, "AMPARO_MODEL_SEED={seed}");
        let ask = ["totals", "--as-of", "2026-02-01", "-O", "json"];
        let there = copy.run(&[&["-L", "copy"], &ask[..]].concat());
        // Rows and root: all of the answer.
        assert_eq!(there.out, bench.run(&ask).out, "AMPARO_MODEL_SEED={seed}");
    }
}
