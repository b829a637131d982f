//! Checkpoints (C2SP tlog-checkpoint): the head of a log as a signed note.
//!
//! Refuses short hashes, zeros in front and empty extension lines, so that a checkpoint has one
//! spelling. Invariant: the text of the note of a [`SignedCheckpoint`] is the printed form of
//! its [`Checkpoint`].

use std::fmt;

use thiserror::Error;

use crate::key::KeyName;
use crate::line;
use crate::merkle::{EMPTY_ROOT, Frontier, Hash, MAX_TREE_SIZE};
use crate::note::{AddSignatureError, Note, NoteSigner, ParseNoteError, SignNoteError};
use crate::origin::{Origin, OriginError};
use crate::signature::Signature;

/// Most extension lines of a checkpoint.
pub const MAX_EXTENSION_LINES: usize = 16;

/// Size and root of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    size: u64,
    root: Hash,
}

/// Why a size is not one of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a tree has at most {MAX_TREE_SIZE} leaves")]
pub struct TreeSizeError;

impl TreeHead {
    /// The head of every log before its first entry.
    pub const EMPTY: Self = Self {
        size: 0,
        root: EMPTY_ROOT,
    };

    /// Pairs a size with a root.
    ///
    /// # Errors
    /// [`TreeSizeError`] past [`MAX_TREE_SIZE`].
    pub const fn new(size: u64, root: Hash) -> Result<Self, TreeSizeError> {
        if size > MAX_TREE_SIZE {
            Err(TreeSizeError)
        } else {
            Ok(Self { size, root })
        }
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    pub const fn root(&self) -> Hash {
        self.root
    }
}

impl From<&Frontier> for TreeHead {
    fn from(frontier: &Frontier) -> Self {
        Self {
            size: frontier.size(),
            root: frontier.root(),
        }
    }
}

/// The body of a checkpoint, not yet signed or not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    head: TreeHead,
    extensions: Vec<String>,
}

/// Why a text is not the body of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseCheckpointError {
    /// Fewer than three lines, or no newline at the end.
    #[error("a checkpoint has an origin, a size and a root, each on a line")]
    Lines,
    /// The first line is not an origin.
    #[error("the checkpoint has no usable origin")]
    Origin(#[from] OriginError),
    /// The second line is not a size.
    #[error("the size is not a decimal of at most {MAX_TREE_SIZE}")]
    Size,
    /// The third line is not the base64 of 32 bytes.
    #[error("the root is not the base64 of a hash")]
    Root,
    /// An extension line is empty.
    #[error("extension line {number} is empty")]
    EmptyExtension {
        /// Number among the extension lines, from 1.
        number: usize,
    },
    /// More extension lines than [`MAX_EXTENSION_LINES`].
    #[error("a checkpoint has at most {MAX_EXTENSION_LINES} extension lines, not {found}")]
    TooManyExtensions {
        /// Number of extension lines.
        found: usize,
    },
}

impl Checkpoint {
    /// States the head of a log.
    pub const fn new(origin: Origin, head: TreeHead) -> Self {
        Self {
            origin,
            head,
            extensions: Vec::new(),
        }
    }

    /// Reads the body of a checkpoint, as it stands before the empty line of the note.
    ///
    /// # Errors
    /// One variant of [`ParseCheckpointError`] for each fault.
    pub fn parse(text: &str) -> Result<Self, ParseCheckpointError> {
        let mut lines = text
            .strip_suffix('\n')
            .ok_or(ParseCheckpointError::Lines)?
            .split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(ParseCheckpointError::Lines);
        };
        let origin = origin.parse()?;
        let size = line::decimal(size).ok_or(ParseCheckpointError::Size)?;
        let root = line::hash(root).ok_or(ParseCheckpointError::Root)?;
        let head = TreeHead::new(size, root).map_err(|_| ParseCheckpointError::Size)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.len() > MAX_EXTENSION_LINES {
            return Err(ParseCheckpointError::TooManyExtensions {
                found: extensions.len(),
            });
        }
        match extensions.iter().position(String::is_empty) {
            Some(at) => Err(ParseCheckpointError::EmptyExtension { number: at + 1 }),
            None => Ok(Self {
                origin,
                head,
                extensions,
            }),
        }
    }

    /// Identity of the log.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Size and root.
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// Lines after the third, each without its newline. Opaque: they say nothing about the tree.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl fmt::Display for Checkpoint {
    /// Writes the body, each line with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = line::base64(self.head.root.as_ref());
        writeln!(f, "{}\n{}\n{root}", self.origin, self.head.size)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A checkpoint with its signatures.
