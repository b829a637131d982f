use super::locked::{OTHER, WORDS, holds_a_key, locked, open, real, secret, spread};
use super::*;
use crate::vault::field::public_key;

/// Three keys in a vault whose lock is one for the field, and the keys themselves.
pub(super) fn in_the_field() -> (tempfile::TempDir, PathBuf, HashMap<Owner, Key>) {
    let (root, keys, all, _) = locked();
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    vault.set_for_field(true, &mut spread(20)).unwrap();
    (root, keys, all)
}

fn entry(n: u128) -> EventId {
    EventId::new(Uuid::from_u128(n))
}

/// Seals something of this owner without any secret, as one process.
fn sealed_by_a_laptop(keys: &Path, owner: Owner, n: u128) -> Vec<u8> {
    let mut vault = open(keys, None).unwrap();
    let mut random = spread(n as u64);
    vault.ensure([owner].into_iter(), &mut random).unwrap();
    // The next batch of the same process needs no further key.
    let end = vault.span.to;
    vault.ensure([owner].into_iter(), &mut random).unwrap();
    assert_eq!(vault.span.to, end);
    let sealed = vault.seal(owner, entry(n), &openings(), &Vault::nonce(&mut random));
    let sealed = sealed.unwrap();
    let made = keys_in(&vault);
    assert!(!holds_a_key(keys, &made));
    for vault in [vault, open(keys, None).unwrap()] {
        let opened = vault.open_sealed(owner, entry(n), &sealed).unwrap();
        assert!(matches!(opened, Opened::Locked));
    }
    sealed
}

fn opens(vault: &Vault, owner: Owner, n: u128, sealed: &[u8]) -> bool {
    let opened = vault.open_sealed(owner, entry(n), sealed).unwrap();
    matches!(opened, Opened::Openings(found) if found == openings())
}

#[test]
fn what_is_sealed_in_the_field_opens_with_the_passphrase_and_without_it_never() {
    let (_root, keys, all) = in_the_field();
    assert!(!holds_a_key(&keys, &all));
    let known = sealed_by_a_laptop(&keys, person(1), 31);
    let fresh = sealed_by_a_laptop(&keys, person(4), 32);
    let again = sealed_by_a_laptop(&keys, person(4), 33);
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    let opens_all = |vault: &Vault| {
        opens(vault, person(1), 31, &known)
            && opens(vault, person(4), 32, &fresh)
            && opens(vault, person(4), 33, &again)
    };
    assert!(opens_all(&vault) && vault.is_for_field() && !vault.is_locked());
    assert!(matches!(
        vault.open_sealed(person(4), entry(31), &known).unwrap(),
        Opened::Damaged
    ));
    // Whatever writes the file anew keeps every key of everybody.
    let words = secret(OTHER);
    vault
        .add_passphrase(&words, false, Cost::CHEAP, &mut spread(34))
        .unwrap();
    assert!(opens_all(&open(&keys, Some(&words)).unwrap()));
    vault.set_for_field(false, &mut spread(35)).unwrap();
    let mut vault = open(&keys, Some(&words)).unwrap();
    assert!(opens_all(&vault) && !vault.is_for_field());
    vault.unlock(&mut spread(36)).unwrap();
    let mut vault = open(&keys, None).unwrap();
    assert!(opens_all(&vault));
    assert_eq!(vault.destroy(&[person(4)], None).unwrap(), 1);
    let vault = open(&keys, None).unwrap();
    assert_eq!(vault.span.to as usize, HEADER_BYTES + 4 * RECORD_BYTES);
    assert!(opens(&vault, person(1), 31, &known));
    assert!(matches!(
        vault.open_sealed(person(4), entry(33), &again).unwrap(),
        Opened::NoKey
    ));
}

#[test]
fn keys_are_destroyed_in_the_field_without_the_passphrase() {
    let (_root, keys, _) = in_the_field();
    sealed_by_a_laptop(&keys, person(2), 31);
    let before = std::fs::read(keys.join(SUBJECTS_FILE)).unwrap();
    let mut vault = open(&keys, None).unwrap();
    let random: Random<'_> = &mut spread(32);
    assert_eq!(vault.destroy(&[person(2)], Some(random)).unwrap(), 1);
    let after = std::fs::read(keys.join(SUBJECTS_FILE)).unwrap();
    assert_eq!(after.len(), before.len() - 2 * 124);
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    assert_eq!(keys_in(&vault).len(), 2);
    // With the lock open, the others are sealed for another public key.
    let random: Random<'_> = &mut spread(33);
    vault.destroy(&[person(3)], Some(random)).unwrap();
    let bytes = std::fs::read(keys.join(SUBJECTS_FILE)).unwrap();
    assert_eq!(bytes.len(), before.len() - 3 * 124);
    let header = before.len() - 4 * 124;
    let public = header - 4 - 72 - 32..header - 4 - 72;
    assert_ne!(bytes[public.clone()], before[public]);
    assert_eq!(
        keys_in(&open(&keys, Some(&secret(WORDS))).unwrap()).len(),
        1
    );
}

#[test]
fn every_flipped_bit_of_a_file_for_the_field_is_noticed() {
    let (_root, keys, _) = in_the_field();
    sealed_by_a_laptop(&keys, person(2), 31);
    let words = secret(WORDS);
    with_each_bit_flipped(&keys.join(SUBJECTS_FILE), |bit| {
        for secret in [None, Some(&words)] {
            let open = Vault::open(&real(), &keys, ledger(), OpenMode::Read, secret);
            let noticed = open.map_or(true, |vault| damaged_in(&vault).len() == 1);
            assert!(noticed, "{bit}");
        }
    });
}

#[test]
fn a_public_key_that_somebody_else_put_there_is_found_when_the_lock_is_opened() {
    let (_root, keys, _) = in_the_field();
    let path = keys.join(SUBJECTS_FILE);
    let sound = std::fs::read(&path).unwrap();
    let header = sound.len() - 3 * 124;
    let at = header - 4 - 72 - 32;
    let mut bytes = sound.clone();
    bytes[at..at + 32].copy_from_slice(&public_key(&Zeroizing::new([9; 32])));
    let crc = crc32fast::hash(&bytes[..header - 4]);
    bytes[header - 4..header].copy_from_slice(&crc.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    open(&keys, None).unwrap();
    let told = open(&keys, Some(&secret(WORDS))).unwrap_err();
    assert!(matches!(told, VaultError::Secret(SlotError::PublicKey)));
}
