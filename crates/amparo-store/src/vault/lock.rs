//! The lock of a key file: who opens it, and the keys under which its records are sealed.
//!
//! Each subject's key is sealed under the wrapping key, that under the root key, and that once in
//! each slot. So a slot can be added or taken away without a look at the records, and an erasure
//! takes a new wrapping key without a word about the slots whose secrets are not at hand.
//!
//! For the field the wrapping key is a private one, and its public key stands beside it: whoever has
//! no secret can seal further keys, and open none.
//!
//! Refuses to keep a key of a subject, or a secret. Invariant: without a secret of a slot nothing of
//! a locked file but whose keys there are can be read.

use amparo_core::id::LedgerId;
use zeroize::Zeroizing;

use super::field::{self, PUBLIC_KEY_BYTES, Receiver, Sender};
use super::slots::{Cost, SLOT_BYTES, SLOTS_MAX, SlotError, SlotKind, SlotSecret, Slots};
use super::{Key, Owner, seal};
use crate::Random;

const WRAPPING_USE: &[u8] = b"amparo/wrapping/v1";
const FIELD_USE: &[u8] = b"amparo/field-wrapping/v1";
const RECORD_USE: &[u8] = b"amparo/key/v1";
/// A nonce, a key and its tag.
pub(super) const SEALED_KEY_BYTES: usize = seal::NONCE_BYTES + 32 + 16;
/// The fewest and the most bytes of a lock in the key file.
const BYTES_MIN: usize = 1 + SLOT_BYTES + SEALED_KEY_BYTES;
pub(super) const BYTES_MAX: usize =
    1 + SLOTS_MAX * SLOT_BYTES + PUBLIC_KEY_BYTES + SEALED_KEY_BYTES;

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
    /// The public key to the wrapping key, in a lock for the field.
    public: Option<[u8; PUBLIC_KEY_BYTES]>,
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
            public: None,
            wrapped: Vec::new(),
            inner: Some(inner),
        };
        lock.rotate(random)?;
        Ok((lock, printed))
    }

    /// Takes a new wrapping key, for records that are all sealed anew.
    pub(super) fn rotate(&mut self, random: Random<'_>) -> Result<(), SlotError> {
        let aad = self.wrapping_aad();
        let inner = self.inner.as_mut().ok_or(SlotError::Wrong)?;
        inner.wrapping = fresh(random);
        self.public = self.public.map(|_| field::public_key(&inner.wrapping));
        let mut nonce = [0; seal::NONCE_BYTES];
        random(&mut nonce);
        let wrapped = seal::seal_as(&inner.root, &aad, &nonce, &inner.wrapping[..]);
        self.wrapped = wrapped.ok_or(SlotError::Cost)?;
        Ok(())
    }

    /// Makes it a lock for the field, or one that is not; with a new wrapping key.
    pub(super) fn rotate_for_field(
        &mut self,
        is_for_field: bool,
        random: Random<'_>,
    ) -> Result<(), SlotError> {
        self.public = is_for_field.then_some([0; PUBLIC_KEY_BYTES]);
        self.rotate(random)
    }

    /// Whether keys can be sealed without a secret.
    pub(super) fn is_for_field(&self) -> bool {
        self.public.is_some()
    }

    fn wrapping_aad(&self) -> Vec<u8> {
        let use_of = match self.public {
            None => WRAPPING_USE,
            Some(_) => FIELD_USE,
        };
        [use_of, &self.ledger.bytes()].concat()
    }

    /// Opens it with a secret.
    pub(super) fn open(&mut self, secret: &SlotSecret) -> Result<(), SlotError> {
        let root = self.slots.open(secret)?;
        let opened = seal::open_as(&root, &self.wrapping_aad(), &self.wrapped);
        let wrapping = opened.and_then(key_of).ok_or(SlotError::Wrong)?;
        let expected = self.public.map(|_| field::public_key(&wrapping));
        if self.public != expected {
            return Err(SlotError::PublicKey);
        }
        self.inner = Some(Inner { root, wrapping });
        Ok(())
    }

    /// Whether a secret has opened it.
    pub(super) fn is_open(&self) -> bool {
        self.inner.is_some()
    }

    /// The key under which records are sealed; none before a secret has opened it.
    pub(super) fn wrapping(&self) -> Option<&Key> {
        self.inner.as_ref().map(|inner| &inner.wrapping)
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

    /// What seals the keys of one writing; `None` where the lock would have to be open, and is not.
    pub(super) fn sealer(&self, random: Random<'_>) -> Option<Sealer<'_>> {
        let by = match (&self.public, &self.inner) {
            (Some(public), _) => By::Field(Sender::to(public, random)?),
            (None, Some(inner)) => By::Wrapping(&inner.wrapping),
            (None, None) => return None,
        };
        Some(Sealer { lock: self, by })
    }

    /// What opens keys that were sealed in the field; none where none are, or the lock is closed.
    pub(super) fn receiver(&self) -> Option<Receiver> {
        let field = self.inner.as_ref().filter(|_| self.is_for_field());
        field.map(|inner| Receiver::new(&inner.wrapping))
    }

    /// What opens sealed keys, one after the other, with its own [`receiver`](Self::receiver).
    pub(super) fn opener<'l>(&'l self, receiver: &'l mut Option<Receiver>) -> Opener<'l> {
        Opener {
            lock: self,
            receiver: receiver.as_mut(),
        }
    }

    /// How many bytes a sealed key has.
    pub(super) fn sealed_bytes(&self) -> usize {
        match self.public {
            None => SEALED_KEY_BYTES,
            Some(_) => field::SEALED_BYTES,
        }
    }

    /// Its bytes in the key file: the slots, the public key where there is one, and the sealed
    /// wrapping key.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let public = self.public.as_ref().map_or(&[][..], |public| &public[..]);
        [&self.slots.to_bytes(), public, &self.wrapped].concat()
    }

    /// How many bytes a lock has that begins with this one.
    pub(super) fn len_of(slots: u8, is_for_field: bool) -> usize {
        let public = if is_for_field { PUBLIC_KEY_BYTES } else { 0 };
        1 + usize::from(slots) * SLOT_BYTES + public + SEALED_KEY_BYTES
    }

    /// Reads its bytes in the key file; it is not open.
    pub(super) fn read(
        bytes: &[u8],
        is_for_field: bool,
        ledger: LedgerId,
    ) -> Result<Self, &'static str> {
        if bytes.len() < BYTES_MIN {
            return Err("it is too short");
        }
        let (bytes, wrapped) = bytes.split_at(bytes.len() - SEALED_KEY_BYTES);
        let (slots, public) = match is_for_field {
            false => (bytes, None),
            true => {
                let split = bytes.split_last_chunk().ok_or("it is too short")?;
                (split.0, Some(*split.1))
            }
        };
        Ok(Self {
            ledger,
            slots: Slots::read(slots, ledger)?,
            public,
            wrapped: wrapped.to_vec(),
            inner: None,
        })
    }
}

