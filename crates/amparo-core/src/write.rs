//! Writes JSON in the one form that the log holds: fixed key order, no white space, no choice.

use std::fmt::{self, Write as _};

use crate::json::Json;
use crate::value::Source;

/// What most lines fit into.
const LINE_BYTES: usize = 512;

/// A JSON object under construction: members in the order they are added.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    /// The object of a line, which is longer than those inside.
    pub(crate) fn line() -> Self {
        let mut line = String::with_capacity(LINE_BYTES);
        line.push('{');
        Self(line)
    }

    /// Adds a member whose value is already JSON.
    pub(crate) fn json(&mut self, key: &str, value: &str) {
        self.key(key);
        self.0.push_str(value);
    }

    /// Adds an object, written in place.
    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.nested(write);
    }

    /// Adds sources, written in place.
    pub(crate) fn sources(&mut self, key: &str, sources: &[Source]) {
        self.key(key);
        self.push_sources(sources);
    }

    fn nested(&mut self, write: impl FnOnce(&mut Self)) {
        self.0.push('{');
        write(self);
        self.0.push('}');
    }

    fn push_sources(&mut self, sources: &[Source]) {
        self.0.push('[');
        for (n, source) in sources.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.nested(|object| write_source(object, source));
        }
        self.0.push(']');
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_text(&mut self.0, value);
    }

    /// Adds a text that is shown so, and needs no escapes.
    pub(crate) fn shown(&mut self, key: &str, value: impl fmt::Display) {
        self.key(key);
        self.0.push('"');
        let _ = write!(self.0, "{value}");
        self.0.push('"');
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        let _ = write!(self.0, "{value}");
    }

    /// Keys are the format's own words and need no escapes.
    fn key(&mut self, key: &str) {
        // No member ends so: this is the first of an object.
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    pub(crate) fn maybe_text(&mut self, key: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.text(key, value.as_ref());
        }
    }

    pub(crate) fn maybe_number(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.number(key, value);
        }
    }

    pub(crate) fn maybe_texts(&mut self, key: &str, values: &[Box<str>]) {
        if !values.is_empty() {
            self.json(key, &texts(values));
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON string.
pub(crate) fn text(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    push_text(&mut text, value);
    text
}

fn push_text(to: &mut String, value: &str) {
    let needs_escapes = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    if value.bytes().any(needs_escapes) {
        let _ = write!(to, "{}", serde_json::Value::from(value));
        return;
    }
    to.push('"');
    to.push_str(value);
    to.push('"');
}

/// A JSON array of strings.
pub(crate) fn texts(values: &[Box<str>]) -> String {
    list(values.iter().map(|value| text(value)))
}

/// A JSON array of values that are already JSON.
pub(crate) fn list(values: impl Iterator<Item = String>) -> String {
    let mut list = String::from("[");
    for (n, value) in values.enumerate() {
        if n > 0 {
            list.push(',');
        }
        list.push_str(&value);
    }
    list.push(']');
    list
}

/// A JSON array of sources.
pub(crate) fn sources(sources: &[Source]) -> String {
    let mut list = Object(String::new());
    list.push_sources(sources);
    list.0
}

fn write_source(object: &mut Object, source: &Source) {
    object.text("publisher", &source.publisher);
    object.text("kind", crate::word::Word::word(source.kind));
    object.maybe_text("url", source.url.as_deref());
    object.maybe_text("published", source.published.as_deref());
    object.maybe_text("title", source.title.as_deref());
    object.maybe_text("sha256", source.sha256.as_deref());
    object.maybe_text(
        "reliability",
        source.reliability.map(crate::word::Word::word),
    );
    object.maybe_number(
        "credibility",
        source.credibility.map(|grade| grade.grade().into()),
    );
}

/// Any JSON value, compact, members in their own order.
pub(crate) fn json(value: &Json<'_>) -> String {
    match value {
        Json::Null => "null".into(),
        Json::Bool(value) => value.to_string(),
        Json::Whole(value) => value.to_string(),
        Json::Other(value) => value.to_string(),
        Json::Text(value) => text(value),
        Json::List(items) => list(items.iter().map(json)),
        Json::Object(members) => {
            let member = |(key, value): &(std::borrow::Cow<'_, str>, Json<'_>)| {
                format!("{}:{}", text(key), json(value))
            };
            format!(
                "{{{}}}",
                members.iter().map(member).collect::<Vec<_>>().join(",")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_where_they_must_be_and_nowhere_else() {
        for value in [
            "",
            "plain ñ 监",
            "a\"b\\c",
            "\n\r\t\u{8}\u{c}\u{1}\u{1f}",
            "\u{7f}\u{202e}",
        ] {
            assert_eq!(
                text(value),
                serde_json::to_string(value).unwrap(),
                "{value:?}"
            );
        }
    }
}
