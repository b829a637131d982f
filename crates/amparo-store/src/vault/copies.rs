//! The key of copies: what was opened can be kept under it, sealed, for the next process.
//!
//! It is stored nowhere. It follows from the ledger's secret and every record of the key file up to one,
//! and under a lock from the wrapping key too: so whoever has it can open everything without it, a closed
//! lock keeps it, and it is gone with the first of those keys that is destroyed.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::places::{self, Span};
use super::{Key, Owner, SUBJECTS_FILE, Vault, VaultError, io_error};

const USE: &[u8] = b"amparo/copies/v1";

impl Vault {
    /// How many records the key file has.
    pub(crate) fn records(&self) -> u64 {
        self.span.records()
    }

    /// Whether the key of one of these owners, whose erasure says that it is gone, may still be there.
    pub(crate) fn has_left(&self, erased: &[Owner]) -> Result<bool, VaultError> {
        Ok(!erased.is_empty() && self.may_hold_any(erased)?)
    }

    /// The key of copies of what the first `records` records open. None without keys or records, under a
    /// lock that is not open, while the key of somebody erased is still there, and where the file is
    /// shorter. Costs a look through the records.
    ///
    /// # Errors
    /// [`VaultError::Io`].
    pub(crate) fn key_of_copies(&self, records: u64) -> Result<Option<Key>, VaultError> {
        let wrapping = match &self.lock {
            None => &[][..],
            Some(lock) => match lock.wrapping() {
                Some(wrapping) => &wrapping[..],
                None => return Ok(None),
            },
        };
        let forgotten: Vec<_> = self.forgotten.iter().copied().collect();
        if records == 0 || records > self.records() || self.has_left(&forgotten)? {
            return Ok(None);
        }
        let (Some(secret), Some(mut subjects)) = (&self.secret, self.subjects()) else {
            return Ok(None);
        };
        let mut left = records * self.span.record_bytes as u64;
        let span = Span {
            to: self.span.from + left,
            ..self.span
        };
        let mut hash = Sha256::new_with_prefix(self.ledger.bytes());
        hash.update([u8::from(self.lock.is_some())]);
        hash.update(wrapping);
        for chunk in places::chunks(subjects.file.as_mut(), span) {
            let (_, chunk) = chunk.map_err(io_error(SUBJECTS_FILE))?;
            let taken = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
            hash.update(&chunk[..taken]);
            left -= taken as u64;
        }
        let hash: Key = Zeroizing::new(hash.finalize().into());
        // Else the last record was cut short.
        Ok((left == 0).then(|| Zeroizing::new(secret.mac(USE, &hash[..]))))
    }
}
