//! What a row says, as drafts: of the person first, then what happened, in the order of the rules.

use amparo_core::Context;
use amparo_core::draft::Draft;
use amparo_core::fault::{Fault, Rule};
use amparo_core::id::EventId;
use amparo_core::kind::Kind;
use amparo_store::Ledger;
use serde_json::{Map, Value, json};

use super::near::Decisions;
use super::person::{self, Told, Who, items};
use super::row::{CellFault, Cells, Header, Row, Said};
use super::rules::{EventRules, FieldRule, NOTHING, TableRules};
use crate::error::Failure;

/// The fields of kinds that hold lists.
const LISTS: [&str; 3] = ["grounds", "measures", "offences"];
/// The fields of kinds that hold whole numbers.
const NUMBERS: [&str; 1] = ["term_days"];

/// All that a row says.
pub struct RowSays {
    /// Whom it is about.
    pub who: Who,
    /// What it tells of them.
    pub told: Told,
    /// The drafts, in their order.
    pub drafts: Vec<Made>,
}

/// A draft made of a row.
pub struct Made {
    /// Its id: the same wherever the row stands.
    pub id: EventId,
    /// Its kind.
    pub kind: Kind,
    /// The draft.
    pub draft: Draft,
}

/// How rows of one file become drafts.
pub struct Translation<'t> {
    pub rules: &'t TableRules,
    pub ledger: &'t Ledger,
    pub context: &'t Context,
    pub decisions: &'t Decisions,
    /// The digest of the file.
    pub sha256: &'t str,
}

/// An event of a row before its draft is written.
struct Happened<'r> {
    rules: &'r EventRules,
    kind: Kind,
    members: Map<String, Value>,
}

impl Translation<'_> {
    /// Says what a row says, or every fault of it.
    ///
    /// # Errors
    /// Integrity, when the ledger cannot be read.
    pub fn row(
        &self,
        header: &Header,
        row: &Row,
    ) -> Result<Result<RowSays, Vec<CellFault>>, Failure> {
        let mut cells = Cells::new(self.rules, header, row);
        if !cells.faults.is_empty() {
            return Ok(Err(cells.faults));
        }
        let own = person::reference(self.rules, &mut cells);
        let told = Told::read(self.rules, &mut cells);
        let mut happened = Vec::new();
        let mut kept: Vec<&str> = self.rules.person.keep.iter().map(String::as_str).collect();
        let mut left_out: Vec<&str> = Vec::new();
        for event in &self.rules.event {
            match happens(event, &mut cells) {
                Some(found) => happened.push(found),
                None => left_out.extend(event_columns(event)),
            }
        }
        let Some(own) = own.filter(|_| cells.faults.is_empty()) else {
            return Ok(Err(cells.faults));
        };
        let who = Who::find(self.ledger, &self.context.secret, own, self.decisions)?;
        let mut drafts = Vec::new();
        if happened.is_empty() {
            kept.append(&mut left_out);
        }
        drafts.extend(self.person(&who, &told, &kept, happened.is_empty(), &mut cells));
        for event in happened {
            // The first entry of what happened also keeps what the rest of the row says.
            drafts.extend(self.event(&who, event, &std::mem::take(&mut left_out), &mut cells));
        }
        Ok(match cells.faults.is_empty() {
            true => Ok(RowSays { who, told, drafts }),
            false => Err(cells.faults),
        })
    }

    /// The entry of the person, where the row tells anything of them or nothing else.
    fn person(
        &self,
        who: &Who,
        told: &Told,
        kept: &[&str],
        is_alone: bool,
        cells: &mut Cells<'_>,
    ) -> Option<Made> {
        let kept: Vec<(&str, String)> = kept
            .iter()
            .filter_map(|column| Some((*column, cells.text(column)?.into_owned())))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        if told.is_empty() && kept.is_empty() && !is_alone {
            return None;
        }
        let id = self.id(who, &json!(["person", told.content(), kept]));
        let mut private = told.private(who);
        let birth = self
            .rules
            .person
            .birth
            .iter()
            .map(|birth| birth.column.as_str());
        let coded = [&self.rules.person.sex, &self.rules.person.nationality];
        let coded = coded.into_iter().flatten().filter_map(FieldRule::column);
        let kept = kept.iter().map(|(column, _)| *column);
        let note = cells.note(birth.chain(coded).chain(kept));
        private.insert("note".to_owned(), note.into());
        let mut members = Map::new();
        members.insert("kind".to_owned(), "person".into());
        members.insert("private".to_owned(), Value::Object(private));
        let column = |field: &str| {
            let rules = &self.rules.person;
            let field = field.strip_prefix("private.").unwrap_or_default();
            match field.split(['[', '.']).next().unwrap_or_default() {
                "name" => rules.name.as_deref(),
                "aliases" => rules.aliases.as_ref().and_then(FieldRule::column),
                "birth" => rules.birth.as_ref().map(|birth| birth.column.as_str()),
                "sex" => rules.sex.as_ref().and_then(FieldRule::column),
                "nationality" => rules.nationality.as_ref().and_then(FieldRule::column),
                _ => None,
            }
        };
        self.made(id, Kind::Person, who, members, cells, column)
    }

    fn event(
        &self,
        who: &Who,
        event: Happened<'_>,
        left_out: &[&str],
        cells: &mut Cells<'_>,
    ) -> Option<Made> {
        let Happened {
            rules,
            kind,
            mut members,
        } = event;
        let id = self.id(who, &Value::Object(members.clone()));
        let note = cells.note(event_columns(rules).chain(left_out.iter().copied()));
        members.insert("private".to_owned(), json!({"note": note}));
        self.made(id, kind, who, members, cells, |field| {
            match field.split(['[', '.']).next().unwrap_or_default() {
                "occurred" => Some(&rules.date.column),
                name => rules.fields.get(name).and_then(FieldRule::column),
            }
        })
    }

    /// The id of what a row says of somebody, wherever the row stands.
    fn id(&self, who: &Who, content: &Value) -> EventId {
        let text = format!(
            "table\n{}\n{}\n{content}",
            self.rules.list,
            who.own.as_str()
        );
        self.context.secret.event(&text)
    }

    /// Reads the finished draft by the rules of the format; what they refuse is noted.
    fn made<'c>(
        &self,
        id: EventId,
        kind: Kind,
        who: &Who,
        mut members: Map<String, Value>,
        cells: &mut Cells<'_>,
        column: impl Fn(&str) -> Option<&'c str>,
    ) -> Option<Made> {
        let source = &self.rules.source;
        let mut said = json!({"publisher": source.publisher, "kind": source.kind,
            "title": self.rules.list, "sha256": self.sha256});
        if let (Some(url), Some(said)) = (&source.url, said.as_object_mut()) {
            said.insert("url".to_owned(), url.as_str().into());
        }
        members.insert("sources".to_owned(), json!([said]));
        members.insert("person".to_owned(), who.spelled().into());
        members.insert("id".to_owned(), id.to_string().into());
        let line = Value::Object(members).to_string();
        match Draft::parse(line.as_bytes(), self.context) {
            Ok(draft) => Some(Made { id, kind, draft }),
            Err(faults) => {
                for fault in faults {
                    let column = column(&fault.field);
                    cells.faults.push(cell_fault(kind, fault, column));
                }
                None
            }
        }
    }
}

