//! The private fields of many entries at once.
//!
//! Each bundle is unpacked once whatever is asked of it, and the opening, which is most of the
//! work, is shared between threads. What is opened stays in memory no longer than its bundle.

use std::collections::HashSet;
use std::ops::Range;

use amparo_core::entry::Entry;
use amparo_core::id::{Seq, Subject};
use amparo_core::private::Private;
use amparo_core::promise::Promise;

use super::{Ledger, ReadError};
use crate::in_order::in_order;
use crate::shelf::ENTRIES_PER_BUNDLE;

/// Entries of one bundle with their private fields.
#[derive(Default)]
struct Opened {
    fields: Vec<(Seq, Private)>,
    /// Whose fields have no key.
    keyless: Vec<Option<Subject>>,
}

impl Ledger {
    /// Gives `each` the private fields of these entries (ascending), in their order; entries
    /// without any, or whose key is gone or locked, are left out. Answers whether every key that is
    /// gone was destroyed by an erasure: others may come back, from a backup.
    ///
    /// # Errors
    /// As [`openings`](Self::openings), for the first entry that fails.
    pub fn each_private(
        &self,
        seqs: &[Seq],
        each: &mut dyn FnMut(Seq, Private),
    ) -> Result<bool, ReadError> {
        let mut keyless = HashSet::new();
        let bundle = |seq: &Seq| seq.number() / ENTRIES_PER_BUNDLE;
        in_order(
            seqs.chunk_by(|a, b| bundle(a) == bundle(b)),
            |bundle| self.open_bundle(bundle),
            |opened: Result<Opened, ReadError>| {
                let opened = opened?;
                keyless.extend(opened.keyless);
                for (seq, private) in opened.fields {
                    each(seq, private);
                }
                Ok::<(), ReadError>(())
            },
        )?;
        if keyless.is_empty() {
            return Ok(true);
        }
        let erased = self.erased()?;
        let mut keyless = keyless.into_iter();
        Ok(keyless.all(|whose| whose.is_some_and(|whose| erased.contains(&whose))))
    }

    /// Opens entries of one bundle, in ascending order.
    fn open_bundle(&self, seqs: &[Seq]) -> Result<Opened, ReadError> {
        let mut opened = Opened::default();
        let (Some(first), Some(last)) = (seqs.first(), seqs.last()) else {
            return Ok(opened);
        };
        let range = first.number()..last.number().saturating_add(1);
        self.each_sealed(range, |seq, line, sealed| {
            if seqs.binary_search(&seq).is_err() {
                return Ok(true);
            }
            let promise = promise(seq, line)?;
            match self.open_sealed(seq, &promise, sealed) {
                Err(ReadError::Locked) => {}
                Err(error) => return Err(error),
                Ok(None) => opened.keyless.push(promise.subject),
                Ok(Some(openings)) => {
                    let private = openings.private();
                    let private = private.map_err(|_| ReadError::SealDamaged { seq })?;
                    opened.fields.push((seq, private));
                }
            }
            Ok(true)
        })?;
        Ok(opened)
    }

    /// Gives `each` the line of every entry of a range for which something is sealed, and what is;
    /// until it answers that it needs no more.
    pub(super) fn each_sealed(
        &self,
        range: Range<u64>,
        mut each: impl FnMut(Seq, &[u8], &[u8]) -> Result<bool, ReadError>,
    ) -> Result<(), ReadError> {
        for sealed in self.shelf.sealed_blocks(range) {
            let sealed = sealed.map_err(|error| self.shelf_error(error))?;
            if sealed.iter().next().is_none() {
                continue;
            }
            for lines in self.blocks(sealed.seqs()) {
                let lines = lines?;
                for (seq, line) in lines.iter() {
                    let sealed = sealed.item(seq).filter(|sealed| !sealed.is_empty());
                    if let Some(sealed) = sealed
                        && !each(Seq::new(seq), line, sealed)?
                    {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the line of an entry promises; the whole line is read only where that is not plain.
pub(super) fn promise(seq: Seq, line: &[u8]) -> Result<Promise, ReadError> {
    if let Some(promise) = Promise::of_line(line) {
        return Ok(promise);
    }
    let entry = Entry::parse(line).map_err(|source| ReadError::NotAnEntry { seq, source })?;
    Ok(Promise::of(&entry))
}
