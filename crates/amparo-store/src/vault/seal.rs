//! Sealing: XChaCha20-Poly1305 with a random nonce, bound to the ledger and the entry.
//!
//! Sealed bytes are the 24-byte nonce and the ciphertext with its tag. The associated data is a
//! tag of the use, the ledger's id and the entry's id, so that nothing sealed can be moved to
//! another entry and still open.

use amparo_core::id::{EventId, LedgerId};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Key;

pub(crate) const NONCE_BYTES: usize = 24;
const USE: &[u8] = b"amparo/openings/v1";

fn associated(ledger: LedgerId, entry: EventId) -> Vec<u8> {
    [USE, &ledger.bytes(), &entry.bytes()].concat()
}

/// Seals a text; `None` only for a text too long for the cipher, which limits rule out.
pub(super) fn seal(
    key: &Key,
    ledger: LedgerId,
    entry: EventId,
    nonce: &[u8; NONCE_BYTES],
    text: &[u8],
) -> Option<Vec<u8>> {
    seal_as(key, &associated(ledger, entry), nonce, text)
}

/// Seals bytes with whatever they are to be bound to.
pub(crate) fn seal_as(
    key: &Key,
    aad: &[u8],
    nonce: &[u8; NONCE_BYTES],
    bytes: &[u8],
) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let payload = Payload { msg: bytes, aad };
    let sealed = cipher.encrypt(&XNonce::from(*nonce), payload).ok()?;
    Some([&nonce[..], &sealed].concat())
}

/// Opens sealed bytes; `None` where key, ledger, entry or bytes do not match.
pub(super) fn open(
    key: &Key,
    ledger: LedgerId,
    entry: EventId,
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    open_as(key, &associated(ledger, entry), sealed)
}

/// Opens sealed bytes; `None` where key, bytes or what they are bound to do not match.
pub(crate) fn open_as(key: &Key, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let payload = Payload { msg: sealed, aad };
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}
