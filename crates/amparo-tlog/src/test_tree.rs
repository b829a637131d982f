//! A tree in memory for the tests of this crate: leaf `n` is the ASCII decimal of `n`.

use std::collections::BTreeMap;

use crate::append::{Tile, append_tiles};
use crate::merkle::{Hash, leaf_hash};
use crate::reader::TreeReader;
use crate::tile::TileId;

pub(crate) fn leaf(index: u64) -> Hash {
    leaf_hash(index.to_string().as_bytes())
}

pub(crate) struct TestTree(BTreeMap<(u8, u64), Tile>);

impl TestTree {
    pub(crate) fn of(size: u64) -> Self {
        Self::of_leaves(&(0..size).map(leaf).collect::<Vec<_>>())
    }

    pub(crate) fn of_leaves(leaves: &[Hash]) -> Self {
        let tiles = append_tiles(0, leaves, |_| None).unwrap();
        Self(
            tiles
                .into_iter()
                .map(|tile| ((tile.id().level(), tile.id().index()), tile))
                .collect(),
        )
    }

    pub(crate) fn tile(&self, id: TileId) -> Option<Vec<u8>> {
        self.0
            .get(&(id.level(), id.index()))
            .map(|tile| tile.bytes().to_vec())
    }

    pub(crate) fn reader(&self, size: u64) -> TreeReader<impl FnMut(TileId) -> Option<Vec<u8>>> {
        TreeReader::new(size, |id| self.tile(id))
    }
}
