//! `flows`: the stocks are those of `totals`, everything ties out, in every form.

use serde_json::Value;

use super::harness::Bench;
use super::totals::text;

/// The lines in one word each: `entry arrest 3 (1 again, 2 new)`.
fn shown(rows: &[Value]) -> Vec<String> {
    let line = |row: &Value| {
        let words = format!(
            "{} {} {}",
            text(row, "line"),
            text(row, "kind"),
            row["count"]
        );
        match row["again"].as_u64() {
            Some(again) => format!("{words} ({again} again, {} new)", row["newly_documented"]),
            None => words,
        }
    };
    rows.iter().map(line).collect()
}

#[test]
fn stock_and_flows_of_a_month_tie_out_as_reckoned_by_hand() {
    // At the end of January: Ana, Bruno, Diego, Elena, Gala. In February Carla disappears, 21 of
    // the yard and Félix are taken; Bruno leaves the list and Diego escapes.
    let bench = Bench::demo();
    let asked = ["flows", "--from", "2020-02-01", "--to", "2020-02-29"];
    let expect = [
        "stock-at-start  5",
        "entry arrest 23 (0 again, 23 new)",
        "exit exit-unknown 1",
        "exit escape 1",
        "stock-at-end  26",
        "residual  0",
    ];
    let rows = bench.rows(&asked);
    assert_eq!(shown(&rows), expect);
    let csv = bench.ok(&[&asked[..], &["-O", "csv"]].concat()).out;
    assert!(
        csv.starts_with("line,kind,count,again,newly_documented,as_of,"),
        "{csv}"
    );
    for line in [
        "\nstock-at-start,,5,,,2020-02-29,",
        "\nentry,arrest,23,0,23,2020-02-29,",
        "\nexit,escape,1,,,2020-02-29,",
        "\nresidual,,0,,,2020-02-29,",
    ] {
        assert!(csv.contains(line), "{csv}");
    }
    let table = bench.ok(&asked).out;
    let cells = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let table: Vec<_> = table.lines().skip(3).map(cells).collect();
    assert_eq!(table[0], "stock-at-start 5");
    assert_eq!(table[1], "entry arrest 23 0 23");
    assert_eq!(table.last().map(String::as_str), Some("residual 0"));
}

#[test]
fn those_who_came_and_went_add_up_to_each_line() {
    let bench = Bench::demo();
    for profile in ["deprived-of-liberty", "prison-only", "with-measures"] {
        let asked = [
            "flows",
            "--from",
            "2020-01-01",
            "--to",
            "2020-04-30",
            "--profile",
            profile,
        ];
        let rows = bench.rows(&asked);
        let who = bench.rows(&[&asked[..], &["--evidence"]].concat());
        assert!(who.iter().all(|row| text(row, "entry").starts_with('e')));
        for row in rows.iter().filter(|row| !row["kind"].is_null()) {
            let same = |one: &&Value| one["line"] == row["line"] && one["kind"] == row["kind"];
            let sum = |of: &dyn Fn(&Value) -> bool| -> u64 {
                let those = who.iter().filter(same).filter(|one| of(one));
                those.map(|one| one["count"].as_u64().unwrap()).sum()
            };
            assert_eq!(
                sum(&|_| true),
                row["count"].as_u64().unwrap(),
                "{profile} {row}"
            );
            if let Some(again) = row["again"].as_u64() {
                assert_eq!(sum(&|one| one["again"] == true), again, "{profile} {row}");
            }
        }
        let last = rows.last().unwrap();
        assert_eq!(
            (text(last, "line"), &last["count"]),
            ("residual".to_owned(), &0.into())
        );
    }
}

#[test]
fn what_was_learned_about_the_start_is_the_residual() {
    let bench = Bench::demo();
    let rows = bench.rows(&["flows", "--from", "2020-02-21@e39", "--to", "2020-02-29"]);
    let expect = ["stock-at-start  4", "stock-at-end  26", "residual  22"];
    assert_eq!(shown(&rows), expect);
}

#[test]
fn a_period_that_ends_before_it_begins_is_a_usage_failure() {
    let bench = Bench::demo();
    let run = bench.refused(2, &["flows", "--from", "2020-02-02", "--to", "2020-02-01"]);
    assert!(run.err.contains("is before --from"), "{}", run.err);
}
