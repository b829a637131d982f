//! The rules of a list: what its columns, its codes and its date mean (`RULES.md`).

use std::collections::BTreeMap;

use amparo_core::date::Day;
use amparo_core::identity::External;
use amparo_core::kind::{Axis, Kind};
use amparo_core::word::nearest;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::Failure;

/// The most bytes of a file of rules.
const RULES_BYTES_MAX: usize = 1024 * 1024;
/// An earlier year is a year of two digits, read as it stands.
const FIRST_YEAR: i32 = 1000;

/// A checked file of rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// What the list is called in the ledger: the title of its source.
    pub list: String,
    /// The scheme of the person key, as in `scheme:key`.
    pub scheme: String,
    /// The time zone of the list's dates; that of the ledger.
    pub time_zone: String,
    /// At what moment of its day a list is stated.
    pub moment: Moment,
    /// Who publishes it.
    pub source: Publisher,
    /// The date of a list by its file's name.
    pub date: Option<FileDate>,
    /// What entering means.
    pub enter: Enter,
    /// What leaving means.
    #[serde(default)]
    pub leave: Leave,
    /// What the codes of the status column mean.
    pub status: Option<Status>,
    /// The layouts that files come in.
    pub layout: Vec<Layout>,
}

/// At what moment of its day a list is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// At its start: who is gone left before that day.
    Start,
    /// At its end: who is gone left on that day at the latest.
    End,
    /// Some time within it: who is gone left on one of the days from the last list to this one.
    Within,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    pub publisher: String,
    pub kind: String,
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileDate {
    /// The form of the file's name without its ending, as `LIST_%Y%m%d`.
    pub file_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enter {
    pub kind: String,
    pub place: Option<String>,
    pub authority: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    pub kind: String,
}

impl Default for Leave {
    fn default() -> Self {
        Self {
            kind: Kind::ExitUnknown.to_string(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Each code, and the case event that it stands for.
    pub values: BTreeMap<String, CaseEvent>,
    /// The texts by which the source says that it does not know.
    #[serde(default)]
    pub unknown: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseEvent {
    /// A kind of the case axis, or `none` where the code says nothing of the case.
    pub kind: String,
    pub court: Option<String>,
    pub jurisdiction: Option<String>,
}

impl CaseEvent {
    /// Whether the code says something of the case.
    pub fn is_event(&self) -> bool {
        self.kind != "none"
    }
}

/// One layout of the files: which columns hold what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layout {
    /// The column of the person key.
    pub person: String,
    /// The column of the admission.
    pub admission: String,
    /// The forms of the admission, as `%Y-%m-%d %H:%M:%S`.
    pub admission_formats: Vec<String>,
    /// The column of the status.
    pub status: Option<String>,
    /// The column of the list's date.
    pub date: Option<String>,
    /// The forms of the list's date.
    #[serde(default)]
    pub date_formats: Vec<String>,
    /// What stands between cells.
    #[serde(default = "comma")]
    pub delimiter: char,
}

fn comma() -> char {
    ','
}

impl Layout {
    /// The columns that a file must have to be of this layout.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let named = [Some(&self.person), Some(&self.admission)];
        let optional = [self.status.as_ref(), self.date.as_ref()];
        named.into_iter().chain(optional).flatten().map(|c| &**c)
    }
}

/// Reads a file of rules, of a list or of a table.
///
/// # Errors
/// Exit 3 with the place in the file.
pub fn parse<R: DeserializeOwned>(name: &str, text: &str) -> Result<R, Failure> {
    if text.len() > RULES_BYTES_MAX {
        let message = format!("{name} has more than {RULES_BYTES_MAX} bytes");
        return Err(Failure::refused(message));
    }
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = &text.as_bytes()[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::refused(format!("{name}:{line}: these rules do not read"))
            .cause(error.message().to_owned())
            .hint("RULES.md lists every key, with an example")
    })
}

/// Refuses rules that make no sense.
///
/// # Errors
/// Exit 3 with every fault, where there are any.
pub fn refuse(name: &str, faults: Vec<String>) -> Result<(), Failure> {
    match faults.is_empty() {
        true => Ok(()),
        false => {
            let failure = Failure::refused(format!("{name}: these rules cannot be followed"));
            Err(faults.into_iter().fold(failure, Failure::cause))
        }
    }
}

impl Rules {
    /// Reads and checks a file of rules.
    ///
    /// # Errors
    /// Exit 3 with the place in the file, or with the rule that makes no sense.
    pub fn read(name: &str, text: &str) -> Result<Self, Failure> {
        let rules: Self = parse(name, text)?;
        refuse(name, rules.faults())?;
        Ok(rules)
    }

    /// What makes no sense in them, all of it.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if External::new(&format!("{}:x", self.scheme)).is_none() {
            faults.push("`scheme` takes lower-case letters, digits and `-`".to_owned());
        }
        if self.list.trim().is_empty() {
            faults.push("`list` is empty".to_owned());
        }
        kind_fault("enter", &self.enter.kind, &ENTER, &mut faults);
        kind_fault("leave", &self.leave.kind, &LEAVE, &mut faults);
        if let Some(status) = &self.status {
            let case: Vec<Kind> = Kind::drafts()
                .filter(|kind| kind.axis() == Some(Axis::Case))
                .collect();
            for (code, event) in &status.values {
                if event.is_event() {
                    kind_fault(
                        &format!("status.values.{code}"),
                        &event.kind,
                        &case,
                        &mut faults,
                    );
                }
                if status.unknown.contains(code) {
                    faults.push(format!("the code `{code}` is both mapped and unknown"));
                }
            }
        }
        if self.layout.is_empty() {
            faults.push("there is no `[[layout]]`".to_owned());
        }
        for (n, layout) in self.layout.iter().enumerate() {
            self.layout_faults(n + 1, layout, &mut faults);
        }
        faults
    }

    fn layout_faults(&self, n: usize, layout: &Layout, faults: &mut Vec<String>) {
        if layout.admission_formats.is_empty() {
            faults.push(format!("layout {n} states no `admission-formats`"));
        }
        if layout.date.is_some() == self.date.is_some() {
            let message = "say once where the date of a list stands: in `[date] file-name`, or in \
                           `date` of each layout";
            faults.push(format!("layout {n}: {message}"));
        }
        if layout.date.is_some() && layout.date_formats.is_empty() {
            faults.push(format!("layout {n} states no `date-formats`"));
        }
        if layout.status.is_some() && self.status.is_none() {
            faults.push(format!(
                "layout {n} names a status column, and there is no `[status]`"
            ));
        }
        if !layout.delimiter.is_ascii() || matches!(layout.delimiter, '"' | '\n' | '\r') {
            faults.push(format!("layout {n}: `delimiter` is one ASCII character"));
        }
    }

    /// The day in a file's name.
    pub fn day_of_name(&self, stem: &str) -> Option<Day> {
        let format = &self.date.as_ref()?.file_name;
        NaiveDate::parse_from_str(stem, format).ok().and_then(day)
    }
}

