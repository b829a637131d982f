use super::field::in_the_field;
use super::*;

pub(super) const WORDS: &str = "four made-up demo words";
pub(super) const OTHER: &str = "another made-up phrase";

pub(super) fn secret(typed: &str) -> SlotSecret {
    SlotSecret::typed(typed).unwrap()
}

pub(super) fn real() -> Arc<dyn Files> {
    Arc::new(RealFiles)
}

pub(super) fn open(keys: &Path, secret: Option<&SlotSecret>) -> Result<Vault, VaultError> {
    Vault::open(&real(), keys, ledger(), OpenMode::Write, secret)
}

/// Three keys in a vault that is locked, the keys themselves, and the recovery key as printed.
pub(super) fn locked() -> (tempfile::TempDir, PathBuf, HashMap<Owner, Key>, String) {
    let (root, keys) = three_keys();
    let mut vault = open(&keys, None).unwrap();
    let all = keys_in(&vault);
    let printed = vault
        .lock(&secret(WORDS), Cost::CHEAP, &mut spread(1))
        .unwrap();
    (root, keys, all, printed.to_string())
}

/// Bytes that differ from those under which the keys were made.
pub(super) fn spread(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            *byte = state.to_be_bytes()[0];
        }
    }
}

pub(super) fn holds_a_key(folder: &Path, all: &HashMap<Owner, Key>) -> bool {
    std::fs::read_dir(folder).unwrap().any(|item| {
        let bytes = std::fs::read(item.unwrap().path()).unwrap();
        let holds = |key: &Key| bytes.windows(32).any(|window| window == &key[..]);
        all.values().any(holds)
    })
}

#[test]
fn without_a_secret_a_locked_vault_tells_whose_keys_there_are_and_gives_none() {
    let (_root, keys, all, _) = locked();
    assert!(!holds_a_key(&keys, &all));
    let mut vault = open(&keys, None).unwrap();
    assert!(vault.is_locked() && keys_in(&vault).is_empty());
    assert_eq!(vault.slots(), [SlotKind::Passphrase, SlotKind::Recovery]);
    let entry = EventId::new(Uuid::from_u128(9));
    let opened = |owner| vault.open_sealed(owner, entry, &[0; 64]).unwrap();
    assert!(matches!(opened(person(1)), Opened::Locked));
    assert!(matches!(opened(person(4)), Opened::NoKey));
    let sealed = vault.seal(
        person(1),
        entry,
        &openings(),
        &Vault::nonce(&mut counting()),
    );
    assert_eq!(sealed, None);
    for owner in [person(1), person(4)] {
        let told = vault.ensure([owner].into_iter(), &mut counting());
        assert!(matches!(told, Err(VaultError::Locked)));
    }
    vault.ensure([].into_iter(), &mut counting()).unwrap();
    for told in [
        vault.unlock(&mut counting()),
        vault.add_passphrase(&secret(OTHER), false, Cost::CHEAP, &mut counting()),
    ] {
        assert!(matches!(told, Err(VaultError::Locked)));
    }
}

#[test]
fn passphrase_and_recovery_key_open_it_and_nothing_else_does() {
    let (_root, keys, all, printed) = locked();
    for typed in [WORDS, &printed] {
        let mut vault = open(&keys, Some(&secret(typed))).unwrap();
        assert_eq!(keys_in(&vault), all);
        let again = vault.lock(&secret(OTHER), Cost::CHEAP, &mut counting());
        assert!(matches!(again, Err(VaultError::AlreadyLocked)));
    }
    let wrong = open(&keys, Some(&secret(OTHER))).unwrap_err();
    assert!(matches!(wrong, VaultError::Secret(SlotError::Wrong)));
}

