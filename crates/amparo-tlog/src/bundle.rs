//! Entry bundles (C2SP tlog-tiles): the entries themselves, 256 to a file, each after its length
//! in two bytes (big-endian).
//!
//! Refuses entries that the two bytes cannot measure. Invariant: the entries of a bundle hash to
//! the tile of level 0 of the same index and width ([`crate::tile::BundleId`]).

use thiserror::Error;

use crate::tile::TILE_WIDTH;

/// Longest entry in bytes.
pub const MAX_BUNDLE_ENTRY_LEN: usize = u16::MAX as usize;

const PREFIX_LEN: usize = 2;

/// Why entries do not make a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteBundleError {
    /// An entry is longer than [`MAX_BUNDLE_ENTRY_LEN`].
    #[error("entry {at} of the bundle has {found} bytes, more than {MAX_BUNDLE_ENTRY_LEN}")]
    EntryTooLong {
        /// Position in the bundle, from 0.
        at: usize,
        /// Length in bytes.
        found: usize,
    },
    /// More than 256 entries.
    #[error("a bundle has at most {TILE_WIDTH} entries")]
    TooMany,
}

/// Why bytes are not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadBundleError {
    /// The bytes end inside an entry or its length.
    #[error("the bundle is cut off in entry {at}")]
    CutOff {
        /// Position in the bundle, from 0.
        at: usize,
    },
    /// More than 256 entries.
    #[error("a bundle has at most {TILE_WIDTH} entries")]
    TooMany,
}

/// Writes a bundle.
///
/// ```
/// use amparo_tlog::bundle::{read_bundle, write_bundle};
///
/// let bytes = write_bundle([b"one".as_slice(), b"two"])?;
/// assert_eq!(bytes, b"\x00\x03one\x00\x03two");
/// assert_eq!(read_bundle(&bytes)?, [b"one", b"two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`WriteBundleError::EntryTooLong`], [`WriteBundleError::TooMany`].
pub fn write_bundle<'e>(
    entries: impl IntoIterator<Item = &'e [u8]>,
) -> Result<Vec<u8>, WriteBundleError> {
    let mut bytes = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        if at >= usize::from(TILE_WIDTH) {
            return Err(WriteBundleError::TooMany);
        }
        let found = entry.len();
        let len = u16::try_from(found).map_err(|_| WriteBundleError::EntryTooLong { at, found })?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads the entries of a bundle, in order.
///
/// # Errors
/// [`ReadBundleError::CutOff`], [`ReadBundleError::TooMany`].
pub fn read_bundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, ReadBundleError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let at = entries.len();
        if at >= usize::from(TILE_WIDTH) {
            return Err(ReadBundleError::TooMany);
        }
        let (entry, rest) = bytes
            .split_first_chunk::<PREFIX_LEN>()
            .and_then(|(len, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*len))))
            .ok_or(ReadBundleError::CutOff { at })?;
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_holds_any_256_entries_up_to_the_longest() {
        let longest = vec![7; MAX_BUNDLE_ENTRY_LEN];
        let mut entries: Vec<&[u8]> = vec![b"", &longest, b"\x00\x01", b"\n"];
        entries.resize(256, b"last");
        let bytes = write_bundle(entries.iter().copied()).unwrap();
        assert_eq!(read_bundle(&bytes), Ok(entries));
        assert_eq!(read_bundle(b""), Ok(vec![]));
    }

    #[test]
    fn each_fault_has_its_name() {
        let found = MAX_BUNDLE_ENTRY_LEN + 1;
        let long = vec![7; found];
        let refused = write_bundle([b"a".as_slice(), &long]);
        assert_eq!(
            refused,
            Err(WriteBundleError::EntryTooLong { at: 1, found })
        );
        assert_eq!(
            write_bundle([b"".as_slice(); 257]),
            Err(WriteBundleError::TooMany)
        );

        let whole = write_bundle([b"one".as_slice(), b"two"]).unwrap();
        for len in (1..whole.len()).filter(|len| *len != 5) {
            let at = usize::from(len > 5);
            assert_eq!(
                read_bundle(&whole[..len]),
                Err(ReadBundleError::CutOff { at })
            );
        }
        assert_eq!(read_bundle(&[0; 2 * 257]), Err(ReadBundleError::TooMany));
    }
}
