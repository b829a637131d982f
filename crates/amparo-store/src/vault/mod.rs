//! The vault: the ledger's secret, the key of each subject, and what is sealed under them.
//!
//! Keys live in `keys/`, outside journal and sled store, so that destroying a key destroys what
//! was sealed under it in every copy of the log. A key is durable before anything sealed under
//! it is: otherwise a power cut could leave a name that nobody can open. A copy of a ledger
//! without `keys/` opens, counts and verifies; it only cannot show names.

mod key_file;
mod rescue;
mod seal;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::id::{EventId, LedgerId, Subject};
use amparo_core::identity::Secret;
use amparo_core::private::Openings;
use zeroize::Zeroizing;

use crate::Random;
use crate::files::{Files, OpenFile, OpenMode};
use key_file::{Header, RECORD_BYTES};
pub(crate) use rescue::Rescued;

const SECRET_FILE: &str = "secret";
const SUBJECTS_FILE: &str = "subjects";

/// Whose key it is: a subject's, or the ledger's own for what is about nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Owner([u8; 16]);

impl Owner {
    /// The owner of what an entry about this subject keeps private.
    pub(crate) fn of(subject: Option<Subject>, ledger: LedgerId) -> Self {
        match subject {
            Some(subject) => Self(subject.uuid().into_bytes()),
            None => Self(ledger.bytes()),
        }
    }

