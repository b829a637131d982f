//! Damaged records in the key file: kept where somebody needs them, else taken out.

use super::*;

/// The key file.
fn subjects(folder: &Path) -> PathBuf {
    folder.join(KEYS).join("subjects")
}

/// A ledger with three people, and its key file.
fn three(folder: &Path) -> Vec<u8> {
    let mut ledger = made(folder);
    append(&mut ledger, 1, &[person(0), person(1), person(2)]);
    ledger.close().unwrap();
    std::fs::read(subjects(folder)).unwrap()
}

fn names(folder: &Path) -> Vec<Option<String>> {
    let (ledger, _) = opened(folder, Access::Read);
    let seqs = (1..ledger.head().size).map(Seq::new);
    let private = seqs.map(|seq| ledger.private(seq).unwrap());
    let names = private.map(|private| Some(private?.name()?.to_owned()));
    names.collect()
}

#[test]
fn a_key_that_somebody_needs_is_never_lost_to_the_next_one() {
    for is_cut in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ledger");
        let whole = three(&folder);
        let last = whole.len() - 52;
        let mut damaged = whole.clone();
        match is_cut {
            true => damaged.truncate(last + 48),
            false => damaged[last + 50] ^= 1,
        }
        std::fs::write(subjects(&folder), &damaged).unwrap();
        let (mut ledger, _) = opened(&folder, Access::Write);
        append(&mut ledger, 2, &[person(3)]);
        ledger.close().unwrap();
        let found = Ledger::verify(&folder, &mut |_| {}).unwrap().findings;
        let said: Vec<_> = found.iter().map(|finding| finding.what.as_str()).collect();
        let gone = "e3: the key to the private fields is gone, and no erasure says so";
        assert_eq!(said, [&format!("the key at byte {last} is damaged"), gone]);
        // Whoever mends the record has it all.
        let mut bytes = std::fs::read(subjects(&folder)).unwrap();
        assert_eq!(bytes[..damaged.len()], damaged);
        bytes[..whole.len()].copy_from_slice(&whole);
        std::fs::write(subjects(&folder), &bytes).unwrap();
        sound_and_named(&folder);
    }
}

fn sound_and_named(folder: &Path) {
    sound(folder);
    assert!(names(folder).iter().all(Option::is_some));
}

#[test]
fn what_a_power_cut_left_of_keys_that_nobody_needs_is_no_fault_and_goes() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("ledger");
    let whole = three(&folder);
    for torn in [&[0; 52 * 2 + 9][..], &[7; 52], &[7; 3]] {
        std::fs::write(subjects(&folder), [&whole, torn].concat()).unwrap();
        sound(&folder);
        assert_eq!(names(&folder).len(), 3);
        let (ledger, _) = opened(&folder, Access::Write);
        ledger.close().unwrap();
        assert_eq!(std::fs::read(subjects(&folder)).unwrap(), whole);
    }
    // Under a lock as well, opened or not.
    let words = crate::SlotSecret::passphrase("four made-up demo words").unwrap();
    let (mut ledger, _) = opened(&folder, Access::Write);
    let cost = crate::Cost::CHEAP;
    ledger.lock_keys(&words, cost, &mut random()).unwrap();
    ledger.close().unwrap();
    let locked = std::fs::read(subjects(&folder)).unwrap();
    std::fs::write(subjects(&folder), [&locked[..], &[7; 100]].concat()).unwrap();
    let (ledger, _) = opened(&folder, Access::Write);
    ledger.close().unwrap();
    assert_eq!(std::fs::read(subjects(&folder)).unwrap(), locked);
}
