//! Drafts that are checked first and recorded after, in batches that the store follows.

use std::sync::Arc;

use super::*;
use crate::files::RealFiles;
use crate::files::faults::{Effect, Fault, FaultyFiles, SystemError, scratch};
use crate::journal::Sizes;

fn checked(ledger: &Ledger, lines: &[String]) -> Checked {
    let mut random = random();
    let mut plan = Plan::new(ledger, "desk", Ids::FromContent, Keep::Nothing, &mut random);
    for line in lines {
        plan.add(draft(ledger, line)).unwrap();
    }
    plan.into_checked()
}

/// Records what was checked, so many drafts in a batch; answers how far the log was acknowledged.
fn record(
    ledger: &mut Ledger,
    lines: &[String],
    in_batch: usize,
) -> (u64, Result<(), AppendError>) {
    let mut checked = checked(ledger, lines);
    let (namer, drafts) = (ledger.namer(), lines.iter().map(|line| draft(ledger, line)));
    let drafts: Vec<_> = drafts.map(|draft| namer.name(draft)).collect();
    let mut drafts = drafts.into_iter().peekable();
    let (mut random, mut acknowledged) = (random(), ledger.head().size);
    let done = ledger.append_all(|appender| {
        while drafts.peek().is_some() {
            let mut batch = checked.batch();
            for named in drafts.by_ref().take(in_batch) {
                assert!(checked.put(named, &mut batch, &mut random));
            }
            let appended = appender.append(batch, at(1), &mut random);
            if let Err(AppendError::OutcomeUnknown(_)) = appended {
                let mut next = checked.batch();
                next.expected = appender.head().size;
                next.entries = Vec::new();
                let again = appender.append(next, at(1), &mut random);
                assert!(matches!(again, Err(AppendError::Poisoned)), "{again:?}");
            }
            appended?;
            acknowledged = appender.head().size;
        }
        Ok(())
    });
    (acknowledged, done)
}

fn people() -> Vec<String> {
    let with_ref = person(900).replace("\"name\"", "\"refs\":[\"court:9\"],\"name\"");
    let mut lines = vec![arrest(7), with_ref];
    lines.extend((0..300).flat_map(|n| [person(n), arrest(n)]));
    lines.extend([arrest(3), arrest(1).replace("fp:1", "court:9"), arrest(901)]);
    lines
}

#[test]
fn checked_drafts_become_the_entries_that_they_would_have_become_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let mut at_once = made(&one);
    append(&mut at_once, 1, &people());
    let mut after = made(&other);
    let (acknowledged, done) = record(&mut after, &people(), usize::MAX);
    done.unwrap();
    assert_eq!(acknowledged, at_once.head().size);
    assert_eq!(after.head(), at_once.head());
    assert_eq!(lines(&after), lines(&at_once));
    after.close().unwrap();
    sound(&other);
}

#[test]
fn batches_one_behind_the_other_leave_a_sound_ledger_and_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let mut ledger = made(&folder);
    append(&mut ledger, 1, &[person(5), arrest(5)]);
    record(&mut ledger, &people(), 50).1.unwrap();
    let (size, events) = (ledger.head().size, lines(&ledger));
    assert_eq!(record(&mut ledger, &people(), 50).0, size);
    let names = (0..size).filter_map(|seq| ledger.private(Seq::new(seq)).unwrap());
    assert_eq!(
        names.filter(|private| private.name().is_some()).count(),
        301
    );
    ledger.close().unwrap();
    let verified = sound(&folder);
    assert_eq!(verified.head.map(|head| head.size), Some(size));
    let (again, notices) = opened(&folder, Access::Read);
    assert_eq!((lines(&again), notices), (events, vec![]));
}

/// Sizes with which some tens of entries fill a segment.
const SMALL: Sizes = Sizes {
    segment_bytes: 16 * 1024,
    block_bytes: 4 * 1024,
};

