//! The slots of a locked vault: its root key, sealed once under each secret that opens it.
//!
//! A secret is a passphrase, which somebody knows, or the recovery key, which is printed and put
//! away. Each is stretched with Argon2id and seals the same root key, so that any can be replaced
//! without a word about the others. `LAYOUT.md` is the same as a table.
//!
//! Refuses to keep a passphrase, to tell which byte of one was wrong, and to spend more memory or
//! time than its limits on a file that somebody else wrote. Invariant: a slot opens only in its own
//! ledger, as its own kind, at its own cost.

use std::fmt;

use amparo_core::id::LedgerId;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Key;
use crate::Random;

/// The fewest characters of a passphrase.
pub const PASSPHRASE_CHARS_MIN: usize = 12;
/// The most bytes of a passphrase, as typed.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;
/// The most memory that a slot may ask for: 1 GiB.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
/// The most passes that a slot may ask for.
const PASSES_MAX: u32 = 16;
/// The most lanes that a slot may ask for.
const LANES_MAX: u32 = 16;

const USE: &[u8] = b"amparo/lock/v1";
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const WRAPPED_BYTES: usize = 32 + 16;
pub(super) const SLOT_BYTES: usize = 1 + 12 + SALT_BYTES + NONCE_BYTES + WRAPPED_BYTES;
/// The most slots of a vault: a recovery key and seven passphrases.
pub const SLOTS_MAX: usize = 8;

const RECOVERY_BYTES: usize = 20;
const RECOVERY_CHECK_BYTES: usize = 2;

/// Which secret opens a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotKind {
    /// One that somebody knows.
    Passphrase,
    /// One that was printed.
    Recovery,
}

impl SlotKind {
    fn byte(self) -> u8 {
        match self {
            Self::Passphrase => 1,
            Self::Recovery => 2,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [Self::Passphrase, Self::Recovery]
            .into_iter()
            .find(|kind| kind.byte() == byte)
    }
}

/// What one guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// The second recommended choice of RFC 9106, section 4: 64 MiB, three passes, four lanes.
    pub const RECOMMENDED: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 4,
    };

    /// The least that Argon2 takes. For tests, which open many slots: a guess costs nothing.
    pub const CHEAP: Self = Self {
        memory_kib: 32,
        passes: 1,
        lanes: 1,
    };

    /// The parameters; `None` where they are outside Argon2's limits or ours.
    fn params(self) -> Option<Params> {
        let within = self.memory_kib <= MEMORY_KIB_MAX
            && self.passes <= PASSES_MAX
            && self.lanes <= LANES_MAX;
        if !within {
            return None;
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()
    }

    fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (at, number) in [self.memory_kib, self.passes, self.lanes]
            .iter()
            .enumerate()
        {
            bytes[at * 4..][..4].copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn of(bytes: &[u8; 12]) -> Self {
        let number = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self {
            memory_kib: number(0),
            passes: number(4),
            lanes: number(8),
        }
    }
}

/// Why something cannot serve as a secret, or opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// The passphrase is too short.
    #[error("the passphrase has fewer than {PASSPHRASE_CHARS_MIN} characters")]
    TooShort,
    /// The passphrase is too long.
    #[error("the passphrase has more than {PASSPHRASE_BYTES_MAX} bytes")]
    TooLong,
    /// A recovery key with a slip of the pen.
    #[error("this is no recovery key: 11 groups of 4 of the digits 0-9 and a-f, the last a check")]
    NotARecoveryKey,
    /// The secret opens no slot of its kind.
    #[error("this passphrase or recovery key does not open the names")]
    Wrong,
    /// There is no slot of this kind.
    #[error("the names have no slot of this kind")]
    NoSlot,
    /// There are as many slots as there may be.
    #[error("the keys have {SLOTS_MAX} slots, and that is the most")]
    Full,
    /// The public key of a lock for the field is not the one to its private key.
    #[error("the names that were recorded in the field are sealed for somebody else's key")]
    PublicKey,
    /// The slot asks for more than the limits, or for what Argon2 does not do.
    #[error("the slot has a cost that is not allowed")]
    Cost,
}

/// A secret that opens a slot; never printed, gone from memory when dropped.
pub struct SlotSecret {
    kind: SlotKind,
    bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for SlotSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotSecret")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl SlotSecret {
    /// What somebody typed: the recovery key where it is one, else a passphrase.
    ///
    /// # Errors
    /// As [`passphrase`](Self::passphrase).
    pub fn typed(text: &str) -> Result<Self, SlotError> {
        Self::printed(text).or_else(|_| Self::passphrase(text))
    }

