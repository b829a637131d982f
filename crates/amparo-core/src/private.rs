//! Private fields: what identifies or endangers somebody, kept out of the log's bytes.
//!
//! The entry line carries one salted digest per private field; value and salt (an *opening*) live
//! beside the log, sealed under a key of the subject. Destroying the key erases the value and
//! leaves every line, count and proof as it was. `Debug` of these types never shows a value.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::date::Occurred;
use crate::id::EventId;
use crate::identity::External;
use crate::json::{self, Json};
use crate::limit;
use crate::value::Source;
use crate::word::{Word, vocabulary};
use crate::write::{self, Object};

vocabulary! {
    /// The private fields, in the order of the line.
    PrivateField, "private field" {
        Name = "name",
        Aliases = "aliases",
        Refs = "refs",
        Birth = "birth",
        Sex = "sex",
        Nationality = "nationality",
        Note = "note",
        Sources = "sources",
    }
}

/// The private fields of one draft.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Private {
    pub(crate) name: Option<Box<str>>,
    pub(crate) aliases: Vec<Box<str>>,
    pub(crate) refs: Vec<Box<str>>,
    pub(crate) birth: Option<Box<str>>,
    pub(crate) sex: Option<Box<str>>,
    pub(crate) nationality: Option<Box<str>>,
    pub(crate) note: Option<Box<str>>,
    pub(crate) sources: Vec<Source>,
}

impl Private {
    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Other names.
    pub fn aliases(&self) -> &[Box<str>] {
        &self.aliases
    }

    /// References in other people's lists, `scheme:value`.
    pub fn refs(&self) -> &[Box<str>] {
        &self.refs
    }

    /// The note.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Sources that must not be seen.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Whether no private field is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many private fields are there.
    pub fn len(&self) -> usize {
        let texts = [
            &self.name,
            &self.birth,
            &self.sex,
            &self.nationality,
            &self.note,
        ];
        let lists = [
            self.aliases.is_empty(),
            self.refs.is_empty(),
            self.sources.is_empty(),
        ];
        let texts = texts.iter().filter(|text| text.is_some()).count();
        texts + lists.iter().filter(|is_empty| !**is_empty).count()
    }

    /// Adds an external reference, unless it is there.
    pub fn add_ref(&mut self, external: &str) {
        if !self.refs.iter().any(|known| &**known == external) {
            self.refs.push(external.into());
        }
    }

    /// The fields that are there, each with its value as compact JSON, in the order of the line.
    pub fn fields(&self) -> impl Iterator<Item = (PrivateField, String)> {
        PrivateField::ALL
            .iter()
            .filter_map(|field| Some((*field, self.value(*field)?)))
    }

    fn value(&self, field: PrivateField) -> Option<String> {
        let text = |text: &Option<Box<str>>| text.as_deref().map(write::text);
        let list = |list: &[Box<str>]| (!list.is_empty()).then(|| write::texts(list));
        match field {
            PrivateField::Name => text(&self.name),
            PrivateField::Aliases => list(&self.aliases),
            PrivateField::Refs => list(&self.refs),
            PrivateField::Birth => text(&self.birth),
            PrivateField::Sex => text(&self.sex),
            PrivateField::Nationality => text(&self.nationality),
            PrivateField::Note => text(&self.note),
            PrivateField::Sources => {
                (!self.sources.is_empty()).then(|| write::sources(&self.sources))
            }
        }
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.fields().map(|(field, _)| field.word());
        f.debug_tuple("Private")
            .field(&names.collect::<Vec<_>>())
            .finish()
    }
}

/// A salt: 32 random bytes, one for each private field of each entry.
pub type Salt = [u8; 32];

