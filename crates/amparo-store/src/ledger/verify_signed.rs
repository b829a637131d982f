//! The signed heads held against the log: every signature, every root, in every place.
//!
//! Whether a head counts is the policy's to say; that it was signed with this ledger's key and
//! that the log begins with its tree is checked here for each.

use std::path::Path;
use std::sync::Arc;

use amparo_core::planted::{Bug, is_planted};
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::policy::{Level, Policy};

use super::verify::{Check, Part};
use crate::files::Files;
use crate::shelf::Shelf;
use crate::signing::key::{LOG_KEY, PrivateKey, WITNESS_KEY};
use crate::signing::{Book, Seen, SigningError};

/// How far the newest signed head got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedLevel {
    /// How many heads are signed.
    pub checkpoints: u64,
    /// How many entries the newest has.
    pub size: u64,
    /// Who signed it.
    pub level: Level,
    /// Whether the policy accepts it; `None` where there is no `policy.txt`.
    pub is_accepted: Option<bool>,
}

/// The signed heads of a ledger, each with the file it was read from.
pub(super) struct SignedHeads {
    stored: Vec<(String, SignedCheckpoint)>,
    elsewhere: Vec<(&'static str, SignedCheckpoint)>,
    policy: Option<(Policy, bool)>,
}

impl Check {
    /// Reads every signed head, and asks for the roots that they name.
    pub(super) fn signed(
        &mut self,
        files: &Arc<dyn Files>,
        folder: &Path,
        shelf: Option<&Shelf>,
    ) -> SignedHeads {
        let book = Book::new(files.clone(), folder);
        let mut heads = SignedHeads {
            stored: Vec::new(),
            elsewhere: Vec::new(),
            policy: None,
        };
        let sizes = self.readable(book.sizes()).unwrap_or_default();
        for size in sizes {
            if let Some(stored) = self.readable(book.stored(size)).flatten() {
                heads.stored.push((stored.file, stored.checkpoint));
            }
        }
        if let Some(newest) = self.readable(book.beside_the_key()).flatten() {
            heads.elsewhere.push(("keys/last.checkpoint", newest));
        }
        let in_store = shelf.and_then(|shelf| shelf.derived(super::sign::IN_STORE).ok()?);
        if let Some((_, bytes)) = in_store.filter(|(_, bytes)| !bytes.is_empty())
            && let Some(newest) = self.readable(book.check("the sled store's copy", &bytes))
        {
            heads.elsewhere.push(("sled", newest));
        }
        self.readable(book.abandoned());
        self.readable(Seen::new(files.clone(), folder).all());
        self.readable(PrivateKey::read(files, folder, WITNESS_KEY));
        self.signing_key(&book, files, folder);
        self.names(&book, &heads);
        if let Some(key) = self.readable(book.log_key()).flatten() {
            heads.policy = self.readable(book.policy(key));
        }
        self.want(heads.all().map(|(_, head)| head.checkpoint().head().size()));
        heads
    }

    /// Holds every head against the log, and says how far the newest got.
    pub(super) fn finish_signed(&mut self, heads: SignedHeads) {
        for (file, signed) in heads.all() {
            let head = signed.checkpoint().head();
            let found = self.roots.iter().find(|(size, _)| *size == head.size());
            match found.map(|(_, root)| *root) {
                Some(root) if root == head.root() => {}
                Some(_) => self.signed_fault(file, head.size(), "the log holds other entries"),
                // Of a journal with a gap no root is known behind it, and the gap is a finding.
                None if !self.whole || is_planted(Bug::CutLogAccepted) => {}
                None => {
                    let what = format!("the log ends after {}", self.frontier.size());
                    self.signed_fault(file, head.size(), &what);
                }
            }
        }
        for (place, newest) in &heads.elsewhere {
            let head = newest.checkpoint().head();
            let is_stored = heads
                .stored
                .iter()
                .any(|(_, stored)| stored.checkpoint().head() == head);
            if !is_stored {
                let what = "the folder checkpoints does not hold it";
                self.signed_fault(place, head.size(), what);
            }
        }
        let Some((file, newest)) = heads.stored.last() else {
            return;
        };
        let Some((policy, is_users)) = &heads.policy else {
            return;
        };
        match policy.assess(newest) {
            Ok(verdict) => {
                self.verified.signed = Some(SignedLevel {
                    checkpoints: heads.stored.len() as u64,
                    size: newest.checkpoint().head().size(),
                    level: verdict.level(),
                    is_accepted: is_users.then_some(verdict.is_accepted()),
                });
            }
            Err(error) => self.found(Part::Checkpoints, format!("{file}: {error}")),
        }
    }

    fn signed_fault(&mut self, file: &str, size: u64, what: &str) {
        let what = format!("{file}: a head of {size} entries was signed, and {what}");
        self.found(Part::Checkpoints, what);
    }

    fn signing_key(&mut self, book: &Book, files: &Arc<dyn Files>, folder: &Path) {
        let key = self
            .readable(PrivateKey::read(files, folder, LOG_KEY))
            .flatten();
        let known = self.readable(book.log_key()).flatten();
        if let Some(key) = key
            && known.is_none_or(|known| known != key.verifier_key())
        {
            let what = format!("{LOG_KEY} is not the key that checkpoints/log.pub names");
            self.found(Part::Checkpoints, what);
        }
    }

    fn names(&mut self, book: &Book, heads: &SignedHeads) {
        let names = self.readable(book.names()).unwrap_or_default();
        for (name, size) in names {
            let mut sizes = heads
                .stored
                .iter()
                .map(|(_, head)| head.checkpoint().head().size());
            if !sizes.any(|stored| stored == size) {
                let what = format!("no head of {size} entries is signed, and one is named {name}");
                self.found(Part::Checkpoints, what);
            }
        }
    }

    /// What could be read; else a finding.
    fn readable<T>(&mut self, read: Result<T, SigningError>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                let again = error.to_string();
                let known = self
                    .verified
                    .findings
                    .iter()
                    .any(|finding| finding.what == again);
                if !known {
                    self.found(Part::Checkpoints, again);
                }
                None
            }
        }
    }
}

impl SignedHeads {
    fn all(&self) -> impl Iterator<Item = (&str, &SignedCheckpoint)> {
        let stored = self.stored.iter().map(|(file, head)| (file.as_str(), head));
        stored.chain(self.elsewhere.iter().map(|(place, head)| (*place, head)))
    }
}
