//! Tiles: how a tree is cut into files (C2SP tlog-tiles, height 8).
//!
//! A tile of level `L` and index `N` holds the hashes `256 N ..` of the tree level `8 L`, from
//! left to right, 32 bytes each: 256 of them when full, fewer at the right edge. Refuses to hold
//! their content: this module only names them. Invariant: each tile has one name and one path,
//! and a name exists only if a tree within the size limit has that tile.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::merkle::{HASH_LEN, Hash, MAX_TREE_SIZE};

/// Number of tree levels that one tile covers.
pub const TILE_HEIGHT: u32 = 8;

/// Number of hashes in a full tile, and of entries in a full bundle.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;

/// Highest tile level that a tree of [`MAX_TREE_SIZE`] leaves reaches.
pub const MAX_TILE_LEVEL: u8 = 7;

/// Longest path of a tile or bundle in bytes.
pub const MAX_TILE_PATH_LEN: usize = 48;

pub(crate) const FULL: u64 = TILE_WIDTH as u64;

/// Which tile: level, index within the level, and number of hashes (1 to 256).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

/// Which bundle of entries: it lines up with the tile of level 0 of the same index and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    index: u64,
    width: u16,
}

/// Why a level, index and width name no tile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TileIdError {
    /// The level is above [`MAX_TILE_LEVEL`].
    #[error("tile levels end at {MAX_TILE_LEVEL}, not {level}")]
    Level {
        /// The level asked for.
        level: u8,
    },
    /// The width is not 1 to 256.
    #[error("a tile holds 1 to {TILE_WIDTH} hashes, not {width}")]
    Width {
        /// The width asked for.
        width: u16,
    },
    /// No tree of [`MAX_TREE_SIZE`] leaves has such a tile.
    #[error("no tree reaches tile {index} of level {level}")]
    Index {
        /// The level asked for.
        level: u8,
        /// The index asked for.
        index: u64,
    },
}

/// Why a text is not the path of a tile or bundle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TilePathError {
    /// The text is not spelled `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
    #[error("not a tile path")]
    Form,
    /// The numbers in the path name no tile.
    #[error("the path names no tile")]
    Id(#[from] TileIdError),
}

impl TileId {
    /// Names a tile.
    ///
    /// # Errors
    /// One variant of [`TileIdError`] for each number out of its range.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TileIdError> {
        if level > MAX_TILE_LEVEL {
            return Err(TileIdError::Level { level });
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(TileIdError::Width { width });
        }
        let hashes = MAX_TREE_SIZE >> (TILE_HEIGHT * u32::from(level));
        let last = index
            .checked_mul(FULL)
            .and_then(|first| first.checked_add(u64::from(width)));
        if last.is_none_or(|last| last > hashes) {
            return Err(TileIdError::Index { level, index });
        }
        Ok(Self {
            level,
            index,
            width,
        })
    }

    /// The tile at a level and index of a tree of `size` leaves, as wide as that tree makes it;
    /// nothing when the tree does not reach it.
    pub fn of_tree(size: u64, level: u8, index: u64) -> Option<Self> {
        if level > MAX_TILE_LEVEL || size > MAX_TREE_SIZE {
            return None;
        }
        let hashes = size >> (TILE_HEIGHT * u32::from(level));
        let left = hashes.checked_sub(index.checked_mul(FULL)?)?;
        let width = u16::try_from(left.min(FULL))
            .ok()
            .filter(|width| *width > 0)?;
        Some(Self {
            level,
            index,
            width,
        })
    }

    /// Level of the tile, from 0 (leaf hashes).
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Position within the level, from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it holds 256 hashes and so never changes again.
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Length of its content in bytes.
    pub const fn byte_len(&self) -> usize {
        self.width as usize * HASH_LEN
    }
}

impl BundleId {
    /// Names a bundle of entries.
    ///
    /// # Errors
    /// [`TileIdError::Width`] and [`TileIdError::Index`], as for the tile of level 0.
    pub fn new(index: u64, width: u16) -> Result<Self, TileIdError> {
        TileId::new(0, index, width).map(|_| Self { index, width })
    }