/// A fault of a draft, at the column that the field was read from.
fn cell_fault(kind: Kind, fault: Fault, column: Option<&str>) -> CellFault {
    let Fault {
        rule,
        field,
        message,
        remedy,
        ..
    } = fault;
    let fault = match column {
        Some(column) => CellFault::new(rule, message).in_column(column),
        None => CellFault::new(rule, format!("{kind}, {field}: {message}")),
    };
    match remedy {
        Some(remedy) => fault.remedy(remedy),
        None => fault,
    }
}

/// What the rules see in a row; none where it says that nothing happened, or not when.
fn happens<'r>(event: &'r EventRules, cells: &mut Cells<'_>) -> Option<Happened<'r>> {
    let kind = match cells.field(&event.kind) {
        Said::Value(word) if word == NOTHING => None,
        Said::Value(word) => Kind::from_spelling(&word),
        Said::Unknown | Said::Fault => None,
    };
    let date = cells.date(&event.date);
    let mut members = Map::new();
    for (name, rule) in &event.fields {
        if let Said::Value(value) = cells.field(rule)
            && let Some(value) = typed(name, rule, &value, cells)
        {
            members.insert(name.clone(), value);
        }
    }
    let (Some(kind), Said::Value(date)) = (kind, date) else {
        return None;
    };
    members.retain(|name, _| kind.rule().fields.contains(&name.as_str()));
    members.insert("kind".to_owned(), kind.to_string().into());
    members.insert("occurred".to_owned(), date.into());
    Some(Happened {
        rules: event,
        kind,
        members,
    })
}

/// A value in the type that its field has.
fn typed(name: &str, rule: &FieldRule, value: &str, cells: &mut Cells<'_>) -> Option<Value> {
    if LISTS.contains(&name) {
        return Some(items(rule, value).into());
    }
    if !NUMBERS.contains(&name) {
        return Some(value.into());
    }
    let number = value.parse::<u64>().ok();
    if number.is_none() {
        let message = format!("`{name}` is a whole number");
        let column = rule.column().unwrap_or_default();
        cells.fault(
            Rule::WrongType,
            column,
            message,
            "write digits and nothing else",
        );
    }
    number.map(Value::from)
}

/// The columns of an event, in the order of the rules.
fn event_columns(event: &EventRules) -> impl Iterator<Item = &str> {
    let fields = event.fields.values().filter_map(FieldRule::column);
    let named = event.kind.column().into_iter();
    named.chain([event.date.column.as_str()]).chain(fields)
}
