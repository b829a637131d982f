//! `export --tiles`, the verify.py in it, and `verify --against`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::folders::{copy, files, remove, replace};
use crate::harness::Bench;

const ARREST: [&str; 6] = [
    "append",
    "arrest",
    "demo:x",
    "--occurred",
    "2026-01-02",
    "--unsourced",
];

/// A signed demo ledger with a public export.
fn published(more: &[&str]) -> Bench {
    let bench = Bench::demo();
    bench.ok(&["checkpoint"]);
    bench.ok(&[&["export", "--tiles", "public"], more].concat());
    bench
}

/// Runs the export's own script; nothing where the machine has no Python.
fn script(folder: &Path, args: &[&str]) -> Option<(i32, String)> {
    let run = Command::new("python3")
        .arg("-B")
        .arg(folder.join("verify.py"))
        .args(args)
        .output()
        .ok()?;
    let said =
        String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    Some((run.status.code().unwrap_or(-1), said))
}

/// Every file of a folder by its name, with its bytes.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let name = |path: &Path| {
        path.strip_prefix(folder)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    files(folder)
        .iter()
        .map(|path| (name(path), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn an_export_verifies_with_its_script_and_against_its_ledger() {
    let bench = published(&[]);
    let folder = bench.path().join("public");
    let run = bench.run(&["verify", "--against", "public"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!folder.join("disclosures").exists());
    let key = fs::read_to_string(folder.join("log.pub")).unwrap();
    let older = bench
        .ledger()
        .join(format!("checkpoints/{:020}.checkpoint", 52));
    let args = ["--key", key.trim(), "--older", older.to_str().unwrap()];
    if let Some((code, said)) = script(&folder, &args) {
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("52 entries, root"), "{said}");
    }
}

#[test]
fn an_export_is_the_same_however_often_it_was_brought_up_to_date() {
    let bench = published(&[]);
    let many: String = (0..600)
        .map(|n| format!("{{\"kind\":\"arrest\",\"person\":\"fp:m{n}\",\"occurred\":\"2026-01-02\",\"unsourced\":true}}\n"))
        .collect();
    bench.file("many.jsonl", many);
    bench.ok(&["import", "many.jsonl"]);
    bench.ok(&["checkpoint"]);
    let row = &bench.rows(&["export", "--tiles", "public"])[0];
    assert_eq!(
        (&row["before"], &row["entries"]),
        (&52.into(), &1252.into())
    );
    bench.ok(&ARREST);
    let fresh = bench.ok(&["export", "--tiles", "fresh"]);
    assert!(
        fresh.err.contains("2 entries are not signed yet"),
        "{}",
        fresh.err
    );
    assert_eq!(
        content(&bench.path().join("public")),
        content(&bench.path().join("fresh"))
    );
    let again = &bench.rows(&["export", "--tiles", "public"])[0];
    assert_eq!(again["files"], 0);
    for folder in ["public", "fresh"] {
        assert_eq!(bench.run(&["verify", "--against", folder]).code, 0);
        if let Some((code, said)) = script(&bench.path().join(folder), &[]) {
            assert_eq!(code, 0, "{said}");
        }
    }
}

#[test]
fn a_public_export_shows_what_was_named_and_nothing_else() {
    let bench = published(&[]);
    let private = bench.run(&["export", "--openings"]).out;
    let name = |line: &str| {
        let value = line
            .split("\"name\":{\"salt\":\"")
            .nth(1)?
            .split("\"value\":\"")
            .nth(1)?;
        Some(value.split('"').next()?.to_owned())
    };
    let names: Vec<String> = private.lines().filter_map(name).collect();
    assert!(names.len() > 3, "{names:?}");
    let shown = |folder: &str| {
        let all = content(&bench.path().join(folder));
        let text: Vec<u8> = all.into_iter().flat_map(|(_, bytes)| bytes).collect();
        let text = String::from_utf8_lossy(&text).into_owned();
        names.iter().filter(|name| text.contains(*name)).count()
    };
    assert_eq!(shown("public"), 0);
    let one = bench.ok(&[
        "export",
        "--tiles",
        "one",
        "--disclose",
        "name",
        "--of",
        "p1",
    ]);
    assert!(
        one.err.contains("private fields of 1 entries"),
        "{}",
        one.err
    );
    assert_eq!(shown("one"), 1);
    bench.ok(&["export", "--tiles", "public", "--disclose", "name,aliases"]);
    assert_eq!(shown("public"), names.len());
    assert_eq!(bench.run(&["verify", "--against", "public"]).code, 0);
    if let Some((code, said)) = script(&bench.path().join("public"), &[]) {
        assert!(code == 0 && !said.contains(" 0 disclosures"), "{said}");
    }
    bench.ok(&["export", "--tiles", "public"]);
    assert_eq!(shown("public"), 0);
    let bad = bench.refused(2, &["export", "--tiles", "x", "--disclose", "nombre"]);
    assert!(bad.err.contains("there are name, aliases"), "{}", bad.err);
    bench.refused(
        5,
        &[
            "export",
            "--tiles",
            "x",
            "--disclose",
            "name",
            "--of",
            "nobody",
        ],
    );
}

#[test]
fn every_byte_of_an_export_is_checked() {
    let bench = published(&["--disclose", "name", "--of", "p1"]);
    let folder = bench.path().join("public");
    let mut flipped = 0;
    for path in files(&folder) {
        let sound = fs::read(&path).unwrap();
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        for at in [sound.len() / 3, sound.len() - 1] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let run = bench.run(&["verify", "--against", "public"]);
            assert!(
                [2, 4].contains(&run.code),
                "{name} byte {at}: {}{}",
                run.out,
                run.err
            );
            let tile = name.starts_with("tile/");
            assert!(
                !tile || run.err.contains("tile/"),
                "{name} byte {at}: {}",
                run.err
            );
            // A script that was changed cannot be asked about itself.
            if let Some((code, said)) = (name != "verify.py")
                .then(|| script(&folder, &[]))
                .flatten()
            {
                assert_eq!(code, 1, "{name} byte {at}: {said}");
                assert!(said.contains("FAULT"), "{name} byte {at}: {said}");
            }
            flipped += 1;
        }
        fs::write(&path, &sound).unwrap();
        fs::remove_file(&path).unwrap();
        assert_ne!(
            bench.run(&["verify", "--against", "public"]).code,
            0,
            "{name} gone"
        );
        fs::write(&path, &sound).unwrap();
    }
    assert!(flipped >= 16, "{flipped}");
    bench.file("public/tile/0/001", [0; 32]);
    assert_eq!(bench.run(&["verify", "--against", "public"]).code, 4);
    if let Some((code, said)) = script(&folder, &[]) {
        assert!(code == 1 && said.contains("tile/0/001"), "{said}");
    }
}

#[test]
fn a_log_that_was_cut_or_built_anew_is_found_by_what_is_kept_elsewhere() {
    let bench = Bench::demo();
    copy(&bench.ledger(), &bench.path().join("older"));
    bench.ok(&ARREST);
    bench.ok(&["checkpoint"]);
    bench.ok(&["export", "--tiles", "public"]);
    bench.ok(&["export", "-o", "kept.jsonl"]);
    let head = format!("{:020}.checkpoint", 54);
    fs::copy(
        bench.ledger().join("checkpoints").join(&head),
        bench.path().join(&head),
    )
    .unwrap();
    let kept = ["public", "kept.jsonl", head.as_str()];
    for kept in kept {
        assert_eq!(bench.run(&["verify", "--against", kept]).code, 0, "{kept}");
        let log = &bench.rows(&["verify", "--log-only", "--against", kept])[0];
        assert_eq!(
            (&log["result"], &log["entries"]),
            (&json!("log sound"), &json!(54))
        );
        assert_eq!(
            (&log["opened"], &log["unopened"]),
            (&json!(null), &json!(null))
        );
    }
    // Cut: the whole folder put back, keys and all, so that nothing inside remembers.
    replace(&bench.ledger(), &bench.path().join("older"));
    assert_eq!(bench.run(&["verify"]).code, 0);
    for kept in kept {
        let run = bench.run(&["verify", "--against", kept]);
        assert_eq!(run.code, 4, "{kept}: {}", run.out);
        assert!(
            run.err.contains("it has 54 entries, and this ledger 52"),
            "{kept}: {}",
            run.err
        );
    }
    let behind = bench.ok(&["checkpoint"]);
    assert!(behind.err.contains("signed"), "{}", behind.err);
    let newer = bench.refused(4, &["export", "--tiles", "public"]);
    assert!(newer.err.contains("only 52"), "{}", newer.err);
    // Built anew, by somebody with the key: the same length, every hash in order.
    bench.ok(&[
        "append",
        "release",
        "demo:y",
        "--occurred",
        "2026-01-09",
        "--unsourced",
    ]);
    bench.ok(&["checkpoint"]);
    for kept in kept {
        for extent in [&["verify"][..], &["verify", "--log-only"]] {
            let run = bench.run(&[extent, &["--against", kept]].concat());
            assert_eq!(run.code, 4, "{kept}: {}", run.out);
            assert!(run.err.contains("rewritten"), "{kept}: {}", run.err);
        }
    }
    let fork = bench.refused(4, &["export", "--tiles", "public"]);
    assert!(
        fork.err.contains("this log does not begin with its 54"),
        "{}",
        fork.err
    );
    if let Some((code, said)) = script(&bench.path().join("public"), &["--older", &head]) {
        // The script runs in this folder's parent: the head is found by its full path alone.
        assert!(code == 1 && said.contains(&head), "{said}");
    }
    // Of another log altogether.
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
    let strange = "strange/checkpoints/00000000000000000001.checkpoint";
    let run = bench.run(&["verify", "--against", strange]);
    assert!(
        run.code == 4 && run.err.contains("it is of another log"),
        "{}",
        run.err
    );
    bench.refused(2, &["verify", "--against", "nothing"]);
    bench.file("text", "no checkpoint\n");
    bench.refused(2, &["verify", "--against", "text"]);
}

#[test]
fn a_ledger_is_made_and_resumed_from_a_public_export() {
    let bench = Bench::demo();
    let older = bench.path().join("older");
    copy(&bench.ledger(), &older);
    bench.ok(&ARREST);
    bench.ok(&["checkpoint"]);
    bench.ok(&["export", "--tiles", "public"]);
    let head = bench.head();
    bench.ok(&["init", "-L", "copy", "--from", "public"]);
    let copied = bench.run(&["verify", "-L", "copy", "-O", "json"]).json();
    assert_eq!(copied["meta"]["head"].to_string(), head);
    for part in ["journal", "sled"] {
        replace(&bench.ledger().join(part), &older.join(part));
    }
    assert_eq!(bench.run(&ARREST).code, 4);
    bench.ok(&["resume", "--from", "public"]);
    assert_eq!(bench.head(), head);
    remove(&older);
}

#[test]
fn an_export_goes_nowhere_where_something_else_is() {
    let bench = Bench::demo();
    bench.refused(3, &["export", "--tiles", "public"]);
    bench.ok(&["checkpoint"]);
    fs::create_dir(bench.path().join("taken")).unwrap();
    bench.file("taken/mine", "x");
    bench.refused(2, &["export", "--tiles", "taken"]);
    bench.refused(2, &["export", "--disclose", "name"]);
    assert_eq!(content(&bench.path().join("taken")).len(), 1);
}
