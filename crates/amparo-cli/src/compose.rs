//! From a kind, a subject and flags to one draft line.
//!
//! Only what the command line alone can know is settled here: whom a name means, which event a
//! ref such as `e49` stands for. Everything else is left to the reading of drafts.

use amparo_core::id::Subject;
use amparo_core::kind::Kind;
use amparo_store::ledger::Ledger;
use serde_json::Value;
use uuid::Uuid;

use crate::draft_flags::{DraftFlags, Members};
use crate::entry_ref;
use crate::error::Failure;
use crate::identifier::{Identifier, Wanted, by_identifier, is_reference};
use crate::people::{Found, People};
use crate::world::World;

/// Turns what was typed into drafts, and reads the index of names once, when a name needs it.
pub struct Composer<'l> {
    ledger: &'l Ledger,
    people: Option<People>,
}

impl<'l> Composer<'l> {
    /// Starts on a ledger; reads nothing yet.
    pub fn new(ledger: &'l Ledger) -> Self {
        Self {
            ledger,
            people: None,
        }
    }

    /// A draft of a kind about what SUBJECT names: a person or group, and for the kinds that are
    /// about something else an entry, an instrument, a claimant, a list.
    ///
    /// # Errors
    /// Exit 5 for a subject that is not found, usage for one given twice, exit 3 for flags
    /// without meaning.
    pub fn draft(
        &mut self,
        kind: &str,
        subject: Option<&str>,
        flags: &DraftFlags,
        world: &mut World<'_>,
    ) -> Result<Members, Failure> {
        let mut draft = Members::new();
        draft.insert("kind".into(), kind.into());
        match (Kind::from_spelling(kind), subject) {
            (Some(kind), Some(subject)) => self.put_subject(&mut draft, kind, subject)?,
            (Some(kind @ (Kind::Person | Kind::Group)), None) => {
                let given = if kind == Kind::Person {
                    &flags.fields.person
                } else {
                    &flags.fields.group
                };
                if given.is_none() {
                    draft.insert(kind.to_string(), fresh_uuid(world).to_string().into());
                }
            }
            (Some(_), None) | (None, _) => {}
        }
        self.put_refs(&mut draft, flags)?;
        flags.put_into(&mut draft)?;
        Ok(draft)
    }

    fn put_subject(&mut self, draft: &mut Members, kind: Kind, typed: &str) -> Result<(), Failure> {
        match kind {
            Kind::Instrument => put_new(draft, "instrument", typed.into()),
            Kind::Claim => put_new(draft, "claimant", typed.into()),
            Kind::SourceSilent => put_new(draft, "list", typed.into()),
            Kind::Profile => put_new(draft, "name", typed.into()),
            Kind::Publication => put_new(draft, "figure", typed.into()),
            Kind::Retraction => {
                let entry = entry_ref::find(self.ledger, typed)?;
                put_new(draft, "entry", entry.id.to_string().into())
            }
            Kind::Group | Kind::Identification => {
                self.put_somebody(draft, "group", typed, Wanted::Group)
            }
            _ => self.put_somebody(draft, "person", typed, Wanted::Anybody),
        }
    }

    /// Resolves the flags that name persons, groups and entries.
    ///
    /// # Errors
    /// As [`draft`](Self::draft).
    pub fn put_refs(&mut self, draft: &mut Members, flags: &DraftFlags) -> Result<(), Failure> {
        let fields = &flags.fields;
        if let Some(typed) = &fields.person {
            self.put_somebody(draft, "person", typed, Wanted::Anybody)?;
        }
        if let Some(typed) = &fields.group {
            self.put_somebody(draft, "group", typed, Wanted::Group)?;
        }
        if let Some(typed) = &fields.into {
            let (_, value) = self.somebody(typed, "into", Wanted::Anybody)?;
            put_new(draft, "into", value)?;
        }
        if let Some(typed) = &fields.entry {
            let entry = entry_ref::find(self.ledger, typed)?;
            put_new(draft, "entry", entry.id.to_string().into())?;
        }
        Ok(())
    }

    fn put_somebody(
        &mut self,
        draft: &mut Members,
        key: &'static str,
        typed: &str,
        wanted: Wanted,
    ) -> Result<(), Failure> {
        let (key, value) = self.somebody(typed, key, wanted)?;
        put_new(draft, key, value)
    }

    /// The key and the value that stand for somebody in a draft.
    fn somebody(
        &mut self,
        typed: &str,
        key: &'static str,
        wanted: Wanted,
    ) -> Result<(&'static str, Value), Failure> {
        let subject = match by_identifier(self.ledger, typed, wanted)? {
            Some(Identifier::Unregistered) => return Ok((key, typed.into())),
            Some(Identifier::Subject(subject)) => subject,
            None if is_reference(typed) && self.people.is_none() => {
                // A ref needs no names; they are opened only where nobody has it.
                match People::unnamed(self.ledger, typed)?.find(typed) {
                    Found::One(subject) => subject,
                    Found::Near(_) | Found::Several(_) => self.people()?.to_write(typed)?,
                }
            }
            None => self.people()?.to_write(typed)?,
        };
        let key = match (key, subject) {
            ("into", _) => "into",
            (_, Subject::Person(_)) => "person",
            (_, Subject::Group(_)) => "group",
        };
        Ok((key, subject.uuid().to_string().into()))
    }

    /// A person or group that is registered, meant without a doubt.
    ///
    /// # Errors
    /// Exit 5 when nobody or more than one fits.
    pub fn registered(&mut self, typed: &str) -> Result<Subject, Failure> {
        match by_identifier(self.ledger, typed, Wanted::Anybody)? {
            Some(Identifier::Subject(subject)) => Ok(subject),
            Some(Identifier::Unregistered) | None => self.people()?.to_write(typed),
        }
    }

    /// The index of names, read at the first call.
    ///
    /// # Errors
    /// Integrity, when the ledger cannot be read.
    pub fn people(&mut self) -> Result<&People, Failure> {
        if self.people.is_none() {
            self.people = Some(People::read(self.ledger)?);
        }
        self.people
            .as_ref()
            .ok_or_else(|| Failure::internal("the index of names is not there"))
    }

    /// Gives the index of names up, if it was read.
    pub fn into_people(self) -> Option<People> {
        self.people
    }
}

/// A random UUID, for a person or group without a reference.
pub fn fresh_uuid(world: &mut World<'_>) -> Uuid {
    let mut bytes = [0; 16];
    (world.random)(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn put_new(draft: &mut Members, key: &'static str, value: Value) -> Result<(), Failure> {
    match draft.insert(key.into(), value) {
        None => Ok(()),
        Some(_) => Err(Failure::usage(format!("the {key} is given twice"))
            .hint(format!("leave SUBJECT or --{key} out"))),
    }
}