#[test]
fn keys_that_are_added_under_the_lock_last_and_are_in_the_clear_after_it_is_taken_away() {
    let (_root, keys, ..) = locked();
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    vault
        .ensure([person(4)].into_iter(), &mut spread(2))
        .unwrap();
    let all = keys_in(&vault);
    assert_eq!(all.len(), 4);
    assert!(!holds_a_key(&keys, &all));
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    assert_eq!(keys_in(&vault), all);
    vault.unlock(&mut counting()).unwrap();
    assert!(matches!(
        vault.unlock(&mut counting()),
        Err(VaultError::NotLocked)
    ));
    // A secret that is not needed is not looked at.
    let vault = open(&keys, Some(&secret(OTHER))).unwrap();
    assert_eq!((keys_in(&vault), vault.slots()), (all, Vec::new()));
}

#[test]
fn a_passphrase_is_added_beside_the_others_or_alone_and_a_recovery_key_is_renewed() {
    let (_root, keys, all, printed) = locked();
    let opens = |typed: &str| match open(&keys, Some(&secret(typed))) {
        Ok(vault) => {
            assert_eq!(keys_in(&vault), all);
            true
        }
        Err(_) => false,
    };
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    let mut add = |typed: &str, alone| {
        vault
            .add_passphrase(&secret(typed), alone, Cost::CHEAP, &mut spread(3))
            .unwrap();
    };
    add(OTHER, false);
    assert!(opens(WORDS) && opens(OTHER) && opens(&printed));
    add("a third made-up phrase", true);
    assert!(!opens(WORDS) && !opens(OTHER) && opens(&printed));
    let renewed = vault
        .renew_recovery_key(Cost::CHEAP, &mut spread(4))
        .unwrap();
    assert!(opens("a third made-up phrase") && !opens(&printed) && opens(&renewed));
}

#[test]
fn keys_are_destroyed_with_the_lock_open_or_not_and_an_open_one_takes_a_new_wrapping_key() {
    for is_open in [true, false] {
        let (root, keys, all, _) = locked();
        let path = keys.join(SUBJECTS_FILE);
        std::fs::hard_link(&path, root.path().join("old")).unwrap();
        let before = std::fs::read(&path).unwrap();
        let words = secret(WORDS);
        let mut vault = open(&keys, is_open.then_some(&words)).unwrap();
        let header = key_file::header(ledger(), vault.lock.as_ref());
        let gone = vault.destroy(&[person(2)], Some(&mut spread(5))).unwrap();
        assert_eq!(gone, 1);
        assert_eq!(vault.destroy(&[person(2)], None).unwrap(), 0);
        let old = std::fs::read(root.path().join("old")).unwrap();
        assert_eq!(old, vec![0; before.len()]);
        let after = std::fs::read(&path).unwrap();
        let mut sealed = after[header.len()..]
            .chunks(92)
            .map(|record| &record[16..88]);
        assert_eq!(sealed.len(), 2);
        let is_as_before = sealed.any(|kept| before.windows(72).any(|window| window == kept));
        assert_eq!(is_as_before, !is_open);
        let vault = open(&keys, Some(&words)).unwrap();
        let mut left = all.clone();
        left.remove(&person(2));
        assert_eq!(keys_in(&vault), left);
        let kinds = vault.slots();
        assert_eq!(kinds, [SlotKind::Passphrase, SlotKind::Recovery]);
    }
}

#[test]
fn every_flipped_bit_of_a_locked_file_is_noticed() {
    let (_root, keys, all, _) = locked();
    let words = secret(WORDS);
    with_each_bit_flipped(&keys.join(SUBJECTS_FILE), |bit| {
        let open = Vault::open(&real(), &keys, ledger(), OpenMode::Read, Some(&words));
        assert!(
            open.is_err() || keys_in(&open.unwrap()).len() < all.len(),
            "{bit}"
        );
    });
}

