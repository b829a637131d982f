//! Unreadable records in the key file: what a crash tore before anybody relied on it, or damage.
//!
//! The file alone cannot tell. The log can: a key is synced before anything sealed under it is
//! recorded, so where nothing sealed lacks its key, an unreadable record was never used, and goes.
//! Else it may be the one that is missing, and stays as it is: somebody may still repair it.

use amparo_core::entry::Entry;
use amparo_core::id::Seq;

use super::{Access, Ledger, Notice, OpenError, ReadError};
use crate::vault::Owner;

impl Ledger {
    /// Clears unreadable records that nobody relies on; tells of the others.
    ///
    /// Costs nothing where there are none, else a look at every entry up to the first whose key is
    /// missing.
    pub(super) fn judge_unreadable_keys(
        &mut self,
        notify: &mut dyn FnMut(Notice),
    ) -> Result<(), OpenError> {
        let records = self.vault.unreadable();
        if records == 0 || self.access != Access::Write {
            return Ok(());
        }
        // Where the log cannot be read, nothing is given up.
        if self.lacks_a_key().unwrap_or(true) {
            notify(Notice::UnreadableKeys { records });
            return Ok(());
        }
        Ok(self.vault.clear_unused()?)
    }

    /// Whether something is sealed under a key that is not there, and that nobody erased.
    fn lacks_a_key(&self) -> Result<bool, ReadError> {
        let erased = self.erased()?;
        for block in self.shelf.sealed_blocks(0..self.head.size) {
            let block = block.map_err(|error| self.shelf_error(error))?;
            for (seq, sealed) in block.iter() {
                let seq = Seq::new(seq);
                let Some(line) = self.line(seq)?.filter(|_| !sealed.is_empty()) else {
                    continue;
                };
                let entry = Entry::parse(&line);
                let entry = entry.map_err(|source| ReadError::NotAnEntry { seq, source })?;
                let subject = entry.event.subject();
                let is_erased = subject.is_some_and(|whose| erased.contains(&whose));
                if !is_erased && !self.vault.has(Owner::of(subject, self.id())) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
