//! What read models keep: believed where it is whole and of this log, and compared by `verify`.

use std::fs;
use std::path::PathBuf;

use amparo_core::entry::Entry;
use amparo_core::private::Private;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::*;

const NAME: &str = "lines";

/// A model that is the ids of all entries.
#[derive(Default)]
struct EntryIds(Vec<u8>);

impl Rederive for EntryIds {
    fn expect(&mut self, _: &[&str], _: u64) {}

    fn apply(&mut self, entry: &Entry, _: Option<&Private>) {
        self.0.extend(entry.id.bytes());
    }

    fn bytes(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        name.starts_with(NAME)
            .then(|| Zeroizing::new(self.0.clone()))
    }
}

fn model(ledger: &Ledger) -> EntryIds {
    let mut model = EntryIds::default();
    for entry in ledger.entries(0..u64::MAX) {
        model.apply(&entry.unwrap(), None);
    }
    model
}

fn kept(folder: &Path) -> Option<(u64, Vec<u8>)> {
    let (ledger, _) = opened(folder, Access::Read);
    let kept = ledger.kept(NAME)?;
    Some((kept.size(), kept.bytes().to_vec()))
}

fn derived_findings(folder: &Path) -> Vec<String> {
    let mut model = EntryIds::default();
    let verification = Verification {
        model: Some(&mut model),
        ..Verification::default()
    };
    let verified = Ledger::verify_with(folder, verification, &mut |_| {}).unwrap();
    let findings = verified.findings.into_iter();
    findings
        .inspect(|finding| assert_eq!(finding.part, Part::Derived, "{finding}"))
        .map(|finding| finding.what)
        .collect()
}

/// A ledger of seven entries with a model of six of them.
fn with_model(folder: &Path) -> (PathBuf, EntryIds) {
    let mut ledger = made(folder);
    append(
        &mut ledger,
        1,
        &[person(0), arrest(0), person(1), arrest(1), person(2)],
    );
    let model = model(&ledger);
    ledger.keep(NAME, 6, &model.0);
    append(&mut ledger, 2, &[arrest(2)]);
    ledger.close().unwrap();
    (folder.join("derived").join(NAME), model)
}

#[test]
fn a_model_is_kept_with_the_size_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let (file, model) = with_model(folder.path());
    assert_eq!(kept(folder.path()), Some((6, model.0.clone())));
    assert_eq!(derived_findings(folder.path()), [] as [&str; 0]);

    // Gone with its folder, it is kept anew by whoever worked it out again.
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
    assert_eq!(kept(folder.path()), None);
    assert_eq!(derived_findings(folder.path()), [] as [&str; 0]);
    let (ledger, _) = opened(folder.path(), Access::Read);
    ledger.keep(NAME, 7, b"anew");
    ledger.keep(NAME, 7, b"once more");
    drop(ledger);
    assert_eq!(kept(folder.path()), Some((7, b"once more".to_vec())));
}

#[test]
fn a_damaged_model_is_not_believed_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = with_model(folder.path());
    let sound = fs::read(&file).unwrap();
    let (ledger, _) = opened(folder.path(), Access::Read);
    for byte in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[byte] ^= 1 << (byte % 8);
        fs::write(&file, damaged).unwrap();
        assert!(ledger.kept(NAME).is_none(), "byte {byte}");
    }
    for cut in 0..sound.len() {
        fs::write(&file, &sound[..cut]).unwrap();
        assert!(ledger.kept(NAME).is_none(), "cut at {cut}");
    }
    drop(ledger);
    assert_eq!(derived_findings(folder.path()), ["lines is damaged"]);
}

/// Changes a file of a model, and makes the sum fit again.
pub(super) fn forge(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    let sum = Sha256::new()
        .chain_update(&bytes[..64])
        .chain_update(&bytes[96..])
        .finalize();
    bytes[64..96].copy_from_slice(&sum);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_model_of_another_log_is_not_believed_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = with_model(folder.path());
    let is_not = |size| format!("lines is not what the first {size} entries of the log give");
    forge(&file, |bytes| bytes[40] ^= 1);
    assert_eq!(kept(folder.path()), None, "another root");
    assert_eq!(derived_findings(folder.path()), [is_not(6)]);
    forge(&file, |bytes| {
        bytes[24..32].copy_from_slice(&8_u64.to_le_bytes())
    });
    assert_eq!(kept(folder.path()), None, "a longer log");
    assert_eq!(derived_findings(folder.path()), [is_not(8)]);
    forge(&file, |bytes| {
        bytes[24..32].copy_from_slice(&u64::MAX.to_le_bytes())
    });
    assert_eq!(derived_findings(folder.path()), [is_not(u64::MAX)]);
    forge(&file, |bytes| bytes[8] ^= 1);
    assert_eq!(kept(folder.path()), None, "another ledger");
    assert_eq!(derived_findings(folder.path()), ["lines is damaged"]);
}

#[test]
fn a_model_that_the_log_does_not_give_is_named_however_well_it_is_summed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, model) = with_model(folder.path());
    forge(&file, |bytes| bytes[100] ^= 1);
    assert!(kept(folder.path()).is_some_and(|(size, bytes)| size == 6 && bytes != model.0));
    let wrong = ["lines is not what the first 6 entries of the log give"];
    assert_eq!(derived_findings(folder.path()), wrong);
}

#[test]
fn each_of_several_files_is_held_against_the_log_where_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (file, model) = with_model(folder.path());
    let (ledger, _) = opened(folder.path(), Access::Read);
    let ids = model.0.len() / 6;
    ledger.keep("lines-of-two", 2, &model.0[..2 * ids]);
    ledger.keep("lines-of-none", 4, &model.0[..2 * ids]);
    ledger.keep("others", 3, b"whatever");
    drop(ledger);
    let named = derived_findings(folder.path());
    let wrong = |name, size| format!("{name} is not what the first {size} entries of the log give");
    assert_eq!(named, [wrong("others", 3), wrong("lines-of-none", 4)]);
    for name in ["others", "lines-of-none"] {
        fs::remove_file(file.with_file_name(name)).unwrap();
    }
    fs::write(file.with_file_name("lines.tmp"), b"left over").unwrap();
    assert_eq!(derived_findings(folder.path()), [] as [&str; 0]);
}