/// SHA-256 of a private field's value under its salt, bound to the entry and the field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a value (compact JSON): SHA-256 over the tag, the salt, the entry's id, the
    /// field's word and the value, each behind its length as four bytes, big-endian.
    pub fn of(salt: &Salt, entry: EventId, field: PrivateField, value: &str) -> Self {
        const TAG: &[u8] = b"amparo/private/v1";
        let mut hasher = Sha256::new();
        let id = entry.bytes();
        for part in [TAG, salt, &id, field.word().as_bytes(), value.as_bytes()] {
            hasher.update((part.len() as u32).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Reads 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let read = base16ct::lower::decode(text, &mut bytes).ok()?;
        (read.len() == 32).then_some(Self(bytes))
    }

    /// The bytes of the digest.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        f.write_str(base16ct::lower::encode_str(&self.0, &mut digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What opens the private digests of one entry: for each field its salt and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Openings(Vec<(PrivateField, Salt, String)>);

/// Why bytes are no openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the openings of private fields")]
pub struct OpeningsError;

impl Openings {
    /// Openings of the private fields of a draft, with a fresh salt for each.
    pub fn new(private: &Private, mut salt: impl FnMut() -> Salt) -> Self {
        Self(
            private
                .fields()
                .map(|(field, value)| (field, salt(), value))
                .collect(),
        )
    }

    /// The openings of some of the fields.
    pub fn only(&self, mut keep: impl FnMut(PrivateField) -> bool) -> Self {
        let kept = self.0.iter().filter(|(field, ..)| keep(*field));
        Self(kept.cloned().collect())
    }

    /// Whether they open nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digest of each field, for the line of this entry.
    pub fn digests(&self, entry: EventId) -> Vec<(PrivateField, Digest)> {
        let digest = |(field, salt, value): &(PrivateField, Salt, String)| {
            (*field, Digest::of(salt, entry, *field, value))
        };
        self.0.iter().map(digest).collect()
    }

    /// The openings as one JSON object: `{"name":{"salt":"<hex>","value":"Ana Demo"}}`.
    pub fn to_json(&self) -> String {
        let mut openings = Object::line();
        for (field, salt, value) in &self.0 {
            let mut opening = Object::new();
            // A salt and a digest are written alike.
            opening.shown("salt", Digest(*salt));
            opening.json("value", value);
            openings.json(field.word(), &opening.finish());
        }
        openings.finish()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`OpeningsError`] for anything that it would not have written.
    pub fn from_json(text: &str) -> Result<Self, OpeningsError> {
        match plain(text) {
            Some(fields) => Ok(Self(fields)),
            None => Self::from_any_json(text),
        }
    }

    /// Reads openings whatever their values, and writes them again to be sure of their form.
    fn from_any_json(text: &str) -> Result<Self, OpeningsError> {
        let Ok(Json::Object(members)) = json::parse(text) else {
            return Err(OpeningsError);
        };
        let read = |(key, value): &(std::borrow::Cow<'_, str>, Json<'_>)| {
            let field = PrivateField::from_word(key)?;
            let Json::Object(parts) = value else {
                return None;
            };
            let [(salt_key, Json::Text(salt)), (value_key, value)] = parts.as_slice() else {
                return None;
            };
            if salt_key != "salt" || value_key != "value" {
                return None;
            }
            // A salt and a digest are written alike.
            let Digest(salt) = Digest::from_hex(salt)?;
            Some((field, salt, write::json(value)))
        };
        let fields: Option<Vec<_>> = members.iter().map(read).collect();
        let openings = Self(fields.ok_or(OpeningsError)?);
        if openings.to_json() == text {
            Ok(openings)
        } else {
            Err(OpeningsError)
        }
    }

    /// The private fields, in the clear.
    ///
    /// # Errors
    /// [`OpeningsError`] when a value does not fit its field.
    pub fn private(&self) -> Result<Private, OpeningsError> {
        if let Some(private) = self.plain_private() {
            return Ok(private);
        }
        let values = self
            .0
            .iter()
            .map(|(field, _, value)| format!("\"{field}\":{value}"));
        let object = format!("{{{}}}", values.collect::<Vec<_>>().join(","));
        crate::draft::read_private(&object).ok_or(OpeningsError)
    }

    /// The same of values that fit their fields and hold no escapes; `None` for others.
    fn plain_private(&self) -> Option<Private> {
        let mut private = Private::default();
        for (n, (field, _, value)) in self.0.iter().enumerate() {
            if self.0[..n].iter().any(|(earlier, ..)| earlier == field) {
                return None;
            }
            let text = |max_bytes| Some(sound(inside(value)?, max_bytes)?.into());
            let short = || text(limit::TEXT_BYTES_MAX);
            match field {
                PrivateField::Name => private.name = Some(short()?),
                PrivateField::Sex => private.sex = Some(short()?),
                PrivateField::Nationality => private.nationality = Some(short()?),
                PrivateField::Note => private.note = Some(text(limit::PROSE_BYTES_MAX)?),
                PrivateField::Aliases => private.aliases = texts(value, limit::TEXT_BYTES_MAX)?,
                PrivateField::Refs => {
                    private.refs = texts(value, limit::EXTERNAL_BYTES_MAX)?;
                    let mut refs = private.refs.iter();
                    refs.all(|external| External::new(external).is_some())
                        .then_some(())?;
                }
                PrivateField::Birth => {
                    let date = Occurred::parse_stored(&short()?).ok()?;
                    private.birth = Some(date.as_str().into());
                }
                PrivateField::Sources => return None,
            }
        }
        Some(private)
    }
}

/// What a text without escapes says.
fn inside(json: &str) -> Option<&str> {
    (plain_text(json)? == json.len()).then(|| &json[1..json.len() - 1])
}

/// A text that may stand in a field.
fn sound(text: &str, max_bytes: usize) -> Option<&str> {
    (!text.trim().is_empty() && text.len() <= max_bytes).then_some(text)
}

/// A list of texts without escapes that may stand in a field.
fn texts(json: &str, max_bytes: usize) -> Option<Vec<Box<str>>> {
    let mut rest = json.strip_prefix('[')?;
    let mut texts = Vec::new();
    loop {
        let (text, after) = rest.split_at(plain_text(rest)?);
        texts.push(sound(inside(text)?, max_bytes)?.into());
        match after {
            "]" => break,
            _ => rest = after.strip_prefix(',')?,
        }
    }
    (texts.len() <= limit::LIST_ITEMS_MAX).then_some(texts)
}

/// Openings whose values are texts, or lists of texts, without escapes, as nearly all are: these
/// can be written in one way only, so that one pass both reads and checks them. `None` for others.
fn plain(text: &str) -> Option<Vec<(PrivateField, Salt, String)>> {
    let mut fields = Vec::new();
    let mut rest = text.strip_prefix('{')?;
    loop {
        let (word, after) = rest.strip_prefix('"')?.split_once('"')?;
        let (digits, after) = after.strip_prefix(":{\"salt\":\"")?.split_once('"')?;
        let after = after.strip_prefix(",\"value\":")?;
        let (value, after) = after.split_at(plain_value(after)?);
        let Digest(salt) = Digest::from_hex(digits)?;
        fields.push((PrivateField::from_word(word)?, salt, value.to_owned()));
        rest = after.strip_prefix('}')?;
        if rest == "}" {
            return Some(fields);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// How many bytes at the beginning are a text, or a list of texts, without escapes.
fn plain_value(json: &str) -> Option<usize> {
    let Some(mut rest) = json.strip_prefix('[') else {
        return plain_text(json);
    };
    loop {
        rest = &rest[plain_text(rest)?..];
        if let Some(after) = rest.strip_prefix(']') {
            return Some(json.len() - after.len());
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// How many bytes at the beginning are a text without escapes, quotes and all.
fn plain_text(json: &str) -> Option<usize> {
    let inside = json.strip_prefix('"')?;
    let ends = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let end = inside.bytes().position(ends)?;
    (inside.as_bytes()[end] == b'"').then_some(end + 2)
}

impl fmt::Debug for Openings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(field, ..)| field.word());
        f.debug_tuple("Openings")
            .field(&names.collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> Private {
        Private {
            name: Some("Ana \"Demo\" Ñ".into()),
            aliases: vec!["A. Demo".into()],
            ..Private::default()
        }
    }

    #[test]
    fn openings_give_back_what_was_sealed_in_the_digests() {
        let entry = EventId::new(uuid::Uuid::from_u128(7));
        let mut byte = 0;
        let openings = Openings::new(&ana(), || {
            byte += 1;
            [byte; 32]
        });
        let read = Openings::from_json(&openings.to_json()).unwrap();
        assert_eq!(read, openings);
        assert_eq!(read.private().unwrap(), ana());
        assert_eq!(read.digests(entry), openings.digests(entry));
        assert_ne!(
            read.digests(entry),
            read.digests(EventId::new(uuid::Uuid::nil()))
        );
    }

    #[test]
    fn plain_openings_are_read_as_any_others() {
        let salt = "0a".repeat(32);
        let name = |value: &str| format!(r#""name":{{"salt":"{salt}","value":{value}}}"#);
        let aliases = |value: &str| format!(r#""aliases":{{"salt":"{salt}","value":{value}}}"#);
        let plain_ones = [
            format!("{{{}}}", name("\"\"")),
            format!("{{{}}}", name("\"Ana Demo Ñ\"")),
            format!("{{{},{}}}", name("\"Ana\""), aliases("[\"A.\",\"B]},{\"]")),
            format!("{{{},{}}}", name("\"Ana\""), name("\"Ana\"")),
        ];
        for text in &plain_ones {
            let read = Openings::from_any_json(text).unwrap();
            assert_eq!(plain(text).as_ref(), Some(&read.0), "{text}");
            assert_eq!(Openings::from_json(text).unwrap().to_json(), *text);
        }
        // Cut short, with one byte more or one byte changed, both say the same.
        for text in &plain_ones {
            for at in 0..=text.len() {
                for byte in [
                    None,
                    Some("\""),
                    Some("\\"),
                    Some("}"),
                    Some(" "),
                    Some("A"),
                    Some(","),
                ] {
                    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else {
                        continue;
                    };
                    let changed = after
                        .chars()
                        .next()
                        .map_or(after, |c| &after[c.len_utf8()..]);
                    let put = byte.unwrap_or_default();
                    for other in [
                        format!("{before}{put}"),
                        format!("{before}{put}{after}"),
                        format!("{before}{put}{changed}"),
                    ] {
                        let any = Openings::from_any_json(&other);
                        assert_eq!(Openings::from_json(&other), any, "{other}");
                    }
                }
            }
        }
        for text in ["", "{}", "{\"name\"", "[]", "\u{7f}"] {
            assert_eq!(Openings::from_json(text), Openings::from_any_json(text));
        }
        let escaped = format!("{{{}}}", name(r#""Ana \"Demo\"""#));
        assert_eq!(plain(&escaped), None);
        assert_eq!(Openings::from_json(&escaped).unwrap().to_json(), escaped);
    }

    #[test]
    fn plain_values_are_read_into_their_fields_as_any_others() {
        let long = "x".repeat(limit::TEXT_BYTES_MAX);
        let texts = [
            "",
            " ",
            "Ana Demo Ñ",
            "fp:0123",
            "fp: 1",
            "1971~",
            "1971-02-30",
            "a\\n",
            &long,
            &format!("{long}x"),
        ];
        let mut values: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
        let lists: Vec<String> = values.iter().map(|value| format!("[{value}]")).collect();
        values.extend(lists);
        values.push(format!("[{}]", vec!["\"fp:1\""; 64].join(",")));
        values.push(format!("[{}]", vec!["\"fp:1\""; 65].join(",")));
        values.extend(["[]", "7", "null", "[\"a\",7]", "{}"].map(str::to_owned));
        let (mut plain_ones, mut refused) = (0, 0);
        for field in PrivateField::ALL {
            for value in &values {
                let openings = Openings(vec![(*field, [0; 32], value.clone())]);
                let object = format!("{{\"{field}\":{value}}}");
                let expect = crate::draft::read_private(&object).ok_or(OpeningsError);
                assert_eq!(openings.private(), expect, "{object}");
                plain_ones += usize::from(openings.plain_private().is_some());
                refused += usize::from(expect.is_err());
            }
        }
        assert!(plain_ones > 25 && refused > 50, "{plain_ones} {refused}");
        let name = || (PrivateField::Name, [0; 32], "\"Ana\"".to_owned());
        assert!(Openings(vec![name(), name()]).private().is_err());
    }

    #[test]
    fn a_digest_follows_the_format_page() {
        let entry = EventId::new(uuid::Uuid::from_u128(1));
        let mut bytes = Vec::new();
        let id = entry.bytes();
        for part in [
            &b"amparo/private/v1"[..],
            &[9; 32],
            &id,
            b"name",
            b"\"Ana Demo\"",
        ] {
            bytes.extend((part.len() as u32).to_be_bytes());
            bytes.extend(part);
        }
        let expect = base16ct::lower::encode_string(&Sha256::digest(&bytes));
        let digest = Digest::of(&[9; 32], entry, PrivateField::Name, "\"Ana Demo\"");
        assert_eq!(digest.to_string(), expect);
        assert_eq!(Digest::from_hex(&expect), Some(digest));
        assert_eq!(Digest::from_hex(&expect.to_uppercase()), None);
    }

    #[test]
    fn debug_output_shows_field_names_and_no_values() {
        let openings = Openings::new(&ana(), || [0; 32]);
        let shown = format!("{:?} {openings:?}", ana());
        assert!(
            shown.contains("aliases") && !shown.contains("Demo"),
            "{shown}"
        );
    }
}
