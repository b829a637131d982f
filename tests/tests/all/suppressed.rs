//! `totals --suppress-below`: small numbers are withheld, and cannot be had by subtraction.

use std::collections::BTreeMap;

use serde_json::Value;

use super::harness::Bench;
use super::totals::text;

const BOUNDS: [&str; 3] = ["low", "count", "high"];

/// What a row is of: everything but its numbers.
fn line(row: &Value) -> [String; 4] {
    ["axis", "state", "instrument", "place"].map(|key| text(row, key))
}

fn numbers(row: &Value) -> [Option<u64>; 3] {
    BOUNDS.map(|bound| row[bound].as_u64())
}

/// The rows of an answer by what they are of.
fn by_line(bench: &Bench, args: &[&str]) -> BTreeMap<[String; 4], Value> {
    let rows = bench.rows(&[&["totals"], args].concat()).into_iter();
    rows.map(|row| (line(&row), row)).collect()
}

#[test]
fn a_withheld_number_is_null_and_a_shown_one_is_the_true_one() {
    let bench = Bench::demo();
    for day in ["2020-01-10", "2020-02-20", "2020-04-30"] {
        for by in [
            &[][..],
            &["--by", "place"],
            &["--by", "place", "--depth", "1"],
        ] {
            let asked = [&["--as-of", day][..], by].concat();
            let truth = by_line(&bench, &asked);
            for below in ["2", "3", "30"] {
                let shown = by_line(&bench, &[&asked[..], &["--suppress-below", below]].concat());
                let below: u64 = below.parse().unwrap();
                assert!(shown.keys().eq(truth.keys()), "{day} {by:?}");
                for (line, row) in &shown {
                    let true_numbers = numbers(&truth[line]);
                    let is_small = true_numbers
                        .iter()
                        .any(|n| n.is_some_and(|n| (1..below).contains(&n)));
                    match row["suppressed"].as_bool().unwrap() {
                        true => assert!(BOUNDS.iter().all(|key| row[key].is_null()), "{row}"),
                        false => {
                            assert_eq!(numbers(row), true_numbers, "{line:?}");
                            assert!(!is_small, "{below}: {row}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn no_small_number_follows_by_subtraction_from_those_shown() {
    let bench = Bench::demo();
    let mut hidden_beside_others = 0;
    for day in ["2020-01-10", "2020-02-04", "2020-02-20", "2020-04-30"] {
        for below in ["2", "3", "5"] {
            let at = ["--as-of", day, "--suppress-below", below];
            let overall = by_line(&bench, &at);
            let grouped = by_line(&bench, &[&at[..], &["--by", "place"]].concat());
            let truth = by_line(&bench, &["--as-of", day, "--by", "place"]);
            let below: u64 = below.parse().unwrap();
            for ([axis, state, instrument, _], row) in &overall {
                if row["suppressed"] == true {
                    continue;
                }
                // The groups of a line add up to it, so what is withheld of them is its rest.
                let of_line = |key: &[String; 4]| {
                    key[..3] == [axis.clone(), state.clone(), instrument.clone()]
                };
                let withheld: Vec<_> = grouped
                    .iter()
                    .filter(|(key, row)| of_line(key) && row["suppressed"] == true)
                    .map(|(key, _)| truth[key]["high"].as_u64().unwrap())
                    .collect();
                if withheld.is_empty() {
                    continue;
                }
                hidden_beside_others += 1;
                assert!(
                    withheld.len() >= 2,
                    "{day} {below} {axis}/{state}: {withheld:?}"
                );
                assert!(
                    withheld.iter().sum::<u64>() >= below,
                    "{day} {axis}/{state}"
                );
            }
        }
    }
    assert!(
        hidden_beside_others > 0,
        "the fixture shows nothing of the rule"
    );
}

#[test]
fn every_form_says_that_a_number_is_withheld_and_at_which_threshold() {
    let bench = Bench::demo();
    let asked = ["totals", "--as-of", "2020-02-20", "--suppress-below", "3"];
    let form = |form| bench.ok(&[&asked[..], &["-O", form]].concat()).out;
    let table = form("table");
    assert!(table.contains("suppress-below 3"), "{table}");
    let line = table.lines().find(|line| line.contains("escaped")).unwrap();
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["custody", "escaped", "withheld", "yes"]);
    assert!(
        !table.contains("0..1"),
        "the bounds tell the number: {table}"
    );
    let csv = form("csv");
    assert!(
        csv.starts_with("axis,state,low,count,high,instrument,suppressed,as_of,"),
        "{csv}"
    );
    assert!(
        csv.contains("\ncustody,escaped,,,,,yes,2020-02-20,"),
        "{csv}"
    );
    let meta = bench.ok(&[&asked[..], &["-O", "json"]].concat()).json()["meta"].clone();
    assert_eq!(meta["filters"]["suppress-below"], "3");
    let one_line = bench.rows(&[&asked[..], &["--state", "escaped"]].concat());
    assert_eq!(one_line.len(), 1);
    assert_eq!(
        one_line[0]["suppressed"], true,
        "asking for a line does not open it"
    );
}

#[test]
fn a_threshold_that_hides_nothing_or_beside_what_shows_all_is_refused() {
    let bench = Bench::demo();
    for more in [
        &["--suppress-below", "1"][..],
        &["--suppress-below", "0"],
        &["--suppress-below", "few"],
        &["--suppress-below", "3", "--who"],
        &["--suppress-below", "3", "--evidence"],
        &[
            "--suppress-below",
            "3",
            "--every",
            "day",
            "--from",
            "2020-01-01",
        ],
    ] {
        let refused = bench.refused(2, &[&["totals"][..], more].concat());
        assert!(
            refused.out.is_empty() && refused.err.contains("--suppress-below"),
            "{more:?}"
        );
    }
}