    /// Position of the bundle, from 0; its first entry is 256 times as far.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Number of entries, 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }
}

/// Lists the tiles of a tree of `new` leaves that one of `old` leaves does not have or has
/// narrower: level by level, each from left to right. `old` = 0 lists all.
pub fn changed_tiles(old: u64, new: u64) -> impl Iterator<Item = TileId> {
    (0..=MAX_TILE_LEVEL).flat_map(move |level| {
        let shift = TILE_HEIGHT * u32::from(level);
        let (before, after) = (old >> shift, new >> shift);
        let indexes = if before < after {
            before / FULL..after.div_ceil(FULL)
        } else {
            0..0
        };
        indexes.filter_map(move |index| TileId::of_tree(new, level, index))
    })
}

/// Lists the entry bundles of a log of `new` entries that one of `old` entries does not have or
/// has shorter, from left to right. `old` = 0 lists all.
pub fn changed_bundles(old: u64, new: u64) -> impl Iterator<Item = BundleId> {
    let indexes = if old < new {
        old / FULL..new.div_ceil(FULL)
    } else {
        0..0
    };
    indexes
        .filter_map(move |index| TileId::of_tree(new, 0, index))
        .map(|tile| BundleId {
            index: tile.index,
            width: tile.width,
        })
}

/// Writes `N` as tlog-tiles do: groups of three digits, all but the last after an `x`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let mut unit = 1u64;
    while index / unit >= 1000 {
        unit *= 1000;
    }
    while unit > 1 {
        write!(f, "x{:03}/", index / unit % 1000)?;
        unit /= 1000;
    }
    write!(f, "{:03}", index % 1000)
}

fn write_position(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    write_index(f, index)?;
    if width < TILE_WIDTH {
        write!(f, ".p/{width}")
    } else {
        Ok(())
    }
}

impl fmt::Display for TileId {
    /// Writes the path, such as `tile/0/x001/x234/067` or `tile/1/000.p/7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_position(f, self.index, self.width)
    }
}

impl fmt::Display for BundleId {
    /// Writes the path, such as `tile/entries/x001/234` or `tile/entries/000.p/7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_position(f, self.index, self.width)
    }
}

/// Reads digits without sign; whoever calls compares with the printed form to refuse zeros in
/// front.
fn number<T: FromStr>(digits: &str) -> Result<T, TilePathError> {
    digits.parse().map_err(|_| TilePathError::Form)
}

fn read_position(text: &str) -> Result<(u64, u16), TilePathError> {
    let (index, width) = match text.split_once(".p/") {
        Some((index, width)) => (index, number(width)?),
        None => (text, TILE_WIDTH),
    };
    let mut value = 0u64;
    for group in index.split('/') {
        let group: u64 = number(group.strip_prefix('x').unwrap_or(group))?;
        value = value
            .checked_mul(1000)
            .and_then(|value| value.checked_add(group))
            .ok_or(TilePathError::Form)?;
    }
    Ok((value, width))
}

/// Keeps an id only when `text` is its one spelling.
fn canonical<T: fmt::Display>(id: T, text: &str) -> Result<T, TilePathError> {
    if id.to_string() == text {
        Ok(id)
    } else {
        Err(TilePathError::Form)
    }
}

impl FromStr for TileId {
    type Err = TilePathError;

    /// Reads what `Display` writes, and no other spelling.
    fn from_str(text: &str) -> Result<Self, TilePathError> {
        let rest = text.strip_prefix("tile/").ok_or(TilePathError::Form)?;
        let (level, rest) = rest.split_once('/').ok_or(TilePathError::Form)?;
        let (index, width) = read_position(rest)?;
        canonical(Self::new(number(level)?, index, width)?, text)
    }
}

impl FromStr for BundleId {
    type Err = TilePathError;

    /// Reads what `Display` writes, and no other spelling.
    fn from_str(text: &str) -> Result<Self, TilePathError> {
        let rest = text
            .strip_prefix("tile/entries/")
            .ok_or(TilePathError::Form)?;
        let (index, width) = read_position(rest)?;
        canonical(Self::new(index, width)?, text)
    }
}

