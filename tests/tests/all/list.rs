//! Who is held or in a state, by name: the rows add up to the totals.

use super::harness::Bench;

#[test]
fn the_counts_of_a_list_add_up_to_the_totals_of_its_state() {
    let bench = Bench::demo();
    for day in ["2020-01-10", "2020-02-04", "2020-02-20", "2020-04-30"] {
        for total in bench.rows(&["totals", "--as-of", day]) {
            let state = total["state"].as_str().unwrap();
            let list = match total["axis"].as_str() {
                Some("profile") => vec!["list", "--as-of", day],
                _ => vec!["list", "--as-of", day, "--state", state],
            };
            let code = total["instrument"].as_str();
            let list: Vec<_> = list
                .into_iter()
                .chain(code.into_iter().flat_map(|c| ["--instrument", c]))
                .collect();
            let rows = bench.run(&[&list[..], &["-O", "json"]].concat()).rows();
            for bound in ["low", "count", "high"] {
                let sum: u64 = rows.iter().map(|row| row[bound].as_u64().unwrap()).sum();
                assert_eq!(sum, total[bound].as_u64().unwrap(), "{day} {total} {bound}");
            }
        }
    }
}

#[test]
fn a_row_says_since_when_where_and_on_whose_word() {
    let bench = Bench::demo();
    let rows = bench.rows(&["list", "--as-of", "2020-02-20"]);
    let carla = &rows[1];
    for (key, value) in [
        ("ref", "p3"),
        ("name", "Carla Demo"),
        ("state", "house-arrest"),
        ("since_first", "2020-02-03"),
        ("since_last", "2020-02-04"),
        ("place", "XD:North"),
        ("entry", "e25"),
    ] {
        assert_eq!(carla[key], value, "{key}");
    }
    assert_eq!(carla["sources"].to_string(), r#"["Demo Watch","family"]"#);
}

#[test]
fn a_state_or_an_instrument_that_is_not_there_is_told() {
    let bench = Bench::demo();
    let run = bench.refused(2, &["list", "--state", "relased"]);
    assert!(run.err.contains("did you mean `released`?"), "{}", run.err);
    bench.refused(5, &["list", "--state", "granted", "--instrument", "nope"]);
}
