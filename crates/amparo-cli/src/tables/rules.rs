//! The rules of a table: what its columns, its codes and its dates mean (`RULES.md`).

use std::collections::BTreeMap;

use amparo_core::date::Occurred;
use amparo_core::identity::External;
use amparo_core::kind::Kind;
use amparo_core::value::SourceKind;
use amparo_core::word::{Word as _, nearest};
use serde::Deserialize;

use crate::error::Failure;
use crate::lists::rules::{Publisher, format_faults, kind_fault, parse, refuse};

/// The most events that the rules see in one row.
const EVENTS_MAX: usize = 64;

/// A checked file of rules of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableRules {
    /// What the table is called in the ledger: the title of its source.
    pub list: String,
    /// The scheme of the person key, as in `scheme:key`.
    pub scheme: String,
    /// The time zone of the table's dates; that of the ledger.
    pub time_zone: String,
    /// Who publishes it.
    pub source: Publisher,
    /// How the file is written.
    #[serde(default)]
    pub file: FileForm,
    /// The texts by which the source says that it does not know, in every column.
    #[serde(default = "empty_cell")]
    pub unknown: Vec<String>,
    /// Whom a row is about.
    pub person: PersonRules,
    /// What a row says happened.
    #[serde(default)]
    pub event: Vec<EventRules>,
}

/// How the bytes of a file are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FileForm {
    /// The encoding of a CSV file.
    pub encoding: Encoding,
    /// What stands between the cells of a CSV file.
    pub delimiter: char,
    /// The line or row of the header; what stands before it is skipped.
    pub header_row: u64,
    /// The sheet of a workbook; without it, the workbook has one only.
    pub sheet: Option<String>,
    /// What becomes of a cell with a formula.
    pub formulas: Formulas,
}

impl Default for FileForm {
    fn default() -> Self {
        Self {
            encoding: Encoding::Utf8,
            delimiter: ',',
            header_row: 1,
            sheet: None,
            formulas: Formulas::Refuse,
        }
    }
}

/// What becomes of a cell whose text a formula makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Formulas {
    /// Its row is refused.
    Refuse,
    /// The value that was stored with it is taken.
    Value,
}

/// An encoding of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PersonRules {
    /// The columns that together tell one person from every other.
    pub key: Columns,
    pub name: Option<String>,
    pub aliases: Option<FieldRule>,
    pub birth: Option<DateRule>,
    pub sex: Option<FieldRule>,
    pub nationality: Option<FieldRule>,
    /// Columns kept as they are, in the private note.
    #[serde(default)]
    pub keep: Vec<String>,
}

/// One column or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Columns {
    One(String),
    Several(Vec<String>),
}

impl Columns {
    /// The names, in their order.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// One thing that a row may say happened.
#[derive(Debug, Deserialize)]
pub struct EventRules {
    /// Which kind of event, by name or by a column.
    pub kind: FieldRule,
    /// When.
    pub date: DateRule,
    /// The fields of the kind.
    #[serde(flatten)]
    pub fields: BTreeMap<String, FieldRule>,
}

/// A column of dates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DateRule {
    pub column: String,
    /// The forms that its cells may have, or `edtf`.
    pub formats: Vec<String>,
    /// What is recorded where the source says that it does not know, with a text other than an
    /// empty cell; without it, nothing is.
    pub unknown_as: Option<String>,
}

/// Where a value comes from.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum FieldRule {
    /// The same in every row.
    Fixed(String),
    /// From a column.
    Column(ColumnRule),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ColumnRule {
    pub column: String,
    /// What each code means; without it, a cell is taken as it stands.
    pub values: Option<BTreeMap<String, String>>,
    /// What stands between the items of a list within one cell.
    pub split: Option<String>,
}

impl FieldRule {
    /// The column, where there is one.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Fixed(_) => None,
            Self::Column(rule) => Some(&rule.column),
        }
    }

    /// Every value that it can give; none where cells are taken as they stand.
    pub fn values(&self) -> Option<Vec<&str>> {
        match self {
            Self::Fixed(value) => Some(vec![value]),
            Self::Column(rule) => {
                let values = rule.values.as_ref()?;
                Some(values.values().map(String::as_str).collect())
            }
        }
    }
}

