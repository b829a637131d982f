//! `import FILE --rules RULES`: what a table says of people, row by row.

use std::fs;

use serde_json::Value;

use crate::harness::{Bench, fixture};

/// Rules for small tables: a key, a name, an arrest, a status.
const RULES: &str = r#"
list = "demo"
scheme = "demo"
time-zone = "America/Caracas"
unknown = ["", "n/a"]
source = { publisher = "Demo Watch", kind = "ngo" }
[person]
key = "id"
name = "name"
[[event]]
kind = "arrest"
date = { column = "arrested", formats = ["%d/%m/%Y"] }
[[event]]
kind = { column = "status", values = { free = "release", held = "none" } }
date = { column = "since", formats = ["%d/%m/%Y"] }
"#;
const HEADER: &str = "id,name,arrested,status,since\n";

/// The rules of small tables, with something added at the top level.
fn rules(bench: &Bench, more: &str) -> String {
    bench.file("rules.toml", format!("{more}\n{RULES}"))
}

fn table(bench: &Bench, name: &str, rows: &str) -> String {
    bench.file(name, format!("{HEADER}{rows}"))
}

fn import(bench: &Bench, args: &[&str]) -> Value {
    let args = [&["import"], args].concat();
    bench.rows(&args).remove(0)
}

/// The entries of the log after `e0`.
fn entries(bench: &Bench) -> Vec<Value> {
    let log = bench.run(&["export"]).out;
    let entry = |line: &str| serde_json::from_str(line).unwrap();
    log.lines().skip(1).map(entry).collect()
}

fn of_kind(entries: &[Value], kind: &str) -> Vec<Value> {
    let of_kind = entries.iter().filter(|entry| entry["kind"] == kind);
    of_kind.cloned().collect()
}

#[test]
fn the_demo_table_becomes_the_events_that_its_rows_state() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-people.toml");
    let file = fixture("tables/demo-people.csv");
    let row = import(&bench, &[&file, "--rules", &rules]);
    let kinds = &row["kinds"];
    for (kind, count) in [
        ("person", 4),
        ("arrest", 4),
        ("release", 1),
        ("conditional-release", 1),
        ("sentence", 1),
    ] {
        assert_eq!(kinds[kind], count, "{kind} in {row}");
    }
    let counts = [
        "rows",
        "new",
        "duplicate",
        "near_match",
        "refused",
        "registered",
    ];
    let counts = counts.map(|key| row[key].as_u64().unwrap());
    assert_eq!(counts, [4, 11, 0, 0, 0, 3]);
    let all = entries(&bench);
    let arrests = of_kind(&all, "arrest");
    let dates: Vec<_> = arrests.iter().map(|entry| &entry["occurred"]).collect();
    assert_eq!(
        dates,
        ["2025-04-03", "2025-05", "../2026-02-01", "2026-02-09"]
    );
    assert_eq!(arrests[0]["place"], "VE:Caracas:El Helicoide");
    let sentence = &of_kind(&all, "sentence")[0];
    assert_eq!(
        sentence["offences"],
        serde_json::json!(["Rebellion", "Sedition"])
    );
    let held = bench.rows(&["totals", "--as-of", "2026-02-10"]);
    let held = held.iter().find(|row| row["axis"] == "profile").unwrap();
    // Bruno alone: Amaya was freed on that day, Celia lives on terms.
    assert_eq!(held["count"], 1);
}

#[test]
fn the_digest_is_in_the_source_and_row_and_cells_are_sealed_with_the_person() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-people.toml");
    let file = fixture("tables/demo-people.csv");
    import(&bench, &[&file, "--rules", &rules]);
    let bytes = fs::read(&file).unwrap();
    let sha256 = hex_sha256(&bytes);
    let all = entries(&bench);
    for entry in &all {
        assert_eq!(entry["sources"][0]["sha256"], *sha256, "{entry}");
        assert_eq!(entry["sources"][0]["title"], "demo-people");
        let line = entry.to_string();
        assert!(
            !line.contains("Amaya") && !line.contains("03/04/2025"),
            "{line}"
        );
    }
    let arrest = &of_kind(&all, "arrest")[0];
    let shown = bench
        .run(&["show", &format!("e{}", arrest["seq"]), "-O", "json"])
        .out;
    for said in ["\\\\\\\"row\\\\\\\":2", "03/04/2025", "Helicoide"] {
        let plain = said.replace('\\', "");
        let shown = shown.replace('\\', "");
        assert!(shown.contains(&plain), "{plain} is not in {shown}");
    }
}

