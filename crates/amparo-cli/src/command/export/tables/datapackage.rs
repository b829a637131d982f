//! What makes a folder of CSV files a data package: descriptor, caveats, citation and checksums.
//!
//! `datapackage.json` follows the Frictionless Tabular Data Package, `CITATION.cff` the Citation
//! File Format 1.2.0. What is not known (a licence, authors) is not made up.

use amparo_core::entry::Recorded;
use amparo_projections::Profile;
use serde_json::{Value, json};

use super::Written;
use super::csv_folder::{CsvFolder, InFolder};
use super::schema::{COORDINATES, Field, Table, Type};
use crate::derived::Derived;
use crate::error::Failure;
use crate::output::{Meta, text};

/// The longest licence identifier: SPDX has none near it.
const LICENCE_BYTES_MAX: usize = 64;

/// What the package is about.
pub struct About<'a> {
    /// What it was derived from.
    pub derived: &'a Derived,
    /// The coordinates.
    pub meta: Meta,
    /// When it is written.
    pub created: Recorded,
    /// The licence, if one is stated.
    pub licence: Option<&'a str>,
    /// Whether people are named in it.
    pub has_names: bool,
    /// The threshold below which numbers are withheld.
    pub suppress_below: Option<u64>,
}

/// Checks that a licence reads as an SPDX identifier.
///
/// # Errors
/// Usage.
pub fn check_licence(licence: &str) -> Result<(), Failure> {
    let is_of_spdx = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let length = licence.len();
    match (1..=LICENCE_BYTES_MAX).contains(&length) && licence.chars().all(is_of_spdx) {
        true => Ok(()),
        false => Err(Failure::usage("--licence: this is no SPDX identifier")
            .hint("write CC-BY-4.0, ODbL-1.0, CC0-1.0; https://spdx.org/licenses lists them")),
    }
}

/// Adds to a folder of tables what makes it a package.
///
/// # Errors
/// Whatever keeps a file from being written.
pub fn complete(
    folder: &mut CsvFolder,
    about: &About<'_>,
    written: &[Written],
) -> Result<(), Failure> {
    let descriptor = descriptor(about, written, folder.files());
    let descriptor = format!("{descriptor:#}");
    let descriptor = descriptor.lines().map(text::escape_steering);
    let descriptor: String = descriptor.map(|line| line + "\n").collect();
    folder.add("datapackage.json", &descriptor)?;
    folder.add("README.md", &readme(about, written))?;
    folder.add("CITATION.cff", &citation(about))?;
    let sums = folder.files().iter();
    let sums: String = sums
        .map(|file| format!("{}  {}\n", file.sha256, file.name))
        .collect();
    folder.add("SHA256SUMS", &sums)
}

fn title(about: &About<'_>) -> String {
    let at = &about.derived.at;
    let name = &about.derived.ledger.opening().name;
    format!("{name}: as of {}, known at {}", at.as_of, at.known_at)
}

fn descriptor(about: &About<'_>, written: &[Written], files: &[InFolder]) -> Value {
    let opening = about.derived.ledger.opening();
    let at = &about.derived.at;
    let tables: Vec<_> = written.iter().map(|written| &written.table).collect();
    let resources = written
        .iter()
        .zip(files)
        .map(|(written, file)| resource(written, file, &tables));
    let mut package = json!({
        "profile": "tabular-data-package",
        "name": format!("amparo-{}-{}", opening.ledger, at.known_at),
        "id": opening.ledger.to_string(),
        "title": title(about),
        "description": "Tables of a ledger of detention status changes. README.md says what the \
                        numbers mean, and what they do not.",
        "version": at.known_at.to_string(),
        "created": about.created.to_string(),
        "resources": resources.collect::<Vec<_>>(),
        "amparo": coordinates(about),
    });
    if let Some(licence) = about.licence {
        package["licenses"] = json!([{
            "name": licence,
            "path": format!("https://spdx.org/licenses/{licence}.html"),
        }]);
    }
    package
}

