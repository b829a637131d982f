//! What follows from a draft and the ledger's secret alone: its content, its id, and the hashes of
//! its references. It needs nothing of the log, so any number of threads can work it out.

use amparo_core::draft::Draft;
use amparo_core::id::{EventId, Subject};
use amparo_core::identity::{External, Secret};
use uuid::Uuid;

use super::Ledger;

/// A draft with what follows from it.
#[derive(Debug)]
pub struct Named {
    pub(super) draft: Draft,
    pub(super) content: String,
    /// Sixteen bytes that tell its content from any other, under the secret: they may lie on a disk.
    pub(super) digest: [u8; 16],
    /// The one it came with, or the one that follows from its content.
    pub(super) id: EventId,
    /// Its private references, as hashes that only this ledger's secret makes.
    pub(super) refs: Vec<Uuid>,
}

/// Names drafts under the secret of a ledger.
#[derive(Debug, Clone)]
pub struct Namer {
    secret: Option<Secret>,
}

impl Ledger {
    /// What names the drafts of this ledger.
    pub fn namer(&self) -> Namer {
        let secret = self.vault.secret().cloned();
        Namer { secret }
    }
}

impl Namer {
    /// Works out what follows from a draft.
    pub fn name(&self, draft: Draft) -> Named {
        let content = draft.content();
        // Without a secret nothing is planned.
        let from_content = self.secret.as_ref().map(|secret| secret.event(&content));
        let from_content = from_content.unwrap_or(EventId::new(Uuid::nil()));
        let subject = self.secret.as_ref().zip(draft.event().subject());
        let refs = subject.map_or_else(Vec::new, |(secret, subject)| {
            hashes(secret, subject, draft.private().refs())
        });
        Named {
            id: draft.id().unwrap_or(from_content),
            digest: from_content.bytes(),
            draft,
            content,
            refs,
        }
    }
}

impl Named {
    /// How long its line is at most, or its openings.
    pub(super) fn line_bytes_at_most(&self, by: &str) -> usize {
        /// `seq`, `id`, `recorded` and `by` with their keys, and what the journal and the seal put
        /// around a line and its openings.
        const AROUND_BYTES: usize = 256;
        /// What a private field has in the line or in the openings beside its value.
        const FIELD_BYTES: usize = 128;
        /// The longest escape of a byte.
        const ESCAPE_BYTES: usize = 6;
        let fields = self.draft.private().len();
        self.content.len() + fields * FIELD_BYTES + by.len() * ESCAPE_BYTES + AROUND_BYTES
    }

    /// How many bytes of a batch its entry takes at most: its line and its openings.
    pub(super) fn bytes_at_most(&self, by: &str) -> usize {
        match self.draft.private().is_empty() {
            true => self.line_bytes_at_most(by),
            false => 2 * self.line_bytes_at_most(by),
        }
    }
}

/// The hashes of the references of a person or group.
pub(super) fn hashes(secret: &Secret, subject: Subject, refs: &[Box<str>]) -> Vec<Uuid> {
    let externals = refs.iter().filter_map(|external| External::new(external));
    let hash = |external: External| match subject {
        Subject::Person(_) => secret.person(&external).uuid(),
        Subject::Group(_) => secret.group(&external).uuid(),
    };
    externals.map(hash).collect()
}
