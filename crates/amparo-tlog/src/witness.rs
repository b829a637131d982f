//! What a witness does (C2SP tlog-witness, `add-checkpoint`): it checks that a log only grew
//! since the last head it saw, and cosigns or refuses.
//!
//! Refuses to remember anything: the last head is an argument, and the caller must store the new
//! one, durably and before the cosignature leaves the house. Invariant: a cosignature comes only
//! out of an [`Approval`], and an approval only out of [`decide`]; so two forks of one log cannot
//! both be cosigned by a witness that stores its heads.

use std::fmt;

use thiserror::Error;

use crate::checkpoint::{ParseSignedCheckpointError, SignedCheckpoint, TreeHead};
use crate::consistency::{self, VerifyConsistencyError};
use crate::cosignature::{Cosigner, Timestamp};
use crate::key::{BadSignature, VerifierKey};
use crate::line;
use crate::merkle::Hash;
use crate::note::{MAX_NOTE_LEN, VerifyNoteError};
use crate::origin::Origin;
use crate::signature::Signature;

/// Most consistency hashes of a request (a limit of the specification: it serves every tree of
/// up to 2^62 leaves).
pub const MAX_REQUEST_HASHES: usize = 63;

/// Longest request in bytes.
pub const MAX_REQUEST_LEN: usize = 32 + MAX_REQUEST_HASHES * 45 + MAX_NOTE_LEN;

/// A log asks a witness to cosign: the size that the witness saw last, the proof from there, and
/// the new checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why parts do not make a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a request has at most {MAX_REQUEST_HASHES} hashes, not {found}")]
pub struct TooManyHashes {
    /// Number of hashes.
    pub found: usize,
}

