use super::super::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, CreateError, LINE_BYTES_MAX, OpenError, SEALED_BYTES_MAX,
    SEQUENCE_MAX, SealError,
};
use super::*;
use crate::files::faults::{Effect, Fault, FaultyFiles, SystemError, scratch};

#[test]
fn a_batch_at_a_limit_is_taken_and_one_past_it_refused() {
    let fixture = Fixture::with_batches(&[]);
    let mut journal = fixture.open(Access::Write).0;
    let long = vec![b'x'; SEALED_BYTES_MAX + 1];
    let record = |line, sealed| Record {
        line: &long[..line],
        sealed: &long[..sealed],
    };
    let entries_max = usize::try_from(BATCH_ENTRIES_MAX).unwrap();
    let full = BATCH_BYTES_MAX / (LINE_BYTES_MAX + SEALED_BYTES_MAX + 8);
    let rest = BATCH_BYTES_MAX - full * (LINE_BYTES_MAX + SEALED_BYTES_MAX + 8) - 8;
    let longest = |rest| {
        let mut records = vec![record(LINE_BYTES_MAX, SEALED_BYTES_MAX); full];
        records.push(record(0, rest));
        records
    };
    let cases = [
        (vec![], "a batch holds at least one entry"),
        (
            vec![record(0, 0); entries_max + 1],
            "a batch of 65537 entries is over the limit of 65536",
        ),
        (vec![record(0, 0); entries_max], ""),
        (
            vec![record(1, 0), record(LINE_BYTES_MAX + 1, 0)],
            "e65537: a line of 65537 bytes is over the limit of 65536",
        ),
        (vec![record(LINE_BYTES_MAX, 0)], ""),
        (
            vec![record(0, SEALED_BYTES_MAX + 1)],
            "e65537: sealed openings of 131073 bytes are over the limit of 131072",
        ),
        (vec![record(0, SEALED_BYTES_MAX)], ""),
        (
            longest(rest + 1),
            "a batch of 16777217 bytes is over the limit of 16777216",
        ),
        (longest(rest), ""),
    ];
    for (records, expected) in cases {
        let size = journal.size();
        let answer = journal.append(size, 0, [0; 32], &records);
        assert_eq!(
            answer
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default(),
            expected
        );
    }
    let size = journal.size();
    drop(journal);
    assert_eq!(fixture.open(Access::Read).1.size, size);
    assert_eq!(verify(&fixture.folder(), Some(size)).findings, []);
}

#[test]
fn an_append_for_another_size_or_an_earlier_time_is_refused_and_changes_nothing() {
    let fixture = Fixture::with_batches(&[2]);
    let mut journal = fixture.open(Access::Write).0;
    let record = [Record {
        line: b"{}",
        sealed: b"",
    }];
    let time = recorded_ms(0);
    let cases = [
        (1, time, "expected a log of 1 entries, found 2"),
        (3, time, "expected a log of 3 entries, found 2"),
        (
            2,
            5,
            "the recording time goes backwards, from 1770000000000 to 5 ms",
        ),
    ];
    for (expected_size, recorded_ms, expected) in cases {
        let error = journal
            .append(expected_size, recorded_ms, root(3), &record)
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(!journal.is_poisoned());
    }
    let mut reader = fixture.open(Access::Read).0;
    let refused = reader.append(2, time, root(3), &record);
    assert!(matches!(refused, Err(AppendError::ReadOnly)), "{refused:?}");
    check_content(&journal, 2);
    append(&mut journal, 1).unwrap();
    check_content(&journal, 3);
}

#[test]
fn a_log_that_would_pass_the_last_sequence_is_full() {
    let fixture = Fixture::with_batches(&[]);
    let mut journal = fixture.open(Access::Write).0;
    journal.size = SEQUENCE_MAX - 1;
    let records = [Record {
        line: b"{}",
        sealed: b"",
    }; 2];
    let refused = journal.append(SEQUENCE_MAX - 1, 0, root(1), &records);
    assert!(matches!(refused, Err(AppendError::LogFull)), "{refused:?}");
}

