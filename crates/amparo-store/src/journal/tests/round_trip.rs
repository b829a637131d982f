use proptest::prelude::*;

use super::*;
use crate::files::faults::FaultyFiles;

/// A batch as plain vectors: lines and sealed openings.
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

fn batches() -> impl Strategy<Value = Vec<Entries>> {
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
    let batch = prop::collection::vec((bytes(300), bytes(60)), 1..6);
    prop::collection::vec(batch, 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_bytes_are_appended_are_read_back(
        batches in batches(),
        segment_bytes in 100..4000_u64,
        block_bytes in 100..1000_usize,
        reopen_every in 1..10_usize,
    ) {
        let fixture = Fixture::with_batches(&[]);
        let sizes = Sizes { segment_bytes, block_bytes };
        let mut journal = fixture.open(Access::Write).0;
        journal.set_sizes(sizes);
        for (index, batch) in batches.iter().enumerate() {
            let records: Vec<_> =
                batch.iter().map(|(line, sealed)| Record { line, sealed }).collect();
            let size = journal.size();
            journal.append(size, index as u64, root(index as u64), &records).unwrap();
            if index % reopen_every == 0 {
                let before = (journal.size(), *journal.root(), journal.last_batch());
                drop(journal);
                journal = fixture.open(Access::Write).0;
                journal.set_sizes(sizes);
                prop_assert_eq!((journal.size(), *journal.root(), journal.last_batch()), before);
            }
        }
        let read: Vec<Entries> = journal.batches(0).map(|batch| {
            let batch = batch.unwrap();
            batch.entries().map(|entry| (entry.line.to_vec(), entry.sealed.to_vec())).collect()
        }).collect();
        prop_assert_eq!(&read, &batches);
        let verified = verify(&fixture.folder(), Some(journal.size()));
        prop_assert_eq!(verified.findings, []);
        prop_assert_eq!(verified.batches, batches.len() as u64);
        prop_assert_eq!((verified.size, verified.entries), (journal.size(), journal.size()));
    }
}

#[test]
fn reading_from_any_entry_begins_with_the_batch_that_holds_it() {
    let counts: Vec<u64> = (0..30).map(|index| 1 + index % 4).collect();
    let fixture = Fixture::with_batches(&counts);
    let journal = fixture.open(Access::Read).0;
    let all: Vec<_> = journal.batches(0).map(Result::unwrap).collect();
    for from_seq in 0..=journal.size() {
        let read: Vec<_> = journal.batches(from_seq).map(Result::unwrap).collect();
        let expected: Vec<_> = all
            .iter()
            .filter(|batch| batch.end_seq() > from_seq)
            .cloned()
            .collect();
        assert_eq!(read, expected, "from e{from_seq}");
    }
}

#[test]
fn a_reading_under_way_goes_on_while_its_segments_are_sealed() {
    let fixture = Fixture::with_batches(&[3; 4]);
    let mut journal = fixture.open(Access::Write).0;
    let mut reading = journal.batches(0);
    let raw = fixture.last_log();
    assert_eq!(reading.next().unwrap().unwrap().first_seq(), 0);
    while fixture.names().contains(&raw) {
        append(&mut journal, 3).unwrap();
    }
    let rest: Vec<_> = reading.map(|batch| batch.unwrap().first_seq()).collect();
    assert_eq!(rest, [3, 6, 9], "up to the end of the log when it began");
    let size = journal.size();
    check_content(&journal, size);
}

#[test]
fn opening_and_reading_change_nothing() {
    let fixture = Fixture::with_batches(&[3; 10]);
    let log = fixture.last_log();
    let mut content = fixture.read(&log);
    content.extend(b"torn");
    fixture.write(&log, &content);
    fixture.write("00000000000000000099.zst.tmp", b"left by a crash");

    let files = FaultyFiles::new(&fixture.folder()).unwrap();
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let (journal, opened) = open_in(Arc::clone(&shared), &fixture.folder(), Access::Read);
    assert_eq!(opened.torn.unwrap().bytes, 4);
    check_content(&journal, 30);
    assert_eq!(
        Journal::verify(shared, &fixture.folder(), Some(30))
            .unwrap()
            .findings,
        []
    );
    assert_eq!(files.recorded(), 0, "no change, no sync");
    assert_eq!(fixture.read(&log), content);
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::with_batches(&[3; 10]);
    let allow = |file_mode, folder_mode| {
        for name in fixture.names() {
            let mode = std::fs::Permissions::from_mode(file_mode);
            std::fs::set_permissions(fixture.path(&name), mode).unwrap();
        }
        let mode = std::fs::Permissions::from_mode(folder_mode);
        std::fs::set_permissions(fixture.folder(), mode).unwrap();
    };
    allow(0o400, 0o500);
    check_content(&fixture.open(Access::Read).0, 30);
    allow(0o600, 0o700);
}

#[test]
fn a_journal_whose_open_segment_is_still_empty_knows_its_last_batch() {
    let fixture = Fixture::with_batches(&[3; 10]);
    let last_log = fixture.last_log();
    let header = fixture.read(&last_log)[..76].to_vec();
    let first_seq: u64 = last_log.split_once('.').unwrap().0.parse().unwrap();
    fixture.write(&last_log, &header);
    for access in [Access::Read, Access::Write] {
        let (journal, opened) = fixture.open(access);
        let before = LastBatch {
            first_seq: first_seq - 3,
            recorded_ms: recorded_ms(first_seq - 3),
        };
        assert_eq!(
            (opened.last_batch, opened.root),
            (Some(before), root(first_seq))
        );
        check_content(&journal, first_seq);
    }
}
