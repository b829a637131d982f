//! What a damaged folder holds beside the log: keys, signed heads, their names, what was seen as a
//! witness. What is intact goes into the new folder; what is not is named and left behind.

use std::path::Path;
use std::sync::Arc;

use amparo_core::id::LedgerId;
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::key::{MAX_VERIFIER_KEY_LEN, VerifierKey};
use amparo_tlog::note::MAX_NOTE_LEN;
use amparo_tlog::policy::MAX_POLICY_LEN;
use zeroize::Zeroizing;

use super::super::sign::IN_STORE;
use super::source::OpenedStore;
use super::{CHECKPOINTS, KEYS, RecoverError};
use crate::files::Files;
use crate::ledger::create::InitError;
use crate::signing::key::{KEY_FILE_BYTES_MAX, LOG_KEY, PrivateKey, WITNESS_KEY};
use crate::signing::{Book, CheckpointName, POLICY, SigningError, signed_under};
use crate::vault::{Rescued, Vault};

const LOG_PUB: &str = "checkpoints/log.pub";
const LAST: &str = "keys/last.checkpoint";
const ABANDONED: &str = "checkpoints/abandoned";
const WITNESSED: [&str; 2] = ["checkpoints/witnessed", "keys/witnessed"];
const SUFFIX: &str = ".checkpoint";

/// The intact belongings of a damaged ledger.
pub(super) struct Belongings {
    /// The keys; `None` where the folder has none, as a backup.
    keys: Option<Rescued>,
    /// The key that signs.
    signing: Option<PrivateKey>,
    /// The key that signed heads are checked with.
    log_key: Option<VerifierKey>,
    /// Every signed head, in order of size.
    pub(super) heads: Vec<SignedCheckpoint>,
    names: Vec<(CheckpointName, u64)>,
    /// Small files that are taken as they are, each with its place in the folder.
    files: Vec<(String, Zeroizing<Vec<u8>>)>,
    /// What is damaged.
    pub(super) damage: Vec<String>,
}

impl Belongings {
    /// Reads all there is in a damaged folder.
    pub(super) fn gather(
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
        stores: &[OpenedStore],
    ) -> Self {
        let has_keys = folder.join(KEYS).is_dir();
        let keys = has_keys.then(|| Vault::rescue(files, &folder.join(KEYS), ledger));
        let mut damage = keys
            .as_ref()
            .map_or_else(Vec::new, |keys| keys.damage.clone());
        let signing = match PrivateKey::read(files, folder, LOG_KEY) {
            Ok(key) => key,
            Err(error) => {
                damage.push(error.to_string());
                None
            }
        };
        let mut all = Self {
            keys,
            log_key: None,
            signing,
            heads: Vec::new(),
            names: Vec::new(),
            files: Vec::new(),
            damage,
        };
        all.read_log_key(files, folder);
        all.read_heads(files, folder, stores);
        let book = Book::new(files.clone(), folder);
        match book.names() {
            Ok(names) => all.names = names,
            Err(error) => all.damage.push(error.to_string()),
        }
        all.read_files(files, folder);
        all
    }

    fn read_log_key(&mut self, files: &Arc<dyn Files>, folder: &Path) {
        let written = files
            .read(&folder.join(LOG_PUB), MAX_VERIFIER_KEY_LEN + 1)
            .ok();
        let written = written.and_then(|bytes| String::from_utf8(bytes).ok());
        let written = written.and_then(|text| text.strip_suffix('\n')?.parse().ok());
        let own = self.signing.as_ref().map(PrivateKey::verifier_key);
        if written.is_none() && folder.join(CHECKPOINTS).exists() {
            self.damage.push(format!("{LOG_PUB} is damaged or missing"));
        }
        if self.keys.is_some() && own.is_none() && self.damage.is_empty() {
            self.damage.push(format!("{LOG_KEY} is missing"));
        }
        self.log_key = own.or(written);
    }

