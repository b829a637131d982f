//! The commands that write: what they change, what they say, and how it is taken back.

use std::process::Command;

use amparo_model::random::Random;

use super::folders;
use super::harness::{Bench, fixture};

const ANA_TAKEN: [&str; 8] = [
    "append",
    "arrest",
    "demo:ana",
    "--occurred",
    "2026-02-08..09",
    "--place",
    "VE:Caracas",
    "--unsourced",
];

#[test]
fn an_append_registers_its_subject_says_what_it_did_and_how_to_undo_it() {
    let bench = Bench::new();
    let run = bench.ok(&ANA_TAKEN);
    let out = "\
action      entry  kind    subject  name  occurred               target
registered  e1     person  p1
recorded    e2     arrest  p1             2026-02-08/2026-02-09
";
    let err = "\
registered e1: person of p1
recorded e2: arrest of p1, 2026-02-08/2026-02-09: VE:Caracas
undo with `amparo undo`
";
    assert_eq!((run.out.as_str(), run.err.as_str()), (out, err));
}

#[test]
fn a_dry_run_shows_the_exact_event_and_writes_nothing() {
    let bench = Bench::new();
    let before = bench.head();
    for args in [
        &ANA_TAKEN[..],
        &["claim", "Foro Penal", "held", "~650", "--unsourced"],
        &["person", "add", "Ana Demo"],
        &["instrument", "add", "demo-amnesty", "--unsourced"],
        &["import", &fixture("demo-small.jsonl")],
    ] {
        let args = [args, &["-n"]].concat();
        let run = bench.ok(&args);
        assert!(
            run.err.ends_with("nothing was written (--dry-run)\n"),
            "{args:?}\n{}",
            run.err
        );
        assert_eq!(bench.head(), before, "{args:?}");
    }
    let rows = bench.rows(
        &[
            &ANA_TAKEN[..],
            &["-n", "--id", "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d"],
        ]
        .concat(),
    );
    let event = &rows[1]["event"];
    assert_eq!(rows[1]["would_be"], "e2");
    assert_eq!(event["id"], "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d");
    assert_eq!(event["occurred"], "2026-02-08/2026-02-09");
    assert_eq!(event["place"], "VE:Caracas");
}

#[test]
fn an_undo_takes_the_last_write_back_and_an_undo_of_it_brings_it_back() {
    let bench = Bench::new();
    bench.ok(&ANA_TAKEN);
    let standing = || {
        let rows = bench.rows(&["log"]);
        [rows[1]["standing"].clone(), rows[2]["standing"].clone()]
    };
    assert_eq!(standing(), ["in force", "in force"]);
    let undo = bench.rows(&["undo"]);
    assert_eq!(
        undo.iter()
            .map(|row| row["target"].clone())
            .collect::<Vec<_>>(),
        ["e2", "e1"]
    );
    assert_eq!(standing(), ["retracted by e4", "retracted by e3"]);
    bench.ok(&["undo"]);
    assert_eq!(standing(), ["in force", "in force"]);
    bench.ok(&["undo"]);
    assert_eq!(standing(), ["retracted by e4", "retracted by e3"]);
}

#[test]
fn an_import_is_undone_as_one() {
    let bench = Bench::demo();
    bench.ok(&["undo"]);
    let rows = bench.rows(&["log"]);
    assert_eq!(rows.len(), 1 + 51 + 51);
    let first = rows.iter().skip(1).take(38);
    assert!(
        first.clone().all(|row| row["standing"] != "in force"),
        "{first:?}"
    );
}

#[test]
fn importing_a_file_twice_appends_nothing_twice() {
    let bench = Bench::demo();
    let before = bench.head();
    let rows = bench.rows(&["import", &fixture("demo-small.jsonl")]);
    assert_eq!(bench.head(), before);
    assert_eq!(
        (&rows[0]["new"], &rows[0]["duplicate"]),
        (&0.into(), &51.into())
    );
}

