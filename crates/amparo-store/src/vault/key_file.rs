//! The two key files, byte by byte; `LAYOUT.md` is the same as a table.
//!
//! `secret`: magic, version, lock, ledger id, 32 bytes, CRC-32. `subjects`: a header of the same
//! beginning, then records of owner, key and CRC-32. The lock byte is 0 for keys in the clear;
//! a passphrase will be another value of it.

use amparo_core::id::LedgerId;
use zeroize::Zeroizing;

use super::Key;

const SECRET_MAGIC: &[u8; 8] = b"AMPARO-S";
const SUBJECTS_MAGIC: &[u8; 8] = b"AMPARO-K";
const VERSION: u16 = 1;
const UNLOCKED: u8 = 0;
const PREFIX_BYTES: usize = 8 + 2 + 1 + 16;
pub(super) const SECRET_FILE_BYTES: usize = PREFIX_BYTES + 32 + 4;
pub(super) const RECORD_BYTES: usize = 16 + 32 + 4;

fn prefix(magic: &[u8; 8], ledger: LedgerId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SECRET_FILE_BYTES);
    bytes.extend_from_slice(magic);
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.push(UNLOCKED);
    bytes.extend_from_slice(&ledger.bytes());
    bytes
}

fn sealed_by_crc(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes
}

fn without_crc(bytes: &[u8]) -> Option<&[u8]> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    (crc32fast::hash(body) == u32::from_be_bytes(*crc)).then_some(body)
}

/// Checks magic, version, lock and ledger, and gives what follows them.
fn body<'b>(bytes: &'b [u8], magic: &[u8; 8], ledger: LedgerId) -> Result<&'b [u8], &'static str> {
    let bytes = without_crc(bytes).ok_or("it is damaged")?;
    let (found, rest) = bytes.split_at_checked(8).ok_or("it is too short")?;
    if found != magic {
        return Err("it is no key file");
    }
    let (version, rest) = rest.split_at_checked(2).ok_or("it is too short")?;
    if version != VERSION.to_be_bytes() {
        return Err("it has another version");
    }
    let (lock, rest) = rest.split_first().ok_or("it is too short")?;
    if *lock != UNLOCKED {
        return Err("it is locked with a passphrase, which this version does not know");
    }
    let (owner, rest) = rest.split_at_checked(16).ok_or("it is too short")?;
    if owner != ledger.bytes() {
        return Err("it belongs to another ledger");
    }
    Ok(rest)
}

/// The bytes of the file `secret`.
pub(super) fn secret(ledger: LedgerId, secret: &[u8; 32]) -> Vec<u8> {
    let mut bytes = prefix(SECRET_MAGIC, ledger);
    bytes.extend_from_slice(secret);
    sealed_by_crc(bytes)
}

/// Reads the file `secret`.
pub(super) fn read_secret(bytes: &[u8], ledger: LedgerId) -> Result<[u8; 32], &'static str> {
    let body = body(bytes, SECRET_MAGIC, ledger)?;
    body.try_into().map_err(|_| "it has the wrong length")
}

/// The header of the file `subjects`.
pub(super) struct Header(Vec<u8>);

impl Header {
    pub(super) const BYTES: usize = PREFIX_BYTES + 4;

    pub(super) fn new(ledger: LedgerId) -> Self {
        Self(sealed_by_crc(prefix(SUBJECTS_MAGIC, ledger)))
    }

    pub(super) fn to_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn check(bytes: &[u8], ledger: LedgerId) -> Result<(), &'static str> {
        body(bytes, SUBJECTS_MAGIC, ledger).map(|_| ())
    }
}

/// One record of the file `subjects`.
pub(super) fn record(owner: &[u8; 16], key: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Vec::with_capacity(RECORD_BYTES);
    bytes.extend_from_slice(owner);
    bytes.extend_from_slice(key);
    Zeroizing::new(sealed_by_crc(bytes))
}

/// Whose record it says it is, whether or not its bytes match their check.
pub(super) fn owner_of(record: &[u8]) -> [u8; 16] {
    record.first_chunk::<16>().copied().unwrap_or_default()
}

/// Reads one record; `None` where its bytes do not match their check.
pub(super) fn read_record(bytes: &[u8]) -> Option<([u8; 16], Key)> {
    let (owner, key) = without_crc(bytes)?.split_first_chunk::<16>()?;
    let key: [u8; 32] = key.try_into().ok()?;
    Some((*owner, Zeroizing::new(key)))
}
