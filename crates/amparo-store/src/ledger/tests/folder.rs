//! A ledger folder that is closed, harmed, copied and opened again.

use super::*;
use crate::journal;

#[test]
fn a_ledger_reopens_as_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let (head, kept) = filled(&folder);
    let (ledger, notices) = opened(&folder, Access::Read);
    assert_eq!(
        (ledger.head(), lines(&ledger), notices),
        (head, kept, vec![])
    );
    assert_eq!(head.size, 601);
    assert_eq!(
        ledger.private(Seq::new(1)).unwrap().unwrap().name(),
        Some("Ana Demo 0")
    );
    drop(ledger);
    assert_eq!((sound(&folder).opened, sound(&folder).behind), (300, 0));
}

#[test]
fn a_second_process_is_told_that_the_ledger_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let held = made(&folder);
    for access in [Access::Read, Access::Write] {
        let error = Ledger::open(&folder, access, &mut |_| {}).unwrap_err();
        assert!(matches!(error, OpenError::InUse), "{error:?}");
    }
    drop(held);
    opened(&folder, Access::Write);
}

#[test]
fn only_an_empty_folder_becomes_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let new = NewLedger {
        name: "Demo".into(),
        time_zone: chrono_tz::UTC,
        recorder: "desk".into(),
    };
    let ledger = folder.path().join("ledger");
    drop(made(&ledger));
    let again = Ledger::init(&ledger, &new, at(0), &mut random()).unwrap_err();
    assert!(matches!(again, InitError::IsALedger(_)), "{again:?}");
    let other = Ledger::init(folder.path(), &new, at(0), &mut random()).unwrap_err();
    assert!(matches!(other, InitError::NotEmpty(_)), "{other:?}");
    let unnamed = NewLedger {
        name: " ".into(),
        ..new
    };
    let error = Ledger::init(&folder.path().join("b"), &unnamed, at(0), &mut random());
    assert!(matches!(error.unwrap_err(), InitError::BadText("name")));
}

/// Does something to the sled store of a filled ledger, and looks whether all answers return.
fn rebuilt_after(harm: impl FnOnce(&Path)) -> Vec<Notice> {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let (head, kept) = filled(&folder);
    harm(&folder.join(SHELF));
    let (ledger, notices) = opened(&folder, Access::Read);
    assert_eq!((ledger.head(), lines(&ledger)), (head, kept));
    assert_eq!(
        ledger.private(Seq::new(1)).unwrap().unwrap().name(),
        Some("Ana Demo 0")
    );
    drop(ledger);
    sound(&folder);
    notices
}

#[test]
fn a_sled_store_that_is_gone_damaged_or_strange_is_built_again() {
    let gone = |shelf: &Path| std::fs::remove_dir_all(shelf).unwrap();
    let damaged = |shelf: &Path| {
        every_file(shelf, &mut |file| std::fs::write(file, b"damaged").unwrap());
    };
    let strange = |shelf: &Path| {
        let other = tempfile::tempdir().unwrap();
        let other = other.path().join("ledger");
        let new = NewLedger {
            name: "Other".into(),
            time_zone: chrono_tz::UTC,
            recorder: "desk".into(),
        };
        Ledger::init(&other, &new, at(0), &mut |bytes| bytes.fill(7)).unwrap();
        std::fs::remove_dir_all(shelf).unwrap();
        std::fs::rename(other.join(SHELF), shelf).unwrap();
    };
    for harm in [&gone as &dyn Fn(&Path), &damaged, &strange] {
        let notices = rebuilt_after(harm);
        assert!(
            matches!(notices[..], [Notice::StoreRebuilt { .. }, ..]),
            "{notices:?}"
        );
    }
}

#[test]
fn a_sled_store_that_is_behind_catches_up_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    let old = tempfile::tempdir().unwrap();
    open::copy_folder(&folder.join(SHELF), &old.path().join(SHELF)).unwrap();
    let (mut ledger, _) = opened(&folder, Access::Write);
    append(&mut ledger, 3, &[arrest(900)]);
    let (head, kept) = (ledger.head(), lines(&ledger));
    ledger.close().unwrap();
    std::fs::remove_dir_all(folder.join(SHELF)).unwrap();
    open::copy_folder(&old.path().join(SHELF), &folder.join(SHELF)).unwrap();
    assert_eq!(sound(&folder).behind, 2);
    let total = head.size;
    let behind = Notice::StoreBehind { lacking: 2, total };
    for notices_due in [vec![behind], vec![]] {
        let (ledger, notices) = opened(&folder, Access::Read);
        assert_eq!(
            (ledger.head(), lines(&ledger), notices),
            (head, kept.clone(), notices_due)
        );
        ledger.close().unwrap();
    }
}

#[test]
fn nothing_is_said_of_a_sled_store_that_every_opening_finds_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    for n in 0..8 {
        let access = if n % 3 == 2 {
            Access::Read
        } else {
            Access::Write
        };
        let (mut ledger, notices) = opened(&folder, access);
        assert_eq!(notices, []);
        if access == Access::Write {
            append(&mut ledger, 3 + n, &[arrest(1000 + n as usize)]);
        }
        // Closed, or only let go.
        match n % 2 {
            0 => ledger.close().unwrap(),
            _ => drop(ledger),
        }
    }
}

