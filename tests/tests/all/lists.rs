//! `import list`: what follows from successive full lists of people in custody.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Bench, fixture, fixtures};

const DAYS: [&str; 5] = ["02", "03", "04", "05", "07"];

fn demo_files() -> Vec<String> {
    let name = |day: &&str| fixture(&format!("lists/custody-202001{day}.csv"));
    DAYS.iter().map(name).collect()
}

fn import(bench: &Bench, files: &[String], more: &[&str]) -> Vec<Value> {
    let rules = fixture("rules/demo-list.toml");
    let mut args = vec!["import", "list", "--rules", &rules];
    args.extend(files.iter().map(String::as_str));
    args.extend(more);
    bench.rows(&args)
}

fn held(bench: &Bench, day: &str, head: &Value) -> [u64; 3] {
    let known_at = format!("e{head}");
    let rows = bench.run(&[
        "totals",
        "--as-of",
        day,
        "--known-at",
        &known_at,
        "--profile",
        "prison-only",
        "-O",
        "json",
    ]);
    let rows = rows.rows();
    let held = rows.iter().find(|row| row["axis"] == "profile").unwrap();
    ["low", "count", "high"].map(|bound| held[bound].as_u64().unwrap())
}

/// The events of a ledger without what differs from run to run.
fn events(bench: &Bench) -> Vec<String> {
    let log = bench.run(&["export"]).out;
    let event = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let entry = entry.as_object_mut().unwrap();
        for key in ["id", "recorded", "person", "entry", "replaces", "private"] {
            entry.remove(key);
        }
        serde_json::to_string(entry).unwrap()
    };
    log.lines().skip(1).map(event).collect()
}

#[test]
fn every_case_of_two_lists_in_a_row_is_counted() {
    let bench = Bench::new();
    let rows = import(&bench, &demo_files(), &[]);
    let figures = |row: &Value| {
        let keys = [
            "rows",
            "people",
            "entered",
            "left",
            "returned",
            "returned_same_admission",
            "admission_changed",
            "status_changed",
        ];
        (
            keys.map(|key| row[key].as_u64().unwrap()),
            row["silent"].as_bool().unwrap(),
        )
    };
    let expect = [
        ([6, 5, 0, 0, 0, 0, 0, 0], false),
        // 3 and 5 are gone, 6 is new, 2 was admitted a day later, 1 was sentenced.
        ([4, 4, 1, 2, 0, 0, 1, 1], false),
        ([4, 4, 0, 0, 0, 0, 0, 0], true),
        // 3 is back as if never gone, 5 was admitted again, 4 is gone.
        ([5, 5, 2, 1, 2, 1, 0, 0], false),
        // 4 was admitted again before the list on which it was missing; 2, 3 and 6 are gone.
        ([3, 3, 1, 3, 1, 0, 0, 1], false),
    ];
    assert_eq!(rows.iter().map(figures).collect::<Vec<_>>(), expect);
    for (row, day) in rows.iter().zip(DAYS) {
        let people = row["people"].as_u64().unwrap();
        let day = format!("2020-01-{day}");
        assert_eq!(row["date"], *day);
        assert_eq!(
            held(&bench, &day, &row["head"]["seq"]),
            [people; 3],
            "{day}"
        );
    }
}

#[test]
fn lists_together_one_by_one_or_twice_give_the_same_entries() {
    let together = Bench::new();
    import(&together, &demo_files(), &[]);
    let one_by_one = Bench::new();
    for file in demo_files() {
        import(&one_by_one, &[file], &[]);
    }
    assert_eq!(events(&one_by_one), events(&together));

    let before = together.head();
    let again = import(&together, &demo_files(), &[]);
    assert_eq!(together.head(), before);
    assert!(again.iter().all(|row| row["new"] == 0));
}

#[test]
fn a_dry_run_tells_the_figures_and_writes_nothing() {
    let bench = Bench::new();
    let before = bench.head();
    let dry = import(&bench, &demo_files(), &["--dry-run"]);
    assert_eq!(bench.head(), before);
    assert_eq!(import(&bench, &demo_files(), &[]), dry);
}

#[test]
fn an_exit_lies_between_the_lists_and_a_return_withdraws_it() {
    let bench = Bench::new();
    import(&bench, &demo_files()[..2], &[]);
    let log = bench.run(&["export"]).out;
    let exits = |log: &str| {
        let lines = log
            .lines()
            .filter(|line| line.contains("\"kind\":\"exit-unknown\""));
        lines
            .filter(|line| line.contains("\"occurred\":\"2020-01-03\""))
            .count()
    };
    assert_eq!(exits(&log), 2);
    import(&bench, &demo_files()[2..4], &[]);
    let log = bench.run(&["export"]).out;
    assert!(log.contains("back on the list of 2020-01-05 with the same admission"));
    assert!(log.contains("\"kind\":\"source-silent\",\"list\":\"demo-list\""));
}

