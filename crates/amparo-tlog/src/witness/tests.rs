use super::*;
use crate::checkpoint::Checkpoint;
use crate::merkle::EMPTY_ROOT;
use crate::note::{NoteSigner, ParseNoteError};
use crate::test_tree::{TestTree, leaf};

fn log() -> NoteSigner {
    NoteSigner::from_seed("example.com/ledger".parse().unwrap(), &[1; 32])
}

fn witness() -> Cosigner {
    Cosigner::from_seed("witness.example/w".parse().unwrap(), &[2; 32])
}

/// A log of which entry `rewritten` may differ from the honest one.
fn tree(size: u64, rewritten: Option<u64>) -> TestTree {
    let leaves: Vec<Hash> = (0..size)
        .map(|n| leaf(if Some(n) == rewritten { 9_999 } else { n }))
        .collect();
    TestTree::of_leaves(&leaves)
}

fn head_of(tree: &TestTree, size: u64) -> TreeHead {
    TreeHead::new(size, tree.reader(size).root(size).unwrap()).unwrap()
}

fn signed(head: TreeHead, signer: &NoteSigner) -> SignedCheckpoint {
    SignedCheckpoint::sign(Checkpoint::new(Origin::from(signer.name()), head), signer).unwrap()
}

fn request(tree: &TestTree, old: u64, new: u64) -> AddCheckpoint {
    let proof = tree.reader(new).prove_consistency(old, new).unwrap();
    AddCheckpoint::new(old, proof, signed(head_of(tree, new), &log())).unwrap()
}

#[test]
fn a_growing_log_is_cosigned_step_by_step() {
    let (honest, keys) = (tree(300, None), [log().verifier_key()]);
    let mut last = None;
    for (old, new, at) in [(0, 3, 10), (3, 3, 11), (3, 256, 12), (256, 300, 13)] {
        let file = request(&honest, old, new).to_string();
        let request = AddCheckpoint::parse(file.as_bytes()).unwrap();
        assert_eq!(request.to_string(), file);
        let approval = decide(&request, &keys, last).unwrap();
        last = Some(approval.head());
        let time = Timestamp::from_unix_seconds(at).unwrap();
        let mut cosigned = request.checkpoint().clone();
        cosigned.add(approval.cosign(&witness(), time)).unwrap();
        let key = witness().verifier_key();
        let verified = cosigned.note().verify([&key]).unwrap();
        assert_eq!(
            verified.iter().map(|by| by.time).collect::<Vec<_>>(),
            [Some(time)]
        );
    }
    assert_eq!(last, Some(head_of(&honest, 300)));
}

#[test]
fn of_two_forks_only_the_first_is_cosigned() {
    let (honest, keys) = (tree(40, None), [log().verifier_key()]);
    for rewritten in [0, 7, 31] {
        let forged = tree(40, Some(rewritten));
        let seen = head_of(&honest, 32);
        // The same size again with another root.
        let refusal = decide(&request(&forged, 32, 32), &keys, Some(seen)).unwrap_err();
        let claimed = head_of(&forged, 32).root();
        assert_eq!(
            refusal,
            Refusal::Fork {
                size: 32,
                seen: seen.root(),
                claimed
            }
        );
        assert!(refusal.is_alarm());
        // A longer log, with the proof of either tree.
        let honest_proof = request(&honest, 32, 40).proof;
        let mut mixed = request(&forged, 32, 40);
        for proof in [mixed.proof.clone(), honest_proof] {
            mixed.proof = proof;
            let refusal = decide(&mixed, &keys, Some(seen)).unwrap_err();
            assert!(matches!(refusal, Refusal::NotConsistent(_)), "{refusal:?}");
            assert!(refusal.is_alarm());
        }
    }
}

