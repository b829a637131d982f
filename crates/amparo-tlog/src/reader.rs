//! Reads a tree back from its tiles: node hashes, roots and proofs of any size up to its own.
//!
//! Refuses to trust the tiles: it computes from whatever bytes the closure gives, so a changed
//! tile yields a wrong root or a proof that does not verify, never a panic. Invariant: it asks
//! for each tile under the one id (width included) that the tree of its size gives it.

use thiserror::Error;

use crate::merkle::{Frontier, Hash, MAX_TREE_SIZE, perfect_root};
use crate::tile::{FULL, MAX_TILE_LEVEL, TILE_HEIGHT, TileId, hashes_of};

/// Reads a tree of a fixed size from tiles that a closure gives.
///
/// Keeps the last tile of each level, so that neighbouring proofs read little.
///
/// ```
/// use amparo_tlog::append::append_tiles;
/// use amparo_tlog::merkle::leaf_hash;
/// use amparo_tlog::{inclusion, reader::TreeReader};
///
/// let leaves = [b"a", b"b", b"c"].map(|leaf| leaf_hash(leaf));
/// let tiles = append_tiles(0, &leaves, |_| None)?;
/// let mut tree = TreeReader::new(3, |id| {
///     tiles.iter().find(|tile| tile.id() == id).map(|tile| tile.bytes().to_vec())
/// });
/// let root = tree.root(3)?;
/// let proof = tree.prove_inclusion(1, 3)?;
/// inclusion::verify(leaves[1], 1, 3, &proof, root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TreeReader<R> {
    size: u64,
    read: R,
    last: [Option<(TileId, Vec<Hash>)>; MAX_TILE_LEVEL as usize + 1],
}

/// Why a tree could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadTreeError {
    /// The size asked for is larger than the tree.
    #[error("the tree has {size} leaves, not {asked}")]
    BeyondTree {
        /// The size asked for.
        asked: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The leaf asked for lies outside the tree of the size asked for.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    NoSuchLeaf {
        /// Position of the leaf, from 0.
        index: u64,
        /// The size asked for.
        size: u64,
    },
    /// The older size is larger than the newer one.
    #[error("{old} leaves cannot grow to {new}")]
    Shrinks {
        /// The older size.
        old: u64,
        /// The newer size.
        new: u64,
    },
    /// The closure has no such tile.
    #[error("{0} is missing")]
    Missing(TileId),
    /// The closure gave fewer bytes than the tile has.
    #[error("{id} has {found} bytes")]
    Short {
        /// The tile.
        id: TileId,
        /// Number of bytes it was given with.
        found: usize,
    },
}

impl<R: FnMut(TileId) -> Option<Vec<u8>>> TreeReader<R> {
    /// Reads a tree of `size` leaves ([`MAX_TREE_SIZE`] at most: what lies past it is answered as
    /// [`ReadTreeError::BeyondTree`]). `read` may answer with a wider version of a tile, of which
    /// only the beginning is used.
    pub fn new(size: u64, read: R) -> Self {
        Self {
            size: size.min(MAX_TREE_SIZE),
            read,
            last: Default::default(),
        }
    }

    /// Number of leaves of the whole tree.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Hash of one leaf.
    ///
    /// # Errors
    /// [`ReadTreeError::NoSuchLeaf`], [`ReadTreeError::Missing`], [`ReadTreeError::Short`].
    pub fn leaf(&mut self, index: u64) -> Result<Hash, ReadTreeError> {
        if index >= self.size {
            return Err(ReadTreeError::NoSuchLeaf {
                index,
                size: self.size,
            });
        }
        self.node(0, index)
    }

    /// The right edge of the tree when it had `size` leaves.
    ///
    /// # Errors
    /// [`ReadTreeError::BeyondTree`], [`ReadTreeError::Missing`], [`ReadTreeError::Short`].
    pub fn frontier(&mut self, size: u64) -> Result<Frontier, ReadTreeError> {
        self.reach(size)?;
        let peaks = self.peaks(0, size)?;
        // One peak was read for each set bit of a size within the limit.
        let beyond = ReadTreeError::BeyondTree {
            asked: size,
            size: self.size,
        };
        Frontier::from_peaks(size, peaks).map_err(|_| beyond)
    }

    /// Root of the tree when it had `size` leaves.
    ///
    /// # Errors
    /// [`ReadTreeError::BeyondTree`], [`ReadTreeError::Missing`], [`ReadTreeError::Short`].
    pub fn root(&mut self, size: u64) -> Result<Hash, ReadTreeError> {
        self.frontier(size).map(|frontier| frontier.root())
    }

