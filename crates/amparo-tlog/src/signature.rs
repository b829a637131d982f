//! One signature line of a note.
//!
//! Refuses to say whether it is genuine: a line claims a name and a key id, both of which anybody
//! can write. Invariant: a line prints as it was read.

use std::fmt;

use thiserror::Error;

use crate::key::{KeyId, KeyName, VerifierKey};
use crate::line;

/// What every signature line starts with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A signature line: who signed, and the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

impl Signature {
    pub(crate) fn of(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self {
            name: key.name().clone(),
            id: key.id(),
            bytes,
        }
    }

    /// Name of the key, as the line claims.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Id of the key, as the line claims.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What follows the key id, in the form of the kind of key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads one signature line without its newline.
    ///
    /// # Errors
    /// [`SignatureLineError`] when it is not `— <name> <base64 of id and signature>`.
    pub fn parse(text: &str) -> Result<Self, SignatureLineError> {
        let (name, base64) = text
            .strip_prefix(SIGNATURE_MARK)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(SignatureLineError)?;
        let name = name.parse().map_err(|_| SignatureLineError)?;
        let bytes = line::from_base64(base64).ok_or(SignatureLineError)?;
        match bytes.split_first_chunk() {
            Some((id, bytes)) if !bytes.is_empty() => Ok(Self {
                name,
                id: KeyId(*id),
                bytes: bytes.to_vec(),
            }),
            Some(_) | None => Err(SignatureLineError),
        }
    }

    /// Whether both lines claim to be by the same key.
    pub(crate) fn is_of_key_of(&self, other: &Self) -> bool {
        self.id == other.id && self.name == other.name
    }

    /// Whether the line claims to be by this key.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == *key.name()
    }
}

impl fmt::Display for Signature {
    /// Writes the line without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.0[..], &self.bytes].concat();
        write!(f, "{SIGNATURE_MARK}{} {}", self.name, line::base64(&bytes))
    }
}

/// Why a text is not a signature line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a signature line")]
pub struct SignatureLineError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_prints_as_it_was_read() {
        let text = "\u{2014} example.com/a AQIDBAU=";
        let line = Signature::parse(text).unwrap();
        assert_eq!(line.to_string(), text);
        assert_eq!(
            (line.name().as_str(), line.id().to_string()),
            ("example.com/a", "01020304".into())
        );
        assert_eq!(line.bytes(), [5]);
    }

    #[test]
    fn other_forms_are_refused() {
        let cases = [
            "",
            "- a AQIDBAU=",
            "\u{2014}a AQIDBAU=",
            "\u{2014} a",
            "\u{2014} a ",
            "\u{2014} a AQIDBA==",
            "\u{2014} a AQIDBAU",
            "\u{2014} a AQIDBAU= ",
            "\u{2014} a  AQIDBAU=",
            "\u{2014} a+b AQIDBAU=",
            "\u{2014}  AQIDBAU=",
        ];
        for text in cases {
            assert_eq!(Signature::parse(text), Err(SignatureLineError), "{text:?}");
        }
    }
}
