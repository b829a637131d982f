//! What was opened, kept as other models are, but sealed: `derived/NAME.sealed`.
//!
//! The key is the vault's [key of copies](crate::vault), which is stored nowhere: once any key that
//! something in the file was opened with is destroyed, nobody can read it. An erasure also overwrites
//! and removes such files. A model is the number of key records (8 bytes, little-endian), a nonce (24),
//! and what is kept, sealed with XChaCha20-Poly1305 under the stamp and that number. The nonce follows
//! from all of these, so that no two files share one.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Ledger;
use super::derived::{FOLDER, Kept, Stamp, TEMPORARY};
use crate::files::OpenMode;
use crate::vault::{Key, Vault, overwrite, seal};

/// How the names of such files end.
const EXTENSION: &str = "sealed";
const USE: &[u8] = b"amparo/kept/v1";

/// What was opened and kept.
pub struct KeptSealed {
    /// How many entries it was worked out of.
    pub size: u64,
    /// What was given to be kept.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Names how much, and nothing else.
impl std::fmt::Debug for KeptSealed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("KeptSealed");
        shown.field("size", &self.size).finish_non_exhaustive()
    }
}

/// Whether a file of `derived/` is sealed.
pub(super) fn is_sealed(name: &str) -> bool {
    Path::new(name).extension() == Some(EXTENSION.as_ref())
}

/// What a sealed model holds; none where the keys are not all there any more, or are locked.
pub(super) fn open(kept: &Kept, vault: &Vault) -> Option<Zeroizing<Vec<u8>>> {
    let (records, sealed) = kept.bytes().split_first_chunk::<8>()?;
    let key = vault.key_of_copies(u64::from_le_bytes(*records)).ok()??;
    seal::open_as(&key, &associated(&kept.stamp(), records), sealed)
}

fn sealed(vault: &Vault, stamp: &Stamp, bytes: &[u8]) -> Option<Vec<u8>> {
    let records = vault.records();
    let key = vault.key_of_copies(records).ok()??;
    let records = records.to_le_bytes();
    let associated = associated(stamp, &records);
    let nonce = nonce(&key, &associated, bytes);
    let sealed = seal::seal_as(&key, &associated, &nonce, bytes)?;
    Some([&records[..], &sealed].concat())
}

fn associated(stamp: &Stamp, records: &[u8; 8]) -> Vec<u8> {
    [USE, &stamp.bytes(), records].concat()
}

fn nonce(key: &Key, associated: &[u8], bytes: &[u8]) -> [u8; seal::NONCE_BYTES] {
    let hash = Sha256::new_with_prefix(&key[..])
        .chain_update(associated)
        .chain_update(bytes)
        .finalize();
    let mut nonce = [0; seal::NONCE_BYTES];
    nonce.copy_from_slice(&hash[..seal::NONCE_BYTES]);
    nonce
}

impl Ledger {
    /// What was opened and kept under a name that ends in `.sealed`, if it was opened of the first
    /// entries of this log, and every key that it was opened with is still there.
    pub fn kept_sealed(&self, name: &str) -> Option<KeptSealed> {
        let kept = self.kept(name)?;
        let bytes = open(&kept, &self.vault)?;
        let size = kept.size();
        Some(KeptSealed { size, bytes })
    }

    /// Keeps what was opened of the first `size` entries under a name that ends in `.sealed`; nothing
    /// where the keys give no key for it, or the folder cannot be written. What was opened
    /// must be all that the log's keys open: see [`each_private`](Self::each_private).
    pub fn keep_sealed(&self, name: &str, size: u64, bytes: &[u8]) {
        debug_assert!(is_sealed(name), "an erasure does not find {name}");
        let Ok(stamp) = self.stamp(size) else { return };
        if let Some(sealed) = sealed(&self.vault, &stamp, bytes) {
            self.keep(name, size, &sealed);
        }
    }

    /// Overwrites and removes what is kept sealed. Nobody can read it once its keys have changed, so
    /// it does not matter where that cannot be done.
    pub(super) fn remove_sealed(&self) {
        let folder = self.folder.join(FOLDER);
        for listed in self.files.list(&folder).unwrap_or_default() {
            let path = folder.join(&listed.name);
            // One that was being written is sealed under the same key.
            let is_unfinished = path.extension() == Some(TEMPORARY.as_ref());
            if !is_unfinished && !is_sealed(&listed.name.to_string_lossy()) {
                continue;
            }
            if let Ok(mut file) = self.files.open(&path, OpenMode::Write) {
                let _ = overwrite(file.as_mut());
            }
            let _ = self.files.remove_file(&path);
        }
    }
}
