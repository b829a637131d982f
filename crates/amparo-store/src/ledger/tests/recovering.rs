//! Recovering from a journal of many sealed segments, a missing one, and keys that are gone.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::journal::Sizes;

/// A ledger of 16 batches in several segments, with its lines and without its sled store.
fn segmented(folder: &Path) -> (Vec<Vec<u8>>, Vec<PathBuf>) {
    let mut ledger = made(folder);
    ledger.journal.set_sizes(Sizes {
        segment_bytes: 4000,
        block_bytes: 1500,
    });
    for n in 0..15 {
        append(&mut ledger, 1, &[person(n), arrest(n)]);
    }
    let kept = lines(&ledger);
    drop(ledger);
    fs::remove_dir_all(folder.join(SHELF)).unwrap();
    let listed = fs::read_dir(folder.join(JOURNAL)).unwrap();
    let mut segments: Vec<_> = listed.map(|item| item.unwrap().path()).collect();
    segments.sort();
    assert!(segments.len() > 3, "{segments:?}");
    (kept, segments)
}

fn recovery(root: &Path, copies: Vec<PathBuf>) -> Recovery {
    Recovery {
        damaged: root.join("ledger"),
        folder: root.join("new"),
        copies,
        recorder: None,
        opening: None,
    }
}

fn recover(recovery: &Recovery) -> Result<(Ledger, Recovered), RecoverError> {
    Ledger::recover(recovery, at(9), &mut random(), &mut |_| {})
}

/// Insists that each place holds its line or says that it is lost; answers which are lost.
fn lost_of(old: &[Vec<u8>], new: &[Vec<u8>]) -> Vec<u64> {
    let mut lost = Vec::new();
    for (seq, line) in (0..).zip(old) {
        let found = &new[seq as usize];
        if found != line {
            let text = String::from_utf8(found.clone()).unwrap();
            assert!(
                text.contains(&format!("Lost: e{seq} could not be read")),
                "{text}"
            );
            lost.push(seq);
        }
    }
    lost
}

#[test]
fn damage_anywhere_in_any_segment_costs_no_entry_outside_the_damaged_block() {
    let root = tempfile::tempdir().unwrap();
    let (old, segments) = segmented(&root.path().join("ledger"));
    let sealed = segments
        .iter()
        .filter(|path| path.extension().unwrap() == "zst");
    assert!(sealed.count() > 2);
    for path in &segments[1..] {
        let sound = fs::read(path).unwrap();
        for at in (0..sound.len()).step_by(sound.len() / 5 + 1) {
            let mut bytes = sound.clone();
            bytes[at] ^= 4;
            fs::write(path, bytes).unwrap();
            let recovery = recovery(root.path(), Vec::new());
            let (ledger, recovered) = match recover(&recovery) {
                // A last batch that looks torn.
                Err(RecoverError::Sound) if *path == segments[segments.len() - 1] => continue,
                made => made.unwrap(),
            };
            let lost = lost_of(&old, &lines(&ledger));
            assert!(lost.len() <= 6, "{path:?}, byte {at}: {lost:?}");
            assert_eq!(recovered.lost_entries(), lost.len() as u64);
            drop(ledger);
            sound_but_for_heads(&recovery.folder);
            fs::remove_dir_all(&recovery.folder).unwrap();
        }
        fs::write(path, sound).unwrap();
    }
}

fn sound_but_for_heads(folder: &Path) {
    let verified = Ledger::verify(folder, &mut |_| {}).unwrap();
    assert_eq!(verified.findings, []);
}

