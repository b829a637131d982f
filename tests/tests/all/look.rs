//! `status`, `claims`, `report`, `replay`, `audit`: what they answer, and what they refuse.

use serde_json::Value;

use super::harness::{Bench, fixture};
use super::totals::{line, text};

#[test]
fn coordinates_before_the_opening_and_past_the_head_are_usage_failures() {
    let bench = Bench::demo();
    for command in [
        &["totals"][..],
        &["status"],
        &["claims"],
        &["audit"],
        &["replay"],
        &["report", "conflicts"],
        &["status", "p1"],
    ] {
        for known_at in ["2020-01-01", "e52", "2027-01-01", "soon"] {
            let run = bench.run(&[command, &["--known-at", known_at]].concat());
            assert_eq!(run.code, 2, "{command:?} {known_at}: {}", run.err);
            assert_eq!(run.out, "");
        }
    }
    for args in [
        &["totals", "--profile", "prison"][..],
        &["report", "conflicts", "--as-of", "2020-02-20"],
        &["report", "conflicts", "--profile", "prison-only"],
        &["replay", "--check", "--as-of", "2020-02-20"],
        &["replay", "--check", "--person", "p1"],
        &["replay", "--from", "e9", "--to", "e3"],
        &["status", "--timeline"],
        &["claims", "--measure", "people"],
    ] {
        assert_eq!(bench.run(args).code, 2, "{args:?}");
    }
}

#[test]
fn nobody_and_more_than_one_are_exit_code_5() {
    let bench = Bench::demo();
    for (person, says) in [
        ("Nadie", "nobody registered fits"),
        ("p99", "there is no p99"),
        ("Demo", "more than one"),
    ] {
        for command in [
            &["status"][..],
            &["audit"],
            &["replay", "--person"],
            &["report", "conflicts"],
        ] {
            let run = bench.run(&[command, &[person]].concat());
            assert_eq!(run.code, 5, "{command:?} {person}: {}", run.err);
            assert!(run.err.contains(says), "{}", run.err);
        }
    }
    let run = bench.run(&["status", "p8", "--known-at", "e3"]);
    assert_eq!(run.code, 5, "{}", run.err);
    assert!(
        run.err.contains("nothing was known of p8 at e3"),
        "{}",
        run.err
    );
}

#[test]
fn each_command_has_the_same_rows_in_table_json_and_csv() {
    let bench = Bench::demo();
    for (args, keys) in [
        (
            &["claims", "--as-of", "2020-04-30"][..],
            &["entry", "claimant", "measure"][..],
        ),
        (
            &["status", "p3", "--as-of", "2020-02-20", "--timeline"],
            &["entry", "kind"],
        ),
        (
            &["status", "p3", "--as-of", "2020-02-20"],
            &["axis", "entry"],
        ),
        (
            &["audit", "p3", "--as-of", "2020-02-20"],
            &["bearing", "entry", "kind"],
        ),
        (
            &["audit", "--as-of", "2020-02-20", "--known-at", "e40"],
            &["bearing", "entry", "kind"],
        ),
        (&["replay", "--person", "p3"], &["kind", "custody"]),
        (&["replay"], &["kind", "occurred"]),
    ] {
        let rows = bench.rows(args);
        assert!(!rows.is_empty(), "{args:?}");
        let csv = bench.ok(&[args, &["-O", "csv"]].concat()).out;
        let lines = bench.ok(&[args, &["-O", "jsonl"]].concat()).out;
        let table = bench.ok(args).out;
        let md = bench.ok(&[args, &["-O", "md"]].concat()).out;
        assert_eq!(csv.lines().count(), rows.len() + 1, "{args:?}");
        assert_eq!(lines.lines().count(), rows.len(), "{args:?}");
        for row in &rows {
            let values: Vec<_> = keys.iter().map(|key| text(row, key)).collect();
            for form in [&table, &csv, &md, &lines] {
                let shown = |line: &str| values.iter().all(|value| line.contains(&**value));
                assert!(form.lines().any(shown), "{args:?}: {values:?} in\n{form}");
            }
        }
    }
}

