//! `export --csv` and `--datapackage`: the same numbers as the commands give, and nothing by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::harness::Bench;

type Row = BTreeMap<String, String>;

/// The rows of a CSV file by their headings.
fn rows(folder: &Path, name: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    let headings = reader.headers().unwrap().clone();
    let row = |cells: csv::StringRecord| {
        let cells = headings.iter().zip(cells.iter());
        cells
            .map(|(key, cell)| (key.to_owned(), cell.to_owned()))
            .collect()
    };
    reader.records().map(|cells| row(cells.unwrap())).collect()
}

/// The names of the files of a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The demo, with an entry that is replaced, one that is retracted, two persons who are one, a
/// sealed source, and texts that a spreadsheet would run.
fn ledger() -> Bench {
    let bench = Bench::demo();
    bench.ok(&["retract", "e19", "--reason", "wrong list"]);
    let draft = r#"{"kind":"arrest","person":"demo:ana","occurred":"2026-01","authority":"@SUM(1)","sources":[{"publisher":"=1+1","kind":"ngo","title":"-2"},{"publisher":"Demo, \"Watch\"\nlate","kind":"ngo","reliability":"B","credibility":2}]}
{"kind":"charge","person":"demo:ana","occurred":"2026-01","private":{"sources":[{"publisher":"Hidden Demo","kind":"witness"}]}}
{"kind":"merge","person":"demo:ana","into":"demo:bruno","unsourced":true}
"#;
    let file = bench.file("odd.jsonl", draft);
    bench.ok(&["import", &file]);
    bench
}

#[test]
fn totals_and_claims_are_those_of_the_commands_byte_for_byte() {
    let bench = ledger();
    for (n, at) in [
        &["--as-of", "2020-02-20"][..],
        &["--as-of", "2020-02-20", "--known-at", "e30"],
        &["--as-of", "2020-02-20", "--profile", "with-measures"],
        &[],
    ]
    .iter()
    .enumerate()
    {
        let name = format!("out{n}");
        bench.ok(&[&["export", "--csv", &name, "--by", "place,court"][..], at].concat());
        let folder = bench.path().join(&name);
        let tables = [
            "people",
            "events",
            "sources",
            "totals",
            "totals_by",
            "claims",
        ];
        assert_eq!(
            files(&folder),
            set(&tables
                .map(|name| format!("{name}.csv"))
                .each_ref()
                .map(String::as_str))
        );
        for (table, command) in [
            ("totals.csv", &["totals"][..]),
            ("totals_by.csv", &["totals", "--by", "place,court"]),
            ("claims.csv", &["claims"]),
        ] {
            let said = bench.ok(&[command, at, &["-O", "csv"]].concat()).out;
            assert_eq!(
                fs::read_to_string(folder.join(table)).unwrap(),
                said,
                "{table} {at:?}"
            );
        }
    }
}

#[test]
fn a_workbook_holds_the_rows_of_the_csv_files_as_texts_numbers_and_flags() {
    let bench = ledger();
    let at = ["--as-of", "2020-02-20", "--by", "place", "--names"];
    bench.ok(&[&["export", "--csv", "out"][..], &at].concat());
    bench.ok(&[&["export", "--xlsx", "out.xlsx"][..], &at].concat());
    let mut workbook: Xlsx<_> = open_workbook(bench.path().join("out.xlsx")).unwrap();
    let tables = [
        "people",
        "events",
        "sources",
        "totals",
        "totals_by",
        "claims",
    ];
    assert_eq!(workbook.sheet_names(), tables);
    for table in tables {
        let sheet = workbook.worksheet_range(table).unwrap();
        let formulas = workbook.worksheet_formula(table).unwrap();
        assert!(formulas.is_empty(), "{table}");
        let path = bench.path().join(format!("out/{table}.csv"));
        let mut csv = csv::ReaderBuilder::new();
        let csv = csv
            .has_headers(false)
            .from_path(path)
            .unwrap()
            .into_records();
        let csv: Vec<_> = csv.map(|cells| cells.unwrap()).collect();
        assert_eq!(sheet.height(), csv.len(), "{table}");
        for (found, expected) in sheet.rows().zip(&csv) {
            assert_eq!(found.len(), expected.len(), "{table}");
            for (cell, expected) in found.iter().zip(expected) {
                let text = match cell {
                    Data::Empty => String::new(),
                    Data::String(text) => text.clone(),
                    Data::Float(number) => format!("{number}"),
                    Data::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
                    other => panic!("{table}: {other:?}"),
                };
                // A cell of text is no formula in a workbook, so there it needs no apostrophe.
                let is_disarmed = expected.strip_prefix('\'').is_some_and(|rest| rest == text);
                assert!(
                    is_disarmed || text == expected,
                    "{table}: {cell:?} {expected}"
                );
                let is_number = expected.parse::<i64>().is_ok();
                assert_eq!(
                    matches!(cell, Data::Float(_)),
                    is_number,
                    "{table}: {cell:?}"
                );
            }
        }
    }
    let before = files(bench.path());
    let again = bench.refused(2, &["export", "--xlsx", "out.xlsx"]);
    assert!(again.err.contains("is there already"), "{}", again.err);
    let nowhere = bench.refused(2, &["export", "--xlsx", "no/out.xlsx"]);
    assert!(nowhere.err.contains("cannot write"), "{}", nowhere.err);
    assert_eq!(files(bench.path()), before);
}

