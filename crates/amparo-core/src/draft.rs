//! Event drafts: what `append` and `import` take, before the ledger gives it a place.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::event::{Body, Event, Group};
use crate::fault::{Fault, Faults, Problem, Rule, column};
use crate::id::{EventId, Subject};
use crate::identity::{External, Secret};
use crate::json::{self, Json};
use crate::kind::Kind;
use crate::limit;
use crate::private::Private;
use crate::read::{Context, EventReader, Form, uuid};
use crate::reader::Reader;
use crate::write_event::content;

/// A checked event on its way into a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    id: Option<EventId>,
    event: Event,
    private: Private,
    externals: BTreeMap<Uuid, External>,
}

/// A line that is no draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// All that is wrong with it, in the order of the columns; never empty.
    pub faults: Vec<Fault>,
    /// What it says, less the fields that are faulty, where so much can be read: to be held against
    /// a ledger, and never recorded.
    pub partly: Option<Box<Draft>>,
}

impl Draft {
    /// Reads one line of a draft file, and reports every fault in it.
    ///
    /// External references become UUIDs under the context's secret; dates become canonical EDTF.
    ///
    /// # Errors
    /// All faults of the line, in the order of their columns; never an empty list.
    pub fn parse(line: &[u8], context: &Context) -> Result<Self, Vec<Fault>> {
        Self::parse_partly(line, context).map_err(|unread| unread.faults)
    }

    /// The same, and keeps of a faulty line what could be read of it.
    ///
    /// # Errors
    /// [`Unread`], with the faults of [`parse`](Self::parse).
    pub fn parse_partly(line: &[u8], context: &Context) -> Result<Self, Unread> {
        Self::read(line, EventReader::new(Form::Draft(context)))
    }

    /// Reads a line that a command of the ledger has made, by the same rules: it may be of a kind
    /// that [nobody else's draft](Kind::written_by) may have.
    ///
    /// # Errors
    /// As [`parse_partly`](Self::parse_partly).
    pub fn parse_own(line: &[u8], context: &Context) -> Result<Self, Unread> {
        Self::read(line, EventReader::own(context))
    }

    fn read(line: &[u8], events: EventReader<'_>) -> Result<Self, Unread> {
        let unreadable = |fault| Unread {
            faults: vec![fault],
            partly: None,
        };
        let text = text_of(line).map_err(unreadable)?;
        let value = json::parse(text).map_err(|error| {
            unreadable(whole_line(
                Rule::Syntax,
                column(text, error.offset),
                format!("this is not JSON: {}", error.message),
                Some("write one JSON object on each line".to_owned()),
            ))
        })?;
        let mut faults = Faults::default();
        match read(value, events, &mut faults) {
            Some(draft) if faults.is_empty() => Ok(draft),
            partly => Err(Unread {
                faults: faults.locate(text),
                partly: partly.map(Box::new),
            }),
        }
    }

    /// The registration of a subject that a draft names and the ledger does not know yet.
    pub fn registration(subject: Subject, external: Option<&External>) -> Self {
        let body = match subject {
            Subject::Person(person) => Body::Person(person),
            Subject::Group(group) => Body::Group(Group {
                group,
                size: None,
                label: None,
            }),
        };
        let mut private = Private::default();
        if let Some(external) = external {
            private.add_ref(external.as_str());
        }
        let event = Event {
            body,
            occurred: None,
            sources: Vec::new(),
            unsourced: true,
            replaces: None,
        };
        Self {
            id: None,
            event,
            private,
            externals: BTreeMap::new(),
        }
    }

    /// The id that the draft came with.
    pub fn id(&self) -> Option<EventId> {
        self.id
    }

    /// Gives the draft an id, unless it came with one.
    pub fn with_id(mut self, id: impl FnOnce(&Self) -> EventId) -> (EventId, Self) {
        let id = self.id.unwrap_or_else(|| id(&self));
        self.id = Some(id);
        (id, self)
    }

    /// The id of the content, for a draft without an id: the same content, the same id.
    pub fn content_id(&self, secret: &Secret) -> EventId {
        secret.event(&self.content())
    }

    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The private fields, in clear.
    pub fn private(&self) -> &Private {
        &self.private
    }

    /// The external reference that stood for a person or group in this draft.
    pub fn external(&self, subject: Subject) -> Option<&External> {
        self.externals.get(&subject.uuid())
    }

    /// The external references the draft was written with, each with the UUID derived from it.
    pub fn externals(&self) -> impl Iterator<Item = (Uuid, &External)> {
        self.externals
            .iter()
            .map(|(uuid, external)| (*uuid, external))
    }