    /// Whether this, read from a damaged record, may be one of these but for some bits. The ids of
    /// two people differ in 60 bits or so.
    fn may_be_one_of(self, owners: &[Self]) -> bool {
        /// The most bits of an id that damage is thought to turn.
        const BITS_TURNED_MAX: u32 = 16;
        let (this, all) = (u128::from_be_bytes(self.0), owners.iter());
        let mut others = all.map(|owner| u128::from_be_bytes(owner.0));
        others.any(|other| (this ^ other).count_ones() <= BITS_TURNED_MAX)
    }
}

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The keys of a ledger, open.
#[derive(Debug)]
pub(crate) struct Vault {
    ledger: LedgerId,
    secret: Option<Secret>,
    keys: HashMap<Owner, Key>,
    files: Arc<dyn Files>,
    folder: PathBuf,
    subjects: Option<Box<dyn OpenFile>>,
    /// Where the next record goes: behind all that is there, sound or not.
    end: u64,
    /// Where the damaged records are, and whose they say they are.
    damaged: Vec<(u64, Owner)>,
    /// Whether the file ends within a record.
    is_cut: bool,
    poisoned: bool,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key file cannot be read or written.
    #[error("cannot use the key file {file}")]
    Io {
        /// The file's name in `keys/`.
        file: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A key file is damaged, or of another ledger or version.
    #[error("the key file {file} is not one of this ledger's: {reason}")]
    Unusable {
        /// The file's name in `keys/`.
        file: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The ledger folder has no keys, or can only be read.
    #[error("this copy of the ledger has no keys that can be written")]
    NoKeys,
    /// An earlier write of keys failed.
    #[error("an earlier write of keys failed; reopen the ledger")]
    Poisoned,
}

fn io_error(file: &'static str) -> impl Fn(io::Error) -> VaultError {
    move |source| VaultError::Io { file, source }
}

impl Vault {
    /// Writes the key files of a new ledger into its empty folder `keys/`, durably.
    pub(crate) fn create(
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
        secret: &[u8; 32],
    ) -> Result<(), VaultError> {
        files.create_folder(folder).map_err(io_error("keys"))?;
        for (name, body) in [
            (SECRET_FILE, key_file::secret(ledger, secret)),
            (SUBJECTS_FILE, Header::new(ledger).to_bytes().to_vec()),
        ] {
            files
                .replace(&folder.join(name), &body)
                .map_err(io_error(name))?;
        }
        Ok(())
    }

    /// Opens the keys of a ledger; without a folder of keys, a vault that opens nothing.
    ///
    /// A damaged record is remembered, the others are used, and nothing is ever written over it:
    /// from here a torn write that nobody relies on looks like damage. Whoever knows the log says
    /// which it was ([`clear_unused`](Self::clear_unused)).
    pub(crate) fn open(
        files: &Arc<dyn Files>,
        folder: &Path,
        ledger: LedgerId,
        mode: OpenMode,
    ) -> Result<Self, VaultError> {
        let mut vault = Self {
            ledger,
            secret: None,
            keys: HashMap::new(),
            files: files.clone(),
            folder: folder.to_owned(),
            subjects: None,
            end: 0,
            damaged: Vec::new(),
            is_cut: false,
            poisoned: false,
        };
        let secret_path: PathBuf = folder.join(SECRET_FILE);
        match files.read(&secret_path, key_file::SECRET_FILE_BYTES) {
            Ok(bytes) => {
                let secret = key_file::read_secret(&bytes, ledger).map_err(|reason| {
                    VaultError::Unusable {
                        file: SECRET_FILE,
                        reason,
                    }
                })?;
                vault.secret = Some(Secret::new(secret));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && mode == OpenMode::Read => {
                return Ok(vault);
            }
            Err(error) => return Err(io_error(SECRET_FILE)(error)),
        }
        let mut file = files
            .open(&folder.join(SUBJECTS_FILE), mode)
            .map_err(io_error(SUBJECTS_FILE))?;
        vault.load(file.as_mut())?;
        if mode == OpenMode::Write {
            vault.subjects = Some(file);
        }
        Ok(vault)
    }

    fn load(&mut self, file: &mut dyn OpenFile) -> Result<(), VaultError> {
        let failed = io_error(SUBJECTS_FILE);
        let mut header = [0; Header::BYTES];
        let read = file.read_at(&mut header, 0).map_err(&failed)?;
        Header::check(&header[..read], self.ledger).map_err(|reason| VaultError::Unusable {
            file: SUBJECTS_FILE,
            reason,
        })?;
        let mut chunk = Zeroizing::new(vec![0; RECORD_BYTES * 4096]);
        let mut at = Header::BYTES as u64;
        loop {
            let read = file.read_at(&mut chunk, at).map_err(&failed)?;
            for record in chunk[..read].chunks_exact(RECORD_BYTES) {
                match key_file::read_record(record) {
                    Some((owner, key)) => {
                        self.keys.insert(Owner(owner), key);
                    }
                    None => self.damaged.push((at, Owner(key_file::owner_of(record)))),
                }
                at += RECORD_BYTES as u64;
            }
            if read < chunk.len() {
                break;
            }
        }
        self.is_cut = file.len().map_err(&failed)? > at;
        self.end = at + u64::from(self.is_cut) * RECORD_BYTES as u64;
        Ok(())
    }

    /// The ledger's secret, where the keys are there.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Offsets of damaged key records, without those at the end of the file, which a crash may
    /// have torn before anybody relied on them.
    pub(crate) fn damaged(&self) -> impl Iterator<Item = u64> + '_ {
        let within = self.damaged.iter().map(|(at, _)| *at);
        within.filter(|at| *at < self.first_torn())
    }

    /// Where the unbroken run of bad records at the end of the file begins.
    fn first_torn(&self) -> u64 {
        let record = RECORD_BYTES as u64;
        let end = self.end - u64::from(self.is_cut) * record;
        let damaged = self.damaged.iter().rev().map(|(at, _)| *at);
        damaged.fold(end, |end, at| if at + record == end { at } else { end })
    }

    /// How many records are damaged or cut off.
    pub(crate) fn unreadable(&self) -> usize {
        self.damaged.len() + usize::from(self.is_cut)
    }

    /// Whether there is a key of an owner.
    pub(crate) fn has(&self, owner: Owner) -> bool {
        self.keys.contains_key(&owner)
    }

    /// Gives up every unreadable record: nothing that is sealed lacks its key, so they are what a
    /// crash left of keys that were never used. Those at the end are written over by the next.
    pub(crate) fn clear_unused(&mut self) -> Result<(), VaultError> {
        self.end = self.first_torn();
        self.is_cut = false;
        let end = self.end;
        self.damaged.retain(|(at, _)| *at < end);
        if self.damaged.is_empty() {
            return Ok(());
        }
        let mut old = self.subjects.take().ok_or(VaultError::NoKeys)?;
        let is_sound = |record: &[u8]| key_file::read_record(record).is_some();
        let rewritten = self.rewrite(is_sound, old.as_mut());
        self.settle(rewritten)?;
        self.damaged.clear();
        Ok(())
    }

    /// Goes on with a key file that was written anew.
    fn settle(
        &mut self,
        rewritten: io::Result<(Box<dyn OpenFile>, u64)>,
    ) -> Result<(), VaultError> {
        match rewritten {
            Ok((file, end)) => {
                (self.subjects, self.end, self.is_cut) = (Some(file), end, false);
                Ok(())
            }
            Err(source) => {
                self.poisoned = true;
                Err(io_error(SUBJECTS_FILE)(source))
            }
        }
    }

    /// Sees to it that each owner has a key, durably.
    pub(crate) fn ensure(
        &mut self,
        owners: impl Iterator<Item = Owner>,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let mut records = Zeroizing::new(Vec::new());
        let mut fresh: Vec<(Owner, Key)> = Vec::new();
        for owner in owners {
            if self.keys.contains_key(&owner) || fresh.iter().any(|(known, _)| *known == owner) {
                continue;
            }
            let mut key = Zeroizing::new([0; 32]);
            random(&mut *key);
            records.extend_from_slice(&key_file::record(&owner.0, &key));
            self.keys.insert(owner, key.clone());
            fresh.push((owner, key));
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let written = self.append(&records);
        if written.is_err() {
            for (owner, _) in fresh {
                self.keys.remove(&owner);
            }
        }
        written
    }

    fn append(&mut self, records: &[u8]) -> Result<(), VaultError> {
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let file = self.subjects.as_mut().ok_or(VaultError::NoKeys)?;
        let written = file
            .write_all_at(records, self.end)
            .and_then(|()| file.sync_data());
        if let Err(source) = written {
            self.poisoned = true;
            return Err(VaultError::Io {
                file: SUBJECTS_FILE,
                source,
            });
        }
        self.end += records.len() as u64;
        Ok(())
    }

    /// Destroys the keys of these owners, durably: the file is written anew without them, and the
    /// bytes of the old one are overwritten. Answers how many there were.
    ///
    /// A damaged record is destroyed as well if it may be of one of them. Costs the file whole, and
    /// nothing where none of them has a record.
    pub(crate) fn destroy(&mut self, owners: &[Owner]) -> Result<usize, VaultError> {
        let is_damaged = |(_, owner): &(u64, Owner)| owner.may_be_one_of(owners);
        let damaged = self.damaged.iter().filter(|record| is_damaged(record));
        let damaged = damaged.count();
        if damaged == 0 && !owners.iter().any(|owner| self.keys.contains_key(owner)) {
            return Ok(0);
        }
        if self.poisoned {
            return Err(VaultError::Poisoned);
        }
        let mut old = self.subjects.take().ok_or(VaultError::NoKeys)?;
        let is_kept = |record: &[u8]| match key_file::read_record(record) {
            Some((owner, _)) => !owners.contains(&Owner(owner)),
            None => !Owner(key_file::owner_of(record)).may_be_one_of(owners),
        };
        let rewritten = self.rewrite(is_kept, old.as_mut());
        self.settle(rewritten)?;
        // Where those that stay are by now, the next opening finds.
        self.damaged.retain(|record| !is_damaged(record));
        Ok(self.forget(owners) + damaged)
    }

    /// Forgets the keys of these owners, in memory alone.
    pub(crate) fn forget(&mut self, owners: &[Owner]) -> usize {
        let mut forgotten = 0;
        for owner in owners {
            forgotten += usize::from(self.keys.remove(owner).is_some());
        }
        forgotten
    }

    /// Writes the key file anew with some of its records, and overwrites the bytes of the old one.
    fn rewrite(
        &self,
        is_kept: impl Fn(&[u8]) -> bool,
        old: &mut dyn OpenFile,
    ) -> io::Result<(Box<dyn OpenFile>, u64)> {
        let path = self.folder.join(SUBJECTS_FILE);
        let mut kept = Zeroizing::new(Header::new(self.ledger).to_bytes().to_vec());
        let mut chunk = Zeroizing::new(vec![0; RECORD_BYTES * 4096]);
        let mut at = Header::BYTES as u64;
        while at < self.end {
            let wanted =
                usize::try_from(self.end - at).map_or(chunk.len(), |left| left.min(chunk.len()));
            // A record that is cut off is kept as long as one, so that those after it are found.
            chunk.fill(0);
            old.read_at(&mut chunk[..wanted], at)?;
            let records = chunk[..wanted].chunks_exact(RECORD_BYTES);
            for record in records.filter(|record| is_kept(record)) {
                kept.extend_from_slice(record);
            }
            at += wanted as u64;
        }
        self.files.replace(&path, &kept)?;
        // The name is the new file's by now; this is the old one, until it is closed.
        let zeros = vec![0; RECORD_BYTES * 4096];
        let mut at = Header::BYTES as u64;
        let len = old.len()?;
        while at < len {
            let bytes = usize::try_from(len - at).map_or(zeros.len(), |left| left.min(zeros.len()));
            old.write_all_at(&zeros[..bytes], at)?;
            at += bytes as u64;
        }
        old.sync_data()?;
        let end = kept.len() as u64;
        Ok((self.files.open(&path, OpenMode::Write)?, end))
    }

    /// Seals the openings of an entry; `None` where the owner has no key.
    pub(crate) fn seal(
        &self,
        owner: Owner,
        entry: EventId,
        openings: &Openings,
        random: Random<'_>,
    ) -> Option<Vec<u8>> {
        let key = self.keys.get(&owner)?;
        let mut nonce = [0; seal::NONCE_BYTES];
        random(&mut nonce);
        let text = Zeroizing::new(openings.to_json());
        seal::seal(key, self.ledger, entry, &nonce, text.as_bytes())
    }

    /// Opens what was sealed for an entry.
    pub(crate) fn open_sealed(&self, owner: Owner, entry: EventId, sealed: &[u8]) -> Opened {
        let Some(key) = self.keys.get(&owner) else {
            return Opened::NoKey;
        };
        let opened = seal::open(key, self.ledger, entry, sealed)
            .and_then(|text| Openings::from_json(std::str::from_utf8(&text).ok()?).ok());
        opened.map_or(Opened::Damaged, Opened::Openings)
    }
}

/// What became of an attempt to open something sealed.
#[derive(Debug)]
pub(crate) enum Opened {
    Openings(Openings),
    /// Erased, or a copy without its keys.
    NoKey,
    Damaged,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::RealFiles;
    use crate::files::faults::{Effect, Fault, FaultyFiles, Survivors, SystemError, scratch};
    use amparo_core::id::PersonId;
    use uuid::Uuid;

    fn ledger() -> LedgerId {
        LedgerId::new(Uuid::from_u128(1))
    }

    /// Somebody, with an id as far from that of others as random ones are.
    fn person(n: u128) -> Owner {
        let spread = n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let id = PersonId::new(Uuid::from_u128(spread));
        Owner::of(Some(Subject::Person(id)), ledger())
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

    fn openings() -> Openings {
        Openings::from_json(&format!(
            "{{\"name\":{{\"salt\":\"{}\",\"value\":\"Ana Demo\"}}}}",
            "0".repeat(64)
        ))
        .unwrap()
    }

    #[test]
    fn keys_survive_reopening_and_open_only_their_own_entry() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        Vault::create(&files, &keys, ledger(), &[7; 32]).unwrap();
        let entry = EventId::new(Uuid::from_u128(9));
        let sealed = {
            let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
            let mut random = counting();
            vault
                .ensure([person(1), person(2), person(1)].into_iter(), &mut random)
                .unwrap();
            vault
                .seal(person(1), entry, &openings(), &mut random)
                .unwrap()
        };
        let vault = Vault::open(&files, &keys, ledger(), OpenMode::Read).unwrap();
        let opened = |owner, entry| vault.open_sealed(owner, entry, &sealed);
        assert!(matches!(opened(person(1), entry), Opened::Openings(found) if found == openings()));
        assert!(matches!(opened(person(2), entry), Opened::Damaged));
        assert!(matches!(opened(person(3), entry), Opened::NoKey));
        let other = EventId::new(Uuid::from_u128(10));
        assert!(matches!(opened(person(1), other), Opened::Damaged));
        assert!(!sealed.windows(4).any(|window| window == b"Demo"));
    }

    #[test]
    fn nothing_is_written_over_a_bad_record_before_it_is_known_to_be_unused() {
        let (_root, keys) = three_keys();
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let path = keys.join(SUBJECTS_FILE);
        let sound = std::fs::read(&path).unwrap();
        let record = |n: usize| Header::BYTES + n * RECORD_BYTES;
        let open = || Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
        // The bad records, and how many bytes are left; then how many keys stay.
        for (bad, len, left) in [
            (&[2][..], sound.len(), 2),
            (&[1, 2], sound.len(), 1),
            (&[1], sound.len(), 2),
            (&[], sound.len() - 3, 2),
            (&[1], sound.len() - 3, 1),
        ] {
            let mut bytes = sound.clone();
            for n in bad {
                bytes[record(*n) + 20] ^= 1;
            }
            bytes.truncate(len);
            for is_unused in [false, true] {
                std::fs::write(&path, &bytes).unwrap();
                let mut vault = open();
                assert_eq!(vault.keys.len(), left);
                assert!(vault.unreadable() > 0);
                if is_unused {
                    vault.clear_unused().unwrap();
                    assert_eq!(vault.unreadable(), 0);
                }
                vault
                    .ensure([person(4)].into_iter(), &mut counting())
                    .unwrap();
                let again = open();
                let has_all = again.keys.len() == left + 1 && again.has(person(4));
                assert!(has_all, "{bad:?} {len} {is_unused}");
                let found = std::fs::read(&path).unwrap();
                assert_eq!(found.starts_with(&bytes), !is_unused, "{bad:?} {len}");
                let is_cut = len < sound.len();
                let stay = bad.iter().copied().chain(is_cut.then_some(2));
                let expected: Vec<_> = stay.filter(|_| !is_unused).map(record).collect();
                let within: Vec<_> = again.damaged().map(|at| at as usize).collect();
                assert_eq!(within, expected, "{bad:?} {len} {is_unused}");
            }
        }
    }

    #[test]
    fn a_damaged_record_is_remembered_and_the_others_are_used() {
        let (_root, keys) = three_keys();
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let path = keys.join(SUBJECTS_FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[Header::BYTES + 3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
        assert_eq!(
            (vault.keys.len(), vault.damaged().collect::<Vec<_>>()),
            (2, vec![Header::BYTES as u64])
        );
    }

    /// Three keys on files that can fail, and the folder they are in.
    fn three_keys() -> (tempfile::TempDir, PathBuf) {
        let root = scratch().unwrap();
        let keys = root.path().join("keys");
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        Vault::create(&files, &keys, ledger(), &[7; 32]).unwrap();
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
        let all = [person(1), person(2), person(3)];
        vault.ensure(all.into_iter(), &mut counting()).unwrap();
        (root, keys)
    }

    /// Whether the key of the second is there; those of the others must be.
    fn has_second(keys: &Path) -> bool {
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let vault = Vault::open(&files, keys, ledger(), OpenMode::Read).unwrap();
        let has = |owner| vault.keys.contains_key(&owner);
        assert!(has(person(1)) && has(person(3)) && vault.damaged.is_empty());
        has(person(2))
    }

    #[test]
    fn a_destroyed_key_is_gone_from_the_folder_and_the_others_go_on() {
        let (root, keys) = three_keys();
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
        let second = vault.keys[&person(2)].clone();
        // The old file, by another name: what its blocks hold afterwards.
        std::fs::hard_link(keys.join(SUBJECTS_FILE), root.path().join("old")).unwrap();
        assert_eq!(vault.destroy(&[person(2), person(9)]).unwrap(), 1);
        assert_eq!(vault.destroy(&[person(2)]).unwrap(), 0);
        vault
            .ensure([person(4)].into_iter(), &mut counting())
            .unwrap();
        for name in ["old", "keys/subjects", "keys/secret"] {
            let bytes = std::fs::read(root.path().join(name)).unwrap();
            assert!(
                !bytes.windows(32).any(|window| window == &second[..]),
                "{name}"
            );
        }
        assert!(!has_second(&keys));
        let vault = Vault::open(&files, &keys, ledger(), OpenMode::Read).unwrap();
        assert_eq!(vault.keys.len(), 3);
    }

    #[test]
    fn a_damaged_record_of_an_erased_owner_goes_and_that_of_another_stays() {
        let (_root, keys) = three_keys();
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let path = keys.join(SUBJECTS_FILE);
        let sound = std::fs::read(&path).unwrap();
        let key_at = Header::BYTES + RECORD_BYTES + 16;
        let key = sound[key_at..key_at + 32].to_vec();
        // A bit of the owner, of the key and of the checksum of the second record.
        for bit_of in [key_at - 1, key_at + 31, key_at + 34] {
            let mut bytes = sound.clone();
            bytes[bit_of] ^= 1;
            bytes[Header::BYTES + 20] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
            assert_eq!(vault.damaged.len(), 2);
            assert_eq!(vault.destroy(&[person(9)]).unwrap(), 0);
            assert_eq!(vault.destroy(&[person(2)]).unwrap(), 1);
            let left = std::fs::read(&path).unwrap();
            assert!(
                !left.windows(31).any(|window| window == &key[..31]),
                "{bit_of}"
            );
            assert_eq!(left.len(), sound.len() - RECORD_BYTES);
        }
    }

    #[test]
    fn a_destruction_that_fails_anywhere_loses_no_other_key_and_is_finished_later() {
        let operations = {
            let (root, keys) = three_keys();
            let faulty = FaultyFiles::new(root.path()).unwrap();
            let files: Arc<dyn Files> = Arc::new(faulty.clone());
            let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
            let before = faulty.operations();
            vault.destroy(&[person(2)]).unwrap();
            before..faulty.operations()
        };
        assert!(operations.end - operations.start > 8);
        for operation in operations {
            for (error, effect) in SystemError::TOLD
                .into_iter()
                .flat_map(|error| Effect::ALL.map(|effect| (error, effect)))
            {
                let (root, keys) = three_keys();
                let faulty = FaultyFiles::new(root.path()).unwrap();
                let files: Arc<dyn Files> = Arc::new(faulty.clone());
                let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
                faulty.set_fault(Some(Fault {
                    operation,
                    error,
                    effect,
                    lasting: false,
                }));
                let told = vault.destroy(&[person(2)]);
                assert!(told.is_ok() || vault.destroy(&[person(2)]).is_err());
                drop(vault);
                let is_there = has_second(&keys);
                assert!(told.is_err() || !is_there, "{operation} {effect:?}");
                let files: Arc<dyn Files> = Arc::new(RealFiles);
                let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
                vault.destroy(&[person(2)]).unwrap();
                assert!(!has_second(&keys));
            }
        }
    }

    #[test]
    fn a_power_cut_while_a_key_is_destroyed_loses_no_other_key() {
        let (root, keys) = three_keys();
        let faulty = FaultyFiles::new(root.path()).unwrap();
        let files: Arc<dyn Files> = Arc::new(faulty.clone());
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
        vault.destroy(&[person(2)]).unwrap();
        let recording = faulty.recording();
        let random = (0..20).map(Survivors::Random);
        let ways = [Survivors::Nothing, Survivors::Everything]
            .into_iter()
            .chain(random);
        for (at, survivors) in
            (0..=recording.len()).flat_map(|at| ways.clone().map(move |s| (at, s)))
        {
            let after = scratch().unwrap();
            let into = after.path().join("root");
            std::fs::create_dir(&into).unwrap();
            recording.power_cut(at, survivors, &into).unwrap();
            let is_there = has_second(&into.join("keys"));
            assert!(!is_there || at < recording.len(), "{survivors:?}");
        }
    }

    #[test]
    fn every_flipped_bit_of_the_key_files_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        Vault::create(&files, &keys, ledger(), &[7; 32]).unwrap();
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write).unwrap();
        vault
            .ensure([person(1), person(2)].into_iter(), &mut counting())
            .unwrap();
        for name in [SECRET_FILE, SUBJECTS_FILE] {
            let path = keys.join(name);
            let sound = std::fs::read(&path).unwrap();
            for bit in 0..sound.len() * 8 {
                let mut bytes = sound.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, &bytes).unwrap();
                let noticed = match Vault::open(&files, &keys, ledger(), OpenMode::Read) {
                    Ok(vault) => vault.keys.len() < 2,
                    Err(_) => true,
                };
                assert!(noticed, "{name}, bit {bit}");
            }
            std::fs::write(&path, &sound).unwrap();
        }
    }
}
