use super::*;

fn names(folder: &Path) -> Vec<OsString> {
    RealFiles
        .list(folder)
        .unwrap()
        .into_iter()
        .map(|item| item.name)
        .collect()
}

/// A file written, synced and renamed in a folder that is synced last.
fn recorded_run(root: &Path) -> FaultyFiles {
    let files = FaultyFiles::new(root).unwrap();
    let mut file = files.create_file(&root.join("a")).unwrap();
    file.write_all_at(b"durable", 0).unwrap();
    file.sync_data().unwrap();
    file.write_all_at(b" and not", 7).unwrap();
    files.rename(&root.join("a"), &root.join("b")).unwrap();
    files.sync_folder(root).unwrap();
    files
}

#[test]
fn a_power_cut_keeps_what_was_synced_and_may_drop_the_rest() {
    let root = scratch().unwrap();
    let recording = recorded_run(root.path()).recording();
    let cases = [
        (recording.len(), Survivors::Nothing, Some(("b", "durable"))),
        (
            recording.len(),
            Survivors::Everything,
            Some(("b", "durable and not")),
        ),
        (recording.len() - 1, Survivors::Nothing, None),
        (
            recording.len() - 1,
            Survivors::Everything,
            Some(("b", "durable and not")),
        ),
        (3, Survivors::Everything, Some(("a", "durable"))),
    ];
    for (at, survivors, expected) in cases {
        let after = scratch().unwrap();
        recording.power_cut(at, survivors, after.path()).unwrap();
        let found = names(after.path()).pop().map(|name| {
            let content = RealFiles.read(&after.path().join(&name), 100).unwrap();
            (
                name.into_string().unwrap(),
                String::from_utf8(content).unwrap(),
            )
        });
        let found = found
            .as_ref()
            .map(|(name, content)| (name.as_str(), content.as_str()));
        assert_eq!(found, expected, "cut at {at}, {survivors:?}");
    }
}

#[test]
fn random_survivors_never_lose_what_was_synced() {
    let root = scratch().unwrap();
    let recording = recorded_run(root.path()).recording();
    let mut contents = std::collections::BTreeSet::new();
    for seed in 0..64 {
        let after = scratch().unwrap();
        recording
            .power_cut(recording.len(), Survivors::Random(seed), after.path())
            .unwrap();
        let content = RealFiles.read(&after.path().join("b"), 100).unwrap();
        assert!(content.starts_with(b"durable"));
        contents.insert(content);
    }
    assert!(
        contents.len() > 2,
        "unsynced bytes survive in several ways: {contents:?}"
    );
}

#[test]
fn a_later_sync_does_not_cover_what_a_failed_one_lost() {
    let root = scratch().unwrap();
    let files = FaultyFiles::new(root.path()).unwrap();
    let mut file = files.create_file(&root.path().join("a")).unwrap();
    files.sync_folder(root.path()).unwrap();
    file.write_all_at(b"lost", 0).unwrap();
    let fault = Fault {
        operation: files.operations(),
        error: SystemError::InputOutput,
        effect: Effect::Nothing,
        lasting: false,
    };
    files.set_fault(Some(fault));
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(5));
    file.sync_data().unwrap();
    let after = scratch().unwrap();
    files
        .recording()
        .power_cut(files.recorded(), Survivors::Nothing, after.path())
        .unwrap();
    assert_eq!(RealFiles.read(&after.path().join("a"), 100).unwrap(), b"");
}

#[test]
fn a_torn_write_puts_down_its_first_bytes_and_a_full_disk_stays_full() {
    let root = scratch().unwrap();
    let files = FaultyFiles::new(root.path()).unwrap();
    let mut file = files.create_file(&root.path().join("a")).unwrap();
    files.set_fault(Some(Fault {
        operation: files.operations(),
        error: SystemError::NoSpace,
        effect: Effect::Torn(2),
        lasting: true,
    }));
    let error = file.write_all_at(b"12345", 0).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(RealFiles.read(&root.path().join("a"), 100).unwrap(), b"12");
    file.truncate(0).unwrap();
    assert!(files.create_folder(&root.path().join("b")).is_err());
    files.set_fault(None);
    file.write_all_at(b"12345", 0).unwrap();
}