fn hex_sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_same_table_or_one_that_overlaps_it_adds_nothing_twice() {
    let bench = Bench::new();
    let rules = rules(&bench, "");
    let first = "1,Ana Demo,01/01/2026,free,05/01/2026\n2,Eva Demo,02/01/2026,held,\n";
    let a = table(&bench, "a.csv", first);
    import(&bench, &[&a, "--rules", &rules]);
    let before = bench.head();
    let again = import(&bench, &[&a, "--rules", &rules]);
    assert_eq!((&again["new"], &again["duplicate"]), (&0.into(), &5.into()));
    assert_eq!(bench.head(), before);

    // Other rows before, another order, and one thing more.
    let b = table(
        &bench,
        "b.csv",
        "3,Lía Demo,03/01/2026,,\n2,Eva Demo,02/01/2026,free,06/01/2026\n\
         1,Ana Demo,01/01/2026,free,05/01/2026\n1,Ana Demo,01/01/2026,free,05/01/2026\n",
    );
    let dry = import(&bench, &[&b, "--rules", &rules, "--dry-run"]);
    assert_eq!(bench.head(), before);
    let done = import(&bench, &[&b, "--rules", &rules]);
    for key in [
        "rows",
        "new",
        "duplicate",
        "near_match",
        "refused",
        "registered",
        "kinds",
    ] {
        assert_eq!(dry[key], done[key], "{key}");
    }
    // The person and arrest of 3, and the release of 2.
    assert_eq!(done["kinds"]["person"], 1);
    assert_eq!(
        (&done["kinds"]["arrest"], &done["kinds"]["release"]),
        (&1.into(), &1.into())
    );
    assert_eq!((&done["new"], &done["registered"]), (&3.into(), &1.into()));
    assert_eq!(of_kind(&entries(&bench), "arrest").len(), 3);
}

#[test]
fn what_the_rules_do_not_say_is_refused_with_its_row_and_column() {
    let bench = Bench::new();
    let rules = rules(&bench, "");
    for (row, place, remedy) in [
        (
            "1,Ana Demo,2026-01-01,,",
            "row 2, column arrested",
            "%d/%m/%Y",
        ),
        (
            "1,Ana Demo,01/01/26,,",
            "row 2, column arrested",
            "%d/%m/%Y",
        ),
        (
            "1,Ana Demo,,fred,05/01/2026",
            "row 2, column status",
            "the nearest there is `free`",
        ),
        (
            "n/a,Ana Demo,01/01/2026,,",
            "row 2, column id",
            "person.key",
        ),
        (
            "1,Ana Demo,01/01/2026",
            "row 2: 3 cells, and 5",
            "quotation mark",
        ),
        (
            "1,Ana Demo,01/01/2027,,",
            "row 2, column arrested",
            "note or a claim",
        ),
    ] {
        let file = table(&bench, "a.csv", &format!("{row}\n"));
        let run = bench.refused(3, &["import", &file, "--rules", &rules]);
        assert!(
            run.err.contains(place) && run.err.contains(remedy),
            "{row}: {}",
            run.err
        );
        assert!(!run.err.contains("Ana"), "{}", run.err);
    }
    let file = bench.file("a.csv", "id,names,arrested,status,since\n");
    let run = bench.refused(3, &["import", &file, "--rules", &rules]);
    assert!(run.err.contains("the nearest is `names`"), "{}", run.err);
    let file = bench.file("a.csv", "");
    let run = bench.refused(3, &["import", &file, "--rules", &rules]);
    assert!(run.err.contains("there is no header"), "{}", run.err);
}

#[test]
fn refused_rows_go_to_a_file_that_can_be_mended_and_imported() {
    let bench = Bench::new();
    let rules = rules(&bench, "");
    let rows = "1,Ana Demo,01/01/2026,held,\n2,\"Demo, Eva\",32/01/2026,held,\n";
    let file = table(&bench, "a.csv", rows);
    let args = ["import", &file, "--rules", &rules, "--rejects", "bad.csv"];
    let dry = bench.run(&[&args[..], &["-n", "-O", "json"]].concat());
    assert_eq!(
        (dry.code, &dry.rows()[0]["refused"]),
        (0, &1.into()),
        "{}",
        dry.err
    );
    fs::remove_file(bench.path().join("bad.csv")).unwrap();
    let row = bench.rows(&args).remove(0);
    assert_eq!((&row["refused"], &row["new"]), (&1.into(), &2.into()));
    let bad = fs::read_to_string(bench.path().join("bad.csv")).unwrap();
    assert!(
        bad.starts_with("id,name,arrested,status,since,import_reason\n2,\"Demo, Eva\",32/01/2026,"),
        "{bad}"
    );
    assert!(bad.contains("arrested: not a date"), "{bad}");
    let run = bench.refused(2, &args);
    assert!(run.err.contains("bad.csv is there already"), "{}", run.err);

    let mended = bench.file("mended.csv", bad.replace("32/01/2026", "31/01/2026"));
    let row = import(
        &bench,
        &[&mended, "--rules", &rules, "--rejects", "none.csv"],
    );
    assert_eq!((&row["refused"], &row["new"]), (&0.into(), &2.into()));
    assert!(!bench.path().join("none.csv").exists());
    assert_eq!(of_kind(&entries(&bench), "arrest").len(), 2);
}