#[test]
fn a_vault_with_a_damaged_key_is_neither_locked_nor_unlocked_and_erases_all_the_same() {
    let (_root, keys, _, _) = locked();
    let path = keys.join(SUBJECTS_FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let first = bytes.len() - 3 * 92;
    bytes[first + 20] ^= 1;
    let whose = Owner(bytes[first..first + 16].try_into().unwrap());
    std::fs::write(&path, &bytes).unwrap();
    let mut vault = open(&keys, Some(&secret(WORDS))).unwrap();
    let told = vault.unlock(&mut counting());
    assert!(matches!(told, Err(VaultError::Unusable { .. })), "{told:?}");
    let others = [1, 2, 3].map(person).into_iter();
    let others: Vec<_> = others.filter(|owner| *owner != whose).collect();
    let random: Random<'_> = &mut spread(6);
    assert_eq!(vault.destroy(&others[..1], Some(random)).unwrap(), 1);
    let vault = open(&keys, Some(&secret(WORDS))).unwrap();
    assert_eq!((keys_in(&vault).len(), damaged_in(&vault).len()), (1, 1));
    let mut vault = open(&keys, None).unwrap();
    assert_eq!(vault.destroy(&[whose], None).unwrap(), 1);
    let vault = open(&keys, Some(&secret(WORDS))).unwrap();
    assert_eq!((keys_in(&vault).len(), damaged_in(&vault).len()), (1, 0));
}

/// One of the changes that write the whole file.
type Change = fn(&mut Vault) -> Result<(), VaultError>;

/// How a vault stands before a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    InTheClear,
    Locked,
    InTheField,
}

/// Each of them, and what it begins with.
const CHANGES: [(Change, Before); 9] = [
    (
        |vault| {
            let mut random = spread(7);
            let printed = vault.lock(&secret(WORDS), Cost::CHEAP, &mut random);
            printed.map(|_| ())
        },
        Before::InTheClear,
    ),
    (|vault| vault.unlock(&mut spread(8)), Before::Locked),
    (|vault| vault.unlock(&mut spread(8)), Before::InTheField),
    (
        |vault| vault.set_for_field(true, &mut spread(13)),
        Before::Locked,
    ),
    (
        |vault| vault.set_for_field(false, &mut spread(14)),
        Before::InTheField,
    ),
    (
        |vault| vault.add_passphrase(&secret(OTHER), true, Cost::CHEAP, &mut spread(9)),
        Before::Locked,
    ),
    (
        |vault| {
            let renewed = vault.renew_recovery_key(Cost::CHEAP, &mut spread(10));
            renewed.map(|_| ())
        },
        Before::Locked,
    ),
    (
        |vault| {
            let mut random = spread(11);
            vault.destroy(&[person(2)], Some(&mut random)).map(|_| ())
        },
        Before::Locked,
    ),
    (
        |vault| {
            let mut random = spread(15);
            vault.destroy(&[person(2)], Some(&mut random)).map(|_| ())
        },
        Before::InTheField,
    ),
];

fn begin(before: Before) -> (tempfile::TempDir, PathBuf, HashMap<Owner, Key>) {
    match before {
        Before::InTheField => in_the_field(),
        Before::Locked => {
            let (root, keys, all, _) = locked();
            (root, keys, all)
        }
        Before::InTheClear => {
            let (root, keys) = three_keys();
            let all = keys_in(&open(&keys, None).unwrap()).clone();
            (root, keys, all)
        }
    }
}

/// Opens the vault with whichever of the passphrases opens it, and insists on its keys.
fn assert_nothing_lost(keys: &Path, all: &HashMap<Owner, Key>, what: &str) {
    let opened = [WORDS, OTHER].into_iter().find_map(|typed| {
        let vault = open(keys, Some(&secret(typed)));
        vault.ok()
    });
    let vault = opened.unwrap_or_else(|| panic!("{what}: nothing opens it"));
    let found = keys_in(&vault);
    for (owner, key) in all {
        let kept = found.get(owner);
        assert!(kept == Some(key) || *owner == person(2), "{what}");
    }
    assert!(found.len() >= 2 && damaged_in(&vault).is_empty(), "{what}");
    let is_locked = !vault.slots().is_empty();
    assert!(!keys.join("subjects.tmp").exists(), "{what}");
    assert_eq!(holds_a_key(keys, all), !is_locked, "{what}");
}