    /// The inclusion proof (RFC 6962, 2.1.1) of a leaf in the tree of `size` leaves: sibling
    /// hashes from the leaf up, at most 63.
    ///
    /// # Errors
    /// [`ReadTreeError::BeyondTree`], [`ReadTreeError::NoSuchLeaf`], [`ReadTreeError::Missing`],
    /// [`ReadTreeError::Short`].
    pub fn prove_inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, ReadTreeError> {
        if size > self.size {
            return Err(ReadTreeError::BeyondTree {
                asked: size,
                size: self.size,
            });
        }
        if index >= size {
            return Err(ReadTreeError::NoSuchLeaf { index, size });
        }
        let (mut low, mut high) = (0, size);
        let mut proof = Vec::new();
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                proof.push(self.range(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range(low, middle)?);
                low = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The consistency proof (RFC 6962, 2.1.2) from the tree of `old` leaves to that of `new`
    /// leaves, at most 64 hashes; empty when `old` is 0 or equal to `new`.
    ///
    /// # Errors
    /// [`ReadTreeError::BeyondTree`], [`ReadTreeError::Shrinks`], [`ReadTreeError::Missing`],
    /// [`ReadTreeError::Short`].
    pub fn prove_consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, ReadTreeError> {
        if new > self.size {
            return Err(ReadTreeError::BeyondTree {
                asked: new,
                size: self.size,
            });
        }
        if old > new {
            return Err(ReadTreeError::Shrinks { old, new });
        }
        if old == 0 {
            return Ok(Vec::new());
        }
        let (mut low, mut high) = (0, new);
        let mut proof = Vec::new();
        while high > old {
            let middle = low + split(high - low);
            if old <= middle {
                proof.push(self.range(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range(low, middle)?);
                low = middle;
            }
        }
        // The verifier knows the old root: it is told the last old subtree only if that is less.
        if low > 0 {
            proof.push(self.range(low, high)?);
        }
        proof.reverse();
        Ok(proof)
    }

    fn reach(&self, asked: u64) -> Result<(), ReadTreeError> {
        let size = self.size;
        if asked > size {
            Err(ReadTreeError::BeyondTree { asked, size })
        } else {
            Ok(())
        }
    }

    /// Hash of the leaves `low..high`, a subtree that the recursion of RFC 6962 cuts out.
    fn range(&mut self, low: u64, high: u64) -> Result<Hash, ReadTreeError> {
        let peaks = self.peaks(low, high)?;
        let rest = ReadTreeError::NoSuchLeaf {
            index: low,
            size: high,
        };
        let frontier = Frontier::from_peaks(high - low, peaks).map_err(|_| rest)?;
        Ok(frontier.root())
    }

    /// The perfect subtrees that make up the leaves `low..high`, the largest first.
    fn peaks(&mut self, mut low: u64, high: u64) -> Result<Vec<Hash>, ReadTreeError> {
        let mut peaks = Vec::new();
        while low < high {
            let level = (high - low).ilog2();
            peaks.push(self.node(level, low >> level)?);
            low += 1 << level;
        }
        Ok(peaks)
    }

    /// Root of the perfect subtree of `2^level` leaves that starts at `index * 2^level`.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, ReadTreeError> {
        // The subtree is 2^rise neighbours in one tile: `rise` is below the tile height, and
        // `first` is a multiple of 2^rise.
        let (tile_level, rise) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let first = index << rise;
        let (tile_index, at) = (first / FULL, (first % FULL) as usize);
        let outside = ReadTreeError::NoSuchLeaf {
            index: first,
            size: self.size,
        };
        let id = u8::try_from(tile_level)
            .ok()
            .and_then(|tile_level| TileId::of_tree(self.size, tile_level, tile_index))
            .ok_or(outside.clone())?;
        let hashes = self.tile(id)?;
        hashes
            .get(at..at + (1 << rise))
            .map(perfect_root)
            .ok_or(outside)
    }

    fn tile(&mut self, id: TileId) -> Result<&[Hash], ReadTreeError> {
        let slot = &mut self.last[usize::from(id.level())];
        let kept = match slot.take() {
            Some((kept_id, hashes)) if kept_id == id => hashes,
            _ => {
                let bytes = (self.read)(id).ok_or(ReadTreeError::Missing(id))?;
                hashes_of(id, &bytes).ok_or(ReadTreeError::Short {
                    id,
                    found: bytes.len(),
                })?
            }
        };
        Ok(&slot.insert((id, kept)).1)
    }
}

/// The largest power of two below `size`, which must be at least 2 (`k` in RFC 6962, 2.1).
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{EMPTY_ROOT, leaf_hash};
    use crate::test_tree::{TestTree, leaf};

    #[test]
    fn the_root_of_every_size_is_that_of_pushing_the_leaves() {
        let tree = TestTree::of(66_000);
        let mut reader = tree.reader(66_000);
        let mut frontier = Frontier::new();
        for size in 0..=66_000u64 {
            if size % 97 == 0 || size.is_power_of_two() || size > 65_900 {
                assert_eq!(reader.root(size), Ok(frontier.root()), "size {size}");
                assert_eq!(reader.frontier(size), Ok(frontier.clone()), "size {size}");
            }
            frontier.push(leaf(size));
        }
    }

    #[test]
    fn a_smaller_reader_needs_only_the_tiles_of_its_size() {
        let tree = TestTree::of(1_000);
        for size in [0, 1, 255, 256, 257, 511, 512, 700] {
            assert_eq!(tree.reader(size).root(size), tree.reader(1_000).root(size));
        }
        assert_eq!(tree.reader(0).root(0), Ok(EMPTY_ROOT));
        assert_eq!(tree.reader(700).leaf(699), Ok(leaf(699)));
    }

    #[test]
    fn proofs_of_the_first_trees_are_those_written_by_hand() {
        let [a, b, c] = [0, 1, 2].map(leaf);
        let tree = TestTree::of(3);
        let mut reader = tree.reader(3);
        let ab = crate::merkle::node_hash(a, b);
        assert_eq!(reader.prove_inclusion(0, 3), Ok(vec![b, c]));
        assert_eq!(reader.prove_inclusion(1, 2), Ok(vec![a]));
        assert_eq!(reader.prove_inclusion(2, 3), Ok(vec![ab]));
        assert_eq!(reader.prove_inclusion(0, 1), Ok(vec![]));
        assert_eq!(reader.prove_consistency(1, 3), Ok(vec![b, c]));
        assert_eq!(reader.prove_consistency(2, 3), Ok(vec![c]));
        for same in 0..=3 {
            assert_eq!(reader.prove_consistency(same, same), Ok(vec![]));
            assert_eq!(reader.prove_consistency(0, same), Ok(vec![]));
        }
    }

    #[test]
    fn reading_refuses_what_the_tree_does_not_hold() {
        let tree = TestTree::of(300);
        let mut reader = tree.reader(300);
        let beyond = ReadTreeError::BeyondTree {
            asked: 301,
            size: 300,
        };
        assert_eq!(reader.root(301), Err(beyond.clone()));
        assert_eq!(reader.prove_inclusion(0, 301), Err(beyond.clone()));
        assert_eq!(reader.prove_consistency(0, 301), Err(beyond));
        let no_leaf = |index, size| Err(ReadTreeError::NoSuchLeaf { index, size });
        assert_eq!(reader.prove_inclusion(7, 7), no_leaf(7, 7));
        assert_eq!(reader.leaf(300).map(|_| vec![]), no_leaf(300, 300));
        assert_eq!(
            reader.prove_consistency(8, 7),
            Err(ReadTreeError::Shrinks { old: 8, new: 7 })
        );

        let edge = TileId::new(0, 1, 44).unwrap();
        let mut empty = TreeReader::new(300, |_| None);
        assert_eq!(empty.leaf(299), Err(ReadTreeError::Missing(edge)));
        let mut cut = TreeReader::new(300, |_| Some(vec![0; 44 * 32 - 1]));
        assert_eq!(
            cut.leaf(299),
            Err(ReadTreeError::Short {
                id: edge,
                found: 1407
            })
        );
        let mut absurd = TreeReader::new(u64::MAX, |_| Some(vec![0; 8192]));
        let beyond = ReadTreeError::BeyondTree {
            asked: MAX_TREE_SIZE + 1,
            size: MAX_TREE_SIZE,
        };
        assert_eq!(absurd.root(MAX_TREE_SIZE + 1), Err(beyond));
        assert_eq!(
            absurd
                .frontier(MAX_TREE_SIZE)
                .map(|tree| tree.peaks().len()),
            Ok(63)
        );
    }

    #[test]
    fn a_changed_tile_changes_the_root() {
        let tree = TestTree::of(300);
        let root = tree.reader(300).root(300).unwrap();
        let mut changed = TreeReader::new(300, |id| {
            let mut bytes = tree.tile(id)?;
            if id.level() == 0 && id.index() == 1 {
                bytes[0] ^= 1;
            }
            Some(bytes)
        });
        assert_ne!(changed.root(300), Ok(root));
        assert_eq!(leaf(0), leaf_hash(b"0"));
    }
}