/// The coordinates once more, for a program that reads the descriptor and no row.
fn coordinates(about: &About<'_>) -> Value {
    let at = &about.derived.at;
    let opening = about.derived.ledger.opening();
    let head = about.meta.head.as_ref();
    json!({
        "as_of": at.as_of.to_string(),
        "time_zone": opening.time_zone.name(),
        "known_at": {
            "seq": at.known_at.number(),
            "recorded": at.known_at_recorded.to_string(),
        },
        "profile": about.derived.profile.label(),
        "profile_states": states(&about.derived.profile),
        "shortest_stay_days": about.derived.profile.shortest_stay_days(),
        "head": head.map(|head| json!({"size": head.size, "root": head.root})),
        "ledger": opening.ledger.to_string(),
        "names": about.has_names,
        "suppress_below": about.suppress_below,
    })
}

fn states(profile: &Profile) -> Vec<&'static str> {
    profile.states().iter().map(|state| state.word()).collect()
}

fn resource(written: &Written, file: &InFolder, tables: &[&Table]) -> Value {
    let table = &written.table;
    let fields = table.fields.iter().chain(&COORDINATES).map(described);
    let mut schema = json!({
        "fields": fields.collect::<Vec<_>>(),
        "missingValues": [""],
    });
    if !table.primary_key.is_empty() {
        schema["primaryKey"] = json!(table.primary_key);
    }
    let is_there = |name: &str| tables.iter().any(|table| table.name == name);
    let keys = table.foreign_keys.iter().filter(|key| is_there(key.table));
    let keys: Vec<_> = keys
        .map(|key| {
            let reference = json!({"resource": key.table, "fields": key.key});
            json!({"fields": key.field, "reference": reference})
        })
        .collect();
    if !keys.is_empty() {
        schema["foreignKeys"] = json!(keys);
    }
    json!({
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": file.name,
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": format!("sha256:{}", file.sha256),
        "rows": written.rows,
        "schema": schema,
    })
}

fn described(field: &Field) -> Value {
    let mut described = json!({"name": field.key, "description": field.description});
    let kind = match field.kind {
        Type::String => "string",
        Type::Integer => "integer",
        Type::Boolean => {
            described["trueValues"] = json!(["yes"]);
            described["falseValues"] = json!(["no"]);
            "boolean"
        }
        Type::Date => "date",
        Type::DateTime => {
            described["format"] = json!("%Y-%m-%dT%H:%M:%S.%fZ");
            "datetime"
        }
        Type::Object => "object",
    };
    described["type"] = json!(kind);
    described
}

fn readme(about: &About<'_>, written: &[Written]) -> String {
    let at = &about.derived.at;
    let opening = about.derived.ledger.opening();
    let profile = &about.derived.profile;
    let tables: String = written
        .iter()
        .map(|Written { table, rows }| {
            format!(
                "| `{}.csv` | {rows} | {} |\n",
                table.name, table.description
            )
        })
        .collect();
    let stay = match profile.shortest_stay_days() {
        0 => String::new(),
        days => format!(" for {days} days or more"),
    };
    let licence = match about.licence {
        Some(licence) => format!("{licence} (https://spdx.org/licenses/{licence}.html)."),
        None => "None is stated: ask whoever publishes this before you publish from it.".to_owned(),
    };
    let (head_size, head_root) = match &about.meta.head {
        Some(head) => (head.size, head.root.as_str()),
        None => (0, ""),
    };
    format!(
        "# {title}\n\n\
         Tables of a ledger of detention status changes, written by Amparo. Every number here \
         follows from the entries of the ledger up to `{known_at}`, and from nothing else.\n\n\
         | | |\n|---|---|\n\
         | as of | the end of {as_of}, in {zone} |\n\
         | known at | {known_at}, recorded {recorded} |\n\
         | profile | {profile}: {states}{stay} |\n\
         | log | {head_size} entries, root `{head_root}` |\n\
         | ledger | {ledger} |\n\
         | written | {created} |\n\n\
         ## Tables\n\n| file | rows | a row is |\n|---|---|---|\n{tables}\n\
         `datapackage.json` says what each column means (Frictionless Data Package). The last nine \
         columns of each table are the coordinates above. Files are UTF-8, commas between cells, \
         empty where nothing is known. A text that a spreadsheet would take for a formula has an \
         apostrophe before it.\n\n\
         ## Read before you count\n\n{caveats}\n\n\
         ## What this shows\n\n{shows}\n\n\
         ## Licence\n\n{licence}\n\n\
         ## Check it\n\n\
         `sha256sum -c SHA256SUMS` shows that no file was changed since. That the numbers follow \
         from the log is shown by the log: ask for its public copy, or for a proof, and compare \
         the root above.\n",
        title = text::markdown(&title(about)),
        known_at = at.known_at,
        as_of = at.as_of,
        zone = opening.time_zone.name(),
        recorded = at.known_at_recorded,
        profile = profile.label(),
        states = states(profile).join(", "),
        ledger = opening.ledger,
        created = about.created,
        caveats = CAVEATS.trim_end(),
        shows = shows(about),
    )
}

