//! Hostile text: kept byte for byte as evidence, and harmless on every output.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use serde_json::{Value, json};

use super::{Ran, Scene, commands, each, runs_of, words};
use crate::folders;

/// Escapes of a terminal, overrides of the writing direction, marks without width, a formula, and
/// what means something in Markdown and SVG.
const HOSTILE: &str = "=Zo\u{eb}\u{1b}[31m\u{9b}2J\u{7}\u{202e}\u{2066}\u{200b}x\u{200d}y\u{feff}\
                       \u{e0041}\u{ad}|`<b>*&amp;\"']\n\r\tDemo";
const FORMS: [&str; 5] = ["table", "md", "json", "jsonl", "csv"];
/// Commands whose answer is the stored bytes themselves, or no text from input.
const AS_STORED: [&str; 3] = ["export", "completions", "man"];

/// Hostile text in every free field.
fn drafts() -> Vec<Value> {
    let source = || json!([{"publisher": HOSTILE, "kind": "ngo", "title": HOSTILE}]);
    let who = |draft: Value| {
        let mut draft = draft;
        draft["person"] = "demo:1".into();
        draft["sources"] = source();
        draft
    };
    vec![
        who(json!({"kind": "note", "text": HOSTILE})),
        who(
            json!({"kind": "person", "private": {"name": HOSTILE, "aliases": [HOSTILE],
            "nationality": HOSTILE, "note": HOSTILE, "sources": source()}}),
        ),
        json!({"kind": "person", "person": "demo:2", "private": {"name": format!("2{HOSTILE}")},
            "unsourced": true}),
        json!({"kind": "group", "group": "demo:g", "size": 5, "label": HOSTILE, "unsourced": true}),
        who(
            json!({"kind": "arrest", "occurred": "2026-01-05", "authority": HOSTILE,
            "place": format!("XX:{HOSTILE}"), "grounds": [HOSTILE]}),
        ),
        who(json!({"kind": "note", "text": HOSTILE})),
        json!({"kind": "instrument", "instrument": "demo-law", "title": HOSTILE,
            "adopted_by": HOSTILE, "exclusions": [{"code": "x", "text": HOSTILE}],
            "sources": source()}),
        who(
            json!({"kind": "charge", "occurred": "2026-01-06", "offences": [HOSTILE],
            "court": HOSTILE}),
        ),
        who(json!({"kind": "clemency-request", "occurred": "2026-01-07",
            "instrument": "demo-law", "filed_by": HOSTILE, "court": HOSTILE, "ground": "x"})),
        who(json!({"kind": "conditional-release", "occurred": "2026-02", "measures": [HOSTILE]})),
        who(
            json!({"kind": "exile", "occurred": "2026-02-20", "destination": HOSTILE,
            "cause": HOSTILE}),
        ),
        json!({"kind": "claim", "claimant": HOSTILE, "measure": "held", "quantity": {"low": 9},
            "about": "2026-02-01", "scope": HOSTILE, "sources": source()}),
        json!({"kind": "source-silent", "list": HOSTILE, "unsourced": true}),
        json!({"kind": "custody-observed", "group": "demo:g", "occurred": "2026-01-09",
            "sources": source()}),
    ]
}

fn scene() -> Scene {
    Scene::with(
        HOSTILE,
        &drafts(),
        "NUMBER,ADMITTED\n=1,2026-02-19\n7,2026-02-18\n",
    )
}

/// Whether a character moves, hides or reorders others.
fn steers(before: Option<char>, c: char) -> bool {
    let marks = "\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\
                 \u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{e0041}";
    (c.is_control() && c != '\n')
        || marks.contains(c)
        || (c == '\u{200d}' && before.is_none_or(|before| before.is_ascii()))
}

fn insist_harmless(text: &[u8], what: &str) {
    let text = std::str::from_utf8(text).unwrap_or_else(|_| panic!("{what}: not UTF-8"));
    let mut before = None;
    let found = text.chars().find(|c| steers(before.replace(*c), *c));
    assert!(found.is_none(), "{what}: {found:?} in\n{text:?}");
}

/// No field begins like a formula, unless it is a number.
fn insist_no_formula(csv: &[u8], what: &str) {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv);
    for record in reader.byte_records() {
        for field in &record.unwrap() {
            let field = String::from_utf8_lossy(field);
            let is_formula = field.trim_start().starts_with(['=', '+', '-', '@']);
            let is_number = field.parse::<f64>().is_ok();
            assert!(!is_formula || is_number, "{what}: {field:?}");
        }
    }
}