const ENTER: [Kind; 3] = [Kind::CustodyObserved, Kind::Arrest, Kind::HouseArrest];
const LEAVE: [Kind; 2] = [Kind::ExitUnknown, Kind::Release];

/// Notes a word that is none of the allowed kinds.
pub fn kind_fault(key: &str, word: &str, allowed: &[Kind], faults: &mut Vec<String>) {
    if Kind::from_spelling(word).is_some_and(|kind| allowed.contains(&kind)) {
        return;
    }
    let words: Vec<String> = allowed.iter().map(Kind::to_string).collect();
    let near = nearest(word, words.iter().map(String::as_str));
    let remedy = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it is one of {}", words.join(", ")),
    };
    faults.push(format!("`{key}` cannot mean `{word}`; {remedy}"));
}

/// Notes that dates have no stated form, or one that would have to guess.
pub fn format_faults(key: &str, formats: &[String], faults: &mut Vec<String>) {
    if formats.is_empty() {
        faults.push(format!("{key} states no format"));
    }
    const TWO_DIGITS: [&str; 5] = ["%y", "%g", "%D", "%x", "%c"];
    let guesses = |format: &&String| TWO_DIGITS.iter().any(|part| format.contains(part));
    for format in formats.iter().filter(guesses) {
        faults.push(format!(
            "{key}: `{format}`: two digits of a year are a guess; write the years out, and `%Y`"
        ));
    }
}

/// How a date reads by the formats stated for it.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    /// The date, as a draft spells it, and its day.
    Date(String, Day),
    /// By none of them.
    Unread,
    /// By two of them, and not the same.
    Ambiguous,
}

