//! Private names: in no talk, error or file, and in folders that keep others out.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{Scene, commands, each, runs_of, words};
use crate::folders;

/// What nothing of a private field may show: in every field another, all with this in it.
const CANARY: &str = "Kanarienvogel";

/// What a person is known by on the screen.
fn name() -> String {
    format!("{CANARY} Nameson")
}

/// A private value of each field.
fn private() -> Value {
    json!({"name": name(), "aliases": [format!("{CANARY} Aliasson")],
        "nationality": format!("{CANARY}land"), "note": format!("{CANARY} sings at night"),
        "sources": [{"publisher": format!("{CANARY} Witness"), "kind": "witness"}]})
}

fn scene() -> Scene {
    let person = |n: usize| json!({"kind": "person", "person": format!("demo:{CANARY}-{n}"), "private": private()});
    let arrest = |draft: Value| {
        let mut draft = draft;
        draft["person"] = format!("demo:{CANARY}-1").into();
        draft["private"] = json!({"note": format!("{CANARY} knows"),
            "sources": [{"publisher": format!("{CANARY} Cellmate"), "kind": "witness"}]});
        draft
    };
    let drafts = [
        arrest(json!({"kind": "note", "text": "x"})),
        person(1),
        person(2),
        json!({"kind": "group", "group": format!("demo:{CANARY}-g"), "size": 5,
            "unsourced": true}),
        arrest(json!({"kind": "arrest", "occurred": "2026-01-05"})),
        arrest(json!({"kind": "note", "text": "y"})),
        json!({"kind": "instrument", "instrument": "demo-law", "unsourced": true}),
        arrest(json!({"kind": "release", "occurred": "2026-02-05"})),
    ];
    Scene::with(
        "Demo",
        &drafts,
        &format!("NUMBER,ADMITTED\n{CANARY}-1,2026-02-19\n{CANARY}-9,2026-02-19\n"),
    )
}

fn holds(bytes: &[u8]) -> bool {
    let mut found = [
        CANARY.to_owned(),
        CANARY.to_lowercase(),
        CANARY.to_uppercase(),
    ]
    .into_iter();
    found.any(|form| {
        bytes
            .windows(form.len())
            .any(|window| window == form.as_bytes())
    })
}

/// The files below a folder that hold a private value, without those that were handed in.
fn holding(folder: &Path) -> Vec<String> {
    let mut found = folders::files(folder);
    found.retain(|path| holds(&fs::read(path).unwrap()));
    let names = found
        .iter()
        .map(|path| path.strip_prefix(folder).unwrap().display().to_string());
    names
        .filter(|name| !["first.jsonl", "drafts.jsonl", "roster-20260220.csv"].contains(&&**name))
        .collect()
}

#[test]
fn no_command_writes_a_private_value_to_its_talk_or_to_any_file() {
    let scene = scene();
    assert_eq!(holding(&scene.dir()), Vec::<String>::new());
    let all = commands();
    each(&all, |(path, command)| {
        for run in runs_of(path, &all) {
            let scene = scene.copy();
            let ran = scene.run(words(&scene, &run, "Demo"));
            let err = String::from_utf8_lossy(&ran.err);
            assert!(ran.code <= 1, "{run}: {err}");
            // A write says whom it was about, and no more of them.
            assert!(!holds(err.replace(&name(), "").as_bytes()), "{run}: {err}");
            assert_eq!(holding(&scene.dir()), Vec::<String>::new(), "{run}");
            // And where it fails: an option that the command does not take, and no ledger.
            for more in [["--no-such", "x"], ["-L", "nowhere"]] {
                let mut args = words(&scene, &run, "Demo");
                args.extend(more.map(OsString::from));
                let err = scene.run(args).err;
                assert!(
                    !holds(&err),
                    "{run} {more:?}: {}",
                    String::from_utf8_lossy(&err)
                );
            }
        }
        let writes = command.get_arguments().any(|arg| arg.get_id() == "dry_run");
        if writes {
            let scene = scene.copy();
            fs::write(scene.dir().join("ledger/keys/subjects"), "damaged").unwrap();
            for run in runs_of(path, &all) {
                let err = scene.run(words(&scene, &run, "Demo")).err;
                assert!(!holds(&err), "{run}: {}", String::from_utf8_lossy(&err));
            }
        }
    });
}

