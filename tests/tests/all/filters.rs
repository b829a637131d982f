//! The filters: on whose word, and of whom; both sides of a range are included.

use serde_json::Value;

use super::harness::Bench;
use super::totals::text;

#[test]
fn a_filter_narrows_totals_and_list_to_the_same_people() {
    let bench = Bench::demo();
    // By hand, at the end of 20 February 2020: 26 are held.
    for (filter, held) in [
        (&[][..], 26),
        (&["--source", "Demo Watch"], 4),
        (&["--source", "Demo Gazette"], 22),
        (&["--source", "Demo Watch", "--source", "Demo Gazette"], 26),
        (&["--place", "XD:North"], 3),
        (&["--place", "XD"], 26),
        (&["--jurisdiction", "military"], 1),
        (&["--offence", "unlawful assembly"], 1),
        (&["--kind", "house-arrest"], 1),
        (&["--occurred", "2020-01-05..2020-01-08"], 2),
        (&["--person", "Ana Demo"], 1),
        (&["--group", "g1"], 21),
        (&["--recorder", "desk"], 26),
        (&["--recorder", "nobody"], 0),
        (&["--recorded", "2026-02-10..2026-02-10"], 26),
        (&["--recorded", "2026-02-09"], 0),
    ] {
        let at = ["--as-of", "2020-02-20"];
        let totals = [&["totals", "--state", "held"], &at[..], filter].concat();
        let list = [&["list"], &at[..], filter].concat();
        let rows = bench.run(&[&totals[..], &["-O", "json"]].concat());
        let shown = rows.json()["meta"]["filters"].to_string();
        assert_eq!(rows.rows()[0]["count"], held, "{filter:?}");
        for option in filter.iter().filter_map(|word| word.strip_prefix("--")) {
            let option = if option == "group" { "person" } else { option };
            assert!(shown.contains(&format!("\"{option}\":")), "{shown}");
        }
        let rows = bench.run(&[&list[..], &["-O", "json"]].concat()).rows();
        let sum: u64 = rows.iter().map(|row| row["count"].as_u64().unwrap()).sum();
        assert_eq!(sum, held, "{filter:?}");
        let csv = bench.run(&[&totals[..], &["-O", "csv"]].concat()).out;
        assert!(csv.contains(&format!(",{held},")), "{csv}");
        let table = bench.run(&totals).out;
        let cells: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(cells[2], held.to_string(), "{table}");
    }
}

#[test]
fn a_log_is_narrowed_to_the_entries_that_say_all_that_is_asked() {
    let bench = Bench::demo();
    let entries = |filter: &[&str]| -> Vec<String> {
        let rows = bench.run(&[&["log", "-O", "json"], filter].concat()).rows();
        rows.iter().map(|row| text(row, "entry")).collect()
    };
    for (filter, expect) in [
        (&["--state", "granted"][..], &["e17", "e42"][..]),
        (&["--kind", "escape", "--kind", "death"], &["e33", "e38"]),
        (&["--court", "Demo High Court"], &["e36"]),
        (&["--ground", "demo-arms"], &["e37"]),
        (
            &["--occurred", "2020-02-10", "--kind", "quashing"],
            &["e36"],
        ),
        (&["--source", "lawyer"], &["e29"]),
        (&["--person", "Elena Demo", "--state", "deceased"], &["e38"]),
    ] {
        assert_eq!(entries(filter), expect, "{filter:?}");
    }
}

#[test]
fn claims_are_compared_with_what_one_publisher_stands_behind() {
    let bench = Bench::demo();
    let claims = |filter: &[&str]| {
        let asked = [&["claims", "--as-of", "2020-04-30", "-O", "json"], filter].concat();
        bench.run(&asked).rows()
    };
    let held = &claims(&[])[0];
    assert_eq!(
        (&held["documented_count"], &held["gap_low"]),
        (&26.into(), &(-6).into())
    );
    let gazette = &claims(&["--source", "Demo Gazette"])[0];
    assert_eq!(gazette["documented_count"], 22);
    assert!(claims(&["--instrument", "demo-amnesty"]).is_empty());
}

#[test]
fn flows_and_diff_take_the_filters_of_totals_and_end_where_they_do() {
    let bench = Bench::demo();
    let count = |rows: &[Value], key: &str, value: &str, number: &str| {
        let row = rows.iter().find(|row| row[key] == value).unwrap();
        row[number].as_i64().unwrap()
    };
    for filter in [
        &["--source", "Demo Watch"][..],
        &["--source", "Demo Gazette"],
        &["--kind", "arrest"],
        &["--place", "XD:North"],
        &["--jurisdiction", "military"],
        &["--group", "g1"],
        &["--person", "Bruno Demo"],
        &["--min-sources", "2"],
        &["--occurred", "2020-01-05..2020-02-10"],
    ] {
        let json = ["-O", "json"];
        let totals = ["totals", "--state", "held", "--as-of", "2020-03-31"];
        let held = bench.run(&[&totals[..], filter, &json].concat()).rows()[0]["count"].clone();
        let held = held.as_i64().unwrap();
        let flows = ["flows", "--from", "2020-02-01", "--to", "2020-03-31"];
        let run = bench.run(&[&flows[..], filter, &json].concat());
        let rows = run.rows();
        assert_eq!(
            count(&rows, "line", "stock-at-end", "count"),
            held,
            "{filter:?}"
        );
        assert_eq!(count(&rows, "line", "residual", "count"), 0, "{filter:?}");
        assert!(run.out.contains("\"filters\":{"), "{run:?}");
        let diff = ["diff", "--from", "2020-01-31@e20", "--to", "2020-03-31"];
        let rows = bench.run(&[&diff[..], filter, &json].concat()).rows();
        assert_eq!(count(&rows, "axis", "profile", "to"), held, "{filter:?}");
        for row in &rows {
            let parts = [
                "happened",
                "learned_late",
                "corrected",
                "retracted",
                "merged",
                "identified",
            ];
            let sum: i64 = parts.iter().map(|part| row[*part].as_i64().unwrap()).sum();
            assert_eq!(row["change"], sum, "{filter:?} {row}");
        }
    }
    let at = ["--from", "2020-01-31", "--to", "2020-03-31"];
    bench.refused(2, &[&["diff", "p1"], &at[..], &["--person", "p2"]].concat());
}

