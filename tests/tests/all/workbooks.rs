//! `import FILE --rules RULES` on workbooks: the same rows, with sheet, row and column.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::Value;

use crate::harness::{Bench, fixture};

/// The cells of the demo table.
fn demo() -> Vec<Vec<String>> {
    let csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(fixture("tables/demo-people.csv"));
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    csv.unwrap()
        .records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

/// Day, month and year of a cell that holds a day.
fn day(cell: &str) -> Option<(u16, u8, u8)> {
    let parts: Vec<&str> = cell.split('/').collect();
    match parts.as_slice() {
        [day, month, year] => Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)),
        _ => None,
    }
}

/// The demo table as a spreadsheet program keeps it: days as days, numbers as numbers.
fn xlsx(path: &Path) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("People").unwrap();
    let format = Format::new().set_num_format("dd/mm/yyyy");
    for (row, cells) in (0..).zip(demo()) {
        for (column, cell) in (0..).zip(cells) {
            match (day(&cell), cell.parse::<f64>()) {
                (Some((year, month, day)), _) => {
                    let date = ExcelDateTime::from_ymd(year, month, day).unwrap();
                    sheet
                        .write_with_format(row, column, &date, &format)
                        .unwrap();
                }
                (None, Ok(number)) => {
                    sheet.write(row, column, number).unwrap();
                }
                (None, Err(_)) => {
                    sheet.write(row, column, cell).unwrap();
                }
            }
        }
    }
    workbook.save(path).unwrap();
}

/// The same in Open Document.
fn ods(path: &Path) {
    let mut rows = String::new();
    for cells in demo() {
        rows.push_str("<table:table-row>");
        for cell in cells {
            let text = cell.replace('&', "&amp;").replace('<', "&lt;");
            rows.push_str(&match (day(&cell), cell.is_empty()) {
                (_, true) => "<table:table-cell/>".to_owned(),
                (Some((year, month, day)), _) => format!(
                    "<table:table-cell office:value-type=\"date\" \
                     office:date-value=\"{year}-{month:02}-{day:02}\"><text:p>{text}</text:p>\
                     </table:table-cell>"
                ),
                (None, _) => format!(
                    "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p>\
                     </table:table-cell>"
                ),
            });
        }
        rows.push_str("</table:table-row>");
    }
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\">\
         <office:body><office:spreadsheet><table:table table:name=\"People\">{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, content) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest/>"),
        ("content.xml", &content),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn a_workbook_says_what_the_same_table_says_as_csv() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-people.toml");
    let csv = fixture("tables/demo-people.csv");
    xlsx(&bench.path().join("demo.xlsx"));
    ods(&bench.path().join("demo.ods"));
    let first = bench
        .rows(&["import", "demo.xlsx", "--rules", &rules])
        .remove(0);
    assert_eq!((&first["rows"], &first["new"]), (&4.into(), &11.into()));
    let before = bench.head();
    for file in ["demo.ods", &csv] {
        let again = bench.rows(&["import", file, "--rules", &rules]).remove(0);
        assert_eq!(
            (&again["new"], &again["duplicate"]),
            (&0.into(), &11.into()),
            "{file}"
        );
    }
    assert_eq!(bench.head(), before);
    let shown = bench
        .run(&["show", "e2", "-O", "json"])
        .out
        .replace('\\', "");
    assert!(shown.contains("\"row\":2"), "{shown}");
    assert!(shown.contains("\"sheet\":\"People\""), "{shown}");
}

const RULES: &str = r#"
list = "demo"
scheme = "demo"
time-zone = "America/Caracas"
source = { publisher = "Demo Watch", kind = "ngo" }
[file]
header-row = 2
[person]
key = "id"
name = "name"
[[event]]
kind = "arrest"
date = { column = "arrested", formats = ["%d/%m/%Y"] }
"#;

