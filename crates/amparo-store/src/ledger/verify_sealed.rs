//! Verifying what is sealed: it opens with its key, to what the line promises.
//!
//! A key may be gone for one reason alone: an erasure entry says so. A key file that was cut, or
//! lost its last record, would else be taken for a copy that never had those names. A damaged record
//! is a fault where something does not open; else it is of a write that was never acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use amparo_core::entry::Entry;
use amparo_core::id::{LedgerId, Seq};
use amparo_core::kind::Kind;
use amparo_core::private::Private;

use super::append::refs_of;
use super::verify::{Check, Part};
use crate::vault::{Opened, Owner, Vault};

/// Whose keys are not there, and whose need not be.
#[derive(Debug, Default)]
pub(super) struct Keyless {
    /// Owners of something sealed that have no key, and the first entry it is sealed for.
    sealed: BTreeMap<Owner, Seq>,
    /// Whose keys an erasure destroyed.
    erased: BTreeSet<Owner>,
    /// Whether there was a key that did not open what is sealed for its owner.
    unopened: bool,
}

impl Keyless {
    /// Whose keys an erasure destroyed.
    pub(super) fn erased(&self) -> Vec<Owner> {
        self.erased.iter().copied().collect()
    }
}

/// What became of what is sealed for an entry.
#[derive(Debug)]
pub(super) enum Seal {
    /// Nothing is, and the line promises nothing.
    None,
    /// Something is, and the line promises nothing.
    OfNoField,
    /// It is not here, or there are no keys to try, or they are locked.
    Unopened,
    /// Its owner has no key.
    NoKey(Owner),
    /// It opened to what the line promises, with these references.
    Opened(Box<Private>, Vec<([u8; 16], [u8; 16])>),
    /// It opened to something else.
    Other,
    /// It opened to what the line promises, and that is no private field.
    OfNoForm,
    /// It did not open.
    Damaged,
    /// The key file could not be read.
    KeyUnread,
}

impl Seal {
    /// Opens what is sealed for an entry, and holds it against the line's digests.
    pub(super) fn of(
        entry: &Entry,
        sealed: &[u8],
        ledger: LedgerId,
        vault: Option<&Vault>,
    ) -> Self {
        match (entry.private.is_empty(), sealed.is_empty(), vault) {
            (true, true, _) => Self::None,
            (true, false, _) => Self::OfNoField,
            (false, true, _) | (false, false, None) => Self::Unopened,
            (false, false, Some(vault)) => {
                let owner = Owner::of(entry.event.subject(), ledger);
                let Ok(opened) = vault.open_sealed(owner, entry.id, sealed) else {
                    return Self::KeyUnread;
                };
                match opened {
                    Opened::NoKey => Self::NoKey(owner),
                    Opened::Locked => Self::Unopened,
                    Opened::Openings(openings) if openings.digests(entry.id) == entry.private => {
                        let refs = refs_of(vault, &entry.event, &openings);
                        let private = openings.private();
                        private.map_or(Self::OfNoForm, |private| Self::Opened(private.into(), refs))
                    }
                    Opened::Openings(_) => Self::Other,
                    Opened::Damaged => Self::Damaged,
                }
            }
        }
    }
}

impl Check {
    /// Notes what became of what is sealed for an entry.
    pub(super) fn sealed(&mut self, entry: &Entry, seal: &Seal) {
        if entry.event.kind() == Kind::Erasure {
            let erased = Owner::of(entry.event.subject(), self.ledger);
            self.keyless.erased.insert(erased);
        }
        let fault = match seal {
            Seal::None => return,
            Seal::Unopened => {
                self.verified.unopened += 1;
                return;
            }
            Seal::NoKey(owner) => {
                self.verified.unopened += 1;
                self.keyless.sealed.entry(*owner).or_insert(entry.seq);
                return;
            }
            Seal::Opened(_, refs) => {
                self.verified.opened += 1;
                self.refs.extend(refs);
                return;
            }
            Seal::OfNoField => "something is sealed for no field",
            Seal::Other => "the private fields are not those that the line's digests promise",
            Seal::OfNoForm => "the private fields open to what is none",
            Seal::KeyUnread => "the key of the private fields cannot be read",
            Seal::Damaged => {
                self.keyless.unopened = true;
                "the private fields do not open with their key"
            }
        };
        self.found(Part::Keys, format!("{}: {fault}", entry.seq));
    }

    /// Names the keys that no erasure accounts for, and the damaged records that may be theirs. A
    /// copy without `keys/` has none, and may.
    pub(super) fn finish_keyless(&mut self, vault: Option<&Vault>) {
        let Some(vault) = vault.filter(|vault| vault.secret().is_some()) else {
            return;
        };
        let keyless = std::mem::take(&mut self.keyless);
        let gone = |owner: &Owner| !keyless.erased.contains(owner);
        let lacking = keyless.sealed.iter().filter(|(owner, _)| gone(owner));
        let mut lacking: Vec<Seq> = lacking.map(|(_, seq)| *seq).collect();
        lacking.sort_unstable();
        // Under a closed lock that lets owners have several keys nobody can tell.
        let untold = vault.is_locked() && vault.is_for_field();
        if untold || keyless.unopened || !lacking.is_empty() {
            match vault.damaged() {
                Ok(damaged) => damaged.into_iter().for_each(|offset| {
                    self.found(Part::Keys, format!("the key at byte {offset} is damaged"));
                }),
                Err(error) => self.found(Part::Keys, error.to_string()),
            }
        }
        for seq in lacking {
            let what = "the key to the private fields is gone, and no erasure says so";
            self.found(Part::Keys, format!("{seq}: {what}"));
        }
    }
}
