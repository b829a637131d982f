//! The shelf against a naive model: whatever the batches, crashes and damage, the same answers.

mod damage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

const LEDGER: [u8; 16] = [1; 16];

/// An entry as the tests make them: everything follows from its sequence.
struct Sample {
    line: Vec<u8>,
    sealed: Option<Vec<u8>>,
    id: [u8; 16],
    keys: Vec<[u8; 16]>,
    refs: Vec<([u8; 16], [u8; 16])>,
}

fn digest(text: &str) -> [u8; 16] {
    Sha256::digest(text).first_chunk().copied().unwrap()
}

fn person(number: u64) -> [u8; 16] {
    digest(&format!("person {number}"))
}

fn sample(seq: u64) -> Sample {
    let people = match seq % 7 {
        0 => vec![],
        3 => vec![person(0), person(seq / 9)],
        _ => vec![person(seq % 11), person(0)],
    };
    Sample {
        line: format!(
            "{{\"seq\":{seq},\"text\":\"{}\"}}",
            "x".repeat(seq as usize % 90)
        )
        .into(),
        sealed: (seq % 5 == 2).then(|| digest(&format!("sealed {seq}")).repeat(seq as usize % 4)),
        id: digest(&format!("event {seq}")),
        refs: people
            .iter()
            .skip(1)
            .map(|person| (digest(&format!("ref {seq}")), *person))
            .collect(),
        keys: people,
    }
}

fn tile(level: u8, size: u64) -> (u8, u64, Vec<u8>) {
    let nodes = size >> (8 * u32::from(level));
    (
        level,
        0,
        (0..nodes.min(256))
            .flat_map(|node| [node as u8; 32])
            .collect(),
    )
}

fn root(size: u64) -> [u8; 32] {
    Sha256::digest(size.to_le_bytes()).into()
}

fn apply(shelf: &mut Shelf, first_seq: u64, count: u64) -> Result<(), ShelfError> {
    let samples: Vec<Sample> = (first_seq..first_seq + count).map(sample).collect();
    let entries: Vec<Indexed<'_>> = samples
        .iter()
        .map(|sample| Indexed {
            line: &sample.line,
            sealed: sample.sealed.as_deref(),
            id: sample.id,
            keys: &sample.keys,
            refs: &sample.refs,
        })
        .collect();
    let size = first_seq + count;
    shelf.apply(&Batch {
        first_seq,
        recorded_ms: size as i64 * 10,
        root_after: root(size),
        entries: &entries,
        tiles: &[tile(0, size), tile(1, size)],
    })
}

/// Applies batches of these sizes, flushing after those that say so.
fn apply_all(shelf: &mut Shelf, batches: &[(u64, bool)]) -> Result<(), ShelfError> {
    let mut first_seq = 0;
    for (count, flush) in batches {
        apply(shelf, first_seq, *count)?;
        if *flush {
            shelf.flush()?;
        }
        first_seq += count;
    }
    Ok(())
}

