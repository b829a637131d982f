//! Damaged records in the key file, at its end as well: no later key takes their place.

use std::fs;

use super::*;

/// Two people with private fields, and the bytes of the key file.
fn two_people(folder: &Path) -> Vec<u8> {
    let mut ledger = made(folder);
    append(&mut ledger, 1, &[person(0)]);
    append(&mut ledger, 1, &[person(1)]);
    ledger.close().unwrap();
    fs::read(folder.join(KEYS).join("subjects")).unwrap()
}

fn findings(folder: &Path) -> usize {
    Ledger::verify(folder, &mut |_| {}).unwrap().findings.len()
}

#[test]
fn a_damaged_last_key_is_told_and_never_written_over_by_the_next() {
    for from_end in [30, 52] {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ledger");
        let sound = two_people(&folder);
        let path = folder.join(KEYS).join("subjects");
        let damage = sound.len() - from_end;
        let mut bytes = sound.clone();
        bytes[damage] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (mut ledger, notices) = opened(&folder, Access::Write);
        assert_eq!(notices, [Notice::UnreadableKeys { records: 1 }]);
        append(&mut ledger, 2, &[person(2)]);
        ledger.close().unwrap();
        let found = fs::read(&path).unwrap();
        assert!(
            found.starts_with(&bytes),
            "the damaged key was written over"
        );
        assert!(findings(&folder) > 0);
        // The bit turned back, all keys are there again.
        let mut mended = found;
        mended[damage] ^= 1;
        fs::write(&path, &mended).unwrap();
        assert_eq!(findings(&folder), 0);
    }
}

#[test]
fn keys_that_a_crash_tore_before_anybody_relied_on_them_go_without_a_word() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("ledger");
    let sound = two_people(&folder);
    let path = folder.join(KEYS).join("subjects");
    let unused = &sound[sound.len() - 52..];
    for torn in [
        vec![0; 52],
        vec![7; 104],
        vec![7; 60],
        unused[..40].to_vec(),
        // One piece of a write is there, and the one before it is not.
        [vec![0; 52], unused.to_vec()].concat(),
    ] {
        fs::write(&path, [&sound[..], &torn].concat()).unwrap();
        let (mut ledger, notices) = opened(&folder, Access::Write);
        assert_eq!(notices, []);
        append(&mut ledger, 2, &[person(torn.len() + usize::from(torn[0]))]);
        ledger.close().unwrap();
        assert_eq!(findings(&folder), 0, "{torn:?}");
        let (ledger, _) = opened(&folder, Access::Read);
        let size = ledger.head().size;
        let opened = (1..size).filter(|seq| ledger.openings(Seq::new(*seq)).unwrap().is_some());
        assert_eq!(opened.count() as u64, size - 1);
        drop(ledger);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(two_people(&folder), sound);
    }
}
