//! What follows from a draft and the ledger's secret alone: its content, its id, and the hashes of
//! its references. It needs nothing of the log, so any number of threads can work it out.

use amparo_core::draft::Draft;
use amparo_core::id::{EventId, Subject};
use amparo_core::identity::{External, Secret};
use amparo_core::limit;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Ids, Ledger};

/// A draft with what follows from it.
#[derive(Debug)]
pub struct Named {
    pub(super) draft: Draft,
    pub(super) content: String,
    /// None where it is drawn when the draft is planned.
    pub(super) id: Option<EventId>,
    /// Its private references, as hashes that only this ledger's secret makes.
    pub(super) refs: Vec<Uuid>,
}

/// Names drafts under the secret of a ledger.
#[derive(Debug, Clone, Copy)]
pub struct Namer<'l> {
    secret: Option<&'l Secret>,
    ids: Ids,
}

impl Ledger {
    /// What names the drafts of this ledger.
    pub fn namer(&self, ids: Ids) -> Namer<'_> {
        let secret = self.vault.secret();
        Namer { secret, ids }
    }
}

impl Namer<'_> {
    /// Works out what follows from a draft.
    pub fn name(&self, draft: Draft) -> Named {
        let content = draft.content();
        let id = draft.id().or_else(|| match (self.ids, self.secret) {
            (Ids::FromContent, Some(secret)) => Some(secret.event(&content)),
            // Without a secret nothing is planned.
            (Ids::FromContent, None) => Some(EventId::new(Uuid::nil())),
            (Ids::Fresh(_), _) => None,
        });
        let subject = self.secret.zip(draft.event().subject());
        let refs = subject.map_or_else(Vec::new, |(secret, subject)| {
            hashes(secret, subject, draft.private().refs())
        });
        Named {
            draft,
            content,
            id,
            refs,
        }
    }
}

impl Named {
    /// Sixteen bytes that tell its content from any other.
    pub(super) fn digest(&self) -> [u8; 16] {
        digest(&self.content)
    }

    /// How many bytes of a batch its entry takes at most: its line and its openings.
    ///
    /// Answers `None` where either may be over the limit of a line, so that they have to be
    /// measured.
    pub(super) fn bytes_at_most(&self, by: &str) -> Option<usize> {
        /// `seq`, `id`, `recorded` and `by` with their keys, and what the journal and the seal put
        /// around a line and its openings.
        const AROUND_BYTES: usize = 256;
        /// What a private field has in the line or in the openings beside its value.
        const FIELD_BYTES: usize = 128;
        /// The longest escape of a byte.
        const ESCAPE_BYTES: usize = 6;
        let fields = self.draft.private().len();
        let openings = self.content.len() + fields * FIELD_BYTES + AROUND_BYTES;
        let line = openings + by.len() * ESCAPE_BYTES;
        let both = if fields == 0 { line } else { line + openings };
        (line <= limit::LINE_BYTES_MAX).then_some(both)
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

/// Sixteen bytes of SHA-256.
pub(super) fn digest(content: &str) -> [u8; 16] {
    let full: [u8; 32] = Sha256::digest(content).into();
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}