/// Compares everything the shelf can say with the samples. `Err` is an error of the shelf; a wrong
/// answer is a failed assertion.
fn check(shelf: &Shelf, size: u64) -> Result<(), ShelfError> {
    assert_eq!(shelf.head().map_or(0, |head| head.size), size);
    if let Some(head) = shelf.head() {
        assert_eq!(
            (head.root, head.recorded_ms),
            (root(size), size as i64 * 10)
        );
    }
    let (mut seen, mut subjects) = (0, BTreeMap::<_, Vec<u64>>::new());
    let (mut events, mut refs) = (BTreeSet::new(), BTreeSet::new());
    let mut leaves = Vec::new();
    for item in shelf.lines(0..u64::MAX) {
        let (seq, line) = item?;
        let sample = sample(seq);
        assert_eq!((seq, &line), (seen, &sample.line));
        leaves.extend_from_slice(&Sha256::digest([&[0], line.as_slice()].concat()));
        events.insert((sample.id, u128::from(seq)));
        sample
            .keys
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .for_each(|key| {
                subjects.entry(*key).or_default().push(seq);
            });
        refs.extend(
            sample
                .refs
                .iter()
                .map(|(hash, person)| (*hash, u128::from_be_bytes(*person))),
        );
        seen += 1;
    }
    assert_eq!(seen, size);
    for block in shelf.sealed_blocks(0..size) {
        let block = block?;
        for seq in block.seqs() {
            assert_eq!(
                block.item(seq),
                sample(seq).sealed.as_deref(),
                "sealed {seq}"
            );
        }
    }
    for (key, seqs) in &subjects {
        assert_eq!(shelf.seqs_of_subject(*key)?, *seqs);
    }
    let pairs = |pairs: IndexPairs<'_>| pairs.collect::<Result<Vec<_>, _>>();
    let by_subject = subjects
        .iter()
        .flat_map(|(key, seqs)| seqs.iter().map(|seq| (*key, u128::from(*seq))));
    assert_eq!(
        pairs(shelf.subject_pairs()?)?,
        by_subject.collect::<Vec<_>>()
    );
    assert_eq!(
        pairs(shelf.event_pairs()?)?,
        events.into_iter().collect::<Vec<_>>()
    );
    assert_eq!(
        pairs(shelf.ref_pairs()?)?,
        refs.iter().copied().collect::<Vec<_>>()
    );
    for (hash, person) in refs.iter().step_by(17) {
        assert_eq!(shelf.persons_of_ref(*hash)?, [person.to_be_bytes()]);
    }
    for seq in (0..size).step_by(53).chain(size.checked_sub(1)) {
        let sample = sample(seq);
        assert_eq!(shelf.line(seq)?.as_ref(), Some(&sample.line));
        assert_eq!(shelf.sealed(seq)?, sample.sealed);
        assert_eq!(shelf.seq_of_event(sample.id)?, Some(seq));
        assert_eq!(
            shelf.seq_of_event(digest(&format!("no event {seq}")))?,
            None
        );
    }
    let mut tiles = Vec::new();
    for index in 0..size.div_ceil(256) {
        tiles.extend(shelf.tile(0, index)?.unwrap());
    }
    assert_eq!(tiles, leaves);
    let (.., upper) = tile(1, size);
    assert_eq!(shelf.tile(1, 0)?, (!upper.is_empty()).then_some(upper));
    for (level, index) in [
        (0, size.div_ceil(256)),
        (1, 1),
        (2, 0),
        (3, 0),
        (200, u64::MAX),
    ] {
        assert_eq!(shelf.tile(level, index)?, None);
    }
    assert_eq!((shelf.line(size)?, shelf.sealed(size)?), (None, None));
    assert_eq!(shelf.lines(size..u64::MAX).count(), 0);
    Ok(())
}

fn open(dir: &Path) -> Shelf {
    Shelf::open(dir, LEDGER).unwrap()
}

#[test]
fn an_empty_shelf_answers_that_there_is_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut shelf = open(dir.path());
        check(&shelf, 0).unwrap();
        assert_eq!(shelf.seqs_of_subject(person(0)).unwrap(), [0_u64; 0]);
        assert_eq!(shelf.derived("totals").unwrap(), None);
        shelf.flush().unwrap();
        shelf.close().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn batches_of_any_size_give_the_same_answers_also_after_reopening(
        batches in proptest::collection::vec(
            (prop_oneof![5 => 1..4_u64, 3 => 1..300_u64, 1 => 300..1500_u64], any::<bool>()),
            0..12,
        ),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let size = batches.iter().map(|batch| batch.0).sum();
        let mut shelf = open(dir.path());
        apply_all(&mut shelf, &batches).unwrap();
        check(&shelf, size).unwrap();
        shelf.close().unwrap();
        let mut shelf = open(dir.path());
        check(&shelf, size).unwrap();
        apply_all(&mut shelf, &batches).unwrap(); // all of it held already
        check(&shelf, size).unwrap();
        apply(&mut shelf, size, 300).unwrap();
        check(&shelf, size + 300).unwrap();
    }
}

