//! Cosignatures (C2SP tlog-cosignature, Ed25519, type 0x04): a witness states that, at a time,
//! a checkpoint was the largest consistent one it had seen of that log.
//!
//! Refuses to sign what was not checked first: only [`crate::witness`] hands out cosignatures.
//! Invariant: the signed message starts with its own header line, so it can never be mistaken
//! for the text of a note.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use thiserror::Error;

use crate::key::{KEY_LEN, KeyKind, KeyName, VerifierKey};
use crate::signature::Signature;

/// Latest time that a cosignature can state.
pub const MAX_TIMESTAMP: u64 = (1 << 63) - 1;

const TIMESTAMP_LEN: usize = 8;

/// A POSIX time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// Why a number is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a time is at most {MAX_TIMESTAMP} seconds")]
pub struct TimestampError;

impl Timestamp {
    /// Takes the seconds since the Epoch.
    ///
    /// # Errors
    /// [`TimestampError`] past [`MAX_TIMESTAMP`].
    pub const fn from_unix_seconds(seconds: u64) -> Result<Self, TimestampError> {
        if seconds > MAX_TIMESTAMP {
            Err(TimestampError)
        } else {
            Ok(Self(seconds))
        }
    }

    /// The seconds since the Epoch.
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }
}

/// The key of a witness. It is wiped from memory when dropped.
pub struct Cosigner {
    name: KeyName,
    key: SigningKey,
}

impl Cosigner {
    /// Takes the seed of an Ed25519 key. Each cosigner needs a seed of its own, shared with no
    /// other cosigner: the signed message does not name the signer.
    pub fn from_seed(name: KeyName, seed: &[u8; KEY_LEN]) -> Self {
        Self {
            name,
            key: SigningKey::from_bytes(seed),
        }
    }

    /// The public half, to hand to those who trust this witness.
    pub fn verifier_key(&self) -> VerifierKey {
        VerifierKey::of(
            self.name.clone(),
            KeyKind::Cosignature,
            self.key.verifying_key(),
        )
    }

    /// Signs the body of a checkpoint that was found consistent.
    pub(crate) fn cosign(&self, body: &str, time: Timestamp) -> Signature {
        let signed = self.key.sign(message(body, time).as_bytes());
        let mut bytes = time.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&signed.to_bytes());
        Signature::of(&self.verifier_key(), bytes)
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.verifier_key())
    }
}

fn message(body: &str, time: Timestamp) -> String {
    format!("cosignature/v1\ntime {}\n{body}", time.0)
}

/// Takes a cosignature apart: the time, the message that must be signed, and the Ed25519
/// signature. Nothing when it is too short or the time out of range.
pub(crate) fn open<'s>(body: &str, signature: &'s [u8]) -> Option<(Timestamp, String, &'s [u8])> {
    let (time, rest) = signature.split_first_chunk::<TIMESTAMP_LEN>()?;
    let time = Timestamp::from_unix_seconds(u64::from_be_bytes(*time)).ok()?;
    Some((time, message(body, time), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::BadSignature;

    const BODY: &str = "log.example/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    fn witness() -> Cosigner {
        Cosigner::from_seed("witness.example/w".parse().unwrap(), &[9; KEY_LEN])
    }

    #[test]
    fn a_cosignature_states_its_time_and_covers_the_whole_body() {
        let key = witness().verifier_key();
        let time = Timestamp::from_unix_seconds(1_771_000_000).unwrap();
        let signature = witness().cosign(BODY, time);
        let bad = Err(BadSignature {
            name: key.name().clone(),
        });
        assert_eq!(key.verify(BODY, signature.bytes()), Ok(Some(time)));
        assert_eq!(key.verify(&format!("{BODY}more\n"), signature.bytes()), bad);
        for at in 0..signature.bytes().len() {
            let mut changed = signature.bytes().to_vec();
            changed[at] ^= 1;
            assert_eq!(key.verify(BODY, &changed), bad, "byte {at}");
        }
        for len in 0..signature.bytes().len() {
            assert_eq!(
                key.verify(BODY, &signature.bytes()[..len]),
                bad,
                "{len} bytes"
            );
        }
    }

    #[test]
    fn the_message_is_framed_as_specified() {
        let time = Timestamp::from_unix_seconds(12).unwrap();
        let framed = message("o\n1\nr\n", time);
        assert_eq!(framed, "cosignature/v1\ntime 12\no\n1\nr\n");
    }

    #[test]
    fn a_time_past_the_limit_is_refused() {
        assert_eq!(
            Timestamp::from_unix_seconds(MAX_TIMESTAMP).map(Timestamp::unix_seconds),
            Ok(MAX_TIMESTAMP)
        );
        assert_eq!(
            Timestamp::from_unix_seconds(MAX_TIMESTAMP + 1),
            Err(TimestampError)
        );
        // A well-signed cosignature with such a time is refused too.
        let forged = witness().cosign(BODY, Timestamp(MAX_TIMESTAMP + 1));
        assert!(
            witness()
                .verifier_key()
                .verify(BODY, forged.bytes())
                .is_err()
        );
    }

    #[test]
    fn debug_output_has_no_seed() {
        let shown = format!("{:?}", witness());
        assert_eq!(shown, format!("Cosigner({})", witness().verifier_key()));
    }
}
