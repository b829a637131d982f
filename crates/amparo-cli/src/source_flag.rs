//! Sources as they are typed after `--source`.
//!
//! Short, `"Foro Penal:ngo"`, or in parts, `publisher=Foro Penal,kind=ngo,url=https://...`. A part
//! may hold commas: only a comma before a known key ends it.

use serde_json::{Map, Value};

/// The keys of a source, as in a draft.
const KEYS: [&str; 8] = [
    "publisher",
    "kind",
    "url",
    "published",
    "title",
    "sha256",
    "reliability",
    "credibility",
];

/// Turns a typed source into the object that a draft holds; the draft's own rules check it.
///
/// # Errors
/// What is wrong, in words, when it has neither form.
pub fn parse(typed: &str) -> Result<Value, String> {
    if key_at(typed).is_none() {
        let (publisher, kind) = typed.rsplit_once(':').ok_or_else(|| {
            "a source needs its kind: \"Foro Penal:ngo\", or publisher=..,kind=..".to_owned()
        })?;
        let source = [("publisher", publisher.trim()), ("kind", kind.trim())];
        let members = source.map(|(key, value)| (key.to_owned(), Value::from(value)));
        return Ok(Value::Object(members.into_iter().collect()));
    }
    let mut source = Map::new();
    for part in parts(typed) {
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim().to_owned(), value.trim());
        let value = match (key.as_str(), value.parse::<u64>()) {
            ("credibility", Ok(grade)) => Value::from(grade),
            _ => Value::from(value),
        };
        if source.insert(key.clone(), value).is_some() {
            return Err(format!("`{key}` stands twice in one source"));
        }
    }
    Ok(Value::Object(source))
}

/// The known key that a text begins with, followed by `=`.
fn key_at(text: &str) -> Option<&'static str> {
    let (key, _) = text.split_once('=')?;
    KEYS.into_iter().find(|known| *known == key.trim())
}

/// Splits at the commas that stand before a known key.
fn parts(typed: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (comma, _) in typed.match_indices(',') {
        if key_at(&typed[comma + 1..]).is_some() {
            parts.push(&typed[start..comma]);
            start = comma + 1;
        }
    }
    parts.push(&typed[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_read_and_commas_in_values_stay() {
        for (typed, json) in [
            (
                "Foro Penal:ngo",
                r#"{"kind":"ngo","publisher":"Foro Penal"}"#,
            ),
            (
                "Radio: Uno:media",
                r#"{"kind":"media","publisher":"Radio: Uno"}"#,
            ),
            (
                "publisher=A, B & C,kind=ngo,url=https://x/?a=1,b=2,credibility=3",
                r#"{"credibility":3,"kind":"ngo","publisher":"A, B & C","url":"https://x/?a=1,b=2"}"#,
            ),
        ] {
            let mut expect: Value = serde_json::from_str(json).unwrap();
            assert_eq!(parse(typed).unwrap(), expect.take(), "{typed}");
        }
        assert!(parse("Foro Penal").unwrap_err().contains("needs its kind"));
        assert!(parse("kind=ngo,kind=media").unwrap_err().contains("twice"));
    }
}