    /// Which slots it may open.
    pub fn kind(&self) -> SlotKind {
        self.kind
    }

    /// A passphrase, in Unicode's form NFKC, so that each keyboard gives the same bytes.
    ///
    /// # Errors
    /// [`SlotError::TooShort`] and [`SlotError::TooLong`].
    pub fn passphrase(typed: &str) -> Result<Self, SlotError> {
        if typed.len() > PASSPHRASE_BYTES_MAX {
            return Err(SlotError::TooLong);
        }
        // NFKC makes at most 18 characters of one (UAX 15): no growing, which would leave copies.
        let mut text = Zeroizing::new(String::with_capacity(typed.len() * 18));
        text.extend(typed.nfkc());
        if text.chars().count() < PASSPHRASE_CHARS_MIN {
            return Err(SlotError::TooShort);
        }
        Ok(Self {
            kind: SlotKind::Passphrase,
            bytes: Zeroizing::new(text.as_bytes().to_vec()),
        })
    }

    /// A new recovery key of 160 random bits, and how it is printed.
    pub(crate) fn recovery(random: Random<'_>) -> (Self, Zeroizing<String>) {
        let mut bytes = Zeroizing::new(vec![0; RECOVERY_BYTES]);
        random(&mut bytes);
        let mut printed = Zeroizing::new(String::with_capacity(2 * 22 + 10));
        let check = recovery_check(&bytes);
        for (at, pair) in bytes.chunks(2).chain([&check[..]]).enumerate() {
            if at > 0 {
                printed.push('-');
            }
            for byte in pair {
                for nibble in [byte >> 4, byte & 15] {
                    printed.extend(char::from_digit(u32::from(nibble), 16));
                }
            }
        }
        let kind = SlotKind::Recovery;
        (Self { kind, bytes }, printed)
    }

    /// A recovery key as it was printed; spaces, hyphens and capitals do not matter.
    ///
    /// # Errors
    /// [`SlotError::NotARecoveryKey`] where it is not one, or has a slip that its check shows.
    pub fn printed(typed: &str) -> Result<Self, SlotError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(RECOVERY_BYTES + RECOVERY_CHECK_BYTES));
        let mut high = None;
        for letter in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit = letter.to_digit(16).ok_or(SlotError::NotARecoveryKey)?;
            let digit = u8::try_from(digit).map_err(|_| SlotError::NotARecoveryKey)?;
            match high.take() {
                None => high = Some(digit),
                Some(_) if bytes.len() == RECOVERY_BYTES + RECOVERY_CHECK_BYTES => {
                    return Err(SlotError::NotARecoveryKey);
                }
                Some(first) => bytes.push(first << 4 | digit),
            }
        }
        if high.is_some() || bytes.len() != RECOVERY_BYTES + RECOVERY_CHECK_BYTES {
            return Err(SlotError::NotARecoveryKey);
        }
        if bytes[RECOVERY_BYTES..] != recovery_check(&bytes[..RECOVERY_BYTES]) {
            return Err(SlotError::NotARecoveryKey);
        }
        bytes.truncate(RECOVERY_BYTES);
        let kind = SlotKind::Recovery;
        Ok(Self { kind, bytes })
    }
}

/// Two bytes against slips of the pen; of a hash with its own tag, so that they tell nothing else.
fn recovery_check(key: &[u8]) -> [u8; RECOVERY_CHECK_BYTES] {
    let digest = Sha256::new()
        .chain_update(b"amparo/recovery-check/v1")
        .chain_update(key)
        .finalize();
    [digest[0], digest[1]]
}

#[derive(Clone, PartialEq, Eq)]
struct Slot {
    kind: SlotKind,
    cost: Cost,
    salt: [u8; SALT_BYTES],
    nonce: [u8; NONCE_BYTES],
    wrapped: [u8; WRAPPED_BYTES],
}

/// The slots of one ledger's vault.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Slots {
    ledger: LedgerId,
    /// In order of their kinds; one recovery key at most.
    slots: Vec<Slot>,
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.kinds().collect();
        f.debug_struct("Slots").field("kinds", &kinds).finish()
    }
}