#[test]
fn single_appends_each_by_a_new_process_fold_into_bundles_and_merged_runs() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    apply(&mut shelf, 0, 250).unwrap();
    shelf.close().unwrap();
    for seq in 250..280 {
        let mut shelf = open(dir.path());
        apply(&mut shelf, seq, 1).unwrap();
        shelf.close().unwrap();
    }
    let mut shelf = open(dir.path());
    for seq in 280..2_600 {
        apply(&mut shelf, seq, 1).unwrap();
        shelf.flush().unwrap();
    }
    check(&shelf, 2_600).unwrap();
    assert!(
        shelf.indexes.metas().0.len() < 8,
        "ten bundles, merged by fours"
    );
    shelf.close().unwrap();
    check(&open(dir.path()), 2_600).unwrap();
}

#[test]
fn a_batch_that_leaves_a_gap_or_overlaps_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    apply(&mut shelf, 0, 10).unwrap();
    for first_seq in [11, 5, u64::MAX - 20] {
        let Err(ShelfError::OutOfOrder { expected, found }) = apply(&mut shelf, first_seq, 10)
        else {
            panic!("{first_seq} was taken");
        };
        assert_eq!((expected, found), (10, first_seq));
    }
    apply(&mut shelf, 3, 7).unwrap(); // held already
    check(&shelf, 10).unwrap();
}

#[test]
fn what_is_at_its_limit_is_kept_and_one_past_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    let mut put = |line: usize, sealed: usize, keys: usize, refs: usize, tile: usize| {
        let first_seq = shelf.head().map_or(0, |head| head.size);
        let (line, sealed) = (vec![b'l'; line], vec![7; sealed]);
        let (keys, refs) = (vec![[4; 16]; keys], vec![([5; 16], [6; 16]); refs]);
        let id = digest(&first_seq.to_string());
        let entry = Indexed {
            line: &line,
            sealed: Some(&sealed),
            id,
            keys: &keys,
            refs: &refs,
        };
        shelf.apply(&Batch {
            first_seq,
            recorded_ms: 0,
            root_after: [0; 32],
            entries: &[entry],
            tiles: &[(1, 0, vec![0; tile])],
        })
    };
    put(
        LINE_BYTES_MAX,
        SEALED_BYTES_MAX,
        KEYS_MAX,
        REFS_MAX,
        TILE_BYTES_MAX,
    )
    .unwrap();
    for past in [
        put(LINE_BYTES_MAX + 1, 0, 0, 0, 0),
        put(0, SEALED_BYTES_MAX + 1, 0, 0, 0),
        put(0, 0, KEYS_MAX + 1, 0, 0),
        put(0, 0, 0, REFS_MAX + 1, 0),
        put(0, 0, 0, 0, TILE_BYTES_MAX + 1),
    ] {
        assert!(matches!(past, Err(ShelfError::TooLarge(_))));
    }
    shelf.close().unwrap();
    let shelf = open(dir.path());
    assert_eq!(shelf.head().map(|head| head.size), Some(1));
    assert_eq!(
        shelf.line(0).unwrap().map(|line| line.len()),
        Some(LINE_BYTES_MAX)
    );
    assert_eq!(
        shelf.sealed(0).unwrap().map(|sealed| sealed.len()),
        Some(SEALED_BYTES_MAX)
    );
}

#[test]
fn a_subject_of_a_hundred_thousand_entries_is_found_whole_beside_rare_ones() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    let rare = |seq: u64| digest(&format!("rare {seq}"));
    for first_seq in (0..100_000).step_by(10_000) {
        let ids: Vec<_> = (first_seq..first_seq + 10_000)
            .map(|seq| digest(&seq.to_string()))
            .collect();
        let keys: Vec<_> = (first_seq..first_seq + 10_000)
            .map(|seq| [[9; 16], rare(seq)])
            .collect();
        let entries: Vec<_> = ids
            .iter()
            .zip(&keys)
            .map(|(id, keys)| Indexed {
                line: b"{}",
                sealed: None,
                id: *id,
                keys,
                refs: &[],
            })
            .collect();
        let batch = Batch {
            first_seq,
            recorded_ms: 0,
            root_after: [0; 32],
            entries: &entries,
            tiles: &[],
        };
        shelf.apply(&batch).unwrap();
        shelf.flush().unwrap();
    }
    shelf.close().unwrap();
    let shelf = open(dir.path());
    assert!(
        shelf
            .seqs_of_subject([9; 16])
            .unwrap()
            .into_iter()
            .eq(0..100_000)
    );
    for seq in (0..100_000).step_by(997) {
        assert_eq!(shelf.seqs_of_subject(rare(seq)).unwrap(), [seq]);
        assert_eq!(
            shelf.seqs_of_subject(rare(seq + 100_000)).unwrap(),
            [0_u64; 0]
        );
        assert_eq!(
            shelf.seq_of_event(digest(&seq.to_string())).unwrap(),
            Some(seq)
        );
    }
    assert_eq!(shelf.subject_pairs().unwrap().count(), 200_000);
}

