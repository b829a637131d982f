//! `publish`, `report publications` and `cite`: a published number stays what it was.

use serde_json::Value;

use crate::harness::Bench;

/// Two held at the end of 9 February, one of them by a date that is open by two days.
fn ledger() -> Bench {
    let bench = Bench::new();
    for (who, day, place) in [
        ("demo:a", "2026-01-05", "VE:Caracas"),
        ("demo:b", "2026-02-08..10", "VE:Zulia"),
    ] {
        let args = ["append", "arrest", who, "--occurred", day, "--place", place];
        bench.ok(&[&args[..], &["--source", "Demo Watch:ngo"]].concat());
    }
    bench
}

/// The cells of each row, as one line.
fn cells(rows: &[Value], keys: &[&str]) -> Vec<String> {
    let cell = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = |row: &Value| {
        let cells = keys.iter().map(|key| cell(&row[*key]));
        cells.collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(line).collect()
}

const NUMBERS: [&str; 13] = [
    "entry",
    "same",
    "state",
    "published_low",
    "published_count",
    "published_high",
    "now_count",
    "change",
    "happened",
    "learned_late",
    "corrected",
    "retracted",
    "merged",
];

#[test]
fn a_published_figure_counts_the_same_for_good_and_says_what_changed_since() {
    let bench = ledger();
    let said = bench.ok(&["publish", "Bulletin 1", "--as-of", "2026-02-09"]);
    assert!(said.out.contains("publication"), "{}", said.out);
    let sentence = "2 (1..2) held at the end of 2026-02-09 (America/Caracas), as known at e4 \
                    (recorded ";
    assert!(said.err.contains(sentence), "{}", said.err);
    let report = || cells(&bench.rows(&["report", "publications"]), &NUMBERS);
    assert_eq!(
        report(),
        ["e5 true deprived-of-liberty 1 2 2 2 0 0 0 0 0 0"]
    );
    // One more is learned of late, one date is corrected to a later day, one arrest retracted.
    let arrest = [
        "append",
        "arrest",
        "demo:c",
        "--occurred",
        "2026-02-01",
        "--unsourced",
    ];
    bench.ok(&arrest);
    bench.ok(&[
        "correct",
        "e4",
        "--occurred",
        "2026-02-10",
        "--source",
        "x:ngo",
    ]);
    assert_eq!(
        report(),
        ["e5 true deprived-of-liberty 1 2 2 2 0 0 1 -1 0 0"]
    );
    bench.ok(&["retract", "e2"]);
    assert_eq!(
        report(),
        ["e5 true deprived-of-liberty 1 2 2 1 -1 0 1 -1 -1 0"]
    );
    // As known when it was published, nothing has changed.
    let then = bench.rows(&["report", "publications", "--known-at", "e5"]);
    assert_eq!(
        cells(&then, &NUMBERS),
        ["e5 true deprived-of-liberty 1 2 2 2 0 0 0 0 0 0"]
    );
    // A figure that is withdrawn is not reported any more.
    bench.ok(&["retract", "e5"]);
    assert!(report().is_empty());
}

#[test]
fn the_report_reads_as_a_table_and_as_csv() {
    let bench = ledger();
    bench.ok(&["publish", "Bulletin 1", "--as-of", "2026-02-09"]);
    bench.ok(&["retract", "e2"]);
    let table = bench.ok(&["report", "publications"]).out;
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines.last().unwrap().join(" "),
        "e5 Bulletin 1 2026-02-09 yes profile deprived-of-liberty 2 (1..2) 1 (0..1) -1 0 0 0 -1 0 0"
    );
    let csv = bench.ok(&["report", "publications", "-O", "csv"]).out;
    let mut lines = csv.lines();
    let heading = "entry,figure,as_of,known_at_entry,profile,query,same,axis,state,instrument,by,\
                   published_low,published_count,published_high,now_low,now_count,now_high,change,\
                   happened,learned_late,corrected,retracted,merged,identified,";
    assert!(lines.next().unwrap().starts_with(heading), "{csv}");
    let row = "e5,Bulletin 1,2026-02-09,e4,deprived-of-liberty@1,totals --state held,yes,profile,\
               deprived-of-liberty,,,1,2,2,0,1,1,-1,0,0,0,-1,0,0,";
    assert!(lines.next().unwrap().starts_with(row), "{csv}");
}

