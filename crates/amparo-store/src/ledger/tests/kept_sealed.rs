//! What was opened and kept: read with every key that it was opened with, and by nobody else.

use std::fs;
use std::path::PathBuf;

use amparo_core::entry::Entry;
use amparo_core::private::Private;
use zeroize::Zeroizing;

use super::*;
use crate::{Cost, SlotSecret};

const NAME: &str = "names.sealed";

/// A model that is all names, in the order of the log.
#[derive(Default)]
struct AllNames(Vec<u8>);

impl Rederive for AllNames {
    fn expect(&mut self, _: &[&str], _: u64) {}

    fn apply(&mut self, _: &Entry, private: Option<&Private>) {
        self.0
            .extend(private.and_then(Private::name).unwrap_or_default().bytes());
    }

    fn bytes(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        (name == NAME).then(|| Zeroizing::new(self.0.clone()))
    }
}

fn all_names(ledger: &Ledger) -> Vec<u8> {
    let mut model = AllNames::default();
    for entry in ledger.entries(0..u64::MAX) {
        let entry = entry.unwrap();
        let private = ledger.private(entry.seq).unwrap_or_default();
        model.apply(&entry, private.as_ref());
    }
    model.0
}

/// A ledger of three people whose names are kept.
fn with_names(folder: &Path) -> (PathBuf, Vec<u8>) {
    let mut ledger = made(folder);
    append(&mut ledger, 1, &[person(0), person(1), person(2)]);
    let names = all_names(&ledger);
    assert_eq!(names, b"Ana Demo 0Ana Demo 1Ana Demo 2");
    ledger.keep_sealed(NAME, 4, &names);
    ledger.close().unwrap();
    (folder.join("derived").join(NAME), names)
}

fn kept(ledger: &Ledger) -> Option<Vec<u8>> {
    let kept = ledger.kept_sealed(NAME)?;
    assert_eq!(kept.size, 4);
    assert!(!format!("{kept:?}").contains("Demo"));
    Some(kept.bytes.to_vec())
}

fn kept_in(folder: &Path) -> Option<Vec<u8>> {
    kept(&opened(folder, Access::Read).0)
}

fn findings(folder: &Path, secret: Option<&SlotSecret>) -> Vec<String> {
    let mut model = AllNames::default();
    let verification = Verification {
        secret,
        model: Some(&mut model),
        ..Verification::default()
    };
    let verified = Ledger::verify_with(folder, verification, &mut |_| {}).unwrap();
    verified.findings.iter().map(ToString::to_string).collect()
}

/// Appends the erasure of a person, and leaves the key.
fn note_erasure(ledger: &mut Ledger, registered: u64) {
    let entry = ledger.entry(Seq::new(registered)).unwrap().unwrap();
    let whose = entry.event.subject().unwrap().uuid();
    let line = format!(
        r#"{{"kind":"erasure","person":"{whose}","basis":"consent-withdrawn","unsourced":true}}"#
    );
    let context = ledger.context("2026-11-01".parse().unwrap());
    let draft = Draft::parse_own(line.as_bytes(), &context).unwrap();
    let mut random = random();
    let mut plan = Plan::new(ledger, "desk", Ids::FromContent, Keep::Drafts, &mut random);
    plan.add(draft).unwrap();
    let batch = plan.into_batch();
    ledger.append(batch, at(2), &mut random).unwrap();
}

#[test]
fn names_are_kept_without_a_name_in_the_file_and_no_changed_byte_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, names) = with_names(folder.path());
    assert_eq!(kept_in(folder.path()), Some(names.clone()));
    assert_eq!(findings(folder.path(), None), [] as [&str; 0]);
    let sound = fs::read(&file).unwrap();
    assert!(!sound.windows(4).any(|bytes| bytes == b"Demo"));

    // Worked out again they are the same bytes.
    let (ledger, _) = opened(folder.path(), Access::Read);
    fs::remove_file(&file).unwrap();
    ledger.keep_sealed(NAME, 4, &names);
    assert_eq!(fs::read(&file).unwrap(), sound);

    // Also with a sum that fits.
    for byte in 96..sound.len() {
        derived::forge(&file, |bytes| bytes[byte] ^= 1 << (byte % 8));
        assert_eq!(kept(&ledger), None, "byte {byte}");
        fs::write(&file, &sound).unwrap();
    }
    assert_eq!(kept(&ledger), Some(names));
}

#[test]
fn names_that_the_log_does_not_give_are_named() {
    let folder = tempfile::tempdir().unwrap();
    with_names(folder.path());
    let (ledger, _) = opened(folder.path(), Access::Read);
    ledger.keep_sealed(NAME, 4, b"Ana Demo 0Bea Demo 1Ana Demo 2");
    drop(ledger);
    let wrong = ["derived: names.sealed is not what the first 4 entries of the log give"];
    assert_eq!(findings(folder.path(), None), wrong);
}

#[test]
fn two_logs_with_the_same_names_share_no_nonce() {
    let folder = tempfile::tempdir().unwrap();
    let (file, names) = with_names(folder.path());
    let nonce = |file: &PathBuf| fs::read(file).unwrap()[104..128].to_vec();
    let before = nonce(&file);
    let (mut ledger, _) = opened(folder.path(), Access::Write);
    append(&mut ledger, 2, &[arrest(0)]);
    ledger.keep_sealed(NAME, 5, &names);
    assert_ne!(nonce(&file), before);
}