#[test]
fn after_a_failed_sync_the_outcome_is_unknown_and_nothing_more_is_accepted() {
    let parent = scratch().unwrap();
    let folder = parent.path().join("journal");
    let files = FaultyFiles::new(parent.path()).unwrap();
    Journal::create(Arc::new(files.clone()), &folder, LEDGER, EMPTY_ROOT).unwrap();
    let mut journal = open_in(Arc::new(files.clone()), &folder, Access::Write).0;
    append(&mut journal, 1).unwrap();
    let sync = Fault {
        operation: files.operations() + 1,
        error: SystemError::InputOutput,
        effect: Effect::Nothing,
        lasting: false,
    };
    files.set_fault(Some(sync));
    let error = append(&mut journal, 2).unwrap_err();
    assert!(
        matches!(error, AppendError::OutcomeUnknown { .. }),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "outcome unknown: reopen and check");
    assert!(journal.is_poisoned());
    let refused = append(&mut journal, 2);
    assert!(matches!(refused, Err(AppendError::Poisoned)), "{refused:?}");
    check_content(&journal, 1);

    let mut journal = open_in(Arc::new(files), &folder, Access::Write).0;
    append(&mut journal, 1).unwrap();
    let size = journal.size();
    check_content(&journal, size);
}

#[test]
fn on_a_full_disk_the_batch_is_not_recorded_and_is_taken_once_there_is_space() {
    let parent = scratch().unwrap();
    let folder = parent.path().join("journal");
    let files = FaultyFiles::new(parent.path()).unwrap();
    Journal::create(Arc::new(files.clone()), &folder, LEDGER, EMPTY_ROOT).unwrap();
    let mut journal = open_in(Arc::new(files.clone()), &folder, Access::Write).0;
    for round in 0..20 {
        files.set_fault(Some(Fault {
            operation: files.operations(),
            error: SystemError::NoSpace,
            effect: Effect::Torn(100),
            lasting: true,
        }));
        let error = append(&mut journal, 3).unwrap_err();
        assert!(
            matches!(error, AppendError::NotRecorded { .. }),
            "round {round}: {error:?}"
        );
        check_content(&journal, round * 3);
        files.set_fault(None);
        append(&mut journal, 3).unwrap();
    }
    drop(journal);
    let (journal, opened) = open_in(Arc::new(RealFiles), &folder, Access::Read);
    assert_eq!(opened.torn, None);
    check_content(&journal, 60);
    assert_eq!(verify(&folder, Some(60)).findings, []);
}

#[test]
fn full_segments_are_sealed_and_what_could_not_be_is_sealed_by_the_next_writer() {
    let fixture = Fixture::with_batches(&[3; 12]);
    let names = fixture.names();
    let (last, sealed) = names.split_last().unwrap();
    assert!(last.ends_with(".log") && sealed.len() > 2, "{names:?}");
    assert!(
        sealed.iter().all(|name| name.ends_with(".zst")),
        "{names:?}"
    );

    let fixture = Fixture::with_batches(&[]);
    let obstacle = fixture.path("00000000000000000000.zst.tmp");
    RealFiles.create_folder(&obstacle).unwrap();
    let mut journal = fixture.open(Access::Write).0;
    for _ in 0..6 {
        append(&mut journal, 3).unwrap();
    }
    let postponed = journal.postponed_sealing();
    assert!(
        matches!(postponed, Some(SealError::Io { .. })),
        "{postponed:?}"
    );
    let size = journal.size();
    check_content(&journal, size);
    drop(journal);
    RealFiles.remove_folder(&obstacle).unwrap();
    let journal = fixture.open(Access::Write).0;
    assert!(journal.postponed_sealing().is_none());
    check_content(&journal, size);
    assert!(
        fixture
            .names()
            .contains(&String::from("00000000000000000000.zst"))
    );
    assert!(
        !fixture
            .names()
            .contains(&String::from("00000000000000000000.log"))
    );
}

