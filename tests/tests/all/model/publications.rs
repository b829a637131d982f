//! Random histories with figures published on the way: whatever is appended later, each figure
//! counts the same at its own coordinates, and what changed since is explained to the last one.

use super::super::harness::Bench;
use super::setting;
use amparo_model::dates;
use amparo_model::histories::{self, History};
use amparo_model::naive::PROFILES;
use amparo_model::random::Random;

const HISTORIES: u64 = 4;
const DRAFTS: usize = 60;
const FIGURES: usize = 8;
const FIRST_SEED: u64 = 2_000_000;
const CAUSES: [&str; 6] = [
    "happened",
    "learned_late",
    "corrected",
    "retracted",
    "merged",
    "identified",
];
const QUESTIONS: [&[&str]; 6] = [
    &["totals"],
    &["totals", "--state", "held"],
    &["totals", "--state", "detained", "--by", "place"],
    &["totals", "--by", "instrument,recorder"],
    &["totals", "--kind", "arrest", "--kind", "release"],
    &[
        "totals",
        "--state",
        "held",
        "--recorded",
        "2026-02-01..2026-02-28",
    ],
];

#[test]
fn what_was_published_counts_the_same_after_any_later_append_and_its_changes_add_up() {
    let seeds = match setting("AMPARO_MODEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => FIRST_SEED..FIRST_SEED + HISTORIES,
    };
    let mut changed = 0;
    for seed in seeds {
        let mut random = Random::new(seed);
        let history = History::random(&mut random, DRAFTS);
        let bench = Bench::new();
        let mut figures = 0;
        for lines in history.lines.chunks(history.lines.len().div_ceil(FIGURES)) {
            let file = bench.file("drafts.jsonl", lines.join("\n"));
            assert_eq!(
                bench.run(&["import", &file]).code,
                0,
                "AMPARO_MODEL_SEED={seed}"
            );
            figures += usize::from(publish(&bench, &mut random));
        }
        let run = bench.run(&["report", "publications", "-O", "json"]);
        assert_eq!(run.code, 0, "AMPARO_MODEL_SEED={seed}\n{}", run.err);
        let rows = run.rows();
        let mut entries: Vec<_> = rows.iter().map(|row| row["entry"].to_string()).collect();
        entries.dedup();
        assert_eq!(entries.len(), figures, "AMPARO_MODEL_SEED={seed}");
        for row in &rows {
            let number = |key: &str| row[key].as_i64().unwrap();
            assert_eq!(row["same"], true, "AMPARO_MODEL_SEED={seed} {row}");
            let change = number("change");
            assert_eq!(
                number("now_count") - number("published_count"),
                change,
                "{row}"
            );
            if !row["happened"].is_null() {
                let parts: i64 = CAUSES.iter().map(|cause| number(cause)).sum();
                assert_eq!(parts, change, "AMPARO_MODEL_SEED={seed} {row}");
                changed += i32::from(change != 0);
            }
        }
    }
    assert!(
        changed > 0 || setting("AMPARO_MODEL_SEED").is_some(),
        "nothing ever changed"
    );
}

/// Publishes a figure of what is known so far, or of what was known before; one that has no
/// numbers cannot be published.
fn publish(bench: &Bench, random: &mut Random) -> bool {
    let day = dates::iso(histories::as_of(random));
    let known_at = match random.chance(30) {
        true => "e1",
        false => "head",
    };
    let at = ["--as-of", &day, "--known-at", known_at];
    let profile = ["--profile", random.pick(&PROFILES).0, "--"];
    let question = QUESTIONS[random.below(QUESTIONS.len())];
    let args = [&["publish", "Demo"][..], &at, &profile, question].concat();
    let run = bench.run(&args);
    let is_empty = run.code == 2 && run.err.contains("gives no numbers");
    assert!(run.code == 0 || is_empty, "{args:?}\n{}", run.err);
    run.code == 0
}