/// Why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseAddCheckpointError {
    /// The request is longer than [`MAX_REQUEST_LEN`].
    #[error("a request has at most {MAX_REQUEST_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// No empty line between the proof and the checkpoint.
    #[error("no empty line before the checkpoint")]
    NoEmptyLine,
    /// The first line is not `old <decimal>`.
    #[error("the line of the old size is missing or malformed")]
    OldSize,
    /// A line of the proof is not the base64 of a hash.
    #[error("hash {number} of the proof is not the base64 of 32 bytes")]
    Hash {
        /// Number among the hashes, from 1.
        number: usize,
    },
    /// More hashes than [`MAX_REQUEST_HASHES`].
    #[error("the proof is too long")]
    TooManyHashes(#[from] TooManyHashes),
    /// What follows the empty line is not a checkpoint.
    #[error("the request has no usable checkpoint")]
    Checkpoint(#[from] ParseSignedCheckpointError),
}

impl AddCheckpoint {
    /// Puts a request together: `proof` as [`crate::reader::TreeReader::prove_consistency`]
    /// gives it from `old_size` to the size of the checkpoint.
    ///
    /// # Errors
    /// [`TooManyHashes`].
    pub fn new(
        old_size: u64,
        proof: Vec<Hash>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, TooManyHashes> {
        if proof.len() > MAX_REQUEST_HASHES {
            return Err(TooManyHashes { found: proof.len() });
        }
        Ok(Self {
            old_size,
            proof,
            checkpoint,
        })
    }

    /// Reads the body of a request without checking anything but its form.
    ///
    /// # Errors
    /// One variant of [`ParseAddCheckpointError`] for each fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseAddCheckpointError> {
        if bytes.len() > MAX_REQUEST_LEN {
            return Err(ParseAddCheckpointError::TooLong { found: bytes.len() });
        }
        let (lines, checkpoint) =
            line::split_at_empty_line(bytes).ok_or(ParseAddCheckpointError::NoEmptyLine)?;
        let mut lines = lines.split('\n');
        let old_size = lines
            .next()
            .and_then(|text| line::decimal(text.strip_prefix("old ")?))
            .ok_or(ParseAddCheckpointError::OldSize)?;
        let proof = (1..)
            .zip(lines)
            .map(|(number, text)| line::hash(text).ok_or(ParseAddCheckpointError::Hash { number }))
            .collect::<Result<_, _>>()?;
        let checkpoint = SignedCheckpoint::parse(checkpoint)?;
        Ok(Self::new(old_size, proof, checkpoint)?)
    }

    /// The size that the log believes the witness saw last.
    pub const fn old_size(&self) -> u64 {
        self.old_size
    }

    /// The consistency proof from the old size.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The checkpoint to cosign.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        line::write_hashes(f, &self.proof)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The witness knows no log of this origin.
    #[error("no known log is named {origin}")]
    UnknownLog {
        /// The origin of the checkpoint.
        origin: Origin,
    },
    /// A line under the name and id of the key of the log is false.
    #[error("the checkpoint is falsely signed")]
    BadSignature(#[from] BadSignature),
    /// No known key of the log signed.
    #[error("the log did not sign the checkpoint")]
    NotSigned,
    /// The old size is larger than the checkpoint.
    #[error("a log of {old} entries cannot shrink to {new}")]
    Shrinks {
        /// The old size of the request.
        old: u64,
        /// The size of the checkpoint.
        new: u64,
    },
    /// The old size is not what the witness saw last: the log must ask again from there.
    #[error("this witness last saw {last} entries, not {asked}")]
    OtherOldSize {
        /// The size that the witness saw last, 0 if none.
        last: u64,
        /// The old size of the request.
        asked: u64,
    },
    /// **A fork**: the log signed two different trees of the same size.
    #[error("the log signed another tree of {size} entries before")]
    Fork {
        /// The size.
        size: u64,
        /// The root that the witness saw before.
        seen: Hash,
        /// The root of the checkpoint.
        claimed: Hash,
    },
    /// The proof does not show that the log only grew: it may have been rewritten. Or the proof,
    /// which nobody signs, was damaged on the way: ask the log once more before accusing it.
    #[error("the log does not show that it extends what this witness saw")]
    NotConsistent(#[from] VerifyConsistencyError),
}

impl Refusal {
    /// Whether the log is shown, or must be feared, to have rewritten its past; to be told to
    /// people, loudly, together with the request.
    pub const fn is_alarm(&self) -> bool {
        match self {
            Self::Fork { .. } | Self::NotConsistent(_) => true,
            Self::UnknownLog { .. }
            | Self::BadSignature(_)
            | Self::NotSigned
            | Self::Shrinks { .. }
            | Self::OtherOldSize { .. } => false,
        }
    }
}

/// A checkpoint that was found to extend the last head seen.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Approval<'r> {
    checkpoint: &'r SignedCheckpoint,
}

impl Approval<'_> {
    /// The head to store for this origin, durably and before the cosignature is given out, and
    /// only if the last head is still the one that was decided upon.
    pub const fn head(&self) -> TreeHead {
        self.checkpoint.checkpoint().head()
    }

    /// Signs the checkpoint with the time at which the witness saw it.
    pub fn cosign(self, cosigner: &Cosigner, time: Timestamp) -> Signature {
        cosigner.cosign(self.checkpoint.note().text(), time)
    }
}

/// Decides on a request, given the keys of the known logs and the last head that this witness
/// cosigned for the origin (nothing if none: the first head is taken on trust).
///
/// # Errors
/// One variant of [`Refusal`] for each reason, checked in the order of the variants.
pub fn decide<'r>(
    request: &'r AddCheckpoint,
    logs: &[VerifierKey],
    last: Option<TreeHead>,
) -> Result<Approval<'r>, Refusal> {
    let checkpoint = &request.checkpoint;
    let origin = checkpoint.checkpoint().origin();
    let keys: Vec<&VerifierKey> = logs
        .iter()
        .filter(|key| origin.is_named(key.name()))
        .collect();
    if keys.is_empty() {
        return Err(Refusal::UnknownLog {
            origin: origin.clone(),
        });
    }
    match checkpoint.note().verify(keys) {
        Ok(_) => {}
        Err(VerifyNoteError::Bad(bad)) => return Err(bad.into()),
        Err(VerifyNoteError::NoKnownSignature) => return Err(Refusal::NotSigned),
    }
    let (new, asked) = (checkpoint.checkpoint().head(), request.old_size);
    if asked > new.size() {
        return Err(Refusal::Shrinks {
            old: asked,
            new: new.size(),
        });
    }
    let last = last.unwrap_or(TreeHead::EMPTY);
    if asked != last.size() {
        return Err(Refusal::OtherOldSize {
            last: last.size(),
            asked,
        });
    }
    if asked == new.size() && last.root() != new.root() {
        let (size, seen, claimed) = (asked, last.root(), new.root());
        return Err(Refusal::Fork {
            size,
            seen,
            claimed,
        });
    }
    consistency::verify(asked, new.size(), last.root(), new.root(), &request.proof)?;
    Ok(Approval { checkpoint })
}

#[cfg(test)]
mod tests;