#[test]
fn a_damaged_full_segment_is_left_as_it_is() {
    let fixture = Fixture::with_batches(&[3]);
    let first = fixture.last_log();
    let mut journal = fixture.open(Access::Write).0;
    let mut content = fixture.read(&first);
    content[200] ^= 1;
    fixture.write(&first, &content);
    for _ in 0..6 {
        append(&mut journal, 3).unwrap();
    }
    let postponed = journal.postponed_sealing();
    assert!(
        matches!(postponed, Some(SealError::Damaged { .. })),
        "{postponed:?}"
    );
    assert_eq!(fixture.read(&first)[..content.len()], content);
    assert!(
        !fixture
            .names()
            .contains(&String::from("00000000000000000000.zst"))
    );
}

#[test]
fn the_raw_segment_stays_where_the_sealed_one_does_not_read_back() {
    let parent = scratch().unwrap();
    let folder = parent.path().join("journal");
    let mut lost_writes = 0;
    for operation in 0..200 {
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let files_of_run = FaultyFiles::new(parent.path()).unwrap();
        files_of_run.set_fault(Some(Fault {
            operation,
            error: SystemError::Silence,
            effect: Effect::Nothing,
            lasting: false,
        }));
        let shared: Arc<dyn Files> = Arc::new(files_of_run.clone());
        Journal::create(Arc::clone(&shared), &folder, LEDGER, EMPTY_ROOT).unwrap();
        let Ok((mut journal, _)) = Journal::open(shared, &folder, Access::Write, None) else {
            continue;
        };
        journal.set_sizes(SMALL);
        for _ in 0..6 {
            append(&mut journal, 3).unwrap();
        }
        if let Some(SealError::ReadsBackOtherwise { .. }) = journal.postponed_sealing() {
            lost_writes += 1;
            check_content(&journal, 18);
        }
        if files_of_run.operations() <= operation {
            break;
        }
    }
    assert!(
        lost_writes > 1,
        "each block that was not written is noticed"
    );
}

#[test]
fn a_journal_is_not_created_over_another_nor_opened_where_there_is_none() {
    let fixture = Fixture::with_batches(&[1]);
    let again = Journal::create(Arc::new(RealFiles), &fixture.folder(), LEDGER, EMPTY_ROOT);
    assert!(
        matches!(again, Err(CreateError::Exists { .. })),
        "{again:?}"
    );
    check_content(&fixture.open(Access::Read).0, 1);

    let nowhere = fixture.parent.path().join("nowhere");
    let missing = Journal::open(Arc::new(RealFiles), &nowhere, Access::Write, None);
    assert!(
        matches!(missing, Err(OpenError::Missing { .. })),
        "{missing:?}"
    );
    let orphan = nowhere.join("journal");
    let failed = Journal::create(Arc::new(RealFiles), &orphan, LEDGER, EMPTY_ROOT);
    assert!(matches!(failed, Err(CreateError::Io { .. })), "{failed:?}");
}

#[test]
fn what_a_crash_left_of_a_creation_is_replaced() {
    let parent = scratch().unwrap();
    let temporary = parent.path().join("journal.tmp");
    std::fs::create_dir(&temporary).unwrap();
    std::fs::write(temporary.join("00000000000000000000.log.tmp"), b"half").unwrap();
    let folder = parent.path().join("journal");
    Journal::create(Arc::new(RealFiles), &folder, LEDGER, EMPTY_ROOT).unwrap();
    let (journal, opened) =
        Journal::open(Arc::new(RealFiles), &folder, Access::Read, None).unwrap();
    let expected = Opened {
        size: 0,
        root: EMPTY_ROOT,
        last_batch: None,
        torn: None,
    };
    assert_eq!((opened, journal.ledger_id()), (expected, &LEDGER));
    assert_eq!(RealFiles.list(parent.path()).unwrap().len(), 1);
}
