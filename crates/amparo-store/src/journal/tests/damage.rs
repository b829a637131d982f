use super::super::frame::FrameHeader;
use super::super::{Batch, Damage, Finding, Lost, OpenError, ReadError, Salvaged};
use super::misplaced::header_of;
use super::*;
use crate::files::faults::{Effect, Fault, FaultyFiles, SystemError};

/// Two sealed segments and an open one of several frames.
fn small_journal() -> (Fixture, u64) {
    let counts = [1, 2, 1, 1, 1, 2, 1, 1, 1, 1];
    let fixture = Fixture::with_batches(&counts);
    let forms: Vec<_> = fixture
        .names()
        .iter()
        .map(|name| name[21..].to_owned())
        .collect();
    assert_eq!(forms, ["zst", "zst", "log"]);
    (fixture, counts.iter().sum())
}

/// What a journal of `size` entries that was damaged somewhere must still promise.
fn check_named(fixture: &Fixture, size: u64, what: &str) {
    let verified = verify(&fixture.folder(), None);
    let is_named = !verified.findings.is_empty() || verified.torn.is_some();
    assert!(is_named, "{what}: not named");
    let known = verify(&fixture.folder(), Some(size));
    assert!(
        !known.findings.is_empty(),
        "{what}: not damage, though acknowledged"
    );
    check_accounted_for(&known.findings, fixture, size, what);

    for access in [Access::Read, Access::Write] {
        // Does not wait for the device, of which there would be thousands of syncs.
        let files = Arc::new(FaultyFiles::new(&fixture.folder()).unwrap());
        match Journal::open(files, &fixture.folder(), access, Some(size)) {
            Err(OpenError::Damaged { .. } | OpenError::Io { .. } | OpenError::Missing { .. }) => {}
            Err(error @ OpenError::OtherFormat { .. }) => panic!("{what}: {error}"),
            Ok((journal, opened)) => {
                assert_eq!((opened.size, opened.torn), (size, None), "{what}: shorter");
                check_read(&journal, size, what);
            }
        }
    }
    let opened = Journal::open(Arc::new(RealFiles), &fixture.folder(), Access::Read, None);
    if let Ok((journal, opened)) = opened {
        assert!(
            opened.size == size || opened.torn.is_some(),
            "{what}: shorter, unsaid"
        );
        check_read(&journal, opened.size, what);
    }
}

/// Reading gives every entry as it was, or an error.
fn check_read(journal: &Journal, size: u64, what: &str) {
    let mut seq = 0;
    for batch in journal.batches(0) {
        let Ok(batch) = batch else { return };
        for record in batch.entries() {
            let (line, sealed) = entry(seq);
            assert_eq!(
                record,
                Record {
                    line: &line,
                    sealed: &sealed
                },
                "{what}: e{seq} altered"
            );
            seq += 1;
        }
    }
    assert_eq!(
        seq, size,
        "{what}: e{seq} and after are missing without an error"
    );
}

/// Every entry is in an intact batch, as it was, or named as lost.
fn check_accounted_for(findings: &[Finding], fixture: &Fixture, size: u64, what: &str) {
    let mut seen = vec![0; usize::try_from(size).unwrap()];
    for item in Journal::salvage(Arc::new(RealFiles), &fixture.folder()).unwrap() {
        let Salvaged::Batch(batch) = item else {
            continue;
        };
        for (seq, record) in (batch.first_seq()..).zip(batch.entries()) {
            let (line, sealed) = entry(seq);
            assert_eq!(
                record,
                Record {
                    line: &line,
                    sealed: &sealed
                },
                "{what}: e{seq} altered"
            );
            seen[usize::try_from(seq).unwrap()] += 1;
        }
    }
    for finding in findings {
        let lost = match &finding.lost {
            Lost::Nothing => 0..0,
            Lost::Entries(entries) => entries.clone(),
            Lost::From(seq) => *seq..size,
        };
        for seq in lost {
            seen[usize::try_from(seq).unwrap()] += 1;
        }
    }
    assert!(
        seen.iter().all(|times| *times == 1),
        "{what}: {findings:?} {seen:?}"
    );
}

#[test]
fn no_single_bit_can_flip_unnamed() {
    let (fixture, size) = small_journal();
    assert_eq!(verify(&fixture.folder(), Some(size)).findings, []);
    let mut flips = 0;
    for name in fixture.names() {
        let content = fixture.read(&name);
        for bit in 0..content.len() * 8 {
            let mut flipped = content.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fixture.write(&name, &flipped);
            check_named(
                &fixture,
                size,
                &format!("{name}, byte {}, bit {}", bit / 8, bit % 8),
            );
            flips += 1;
        }
        fixture.write(&name, &content);
    }
    assert!(flips > 10_000, "{flips}");
}

