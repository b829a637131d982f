//! The private fields of many entries at once.
//!
//! Each bundle is unpacked once whatever is asked of it, and the opening, which is most of the
//! work, is shared between threads. What is opened stays in memory no longer than its bundle.

use std::ops::Range;

use amparo_core::entry::Entry;
use amparo_core::id::Seq;
use amparo_core::private::Private;
use amparo_core::promise::Promise;

use super::{Ledger, ReadError};
use crate::in_order::in_order;
use crate::shelf::ENTRIES_PER_BUNDLE;

/// Entries of one bundle with their private fields.
type Opened = Vec<(Seq, Private)>;

impl Ledger {
    /// Gives `each` the private fields of these entries (ascending), in their order; entries
    /// without any, or whose key is gone or locked, are left out.
    ///
    /// # Errors
    /// As [`openings`](Self::openings), for the first entry that fails.
    pub fn each_private(
        &self,
        seqs: &[Seq],
        each: &mut dyn FnMut(Seq, Private),
    ) -> Result<(), ReadError> {
        let bundle = |seq: &Seq| seq.number() / ENTRIES_PER_BUNDLE;
        in_order(
            seqs.chunk_by(|a, b| bundle(a) == bundle(b)),
            |bundle| self.open_bundle(bundle),
            |opened| {
                for (seq, private) in opened? {
                    each(seq, private);
                }
                Ok(())
            },
        )
    }

    /// Opens entries of one bundle, in ascending order.
    fn open_bundle(&self, seqs: &[Seq]) -> Result<Opened, ReadError> {
        let mut opened = Vec::new();
        let (Some(first), Some(last)) = (seqs.first(), seqs.last()) else {
            return Ok(opened);
        };
        let range = first.number()..last.number().saturating_add(1);
        self.each_sealed(range, |seq, line, sealed| {
            if seqs.binary_search(&seq).is_err() {
                return Ok(true);
            }
            let openings = match self.open_sealed(seq, &promise(seq, line)?, sealed) {
                Err(ReadError::Locked) => None,
                openings => openings?,
            };
            if let Some(openings) = openings {
                let private = openings.private();
                opened.push((seq, private.map_err(|_| ReadError::SealDamaged { seq })?));
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
