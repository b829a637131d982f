use super::super::{CreateError, OpenError};
use super::*;
use crate::files::faults::{Effect, Fault, FaultyFiles, Survivors, SystemError, scratch};

/// The batches of a run: enough to fill several segments.
pub(super) const BATCHES: [u64; 12] = [1, 3, 1, 2, 2, 1, 9, 1, 4, 1, 1, 2];

/// What a run was told about its batches.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Whether the creation of the journal was acknowledged.
    pub(super) is_created: bool,
    /// How many entries were acknowledged.
    pub(super) acknowledged: u64,
    /// How many there can be: more where the outcome of the last append is unknown.
    pub(super) possible: u64,
    /// After which change or sync each acknowledgement came, and the size it was for.
    pub(super) history: Vec<(usize, u64)>,
}

/// Creates a journal and appends to it, reopening it halfway, until something fails for good.
pub(super) fn run(files: &FaultyFiles, folder: &Path) -> Told {
    let mut told = Told::default();
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    if Journal::create(Arc::clone(&shared), folder, LEDGER, EMPTY_ROOT).is_err() {
        return told;
    }
    told.is_created = true;
    told.history.push((files.recorded(), 0));
    for batches in BATCHES.chunks(8) {
        let opened = Journal::open(
            Arc::clone(&shared),
            folder,
            Access::Write,
            Some(told.acknowledged),
        );
        let Ok((mut journal, opened)) = opened else {
            return told;
        };
        assert_eq!(opened.size, told.acknowledged);
        journal.set_sizes(SMALL);
        for count in batches {
            if append_stubbornly(&mut journal, *count, &mut told).is_err() {
                return told;
            }
            told.history.push((files.recorded(), told.acknowledged));
        }
    }
    told
}