impl Slots {
    /// No slots: the root key can be reached by nobody.
    pub(crate) fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            slots: Vec::new(),
        }
    }

    /// Which secrets open it.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = SlotKind> {
        self.slots.iter().map(|slot| slot.kind)
    }

    /// Seals the root key under one more secret; a recovery key takes the place of the one before.
    pub(crate) fn add(
        &mut self,
        secret: &SlotSecret,
        root: &Key,
        cost: Cost,
        random: Random<'_>,
    ) -> Result<(), SlotError> {
        if secret.kind == SlotKind::Recovery {
            self.remove(SlotKind::Recovery);
        }
        if self.slots.len() >= SLOTS_MAX {
            return Err(SlotError::Full);
        }
        let mut slot = Slot {
            kind: secret.kind,
            cost,
            salt: [0; SALT_BYTES],
            nonce: [0; NONCE_BYTES],
            wrapped: [0; WRAPPED_BYTES],
        };
        random(&mut slot.salt);
        random(&mut slot.nonce);
        let aad = self.associated(&slot);
        let payload = Payload {
            msg: &root[..],
            aad: &aad,
        };
        let sealed = slot
            .cipher(secret)?
            .encrypt(&XNonce::from(slot.nonce), payload)
            .map_err(|_| SlotError::Cost)?;
        slot.wrapped.copy_from_slice(&sealed);
        self.slots.push(slot);
        self.slots.sort_by_key(|slot| slot.kind);
        Ok(())
    }

    /// Takes the slots of a kind away.
    pub(crate) fn remove(&mut self, kind: SlotKind) {
        self.slots.retain(|slot| slot.kind != kind);
    }

    /// The root key, by a secret. Costs what the slots of its kind say, by intent.
    pub(crate) fn open(&self, secret: &SlotSecret) -> Result<Key, SlotError> {
        let of_kind = |slot: &&Slot| slot.kind == secret.kind;
        if !self.slots.iter().any(|slot| of_kind(&slot)) {
            return Err(SlotError::NoSlot);
        }
        for slot in self.slots.iter().filter(of_kind) {
            let aad = self.associated(slot);
            let payload = Payload {
                msg: &slot.wrapped,
                aad: &aad,
            };
            let cipher = slot.cipher(secret)?;
            let opened = cipher.decrypt(&XNonce::from(slot.nonce), payload);
            if let Ok(opened) = opened.map(Zeroizing::new) {
                let mut root = Zeroizing::new([0; 32]);
                root.copy_from_slice(&opened);
                return Ok(root);
            }
        }
        Err(SlotError::Wrong)
    }

    fn associated(&self, slot: &Slot) -> Vec<u8> {
        let kind = [slot.kind.byte()];
        [USE, &self.ledger.bytes(), &kind, &slot.cost.bytes()].concat()
    }

    /// Their bytes in the key file: how many there are, and each.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.slots.len() * SLOT_BYTES);
        bytes.push(self.slots.iter().fold(0, |count, _| count + 1));
        for slot in &self.slots {
            bytes.push(slot.kind.byte());
            bytes.extend_from_slice(&slot.cost.bytes());
            bytes.extend_from_slice(&slot.salt);
            bytes.extend_from_slice(&slot.nonce);
            bytes.extend_from_slice(&slot.wrapped);
        }
        bytes
    }

    /// Reads their bytes in the key file.
    pub(super) fn read(bytes: &[u8], ledger: LedgerId) -> Result<Self, &'static str> {
        let (count, rest) = bytes.split_first().ok_or("it is too short")?;
        let count = usize::from(*count);
        if count == 0 || count > SLOTS_MAX || rest.len() != count * SLOT_BYTES {
            return Err("it has the wrong number of slots");
        }
        let slots = rest.chunks_exact(SLOT_BYTES).map(Slot::read);
        let slots = slots
            .collect::<Option<Vec<_>>>()
            .ok_or("a slot of it has a kind or a cost that is not known")?;
        let recovery = |slot: &&Slot| slot.kind == SlotKind::Recovery;
        if !slots.is_sorted_by_key(|slot| slot.kind) || slots.iter().filter(recovery).count() > 1 {
            return Err("its slots are not in order");
        }
        Ok(Self { ledger, slots })
    }
}

