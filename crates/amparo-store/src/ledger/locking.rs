//! Locking the names of a ledger, and who opens them. The vault does it; this is its door.
//!
//! Needs a ledger that is open to write. Nothing is recorded: who can read names is no part of the
//! log.

use zeroize::Zeroizing;

use super::Ledger;
use crate::Random;
use crate::vault::{Cost, SlotKind, SlotSecret, VaultError};

impl Ledger {
    /// Whether the names are under a lock that is not open.
    pub fn is_locked(&self) -> bool {
        self.vault.is_locked()
    }

    /// Which secrets open the lock; none where there is no lock.
    pub fn slots(&self) -> Vec<SlotKind> {
        self.vault.slots()
    }

    /// Locks the keys under a passphrase and a new recovery key; answers the latter as printed.
    ///
    /// # Errors
    /// [`VaultError`]; after [`VaultError::Io`] either form may be found.
    pub fn lock_keys(
        &mut self,
        passphrase: &SlotSecret,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<Zeroizing<String>, VaultError> {
        let printed = self.vault.lock(passphrase, cost, random)?;
        self.remove_sealed();
        Ok(printed)
    }

    /// Takes the lock away, which must be open: the keys lie in the clear again.
    ///
    /// # Errors
    /// As [`lock_keys`](Self::lock_keys).
    pub fn unlock_keys(&mut self, random: Random<'_>) -> Result<(), VaultError> {
        self.vault.unlock(random)
    }

    /// Whether private fields are recorded without the lock being open, and stay closed.
    pub fn is_for_field(&self) -> bool {
        self.vault.is_for_field()
    }

    /// Makes a lock that is open one for the field, or one that is not.
    ///
    /// # Errors
    /// As [`lock_keys`](Self::lock_keys).
    pub fn set_for_field(
        &mut self,
        is_for_field: bool,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        self.vault.set_for_field(is_for_field, random)
    }

    /// Adds a passphrase to a lock that is open; one that is `alone` takes the place of all
    /// earlier ones.
    ///
    /// # Errors
    /// As [`lock_keys`](Self::lock_keys).
    pub fn add_passphrase(
        &mut self,
        passphrase: &SlotSecret,
        alone: bool,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        self.vault.add_passphrase(passphrase, alone, cost, random)
    }

    /// Makes a new recovery key in the place of the old one; answers it as printed.
    ///
    /// # Errors
    /// As [`lock_keys`](Self::lock_keys).
    pub fn renew_recovery_key(
        &mut self,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<Zeroizing<String>, VaultError> {
        self.vault.renew_recovery_key(cost, random)
    }
}
