//! The store alone: values, handles, panics, leftovers.

use super::*;

#[test]
fn a_value_comes_back_as_it_was_put_also_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let large = vec![7; 200_000]; // past 128 KB sled keeps it in a side file
    for pass in 0..2 {
        let kv = Kv::open(dir.path()).unwrap();
        if pass == 0 {
            assert!(kv.get(Table::Meta, b"k").unwrap().is_none());
            kv.put(Table::Meta, b"k", b"v").unwrap();
            kv.put(Table::Lines(3), &[1], &large).unwrap();
            kv.put(Table::Lines(1 << 24), &[1], b"far").unwrap();
            kv.sync().unwrap();
        }
        assert_eq!(kv.get(Table::Meta, b"k").unwrap().unwrap().bytes(), b"v");
        assert_eq!(
            kv.get(Table::Lines(3), &[1]).unwrap().unwrap().bytes(),
            large
        );
        assert_eq!(
            kv.get(Table::Lines(1 << 24), &[1])
                .unwrap()
                .unwrap()
                .bytes(),
            b"far"
        );
        assert!(kv.get(Table::Sealed(3), &[1]).unwrap().is_none());
        assert!(folder_bytes(dir.path()).unwrap() > 200_000);
    }
}

#[cfg(unix)]
#[test]
fn what_sled_has_made_is_the_owners_alone_once_the_store_is_open_and_once_it_is_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    fn others(dir: &Path, found: &mut Vec<(PathBuf, u32)>) -> usize {
        let items = std::fs::read_dir(dir)
            .unwrap()
            .map(|item| item.unwrap().path());
        let mut items: Vec<_> = items.collect();
        let mut seen = items.len();
        for path in items.drain(..) {
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            if mode != if path.is_dir() { 0o700 } else { 0o600 } {
                found.push((path.clone(), mode));
            }
            if path.is_dir() {
                seen += others(&path, found);
            }
        }
        seen
    }
    let dir = tempfile::tempdir().unwrap();
    let check = |seen_min: usize| {
        let mut found = Vec::new();
        let seen = others(dir.path(), &mut found);
        assert_eq!(found, []);
        assert!(seen >= seen_min, "{seen}");
    };
    let kv = Kv::open(dir.path()).unwrap();
    check(3);
    // A side file, which is made while the store is open, and lies in a folder of its own.
    let large = vec![7; 200_000];
    kv.put(Table::Lines(3), &[1], &large).unwrap();
    kv.sync().unwrap();
    drop(kv);
    check(4);
    // As a version that left them as the system made them would have.
    for path in [dir.path().join("db"), dir.path().join("blobs")] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let kv = Kv::open(dir.path()).unwrap();
    check(4);
    drop(kv);
}

#[test]
fn a_second_handle_is_told_that_the_store_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let first = Kv::open(dir.path()).unwrap();
    assert!(matches!(Kv::open(dir.path()), Err(KvError::Busy)));
    drop(first);
    assert!(Kv::open(dir.path()).is_ok());
}

#[test]
fn an_unfinished_snapshot_does_not_keep_the_store_shut() {
    let dir = tempfile::tempdir().unwrap();
    Kv::open(dir.path())
        .unwrap()
        .put(Table::Meta, b"k", b"v")
        .unwrap();
    std::fs::write(dir.path().join("snap.00000000000FFFFF.generating"), b"").unwrap();
    let kv = Kv::open(dir.path()).unwrap();
    assert_eq!(kv.get(Table::Meta, b"k").unwrap().unwrap().bytes(), b"v");
}

#[test]
fn a_panic_inside_the_fence_is_damage_and_closes_the_handle() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Kv::open(dir.path()).unwrap();
    let outcome: Result<(), KvError> = kv.fenced(|_| panic!("never printed"));
    assert!(matches!(outcome, Err(KvError::Damaged(_))));
    assert!(matches!(kv.flush(), Err(KvError::Damaged(_))));
}

#[test]
fn a_scan_gives_the_range_in_order_and_a_dropped_table_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Kv::open(dir.path()).unwrap();
    for key in (0..100_u8).rev() {
        kv.put(Table::Tail, &[key], &[key, key]).unwrap();
    }
    kv.remove(Table::Tail, &[12]).unwrap();
    let keys = |from: u8, to: u8| -> Vec<u8> {
        kv.scan(Table::Tail, &[from], &[to])
            .unwrap()
            .map(|item| {
                item.map(|(key, value)| key[0].min(value.bytes()[1]))
                    .unwrap()
            })
            .collect()
    };
    assert_eq!(keys(10, 15), [10, 11, 13, 14]);
    kv.drop_table(Table::Tail).unwrap();
    assert_eq!(keys(0, 255), [0_u8; 0]);
}

#[test]
fn a_value_under_the_wrong_key_or_table_or_altered_is_damage() {
    let payload = b"payload";
    let raw = |table, key: &[u8]| {
        let mut raw = payload.to_vec();
        raw.extend_from_slice(&checksum(table, key, payload));
        raw
    };
    let good = raw(Table::Tail, b"a");
    assert!(Value::checked(Table::Tail, b"a", good.clone().into()).is_ok());
    assert!(Value::checked(Table::Tail, b"b", good.clone().into()).is_err());
    assert!(Value::checked(Table::Tiles, b"a", good.clone().into()).is_err());
    assert!(Value::checked(Table::Tail, b"a", good[..3].into()).is_err());
    for byte in 0..good.len() {
        let mut bad = good.clone();
        bad[byte] ^= 0x10;
        assert!(
            Value::checked(Table::Tail, b"a", bad.into()).is_err(),
            "byte {byte}"
        );
    }
}

#[test]
fn failures_of_the_file_system_are_sorted_by_what_can_be_done() {
    let sorted = |kind| from_io(io::Error::new(kind, "x"));
    assert!(matches!(sorted(io::ErrorKind::StorageFull), KvError::Full));
    assert!(matches!(
        sorted(io::ErrorKind::UnexpectedEof),
        KvError::Damaged(_)
    ));
    assert!(matches!(
        sorted(io::ErrorKind::PermissionDenied),
        KvError::Io(_)
    ));
}

#[test]
fn a_store_that_has_read_much_empties_its_cache_and_reads_on() {
    let dir = tempfile::tempdir().unwrap();
    let kv = Kv::open(dir.path()).unwrap();
    let value = vec![3; 100_000];
    for strip in 0..60 {
        kv.put(Table::Run(strip), &[0], &value).unwrap();
    }
    let mut emptied = 0;
    for strip in 0..60 {
        let before = kv.cached_bytes();
        let found = kv.get(Table::Run(strip), &[0]).unwrap();
        assert_eq!(found.unwrap().bytes(), value);
        emptied += u32::from(kv.cached_bytes() < before);
        assert!(kv.cached_bytes() < CACHED_BYTES_MAX);
    }
    assert!(emptied > 0);
}
