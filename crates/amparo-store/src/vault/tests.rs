//! The vault: keys that last, keys that are destroyed, keys that are locked.

/// The same in the field, where keys are sealed and not opened.
mod field;
/// The same under a lock.
mod locked;

use super::*;
use crate::files::RealFiles;
use crate::files::faults::{Effect, Fault, FaultyFiles, Survivors, SystemError, scratch};
use amparo_core::id::PersonId;
use uuid::Uuid;

/// Of keys in the clear.
const HEADER_BYTES: usize = 31;
const RECORD_BYTES: usize = 52;

fn ledger() -> LedgerId {
    LedgerId::new(Uuid::from_u128(1))
}

/// Somebody, with an id as far from that of others as random ones are.
fn person(n: u128) -> Owner {
    let spread = n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let id = PersonId::new(Uuid::from_u128(spread));
    Owner::of(Some(Subject::Person(id)), ledger())
}

/// The newest key of each owner: those in the file, and those that only this process has.
fn keys_in(vault: &Vault) -> HashMap<Owner, Key> {
    let every = vault.every().unwrap().keys.into_iter();
    let newest = every.map(|(owner, mut keys)| (owner, keys.pop().unwrap()));
    newest.chain(vault.at_hand.clone()).collect()
}

/// Where damaged records are.
fn damaged_in(vault: &Vault) -> Vec<usize> {
    let damaged = vault.damaged().unwrap().into_iter();
    damaged.map(|at| at as usize).collect()
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
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
        let mut random = counting();
        vault
            .ensure([person(1), person(2), person(1)].into_iter(), &mut random)
            .unwrap();
        vault
            .seal(person(1), entry, &openings(), &Vault::nonce(&mut random))
            .unwrap()
    };
    let vault = Vault::open(&files, &keys, ledger(), OpenMode::Read, None).unwrap();
    let opened = |owner, entry| vault.open_sealed(owner, entry, &sealed).unwrap();
    assert!(matches!(opened(person(1), entry), Opened::Openings(found) if found == openings()));
    assert!(matches!(opened(person(2), entry), Opened::Damaged));
    assert!(matches!(opened(person(3), entry), Opened::NoKey));
    let other = EventId::new(Uuid::from_u128(10));
    assert!(matches!(opened(person(1), other), Opened::Damaged));
    assert!(!sealed.windows(4).any(|window| window == b"Demo"));
}

#[test]
fn a_damaged_record_is_remembered_and_never_written_over() {
    let (_root, keys) = three_keys();
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let path = keys.join(SUBJECTS_FILE);
    let sound = std::fs::read(&path).unwrap();
    let record = |n: usize| HEADER_BYTES + n * RECORD_BYTES;
    let open = |owners: &[Owner]| {
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
        vault
            .ensure(owners.iter().copied(), &mut counting())
            .unwrap();
        assert_eq!(vault.is_torn(), !damaged_in(&vault).is_empty());
        (keys_in(&vault).len(), damaged_in(&vault))
    };
    // A flipped bit in the middle and at the end, and a last record that lacks some bytes or most.
    let flipped = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, damaged) in [
        (flipped(record(0) + 3), record(0)),
        (flipped(record(3) - 1), record(2)),
        (sound[..record(3) - 5].to_vec(), record(2)),
        (sound[..record(2) + 3].to_vec(), record(2)),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(open(&[person(4)]), (3, vec![damaged]));
        assert_eq!(open(&[]), (3, vec![damaged]));
        let after = std::fs::read(&path).unwrap();
        assert_eq!(after[..bytes.len()], bytes, "{damaged}");
        assert_eq!(after.len(), record(4));
        // An erasure of somebody else keeps what there is of it.
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
        assert_eq!(vault.destroy(&[person(4)], None).unwrap(), 1);
        let after = std::fs::read(&path).unwrap();
        assert_eq!(after[..bytes.len()], bytes, "{damaged}");
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
        vault.drop_damaged().unwrap();
        assert_eq!(open(&[]), (2, vec![]));
        assert_eq!(std::fs::metadata(&path).unwrap().len() as usize, record(2));
    }
}

