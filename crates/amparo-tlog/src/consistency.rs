//! Checks that a tree only grew (RFC 9162, 2.1.4.2).
//!
//! Refuses to say anything about one tree alone. Invariant: when it accepts, every leaf of the
//! older tree is in the newer one, unchanged and at the same index (short of a SHA-256
//! collision).

use thiserror::Error;

use crate::merkle::{EMPTY_ROOT, Hash, node_hash};

/// Most hashes that a consistency proof can hold.
pub const MAX_CONSISTENCY_PROOF_LEN: usize = 64;

/// Why a tree is not shown to extend another.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyConsistencyError {
    /// The older tree has more leaves than the newer one.
    #[error("{old} leaves cannot grow to {new}")]
    Shrinks {
        /// The older size.
        old: u64,
        /// The newer size.
        new: u64,
    },
    /// The proof does not have the number of hashes that the sizes demand.
    #[error("the proof has {found} hashes instead of {expected}")]
    Length {
        /// Number of hashes that the proof must have.
        expected: usize,
        /// Number of hashes that it has.
        found: usize,
    },
    /// The proof leads to another root for the older tree (or the older size is 0 and the root
    /// is not that of the empty tree).
    #[error("the proof leads to the older root {computed}")]
    OtherOldRoot {
        /// The root that it leads to.
        computed: Hash,
    },
    /// The proof leads to another root for the newer tree: history was rewritten.
    #[error("the proof leads to the newer root {computed}")]
    OtherNewRoot {
        /// The root that it leads to.
        computed: Hash,
    },
}

/// Checks that the tree of `new` leaves extends the tree of `old` leaves. The empty tree is
/// extended by every tree, with an empty proof; equal sizes need equal roots and an empty proof.
///
/// # Errors
/// [`VerifyConsistencyError::Shrinks`], [`VerifyConsistencyError::Length`] and, when the hashes
/// do not fit, [`VerifyConsistencyError::OtherOldRoot`] or
/// [`VerifyConsistencyError::OtherNewRoot`] (checked in this order).
pub fn verify(
    old: u64,
    new: u64,
    old_root: Hash,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), VerifyConsistencyError> {
    if old > new {
        return Err(VerifyConsistencyError::Shrinks { old, new });
    }
    let expected = proof_len(old, new);
    if proof.len() != expected {
        return Err(VerifyConsistencyError::Length {
            expected,
            found: proof.len(),
        });
    }
    let (computed_old, computed_new) = match proof {
        [] if old == 0 => (EMPTY_ROOT, if new == 0 { EMPTY_ROOT } else { new_root }),
        [] => (old_root, old_root),
        proof => climb(old, new, old_root, proof),
    };
    if computed_old != old_root {
        return Err(VerifyConsistencyError::OtherOldRoot {
            computed: computed_old,
        });
    }
    if computed_new != new_root {
        return Err(VerifyConsistencyError::OtherNewRoot {
            computed: computed_new,
        });
    }
    Ok(())
}

