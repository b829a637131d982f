//! Appends to a tree that is stored as tiles.
//!
//! Refuses to read or write files: old tiles come from a closure, new ones are handed back.
//! Invariant: the tiles of a tree are a function of its leaves alone, however they were batched;
//! so a full tile never changes, and a partial one only grows.

use thiserror::Error;

use crate::merkle::{Hash, MAX_TREE_SIZE, perfect_root};
use crate::tile::{FULL, MAX_TILE_LEVEL, TILE_HEIGHT, TILE_WIDTH, TileId, hashes_of};

/// A tile with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    id: TileId,
    bytes: Vec<u8>,
}

impl Tile {
    /// Which tile it is.
    pub const fn id(&self) -> TileId {
        self.id
    }

    /// Its hashes, one after the other: [`TileId::byte_len`] bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Why tiles could not be extended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppendTilesError {
    /// The tree would pass [`MAX_TREE_SIZE`].
    #[error("a tree has at most {MAX_TREE_SIZE} leaves")]
    TooLarge,
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

/// Extends a tree of `old_size` leaves by `leaves`, and hands back the tiles that change, each
/// once and as wide as the new tree makes it: level by level, each from left to right.
///
/// `read` is asked for at most one tile per level, the partial one at the old right edge, with
/// its old width; it may answer with a wider version of that tile, of which only the beginning
/// is used.
///
/// ```
/// use amparo_tlog::append::append_tiles;
/// use amparo_tlog::merkle::leaf_hash;
///
/// let first = append_tiles(0, &[leaf_hash(b"a")], |_| None)?;
/// let old = first[0].bytes().to_vec();
/// let next = append_tiles(1, &[leaf_hash(b"b")], |_| Some(old.clone()))?;
/// assert_eq!(next[0].id().to_string(), "tile/0/000.p/2");
/// # Ok::<(), amparo_tlog::append::AppendTilesError>(())
/// ```
///
/// # Errors
/// [`AppendTilesError::TooLarge`] past the size limit, [`AppendTilesError::Missing`] and
/// [`AppendTilesError::Short`] when `read` cannot give a tile that the old tree must have.
pub fn append_tiles(
    old_size: u64,
    leaves: &[Hash],
    mut read: impl FnMut(TileId) -> Option<Vec<u8>>,
) -> Result<Vec<Tile>, AppendTilesError> {
    let new_size = u64::try_from(leaves.len())
        .ok()
        .and_then(|added| old_size.checked_add(added))
        .filter(|size| *size <= MAX_TREE_SIZE)
        .ok_or(AppendTilesError::TooLarge)?;
    let mut tiles = Vec::new();
    let mut fresh = leaves.to_vec();
    for level in 0..=MAX_TILE_LEVEL {
        if fresh.is_empty() {
            break;
        }
        let old_count = old_size >> (TILE_HEIGHT * u32::from(level));
        let index = old_count / FULL;
        let mut row = match TileId::of_tree(old_size, level, index) {
            Some(id) => checked_hashes(id, read(id))?,
            None => Vec::new(),
        };
        row.append(&mut fresh);
        for (index, hashes) in (index..).zip(row.chunks(usize::from(TILE_WIDTH))) {
            if hashes.len() == usize::from(TILE_WIDTH) {
                fresh.push(perfect_root(hashes));
            }
            if let Some(id) = TileId::of_tree(new_size, level, index) {
                let bytes = hashes.iter().flat_map(Hash::as_bytes).copied().collect();
                tiles.push(Tile { id, bytes });
            }
        }
    }
    Ok(tiles)
}

/// The right edge of a tree that is built anew from its leaves: hands out tiles as they change, and
/// keeps the partial ones alone, so that a verifier holds some kilobytes of any tree.
///
/// ```
/// use amparo_tlog::append::TileEdge;
/// use amparo_tlog::merkle::leaf_hash;
///
/// let mut edge = TileEdge::default();
/// edge.push(&[leaf_hash(b"a"); 255])?;
/// let full = edge.push(&[leaf_hash(b"a"); 2])?;
/// let ids: Vec<_> = full.iter().map(|tile| tile.id().to_string()).collect();
/// assert_eq!(ids, ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
/// assert_eq!(edge.partial().len(), 2);
/// # Ok::<(), amparo_tlog::append::AppendTilesError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TileEdge {
    size: u64,
    partial: Vec<Tile>,
}

impl TileEdge {
    /// Adds leaves, and hands back the tiles that change, as [`append_tiles`] does.
    ///
    /// # Errors
    /// [`AppendTilesError::TooLarge`]; the edge is then as it was.
    pub fn push(&mut self, leaves: &[Hash]) -> Result<Vec<Tile>, AppendTilesError> {
        let level = |level: u8| {
            self.partial
                .iter()
                .find(move |tile| tile.id.level() == level)
        };
        let tiles = append_tiles(self.size, leaves, |id| {
            level(id.level()).map(|tile| tile.bytes.clone())
        })?;
        self.size += leaves.len() as u64;
        // A row that did not change now may still grow later: the upper ones change rarely.
        self.partial
            .retain(|old| tiles.iter().all(|new| new.id.level() != old.id.level()));
        let partial = tiles.iter().filter(|tile| !tile.id.is_full());
        self.partial.extend(partial.cloned());
        Ok(tiles)
    }

