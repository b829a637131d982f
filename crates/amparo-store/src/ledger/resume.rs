//! Going on after a ledger was put back from an older copy: with the missing entries from a newer
//! export, or by a decision that is recorded in the log.
//!
//! Refuses to guess which of two histories is right. From an export everything is checked before
//! anything is written: it must begin with every entry of the ledger and lead to every head that
//! was signed.

use std::io::{self, BufRead};

use amparo_core::entry::Recorded;
use amparo_core::id::Seq;
use amparo_tlog::merkle::{Frontier, leaf_hash};

use super::append::{AppendError, Appended, Prepared, refs_of};
use super::plan::Batch;
use super::transfer::{Exported, Lines, RestoreError, sealed};
use super::{Access, Ledger, ReadError, Standing};
use crate::journal::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX};
use crate::signing::SigningError;
use crate::{Random, VaultError};

/// Opens an export from its beginning.
pub type OpenExport<'o> = &'o mut dyn FnMut() -> io::Result<Box<dyn BufRead>>;

/// Why a ledger does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The log extends all that was signed.
    #[error("there is nothing to resume: the log extends every head that was signed")]
    Nothing,
    /// The ledger was opened to be read.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// What was signed cannot be read.
    #[error("{0}")]
    Unreadable(Standing),
    /// The export could not be read.
    #[error("cannot read the export")]
    Export(#[source] RestoreError),
    /// The export could not be opened.
    #[error("cannot open the export")]
    Open(#[source] io::Error),
    /// The export has another line where the ledger has an entry.
    #[error("the export has another {seq} than the ledger: it is of another log, or of a fork")]
    OtherEntry {
        /// The entry.
        seq: Seq,
    },
    /// The export ends before the ledger, or before a head that was signed.
    #[error("the export ends after {found} entries, and {wanted} are known of")]
    TooShort {
        /// How many entries it has.
        found: u64,
        /// How many it must have.
        wanted: u64,
    },
    /// The export does not lead to a head that was signed.
    #[error("the export leads to another head of {signed} entries than the one that was signed")]
    OtherHead {
        /// How many entries the head has.
        signed: u64,
    },
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The keys could not be written.
    #[error("cannot write the keys")]
    Keys(#[from] VaultError),
    /// The entries could not be recorded.
    #[error("the missing entries are not recorded")]
    Record(#[source] AppendError),
    /// What was signed could not be read or written.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl Ledger {
    /// Takes the entries that the log lacks from a newer export, and may then be appended to and
    /// signed again. Answers how many there were.
    ///
    /// # Errors
    /// [`ResumeError`]; nothing was written, but for [`ResumeError::Keys`] and
    /// [`ResumeError::Record`], after which the same can be tried again.
    pub fn resume_from(
        &mut self,
        open: OpenExport<'_>,
        random: Random<'_>,
    ) -> Result<u64, ResumeError> {
        self.check_resumable()?;
        let before = self.head.size;
        let mut export = open().map_err(ResumeError::Open)?;
        self.check_export(&mut Lines::of(&mut *export))?;
        let mut export = open().map_err(ResumeError::Open)?;
        self.take_missing(&mut Lines::of(&mut *export), random)?;
        for signed in self.signed_heads()? {
            if self
                .book
                .stored(signed.checkpoint().head().size())?
                .is_none()
            {
                self.book.keep_here(&signed)?;
            }
        }
        self.book.clear_restored()?;
        self.take_stand();
        Ok(self.head.size - before)
    }

    /// Goes on without what was signed and is not here: records the batch that says so, and moves
    /// the signed heads aside that the log does not extend. Answers with their sizes.
    ///
    /// # Errors
    /// [`ResumeError`]; after [`ResumeError::Signing`] the decision may be recorded and not yet
    /// in force: it can be taken again.
    pub fn resume_as_fork(
        &mut self,
        batch: Batch,
        now: Recorded,
        random: Random<'_>,
    ) -> Result<(Appended, Vec<u64>), ResumeError> {
        self.check_resumable()?;
        let stored = self.book.all()?.into_iter();
        let mut given_up: Vec<_> = stored.map(|stored| stored.checkpoint).collect();
        given_up.extend(self.signed_heads()?);
        given_up.retain(|head| !self.extends(head));
        given_up.sort_by_key(|head| head.checkpoint().head().size());
        given_up.dedup_by_key(|head| head.checkpoint().head());
        let appended = self
            .append_unguarded(batch, now, random)
            .map_err(ResumeError::Record)?;
        self.book.abandon(&given_up)?;
        self.renew_in_store()?;
        self.book.clear_restored()?;
        self.take_stand();
        let sizes = given_up.iter().map(|head| head.checkpoint().head().size());
        Ok((appended, sizes.collect()))
    }

    fn check_resumable(&self) -> Result<(), ResumeError> {
        if self.access != Access::Write || self.poisoned {
            return Err(ResumeError::ReadOnly);
        }
        match &self.standing {
            Standing::Sound => Err(ResumeError::Nothing),
            Standing::Unreadable { .. } => Err(ResumeError::Unreadable(self.standing.clone())),
            Standing::Behind { .. } | Standing::Forked { .. } | Standing::Restored => Ok(()),
        }
    }

    /// The export begins with this log, and leads to every head that was signed.
    fn check_export(&self, lines: &mut Lines<'_>) -> Result<(), ResumeError> {
        let mut signed = self.signed_heads()?;
        let mut frontier = Frontier::new();
        let mut last: Option<Recorded> = None;
        while let Some(exported) = lines.entry().map_err(ResumeError::Export)? {
            let seq = Seq::new(frontier.size());
            check_order(&exported, seq, last)?;
            if seq.number() < self.head.size && self.line(seq)?.as_ref() != Some(&exported.line) {
                return Err(ResumeError::OtherEntry { seq });
            }
            last = Some(exported.entry.recorded);
            frontier.push(leaf_hash(&exported.line));
            for head in signed.extract_if(.., |head| {
                head.checkpoint().head().size() == frontier.size()
            }) {
                if head.checkpoint().head().root() != frontier.root() {
                    let signed = frontier.size();
                    return Err(ResumeError::OtherHead { signed });
                }
            }
        }
        let known = signed.first().map(|head| head.checkpoint().head().size());
        let wanted = known.unwrap_or(0).max(self.head.size);
        match frontier.size() {
            found if found < wanted => Err(ResumeError::TooShort { found, wanted }),
            _ => Ok(()),
        }
    }

    fn take_missing(
        &mut self,
        lines: &mut Lines<'_>,
        random: Random<'_>,
    ) -> Result<(), ResumeError> {
        let mut batch: Vec<Exported> = Vec::new();
        let mut bytes = 0;
        while let Some(exported) = lines.entry().map_err(ResumeError::Export)? {
            if exported.entry.seq.number() < self.head.size + batch.len() as u64 {
                continue;
            }
            let opening = exported.opening.as_ref().map_or(0, |o| o.to_json().len());
            let more = exported.line.len() + opening + 64;
            if batch.len() + 1 >= BATCH_ENTRIES_MAX as usize || bytes + more >= BATCH_BYTES_MAX / 2
            {
                self.record_exported(std::mem::take(&mut batch), random)?;
                bytes = 0;
            }
            bytes += more;
            batch.push(exported);
        }
        self.record_exported(batch, random)
    }

    fn record_exported(
        &mut self,
        batch: Vec<Exported>,
        random: Random<'_>,
    ) -> Result<(), ResumeError> {
        let Some(recorded) = batch.last().map(|last| last.entry.recorded) else {
            return Ok(());
        };
        let ledger = self.id();
        let sealed = sealed(&mut self.vault, ledger, &batch, random)?;
        let prepared: Vec<_> = batch
            .into_iter()
            .zip(sealed)
            .map(|(exported, sealed)| {
                let Exported {
                    line,
                    entry,
                    opening,
                    ..
                } = exported;
                let refs = opening
                    .map(|opening| refs_of(&self.vault, &entry.event, &opening))
                    .unwrap_or_default();
                let leaf = leaf_hash(&line);
                Prepared {
                    entry,
                    line,
                    sealed,
                    leaf,
                    refs,
                }
            })
            .collect();
        self.record(&prepared, recorded)
            .map_err(ResumeError::Record)
    }
}

fn check_order(exported: &Exported, seq: Seq, last: Option<Recorded>) -> Result<(), ResumeError> {
    let wrong = |what| {
        ResumeError::Export(RestoreError::NotALog {
            line: exported.number,
            what,
        })
    };
    if exported.entry.seq != seq {
        return Err(wrong("the sequence has a gap or a repetition"));
    }
    match last.is_some_and(|last| exported.entry.recorded < last) {
        true => Err(wrong("the recording time goes backwards")),
        false => Ok(()),
    }
}