fn empty_cell() -> Vec<String> {
    vec![String::new()]
}

/// The word of a code that says nothing happened.
pub const NOTHING: &str = "none";

impl TableRules {
    /// Reads and checks a file of rules.
    ///
    /// # Errors
    /// Exit 3 with the place in the file, or with every rule that makes no sense.
    pub fn read(name: &str, text: &str) -> Result<Self, Failure> {
        let rules: Self = parse(name, text)?;
        refuse(name, rules.faults())?;
        Ok(rules)
    }

    /// Every column that the rules name, each once.
    pub fn columns(&self) -> Vec<&str> {
        let PersonRules {
            key,
            name,
            aliases,
            birth,
            sex,
            nationality,
            keep,
        } = &self.person;
        let fields = [aliases, sex, nationality].into_iter().flatten();
        let mut columns: Vec<&str> = key.names().iter().map(String::as_str).collect();
        columns.extend(name.as_deref());
        columns.extend(birth.iter().map(|birth| birth.column.as_str()));
        columns.extend(fields.filter_map(FieldRule::column));
        columns.extend(keep.iter().map(String::as_str));
        for event in &self.event {
            columns.extend(event.kind.column());
            columns.push(&event.date.column);
            columns.extend(event.fields.values().filter_map(FieldRule::column));
        }
        let mut seen = std::collections::HashSet::new();
        columns.retain(|column| seen.insert(*column));
        columns
    }

    /// How the dates of a column are read, if it holds dates.
    pub fn dates(&self, column: &str) -> Option<&DateRule> {
        let events = self.event.iter().map(|event| &event.date);
        let mut all = self.person.birth.iter().chain(events);
        all.find(|date| date.column == column)
    }

    /// What makes no sense in them, all of it.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if External::new(&format!("{}:x", self.scheme)).is_none() {
            faults.push("`scheme` takes letters, digits, `-`, `_` and `.`".to_owned());
        }
        if self.list.trim().is_empty() {
            faults.push("`list` is empty".to_owned());
        }
        if self.source.publisher.trim().is_empty() {
            faults.push("`source.publisher` is empty".to_owned());
        }
        if SourceKind::from_word(&self.source.kind).is_none() {
            let kind = &self.source.kind;
            faults.push(format!(
                "`source.kind`: there is no kind of source `{kind}`"
            ));
        }
        let delimiter = self.file.delimiter;
        if !delimiter.is_ascii() || matches!(delimiter, '"' | '\n' | '\r') {
            faults.push("`file.delimiter` is one ASCII character".to_owned());
        }
        if self.person.key.names().is_empty() {
            faults.push("`person.key` names no column".to_owned());
        }
        if let Some(birth) = &self.person.birth {
            format_faults("person.birth", &birth.formats, &mut faults);
        }
        if self.event.is_empty() && self.person.name.is_none() {
            faults.push("the rules see no `[[event]]` and no name in a row".to_owned());
        }
        if self.event.len() > EVENTS_MAX {
            faults.push(format!("more than {EVENTS_MAX} events in a row"));
        }
        for (n, event) in self.event.iter().enumerate() {
            event.faults(&format!("event {}", n + 1), &self.unknown, &mut faults);
        }
        for (name, rule) in self.person_fields() {
            code_faults(&format!("person.{name}"), rule, &self.unknown, &mut faults);
        }
        faults
    }

    fn person_fields(&self) -> impl Iterator<Item = (&'static str, &FieldRule)> {
        let person = &self.person;
        let fields = [
            ("aliases", &person.aliases),
            ("sex", &person.sex),
            ("nationality", &person.nationality),
        ];
        fields
            .into_iter()
            .filter_map(|(name, rule)| Some((name, rule.as_ref()?)))
    }
}

impl EventRules {
    /// The kinds that it may be.
    fn kinds(&self) -> Vec<Kind> {
        let words = self.kind.values().unwrap_or_default();
        words.into_iter().filter_map(Kind::from_spelling).collect()
    }