/// How many segments are sealed, and how many are not.
fn segments(folder: &Path) -> (usize, usize) {
    let listed = std::fs::read_dir(folder.join(JOURNAL)).unwrap();
    let paths = listed.map(|entry| entry.unwrap().path());
    let (sealed, raw): (Vec<_>, Vec<_>) = paths
        .filter(|path| path.is_file())
        .partition(|path| path.extension() == Some("zst".as_ref()));
    (sealed.len(), raw.len())
}

#[test]
fn full_segments_are_sealed_by_the_time_all_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let mut ledger = made(&folder);
    ledger.journal.set_sizes(SMALL);
    record(&mut ledger, &people(), 20).1.unwrap();
    let (sealed, raw) = segments(&folder);
    assert!(sealed > 10 && raw == 1, "{sealed} {raw}");
    assert!(ledger.journal.postponed_sealing().is_none());
    ledger.close().unwrap();
    sound(&folder);
}

#[test]
fn what_cannot_be_sealed_is_recorded_all_the_same_and_sealed_later() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let mut ledger = made(&folder);
    ledger.journal.set_sizes(SMALL);
    let obstacle = folder.join(JOURNAL).join(format!("{:020}.zst.tmp", 0));
    std::fs::create_dir(&obstacle).unwrap();
    record(&mut ledger, &people(), 20).1.unwrap();
    assert!(ledger.journal.postponed_sealing().is_some());
    assert_eq!(segments(&folder).1, 2);
    std::fs::remove_dir(&obstacle).unwrap();
    let later: Vec<_> = (950..1050).map(person).collect();
    append(&mut ledger, 2, &later);
    assert!(ledger.journal.postponed_sealing().is_none());
    assert_eq!(segments(&folder).1, 1);
    ledger.close().unwrap();
    sound(&folder);
}

#[test]
fn what_was_acknowledged_before_a_failure_is_there_and_nothing_in_parts() {
    let parent = scratch().unwrap();
    let origin = parent.path().join("origin");
    drop(made(&origin));
    let people: Vec<_> = (0..12).flat_map(|n| [person(n), arrest(n)]).collect();
    let run = |fault: Option<u64>, effect: Effect, sizes: Sizes| {
        let root = tempfile::tempdir_in(parent.path()).unwrap();
        let folder = root.path().join("ledger");
        copy(&origin, &folder);
        let files = FaultyFiles::new(root.path()).unwrap();
        let shared: Arc<dyn Files> = Arc::new(files.clone());
        let mut ledger = Ledger::open_on(shared, &folder, Access::Write, &mut |_| {}).unwrap();
        ledger.journal.set_sizes(sizes);
        let first = files.operations();
        files.set_fault(fault.map(|operation| Fault {
            operation: first + operation,
            error: SystemError::InputOutput,
            effect,
            lasting: false,
        }));
        let (acknowledged, done) = record(&mut ledger, &people, 8);
        let operations = files.operations() - first;
        files.set_fault(None);
        drop(ledger);
        let real = Arc::new(RealFiles);
        let ledger = Ledger::open_on(real, &folder, Access::Write, &mut |_| {}).unwrap();
        let (size, unknown) = (
            ledger.head().size,
            matches!(done, Err(AppendError::OutcomeUnknown(_))),
        );
        assert!(
            size == acknowledged || unknown && size == acknowledged + 8,
            "{fault:?} {effect:?}"
        );
        drop(ledger);
        sound(&folder);
        (done.is_ok(), operations)
    };
    let filled = Sizes {
        segment_bytes: 4 * 1024,
        ..SMALL
    };
    for (sizes, operations_min) in [(Sizes::default(), 12), (filled, 40)] {
        let (is_done, operations) = run(None, Effect::Nothing, sizes);
        assert!(is_done && operations >= operations_min, "{operations}");
        let mut failed = 0;
        for operation in 0..operations {
            for effect in Effect::ALL {
                failed += u32::from(!run(Some(operation), effect, sizes).0);
            }
        }
        assert!(failed >= 9, "{failed}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => std::fs::copy(&path, to.join(name)).map(drop).unwrap(),
        }
    }
}
