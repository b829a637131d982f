//! Signed notes (C2SP signed-note): a text and the lines of those who signed it.
//!
//! Refuses to call a text genuine by itself: parsing proves nothing, [`Note::verify`] does.
//! Invariant: a note prints as the bytes it was parsed from.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use thiserror::Error;

use crate::cosignature::Timestamp;
use crate::key::{BadSignature, KEY_LEN, KeyKind, KeyName, VerifierKey};
use crate::signature::{Signature, SignatureLineError};

/// Longest note in bytes, signatures included.
pub const MAX_NOTE_LEN: usize = 128 * 1024;

/// Most signatures on a note.
pub const MAX_NOTE_SIGNATURES: usize = 64;

/// The key of a log. It is wiped from memory when dropped.
pub struct NoteSigner {
    name: KeyName,
    key: SigningKey,
}

impl NoteSigner {
    /// Takes the seed of an Ed25519 key.
    pub fn from_seed(name: KeyName, seed: &[u8; KEY_LEN]) -> Self {
        Self {
            name,
            key: SigningKey::from_bytes(seed),
        }
    }

    /// Name it signs as.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The public half, to hand to those who trust this log.
    pub fn verifier_key(&self) -> VerifierKey {
        VerifierKey::of(self.name.clone(), KeyKind::Note, self.key.verifying_key())
    }

    fn sign(&self, text: &str) -> Signature {
        let signed = self.key.sign(text.as_bytes());
        Signature::of(&self.verifier_key(), signed.to_bytes().to_vec())
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.verifier_key())
    }
}

/// A text with its signatures, at least one.
///
/// ```
/// use amparo_tlog::note::{Note, NoteSigner};
///
/// let signer = NoteSigner::from_seed("example.com/demo".parse()?, &[42; 32]);
/// let note = Note::sign("All is well.\n", &signer)?;
/// let read = Note::parse(note.to_string().as_bytes())?;
/// assert_eq!(read.verify(&[signer.verifier_key()])?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// Why bytes are not a note.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseNoteError {
    /// The note is longer than [`MAX_NOTE_LEN`].
    #[error("a note has at most {MAX_NOTE_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// The bytes are not UTF-8.
    #[error("a note is UTF-8")]
    NotUtf8,
    /// A control character other than the newline.
    #[error("a note has no control characters")]
    ControlCharacter,
    /// No empty line followed by signatures, or no newline at the end.
    #[error("a note ends in an empty line and signatures, each with a newline")]
    NoSignatures,
    /// More signatures than [`MAX_NOTE_SIGNATURES`].
    #[error("a note has at most {MAX_NOTE_SIGNATURES} signatures, not {found}")]
    TooManySignatures {
        /// Number of lines after the text.
        found: usize,
    },
    /// A line after the text is not a signature.
    #[error("line {number} after the text of the note is not a signature")]
    Line {
        /// Number of the line among the signatures, from 1.
        number: usize,
        /// What is wrong.
        #[source]
        cause: SignatureLineError,
    },
}

/// Why a text cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignNoteError {
    /// The text does not end in a newline.
    #[error("the text of a note ends in a newline")]
    Unterminated,
    /// A control character other than the newline.
    #[error("a note has no control characters")]
    ControlCharacter,
    /// The text leaves no room for signatures within [`MAX_NOTE_LEN`].
    #[error("the text of a note has at most {} bytes, not {found}", MAX_NOTE_LEN / 2)]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
}

/// Why a signature cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddSignatureError {
    /// The note has [`MAX_NOTE_SIGNATURES`] already.
    #[error("a note has at most {MAX_NOTE_SIGNATURES} signatures")]
    TooMany,
    /// The note would be longer than [`MAX_NOTE_LEN`].
    #[error("a note has at most {MAX_NOTE_LEN} bytes")]
    TooLong,
}

/// Why a note is not taken for genuine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyNoteError {
    /// A line under the name and id of a known key was not made by that key.
    #[error("a signature of a known key is false")]
    Bad(#[from] BadSignature),
    /// None of the known keys signed.
    #[error("no known key signed the note")]
    NoKnownSignature,
}

/// A known key that signed, and when if it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// The time that a cosignature states.
    pub time: Option<Timestamp>,
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

impl Note {
    /// Signs a text.
    ///
    /// # Errors
    /// One variant of [`SignNoteError`] for each fault of the text.
    pub fn sign(text: impl Into<String>, signer: &NoteSigner) -> Result<Self, SignNoteError> {
        let text = text.into();
        if text.len() > MAX_NOTE_LEN / 2 {
            return Err(SignNoteError::TooLong { found: text.len() });
        }
        if !text.ends_with('\n') {
            return Err(SignNoteError::Unterminated);
        }
        if has_control(&text) {
            return Err(SignNoteError::ControlCharacter);
        }
        let signatures = vec![signer.sign(&text)];
        Ok(Self { text, signatures })
    }

