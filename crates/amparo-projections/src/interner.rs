//! Distinct values under small numbers: what keeps a fact at some tens of bytes.
//!
//! Append-only: a number once given keeps its value. Numbers follow the order of first sight, so
//! the same log gives the same numbers.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::OnceLock;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// A set of values, each known by the order in which it first came.
///
/// The table holds numbers only and looks the values up, so that a value is held once. It is made
/// when a value is first looked for: who only asks for values by number never pays for it.
#[derive(Debug, Clone)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    table: OnceLock<HashTable<u32>>,
    hasher: DefaultHashBuilder,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T: PartialEq> PartialEq for Interner<T> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<T> From<Vec<T>> for Interner<T> {
    /// The set of these values, which must be distinct, under their positions.
    fn from(values: Vec<T>) -> Self {
        Self {
            values,
            table: OnceLock::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<T> Interner<T> {
    /// Makes room for so many more values.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.values.reserve_exact(more);
    }

    /// The number of a value, which is added if it is new.
    pub(crate) fn intern<Q>(&mut self, value: &Q, own: impl FnOnce() -> T) -> u32
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // Every entry adds a bounded number of values, and `Facts` bounds the entries.
        let next = self.values.len() as u32;
        let number = match self.table.get_mut() {
            Some(table) => number_in(table, &self.values, &self.hasher, value),
            None => {
                let mut table = self.table::<Q>();
                let number = number_in(&mut table, &self.values, &self.hasher, value);
                self.table = table.into();
                number
            }
        };
        if number == next {
            self.values.push(own());
        }
        number
    }

    /// The number of a value, if it is known.
    pub(crate) fn find<Q>(&self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let table = self.table.get_or_init(|| self.table::<Q>());
        let hash = self.hasher.hash_one(value);
        let is = |n: &u32| self.values[*n as usize].borrow() == value;
        table.find(hash, is).copied()
    }

    fn table<Q>(&self) -> HashTable<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = |n: &u32| self.hasher.hash_one(self.values[*n as usize].borrow());
        // With the room that is made for values still to come.
        let mut table = HashTable::with_capacity(self.values.capacity());
        for number in 0..self.values.len() as u32 {
            table.insert_unique(hash(&number), number, hash);
        }
        table
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }

    /// All values, in the order of their numbers.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }
}

/// The number of a value in the table, where a new one is put under the next.
fn number_in<T, Q>(
    table: &mut HashTable<u32>,
    values: &[T],
    hasher: &DefaultHashBuilder,
    value: &Q,
) -> u32
where
    T: Borrow<Q>,
    Q: Hash + Eq + ?Sized,
{
    let is = |n: &u32| values[*n as usize].borrow() == value;
    let hash = |n: &u32| hasher.hash_one(values[*n as usize].borrow());
    match table.entry(hasher.hash_one(value), is, hash) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(vacant) => *vacant.insert(values.len() as u32).get(),
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

    #[test]
    fn a_set_of_values_goes_on_where_they_end() {
        let values: Vec<Box<str>> = ["a", "b"].map(Box::from).into();
        let mut texts = Interner::from(values);
        let numbers = ["b", "c", "a", "c"].map(|text| texts.intern(text, || text.into()));
        assert_eq!(numbers, [1, 2, 0, 2]);
    }
}
