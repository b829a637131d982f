use super::super::frame::{FrameHeader, FrameKind};
use super::super::segment::{Form, SegmentHeader};
use super::super::{Damage, Lost, OpenError};
use super::*;

pub(super) fn header_of(first_seq: u64) -> SegmentHeader {
    let root_before = root(first_seq);
    SegmentHeader {
        form: Form::Raw,
        ledger_id: LEDGER,
        first_seq,
        root_before,
    }
}

/// A raw segment with these frames: first entry, count, recording time.
fn segment(header: &SegmentHeader, frames: &[(u64, u32, u64)]) -> Vec<u8> {
    let mut bytes = header.encode().to_vec();
    for (first_seq, count, recorded_ms) in frames {
        let entries: Vec<_> = (*first_seq..first_seq + u64::from(*count))
            .map(entry)
            .collect();
        let records: Vec<_> = entries
            .iter()
            .map(|(line, sealed)| Record { line, sealed })
            .collect();
        let len: usize = entries
            .iter()
            .map(|(line, sealed)| 8 + line.len() + sealed.len())
            .sum();
        let header = FrameHeader {
            kind: FrameKind::Batch,
            payload_bytes: u32::try_from(len).unwrap(),
            count: *count,
            first_seq: *first_seq,
            recorded_ms: *recorded_ms,
            root_after: root(first_seq + u64::from(*count)),
        };
        let mut frame = Vec::new();
        header.write_batch(&records, &mut frame);
        bytes.extend(frame);
    }
    bytes
}

#[test]
fn what_is_sound_in_itself_and_in_the_wrong_place_is_named() {
    let header = |first_seq| SegmentHeader {
        form: Form::Raw,
        ledger_id: LEDGER,
        first_seq,
        root_before: root(first_seq),
    };
    let first = segment(&header(0), &[(0, 2, 10), (2, 3, 10)]);
    let after = |second: Vec<u8>| vec![(0, first.clone()), (5, second)];
    let other_ledger = SegmentHeader {
        ledger_id: [9; 16],
        ..header(5)
    };
    let other_root = SegmentHeader {
        root_before: root(4),
        ..header(5)
    };
    let other_form = SegmentHeader {
        form: Form::Sealed,
        ..header(5)
    };
    let cases = [
        (vec![], Damage::NoSegments, Lost::From(0)),
        (
            vec![(5, segment(&header(5), &[]))],
            Damage::StartMissing,
            Lost::Entries(0..5),
        ),
        (
            after(segment(&header(5), &[(6, 1, 10)])),
            Damage::Sequence {
                expected: 5,
                found: 6,
            },
            Lost::Entries(5..6),
        ),
        (
            after(segment(&header(5), &[(5, 2, 10), (5, 1, 10)])),
            Damage::Sequence {
                expected: 7,
                found: 5,
            },
            Lost::Nothing,
        ),
        (
            after(segment(&header(5), &[(5, 1, 9)])),
            Damage::RecordedBackwards {
                before_ms: 10,
                after_ms: 9,
            },
            Lost::Nothing,
        ),
        (
            after(segment(&header(6), &[])),
            Damage::Misnamed,
            Lost::From(5),
        ),
        (
            after(segment(&other_form, &[])),
            Damage::Misnamed,
            Lost::From(5),
        ),
        (
            after(segment(&other_ledger, &[])),
            Damage::OtherLedger,
            Lost::From(5),
        ),
        (
            after(segment(&other_root, &[])),
            Damage::RootBroken,
            Lost::Nothing,
        ),
        (
            vec![(0, first.clone()), (4, segment(&header(4), &[]))],
            Damage::Sequence {
                expected: 2,
                found: 2,
            },
            Lost::Nothing,
        ),
        (
            vec![(0, first.clone()), (9, segment(&header(9), &[]))],
            Damage::EndsEarly,
            Lost::Entries(5..9),
        ),
    ];
    for (segments, damage, lost) in cases {
        let folder = scratch().unwrap();
        for (first_seq, content) in segments {
            std::fs::write(Form::Raw.path(folder.path(), first_seq), content).unwrap();
        }
        let found = verify(folder.path(), None).findings;
        let found = found
            .first()
            .map(|finding| (finding.damage, finding.lost.clone()));
        assert_eq!(found, Some((damage, lost)));
    }
}

#[test]
fn a_segment_of_another_format_is_told_from_a_damaged_one() {
    let fixture = Fixture::with_batches(&[1]);
    let log = fixture.last_log();
    let mut content = fixture.read(&log);
    content[8] = 2;
    let checksum = crc32fast::hash(&content[..72]);
    content[72..76].copy_from_slice(&checksum.to_le_bytes());
    fixture.write(&log, &content);
    let opened = Journal::open(Arc::new(RealFiles), &fixture.folder(), Access::Read, None);
    assert!(
        matches!(opened, Err(OpenError::OtherFormat { version: 2, .. })),
        "{opened:?}"
    );
    assert_eq!(
        verify(&fixture.folder(), None).findings[0].damage,
        Damage::OtherFormat(2)
    );
}

#[test]
fn a_frame_whose_content_is_not_what_its_header_says_is_named() {
    let fixture = Fixture::with_batches(&[]);
    let log = fixture.last_log();
    let payloads: [&[u8]; 4] = [
        b"",
        b"\x01\0\0\0{\0\0\0\0more",
        b"\xff\0\0\0{",
        b"\x01\0\0\0{\0\0\0\0\x01\0\0\0{\0\0\0\0",
    ];
    for payload in payloads {
        let header = FrameHeader {
            kind: FrameKind::Batch,
            payload_bytes: u32::try_from(payload.len()).unwrap(),
            count: 1,
            first_seq: 0,
            recorded_ms: 0,
            root_after: root(1),
        };
        let mut content = fixture.read(&log)[..76].to_vec();
        header.write_frame(payload, &mut content);
        // A frame behind it, so that it cannot be an interrupted append.
        content.extend(segment(&header_of(0), &[(1, 1, 0)])[76..].iter());
        fixture.write(&log, &content);
        let found = verify(&fixture.folder(), None).findings;
        assert_eq!(found[0].damage, Damage::FrameContent, "{payload:?}");
        assert_eq!(found[0].lost, Lost::Entries(0..1));
    }
}
