//! `report NAME`: what each finds in the small ledger, the same in every form, and its help.

use super::harness::Bench;
use super::totals::text;

/// Every report about people, with what it finds at the end of a day: ref, point count, days,
/// entries.
const FOUND: [(&[&str], &str, &[&str]); 11] = [
    (
        &["granted-but-held"],
        "2020-03-10",
        &["p1 1 0 e17; e11", "p8 1 0 e42; e39"],
    ),
    (
        &["granted-but-held", "--days", "3"],
        "2020-03-13",
        &["p8 1 3 e42; e39"],
    ),
    (&["overdue-requests"], "2020-04-30", &[]),
    (&["rearrests", "--within", "30"], "2020-04-30", &[]),
    (
        &["at-liberty-case-open"],
        "2020-03-12",
        &["p3 1 8 e27; e24", "p1 1 2 e18; e15"],
    ),
    (&["whereabouts-unknown"], "2020-02-20", &["p2 1 16 e21"]),
    (&["excluded"], "2020-03-19", &["p5 1 11 e37; e36"]),
    (
        &["pretrial", "--longer-than", "40"],
        "2020-02-20",
        &["p5 1 44 e35; e36"],
    ),
    (
        &["time-held"],
        "2020-01-31",
        &[
            "p1 1 27 e11",
            "p5 1 24 e35",
            "p2 1 22 e19",
            "p4 1 20 e31",
            "p8 1 17 e39",
        ],
    ),
    (&["stale", "--days", "30"], "2020-02-20", &["p8 1 36 e39"]),
    (
        &["list-diff", "Demo Watch", "Demo Gazette"],
        "2020-02-20",
        &[
            "p1 1 47 e11",
            "p3 1 18 e23; e25",
            "p5 1 44 e35",
            "p8 1 37 e39",
        ],
    ),
];

#[test]
fn a_report_finds_what_was_reckoned_by_hand_the_same_in_every_form() {
    let bench = Bench::demo();
    for (report, day, expect) in FOUND {
        let asked = [&["report"], report, &["--as-of", day]].concat();
        let rows = bench.rows(&asked);
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                let entries = row["entries"].as_array().unwrap().iter();
                let entries: Vec<_> = entries.map(|entry| entry.as_str().unwrap()).collect();
                let (count, days) = (&row["count"], &row["days_count"]);
                format!("{} {count} {days} {}", text(row, "ref"), entries.join("; "))
            })
            .collect();
        assert_eq!(found, expect, "{report:?}");
        let csv = bench.run(&[&asked[..], &["-O", "csv"]].concat()).out;
        assert_eq!(csv.lines().count(), rows.len() + 1, "{csv}");
        let table = bench.run(&asked).out;
        let shown: Vec<_> = table.lines().skip(3).collect();
        assert_eq!(shown.len(), rows.len(), "{table}");
        for ((row, of_csv), of_table) in rows.iter().zip(csv.lines().skip(1)).zip(shown) {
            let [low, count, high] = ["low", "count", "high"].map(|key| row[key].to_string());
            let reference = text(row, "ref");
            assert!(of_csv.starts_with(&format!("{reference},")), "{of_csv}");
            assert!(
                of_csv.contains(&format!(",{low},{count},{high},")),
                "{of_csv}"
            );
            assert!(of_table.starts_with(&format!("{reference} ")), "{of_table}");
            assert!(of_table.contains(&format!(" {count} ")), "{of_table}");
        }
    }
}

#[test]
fn every_report_says_what_it_means_and_which_standard_it_serves() {
    let bench = Bench::empty();
    let reports = bench.run(&["report", "-O", "json"]).rows();
    assert_eq!(reports.len(), 14);
    for report in reports {
        let name = text(&report, "report");
        let help = bench.run(&["report", &name, "--help"]).out;
        let question = text(&report, "question").to_lowercase();
        let words = help
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        assert!(words.starts_with(&question), "{help}");
        assert!(words.contains("serves"), "{help}");
    }
}
