//! `import --draft-rules FILE`: rules proposed from a table, which leave open what it leaves open.

use rust_xlsxwriter::Workbook;

use crate::harness::{Bench, fixture};

#[test]
fn a_proposal_for_the_demo_table_can_be_followed_once_its_choices_are_made() {
    let bench = Bench::new();
    let file = fixture("tables/demo-people.csv");
    let before = bench.head();
    let draft = bench.run(&["import", "--draft-rules", &file]);
    assert_eq!((draft.code, bench.head()), (0, before), "{}", draft.err);
    for said in [
        "list = \"demo-people\"",
        "time-zone = \"America/Caracas\"",
        "unknown = [\"\", \"n/a\"]",
        "key = \"ID\"",
        "name = \"NAME\"",
        "birth = { column = \"BORN\", formats = [\"%d/%m/%Y\", \"%Y\"] }",
        "kind = \"arrest\"",
        "# state it: all of them read with the day first and with the month first",
        "date = { column = \"ARRESTED\", formats = [\"%m/%Y\"] }",
        "place = { column = \"HELD AT\" }",
        "values = { \"Exiled\"",
    ] {
        // The last is said of columns of few codes only; four rows are too few to tell.
        let expected = !said.starts_with("values");
        assert_eq!(draft.out.contains(said), expected, "{said}\n{}", draft.out);
    }
    let rules = bench.file("r.toml", &draft.out);
    let run = bench.refused(3, &["import", &file, "--rules", &rules]);
    assert!(
        run.err.contains("`source.publisher` is empty"),
        "{}",
        run.err
    );
    assert!(run.err.contains("states no format"), "{}", run.err);

    let made = draft
        .out
        .replace("publisher = \"\"", "publisher = \"Demo Watch\"")
        .replace(
            "formats = [\"%m/%Y\"]",
            "formats = [\"%d/%m/%Y\", \"%m/%Y\"]",
        )
        .replace("formats = []", "formats = [\"%d/%m/%Y\"]")
        // A place is a code of a country with its parts, and the table has names.
        .replace("place = { column", "# place = { column");
    let rules = bench.file("r.toml", made);
    let row = bench.rows(&["import", &file, "--rules", &rules]).remove(0);
    assert_eq!((&row["rows"], &row["refused"]), (&4.into(), &0.into()));
    assert_eq!(row["kinds"]["arrest"], 3);
}

#[test]
fn titles_delimiters_encodings_and_sheets_are_proposed_with_a_word_of_caution() {
    let bench = Bench::empty();
    let bytes = b"Lista Demo 2026\n\nid;nombre;detenci\xf3n\n1;Ana Demo;2026-01-02\n";
    bench.file("lista.csv", bytes);
    let draft = bench.run(&["import", "--draft-rules", "lista.csv"]);
    for said in [
        "header-row = 3",
        "delimiter = \";\"",
        "encoding = \"windows-1252\"  # it is not UTF-8",
        "column = \"detención\", formats = [\"%Y-%m-%d\"]",
        "time-zone = \"Area/City\"",
    ] {
        assert!(
            draft.out.contains(said),
            "{said}\n{}{}",
            draft.out,
            draft.err
        );
    }
    let mut workbook = Workbook::new();
    for name in ["Demo", "Other"] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        sheet.write(0, 0, "ID").unwrap();
        sheet.write(0, 1, "NAME").unwrap();
        sheet.write(1, 0, 17).unwrap();
        sheet.write(1, 1, "Ana Demo").unwrap();
    }
    workbook.save(bench.path().join("book.xlsx")).unwrap();
    let draft = bench.run(&["import", "--draft-rules", "book.xlsx"]);
    let said = "sheet = \"Demo\"  # of: Demo, Other";
    assert!(draft.out.contains(said), "{}{}", draft.out, draft.err);
    let run = bench.run(&["import", "--draft-rules", "none.csv"]);
    assert_eq!(run.code, 2, "{}", run.err);
    bench.file("empty.csv", "");
    let run = bench.run(&["import", "--draft-rules", "empty.csv"]);
    assert_eq!(run.code, 3, "{}", run.err);
}
