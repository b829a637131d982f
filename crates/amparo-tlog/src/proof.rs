//! Proof files (C2SP tlog-proof): an entry's place in the log, to be checked without the log.
//!
//! Refuses to carry the entry itself: whoever checks brings its bytes. Invariant: what verifies
//! is this one entry, at this index, under a checkpoint that the policy accepts; the extra data
//! is proven by nothing.

use std::fmt;

use thiserror::Error;

use crate::checkpoint::{ParseSignedCheckpointError, SignedCheckpoint};
use crate::inclusion::{self, MAX_INCLUSION_PROOF_LEN, VerifyInclusionError};
use crate::key::BadSignature;
use crate::line;
use crate::merkle::Hash;
use crate::note::MAX_NOTE_LEN;
use crate::policy::{Level, Policy, Verdict};

/// Most extra data of a proof file in bytes.
pub const MAX_EXTRA_LEN: usize = 1024 * 1024;

/// Longest proof file in bytes.
pub const MAX_PROOF_FILE_LEN: usize =
    MAX_EXTRA_LEN.div_ceil(3) * 4 + MAX_INCLUSION_PROOF_LEN * 45 + MAX_NOTE_LEN + 100;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// That an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    inclusion: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Why parts do not make a proof file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogProofError {
    /// More extra data than [`MAX_EXTRA_LEN`].
    #[error("a proof has at most {MAX_EXTRA_LEN} bytes of extra data, not {found}")]
    ExtraTooLong {
        /// Length in bytes.
        found: usize,
    },
    /// More hashes than [`MAX_INCLUSION_PROOF_LEN`].
    #[error("a proof has at most {MAX_INCLUSION_PROOF_LEN} hashes, not {found}")]
    TooManyHashes {
        /// Number of hashes.
        found: usize,
    },
}