#[test]
fn every_report_takes_the_filters() {
    let bench = Bench::demo();
    for report in [
        &["granted-but-held"][..],
        &["overdue-requests"],
        &["rearrests"],
        &["at-liberty-case-open"],
        &["whereabouts-unknown"],
        &["excluded"],
        &["pretrial"],
        &["time-held"],
        &["single-source"],
        &["stale"],
        &["list-diff", "Demo Watch", "Demo Ministry"],
    ] {
        let asked = |filter: &[&str]| {
            let at = ["--as-of", "2020-03-31", "-O", "json"];
            bench
                .run(&[&["report"], report, &at, filter].concat())
                .rows()
        };
        let all = asked(&[]);
        let who: std::collections::BTreeSet<_> = all.iter().map(|row| text(row, "ref")).collect();
        for one in &who {
            let filter = if one.starts_with('g') {
                "--group"
            } else {
                "--person"
            };
            let of_one: Vec<_> = all
                .iter()
                .filter(|row| text(row, "ref") == *one)
                .cloned()
                .collect();
            assert_eq!(asked(&[filter, one]), of_one, "{report:?}");
        }
        assert!(asked(&["--recorder", "nobody"]).is_empty(), "{report:?}");
    }
    let late = |filter: &[&str]| {
        let asked = ["report", "late-discoveries", "-O", "json"];
        bench.run(&[&asked[..], filter].concat()).rows().len()
    };
    assert!(late(&["--kind", "escape"]) == 1 && late(&[]) > 1);
}

#[test]
fn a_filter_that_does_not_read_is_told() {
    let bench = Bench::demo();
    for (code, filter, says) in [
        (2, ["--kind", "arest"], "did you mean `arrest`?"),
        (2, ["--source-kind", "ngoo"], "did you mean `ngo`?"),
        (2, ["--jurisdiction", "x"], "--jurisdiction: `x` is none"),
        (2, ["--occurred", "2020-02-30"], "--occurred"),
        (
            2,
            ["--recorded", "2026-02-10..2026-02-09"],
            "ends before it begins",
        ),
        (2, ["--place", "::"], "this is no place"),
        (5, ["--person", "Nobody"], "nobody registered fits"),
    ] {
        let run = bench.refused(code, &[&["totals"], &filter[..]].concat());
        assert!(run.err.contains(says), "{filter:?} {}", run.err);
    }
}

#[test]
fn who_meets_a_filter_is_asked_on_each_day_anew() {
    let bench = Bench::new();
    let drafts = [
        r#"{"kind":"arrest","person":"d:1","occurred":"2026-02-01","place":"VE:A","unsourced":true}"#,
        r#"{"kind":"transfer","person":"d:1","occurred":"2026-02-05","place":"VE:B","unsourced":true}"#,
        r#"{"kind":"arrest","person":"d:2","occurred":"2026-02-03","place":"VE:B","unsourced":true}"#,
        r#"{"kind":"death","person":"d:2","occurred":"2026-02-07","unsourced":true}"#,
    ];
    bench.ok(&["import", &bench.file("drafts.jsonl", drafts.join("\n"))]);
    let asked = ["--place", "VE:B", "--state", "held"];
    let every = ["totals", "--every", "day", "--from", "2026-02-01"];
    let counts = |rows: Vec<Value>| -> Vec<u64> {
        let counts = rows.iter().map(|row| row["count"].as_u64().unwrap());
        counts.collect()
    };
    let expect = [0, 0, 1, 1, 2, 2, 1, 1];
    for last in 1..=8 {
        let to = format!("2026-02-0{last}");
        let series = bench.rows(&[&every[..], &["--to", &to], &asked].concat());
        assert_eq!(counts(series), expect[..last], "{to}");
        let day = bench.rows(&[&["totals", "--as-of", &to][..], &asked].concat());
        assert_eq!(counts(day), [expect[last - 1]], "{to}");
        let way = ["diff", "--from", "2026-02-01", "--to", &to];
        for row in bench.rows(&[&way[..], &asked].concat()) {
            assert_eq!(
                (row["from"].as_u64(), row["to"].as_u64()),
                (Some(0), Some(expect[last - 1]))
            );
        }
    }
    let published = ["publish", "F", "--as-of", "2026-02-04", "--", "totals"];
    bench.ok(&[&published[..], &asked].concat());
    bench.ok(&[
        "append",
        "transfer",
        "d:1",
        "--occurred",
        "2026-02-03",
        "--place",
        "VE:B",
        "--unsourced",
    ]);
    let row = &bench.rows(&["report", "publications"])[0];
    let part = |key: &str| row[key].as_i64();
    assert_eq!(
        (part("published_count"), part("now_count")),
        (Some(1), Some(2)),
        "{row}"
    );
    assert_eq!(
        (part("change"), part("learned_late")),
        (Some(1), Some(1)),
        "{row}"
    );
}