    /// Every signed head, wherever one is kept.
    fn read_heads(&mut self, files: &Arc<dyn Files>, folder: &Path, stores: &[OpenedStore]) {
        let Some(key) = self.log_key.clone() else {
            return;
        };
        let listed = files.list(&folder.join(CHECKPOINTS)).unwrap_or_default();
        let names = listed.iter().map(|item| item.name.to_string_lossy());
        let mut places: Vec<_> = names
            .filter(|name| name.ends_with(SUFFIX))
            .map(|name| format!("{CHECKPOINTS}/{name}"))
            .collect();
        if folder.join(LAST).exists() {
            places.push(LAST.to_owned());
        }
        for place in places {
            let read = files.read(&folder.join(&place), MAX_NOTE_LEN);
            let read = read.map_err(|error| error.to_string());
            match read.and_then(|bytes| signed_under(&key, &bytes)) {
                Ok(head) => self.heads.push(head),
                Err(what) => self.damage.push(format!("{place}: {what}")),
            }
        }
        for store in stores {
            let kept = store.derived(IN_STORE).unwrap_or_default();
            self.heads.extend(signed_under(&key, &kept).ok());
        }
        let size = |head: &SignedCheckpoint| head.checkpoint().head().size();
        self.heads.sort_by_key(size);
        self.heads.dedup_by_key(|head| size(head));
    }

    fn read_files(&mut self, files: &Arc<dyn Files>, folder: &Path) {
        let mut places: Vec<_> = [(POLICY.to_owned(), MAX_POLICY_LEN)].into();
        places.push((WITNESS_KEY.to_owned(), KEY_FILE_BYTES_MAX));
        for within in WITNESSED.into_iter().chain([ABANDONED]) {
            let listed = files.list(&folder.join(within)).unwrap_or_default();
            let names = listed.iter().map(|item| item.name.to_string_lossy());
            places
                .extend(names.map(|name| (format!("{within}/{name}"), MAX_NOTE_LEN.max(1 << 20))));
        }
        for (place, bytes_max) in places {
            let path = folder.join(&place);
            if !path.exists() {
                continue;
            }
            match files.read(&path, bytes_max) {
                Ok(bytes) => self.files.push((place, Zeroizing::new(bytes))),
                Err(error) => self.damage.push(format!("{place}: {error}")),
            }
        }
    }

    /// Whether private fields can be sealed in the new ledger.
    pub(super) fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Puts the keys in the place of those that the new folder was begun with.
    pub(super) fn keep_keys(
        &self,
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
    ) -> Result<(), RecoverError> {
        if let Some(keys) = &self.keys {
            let kept = keys.keep(files, &folder.join(KEYS), ledger);
            kept.map_err(InitError::from)?;
        }
        Ok(())
    }

    /// Puts the signed heads, what signs them, and what was seen as a witness into the new folder.
    pub(super) fn keep_signed(
        &self,
        files: &Arc<dyn Files>,
        folder: &Path,
    ) -> Result<(), RecoverError> {
        let book = Book::new(files.clone(), folder);
        if let Some(key) = &self.log_key {
            book.begin(key)?;
            match &self.signing {
                Some(signing) => signing.keep(files, folder, LOG_KEY)?,
                // Only whoever kept a copy of it can sign: `checkpoint --key`.
                None => files
                    .remove_file(&folder.join(LOG_KEY))
                    .map_err(|source| io(LOG_KEY, source))?,
            }
        }
        for head in &self.heads {
            book.keep(head)?;
        }
        let sizes: Vec<_> = self
            .heads
            .iter()
            .map(|head| head.checkpoint().head().size())
            .collect();
        for (name, size) in self.names.iter().filter(|(_, size)| sizes.contains(size)) {
            book.name(name, *size)?;
        }
        for (place, bytes) in &self.files {
            let path = folder.join(place);
            if let Some(within) = path.parent().filter(|within| !within.exists()) {
                let made = files.create_folder(within);
                made.map_err(|source| io(place, source))?;
            }
            let replaced = files.replace(&path, bytes);
            replaced.map_err(|source| io(place, source))?;
        }
        if self.keys.is_none() {
            let removed = std::fs::remove_dir_all(folder.join(KEYS));
            removed.map_err(|source| io(KEYS, source))?;
        }
        Ok(())
    }
}

fn io(file: &str, source: std::io::Error) -> SigningError {
    SigningError::Io {
        file: file.to_owned(),
        source,
    }
}
