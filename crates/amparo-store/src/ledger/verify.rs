//! Verifying: every byte of journal and shelf is read, hashed and compared, and every fault named.
//!
//! Trusts nothing that can be derived: lines are read from the journal, their Merkle tree is
//! built anew, and roots, recording times, openings, shelf, tiles and indexes are held against
//! it. Works on a ledger that does not open, and changes nothing.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::{LedgerId, Seq};
use amparo_core::kind::Kind;
use amparo_tlog::append::append_tiles;
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};

use super::append::refs_of;
use super::open::read_settings;
use super::{Head, JOURNAL, KEYS, LOCK, Ledger, OpenError, SHELF, index_key};
use crate::files::{Files, OpenMode, RealFiles};
use crate::journal::{self, Journal, Salvaged};
use crate::lock::{Lock, LockError};
use crate::shelf::{IndexPairs, Shelf, ShelfError};
use crate::vault::{Opened, Owner, Vault};

/// Entries hashed and compared at once, and between two calls of progress.
const STEP_ENTRIES: usize = 8192;

/// One fault. Names places, never people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which part of the ledger it is in.
    pub part: Part,
    /// What is wrong, and which entries it concerns.
    pub what: String,
}

/// The parts of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The journal: the truth.
    Journal,
    /// The entries, whatever holds them.
    Log,
    /// The sled store: derived, and built again from the journal.
    Store,
    /// The keys, and what is sealed under them.
    Keys,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Journal => "journal",
            Part::Log => "log",
            Part::Store => "sled store",
            Part::Keys => "keys",
        };
        write!(f, "{part}: {}", self.what)
    }
}

/// What verifying found.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The log as the journal holds it, up to its first fault.
    pub head: Option<Head>,
    /// How many entries were read.
    pub entries: u64,
    /// How many entries' private fields were opened and match their digests.
    pub opened: u64,
    /// How many entries' private fields have no key or no opening here.
    pub unopened: u64,
    /// How many entries the sled store lacks, to be taken from the journal at the next opening.
    pub behind: u64,
    /// Every fault; none in a sound ledger.
    pub findings: Vec<Finding>,
}