/// Computes both roots from a proof of the right length; `0 < old < new`.
fn climb(old: u64, new: u64, old_root: Hash, proof: &[Hash]) -> (Hash, Hash) {
    let skip = old.trailing_zeros();
    // The last perfect subtree of the old tree. When it is the whole old tree, the verifier
    // knows its hash already and the proof leaves it out.
    let (seed, path) = match proof {
        [seed, path @ ..] if !old.is_power_of_two() => (*seed, path),
        path => (old_root, path),
    };
    let (mut node, mut last) = ((old - 1) >> skip, (new - 1) >> skip);
    let (mut from_old, mut from_new) = (seed, seed);
    for sibling in path {
        if node & 1 == 1 || node == last {
            from_old = node_hash(*sibling, from_old);
            from_new = node_hash(*sibling, from_new);
            let rise = if node == 0 { 0 } else { node.trailing_zeros() };
            node >>= rise;
            last >>= rise;
        } else {
            from_new = node_hash(from_new, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (from_old, from_new)
}

/// Number of hashes in the proof from `old` to `new` (`old <= new`).
fn proof_len(old: u64, new: u64) -> usize {
    if old == 0 || old == new {
        return 0;
    }
    let skip = old.trailing_zeros();
    let (node, last) = ((old - 1) >> skip, (new - 1) >> skip);
    let joint = u64::BITS - (node ^ last).leading_zeros();
    let above = node.checked_shr(joint).unwrap_or(0).count_ones();
    (joint + above) as usize + usize::from(!old.is_power_of_two())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tree::{TestTree, leaf};

    #[test]
    fn every_pair_of_small_trees_verifies_and_no_other_root_does() {
        let tree = TestTree::of(80);
        let mut reader = tree.reader(80);
        let wrong = leaf(1_000);
        for new in 0..=80 {
            let new_root = reader.root(new).unwrap();
            for old in 0..=new {
                let old_root = reader.root(old).unwrap();
                let proof = reader.prove_consistency(old, new).unwrap();
                assert!(proof.len() <= MAX_CONSISTENCY_PROOF_LEN);
                assert_eq!(
                    verify(old, new, old_root, new_root, &proof),
                    Ok(()),
                    "{old} {new}"
                );
                assert!(
                    verify(old, new, wrong, new_root, &proof).is_err(),
                    "{old} {new}"
                );
                let other_new = verify(old, new, old_root, wrong, &proof);
                assert_eq!(other_new.is_err(), old > 0 || new == 0, "{old} {new}");
            }
        }
    }

    #[test]
    fn a_rewritten_leaf_is_seen_from_every_older_head() {
        let tree = TestTree::of(40);
        let (mut forged, mut forged_leaves) = (TestTree::of(0), Vec::new());
        for rewritten in [0u64, 1, 15, 16, 30] {
            forged_leaves.clear();
            forged_leaves.extend((0..40).map(|n| leaf(if n == rewritten { 99 } else { n })));
            forged = TestTree::of_leaves(&forged_leaves);
            let mut honest = tree.reader(40);
            let mut liar = forged.reader(40);
            for old in rewritten + 1..40 {
                let (old_root, new_root) = (honest.root(old).unwrap(), liar.root(40).unwrap());
                for proof in [
                    liar.prove_consistency(old, 40),
                    honest.prove_consistency(old, 40),
                ] {
                    assert!(verify(old, 40, old_root, new_root, &proof.unwrap()).is_err());
                }
            }
        }
        assert_ne!(forged.reader(40).root(40), tree.reader(40).root(40));
    }

    #[test]
    fn each_fault_has_its_name() {
        let tree = TestTree::of(9);
        let mut reader = tree.reader(9);
        let root = |size| tree.reader(9).root(size).unwrap();
        let six_nine = reader.prove_consistency(6, 9).unwrap();
        let wrong = leaf(77);
        let old = |computed| Err(VerifyConsistencyError::OtherOldRoot { computed });
        let new = |computed| Err(VerifyConsistencyError::OtherNewRoot { computed });
        let length = |expected, found| Err(VerifyConsistencyError::Length { expected, found });
        let cases: [(u64, u64, Hash, Hash, &[Hash], _); 11] = [
            (6, 9, root(6), root(9), &six_nine, Ok(())),
            (
                9,
                6,
                root(9),
                root(6),
                &six_nine,
                Err(VerifyConsistencyError::Shrinks { old: 9, new: 6 }),
            ),
            (6, 9, root(6), root(9), &[], length(4, 0)),
            (6, 9, root(6), root(9), &six_nine[1..], length(4, 3)),
            (0, 9, EMPTY_ROOT, root(9), &six_nine, length(0, 4)),
            (6, 6, root(6), root(6), &[wrong], length(0, 1)),
            (0, 9, wrong, root(9), &[], old(EMPTY_ROOT)),
            (6, 9, wrong, root(9), &six_nine, old(root(6))),
            (6, 9, root(6), wrong, &six_nine, new(root(9))),
            (6, 6, root(6), wrong, &[], new(root(6))),
            (0, 0, EMPTY_ROOT, wrong, &[], new(EMPTY_ROOT)),
        ];
        for (from, to, old_root, new_root, proof, outcome) in cases {
            assert_eq!(
                verify(from, to, old_root, new_root, proof),
                outcome,
                "{from} {to}"
            );
        }
        let far = verify(u64::MAX - 1, u64::MAX, wrong, wrong, &[]);
        assert_eq!(far, length(64, 0));
    }
}
