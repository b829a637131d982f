//! The two key files, byte by byte; `LAYOUT.md` is the same as a table.
//!
//! `secret`: magic, version, lock, ledger id, 32 bytes, CRC-32. `subjects`: a header of the same
//! beginning, then records of owner, key and CRC-32. The lock byte is 0 for keys in the clear; in
//! `subjects` it is 1 or, for the field, 2 where the header goes on with a lock and each key is
//! sealed under it.

use amparo_core::id::LedgerId;
use zeroize::Zeroizing;

use super::lock::{self, Lock, Opener, Sealer};
use super::{Key, Owner};
use crate::Random;

const SECRET_MAGIC: &[u8; 8] = b"AMPARO-S";
const SUBJECTS_MAGIC: &[u8; 8] = b"AMPARO-K";
const VERSION: u16 = 1;
const UNLOCKED: u8 = 0;
const LOCKED: u8 = 1;
const LOCKED_FOR_FIELD: u8 = 2;
const LOCK_AT: usize = 8 + 2;
const PREFIX_BYTES: usize = LOCK_AT + 1 + 16;
const CRC_BYTES: usize = 4;
pub(super) const SECRET_FILE_BYTES: usize = PREFIX_BYTES + 32 + CRC_BYTES;
/// Records that are read at once.
pub(super) const CHUNK_RECORDS: usize = if cfg!(test) { 4 } else { 8192 };
/// The most bytes of the header of `subjects`.
pub(super) const HEADER_BYTES_MAX: usize = PREFIX_BYTES + lock::BYTES_MAX + CRC_BYTES;

fn prefix(magic: &[u8; 8], lock: u8, ledger: LedgerId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX);
    bytes.extend_from_slice(magic);
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.push(lock);
    bytes.extend_from_slice(&ledger.bytes());
    bytes
}

fn sealed_by_crc(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes
}

fn without_crc(bytes: &[u8]) -> Option<&[u8]> {
    let (body, crc) = bytes.split_last_chunk::<CRC_BYTES>()?;
    (crc32fast::hash(body) == u32::from_be_bytes(*crc)).then_some(body)
}

/// Checks magic, version, lock and ledger, and gives what follows them.
fn body<'b>(
    bytes: &'b [u8],
    magic: &[u8; 8],
    lock: u8,
    ledger: LedgerId,
) -> Result<&'b [u8], &'static str> {
    let bytes = without_crc(bytes).ok_or("it is damaged")?;
    let (found, rest) = bytes.split_at_checked(8).ok_or("it is too short")?;
    if found != magic {
        return Err("it is no key file");
    }
    let (version, rest) = rest.split_at_checked(2).ok_or("it is too short")?;
    if version != VERSION.to_be_bytes() {
        return Err("it has another version");
    }
    let (found, rest) = rest.split_first().ok_or("it is too short")?;
    if *found != lock {
        return Err("it is locked in a way that this version does not know");
    }
    let (owner, rest) = rest.split_at_checked(16).ok_or("it is too short")?;
    if owner != ledger.bytes() {
        return Err("it belongs to another ledger");
    }
    Ok(rest)
}

/// The bytes of the file `secret`.
pub(super) fn secret(ledger: LedgerId, secret: &[u8; 32]) -> Vec<u8> {
    let mut bytes = prefix(SECRET_MAGIC, UNLOCKED, ledger);
    bytes.extend_from_slice(secret);
    sealed_by_crc(bytes)
}

/// Reads the file `secret`.
pub(super) fn read_secret(bytes: &[u8], ledger: LedgerId) -> Result<[u8; 32], &'static str> {
    let body = body(bytes, SECRET_MAGIC, UNLOCKED, ledger)?;
    body.try_into().map_err(|_| "it has the wrong length")
}