impl Slot {
    /// The cipher under the stretched secret.
    fn cipher(&self, secret: &SlotSecret) -> Result<XChaCha20Poly1305, SlotError> {
        let params = self.cost.params().ok_or(SlotError::Cost)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; 32]);
        argon2
            .hash_password_into(&secret.bytes, &self.salt, &mut *key)
            .map_err(|_| SlotError::Cost)?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (cost, rest) = rest.split_first_chunk::<12>()?;
        let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>()?;
        let (nonce, wrapped) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let cost = Cost::of(cost);
        cost.params()?;
        Some(Self {
            kind: SlotKind::of(*kind)?,
            cost,
            salt: *salt,
            nonce: *nonce,
            wrapped: wrapped.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CHEAP: Cost = Cost::CHEAP;
    const WORDS: &str = "four made-up demo words";

    fn ledger() -> LedgerId {
        LedgerId::new(Uuid::from_u128(1))
    }

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes: &mut [u8]| {
            for byte in bytes {
                next = next.wrapping_add(37);
                *byte = next;
            }
        }
    }

    fn words(typed: &str) -> SlotSecret {
        SlotSecret::passphrase(typed).unwrap()
    }

    /// Slots with a passphrase and a recovery key, the key they hold, and the latter as printed.
    fn both() -> (Slots, Key, Zeroizing<String>) {
        let mut random = counting();
        let mut wrapping = Zeroizing::new([0; 32]);
        random(&mut *wrapping);
        let (recovery, printed) = SlotSecret::recovery(&mut random);
        let mut slots = Slots::new(ledger());
        slots.add(&recovery, &wrapping, CHEAP, &mut random).unwrap();
        slots
            .add(&words(WORDS), &wrapping, CHEAP, &mut random)
            .unwrap();
        (slots, wrapping, printed)
    }

    #[test]
    fn either_secret_opens_the_wrapping_key_after_reading_the_file_again() {
        let (slots, wrapping, printed) = both();
        let bytes = slots.to_bytes();
        assert_eq!(bytes.len(), 1 + 2 * SLOT_BYTES);
        let read = Slots::read(&bytes, ledger()).unwrap();
        assert_eq!(read, slots);
        assert_eq!(read.open(&words(WORDS)).unwrap(), wrapping);
        let recovery = SlotSecret::printed(&printed).unwrap();
        assert_eq!(read.open(&recovery).unwrap(), wrapping);
        assert!(!bytes.windows(32).any(|window| window == &wrapping[..]));
        assert!(!format!("{slots:?} {recovery:?}").contains(&printed[..4]));
    }

    #[test]
    fn another_passphrase_is_wrong_and_a_kind_without_slot_is_said_to_be() {
        let (mut slots, ..) = both();
        let wrong = slots.open(&words("four made-up demo word"));
        assert_eq!(wrong.unwrap_err(), SlotError::Wrong);
        slots.slots.pop();
        let (recovery, _) = SlotSecret::recovery(&mut counting());
        assert_eq!(slots.open(&recovery).unwrap_err(), SlotError::NoSlot);
    }

    #[test]
    fn each_passphrase_opens_until_passphrases_are_removed() {
        let (mut slots, wrapping, printed) = both();
        let new = words("another made-up phrase");
        slots.add(&new, &wrapping, CHEAP, &mut counting()).unwrap();
        assert_eq!(slots.open(&words(WORDS)).unwrap(), wrapping);
        assert_eq!(slots.open(&new).unwrap(), wrapping);
        slots.remove(SlotKind::Passphrase);
        for gone in [&words(WORDS), &new] {
            assert_eq!(slots.open(gone).unwrap_err(), SlotError::NoSlot);
        }
        let recovery = SlotSecret::printed(&printed).unwrap();
        assert_eq!(slots.open(&recovery).unwrap(), wrapping);
        let kinds: Vec<_> = slots.kinds().collect();
        assert_eq!(kinds, [SlotKind::Recovery]);
    }

    #[test]
    fn a_new_recovery_key_takes_the_place_of_the_old_one() {
        let (mut slots, wrapping, printed) = both();
        let (new, _) = SlotSecret::recovery(&mut |bytes: &mut [u8]| bytes.fill(9));
        slots.add(&new, &wrapping, CHEAP, &mut counting()).unwrap();
        assert_eq!(slots.slots.len(), 2);
        let old = SlotSecret::printed(&printed).unwrap();
        assert_eq!(slots.open(&old).unwrap_err(), SlotError::Wrong);
        assert_eq!(slots.open(&new).unwrap(), wrapping);
    }

    #[test]
    fn slots_are_taken_at_their_limit_and_refused_one_past_it() {
        let (mut slots, wrapping, _) = both();
        let mut more = || slots.add(&words(WORDS), &wrapping, CHEAP, &mut counting());
        for _ in 2..SLOTS_MAX {
            more().unwrap();
        }
        assert_eq!(more().unwrap_err(), SlotError::Full);
        let bytes = slots.to_bytes();
        assert_eq!(Slots::read(&bytes, ledger()).unwrap(), slots);
        let too_many = [&[9], &bytes[1..], &bytes[1..=SLOT_BYTES]].concat();
        assert!(Slots::read(&too_many, ledger()).is_err());
    }

    #[test]
    fn a_passphrase_is_the_same_however_a_keyboard_composes_it() {
        let (mut slots, wrapping, _) = both();
        let composed = words("palabra se\u{f1}alada");
        slots
            .add(&composed, &wrapping, CHEAP, &mut counting())
            .unwrap();
        let decomposed = words("palabra sen\u{303}alada");
        assert_eq!(slots.open(&decomposed).unwrap(), wrapping);
    }

    #[test]
    fn a_passphrase_is_refused_one_past_each_limit() {
        let told = |typed: &str| SlotSecret::passphrase(typed).err();
        assert_eq!(told(&"\u{e9}".repeat(PASSPHRASE_CHARS_MIN)), None);
        let short = "\u{e9}".repeat(PASSPHRASE_CHARS_MIN - 1);
        assert_eq!(told(&short), Some(SlotError::TooShort));
        assert_eq!(told(&"a".repeat(PASSPHRASE_BYTES_MAX)), None);
        let long = "a".repeat(PASSPHRASE_BYTES_MAX + 1);
        assert_eq!(told(&long), Some(SlotError::TooLong));
    }

    #[test]
    fn a_recovery_key_is_read_with_spaces_and_capitals_and_refused_with_a_slip() {
        let (secret, printed) = SlotSecret::recovery(&mut counting());
        assert_eq!(printed.len(), 54);
        let loose = printed.replace('-', " ").to_uppercase();
        assert_eq!(SlotSecret::printed(&loose).unwrap().bytes, secret.bytes);
        let refused = |typed: &str| {
            assert_eq!(
                SlotSecret::printed(typed).err(),
                Some(SlotError::NotARecoveryKey),
                "{typed}"
            );
        };
        for typed in ["", "0", "\u{0}", &printed[1..], &format!("{}00", *printed)] {
            refused(typed);
        }
        for at in (0..printed.len()).filter(|at| at % 5 != 4) {
            let mut slip = printed.to_string();
            let other = if &slip[at..=at] == "0" { "1" } else { "0" };
            slip.replace_range(at..=at, other);
            refused(&slip);
        }
    }

    #[test]
    fn a_changed_byte_of_a_slot_opens_nothing() {
        let (slots, ..) = both();
        let sound = slots.to_bytes();
        for at in 0..=SLOT_BYTES {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            let opened = Slots::read(&bytes, ledger())
                .ok()
                .and_then(|slots| slots.open(&words(WORDS)).ok());
            assert_eq!(opened, None, "byte {at}");
        }
        let moved = Slots {
            ledger: LedgerId::new(Uuid::from_u128(2)),
            ..slots
        };
        assert_eq!(moved.open(&words(WORDS)).unwrap_err(), SlotError::Wrong);
    }

    #[test]
    fn a_cost_is_allowed_at_its_limit_and_refused_one_past_it() {
        let cost = |memory_kib, passes, lanes| Cost {
            memory_kib,
            passes,
            lanes,
        };
        for (cost, allowed) in [
            (Cost::RECOMMENDED, true),
            (cost(MEMORY_KIB_MAX, PASSES_MAX, LANES_MAX), true),
            (cost(MEMORY_KIB_MAX + 1, 1, 1), false),
            (cost(1024, PASSES_MAX + 1, 1), false),
            (cost(1024, 1, LANES_MAX + 1), false),
            (cost(1024, 0, 1), false),
            (cost(1024, 1, 0), false),
            (cost(1, 1, 1), false),
        ] {
            assert_eq!(cost.params().is_some(), allowed, "{cost:?}");
            assert_eq!(Cost::of(&cost.bytes()), cost);
        }
    }
}
