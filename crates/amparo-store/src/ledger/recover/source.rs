//! Where entries are taken from: a journal, the sled store, an export. Each gives what it holds in
//! order of sequence, with what it knows of roots, of its end and of its own damage.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::{LedgerId, Seq};
use amparo_core::private::Openings;
use amparo_tlog::merkle::Hash;

use super::super::open::copy_folder;
use super::super::transfer::Lines;
use super::{Origin, RecoverError};
use crate::files::Files;
use crate::journal::{Batch, Finding, Journal, Lost, Salvaged};
use crate::published::open_export;
use crate::shelf::Shelf;

/// Entries read from the sled store at a time: a bundle of it.
const BUNDLE: u64 = 256;

/// An entry as a source holds it.
pub(super) struct Held {
    pub(super) entry: Entry,
    pub(super) line: Vec<u8>,
    pub(super) private: HeldPrivate,
}

/// The private fields of an entry as a source holds them.
pub(super) enum HeldPrivate {
    /// There are none, or the source has only their digests.
    Nothing,
    /// Sealed under the keys of the ledger.
    Sealed(Vec<u8>),
    /// In clear, in an export with openings.
    Open(Openings),
}

/// What a source says next.
pub(super) enum Said {
    Entry(Box<Held>),
    /// The root of the log at a size.
    Root(u64, Hash),
    /// The log had at least so many entries.
    Reached(u64),
    /// Something of it is damaged.
    Damage(String),
    /// The journal ends within a batch.
    Torn(String),
    /// Nothing says where the log ended.
    EndUnknown,
}

/// A source of entries.
pub(super) enum Source<'p> {
    Journal(Arc<dyn Files>, PathBuf, Origin),
    Store(&'p OpenedStore),
    Export(PathBuf),
}

/// What a source says, in order.
pub(super) type Sayings<'s> = Box<dyn Iterator<Item = Result<Said, RecoverError>> + 's>;

impl Source<'_> {
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Journal(_, _, origin) => origin.clone(),
            Self::Store(_) => Origin::Store,
            Self::Export(path) => Origin::Copy(path.clone()),
        }
    }

    /// Reads it from its beginning.
    pub(super) fn read(&self) -> Result<Sayings<'_>, RecoverError> {
        Ok(match self {
            Self::Journal(files, folder, origin) => match Journal::salvage(files.clone(), folder) {
                Ok(salvage) => Box::new(salvage.flat_map(from_journal)),
                Err(error) => match origin {
                    Origin::Copy(copy) => return Err(RecoverError::copy(copy, error)),
                    Origin::Journal | Origin::Store => {
                        let lost = [Said::Damage(error.to_string()), Said::EndUnknown];
                        Box::new(lost.into_iter().map(Ok))
                    }
                },
            },
            Self::Store(store) => Box::new(store.read()),
            Self::Export(path) => {
                let export = open_export(path).map_err(|error| RecoverError::copy(path, error))?;
                Box::new(ExportReading {
                    path,
                    lines: Lines::of(export),
                    is_done: false,
                })
            }
        })
    }
}

/// Takes a line for what it must be in its place.
fn held(seq: u64, line: &[u8], private: HeldPrivate) -> Said {
    match Entry::parse(line) {
        Ok(entry) if entry.seq == Seq::new(seq) => Said::Entry(Box::new(Held {
            entry,
            line: line.to_vec(),
            private,
        })),
        Ok(_) => Said::Damage(format!("the line of e{seq} says that it is another")),
        Err(_) => Said::Damage(format!("the line of e{seq} is not an entry")),
    }
}

fn sealed(bytes: &[u8]) -> HeldPrivate {
    match bytes {
        [] => HeldPrivate::Nothing,
        bytes => HeldPrivate::Sealed(bytes.to_vec()),
    }
}

fn from_journal(part: Salvaged) -> Vec<Result<Said, RecoverError>> {
    let said: Vec<Said> = match part {
        Salvaged::Batch(batch) => from_batch(&batch),
        Salvaged::Gap(finding) => from_finding(&finding),
        Salvaged::Torn(torn) => vec![Said::Torn(torn.to_string())],
    };
    said.into_iter().map(Ok).collect()
}

fn from_batch(batch: &Batch) -> Vec<Said> {
    let entries = (batch.first_seq()..).zip(batch.entries());
    let mut said: Vec<_> = entries
        .map(|(seq, record)| held(seq, record.line, sealed(record.sealed)))
        .collect();
    let root = Hash::from_bytes(*batch.root_after());
    said.push(Said::Reached(batch.end_seq()));
    said.push(Said::Root(batch.end_seq(), root));
    said
}

fn from_finding(finding: &Finding) -> Vec<Said> {
    let mut said = vec![Said::Damage(finding.to_string())];
    match &finding.lost {
        Lost::Nothing => {}
        Lost::Entries(entries) => said.push(Said::Reached(entries.end)),
        Lost::From(_) => said.push(Said::EndUnknown),
    }
    said
}

/// A sled store, opened on a copy of its own.
pub(super) struct OpenedStore {
    shelf: Shelf,
    // Dropped last: the shelf is closed before its folder goes.
    _copy: tempfile::TempDir,
}

