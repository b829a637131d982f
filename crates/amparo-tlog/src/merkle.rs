//! The RFC 6962 Merkle tree over SHA-256: hashes, and the right edge of a growing tree.
//!
//! Refuses to store anything: a tree of any size is held as at most 63 hashes ([`Frontier`]).
//! Invariant: a frontier of size `n` holds exactly one hash for each set bit of `n`, each the
//! root of a perfect subtree, the largest (leftmost) first.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// Length of a hash in bytes.
pub const HASH_LEN: usize = 32;

/// The largest number of leaves that a tree of this crate can have (the limit of C2SP
/// checkpoints, whose sizes must fit a signed 64-bit integer).
pub const MAX_TREE_SIZE: u64 = (1 << 63) - 1;

/// Longest encoding of a [`Frontier`] in bytes: the size and 63 hashes.
pub const MAX_FRONTIER_LEN: usize = SIZE_LEN + 63 * HASH_LEN;

const SIZE_LEN: usize = 8;
const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

/// A SHA-256 hash of a leaf, a node or a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_LEN]);

/// The root of the tree without leaves: SHA-256 of the empty string.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

impl Hash {
    /// Takes 32 bytes that already are a hash.
    pub const fn from_bytes(bytes: [u8; HASH_LEN]) -> Self {
        Self(bytes)
    }

    /// Shows the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_LEN] {
        &self.0
    }
}

impl From<[u8; HASH_LEN]> for Hash {
    fn from(bytes: [u8; HASH_LEN]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    /// Writes 64 lowercase hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseHashError {
    /// The text does not have 64 bytes.
    #[error("a hash has 64 hexadecimal digits, not {found}")]
    Length {
        /// Length of the text in bytes.
        found: usize,
    },
    /// A byte is not one of `0-9a-f`.
    #[error("not a lowercase hexadecimal digit at byte {at}")]
    Digit {
        /// Position in the text, from 0.
        at: usize,
    },
}

impl FromStr for Hash {
    type Err = ParseHashError;

    /// Reads what `Display` writes: 64 lowercase hexadecimal digits, so that each hash has one
    /// spelling only.
    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        let digits = text.as_bytes();
        if digits.len() != 2 * HASH_LEN {
            return Err(ParseHashError::Length {
                found: digits.len(),
            });
        }
        let mut bytes = [0; HASH_LEN];
        for (at, digit) in digits.iter().enumerate() {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return Err(ParseHashError::Digit { at }),
            };
            bytes[at / 2] = bytes[at / 2] << 4 | value;
        }
        Ok(Self(bytes))
    }
}

/// Hashes the bytes of one leaf: `SHA-256(0x00 || leaf)` (RFC 6962, 2.1).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([LEAF_PREFIX])
            .chain_update(leaf)
            .finalize()
            .into(),
    )
}

/// Hashes two neighbours into their parent: `SHA-256(0x01 || left || right)` (RFC 6962, 2.1).
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    let mut bytes = [NODE_PREFIX; 1 + 2 * HASH_LEN];
    bytes[1..=HASH_LEN].copy_from_slice(&left.0);
    bytes[1 + HASH_LEN..].copy_from_slice(&right.0);
    Hash(Sha256::digest(bytes).into())
}

/// The right edge of a tree: all that is needed to append to it and to know its root.
///
/// ```
/// use amparo_tlog::merkle::{Frontier, leaf_hash, node_hash};
///
/// let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
/// let mut tree = Frontier::new();
/// tree.push(a);
/// tree.push(b);
/// assert_eq!(tree.root(), node_hash(a, b));
/// assert_eq!(Frontier::from_bytes(&tree.to_bytes()), Ok(tree));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Starts an empty tree.
    pub const fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// Takes the perfect subtree roots of a tree, the largest first.
    ///
    /// # Errors
    /// [`FrontierError::Size`] and [`FrontierError::Peaks`], as for [`Frontier::from_bytes`].
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > MAX_TREE_SIZE {
            return Err(FrontierError::Size { found: size });
        }
        if peaks.len() != size.count_ones() as usize {
            return Err(FrontierError::Peaks {
                size,
                found: peaks.len(),
            });
        }
        Ok(Self { size, peaks })
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The perfect subtree roots, the largest (leftmost) first; one for each set bit of the size.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf. Costs one node hash on average.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing set bit of the old size is a perfect subtree that this leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(left, hash);
            }
        }
        self.peaks.push(hash);
        // Cannot overflow: sizes start at most at 2^63 - 1, and nobody pushes 2^63 leaves.
        self.size += 1;
    }

    /// Root of the tree; [`EMPTY_ROOT`] without leaves. Costs one node hash per set bit of the
    /// size, less one.
    pub fn root(&self) -> Hash {
        self.peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(left, right))
            .unwrap_or(EMPTY_ROOT)
    }

    /// Encodes as the size (8 bytes, big-endian), then the peaks (32 bytes each, the largest
    /// first).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_LEN + self.peaks.len() * HASH_LEN);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote. The hashes themselves cannot be checked here:
    /// compare the root with a known one.
    ///
    /// # Errors
    /// [`FrontierError::Length`] when the bytes are not a size and whole hashes,
    /// [`FrontierError::Size`] past [`MAX_TREE_SIZE`], [`FrontierError::Peaks`] when the number of
    /// hashes does not fit the size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let wrong_length = FrontierError::Length { found: bytes.len() };
        let Some((size, hashes)) = bytes.split_first_chunk::<SIZE_LEN>() else {
            return Err(wrong_length);
        };
        let (hashes, rest) = hashes.as_chunks::<HASH_LEN>();
        if !rest.is_empty() {
            return Err(wrong_length);
        }
        Self::from_peaks(
            u64::from_be_bytes(*size),
            hashes.iter().copied().map(Hash).collect(),
        )
    }
}

