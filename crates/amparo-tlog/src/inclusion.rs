//! Checks that a leaf is in a tree (RFC 9162, 2.1.3.2).
//!
//! Refuses to know where the root comes from: it is only as good as the checkpoint it was read
//! from. Invariant: for one root and size, no two different leaves verify at the same index
//! (short of a SHA-256 collision).

use thiserror::Error;

use crate::merkle::{Hash, node_hash};

/// Most hashes that an inclusion proof can hold.
pub const MAX_INCLUSION_PROOF_LEN: usize = 64;

/// Why a leaf is not shown to be in a tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyInclusionError {
    /// The index is not below the size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    NoSuchLeaf {
        /// Position of the leaf, from 0.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The proof does not have the number of hashes that the index and size demand.
    #[error("the proof has {found} hashes instead of {expected}")]
    Length {
        /// Number of hashes that the proof must have.
        expected: usize,
        /// Number of hashes that it has.
        found: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {computed}")]
    OtherRoot {
        /// The root that it leads to.
        computed: Hash,
    },
}

/// Checks that the leaf hashed to `leaf` is at `index` (from 0) of the tree of `size` leaves
/// with this root. `proof` is the sibling hashes from the leaf up.
///
/// # Errors
/// [`VerifyInclusionError::NoSuchLeaf`], [`VerifyInclusionError::Length`] and, when the hashes
/// do not fit, [`VerifyInclusionError::OtherRoot`].
pub fn verify(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), VerifyInclusionError> {
    if index >= size {
        return Err(VerifyInclusionError::NoSuchLeaf { index, size });
    }
    let expected = proof_len(index, size);
    if proof.len() != expected {
        return Err(VerifyInclusionError::Length {
            expected,
            found: proof.len(),
        });
    }
    let (mut node, mut last) = (index, size - 1);
    let mut computed = leaf;
    for sibling in proof {
        if node & 1 == 1 || node == last {
            computed = node_hash(*sibling, computed);
            // A last node without a right sibling rises unhashed until it is a right child.
            let rise = if node == 0 { 0 } else { node.trailing_zeros() };
            node >>= rise;
            last >>= rise;
        } else {
            computed = node_hash(computed, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if computed == root {
        Ok(())
    } else {
        Err(VerifyInclusionError::OtherRoot { computed })
    }
}

/// Number of hashes in the proof of `index` (below `size`): a sibling at each level up to where
/// its path joins that of the last leaf, and from there one for each left subtree.
fn proof_len(index: u64, size: u64) -> usize {
    let joint = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let above = index.checked_shr(joint).unwrap_or(0).count_ones();
    (joint + above) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::EMPTY_ROOT;
    use crate::test_tree::{TestTree, leaf};

    #[test]
    fn every_leaf_of_every_small_tree_verifies_and_no_other_does() {
        let tree = TestTree::of(70);
        for size in 1..=70 {
            let mut reader = tree.reader(70);
            let root = reader.root(size).unwrap();
            for index in 0..size {
                let proof = reader.prove_inclusion(index, size).unwrap();
                assert_eq!(verify(leaf(index), index, size, &proof, root), Ok(()));
                for other in (0..size).filter(|other| *other != index) {
                    let outcome = verify(leaf(other), index, size, &proof, root);
                    let expected = matches!(outcome, Err(VerifyInclusionError::OtherRoot { .. }));
                    assert!(expected, "leaf {other} at {index} of {size}");
                    assert!(verify(leaf(index), other, size, &proof, root).is_err());
                }
            }
        }
    }

    #[test]
    fn a_proof_of_another_shape_is_refused() {
        let tree = TestTree::of(7);
        let mut reader = tree.reader(7);
        let root = reader.root(7).unwrap();
        let proof = reader.prove_inclusion(6, 7).unwrap();
        let longer = [proof.as_slice(), &[root]].concat();
        let no_leaf = |index, size| Err(VerifyInclusionError::NoSuchLeaf { index, size });
        let length = |expected, found| Err(VerifyInclusionError::Length { expected, found });
        let cases: [(u64, u64, &[Hash], _); 8] = [
            (6, 7, &proof, Ok(())),
            (7, 7, &proof, no_leaf(7, 7)),
            (0, 0, &[], no_leaf(0, 0)),
            (u64::MAX, u64::MAX, &[], no_leaf(u64::MAX, u64::MAX)),
            (6, 7, &[], length(2, 0)),
            (6, 7, &longer, length(2, 3)),
            (0, u64::MAX, &proof, length(64, 2)),
            (u64::MAX - 1, u64::MAX, &proof, length(63, 2)),
        ];
        for (index, size, proof, outcome) in cases {
            assert_eq!(
                verify(leaf(6), index, size, proof, root),
                outcome,
                "{index} of {size}"
            );
        }
    }

    #[test]
    fn every_changed_bit_of_the_path_leads_to_another_root() {
        let tree = TestTree::of(11);
        let mut reader = tree.reader(11);
        let root = reader.root(11).unwrap();
        let proof = reader.prove_inclusion(9, 11).unwrap();
        for at in 0..proof.len() {
            for bit in 0..256 {
                let mut changed = proof.clone();
                let mut bytes = *changed[at].as_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                changed[at] = Hash::from_bytes(bytes);
                assert!(verify(leaf(9), 9, 11, &changed, root).is_err());
            }
        }
        let empty = verify(leaf(0), 0, 1, &[], EMPTY_ROOT);
        assert_eq!(
            empty,
            Err(VerifyInclusionError::OtherRoot { computed: leaf(0) })
        );
    }
}