#[test]
fn of_many_keys_one_is_found_and_damage_far_from_the_end_is_told_when_all_are_looked_at() {
    let (_root, keys) = three_keys();
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let open = |mode| Vault::open(&files, &keys, ledger(), mode, None).unwrap();
    let mut vault = open(OpenMode::Write);
    let mut random = counting();
    vault.ensure((4..40).map(person), &mut random).unwrap();
    let all = keys_in(&vault);
    assert_eq!(all.len(), 39);
    drop(vault);
    let path = keys.join(SUBJECTS_FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let damaged = HEADER_BYTES + 10 * RECORD_BYTES;
    bytes[damaged + 20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let mut vault = open(OpenMode::Write);
    assert!(!vault.is_torn());
    for n in (1..40).filter(|n| *n != 11) {
        assert_eq!(vault.keys_of(person(n)).unwrap(), [all[&person(n)].clone()]);
    }
    assert!(!vault.has_key(person(11)).unwrap() && !vault.has_key(person(40)).unwrap());
    assert_eq!(damaged_in(&vault), [damaged]);
    // Whoever has no key that reads gets another one, and what is damaged stays.
    vault.ensure((10..13).map(person), &mut random).unwrap();
    assert_eq!(vault.span.records(), 40);
    assert_eq!(std::fs::read(&path).unwrap()[..bytes.len()], bytes);
    let newer = vault.keys_of(person(11)).unwrap();
    assert_eq!(open(OpenMode::Read).keys_of(person(11)).unwrap(), newer);
    // An erasure finds it as well.
    assert_eq!(vault.destroy(&[person(11)], None).unwrap(), 2);
    assert_eq!((vault.span.records(), damaged_in(&vault).len()), (38, 0));
    assert!(!vault.has_key(person(11)).unwrap() && vault.has_key(person(39)).unwrap());
}

/// Three keys on files that can fail, and the folder they are in.
fn three_keys() -> (tempfile::TempDir, PathBuf) {
    let root = scratch().unwrap();
    let keys = root.path().join("keys");
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    Vault::create(&files, &keys, ledger(), &[7; 32]).unwrap();
    let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
    let all = [person(1), person(2), person(3)];
    vault.ensure(all.into_iter(), &mut counting()).unwrap();
    (root, keys)
}

/// Whether the key of the second is there; those of the others must be.
fn has_second(keys: &Path) -> bool {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let vault = Vault::open(&files, keys, ledger(), OpenMode::Read, None).unwrap();
    let has = |owner| vault.has_key(owner).unwrap();
    assert!(has(person(1)) && has(person(3)) && damaged_in(&vault).is_empty());
    has(person(2))
}

#[test]
fn a_destroyed_key_is_gone_from_the_folder_and_the_others_go_on() {
    let (root, keys) = three_keys();
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
    let second = keys_in(&vault)[&person(2)].clone();
    // The old file, by another name: what its blocks hold afterwards.
    std::fs::hard_link(keys.join(SUBJECTS_FILE), root.path().join("old")).unwrap();
    assert_eq!(vault.destroy(&[person(2), person(9)], None).unwrap(), 1);
    assert_eq!(vault.destroy(&[person(2)], None).unwrap(), 0);
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
    let vault = Vault::open(&files, &keys, ledger(), OpenMode::Read, None).unwrap();
    assert_eq!(keys_in(&vault).len(), 3);
}

#[test]
fn a_damaged_record_of_an_erased_owner_goes_and_that_of_another_stays() {
    let (_root, keys) = three_keys();
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let path = keys.join(SUBJECTS_FILE);
    let sound = std::fs::read(&path).unwrap();
    let key_at = HEADER_BYTES + RECORD_BYTES + 16;
    let key = sound[key_at..key_at + 32].to_vec();
    // A bit of the owner, of the key and of the checksum of the second record.
    for bit_of in [key_at - 1, key_at + 31, key_at + 34] {
        let mut bytes = sound.clone();
        bytes[bit_of] ^= 1;
        bytes[HEADER_BYTES + 20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
        assert_eq!(damaged_in(&vault).len(), 2);
        assert_eq!(vault.destroy(&[person(9)], None).unwrap(), 0);
        assert_eq!(vault.destroy(&[person(2)], None).unwrap(), 1);
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
        let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
        let before = faulty.operations();
        vault.destroy(&[person(2)], None).unwrap();
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
            let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
            faulty.set_fault(Some(Fault {
                operation,
                error,
                effect,
                lasting: false,
            }));
            let told = vault.destroy(&[person(2)], None);
            assert!(told.is_ok() || vault.destroy(&[person(2)], None).is_err());
            drop(vault);
            let is_there = has_second(&keys);
            assert!(told.is_err() || !is_there, "{operation} {effect:?}");
            let files: Arc<dyn Files> = Arc::new(RealFiles);
            let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
            vault.destroy(&[person(2)], None).unwrap();
            assert!(!has_second(&keys));
        }
    }
}

#[test]
fn a_power_cut_while_a_key_is_destroyed_loses_no_other_key() {
    let (root, keys) = three_keys();
    let faulty = FaultyFiles::new(root.path()).unwrap();
    let files: Arc<dyn Files> = Arc::new(faulty.clone());
    let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
    vault.destroy(&[person(2)], None).unwrap();
    let recording = faulty.recording();
    let random = (0..20).map(Survivors::Random);
    let ways = [Survivors::Nothing, Survivors::Everything]
        .into_iter()
        .chain(random);
    for (at, survivors) in (0..=recording.len()).flat_map(|at| ways.clone().map(move |s| (at, s))) {
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
    let mut vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, None).unwrap();
    vault
        .ensure([person(1), person(2)].into_iter(), &mut counting())
        .unwrap();
    for name in [SECRET_FILE, SUBJECTS_FILE] {
        let path = keys.join(name);
        with_each_bit_flipped(&path, |bit| {
            let noticed = match Vault::open(&files, &keys, ledger(), OpenMode::Read, None) {
                Ok(vault) => keys_in(&vault).len() < 2,
                Err(_) => true,
            };
            assert!(noticed, "{name}, bit {bit}");
        });
    }
}

/// Looks at a file with each of its bits flipped; it is as it was afterwards.
fn with_each_bit_flipped(path: &Path, mut look: impl FnMut(usize)) {
    let sound = std::fs::read(path).unwrap();
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(path, &bytes).unwrap();
        look(bit);
    }
    std::fs::write(path, &sound).unwrap();
}
