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

/// The months of the small ledger, as they would be published if nothing were wrong.
const TABLE: &str = "\
period,stock at start,entry arrest,entry custody-observed,exits,exit release,stock at end,note
2020-01,0,4,1,0,0,5,
2020-02,5,23,0,2,,26,\"nobody knows, how\"
2020-03,26,0,0,3,,23,
";

#[test]
fn a_published_table_that_holds_is_told_so() {
    let bench = Bench::demo();
    let file = bench.file("table.csv", TABLE.replace(",exit release", ",note"));
    let run = bench.ok(&["flows", "--check", &file, "-O", "csv"]);
    let heading = "line,column,period,figure,against,published,expected,";
    assert!(
        run.out.starts_with(heading) && run.out.lines().count() == 1,
        "{run:?}"
    );
    let said = "3 periods, 15 figures: 0 do not hold in themselves, 0 differ from the ledger\n";
    assert_eq!(run.err, said);
    let piped = bench.run_with_stdin(
        &["flows", "--check", "-"],
        &TABLE.replace(",exit release", ",note"),
    );
    assert_eq!((piped.code, piped.err.as_str()), (0, said), "{piped:?}");
}

#[test]
fn every_figure_of_a_published_table_that_does_not_hold_is_told_with_its_place() {
    let bench = Bench::demo();
    let table = TABLE.replace("5,23,0,2,,26", "6,23,0,2,,26");
    let file = bench.file("table.csv", table);
    let run = bench.run(&["flows", "--check", &file, "-O", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let line = |row: &Value| {
        format!(
            "{}:{} {} {} {}, by {} {}",
            row["line"],
            row["column"],
            text(row, "period"),
            text(row, "figure"),
            row["published"],
            text(row, "against"),
            row["expected"]
        )
    };
    let shown: Vec<_> = run.rows().iter().map(line).collect();
    let expect = [
        "3:9 2020-02 stock-at-start 6, by arithmetic 5",
        "3:19 2020-02 stock-at-end 26, by arithmetic 27",
        "3:9 2020-02 stock-at-start 6, by ledger 5",
        "3:1 2020-02 exit exit-unknown null, by ledger 1",
        "3:1 2020-02 exit escape null, by ledger 1",
        "4:1 2020-03 exit conditional-release null, by ledger 1",
        "4:1 2020-03 exit death null, by ledger 1",
    ];
    assert_eq!(shown, expect);
    let meta = &run.json()["meta"];
    assert_eq!(
        (&meta["as_of"], &meta["filters"]["table"]),
        (&Value::Null, &"table.csv".into())
    );
    let csv = bench.run(&["flows", "--check", &file, "-O", "csv"]).out;
    assert!(
        csv.contains("\n3,19,2020-02,stock-at-end,arithmetic,26,27,"),
        "{csv}"
    );
    let run = bench.run(&["flows", "--check", &file]);
    let cells = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let table: Vec<_> = run.out.lines().skip(3).map(cells).collect();
    assert_eq!(table[0], "3 9 2020-02 stock-at-start arithmetic 6 5");
    // What the ledger did not know yet, it cannot confirm; another profile counts others.
    let early = bench.run(&["flows", "--check", &file, "--known-at", "e0"]);
    assert_eq!(early.code, 1);
    assert!(
        early
            .err
            .ends_with("2 do not hold in themselves, 10 differ from the ledger\n"),
        "{}",
        early.err
    );
}

#[test]
fn a_table_that_cannot_be_read_is_refused_with_every_fault() {
    let bench = Bench::demo();
    let file = bench.file(
        "table.csv",
        "period,entry arest,exits\n2020-13,1,2\n2020-02,1,many\n",
    );
    let run = bench.refused(3, &["flows", "--check", &file]);
    for fault in [
        "table.csv:1:8: ",
        "did you mean `arrest`?",
        "table.csv:2:1: ",
        "table.csv:3:11: ",
    ] {
        assert!(run.err.contains(fault), "{}", run.err);
    }
    bench.refused(2, &["flows", "--check", "none.csv"]);
    bench.refused(2, &["flows", "--check", &file, "--from", "2020-01-01"]);
    bench.refused(2, &["--as-of", "2020-01-01", "flows", "--check", &file]);
    bench.refused(2, &["flows", "--from", "2020-01-01"]);
    bench.refused(2, &["flows"]);
    let file = bench.file("latin.csv", b"period,exits\n2020,\xe9\n");
    let run = bench.refused(3, &["flows", "--check", &file]);
    assert!(
        run.err.contains("latin.csv:2: this is not UTF-8"),
        "{}",
        run.err
    );
    let help = bench.run(&["flows", "--help"]).out;
    for column in [
        "period  ",
        "stock-at-start",
        "entry KIND",
        "exit KIND",
        "stock-at-end",
    ] {
        assert!(help.contains(column), "{help}");
    }
}