#[test]
fn import_answers_with_the_keys_of_the_design_in_their_order() {
    let bench = Bench::new();
    let file = bench.file(
        "two.jsonl",
        "{\"kind\":\"note\",\"text\":\"x\",\"unsourced\":true}\n",
    );
    let run = bench.ok(&["import", &file, "-O", "json"]);
    let row = run.out.lines().nth(1).unwrap();
    let (start, root) = row.split_once("\"root\":\"").unwrap();
    assert_eq!(
        start,
        r#"{"file":"two.jsonl","new":1,"duplicate":0,"refused":0,"head":{"seq":1,"#
    );
    assert!(
        root.ends_with(r#""},"registered":0}"#) && root.len() == 64 + 18,
        "{root}"
    );
}

#[test]
fn drafts_come_from_standard_input_too() {
    let bench = Bench::new();
    let draft = "{\"kind\":\"note\",\"text\":\"x\",\"unsourced\":true}";
    for (args, new) in [(["import", "-"], 1), (["append", "-"], 0)] {
        let run = bench.run_with_stdin(&[&args[..], &["-O", "json"]].concat(), draft);
        assert_eq!(
            (run.code, &run.rows()[0]["new"]),
            (0, &new.into()),
            "{args:?}"
        );
    }
}

#[test]
fn several_files_are_one_import_with_a_row_and_a_head_for_each() {
    let bench = Bench::new();
    let note = |text| format!("{{\"kind\":\"note\",\"text\":\"{text}\",\"unsourced\":true}}\n");
    let one = bench.file("one.jsonl", note("one") + &note("two"));
    let two = bench.file("two.jsonl", note("two") + &note("three"));
    let rows = bench.rows(&["import", &one, &two]);
    let seqs: Vec<_> = rows
        .iter()
        .map(|row| row["head"]["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [2, 3]);
    assert_eq!(
        (&rows[1]["new"], &rows[1]["duplicate"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn a_correction_keeps_what_is_not_named_private_fields_too() {
    let bench = Bench::new();
    bench.ok(&[
        "append",
        "arrest",
        "demo:ana",
        "--occurred",
        "2026-01",
        "--place",
        "VE:Caracas",
        "--authority",
        "SEBIN",
        "--source",
        "Demo Watch:ngo",
        "--private-note",
        "told in confidence",
    ]);
    let run = bench.ok(&["correct", "e2", "--occurred", "2026-02-08", "-O", "json"]);
    assert_eq!(run.rows()[0]["target"], "e2");
    let shown = bench.rows(&["show", "e3"]);
    let shown = &shown[0];
    assert_eq!(shown["occurred"], "2026-02-08");
    assert_eq!(shown["fields"]["place"], "VE:Caracas");
    assert_eq!(shown["fields"]["authority"], "SEBIN");
    assert_eq!(shown["sources"][0]["publisher"], "Demo Watch");
    assert_eq!(shown["private"]["note"], "told in confidence");
    assert_eq!(bench.rows(&["show", "e2"])[0]["standing"], "replaced by e3");
    bench.ok(&[
        "correct", "e3", "--kind", "release", "--basis", "medical", "--clear", "private",
    ]);
    let shown = bench.rows(&["show", "e4"]);
    assert_eq!(shown[0]["fields"].to_string(), r#"{"basis":"medical"}"#);
    assert_eq!(shown[0]["private"], serde_json::Value::Null);
}

#[test]
fn correcting_what_is_corrected_is_admitted_and_said() {
    let bench = Bench::new();
    bench.ok(&ANA_TAKEN);
    bench.ok(&["correct", "e2", "--place", "VE:Zulia"]);
    let run = bench.ok(&["correct", "e2", "--place", "VE:Lara"]);
    assert!(
        run.err
            .starts_with("note: e2 is replaced or retracted by e3 already"),
        "{}",
        run.err
    );
}

#[test]
fn the_opening_is_neither_corrected_nor_retracted() {
    let bench = Bench::new();
    bench.ok(&ANA_TAKEN);
    for args in [
        &["retract", "e0"][..],
        &[
            "append",
            "note",
            "--text",
            "x",
            "--unsourced",
            "--replaces",
            "e0",
        ],
    ] {
        let run = bench.refused(3, args);
        assert!(
            run.err.contains("opens the ledger"),
            "{args:?}\n{}",
            run.err
        );
    }
}

#[test]
fn the_same_id_is_recorded_once_and_with_other_content_refused() {
    let bench = Bench::new();
    let id = ["--id", "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d"];
    let note = |text| [&["append", "note", "--unsourced", "--text", text][..], &id].concat();
    assert_eq!(bench.rows(&note("one"))[0]["action"], "recorded");
    assert_eq!(bench.rows(&note("one"))[0]["action"], "known");
    let run = bench.refused(3, &note("two"));
    assert!(run.err.starts_with("--id: "), "{}", run.err);
}

#[test]
fn claims_read_the_spellings_of_quantities() {
    let bench = Bench::new();
    for (typed, said) in [
        ("379", "379"),
        ("~650", "about 650"),
        ("420+", "at least 420"),
        (">420", "at least 421"),
        ("600..700", "600..700"),
        ("<=50", "at most 50"),
    ] {
        let run = bench.ok(&[
            "claim",
            "Foro Penal",
            "held",
            typed,
            "--source",
            "Foro Penal:ngo",
        ]);
        assert!(
            run.err.contains(&format!(": Foro Penal: {said} held\n")),
            "{typed}\n{}",
            run.err
        );
    }
    let run = bench.refused(3, &["claim", "Foro Penal", "held", "many", "--unsourced"]);
    assert!(
        run.err.starts_with("--quantity: this is no quantity\n"),
        "{}",
        run.err
    );
}

#[test]
fn every_kind_can_be_recorded_by_flags() {
    let bench = Bench::new();
    bench.ok(&["person", "add", "Ana Demo", "--ref", "demo:ana"]);
    bench.ok(&["person", "add", "Bea Demo"]);
    bench.ok(&[
        "append",
        "group",
        "demo:yard",
        "--size",
        "23",
        "--label",
        "yard",
        "--unsourced",
    ]);
    bench.ok(&[
        "instrument",
        "add",
        "demo-amnesty",
        "--form",
        "amnesty",
        "--decision-days",
        "15",
        "--exclusion",
        "homicide=Homicide of any kind",
        "--unsourced",
    ]);
    let vocabulary = bench.rows(&["vocab", "kinds"]);
    for kind in vocabulary.iter().map(|row| row["word"].as_str().unwrap()) {
        let more: &[&str] = match kind {
            "retraction" => &["e1"],
            "note" => &["p1", "--text", "x", "--unsourced"],
            "merge" => &["p2", "--into", "p1", "--unsourced"],
            "identification" => &["g1", "--person", "Ana Demo", "--unsourced"],
            "source-silent" => &["Demo List", "--period", "2026-01", "--unsourced"],
            "profile" => &["a-week", "--profile-version", "1", "--states", "detained"],
            "claim" => &[
                "Demo",
                "--measure",
                "held",
                "--quantity",
                "5",
                "--unsourced",
            ],
            "instrument" => &["other-amnesty", "--unsourced"],
            "person" => &["--private-name", "Cas Demo", "--unsourced"],
            "group" => &["g1", "--size", "22", "--unsourced"],
            kind if kind.starts_with("clemency-") => &[
                "p1",
                "--occurred",
                "2026-02",
                "--instrument",
                "demo-amnesty",
                "--unsourced",
            ],
            _ => &["p1", "--occurred", "2026-02", "--unsourced"],
        };
        let rows = bench.rows(&[&["append", kind], more].concat());
        assert_eq!(rows[0]["kind"], kind);
    }
}

#[test]
fn the_recorder_comes_from_the_option_the_environment_or_the_ledger() {
    let bench = Bench::new();
    let note = ["append", "note", "--text", "x", "--unsourced"];
    bench.ok(&note);
    bench.ok(&[&note[..], &["--by", "night desk"]].concat());
    bench.ok(&[&["--by", "early desk"], &note[..]].concat());
    let run = bench
        .command(&note)
        .env("AMPARO_BY", "other desk")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0));
    let by: Vec<_> = bench
        .rows(&["log"])
        .iter()
        .skip(1)
        .map(|row| row["by"].clone())
        .collect();
    assert_eq!(by, ["desk", "night desk", "early desk", "other desk"]);
}

#[test]
fn instruments_are_listed_with_their_latest_description() {
    let bench = Bench::new();
    bench.ok(&[
        "instrument",
        "add",
        "demo-amnesty",
        "--title",
        "First",
        "--unsourced",
    ]);
    bench.ok(&[
        "instrument",
        "add",
        "demo-amnesty",
        "--title",
        "Second",
        "--unsourced",
    ]);
    let rows = bench.rows(&["instrument", "list"]);
    assert_eq!((rows.len(), &rows[0]["title"]), (1, &"Second".into()));
    let then = bench.rows(&["instrument", "show", "demo-amnesty", "--known-at", "e1"]);
    assert_eq!(then[0]["title"], "First");
}

#[cfg(unix)]
#[test]
fn every_file_and_folder_of_a_ledger_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::empty();
    let run = |args: &[&str]| {
        let asked = bench.command(args);
        // As most systems make files: readable by everybody.
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "umask 022; exec \"$0\" \"$@\""]);
        shell.arg(asked.get_program()).args(asked.get_args());
        shell.env_clear().current_dir(bench.path());
        shell.envs(
            asked
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let ran = shell.output().unwrap();
        assert!(ran.status.success(), "{args:?} {ran:?}");
    };
    let init = [
        "init",
        "ledger",
        "--name",
        "Demo",
        "--tz",
        "UTC",
        "--recorder",
        "desk",
    ];
    // Long texts, so that sled makes files of their own for what is large.
    let mut random = Random::new(1);
    let note = |_| {
        let text: String = (0..3000)
            .map(|_| *random.pick(&['d', 'e', 'm', 'o', 'x', 'y', 'z']))
            .collect();
        format!("{{\"kind\":\"note\",\"text\":\"{text}\",\"unsourced\":true}}\n")
    };
    let notes = bench.file("notes.jsonl", (0..600).map(note).collect::<String>());
    let arrest = [
        "append",
        "arrest",
        "demo:ana",
        "--occurred",
        "2020-01-02",
        "--unsourced",
    ];
    for args in [&init[..], &arrest, &["import", &notes], &["totals"]] {
        let at = ["-L", "ledger"];
        run(&[&at[..usize::from(args[0] != "init") * 2], args].concat());
        let ledger = bench.path().join("ledger");
        for path in folders::files(&ledger)
            .iter()
            .chain(&folders::folders(&ledger))
        {
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            let private = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, private, "{} after {args:?}", path.display());
        }
    }
}