#[test]
fn a_missing_segment_is_a_gap_that_a_backup_closes() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("ledger");
    let (old, segments) = segmented(&folder);
    let backup = root.path().join("backup");
    crate::backup::backup(&folder, &backup).unwrap();
    for path in &segments[1..] {
        let aside = root.path().join("aside");
        fs::rename(path, &aside).unwrap();
        let recovery = recovery(root.path(), Vec::new());
        let (ledger, recovered) = recover(&recovery).unwrap();
        let lost = lost_of(&old[..lines(&ledger).len() - 1], &lines(&ledger));
        assert_eq!(recovered.lost_entries(), lost.len() as u64);
        let is_last = *path == segments[segments.len() - 1];
        assert_eq!(recovered.is_end_unknown, is_last, "{path:?}");
        assert!(is_last || !lost.is_empty());
        assert_eq!(*ledger.standing(), Standing::Restored);
        drop(ledger);
        fs::remove_dir_all(&recovery.folder).unwrap();

        let recovery = self::recovery(root.path(), vec![backup.clone()]);
        let (ledger, recovered) = recover(&recovery).unwrap();
        assert_eq!(recovered.lost, []);
        assert_eq!(lines(&ledger)[..old.len()], old);
        assert!((0..old.len() as u64).all(|seq| ledger.openings(Seq::new(seq)).is_ok()));
        drop(ledger);
        fs::remove_dir_all(&recovery.folder).unwrap();
        fs::rename(aside, path).unwrap();
    }
}

#[test]
fn a_journal_that_is_gone_whole_comes_back_from_the_sled_store_or_a_backup() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("ledger");
    let (head, old) = filled(&folder);
    let backup = root.path().join("backup");
    crate::backup::backup(&folder, &backup).unwrap();
    fs::remove_dir_all(folder.join(JOURNAL)).unwrap();
    for (has_store, copies) in [(true, Vec::new()), (false, vec![backup])] {
        if !has_store {
            fs::remove_dir_all(folder.join(SHELF)).unwrap();
        }
        let recovery = recovery(root.path(), copies);
        let (ledger, recovered) = recover(&recovery).unwrap();
        assert_eq!((recovered.size, recovered.root), (head.size, head.root));
        assert!(
            recovered.is_end_unknown,
            "nothing tells what was appended last"
        );
        assert_eq!(lines(&ledger)[..old.len()], old);
        assert!(ledger.openings(Seq::new(1)).unwrap().is_some());
        drop(ledger);
        fs::remove_dir_all(&recovery.folder).unwrap();
    }
}

#[test]
fn an_erased_name_does_not_come_back_from_an_export_with_openings() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("ledger");
    let mut ledger = made(&folder);
    append(&mut ledger, 1, &[person(0)]);
    append(&mut ledger, 1, &[person(1)]);
    let export = root.path().join("opened.jsonl");
    let mut file = fs::File::create(&export).unwrap();
    ledger.export(true, &mut file, &mut |_| {}).unwrap();
    let whose = ledger
        .entry(Seq::new(1))
        .unwrap()
        .unwrap()
        .event
        .subject()
        .unwrap();
    let context = ledger.context("2026-11-01".parse().unwrap());
    let line = format!(
        r#"{{"kind":"erasure","person":"{}","basis":"consent-withdrawn","unsourced":true}}"#,
        whose.uuid()
    );
    let draft = Draft::parse_own(line.as_bytes(), &context).unwrap();
    let mut random = random();
    let mut plan = Plan::new(&ledger, "desk", Ids::FromContent, Keep::Drafts, &mut random);
    plan.add(draft).unwrap();
    let batch = plan.into_batch();
    ledger.append(batch, at(2), &mut random).unwrap();
    ledger.finish_erasures(None).unwrap();
    drop(ledger);
    fs::remove_dir_all(folder.join(SHELF)).unwrap();
    // Both registrations are lost; the erasure after them is not.
    let path = folder.join(JOURNAL).join("00000000000000000000.log");
    let mut bytes = fs::read(&path).unwrap();
    for seq in [1, 2] {
        let text = format!("{{\"seq\":{seq},");
        let found = bytes.windows(text.len()).position(|w| w == text.as_bytes());
        bytes[found.unwrap()] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    let (ledger, recovered) = recover(&recovery(root.path(), vec![export])).unwrap();
    assert_eq!(recovered.lost, []);
    assert!(ledger.openings(Seq::new(1)).unwrap().is_none());
    assert!(ledger.openings(Seq::new(2)).unwrap().is_some());
}
