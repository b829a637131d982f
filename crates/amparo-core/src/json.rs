//! JSON as evidence: what a line says, with the place of every part of it.
//!
//! Reading is one pass into a tree that borrows from the line. Places are not kept in the tree:
//! a fault names its [`Path`], and [`locate`] finds that path in the text when a message is
//! needed, so that good input pays nothing for the messages about bad input.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// One JSON value, borrowing what it can from the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number from 0 to 2^64 - 1.
    Whole(u64),
    /// Any other number.
    Other(f64),
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object: its members in the order of the text, duplicates kept.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    /// What the value is, for messages: `a list`.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Whole(_) | Self::Other(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// One step from a value to a part of it, by position, since keys may be duplicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The n-th member's key.
    Key(usize),
    /// The n-th member's value.
    Member(usize),
    /// The n-th item of a list.
    Item(usize),
    /// The n-th character of a string, counted without its escapes.
    Char(usize),
}

/// The way from the top of a line to a part of it.
pub type Path = Vec<Step>;

/// A syntax fault: byte offset in the text and the reader's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset at which reading stopped.
    pub offset: usize,
    /// What was wrong.
    pub message: String,
}

/// Reads one JSON value that fills the text.
///
/// # Errors
/// [`SyntaxError`] where the text is not one JSON value.
pub fn parse(text: &str) -> Result<Json<'_>, SyntaxError> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = match message.rfind(" at line ") {
            Some(at) => message[..at].to_owned(),
            None => message,
        };
        let line_start = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        SyntaxError {
            offset: line_start + error.column().saturating_sub(1),
            message,
        }
    })
}

/// The byte offset of a part of the text; the nearest part that holds it where the path breaks off.
pub fn locate(text: &str, path: &[Step]) -> usize {
    let mut at = text.len() - text.trim_start().len();
    let mut part = text.trim();
    for step in path {
        let found = match step {
            Step::Key(n) => members(part).and_then(|all| all.get(*n).map(|(key, _)| *key)),
            Step::Member(n) => members(part).and_then(|all| all.get(*n).map(|(_, value)| *value)),
            Step::Item(n) => serde_json::from_str::<Vec<&RawValue>>(part)
                .ok()
                .and_then(|items| items.get(*n).map(|item| item.get())),
            Step::Char(n) => return at + char_offset(part, *n),
        };
        let Some(found) = found else { return at };
        at += found.as_ptr() as usize - part.as_ptr() as usize;
        part = found;
    }
    at
}

/// The offset within a JSON string literal of its n-th unescaped character.
fn char_offset(literal: &str, n: usize) -> usize {
    let mut chars = literal.char_indices().skip(1).peekable();
    for _ in 0..n {
        match chars.next() {
            Some((_, '\\')) => {
                let escape = chars.next().map(|(_, c)| c);
                if escape == Some('u') {
                    for _ in 0..4 {
                        chars.next();
                    }
                }
            }
            Some(_) => {}
            None => break,
        }
    }
    chars
        .peek()
        .map_or(literal.len().saturating_sub(1), |(offset, _)| *offset)
}

fn members(object: &str) -> Option<Vec<(&str, &str)>> {
    serde_json::from_str::<RawMembers<'_>>(object)
        .ok()
        .map(|raw| raw.0)
}

struct RawMembers<'a>(Vec<(&'a str, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push((key.get(), value.get()));
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// A string that borrows where the text has no escapes.
struct Borrowed<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Borrowed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Borrowed<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Borrowed(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Borrowed(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Whole(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(value).map_or(Json::Other(value as f64), Json::Whole))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Other(value))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(12);
        while let Some((key, value)) = map.next_entry::<Borrowed<'de>, Json<'de>>()? {
            members.push((key.0, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locate_finds_keys_values_items_and_characters() {
        let text = r#" {"a":1, "líst":[ {"b":"x\u00e9\"y"}, 7 ],"a":2}"#;
        let at = |path: &[Step]| &text[locate(text, path)..];
        assert!(at(&[]).starts_with("{\"a\":1"));
        assert!(at(&[Step::Key(1)]).starts_with("\"líst\""));
        assert!(at(&[Step::Member(1), Step::Item(1)]).starts_with("7 ]"));
        assert!(at(&[Step::Member(2)]).starts_with("2}"));
        let inner = [Step::Member(1), Step::Item(0), Step::Member(0)];
        for (n, rest) in [
            (0, "x"),
            (1, "\\u00e9"),
            (2, "\\\""),
            (3, "y"),
            (4, "\"}"),
            (9, "\"}"),
        ] {
            let path: Vec<_> = inner.into_iter().chain([Step::Char(n)]).collect();
            assert!(at(&path).starts_with(rest), "{n}: {}", at(&path));
        }
        assert_eq!(locate(text, &[Step::Member(9)]), 1);
    }

    #[test]
    fn syntax_errors_carry_their_offset_and_no_position_in_the_words() {
        for (text, offset) in [("{\"a\":}", 5), ("{} x", 3), ("{\"a\":1", 5), ("", 0)] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error:?}");
            assert!(!error.message.contains("line"), "{error:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