/// The key that opened bytes are.
fn key_of(opened: Zeroizing<Vec<u8>>) -> Option<Key> {
    let mut key = Zeroizing::new([0; 32]);
    if opened.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&opened);
    Some(key)
}

enum By<'l> {
    Wrapping(&'l Key),
    Field(Sender),
}

/// Seals the keys of one writing.
pub(super) struct Sealer<'l> {
    lock: &'l Lock,
    by: By<'l>,
}

impl Sealer<'_> {
    /// Seals the key of an owner.
    pub(super) fn seal(&self, owner: Owner, key: &Key, random: Random<'_>) -> Option<Vec<u8>> {
        let aad = self.lock.record_aad(owner);
        match &self.by {
            By::Field(sender) => sender.seal(&aad, key, random),
            By::Wrapping(wrapping) => {
                let mut nonce = [0; seal::NONCE_BYTES];
                random(&mut nonce);
                seal::seal_as(wrapping, &aad, &nonce, &key[..])
            }
        }
    }
}

/// Opens sealed keys.
pub(super) struct Opener<'l> {
    lock: &'l Lock,
    receiver: Option<&'l mut Receiver>,
}

impl Opener<'_> {
    /// The lock whose keys these are.
    pub(super) fn lock(&self) -> &Lock {
        self.lock
    }

    /// The key of an owner; `None` where the lock is not open, or the record is not the owner's.
    pub(super) fn open(&mut self, owner: Owner, sealed: &[u8]) -> Option<Key> {
        let aad = self.lock.record_aad(owner);
        let opened = match &mut self.receiver {
            Some(receiver) => receiver.open(&aad, sealed),
            None => seal::open_as(&self.lock.inner.as_ref()?.wrapping, &aad, sealed),
        };
        opened.and_then(key_of)
    }
}