const CAVEATS: &str = "\
- **A number is a range.** Dates are as exact as they are known. `low` counts those who are in a
  state however the dates fall, `high` those who can be, `count` those who are if each date is taken
  at its middle. Quote the range where it is one.
- **What is not documented is not counted.** A number is what this ledger documents, not how many
  there are. A zero is no finding that nobody is held.
- **A claim is not a count.** `claims` holds numbers that somebody stated. None of them is part of
  a total, and they must not be added to one.
- **Axes overlap.** Somebody can be released, charged and excluded from an amnesty at once. Numbers
  of two axes are never added up; nor are groups of one table in which somebody can stand twice
  (source, source kind, recorder, instrument).
- **Entries are corrected, never removed.** `events` holds those that were replaced or retracted
  too: filter on `standing` before you count, or better, take the totals.
- **It grows old.** Later entries change what was known. Name the day and the position in the log
  with every number.
";

fn shows(about: &About<'_>) -> String {
    match (about.suppress_below, about.has_names) {
        (Some(below), _) => format!(
            "Nothing about single people: the tables people, events and sources are left out. In \
             the totals, numbers from 1 to below {below} are withheld, and as many beside them as \
             it takes that none follows by subtraction; `suppressed` says which. In `claims` all \
             that is documented is withheld. Limit: that holds for these tables. Totals of another \
             day, filter or layout, published beside them, can be subtracted from them; and a row \
             shows that somebody is in it."
        ),
        (None, true) => "**Names of people, in clear.** Do not publish this package. Keep it as \
                         you keep keys."
            .to_owned(),
        (None, false) => {
            "No names. But each person's story stands in it, under a pseudonym: days, \
                          places, courts, sources, recorders. Somebody who knows a case can \
                          recognise it. What is published cannot be called back: where that can \
                          endanger somebody, publish totals with `--suppress-below` instead."
                .to_owned()
        }
    }
}

/// JSON strings are YAML strings, so every value is written as one.
fn citation(about: &About<'_>) -> String {
    let opening = about.derived.ledger.opening();
    let at = &about.derived.at;
    let licence = about
        .licence
        .map(|licence| format!("license: {}\n", text::json(licence)));
    let created = about.created.to_string();
    let day = created.split('T').next().unwrap_or_default();
    format!(
        "cff-version: 1.2.0\n\
         message: \"Name the day, the position in the log and the profile with every number.\"\n\
         type: dataset\n\
         title: {title}\n\
         authors:\n  - name: {author}\n\
         version: {version}\n\
         date-released: {day}\n\
         identifiers:\n  - type: other\n    value: {ledger}\n    description: {description}\n\
         {licence}",
        title = text::json(&title(about)),
        author = text::json(&opening.name),
        version = text::json(&at.known_at.to_string()),
        ledger = text::json(&format!("urn:uuid:{}", opening.ledger)),
        description = text::json("The ledger that it was derived from"),
        licence = licence.unwrap_or_default(),
    )
}
