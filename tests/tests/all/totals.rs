//! `totals`: the numbers reckoned by hand, at every coordinate, in every form.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::harness::{Bench, fixtures};

/// `axis`, instrument and `state` of a row of totals, with its three numbers.
pub type Line = (String, [u64; 3]);

/// A text of a row; empty where there is none.
pub fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

/// A row of totals.
pub fn line(row: &Value) -> Line {
    let key = format!(
        "{}/{}/{}",
        text(row, "axis"),
        text(row, "instrument"),
        text(row, "state")
    );
    (
        key,
        ["low", "count", "high"].map(|bound| row[bound].as_u64().unwrap()),
    )
}

/// The lines of `demo-small.totals.csv` by day and position.
fn reckoned() -> BTreeMap<(String, String), Vec<Line>> {
    let csv = fs::read_to_string(fixtures().join("demo-small.totals.csv")).unwrap();
    let mut reckoned: BTreeMap<_, Vec<Line>> = BTreeMap::new();
    for row in csv.lines().skip(1) {
        let cells: Vec<_> = row.split(',').collect();
        let [as_of, known_at, axis, instrument, state, low, count, high] = cells[..] else {
            panic!("{row}")
        };
        let key = format!("{axis}/{instrument}/{state}");
        let numbers = [low, count, high].map(|number| number.parse().unwrap());
        let at = (as_of.to_owned(), known_at.to_owned());
        reckoned.entry(at).or_default().push((key, numbers));
    }
    reckoned
}

#[test]
fn totals_are_those_reckoned_by_hand_at_every_coordinate() {
    let bench = Bench::demo();
    let reckoned = reckoned();
    assert_eq!(reckoned.len(), 11);
    for ((as_of, known_at), expected) in &reckoned {
        let mut answered = BTreeMap::new();
        for profile in ["deprived-of-liberty", "prison-only", "with-measures"] {
            let at = [
                "--as-of",
                as_of,
                "--known-at",
                known_at,
                "--profile",
                profile,
            ];
            answered.extend(
                bench
                    .rows(&[&["totals"][..], &at].concat())
                    .iter()
                    .map(line),
            );
        }
        // The fixture leaves out what is zero for certain.
        answered.retain(|_, numbers| *numbers != [0, 0, 0]);
        let profiles = expected
            .iter()
            .filter(|(key, _)| key.starts_with("profile/"))
            .count();
        assert!(profiles >= 2, "{as_of} {known_at}");
        for (key, numbers) in expected {
            assert_eq!(
                answered.get(key),
                Some(numbers),
                "{key} as of {as_of} at {known_at}"
            );
        }
        let known: BTreeMap<_, _> = expected.iter().cloned().collect();
        for (key, numbers) in &answered {
            let is_reckoned = known.contains_key(key) || key.starts_with("profile/");
            assert!(is_reckoned, "{key} {numbers:?} as of {as_of} at {known_at}");
        }
    }
}

#[test]
fn a_row_of_totals_has_its_five_keys_in_order_and_clemency_its_instrument_behind_them() {
    let bench = Bench::demo();
    let out = bench
        .ok(&["totals", "--as-of", "2020-02-20", "-O", "json"])
        .out;
    assert!(
        out.contains(
            "\n{\"axis\":\"custody\",\"state\":\"detained\",\"low\":25,\"count\":25,\"high\":25},\n"
        ),
        "{out}"
    );
    assert!(
        out.contains("\n{\"axis\":\"profile\",\"state\":\"deprived-of-liberty\",\"low\":26,\"count\":26,\"high\":26}\n"),
        "{out}"
    );
    let zero = "{\"axis\":\"clemency\",\"state\":\"revoked\",\"low\":0,\"count\":0,\"high\":0,\
                \"instrument\":\"demo-amnesty\"}";
    assert!(out.contains(zero), "{out}");
    let axes: Vec<_> = bench
        .rows(&["totals", "--as-of", "2020-02-20"])
        .iter()
        .map(|row| text(row, "axis"))
        .collect();
    let count = |axis: &str| axis_count(&axes, axis);
    assert_eq!(
        [
            count("custody"),
            count("case"),
            count("clemency"),
            count("profile")
        ],
        [9, 6, 6, 1]
    );
}

fn axis_count(axes: &[String], axis: &str) -> usize {
    axes.iter().filter(|of| *of == axis).count()
}

