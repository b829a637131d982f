//! What is signed and seen, through power cuts at every point.

use std::path::Path;
use std::sync::Arc;

use amparo_tlog::checkpoint::{Checkpoint, SignedCheckpoint, TreeHead};
use amparo_tlog::merkle::{Frontier, leaf_hash};
use amparo_tlog::note::NoteSigner;
use amparo_tlog::origin::Origin;

use super::{Book, CheckpointName, Seen};
use crate::files::faults::{FaultyFiles, Survivors, scratch};
use crate::files::{Files, RealFiles};

/// How many random subsets of what was not synced are tried after each operation.
const SUBSETS: u64 = 6;

fn signer() -> NoteSigner {
    NoteSigner::from_seed("amparo/demo".parse().unwrap(), &[5; 32])
}

fn head(size: u64) -> SignedCheckpoint {
    let mut tree = Frontier::new();
    (0..size).for_each(|n| tree.push(leaf_hash(&n.to_be_bytes())));
    let origin = Origin::from(signer().name());
    SignedCheckpoint::sign(Checkpoint::new(origin, TreeHead::from(&tree)), &signer()).unwrap()
}

fn size(head: &SignedCheckpoint) -> u64 {
    head.checkpoint().head().size()
}

fn name(size: u64) -> CheckpointName {
    format!("head-{size}").parse().unwrap()
}

/// Runs steps that each acknowledge a size, and looks at the folder after every power cut with the
/// size that was acknowledged by then.
fn through_power_cuts(
    steps: impl Fn(&Arc<dyn Files>, &Path, &mut dyn FnMut(u64)),
    check: impl Fn(&Arc<dyn Files>, &Path, u64, &str),
) {
    let parent = scratch().unwrap();
    let folder = parent.path().join("ledger");
    RealFiles.create_folder(&folder).unwrap();
    RealFiles.create_folder(&folder.join("keys")).unwrap();
    let faulty = FaultyFiles::new(parent.path()).unwrap();
    let files: Arc<dyn Files> = Arc::new(faulty.clone());
    let mut acknowledged = vec![(0, 0)];
    steps(&files, &folder, &mut |size| {
        acknowledged.push((faulty.recorded(), size))
    });
    let recording = faulty.recording();
    let real: Arc<dyn Files> = Arc::new(RealFiles);
    let mut cuts = 0;
    for at in 0..=recording.len() {
        let told = acknowledged
            .iter()
            .rev()
            .find(|(by, _)| *by <= at)
            .unwrap()
            .1;
        let first = at as u64 * SUBSETS;
        let random = (first..first + SUBSETS).map(Survivors::Random);
        for survivors in [Survivors::Nothing, Survivors::Everything]
            .into_iter()
            .chain(random)
        {
            let after = scratch().unwrap();
            recording.power_cut(at, survivors, after.path()).unwrap();
            let what = format!("cut after {at}, {survivors:?}");
            check(&real, &after.path().join("ledger"), told, &what);
            cuts += 1;
        }
    }
    assert!(cuts > 150, "{cuts}");
}

#[test]
fn a_power_cut_loses_no_signed_head_that_was_handed_out() {
    through_power_cuts(
        |files, folder, told| {
            let book = Book::new(files.clone(), folder);
            book.begin(&signer().verifier_key()).unwrap();
            for size in [1, 3, 7] {
                book.keep(&head(size)).unwrap();
                book.name(&name(size), size).unwrap();
                told(size);
            }
        },
        |files, folder, told, what| {
            let book = Book::new(files.clone(), folder);
            let sizes = book.sizes().unwrap();
            let expected: Vec<u64> = [1, 3, 7].into_iter().filter(|n| *n <= told).collect();
            assert!(
                sizes.starts_with(&expected),
                "{what}: {sizes:?}, told {told}"
            );
            let newest = book.newest().unwrap().map_or(0, |newest| size(&newest));
            let beside = book
                .beside_the_key()
                .unwrap()
                .map_or(0, |beside| size(&beside));
            assert!(
                beside >= told && beside <= newest,
                "{what}: {beside} of {newest}"
            );
            let names = book.names().unwrap();
            assert!(
                expected.iter().all(|n| names.contains(&(name(*n), *n))),
                "{what}"
            );
            assert!(names.iter().all(|(_, size)| sizes.contains(size)), "{what}");
        },
    );
}

#[test]
fn a_power_cut_makes_no_witness_forget_what_it_cosigned() {
    through_power_cuts(
        |files, folder, told| {
            let seen = Seen::new(files.clone(), folder);
            seen.trust(&signer().verifier_key()).unwrap();
            for size in [2, 5, 6] {
                seen.keep(&head(size)).unwrap();
                told(size);
            }
        },
        |files, folder, told, what| {
            let seen = Seen::new(files.clone(), folder);
            let last = seen.last(&Origin::from(signer().name())).unwrap();
            assert!(
                last.map_or(0, |last| size(&last)) >= told,
                "{what}, told {told}"
            );
        },
    );
}

#[test]
fn a_failed_write_is_told_and_leaves_what_was_there() {
    use crate::files::faults::{Effect, Fault, SystemError};
    let parent = scratch().unwrap();
    let folder = parent.path().join("ledger");
    RealFiles.create_folder(&folder).unwrap();
    RealFiles.create_folder(&folder.join("keys")).unwrap();
    let faulty = FaultyFiles::new(parent.path()).unwrap();
    let book = Book::new(Arc::new(faulty.clone()), &folder);
    book.begin(&signer().verifier_key()).unwrap();
    book.keep(&head(1)).unwrap();
    let before = faulty.operations();
    book.keep(&head(2)).unwrap();
    let steps = faulty.operations() - before;
    let mut told = 0;
    for step in 0..steps {
        for effect in Effect::ALL {
            for error in SystemError::TOLD {
                let operation = faulty.operations() + step;
                faulty.set_fault(Some(Fault {
                    operation,
                    error,
                    lasting: false,
                    effect,
                }));
                told += u32::from(book.keep(&head(3)).is_err());
                faulty.set_fault(None);
                let newest = book.newest().unwrap().map(|newest| size(&newest));
                assert!(
                    [Some(2), Some(3)].contains(&newest),
                    "{step} {effect:?}: {newest:?}"
                );
            }
        }
    }
    assert!(told > 20, "{told} of {steps} steps");
    book.keep(&head(3)).unwrap();
}
