//! Who is one with whom: suggested, decided by a merge, undone by a retraction; and groups.

use super::harness::Bench;

/// Two who share their first names, each registered twice, and one name spelled in two ways.
fn bench() -> Bench {
    let bench = Bench::new();
    for (name, reference) in [
        ("Juan Pablo Guanipa", "demo:1"),
        ("Juan Pablo Guaidó", "demo:2"),
        ("GUAIDO, Juan", "demo:3"),
        ("Guanipa, JUAN PABLO", "demo:4"),
        ("Beatriz Demo", "demo:5"),
        ("Beatris Demo", "demo:6"),
    ] {
        bench.ok(&["person", "add", name, "--ref", reference]);
    }
    bench
}

fn suggested(bench: &Bench, args: &[&str]) -> Vec<String> {
    let args = [&["find", "--similar"], args, &["-O", "json"]].concat();
    let run = bench.run(&args);
    let rows = run.rows();
    assert_eq!(run.code, i32::from(rows.is_empty()), "{run:?}");
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
    let line = |row| {
        ["ref", "other", "likeness"]
            .map(|key| word(row, key))
            .join(" ")
    };
    rows.iter().map(line).collect()
}

#[test]
fn sharing_first_names_suggests_nothing() {
    let bench = bench();
    let all = ["p1 p4 same-words", "p2 p3 more-words", "p5 p6 one-letter"];
    assert_eq!(suggested(&bench, &[]), all);
    assert_eq!(suggested(&bench, &["p1"]), ["p1 p4 same-words"]);
    assert_eq!(suggested(&bench, &["demo:4"]), ["p4 p1 same-words"]);
    assert_eq!(suggested(&bench, &["p3"]), ["p3 p2 more-words"]);
    assert_eq!(
        suggested(&bench, &["Juan Pablo Guaido"]),
        ["- p2 same-words", "- p3 more-words"]
    );
    let none: [&str; 0] = [];
    assert_eq!(suggested(&bench, &["Juan Gerardo Guanipa"]), none);
    let run = bench.ok(&["find", "--similar", "-O", "csv"]);
    let expect = "\
ref,name,other,other_name,likeness
p1,Juan Pablo Guanipa,p4,\"Guanipa, JUAN PABLO\",same-words
p2,Juan Pablo Guaidó,p3,\"GUAIDO, Juan\",more-words
p5,Beatriz Demo,p6,Beatris Demo,one-letter
";
    assert_eq!(run.out, expect);
}

#[test]
fn an_alias_is_compared_as_a_name_is() {
    let bench = bench();
    bench.ok(&["person", "alias", "p3", "Juan Gerardo Guaido"]);
    bench.ok(&["person", "alias", "p2", "Guaidó, Juan Gerardo"]);
    assert_eq!(suggested(&bench, &["p3"]), ["p3 p2 same-words"]);
}

#[test]
fn a_suggestion_is_about_who_is_registered_now_and_about_persons() {
    let bench = bench();
    bench.refused(2, &["find", "--similar", "--known-at", "e1"]);
    bench.refused(2, &["--known-at", "e1", "find", "--similar"]);
    bench.refused(5, &["find", "--similar", "p9"]);
    bench.refused(5, &["find", "--similar", "g1"]);
    bench.refused(2, &["find"]);
}

#[test]
fn a_merge_makes_two_one_and_retracting_it_makes_them_two_again() {
    let bench = bench();
    for who in ["p1", "p4"] {
        bench.ok(&[
            "append",
            "arrest",
            who,
            "--occurred",
            "2026-02-08",
            "--unsourced",
        ]);
    }
    let held = || {
        let rows = bench.rows(&["totals"]);
        let held = rows.iter().find(|row| row["axis"] == "profile");
        held.map(|row| row["count"].clone()).unwrap_or_default()
    };
    assert_eq!(held(), 2);
    let run = bench.ok(&["person", "merge", "p4", "p1", "-n"]);
    assert!(run.out.contains("\"into\":"), "{}", run.out);
    assert_eq!(held(), 2);
    let rows = bench.rows(&["person", "merge", "p4", "p1", "--source", "Demo Watch:ngo"]);
    let merge = rows[0]["entry"].as_str().unwrap().to_owned();
    assert_eq!(
        (&rows[0]["kind"], &rows[0]["subject"]),
        (&"merge".into(), &"p4".into())
    );
    assert_eq!(held(), 1);
    assert_eq!(
        bench.rows(&["person", "show", "p4"])[1]["merged_into"],
        "p1"
    );
    assert_eq!(suggested(&bench, &["p4"]), [""; 0]);
    bench.refused(3, &["person", "merge", "p1", "p4"]);
    bench.ok(&["retract", &merge, "--reason", "two persons after all"]);
    assert_eq!(held(), 2);
    assert_eq!(suggested(&bench, &["p1"]), ["p1 p4 same-words"]);
}

#[test]
fn a_merge_never_guesses_and_never_registers() {
    let bench = bench();
    bench.ok(&["group", "add", "unnamed, Demo I", "--size", "3"]);
    for (code, from, into) in [
        (5, "p1", "demo:77"),
        (5, "demo:77", "p1"),
        (5, "Juan Pablo", "p1"),
        (5, "p1", "p9"),
        (2, "g1", "p1"),
        (2, "p1", "g1"),
        (3, "p1", "p1"),
    ] {
        bench.refused(code, &["person", "merge", from, into]);
    }
}

#[test]
fn a_group_counts_for_its_size_less_who_was_told_apart() {
    let bench = bench();
    bench.ok(&[
        "group",
        "add",
        "unnamed, Demo I",
        "--size",
        "3",
        "--ref",
        "demo:g1",
    ]);
    bench.ok(&["group", "add", "unnamed, Demo II"]);
    bench.ok(&[
        "append",
        "custody-observed",
        "g1",
        "--occurred",
        "2026-02-08",
        "--unsourced",
    ]);
    for who in ["p5", "Beatris Demo"] {
        bench.ok(&["group", "identify", "g1", who]);
    }
    let list = || {
        let row = |row: &serde_json::Value| {
            let [label, size, identified, left] =
                ["label", "size", "identified", "left"].map(|key| row[key].to_string());
            format!("{} {label} {size} {identified} {left}", row["ref"])
        };
        bench
            .rows(&["group", "list"])
            .iter()
            .map(row)
            .collect::<Vec<_>>()
    };
    let expect = [
        r#""g1" "unnamed, Demo I" 3 2 1"#,
        r#""g2" "unnamed, Demo II" null 0 0"#,
    ];
    assert_eq!(list(), expect);
    let run = bench.ok(&["group", "show", "g1", "-O", "json"]);
    let who: Vec<_> = run.rows().iter().map(|row| row["ref"].clone()).collect();
    assert_eq!(who, ["p5", "p6"]);
    assert_eq!(
        run.err,
        "g1 unnamed, Demo I: 3, of whom 2 were told apart; 1 are left\n"
    );
    // Who is one is told apart once.
    bench.ok(&["person", "merge", "p6", "p5"]);
    assert_eq!(list()[0], r#""g1" "unnamed, Demo I" 3 1 2"#);
    bench.refused(2, &["group", "identify", "p1", "p2"]);
    bench.refused(2, &["group", "show", "p1"]);
    bench.refused(5, &["group", "identify", "g9", "p2"]);
    bench.refused(5, &["group", "identify", "g1", "demo:99"]);
    bench.refused(2, &["group", "add", "none", "--size", "few"]);
}
