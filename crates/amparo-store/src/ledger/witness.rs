//! Witnesses: cosigning the heads of other logs, and collecting cosignatures of this one.
//!
//! As a witness: a request is decided upon by [`amparo_tlog::witness::decide`] from the last head
//! that this ledger saw of that log; the new head is kept, synced, before the cosignature is
//! handed out. As a log: a request is made for the newest signed head, and an answer is added to
//! the stored head that it is of, if the policy names who made it.

use amparo_tlog::checkpoint::TreeHead;
use amparo_tlog::cosignature::Timestamp;
use amparo_tlog::key::{KeyKind, VerifierKey};
use amparo_tlog::reader::ReadTreeError;
use amparo_tlog::signature::Signature;
use amparo_tlog::witness::{AddCheckpoint, Refusal, TooManyHashes, decide};

use super::{Access, Ledger, Standing};
use crate::Random;
use crate::signing::key::{PrivateKey, WITNESS_KEY, witness_name};
use crate::signing::{Seen, SigningError, Stored};

/// A cosignature that may leave the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The line to send back.
    pub signature: Signature,
    /// The head that was cosigned.
    pub head: TreeHead,
    /// The last head seen before; `None` for the first, which is taken on trust.
    pub before: Option<TreeHead>,
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The ledger was opened to be read.
    #[error("the ledger is not open for writing")]
    NotWritable,
    /// This ledger may have forgotten what it saw.
    #[error("this ledger cannot vouch for what it saw: {0}")]
    Guarded(Standing),
    /// The request is refused.
    #[error("not cosigned: {0}")]
    Refused(#[source] Refusal),
    /// What is kept could not be read or written.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// This copy has no keys.
    #[error("this copy of the ledger has no keys")]
    NoKeys,
}