#[test]
fn somebody_who_may_be_known_is_asked_about_and_never_merged() {
    let bench = Bench::new();
    bench.ok(&["person", "add", "José Núñez Demo", "--unsourced"]);
    let rules = rules(&bench, "");
    let file = table(
        &bench,
        "a.csv",
        "1,\"NUNEZ DEMO, Jose\",01/01/2026,held,\n2,Eva Demo,02/01/2026,held,\n",
    );
    let args = ["import", &file, "--rules", &rules];
    let dry = bench.run(&[&args[..], &["-n", "-O", "json"]].concat());
    assert_eq!(dry.rows()[0]["near_match"], 1, "{}", dry.err);
    let run = bench.refused(5, &args);
    assert!(
        run.err.contains("--decisions FILE") && run.err.contains("rows 2"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("NUNEZ"), "{}", run.err);

    let args = [&args[..], &["--decisions", "who.csv"]].concat();
    bench.refused(5, &args);
    let asked = fs::read_to_string(bench.path().join("who.csv")).unwrap();
    let question = "2,demo:1,\"NUNEZ DEMO, Jose\",p1,José Núñez Demo,same-words,";
    assert!(asked.contains(&format!("{question}\n")), "{asked}");
    // Nothing is decided by itself.
    bench.refused(5, &args);
    let answer = |word: &str| asked.replace(question, &format!("{question}{word}"));
    bench.file("who.csv", answer("perhaps"));
    let run = bench.refused(3, &args);
    assert!(run.err.contains("who.csv:2"), "{}", run.err);

    bench.file("who.csv", answer("same"));
    let row = bench.rows(&args).remove(0);
    assert_eq!((&row["registered"], &row["new"]), (&1.into(), &4.into()));
    let people = bench.rows(&["person", "list"]);
    assert_eq!(people.len(), 2, "{people:?}");
    // It is known by now, with the decisions and without them.
    let before = bench.head();
    for args in [&args[..], &args[..4]] {
        let again = bench.rows(args).remove(0);
        assert_eq!(
            (&again["new"], &again["near_match"]),
            (&0.into(), &0.into())
        );
    }
    assert_eq!(bench.head(), before);
}

#[test]
fn somebody_who_was_decided_to_be_another_is_another() {
    let bench = Bench::new();
    bench.ok(&["person", "add", "José Núñez Demo", "--unsourced"]);
    let rules = rules(&bench, "");
    let file = table(&bench, "a.csv", "1,Jose Nunez Demo,01/01/2026,held,\n");
    let who = bench.file(
        "who.csv",
        "reference,candidate,decision\ndemo:1,p1,different\n",
    );
    import(&bench, &[&file, "--rules", &rules, "--decisions", &who]);
    assert_eq!(bench.rows(&["person", "list"]).len(), 2);
}

#[test]
fn a_table_whose_key_is_the_name_is_compared_with_itself() {
    let bench = Bench::new();
    let rules = RULES.replace("key = \"id\"", "key = \"name\"");
    let rules = bench.file("rules.toml", rules);
    let rows = "1,Ana Demo Ruiz,01/01/2026,held,\n2,\"Ruiz Demo, Ana\",,free,02/01/2026\n";
    let file = table(&bench, "a.csv", rows);
    let args = ["import", &file, "--rules", &rules, "--decisions", "who.csv"];
    bench.refused(5, &args);
    let asked = fs::read_to_string(bench.path().join("who.csv")).unwrap();
    assert!(
        asked.contains("demo:Ana Demo Ruiz,Ana Demo Ruiz,same-words,"),
        "{asked}"
    );
    bench.file("who.csv", asked.replace("same-words,", "same-words,same"));
    bench.rows(&args);
    assert_eq!(bench.rows(&["person", "list"]).len(), 1);
    let before = bench.head();
    bench.rows(&args[..4]);
    assert_eq!(bench.head(), before);
}

#[test]
fn encodings_are_stated_and_never_guessed() {
    let bench = Bench::new();
    let utf8 = rules(&bench, "");
    let latin = RULES.replace("[person]", "[file]\nencoding = \"windows-1252\"\n[person]");
    let latin = bench.file("latin.toml", latin);
    let marked = bench.file(
        "bom.csv",
        format!("\u{feff}{HEADER}1,Ana Demo,01/01/2026,,\n"),
    );
    assert_eq!(import(&bench, &[&marked, "--rules", &utf8])["rows"], 1);
    let bytes = [HEADER.as_bytes(), b"2,Jos\xe9 \x80emo,01/01/2026,,\n"].concat();
    let file = bench.file("latin.csv", bytes);
    let run = bench.refused(3, &["import", &file, "--rules", &utf8]);
    assert!(
        run.err.contains("row 2, column name: this is not UTF-8"),
        "{}",
        run.err
    );
    import(&bench, &[&file, "--rules", &latin]);
    let people = bench.rows(&["person", "list"]);
    assert!(
        people.iter().any(|row| row["name"] == "José €emo"),
        "{people:?}"
    );
    let wide = bench.file("wide.csv", b"\xff\xfei\0d\0");
    let run = bench.refused(3, &["import", &wide, "--rules", &utf8]);
    assert!(run.err.contains("UTF-16"), "{}", run.err);
}

#[test]
fn limits_are_kept_to_and_tell_what_to_do() {
    let bench = Bench::new();
    let rules = rules(&bench, "");
    let long = "x".repeat(16 * 1024 + 1);
    let file = table(&bench, "a.csv", &format!("1,{long},01/01/2026,,\n"));
    let run = bench.refused(3, &["import", &file, "--rules", &rules]);
    assert!(
        run.err
            .contains("row 2, column name: a cell of 16385 bytes"),
        "{}",
        run.err
    );
    let open = format!("1,Ana Demo,01/01/2026,,\n2,\"{}", "Demo,\n".repeat(400_000));
    let file = table(&bench, "a.csv", &open);
    let run = bench.refused(
        3,
        &["import", &file, "--rules", &rules, "--rejects", "bad.csv"],
    );
    assert!(run.err.contains("row 3: a row of more than"), "{}", run.err);
    assert!(!bench.path().join("bad.csv").exists());
    let columns = vec!["c"; 1025].join(",");
    let file = bench.file("a.csv", columns);
    let run = bench.refused(3, &["import", &file, "--rules", &rules]);
    assert!(
        run.err.contains("1025 columns; at most 1024"),
        "{}",
        run.err
    );
}

#[test]
fn a_table_of_another_time_zone_is_refused() {
    let bench = Bench::new_in("Europe/Madrid");
    let rules = rules(&bench, "");
    let file = table(&bench, "a.csv", "1,Ana Demo,01/01/2026,,\n");
    let run = bench.refused(3, &["import", &file, "--rules", &rules]);
    assert!(run.err.contains("America/Caracas"), "{}", run.err);
}

#[test]
fn what_was_taken_back_stays_so_and_is_told() {
    let bench = Bench::new();
    let rules = rules(&bench, "");
    let file = table(&bench, "a.csv", "1,Ana Demo,01/01/2026,,\n");
    import(&bench, &[&file, "--rules", &rules]);
    bench.ok(&["undo"]);
    let run = bench.ok(&["import", &file, "--rules", &rules]);
    assert!(
        run.err.contains("2 duplicates were replaced or taken back"),
        "{}",
        run.err
    );
}

#[test]
fn a_row_is_the_line_that_it_begins_in_however_lines_end() {
    let bench = Bench::new();
    let rules = rules(&bench, "");
    let rows = format!("{HEADER}1,\"Ana\nDemo\",x,,\n\n2,Eva Demo,x,,\n3,\"a\n\n\",x,,\n4,L,x,,");
    for text in [
        rows.clone(),
        rows.replace('\n', "\r\n"),
        format!("\u{feff}{rows}\n"),
    ] {
        let file = bench.file("a.csv", text);
        let run = bench.refused(3, &["import", &file, "--rules", &rules, "-O", "json"]);
        let error = run.error();
        let faults = error["faults"].as_array().unwrap();
        let rows: Vec<_> = faults
            .iter()
            .map(|fault| fault["row"].as_u64().unwrap())
            .collect();
        assert_eq!(rows, [2, 5, 6, 9], "{error}");
    }
}
