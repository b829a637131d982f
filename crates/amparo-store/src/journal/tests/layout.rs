//! An encoder written apart, after `LAYOUT.md`: what the journal writes is what the page says.

use super::*;

fn checked(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

fn segment_header(form: u8, first_seq: u64) -> Vec<u8> {
    let mut bytes = b"AMPAROJ\xff".to_vec();
    bytes.extend([1, 0, form, 0, 0, 0, 0, 0]);
    bytes.extend(LEDGER);
    bytes.extend(first_seq.to_le_bytes());
    bytes.extend(root(first_seq));
    checked(bytes)
}

struct Header {
    kind: u8,
    count: u32,
    first_seq: u64,
    recorded_ms: u64,
}

fn frame(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xa3, 0xf7, 0xfe, header.kind, 0, 0, 0];
    bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    bytes.extend(header.count.to_le_bytes());
    bytes.extend(header.first_seq.to_le_bytes());
    bytes.extend(header.recorded_ms.to_le_bytes());
    bytes.extend(root(header.first_seq + u64::from(header.count)));
    let mut frame = checked(bytes);
    let mut bound = frame[64..68].to_vec();
    bound.extend(payload);
    frame.extend(payload);
    frame.extend(crc32fast::hash(&bound).to_le_bytes());
    frame
}

/// The frame of the batch that begins with `first_seq`.
fn batch(first_seq: u64, count: u32) -> Vec<u8> {
    let mut payload = Vec::new();
    for (line, sealed) in (first_seq..first_seq + u64::from(count)).map(entry) {
        for field in [line, sealed] {
            payload.extend(u32::try_from(field.len()).unwrap().to_le_bytes());
            payload.extend(field);
        }
    }
    frame(
        &Header {
            kind: 1,
            count,
            first_seq,
            recorded_ms: recorded_ms(first_seq),
        },
        &payload,
    )
}

#[test]
fn a_raw_segment_is_laid_out_as_documented() {
    let fixture = Fixture::in_one_segment(&[1, 3, 2]);
    assert_eq!(fixture.names(), ["00000000000000000000.log"]);
    let expected = [segment_header(1, 0), batch(0, 1), batch(1, 3), batch(4, 2)].concat();
    assert_eq!(fixture.read("00000000000000000000.log"), expected);
}

#[test]
fn a_sealed_segment_is_laid_out_as_documented() {
    let fixture = Fixture::with_batches(&[1, 1, 1, 1, 1, 1, 1, 1]);
    let names = fixture.names();
    assert_eq!(names[0], "00000000000000000000.zst");
    let end: u64 = names[1][..20].parse().unwrap();
    let content = fixture.read(&names[0]);
    assert!(content.starts_with(&segment_header(2, 0)));

    let (mut at, mut seq, mut blocks) = (76, 0, 0);
    while at < content.len() {
        let number = |offset: usize| {
            u32::from_le_bytes(content[at + offset..at + offset + 4].try_into().unwrap())
        };
        let (payload_bytes, count) = (number(8), number(12));
        let payload = &content[at + 68..at + 68 + usize::try_from(payload_bytes).unwrap()];
        let frames = zstd::bulk::decompress(&payload[4..], 10_000).unwrap();
        let expected: Vec<u8> = (seq..seq + u64::from(count))
            .flat_map(|seq| batch(seq, 1))
            .collect();
        assert_eq!(frames, expected);
        assert_eq!(
            payload[..4],
            u32::try_from(frames.len()).unwrap().to_le_bytes()
        );
        let header = Header {
            kind: 2,
            count,
            first_seq: seq,
            recorded_ms: recorded_ms(seq + u64::from(count) - 1),
        };
        let whole = frame(&header, payload);
        assert_eq!(content[at..at + whole.len()], whole);
        at += whole.len();
        seq += u64::from(count);
        blocks += 1;
    }
    assert_eq!(seq, end);
    assert!(blocks > 1, "{blocks}");
}
