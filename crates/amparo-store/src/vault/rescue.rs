//! What is intact of a folder of keys that may be damaged: for a new ledger, never in place.

use std::path::Path;
use std::sync::Arc;

use amparo_core::id::LedgerId;
use zeroize::Zeroizing;

use super::key_file::{self, Record};
use super::lock::Lock;
use super::{SECRET_FILE, SUBJECTS_FILE, Vault, VaultError, io_error};
use crate::files::Files;

/// The most bytes of a key file that are read at once: 20 million keys.
const KEYS_BYTES_MAX: usize = 1 << 30;

/// What is intact of a folder of keys.
pub(crate) struct Rescued {
    pub(crate) secret: Option<Zeroizing<[u8; 32]>>,
    /// The bytes of a key file with every sound record.
    subjects: Zeroizing<Vec<u8>>,
    pub(crate) damage: Vec<String>,
}

impl Rescued {
    /// Puts the keys in the place of a new ledger's own, durably.
    pub(crate) fn keep(
        &self,
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
    ) -> Result<(), VaultError> {
        if let Some(secret) = &self.secret {
            let bytes = Zeroizing::new(key_file::secret(ledger, secret));
            let replaced = files.replace(&folder.join(SECRET_FILE), &bytes);
            replaced.map_err(io_error(SECRET_FILE))?;
        }
        let replaced = files.replace(&folder.join(SUBJECTS_FILE), &self.subjects);
        replaced.map_err(io_error(SUBJECTS_FILE))
    }
}

impl Vault {
    /// What is intact of a folder of keys, damaged or not; changes nothing.
    pub(crate) fn rescue(files: &Arc<dyn Files>, folder: &Path, ledger: LedgerId) -> Rescued {
        let mut rescued = Rescued {
            secret: None,
            subjects: Zeroizing::new(key_file::header(ledger, None)),
            damage: Vec::new(),
        };
        match files.read(&folder.join(SECRET_FILE), key_file::SECRET_FILE_BYTES) {
            Ok(bytes) => match key_file::read_secret(&Zeroizing::new(bytes), ledger) {
                Ok(secret) => rescued.secret = Some(Zeroizing::new(secret)),
                Err(what) => rescued.damage.push(format!("keys/{SECRET_FILE}: {what}")),
            },
            Err(error) => rescued.damage.push(format!("keys/{SECRET_FILE}: {error}")),
        }
        let bytes = match files.read(&folder.join(SUBJECTS_FILE), KEYS_BYTES_MAX) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) => {
                rescued
                    .damage
                    .push(format!("keys/{SUBJECTS_FILE}: {error}"));
                return rescued;
            }
        };
        let (header, lock) = match key_file::read_header(&bytes, ledger) {
            Ok(read) => read,
            Err(what) => {
                rescued.damage.push(format!("keys/{SUBJECTS_FILE}: {what}"));
                if key_file::says_it_is_locked(&bytes) {
                    let what = "what opens the lock is damaged, so that no key can be opened";
                    rescued.damage.push(format!("keys/{SUBJECTS_FILE}: {what}"));
                    return rescued;
                }
                (rescued.subjects.len().min(bytes.len()), None)
            }
        };
        let lock = lock.as_ref();
        rescued.subjects = Zeroizing::new(key_file::header(ledger, lock));
        let record_bytes = key_file::record_bytes(lock);
        let mut receiver = lock.and_then(Lock::receiver);
        let mut opener = lock.map(|lock| lock.opener(&mut receiver));
        for (number, record) in (0_u64..).zip(bytes[header..].chunks(record_bytes)) {
            match key_file::read_record(record, opener.as_mut()) {
                Record::Key(..) | Record::Locked(_) => rescued.subjects.extend_from_slice(record),
                Record::Damaged => {
                    let at = header as u64 + number * record_bytes as u64;
                    let what = format!("keys/{SUBJECTS_FILE} at byte {at}: a key is damaged");
                    rescued.damage.push(what);
                }
            }
        }
        rescued
    }
}
