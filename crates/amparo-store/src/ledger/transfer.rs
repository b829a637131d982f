//! Export and the way back: the same lines, so the same root, in another folder.
//!
//! An export is JSON Lines: the entry lines, byte for byte. With openings, each entry that has
//! private fields is followed by a line `{"opening":{"entry":ID,"fields":{...}}}` with the values
//! and salts that its digests open to; such a file names people and is to be kept like keys.

use std::io::{self, BufRead, Read as _, Write};
use std::path::Path;
use std::sync::Arc;

use amparo_core::entry::{Entry, EntryError, Recorded};
use amparo_core::event::Body;
use amparo_core::id::{LedgerId, Seq};
use amparo_core::limit;
use amparo_core::private::Openings;
use amparo_tlog::merkle::{Frontier, leaf_hash};

use super::create::{Foundation, InitError, check_text};
use super::{KEYS, Ledger, ReadError};
use crate::Random;
use crate::files::{OpenMode, RealFiles};
use crate::journal::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Record};
use crate::vault::{Owner, Vault, VaultError};

const OPENING_START: &str = "{\"opening\":{\"entry\":\"";
const FIELDS: &str = "\",\"fields\":";
/// The longest line of an export: openings are at most as long as a line, and named around it.
const EXPORT_LINE_BYTES_MAX: u64 = 2 * limit::LINE_BYTES_MAX as u64;

/// Why an export was not written whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The export could not be written.
    #[error("cannot write the export")]
    Write(#[from] io::Error),
}

