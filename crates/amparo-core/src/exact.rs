//! Reads a line that the ledger wrote straight into its entry, without a tree.
//!
//! Nearly every line that is ever read stands in the one form that the ledger writes: members in
//! one order, no white space, no choice. [`read`] goes through it once, as [`Entry::line`] wrote it.
//! What it does not expect it declines, without a word about the reason: another order or spelling,
//! an escape, a kind of which a log holds few, a fault of any sort. The reader of trees then
//! decides, which can name faults.
//!
//! So it may decline a line that is sound, which costs time; it never takes one that the reader of
//! trees refuses or reads otherwise, nor one that would be written in other bytes.

use uuid::Uuid;

use crate::date::Occurred;
use crate::entry::{Entry, Recorded};
use crate::event::{Body, Case, Clemency, Custody, Event};
use crate::id::{Code, EventId, GroupId, PersonId, Seq, Subject};
use crate::kind::{Axis, Kind};
use crate::limit;
use crate::private::{Digest, PrivateField};
use crate::value::{Credibility, Place, Source};
use crate::word::Word;

/// The entry of a line that is in the form that the ledger writes; `None` where the reader of trees
/// has to look.
pub(crate) fn read(line: &[u8]) -> Option<Entry> {
    // With neither in the line a text ends at the next quotation mark.
    let escapes = line.iter().fold(false, |found, byte| {
        found | (*byte == b'\\') | (*byte < b' ')
    });
    if escapes || line.len() > limit::LINE_BYTES_MAX {
        return None;
    }
    let mut line = Cursor {
        text: std::str::from_utf8(line).ok()?,
        at: 0,
    };
    line.eat("{")?;
    let entry = entry(&mut line)?;
    line.eat("}")?;
    line.rest().is_empty().then_some(entry)
}

fn entry(line: &mut Cursor<'_>) -> Option<Entry> {
    let seq = line.needed("seq", |line| line.whole(u64::MAX))?;
    let id = line.needed("id", Cursor::uuid)?;
    let recorded = line.needed("recorded", |line| Recorded::parse(line.text()?))?;
    let by = line.needed("by", Cursor::boxed)?;
    let kind: Kind = line.needed("kind", Cursor::word)?;
    let rule = kind.rule();
    let subject = subject(line)?;
    let occurred = line.maybe("occurred", |line| Occurred::parse_stored(line.text()?).ok())?;
    if rule.dated && occurred.is_none() {
        return None;
    }
    let body = match (kind.axis(), subject) {
        (Some(Axis::Custody), _) => Body::Custody(custody(kind, subject, rule.fields, line)?),
        (Some(Axis::Case), _) => Body::Case(case(kind, subject, line)?),
        (Some(Axis::Clemency), _) => Body::Clemency(clemency(kind, subject, line)?),
        (None, Subject::Person(person)) if kind == Kind::Person => Body::Person(person),
        (None, _) => return None,
    };
    let sources = line.maybe("sources", |line| line.list(source))?;
    let unsourced = line.maybe("unsourced", |line| line.eat("true"))?.is_some();
    let replaces = line.maybe("replaces", Cursor::uuid)?.map(EventId::new);
    let private = line.maybe("private", digests)?.unwrap_or_default();
    let is_sealed = |(field, _): &(PrivateField, Digest)| *field == PrivateField::Sources;
    let is_sourced = sources.is_some() || private.iter().any(is_sealed);
    if is_sourced == unsourced {
        return None;
    }
    Some(Entry {
        seq: Seq::new(seq),
        id: EventId::new(id),
        recorded,
        by,
        event: Event {
            body,
            occurred,
            sources: sources.unwrap_or_default(),
            unsourced,
            replaces,
        },
        private,
    })
}

fn subject(line: &mut Cursor<'_>) -> Option<Subject> {
    match line.maybe("person", Cursor::uuid)? {
        Some(person) => Some(Subject::Person(PersonId::new(person))),
        None => line
            .needed("group", Cursor::uuid)
            .map(|group| Subject::Group(GroupId::new(group))),
    }
}

fn custody(
    kind: Kind,
    subject: Subject,
    fields: &[&str],
    line: &mut Cursor<'_>,
) -> Option<Custody> {
    Some(Custody {
        kind,
        subject,
        authority: line.maybe_of(fields, "authority", Cursor::boxed)?,
        from: line.maybe_of(fields, "from", Cursor::place)?,
        place: line.maybe_of(fields, "place", Cursor::place)?,
        grounds: line
            .maybe_of(fields, "grounds", Cursor::prose_list)?
            .unwrap_or_default(),
        measures: line
            .maybe_of(fields, "measures", Cursor::prose_list)?
            .unwrap_or_default(),
        basis: line.maybe_of(fields, "basis", Cursor::word)?,
        destination: line.maybe_of(fields, "destination", Cursor::boxed)?,
        cause: line.maybe_of(fields, "cause", Cursor::prose)?,
    })
}

