//! Stopped writers, copies, flipped bits, missing and foreign stores.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::kv::fail_after_puts;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}

/// Stops the writer at puts spread over a history that folds, spills, merges and drops.
#[test]
fn a_writer_stopped_after_any_put_stands_at_a_whole_batch_and_can_go_on() {
    let batches = [
        (1, true),
        (254, true),
        (3, true),
        (256, true),
        (255, true),
        (1, true),
    ];
    let batches = [
        &batches[..],
        &[(700, false), (1, true), (300, true), (2, true)],
    ]
    .concat();
    let ends: BTreeSet<u64> = batches
        .iter()
        .scan(0, |size, batch| {
            *size += batch.0;
            Some(*size)
        })
        .chain([0])
        .collect();
    let (size, mut stopped) = (*ends.last().unwrap(), 0);
    for puts in (0..).map(|step| step * 37 + step % 7) {
        let dir = tempfile::tempdir().unwrap();
        let mut shelf = open(dir.path());
        fail_after_puts(puts);
        let outcome = apply_all(&mut shelf, &batches);
        fail_after_puts(u64::MAX);
        if outcome.is_ok() {
            break;
        }
        stopped += 1;
        assert!(matches!(shelf.flush(), Err(ShelfError::Poisoned)));
        drop(shelf);
        let mut shelf = open(dir.path());
        let head = shelf.head().map_or(0, |head| head.size);
        assert!(ends.contains(&head), "{head} after {puts} puts");
        check(&shelf, head).unwrap();
        apply_all(&mut shelf, &batches).unwrap();
        check(&shelf, size).unwrap();
        shelf.close().unwrap();
        check(&open(dir.path()), size).unwrap();
    }
    assert!(stopped > 20, "{stopped} stops");
}

#[test]
fn a_copy_taken_at_any_time_is_whole_up_to_its_last_flush() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    let mut size = 0;
    for count in [200, 60, 700, 10] {
        apply(&mut shelf, size, count).unwrap();
        let before = tempfile::tempdir().unwrap();
        copy(dir.path(), before.path());
        let flushed = open(before.path());
        check(&flushed, size).unwrap();
        size += count;
        shelf.flush().unwrap();
        let after = tempfile::tempdir().unwrap();
        copy(dir.path(), after.path());
        check(&open(after.path()), size).unwrap();
    }
}

#[test]
fn a_flipped_byte_gives_an_error_or_an_earlier_head_and_never_a_wrong_answer() {
    let dir = tempfile::tempdir().unwrap();
    let batches = [(300, true), (700, true), (40, true), (1, true)];
    let mut shelf = open(dir.path());
    apply_all(&mut shelf, &batches).unwrap();
    shelf.set_derived("totals", &[5; 9_000]).unwrap();
    shelf.close().unwrap();
    let settled = tempfile::tempdir().unwrap();
    copy(dir.path(), settled.path());
    open(settled.path()).close().unwrap(); // opening writes a snapshot
    let (mut errors, mut behind, mut same) = (0, 0, 0);
    let mut random = 88_172_645_463_325_252_u64;
    for round in 0..240 {
        let from = if round % 2 == 0 {
            dir.path()
        } else {
            settled.path()
        };
        let damaged = tempfile::tempdir().unwrap();
        copy(from, damaged.path());
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        flip(damaged.path(), random);
        let outcome = Shelf::open(damaged.path(), LEDGER).and_then(|shelf| {
            let size = shelf.head().map_or(0, |head| head.size);
            assert!([0, 300, 1000, 1040, 1041].contains(&size));
            check(&shelf, size)?;
            let derived = shelf.derived("totals")?;
            assert!(derived.is_none_or(|derived| derived == (1041, vec![5; 9_000])));
            Ok(size)
        });
        match outcome {
            Err(ShelfError::Damaged { .. } | ShelfError::Stale) => errors += 1,
            Err(other) => panic!("round {round}: {other:?}"),
            Ok(1041) => same += 1,
            Ok(_) => behind += 1,
        }
    }
    assert!(
        errors > 60 && behind + same > 20,
        "{errors} errors, {behind} behind, {same} same"
    );
}

/// Flips a bit in one of the files under `dir`, in the part of it that is not all zero.
fn flip(dir: &Path, random: u64) {
    let mut files = Vec::new();
    for store in std::fs::read_dir(dir).unwrap() {
        for file in std::fs::read_dir(store.unwrap().path()).unwrap() {
            files.extend(Some(file.unwrap().path()).filter(|path| path.is_file()));
        }
    }
    files.sort();
    let path = &files[random as usize % files.len()];
    let mut bytes = std::fs::read(path).unwrap();
    let used = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    if used > 0 {
        bytes[(random >> 16) as usize % used] ^= 1 << (random >> 8 & 7);
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_missing_store_is_damage_or_an_empty_shelf() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    apply(&mut shelf, 0, 600).unwrap();
    shelf.close().unwrap();
    std::fs::rename(dir.path().join("bundles-000"), dir.path().join("gone")).unwrap();
    let shelf = open(dir.path());
    let Err(ShelfError::Damaged { what }) = shelf.line(300) else {
        panic!("no damage")
    };
    assert_eq!(what, "the bundle of entries 256 to 511");
    assert_eq!(
        shelf.lines(0..600).filter(Result::is_err).count(),
        1,
        "ends after its error"
    );
    assert!(shelf.line(599).unwrap().is_some(), "the tail is elsewhere");
    drop(shelf);
    std::fs::remove_dir_all(dir.path().join("desk")).unwrap();
    assert_eq!(open(dir.path()).head(), None);
}

#[test]
fn a_shelf_of_another_ledger_is_stale_in_each_of_its_stores() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    apply(&mut shelf, 0, 300).unwrap();
    shelf.close().unwrap();
    assert!(matches!(
        Shelf::open(dir.path(), [2; 16]),
        Err(ShelfError::Stale)
    ));
    let other = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(other.path(), [2; 16]).unwrap();
    apply(&mut shelf, 0, 300).unwrap();
    shelf.close().unwrap();
    std::fs::remove_dir_all(dir.path().join("bundles-000")).unwrap();
    copy(
        &other.path().join("bundles-000"),
        &dir.path().join("bundles-000"),
    );
    assert!(matches!(open(dir.path()).line(0), Err(ShelfError::Stale)));
}

#[test]
fn a_shelf_is_open_once_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    assert!(matches!(
        Shelf::open(dir.path(), LEDGER),
        Err(ShelfError::Busy)
    ));
    check(&first, 0).unwrap();
}