/// Why bytes are not a proof file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseLogProofError {
    /// The file is longer than [`MAX_PROOF_FILE_LEN`].
    #[error("a proof has at most {MAX_PROOF_FILE_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// The first line is not that of the format and version.
    #[error("the first line is not {HEADER}")]
    Header,
    /// No empty line between the proof and the checkpoint.
    #[error("no empty line before the checkpoint")]
    NoEmptyLine,
    /// The extra data is not base64.
    #[error("the extra data is not base64")]
    Extra,
    /// No line `index <decimal>` where it belongs.
    #[error("the line of the index is missing or malformed")]
    Index,
    /// A line of the proof is not the base64 of a hash.
    #[error("hash {number} of the proof is not the base64 of 32 bytes")]
    Hash {
        /// Number among the hashes, from 1.
        number: usize,
    },
    /// A part is past its limit.
    #[error("a part of the proof is too long")]
    Parts(#[from] LogProofError),
    /// What follows the empty line is not a checkpoint.
    #[error("the proof has no usable checkpoint")]
    Checkpoint(#[from] ParseSignedCheckpointError),
}

/// Why an entry is not shown to be in the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyLogProofError {
    /// A line under the name of a trusted key is false.
    #[error("a signature of the checkpoint is false")]
    Signature(#[from] BadSignature),
    /// The policy does not accept the checkpoint.
    #[error("the policy does not accept the checkpoint, which is {level}")]
    NotAccepted {
        /// How far the checkpoint got.
        level: Level,
    },
    /// The entry is not under the checkpoint at that index.
    #[error("the entry is not in the log at this index")]
    Inclusion(#[from] VerifyInclusionError),
}

impl LogProof {
    /// Puts a proof together: `index` from 0, `inclusion` as
    /// [`crate::reader::TreeReader::prove_inclusion`] gives it for the size of the checkpoint.
    ///
    /// # Errors
    /// [`LogProofError`] past a limit.
    pub fn new(
        index: u64,
        inclusion: Vec<Hash>,
        checkpoint: SignedCheckpoint,
        extra: Option<Vec<u8>>,
    ) -> Result<Self, LogProofError> {
        if inclusion.len() > MAX_INCLUSION_PROOF_LEN {
            return Err(LogProofError::TooManyHashes {
                found: inclusion.len(),
            });
        }
        match extra.as_ref().map(Vec::len) {
            Some(found) if found > MAX_EXTRA_LEN => Err(LogProofError::ExtraTooLong { found }),
            Some(_) | None => Ok(Self {
                extra,
                index,
                inclusion,
                checkpoint,
            }),
        }
    }

    /// Reads a proof file without checking anything but its form.
    ///
    /// # Errors
    /// One variant of [`ParseLogProofError`] for each fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseLogProofError> {
        if bytes.len() > MAX_PROOF_FILE_LEN {
            return Err(ParseLogProofError::TooLong { found: bytes.len() });
        }
        if !bytes.starts_with(HEADER.as_bytes()) {
            return Err(ParseLogProofError::Header);
        }
        let (lines, checkpoint) =
            line::split_at_empty_line(bytes).ok_or(ParseLogProofError::NoEmptyLine)?;
        let mut lines = lines.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ParseLogProofError::Header);
        }
        let extra = match lines.next_if(|line| line.starts_with("extra")) {
            Some(text) => {
                let data = text.strip_prefix("extra ").and_then(line::from_base64);
                Some(data.ok_or(ParseLogProofError::Extra)?)
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|text| line::decimal(text.strip_prefix("index ")?))
            .ok_or(ParseLogProofError::Index)?;
        let inclusion = (1..)
            .zip(lines)
            .map(|(number, text)| line::hash(text).ok_or(ParseLogProofError::Hash { number }))
            .collect::<Result<_, _>>()?;
        let checkpoint = SignedCheckpoint::parse(checkpoint)?;
        Ok(Self::new(index, inclusion, checkpoint, extra)?)
    }

    /// Position of the entry, from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Sibling hashes from the leaf up.
    pub fn inclusion(&self) -> &[Hash] {
        &self.inclusion
    }

    /// The head under which the entry stands.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Data for the application. Nothing vouches for it: whoever passes the file on can change it.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Checks that the policy accepts the checkpoint, and that the entry hashed to `leaf` stands
    /// under it at the index.
    ///
    /// # Errors
    /// [`VerifyLogProofError::Signature`], [`VerifyLogProofError::NotAccepted`],
    /// [`VerifyLogProofError::Inclusion`], in this order.
    pub fn verify(&self, leaf: Hash, policy: &Policy) -> Result<Verdict, VerifyLogProofError> {
        let verdict = policy.assess(&self.checkpoint)?;
        if !verdict.is_accepted() {
            return Err(VerifyLogProofError::NotAccepted {
                level: verdict.level(),
            });
        }
        let head = self.checkpoint.checkpoint().head();
        inclusion::verify(leaf, self.index, head.size(), &self.inclusion, head.root())?;
        Ok(verdict)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", line::base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        line::write_hashes(f, &self.inclusion)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Checkpoint, TreeHead};
    use crate::note::{NoteSigner, ParseNoteError};
    use crate::origin::Origin;
    use crate::test_tree::{TestTree, leaf};

    fn signer() -> NoteSigner {
        NoteSigner::from_seed("example.com/ledger".parse().unwrap(), &[3; 32])
    }

    fn policy() -> Policy {
        Policy::parse(format!("log {}\nquorum none\n", signer().verifier_key()).as_bytes()).unwrap()
    }

    fn proof_of(index: u64, extra: Option<&[u8]>) -> LogProof {
        let tree = TestTree::of(600);
        let mut reader = tree.reader(600);
        let head = TreeHead::from(&reader.frontier(600).unwrap());
        let checkpoint = Checkpoint::new(Origin::from(signer().name()), head);
        let signed = SignedCheckpoint::sign(checkpoint, &signer()).unwrap();
        let inclusion = reader.prove_inclusion(index, 600).unwrap();
        LogProof::new(index, inclusion, signed, extra.map(<[u8]>::to_vec)).unwrap()
    }

    #[test]
    fn a_proof_survives_its_file_and_verifies_alone() {
        for (index, extra) in [(0, None), (255, Some(&b""[..])), (599, Some(b"\x00more"))] {
            let proof = proof_of(index, extra);
            let file = proof.to_string();
            let read = LogProof::parse(file.as_bytes()).unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.to_string(), file);
            assert_eq!((read.index(), read.extra()), (index, extra));
            let verdict = read.verify(leaf(index), &policy()).unwrap();
            assert_eq!(verdict.level(), Level::Signed);
        }
    }

    #[test]
    fn a_proof_of_something_else_does_not_verify() {
        let proof = proof_of(7, None);
        let other_leaf = proof.verify(leaf(8), &policy());
        assert!(matches!(
            other_leaf,
            Err(VerifyLogProofError::Inclusion(
                VerifyInclusionError::OtherRoot { .. }
            ))
        ));
        let moved = LogProof {
            index: 6,
            ..proof.clone()
        };
        assert!(moved.verify(leaf(7), &policy()).is_err());

        let stranger = NoteSigner::from_seed(signer().name().clone(), &[4; 32]).verifier_key();
        let stranger = format!("log {stranger}\nquorum none\n");
        let stranger = Policy::parse(stranger.as_bytes()).unwrap();
        let level = Level::Unsigned;
        let refused = Err(VerifyLogProofError::NotAccepted { level });
        assert_eq!(proof.verify(leaf(7), &stranger), refused);

        let larger = proof.to_string().replace("\n600\n", "\n601\n");
        let bad = BadSignature {
            name: signer().name().clone(),
        };
        let read = LogProof::parse(larger.as_bytes()).unwrap();
        assert_eq!(
            read.verify(leaf(7), &policy()),
            Err(VerifyLogProofError::Signature(bad))
        );
    }

    #[test]
    fn each_fault_of_form_has_its_name() {
        let file = proof_of(7, Some(b"x")).to_string();
        let hash = |number| ParseLogProofError::Hash { number };
        let with = |from: &str, to: &str| {
            assert!(file.contains(from));
            file.replacen(from, to, 1)
        };
        let first_hash = file.lines().nth(3).unwrap();
        let note = ParseSignedCheckpointError::Note(ParseNoteError::NoSignatures);
        let cases = [
            (String::new(), ParseLogProofError::Header),
            (with("@v1", "@v2"), ParseLogProofError::Header),
            (with("@v1", "@v1 "), ParseLogProofError::Header),
            (HEADER.to_owned(), ParseLogProofError::NoEmptyLine),
            (with("eA==", "e?=="), ParseLogProofError::Extra),
            (with("extra ", "extra"), ParseLogProofError::Extra),
            (with("extra ", "other "), ParseLogProofError::Index),
            (with("index 7\n", ""), ParseLogProofError::Index),
            (with("index 7", "index 07"), ParseLogProofError::Index),
            (with("index 7", "index -7"), ParseLogProofError::Index),
            (with("index 7\n", "index 7\nextra eA==\n"), hash(1)),
            (with(first_hash, "AAAA"), hash(1)),
            (format!("{HEADER}\nindex 0\n\ncheckpoint\n"), note.into()),
        ];
        for (file, error) in cases {
            assert_eq!(LogProof::parse(file.as_bytes()), Err(error), "{file}");
        }
        let found = MAX_PROOF_FILE_LEN + 1;
        let long = LogProof::parse(&vec![b'a'; found]);
        assert_eq!(long, Err(ParseLogProofError::TooLong { found }));
        let crowded = with(first_hash, format!("{first_hash}\n").repeat(60).trim_end());
        let found = proof_of(7, None).inclusion.len() + 59;
        let parts = LogProofError::TooManyHashes { found };
        assert_eq!(LogProof::parse(crowded.as_bytes()), Err(parts.into()));
    }

    #[test]
    fn the_longest_proof_fits_the_longest_file() {
        let checkpoint = proof_of(0, None).checkpoint;
        let make = |extra, hashes| {
            LogProof::new(
                u64::MAX,
                vec![leaf(0); hashes],
                checkpoint.clone(),
                Some(vec![0; extra]),
            )
        };
        let longest = make(MAX_EXTRA_LEN, MAX_INCLUSION_PROOF_LEN).unwrap();
        assert_eq!(LogProof::parse(longest.to_string().as_bytes()), Ok(longest));
        let found = MAX_EXTRA_LEN + 1;
        assert_eq!(make(found, 0), Err(LogProofError::ExtraTooLong { found }));
        assert_eq!(make(0, 65), Err(LogProofError::TooManyHashes { found: 65 }));
    }
}