#[test]
fn an_event_id_or_ref_that_comes_twice_keeps_the_first_entry_and_every_person() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    for first_seq in 0..600_u64 {
        let refs = [([7; 16], person(first_seq % 3))];
        let entry = Indexed {
            line: b"{}",
            sealed: None,
            id: [8; 16],
            keys: &[[8; 16]; 2],
            refs: &refs,
        };
        let batch = Batch {
            first_seq,
            recorded_ms: 0,
            root_after: [0; 32],
            entries: &[entry],
            tiles: &[],
        };
        shelf.apply(&batch).unwrap();
        if first_seq % 100 == 0 {
            shelf.flush().unwrap();
        }
    }
    let mut persons = [person(0), person(1), person(2)];
    persons.sort_unstable();
    assert_eq!(shelf.seq_of_event([8; 16]).unwrap(), Some(0));
    assert_eq!(shelf.persons_of_ref([7; 16]).unwrap(), persons);
    assert!(
        shelf
            .seqs_of_subject([8; 16])
            .unwrap()
            .into_iter()
            .eq(0..600)
    );
}

#[test]
fn a_derived_state_is_replaced_whole_and_stamped_with_the_size_it_was_derived_from() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    let mut size = 0;
    for (name, len) in [
        ("totals", 0),
        ("totals", 100_000),
        ("totals", 10),
        ("total", 7_168),
    ] {
        apply(&mut shelf, size, 3).unwrap();
        size += 3;
        shelf.set_derived(name, &vec![len as u8; len]).unwrap();
        assert_eq!(
            shelf.derived(name).unwrap(),
            Some((size, vec![len as u8; len]))
        );
    }
    assert!(matches!(
        shelf.set_derived("", b""),
        Err(ShelfError::TooLarge(_))
    ));
    shelf.close().unwrap();
    let shelf = open(dir.path());
    assert_eq!(shelf.derived("totals").unwrap(), Some((9, vec![10; 10])));
    assert_eq!(shelf.derived("tot").unwrap(), None);
}

#[test]
fn two_threads_can_read_at_once_also_while_caches_are_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let mut shelf = open(dir.path());
    // Lines that do not compress, so that a strip is large and caches are soon full.
    let lines: Vec<Vec<u8>> = (0..3_000_u64)
        .map(|seq| {
            (0..40)
                .flat_map(|part| digest(&format!("{seq} {part}")))
                .collect()
        })
        .collect();
    for (seq, line) in (0..).zip(&lines) {
        let entry = Indexed {
            line,
            sealed: None,
            id: digest(&seq.to_string()),
            keys: &[],
            refs: &[],
        };
        shelf
            .apply(&Batch {
                first_seq: seq,
                recorded_ms: 0,
                root_after: [0; 32],
                entries: &[entry],
                tiles: &[],
            })
            .unwrap();
    }
    let (shelf, lines) = (&shelf, &lines);
    std::thread::scope(|scope| {
        for seed in 0..2_u64 {
            scope.spawn(move || {
                for step in 0..300 {
                    let seq = (seed * 1_500 + step * 257) % 2_816;
                    let block = shelf.blocks(seq..seq + 1).next().unwrap().unwrap();
                    assert_eq!(block.item(seq), Some(lines[seq as usize].as_slice()));
                }
            });
        }
    });
}

#[test]
fn debug_output_shows_nothing_of_what_an_entry_says() {
    let entry = Indexed {
        line: b"Ana",
        sealed: None,
        id: [0; 16],
        keys: &[],
        refs: &[],
    };
    assert_eq!(format!("{entry:?}"), "Indexed { bytes: 3, .. }");
}
