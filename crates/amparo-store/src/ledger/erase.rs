//! Erasure: the key of a person or group is destroyed, and with it what was sealed under it, everywhere.
//!
//! The log says so first: an `erasure` entry is appended as any other, and whoever it names has no
//! key from then on. A process that ends between the two leaves a key behind, and the next one
//! destroys it (a reader only forgets it): so an acknowledged erasure is finished, whatever happens.
//! Lines, counts, roots and proofs stay as they were; sealed bytes stay, and nothing opens them.
//!
//! What it cannot reach: copies of the keys made before, what was published or disclosed, and what
//! the disk or its file system keeps of overwritten blocks.

use std::collections::HashSet;

use amparo_core::id::Subject;

use super::{Access, Ledger, ReadError, index_key};
use crate::Random;
use crate::vault::{Owner, VaultError};

/// Why an erasure was not finished. Its entry is recorded, and the next writer goes on.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The log could not be read.
    #[error("cannot tell whose keys are to be destroyed")]
    Read(#[from] ReadError),
    /// The keys could not be rewritten.
    #[error("the keys are not destroyed yet; the next writing command goes on")]
    Keys(#[from] VaultError),
}

impl Ledger {
    /// Destroys every key that an erasure entry says is gone; answers how many were destroyed.
    ///
    /// On a ledger opened to read, the keys are only forgotten. With randomness the keys that stay
    /// are sealed under a new wrapping key, in a ledger whose keys have a lock. Costs a look at the
    /// index, and at each erasure.
    ///
    /// # Errors
    /// [`EraseError`].
    pub fn finish_erasures(&mut self, random: Option<Random<'_>>) -> Result<usize, EraseError> {
        let erased = self.erased()?.into_iter();
        let owners: Vec<_> = erased
            .map(|whose| Owner::of(Some(whose), self.id()))
            .collect();
        Ok(match self.access {
            Access::Write => {
                if self.vault.has_left(&owners)? {
                    self.remove_sealed();
                }
                self.vault.destroy(&owners, random)?
            }
            Access::Read => {
                self.vault.forget(&owners);
                0
            }
        })
    }

    /// Everybody whose private fields were erased.
    pub(super) fn erased(&self) -> Result<HashSet<Subject>, ReadError> {
        let mut erased = HashSet::new();
        for seq in self.seqs_under(index_key::erasures())? {
            let entry = self.entry(seq)?;
            erased.extend(entry.and_then(|entry| entry.event.subject()));
        }
        Ok(erased)
    }
}
