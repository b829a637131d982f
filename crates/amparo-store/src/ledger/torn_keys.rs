//! Damaged records in the key file: whether somebody needs one of them.
//!
//! A power cut may tear the record of a key that was never relied on, and damage may reach one that
//! was. The file itself cannot tell them apart; the log can. Where everything that is sealed opens,
//! no record is needed that does not read, and the next writer takes it out. Where something does
//! not open, the record stays for whoever can still read a part of it, and `verify` names it.

use super::opened::promise;
use super::{Ledger, ReadError};
use crate::vault::{Opened, Owner};

impl Ledger {
    /// Takes damaged records out of the key file if nobody needs them, where one of the last is
    /// damaged: what lies before those no power cut has torn, and `verify` names it.
    ///
    /// Costs nothing where none is damaged, else a look at everything that is sealed. What cannot
    /// be looked at or written stays as it is.
    pub(super) fn clear_torn_keys(&mut self) {
        if self.vault.is_torn() && self.opens_everything().unwrap_or(false) {
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
        let mut opens_all = true;
        self.each_sealed(0..self.head.size, |seq, line, sealed| {
            let promise = promise(seq, line)?;
            let owner = Owner::of(promise.subject, self.id());
            let opened = self.vault.open_sealed(owner, promise.id, sealed);
            opens_all = match opened.map_err(ReadError::Keys)? {
                Opened::Openings(_) => true,
                Opened::Locked => !self.vault.is_for_field(),
                Opened::NoKey => erased.contains(&owner),
                Opened::Damaged => false,
            };
            Ok(opens_all)
        })?;
        Ok(opens_all)
    }
}