    /// The partial tiles, at most one a level.
    pub fn partial(&self) -> &[Tile] {
        &self.partial
    }
}

fn checked_hashes(id: TileId, bytes: Option<Vec<u8>>) -> Result<Vec<Hash>, AppendTilesError> {
    let bytes = bytes.ok_or(AppendTilesError::Missing(id))?;
    hashes_of(id, &bytes).ok_or(AppendTilesError::Short {
        id,
        found: bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::merkle::leaf_hash;
    use crate::tile::changed_tiles;

    fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
        range.map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn tiles_do_not_depend_on_how_the_leaves_were_batched() {
        let total = 66_000;
        let at_once: BTreeMap<TileId, Vec<u8>> = append_tiles(0, &leaves(0..total), |_| None)
            .unwrap()
            .into_iter()
            .map(|tile| (tile.id(), tile.into_bytes()))
            .collect();
        assert!(at_once.keys().copied().eq({
            let mut ids: Vec<TileId> = changed_tiles(0, total).collect();
            ids.sort();
            ids
        }));

        let mut stored: BTreeMap<(u8, u64), Tile> = BTreeMap::new();
        let mut size = 0;
        for step in [1, 254, 1, 1, 300, 65_000 - 557, 536, 1, 255, 208]
            .into_iter()
            .chain([1; 0])
        {
            let next = (size + step).min(total);
            let changed = append_tiles(size, &leaves(size..next), |id| {
                stored
                    .get(&(id.level(), id.index()))
                    .map(|tile| tile.bytes().to_vec())
            })
            .unwrap();
            assert!(
                changed.iter().map(Tile::id).eq(changed_tiles(size, next)),
                "{size}..{next}"
            );
            for tile in changed {
                stored.insert((tile.id().level(), tile.id().index()), tile);
            }
            size = next;
        }
        let rest = append_tiles(size, &leaves(size..total), |id| {
            stored
                .get(&(id.level(), id.index()))
                .map(|tile| tile.bytes().to_vec())
        });
        for tile in rest.unwrap() {
            stored.insert((tile.id().level(), tile.id().index()), tile);
        }
        let batched: BTreeMap<TileId, Vec<u8>> = stored
            .into_values()
            .map(|tile| (tile.id(), tile.into_bytes()))
            .collect();
        assert_eq!(batched, at_once);
    }

    #[test]
    fn an_edge_hands_out_every_tile_whatever_the_steps() {
        // Beyond two full tiles of the second level: those above change once in 65,536 leaves.
        let total = 3 * 65_536 + 300;
        let leaves = leaves(0..total);
        let at_once: BTreeMap<TileId, Tile> = append_tiles(0, &leaves, |_| None)
            .unwrap()
            .into_iter()
            .map(|tile| (tile.id(), tile))
            .collect();
        for step in [1_000, 8_192, 65_536, 70_001] {
            let mut edge = TileEdge::default();
            let mut last = BTreeMap::new();
            for leaves in leaves.chunks(step) {
                for tile in edge.push(leaves).unwrap() {
                    last.insert((tile.id().level(), tile.id().index()), tile);
                }
            }
            assert!(at_once.values().eq(last.values()), "in steps of {step}");
            let partial = at_once.values().filter(|tile| !tile.id().is_full());
            let mut kept = edge.partial().to_vec();
            kept.sort_by_key(|tile| tile.id().level());
            assert!(partial.eq(kept.iter()), "in steps of {step}");
        }
    }

    #[test]
    fn appending_refuses_lost_and_cut_tiles_and_too_many_leaves() {
        let leaf = leaves(0..1);
        let edge = TileId::new(0, 1, 3).unwrap();
        let cases = [
            (259, None, AppendTilesError::Missing(edge)),
            (
                259,
                Some(vec![0; 95]),
                AppendTilesError::Short {
                    id: edge,
                    found: 95,
                },
            ),
            (MAX_TREE_SIZE, None, AppendTilesError::TooLarge),
            (u64::MAX, None, AppendTilesError::TooLarge),
        ];
        for (size, answer, error) in cases {
            assert_eq!(append_tiles(size, &leaf, |_| answer.clone()), Err(error));
        }
        assert_eq!(append_tiles(259, &[], |_| None), Ok(vec![]));
        assert_eq!(
            append_tiles(259, &leaf, |_| Some(vec![7; 200])).map(|tiles| tiles.len()),
            Ok(1)
        );
    }
}
