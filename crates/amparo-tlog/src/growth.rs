//! Growth files: that a log only grew from one signed head to another, to be checked without it.
//!
//! C2SP has no file for this, so the form is ours, made of theirs: a header, the hashes of the
//! consistency proof, and the two checkpoints, each after an empty line. Invariant: what verifies
//! is that the older head, signed by a log that the policy trusts, is the beginning of the newer
//! one, which the policy accepts.

use std::fmt;

use thiserror::Error;

use crate::checkpoint::{ParseSignedCheckpointError, SignedCheckpoint};
use crate::consistency::{self, MAX_CONSISTENCY_PROOF_LEN, VerifyConsistencyError};
use crate::key::BadSignature;
use crate::line;
use crate::merkle::Hash;
use crate::note::MAX_NOTE_LEN;
use crate::policy::{Level, Policy, Verdict};

/// Longest growth file in bytes.
pub const MAX_GROWTH_FILE_LEN: usize = MAX_CONSISTENCY_PROOF_LEN * 45 + 2 * MAX_NOTE_LEN + 100;

/// The first line of a growth file.
pub const HEADER: &str = "amparo/growth@v1";

/// That a log only grew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrowthProof {
    proof: Vec<Hash>,
    old: SignedCheckpoint,
    new: SignedCheckpoint,
}

/// Why bytes are not a growth file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseGrowthError {
    /// The file is longer than [`MAX_GROWTH_FILE_LEN`].
    #[error("a growth file has at most {MAX_GROWTH_FILE_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// The first line is not that of the format and version.
    #[error("the first line is not {HEADER}")]
    Header,
    /// A line of the proof is not the base64 of a hash.
    #[error("hash {number} of the proof is not the base64 of 32 bytes")]
    Hash {
        /// Number among the hashes, from 1.
        number: usize,
    },
    /// More hashes than [`MAX_CONSISTENCY_PROOF_LEN`].
    #[error("the proof is too long")]
    TooManyHashes,
    /// There are not two checkpoints after the proof.
    #[error("there are not two checkpoints after the proof")]
    Parts,
    /// One of the checkpoints is none.
    #[error("a checkpoint is not usable")]
    Checkpoint(#[from] ParseSignedCheckpointError),
}

/// Why a log is not shown to have only grown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyGrowthError {
    /// A line under the name of a trusted key is false.
    #[error("a signature of a checkpoint is false")]
    Signature(#[from] BadSignature),
    /// The checkpoints are of two logs.
    #[error("the checkpoints are of two logs")]
    TwoLogs,
    /// No trusted log signed the older checkpoint.
    #[error("no log that the policy trusts signed the older checkpoint")]
    OldUnsigned,
    /// The policy does not accept the newer checkpoint.
    #[error("the policy does not accept the newer checkpoint, which is {level}")]
    NotAccepted {
        /// How far the checkpoint got.
        level: Level,
    },
    /// The newer head does not extend the older one.
    #[error("the log did not only grow between the two checkpoints")]
    Consistency(#[from] VerifyConsistencyError),
}

impl GrowthProof {
    /// Puts a file together: `proof` as [`crate::reader::TreeReader::prove_consistency`] gives it
    /// between the sizes of the checkpoints.
    pub const fn new(proof: Vec<Hash>, old: SignedCheckpoint, new: SignedCheckpoint) -> Self {
        Self { proof, old, new }
    }

    /// Reads a file without checking anything but its form.
    ///
    /// # Errors
    /// One variant of [`ParseGrowthError`] for each fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseGrowthError> {
        let found = bytes.len();
        if found > MAX_GROWTH_FILE_LEN {
            return Err(ParseGrowthError::TooLong { found });
        }
        if !bytes.starts_with(HEADER.as_bytes()) {
            return Err(ParseGrowthError::Header);
        }
        let (lines, rest) = line::split_at_empty_line(bytes).ok_or(ParseGrowthError::Parts)?;
        let mut lines = lines.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ParseGrowthError::Header);
        }
        let proof: Vec<Hash> = (1..)
            .zip(lines)
            .map(|(number, text)| line::hash(text).ok_or(ParseGrowthError::Hash { number }))
            .collect::<Result<_, _>>()?;
        if proof.len() > MAX_CONSISTENCY_PROOF_LEN {
            return Err(ParseGrowthError::TooManyHashes);
        }
        // A checkpoint has one empty line inside, and its signatures end before the next one.
        let (text, behind) = line::split_at_empty_line(rest).ok_or(ParseGrowthError::Parts)?;
        let (signatures, new) = line::split_at_empty_line(behind).ok_or(ParseGrowthError::Parts)?;
        let old = SignedCheckpoint::parse(format!("{text}\n\n{signatures}\n").as_bytes())?;
        let new = SignedCheckpoint::parse(new)?;
        Ok(Self { proof, old, new })
    }

    /// The older head.
    pub const fn old(&self) -> &SignedCheckpoint {
        &self.old
    }

    /// The newer head.
    pub const fn new_checkpoint(&self) -> &SignedCheckpoint {
        &self.new
    }

    /// Checks both checkpoints against the policy, and that the newer extends the older.
    ///
    /// # Errors
    /// One variant of [`VerifyGrowthError`] for each reason, in the order of the variants.
    pub fn verify(&self, policy: &Policy) -> Result<Verdict, VerifyGrowthError> {
        let (before, verdict) = (policy.assess(&self.old)?, policy.assess(&self.new)?);
        let (old, new) = (self.old.checkpoint(), self.new.checkpoint());
        if old.origin() != new.origin() {
            return Err(VerifyGrowthError::TwoLogs);
        }
        if before.level() == Level::Unsigned {
            return Err(VerifyGrowthError::OldUnsigned);
        }
        if !verdict.is_accepted() {
            return Err(VerifyGrowthError::NotAccepted {
                level: verdict.level(),
            });
        }
        let (old, new) = (old.head(), new.head());
        consistency::verify(old.size(), new.size(), old.root(), new.root(), &self.proof)?;
        Ok(verdict)
    }
}

