//! Who is meant by a ref, a name or a part of one, and that a write never guesses.

use super::harness::Bench;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok(&[
        "person",
        "add",
        "José Núñez",
        "--alias",
        "Pepe",
        "--ref",
        "demo:1",
    ]);
    bench.ok(&["person", "add", "Ana Demo", "--ref", "demo:2"]);
    bench.ok(&["person", "add", "Ana Demo", "--namesake"]);
    bench
}

#[test]
fn somebody_is_found_by_ref_reference_name_alias_and_near_name() {
    let bench = bench();
    for typed in [
        "p1",
        "P1",
        "demo:1",
        "José Núñez",
        "Pepe",
        "jose nunez",
        "NÚÑEZ José",
        "Nunes",
    ] {
        assert_eq!(
            bench.rows(&["person", "show", typed])[0]["ref"],
            "p1",
            "{typed}"
        );
    }
    let run = bench.ok(&["person", "show", "nunes"]);
    assert_eq!(run.err, "note: taken to mean p1 José Núñez\n");
}

#[test]
fn a_write_takes_exact_names_only() {
    let bench = bench();
    let arrest = |who| {
        [
            "append",
            "arrest",
            who,
            "--occurred",
            "2026-02-08",
            "--unsourced",
        ]
    };
    bench.ok(&arrest("José Núñez"));
    bench.ok(&arrest("Jose\u{301} Nu\u{301}n\u{303}ez"));
    bench.ok(&arrest("Pepe"));
    for who in [
        "jose nunez",
        "José",
        "pepe",
        "Ana Demo",
        "Nobody",
        "p9",
        "g1",
    ] {
        bench.refused(5, &arrest(who));
    }
    let run = bench.refused(5, &arrest("Ana Demo"));
    let expect = "\
error: more than one has that name
  p2  Ana Demo
  p3  Ana Demo

hint: type the ref of the one you mean, such as p7
";
    assert_eq!(run.err, expect);
}

#[test]
fn a_namesake_is_registered_only_on_request() {
    let bench = bench();
    let run = bench.refused(5, &["person", "add", "Pepe"]);
    assert!(run.err.contains("--namesake"), "{}", run.err);
}

#[test]
fn two_who_are_merged_are_one_to_look_at() {
    let bench = bench();
    bench.ok(&["append", "merge", "p3", "--into", "p2", "--unsourced"]);
    let refs: Vec<_> = bench
        .rows(&["person", "show", "Ana Demo"])
        .iter()
        .map(|row| row["ref"].clone())
        .collect();
    assert_eq!(refs, ["p2", "p3"]);
    bench.refused(3, &["append", "merge", "p2", "--into", "p3", "--unsourced"]);
}

#[test]
fn a_new_alias_is_added_to_the_old_ones() {
    let bench = bench();
    bench.ok(&["person", "alias", "p1", "El Profe"]);
    let rows = bench.rows(&["person", "show", "El Profe"]);
    assert_eq!(rows[0]["aliases"].to_string(), r#"["Pepe","El Profe"]"#);
    assert_eq!(rows[0]["name"], "José Núñez");
}

#[test]
fn names_stand_in_no_entry_line() {
    let bench = bench();
    let export = bench.ok(&["export"]).out;
    assert!(
        !export.contains("Ana") && !export.contains("demo:2"),
        "{export}"
    );
    let opened = bench.ok(&["export", "--openings"]).out;
    assert!(opened.contains("Ana Demo") && opened.contains("demo:2"));
}