#[test]
fn what_the_rules_do_not_say_is_refused_with_its_row_and_column() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-list.toml");
    let head = "NUMBER,ADMITTED,STATUS\n";
    let cases = [
        (
            "1,2020-01-01 08:00:00,RAM",
            "row 2, column STATUS",
            "the nearest there is `REM`",
        ),
        ("1,01/02/2020,REM", "row 2, column ADMITTED", "%Y-%m-%d"),
        (
            ",2020-01-01 08:00:00,REM",
            "row 2, column NUMBER",
            "names one person",
        ),
        ("1,2020-01-01 08:00:00", "row 2: 2 cells", "quotation mark"),
    ];
    for (row, place, remedy) in cases {
        let file = bench.file("custody-20200102.csv", format!("{head}{row}\n"));
        let run = bench.refused(3, &["import", "list", &file, "--rules", &rules]);
        assert!(
            run.err.contains(place) && run.err.contains(remedy),
            "{row}: {}",
            run.err
        );
    }
    let file = bench.file("custody-20200102.csv", "NUMBER,ADMITED,STATUS\n");
    let run = bench.refused(3, &["import", "list", &file, "--rules", &rules]);
    assert!(run.err.contains("near: `ADMITED`"), "{}", run.err);
    let file = bench.file("people.csv", head);
    let run = bench.refused(3, &["import", "list", &file, "--rules", &rules]);
    assert!(run.err.contains("custody-%Y%m%d"), "{}", run.err);
}

#[test]
fn a_list_that_comes_too_late_or_differs_is_refused() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-list.toml");
    import(&bench, &demo_files()[1..2], &[]);
    let late = &demo_files()[0];
    let run = bench.refused(3, &["import", "list", late, "--rules", &rules]);
    assert!(
        run.err.contains("in the order of their days"),
        "{}",
        run.err
    );
    let other = bench.file("custody-20200103.csv", "NUMBER,ADMITTED,STATUS\n");
    let run = bench.refused(3, &["import", "list", &other, "--rules", &rules]);
    assert!(
        run.err.contains("another list of 2020-01-03"),
        "{}",
        run.err
    );
}

#[test]
fn a_list_that_was_taken_back_is_not_taken_for_recorded() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-list.toml");
    import(&bench, &demo_files()[..1], &[]);
    bench.ok(&["undo"]);
    let run = bench.refused(3, &["import", "list", &demo_files()[0], "--rules", &rules]);
    assert!(run.err.contains("was taken back"), "{}", run.err);
}

#[test]
fn a_month_of_real_lists_gives_its_answer_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/nyc-doc-2020-03");
    if !folder.is_dir() {
        eprintln!("skipped: the lists are not at {}", folder.display());
        return;
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "csv"))
        .collect();
    files.sort();
    let bench = Bench::new_in("America/New_York");
    let rules = fixtures().join("rules/nyc-doc.toml");
    let rules = rules.to_str().unwrap();
    let mut args = vec!["import", "list", "-n", "-O", "json", "--rules", rules];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    let run = bench.run(&args);
    assert_eq!(run.code, 0, "{}", run.err);
    let rows = run.rows();
    let sum = |key: &str| {
        rows.iter()
            .map(|row| row[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(rows.len(), 31);
    assert_eq!((sum("entered"), sum("left")), (1342, 2211));
    assert_eq!((sum("returned"), sum("returned_same_admission")), (86, 48));
    assert_eq!(
        (sum("admission_changed"), sum("status_changed")),
        (26, 1019)
    );
    for (n, expect) in [(0, (5473, 5472)), (30, (4604, 4603))] {
        let found = (&rows[n]["rows"], &rows[n]["people"]);
        assert_eq!(
            (found.0.as_u64().unwrap(), found.1.as_u64().unwrap()),
            expect
        );
    }
    for (file, row) in files.iter().zip(&rows) {
        let text = std::fs::read_to_string(file).unwrap();
        let keys = text.lines().skip(1).map(|line| line.split(',').next());
        let people = keys.collect::<HashSet<_>>().len() as u64;
        assert_eq!(row["people"], people, "{}", file.display());
    }
}
