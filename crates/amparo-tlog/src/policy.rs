//! Trust policies (C2SP tlog-policy): which logs and witnesses count, and how many must sign.
//!
//! Refuses to choose for anybody: the policy is the verifier's own, never part of what is
//! verified. Invariant: each key stands in it once, and each witness counts towards the quorum
//! in one way only, so no signer can count twice.

use std::fmt;

use thiserror::Error;

use crate::checkpoint::SignedCheckpoint;
use crate::cosignature::Timestamp;
use crate::key::{BadSignature, KeyKind, KeyName, VerifierKey};
use crate::note::VerifyNoteError;
use crate::origin::Origin;

mod file;

pub use file::{
    MAX_POLICY_GROUPS, MAX_POLICY_LEN, MAX_POLICY_LOGS, MAX_POLICY_WITNESSES, ParsePolicyError,
    PolicyFault,
};

/// The name of a witness or group inside a policy: bytes without spaces and control characters,
/// not always UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName(Vec<u8>);

impl PolicyName {
    /// Shows the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for PolicyName {
    /// Writes the name as text, with a replacement character for what is not UTF-8.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Witness {
    name: PolicyName,
    key: VerifierKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: PolicyName,
    threshold: usize,
    members: Vec<Member>,
}

/// A witness or an earlier group, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    None,
    Of(Member),
}

/// Which logs and witnesses are trusted, and how many of them must have signed.
///
/// ```
/// use amparo_tlog::note::NoteSigner;
/// use amparo_tlog::policy::Policy;
///
/// let log = NoteSigner::from_seed("example.com/ledger".parse()?, &[42; 32]).verifier_key();
/// let policy = Policy::parse(format!("log {log}\nquorum none\n").as_bytes())?;
/// assert_eq!((policy.logs(), policy.witness_count()), (&[log][..], 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

/// How far a checkpoint got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// No trusted key of the log signed it.
    Unsigned,
    /// The log signed it; no witness did.
    Signed,
    /// The log signed it, and so did witnesses.
    Cosigned {
        /// Number of witnesses of the policy that signed, at least 1.
        witnesses: usize,
        /// Number of witnesses in the policy.
        of: usize,
    },
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("unsigned"),
            Self::Signed => f.write_str("signed"),
            Self::Cosigned { witnesses, of } => write!(f, "cosigned {witnesses} of {of}"),
        }
    }
}

/// A witness that signed, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignedBy {
    /// Its name in the policy.
    pub name: PolicyName,
    /// The name it signs as.
    pub key_name: KeyName,
    /// The time it states.
    pub time: Timestamp,
}

/// What a policy says of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    log_signed: bool,
    cosigned_by: Vec<CosignedBy>,
    witness_count: usize,
    quorum_met: bool,
}

impl Verdict {
    /// Whether the log signed and the quorum of witnesses was met. Nothing less is proof of
    /// anything.
    pub const fn is_accepted(&self) -> bool {
        self.log_signed && self.quorum_met
    }

    /// Whether enough witnesses signed, whatever the log did.
    pub const fn is_quorum_met(&self) -> bool {
        self.quorum_met
    }

    /// How far the checkpoint got; it may be cosigned and still miss the quorum.
    pub const fn level(&self) -> Level {
        match (self.log_signed, self.cosigned_by.len()) {
            (false, _) => Level::Unsigned,
            (true, 0) => Level::Signed,
            (true, witnesses) => Level::Cosigned {
                witnesses,
                of: self.witness_count,
            },
        }
    }

    /// The witnesses that signed, in the order of the policy.
    pub fn cosigned_by(&self) -> &[CosignedBy] {
        &self.cosigned_by
    }
}

/// Why a log is not added to a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddLogError {
    /// The policy has [`MAX_POLICY_LOGS`] already.
    #[error("a policy has at most {MAX_POLICY_LOGS} logs")]
    TooMany,
    /// The key is that of a witness.
    #[error("this is no key of a log")]
    Kind,
    /// The public key stands in the policy already.
    #[error("the public key is in the policy already")]
    Duplicate,
}