/// Why a ledger could not be made from an export.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The export could not be read.
    #[error("cannot read the export")]
    Read(#[source] io::Error),
    /// A line of the export is no entry line.
    #[error("line {line} of the export is not an entry")]
    NotAnEntry {
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// The lines are entries, and not a log.
    #[error("line {line} of the export: {what}")]
    NotALog {
        /// The number of the line, from 1.
        line: u64,
        /// What does not fit.
        what: &'static str,
    },
    /// The ledger could not be made.
    #[error(transparent)]
    Init(#[from] InitError),
}

impl Ledger {
    /// Writes every entry line of the log, each with a line end, and on request the openings.
    ///
    /// # Errors
    /// [`ExportError`]; the export is then not whole.
    pub fn export(
        &self,
        openings: bool,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ExportError> {
        for line in self.lines(0..self.head.size) {
            let (seq, line) = line?;
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            if openings {
                self.export_openings(seq, &line, out)?;
            }
            progress(seq.number() + 1);
        }
        Ok(())
    }

    fn export_openings(
        &self,
        seq: Seq,
        line: &[u8],
        out: &mut dyn Write,
    ) -> Result<(), ExportError> {
        let Some(openings) = self.openings(seq)? else {
            return Ok(());
        };
        let entry = Entry::parse(line).map_err(|source| ReadError::NotAnEntry { seq, source })?;
        let (id, fields) = (entry.id, openings.to_json());
        writeln!(out, "{OPENING_START}{id}{FIELDS}{fields}}}}}")?;
        Ok(())
    }

    /// Makes a ledger with the log of an export: the same lines, the same root, the same id.
    ///
    /// The new ledger has a secret of its own; private fields come with it where the export has
    /// openings.
    ///
    /// # Errors
    /// [`RestoreError`]; the folder is then not a ledger.
    pub fn init_from(
        folder: &Path,
        export: &mut dyn BufRead,
        recorder: &str,
        random: Random<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, RestoreError> {
        check_text("recorder", recorder)?;
        let mut lines = Lines::of(export);
        let first = lines.entry()?.ok_or(RestoreError::NotALog {
            line: 1,
            what: "is missing",
        })?;
        let Body::Ledger(opening) = first.entry.event.body() else {
            return Err(RestoreError::NotALog {
                line: 1,
                what: "does not open a ledger",
            });
        };
        let ledger = opening.ledger;
        let foundation = Foundation::lay(Arc::new(RealFiles), folder, ledger, random)?;
        let keys = foundation.folder.join(KEYS);
        let vault = Vault::open(&foundation.files, &keys, ledger, OpenMode::Write, None)
            .map_err(InitError::from)?;
        let mut copy = Copy {
            foundation,
            vault,
            ledger,
            frontier: Frontier::new(),
            last: None,
        };
        let mut batch = vec![first];
        let mut bytes = 0;
        loop {
            let next = lines.entry()?;
            let full = batch.len() + 1 >= BATCH_ENTRIES_MAX as usize
                || bytes + 4 * EXPORT_LINE_BYTES_MAX as usize >= BATCH_BYTES_MAX;
            if next.is_none() || full {
                copy.record(&batch, random)?;
                progress(copy.frontier.size());
                (batch, bytes) = (Vec::new(), 0);
            }
            let Some(next) = next else { break };
            bytes += next.line.len() + next.opening.as_ref().map_or(0, |o| o.to_json().len()) + 64;
            batch.push(next);
        }
        drop(copy.vault);
        Ok(copy.foundation.finish(recorder)?)
    }
}

/// An entry of an export, with the opening that follows it.
pub(super) struct Exported {
    pub(super) number: u64,
    pub(super) line: Vec<u8>,
    pub(super) entry: Entry,
    pub(super) opening: Option<Openings>,
}

/// The lines of an export, taken entry by entry.
pub(super) struct Lines<'e> {
    export: Box<dyn BufRead + 'e>,
    number: u64,
    /// A line that was read to see that it is no opening.
    next: Option<Vec<u8>>,
}

impl<'e> Lines<'e> {
    pub(super) fn of(export: impl BufRead + 'e) -> Self {
        let export = Box::new(export);
        Self {
            export,
            number: 0,
            next: None,
        }
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, RestoreError> {
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let mut limited = (&mut self.export).take(EXPORT_LINE_BYTES_MAX + 1);
        limited
            .read_until(b'\n', &mut line)
            .map_err(RestoreError::Read)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(Some(line))
    }

    pub(super) fn entry(&mut self) -> Result<Option<Exported>, RestoreError> {
        let Some(line) = self.line()? else {
            return Ok(None);
        };
        let number = self.number;
        let entry = Entry::parse_exact(&line).map_err(|source| RestoreError::NotAnEntry {
            line: number,
            source,
        })?;
        let mut opening = None;
        match self.line()? {
            Some(next) if next.starts_with(OPENING_START.as_bytes()) => {
                let what = "is not the opening of the entry before it";
                let wrong = RestoreError::NotALog {
                    line: self.number,
                    what,
                };
                opening = Some(read_opening(&next, &entry).ok_or(wrong)?);
            }
            next => self.next = next,
        }
        Ok(Some(Exported {
            number,
            line,
            entry,
            opening,
        }))
    }
}

fn read_opening(line: &[u8], entry: &Entry) -> Option<Openings> {
    let rest = std::str::from_utf8(line)
        .ok()?
        .strip_prefix(OPENING_START)?;
    let rest = rest
        .strip_prefix(&entry.id.to_string())?
        .strip_prefix(FIELDS)?;
    let openings = Openings::from_json(rest.strip_suffix("}}")?).ok()?;
    (openings.digests(entry.id) == entry.private).then_some(openings)
}

/// Seals the openings of a batch under this ledger's own keys.
pub(super) fn sealed(
    vault: &mut Vault,
    ledger: LedgerId,
    batch: &[Exported],
    random: Random<'_>,
) -> Result<Vec<Vec<u8>>, VaultError> {
    let owner = |exported: &Exported| Owner::of(exported.entry.event.subject(), ledger);
    let with_openings = batch.iter().filter(|exported| exported.opening.is_some());
    let owners: Vec<Owner> = with_openings.map(owner).collect();
    vault.ensure(owners.into_iter(), random)?;
    let sealed = batch.iter().map(|exported| {
        let openings = exported.opening.as_ref()?;
        vault.seal(
            owner(exported),
            exported.entry.id,
            openings,
            &Vault::nonce(random),
        )
    });
    Ok(sealed.map(Option::unwrap_or_default).collect())
}

/// The log of an export on its way into a new journal.
struct Copy {
    foundation: Foundation,
    vault: Vault,
    ledger: LedgerId,
    frontier: Frontier,
    last: Option<Recorded>,
}

impl Copy {
    fn record(&mut self, batch: &[Exported], random: Random<'_>) -> Result<(), RestoreError> {
        let first = self.frontier.size();
        for exported in batch {
            let wrong = |what| RestoreError::NotALog {
                line: exported.number,
                what,
            };
            if exported.entry.seq != Seq::new(self.frontier.size()) {
                return Err(wrong("the sequence has a gap or a repetition"));
            }
            if self.last.is_some_and(|last| exported.entry.recorded < last) {
                return Err(wrong("the recording time goes backwards"));
            }
            self.last = Some(exported.entry.recorded);
            self.frontier.push(leaf_hash(&exported.line));
        }
        let sealed =
            sealed(&mut self.vault, self.ledger, batch, random).map_err(InitError::from)?;
        let records: Vec<_> = batch
            .iter()
            .zip(&sealed)
            .map(|(exported, sealed)| Record {
                line: &exported.line,
                sealed,
            })
            .collect();
        let recorded = self.last.map_or(0, Recorded::ms);
        let recorded_ms = u64::try_from(recorded).unwrap_or(0);
        let root = *self.frontier.root().as_bytes();
        self.foundation
            .journal
            .append(first, recorded_ms, root, &records)
            .map_err(InitError::journal)?;
        Ok(())
    }
}