#[test]
fn no_file_can_be_cut_or_lost_unnamed() {
    let (fixture, size) = small_journal();
    for name in fixture.names() {
        let content = fixture.read(&name);
        let boundary = |len: usize| {
            // A cut between two batches of the open segment shows only to who knows the size.
            let frames = FrameHeader::decode(&content[len..]);
            name.ends_with(".log") && frames.is_some()
        };
        for len in (0..content.len()).filter(|len| !boundary(*len)) {
            fixture.write(&name, &content[..len]);
            check_named(&fixture, size, &format!("{name} cut to {len} bytes"));
        }
        for len in (0..content.len()).filter(|len| boundary(*len)) {
            fixture.write(&name, &content[..len]);
            let found = verify(&fixture.folder(), Some(size)).findings;
            assert_eq!(found.len(), 1, "{name} cut to {len} bytes");
            assert_eq!(found[0].damage, Damage::EndsEarly);
            let files = Arc::new(RealFiles);
            let refused = Journal::open(files, &fixture.folder(), Access::Write, Some(size));
            assert!(
                matches!(refused, Err(OpenError::Damaged { .. })),
                "{refused:?}"
            );
        }
        std::fs::remove_file(fixture.path(&name)).unwrap();
        check_named(&fixture, size, &format!("{name} removed"));
        fixture.write(&name, &content);
    }
}

#[test]
fn a_torn_last_frame_is_cut_by_a_writer_and_costs_no_earlier_batch() {
    let fixture = Fixture::in_one_segment(&[2, 3]);
    let log = fixture.last_log();
    let before = fixture.read(&log);
    append(&mut fixture.open(Access::Write).0, 4).unwrap();
    let whole = fixture.read(&log);
    for len in before.len()..=whole.len() {
        fixture.write(&log, &whole[..len]);
        let (size, torn_bytes) = match len {
            len if len == whole.len() => (9, 0),
            len => (5, len - before.len()),
        };
        for access in [Access::Read, Access::Write] {
            let (journal, opened) = fixture.open(access);
            let torn = opened.torn.map_or(0, |torn| torn.bytes);
            assert_eq!(
                (opened.size, torn),
                (size, torn_bytes as u64),
                "cut to {len} bytes"
            );
            check_content(&journal, size);
        }
        let (mut journal, opened) = fixture.open(Access::Write);
        assert_eq!(opened.torn, None, "cut by the writer before");
        append(&mut journal, 2).unwrap();
        assert_eq!(verify(&fixture.folder(), Some(size + 2)).findings, []);
        check_content(&journal, size + 2);
    }
}

#[test]
fn a_bad_last_frame_that_was_acknowledged_is_damage_and_is_not_cut() {
    let fixture = Fixture::in_one_segment(&[2, 3]);
    let log = fixture.last_log();
    let mut content = fixture.read(&log);
    *content.last_mut().unwrap() ^= 1;
    fixture.write(&log, &content);
    let open = |acknowledged| {
        Journal::open(
            Arc::new(RealFiles),
            &fixture.folder(),
            Access::Write,
            acknowledged,
        )
    };
    let Err(OpenError::Damaged { source, .. }) = open(Some(5)) else {
        panic!("not damage")
    };
    assert_eq!(source.lost, Lost::Entries(2..5));
    assert_eq!(fixture.read(&log), content);
    let named = verify(&fixture.folder(), Some(5)).findings;
    assert_eq!(named, [source]);
    assert_eq!(open(Some(2)).unwrap().1.torn.unwrap().first_seq, 2);
}

#[test]
fn a_flipped_length_in_a_middle_frame_does_not_shorten_history() {
    let fixture = Fixture::in_one_segment(&[2, 3, 1, 1]);
    let log = fixture.last_log();
    let content = fixture.read(&log);
    let second = 76 + FrameHeader::decode(&content[76..]).unwrap().frame_bytes();
    for byte in second + 8..second + 12 {
        let mut flipped = content.clone();
        flipped[byte] ^= 0x40;
        fixture.write(&log, &flipped);
        for access in [Access::Read, Access::Write] {
            let opened = Journal::open(Arc::new(RealFiles), &fixture.folder(), access, None);
            let Err(OpenError::Damaged { source, .. }) = opened else {
                panic!("not damage")
            };
            let expected = (second as u64, Damage::FrameHeader, Lost::Entries(2..5));
            assert_eq!((source.offset, source.damage, source.lost), expected);
        }
        assert_eq!(fixture.read(&log), flipped);
    }
}

