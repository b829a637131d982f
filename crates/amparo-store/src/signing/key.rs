//! Signing keys: one line each, in the form of Go's `note` package, so that stock tools sign too.
//!
//! `PRIVATE+KEY+<name>+<key id>+<base64 of the kind and the 32 bytes of the seed>`. The log's
//! key lies in `keys/checkpoint.key`, the witness's in `keys/witness.key`; both are 0600.
//! Refuses a key whose id does not fit: a line that was changed by accident signs nothing.

use std::io;
use std::path::Path;
use std::sync::Arc;

use amparo_core::id::LedgerId;
use amparo_tlog::cosignature::Cosigner;
use amparo_tlog::key::{KEY_LEN, KeyKind, KeyName, KeyNameError, VerifierKey};
use amparo_tlog::note::NoteSigner;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::{Zeroize as _, Zeroizing};

use super::SigningError;
use crate::Random;
use crate::files::Files;

/// The log's key, in a ledger's folder.
pub(crate) const LOG_KEY: &str = "keys/checkpoint.key";
/// The witness's key.
pub(crate) const WITNESS_KEY: &str = "keys/witness.key";
/// The most bytes that are read of a key file.
pub const KEY_FILE_BYTES_MAX: usize = 1024;

const PREFIX: &str = "PRIVATE+KEY+";

/// The name under which a ledger signs, and the origin of its checkpoints.
///
/// # Errors
/// None in practice: the text is one of the format's own.
pub(crate) fn log_name(ledger: LedgerId) -> Result<KeyName, KeyNameError> {
    format!("amparo/{ledger}").parse()
}

/// The name under which a ledger cosigns as a witness.
pub(crate) fn witness_name(ledger: LedgerId) -> Result<KeyName, KeyNameError> {
    format!("amparo-witness/{ledger}").parse()
}

/// A private key, read from its line.
pub(crate) struct PrivateKey {
    name: KeyName,
    kind: KeyKind,
    seed: Zeroizing<[u8; KEY_LEN]>,
}

impl PrivateKey {
    /// Draws a new one.
    pub(crate) fn draw(name: KeyName, kind: KeyKind, random: Random<'_>) -> Self {
        let mut seed = Zeroizing::new([0; KEY_LEN]);
        random(&mut *seed);
        Self { name, kind, seed }
    }

    /// Reads a line; says what is wrong with it without showing it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        let rest = text.trim_end_matches('\n').strip_prefix(PREFIX);
        let mut parts = rest
            .ok_or("it does not begin as a private key")?
            .splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("it is not a name, an id and a key");
        };
        let name: KeyName = name.parse().map_err(|_| "its name is none")?;
        let raw = BASE64.decode(key).map_err(|_| "its key is not base64")?;
        let raw = Zeroizing::new(raw);
        let (kind, seed) = raw.split_first().ok_or("its key is empty")?;
        let kind = match kind {
            0x01 => KeyKind::Note,
            0x04 => KeyKind::Cosignature,
            _ => return Err("its kind of key is unknown"),
        };
        let mut own = Zeroizing::new([0; KEY_LEN]);
        if seed.len() != KEY_LEN {
            return Err("its key is not 32 bytes long");
        }
        own.copy_from_slice(seed);
        let key = Self {
            name,
            kind,
            seed: own,
        };
        match key.verifier_key().id().to_string() == id {
            true => Ok(key),
            false => Err("its id does not fit its key"),
        }
    }

    /// The line, with its end.
    pub(crate) fn write(&self) -> Zeroizing<String> {
        let kind = match self.kind {
            KeyKind::Note => 0x01,
            KeyKind::Cosignature => 0x04,
        };
        let raw = Zeroizing::new([&[kind], &self.seed[..]].concat());
        let mut key = BASE64.encode(&*raw);
        let id = self.verifier_key().id();
        let line = Zeroizing::new(format!("{PREFIX}{}+{id}+{key}\n", self.name));
        key.zeroize();
        line
    }

    /// The public half.
    pub(crate) fn verifier_key(&self) -> VerifierKey {
        match self.kind {
            KeyKind::Note => self.signer().verifier_key(),
            KeyKind::Cosignature => self.cosigner().verifier_key(),
        }
    }

    /// What signs notes with it.
    pub(crate) fn signer(&self) -> NoteSigner {
        NoteSigner::from_seed(self.name.clone(), &self.seed)
    }

    /// What cosigns with it.
    pub(crate) fn cosigner(&self) -> Cosigner {
        Cosigner::from_seed(self.name.clone(), &self.seed)
    }

    /// Reads a key of a ledger; `None` where there is none.
    pub(crate) fn read(
        files: &Arc<dyn Files>,
        folder: &Path,
        file: &str,
    ) -> Result<Option<Self>, SigningError> {
        match files.read(&folder.join(file), KEY_FILE_BYTES_MAX) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                Self::parse(&bytes)
                    .map(Some)
                    .map_err(|what| SigningError::Damaged {
                        file: file.to_owned(),
                        what: what.to_owned(),
                    })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SigningError::Io {
                file: file.to_owned(),
                source,
            }),
        }
    }

    /// Keeps it in a ledger, durably, readable by its owner alone.
    pub(crate) fn keep(
        &self,
        files: &Arc<dyn Files>,
        folder: &Path,
        file: &str,
    ) -> Result<(), SigningError> {
        files
            .replace(&folder.join(file), self.write().as_bytes())
            .map_err(|source| SigningError::Io {
                file: file.to_owned(),
                source,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: KeyKind) -> PrivateKey {
        PrivateKey::draw("amparo/demo".parse().unwrap(), kind, &mut |bytes| {
            bytes.fill(7)
        })
    }

    #[test]
    fn a_private_key_reads_back_from_its_line() {
        for kind in [KeyKind::Note, KeyKind::Cosignature] {
            let key = key(kind);
            let read = PrivateKey::parse(key.write().as_bytes()).unwrap();
            assert_eq!(read.verifier_key(), key.verifier_key());
        }
    }

    #[test]
    fn no_changed_character_of_a_key_line_is_taken_for_the_same_key() {
        let key = key(KeyKind::Note);
        let line = key.write().trim_end().as_bytes().to_vec();
        for at in 0..line.len() {
            let mut changed = line.clone();
            changed[at] ^= 1;
            let read = PrivateKey::parse(&changed);
            assert!(read.is_err(), "byte {at}");
        }
        assert!(PrivateKey::parse(b"").is_err());
    }
}
