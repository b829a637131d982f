//! A flag for every field of a draft, and the draft line that they make.
//!
//! Flags check nothing but what only the command line knows (refs, names, spellings of a
//! quantity): the line goes through the same reading as every line of a file, and what is wrong
//! with it comes back under the name of the flag.

use amparo_core::fault::Fault;
use amparo_core::value::Quantity;
use clap::Args;
use serde_json::{Map, Value};

use crate::error::Failure;
use crate::faults::InputFault;
use crate::source_flag;

/// The fields of an event, each by a flag.
#[derive(Debug, Clone, Default, Args)]
pub struct DraftFlags {
    /// When it happened: 2026-02-08, 2026-02, 2026-02-08..09, 2026-02~, yesterday, ayer
    #[arg(long, value_name = "DATE")]
    pub occurred: Option<String>,
    /// On whose word.
    #[command(flatten)]
    pub sources: SourceFlags,
    /// What the kind takes; see `amparo vocab kinds`.
    #[command(flatten)]
    pub fields: FieldFlags,
    /// What must not stand in clear.
    #[command(flatten)]
    pub private: PrivateFlags,
}

/// On whose word an event stands.
#[derive(Debug, Clone, Default, Args)]
pub struct SourceFlags {
    /// Who says so: "Foro Penal:ngo", or publisher=..,kind=..,url=..,published=.. (repeatable)
    #[arg(long = "source", value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// There is no source
    #[arg(long, conflicts_with = "sources")]
    pub unsourced: bool,
}

/// The own fields of the kinds.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fields of the kinds")]
pub struct FieldFlags {
    /// The person, where SUBJECT is another one or is left out
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// The group, where SUBJECT is a person or is left out
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// The person that a merge leads to
    #[arg(long, value_name = "PERSON")]
    pub into: Option<String>,
    /// Who took them: SEBIN
    #[arg(long)]
    authority: Option<String>,
    /// Where, from wide to narrow: "VE:Caracas:El Helicoide"
    #[arg(long)]
    place: Option<String>,
    /// Where a transfer started
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
    /// Why they were taken, as stated (repeatable)
    #[arg(long, value_name = "TEXT")]
    grounds: Vec<String>,
    /// A term they live under (repeatable)
    #[arg(long, value_name = "TEXT")]
    measures: Vec<String>,
    /// On what ground they were let go: instrument, court-order, medical, ...
    #[arg(long)]
    basis: Option<String>,
    /// Where they went
    #[arg(long)]
    destination: Option<String>,
    /// Of what they died, or what drove them out
    #[arg(long)]
    cause: Option<String>,
    /// An offence named (repeatable)
    #[arg(long, value_name = "TEXT", alias = "offence")]
    offences: Vec<String>,
    /// The court
    #[arg(long)]
    court: Option<String>,
    /// civil or military; of an instrument, where it is law
    #[arg(long)]
    jurisdiction: Option<String>,
    /// The term of a sentence, in days
    #[arg(long, value_name = "DAYS")]
    term_days: Option<String>,
    /// The code of the instrument: ve-amnesty-2026
    #[arg(long, value_name = "CODE")]
    instrument: Option<String>,
    /// Who filed the request
    #[arg(long)]
    filed_by: Option<String>,
    /// The exclusion code of the instrument
    #[arg(long, value_name = "CODE")]
    ground: Option<String>,
    /// amnesty, pardon or commutation
    #[arg(long)]
    form: Option<String>,
    /// The title of an instrument
    #[arg(long)]
    title: Option<String>,
    /// Who adopted an instrument
    #[arg(long)]
    adopted_by: Option<String>,
    /// Within how many days a request must be decided
    #[arg(long, value_name = "DAYS")]
    decision_days: Option<String>,
    /// A ground on which an instrument excludes: "homicide=Homicide of any kind" (repeatable)
    #[arg(long, value_name = "CODE=TEXT", alias = "exclusion")]
    exclusions: Vec<String>,
    /// Who states a number
    #[arg(long)]
    claimant: Option<String>,
    /// What the number counts: held, releases, clemency-requests, ...
    #[arg(long)]
    measure: Option<String>,
    /// How many: 379, ~650, 420+, 600..700, "<=50"
    #[arg(long)]
    quantity: Option<String>,
    /// The day or period that a claim speaks of
    #[arg(long, value_name = "DATE")]
    about: Option<String>,
    /// What part of the whole a claim speaks of
    #[arg(long)]
    scope: Option<String>,
    /// How many a group are
    #[arg(long, value_name = "NUMBER")]
    size: Option<String>,
    /// What to call a group
    #[arg(long)]
    label: Option<String>,
    /// The list that is silent
    #[arg(long)]
    list: Option<String>,
    /// For which period it is silent
    #[arg(long, value_name = "DATE")]
    period: Option<String>,
    /// The words of a note
    #[arg(long)]
    text: Option<String>,
    /// The version of a profile, from 1
    #[arg(long, value_name = "NUMBER")]
    profile_version: Option<String>,
    /// The custody states that a profile counts (several with commas)
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    states: Vec<String>,
    /// The shortest stay that a profile counts, in days
    #[arg(long, value_name = "DAYS")]
    shortest_stay_days: Option<String>,
    /// The entry that a retraction withdraws
    #[arg(long, value_name = "ENTRY")]
    pub entry: Option<String>,
    /// Why it is withdrawn
    #[arg(long)]
    reason: Option<String>,
}

