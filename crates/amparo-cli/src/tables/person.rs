//! Who a row is about, and what it tells of them.

use amparo_core::fault::Rule;
use amparo_core::id::{PersonId, Subject};
use amparo_core::identity::{External, Secret};
use amparo_store::Ledger;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::near::Decisions;
use super::row::{Cells, Said};
use super::rules::{FieldRule, TableRules};
use crate::error::Failure;

/// Who a row is about.
pub struct Who {
    /// The reference that the table has for them, `scheme:key`.
    pub own: External,
    /// How a draft names them.
    pub stands: Stands,
    /// Whether the ledger does not know them yet.
    pub is_new: bool,
}

/// How a draft names somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    /// By the reference that the table has.
    Own,
    /// As somebody whom the ledger knows otherwise.
    As(Uuid),
    /// As somebody of another row, by the reference of that.
    With(External),
}

impl Who {
    /// Finds out whom a reference means: as the ledger knows it, else as it was decided.
    ///
    /// # Errors
    /// Integrity, when the ledger cannot be read.
    pub fn find(
        ledger: &Ledger,
        secret: &Secret,
        own: External,
        decisions: &Decisions,
    ) -> Result<Self, Failure> {
        let derived = secret.person(&own).uuid();
        let registered = ledger.person_under(&own)?;
        if registered != derived {
            let stands = Stands::As(registered);
            let is_new = false;
            return Ok(Self {
                own,
                stands,
                is_new,
            });
        }
        let subject = Subject::Person(PersonId::new(derived));
        let is_known = !ledger.seqs_of(subject)?.is_empty();
        let decided = decisions.same(&own).filter(|_| !is_known);
        Ok(Self {
            stands: decided.cloned().unwrap_or(Stands::Own),
            is_new: !is_known && decided.is_none(),
            own,
        })
    }

    /// The text by which a draft names them.
    pub fn spelled(&self) -> String {
        match &self.stands {
            Stands::Own => self.own.as_str().to_owned(),
            Stands::As(uuid) => uuid.to_string(),
            Stands::With(other) => other.as_str().to_owned(),
        }
    }
}

/// The reference of the person whom a row is about; none where the key is faulty.
pub fn reference(rules: &TableRules, cells: &mut Cells<'_>) -> Option<External> {
    let mut parts = Vec::new();
    let columns = rules.person.key.names();
    for column in columns {
        match cells.known(column) {
            Said::Value(text) => parts.push(text.replace('|', "||")),
            Said::Fault => {}
            Said::Unknown => {
                let message = "nothing here tells who this is".to_owned();
                let remedy = "give the row a key; `person.key` names its columns";
                cells.fault(Rule::MissingField, column, message, remedy);
            }
        }
    }
    if parts.len() < columns.len() {
        return None;
    }
    let external = External::new(&format!("{}:{}", rules.scheme, parts.join("|")));
    if external.is_none() {
        let message = "this cannot be part of a reference".to_owned();
        let remedy = "a key has no control characters, and at most 256 bytes with its scheme";
        let column = columns.first().map_or("", String::as_str);
        cells.fault(Rule::Malformed, column, message, remedy);
    }
    external
}

/// What a row tells of a person.
#[derive(Default)]
pub struct Told {
    /// The name, where the row gives one.
    pub name: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// The private fields besides, as in a draft.
    fields: Map<String, Value>,
}

impl Told {
    /// Reads it from a row; what is faulty is noted.
    pub fn read(rules: &TableRules, cells: &mut Cells<'_>) -> Self {
        let mut told = Self::default();
        let person = &rules.person;
        if let Some(Said::Value(name)) = person.name.as_deref().map(|name| cells.known(name)) {
            told.name = Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        if let Some(rule) = &person.aliases
            && let Said::Value(aliases) = cells.field(rule)
        {
            told.aliases = items(rule, &aliases);
        }
        if let Some(birth) = &person.birth
            && let Said::Value(date) = cells.date(birth)
        {
            told.fields.insert("birth".to_owned(), date.into());
        }
        for (key, rule) in [("sex", &person.sex), ("nationality", &person.nationality)] {
            if let Some(rule) = rule
                && let Said::Value(value) = cells.field(rule)
            {
                told.fields.insert(key.to_owned(), value.into());
            }
        }
        told
    }

    /// Whether the row tells nothing of the person.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.aliases.is_empty() && self.fields.is_empty()
    }

    /// What it tells, for the id of its entry.
    pub fn content(&self) -> Value {
        json!([self.name, self.aliases, self.fields])
    }

    /// The private fields of the entry. A name that a table has for somebody known otherwise is
    /// another name of theirs.
    pub fn private(&self, who: &Who) -> Map<String, Value> {
        let mut private = self.fields.clone();
        let mut aliases = self.aliases.clone();
        match who.stands {
            Stands::Own => {
                if let Some(name) = &self.name {
                    private.insert("name".to_owned(), name.as_str().into());
                }
            }
            Stands::As(_) | Stands::With(_) => {
                if let Some(name) = self.name.as_ref().filter(|name| !aliases.contains(name)) {
                    aliases.insert(0, name.clone());
                }
                private.insert("refs".to_owned(), json!([who.own.as_str()]));
            }
        }
        if !aliases.is_empty() {
            private.insert("aliases".to_owned(), aliases.into());
        }
        private
    }
}

/// The items of a cell that holds several.
pub fn items(rule: &FieldRule, text: &str) -> Vec<String> {
    let split = match rule {
        FieldRule::Fixed(_) => None,
        FieldRule::Column(rule) => rule.split.as_deref().filter(|split| !split.is_empty()),
    };
    match split {
        None => vec![text.to_owned()],
        Some(split) => {
            let items = text.split(split).map(str::trim);
            items
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()
        }
    }
}
