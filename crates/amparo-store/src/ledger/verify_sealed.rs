//! Verifying what is sealed: it opens with its key, to what the line promises.
//!
//! A key may be gone for one reason alone: an erasure entry says so. A key file that was cut, or
//! lost its last record, would else be taken for a copy that never had those names.

use std::collections::{BTreeMap, BTreeSet};

use amparo_core::entry::Entry;
use amparo_core::id::Seq;
use amparo_core::kind::Kind;

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
}

impl Check {
    /// Opens what is sealed for an entry, and holds it against the line's digests.
    pub(super) fn sealed(&mut self, entry: &Entry, sealed: &[u8], vault: Option<&Vault>) {
        if entry.event.kind() == Kind::Erasure {
            let erased = Owner::of(entry.event.subject(), self.ledger);
            self.keyless.erased.insert(erased);
        }
        if sealed.is_empty() || entry.private.is_empty() {
            if !sealed.is_empty() {
                self.found(
                    Part::Keys,
                    format!("{}: something is sealed for no field", entry.seq),
                );
            }
            self.verified.unopened += u64::from(!entry.private.is_empty());
            return;
        }
        let Some(vault) = vault else {
            self.verified.unopened += 1;
            return;
        };
        let owner = Owner::of(entry.event.subject(), self.ledger);
        match vault.open_sealed(owner, entry.id, sealed) {
            Opened::NoKey => {
                self.verified.unopened += 1;
                self.keyless.sealed.entry(owner).or_insert(entry.seq);
            }
            Opened::Locked => self.verified.unopened += 1,
            Opened::Openings(openings) if openings.digests(entry.id) == entry.private => {
                self.verified.opened += 1;
                self.refs.extend(refs_of(vault, &entry.event, &openings));
            }
            Opened::Openings(_) => {
                let what = "the private fields are not those that the line's digests promise";
                self.found(Part::Keys, format!("{}: {what}", entry.seq));
            }
            Opened::Damaged => {
                let what = "the private fields do not open with their key";
                self.found(Part::Keys, format!("{}: {what}", entry.seq));
            }
        }
    }

    /// Names the keys that no erasure accounts for. A copy without `keys/` has none, and may.
    pub(super) fn finish_keyless(&mut self, vault: Option<&Vault>) {
        if vault.is_none_or(|vault| vault.secret().is_none()) {
            return;
        }
        let Keyless { sealed, erased } = std::mem::take(&mut self.keyless);
        for (owner, seq) in sealed {
            if !erased.contains(&owner) {
                let what = "the key to the private fields is gone, and no erasure says so";
                self.found(Part::Keys, format!("{seq}: {what}"));
            }
        }
    }
}