/// Cells of Markdown: as many bars as the heading has, and no element.
fn insist_markdown(text: &[u8], what: &str) {
    let text = String::from_utf8_lossy(text)
        .replace("\\\\", "")
        .replace("\\|", "");
    let bars: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
    let count = |line: &str| line.matches('|').count();
    assert!(
        bars.iter().all(|line| count(line) == count(bars[0])),
        "{what}: {text}"
    );
    assert!(!text.replace("\\<", "").contains('<'), "{what}: {text}");
}

fn insist_all(ran: &Ran, form: &str, path: &str, what: &str) {
    assert!(
        ran.code != 70,
        "{what}: {}",
        String::from_utf8_lossy(&ran.err)
    );
    insist_harmless(&ran.err, what);
    let is_as_stored = AS_STORED.contains(&path);
    match form {
        "csv" if !is_as_stored => insist_no_formula(&ran.out, what),
        "csv" => {}
        _ if is_as_stored => {}
        form => {
            insist_harmless(&ran.out, what);
            if form == "md" && ran.out.starts_with(b"|") {
                insist_markdown(&ran.out, what);
            }
        }
    }
}

#[test]
fn no_answer_of_any_command_steers_a_terminal_or_is_taken_for_a_formula() {
    let scene = scene();
    let all = commands();
    let runs: Vec<_> = all
        .iter()
        .flat_map(|(path, _)| runs_of(path, &all).into_iter().map(move |run| (path, run)))
        .collect();
    each(&runs, |(path, run)| {
        for form in FORMS {
            let scene = scene.copy();
            let mut args = words(&scene, run, HOSTILE);
            args.extend(["-O", form].map(OsString::from));
            let ran = scene.run(args);
            let what = format!("{run} -O {form}");
            let err = String::from_utf8_lossy(&ran.err);
            // A chart is for people, and has no other form.
            let is_no_form = ran.code == 2 && form != "table";
            assert!(ran.code <= 1 || is_no_form, "{what}: {err}");
            insist_all(&ran, form, path, &what);
            insist_files_harmless(&scene, &what);
        }
    });
}

/// The drawings and tables that a run has written.
fn insist_files_harmless(scene: &Scene, what: &str) {
    for path in folders::files(&scene.dir()) {
        let name = path
            .strip_prefix(scene.dir())
            .unwrap()
            .display()
            .to_string();
        let what = format!("{what}: {name}");
        let content = || fs::read(&path).unwrap();
        if name.ends_with(".svg") {
            insist_harmless(&content(), &what);
            let text = String::from_utf8(content()).unwrap();
            assert!(
                !text.contains("<b>") && text.contains("&lt;b&gt;"),
                "{what}: {text}"
            );
        } else if name.ends_with(".csv") && !name.starts_with("roster") {
            insist_no_formula(&content(), &what);
        } else if [".md", ".cff", "datapackage.json"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            insist_harmless(&content(), &what);
        }
    }
}

#[test]
fn hostile_text_in_any_option_is_answered_without_harm_and_without_a_panic() {
    let scene = scene();
    let all = commands();
    let invalid = OsString::from_vec(b"x\x1b[31m\xff\xc2\x9b".to_vec());
    each(&all, |(path, command)| {
        let Some(run) = runs_of(path, &all).into_iter().next() else {
            return;
        };
        let scene = scene.copy();
        let base = words(&scene, &run, HOSTILE);
        let options = command
            .get_arguments()
            .filter(|arg| arg.get_long().is_some());
        let takes_values = options.filter(|arg| arg.get_action().takes_values());
        let mut tries: Vec<Vec<OsString>> = takes_values
            .map(|arg| {
                let option = format!("--{}", arg.get_long().unwrap_or_default());
                [base.clone(), vec![option.into(), HOSTILE.into()]].concat()
            })
            .collect();
        let words = path.split(' ').map(OsString::from);
        let only: Vec<_> = words.collect();
        for value in [OsString::from(HOSTILE), invalid.clone()] {
            tries.push([only.clone(), vec![value.clone()]].concat());
            tries.push([only.clone(), vec![value.clone(), value]].concat());
        }
        tries.push([base, vec!["--no-such".into(), invalid.clone()]].concat());
        for args in tries {
            let what = format!("{args:?}");
            insist_all(&scene.run(args), "table", path, &what);
        }
    });
}