#[test]
fn a_figure_can_be_any_totals_with_filters_and_groupings() {
    let bench = ledger();
    let question = [
        "--", "totals", "--state", "detained", "--by", "place", "--depth", "2",
    ];
    let publish = ["publish", "By place", "--as-of", "2026-02-09"];
    bench.ok(&[&publish[..], &question].concat());
    let of_source = ["--", "totals", "--state", "held", "--source", "Nobody Demo"];
    bench.ok(&[&publish[..], &of_source].concat());
    bench.ok(&[
        "append",
        "release",
        "demo:a",
        "--occurred",
        "2026-02-01",
        "--unsourced",
    ]);
    let rows = bench.rows(&["report", "publications"]);
    assert_eq!(
        cells(
            &rows,
            &[
                "entry",
                "same",
                "by",
                "published_count",
                "now_count",
                "change",
                "happened"
            ]
        ),
        [
            r#"e5 true ["place VE:Caracas"] 1 0 -1 null"#,
            r#"e5 true ["place VE:Zulia"] 1 1 0 null"#,
            "e6 true null 0 0 0 0",
        ]
    );
}

#[test]
fn a_line_that_is_new_since_the_publication_is_shown_with_zero_published() {
    let bench = ledger();
    let question = ["--", "totals", "--state", "held", "--by", "place"];
    bench.ok(&[&["publish", "x", "--as-of", "2026-02-09"][..], &question].concat());
    bench.ok(&[
        "append",
        "arrest",
        "demo:c",
        "--occurred",
        "2026-01-01",
        "--place",
        "VE:Lara",
        "--unsourced",
    ]);
    let keys = ["same", "by", "published_count", "now_count", "change"];
    assert_eq!(
        cells(&bench.rows(&["report", "publications"]), &keys),
        [
            r#"true ["place VE:Caracas"] 1 1 0"#,
            r#"true ["place VE:Zulia"] 1 1 0"#,
            r#"true ["place VE:Lara"] 0 1 1"#,
        ]
    );
    let table = bench.ok(&["report", "publications"]).out;
    assert!(table.contains("VE:Lara"), "{table}");
}

/// The name of a ledger made from an export in which one text was put in the place of another.
fn forged(bench: &Bench, name: &str, old: &str, new: &str) -> String {
    let export = bench.ok(&["export"]).out;
    assert!(export.contains(old), "{old}: {export}");
    bench.file("export.jsonl", export.replacen(old, new, 1));
    let made = bench.run(&["-L", name, "init", "--from", "export.jsonl"]);
    assert_eq!(made.code, 0, "{}", made.err);
    name.to_owned()
}

#[test]
fn a_publication_that_does_not_follow_from_the_log_is_told_with_exit_code_4() {
    let bench = ledger();
    bench.ok(&["publish", "True", "--as-of", "2026-02-09"]);
    bench.ok(&["publish", "Other", "--as-of", "2026-02-10"]);
    bench.ok(&["report", "publications"]);
    let forgeries = [
        (
            r#""low":1,"count":2,"high":2}],"head""#,
            r#""low":1,"count":1,"high":2}],"head""#,
            "e5",
            "other numbers",
        ),
        (
            r#""head":{"size":6,"#,
            r#""head":{"size":9,"#,
            "e6",
            "never had the head",
        ),
        ("Demo Watch", "Demo Wotch", "e5", "never had the head"),
    ];
    for (n, (old, new, entry, says)) in forgeries.into_iter().enumerate() {
        let copy = forged(&bench, &format!("copy-{n}"), old, new);
        // Whole as a log: the fault is in what was published, and the report shows it all the same.
        assert_eq!(bench.run(&["-L", &copy, "verify"]).code, 0);
        let run = bench.run(&["-L", &copy, "report", "publications"]);
        assert_eq!(run.code, 4, "{old}: {}", run.err);
        let told = format!("{entry}: ");
        assert!(
            run.err.contains(&told) && run.err.contains(says),
            "{old}: {}",
            run.err
        );
        assert!(run.out.contains(" no "), "{old}: {}", run.out);
    }
}

#[test]
fn a_figure_keeps_the_version_of_its_profile() {
    let bench = ledger();
    bench.ok(&[
        "profile",
        "add",
        "a-week",
        "--states",
        "detained",
        "--shortest-stay",
        "7",
    ]);
    bench.ok(&[
        "publish",
        "Long",
        "--as-of",
        "2026-02-09",
        "--profile",
        "a-week",
    ]);
    bench.ok(&["profile", "add", "a-week", "--states", "detained"]);
    let rows = bench.rows(&["report", "publications"]);
    assert_eq!(
        cells(&rows, &["profile", "same", "published_count", "now_count"]),
        ["a-week@1 true 1 1"]
    );
    assert!(
        bench
            .ok(&["cite", "e6"])
            .out
            .contains("a-week@1 (detained for 7 days or more)")
    );
}