/// Why bytes are not the right edge of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrontierError {
    /// The bytes are not an 8-byte size followed by whole hashes.
    #[error("{found} bytes are not a size and whole hashes")]
    Length {
        /// Number of bytes.
        found: usize,
    },
    /// The size is past [`MAX_TREE_SIZE`].
    #[error("a tree has at most {MAX_TREE_SIZE} leaves, not {found}")]
    Size {
        /// The size that was read.
        found: u64,
    },
    /// The number of hashes is not the number of set bits of the size.
    #[error("{found} hashes are not the right edge of a tree of {size} leaves")]
    Peaks {
        /// Size of the tree.
        size: u64,
        /// Number of hashes.
        found: usize,
    },
}

/// Hashes a perfect subtree: `2^r` neighbours at one level into their common ancestor.
///
/// `hashes` must not be empty and its length must be a power of two; only this crate calls it.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Hash {
    debug_assert!(hashes.len().is_power_of_two());
    let mut frontier = Frontier::new();
    hashes.iter().for_each(|hash| frontier.push(*hash));
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The eight leaves of the well-known RFC 6962 example tree, and the root after each.
    const KNOWN: [(&[u8], &str); 8] = [
        (
            b"",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        ),
        (
            b"\x00",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        ),
        (
            b"\x10",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        ),
        (
            b" !",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
        (
            b"01",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        ),
        (
            b"@ABC",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        ),
        (
            b"PQRSTUVW",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        ),
        (
            b"`abcdefghijklmno",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    #[test]
    fn roots_are_those_of_the_known_tree() {
        let mut tree = Frontier::new();
        assert_eq!(tree.root(), EMPTY_ROOT);
        for (leaf, root) in KNOWN {
            tree.push(leaf_hash(leaf));
            assert_eq!(tree.root().to_string(), root, "size {}", tree.size());
        }
    }

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT.0, <[u8; HASH_LEN]>::from(Sha256::digest(b"")));
    }

    #[test]
    fn a_leaf_cannot_pass_for_a_node() {
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let forged: Vec<u8> = [a.0, b.0].concat();
        assert_ne!(leaf_hash(&forged), node_hash(a, b));
        assert_ne!(node_hash(a, b), node_hash(b, a));
    }

    #[test]
    fn a_hash_reads_its_own_spelling_and_no_other() {
        let hash = leaf_hash(b"x");
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        let cases = [
            ("", ParseHashError::Length { found: 0 }),
            (&text[1..], ParseHashError::Length { found: 63 }),
            (
                &text.replacen(&text[..1], "G", 1),
                ParseHashError::Digit { at: 0 },
            ),
            (
                &format!("{}A", &text[..63]),
                ParseHashError::Digit { at: 63 },
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Hash>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_frontier_survives_its_encoding_at_every_size() {
        let mut tree = Frontier::new();
        for n in 0..600u64 {
            let bytes = tree.to_bytes();
            assert_eq!(bytes.len(), 8 + 32 * n.count_ones() as usize);
            assert_eq!(Frontier::from_bytes(&bytes), Ok(tree.clone()));
            tree.push(leaf_hash(&n.to_be_bytes()));
        }
    }

    #[test]
    fn a_frontier_refuses_bytes_that_do_not_fit_its_size() {
        let with = |size: u64, hashes: usize, extra: usize| {
            let mut bytes = size.to_be_bytes().to_vec();
            bytes.resize(8 + 32 * hashes + extra, 7);
            bytes
        };
        let cases = [
            (vec![], FrontierError::Length { found: 0 }),
            (vec![0; 7], FrontierError::Length { found: 7 }),
            (with(1, 1, 1), FrontierError::Length { found: 41 }),
            (with(1, 0, 0), FrontierError::Peaks { size: 1, found: 0 }),
            (with(0, 1, 0), FrontierError::Peaks { size: 0, found: 1 }),
            (with(4, 2, 0), FrontierError::Peaks { size: 4, found: 2 }),
            (with(1 << 63, 1, 0), FrontierError::Size { found: 1 << 63 }),
        ];
        for (bytes, error) in cases {
            assert_eq!(Frontier::from_bytes(&bytes), Err(error));
        }
        let largest = with(MAX_TREE_SIZE, 63, 0);
        assert_eq!(largest.len(), MAX_FRONTIER_LEN);
        assert_eq!(
            Frontier::from_bytes(&largest).map(|tree| tree.size()),
            Ok(MAX_TREE_SIZE)
        );
    }
}