impl fmt::Display for GrowthProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        line::write_hashes(f, &self.proof)?;
        write!(f, "\n{}\n{}", self.old, self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Checkpoint, TreeHead};
    use crate::note::NoteSigner;
    use crate::origin::Origin;
    use crate::test_tree::TestTree;

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::from_seed("example.com/ledger".parse().unwrap(), &[seed; 32])
    }

    fn signed(size: u64, signer: &NoteSigner) -> SignedCheckpoint {
        let tree = TestTree::of(size);
        let head = TreeHead::from(&tree.reader(size).frontier(size).unwrap());
        SignedCheckpoint::sign(Checkpoint::new(Origin::from(signer.name()), head), signer).unwrap()
    }

    fn grown(old: u64, new: u64) -> GrowthProof {
        let signer = signer(3);
        let proof = TestTree::of(new)
            .reader(new)
            .prove_consistency(old, new)
            .unwrap();
        GrowthProof::new(proof, signed(old, &signer), signed(new, &signer))
    }

    fn policy() -> Policy {
        Policy::of_log(signer(3).verifier_key()).unwrap()
    }

    #[test]
    fn a_growth_file_reads_back_and_verifies_alone() {
        for (old, new) in [(1, 1), (1, 2), (255, 257), (256, 600), (600, 601)] {
            let file = grown(old, new).to_string();
            let read = GrowthProof::parse(file.as_bytes()).unwrap();
            assert_eq!(read, grown(old, new));
            assert_eq!(
                read.verify(&policy()).unwrap().level(),
                Level::Signed,
                "{old} {new}"
            );
        }
    }

    #[test]
    fn no_changed_byte_of_a_growth_file_verifies() {
        let file = grown(255, 300).to_string().into_bytes();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            let verified = GrowthProof::parse(&changed)
                .ok()
                .map(|read| read.verify(&policy()));
            assert!(
                verified.is_none_or(|verified| verified.is_err()),
                "byte {at}"
            );
        }
    }

    #[test]
    fn what_is_not_shown_is_named() {
        let other = signer(4);
        let strange = GrowthProof::new(Vec::new(), signed(7, &other), signed(7, &signer(3)));
        assert_eq!(
            strange.verify(&policy()).unwrap_err(),
            VerifyGrowthError::OldUnsigned
        );
        let back = GrowthProof::new(Vec::new(), signed(7, &signer(3)), signed(6, &signer(3)));
        assert!(matches!(
            back.verify(&policy()).unwrap_err(),
            VerifyGrowthError::Consistency(VerifyConsistencyError::Shrinks { .. })
        ));
        let elsewhere = NoteSigner::from_seed("example.com/other".parse().unwrap(), &[4; 32]);
        let two = GrowthProof::new(Vec::new(), signed(7, &elsewhere), signed(7, &signer(3)));
        assert_eq!(
            two.verify(&policy()).unwrap_err(),
            VerifyGrowthError::TwoLogs
        );
        let unknown = Policy::of_log(signer(3).verifier_key()).unwrap();
        let by_other = GrowthProof::new(Vec::new(), signed(7, &signer(3)), signed(7, &other));
        assert_eq!(
            by_other.verify(&unknown).unwrap_err(),
            VerifyGrowthError::NotAccepted {
                level: Level::Unsigned
            }
        );
    }
}