    /// Puts the registered subject in the place of one derived from an external reference.
    pub fn resolve(&mut self, derived: Uuid, registered: Uuid) {
        self.event.rename(derived, registered);
        if let Some(external) = self.externals.remove(&derived) {
            self.externals.insert(registered, external);
        }
    }

    /// The event and the private fields.
    pub fn into_parts(self) -> (Event, Private) {
        (self.event, self.private)
    }

    /// The draft in canonical JSON, without its id: equal for equal content only.
    pub fn content(&self) -> String {
        content(&self.event, &self.private)
    }
}

fn read(value: Json<'_>, mut events: EventReader<'_>, faults: &mut Faults) -> Option<Draft> {
    let mut r = Reader::new(value, faults);
    if r.is_empty() && !r.is_clean() {
        return None;
    }
    let id = uuid(&mut r, "id").map(EventId::new);
    let kind = events.kind(&mut r)?;
    let event = events.event(kind, &mut r);
    let has_private = r.has("private");
    // One that is faulty is one fault, not also a source that lacks. Nobody asks where another is named.
    let asks = |event: &Event| event.unsourced || event.sources.is_empty();
    let has_private_source =
        event.as_ref().is_some_and(asks) && !r.lacks_within("private", "sources");
    let mut private = events.private(&mut r).unwrap_or_default();
    if has_private && private.is_empty() && r.is_clean() {
        let problem = Problem::new(Rule::MissingField, "`private` is empty")
            .remedy("leave it out when there is nothing private");
        r.fault("private", problem);
    }
    if let Some(event) = &event {
        events.check_sources(event, has_private_source, &mut r);
    }
    finish(kind, &["id", "private"], &mut r);
    let event = event?;
    if let (Kind::Person | Kind::Group, Some(subject)) = (kind, event.subject())
        && let Some(external) = events.externals.get(&subject.uuid())
    {
        private.add_ref(external.as_str());
    }
    Some(Draft {
        id,
        event,
        private,
        externals: events.externals,
    })
}

/// Notes the keys that an object of this kind does not have.
pub(crate) fn finish(kind: Kind, around: &[&'static str], r: &mut Reader<'_, '_>) {
    use crate::kind::SubjectRule::{InFields, Optional, PersonOrGroup};
    let rule = kind.rule();
    let subject: &[&str] = match rule.subject {
        PersonOrGroup | Optional => &["person", "group"],
        InFields => &[],
    };
    const SHARED: [&str; 5] = ["kind", "occurred", "sources", "unsourced", "replaces"];
    let allowed: Vec<&str> = [&SHARED[..], subject, rule.fields, around].concat();
    r.finish(&allowed, |key| {
        let kinds: Vec<_> = Kind::taking(key).map(|kind| kind.to_string()).collect();
        let log_only = ["seq", "recorded", "by"].contains(&key);
        match kinds.is_empty() {
            true if log_only => Some(format!("`{key}` is given by the ledger, not by a draft")),
            true => None,
            false => Some(format!(
                "the kind `{kind}` has no field `{key}`; it belongs to {}",
                kinds.join(", ")
            )),
        }
    });
}

/// The line as text, without its end.
fn text_of(line: &[u8]) -> Result<&str, Fault> {
    if line.len() > limit::LINE_BYTES_MAX {
        let message = format!(
            "the line has {} bytes; at most {}",
            line.len(),
            limit::LINE_BYTES_MAX
        );
        let remedy = "keep long texts in a document, and name it in a source".to_owned();
        return Err(whole_line(Rule::AboveLimit, 1, message, Some(remedy)));
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let sound = String::from_utf8_lossy(&line[..error.valid_up_to()]);
        let column = sound.chars().count() + 1;
        let remedy = "save the file as UTF-8".to_owned();
        whole_line(
            Rule::NotUtf8,
            column,
            "this is not UTF-8".to_owned(),
            Some(remedy),
        )
    })?;
    Ok(text.trim_end_matches(['\r', '\n']))
}

fn whole_line(rule: Rule, column: usize, message: String, remedy: Option<String>) -> Fault {
    Fault {
        rule,
        column,
        field: String::new(),
        message,
        remedy,
    }
}

/// Reads private fields from an object of theirs, as openings hold it.
pub(crate) fn read_private(object: &str) -> Option<Private> {
    let wrapped = format!("{{\"private\":{object}}}");
    let mut faults = Faults::default();
    let mut r = Reader::new(json::parse(&wrapped).ok()?, &mut faults);
    let private = EventReader::new(Form::Stored).private(&mut r)?;
    faults.is_empty().then_some(private)
}

#[cfg(test)]
#[path = "draft_fault_tests.rs"]
mod fault_tests;
#[cfg(test)]
#[path = "draft_tests.rs"]
pub(crate) mod tests;