impl OpenedStore {
    /// Copies a sled store and opens the copy; `None` where there is none that can be used, which
    /// costs nothing that the journal does not have.
    pub(super) fn copy_of(folder: &Path, ledger: LedgerId) -> Option<Self> {
        let copy = tempfile::tempdir().ok()?;
        let at = copy.path().join("sled");
        copy_folder(folder, &at).ok()?;
        let shelf = Shelf::open(&at, ledger.bytes()).ok()?;
        shelf.head()?;
        Some(Self { shelf, _copy: copy })
    }

    /// What the store keeps under a name.
    pub(super) fn derived(&self, name: &str) -> Option<Vec<u8>> {
        let derived = self.shelf.derived(name).ok().flatten();
        derived.map(|(_, bytes)| bytes)
    }

    fn read(&self) -> impl Iterator<Item = Result<Said, RecoverError>> + '_ {
        let head = self.shelf.head();
        let size = head.as_ref().map_or(0, |head| head.size);
        let bundles = (0..size.div_ceil(BUNDLE)).map(|bundle| bundle * BUNDLE);
        let entries = bundles.flat_map(move |first| self.bundle(first, size.min(first + BUNDLE)));
        let end = head.into_iter().flat_map(|head| {
            let root = Hash::from_bytes(head.root);
            [Said::Reached(head.size), Said::Root(head.size, root)]
        });
        entries.chain(end).map(Ok)
    }

    /// What is readable of a bundle.
    fn bundle(&self, first: u64, end: u64) -> Vec<Said> {
        let sealed_blocks: Vec<_> = self.shelf.sealed_blocks(first..end).flatten().collect();
        let mut said = Vec::new();
        for block in self.shelf.blocks(first..end) {
            match block {
                Ok(block) => said.extend(block.iter().map(|(seq, line)| {
                    let opening = sealed_blocks.iter().find_map(|block| block.item(seq));
                    held(seq, line, sealed(opening.unwrap_or_default()))
                })),
                Err(error) => said.push(Said::Damage(error.to_string())),
            }
        }
        said
    }
}

/// An export, read entry by entry.
struct ExportReading<'s> {
    path: &'s Path,
    lines: Lines<'s>,
    is_done: bool,
}

impl Iterator for ExportReading<'_> {
    type Item = Result<Said, RecoverError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        match self.lines.entry() {
            Ok(None) => None,
            Ok(Some(exported)) => Some(Ok(Said::Entry(Box::new(Held {
                entry: exported.entry,
                line: exported.line,
                private: exported
                    .opening
                    .map_or(HeldPrivate::Nothing, HeldPrivate::Open),
            })))),
            Err(error) => {
                self.is_done = true;
                Some(Err(RecoverError::export(self.path, error)))
            }
        }
    }
}

/// One source while it is read: the next entry, and what was said on the way to it.
pub(super) struct Reading<'s> {
    pub(super) origin: Origin,
    sayings: Sayings<'s>,
    pub(super) next: Option<Held>,
    pub(super) roots: VecDeque<(u64, Hash)>,
    pub(super) reached: u64,
    pub(super) damage: Vec<String>,
    pub(super) torn: Option<String>,
    pub(super) is_end_unknown: bool,
    is_done: bool,
}

impl<'s> Reading<'s> {
    pub(super) fn of(source: &'s Source<'_>) -> Result<Self, RecoverError> {
        Ok(Self {
            origin: source.origin(),
            sayings: source.read()?,
            next: None,
            roots: VecDeque::new(),
            reached: 0,
            damage: Vec::new(),
            torn: None,
            is_end_unknown: false,
            is_done: false,
        })
    }

    /// Reads on to the first entry at or after a place.
    pub(super) fn advance_to(&mut self, seq: u64) -> Result<(), RecoverError> {
        while !self.is_done && self.seq().is_none_or(|next| next < seq) {
            match self.sayings.next().transpose()? {
                None => {
                    self.next = None;
                    self.is_done = true;
                }
                Some(Said::Entry(held)) => {
                    self.reached = self.reached.max(held.entry.seq.number() + 1);
                    self.next = Some(*held);
                }
                Some(Said::Root(size, root)) => self.roots.push_back((size, root)),
                Some(Said::Reached(size)) => self.reached = self.reached.max(size),
                Some(Said::Damage(what)) => self.damage.push(what),
                Some(Said::Torn(what)) => self.torn = Some(what),
                Some(Said::EndUnknown) => self.is_end_unknown = true,
            }
        }
        Ok(())
    }

    /// The place of the next entry.
    pub(super) fn seq(&self) -> Option<u64> {
        self.next.as_ref().map(|held| held.entry.seq.number())
    }

    /// The next entry, if it is the one of a place.
    pub(super) fn take(&mut self, seq: u64) -> Option<Held> {
        self.next.take_if(|held| held.entry.seq.number() == seq)
    }
}

/// When an entry was recorded, for the note in the place of the one after it.
pub(super) fn later(last: Option<Recorded>, entry: &Entry) -> Recorded {
    last.map_or(entry.recorded, |last| last.max(entry.recorded))
}