#[test]
fn a_claim_stands_beside_what_is_documented_and_filters_pick_it() {
    let bench = Bench::demo();
    let rows = bench.rows(&["claims", "--as-of", "2020-04-30"]);
    for row in &rows {
        let number = |key: &str| row[key].as_i64();
        let documented = ["documented_low", "documented_high"].map(|key| number(key).unwrap());
        if let (Some(low), Some(gap)) = (number("claimed_low"), number("gap_low")) {
            assert_eq!(gap, low - documented[1], "{row}");
        }
        if let (Some(high), Some(gap)) = (number("claimed_high"), number("gap_high")) {
            assert_eq!(gap, high - documented[0], "{row}");
        }
    }
    let measure = text(&rows[0], "measure");
    let picked = bench.rows(&["claims", "--as-of", "2020-04-30", "--measure", &measure]);
    let all: Vec<_> = rows
        .iter()
        .filter(|row| text(row, "measure") == measure)
        .collect();
    assert_eq!(picked.iter().collect::<Vec<_>>(), all);
    let nobody = bench.rows(&["claims", "--claimant", "nobody at all"]);
    assert_eq!(nobody, Vec::<Value>::new());
}

#[test]
fn a_replay_ends_at_the_totals_and_its_rows_say_where_they_stand() {
    let bench = Bench::demo();
    let rows = bench.rows(&["replay", "--as-of", "2020-02-20"]);
    assert_eq!(rows.len(), 52);
    for (known_at, row) in rows.iter().enumerate() {
        assert_eq!(row["known_at"]["seq"], known_at);
        assert_eq!(row["as_of"], "2020-02-20");
    }
    for known_at in [0, 22, 40, 51] {
        let at = format!("e{known_at}");
        let totals = bench.rows(&["totals", "--as-of", "2020-02-20", "--known-at", &at]);
        let held = totals.last().unwrap();
        let row = &rows[known_at];
        for bound in ["low", "count", "high"] {
            assert_eq!(row[format!("held_{bound}")], held[bound], "{at}");
        }
        let states: Vec<_> = totals
            .iter()
            .filter(|row| row["high"] != 0)
            .map(line)
            .collect();
        let shown = row["states"].as_array().unwrap().iter().map(line);
        let shown: Vec<_> = shown.chain([line(held)]).collect();
        assert_eq!(shown.len(), states.len().max(1), "{at}");
        assert!(states.iter().all(|state| shown.contains(state)), "{at}");
    }
    let part = bench.rows(&[
        "replay",
        "--from",
        "e10",
        "--to",
        "e12",
        "--as-of",
        "2020-02-20",
    ]);
    assert_eq!(part, rows[10..=12]);
    let days = bench.rows(&["replay", "--every", "day"]);
    assert_eq!(days.len(), 1);
    assert_eq!(days[0]["entries"], 52);
    assert_eq!(days[0]["as_of"], "2026-02-10");
}

#[test]
fn a_long_replay_is_written_in_pieces_with_one_heading() {
    let bench = Bench::new();
    let draft = |n: u32| {
        format!(
            r#"{{"kind":"arrest","person":"t:{n}","occurred":"2026-01-{:02}","unsourced":true}}"#,
            n % 28 + 1
        )
    };
    let drafts: Vec<_> = (0..400).map(draft).collect();
    let file = bench.file("many.jsonl", drafts.join("\n"));
    bench.ok(&["import", &file]);
    let csv = bench.ok(&["replay", "-O", "csv"]).out;
    assert_eq!(csv.lines().count(), 802);
    assert_eq!(csv.matches("held_low").count(), 1);
    let lines = bench.ok(&["replay", "-O", "jsonl"]).out;
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(
        (lines.lines().count(), &last["held_count"]),
        (801, &Value::from(400))
    );
}

