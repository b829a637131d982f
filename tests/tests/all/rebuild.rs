//! The sled folder lost, damaged, stale or of another ledger: the same answers, and it is said.
//!
//! `AMPARO_FLIPS` sets how many single bytes are flipped.

use std::fs;
use std::path::{Path, PathBuf};

use super::folders;
use super::harness::{Bench, Run, fixture};
use super::model::random::Random;
use super::model::setting;

const FLIPS: u64 = 24;
/// What every rebuilding says.
const REBUILT: &str = "the sled store is built again from the journal, and nothing is lost";

/// A ledger with a long enough log that sled holds bundles beside single entries, a copy of it,
/// and what it answers.
struct Sound {
    bench: Bench,
    /// The sled folder before the last import.
    stale: PathBuf,
    whole: PathBuf,
    answers: [String; 4],
}

/// The questions whose answers stay the same.
const QUESTIONS: [&[&str]; 4] = [
    &["totals", "--as-of", "2026-02-09", "-O", "json"],
    &["export"],
    &["export", "--openings"],
    &["person", "list", "-O", "json"],
];

impl Sound {
    fn new() -> Self {
        let bench = Bench::demo();
        let notes: String = (0..600).map(note).collect();
        bench.ok(&["import", &bench.file("notes.jsonl", notes)]);
        let stale = bench.path().join("stale");
        folders::copy(&bench.ledger().join("sled"), &stale);
        bench.ok(&["import", &bench.file("last.jsonl", note(600) + &note(601))]);
        let whole = bench.path().join("whole");
        folders::copy(&bench.ledger(), &whole);
        let answers = QUESTIONS.map(|question| bench.ok(question).out);
        Self {
            bench,
            stale,
            whole,
            answers,
        }
    }

    /// Puts everything back, and damages the sled folder.
    fn damaged(&self, damage: impl FnOnce(&Path)) {
        folders::replace(&self.bench.ledger(), &self.whole);
        damage(&self.bench.ledger().join("sled"));
    }

    /// The answers, of which the first also gives what was said; and that all is sound then.
    fn answers_as_before(&self, what: &str) -> Run {
        let [first, rest @ ..] = QUESTIONS;
        let run = self.bench.run(first);
        assert_eq!(run.code, 0, "{what}\n{}", run.err);
        assert_eq!(run.out, self.answers[0], "{what}");
        for (question, answer) in rest.iter().zip(&self.answers[1..]) {
            assert_eq!(self.bench.run(question).out, *answer, "{what}");
        }
        let verified = self.bench.run(&["verify"]);
        assert_eq!(verified.code, 0, "{what}\n{}{}", verified.out, verified.err);
        run
    }
}

fn note(n: usize) -> String {
    format!("{{\"kind\":\"note\",\"text\":\"note {n}\",\"unsourced\":true}}\n")
}

#[test]
fn a_sled_folder_that_is_lost_or_garbage_is_built_again_with_a_notice() {
    let sound = Sound::new();
    let other = Bench::demo();
    let overwrite = |sled: &Path, content: &[u8]| {
        for file in folders::files(sled) {
            fs::write(file, content).unwrap();
        }
    };
    let damages: [(&str, &dyn Fn(&Path)); 8] = [
        ("deleted", &|sled| folders::remove(sled)),
        ("emptied", &|sled| {
            folders::remove(sled);
            fs::create_dir(sled).unwrap();
        }),
        ("a file", &|sled| {
            folders::remove(sled);
            fs::write(sled, "garbage").unwrap();
        }),
        ("all files garbage", &|sled| overwrite(sled, b"garbage")),
        ("all files empty", &|sled| overwrite(sled, b"")),
        ("long garbage", &|sled| overwrite(sled, &[0xa5; 600_000])),
        ("the database cut", &|sled| {
            let database = fs::File::options()
                .write(true)
                .open(folders::only(sled, "/db"));
            let database = database.unwrap();
            let length = database.metadata().unwrap().len();
            database.set_len(length / 2).unwrap();
        }),
        ("of another ledger", &|sled| {
            folders::replace(sled, &other.ledger().join("sled"));
        }),
    ];
    for (what, damage) in damages {
        sound.damaged(damage);
        let run = sound.answers_as_before(what);
        assert!(run.err.contains(REBUILT), "{what}\n{}", run.err);
        let run = sound.bench.run(QUESTIONS[0]);
        assert_eq!(run.err, "", "{what}: built again a second time");
    }
}

#[test]
fn a_stale_sled_folder_catches_up() {
    let sound = Sound::new();
    sound.damaged(|sled| folders::replace(sled, &sound.stale));
    sound.answers_as_before("stale");
    // And also where the next command is a writer.
    sound.damaged(|sled| folders::replace(sled, &sound.stale));
    let before = sound.answers[1].lines().count();
    sound.bench.ok(&["append", "note", "--text", "x", "--unsourced"]);
    let export = sound.bench.ok(&["export"]).out;
    assert!(export.starts_with(&sound.answers[1]));
    assert_eq!(export.lines().count(), before + 1);
}

#[test]
fn a_flipped_byte_in_the_sled_folder_changes_no_answer() {
    let sound = Sound::new();
    let mut random = Random::new(1);
    let (mut rebuilt, mut at_once) = (0, 0);
    let flips = setting("AMPARO_FLIPS").unwrap_or(FLIPS);
    for n in 0..flips {
        let mut what = String::new();
        sound.damaged(|sled| what = flip(&mut random, sled, n));
        println!("{what}");
        let first = sound.bench.run(QUESTIONS[0]);
        println!("  {} {}", first.code, first.err);
        for q in QUESTIONS { let r = sound.bench.run(q); println!("  {} {} {}", q[0], r.code, r.err); }
        let r = sound.bench.run(&["verify"]); println!("  verify {} {} {}", r.code, r.out, r.err);
        let r = sound.bench.run(&["verify"]); println!("  verify {} {}", r.code,r.err);
    }
}

/// Flips a byte of one of the files: the database and its snapshot in turns, where it holds
/// something.
fn flip(random: &mut Random, sled: &Path, n: u64) -> String {
    let files = folders::files(sled);
    let file = &files[n as usize % files.len()];
    let mut content = fs::read(file).unwrap();
    let used: Vec<_> = (0..content.len()).filter(|at| content[*at] != 0).collect();
    let at = *random.pick(&used);
    content[at] ^= 1 << random.below(8);
    fs::write(file, content).unwrap();
    format!("byte {at} of {}", file.strip_prefix(sled).unwrap().display())
}