impl Ledger {
    /// Reads and checks a whole ledger folder, telling `progress` how many entries are done.
    ///
    /// # Errors
    /// [`OpenError::NotALedger`], [`OpenError::InUse`], or a failure of the system; faults of the
    /// ledger are findings.
    pub fn verify(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Verified, OpenError> {
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let settings = read_settings(&files, folder)?;
        let ledger = LedgerId::new(settings.ledger);
        let lock = match Lock::take(&folder.join(LOCK)) {
            Ok(lock) => Some(lock),
            Err(LockError::InUse) => return Err(OpenError::InUse),
            Err(LockError::Io(_)) => None,
        };
        let mut check = Check::new(ledger);
        let vault = check.vault(&files, folder);
        let shelf = check.shelf(folder, lock.is_some())?;
        check.journal(&files, &folder.join(JOURNAL), shelf.as_ref())?;
        let salvage = Journal::salvage(files, &folder.join(JOURNAL));
        let salvage = salvage.map_err(OpenError::DamagedWithin)?;
        for salvaged in salvage {
            match salvaged {
                Salvaged::Batch(batch) => {
                    check.batch(&batch, shelf.as_ref(), vault.as_ref(), progress)
                }
                Salvaged::Gap(_) => {
                    check.step(shelf.as_ref(), progress);
                    check.whole = false;
                }
                Salvaged::Torn(_) => {}
            }
        }
        check.step(shelf.as_ref(), progress);
        if let Some(shelf) = &shelf {
            check.finish_shelf(shelf);
        }
        Ok(check.verified)
    }
}

/// A line waiting for the next step, with what is sealed for it.
struct Waiting {
    entry: Entry,
    line: Vec<u8>,
    sealed: Vec<u8>,
}

struct Check {
    ledger: LedgerId,
    /// Whether every entry so far was there: only then do roots mean anything.
    whole: bool,
    frontier: Frontier,
    recorded: Option<Recorded>,
    waiting: Vec<Waiting>,
    leaves: Vec<Hash>,
    partial: Vec<(u8, u64, Vec<u8>)>,
    events: Vec<([u8; 16], u64)>,
    keys: Vec<([u8; 16], u64)>,
    refs: Vec<([u8; 16], [u8; 16])>,
    verified: Verified,
}

impl Check {
    fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            whole: true,
            frontier: Frontier::new(),
            recorded: None,
            waiting: Vec::new(),
            leaves: Vec::new(),
            partial: Vec::new(),
            events: Vec::new(),
            keys: Vec::new(),
            refs: Vec::new(),
            verified: Verified {
                head: None,
                entries: 0,
                opened: 0,
                unopened: 0,
                behind: 0,
                findings: Vec::new(),
            },
        }
    }

    fn found(&mut self, part: Part, what: impl Into<String>) {
        self.verified.findings.push(Finding {
            part,
            what: what.into(),
        });
    }

    fn vault(&mut self, files: &Arc<dyn Files>, folder: &Path) -> Option<Vault> {
        match Vault::open(files, &folder.join(KEYS), self.ledger, OpenMode::Read) {
            Ok(vault) => {
                for offset in vault.damaged() {
                    self.found(Part::Keys, format!("the key at byte {offset} is damaged"));
                }
                Some(vault)
            }
            Err(error) => {
                self.found(Part::Keys, error.to_string());
                None
            }
        }
    }

    /// Opens the shelf as it is; where the folder cannot be written, it is left unchecked.
    fn shelf(&mut self, folder: &Path, writable: bool) -> Result<Option<Shelf>, OpenError> {
        let at = folder.join(SHELF);
        if !writable || !at.exists() {
            return Ok(None);
        }
        match Shelf::open(&at, self.ledger.bytes()) {
            Ok(shelf) => Ok(Some(shelf)),
            Err(ShelfError::Busy) => Err(OpenError::InUse),
            Err(error) => {
                self.found(Part::Store, error.to_string());
                Ok(None)
            }
        }
    }

    fn journal(
        &mut self,
        files: &Arc<dyn Files>,
        folder: &Path,
        shelf: Option<&Shelf>,
    ) -> Result<(), OpenError> {
        let acknowledged = shelf.and_then(Shelf::head).map(|head| head.size);
        let verified = Journal::verify(files.clone(), folder, acknowledged)
            .map_err(OpenError::DamagedWithin)?;
        for finding in &verified.findings {
            self.found(Part::Journal, finding.to_string());
        }
        let size = shelf.and_then(Shelf::head).map_or(0, |head| head.size);
        self.verified.behind = verified.size.saturating_sub(size);
        if size > verified.size && verified.findings.is_empty() {
            let lost = format!("e{}..e{} are gone from it", verified.size, size - 1);
            self.found(Part::Journal, lost);
        }
        Ok(())
    }

    fn batch(
        &mut self,
        batch: &journal::Batch,
        shelf: Option<&Shelf>,
        vault: Option<&Vault>,
        progress: &mut dyn FnMut(u64),
    ) {
        for (seq, record) in (batch.first_seq()..).zip(batch.entries()) {
            self.entry(Seq::new(seq), record, vault);
        }
        if self.whole {
            let expected = Hash::from_bytes(*batch.root_after());
            if self.frontier.root() != expected {
                let last = batch.end_seq().saturating_sub(1);
                self.found(
                    Part::Log,
                    format!("the root after e{last} is not the one recorded"),
                );
            } else if let Some(recorded) = self.recorded {
                let (size, root) = (self.frontier.size(), expected);
                self.verified.head = Some(Head {
                    size,
                    root,
                    recorded,
                });
            }
        }
        if self.waiting.len() >= STEP_ENTRIES {
            self.step(shelf, progress);
        }
    }

    fn entry(&mut self, seq: Seq, record: journal::Record<'_>, vault: Option<&Vault>) {
        self.verified.entries += 1;
        let leaf = leaf_hash(record.line);
        self.frontier.push(leaf);
        self.leaves.push(leaf);
        let entry = match Entry::parse_exact(record.line) {
            Ok(entry) => entry,
            Err(error) => {
                self.found(Part::Log, format!("{seq}: {error}"));
                return;
            }
        };
        if entry.seq != seq {
            self.found(
                Part::Log,
                format!("the line at {seq} says that it is {}", entry.seq),
            );
        }
        if (entry.event.kind() == Kind::Ledger) != (seq == Seq::OPENING) {
            self.found(
                Part::Log,
                format!("{seq}: a ledger is opened by e0, and by nothing else"),
            );
        }
        if self.recorded.is_some_and(|before| entry.recorded < before) {
            self.found(
                Part::Log,
                format!("{seq}: the recording time goes backwards"),
            );
        }
        self.recorded = Some(entry.recorded);
        self.sealed(&entry, record.sealed, vault);
        self.events.push((entry.id.bytes(), seq.number()));
        let keys = index_key::of_entry(&entry);
        self.keys
            .extend(keys.into_iter().map(|key| (key, seq.number())));
        let (line, sealed) = (record.line.to_vec(), record.sealed.to_vec());
        self.waiting.push(Waiting {
            entry,
            line,
            sealed,
        });
    }

    fn sealed(&mut self, entry: &Entry, sealed: &[u8], vault: Option<&Vault>) {
        if sealed.is_empty() || entry.private.is_empty() {
            if !sealed.is_empty() {
                self.found(
                    Part::Keys,
                    format!("{}: something is sealed for no field", entry.seq),
                );
            }
            self.verified.unopened += u64::from(!entry.private.is_empty());
            return;
        }
        let Some(vault) = vault else {
            self.verified.unopened += 1;
            return;
        };
        let owner = Owner::of(entry.event.subject(), self.ledger);
        match vault.open_sealed(owner, entry.id, sealed) {
            Opened::NoKey => self.verified.unopened += 1,
            Opened::Openings(openings) if openings.digests(entry.id) == entry.private => {
                self.verified.opened += 1;
                self.refs.extend(refs_of(vault, &entry.event, &openings));
            }
            Opened::Openings(_) => {
                let what = "the private fields are not those that the line's digests promise";
                self.found(Part::Keys, format!("{}: {what}", entry.seq));
            }
            Opened::Damaged => {
                let what = "the private fields do not open with their key";
                self.found(Part::Keys, format!("{}: {what}", entry.seq));
            }
        }
    }

    /// Holds the entries that wait against the shelf.
    fn step(&mut self, shelf: Option<&Shelf>, progress: &mut dyn FnMut(u64)) {
        let waiting = std::mem::take(&mut self.waiting);
        let leaves = std::mem::take(&mut self.leaves);
        let end = self.frontier.size();
        if let (Some(shelf), true) = (shelf, self.whole) {
            self.compare_lines(shelf, &waiting);
            self.compare_tiles(shelf, end - leaves.len() as u64, &leaves);
        }
        progress(self.verified.entries);
    }

    fn compare_lines(&mut self, shelf: &Shelf, waiting: &[Waiting]) {
        let size = shelf.head().map_or(0, |head| head.size);
        for one in waiting {
            let seq = one.entry.seq;
            if seq.number() >= size {
                break;
            }
            match shelf.line(seq.number()) {
                Ok(Some(line)) if line == one.line => {}
                Ok(_) => self.found(Part::Store, format!("{seq} is not the journal's")),
                Err(error) => {
                    self.found(Part::Store, format!("{seq}: {error}"));
                    return;
                }
            }
        }
        self.compare_sealed(shelf, waiting, size);
    }

    fn compare_sealed(&mut self, shelf: &Shelf, waiting: &[Waiting], size: u64) {
        let (Some(first), Some(last)) = (waiting.first(), waiting.last()) else {
            return;
        };
        let range = first.entry.seq.number()..(last.entry.seq.number() + 1).min(size);
        let mut expected = waiting
            .iter()
            .filter(|one| !one.sealed.is_empty() && one.entry.seq.number() < size);
        for block in shelf.sealed_blocks(range) {
            let block = match block {
                Ok(block) => block,
                Err(error) => return self.found(Part::Store, error.to_string()),
            };
            for (seq, sealed) in block.iter().filter(|(_, sealed)| !sealed.is_empty()) {
                let matches = expected
                    .next()
                    .is_some_and(|one| one.entry.seq.number() == seq && one.sealed == sealed);
                if !matches {
                    let what = format!("what is sealed for e{seq} is not the journal's");
                    return self.found(Part::Store, what);
                }
            }
        }
        if let Some(missing) = expected.next() {
            let what = format!("what is sealed for {} is missing", missing.entry.seq);
            self.found(Part::Store, what);
        }
    }

    fn compare_tiles(&mut self, shelf: &Shelf, first: u64, leaves: &[Hash]) {
        let partial = std::mem::take(&mut self.partial);
        let read = |level: u8, index: u64| {
            let found = partial.iter().find(|(l, i, _)| (*l, *i) == (level, index));
            found.map(|(_, _, bytes)| bytes.clone())
        };
        let Ok(tiles) = append_tiles(first, leaves, |id| read(id.level(), id.index())) else {
            return self.found(Part::Log, "the Merkle tree cannot be built");
        };
        let behind = shelf
            .head()
            .is_none_or(|head| head.size < first + leaves.len() as u64);
        for tile in tiles {
            let id = tile.id();
            let bytes = tile.into_bytes();
            if id.level() > 0 && id.is_full() && !behind {
                match shelf.tile(id.level(), id.index()) {
                    Ok(Some(found)) if found == bytes => {}
                    Ok(_) => self.found(Part::Store, format!("{id} is not the log's")),
                    Err(error) => self.found(Part::Store, error.to_string()),
                }
            }
            if !id.is_full() {
                self.partial.push((id.level(), id.index(), bytes));
            }
        }
    }

    /// Holds the shelf's head, right edge and indexes against the log.
    fn finish_shelf(&mut self, shelf: &Shelf) {
        let Some(head) = shelf.head() else { return };
        if !self.whole {
            return;
        }
        let log = self.verified.head;
        if log.is_some_and(|log| log.size == head.size && *log.root.as_bytes() != head.root) {
            self.found(Part::Store, "its head is not the log's");
        }
        if log.is_some_and(|log| log.size == head.size) {
            for (level, index, bytes) in std::mem::take(&mut self.partial) {
                match shelf.tile(level, index) {
                    Ok(Some(found)) if found == bytes => {}
                    Ok(_) | Err(_) => {
                        let what = format!("tile {index} of level {level} is not the log's");
                        self.found(Part::Store, what);
                    }
                }
            }
        }
        let below = |pairs: &mut Vec<([u8; 16], u64)>| {
            pairs.retain(|(_, seq)| *seq < head.size);
            pairs.sort_unstable();
            pairs.dedup();
            std::mem::take(pairs)
        };
        let events = below(&mut self.events);
        if let Some(twice) = events.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let (first, second) = (twice[0].1, twice[1].1);
            self.found(
                Part::Log,
                format!("e{first} and e{second} have the same event id"),
            );
        }
        let keys = below(&mut self.keys);
        self.compare_index("of event ids", shelf.event_pairs(), &events);
        self.compare_index("of subjects", shelf.subject_pairs(), &keys);
        let refs = self
            .refs
            .iter()
            .map(|(hash, person)| (*hash, u128::from_be_bytes(*person)));
        let mut refs: Vec<_> = refs.collect();
        refs.sort_unstable();
        refs.dedup();
        self.compare_refs(shelf.ref_pairs(), &refs);
    }

    fn compare_index(
        &mut self,
        which: &str,
        pairs: Result<IndexPairs<'_>, ShelfError>,
        expected: &[([u8; 16], u64)],
    ) {
        let mut expected = expected.iter();
        let pairs = match pairs {
            Ok(pairs) => pairs,
            Err(error) => return self.found(Part::Store, format!("the index {which}: {error}")),
        };
        for pair in pairs {
            match pair {
                Ok((key, value)) => match expected.next() {
                    Some((k, seq)) if *k == key && u128::from(*seq) == value => {}
                    Some(_) | None => {
                        let what = format!("the index {which} is not the log's, at e{value}");
                        return self.found(Part::Store, what);
                    }
                },
                Err(error) => {
                    return self.found(Part::Store, format!("the index {which}: {error}"));
                }
            }
        }
        if let Some((_, seq)) = expected.next() {
            self.found(Part::Store, format!("the index {which} lacks e{seq}"));
        }
    }

    fn compare_refs(
        &mut self,
        pairs: Result<IndexPairs<'_>, ShelfError>,
        expected: &[([u8; 16], u128)],
    ) {
        // References that can no longer be opened stay in the index: it is a superset.
        let found: Result<Vec<_>, ShelfError> = pairs.and_then(Iterator::collect);
        match found {
            Ok(found) => {
                let lacks = expected
                    .iter()
                    .any(|pair| found.binary_search(pair).is_err());
                if lacks && self.verified.behind == 0 {
                    self.found(Part::Store, "the index of references lacks one");
                }
            }
            Err(error) => self.found(Part::Store, format!("the index of references: {error}")),
        }
    }
}
