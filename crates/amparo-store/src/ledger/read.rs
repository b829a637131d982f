//! Reading: entries by place, id, subject; private fields through the vault. All from the shelf.

use std::io;
use std::ops::Range;

use amparo_core::entry::{Entry, EntryError};
use amparo_core::event::Body;
use amparo_core::id::{Code, EventId, Seq, Subject};
use amparo_core::identity::External;
use amparo_core::private::{Openings, Private};
use amparo_core::promise::Promise;
use uuid::Uuid;

use super::Ledger;
use super::index_key::{self, IndexKey};
use crate::in_order::in_order;
use crate::shelf::ShelfError;
use crate::vault::{Opened, Owner, VaultError};

pub use crate::shelf::Block;

/// Entries that are read and parsed in one go: four bundles of the store.
const STRETCH_ENTRIES: u64 = 1024;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The sled store is damaged. It has been marked: the next opening builds it again from the
    /// journal.
    #[error("the sled store is damaged; it is built again from the journal at the next opening")]
    StoreDamaged(#[source] ShelfError),
    /// The system failed.
    #[error("cannot read the sled store")]
    Store(#[source] ShelfError),
    /// A stored line is no entry.
    #[error("{seq} is not readable as an entry")]
    NotAnEntry {
        /// The place of the line.
        seq: Seq,
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// What is sealed for an entry does not open with its key.
    #[error("the private fields of {seq} are damaged")]
    SealDamaged {
        /// The place of the entry.
        seq: Seq,
    },
    /// The private fields of an entry are under a lock that is not open.
    #[error("the names are locked")]
    Locked,
    /// This copy of the ledger has no keys.
    #[error("this copy of the ledger has no keys")]
    NoKeys,
    /// The keys cannot be read.
    #[error("cannot read the keys")]
    Keys(#[source] VaultError),
    /// What was checked before cannot be read again.
    #[error("cannot read the temporary file of what was checked")]
    Planned(#[source] io::Error),
}

impl Ledger {
    /// Turns a failure of the shelf into what the caller should know, and marks a damaged one.
    pub(super) fn shelf_error(&self, error: ShelfError) -> ReadError {
        match error {
            ShelfError::Damaged { .. } | ShelfError::Stale => {
                self.mark_store_damaged();
                ReadError::StoreDamaged(error)
            }
            ShelfError::Busy
            | ShelfError::Full
            | ShelfError::Io(_)
            | ShelfError::OutOfOrder { .. }
            | ShelfError::TooLarge(_)
            | ShelfError::Poisoned => ReadError::Store(error),
        }
    }

    /// The line of an entry, byte for byte; `None` past the head.
    ///
    /// # Errors
    /// [`ReadError::StoreDamaged`], [`ReadError::Store`].
    pub fn line(&self, seq: Seq) -> Result<Option<Vec<u8>>, ReadError> {
        self.shelf
            .line(seq.number())
            .map_err(|error| self.shelf_error(error))
    }

    /// The entry at a place; `None` past the head.
    ///
    /// # Errors
    /// As [`line`](Self::line), and [`ReadError::NotAnEntry`].
    pub fn entry(&self, seq: Seq) -> Result<Option<Entry>, ReadError> {
        let Some(line) = self.line(seq)? else {
            return Ok(None);
        };
        let entry = Entry::parse(&line).map_err(|source| ReadError::NotAnEntry { seq, source })?;
        Ok(Some(entry))
    }

    /// The entry of an event; `None` where there is none.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn entry_of(&self, event: EventId) -> Result<Option<Entry>, ReadError> {
        match self.seq_of(event)? {
            Some(seq) => self.entry(seq),
            None => Ok(None),
        }
    }

    /// The entries of a range of places, in order, up to the head.
    pub fn entries(&self, range: Range<u64>) -> impl Iterator<Item = Result<Entry, ReadError>> {
        self.lines(range).map(|line| {
            let (seq, line) = line?;
            Entry::parse(&line).map_err(|source| ReadError::NotAnEntry { seq, source })
        })
    }

    /// Gives `take` what `look` finds in the entries of a range, in order and up to the head: read,
    /// parsed and looked at on all cores, some hundreds at a time.
    ///
    /// # Errors
    /// As [`entry`](Self::entry), and whatever `take` fails with.
    pub fn each_stretch<R: Send, E: From<ReadError>>(
        &self,
        range: Range<u64>,
        look: impl Fn(Entry) -> Option<R> + Sync,
        take: impl FnMut(Vec<R>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_stretch_of(range, |_| true, look, take)
    }

    /// The same of the entries whose lines are `meant`: no other is parsed, nor refused for what it says.
    ///
    /// # Errors
    /// As [`each_stretch`](Self::each_stretch), for these.
    pub fn each_stretch_of<R: Send, E: From<ReadError>>(
        &self,
        range: Range<u64>,
        meant: impl Fn(&[u8]) -> bool + Sync,
        look: impl Fn(Entry) -> Option<R> + Sync,
        mut take: impl FnMut(Vec<R>) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = range.end.min(self.head.size);
        let stretches = range.start..end;
        let stretches = stretches.step_by(STRETCH_ENTRIES as usize);
        in_order(
            stretches.map(|from| from..end.min(from + STRETCH_ENTRIES)),
            |stretch| self.stretch(stretch, &meant, &look),
            |found: Result<Vec<R>, ReadError>| take(found?),
        )
    }

    fn stretch<R>(
        &self,
        range: Range<u64>,
        meant: impl Fn(&[u8]) -> bool,
        look: impl Fn(Entry) -> Option<R>,
    ) -> Result<Vec<R>, ReadError> {
        let mut found = Vec::new();
        for block in self.blocks(range) {
            for (seq, line) in block?.iter().filter(|(_, line)| meant(line)) {
                let seq = Seq::new(seq);
                let entry =
                    Entry::parse(line).map_err(|source| ReadError::NotAnEntry { seq, source })?;
                found.extend(look(entry));
            }
        }
        Ok(found)
    }

    /// The places and lines of a range, in order, up to the head.
    pub fn lines(
        &self,
        range: Range<u64>,
    ) -> impl Iterator<Item = Result<(Seq, Vec<u8>), ReadError>> {
        let lines = self.shelf.lines(range);
        lines.map(|line| match line {
            Ok((seq, line)) => Ok((Seq::new(seq), line)),
            Err(error) => Err(self.shelf_error(error)),
        })
    }

    /// The lines of a range, some hundreds at a time, to be read in place and by several threads.
    pub fn blocks(&self, range: Range<u64>) -> impl Iterator<Item = Result<Block, ReadError>> {
        self.shelf
            .blocks(range)
            .map(|block| block.map_err(|error| self.shelf_error(error)))
    }

    /// The place of an event.
    ///
    /// # Errors
    /// [`ReadError::StoreDamaged`], [`ReadError::Store`].
    pub fn seq_of(&self, event: EventId) -> Result<Option<Seq>, ReadError> {
        let found = self.shelf.seq_of_event(event.bytes());
        found
            .map(|seq| seq.map(Seq::new))
            .map_err(|error| self.shelf_error(error))
    }

    /// The places of the entries that name a subject, in order.
    ///
    /// # Errors
    /// As [`seq_of`](Self::seq_of).
    pub fn seqs_of(&self, subject: Subject) -> Result<Vec<Seq>, ReadError> {
        self.seqs_under(index_key::subject(subject))
    }

    /// The places of the entries that replace or retract an event, in order.
    ///
    /// # Errors
    /// As [`seq_of`](Self::seq_of).
    pub fn targeted_by(&self, event: EventId) -> Result<Vec<Seq>, ReadError> {
        self.seqs_under(index_key::targeting(event))
    }

    /// The codes of all instruments, in the order in which they were first described.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn instrument_codes(&self) -> Result<Vec<Code>, ReadError> {
        let mut codes = Vec::new();
        for seq in self.seqs_under(index_key::instruments())? {
            if let Some(entry) = self.entry(seq)?
                && let Body::Instrument(described) = entry.event.body()
                && !codes.contains(&described.instrument)
            {
                codes.push(described.instrument.clone());
            }
        }
        Ok(codes)
    }

    /// The person or group that an external reference names, registered or not.
    ///
    /// # Errors
    /// As [`seq_of`](Self::seq_of), and [`ReadError::NoKeys`] on a copy without keys.
    pub fn person_under(&self, external: &External) -> Result<Uuid, ReadError> {
        let secret = self.vault.secret().ok_or(ReadError::NoKeys)?;
        let derived = secret.person(external).uuid();
        Ok(self.registered_under(derived)?.unwrap_or(derived))
    }

    /// The private fields of an entry, where it has any and the key is there.
    ///
    /// # Errors
    /// As [`openings`](Self::openings).
    pub fn private(&self, seq: Seq) -> Result<Option<Private>, ReadError> {
        let Some(openings) = self.openings(seq)? else {
            return Ok(None);
        };
        let private = openings
            .private()
            .map_err(|_| ReadError::SealDamaged { seq })?;
        Ok(Some(private))
    }

    /// What opens the digests of an entry, where it has any and the key is there.
    ///
    /// # Errors
    /// As [`entry`](Self::entry), [`ReadError::Keys`], and [`ReadError::SealDamaged`] where what is sealed does not
    /// open, or opens to something else than the line's digests; [`ReadError::Locked`] where its
    /// key is under a lock that is not open.
    pub fn openings(&self, seq: Seq) -> Result<Option<Openings>, ReadError> {
        let sealed = self
            .shelf
            .sealed(seq.number())
            .map_err(|error| self.shelf_error(error))?;
        let Some(sealed) = sealed.filter(|sealed| !sealed.is_empty()) else {
            return Ok(None);
        };
        let Some(entry) = self.entry(seq)? else {
            return Ok(None);
        };
        self.open_sealed(seq, &Promise::of(&entry), &sealed)
    }

    /// Opens what is sealed for an entry, and holds it against what its line promises.
    pub(super) fn open_sealed(
        &self,
        seq: Seq,
        promise: &Promise,
        sealed: &[u8],
    ) -> Result<Option<Openings>, ReadError> {
        let owner = Owner::of(promise.subject, self.id());
        let opened = self.vault.open_sealed(owner, promise.id, sealed);
        match opened.map_err(ReadError::Keys)? {
            Opened::NoKey => Ok(None),
            Opened::Locked => Err(ReadError::Locked),
            Opened::Openings(openings) if openings.digests(promise.id) == promise.digests => {
                Ok(Some(openings))
            }
            Opened::Openings(_) | Opened::Damaged => Err(ReadError::SealDamaged { seq }),
        }
    }

    /// The places that the last write took: all entries recorded at the head's time. Never `e0`.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn last_write(&self) -> Result<Range<u64>, ReadError> {
        let mut first = self.head.size;
        while first > 1 {
            let entry = self.entry(Seq::new(first - 1))?;
            if entry.is_none_or(|entry| entry.recorded != self.head.recorded) {
                break;
            }
            first -= 1;
        }
        Ok(first..self.head.size)
    }

    /// Bytes on disk of the journal and of the sled store.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub fn size_on_disk(&self) -> Result<(u64, u64), ReadError> {
        let store = self
            .shelf
            .size_on_disk()
            .map_err(|error| self.shelf_error(error))?;
        let journal = self.files.list(self.journal.folder()).unwrap_or_default();
        let bytes = journal
            .iter()
            .filter_map(|listed| std::fs::metadata(self.journal.folder().join(&listed.name)).ok());
        Ok((bytes.map(|metadata| metadata.len()).sum(), store))
    }

    pub(super) fn seqs_under(&self, key: IndexKey) -> Result<Vec<Seq>, ReadError> {
        let found = self
            .shelf
            .seqs_of_subject(key)
            .map_err(|error| self.shelf_error(error))?;
        Ok(found.into_iter().map(Seq::new).collect())
    }

    pub(super) fn has_key(&self, key: IndexKey) -> Result<bool, ReadError> {
        Ok(!self.seqs_under(key)?.is_empty())
    }

    /// The person who was registered under a reference that this UUID is derived from.
    pub(super) fn registered_under(&self, derived: Uuid) -> Result<Option<Uuid>, ReadError> {
        let found = self.shelf.persons_of_ref(derived.into_bytes());
        let found = found.map_err(|error| self.shelf_error(error))?;
        Ok(found.first().copied().map(Uuid::from_bytes))
    }
}
