//! A page of an index run: sorted records, each distinct key written once.
//!
//! Layout: `keys u16`, `values u16`, the keys (16 bytes each), then, unless each key has exactly
//! one value, where each key's values end (u16 each), then the values (5 or 16 bytes each, big
//! endian). A key with many values may span pages, and is then written once in each.

/// A key and one of its values. Both compare as the big-endian bytes they stand for.
pub(super) type Record = (u128, u128);

/// A page is closed before it would grow past this.
pub(super) const PAGE_BYTES_MAX: usize = 32 << 10;

const HEADER_BYTES: usize = 4;
const KEY_BYTES: usize = 16;
const END_BYTES: usize = 2;

/// Collects records, in order and without doubles, until the page is full.
pub(super) struct PageBuilder {
    width: usize,
    keys: Vec<u128>,
    ends: Vec<u16>,
    values: Vec<u8>,
}

impl PageBuilder {
    /// A builder for values of `width` bytes, at most 16.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            keys: Vec::new(),
            ends: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn first_key(&self) -> Option<u128> {
        self.keys.first().copied()
    }

    /// Whether one more record fits.
    pub(super) fn has_room(&self) -> bool {
        let bytes = HEADER_BYTES + self.keys.len() * (KEY_BYTES + END_BYTES) + self.values.len();
        bytes + KEY_BYTES + END_BYTES + self.width <= PAGE_BYTES_MAX
    }

    pub(super) fn push(&mut self, (key, value): Record) {
        if self.keys.last() != Some(&key) {
            self.keys.push(key);
            self.ends.push(0);
        }
        self.values
            .extend_from_slice(&value.to_be_bytes()[16 - self.width..]);
        if let Some(end) = self.ends.last_mut() {
            *end = (self.values.len() / self.width) as u16;
        }
    }

    /// The page's bytes; the builder is empty again.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let values = self.values.len() / self.width;
        let mut page = Vec::with_capacity(PAGE_BYTES_MAX);
        page.extend_from_slice(&(self.keys.len() as u16).to_le_bytes());
        page.extend_from_slice(&(values as u16).to_le_bytes());
        self.keys
            .iter()
            .for_each(|key| page.extend_from_slice(&key.to_be_bytes()));
        if values != self.keys.len() {
            self.ends
                .iter()
                .for_each(|end| page.extend_from_slice(&end.to_le_bytes()));
        }
        page.extend_from_slice(&self.values);
        self.keys.clear();
        self.ends.clear();
        self.values.clear();
        page
    }
}

/// A page that has been read and found well formed.
pub(super) struct Page {
    bytes: Vec<u8>,
    keys: usize,
    /// Offset of the ends; equal to `values_at` when each key has one value.
    ends_at: usize,
    values_at: usize,
    width: usize,
}

impl Page {
    /// The page in `bytes`; `None` if its lengths or ends do not agree.
    pub(super) fn parse(bytes: Vec<u8>, width: usize) -> Option<Self> {
        let &[k0, k1, v0, v1, ..] = bytes.as_slice() else {
            return None;
        };
        let keys = usize::from(u16::from_le_bytes([k0, k1]));
        let values = usize::from(u16::from_le_bytes([v0, v1]));
        let ends_at = HEADER_BYTES + keys * KEY_BYTES;
        let values_at = if keys == values {
            ends_at
        } else {
            ends_at + keys * END_BYTES
        };
        if keys == 0 || bytes.len() != values_at + values * width {
            return None;
        }
        let page = Self {
            bytes,
            keys,
            ends_at,
            values_at,
            width,
        };
        let ascending = (1..keys).all(|at| page.end(at - 1) < page.end(at));
        (ascending && page.end(0) > 0 && page.end(keys - 1) == values).then_some(page)
    }

    /// Adds the values of `key` to `found`.
    pub(super) fn values_of(&self, key: u128, found: &mut Vec<u128>) {
        let (mut low, mut high) = (0, self.keys);
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low < self.keys && self.key(low) == key {
            found.extend((self.start(low)..self.end(low)).map(|at| self.value(at)));
        }
    }

    /// All records in order.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        (0..self.keys).flat_map(move |at| {
            let key = self.key(at);
            (self.start(at)..self.end(at)).map(move |value| (key, self.value(value)))
        })
    }

    fn key(&self, at: usize) -> u128 {
        self.number(HEADER_BYTES + at * KEY_BYTES, KEY_BYTES)
    }

    fn value(&self, at: usize) -> u128 {
        self.number(self.values_at + at * self.width, self.width)
    }

    fn start(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.end(at - 1) }
    }

    fn end(&self, at: usize) -> usize {
        if self.ends_at == self.values_at {
            return at + 1;
        }
        let end = self.ends_at + at * END_BYTES;
        usize::from(u16::from_le_bytes([self.bytes[end], self.bytes[end + 1]]))
    }

    fn number(&self, start: usize, width: usize) -> u128 {
        let mut number = [0; 16];
        number[16 - width..].copy_from_slice(&self.bytes[start..start + width]);
        u128::from_be_bytes(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page_of(records: &[Record], width: usize) -> Vec<u8> {
        let mut builder = PageBuilder::new(width);
        for record in records {
            assert!(builder.has_room());
            builder.push(*record);
        }
        let page = builder.finish();
        assert!(page.len() <= PAGE_BYTES_MAX && builder.is_empty());
        page
    }

    proptest! {
        #[test]
        fn a_page_gives_back_its_records(
            records in proptest::collection::btree_set((0..40_u128, 0..1_u128 << 40), 1..300),
            wide: bool,
        ) {
            let width = if wide { 16 } else { 5 };
            let records: Vec<Record> = records.into_iter().collect();
            let page = Page::parse(page_of(&records, width), width).unwrap();
            prop_assert_eq!(page.records().collect::<Vec<_>>(), records.clone());
            for key in 0..41 {
                let mut found = Vec::new();
                page.values_of(key, &mut found);
                let expected = records.iter().filter(|record| record.0 == key).map(|record| record.1);
                prop_assert_eq!(found, expected.collect::<Vec<_>>());
            }
        }

        #[test]
        fn bytes_that_are_no_page_do_not_panic(bytes in proptest::collection::vec(0..4_u8, 0..200)) {
            if let Some(page) = Page::parse(bytes, 5) {
                prop_assert!(page.records().count() > 0);
            }
        }
    }

    #[test]
    fn a_full_page_stays_within_its_limit() {
        for (width, distinct) in [(5, true), (5, false), (16, true), (16, false)] {
            let mut builder = PageBuilder::new(width);
            let mut count = 0_u128;
            while builder.has_room() {
                builder.push((if distinct { count } else { 9 }, count));
                count += 1;
            }
            let bytes = builder.finish();
            assert!(bytes.len() > PAGE_BYTES_MAX * 4 / 5 && bytes.len() <= PAGE_BYTES_MAX);
            assert_eq!(
                Page::parse(bytes, width).unwrap().records().count() as u128,
                count
            );
        }
    }
}