#[test]
fn a_journal_that_lost_what_the_store_holds_is_damage_and_not_a_torn_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    every_file(&folder.join(JOURNAL), &mut |file| {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    });
    let error = Ledger::open(&folder, Access::Write, &mut |_| {}).unwrap_err();
    assert!(
        matches!(
            &error,
            OpenError::Damaged(journal::OpenError::Damaged { .. })
        ),
        "{error:?}"
    );
    let verified = Ledger::verify(&folder, &mut |_| {}).unwrap();
    assert!(
        verified
            .findings
            .iter()
            .any(|finding| finding.part == Part::Journal)
    );
    // With the store gone as well, nobody can tell it from a batch that was never acknowledged.
    std::fs::remove_dir_all(folder.join(SHELF)).unwrap();
    let (ledger, notices) = opened(&folder, Access::Write);
    assert_eq!(ledger.head().size, 7);
    assert!(
        matches!(notices[..], [Notice::TornBatchCut { .. }, ..]),
        "{notices:?}"
    );
}

#[test]
fn an_export_makes_a_ledger_with_the_same_root_and_with_openings_the_same_names() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    let (head, kept) = filled(&from);
    let (ledger, _) = opened(&from, Access::Read);
    for openings in [false, true] {
        let mut export = Vec::new();
        ledger.export(openings, &mut export, &mut |_| {}).unwrap();
        let to = folder.path().join(format!("to-{openings}"));
        let copy = Ledger::init_from(&to, &mut &export[..], "desk", &mut random(), &mut |_| {});
        let copy = copy.unwrap();
        assert_eq!((copy.head(), lines(&copy)), (head, kept.clone()));
        let name = copy
            .private(Seq::new(1))
            .unwrap()
            .map(|private| private.name().is_some());
        assert_eq!(name, openings.then_some(true));
        copy.close().unwrap();
        sound(&to);
        // A known reference leads to the same person, where the references came along.
        let (copy, _) = opened(&to, Access::Write);
        let entries = planned(&copy, &[arrest(1).replace("01-02", "01-03")])
            .unwrap()
            .len();
        assert_eq!(entries, if openings { 1 } else { 2 });
    }
}

#[test]
fn an_export_that_was_altered_makes_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    filled(&from);
    let (ledger, _) = opened(&from, Access::Read);
    let mut export = Vec::new();
    ledger.export(true, &mut export, &mut |_| {}).unwrap();
    let export = String::from_utf8(export).unwrap();
    let all: Vec<&str> = export.lines().collect();
    let without = |n: usize| [&all[..n], &all[n + 1..]].concat().join("\n");
    for (n, altered) in [
        without(0),
        without(1),
        export.replacen("\"by\":\"desk\"", "\"by\": \"desk\"", 1),
        export.replacen("Ana Demo 1", "Ana Demo 2", 1),
        String::new(),
    ]
    .into_iter()
    .enumerate()
    {
        let to = folder.path().join(format!("to-{n}"));
        let made = Ledger::init_from(
            &to,
            &mut altered.as_bytes(),
            "desk",
            &mut random(),
            &mut |_| {},
        );
        assert!(made.is_err(), "{n}");
        assert!(Ledger::find(&to).is_none_or(|found| found != to));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_ledger() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for part in ["", JOURNAL, KEYS, SHELF] {
        assert_eq!(mode(&folder.join(part)), 0o700, "{part}");
    }
    for part in [JOURNAL, KEYS] {
        every_file(&folder.join(part), &mut |file| {
            assert_eq!(mode(file), 0o600)
        });
    }
}

#[test]
fn names_are_nowhere_in_the_folder_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    every_file(&folder, &mut |file| {
        let bytes = std::fs::read(file).unwrap();
        for secret in [&b"Ana Demo"[..], b"fp:1"] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret),
                "{file:?}"
            );
        }
    });
}

#[test]
fn a_key_that_is_gone_with_no_erasure_to_account_for_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    let file = folder.join(KEYS).join("subjects");
    let whole = std::fs::read(&file).unwrap();
    let keys_in_findings = || {
        let verified = Ledger::verify(&folder, &mut |_| {}).unwrap();
        let parts: Vec<_> = verified.findings.iter().map(|found| found.part).collect();
        assert!(parts.iter().all(|part| *part == Part::Keys), "{parts:?}");
        parts.len()
    };
    assert_eq!(keys_in_findings(), 0);
    // The last key is cut; half of it is; one bit of it is another.
    let (cut, torn) = (whole.len() - 52, whole.len() - 26);
    let mut flipped = whole.clone();
    flipped[torn] ^= 1;
    for (damaged, findings) in [(&whole[..cut], 1), (&whole[..torn], 2), (&flipped, 2)] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(keys_in_findings(), findings);
    }
    std::fs::remove_dir_all(folder.join(KEYS)).unwrap();
    let copy = Ledger::verify(&folder, &mut |_| {}).unwrap();
    assert!(copy.findings.iter().all(|found| found.part != Part::Keys));
}

#[test]
fn private_fields_of_many_entries_are_those_of_each_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let (head, _) = filled(&folder);
    let (ledger, _) = opened(&folder, Access::Read);
    let all: Vec<Seq> = (0..head.size + 5).map(Seq::new).collect();
    let few: Vec<Seq> = [1, 2, 255, 256, 257, 500, head.size - 2]
        .map(Seq::new)
        .into();
    for asked in [&all[..], &few, &[]] {
        let mut found = Vec::new();
        ledger
            .each_private(asked, &mut |seq, private| found.push((seq, private)))
            .unwrap();
        let alone = |seq: &Seq| Some((*seq, ledger.private(*seq).unwrap()?));
        let expect: Vec<_> = asked.iter().filter_map(alone).collect();
        assert_eq!(found, expect);
    }
    let mut count = 0;
    ledger.each_private(&all, &mut |_, _| count += 1).unwrap();
    assert!(count >= 300, "{count}");
}
