//! Verifier keys (C2SP signed-note): a name, a kind of signature and an Ed25519 public key.
//!
//! Refuses weak keys (points of small order, for which anybody can sign) and kinds other than
//! the two that Amparo writes. Invariant: the key id always is the one computed from the name,
//! kind and key, so a printed key cannot carry a false id.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::cosignature::{self, Timestamp};
use crate::line;

/// Longest key name in bytes.
pub const MAX_KEY_NAME_LEN: usize = 255;

/// Longest printed verifier key in bytes.
pub const MAX_VERIFIER_KEY_LEN: usize = MAX_KEY_NAME_LEN + 10 + 44;

/// Length of an Ed25519 public key, and of the seed of a signing key, in bytes.
pub const KEY_LEN: usize = 32;

/// Who signs: the name in a signature line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// Why a text is not a key name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyNameError {
    /// The name is empty.
    #[error("a key name is not empty")]
    Empty,
    /// The name is longer than [`MAX_KEY_NAME_LEN`].
    #[error("a key name has at most {MAX_KEY_NAME_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// The name has a space, a plus sign or a control character.
    #[error("a key name has no {character:?}")]
    Character {
        /// The first such character.
        character: char,
    },
}

impl KeyName {
    /// Shows the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, KeyNameError> {
        let forbidden = |c: &char| c.is_whitespace() || c.is_control() || *c == '+';
        if text.is_empty() {
            return Err(KeyNameError::Empty);
        }
        if text.len() > MAX_KEY_NAME_LEN {
            return Err(KeyNameError::TooLong { found: text.len() });
        }
        match text.chars().find(forbidden) {
            Some(character) => Err(KeyNameError::Character { character }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The short id of a key: an index, not a proof of anything (collisions are easy to make).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Display for KeyId {
    /// Writes eight lowercase hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The text of a note, as a log signs its checkpoints (type 0x01).
    Note,
    /// A checkpoint with the time at which a witness saw it (type 0x04).
    Cosignature,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A public key that somebody trusts, under the name it signs as. Prints and parses as a *vkey*:
/// `<name>+<key id>+<base64 of kind and key>`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    id: KeyId,
    key: VerifyingKey,
}

/// Why a public key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a usable Ed25519 public key")]
pub struct PublicKeyError;

/// Why a signature does not verify.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the signature of {name} does not verify")]
pub struct BadSignature {
    /// Name of the key under which it was made.
    pub name: KeyName,
}

/// Why a text is not a verifier key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseVerifierKeyError {
    /// The text is not three parts between plus signs.
    #[error("a verifier key is spelled name+id+key")]
    Form,
    /// The name is not one.
    #[error("the verifier key has no usable name")]
    Name(#[from] KeyNameError),
    /// The last part is not base64 of a kind and a key.
    #[error("the key is not base64")]
    Base64,
    /// The kind of signature is not one of [`KeyKind`].
    #[error("signatures of type {found:#04x} are not supported")]
    Kind {
        /// The type byte.
        found: u8,
    },
    /// The public key is not one.
    #[error("the verifier key has no usable public key")]
    Key(#[from] PublicKeyError),
    /// The id is not that of the name, kind and key: one of them was changed.
    #[error("the key id should be {expected}")]
    Id {
        /// The id of the name, kind and key.
        expected: KeyId,
    },
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// # Errors
    /// [`PublicKeyError`] when the bytes are no curve point, or one of small order.
    pub fn new(
        name: KeyName,
        kind: KeyKind,
        public_key: &[u8; KEY_LEN],
    ) -> Result<Self, PublicKeyError> {
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| PublicKeyError)?;
        if key.is_weak() {
            return Err(PublicKeyError);
        }
        Ok(Self::of(name, kind, key))
    }

    /// Names the public half of a signing key, which is never weak.
    pub(crate) fn of(name: KeyName, kind: KeyKind, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', kind.byte()])
            .chain_update(key.as_bytes())
            .finalize();
        let id = KeyId([hash[0], hash[1], hash[2], hash[3]]);
        Self {
            name,
            kind,
            id,
            key,
        }
    }

    /// The name it signs as.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its short id.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The bare public key, to tell whether two names share one.
    pub fn public_key(&self) -> &[u8; KEY_LEN] {
        self.key.as_bytes()
    }

    /// Checks what follows the key id in a signature line over `text`, and tells the time that a
    /// cosignature states. The check is the strict one of Ed25519: one signature cannot be
    /// turned into another valid one, nor be valid for two messages.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<Timestamp>, BadSignature> {
        let checked = match self.kind {
            KeyKind::Note => self.verify_bytes(text, signature).map(|()| None),
            KeyKind::Cosignature => {
                cosignature::open(text, signature).and_then(|(time, message, rest)| {
                    self.verify_bytes(&message, rest).map(|()| Some(time))
                })
            }
        };
        checked.ok_or_else(|| BadSignature {
            name: self.name.clone(),
        })
    }

    fn verify_bytes(&self, message: &str, signature: &[u8]) -> Option<()> {
        let signature = Ed25519Signature::from_slice(signature).ok()?;
        self.key.verify_strict(message.as_bytes(), &signature).ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind.byte()];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id, line::base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = ParseVerifierKeyError;

    fn from_str(text: &str) -> Result<Self, ParseVerifierKeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ParseVerifierKeyError::Form);
        };
        let name: KeyName = name.parse()?;
        let bytes = line::from_base64(key).ok_or(ParseVerifierKeyError::Base64)?;
        let kind = match bytes.first() {
            Some(0x01) => KeyKind::Note,
            Some(0x04) => KeyKind::Cosignature,
            Some(found) => return Err(ParseVerifierKeyError::Kind { found: *found }),
            None => return Err(ParseVerifierKeyError::Base64),
        };
        let public_key = bytes[1..].try_into().map_err(|_| PublicKeyError)?;
        let verifier = Self::new(name, kind, &public_key)?;
        if id == verifier.id.to_string() {
            Ok(verifier)
        } else {
            Err(ParseVerifierKeyError::Id {
                expected: verifier.id,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::NoteSigner;

    fn vkey() -> VerifierKey {
        NoteSigner::from_seed("log.example/a".parse().unwrap(), &[7; KEY_LEN]).verifier_key()
    }

    #[test]
    fn a_vkey_survives_its_spelling() {
        let text = vkey().to_string();
        assert_eq!(text.parse(), Ok(vkey()));
        assert!(text.len() <= MAX_VERIFIER_KEY_LEN);
        assert_eq!(format!("{:?}", vkey()), format!("VerifierKey({text})"));
    }

    #[test]
    fn the_kind_and_the_name_are_part_of_the_id() {
        let note = vkey();
        let kind = KeyKind::Cosignature;
        let witness = VerifierKey::new(note.name().clone(), kind, note.public_key()).unwrap();
        let renamed =
            VerifierKey::new("b".parse().unwrap(), KeyKind::Note, note.public_key()).unwrap();
        assert_eq!(witness.to_string().parse(), Ok(witness.clone()));
        assert_eq!(witness.kind(), kind);
        assert_ne!(note.id(), witness.id());
        assert_ne!(note.id(), renamed.id());
    }

    #[test]
    fn names_that_would_break_a_line_are_refused() {
        let long = "n".repeat(256);
        let character = |character| Err(KeyNameError::Character { character });
        let cases = [
            ("", Err(KeyNameError::Empty)),
            (&long[..255], Ok(KeyName(long[..255].to_owned()))),
            (&long, Err(KeyNameError::TooLong { found: 256 })),
            ("a b", character(' ')),
            ("a\u{2003}b", character('\u{2003}')),
            ("a+b", character('+')),
            ("a\nb", character('\n')),
            ("a\u{1b}b", character('\u{1b}')),
        ];
        for (text, outcome) in cases {
            assert_eq!(text.parse::<KeyName>(), outcome, "{text:?}");
        }
    }

    #[test]
    fn each_fault_of_a_vkey_has_its_name() {
        let good = vkey().to_string();
        let expected = vkey().id();
        let with_key = |bytes: &[u8]| format!("n+00000000+{}", line::base64(bytes));
        let weak = [&[0x01, 0x01][..], &[0; 31]].concat();
        let no_point = [&[0x01, 0x02][..], &[0; 31]].concat();
        let renamed = good.replace("log.example/a", "log.example/b");
        let upper = good.replace(&expected.to_string(), &expected.to_string().to_uppercase());
        assert_ne!(upper, good);
        let key = Err(ParseVerifierKeyError::Key(PublicKeyError));
        let cases = [
            (String::new(), Err(ParseVerifierKeyError::Form)),
            ("name+id".to_owned(), Err(ParseVerifierKeyError::Form)),
            (
                "+0+AA==".to_owned(),
                Err(ParseVerifierKeyError::Name(KeyNameError::Empty)),
            ),
            ("n+0+??".to_owned(), Err(ParseVerifierKeyError::Base64)),
            ("n+0+".to_owned(), Err(ParseVerifierKeyError::Base64)),
            (
                with_key(&[0x05; 33]),
                Err(ParseVerifierKeyError::Kind { found: 5 }),
            ),
            (with_key(&[0x01; 32]), key.clone()),
            (with_key(&[0x01; 34]), key.clone()),
            (with_key(&weak), key.clone()),
            (with_key(&no_point), key),
            (upper, Err(ParseVerifierKeyError::Id { expected })),
        ];
        for (text, outcome) in cases {
            assert_eq!(text.parse::<VerifierKey>(), outcome, "{text}");
        }
        let other_id = renamed.parse::<VerifierKey>();
        assert!(
            matches!(other_id, Err(ParseVerifierKeyError::Id { expected: id }) if id != expected)
        );
    }
}