/// Reads a date by every format stated for it.
pub fn read_date(text: &str, formats: &[String]) -> Reading {
    let mut found: Option<(String, NaiveDate)> = None;
    for format in formats {
        let read = read_by(text, format).filter(|(_, date)| date.year() >= FIRST_YEAR);
        match (&found, read) {
            (Some(before), Some(read)) if *before != read => return Reading::Ambiguous,
            (None, Some(read)) => found = Some(read),
            (_, None) | (Some(_), Some(_)) => {}
        }
    }
    let found = found.and_then(|(text, date)| Some(Reading::Date(text, day(date)?)));
    found.unwrap_or(Reading::Unread)
}

/// Reads a date by one format: with a time and an offset, with a time, a day, a month or a year.
fn read_by(text: &str, format: &str) -> Option<(String, NaiveDate)> {
    if let Ok(time) = DateTime::parse_from_str(text, format) {
        let spelled = time.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
        return Some((spelled, time.date_naive()));
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
        return Some((time.format("%Y-%m-%dT%H:%M:%S").to_string(), time.date()));
    }
    let date = |text: &str, format: &str| NaiveDate::parse_from_str(text, format).ok();
    if let Some(date) = date(text, format) {
        return Some((date.to_string(), date));
    }
    // What the format leaves out is added to both, and left out again.
    let month = date(&format!("{text}\n01"), &format!("{format}\n%d"));
    if let Some(month) = month {
        return Some((month.format("%Y-%m").to_string(), month));
    }
    let year = date(&format!("{text}\n01\n01"), &format!("{format}\n%m\n%d"))?;
    Some((year.format("%Y").to_string(), year))
}

fn day(date: NaiveDate) -> Option<Day> {
    Day::from_ymd(date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_reads_and_can_be_followed() {
        let text = include_str!("../../RULES.md");
        let (_, example) = text.split_once("```toml\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let rules = Rules::read("RULES.md", example).unwrap();
        assert_eq!((rules.layout.len(), rules.moment), (2, Moment::End));
        let day = rules.day_of_name("custody-20200229");
        assert_eq!(
            day.map(|day| day.to_string()).as_deref(),
            Some("2020-02-29")
        );
        assert_eq!(rules.day_of_name("custody-20200230"), None);
    }

    #[test]
    fn a_date_of_two_readings_is_ambiguous_and_never_guessed() {
        let formats = ["%d/%m/%Y".to_owned(), "%m/%d/%Y".to_owned()];
        assert_eq!(read_date("03/04/2020", &formats), Reading::Ambiguous);
        assert!(
            matches!(read_date("25/04/2020", &formats), Reading::Date(text, _)
            if text == "2020-04-25")
        );
        assert_eq!(read_date("2020-04-25", &formats), Reading::Unread);
        assert_eq!(read_date("31/02/2020", &formats), Reading::Unread);
        assert_eq!(read_date("25/04/20", &formats), Reading::Unread);
    }

    #[test]
    fn a_month_a_year_and_a_time_with_an_offset_read_as_what_they_say() {
        for (text, format, expect) in [
            ("04/2020", "%m/%Y", "2020-04"),
            ("2020", "%Y", "2020"),
            ("25/04/2020 7:05", "%d/%m/%Y %H:%M", "2020-04-25T07:05:00"),
            (
                "2020-04-25T07:05:00-0400",
                "%Y-%m-%dT%H:%M:%S%z",
                "2020-04-25T07:05:00-04:00",
            ),
        ] {
            let read = read_date(text, &[format.to_owned()]);
            assert!(
                matches!(&read, Reading::Date(spelled, _) if spelled == expect),
                "{text}: {read:?}"
            );
        }
        assert_eq!(read_date("13/2020", &["%m/%Y".to_owned()]), Reading::Unread);
    }

    #[test]
    fn rules_without_sense_are_refused_with_every_reason() {
        let text = "list=\"\"\nscheme=\"d\"\ntime-zone=\"UTC\"\nmoment=\"end\"\n\
                    source={publisher=\"x\",kind=\"list\"}\nenter={kind=\"arest\"}\n\
                    [[layout]]\nperson=\"a\"\nadmission=\"b\"\nadmission-formats=[]\n";
        let rules: Rules = toml::from_str(text).unwrap();
        let faults = rules.faults().join("\n");
        for said in [
            "`list` is empty",
            "`arrest`",
            "admission-formats",
            "say once",
        ] {
            assert!(faults.contains(said), "{said} is not in {faults}");
        }
    }
}
