//! The lock of a key file: who opens it, and the keys under which its records are sealed.
//!
//! Each subject's key is sealed under the wrapping key, that under the root key, and that once in
//! each slot. So a slot can be added or taken away without a look at the records, and an erasure
//! takes a new wrapping key without a word about the slots whose secrets are not at hand.
//!
//! Refuses to keep a key of a subject, or a secret. Invariant: without a secret of a slot nothing of
//! a locked file but whose keys there are can be read.

use amparo_core::id::LedgerId;
use zeroize::Zeroizing;

use super::slots::{Cost, SLOT_BYTES, SLOTS_MAX, SlotError, SlotKind, SlotSecret, Slots};
use super::{Key, Owner, seal};
use crate::Random;

const WRAPPING_USE: &[u8] = b"amparo/wrapping/v1";
const RECORD_USE: &[u8] = b"amparo/key/v1";
/// A nonce, a key and its tag.
pub(super) const SEALED_KEY_BYTES: usize = seal::NONCE_BYTES + 32 + 16;
/// The fewest and the most bytes of a lock in the key file.
const BYTES_MIN: usize = 1 + SLOT_BYTES + SEALED_KEY_BYTES;
pub(super) const BYTES_MAX: usize = 1 + SLOTS_MAX * SLOT_BYTES + SEALED_KEY_BYTES;

/// What an opened lock holds.
#[derive(Debug, Clone)]
struct Inner {
    root: Key,
    wrapping: Key,
}

/// A lock, opened or not.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    ledger: LedgerId,
    slots: Slots,
    /// The wrapping key, sealed under the root key.
    wrapped: Vec<u8>,
    inner: Option<Inner>,
}

fn fresh(random: Random<'_>) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    random(&mut *key);
    key
}

impl Lock {
    /// A new lock under a passphrase and a new recovery key, opened; and the latter as printed.
    pub(super) fn new(
        ledger: LedgerId,
        passphrase: &SlotSecret,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<(Self, Zeroizing<String>), SlotError> {
        let root = fresh(random);
        let mut slots = Slots::new(ledger);
        slots.add(passphrase, &root, cost, random)?;
        let (recovery, printed) = SlotSecret::recovery(random);
        slots.add(&recovery, &root, cost, random)?;
        let inner = Inner {
            wrapping: fresh(random),
            root,
        };
        let mut lock = Self {
            ledger,
            slots,
            wrapped: Vec::new(),
            inner: Some(inner),
        };
        lock.rotate(random)?;
        Ok((lock, printed))
    }

    /// Takes a new wrapping key, for records that are all sealed anew.
    pub(super) fn rotate(&mut self, random: Random<'_>) -> Result<(), SlotError> {
        let aad = [WRAPPING_USE, &self.ledger.bytes()].concat();
        let inner = self.inner.as_mut().ok_or(SlotError::Wrong)?;
        inner.wrapping = fresh(random);
        let mut nonce = [0; seal::NONCE_BYTES];
        random(&mut nonce);
        let wrapped = seal::seal_as(&inner.root, &aad, &nonce, &inner.wrapping[..]);
        self.wrapped = wrapped.ok_or(SlotError::Cost)?;
        Ok(())
    }

    /// Opens it with a secret.
    pub(super) fn open(&mut self, secret: &SlotSecret) -> Result<(), SlotError> {
        let root = self.slots.open(secret)?;
        let aad = [WRAPPING_USE, &self.ledger.bytes()].concat();
        let opened = seal::open_as(&root, &aad, &self.wrapped).ok_or(SlotError::Wrong)?;
        let mut wrapping = Zeroizing::new([0; 32]);
        if opened.len() != wrapping.len() {
            return Err(SlotError::Wrong);
        }
        wrapping.copy_from_slice(&opened);
        self.inner = Some(Inner { root, wrapping });
        Ok(())
    }

    /// Whether a secret has opened it.
    pub(super) fn is_open(&self) -> bool {
        self.inner.is_some()
    }

    /// Which secrets open it.
    pub(super) fn kinds(&self) -> impl Iterator<Item = SlotKind> {
        self.slots.kinds()
    }

    /// Adds a slot; one that is `alone` takes the place of all others of its kind.
    pub(super) fn add(
        &mut self,
        secret: &SlotSecret,
        alone: bool,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<(), SlotError> {
        let inner = self.inner.as_ref().ok_or(SlotError::Wrong)?;
        if alone {
            self.slots.remove(secret.kind());
        }
        self.slots.add(secret, &inner.root, cost, random)
    }

    /// A new recovery key in the place of the one before, as printed.
    pub(super) fn renew_recovery_key(
        &mut self,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<Zeroizing<String>, SlotError> {
        let (recovery, printed) = SlotSecret::recovery(random);
        self.add(&recovery, true, cost, random)?;
        Ok(printed)
    }

    fn record_aad(&self, owner: Owner) -> Vec<u8> {
        [RECORD_USE, &self.ledger.bytes(), &owner.0].concat()
    }

    /// Seals the key of an owner; `None` where the lock is not open.
    pub(super) fn seal(&self, owner: Owner, key: &Key, random: Random<'_>) -> Option<Vec<u8>> {
        let inner = self.inner.as_ref()?;
        let mut nonce = [0; seal::NONCE_BYTES];
        random(&mut nonce);
        seal::seal_as(&inner.wrapping, &self.record_aad(owner), &nonce, &key[..])
    }

    /// The key of an owner; `None` where the lock is not open, or the record is not the owner's.
    pub(super) fn unseal(&self, owner: Owner, sealed: &[u8]) -> Option<Key> {
        let inner = self.inner.as_ref()?;
        let opened = seal::open_as(&inner.wrapping, &self.record_aad(owner), sealed)?;
        let mut key = Zeroizing::new([0; 32]);
        if opened.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&opened);
        Some(key)
    }

    /// Its bytes in the key file: the slots and the sealed wrapping key.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.slots.to_bytes(), self.wrapped.clone()].concat()
    }

    /// How many bytes a lock has that begins with this one.
    pub(super) fn len_of(slots: u8) -> usize {
        1 + usize::from(slots) * SLOT_BYTES + SEALED_KEY_BYTES
    }

    /// Reads its bytes in the key file; it is not open.
    pub(super) fn read(bytes: &[u8], ledger: LedgerId) -> Result<Self, &'static str> {
        if bytes.len() < BYTES_MIN {
            return Err("it is too short");
        }
        let (slots, wrapped) = bytes.split_at(bytes.len() - SEALED_KEY_BYTES);
        Ok(Self {
            ledger,
            slots: Slots::read(slots, ledger)?,
            wrapped: wrapped.to_vec(),
            inner: None,
        })
    }
}
