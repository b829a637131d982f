//! Distinct values under small numbers: what keeps a fact at some tens of bytes.
//!
//! Append-only: a number once given keeps its value. Numbers follow the order of first sight, so
//! the same log gives the same numbers.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};

use hashbrown::HashTable;

/// A set of values, each known by the order in which it first came.
///
/// The table holds numbers only and looks the values up, so that a value is held once.
#[derive(Debug, Clone)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::new(),
        }
    }
}

impl<T> Interner<T> {
    /// The number of a value, which is added if it is new.
    pub(crate) fn intern<Q>(&mut self, value: &Q, own: impl FnOnce() -> T) -> u32
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(value);
        if let Some(known) = self.table.find(hash, |n| self.is(*n, value)) {
            return *known;
        }
        // Every entry adds a bounded number of values, and `Facts` bounds the entries.
        let number = self.values.len() as u32;
        self.values.push(own());
        let rehash = |n: &u32| self.hasher.hash_one(self.values[*n as usize].borrow());
        self.table.insert_unique(hash, number, rehash);
        number
    }

    /// The number of a value, if it is known.
    pub(crate) fn find<Q>(&self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(value);
        self.table.find(hash, |n| self.is(*n, value)).copied()
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }

    /// All values, in the order of their numbers.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    fn is<Q>(&self, number: u32, value: &Q) -> bool
    where
        T: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.values[number as usize].borrow() == value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_the_number_of_its_first_sight() {
        let mut texts: Interner<Box<str>> = Interner::default();
        let numbers = ["a", "b", "a", "c", "b"].map(|text| texts.intern(text, || text.into()));
        assert_eq!(numbers, [0, 1, 0, 2, 1]);
        assert_eq!(texts.find("c"), Some(2));
        assert_eq!(texts.find("d"), None);
        assert_eq!(texts.value(1).map(|text| &**text), Some("b"));
        assert_eq!(texts.value(3), None);
        assert_eq!(texts.values().len(), 3);
    }
}