impl Policy {
    /// Trusts one log and asks for no witness.
    ///
    /// # Errors
    /// [`AddLogError::Kind`] when the key is that of a witness.
    pub fn of_log(key: VerifierKey) -> Result<Self, AddLogError> {
        let (logs, witnesses, groups) = (Vec::new(), Vec::new(), Vec::new());
        let mut policy = Self {
            logs,
            witnesses,
            groups,
            quorum: Quorum::None,
        };
        policy.add_log(key)?;
        Ok(policy)
    }

    /// Trusts one more log, such as the one that is known from elsewhere.
    ///
    /// # Errors
    /// One variant of [`AddLogError`] for each reason.
    pub fn add_log(&mut self, key: VerifierKey) -> Result<(), AddLogError> {
        push_log(&mut self.logs, key)
    }

    /// The keys of the trusted logs.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The keys of the witnesses, in the order of the policy.
    pub fn witness_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.witnesses.iter().map(|witness| &witness.key)
    }

    /// Number of witnesses.
    pub const fn witness_count(&self) -> usize {
        self.witnesses.len()
    }

    /// Says who signed a checkpoint. Keys of logs with another name than its origin do not count.
    ///
    /// # Errors
    /// [`BadSignature`] when a line under the name and id of a key that counts is false.
    pub fn assess(&self, checkpoint: &SignedCheckpoint) -> Result<Verdict, BadSignature> {
        let origin: &Origin = checkpoint.checkpoint().origin();
        let logs = self.logs.iter().filter(|log| origin.is_named(log.name()));
        let known = logs.chain(self.witnesses.iter().map(|witness| &witness.key));
        let signed = match checkpoint.note().verify(known) {
            Ok(signed) => signed,
            Err(VerifyNoteError::NoKnownSignature) => Vec::new(),
            Err(VerifyNoteError::Bad(bad)) => return Err(bad),
        };
        let times: Vec<Option<Timestamp>> = self
            .witnesses
            .iter()
            .map(|witness| {
                signed
                    .iter()
                    .find(|by| *by.key == witness.key)
                    .and_then(|by| by.time)
            })
            .collect();
        let cosigned_by = self
            .witnesses
            .iter()
            .zip(&times)
            .filter_map(|(witness, time)| {
                let (name, key_name) = (witness.name.clone(), witness.key.name().clone());
                time.map(|time| CosignedBy {
                    name,
                    key_name,
                    time,
                })
            });
        Ok(Verdict {
            log_signed: signed.iter().any(|by| by.key.kind() == KeyKind::Note),
            cosigned_by: cosigned_by.collect(),
            witness_count: self.witnesses.len(),
            quorum_met: self.is_met(&times),
        })
    }

    fn is_met(&self, times: &[Option<Timestamp>]) -> bool {
        let Quorum::Of(quorum) = self.quorum else {
            return true;
        };
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let has_signed = |groups: &[bool], member: &Member| match *member {
            Member::Witness(at) => times.get(at).is_some_and(Option::is_some),
            Member::Group(at) => groups.get(at).copied().unwrap_or(false),
        };
        // A group names only earlier groups, so each finds its members decided.
        for group in &self.groups {
            let signed = group
                .members
                .iter()
                .filter(|member| has_signed(&groups, member))
                .count();
            groups.push(signed >= group.threshold);
        }
        has_signed(&groups, &quorum)
    }
}

fn push_log(logs: &mut Vec<VerifierKey>, key: VerifierKey) -> Result<(), AddLogError> {
    if logs.len() >= MAX_POLICY_LOGS {
        return Err(AddLogError::TooMany);
    }
    if key.kind() != KeyKind::Note {
        return Err(AddLogError::Kind);
    }
    if logs.iter().any(|log| log.public_key() == key.public_key()) {
        return Err(AddLogError::Duplicate);
    }
    logs.push(key);
    Ok(())
}

#[cfg(test)]
mod tests;
