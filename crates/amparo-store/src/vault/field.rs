//! Keys sealed for somebody else: by a laptop in the field, which cannot open them again.
//!
//! Each writing draws a key pair of its own, which is forgotten with it; what it shares with the
//! public key of the lock seals the keys of that writing. Whoever opens the lock has the private
//! key. `LAYOUT.md` is the same as a table.
//!
//! Refuses a public key that would make the shared key a known one. Invariant: two writings never
//! share a key, and two records under one key never share a nonce.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::lock::SEALED_KEY_BYTES;
use super::{Key, seal};
use crate::Random;

const USE: &[u8] = b"amparo/field/v1";
pub(super) const PUBLIC_KEY_BYTES: usize = 32;
/// The public key of the writing, a nonce, a key and its tag.
pub(super) const SEALED_BYTES: usize = PUBLIC_KEY_BYTES + SEALED_KEY_BYTES;

/// The public key to a private one.
pub(super) fn public_key(private: &Key) -> [u8; PUBLIC_KEY_BYTES] {
    PublicKey::from(&StaticSecret::from(**private)).to_bytes()
}

/// What one side's private key and the other's public key have in common; `None` for a public key
/// of small order, with which everybody has the same in common.
fn shared(
    private: &StaticSecret,
    public: &[u8; PUBLIC_KEY_BYTES],
    writing: &[u8; PUBLIC_KEY_BYTES],
    lock: &[u8; PUBLIC_KEY_BYTES],
) -> Option<Key> {
    let shared = private.diffie_hellman(&PublicKey::from(*public));
    let digest = Sha256::new()
        .chain_update(USE)
        .chain_update(shared.as_bytes())
        .chain_update(writing)
        .chain_update(lock)
        .finalize();
    shared
        .was_contributory()
        .then(|| Zeroizing::new(digest.into()))
}

/// Seals the keys of one writing.
pub(super) struct Sender {
    writing: [u8; PUBLIC_KEY_BYTES],
    key: Key,
}

impl Sender {
    /// One for whoever has the private key to this public one.
    pub(super) fn to(lock: &[u8; PUBLIC_KEY_BYTES], random: Random<'_>) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        random(&mut *bytes);
        let private = StaticSecret::from(*bytes);
        let writing = PublicKey::from(&private).to_bytes();
        let key = shared(&private, lock, &writing, lock)?;
        Some(Self { writing, key })
    }

    /// Seals a key with what it is bound to.
    pub(super) fn seal(&self, aad: &[u8], key: &Key, random: Random<'_>) -> Option<Vec<u8>> {
        let mut nonce = [0; seal::NONCE_BYTES];
        random(&mut nonce);
        let sealed = seal::seal_as(&self.key, aad, &nonce, &key[..])?;
        Some([&self.writing[..], &sealed].concat())
    }
}

/// Writings whose keys are kept: more than there are in a log of many millions of entries, written
/// some thousands at a time.
const WRITINGS_KEPT: usize = 1 << 14;

/// Opens what was sealed for a private key; quick where a record of the same writing came before.
pub(super) struct Receiver {
    private: StaticSecret,
    lock: [u8; PUBLIC_KEY_BYTES],
    kept: HashMap<[u8; PUBLIC_KEY_BYTES], Key>,
}

impl Receiver {
    /// One with this private key.
    pub(super) fn new(private: &Key) -> Self {
        Self {
            private: StaticSecret::from(**private),
            lock: public_key(private),
            kept: HashMap::new(),
        }
    }

    /// Opens a sealed key; `None` where anything does not match.
    pub(super) fn open(&mut self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (writing, sealed) = sealed.split_first_chunk::<PUBLIC_KEY_BYTES>()?;
        let key = match self.kept.get(writing) {
            Some(key) => key.clone(),
            None => {
                let key = shared(&self.private, writing, writing, &self.lock)?;
                if self.kept.len() >= WRITINGS_KEPT {
                    self.kept.clear();
                }
                self.kept.insert(*writing, key.clone());
                key
            }
        };
        seal::open_as(&key, aad, sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Zeroizing::new([byte; 32])
    }

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes: &mut [u8]| {
            for byte in bytes {
                next = next.wrapping_add(1);
                *byte = next;
            }
        }
    }

    #[test]
    fn only_the_private_key_opens_what_was_sealed_and_only_as_it_was() {
        let mut random = counting();
        let office = key(7);
        let mut receiver = Receiver::new(&office);
        let one = Sender::to(&public_key(&office), &mut random).unwrap();
        let other = Sender::to(&public_key(&office), &mut random).unwrap();
        let mut all = Vec::new();
        for (n, sender) in [&one, &other, &one].into_iter().enumerate() {
            let (aad, sealed) = ([n as u8], key(n as u8));
            let sealed_bytes = sender.seal(&aad, &sealed, &mut random).unwrap();
            assert_eq!(sealed_bytes.len(), SEALED_BYTES);
            assert_eq!(receiver.open(&aad, &sealed_bytes).unwrap()[..], sealed[..]);
            assert!(receiver.open(b"another", &sealed_bytes).is_none());
            assert!(Receiver::new(&key(8)).open(&aad, &sealed_bytes).is_none());
            for bit in 0..sealed_bytes.len() * 8 {
                let mut flipped = sealed_bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                // RFC 7748: the highest bit of a public key is not looked at; it is of the writing,
                // to which the key is bound.
                assert!(receiver.open(&aad, &flipped).is_none(), "{n} {bit}");
            }
            all.push(sealed_bytes);
        }
        assert_ne!(all[0][..32], all[1][..32]);
        assert_eq!(all[0][..32], all[2][..32]);
        assert_ne!(all[0][32..56], all[2][32..56]);
    }

    #[test]
    fn a_public_key_that_everybody_has_the_same_in_common_with_is_refused() {
        let one = {
            let mut one = [0; 32];
            one[0] = 1;
            one
        };
        for small in [[0; 32], one] {
            assert!(Sender::to(&small, &mut counting()).is_none());
            let sealed = [&small[..], &[0; SEALED_KEY_BYTES]].concat();
            assert!(Receiver::new(&key(7)).open(b"", &sealed).is_none());
        }
    }
}