/// A sheet with a title above its header, and a row with a faulty id.
fn titled(bench: &Bench) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Cases").unwrap();
    sheet.write(0, 0, "Demo cases of 2026").unwrap();
    for (column, name) in (0..).zip(["id", "name", "arrested"]) {
        sheet.write(1, column, name).unwrap();
    }
    let format = Format::new().set_num_format("dd/mm/yyyy");
    for (row, name) in [(2, "Ana Demo"), (5, "Eva Demo")] {
        let date = ExcelDateTime::from_ymd(2026, 1, 2).unwrap();
        sheet.write(row, 1, name).unwrap();
        sheet.write_with_format(row, 2, &date, &format).unwrap();
    }
    sheet.write(2, 0, 17).unwrap();
    sheet
        .write(5, 0, Formula::new("=17+1").set_result("18"))
        .unwrap();
    workbook.save(bench.path().join("cases.xlsx")).unwrap();
}

#[test]
fn a_formula_is_refused_with_its_place_unless_its_value_is_asked_for() {
    let bench = Bench::new();
    titled(&bench);
    let rules = bench.file("r.toml", RULES);
    let args = ["import", "cases.xlsx", "--rules", &rules];
    let run = bench.refused(3, &args);
    let place = "cases.xlsx: sheet Cases, row 6, column id: a formula";
    assert!(run.err.contains(place), "{}", run.err);
    let error = bench
        .refused(3, &[&args[..], &["-O", "json"]].concat())
        .error();
    let fault: &Value = &error["faults"][0];
    assert_eq!(
        (&fault["sheet"], &fault["row"]),
        (&"Cases".into(), &6.into()),
        "{error}"
    );

    let rules = RULES.replace("header-row = 2", "header-row = 2\nformulas = \"value\"");
    let rules = bench.file("value.toml", rules);
    let row = bench
        .rows(&["import", "cases.xlsx", "--rules", &rules])
        .remove(0);
    assert_eq!((&row["rows"], &row["registered"]), (&2.into(), &2.into()));
}

#[test]
fn refused_rows_of_a_sheet_can_be_mended_and_imported_by_the_same_rules() {
    let bench = Bench::new();
    titled(&bench);
    let rules = bench.file("r.toml", RULES);
    let args = [
        "import",
        "cases.xlsx",
        "--rules",
        &rules,
        "--rejects",
        "bad.csv",
    ];
    bench.rows(&args);
    let bad = fs::read_to_string(bench.path().join("bad.csv")).unwrap();
    assert!(bad.contains("18,Eva Demo,02/01/2026,"), "{bad}");
    let row = bench
        .rows(&["import", "bad.csv", "--rules", &rules])
        .remove(0);
    assert_eq!((&row["new"], &row["refused"]), (&2.into(), &0.into()));
}

#[test]
fn what_is_no_workbook_is_refused_and_never_ends_the_program() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-people.toml");
    let path = bench.path().join("demo.xlsx");
    xlsx(&path);
    let whole = fs::read(&path).unwrap();
    for cut in [4, 30, whole.len() / 2, whole.len() - 1] {
        bench.file("demo.xlsx", &whole[..cut]);
        let run = bench.refused(3, &["import", "demo.xlsx", "--rules", &rules]);
        assert!(run.err.contains("no sound workbook"), "{}", run.err);
    }
    bench.file("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    let run = bench.refused(3, &["import", "old.xls", "--rules", &rules]);
    assert!(run.err.contains("save it as XLSX"), "{}", run.err);
}

#[test]
fn a_table_cut_or_changed_anywhere_never_ends_the_program() {
    let bench = Bench::new();
    let rules = fixture("rules/demo-people.toml");
    let whole = fs::read(fixture("tables/demo-people.csv")).unwrap();
    // Odd steps, so that cuts and changes fall on cells, quotation marks and line ends.
    for n in 0..24 {
        let mut bytes = whole.clone();
        let place = n * 37 % bytes.len();
        bytes[place] = [b'"', 0, 0xff, b'\n', b',', b'\r'][n % 6];
        bytes.truncate(whole.len() - n * 23 % whole.len());
        let file = bench.file("cut.csv", &bytes);
        let run = bench.run(&["import", &file, "--rules", &rules, "-n"]);
        assert!([0, 3].contains(&run.code), "{n}: {} {}", run.code, run.err);
    }
}