/// Appends, and tries with a smaller batch where it was not recorded.
fn append_stubbornly(
    journal: &mut Journal,
    mut count: u64,
    told: &mut Told,
) -> Result<(), AppendError> {
    let mut outcome = append(journal, count);
    if let Err(AppendError::NotRecorded { .. }) = outcome
        && !journal.is_poisoned()
    {
        count = 1;
        outcome = append(journal, count);
    }
    match &outcome {
        Ok(()) => told.acknowledged += count,
        Err(AppendError::OutcomeUnknown { .. }) => {
            assert!(journal.is_poisoned());
            told.possible = told.acknowledged + count;
            return outcome;
        }
        Err(AppendError::NotRecorded { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
    told.possible = told.acknowledged;
    outcome
}

/// Checks that a folder holds what a run was told, and that it can be gone on with; returns how
/// many entries there were.
pub(super) fn check_reopens(folder: &Path, told: &Told, what: &str) -> u64 {
    let files: Arc<dyn Files> = Arc::new(FaultyFiles::new(folder.parent().unwrap()).unwrap());
    let open = |access| Journal::open(Arc::clone(&files), folder, access, Some(told.acknowledged));
    let reader = match open(Access::Read) {
        Err(OpenError::Missing { .. }) if !told.is_created => {
            Journal::create(Arc::clone(&files), folder, LEDGER, EMPTY_ROOT).unwrap();
            open(Access::Read).unwrap().0
        }
        opened => opened.unwrap_or_else(|error| panic!("{what}: {error:?}")).0,
    };
    let size = reader.size();
    assert!(
        (told.acknowledged..=told.possible).contains(&size),
        "{what}: {size} of {told:?}"
    );
    check_content(&reader, size);

    let (mut journal, opened) = open(Access::Write).unwrap();
    assert_eq!(opened.size, size, "{what}");
    journal.set_sizes(SMALL);
    for count in [1, 2] {
        append(&mut journal, count).unwrap();
    }
    assert!(journal.postponed_sealing().is_none(), "{what}");
    check_content(&journal, size + 3);
    let verified = Journal::verify(files, folder, Some(size + 3)).unwrap();
    assert_eq!((verified.findings, verified.torn), (vec![], None), "{what}");
    assert_eq!(
        verified.unknown_files,
        Vec::<std::ffi::OsString>::new(),
        "{what}"
    );
    size
}

#[test]
fn whatever_operation_fails_no_acknowledged_entry_is_missing() {
    let operations = {
        let parent = scratch().unwrap();
        let files = FaultyFiles::new(parent.path()).unwrap();
        let told = run(&files, &parent.path().join("journal"));
        assert_eq!(told.acknowledged, BATCHES.iter().sum::<u64>());
        files.operations()
    };
    let (mut runs, mut unknown) = (0, 0);
    for operation in 0..operations {
        for error in SystemError::TOLD {
            for effect in Effect::ALL {
                let lasting = operation % 2 == 0;
                let fault = Fault {
                    operation,
                    error,
                    effect,
                    lasting,
                };
                let told = check_fault(fault);
                runs += 1;
                unknown += u32::from(told.possible > told.acknowledged);
            }
        }
    }
    assert!(
        runs > 1000 && unknown > 10,
        "{runs} runs, {unknown} outcomes unknown"
    );
}

/// One run with a fault; then the process is started again, and then the power is cut.
fn check_fault(fault: Fault) -> Told {
    let parent = scratch().unwrap();
    let folder = parent.path().join("journal");
    let files = FaultyFiles::new(parent.path()).unwrap();
    files.set_fault(Some(fault));
    let told = run(&files, &folder);
    files.set_fault(None);
    let what = format!("{fault:?}");

    for survivors in [Survivors::Nothing, Survivors::Random(fault.operation)] {
        let after = scratch().unwrap();
        files
            .recording()
            .power_cut(files.recorded(), survivors, after.path())
            .unwrap();
        check_reopens(
            &after.path().join("journal"),
            &told,
            &format!("{what}, {survivors:?}"),
        );
    }

    // What a writer finds and says is there is there for good, a failed sync or not.
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let mut found = told.clone();
    match Journal::open(shared, &folder, Access::Write, Some(told.acknowledged)) {
        Err(OpenError::Missing { .. }) => assert!(!told.is_created, "{what}"),
        Err(error) => panic!("{what}: {error:?}"),
        Ok((mut journal, opened)) => {
            found.acknowledged = opened.size;
            if fault.operation % 4 < 2 {
                journal.set_sizes(SMALL);
                append(&mut journal, 1).unwrap();
                found.acknowledged += 1;
                found.possible = found.acknowledged;
            }
            let after = scratch().unwrap();
            let recording = files.recording();
            recording
                .power_cut(recording.len(), Survivors::Nothing, after.path())
                .unwrap();
            if told.is_created {
                check_reopens(&after.path().join("journal"), &found, &what);
            }
        }
    }
    check_reopens(&folder, &found, &what);
    told
}

#[test]
fn a_new_segment_is_durable_even_where_the_full_one_cannot_be_sealed() {
    for operation in 0..60 {
        let parent = scratch().unwrap();
        let folder = parent.path().join("journal");
        let files = FaultyFiles::new(parent.path()).unwrap();
        let shared: Arc<dyn Files> = Arc::new(files.clone());
        Journal::create(Arc::clone(&shared), &folder, LEDGER, EMPTY_ROOT).unwrap();
        let obstacle = folder.join("00000000000000000000.zst.tmp");
        files.create_folder(&obstacle).unwrap();
        files.sync_folder(&folder).unwrap();
        let fault = Fault {
            operation: files.operations() + operation,
            error: SystemError::InputOutput,
            effect: Effect::Nothing,
            lasting: false,
        };
        files.set_fault(Some(fault));
        let mut size = 0;
        for appends in [10, 1] {
            let opened = Journal::open(Arc::clone(&shared), &folder, Access::Write, Some(size));
            let Ok((mut journal, opened)) = opened else {
                continue;
            };
            journal.set_sizes(SMALL);
            size = opened.size;
            let mut left = appends;
            while left > 0 && append(&mut journal, 2).is_ok() {
                size += 2;
                left -= 1;
            }
        }
        let after = scratch().unwrap();
        files
            .recording()
            .power_cut(files.recorded(), Survivors::Nothing, after.path())
            .unwrap();
        let (journal, opened) = open_in(
            Arc::new(RealFiles),
            &after.path().join("journal"),
            Access::Read,
        );
        assert!(
            opened.size >= size,
            "fault at {operation}: {opened:?}, acknowledged {size}"
        );
        check_content(&journal, opened.size);
    }
}

#[test]
fn a_failed_creation_says_so_and_can_be_tried_again() {
    for operation in 0..20 {
        let parent = scratch().unwrap();
        let folder = parent.path().join("journal");
        let files = FaultyFiles::new(parent.path()).unwrap();
        let error = SystemError::NoSpace;
        let effect = Effect::Nothing;
        files.set_fault(Some(Fault {
            operation,
            error,
            effect,
            lasting: true,
        }));
        let created = Journal::create(Arc::new(files.clone()), &folder, LEDGER, EMPTY_ROOT);
        files.set_fault(None);
        match created {
            Ok(()) => assert!(files.operations() <= operation || folder.exists()),
            Err(CreateError::Exists { .. }) => panic!("there was nothing"),
            Err(CreateError::Io { .. }) => {
                let again = Journal::create(Arc::new(files), &folder, LEDGER, EMPTY_ROOT);
                let is_there = matches!(again, Ok(()) | Err(CreateError::Exists { .. }));
                assert!(is_there, "{again:?}");
                check_content(&open_in(Arc::new(RealFiles), &folder, Access::Read).0, 0);
            }
        }
    }
}