    fn faults(&self, key: &str, unknown: &[String], faults: &mut Vec<String>) {
        let allowed: Vec<Kind> = Kind::drafts()
            .filter(|kind| kind.axis().is_some())
            .collect();
        match self.kind.values() {
            None => faults.push(format!("{key}: `kind` from a column needs `values`")),
            Some(words) => {
                for word in words.into_iter().filter(|word| *word != NOTHING) {
                    kind_fault(&format!("{key}: kind"), word, &allowed, faults);
                }
            }
        }
        format_faults(&format!("{key}: date"), &self.date.formats, faults);
        let date = self.date.unknown_as.as_deref();
        if let Some(date) = date.filter(|date| Occurred::parse_stored(date).is_err()) {
            faults.push(format!("{key}: `unknown-as`: `{date}` is no date in EDTF"));
        }
        code_faults(&format!("{key}: kind"), &self.kind, unknown, faults);
        let kinds = self.kinds();
        let taken: Vec<&str> = kinds
            .iter()
            .flat_map(|kind| kind.rule().fields)
            .copied()
            .collect();
        for (name, rule) in &self.fields {
            if !taken.contains(&name.as_str()) {
                let near = nearest(name, taken.iter().copied());
                let near = near.map(|near| format!("; did you mean `{near}`?"));
                let near = near.unwrap_or_default();
                faults.push(format!("{key}: no kind of it has a field `{name}`{near}"));
            }
            code_faults(&format!("{key}: {name}"), rule, unknown, faults);
        }
        for kind in &kinds {
            let lacks = |name: &&&str| !self.fields.contains_key(**name);
            for required in kind.rule().required.iter().filter(lacks) {
                faults.push(format!("{key}: the kind `{kind}` needs `{required}`"));
            }
        }
    }
}

/// A code that is both mapped and unknown has two meanings.
fn code_faults(key: &str, rule: &FieldRule, unknown: &[String], faults: &mut Vec<String>) {
    let FieldRule::Column(ColumnRule {
        values: Some(values),
        ..
    }) = rule
    else {
        return;
    };
    for code in values.keys().filter(|code| unknown.contains(code)) {
        faults.push(format!(
            "{key}: the code `{code}` is both mapped and unknown"
        ));
    }
    for (code, _) in values.iter().filter(|(_, value)| value.trim().is_empty()) {
        faults.push(format!(
            "{key}: the code `{code}` is mapped to nothing; list it in `unknown`"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_reads_and_can_be_followed() {
        let text = include_str!("../../RULES.md");
        let (_, tables) = text.split_once("# Tables\n").unwrap();
        let (_, example) = tables.split_once("```toml\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let rules = TableRules::read("RULES.md", example).unwrap();
        assert_eq!((rules.event.len(), rules.columns().len()), (2, 12));
    }

    #[test]
    fn rules_without_sense_are_refused_with_every_reason() {
        let text = r#"
            list = ""
            scheme = "a b"
            time-zone = "UTC"
            source = { publisher = "Demo", kind = "ngo" }
            unknown = ["", "n/a"]
            person = { key = [], sex = { column = "SEX", values = { "n/a" = "x" } } }
            file = { delimiter = "ñ" }
            [[event]]
            kind = "arest"
            date = { column = "D", formats = ["%d/%m/%y"] }
            [[event]]
            kind = { column = "K" }
            date = { column = "D", formats = [] }
            [[event]]
            kind = "clemency-grant"
            date = { column = "D", formats = ["%d/%m/%Y"] }
            plaze = "X"
        "#;
        let rules: TableRules = parse("R", text).unwrap();
        let faults = rules.faults().join("\n");
        for said in [
            "`scheme` takes",
            "`list` is empty",
            "`file.delimiter`",
            "`person.key` names no column",
            "person.sex: the code `n/a` is both mapped and unknown",
            "did you mean `arrest`?",
            "two digits of a year are a guess",
            "event 2: `kind` from a column needs `values`",
            "event 2: date states no format",
            "event 3: no kind of it has a field `plaze`",
            "event 3: the kind `clemency-grant` needs `instrument`",
        ] {
            assert!(faults.contains(said), "{said} is not in\n{faults}");
        }
    }
}
