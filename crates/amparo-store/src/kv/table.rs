//! The trees of a store and their names.

/// The trees of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// What the store is and how far it has come.
    Meta,
    /// Newest entries, one value each, two rings of slots.
    Tail,
    /// Merkle tiles of level 1 and above.
    Tiles,
    /// State of projections, in chunks.
    Derived,
    /// A strip of compressed entry lines.
    Lines(u32),
    /// A strip of compressed sealed openings.
    Sealed(u32),
    /// A strip of an index run.
    Run(u32),
}

impl Table {
    /// The tree's name: short, because sled rewrites the list of all names for each new tree.
    pub(super) fn name(self) -> ([u8; 5], usize) {
        let (letter, strip) = match self {
            Self::Meta => (b'm', None),
            Self::Tail => (b't', None),
            Self::Tiles => (b'h', None),
            Self::Derived => (b'd', None),
            Self::Lines(strip) => (b'l', Some(strip)),
            Self::Sealed(strip) => (b's', Some(strip)),
            Self::Run(strip) => (b'r', Some(strip)),
        };
        let [a, b, c, d] = strip.unwrap_or(0).to_be_bytes();
        match strip {
            None => ([letter, 0, 0, 0, 0], 1),
            Some(_) if a == 0 => ([letter, b, c, d, 0], 4),
            Some(_) => ([letter, a, b, c, d], 5),
        }
    }

    /// A number for each strip; `None` for a table that grows and is rewritten.
    pub(super) fn strip(self) -> Option<u64> {
        match self {
            Self::Meta | Self::Tail | Self::Tiles | Self::Derived => None,
            Self::Lines(strip) => Some(u64::from(strip)),
            Self::Sealed(strip) => Some(1 << 32 | u64::from(strip)),
            Self::Run(strip) => Some(2 << 32 | u64::from(strip)),
        }
    }
}