/// The hashes of a tile, or nothing when there are too few bytes. Bytes past its width belong to
/// a wider version of the same tile and are left out.
pub(crate) fn hashes_of(id: TileId, bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, _) = bytes.get(..id.byte_len())?.as_chunks::<HASH_LEN>();
    Some(hashes.iter().copied().map(Hash::from_bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_one_spelling_of_its_tile() {
        let cases = [
            ((0, 0, 256), "tile/0/000"),
            ((0, 0, 1), "tile/0/000.p/1"),
            ((1, 999, 255), "tile/1/999.p/255"),
            ((2, 1000, 256), "tile/2/x001/000"),
            ((0, 1_234_067, 256), "tile/0/x001/x234/067"),
            ((3, 1_234_067, 8), "tile/3/x001/x234/067.p/8"),
            (
                (0, MAX_TREE_SIZE / 256, 255),
                "tile/0/x036/x028/x797/x018/x963/967.p/255",
            ),
        ];
        for ((level, index, width), path) in cases {
            let id = TileId::new(level, index, width).unwrap();
            assert_eq!(id.to_string(), path);
            assert_eq!(path.parse(), Ok(id));
            assert!(path.len() <= MAX_TILE_PATH_LEN);
        }
        let bundle = BundleId::new(1_234_067, 5).unwrap();
        assert_eq!(bundle.to_string(), "tile/entries/x001/x234/067.p/5");
        assert_eq!("tile/entries/x001/x234/067.p/5".parse(), Ok(bundle));
    }

    #[test]
    fn other_spellings_and_impossible_tiles_are_refused() {
        let forms = [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/00/000",
            "tile/+0/000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/000.p/",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000/",
            "tile/0/../000",
            "/tile/0/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/entries/000",
            "tile/-1/000",
        ];
        for path in forms {
            assert_eq!(path.parse::<TileId>(), Err(TilePathError::Form), "{path}");
        }
        for path in ["tile/0/000", "tile/entries/0", "tile/entries/000.p/256"] {
            assert_eq!(path.parse::<BundleId>(), Err(TilePathError::Form), "{path}");
        }
        let none = [
            ("tile/8/000", TileIdError::Level { level: 8 }),
            ("tile/0/000.p/0", TileIdError::Width { width: 0 }),
            ("tile/0/000.p/257", TileIdError::Width { width: 257 }),
            (
                "tile/7/000.p/128",
                TileIdError::Index { level: 7, index: 0 },
            ),
            (
                "tile/6/128.p/1",
                TileIdError::Index {
                    level: 6,
                    index: 128,
                },
            ),
        ];
        for (path, error) in none {
            assert_eq!(
                path.parse::<TileId>(),
                Err(TilePathError::Id(error)),
                "{path}"
            );
        }
        assert_eq!(
            TileId::new(0, u64::MAX, 1),
            Err(TileIdError::Index {
                level: 0,
                index: u64::MAX
            })
        );
    }

    #[test]
    fn a_tree_of_70_000_leaves_has_the_tiles_of_the_specification() {
        let count = |size, level| {
            let tiles = changed_tiles(0, size).filter(|tile| tile.level() == level);
            let (full, partial): (Vec<TileId>, Vec<TileId>) = tiles.partition(TileId::is_full);
            (full.len(), partial.first().map(TileId::width))
        };
        assert_eq!(
            [0, 1, 2, 3].map(|level| count(70_000, level)),
            [(273, Some(112)), (1, Some(17)), (0, Some(1)), (0, None),]
        );
        assert_eq!(
            [0, 1, 2].map(|level| count(256, level)),
            [(1, None), (0, Some(1)), (0, None)]
        );
        assert_eq!(
            changed_bundles(255, 513)
                .map(|id| id.to_string())
                .collect::<Vec<_>>(),
            [
                "tile/entries/000",
                "tile/entries/001",
                "tile/entries/002.p/1"
            ]
        );
        assert_eq!(
            (changed_tiles(7, 7).count(), changed_bundles(7, 7).count()),
            (0, 0)
        );
    }
}