#[test]
fn people_add_up_to_the_held_line_at_every_coordinate() {
    let bench = ledger();
    let (mut held_ever, mut compared) = (0, 0);
    for (n, (day, known_at)) in [
        ("2020-01-10", "head"),
        ("2020-02-20", "e30"),
        ("2020-02-20", "head"),
        ("2026-01-15", "head"),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("out{n}");
        let at = ["--as-of", day, "--known-at", known_at];
        bench.ok(&[&["export", "--csv", &name][..], &at].concat());
        let people = rows(&bench.path().join(&name), "people.csv");
        let held = bench.rows(&[&["totals", "--state", "held"][..], &at].concat());
        for bound in ["low", "count", "high"] {
            let numbers = people.iter().map(|row| &row[&format!("held_{bound}")]);
            let sum: u64 = numbers.map(|number| number.parse::<u64>().unwrap()).sum();
            assert_eq!(held[0][bound], sum, "{day} {known_at} {bound}");
            held_ever += sum;
        }
        for state in ["detained", "house-arrest", "released", "exit-unknown"] {
            for row in bench.rows(&[&["list", "--state", state][..], &at].concat()) {
                let is_meant = |person: &&Row| row["ref"] == *person["ref"];
                let person = people.iter().find(is_meant).unwrap();
                if person["custody"] != state {
                    assert_eq!(row["count"], 0, "the state of the point is another: {row}");
                    continue;
                }
                for key in ["first", "last"] {
                    let since = &person[&format!("custody_since_{key}")];
                    assert_eq!(row[format!("since_{key}")], **since, "{row}");
                }
                assert_eq!(
                    row["place"].as_str().unwrap_or_default(),
                    person["place"],
                    "{row}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 10, "{compared}");
    assert!(held_ever > 0);
}

#[test]
fn events_are_the_log_up_to_the_known_at_with_what_became_of_each() {
    let bench = ledger();
    for known_at in ["e20", "head"] {
        let name = format!("at-{known_at}");
        bench.ok(&["export", "--csv", &name, "--known-at", known_at]);
        let folder = bench.path().join(&name);
        let events = rows(&folder, "events.csv");
        let log = bench.rows(&["log", "--known-at", known_at]);
        assert_eq!(events.len(), log.len());
        for (event, said) in events.iter().zip(&log) {
            for key in ["entry", "id", "recorded", "by", "kind"] {
                assert_eq!(said[key], *event[key], "{said}");
            }
            assert_eq!(
                said["subject"].as_str().unwrap_or_default(),
                event["subject"]
            );
            assert_eq!(
                said["occurred"].as_str().unwrap_or_default(),
                event["occurred"]
            );
            assert_eq!(
                said["target"].as_str().unwrap_or_default(),
                event["corrects"]
            );
            let standing = match &*event["standing_by"] {
                "" => event["standing"].clone(),
                by => format!("{} by {by}", event["standing"]),
            };
            assert_eq!(said["standing"], standing, "{said}");
        }
    }
    let events = rows(&bench.path().join("at-head"), "events.csv");
    let is_some = |key: &str, value: &str| events.iter().any(|event| event[key] == value);
    assert!(is_some("standing", "retracted") && is_some("standing", "replaced"));
    let arrest = events
        .iter()
        .find(|event| event["occurred"] == "2026-01")
        .unwrap();
    let days = ["first_day", "last_day"].map(|key| arrest[key].as_str());
    assert_eq!(days, ["2026-01-01", "2026-01-31"]);
    assert_eq!(
        (&*arrest["subject"], &*arrest["counted_as"]),
        ("p1", "p2"),
        "merged"
    );
    let sealed: Vec<_> = events
        .iter()
        .filter(|event| event["sealed_sources"] == "yes")
        .collect();
    assert!(
        sealed.iter().any(|event| event["kind"] == "charge"),
        "{sealed:?}"
    );
}

#[test]
fn sources_are_those_that_stand_in_clear_and_formulas_are_disarmed() {
    let bench = ledger();
    bench.ok(&["export", "--csv", "out"]);
    let folder = bench.path().join("out");
    let found = rows(&folder, "sources.csv");
    let lines = bench.ok(&["export"]).out;
    let entries = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let sources = entries.filter_map(|entry| entry["sources"].as_array().map(Vec::len));
    assert_eq!(found.len(), sources.sum::<usize>());
    let row = found
        .iter()
        .find(|row| row["publisher"].contains("1+1"))
        .unwrap();
    assert_eq!((&*row["publisher"], &*row["title"]), ("'=1+1", "'-2"));
    let graded = found
        .iter()
        .find(|row| row["publisher"].contains("late"))
        .unwrap();
    let keys = ["number", "publisher", "reliability", "credibility"];
    assert_eq!(
        keys.map(|key| &*graded[key]),
        ["2", "Demo, \"Watch\"\nlate", "B", "2"]
    );
    let events = rows(&folder, "events.csv");
    assert!(events.iter().any(|event| event["authority"] == "'@SUM(1)"));
    let all = files(&folder)
        .iter()
        .map(|name| fs::read_to_string(folder.join(name)).unwrap())
        .collect::<String>();
    assert!(!all.contains("Hidden Demo"), "a sealed source is shown");
}

#[test]
fn nobody_is_named_unless_names_are_asked_for() {
    let bench = ledger();
    for option in ["--csv", "--datapackage"] {
        for (names, asked) in [(false, &[][..]), (true, &["--names"])] {
            let name = format!("out{option}{names}");
            let said = bench.ok(&[&["export", option, &name][..], asked].concat());
            assert_eq!(
                said.err.contains("keep them as you keep keys"),
                names,
                "{}",
                said.err
            );
            let folder = bench.path().join(&name);
            for file in files(&folder) {
                let text = fs::read_to_string(folder.join(&file)).unwrap();
                for person in ["Ana Demo", "Carla Demo", "Elena Demo"] {
                    // One who was merged into another has no row.
                    let is_here = names && file == "people.csv" && person != "Ana Demo";
                    assert_eq!(text.contains(person), is_here, "{file} {person}");
                }
                assert!(
                    !text.contains("A. Demo") && !text.contains("demo:ana"),
                    "{file}"
                );
            }
            if option == "--datapackage" {
                let readme = fs::read_to_string(folder.join("README.md")).unwrap();
                assert_eq!(readme.contains("Names of people, in clear"), names);
            }
        }
    }
}

#[test]
fn a_package_describes_hashes_and_ties_together_all_its_tables() {
    let bench = ledger();
    let asked = [
        "export",
        "--datapackage",
        "out",
        "--as-of",
        "2020-02-20",
        "--by",
        "place",
    ];
    bench.ok(&[&asked[..], &["--licence", "CC-BY-4.0"]].concat());
    let folder = bench.path().join("out");
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let package: Value = serde_json::from_str(&text("datapackage.json")).unwrap();
    assert_eq!(package["profile"], "tabular-data-package");
    assert_eq!(package["licenses"][0]["name"], "CC-BY-4.0");
    assert_eq!(package["amparo"]["as_of"], "2020-02-20");
    let head = bench.run(&["verify", "-O", "json"]).json()["meta"]["head"].clone();
    assert_eq!(package["amparo"]["head"], head);

    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let resources = package["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 6);
    for resource in resources {
        let path = resource["path"].as_str().unwrap();
        let bytes = fs::read(folder.join(path)).unwrap();
        assert_eq!(resource["bytes"], bytes.len());
        let digest = sha256(&bytes);
        assert_eq!(resource["hash"], format!("sha256:{digest}"));
        let found = rows(&folder, path);
        assert_eq!(resource["rows"], found.len(), "{path}");
        let fields = resource["schema"]["fields"].as_array().unwrap();
        let names: Vec<_> = fields
            .iter()
            .map(|field| field["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            text(path).lines().next().unwrap(),
            names.join(","),
            "{path}"
        );
        for field in fields {
            assert!(
                field["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{field}"
            );
            for row in &found {
                let cell = &row[field["name"].as_str().unwrap()];
                assert!(fits(cell, &field["type"]), "{path} {field}: {cell}");
            }
        }
        if let Some(key) = resource["schema"]["primaryKey"].as_array() {
            let key_of = |row: &Row| {
                let cells = key.iter().map(|name| row[name.as_str().unwrap()].clone());
                cells.collect::<Vec<_>>().join(" ")
            };
            let distinct: BTreeSet<_> = found.iter().map(key_of).collect();
            assert_eq!(
                distinct.len(),
                found.len(),
                "{path}: {key:?} tells rows apart"
            );
            keys.insert(resource["name"].as_str().unwrap().to_owned(), distinct);
        }
    }
    let mut tied = 0;
    for resource in resources {
        let pointing = resource["schema"]["foreignKeys"].as_array();
        for key in pointing.into_iter().flatten() {
            let table = key["reference"]["resource"].as_str().unwrap();
            for row in rows(&folder, resource["path"].as_str().unwrap()) {
                let cell = &row[key["fields"].as_str().unwrap()];
                assert!(
                    cell.is_empty() || keys[table].contains(cell),
                    "{table} lacks {cell}"
                );
                tied += 1;
            }
        }
    }
    assert!(tied > 100, "{tied}");
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a cell is of a type of the descriptor.
fn fits(cell: &str, kind: &Value) -> bool {
    let has_shape = |shape: &str| {
        let is = |(c, want): (char, char)| {
            if want == '0' {
                c.is_ascii_digit()
            } else {
                c == want
            }
        };
        cell.len() == shape.len() && cell.chars().zip(shape.chars()).all(is)
    };
    cell.is_empty()
        || match kind.as_str().unwrap() {
            "string" => true,
            "integer" => cell.parse::<i64>().is_ok(),
            "boolean" => cell == "yes" || cell == "no",
            "date" => has_shape("0000-00-00"),
            "datetime" => has_shape("0000-00-00T00:00:00.000Z"),
            "object" => serde_json::from_str::<Value>(cell).is_ok_and(|value| value.is_object()),
            other => panic!("no such type: {other}"),
        }
}

#[test]
fn a_package_says_what_its_numbers_are_not_and_how_to_cite_and_check_it() {
    let bench = ledger();
    bench.ok(&[
        "export",
        "--datapackage",
        "out",
        "--as-of",
        "2020-02-20",
        "--known-at",
        "e30",
    ]);
    let folder = bench.path().join("out");
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let sums = text("SHA256SUMS");
    let mut named = set(&["SHA256SUMS"]);
    for line in sums.lines() {
        let (digest, name) = line.split_once("  ").unwrap();
        assert_eq!(
            digest,
            sha256(&fs::read(folder.join(name)).unwrap()),
            "{name}"
        );
        named.insert(name.to_owned());
    }
    assert_eq!(named, files(&folder), "every file but the sums has one");
    let readme = text("README.md");
    for says in [
        "the end of 2020-02-20, in America/Caracas",
        "| known at | e30, recorded ",
        "deprived-of-liberty: detained, disappeared, house-arrest",
        "A number is a range",
        "A claim is not a count",
        "| `claims.csv` | ",
        "can recognise it",
        "None is stated",
        "sha256sum -c SHA256SUMS",
    ] {
        assert!(readme.contains(says), "{says}\n{readme}");
    }
    let citation = text("CITATION.cff");
    for line in [
        "cff-version: 1.2.0",
        "type: dataset",
        "title: \"Demo: as of 2020-02-20, known at e30\"",
        "version: \"e30\"",
        "date-released: 2026-02-10",
    ] {
        assert!(
            citation.lines().any(|found| found == line),
            "{line}\n{citation}"
        );
    }
    assert!(!citation.contains("license:"), "no licence is made up");
}

#[test]
fn a_suppressed_export_holds_no_single_person_and_no_small_number() {
    let bench = ledger();
    let at = [
        "--as-of",
        "2020-02-20",
        "--by",
        "place",
        "--suppress-below",
        "3",
    ];
    bench.ok(&[&["export", "--datapackage", "out"][..], &at].concat());
    let folder = bench.path().join("out");
    let package = [
        "datapackage.json",
        "README.md",
        "CITATION.cff",
        "SHA256SUMS",
    ];
    let tables = ["totals.csv", "totals_by.csv", "claims.csv"];
    assert_eq!(files(&folder), set(&[&package[..], &tables].concat()));
    for (table, by) in [
        ("totals.csv", &[][..]),
        ("totals_by.csv", &["--by", "place"]),
    ] {
        let asked = [
            "totals",
            "--as-of",
            "2020-02-20",
            "--suppress-below",
            "3",
            "-O",
            "csv",
        ];
        let said = bench.ok(&[&asked[..], by].concat()).out;
        let mut said = csv::Reader::from_reader(said.as_bytes());
        let mut reader = csv::Reader::from_path(folder.join(table)).unwrap();
        let shown =
            |cells: csv::StringRecord| cells.iter().take(5).map(str::to_owned).collect::<Vec<_>>();
        let said: Vec<_> = said.records().map(|cells| shown(cells.unwrap())).collect();
        let found: Vec<_> = reader
            .records()
            .map(|cells| shown(cells.unwrap()))
            .collect();
        assert_eq!(found, said, "{table}");
        let rows = rows(&folder, table);
        assert!(rows.iter().any(|row| row["suppressed"] == "yes"));
        for row in rows.iter().filter(|row| row["suppressed"] == "yes") {
            assert!(
                ["low", "count", "high"]
                    .iter()
                    .all(|key| row[*key].is_empty()),
                "{row:?}"
            );
        }
    }
    let claims = rows(&folder, "claims.csv");
    assert!(!claims.is_empty());
    for row in &claims {
        let derived = row
            .iter()
            .filter(|(key, _)| key.starts_with("documented") || key.starts_with("gap"));
        assert!(
            derived.clone().count() == 5 && derived.clone().all(|(_, cell)| cell.is_empty()),
            "{row:?}"
        );
        assert_eq!(row["suppressed"], "yes");
    }
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        readme.contains("numbers from 1 to below 3 are withheld"),
        "{readme}"
    );
}

#[test]
fn an_export_overwrites_nothing_and_has_its_name_only_when_it_is_whole() {
    let bench = ledger();
    fs::create_dir(bench.path().join("there")).unwrap();
    fs::create_dir(bench.path().join("broken.partial")).unwrap();
    let before = files(bench.path());
    for option in ["--csv", "--datapackage"] {
        for (more, says) in [
            (&["there"][..], "is there already"),
            (&["broken"], "broken.partial is there already"),
            (&["no/where"], "cannot write"),
            (&[".."], "is there already"),
            (&["out", "--by", "plaec"], "did you mean `place`?"),
            (&["out", "--depth", "1"], "--by"),
            (&["out", "--known-at", "e999"], "there is no e999"),
            (&["out", "--profile", "prison"], "no profile"),
            (
                &["out", "--names", "--suppress-below", "3"],
                "cannot be used with",
            ),
            (&["out", "--suppress-below", "1"], "--suppress-below"),
            (&["out", "--openings"], "cannot be used with"),
            (&["out", "-o", "x"], "cannot be used with"),
        ] {
            let run = bench.refused(2, &[&["export", option], more].concat());
            assert!(run.err.contains(says), "{more:?}: {}", run.err);
            assert_eq!(
                files(bench.path()),
                before,
                "{more:?} leaves something behind"
            );
        }
    }
    let licence = [
        "export",
        "--datapackage",
        "out",
        "--licence",
        "free for all",
    ];
    assert!(bench.refused(2, &licence).err.contains("SPDX"));
    assert_eq!(files(bench.path()), before);
}

#[test]
fn what_belongs_to_tables_is_refused_without_them() {
    let bench = ledger();
    for (more, says) in [
        (&["--as-of", "2020-02-20"][..], "takes no --as-of"),
        (&["--known-at", "e3", "-o", "x"], "takes no --known-at"),
        (
            &["--profile", "prison-only", "--tiles", "x"],
            "takes no --profile",
        ),
        (&["--names"], "required"),
        (&["--by", "place"], "required"),
        (&["--suppress-below", "3"], "required"),
        (
            &["--csv", "x", "--licence", "CC0-1.0"],
            "--licence stands in",
        ),
    ] {
        let run = bench.refused(2, &[&["export"], more].concat());
        assert!(
            run.err.contains(says) && run.out.is_empty(),
            "{more:?}: {}",
            run.err
        );
    }
    let before = bench.refused(2, &["--as-of", "2020-02-20", "export"]);
    assert!(before.err.contains("takes no --as-of"), "{}", before.err);
    // Before the command is as good as behind it, for tables.
    bench.ok(&["--as-of", "2020-02-20", "export", "--csv", "x"]);
    assert!(rows(&bench.path().join("x"), "people.csv")[0]["as_of"] == "2020-02-20");
}

#[cfg(unix)]
#[test]
fn tables_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = ledger();
    bench.ok(&["export", "--datapackage", "out"]);
    let folder = bench.path().join("out");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    bench.ok(&["export", "--xlsx", "out.xlsx"]);
    assert_eq!(mode(&bench.path().join("out.xlsx")), 0o600);
    for name in files(&folder) {
        assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
    }
}