/// The private fields: sealed, and only digests of them stand in the log.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Private fields, sealed and never in the log")]
pub struct PrivateFlags {
    /// The name
    #[arg(long = "private-name", value_name = "NAME")]
    pub name: Option<String>,
    /// Another name (repeatable)
    #[arg(long = "alias", value_name = "NAME")]
    pub aliases: Vec<String>,
    /// A reference in somebody's list: foro-penal:0123 (repeatable)
    #[arg(long = "ref", value_name = "SCHEME:VALUE")]
    pub refs: Vec<String>,
    /// When they were born: 1971, 1971-03-02
    #[arg(long, value_name = "DATE")]
    pub birth: Option<String>,
    /// Their sex, as stated
    #[arg(long)]
    pub sex: Option<String>,
    /// Their nationality, as stated
    #[arg(long)]
    pub nationality: Option<String>,
    /// A remark that must not be seen
    #[arg(id = "private_note", long = "private-note", value_name = "TEXT")]
    pub note: Option<String>,
    /// A source that must not be seen, written as for --source (repeatable)
    #[arg(id = "private_sources", long = "private-source", value_name = "SOURCE")]
    pub sources: Vec<String>,
}

/// A JSON object under construction.
pub type Members = Map<String, Value>;

impl DraftFlags {
    /// Puts every given flag into a draft, over what stands there; refs are already resolved.
    ///
    /// # Errors
    /// Exit 3, with every flag whose spelling has no meaning.
    pub fn put_into(&self, draft: &mut Members) -> Result<(), Failure> {
        let mut faults = Vec::new();
        set_text(draft, "occurred", &self.occurred);
        self.sources.put_into(draft, &mut faults);
        let private = read_sources(&self.private.sources, "--private-source", &mut faults);
        self.fields.put_into(draft, &mut faults);
        self.private.put_into(draft, private);
        match faults.is_empty() {
            true => Ok(()),
            false => Err(refusal(faults)),
        }
    }
}

impl SourceFlags {
    /// Puts the sources into a draft, in the place of what stands there.
    pub fn put_into(&self, draft: &mut Members, faults: &mut Vec<InputFault>) {
        set_list(
            draft,
            "sources",
            read_sources(&self.sources, "--source", faults),
        );
        if !self.sources.is_empty() {
            draft.remove("unsourced");
        }
        if self.unsourced {
            draft.remove("sources");
            draft.insert("unsourced".into(), true.into());
        }
    }

    /// The line of a draft that says who is who; without a source it says so by itself, since
    /// that is the recorder's finding and no claim.
    ///
    /// # Errors
    /// Exit 3, with every source whose spelling has no meaning.
    pub fn line(&self, mut draft: Members) -> Result<String, Failure> {
        let mut faults = Vec::new();
        self.put_into(&mut draft, &mut faults);
        if !faults.is_empty() {
            return Err(refusal(faults));
        }
        if !draft.contains_key("sources") {
            draft.insert("unsourced".into(), true.into());
        }
        Ok(Value::from(draft).to_string())
    }
}

fn read_sources(typed: &[String], flag: &str, faults: &mut Vec<InputFault>) -> Vec<Value> {
    let mut read = Vec::new();
    for source in typed {
        match source_flag::parse(source) {
            Ok(source) => read.push(source),
            Err(message) => faults.push(spelling_fault(flag, "sources", message)),
        }
    }
    read
}

impl FieldFlags {
    fn put_into(&self, draft: &mut Members, faults: &mut Vec<InputFault>) {
        for (field, value) in [
            ("authority", &self.authority),
            ("place", &self.place),
            ("from", &self.from),
            ("basis", &self.basis),
            ("destination", &self.destination),
            ("cause", &self.cause),
            ("court", &self.court),
            ("jurisdiction", &self.jurisdiction),
            ("instrument", &self.instrument),
            ("filed_by", &self.filed_by),
            ("ground", &self.ground),
            ("form", &self.form),
            ("title", &self.title),
            ("adopted_by", &self.adopted_by),
            ("claimant", &self.claimant),
            ("measure", &self.measure),
            ("about", &self.about),
            ("scope", &self.scope),
            ("label", &self.label),
            ("list", &self.list),
            ("period", &self.period),
            ("text", &self.text),
            ("reason", &self.reason),
        ] {
            set_text(draft, field, value);
        }
        for (field, values) in [
            ("grounds", &self.grounds),
            ("measures", &self.measures),
            ("offences", &self.offences),
            ("states", &self.states),
        ] {
            set_list(
                draft,
                field,
                values.iter().map(|value| value.as_str().into()).collect(),
            );
        }
        for (field, value) in [
            ("term_days", &self.term_days),
            ("decision_days", &self.decision_days),
            ("size", &self.size),
            ("version", &self.profile_version),
            ("shortest_stay_days", &self.shortest_stay_days),
        ] {
            let number = |value: &String| {
                value
                    .parse::<u64>()
                    .map_or(value.as_str().into(), Value::from)
            };
            draft.extend(
                value
                    .as_ref()
                    .map(|value| (field.to_owned(), number(value))),
            );
        }
        set_list(draft, "exclusions", exclusions(&self.exclusions));
        match self.quantity.as_deref().map(quantity) {
            Some(Ok(quantity)) => {
                draft.insert("quantity".into(), quantity);
            }
            Some(Err(fault)) => faults.push(fault),
            None => {}
        }
    }
}