#[test]
fn a_sentence_has_all_coordinates() {
    let bench = ledger();
    bench.ok(&["publish", "Bulletin 1", "--as-of", "2026-02-09"]);
    let head: Value = serde_json::from_str(&bench.head()).unwrap();
    let of_now = bench.ok(&[
        "cite",
        "--as-of",
        "2026-02-10",
        "--",
        "totals",
        "--state",
        "detained",
    ]);
    let root = head["root"].as_str().unwrap();
    let ends = format!("6 entries, root {} (in full {root}).\n", &root[..12]);
    assert!(
        of_now
            .out
            .starts_with("2 detained at the end of 2026-02-10"),
        "{}",
        of_now.out
    );
    assert!(
        of_now
            .out
            .contains("counted by deprived-of-liberty (detained, disappeared, house-arrest)")
    );
    assert!(
        of_now
            .out
            .contains("with `totals --state detained`; ledger Demo (")
    );
    assert!(of_now.out.ends_with(&ends), "{}", of_now.out);
    let rows = bench.rows(&["cite", "e5"]);
    assert_eq!(
        cells(&rows, &["figure", "low", "count", "high"]),
        ["Bulletin 1 1 2 2"]
    );
    let sentence = rows[0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("as known at e4") && sentence.contains("; ledger Demo ("));
    assert!(sentence.contains(", 5 entries, root "), "{sentence}");
    // The coordinates beside a cited publication are its own.
    let meta = &bench.ok(&["cite", "e5", "-O", "json"]).json()["meta"];
    assert_eq!(
        (&meta["known_at"]["seq"], &meta["head"]["size"]),
        (&4.into(), &5.into())
    );
    let filtered = [
        "cite",
        "-O",
        "csv",
        "--",
        "totals",
        "--source",
        "Demo Watch",
    ];
    let csv = bench
        .ok(&[&filtered[..], &["--state", "held", "--by", "place"]].concat())
        .out;
    let mut lines = csv.lines();
    let heading = "figure,query,axis,state,instrument,by,low,count,high,sentence,as_of,";
    assert!(lines.next().unwrap().starts_with(heading), "{csv}");
    let row = ",totals --source 'Demo Watch' --state held --by place,profile,deprived-of-liberty,,\
               place VE:Caracas,1,1,1,";
    assert!(lines.next().unwrap().starts_with(row), "{csv}");
    assert!(csv.contains(r#""source"#), "{csv}");
    // A figure that was withdrawn is still what was published, and is said to be withdrawn.
    bench.ok(&["retract", "e5"]);
    let withdrawn = bench.ok(&["cite", "e5"]);
    assert!(withdrawn.err.contains("withdrawn"), "{}", withdrawn.err);
    assert!(
        withdrawn.out.starts_with("2 (1..2) held"),
        "{}",
        withdrawn.out
    );
}

#[test]
fn what_cannot_be_published_is_refused_and_nothing_is_written() {
    let bench = ledger();
    for (question, says) in [
        (&["list"][..], "`list` gives no figure"),
        (
            &["totals", "--every", "day", "--from", "2026-02-01"],
            "one moment",
        ),
        (&["totals", "--who"], "without people"),
        (&["totals", "--suppress-below", "3"], "none is withheld"),
        (&["totals", "--person", "p1"], "nobody by name"),
        (&["totals", "--as-of", "2026-02-01"], "before the `--`"),
        (&["totals", "--by", "plaec"], "did you mean `place`?"),
        (
            &["totals", "--state", "house-arrest", "--by", "court"],
            "gives no numbers",
        ),
        (&["totals", "--wat"], "--wat"),
        (&["totals", "--state", "helt"], "no state"),
    ] {
        let run = bench.refused(2, &[&["publish", "x", "--"][..], question].concat());
        assert!(run.err.contains(says), "{question:?}: {}", run.err);
    }
    let run = bench.refused(3, &["append", "publication", "x"]);
    assert!(run.err.contains("amparo publish"), "{}", run.err);
    let file = bench.file(
        "draft.jsonl",
        r#"{"kind":"erasure","person":"demo:a","basis":"danger"}"#,
    );
    let run = bench.refused(3, &["import", &file]);
    assert!(run.err.contains("amparo erase"), "{}", run.err);
    let run = bench.refused(2, &["cite", "e2"]);
    assert!(run.err.contains("publishes no figure"), "{}", run.err);
    let dry = bench.ok(&["publish", "x", "-n"]);
    assert!(dry.out.contains(r#""kind":"publication""#), "{}", dry.out);
    assert!(bench.rows(&["report", "publications"]).is_empty());
}

#[test]
fn an_export_with_publications_makes_the_same_ledger() {
    let bench = ledger();
    bench.ok(&["profile", "add", "cells", "--states", "detained"]);
    bench.ok(&["publish", "Bulletin 1", "--profile", "cells"]);
    bench.ok(&["export", "-o", "log.jsonl"]);
    let made = bench.run(&["-L", "copy", "init", "--from", "log.jsonl"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let root = |ledger: &str| {
        bench.run(&["-L", ledger, "verify", "-O", "json"]).json()["meta"]["head"].clone()
    };
    assert_eq!(root("copy"), root("ledger"));
}