/// Why no request is made.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nothing is signed.
    #[error("no head of this log is signed")]
    NotSigned,
    /// The witness is said to have seen more than is signed.
    #[error("the newest signed head has {signed} entries, and the witness saw {seen}")]
    SeenMore {
        /// How many entries are signed.
        signed: u64,
        /// How many the witness saw.
        seen: u64,
    },
    /// The stored tiles cannot be read.
    #[error("the stored tiles cannot be read")]
    Tiles(#[from] ReadTreeError),
    /// The proof is too long.
    #[error(transparent)]
    Proof(#[from] TooManyHashes),
    /// What is kept could not be read.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// Why a cosignature is not added.
#[derive(Debug, thiserror::Error)]
pub enum AddCosignatureError {
    /// The ledger was opened to be read.
    #[error("the ledger is not open for writing")]
    NotWritable,
    /// No witness of the policy goes by the name and id of the line.
    #[error("policy.txt names no witness {0}")]
    UnknownWitness(String),
    /// The line is of none of the signed heads.
    #[error("the cosignature is false, or of none of this log's signed heads")]
    OfNoHead,
    /// The head has too many signatures.
    #[error("the signed head takes no more signatures")]
    Full,
    /// What is kept could not be read or written.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl Ledger {
    /// The key under which this ledger cosigns, made at the first call.
    ///
    /// # Errors
    /// [`WitnessError::NotWritable`], [`WitnessError::NoKeys`], [`WitnessError::Signing`].
    pub fn witness_key(&mut self, random: Random<'_>) -> Result<VerifierKey, WitnessError> {
        Ok(self.cosigning_key(random)?.verifier_key())
    }

    fn cosigning_key(&mut self, random: Random<'_>) -> Result<PrivateKey, WitnessError> {
        if self.access != Access::Write {
            return Err(WitnessError::NotWritable);
        }
        if let Some(key) = PrivateKey::read(&self.files, &self.folder, WITNESS_KEY)? {
            return Ok(key);
        }
        if self.vault.secret().is_none() {
            return Err(WitnessError::NoKeys);
        }
        let name = witness_name(self.id()).map_err(|_| WitnessError::NoKeys)?;
        let key = PrivateKey::draw(name, KeyKind::Cosignature, random);
        key.keep(&self.files, &self.folder, WITNESS_KEY)?;
        Ok(key)
    }

    fn seen(&self) -> Seen {
        Seen::new(self.files.clone(), &self.folder)
    }

    /// Knows the key of another log, whose heads are cosigned from now on; whether it was new.
    ///
    /// # Errors
    /// [`WitnessError::NotWritable`], [`WitnessError::Signing`].
    pub fn trust_log(&mut self, key: &VerifierKey) -> Result<bool, WitnessError> {
        match self.access {
            Access::Write => Ok(self.seen().trust(key)?),
            Access::Read => Err(WitnessError::NotWritable),
        }
    }

    /// The logs that this ledger is a witness for, with the last head it saw of each.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn witnessed(&self) -> Result<Vec<(VerifierKey, Option<TreeHead>)>, SigningError> {
        let all = self.seen().all()?.into_iter();
        Ok(all
            .map(|(key, last)| (key, last.map(|last| last.checkpoint().head())))
            .collect())
    }

    /// Cosigns the head of a request, if the log only grew since the last head seen.
    ///
    /// # Errors
    /// [`WitnessError`]; [`Refusal::is_alarm`] tells whether the log rewrote its past.
    pub fn cosign(
        &mut self,
        request: &AddCheckpoint,
        now: Timestamp,
        random: Random<'_>,
    ) -> Result<Cosigned, WitnessError> {
        let key = self.cosigning_key(random)?;
        if self.standing != Standing::Sound {
            return Err(WitnessError::Guarded(self.standing.clone()));
        }
        let seen = self.seen();
        let checkpoint = request.checkpoint();
        let logs = seen.logs()?;
        let before = seen.last(checkpoint.checkpoint().origin())?;
        let before = before.map(|before| before.checkpoint().head());
        let approval = decide(request, &logs, before).map_err(WitnessError::Refused)?;
        let head = approval.head();
        seen.keep(checkpoint)?;
        Ok(Cosigned {
            signature: approval.cosign(&key.cosigner(), now),
            head,
            before,
        })
    }

    /// Asks a witness that saw so many entries last to cosign the newest signed head.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask_witness(&self, seen: u64) -> Result<AddCheckpoint, AskError> {
        let newest = self.newest_checkpoint()?.ok_or(AskError::NotSigned)?;
        let signed = newest.checkpoint.checkpoint().head().size();
        if seen > signed {
            return Err(AskError::SeenMore { signed, seen });
        }
        let proof = self.tree().prove_consistency(seen, signed)?;
        Ok(AddCheckpoint::new(seen, proof, newest.checkpoint)?)
    }

    /// How many entries the newest signed head has that a witness cosigned; 0 for none.
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn last_cosigned_by(&self, witness: &VerifierKey) -> Result<u64, SigningError> {
        let cosigned = |stored: &Stored| {
            let mut signatures = stored.checkpoint.note().signatures().iter();
            signatures.any(|signature| signature.is_by(witness))
        };
        let stored = self.checkpoints()?;
        let last = stored.iter().rev().find(|stored| cosigned(stored));
        Ok(last.map_or(0, |stored| stored.checkpoint.checkpoint().head().size()))
    }

    /// Adds an answer to the signed head that it is of, durably.
    ///
    /// # Errors
    /// [`AddCosignatureError`].
    pub fn add_cosignature(&mut self, signature: Signature) -> Result<Stored, AddCosignatureError> {
        if self.access != Access::Write {
            return Err(AddCosignatureError::NotWritable);
        }
        let unknown = || AddCosignatureError::UnknownWitness(signature.name().to_string());
        let (policy, _) = self.policy()?.ok_or_else(unknown)?;
        let key = policy.witness_keys().find(|key| signature.is_by(key));
        let key = key.ok_or_else(unknown)?;
        let is_of = |stored: &Stored| {
            key.verify(stored.checkpoint.note().text(), signature.bytes())
                .is_ok()
        };
        let stored = self.checkpoints()?.into_iter().rev().find(is_of);
        let mut stored = stored.ok_or(AddCosignatureError::OfNoHead)?;
        let added = stored.checkpoint.add(signature);
        added.map_err(|_| AddCosignatureError::Full)?;
        self.book.keep_here(&stored.checkpoint)?;
        Ok(stored)
    }
}