    /// Reads a note without checking any signature.
    ///
    /// # Errors
    /// One variant of [`ParseNoteError`] for each fault of form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseNoteError> {
        if bytes.len() > MAX_NOTE_LEN {
            return Err(ParseNoteError::TooLong { found: bytes.len() });
        }
        let note = str::from_utf8(bytes).map_err(|_| ParseNoteError::NotUtf8)?;
        if has_control(note) {
            return Err(ParseNoteError::ControlCharacter);
        }
        let (text, lines) = note
            .rfind("\n\n")
            .and_then(|at| Some((note.get(..=at)?, note.get(at + 2..)?.strip_suffix('\n')?)))
            .ok_or(ParseNoteError::NoSignatures)?;
        let found = lines.split('\n').count();
        if found > MAX_NOTE_SIGNATURES {
            return Err(ParseNoteError::TooManySignatures { found });
        }
        let signatures = (1..)
            .zip(lines.split('\n'))
            .map(|(number, line)| {
                Signature::parse(line).map_err(|cause| ParseNoteError::Line { number, cause })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// The signed text, final newline included. Not to be believed before [`Note::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in the order of their lines.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature, in the place of an older one under the same name and id.
    ///
    /// # Errors
    /// [`AddSignatureError::TooMany`] and [`AddSignatureError::TooLong`] at the limits.
    pub fn add(&mut self, signature: Signature) -> Result<(), AddSignatureError> {
        if self.to_string().len() + signature.to_string().len() >= MAX_NOTE_LEN {
            return Err(AddSignatureError::TooLong);
        }
        let same = |old: &&mut Signature| old.is_of_key_of(&signature);
        if let Some(old) = self.signatures.iter_mut().find(same) {
            *old = signature;
        } else if self.signatures.len() < MAX_NOTE_SIGNATURES {
            self.signatures.push(signature);
        } else {
            return Err(AddSignatureError::TooMany);
        }
        Ok(())
    }

    /// Checks the signatures of the known keys, and lists those keys that signed, each once, in
    /// the order of the lines. Lines of unknown keys are ignored.
    ///
    /// # Errors
    /// [`VerifyNoteError::Bad`] when a line under the name and id of a known key is false, even
    /// if others are good; [`VerifyNoteError::NoKnownSignature`].
    pub fn verify<'k>(
        &self,
        known: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<Verified<'k>>, VerifyNoteError> {
        let known: Vec<&VerifierKey> = known.into_iter().collect();
        let mut signed: Vec<Verified<'k>> = Vec::new();
        for signature in &self.signatures {
            for key in known.iter().copied().filter(|key| signature.is_by(key)) {
                let time = key.verify(&self.text, signature.bytes())?;
                if signed.iter().all(|earlier| earlier.key != key) {
                    signed.push(Verified { key, time });
                }
            }
        }
        if signed.is_empty() {
            Err(VerifyNoteError::NoKnownSignature)
        } else {
            Ok(signed)
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str, seed: u8) -> NoteSigner {
        NoteSigner::from_seed(name.parse().unwrap(), &[seed; KEY_LEN])
    }

    fn signed() -> Note {
        Note::sign("one\n\ntwo\n", &signer("example.com/a", 1)).unwrap()
    }

    #[test]
    fn a_note_prints_as_it_was_read() {
        let mut note = signed();
        note.add(signer("example.com/b", 2).sign(note.text()))
            .unwrap();
        let text = note.to_string();
        let read = Note::parse(text.as_bytes()).unwrap();
        assert_eq!((read.to_string(), read.text()), (text, "one\n\ntwo\n"));
        assert_eq!(read, note);
    }

    #[test]
    fn only_known_keys_count_and_each_once() {
        let (a, b) = (signer("example.com/a", 1), signer("example.com/b", 2));
        let (a_key, b_key) = (a.verifier_key(), b.verifier_key());
        let same_name = signer("example.com/a", 3).verifier_key();
        let mut note = signed();
        note.signatures.push(a.sign(&note.text));
        note.add(b.sign(note.text())).unwrap();
        let names = |known: &[VerifierKey]| {
            note.verify(known).map(|signed| {
                signed
                    .iter()
                    .map(|one| one.key.name().to_string())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            names(std::slice::from_ref(&a_key)),
            Ok(vec!["example.com/a".to_owned()])
        );
        assert_eq!(names(&[b_key, a_key]).map(|names| names.len()), Ok(2));
        assert_eq!(names(&[same_name]), Err(VerifyNoteError::NoKnownSignature));
        assert_eq!(names(&[]), Err(VerifyNoteError::NoKnownSignature));
    }

    #[test]
    fn one_false_signature_of_a_known_key_spoils_the_note() {
        let (a, b) = (signer("example.com/a", 1), signer("example.com/b", 2));
        let keys = [a.verifier_key(), b.verifier_key()];
        let mut note = signed();
        note.add(Signature::of(&keys[1], vec![1; 64])).unwrap();
        let bad = BadSignature {
            name: b.name().clone(),
        };
        assert_eq!(note.verify(&keys), Err(VerifyNoteError::Bad(bad)));
        assert_eq!(note.verify(&keys[..1]).map(|signed| signed.len()), Ok(1));
        let changed = signed().to_string().replace("two", "too");
        let changed = Note::parse(changed.as_bytes()).unwrap();
        assert!(changed.verify(&keys).is_err());
    }

    #[test]
    fn a_new_signature_takes_the_place_of_the_old_one_of_its_key() {
        let mut note = signed();
        note.add(signer("example.com/a", 1).sign("other\n"))
            .unwrap();
        assert_eq!(note.signatures().len(), 1);
        for seed in 2..=64 {
            note.add(signer("example.com/a", seed).sign("x\n")).unwrap();
        }
        let one_more = signer("example.com/a", 65).sign("x\n");
        assert_eq!(note.add(one_more), Err(AddSignatureError::TooMany));
        let huge = Signature::of(&signer("a", 1).verifier_key(), vec![0; MAX_NOTE_LEN]);
        assert_eq!(signed().add(huge), Err(AddSignatureError::TooLong));
    }

    #[test]
    fn each_fault_of_form_has_its_name() {
        let note = signed().to_string();
        let line = note.lines().last().unwrap();
        let text = |lines: usize| format!("t\n\n{}", format!("{line}\n").repeat(lines));
        let fault = |number| ParseNoteError::Line {
            number,
            cause: SignatureLineError,
        };
        let cases: [(Vec<u8>, ParseNoteError); 14] = [
            (
                vec![b'a'; MAX_NOTE_LEN + 1],
                ParseNoteError::TooLong {
                    found: MAX_NOTE_LEN + 1,
                },
            ),
            (b"\xff\n\n".to_vec(), ParseNoteError::NotUtf8),
            (
                format!("a\tb{note}").into(),
                ParseNoteError::ControlCharacter,
            ),
            (
                note.replace('\n', "\r\n").into(),
                ParseNoteError::ControlCharacter,
            ),
            (b"".to_vec(), ParseNoteError::NoSignatures),
            (b"text\n".to_vec(), ParseNoteError::NoSignatures),
            (b"text\n\n".to_vec(), ParseNoteError::NoSignatures),
            (note.trim_end().into(), ParseNoteError::NoSignatures),
            (
                text(65).into(),
                ParseNoteError::TooManySignatures { found: 65 },
            ),
            (format!("{}more\n", text(1)).into(), fault(2)),
            ("t\n\n- a AAAAAAA=\n".into(), fault(1)),
            ("t\n\n\u{2014} a AAAAAA==\n".into(), fault(1)),
            ("t\n\n\u{2014} a+b AAAAAAA=\n".into(), fault(1)),
            ("t\n\n\u{2014} a  AAAAAAA=\n".into(), fault(1)),
        ];
        for (bytes, error) in cases {
            assert_eq!(Note::parse(&bytes), Err(error));
        }
        assert_eq!(
            Note::parse(text(64).as_bytes()).map(|note| note.signatures.len()),
            Ok(64)
        );
        let shortest = "t\n\n\u{2014} a AAAAAAA=\n";
        assert_eq!(
            Note::parse(shortest.as_bytes()).map(|n| n.to_string()),
            Ok(shortest.into())
        );
    }

    #[test]
    fn a_text_that_would_not_read_back_is_not_signed() {
        let signer = signer("a", 1);
        let long = "x".repeat(MAX_NOTE_LEN / 2);
        let cases = [
            ("", SignNoteError::Unterminated),
            ("a", SignNoteError::Unterminated),
            ("a\u{0}\n", SignNoteError::ControlCharacter),
            (
                &format!("{long}\n"),
                SignNoteError::TooLong {
                    found: MAX_NOTE_LEN / 2 + 1,
                },
            ),
        ];
        for (text, error) in cases {
            assert_eq!(Note::sign(text, &signer), Err(error));
        }
        let longest = Note::sign(format!("{}\n", &long[1..]), &signer).unwrap();
        assert_eq!(Note::parse(longest.to_string().as_bytes()), Ok(longest));
        assert_eq!(
            format!("{signer:?}"),
            format!("NoteSigner({})", signer.verifier_key())
        );
    }
}
