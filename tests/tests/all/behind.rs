//! `totals --who` and `--evidence`: the rows add up to every number, and name their entries.

use std::collections::BTreeMap;

use super::harness::Bench;
use super::totals::{line, text};

#[test]
fn the_people_and_entries_behind_add_up_to_every_number() {
    let bench = Bench::demo();
    for day in ["2020-01-10", "2020-02-04", "2020-02-20", "2020-04-30"] {
        for option in ["--who", "--evidence"] {
            let asked = ["totals", "--as-of", day, "-O", "json"];
            let mut sums: BTreeMap<String, [u64; 3]> = BTreeMap::new();
            for row in bench.run(&[&asked[..], &[option]].concat()).rows() {
                let (key, numbers) = line(&row);
                let sums = sums.entry(key).or_default().iter_mut();
                sums.zip(numbers).for_each(|(sum, number)| *sum += number);
                assert!(!text(&row, "ref").is_empty(), "{row}");
                assert_eq!(option == "--who", row.get("entry").is_none(), "{row}");
            }
            for row in bench.run(&asked).rows() {
                let (key, numbers) = line(&row);
                let sum = sums.remove(&key).unwrap_or_default();
                assert_eq!(sum, numbers, "{day} {option} {key}");
            }
            assert!(sums.is_empty(), "{sums:?}");
        }
    }
}

#[test]
fn evidence_names_the_entry_in_every_form() {
    let bench = Bench::demo();
    let asked = [
        "totals",
        "--as-of",
        "2020-02-20",
        "--state",
        "house-arrest",
        "--evidence",
    ];
    let rows = bench.rows(&asked);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    for (key, value) in [
        ("ref", "p3"),
        ("name", "Carla Demo"),
        ("place", "XD:North"),
        ("entry", "e25"),
        ("kind", "house-arrest"),
        ("occurred", "2020-02-20"),
        ("by", "desk"),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    let csv = bench.ok(&[&asked[..], &["-O", "csv"]].concat()).out;
    let heading = "axis,state,low,count,high,ref,name,place,instrument,entry,kind,occurred,";
    assert!(csv.starts_with(heading), "{csv}");
    let cells = "\ncustody,house-arrest,1,1,1,p3,Carla Demo,XD:North,,e25,house-arrest,2020-02-20,";
    assert!(csv.contains(cells), "{csv}");
    let table = bench.ok(&asked).out;
    assert!(table.contains("p3   Carla Demo  XD:North"), "{table}");
    assert!(table.contains("e25"), "{table}");
}
