//! The private fields of many entries at once.
//!
//! Each bundle is unpacked once whatever is asked of it, and the opening, which is most of the
//! work, is shared between threads. What is opened stays in memory no longer than its bundle.

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
        for sealed in self.shelf.sealed_blocks(range.clone()) {
            let sealed = sealed.map_err(|error| self.shelf_error(error))?;
            if sealed.iter().next().is_none() {
                continue;
            }
            for lines in self.blocks(sealed.seqs()) {
                let lines = lines?;
                let both = seqs.iter().filter_map(|seq| {
                    let n = seq.number();
                    Some((*seq, lines.item(n)?, sealed.item(n)?))
                });
                for (seq, line, sealed) in both.filter(|(.., sealed)| !sealed.is_empty()) {
                    let openings = match self.open_sealed(seq, &promise(seq, line)?, sealed) {
                        Err(ReadError::Locked) => None,
                        openings => openings?,
                    };
                    if let Some(openings) = openings {
                        let private = openings.private();
                        opened.push((seq, private.map_err(|_| ReadError::SealDamaged { seq })?));
                    }
                }
            }
        }
        Ok(opened)
    }
}

/// What the line of an entry promises; the whole line is read only where that is not plain.
fn promise(seq: Seq, line: &[u8]) -> Result<Promise, ReadError> {
    if let Some(promise) = Promise::of_line(line) {
        return Ok(promise);
    }
    let entry = Entry::parse(line).map_err(|source| ReadError::NotAnEntry { seq, source })?;
    Ok(Promise::of(&entry))
}
