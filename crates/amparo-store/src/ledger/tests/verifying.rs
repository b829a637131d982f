//! How far a verification goes, and what it finds that nothing else would.

use std::fs;
use std::path::PathBuf;

use amparo_core::entry::Entry;
use amparo_tlog::merkle::{Frontier, leaf_hash};

use super::*;
use crate::files::RealFiles;
use crate::journal::Record;

fn found(folder: &Path, extent: Extent) -> Vec<Part> {
    let verification = Verification {
        extent,
        ..Verification::default()
    };
    let verified = Ledger::verify_with(folder, verification, &mut |_| {}).unwrap();
    verified.findings.iter().map(|found| found.part).collect()
}

/// Changes a byte in the middle of a file, or of each file of a folder.
fn damage(path: &Path) {
    if path.is_dir() {
        return every_file(path, &mut damage);
    }
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..]
        .iter_mut()
        .take(1)
        .for_each(|byte| *byte ^= 1);
    fs::write(path, bytes).unwrap();
}

fn ledger(folder: &Path) -> PathBuf {
    let folder = folder.join("ledger");
    filled(&folder);
    folder
}

#[test]
fn the_log_alone_is_verified_without_a_look_at_what_lies_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = ledger(folder.path());
    damage(&folder.join(KEYS).join("subjects"));
    assert!(found(&folder, Extent::Ledger).contains(&Part::Keys));
    assert_eq!(found(&folder, Extent::Log), []);
}

#[test]
fn a_store_that_does_not_open_cannot_tell_how_far_the_log_had_come() {
    let folder = tempfile::tempdir().unwrap();
    let folder = ledger(folder.path());
    damage(&folder.join(SHELF));
    for extent in [Extent::Ledger, Extent::Log] {
        assert!(found(&folder, extent).contains(&Part::Store), "{extent:?}");
    }
}

#[test]
fn a_change_of_the_log_is_found_by_a_look_at_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = ledger(folder.path());
    damage(&folder.join(JOURNAL));
    assert!(found(&folder, Extent::Log).contains(&Part::Journal));
}

#[test]
fn a_lost_end_that_the_store_knows_of_is_found_by_a_look_at_the_log_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = ledger(folder.path());
    every_file(&folder.join(JOURNAL), &mut |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    });
    assert!(found(&folder, Extent::Log).contains(&Part::Journal));
    fs::remove_dir_all(folder.join(SHELF)).unwrap();
    assert_eq!(found(&folder, Extent::Log), []);
}

#[test]
fn two_entries_of_one_event_are_found_with_and_without_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let (head, lines) = filled(&folder);
    let mut twice = Entry::parse(lines.last().unwrap()).unwrap();
    twice.seq = Seq::new(head.size);
    let line = twice.line();
    let mut log = Frontier::new();
    for line in lines.iter().map(Vec::as_slice).chain([line.as_bytes()]) {
        log.push(leaf_hash(line));
    }
    let at = folder.join(JOURNAL);
    let files = Arc::new(RealFiles);
    let (mut journal, _) = Journal::open(files, &at, crate::journal::Access::Write, None).unwrap();
    let record = Record {
        line: line.as_bytes(),
        sealed: &[],
    };
    let recorded = head.recorded.ms().cast_unsigned();
    let root = *log.root().as_bytes();
    journal
        .append(head.size, recorded, root, &[record])
        .unwrap();
    drop(journal);
    for extent in [Extent::Ledger, Extent::Log] {
        assert_eq!(found(&folder, extent), [Part::Log], "{extent:?}");
    }
    fs::remove_dir_all(folder.join(SHELF)).unwrap();
    assert_eq!(found(&folder, Extent::Ledger), [Part::Log]);
}
