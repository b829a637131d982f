//! `recover`: what is intact of a damaged ledger, in a new one; nothing invented, nothing hidden.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Bench;

/// A ledger of many small batches, a copy of it, and what it said line by line.
struct Damaged {
    bench: Bench,
    lines: Vec<String>,
}

impl Damaged {
    fn new() -> Self {
        let bench = Bench::new();
        for n in 1..=5 {
            let name = format!("Ana Demo {n}");
            let person = [
                "person",
                "add",
                &name,
                "--ref",
                &format!("demo:{n}"),
                "--unsourced",
            ];
            assert_eq!(bench.run(&person).code, 0);
            let subject = format!("p{n}");
            let arrest = [
                "append",
                "arrest",
                &subject,
                "--occurred",
                "2026-01",
                "--unsourced",
            ];
            assert_eq!(bench.run(&arrest).code, 0);
        }
        let correct = ["correct", "e4", "--occurred", "2026-01-05", "--unsourced"];
        assert_eq!(bench.run(&correct).code, 0);
        bench.ok(&["retract", "e6", "--reason", "wrong person"]);
        let lines = lines_of(&bench, "ledger");
        Self { bench, lines }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bench.path().join(name)
    }

    /// The one segment of the journal of a ledger.
    fn segment(&self, ledger: &str) -> PathBuf {
        self.path(ledger).join("journal/00000000000000000000.log")
    }

    /// A copy of the ledger, without its sled store, with one byte of the journal changed.
    fn with_byte_changed(&self, name: &str, at: usize) {
        copy(&self.bench.ledger(), &self.path(name));
        fs::remove_dir_all(self.path(name).join("sled")).unwrap();
        let mut bytes = fs::read(self.segment(name)).unwrap();
        bytes[at] ^= 0x20;
        fs::write(self.segment(name), bytes).unwrap();
    }

    /// Where in the journal an entry's line stands.
    fn place_of(&self, seq: usize) -> usize {
        let bytes = fs::read(self.segment("ledger")).unwrap();
        let line = self.lines[seq].as_bytes();
        let found = bytes.windows(line.len()).position(|window| window == line);
        found.unwrap() + 10
    }

    /// Insists that each place holds the line that was there, or says that it is lost; answers
    /// which are lost.
    fn lost_in(&self, ledger: &str) -> Vec<usize> {
        let found = lines_of(&self.bench, ledger);
        assert!(found.len() > self.lines.len(), "{ledger}");
        let mut lost = Vec::new();
        for (seq, line) in self.lines.iter().enumerate() {
            if found[seq] != *line {
                let text = format!("\"text\":\"Lost: e{seq} could not be read");
                assert!(found[seq].contains(&text), "{ledger}: {}", found[seq]);
                lost.push(seq);
            }
        }
        lost
    }
}

fn lines_of(bench: &Bench, ledger: &str) -> Vec<String> {
    let run = bench.run(&["-L", ledger, "export"]);
    assert_eq!(run.code, 0, "{ledger}: {}", run.err);
    run.out.lines().map(str::to_owned).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        match item.file_type().unwrap().is_dir() {
            true => copy(&item.path(), &target),
            false => drop(fs::copy(item.path(), target).unwrap()),
        }
    }
}

/// Every file below a folder, with what it holds.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        match path.is_dir() {
            true => found.append(&mut content(&path)),
            false => drop(found.insert(path.clone(), fs::read(path).unwrap())),
        }
    }
    found
}

/// Recovers, insists on an exit code, and answers the row.
fn recover(bench: &Bench, code: i32, args: &[&str]) -> Value {
    let run = bench.run(&[&["recover"], args, &["-O", "json"]].concat());
    assert_eq!(run.code, code, "{args:?}\n{}{}", run.out, run.err);
    run.rows().remove(0)
}

