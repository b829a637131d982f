//! A proposal of rules for a table, from its header and its data.
//!
//! It proposes and never decides: where the data leave a choice, the proposal cannot be followed
//! before somebody has made it. Invariant: what is written reads as TOML, whatever the table holds.

use std::fmt::Write as _;

use super::file::{Stop, TableFile};
use super::propose::{Dates, Part, dates, part};
use super::rules::Encoding;
use super::seen::{Seen, Table};
use crate::error::Failure;
use crate::faults::InputFault;

/// The most codes of a column that are listed.
const CODES_MAX: usize = 24;

/// Writes a proposal of rules for a file.
///
/// # Errors
/// Exit 3 where the file cannot be read as a table, usage where it cannot be read at all.
pub fn draft_rules(file: &TableFile, time_zone: Option<&str>) -> Result<String, Failure> {
    let table = Table::see(file).map_err(|stop| stopped(file, stop))?;
    Ok(written(file, &table, time_zone))
}

fn stopped(file: &TableFile, stop: Stop) -> Failure {
    match stop {
        Stop::Fault(row, fault) => {
            let fault = InputFault::of_cell(&file.name, row, fault.into());
            Failure::refused("no rules can be proposed").faults(vec![fault])
        }
        Stop::Failure(failure) => failure,
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text that may stand in a comment.
fn remark(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

fn written(file: &TableFile, table: &Table, zone: Option<&str>) -> String {
    let mut out = String::new();
    let stem = file.stem();
    let _ = writeln!(
        out,
        "# A proposal for {}, from its header and its first {} rows. Read it line by line: what it\n\
         # takes a column for is a guess until you have looked. RULES.md explains every key.",
        remark(&file.name),
        table.rows
    );
    let _ = writeln!(
        out,
        "\nlist = {}                 # what the table is called in the ledger, in every edition",
        quoted(&stem)
    );
    let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let scheme: String = stem.chars().filter(|c| scheme(*c)).take(32).collect();
    let scheme = if scheme.is_empty() { "table" } else { &scheme };
    let _ = writeln!(
        out,
        "scheme = {}               # keys of people become references: {scheme}:KEY",
        quoted(scheme)
    );
    match zone {
        Some(zone) => {
            let _ = writeln!(out, "time-zone = {}   # that of the ledger", quoted(zone));
        }
        None => {
            let _ = writeln!(
                out,
                "time-zone = \"Area/City\"  # state it: that of the ledger"
            );
        }
    }
    let unknown = table.unknown.iter().map(|text| quoted(text));
    let unknown: Vec<String> = [quoted("")].into_iter().chain(unknown).collect();
    let _ = writeln!(
        out,
        "unknown = [{}]            # what the source writes where it does not know",
        unknown.join(", ")
    );
    let _ = writeln!(
        out,
        "\n[source]\npublisher = \"\"             # state it: who says all this\nkind = \"ngo\"               \
         # or official, media, family, lawyer, court, witness, list"
    );
    form(&mut out, table);
    person(&mut out, table);
    events(&mut out, table);
    rest(&mut out, table);
    out
}

fn form(out: &mut String, table: &Table) {
    let form = &table.form;
    let encoding = match form.encoding {
        Encoding::Utf8 => "encoding = \"utf-8\"",
        Encoding::Windows1252 => {
            "encoding = \"windows-1252\"  # it is not UTF-8: check that letters with accents read right"
        }
    };
    let _ = writeln!(
        out,
        "\n[file]\n{encoding}\ndelimiter = {}\nheader-row = {}",
        quoted(&form.delimiter.to_string()),
        form.header_row
    );
    if let Some(sheet) = &form.sheet {
        let all: Vec<String> = table.sheets.iter().map(|sheet| remark(sheet)).collect();
        let _ = writeln!(out, "sheet = {}  # of: {}", quoted(sheet), all.join(", "));
    }
}

fn of_part(table: &Table, wanted: Part) -> impl Iterator<Item = &Seen> {
    let named = table.columns.iter();
    named.filter(move |column| part(&column.name) == Some(wanted))
}

fn person(out: &mut String, table: &Table) {
    let _ = writeln!(out, "\n[person]");
    let full = |column: &&Seen| column.count == table.rows && column.count > 0;
    let by_name = of_part(table, Part::Key).find(full);
    let name = of_part(table, Part::Name).next();
    match (by_name, name) {
        (Some(key), _) => {
            let _ = writeln!(
                out,
                "key = {}  # does it tell one person from another?",
                quoted(&key.name)
            );
        }
        (None, Some(name)) => {
            let _ = writeln!(
                out,
                "# No column looks like a key. By name alone, two people of one name are one person:\n\
                 # add a column that tells them apart, such as the birth.\nkey = [{}]",
                quoted(&name.name)
            );
        }
        (None, None) => {
            let distinct = table.columns.iter().filter(full);
            let distinct = distinct.filter(|column| column.is_distinct && !column.has_more);
            let names: Vec<String> = distinct.map(|column| remark(&column.name)).collect();
            let _ = writeln!(
                out,
                "key = []  # state it: which columns tell one person from another? Distinct in every\n\
                 # row: {}",
                names.join(", ")
            );
        }
    }
    for (n, column) in of_part(table, Part::Name).enumerate() {
        let comment = if n == 0 { "" } else { "# or: " };
        let _ = writeln!(out, "{comment}name = {}", quoted(&column.name));
    }
    if let Some(column) = of_part(table, Part::Aliases).next() {
        let name = quoted(&column.name);
        let _ = writeln!(out, "aliases = {{ column = {name}, split = \";\" }}");
    }
    if let Some(column) = of_part(table, Part::Birth).next() {
        date(out, "birth", column);
    }
    for (key, wanted) in [("sex", Part::Sex), ("nationality", Part::Nationality)] {
        if let Some(column) = of_part(table, wanted).next() {
            let _ = writeln!(out, "{key} = {{ column = {} }}", quoted(&column.name));
        }
    }
    let _ = writeln!(
        out,
        "keep = []  # columns kept as they are, sealed with the person"
    );
}

/// A date, or what is to be decided about it.
fn date(out: &mut String, key: &str, column: &Seen) {
    let (formats, said) = match dates(column) {
        Dates::Formats(formats) => (formats, String::new()),
        Dates::DayOrMonth(formats) => (
            formats,
            "# state it: all of them read with the day first and with the month first, %d/%m/%Y or \
             %m/%d/%Y\n"
                .to_owned(),
        ),
        Dates::Mixed(formats) => (
            formats,
            "# mixed: some have the day first and others the month; they cannot be told apart\n"
                .to_owned(),
        ),
        Dates::Partly(formats, unread) => (
            formats,
            format!("# {unread} of the cells read by none of these: add their formats\n"),
        ),
        Dates::None => (Vec::new(), String::new()),
    };
    let formats: Vec<String> = formats.iter().map(|format| quoted(format)).collect();
    let _ = writeln!(
        out,
        "{said}{key} = {{ column = {}, formats = [{}] }}",
        quoted(&column.name),
        formats.join(", ")
    );
}

fn events(out: &mut String, table: &Table) {
    let mut any = false;
    for column in &table.columns {
        let kind = match part(&column.name) {
            Some(Part::Event(kind)) => Some(kind),
            Some(Part::Key | Part::Name | Part::Birth) => continue,
            Some(_) | None => None,
        };
        if matches!(dates(column), Dates::None) {
            continue;
        }
        any = true;
        let mut block = String::new();
        let _ = writeln!(block, "[[event]]");
        match kind {
            Some(kind) => {
                let _ = writeln!(block, "kind = {}", quoted(kind));
            }
            None => {
                let _ = writeln!(
                    block,
                    "kind = \"\"  # what happened then? `amparo vocab` lists the kinds"
                );
            }
        }
        date(&mut block, "date", column);
        for (field, wanted) in fields(kind) {
            if let Some(column) = of_part(table, *wanted).next() {
                let _ = writeln!(block, "{field} = {{ column = {} }}", quoted(&column.name));
            }
        }
        let _ = writeln!(out);
        for line in block.lines() {
            let comment = if kind.is_some() { "" } else { "# " };
            let _ = writeln!(out, "{comment}{line}");
        }
    }
    if !any {
        let _ = writeln!(
            out,
            "\n# No column holds dates. An event looks like this:\n# [[event]]\n# kind = \"arrest\"\n\
             # date = {{ column = \"...\", formats = [\"%d/%m/%Y\"] }}"
        );
    }
}

/// The fields that columns may be taken for.
fn fields(kind: Option<&str>) -> &'static [(&'static str, Part)] {
    match kind {
        Some("arrest") => &[("authority", Part::Authority), ("place", Part::Place)],
        Some("transfer" | "house-arrest" | "death") => &[("place", Part::Place)],
        Some("charge" | "sentence") => &[("court", Part::Court), ("offences", Part::Offences)],
        Some(_) | None => &[],
    }
}

/// What else there is: columns of few codes, to be mapped, and the others.
fn rest(out: &mut String, table: &Table) {
    let left = table.columns.iter().filter(|column| {
        part(&column.name).is_none() && matches!(dates(column), Dates::None) && column.count > 0
    });
    let _ = writeln!(out, "\n# Columns that nothing above takes:");
    for column in left {
        let name = remark(&column.name);
        let is_coded = column.texts.len() <= CODES_MAX && column.texts.len() * 2 <= column.count;
        match is_coded {
            true => {
                let codes = column
                    .texts
                    .iter()
                    .map(|code| format!("{} = \"\"", quoted(code)));
                let codes: Vec<String> = codes.collect();
                let _ = writeln!(
                    out,
                    "# {name}: {} codes, to be mapped where a kind or a field is taken from it:\n\
                     #   {{ column = {}, values = {{ {} }} }}",
                    column.texts.len(),
                    remark(&quoted(&column.name)),
                    remark(&codes.join(", "))
                );
            }
            false => {
                let _ = writeln!(out, "# {name}: texts in {} rows", column.count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_a_comment_stays_in_its_line() {
        assert_eq!(remark("a\nkey = 1\u{2028}"), "a key = 1\u{2028}");
        assert_eq!(
            toml::from_str::<toml::Table>(&format!("a = {}", quoted("\"\n'")))
                .unwrap()
                .len(),
            1
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn whatever_a_table_holds_the_proposal_is_toml(
            rows in proptest::collection::vec(
                proptest::collection::vec("(name|id|arrested|01/02/2025|n/a|.{0,6}|\\PC{0,4}|[\n\t\"'=#\\\\]{0,4})", 3),
                1..6,
            ),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut csv = csv::Writer::from_path(folder.path().join("a \"b\n.csv")).unwrap();
            rows.iter().for_each(|row| csv.write_record(row).unwrap());
            csv.flush().unwrap();
            let file = TableFile::new("a \"b\n.csv", folder.path()).unwrap();
            if let Ok(rules) = draft_rules(&file, Some("UTC")) {
                proptest::prop_assert!(toml::from_str::<toml::Table>(&rules).is_ok(), "{rules}");
            }
        }
    }
}