#[test]
fn no_fault_of_a_draft_repeats_a_private_value() {
    let scene = scene();
    let long = CANARY.repeat(200);
    let fields: Vec<(&str, Vec<Value>)> = vec![
        (
            "name",
            vec![json!([CANARY]), json!({CANARY: 1}), json!(long), json!("")],
        ),
        (
            "aliases",
            vec![json!({CANARY: 1}), json!([[CANARY]]), json!([long])],
        ),
        (
            "refs",
            vec![
                json!(CANARY),
                json!([CANARY]),
                json!(format!("x y:{CANARY}")),
            ],
        ),
        ("birth", vec![json!(CANARY), json!([CANARY]), json!(long)]),
        ("sex", vec![json!(CANARY), json!([CANARY]), json!(long)]),
        ("nationality", vec![json!([CANARY]), json!(long)]),
        ("note", vec![json!([CANARY]), json!(CANARY.repeat(2000))]),
        (
            "sources",
            vec![
                json!(CANARY),
                json!([CANARY]),
                json!([{"publisher": CANARY}]),
                json!([{"publisher": CANARY, "kind": CANARY}]),
                json!([{CANARY: 1}]),
            ],
        ),
        ("nombre", vec![json!(CANARY)]),
        (CANARY, vec![json!("x")]),
    ];
    let whole = |field: &str, value: &Value, more: &str| {
        format!(
            r#"{{"kind":"person","person":"demo:3","unsourced":true{more},"private":{{"{field}":{value}}}}}"#
        )
    };
    let mut lines = Vec::new();
    for (field, values) in &fields {
        for value in values {
            lines.push(whole(field, value, ""));
            // The same with a fault elsewhere, before and behind.
            lines.push(whole(field, value, r#","knd":1"#));
            lines.push(whole(field, value, "").replace("}}", "}},"));
            lines.push(whole(field, value, "").replace("\"private\":", "\"private\""));
            lines.push(whole(field, value, "").replace("}}", &format!(",\"{field}\":1}}}}")));
        }
    }
    lines.push(format!(
        r#"{{"kind":"arrest","person":"{CANARY} Demo","occurred":"2026-02-01"}}"#
    ));
    lines.push(format!(
        r#"{{"kind":"person","person":"demo:3","name":"{CANARY}","unsourced":true}}"#
    ));
    for line in &lines {
        fs::write(scene.dir().join("bad.jsonl"), line).unwrap();
        for command in ["import", "check"] {
            for form in ["table", "json"] {
                let ran = scene.run([command, "bad.jsonl", "-O", form].map(OsString::from));
                let said = [ran.out, ran.err].concat();
                assert!(!holds(&said), "{line}:\n{}", String::from_utf8_lossy(&said));
            }
        }
    }
}

#[test]
fn what_is_made_is_for_its_owner_alone_and_a_folder_open_to_others_is_named() {
    let scene = scene();
    let ledger = scene.dir().join("ledger");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut waiting = vec![ledger.clone()];
    while let Some(folder) = waiting.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for item in fs::read_dir(&folder).unwrap() {
            let path = item.unwrap().path();
            let is_sled = folder == ledger.join("sled");
            // sled makes what it holds by itself: its folder keeps others out.
            if path.is_dir() && !is_sled {
                waiting.push(path);
            } else if !is_sled && !path.ends_with("policy.txt") {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let said = || String::from_utf8(scene.ok(&["status"]).err).unwrap();
    open(&ledger.join("keys"), 0o750);
    assert!(
        !said().contains("others"),
        "nobody else can enter: {}",
        said()
    );
    for mode in [0o755, 0o710, 0o701] {
        open(&ledger, mode);
        let said = said();
        assert!(
            said.contains("others on this computer can get at ") && said.contains("ledger/keys:"),
            "{said}"
        );
        assert!(said.contains("chmod -R go="), "{said}");
    }
    open(&ledger.join("keys"), 0o700);
    assert!(!said().contains("others"), "{}", said());
}