fn root_of(bench: &Bench, ledger: &str) -> String {
    let run = bench.run(&["-L", ledger, "verify", "-O", "json"]);
    run.json()["meta"]["head"]["root"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_intact_entry_keeps_its_place_and_its_bytes_around_damage_anywhere() {
    let damaged = Damaged::new();
    let bench = &damaged.bench;
    let bytes = fs::read(damaged.segment("ledger")).unwrap().len();
    let mut lost_ever = 0;
    for (number, at) in (100..bytes - 600).step_by(bytes / 14).enumerate() {
        let (from, to) = (format!("from{number}"), format!("to{number}"));
        damaged.with_byte_changed(&from, at);
        let before = content(&damaged.path(&from));
        let row = recover(
            bench,
            1,
            &[&from, &to, "--name", "Demo", "--tz", "America/Caracas"],
        );
        assert_eq!(
            content(&damaged.path(&from)),
            before,
            "the damaged folder was written to"
        );
        let verified = bench.run(&["-L", &to, "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.err);
        if row["lost_entries"] == serde_json::json!(["e0"]) {
            continue;
        }
        let lost = damaged.lost_in(&to);
        assert_eq!(row["lost"], lost.len(), "byte {at}: {row}");
        assert_eq!(
            row["lost_entries"],
            serde_json::json!([format!("e{}", lost[0])])
        );
        lost_ever += lost.len();
        let report = bench.run(&["-L", &to, "show", row["report"].as_str().unwrap()]);
        assert!(
            report.out.contains(&format!("lost: e{}", lost[0])),
            "{}",
            report.out
        );
    }
    assert!(lost_ever > 8);
}

#[test]
fn what_the_journal_lost_comes_from_the_sled_store_a_backup_or_an_export_with_the_old_root() {
    let damaged = Damaged::new();
    let bench = &damaged.bench;
    bench.ok(&["checkpoint", "--name", "before"]);
    bench.ok(&["backup", "backup"]);
    bench.ok(&["export", "-o", "export.jsonl"]);
    bench.ok(&["export", "--openings", "-o", "opened.jsonl"]);
    let old_root = root_of(bench, "ledger");
    let at = damaged.place_of(5);
    for (copy_from, source) in [
        (None, "store"),
        (Some("backup"), "copies"),
        (Some("export.jsonl"), "copies"),
        (Some("opened.jsonl"), "copies"),
    ] {
        let name = copy_from.unwrap_or("nothing");
        let (from, to) = (format!("from-{name}"), format!("to-{name}"));
        damaged.with_byte_changed(&from, at);
        let mut args = vec![from.as_str(), &to];
        match copy_from {
            Some(copy_from) => args.extend(["--from", copy_from]),
            None => copy(
                &bench.ledger().join("sled"),
                &damaged.path(&from).join("sled"),
            ),
        }
        let row = recover(bench, 0, &args);
        assert_eq!(row["root"], old_root, "{row}");
        assert_eq!(
            (&row[source], &row["lost"]),
            (&1.into(), &0.into()),
            "{row}"
        );
        assert!(damaged.lost_in(&to).is_empty());
        let names = bench.run(&["-L", &to, "person", "list"]).out;
        let is_opened = names.contains("Ana Demo 3");
        assert_eq!(is_opened, name != "export.jsonl", "{name}: {names}");
        assert!(names.contains("Ana Demo 1"), "{names}");
        let more = [
            "-L",
            &to,
            "append",
            "arrest",
            "demo:1",
            "--occurred",
            "2026-02-01",
        ];
        let more = bench.run(&[&more[..], &["--unsourced"]].concat());
        assert_eq!(more.code, 0, "{}", more.err);
        let signed = bench.run(&["-L", &to, "checkpoint"]);
        assert_eq!(signed.code, 0, "{}", signed.err);
        assert_eq!(bench.run(&["-L", &to, "verify"]).code, 0);
    }
}

#[test]
fn with_an_entry_lost_nothing_is_appended_or_signed_before_the_decision_is_recorded() {
    let damaged = Damaged::new();
    let bench = &damaged.bench;
    bench.ok(&["checkpoint"]);
    let at = damaged.place_of(5);
    damaged.with_byte_changed("from", at);
    let row = recover(bench, 1, &["from", "to"]);
    assert_eq!(row["given_up"], serde_json::json!(["13"]), "{row}");
    assert_eq!(row["same_until"], 5);
    let note = [
        "-L",
        "to",
        "append",
        "note",
        "--text",
        "more",
        "--unsourced",
    ];
    for args in [&note[..], &["-L", "to", "checkpoint"]] {
        assert_eq!(bench.run(args).code, 4, "{args:?}");
    }
    let resumed = bench.run(&[
        "-L",
        "to",
        "resume",
        "--fork",
        "--reason",
        "no copy is left",
    ]);
    assert_eq!(resumed.code, 0, "{}", resumed.err);
    for args in [
        &note[..],
        &["-L", "to", "checkpoint"],
        &["-L", "to", "verify"],
    ] {
        let run = bench.run(args);
        assert_eq!(run.code, 0, "{args:?}: {}", run.err);
    }
    assert!(
        damaged
            .path("to/checkpoints/abandoned/00000000000000000013.checkpoint")
            .exists()
    );
}

#[test]
fn a_ledger_with_any_one_entry_lost_still_answers_every_question() {
    let damaged = Damaged::new();
    let bench = &damaged.bench;
    let questions: [&[&str]; 9] = [
        &["totals"],
        &["status"],
        &["status", "p1"],
        &["list"],
        &["person", "list"],
        &["audit"],
        &["log"],
        &["report", "conflicts"],
        &["replay"],
    ];
    for seq in 1..damaged.lines.len() - 1 {
        let (from, to) = (format!("from{seq}"), format!("to{seq}"));
        damaged.with_byte_changed(&from, damaged.place_of(seq));
        recover(bench, 1, &[&from, &to]);
        assert_eq!(damaged.lost_in(&to), [seq]);
        for question in questions {
            let run = bench.run(&[&["-L", &to], question].concat());
            assert_eq!(run.code, 0, "e{seq} lost, {question:?}: {}", run.err);
        }
        let held = bench.run(&["-L", &to, "totals", "--as-of", "2026-02-01", "-O", "json"]);
        let rows = held.rows();
        let held = rows.iter().find(|row| row["axis"] == "profile").unwrap();
        // Five arrests, one of them retracted by the last entry, and one lost at most.
        assert_eq!(held["count"], expected_held(seq), "e{seq} lost: {rows:?}");
    }
}

/// How many are held when one entry is lost: e2, e4 .. e10 are arrests; e11 replaces e4; e12
/// retracts e6.
fn expected_held(lost: usize) -> u64 {
    match lost {
        2 | 8 | 10 => 3,
        // e11 says the same as e4, and a retraction of what is lost changes nothing.
        _ => 4,
    }
}

#[test]
fn copies_that_do_not_fit_are_refused_and_nothing_is_made() {
    let damaged = Damaged::new();
    let bench = &damaged.bench;
    bench.ok(&["export", "-o", "export.jsonl"]);
    damaged.with_byte_changed("from", damaged.place_of(5));
    let changed = |name: &str, seq: usize| {
        let mut lines = damaged.lines.clone();
        lines[seq] = lines[seq].replacen("\"by\":\"desk\"", "\"by\":\"tusk\"", 1);
        assert_ne!(lines[seq], damaged.lines[seq]);
        bench.file(name, lines.join("\n") + "\n")
    };
    let other = Bench::new();
    fs::remove_dir_all(other.ledger()).unwrap();
    other.ok(&["init", "--name", "Other"]);
    other.ok(&["export", "-o", "other.jsonl"]);
    let other = other.path().join("other.jsonl");
    let (intact, lost) = (changed("intact.jsonl", 7), changed("lost.jsonl", 5));
    let cut = bench.file("cut.jsonl", &damaged.lines[3][..40]);
    for (code, args, said) in [
        (4, &["from", "to", "--from", &intact][..], "another e7"),
        (4, &["from", "to", "--from", &lost], "another root"),
        (3, &["from", "to", "--from", &cut], "cannot read"),
        (
            2,
            &["from", "to", "--from", other.to_str().unwrap()],
            "another ledger",
        ),
        (2, &["from", "to", "--from", "nowhere"], "there is no"),
        (2, &["ledger", "to"], "nothing to recover"),
        (2, &["from", "from/to"], "in one another"),
        (2, &["from", "ledger"], "holds a ledger"),
        (2, &["nowhere", "to"], "there is no folder"),
    ] {
        let run = bench.run(&[&["recover"], args].concat());
        assert_eq!(run.code, code, "{args:?}\n{}", run.err);
        assert!(run.err.contains(said), "{args:?}\n{}", run.err);
        assert!(!damaged.path("to/amparo.toml").exists());
    }
    // Without its opening entry nobody knows when a day of the ledger ends.
    damaged.with_byte_changed("headless", damaged.place_of(0));
    let run = bench.run(&["recover", "headless", "to"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("--time-zone"), "{}", run.err);
    assert!(!damaged.path("to").exists());
    recover(bench, 0, &["headless", "to", "--from", "export.jsonl"]);
    assert!(damaged.lost_in("to").is_empty());
}

#[test]
fn damage_beside_the_log_is_named_and_what_is_intact_comes_along() {
    let damaged = Damaged::new();
    let bench = &damaged.bench;
    bench.ok(&["checkpoint"]);
    let root = root_of(bench, "ledger");
    for (number, file) in [
        "amparo.toml",
        "keys/secret",
        "keys/subjects",
        "checkpoints/log.pub",
        "keys/checkpoint.key",
        "checkpoints/00000000000000000013.checkpoint",
    ]
    .into_iter()
    .enumerate()
    {
        let (from, to) = (format!("from{number}"), format!("to{number}"));
        copy(&bench.ledger(), &damaged.path(&from));
        let path = damaged.path(&from).join(file);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 0x40;
        fs::write(&path, bytes).unwrap();
        let run = bench.run(&["recover", &from, &to]);
        assert_eq!(run.code, 0, "{file}: {}", run.err);
        let name = file.rsplit('/').next().unwrap();
        assert!(run.err.contains(name), "{file}: {}", run.err);
        assert!(!run.err.contains("Ana Demo"));
        assert!(damaged.lost_in(&to).is_empty());
        let head = bench.run(&["-L", &to, "log", "-O", "json"]);
        assert_eq!(head.code, 0, "{}", head.err);
        let people = bench.run(&["-L", &to, "person", "list"]).out;
        let opened = (1..=5)
            .filter(|n| people.contains(&format!("Ana Demo {n}")))
            .count();
        assert_eq!(
            opened,
            if file == "keys/subjects" { 4 } else { 5 },
            "{file}: {people}"
        );
        let report = bench.run(&["-L", &to, "show", "e13"]).out;
        assert!(report.contains(&root), "{file}: {report}");
    }
}
