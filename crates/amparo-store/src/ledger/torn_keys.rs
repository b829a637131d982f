//! Damaged records in the key file: whether somebody needs one of them.
//!
//! A power cut may tear the record of a key that was never relied on, and damage may reach one that
//! was. The file itself cannot tell them apart; the log can. Where everything that is sealed opens,
//! no record is needed that does not read, and the next writer takes it out. Where something does
//! not open, the record stays for whoever can still read a part of it, and `verify` names it.

use amparo_core::entry::Entry;
use amparo_core::id::Seq;

use super::{Ledger, ReadError};
use crate::vault::{Opened, Owner};

impl Ledger {
    /// Takes damaged records out of the key file if nobody needs them.
    ///
    /// Costs nothing where none is damaged, else a look at everything that is sealed. What cannot
    /// be looked at or written stays as it is.
    pub(super) fn clear_torn_keys(&mut self) {
        if self.vault.damaged().next().is_some() && self.opens_everything().unwrap_or(false) {
            // A vault that could not be written refuses to write from now on, and says so.
            let _ = self.vault.drop_damaged();
        }
    }

    /// Whether everything that is sealed opens with its key, or was erased; under a lock that is
    /// not open, whether there is a key to everything. Where owners may have several keys, that
    /// tells nothing.
    fn opens_everything(&self) -> Result<bool, ReadError> {
        let erased = self.erased()?.into_iter();
        let erased: Vec<_> = erased
            .map(|whose| Owner::of(Some(whose), self.id()))
            .collect();
        for sealed in self.shelf.sealed_blocks(0..self.head.size) {
            let sealed = sealed.map_err(|error| self.shelf_error(error))?;
            if sealed.iter().next().is_none() {
                continue;
            }
            for lines in self.blocks(sealed.seqs()) {
                let lines = lines?;
                let both = lines
                    .iter()
                    .filter_map(|(n, line)| Some((n, line, sealed.item(n)?)));
                for (n, line, sealed) in both.filter(|(.., sealed)| !sealed.is_empty()) {
                    let seq = Seq::new(n);
                    let entry = Entry::parse(line)
                        .map_err(|source| ReadError::NotAnEntry { seq, source })?;
                    let owner = Owner::of(entry.event.subject(), self.id());
                    let opens = match self.vault.open_sealed(owner, entry.id, sealed) {
                        Opened::Openings(_) => true,
                        Opened::Locked => !self.vault.is_for_field(),
                        Opened::NoKey => erased.contains(&owner),
                        Opened::Damaged => false,
                    };
                    if !opens {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}