impl PrivateFlags {
    fn put_into(&self, draft: &mut Members, sources: Vec<Value>) {
        let mut private = match draft.remove("private") {
            Some(Value::Object(private)) => private,
            Some(_) | None => Map::new(),
        };
        for (field, value) in [
            ("name", &self.name),
            ("birth", &self.birth),
            ("sex", &self.sex),
            ("nationality", &self.nationality),
            ("note", &self.note),
        ] {
            set_text(&mut private, field, value);
        }
        let texts = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
        set_list(&mut private, "aliases", texts(&self.aliases));
        set_list(&mut private, "refs", texts(&self.refs));
        set_list(&mut private, "sources", sources);
        if !private.is_empty() {
            draft.insert("private".into(), private.into());
        }
    }
}

/// The refusal of what flags say.
pub fn refusal(faults: Vec<InputFault>) -> Failure {
    Failure::refused("the event was refused; nothing was written").faults(faults)
}

/// The name of the flag that a draft's field came from.
pub fn flag_of(field: &str) -> String {
    let top = field.split(['.', '[']).next().unwrap_or_default();
    match (top, field) {
        ("", _) => "the event".to_owned(),
        ("kind", _) => "KIND".to_owned(),
        ("sources", _) => "--source".to_owned(),
        ("private", "private") => "private fields".to_owned(),
        ("private", _) => match field
            .trim_start_matches("private.")
            .split(['.', '['])
            .next()
        {
            Some("aliases") => "--alias".to_owned(),
            Some("refs") => "--ref".to_owned(),
            Some("sources") => "--private-source".to_owned(),
            Some(name @ ("name" | "note")) => format!("--private-{name}"),
            Some(name) => format!("--{name}"),
            None => "private fields".to_owned(),
        },
        ("version", _) => "--profile-version".to_owned(),
        (top, _) => format!("--{}", top.replace('_', "-")),
    }
}

/// The JSON of a quantity as it is spelled on the command line.
///
/// # Errors
/// A fault, with the spellings that there are.
pub fn quantity(typed: &str) -> Result<Value, InputFault> {
    let Some(quantity) = Quantity::from_spelling(typed) else {
        let mut fault = core_fault("quantity", "this is no quantity".to_owned());
        fault.remedy = Some("write 379, ~650, 420+, 600..700, \">420\" or \"<=50\"".to_owned());
        return Err(InputFault::of_flag("--quantity".to_owned(), fault));
    };
    let mut object = Map::new();
    object.extend(quantity.low().map(|low| ("low".to_owned(), low.into())));
    object.extend(quantity.high().map(|high| ("high".to_owned(), high.into())));
    if quantity.is_approximate() {
        object.insert("approximate".into(), true.into());
    }
    Ok(object.into())
}

/// The exclusions of an instrument, each typed as `CODE=TEXT`.
pub fn exclusions(typed: &[String]) -> Vec<Value> {
    typed.iter().map(|typed| exclusion(typed)).collect()
}

fn exclusion(typed: &str) -> Value {
    let (code, text) = typed.split_once('=').unwrap_or((typed, typed));
    serde_json::json!({ "code": code.trim(), "text": text.trim() })
}

fn spelling_fault(flag: &str, field: &str, message: String) -> InputFault {
    InputFault::of_flag(flag.to_owned(), core_fault(field, message))
}

fn core_fault(field: &str, message: String) -> Fault {
    let rule = amparo_core::fault::Rule::Malformed;
    Fault {
        rule,
        column: 1,
        field: field.to_owned(),
        message,
        remedy: None,
    }
}

/// Puts a text, where it is given.
pub fn set_text(object: &mut Members, field: &str, value: &Option<String>) {
    object.extend(
        value
            .as_ref()
            .map(|value| (field.to_owned(), value.as_str().into())),
    );
}

/// Puts a list, unless it is empty.
pub fn set_list(object: &mut Members, field: &str, values: Vec<Value>) {
    if !values.is_empty() {
        object.insert(field.to_owned(), values.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_a_field_is_told_under_the_name_of_its_flag() {
        for (field, flag) in [
            ("", "the event"),
            ("kind", "KIND"),
            ("term_days", "--term-days"),
            ("sources[0].kind", "--source"),
            ("private.name", "--private-name"),
            ("private.refs[1]", "--ref"),
            ("private.birth", "--birth"),
            ("private.sources[0].kind", "--private-source"),
            ("offences[2]", "--offences"),
        ] {
            assert_eq!(flag_of(field), flag, "{field}");
        }
    }
}