fn case(kind: Kind, subject: Subject, line: &mut Cursor<'_>) -> Option<Case> {
    Some(Case {
        kind,
        subject,
        offences: line
            .maybe("offences", |line| line.list(Cursor::boxed))?
            .unwrap_or_default(),
        court: line.maybe("court", Cursor::boxed)?,
        jurisdiction: line.maybe("jurisdiction", Cursor::word)?,
        term_days: line.maybe("term_days", |line| line.whole(limit::DAYS_MAX))?,
    })
}

fn clemency(kind: Kind, subject: Subject, line: &mut Cursor<'_>) -> Option<Clemency> {
    Some(Clemency {
        kind,
        subject,
        instrument: line.needed("instrument", Cursor::code)?,
        court: line.maybe("court", Cursor::boxed)?,
        filed_by: line.maybe("filed_by", Cursor::boxed)?,
        ground: line.maybe("ground", Cursor::code)?,
    })
}

fn source(line: &mut Cursor<'_>) -> Option<Source> {
    line.eat("{")?;
    let source = Source {
        publisher: line.needed("publisher", Cursor::boxed)?,
        kind: line.needed("kind", Cursor::word)?,
        url: line.maybe("url", Cursor::boxed)?,
        published: line.maybe("published", |line| {
            let text = line.text()?;
            Occurred::parse_stored(text).ok().map(|_| text.into())
        })?,
        title: line.maybe("title", Cursor::boxed)?,
        sha256: line.maybe("sha256", |line| {
            let text = line.text()?;
            Digest::from_hex(text).map(|_| text.into())
        })?,
        reliability: line.maybe("reliability", Cursor::word)?,
        credibility: line.maybe("credibility", |line| Credibility::new(line.whole(6)?))?,
    };
    line.eat("}").map(|()| source)
}

fn digests(line: &mut Cursor<'_>) -> Option<Vec<(PrivateField, Digest)>> {
    line.eat("{")?;
    let mut digests = Vec::new();
    for field in PrivateField::ALL {
        let digest = line.maybe(field.word(), |line| Digest::from_hex(line.text()?))?;
        digests.extend(digest.map(|digest| (*field, digest)));
    }
    line.eat("}")?;
    (!digests.is_empty()).then_some(digests)
}