#[test]
fn a_log_of_several_stretches_is_read_whole_and_in_order() {
    let bench = Bench::new();
    let draft = |n: u32| {
        let person = format!(r#"{{"kind":"custody-observed","person":"t:{n}","#);
        format!(r#"{person}"occurred":"2026-01-05","unsourced":true}}"#)
    };
    let drafts: Vec<_> = (0..1_300).map(draft).collect();
    let file = bench.file("many.jsonl", drafts.join("\n"));
    bench.ok(&["import", &file]);
    let rows = bench.rows(&["list", "--as-of", "2026-01-05"]);
    assert_eq!(rows.len(), 1_300);
    for (n, row) in rows.iter().enumerate() {
        let (reference, entry) = (format!("p{}", n + 1), format!("e{}", 2 * n + 2));
        assert_eq!((text(row, "ref"), text(row, "entry")), (reference, entry));
    }
}

#[test]
fn replay_check_finds_every_projection_as_the_log_gives_it() {
    let bench = Bench::demo();
    let run = bench.ok(&["replay", "--check", "-O", "json"]);
    let rows = run.rows();
    let projections: Vec<_> = rows.iter().map(|row| text(row, "projection")).collect();
    assert_eq!(
        projections,
        [
            "totals",
            "totals by place",
            "roster",
            "timeline",
            "claims",
            "conflicts",
            "audit",
            "facts kept"
        ]
    );
    for row in &rows {
        // What is kept is of the head, whatever the known-at.
        let times = if row["projection"] == "facts kept" {
            1
        } else {
            52
        };
        assert_eq!(
            (&row["compared"], &row["differences"]),
            (&times.into(), &0.into()),
            "{row}"
        );
    }
    assert!(
        run.err.contains("every projection is what the log gives"),
        "{}",
        run.err
    );
}

#[test]
fn report_alone_lists_the_reports() {
    let bench = Bench::demo();
    let names: Vec<_> = bench
        .rows(&["report"])
        .iter()
        .map(|row| text(row, "report"))
        .collect();
    assert_eq!(
        names,
        [
            "granted-but-held",
            "overdue-requests",
            "rearrests",
            "at-liberty-case-open",
            "whereabouts-unknown",
            "excluded",
            "pretrial",
            "time-held",
            "single-source",
            "stale",
            "late-discoveries",
            "conflicts",
            "list-diff",
            "publications"
        ]
    );
}

#[test]
fn odd_entries_are_found_by_the_conflicts_report_in_every_form() {
    let bench = Bench::new();
    bench.ok(&["import", &fixture("odd/flagged.jsonl")]);
    let found = |args: &[&str]| -> Vec<String> {
        let rows = bench.rows(&[&["report", "conflicts"], args].concat());
        let entries = |row: &Value| {
            let entries = row["entries"].as_array().unwrap().iter();
            entries
                .map(|entry| entry.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        rows.iter()
            .map(|row| {
                format!(
                    "{} {}: {}",
                    text(row, "rule"),
                    text(row, "subject"),
                    entries(row)
                )
            })
            .collect()
    };
    assert_eq!(
        found(&[]),
        [
            "release-without-custody p1: e5",
            "arrests-on-one-day p2: e6 e7",
            "release-without-custody p3: e9",
            "after-death p3: e8 e9",
            "order-uncertain p4: e10 e11",
            "corrects-what-is-out : e12 e14",
        ]
    );
    assert_eq!(found(&["Bea Demo"]), ["arrests-on-one-day p2: e6 e7"]);
    assert_eq!(found(&["--rule", "after-death"]), ["after-death p3: e8 e9"]);
    assert_eq!(
        found(&["--known-at", "e6"]),
        ["release-without-custody p1: e5"]
    );
    let table = bench.ok(&["report", "conflicts"]).out;
    assert!(
        table.contains("arrests-on-one-day       p2       Bea Demo  e6; e7    two arrests"),
        "{table}"
    );
    let csv = bench.ok(&["report", "conflicts", "-O", "csv"]).out;
    assert!(
        csv.contains("\narrests-on-one-day,p2,Bea Demo,e6; e7,two arrests on one day,"),
        "{csv}"
    );
    assert_eq!(bench.rows(&["status"])[0]["findings"], 6);
}
