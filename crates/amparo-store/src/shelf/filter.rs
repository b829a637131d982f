//! A filter that tells most absent keys from present ones without reading an index page.
//!
//! A blocked Bloom filter: each key sets seven bits in one block of 512 bits, 14 bits per key or
//! more. It may say "perhaps" of an absent key (about one in three hundred), never "no" of a
//! present one. It is no defence against chosen keys: those cost time, not truth.

const BITS_PER_KEY_MIN: u64 = 14;
const BLOCK_BITS: u64 = 512;
const BLOCK_BYTES: usize = 64;
const BITS_SET: u32 = 7;

/// Larger filters are a multiple of this many blocks, so that they can be halved.
const BLOCKS_ROUNDED_TO: u64 = 64;

type Bits = [u64; 8];

/// At least one block.
pub(crate) struct Filter {
    blocks: Vec<Bits>,
}

impl Filter {
    /// An empty filter with room for `keys_max` keys.
    pub(crate) fn new(keys_max: u64) -> Self {
        let blocks = (keys_max * BITS_PER_KEY_MIN).div_ceil(BLOCK_BITS).max(1);
        let rounded = if blocks < BLOCKS_ROUNDED_TO {
            blocks.next_power_of_two()
        } else {
            blocks.next_multiple_of(BLOCKS_ROUNDED_TO)
        };
        Self {
            blocks: vec![Bits::default(); rounded as usize],
        }
    }

    pub(crate) fn insert(&mut self, key: u128) {
        let (block, bits) = self.place(key);
        for at in bits {
            self.blocks[block][at as usize / 64] |= 1 << (at % 64);
        }
    }

    pub(crate) fn may_hold(&self, key: u128) -> bool {
        let (block, mut bits) = self.place(key);
        bits.all(|at| self.blocks[block][at as usize / 64] >> (at % 64) & 1 == 1)
    }

    /// Halves the filter while `keys` still have their bits: for when fewer came than expected.
    pub(super) fn shrink(&mut self, keys: u64) {
        while self.blocks.len().is_multiple_of(2)
            && self.blocks.len() as u64 / 2 * BLOCK_BITS >= keys * BITS_PER_KEY_MIN
        {
            self.blocks = self
                .blocks
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[a, b]| std::array::from_fn(|at| a[at] | b[at]))
                .collect();
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.blocks
            .iter()
            .flatten()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    /// The filter that gave these bytes; `None` if none did.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        let word = |block: &[u8; BLOCK_BYTES], at: usize| {
            let bytes = block
                .as_chunks::<8>()
                .0
                .get(at)
                .copied()
                .unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let blocks: Vec<Bits> = blocks
            .iter()
            .map(|block| std::array::from_fn(|at| word(block, at)))
            .collect();
        (rest.is_empty() && !blocks.is_empty()).then_some(Self { blocks })
    }

    fn place(&self, key: u128) -> (usize, impl Iterator<Item = u64> + use<>) {
        let hash = mix((key >> 64) as u64 ^ mix(key as u64));
        // The top bits choose the block, so that halving the filter joins neighbours.
        let block = ((u128::from(hash) * self.blocks.len() as u128) >> 64) as usize;
        let spread = mix(hash ^ 0x9E37_79B9_7F4A_7C15);
        (
            block,
            (0..BITS_SET).map(move |at| spread >> (9 * at) & (BLOCK_BITS - 1)),
        )
    }
}

/// The 64-bit finaliser of MurmurHash3.
fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_put_in_is_found_and_few_others_also_after_shrinking_and_storing() {
        // Keys that differ only in their low bits, as time-ordered ids do.
        let key = |at: u64| (7 << 100) + u128::from(at);
        let mut filter = Filter::new(40_000);
        (0..10_000).for_each(|at| filter.insert(key(at)));
        let before = filter.to_bytes().len();
        filter.shrink(10_000);
        let bytes = filter.to_bytes();
        assert!(bytes.len() * 2 <= before);
        let filter = Filter::from_bytes(&bytes).unwrap();
        assert!((0..10_000).all(|at| filter.may_hold(key(at))));
        let wrong = (10_000..110_000)
            .filter(|at| filter.may_hold(key(*at)))
            .count();
        assert!(wrong < 700, "{wrong} of 100,000");
    }

    #[test]
    fn bytes_that_are_no_filter_are_refused() {
        for (len, outcome) in [
            (0, false),
            (63, false),
            (64, true),
            (65, false),
            (192, true),
        ] {
            assert_eq!(
                Filter::from_bytes(&vec![0; len]).is_some(),
                outcome,
                "{len} bytes"
            );
        }
    }
}