/// A line, read up to some byte. What fails declines the line, wherever it stopped.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes past what has to stand here.
    fn eat(&mut self, expected: &str) -> Option<()> {
        self.rest()
            .starts_with(expected)
            .then(|| self.at += expected.len())
    }

    /// Goes past the key of a member, if it is the next one.
    fn key(&mut self, key: &str) -> bool {
        let rest = self.rest().as_bytes();
        // Only the first member of an object has no comma before it.
        let rest = match self.text.as_bytes().get(self.at.wrapping_sub(1)) {
            Some(b'{') => rest,
            _ => match rest {
                [b',', rest @ ..] => rest,
                _ => return false,
            },
        };
        let [b'"', rest @ ..] = rest else {
            return false;
        };
        match rest.strip_prefix(key.as_bytes()) {
            Some([b'"', b':', rest @ ..]) => {
                self.at = self.text.len() - rest.len();
                true
            }
            _ => false,
        }
    }

    /// Takes a member that has to be the next one.
    fn needed<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.key(key).then(|| read(self))?
    }

    /// Takes a member if it is the next one.
    fn maybe<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.key(key) {
            true => read(self).map(Some),
            false => Some(None),
        }
    }

    /// The same for a member that only some kinds take.
    fn maybe_of<T>(
        &mut self,
        fields: &[&str],
        key: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        self.maybe(key, |line| fields.contains(&key).then(|| read(line))?)
    }

    /// Takes a text up to the limit of short ones.
    fn text(&mut self) -> Option<&'a str> {
        self.text_up_to(limit::TEXT_BYTES_MAX)
    }

    fn text_up_to(&mut self, max_bytes: usize) -> Option<&'a str> {
        let rest = self.rest().strip_prefix('"')?;
        let end = rest.bytes().position(|byte| byte == b'"')?;
        let text = &rest[..end];
        self.at += end + 2;
        (!text.trim().is_empty() && end <= max_bytes).then_some(text)
    }

    fn boxed(&mut self) -> Option<Box<str>> {
        self.text().map(Box::from)
    }

    fn prose(&mut self) -> Option<Box<str>> {
        self.text_up_to(limit::PROSE_BYTES_MAX).map(Box::from)
    }

    fn prose_list(&mut self) -> Option<Vec<Box<str>>> {
        self.list(Self::prose)
    }

    fn word<T: Word>(&mut self) -> Option<T> {
        T::from_word(self.text()?)
    }

    fn place(&mut self) -> Option<Place> {
        Place::new(self.text()?)
    }

    fn code(&mut self) -> Option<Code> {
        Code::new(self.text()?).ok()
    }

    /// Takes a UUID in its only stored spelling: lower case, with hyphens.
    fn uuid(&mut self) -> Option<Uuid> {
        let text = self.text()?;
        let is_stored = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        is_stored.then(|| Uuid::try_parse(text).ok())?
    }

    /// Takes a whole number without leading zeros.
    fn whole(&mut self, max: u64) -> Option<u64> {
        let rest = self.rest();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let text = &rest[..digits];
        self.at += digits;
        let is_stored = text == "0" || !text.starts_with('0');
        let number: u64 = text.parse().ok()?;
        (is_stored && number <= max).then_some(number)
    }

    /// Takes a list of one item or more.
    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.eat("[")?;
        let mut items = vec![read(self)?];
        while self.eat(",").is_some() {
            items.push(read(self)?);
        }
        self.eat("]")?;
        (items.len() <= limit::LIST_ITEMS_MAX).then_some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::entries;
    use crate::json::{self, Json};
    use crate::write;

    fn is_usual(kind: Kind) -> bool {
        kind.axis().is_some() || kind == Kind::Person
    }

    /// Insists that a line is declined, or read as by way of a tree, and would be written so.
    /// Answers whether it was read.
    fn declined_or_same(line: &[u8]) -> bool {
        let shown = String::from_utf8_lossy(line);
        let Some(entry) = read(line) else {
            return false;
        };
        assert_eq!(entry.line().as_bytes(), line, "{shown}");
        assert_eq!(Entry::parse_tree(line), Ok(entry), "{shown}");
        true
    }

    #[test]
    fn lines_of_the_usual_kinds_are_read_and_those_of_the_others_declined() {
        let mut usual = 0;
        for entry in entries() {
            let line = entry.line();
            let is_read = declined_or_same(line.as_bytes());
            assert_eq!(is_read, is_usual(entry.event.kind()), "{line}");
            usual += usize::from(is_read);
        }
        assert_eq!(usual, 12);
    }

    #[test]
    fn a_line_with_bytes_changed_is_declined_or_read_as_it_stands() {
        let mut read = 0;
        for entry in entries().filter(|entry| is_usual(entry.event.kind())) {
            let line = entry.line().into_bytes();
            for at in 0..line.len() {
                let (before, after) = (&line[..at], &line[at + 1..]);
                for byte in *b"\"\\,:{}[] 019aA~X/\n\xc3" {
                    read += usize::from(declined_or_same(&[before, &[byte], after].concat()));
                    read += usize::from(declined_or_same(&[before, &[byte], &line[at..]].concat()));
                }
                read += usize::from(declined_or_same(&[before, after].concat()));
                declined_or_same(before);
            }
        }
        assert!(read > 10_000, "{read}");
    }

    #[test]
    fn a_line_with_members_moved_taken_or_given_is_declined_or_read_as_it_stands() {
        let all: Vec<_> = entries().map(|entry| entry.line()).collect();
        let members = |line: &'static str| match json::parse(line) {
            Ok(Json::Object(members)) => members,
            other => panic!("{other:?}"),
        };
        let all: Vec<_> = all
            .into_iter()
            .map(|line| members(Box::leak(line.into())))
            .collect();
        let mut read = 0;
        let mut check = |members: &[_]| {
            let line = write::json(&Json::Object(members.to_vec()));
            read += usize::from(declined_or_same(line.as_bytes()));
        };
        for members in &all {
            for n in 0..members.len() {
                let mut changed = members.clone();
                let taken = changed.remove(n);
                check(&changed);
                for to in 0..=changed.len() {
                    let mut moved = changed.clone();
                    moved.insert(to, taken.clone());
                    check(&moved);
                }
                for given in all.iter().flatten() {
                    let mut others = members.clone();
                    others.insert(n, given.clone());
                    check(&others);
                    others.remove(n + 1);
                    check(&others);
                }
            }
        }
        assert!(read > 100, "{read}");
    }

    #[test]
    fn limits_are_those_of_the_tree() {
        let line = |by: usize, offences: usize, days: &str| {
            let offences = vec!["\"x\""; offences].join(",");
            let charge = format!("\"offences\":[{offences}],\"term_days\":{days}");
            format!(
                "{{\"seq\":1,\"id\":\"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d\",\
                 \"recorded\":\"2026-02-10T14:03:22.123Z\",\"by\":\"{}\",\"kind\":\"charge\",\
                 \"person\":\"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d\",\"occurred\":\"2026\",\
                 {charge},\"unsourced\":true}}",
                "x".repeat(by)
            )
        };
        let (by, offences, days) = (
            limit::TEXT_BYTES_MAX,
            limit::LIST_ITEMS_MAX,
            limit::DAYS_MAX,
        );
        for (by, offences, days, is_read) in [
            (by, offences, days.to_string(), true),
            (by + 1, offences, days.to_string(), false),
            (by, offences + 1, days.to_string(), false),
            (by, offences, (days + 1).to_string(), false),
            (by, offences, "00".to_owned(), false),
            (by, offences, "99999999999999999999".to_owned(), false),
            (0, 1, "0".to_owned(), false),
            (1, 0, "0".to_owned(), false),
        ] {
            let line = line(by, offences, &days);
            assert_eq!(declined_or_same(line.as_bytes()), is_read, "{line}");
            assert_eq!(
                Entry::parse_tree(line.as_bytes()).is_ok(),
                is_read,
                "{line}"
            );
        }
        let long = [b"{".as_slice(), &vec![b'a'; limit::LINE_BYTES_MAX]].concat();
        assert!(read(&long).is_none());
    }
}
