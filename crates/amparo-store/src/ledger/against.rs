//! A ledger held against what is kept elsewhere: a signed head, an export, a public export.
//!
//! This is what shows that a log was cut, or built anew with every hash in order: nothing inside
//! the folder can. Refuses to believe what is kept more than its own signatures and hashes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use amparo_core::id::Seq;
use amparo_core::limit::LINE_BYTES_MAX;
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::note::MAX_NOTE_LEN;

use super::verify::{Check, Part};
use crate::published::{Published, PublishedError, PublishedLines};
use crate::signing::Book;

/// The longest line of an export, with what surrounds it.
const LINE_MAX: u64 = 4 * LINE_BYTES_MAX as u64;

/// What is kept elsewhere, opened to be held against a ledger.
pub struct KeptElsewhere {
    name: String,
    signed: Option<SignedCheckpoint>,
    lines: Option<Box<dyn BufRead>>,
    findings: Vec<String>,
    /// Whether a line was another: what follows means nothing.
    differs: bool,
}

/// Why something kept elsewhere cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It is neither a checkpoint nor an export.
    #[error("it is no checkpoint, no export, and no folder of a public export")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The public export cannot be opened.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// The system failed.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
}

impl KeptElsewhere {
    /// Opens a checkpoint, an export in JSON Lines or the folder of a public export, whose every
    /// file is then read and hashed.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn open(path: &Path, name: &str) -> Result<Self, KeptError> {
        let mut kept = Self {
            name: name.to_owned(),
            signed: None,
            lines: None,
            findings: Vec::new(),
            differs: false,
        };
        if path.is_dir() {
            let published = Published::open(path)?;
            let checked = published.check(&mut |_, _| {});
            kept.signed = Some(published.checkpoint().clone());
            kept.findings = checked.findings;
            // Lines that do not read are a finding already.
            let is_whole = checked.entries == published.size();
            kept.lines = is_whole.then(|| Box::new(PublishedLines::new(published)) as _);
            return Ok(kept);
        }
        let mut start = Vec::new();
        let limit = MAX_NOTE_LEN as u64 + 1;
        File::open(path)?.take(limit).read_to_end(&mut start)?;
        if start.starts_with(b"{") {
            kept.lines = Some(Box::new(BufReader::new(File::open(path)?)));
            return Ok(kept);
        }
        let signed = SignedCheckpoint::parse(&start);
        kept.signed = Some(signed.map_err(|error| KeptError::Unknown(Box::new(error)))?);
        Ok(kept)
    }

    /// The size of the head that is asked about, where it is signed.
    pub(super) fn size(&self) -> Option<u64> {
        self.signed
            .as_ref()
            .map(|signed| signed.checkpoint().head().size())
    }

    /// The next entry line; openings are passed over.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(lines) = &mut self.lines else {
            return Ok(None);
        };
        loop {
            let mut line = Vec::new();
            lines.take(LINE_MAX).read_until(b'\n', &mut line)?;
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            if line.is_empty() {
                return Ok(None);
            }
            if !line.starts_with(b"{\"opening\":") {
                return Ok(Some(line));
            }
        }
    }

    /// Holds the next line against the ledger's.
    pub(super) fn compare(&mut self, seq: Seq, line: &[u8]) {
        if self.differs || self.lines.is_none() {
            return;
        }
        match self.line() {
            Ok(Some(other)) if other == line => {}
            Ok(Some(_)) => {
                self.differs = true;
                self.findings.push(format!(
                    "{seq} is another there: one of the two was rewritten"
                ));
            }
            Ok(None) => self.lines = None,
            Err(error) => {
                self.differs = true;
                self.findings
                    .push(format!("it cannot be read at {seq}: {error}"));
            }
        }
    }
}

impl Check {
    /// What the comparison found, once the whole log was read.
    pub(super) fn finish_kept(&mut self, mut kept: KeptElsewhere, book: &Book) {
        let size = self.frontier.size();
        let cut = |there: String| {
            format!(
                "it has {there} entries, and this ledger {size}: entries were cut off, or this copy is older"
            )
        };
        if !kept.differs && kept.lines.is_some() && kept.signed.is_none() {
            let mut there = size;
            while let Ok(Some(_)) = kept.line() {
                there += 1;
            }
            if there > size {
                kept.findings.push(cut(there.to_string()));
            }
        }
        if let Some(signed) = kept.signed.take() {
            let head = signed.checkpoint().head();
            match book.log_key() {
                Ok(Some(key)) if !signed.checkpoint().origin().is_named(key.name()) => {
                    kept.findings.push("it is of another log".to_owned());
                }
                Ok(Some(key)) => {
                    if let Err(error) = signed.note().verify([&key]) {
                        kept.findings.push(format!(
                            "{error}: this ledger's key is another, so it was built anew, or the \
                             signature is false"
                        ));
                    }
                }
                Ok(None) | Err(_) => {
                    kept.findings
                        .push("this ledger has no key to check it with".to_owned());
                }
            }
            let found = self.roots.iter().find(|(at, _)| *at == head.size());
            match found.map(|(_, root)| *root) {
                Some(root) if root == head.root() => {}
                Some(_) => kept.findings.push(format!(
                    "this ledger has another root after {} entries: it was rewritten",
                    head.size()
                )),
                None if head.size() == 0 || !self.whole => {}
                None => kept.findings.push(cut(head.size().to_string())),
            }
        }
        for finding in std::mem::take(&mut kept.findings) {
            self.found(Part::Elsewhere, format!("{}: {finding}", kept.name));
        }
    }
}
