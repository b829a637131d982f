//! Texts that name somebody without a name: refs of the screen, UUIDs, references in lists.
//!
//! Nobody's name is read here, so all of it works under a lock.

use amparo_core::id::{GroupId, PersonId, Subject};
use amparo_core::identity::External;
use amparo_store::ledger::Ledger;
use uuid::Uuid;

use crate::error::Failure;

/// Whether a text has the form of a ref of the screen.
pub fn is_reference(text: &str) -> bool {
    let digits = text.strip_prefix(['p', 'g', 'P', 'G']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The person or group that a text names by UUID or reference, registered or not yet.
///
/// A UUID that the ledger does not know is taken for a group only where one is `wanted`. Answers
/// `None` for a ref of the screen or a name, which the ledger must know.
///
/// # Errors
/// Integrity, when the ledger cannot be read.
pub fn by_identifier(
    ledger: &Ledger,
    typed: &str,
    wanted: Wanted,
) -> Result<Option<Identifier>, Failure> {
    if let Ok(uuid) = Uuid::try_parse(typed) {
        let group = Subject::Group(GroupId::new(uuid));
        let is_group = wanted == Wanted::Group || !ledger.seqs_of(group)?.is_empty();
        let person = Subject::Person(PersonId::new(uuid));
        return Ok(Some(Identifier::Subject(if is_group {
            group
        } else {
            person
        })));
    }
    let Some(external) = External::new(typed) else {
        return Ok(None);
    };
    let person = Subject::Person(PersonId::new(ledger.person_under(&external)?));
    // The secret does not depend on the day.
    let secret = ledger.context(amparo_core::date::Day::MIN).secret;
    let group = Subject::Group(secret.group(&external));
    for subject in [person, group] {
        if !ledger.seqs_of(subject)?.is_empty() {
            return Ok(Some(Identifier::Subject(subject)));
        }
    }
    Ok(Some(Identifier::Unregistered))
}

/// What a text is wanted to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A person or a group; a person where the ledger does not know it yet.
    Anybody,
    /// A group.
    Group,
}

/// What a UUID or a reference stands for.
pub enum Identifier {
    /// A subject.
    Subject(Subject),
    /// A reference that the ledger does not know yet; an append registers it.
    Unregistered,
}