///
/// ```
/// use amparo_tlog::checkpoint::{Checkpoint, SignedCheckpoint, TreeHead};
/// use amparo_tlog::merkle::Frontier;
/// use amparo_tlog::note::NoteSigner;
/// use amparo_tlog::origin::Origin;
///
/// let signer = NoteSigner::from_seed("example.com/ledger".parse()?, &[42; 32]);
/// let head = TreeHead::from(&Frontier::new());
/// let checkpoint = Checkpoint::new(Origin::from(signer.name()), head);
/// let signed = SignedCheckpoint::sign(checkpoint, &signer)?;
/// assert_eq!(SignedCheckpoint::parse(signed.to_string().as_bytes())?, signed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why bytes are not a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseSignedCheckpointError {
    /// The bytes are not a note.
    #[error("the checkpoint is not a note")]
    Note(#[from] ParseNoteError),
    /// The text of the note is not the body of a checkpoint.
    #[error("the note is not a checkpoint")]
    Body(#[from] ParseCheckpointError),
}

/// Why a checkpoint is not signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignCheckpointError {
    /// The key is not named as the log.
    #[error("{name} does not sign for {origin}")]
    OtherOrigin {
        /// Name of the key.
        name: KeyName,
        /// Identity of the log.
        origin: Origin,
    },
    /// The body cannot be signed.
    #[error("the checkpoint cannot be signed")]
    Note(#[from] SignNoteError),
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the key of its log. Whether it extends what was signed before is
    /// for the caller to check first ([`crate::consistency`]).
    ///
    /// # Errors
    /// [`SignCheckpointError::OtherOrigin`] when the key is named otherwise,
    /// [`SignCheckpointError::Note`] when the extension lines are too long.
    pub fn sign(checkpoint: Checkpoint, signer: &NoteSigner) -> Result<Self, SignCheckpointError> {
        if !checkpoint.origin.is_named(signer.name()) {
            let (name, origin) = (signer.name().clone(), checkpoint.origin);
            return Err(SignCheckpointError::OtherOrigin { name, origin });
        }
        let note = Note::sign(checkpoint.to_string(), signer)?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a signed checkpoint without checking any signature: see [`crate::policy`].
    ///
    /// # Errors
    /// [`ParseSignedCheckpointError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseSignedCheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { checkpoint, note })
    }

    /// What is signed. Not to be believed before the note was verified.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note it is: text and signatures.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature, such as the cosignature of a witness.
    ///
    /// # Errors
    /// As [`Note::add`].
    pub fn add(&mut self, signature: Signature) -> Result<(), AddSignatureError> {
        self.note.add(signature)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn a_checkpoint_prints_as_it_was_read() {
        let bodies = [
            format!("example.com/log\n0\n{ROOT}\n"),
            format!("go.sum database tree\n9223372036854775807\n{ROOT}\n"),
            format!("o\n7\n{ROOT}\n{}", "ext\n".repeat(MAX_EXTENSION_LINES)),
        ];
        for body in bodies {
            let read = Checkpoint::parse(&body).unwrap();
            assert_eq!(read.to_string(), body);
        }
        let head = TreeHead::from(&Frontier::new());
        assert_eq!((head.size(), head.root()), (0, EMPTY_ROOT));
        let made = Checkpoint::new("o".parse().unwrap(), head);
        assert_eq!(made.to_string(), format!("o\n0\n{ROOT}\n"));
        assert_eq!(made.extensions(), &[] as &[String]);
    }

    #[test]
    fn each_fault_of_a_body_has_its_name() {
        let many = "e\n".repeat(MAX_EXTENSION_LINES + 1);
        let cases = [
            (String::new(), ParseCheckpointError::Lines),
            ("o\n1\n".to_owned(), ParseCheckpointError::Lines),
            (format!("o\n1\n{ROOT}"), ParseCheckpointError::Lines),
            (format!("\n1\n{ROOT}\n"), OriginError::Empty.into()),
            (
                format!("o\u{7f}\n1\n{ROOT}\n"),
                OriginError::ControlCharacter.into(),
            ),
            (format!("o\n01\n{ROOT}\n"), ParseCheckpointError::Size),
            (format!("o\n-1\n{ROOT}\n"), ParseCheckpointError::Size),
            (
                format!("o\n9223372036854775808\n{ROOT}\n"),
                ParseCheckpointError::Size,
            ),
            ("o\n1\nAAAA\n".to_owned(), ParseCheckpointError::Root),
            (
                format!("o\n1\n{ROOT}\n\n"),
                ParseCheckpointError::EmptyExtension { number: 1 },
            ),
            (
                format!("o\n1\n{ROOT}\ne\n\n"),
                ParseCheckpointError::EmptyExtension { number: 2 },
            ),
            (
                format!("o\n1\n{ROOT}\n{many}"),
                ParseCheckpointError::TooManyExtensions {
                    found: MAX_EXTENSION_LINES + 1,
                },
            ),
        ];
        for (body, error) in cases {
            assert_eq!(Checkpoint::parse(&body), Err(error), "{body:?}");
        }
        assert_eq!(
            TreeHead::new(MAX_TREE_SIZE + 1, EMPTY_ROOT),
            Err(TreeSizeError)
        );
    }

    #[test]
    fn a_log_signs_only_under_its_own_name() {
        let signer = NoteSigner::from_seed("a.example".parse().unwrap(), &[1; 32]);
        let head = TreeHead::new(0, EMPTY_ROOT).unwrap();
        let other = Checkpoint::new("b.example".parse().unwrap(), head);
        let (name, origin) = (signer.name().clone(), other.origin().clone());
        let refused = Err(SignCheckpointError::OtherOrigin { name, origin });
        assert_eq!(SignedCheckpoint::sign(other, &signer), refused);

        let long = format!(
            "a.example\n0\n{ROOT}\n{}\n",
            "x".repeat(crate::note::MAX_NOTE_LEN)
        );
        let refused = SignedCheckpoint::sign(Checkpoint::parse(&long).unwrap(), &signer);
        let found = long.len();
        assert_eq!(
            refused,
            Err(SignCheckpointError::Note(SignNoteError::TooLong { found }))
        );
    }

    #[test]
    fn a_signed_checkpoint_is_a_note_and_a_body() {
        let signer = NoteSigner::from_seed("a.example".parse().unwrap(), &[1; 32]);
        let body = Checkpoint::new(
            Origin::from(signer.name()),
            TreeHead::from(&Frontier::new()),
        );
        let signed = SignedCheckpoint::sign(body, &signer).unwrap();
        assert_eq!(
            signed
                .note()
                .verify([&signer.verifier_key()])
                .map(|keys| keys.len()),
            Ok(1)
        );
        let note = SignedCheckpoint::parse(b"a.example\n");
        assert_eq!(note, Err(ParseNoteError::NoSignatures.into()));
        let text = Note::sign("a.example\n", &signer).unwrap().to_string();
        let body = SignedCheckpoint::parse(text.as_bytes());
        assert_eq!(body, Err(ParseCheckpointError::Lines.into()));
    }
}