#[test]
fn reading_ends_with_the_damage_and_begins_again_after_it() {
    let (fixture, size) = small_journal();
    let sealed = fixture.names()[0].clone();
    let mut content = fixture.read(&sealed);
    content[150] ^= 1;
    fixture.write(&sealed, &content);
    let journal = fixture.open(Access::Read).0;
    let read: Vec<_> = journal.batches(0).collect();
    let Some(Err(ReadError::Damaged { source, .. })) = read.last() else {
        panic!("{read:?}")
    };
    assert_eq!(
        (&source.file, source.damage),
        (&sealed, Damage::FrameChecksum)
    );
    let Lost::Entries(lost) = &source.lost else {
        panic!("{source}")
    };
    let rest: Vec<_> = journal.batches(lost.end).map(Result::unwrap).collect();
    assert_eq!(rest.first().map(Batch::first_seq), Some(lost.end));
    assert_eq!(rest.last().map(Batch::end_seq), Some(size));
}

#[test]
fn two_forms_of_a_segment_that_differ_are_named_and_a_writer_seals_anew() {
    let (fixture, size) = small_journal();
    let sealed = fixture.names()[0].clone();
    let raw = sealed.replace(".zst", ".log");
    let (mut journal, _) = fixture.open(Access::Read);
    journal.set_sizes(SMALL);
    let mut content = header_of(0).encode().to_vec();
    let end: u64 = fixture.names()[1][..20].parse().unwrap();
    for batch in journal
        .batches(0)
        .map(Result::unwrap)
        .filter(|batch| batch.end_seq() <= end)
    {
        batch.write_frame(&mut content);
    }
    fixture.write(&raw, &content);
    assert_eq!(
        verify(&fixture.folder(), Some(size)).findings,
        [],
        "both forms, the same"
    );

    let sound = fixture.read(&sealed);
    let mut flipped = sound.clone();
    flipped[150] ^= 1;
    fixture.write(&sealed, &flipped);
    let found = verify(&fixture.folder(), Some(size)).findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0].file, found[0].damage),
        (&sealed, Damage::FormsDiffer)
    );

    check_content(&fixture.open(Access::Write).0, size);
    assert!(!fixture.names().contains(&raw));
    assert_eq!(verify(&fixture.folder(), Some(size)).findings, []);
}

#[test]
fn what_a_disk_cannot_read_is_a_gap_and_the_rest_is_saved() {
    let (fixture, size) = small_journal();
    let files = FaultyFiles::new(&fixture.folder()).unwrap();
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let mut unreadable = 0;
    for (operation, lasting) in
        (1..20).flat_map(|operation| [(operation, false), (operation, true)])
    {
        let fault = Fault {
            operation: files.operations() + operation,
            error: SystemError::InputOutput,
            effect: Effect::Nothing,
            lasting,
        };
        files.set_fault(Some(fault));
        let salvage = Journal::salvage(Arc::clone(&shared), &fixture.folder()).unwrap();
        let mut reached = 0;
        for item in salvage {
            match item {
                Salvaged::Batch(batch) => reached = batch.end_seq(),
                Salvaged::Torn(torn) => assert!(torn.first_seq <= size),
                Salvaged::Gap(finding) => {
                    unreadable += u32::from(finding.damage == Damage::Unreadable);
                    reached = match finding.lost {
                        Lost::Nothing => reached,
                        Lost::Entries(entries) => entries.end,
                        Lost::From(_) => size,
                    };
                }
            }
        }
        assert!(
            lasting || reached == size,
            "one failed read, at {operation}, costs one segment"
        );
        files.set_fault(None);
    }
    assert!(unreadable > 10, "{unreadable}");

    let journal = open_in(shared, &fixture.folder(), Access::Read).0;
    files.set_fault(Some(Fault {
        operation: files.operations() + 1,
        error: SystemError::InputOutput,
        effect: Effect::Nothing,
        lasting: true,
    }));
    let read: Vec<_> = journal.batches(0).collect();
    assert!(
        matches!(read.as_slice(), [Err(ReadError::Io { .. })]),
        "{read:?}"
    );
}
