use super::faults::{Told, check_reopens, run};
use super::*;
use crate::files::faults::{FaultyFiles, Recording, Survivors, scratch};

/// How many random subsets of what was not synced are tried after each operation.
const SUBSETS: u64 = 38;

/// What survives in each of the cuts after one operation.
fn survivors(at: usize) -> impl Iterator<Item = Survivors> {
    let first = at as u64 * SUBSETS;
    [Survivors::Nothing, Survivors::Everything]
        .into_iter()
        .chain((first..first + SUBSETS).map(Survivors::Random))
}

/// What a run had been told when the power was cut.
fn told_before(told: &Told, at: usize) -> Told {
    let position = told
        .history
        .partition_point(|(recorded, _)| *recorded <= at);
    let size = |index: usize| told.history.get(index).map(|(_, size)| *size);
    let acknowledged = position.checked_sub(1).and_then(size);
    Told {
        is_created: acknowledged.is_some(),
        acknowledged: acknowledged.unwrap_or(0),
        possible: size(position).or(acknowledged).unwrap_or(0),
        history: Vec::new(),
    }
}

fn cut(recording: &Recording, at: usize, survivors: Survivors) -> tempfile::TempDir {
    let after = scratch().unwrap();
    recording.power_cut(at, survivors, after.path()).unwrap();
    after
}

#[test]
fn a_power_cut_at_any_point_loses_no_acknowledged_entry() {
    let parent = scratch().unwrap();
    let files = FaultyFiles::new(parent.path()).unwrap();
    let told = run(&files, &parent.path().join("journal"));
    let recording = files.recording();
    let (mut states, mut unacknowledged) = (0, 0);
    for at in 0..=recording.len() {
        let told = told_before(&told, at);
        for survivors in survivors(at) {
            let after = cut(&recording, at, survivors);
            let what = format!("cut after {at}, {survivors:?}");
            let size = check_reopens(&after.path().join("journal"), &told, &what);
            states += 1;
            unacknowledged += u32::from(size > told.acknowledged);
        }
    }
    assert!(
        states > 3500 && unacknowledged > 50,
        "{states} states, {unacknowledged}"
    );
}

#[test]
fn a_power_cut_while_a_writer_recovers_from_one_loses_nothing_either() {
    let parent = scratch().unwrap();
    let files = FaultyFiles::new(parent.path()).unwrap();
    let told = run(&files, &parent.path().join("journal"));
    let recording = files.recording();
    let mut states = 0;
    for at in (0..=recording.len()).step_by(3) {
        let told = told_before(&told, at);
        let first = cut(&recording, at, Survivors::Random(at as u64));
        let folder = first.path().join("journal");
        if !folder.exists() {
            continue;
        }
        let again = FaultyFiles::new(first.path()).unwrap();
        let (mut journal, opened) = open_in(Arc::new(again.clone()), &folder, Access::Write);
        let mut then = Told {
            is_created: true,
            possible: opened.size,
            history: vec![(again.recorded(), opened.size)],
            ..told.clone()
        };
        append(&mut journal, 2).unwrap();
        then.history.push((again.recorded(), opened.size + 2));
        let recovery = again.recording();
        for at_again in 0..=recovery.len() {
            let now = match told_before(&then, at_again) {
                Told {
                    is_created: true,
                    acknowledged,
                    possible,
                    ..
                } => Told {
                    is_created: true,
                    acknowledged,
                    possible,
                    history: vec![],
                },
                Told { .. } => Told {
                    history: vec![],
                    ..then.clone()
                },
            };
            for survivors in [Survivors::Nothing, Survivors::Random(at_again as u64)] {
                let after = cut(&recovery, at_again, survivors);
                let what = format!("cut after {at}, then after {at_again}, {survivors:?}");
                check_reopens(&after.path().join("journal"), &now, &what);
                states += 1;
            }
        }
    }
    assert!(states > 500, "{states}");
}