#[test]
fn a_change_of_the_lock_that_fails_anywhere_loses_no_key() {
    let mut tried = 0;
    for (n, (change, before)) in CHANGES.into_iter().enumerate() {
        let start = |root: &Path, keys: &Path| {
            let faulty = FaultyFiles::new(root).unwrap();
            let files: Arc<dyn Files> = Arc::new(faulty.clone());
            let words = secret(WORDS);
            let vault = Vault::open(&files, keys, ledger(), OpenMode::Write, Some(&words));
            (faulty, vault.unwrap())
        };
        let operations = {
            let (root, keys, _) = begin(before);
            let (faulty, mut vault) = start(root.path(), &keys);
            let first = faulty.operations();
            change(&mut vault).unwrap();
            first..faulty.operations()
        };
        for operation in operations {
            for (error, effect) in SystemError::TOLD
                .into_iter()
                .flat_map(|error| Effect::ALL.map(|effect| (error, effect)))
            {
                let (root, keys, all) = begin(before);
                let (faulty, mut vault) = start(root.path(), &keys);
                faulty.set_fault(Some(Fault {
                    operation,
                    error,
                    effect,
                    lasting: false,
                }));
                let told = change(&mut vault);
                let what = format!("change {n}, operation {operation}, {effect:?}: {told:?}");
                if told.is_err() {
                    let poisoned = vault.ensure([person(7)].into_iter(), &mut spread(12));
                    assert!(poisoned.is_err(), "{what}");
                }
                drop(vault);
                assert_nothing_lost(&keys, &all, &what);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn a_power_cut_while_the_lock_changes_loses_no_key() {
    for (n, (change, before)) in CHANGES.into_iter().enumerate() {
        let (root, keys, all) = begin(before);
        let faulty = FaultyFiles::new(root.path()).unwrap();
        let files: Arc<dyn Files> = Arc::new(faulty.clone());
        let words = secret(WORDS);
        let vault = Vault::open(&files, &keys, ledger(), OpenMode::Write, Some(&words));
        change(&mut vault.unwrap()).unwrap();
        let recording = faulty.recording();
        let ways = [Survivors::Nothing, Survivors::Everything]
            .into_iter()
            .chain((0..6).map(Survivors::Random));
        for (at, survivors) in
            (0..=recording.len()).flat_map(|at| ways.clone().map(move |s| (at, s)))
        {
            let after = scratch().unwrap();
            let into = after.path().join("root");
            std::fs::create_dir(&into).unwrap();
            recording.power_cut(at, survivors, &into).unwrap();
            let what = format!("change {n}, cut at {at}, {survivors:?}");
            assert_nothing_lost(&into.join("keys"), &all, &what);
        }
    }
}

#[test]
fn a_locked_vault_is_rescued_with_its_lock_and_every_sound_key() {
    let (root, keys, mut all, printed) = locked();
    let path = keys.join(SUBJECTS_FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 92;
    all.remove(&Owner(bytes[last..last + 16].try_into().unwrap()));
    bytes[last + 20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let into = root.path().join("new");
    Vault::create(&real(), &into, ledger(), &[1; 32]).unwrap();
    let rescued = Vault::rescue(&real(), &keys, ledger());
    assert_eq!(rescued.damage.len(), 1, "{:?}", rescued.damage);
    rescued.keep(&real(), &into, ledger()).unwrap();
    for typed in [WORDS, &printed] {
        assert_eq!(keys_in(&open(&into, Some(&secret(typed))).unwrap()), all);
    }
    // Without the slots nothing can be opened, and nothing is taken for a key.
    bytes[60] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let rescued = Vault::rescue(&real(), &keys, ledger());
    let says = rescued.damage.join("; ");
    assert!(says.contains("no key can be opened"), "{says}");
    rescued.keep(&real(), &into, ledger()).unwrap();
    assert!(keys_in(&open(&into, None).unwrap()).is_empty());
}
