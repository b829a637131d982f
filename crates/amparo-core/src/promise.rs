//! What a line promises of its private fields: whose they are, and the digest of each.
//!
//! Read off the line without the rest of it, for whoever opens the names of hundreds of thousands.
//! Says nothing of whether the line is sound: that is for [`Entry::parse`], which finds the same.

use serde::Deserialize;
use uuid::Uuid;

use crate::entry::Entry;
use crate::id::{EventId, GroupId, PersonId, Subject};
use crate::private::{Digest, PrivateField};
use crate::word::Word;

/// What a line promises of its private fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The entry's event.
    pub id: EventId,
    /// Whose fields they are.
    pub subject: Option<Subject>,
    /// The digests, in the order of the line.
    pub digests: Vec<(PrivateField, Digest)>,
}

impl Promise {
    /// The promise of an entry.
    pub fn of(entry: &Entry) -> Self {
        Self {
            id: entry.id,
            subject: entry.event.subject(),
            digests: entry.private.clone(),
        }
    }

    /// The promise of a line as the ledger writes it; `None` for any other line.
    pub fn of_line(line: &[u8]) -> Option<Self> {
        let line: Line<'_> = serde_json::from_slice(line).ok()?;
        let uuid = |text: &str| Uuid::try_parse(text).ok();
        let subject = match (line.person, line.group) {
            (_, Some(group)) => Some(Subject::Group(GroupId::new(uuid(group)?))),
            (Some(person), None) => Some(Subject::Person(PersonId::new(uuid(person)?))),
            (None, None) => None,
        };
        let private = line.private.unwrap_or_default();
        let mut digests = Vec::new();
        for (field, digest) in PrivateField::ALL.iter().zip(private.in_order()) {
            if let Some(digest) = digest {
                digests.push((*field, Digest::from_hex(digest)?));
            }
        }
        Some(Self {
            id: EventId::new(uuid(line.id)?),
            subject,
            digests,
        })
    }
}

#[derive(Deserialize)]
struct Line<'l> {
    id: &'l str,
    person: Option<&'l str>,
    group: Option<&'l str>,
    #[serde(borrow)]
    private: Option<Digests<'l>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Digests<'l> {
    name: Option<&'l str>,
    aliases: Option<&'l str>,
    refs: Option<&'l str>,
    birth: Option<&'l str>,
    sex: Option<&'l str>,
    nationality: Option<&'l str>,
    note: Option<&'l str>,
    sources: Option<&'l str>,
}

impl<'l> Digests<'l> {
    /// In the order of [`PrivateField::ALL`].
    fn in_order(&self) -> [Option<&'l str>; 8] {
        [
            self.name,
            self.aliases,
            self.refs,
            self.birth,
            self.sex,
            self.nationality,
            self.note,
            self.sources,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of every form of subject, with and without private fields.
    fn lines() -> Vec<String> {
        let (one, other) = (
            "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d",
            "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4e",
        );
        let digest = "0a".repeat(32);
        let events = [
            format!(r#""kind":"person","person":"{one}""#),
            format!(r#""kind":"group","group":"{one}","size":3,"label":"Demo""#),
            format!(r#""kind":"arrest","person":"{one}","occurred":"2026-01-02""#),
            format!(r#""kind":"release","group":"{one}","occurred":"2026-01-02""#),
            format!(r#""kind":"merge","person":"{one}","into":"{other}""#),
            format!(r#""kind":"identification","group":"{one}","person":"{other}""#),
            format!(r#""kind":"note","group":"{one}","text":"a \"remark\"""#),
            r#""kind":"note","text":"another""#.to_owned(),
            format!(r#""kind":"retraction","entry":"{other}""#),
            format!(r#""kind":"erasure","person":"{one}","basis":"danger""#),
        ];
        let privates = [
            String::new(),
            format!(r#","private":{{"name":"{digest}"}}"#),
            format!(r#","private":{{"aliases":"{digest}","birth":"{digest}","note":"{digest}"}}"#),
        ];
        let start = format!(
            r#"{{"seq":4,"id":"{other}","recorded":"2026-02-10T14:03:22.123Z","by":"desk""#
        );
        let both = events
            .iter()
            .flat_map(|event| privates.iter().map(move |private| (event, private)));
        both.map(|(event, private)| format!(r#"{start},{event},"unsourced":true{private}}}"#))
            .collect()
    }

    #[test]
    fn a_line_promises_what_its_entry_does() {
        let mut with_fields = 0;
        for line in lines() {
            let Ok(entry) = Entry::parse(line.as_bytes()) else {
                continue;
            };
            let promise = Promise::of_line(line.as_bytes()).unwrap();
            assert_eq!(promise, Promise::of(&entry), "{line}");
            with_fields += usize::from(promise.digests.len() > 1);
            // A digest in other words, twice or under another name is none of the ledger's.
            for (from, to) in [
                ("0a", "0A"),
                ("\"private\":{", "\"private\":{\"nombre\":\"\","),
            ] {
                let other = line.replace(from, to);
                if other != line && line.contains("private") {
                    assert_eq!(Promise::of_line(other.as_bytes()), None, "{other}");
                }
            }
        }
        assert!(with_fields >= 6, "{with_fields}");
        for other in [&b"{}"[..], b"", b"{\"id\":7}", b"\xff", b"[]"] {
            assert_eq!(Promise::of_line(other), None);
        }
    }
}