#[test]
fn nothing_is_kept_under_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = made(folder.path());
    ledger.keep_sealed(NAME, 1, b"");
    assert!(!folder.path().join("derived").join(NAME).exists());
}

#[test]
fn a_key_that_is_missing_is_told_unless_an_erasure_destroyed_it() {
    let folder = tempfile::tempdir().unwrap();
    with_names(folder.path());
    let people = [1, 2, 3].map(Seq::new);
    let count = |ledger: &Ledger| {
        let mut names = 0;
        let are_all = ledger
            .each_private(&people, &mut |_, _| names += 1)
            .unwrap();
        (names, are_all)
    };
    let (mut ledger, _) = opened(folder.path(), Access::Write);
    assert_eq!(count(&ledger), (3, true));
    note_erasure(&mut ledger, 1);
    assert_eq!(ledger.finish_erasures(None).unwrap(), 1);
    assert_eq!(count(&ledger), (2, true));
    ledger.close().unwrap();

    // A copy of the keys that is older than the last person.
    let subjects = folder.path().join("keys/subjects");
    let whole = fs::read(&subjects).unwrap();
    fs::write(&subjects, &whole[..whole.len() - 52]).unwrap();
    let (ledger, _) = opened(folder.path(), Access::Read);
    assert_eq!(count(&ledger), (1, false));
}

#[test]
fn keys_of_others_that_come_later_close_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, names) = with_names(folder.path());
    let (mut ledger, _) = opened(folder.path(), Access::Write);
    append(&mut ledger, 2, &[person(3)]);
    assert_eq!(kept(&ledger), Some(names.clone()));
    ledger.close().unwrap();
    assert_eq!(kept_in(folder.path()), Some(names));
}

#[test]
fn an_erasure_removes_what_is_kept_and_nobody_can_read_it_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let (file, names) = with_names(folder.path());
    let before = fs::read(&file).unwrap();
    let (mut ledger, _) = opened(folder.path(), Access::Write);
    note_erasure(&mut ledger, 2);
    drop(ledger);

    // Recorded and interrupted: a reader has the key, and takes it for gone.
    let (ledger, _) = opened(folder.path(), Access::Read);
    assert_eq!(kept(&ledger), None);
    ledger.keep_sealed(NAME, 4, &names);
    assert_eq!(fs::read(&file).unwrap(), before);
    drop(ledger);

    let (mut ledger, _) = opened(folder.path(), Access::Write);
    assert_eq!(
        ledger.finish_erasures(None).unwrap(),
        0,
        "done as it was opened"
    );
    assert!(!file.exists());
    fs::write(&file, before).unwrap();
    assert_eq!(kept(&ledger), None);
    ledger.close().unwrap();
    assert_eq!(kept_in(folder.path()), None);
    assert_eq!(findings(folder.path(), None), [] as [&str; 0]);

    let (ledger, _) = opened(folder.path(), Access::Read);
    ledger.keep_sealed(NAME, 4, &all_names(&ledger));
    assert_eq!(kept(&ledger), Some(b"Ana Demo 0Ana Demo 2".to_vec()));
    drop(ledger);
    assert_eq!(findings(folder.path(), None), [] as [&str; 0]);
}

#[test]
fn under_a_lock_names_are_kept_for_whoever_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, names) = with_names(folder.path());
    let before = fs::read(&file).unwrap();
    let words = SlotSecret::passphrase("four made-up demo words").unwrap();
    let (mut ledger, _) = opened(folder.path(), Access::Write);
    ledger
        .lock_keys(&words, Cost::CHEAP, &mut random())
        .unwrap();
    ledger.close().unwrap();
    assert!(!file.exists());

    let open = || Ledger::open_unlocked(folder.path(), Access::Write, &words, &mut |_| {}).unwrap();
    fs::write(&file, before).unwrap();
    assert_eq!(kept(&open()), None, "those of the keys in the clear");
    let ledger = open();
    ledger.keep_sealed(NAME, 4, &names);
    assert_eq!(kept(&ledger), Some(names.clone()));
    ledger.close().unwrap();
    assert_eq!(kept_in(folder.path()), None, "without the passphrase");
    let sealed = fs::read(&file).unwrap();
    let (ledger, _) = opened(folder.path(), Access::Write);
    ledger.keep_sealed(NAME, 4, b"");
    ledger.close().unwrap();
    assert_eq!(fs::read(&file).unwrap(), sealed);
    assert_eq!(findings(folder.path(), None), [] as [&str; 0]);
    assert_eq!(findings(folder.path(), Some(&words)), [] as [&str; 0]);

    // A new wrapping key closes what the old one opened; so does a lock for the field.
    let mut ledger = open();
    ledger.set_for_field(true, &mut random()).unwrap();
    assert_eq!(kept(&ledger), None);
    ledger.keep_sealed(NAME, 4, &names);
    ledger.close().unwrap();
    assert_eq!(kept(&open()), Some(names));
    assert_eq!(kept_in(folder.path()), None);
}