#[test]
fn hostile_text_is_kept_byte_for_byte() {
    let scene = scene();
    let json = |args: &[&str]| -> Value {
        let args = [args, &["-O", "json"]].concat();
        serde_json::from_slice(&scene.ok(&args).out).unwrap()
    };
    let exported = scene.ok(&["export", "--openings"]).out;
    let lines = String::from_utf8(exported).unwrap();
    let values: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let entry = |value: &Value| {
        value["entry"]
            .as_object()
            .map_or(value.clone(), |e| json!(e))
    };
    let held = |key: &str| values.iter().any(|value| entry(value)[key] == HOSTILE);
    for key in [
        "authority",
        "label",
        "title",
        "court",
        "filed_by",
        "claimant",
        "text",
        "list",
    ] {
        assert!(held(key), "{key}");
    }
    assert!(
        lines.contains(&serde_json::to_string(HOSTILE).unwrap()),
        "{lines}"
    );
    let shown = json(&["person", "show", "p1"]).to_string();
    assert!(
        shown.contains(&serde_json::to_string(HOSTILE).unwrap()),
        "{shown}"
    );
}

#[test]
fn names_that_look_alike_are_different_people_and_are_never_guessed() {
    let scene = scene();
    // Latin, Cyrillic A, and Latin with a mark that has no width.
    for name in ["Ana Demo", "\u{410}na Demo", "Ana\u{200b} Demo"] {
        scene.ok(&["person", "add", name, "--unsourced"]);
    }
    let arrest = |name: &str| {
        let args = [
            "append",
            "arrest",
            name,
            "--occurred",
            "2026-01-09",
            "--unsourced",
            "-n",
        ];
        scene.run(args.map(OsString::from))
    };
    let person = |name: &str| {
        let args = ["person", "show", name, "-O", "json"].map(OsString::from);
        let shown: Value = serde_json::from_slice(&scene.run(args).out).unwrap_or_default();
        shown["rows"][0]["ref"].clone()
    };
    let known = ["p3", "p4", "p5"].map(person);
    assert!(known.iter().all(Value::is_string), "{known:?}");
    assert!(known[0] != known[1] && known[1] != known[2] && known[0] != known[2]);
    for (n, name) in ["Ana Demo", "\u{410}na Demo", "Ana\u{200b} Demo"]
        .iter()
        .enumerate()
    {
        assert_eq!(person(name), known[n], "{name:?}");
    }
    assert_eq!(arrest("An\u{430} Demo").code, 5);
}

#[test]
fn text_above_its_limit_is_refused_at_its_place_without_being_repeated() {
    let scene = scene();
    for (len, code) in [
        (1024, 0),
        (1025, 3),
        (65_000, 3),
        (70_000, 3),
        (1_000_000, 3),
    ] {
        let name = "\u{e9}".repeat(len / 2) + &"x".repeat(len % 2);
        let draft = json!({"kind": "person", "person": format!("demo:{len}"), "unsourced": true,
            "private": {"name": name}});
        fs::write(scene.dir().join("long.jsonl"), draft.to_string()).unwrap();
        let ran = scene.run(["import", "long.jsonl"].map(OsString::from));
        let err = String::from_utf8_lossy(&ran.err);
        assert_eq!(ran.code, code, "{len}: {err}");
        assert!(
            err.len() < 2000 && !err.contains("\u{e9}\u{e9}"),
            "{len}: {err}"
        );
        assert!(code == 0 || err.contains("long.jsonl:1:"), "{len}: {err}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_at_their_place() {
    let scene = scene();
    let line: &[u8] = br#"{"kind":"note","text":"a"#;
    for bytes in [
        &b"\xff"[..],
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc2",
    ] {
        let draft = [line, bytes, br#"","unsourced":true}"#].concat();
        fs::write(scene.dir().join("broken.jsonl"), draft).unwrap();
        let ran = scene.run(["import", "broken.jsonl"].map(OsString::from));
        assert_eq!(ran.code, 3, "{bytes:?}");
        insist_harmless(&ran.err, "broken.jsonl");
        let err = String::from_utf8(ran.err).unwrap();
        assert!(err.contains("broken.jsonl:1:25"), "{err}");
    }
}