#[test]
fn each_refusal_has_its_name() {
    let (honest, keys) = (tree(40, None), [log().verifier_key()]);
    let seen = Some(head_of(&honest, 32));
    let stranger = NoteSigner::from_seed("example.com/other".parse().unwrap(), &[1; 32]);
    let impostor = NoteSigner::from_seed(log().name().clone(), &[5; 32]);
    let good = request(&honest, 32, 40);
    let head = head_of(&honest, 40);
    let with = |checkpoint| AddCheckpoint {
        checkpoint,
        ..good.clone()
    };
    let false_line = SignedCheckpoint::parse(
        good.checkpoint
            .to_string()
            .replace("\n40\n", "\n41\n")
            .as_bytes(),
    );
    let origin = Origin::from(stranger.name());
    let bad = BadSignature {
        name: log().name().clone(),
    };
    let other = |last, asked| Refusal::OtherOldSize { last, asked };
    let cases = [
        (
            with(signed(head, &stranger)),
            seen,
            Refusal::UnknownLog { origin },
        ),
        (with(false_line.unwrap()), seen, Refusal::BadSignature(bad)),
        (with(signed(head, &impostor)), seen, Refusal::NotSigned),
        (
            AddCheckpoint {
                old_size: 41,
                ..good.clone()
            },
            seen,
            Refusal::Shrinks { old: 41, new: 40 },
        ),
        (good.clone(), None, other(0, 32)),
        (request(&honest, 16, 40), seen, other(32, 16)),
        (request(&honest, 0, 40), seen, other(32, 0)),
        (request(&honest, 16, 20), seen, other(32, 16)),
    ];
    for (request, last, refusal) in cases {
        assert!(!refusal.is_alarm());
        assert_eq!(decide(&request, &keys, last), Err(refusal));
    }
    let bare = AddCheckpoint {
        proof: vec![],
        ..good.clone()
    };
    let length = VerifyConsistencyError::Length {
        expected: 1,
        found: 0,
    };
    assert_eq!(
        decide(&bare, &keys, seen),
        Err(Refusal::NotConsistent(length))
    );
    let padded = AddCheckpoint {
        old_size: 0,
        ..good
    };
    let length = VerifyConsistencyError::Length {
        expected: 0,
        found: 1,
    };
    assert_eq!(
        decide(&padded, &keys, None),
        Err(Refusal::NotConsistent(length))
    );
    let wrong_empty = AddCheckpoint::new(
        0,
        vec![],
        signed(TreeHead::new(0, leaf(0)).unwrap(), &log()),
    );
    let fork = Refusal::Fork {
        size: 0,
        seen: EMPTY_ROOT,
        claimed: leaf(0),
    };
    assert_eq!(decide(&wrong_empty.unwrap(), &keys, None), Err(fork));
}

#[test]
fn each_fault_of_form_has_its_name() {
    let file = request(&tree(40, None), 7, 40).to_string();
    let with = |from: &str, to: &str| {
        assert!(file.contains(from));
        file.replacen(from, to, 1)
    };
    let hash = file.lines().nth(1).unwrap();
    let hashes = file.lines().take_while(|line| !line.is_empty()).count() - 1;
    let note = ParseSignedCheckpointError::Note(ParseNoteError::NoSignatures);
    let many = with(hash, format!("{hash}\n").repeat(64).trim_end());
    let found = MAX_REQUEST_LEN + 1;
    let cases = [
        (String::new(), ParseAddCheckpointError::NoEmptyLine),
        ("old 0\n".to_owned(), ParseAddCheckpointError::NoEmptyLine),
        (with("old 7", "old 07"), ParseAddCheckpointError::OldSize),
        (with("old 7", "old  7"), ParseAddCheckpointError::OldSize),
        (with("old 7\n", ""), ParseAddCheckpointError::OldSize),
        (
            with(hash, "AAAA"),
            ParseAddCheckpointError::Hash { number: 1 },
        ),
        (many, TooManyHashes { found: hashes + 63 }.into()),
        ("old 0\n\ncheckpoint\n".to_owned(), note.into()),
        (
            "a".repeat(found),
            ParseAddCheckpointError::TooLong { found },
        ),
    ];
    for (file, error) in cases {
        assert_eq!(AddCheckpoint::parse(file.as_bytes()), Err(error));
    }
    let checkpoint = request(&tree(40, None), 7, 40).checkpoint;
    assert!(AddCheckpoint::new(1, vec![leaf(0); 63], checkpoint).is_ok());
}