#[test]
fn a_table_shows_the_count_the_bounds_where_they_differ_and_no_zero_row() {
    let bench = Bench::demo();
    let out = bench
        .ok(&["totals", "--as-of", "2020-02-03", "--known-at", "e22"])
        .out;
    let (caption, table) = out.split_once("\n\n").unwrap();
    assert!(
        caption.starts_with("as of 2020-02-03 · known at e22 ("),
        "{caption}"
    );
    assert!(table.starts_with("axis "), "{table}");
    let json = bench.rows(&["totals", "--as-of", "2020-02-03", "--known-at", "e22"]);
    let shown: Vec<_> = json
        .iter()
        .filter(|row| row["high"] != 0)
        .map(line)
        .collect();
    assert_eq!(table.lines().count(), shown.len() + 1, "{table}");
    for ((key, [low, count, high]), printed) in shown.iter().zip(table.lines().skip(1)) {
        let cells: Vec<_> = printed.split_whitespace().collect();
        let state = key.rsplit('/').next().unwrap();
        let mut expect = vec![key.split('/').next().unwrap().to_owned(), state.to_owned()];
        expect.push(count.to_string());
        if low < high {
            expect.push(format!("{low}..{high}"));
        }
        assert_eq!(cells, expect);
    }
}

#[test]
fn every_form_of_the_totals_has_the_same_numbers() {
    let bench = Bench::demo();
    let at = ["totals", "--as-of", "2020-03-10"];
    let json: Vec<_> = bench.rows(&at).iter().map(line).collect();
    let lines = bench.ok(&[&at[..], &["-O", "jsonl"]].concat()).out;
    let lines: Vec<Value> = lines
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .all(|row| row["as_of"] == "2020-03-10" && row["known_at"]["seq"] == 51)
    );
    assert_eq!(lines.iter().map(line).collect::<Vec<_>>(), json);
    let csv = bench.ok(&[&at[..], &["-O", "csv"]].concat()).out;
    let heading = "axis,state,low,count,high,instrument,as_of,known_at_seq,";
    assert!(csv.starts_with(heading), "{csv}");
    for ((key, [low, count, high]), row) in json.iter().zip(csv.lines().skip(1)) {
        let [axis, instrument, state] = key.split('/').collect::<Vec<_>>()[..] else {
            panic!()
        };
        let expect = format!("{axis},{state},{low},{count},{high},{instrument},2020-03-10,51,");
        assert!(row.starts_with(&expect), "{row}");
    }
    let md = bench.ok(&[&at[..], &["-O", "md"]].concat()).out;
    assert!(md.contains("| axis | state | count |"), "{md}");
    assert!(md.contains("| custody | detained |"), "{md}");
}

#[test]
fn lines_by_a_grouping_add_up_to_the_total() {
    let bench = Bench::demo();
    let at = ["totals", "--as-of", "2020-02-20"];
    let whole: BTreeMap<_, _> = bench.rows(&at).iter().map(line).collect();
    for by in [
        "place",
        "authority",
        "court",
        "jurisdiction",
        "ground",
        "recorder",
    ] {
        let mut sums: BTreeMap<String, [u64; 3]> = BTreeMap::new();
        for row in bench.rows(&[&at[..], &["--by", by]].concat()) {
            assert!(row.get(by).is_some(), "{by}: {row}");
            let (key, numbers) = line(&row);
            let sum = sums.entry(key).or_default();
            sum.iter_mut()
                .zip(numbers)
                .for_each(|(sum, number)| *sum += number);
        }
        for (key, numbers) in &whole {
            assert_eq!(sums.get(key).unwrap_or(&[0; 3]), numbers, "{key} by {by}");
        }
    }
    let shallow = bench.ok(&[
        "totals",
        "--by",
        "place",
        "--depth",
        "1",
        "--as-of",
        "2020-02-20",
    ]);
    assert!(
        shallow.out.contains("XD\n") && !shallow.out.contains("XD:"),
        "{}",
        shallow.out
    );
    let both = bench.rows(&[
        "totals",
        "--by",
        "source,instrument",
        "--as-of",
        "2020-04-30",
    ]);
    let is_own = |row: &Value| row["axis"] != "clemency" || row["instrument"] == "demo-amnesty";
    assert!(
        both.iter()
            .all(|row| is_own(row) && row.get("source").is_some())
    );
}