/// The bytes of the header of the file `subjects`.
pub(super) fn header(ledger: LedgerId, lock: Option<&Lock>) -> Vec<u8> {
    sealed_by_crc(match lock {
        None => prefix(SUBJECTS_MAGIC, UNLOCKED, ledger),
        Some(lock) => {
            let kind = match lock.is_for_field() {
                false => LOCKED,
                true => LOCKED_FOR_FIELD,
            };
            let mut bytes = prefix(SUBJECTS_MAGIC, kind, ledger);
            bytes.extend_from_slice(&lock.to_bytes());
            bytes
        }
    })
}

/// Reads the header off the beginning of the file `subjects`: its length, and its lock.
pub(super) fn read_header(
    bytes: &[u8],
    ledger: LedgerId,
) -> Result<(usize, Option<Lock>), &'static str> {
    let slots = bytes.get(PREFIX_BYTES).copied();
    let (kind, more) = match (bytes.get(LOCK_AT), slots) {
        (Some(&LOCKED), Some(slots)) => (LOCKED, Lock::len_of(slots, false)),
        (Some(&LOCKED_FOR_FIELD), Some(slots)) => (LOCKED_FOR_FIELD, Lock::len_of(slots, true)),
        _ => (UNLOCKED, 0),
    };
    let len = PREFIX_BYTES + more + CRC_BYTES;
    let header = bytes.get(..len).ok_or("it is too short")?;
    let rest = body(header, SUBJECTS_MAGIC, kind, ledger)?;
    let lock = match kind {
        UNLOCKED => None,
        kind => Some(Lock::read(rest, kind == LOCKED_FOR_FIELD, ledger)?),
    };
    Ok((len, lock))
}

/// Whether a header says that it has a lock, damaged or not.
pub(super) fn says_it_is_locked(bytes: &[u8]) -> bool {
    matches!(bytes.get(LOCK_AT), Some(&LOCKED | &LOCKED_FOR_FIELD))
}

/// How long each record is.
pub(super) fn record_bytes(lock: Option<&Lock>) -> usize {
    16 + lock.map_or(32, Lock::sealed_bytes) + CRC_BYTES
}

/// One record of the file `subjects`; `None` only for what the cipher refuses.
pub(super) fn record(
    owner: Owner,
    key: &Key,
    sealer: Option<&Sealer<'_>>,
    random: Random<'_>,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(record_bytes(None));
    bytes.extend_from_slice(&owner.0);
    match sealer {
        None => bytes.extend_from_slice(&key[..]),
        Some(sealer) => bytes.extend_from_slice(&sealer.seal(owner, key, random)?),
    }
    Some(Zeroizing::new(sealed_by_crc(bytes)))
}

/// Whose record it says it is, whether or not its bytes match their check.
pub(super) fn owner_of(record: &[u8]) -> Owner {
    Owner(record.first_chunk::<16>().copied().unwrap_or_default())
}

/// Whether the bytes of a record match their check.
pub(super) fn is_sound(record: &[u8], record_bytes: usize) -> bool {
    record.len() == record_bytes && without_crc(record).is_some()
}

/// What a record holds.
pub(super) enum Record {
    /// The key.
    Key(Owner, Key),
    /// A key that is sealed under a lock that is not open.
    Locked(Owner),
    /// Bytes that do not match their check, or are no key of this lock.
    Damaged,
}

/// Reads one record.
pub(super) fn read_record(bytes: &[u8], opener: Option<&mut Opener<'_>>) -> Record {
    let lock = opener.as_ref().map(|opener| opener.lock());
    let whole = (bytes.len() == record_bytes(lock)).then_some(bytes);
    let body = whole.and_then(without_crc);
    let Some((owner, key)) = body.and_then(<[u8]>::split_first_chunk::<16>) else {
        return Record::Damaged;
    };
    let owner = Owner(*owner);
    let key = match opener {
        None => <[u8; 32]>::try_from(key).ok().map(Zeroizing::new),
        Some(opener) if opener.lock().is_open() => opener.open(owner, key),
        Some(_) => return Record::Locked(owner),
    };
    key.map_or(Record::Damaged, |key| Record::Key(owner, key))
}
