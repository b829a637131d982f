//! Identifiers made from content, under a secret of the ledger.
//!
//! A reference such as `foro-penal:0123` becomes the same UUID at every import, and nobody
//! without the secret can test a guess against the public log or link two ledgers.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::id::{EventId, GroupId, PersonId};
use crate::limit;

/// The ledger's secret: 32 random bytes that never leave its `keys/` folder. Held as what HMAC makes
/// of them before it sees a text.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Takes 32 random bytes as the secret.
    pub fn new(bytes: [u8; 32]) -> Self {
        // HMAC fills a short key up with zeros to the block of its hash.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&bytes);
        Self(Hmac::new(&block.into()))
    }

    /// The person whom an external reference names.
    pub fn person(&self, external: &External) -> PersonId {
        PersonId::new(self.uuid(b"amparo/person/v1", external.as_str()))
    }

    /// The group that an external reference names.
    pub fn group(&self, external: &External) -> GroupId {
        GroupId::new(self.uuid(b"amparo/group/v1", external.as_str()))
    }

    /// The id of a draft that came without one.
    pub fn event(&self, content: &str) -> EventId {
        EventId::new(self.uuid(b"amparo/event/v1", content))
    }

    /// HMAC-SHA256(secret, tag ‖ 0 ‖ bytes): what nobody can work out without the secret.
    pub fn mac(&self, tag: &[u8], bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(tag);
        mac.update(&[0]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// UUIDv8 of the first 16 bytes of the MAC of a text.
    fn uuid(&self, tag: &[u8], text: &str) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.mac(tag, text.as_bytes())[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// A reference in somebody's list: `scheme:value`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct External(Box<str>);

impl External {
    /// Checks a reference: a scheme of 1 to 32 letters, digits, `-`, `_` or `.`, a colon, and a
    /// value without control characters, neither empty nor padded; at most 256 bytes.
    ///
    /// Answers `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let (scheme, value) = text.split_once(':')?;
        let scheme_sound = !scheme.is_empty()
            && scheme.len() <= limit::SCHEME_BYTES_MAX
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let value_sound =
            !value.is_empty() && value.trim() == value && !value.chars().any(char::is_control);
        (scheme_sound && value_sound && text.len() <= limit::EXTERNAL_BYTES_MAX)
            .then(|| Self(text.into()))
    }

    /// The reference as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("External(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reference_is_the_same_person_under_one_secret_only() {
        let external = External::new("foro-penal:0123").unwrap();
        let ours = Secret::new([1; 32]);
        assert_eq!(ours.person(&external), ours.person(&external));
        assert_ne!(
            ours.person(&external),
            Secret::new([2; 32]).person(&external)
        );
        assert_ne!(ours.person(&external).uuid(), ours.group(&external).uuid());
        assert_eq!(ours.person(&external).uuid().get_version_num(), 8);
    }

    #[test]
    fn references_have_a_scheme_and_a_value() {
        for (text, sound) in [
            ("fp:0123", true),
            ("g:rodeo-23", true),
            ("court.bo:12/2026 (II)", true),
            ("fp:a:b", true),
            ("0123", false),
            (":0123", false),
            ("fp:", false),
            ("fp: 1", false),
            ("f p:1", false),
            ("fp:\u{1b}[31m", false),
        ] {
            assert_eq!(External::new(text).is_some(), sound, "{text:?}");
        }
    }
}
