//! Locking the vault and unlocking it, and who opens it.
//!
//! Each of these writes the file of the subjects anew, whole, and overwrites the old one: after a
//! crash it is either as it was or as it was to be. A vault with damaged records is left as it is,
//! since what is damaged could only be lost.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::lock::Lock;
use super::slots::{Cost, SlotKind, SlotSecret};
use super::{Key, Owner, Vault, VaultError};
use crate::Random;

impl Vault {
    /// Whether there is a lock that is not open: private fields cannot be read, and be written only
    /// where the lock is one for the field.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock.as_ref().is_some_and(|lock| !lock.is_open())
    }

    /// Whether the lock lets private fields be written without a secret.
    pub(crate) fn is_for_field(&self) -> bool {
        self.lock.as_ref().is_some_and(Lock::is_for_field)
    }

    /// Which secrets open the lock; none where there is no lock.
    pub(crate) fn slots(&self) -> Vec<SlotKind> {
        self.lock.iter().flat_map(Lock::kinds).collect()
    }

    /// Locks the vault under a passphrase and a new recovery key; answers the latter as printed.
    pub(crate) fn lock(
        &mut self,
        passphrase: &SlotSecret,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<Zeroizing<String>, VaultError> {
        if self.lock.is_some() {
            return Err(VaultError::AlreadyLocked);
        }
        let keys = self.every_sound()?;
        let (lock, printed) = Lock::new(self.ledger, passphrase, cost, random)?;
        self.write_under(Some(lock), &keys, random)?;
        Ok(printed)
    }

    /// Takes the lock away: the keys lie in the clear again.
    pub(crate) fn unlock(&mut self, random: Random<'_>) -> Result<(), VaultError> {
        self.opened_lock()?;
        let keys = self.every_sound()?;
        self.write_under(None, &keys, random)
    }

    /// Makes the lock one for the field, or one that is not.
    pub(crate) fn set_for_field(
        &mut self,
        is_for_field: bool,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let mut lock = self.opened_lock()?.clone();
        let keys = self.every_sound()?;
        lock.rotate_for_field(is_for_field, random)?;
        self.write_under(Some(lock), &keys, random)
    }

    /// Adds a passphrase; one that is `alone` takes the place of all earlier ones.
    pub(crate) fn add_passphrase(
        &mut self,
        passphrase: &SlotSecret,
        alone: bool,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<(), VaultError> {
        let mut lock = self.opened_lock()?.clone();
        let keys = self.every_sound()?;
        lock.add(passphrase, alone, cost, random)?;
        lock.rotate(random)?;
        self.write_under(Some(lock), &keys, random)
    }

    /// Makes a new recovery key in the place of the old one; answers it as printed.
    pub(crate) fn renew_recovery_key(
        &mut self,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<Zeroizing<String>, VaultError> {
        let mut lock = self.opened_lock()?.clone();
        let keys = self.every_sound()?;
        let printed = lock.renew_recovery_key(cost, random)?;
        lock.rotate(random)?;
        self.write_under(Some(lock), &keys, random)?;
        Ok(printed)
    }

    fn opened_lock(&self) -> Result<&Lock, VaultError> {
        match &self.lock {
            None => Err(VaultError::NotLocked),
            Some(lock) if lock.is_open() => Ok(lock),
            Some(_) => Err(VaultError::Locked),
        }
    }

    /// Every key there is, where none is damaged.
    fn every_sound(&mut self) -> Result<HashMap<Owner, Vec<Key>>, VaultError> {
        let every = self.every().inspect_err(|_| self.poisoned = true)?;
        match every.damaged.is_empty() {
            true => Ok(every.keys),
            false => Err(VaultError::Unusable {
                file: super::SUBJECTS_FILE,
                reason: "a key in it is damaged, and would be lost",
            }),
        }
    }
}
