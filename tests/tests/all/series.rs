//! `totals --every`: each day has the totals of that day, in rows, in a chart and in a drawing.

use std::fs;

use super::harness::Bench;
use super::totals::{line, text};

#[test]
fn each_row_of_a_series_is_the_total_of_its_day() {
    let bench = Bench::demo();
    let asked = [
        "totals",
        "--every",
        "week",
        "--from",
        "2020-01-20",
        "--to",
        "2020-03-11",
    ];
    let rows = bench.rows(&[&asked[..], &["--all"]].concat());
    let mut days: Vec<_> = rows.iter().map(|row| text(row, "day")).collect();
    days.sort_unstable();
    days.dedup();
    assert_eq!(days.len(), 8);
    assert_eq!((&*days[0], &*days[7]), ("2020-01-26", "2020-03-11"));
    for day in &days {
        let of_day = rows.iter().filter(|row| text(row, "day") == *day).map(line);
        let of_day: Vec<_> = of_day.collect();
        let totals = bench.run(&["totals", "--as-of", day, "-O", "json"]).rows();
        assert_eq!(of_day, totals.iter().map(line).collect::<Vec<_>>(), "{day}");
    }
    let held = bench.rows(&asked);
    assert!(held.iter().all(|row| row["axis"] == "profile"));
    assert_eq!(held.len(), 8);
    let granted = bench.rows(&[&asked[..], &["--state", "granted"]].concat());
    assert!(
        granted
            .iter()
            .all(|row| row["instrument"] == "demo-amnesty")
    );
    assert_eq!(granted.len(), 8);
}

#[test]
fn every_form_of_a_series_has_the_same_numbers_behind_the_five_keys() {
    let bench = Bench::demo();
    let asked = [
        "totals",
        "--every",
        "day",
        "--from",
        "2020-02-03",
        "--to",
        "2020-02-05",
    ];
    let json = bench.ok(&[&asked[..], &["-O", "json"]].concat()).out;
    for (day, low, count, high) in [(3, 3, 5, 5), (4, 4, 5, 5), (5, 4, 4, 5)] {
        let row = format!(
            "\n{{\"axis\":\"profile\",\"state\":\"deprived-of-liberty\",\"low\":{low},\
             \"count\":{count},\"high\":{high},\"day\":\"2020-02-0{day}\"}}"
        );
        assert!(json.contains(&row), "{row}\n{json}");
    }
    let csv = bench.ok(&[&asked[..], &["-O", "csv"]].concat()).out;
    assert!(
        csv.starts_with("axis,state,low,count,high,day,instrument,as_of,"),
        "{csv}"
    );
    assert!(
        csv.contains("\nprofile,deprived-of-liberty,3,5,5,2020-02-03,,2020-02-05,"),
        "{csv}"
    );
    let table = bench.ok(&asked).out;
    let cells: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(
        cells.join(" "),
        "profile deprived-of-liberty 4 4 5 2020-02-05"
    );
}

#[test]
fn a_chart_has_a_bar_for_each_period_in_tables_alone() {
    let bench = Bench::demo();
    let asked = [
        "totals",
        "--every",
        "day",
        "--from",
        "2020-02-03",
        "--to",
        "2020-02-05",
        "--chart",
    ];
    let table = bench.ok(&asked).out;
    let bars: Vec<_> = table
        .lines()
        .skip(3)
        .map(|line| line.split_whitespace().last().unwrap().to_owned())
        .collect();
    let bar = |certain, possible, point: bool| {
        let point = if point { "│" } else { "" };
        format!("{}{}{point}", "█".repeat(certain), "░".repeat(possible))
    };
    assert_eq!(bars[0], bar(30, 19, true));
    assert_eq!(bars[1], bar(40, 9, true));
    assert_eq!(bars[2], format!("{}│{}", "█".repeat(39), "░".repeat(10)));
    let run = bench.refused(2, &[&asked[..], &["-O", "csv"]].concat());
    assert!(run.err.contains("a chart is for people"), "{}", run.err);
}

#[test]
fn a_drawing_shows_band_line_and_claims_and_overwrites_nothing() {
    let bench = Bench::demo();
    let asked = [
        "totals",
        "--every",
        "day",
        "--from",
        "2020-02-01",
        "--to",
        "2020-02-29",
        "-o",
        "held.svg",
    ];
    let run = bench.ok(&asked);
    assert!(run.err.contains("drawn in held.svg"), "{}", run.err);
    let svg = fs::read_to_string(bench.path().join("held.svg")).unwrap();
    for part in [
        "<title id=\"title\">Demo: Held (deprived-of-liberty)</title>",
        "Last: 26 (26 to 26) on 2020-02-29.",
        "Demo Ministry (XD) claims about 20 on 2020-02-20.",
        "<path class=\"band\" d=\"M",
        "<path class=\"point\" d=\"M",
        ">Demo Ministry (XD): about 20</text>",
        "profile deprived-of-liberty",
    ] {
        assert!(svg.contains(part), "{part}\n{svg}");
    }
    assert_eq!(svg.matches("<circle").count(), 1);
    let run = bench.refused(2, &asked);
    assert!(run.err.contains("held.svg is there already"), "{}", run.err);
}

#[test]
fn a_series_that_makes_no_sense_is_a_usage_failure() {
    let bench = Bench::demo();
    for (asked, says) in [
        (&["--every", "day"][..], "--from"),
        (
            &[
                "--every",
                "day",
                "--from",
                "2020-02-02",
                "--to",
                "2020-02-01",
            ],
            "is before --from",
        ),
        (
            &[
                "--every",
                "day",
                "--from",
                "1800-01-01",
                "--to",
                "2020-02-01",
            ],
            "at most 36600 points",
        ),
        (&["--every", "hour", "--from", "2020-02-02"], "hour"),
        (&["--chart"], "--every"),
        (
            &[
                "--every",
                "day",
                "--from",
                "2020-02-02",
                "--to",
                "2020-02-03",
                "--all",
                "-o",
                "x.svg",
            ],
            "shows one line",
        ),
    ] {
        let run = bench.refused(2, &[&["totals"], asked].concat());
        assert!(run.err.contains(says), "{asked:?} {}", run.err);
    }
    assert!(!bench.path().join("x.svg").exists());
}
