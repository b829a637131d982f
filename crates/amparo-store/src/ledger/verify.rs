//! Verifying: every byte of journal and shelf is read, hashed and compared, and every fault named.
//!
//! Trusts nothing that can be derived: lines are read from the journal, their Merkle tree is
//! built anew, and roots, recording times, openings, shelf, tiles and indexes are held against
//! it. Works on a ledger that does not open, and changes nothing.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use amparo_core::entry::Recorded;
use amparo_core::id::{LedgerId, Seq};
use amparo_core::kind::Kind;
use amparo_tlog::append::TileEdge;
use amparo_tlog::merkle::{Frontier, Hash};

use super::derived::{Feed, Rederive, compare_beside};
use super::examine::{Examined, ExaminedEntry, Stretches, examine};
use super::open::read_settings;
use super::verify_sealed::Keyless;
pub use super::verify_signed::SignedLevel;
use super::{Head, JOURNAL, KEYS, KeptElsewhere, LOCK, Ledger, OpenError, SHELF};
use crate::files::{Files, OpenMode, RealFiles};
use crate::in_order::in_order;
use crate::journal::{Batch, Journal, Salvage, Salvaged, Survey};
use crate::lock::{Lock, LockError};
use crate::shelf::{Shelf, ShelfError};
use crate::signing::Book;
use crate::vault::{SlotSecret, Vault, VaultError};

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
    /// The signed heads, and the keys they are made and checked with.
    Checkpoints,
    /// What read models worked out of the log, kept for the next command.
    Derived,
    /// What is kept elsewhere, and does not agree with this ledger.
    Elsewhere,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Journal => "journal",
            Part::Log => "log",
            Part::Store => "sled store",
            Part::Keys => "keys",
            Part::Checkpoints => "checkpoints",
            Part::Derived => "derived",
            Part::Elsewhere => "against",
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
    /// How far the newest signed head got; `None` where nothing was signed.
    pub signed: Option<SignedLevel>,
    /// Every fault; none in a sound ledger.
    pub findings: Vec<Finding>,
}

/// How far a verification goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All that a ledger's folder holds.
    #[default]
    Ledger,
    /// The log and the heads signed over it: not what is sealed and its keys, nor what the sled store
    /// and read models hold of it. The store only says how far the log was acknowledged.
    Log,
}

/// What is asked of a verification, and what is given for it.
#[derive(Default)]
pub struct Verification<'a> {
    /// How far it goes.
    pub extent: Extent,
    /// What the log is held against.
    pub kept: Option<KeptElsewhere>,
    /// What opens locked keys.
    pub secret: Option<&'a SlotSecret>,
    /// What works out again what is kept of read models.
    pub model: Option<&'a mut (dyn Rederive + Send)>,
}

impl Ledger {
    /// Reads and checks a whole ledger folder, telling `progress` how many entries are done.
    ///
    /// # Errors
    /// [`OpenError::NotALedger`], [`OpenError::InUse`], or a failure of the system; faults of the
    /// ledger are findings.
    pub fn verify(folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<Verified, OpenError> {
        Self::verify_with(folder, Verification::default(), progress)
    }

    /// The same, as far as is asked for and with what is given for it.
    ///
    /// Private fields under a lock that is not open count as unopened.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and [`OpenError::Keys`] where the secret opens no slot.
    pub fn verify_with(
        folder: &Path,
        verification: Verification<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Verified, OpenError> {
        let Verification {
            extent,
            kept,
            secret,
            model,
        } = verification;
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        let settings = read_settings(&files, folder)?;
        let ledger = LedgerId::new(settings.ledger);
        let lock = match Lock::take(&folder.join(LOCK)) {
            Ok(lock) => Some(lock),
            Err(LockError::InUse) => return Err(OpenError::InUse),
            Err(LockError::Io(_)) => None,
        };
        let mut check = Check::new(ledger);
        let vault = match extent {
            Extent::Ledger => check.vault(&files, folder, secret)?,
            Extent::Log => None,
        };
        // How far the store got tells what was acknowledged, also where no more of it is looked at.
        let shelf = check.shelf(folder, lock.is_some())?;
        let compared_shelf = shelf.as_ref().filter(|_| extent == Extent::Ledger);
        let model = model.filter(|_| extent == Extent::Ledger);
        let before = check.verified.findings.len();
        let heads = check.signed(&files, folder, shelf.as_ref());
        check.expect(kept);
        let expected = shelf
            .as_ref()
            .and_then(Shelf::head)
            .map_or(0, |head| head.size);
        check
            .events
            .reserve(usize::try_from(expected).unwrap_or_default());
        let derived = check.derived(&files, folder, vault.as_ref(), model);
        let book = Book::new(files.clone(), folder);
        let journal = folder.join(JOURNAL);
        let mut survey =
            Survey::begin(files.clone(), &journal).map_err(OpenError::DamagedWithin)?;
        let salvage = Journal::salvage(files, &journal).map_err(OpenError::DamagedWithin)?;
        let compared = compare_beside(derived, |feed| {
            check.journal(
                salvage,
                &mut survey,
                vault.as_ref(),
                compared_shelf,
                feed,
                progress,
            );
            check.finish_journal(survey, shelf.as_ref(), before);
            check.finish_ids();
            if let Some(shelf) = compared_shelf {
                check.finish_shelf(shelf);
            }
        });
        check.finish_derived(compared, vault.as_ref());
        check.finish_keyless(vault.as_ref());
        check.finish_signed(heads);
        if let Some(kept) = check.kept.take() {
            check.finish_kept(kept, &book);
        }
        Ok(check.verified)
    }
}

pub(super) struct Check {
    pub(super) ledger: LedgerId,
    /// Whether every entry so far was there: only then do roots mean anything.
    pub(super) whole: bool,
    pub(super) frontier: Frontier,
    pub(super) recorded: Option<Recorded>,
    /// Batches to be held against the shelf at the next step.
    waiting: Vec<Batch>,
    waiting_entries: usize,
    pub(super) leaves: Vec<Hash>,
    /// Sizes at which a root is wanted, ascending, and the roots found there.
    pub(super) wanted: Vec<u64>,
    pub(super) roots: Vec<(u64, Hash)>,
    /// What the log is held against.
    pub(super) kept: Option<KeptElsewhere>,
    /// The right edge of the tree as far as it was held against the shelf.
    pub(super) edge: TileEdge,
    pub(super) events: Vec<([u8; 16], u64)>,
    pub(super) keys: Vec<([u8; 16], u64)>,
    pub(super) refs: Vec<([u8; 16], [u8; 16])>,
    pub(super) keyless: Keyless,
    pub(super) verified: Verified,
}

impl Check {
    fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            whole: true,
            frontier: Frontier::new(),
            recorded: None,
            waiting: Vec::new(),
            waiting_entries: 0,
            leaves: Vec::new(),
            wanted: Vec::new(),
            roots: Vec::new(),
            kept: None,
            edge: TileEdge::default(),
            events: Vec::new(),
            keys: Vec::new(),
            refs: Vec::new(),
            keyless: Keyless::default(),
            verified: Verified {
                head: None,
                entries: 0,
                opened: 0,
                unopened: 0,
                behind: 0,
                signed: None,
                findings: Vec::new(),
            },
        }
    }

    pub(super) fn found(&mut self, part: Part, what: impl Into<String>) {
        self.verified.findings.push(Finding {
            part,
            what: what.into(),
        });
    }

    /// Asks for the roots at these sizes.
    pub(super) fn want(&mut self, sizes: impl IntoIterator<Item = u64>) {
        self.wanted.extend(sizes);
        self.wanted.sort_unstable();
    }

    fn expect(&mut self, kept: Option<KeptElsewhere>) {
        self.want(kept.as_ref().and_then(KeptElsewhere::size));
        self.kept = kept;
    }

    fn vault(
        &mut self,
        files: &Arc<dyn Files>,
        folder: &Path,
        secret: Option<&SlotSecret>,
    ) -> Result<Option<Vault>, OpenError> {
        let keys = folder.join(KEYS);
        let opened = Vault::open(files, &keys, self.ledger, OpenMode::Read, secret);
        match opened.and_then(|vault| vault.look_through().map(|()| vault)) {
            Ok(vault) => Ok(Some(vault)),
            Err(error @ VaultError::Secret(_)) => Err(error.into()),
            Err(error) => {
                self.found(Part::Keys, error.to_string());
                Ok(None)
            }
        }
    }

    /// Opens the shelf as it is; where the folder cannot be written, or the disk is full, it is left
    /// unchecked.
    fn shelf(&mut self, folder: &Path, writable: bool) -> Result<Option<Shelf>, OpenError> {
        let at = folder.join(SHELF);
        if !writable || !at.exists() {
            return Ok(None);
        }
        match Shelf::open(&at, self.ledger.bytes()) {
            Ok(shelf) => Ok(Some(shelf)),
            Err(ShelfError::Busy) => Err(OpenError::InUse),
            Err(ShelfError::Full) => Ok(None),
            Err(error) => {
                self.found(Part::Store, error.to_string());
                Ok(None)
            }
        }
    }

    /// Puts what is wrong with the journal before what follows from it.
    fn finish_journal(&mut self, survey: Survey, shelf: Option<&Shelf>, before: usize) {
        let acknowledged = shelf.and_then(Shelf::head).map(|head| head.size);
        let journal = survey.finish(acknowledged);
        let size = acknowledged.unwrap_or(0);
        self.verified.behind = journal.size.saturating_sub(size);
        let mut findings: Vec<String> = journal.findings.iter().map(ToString::to_string).collect();
        if size > journal.size && findings.is_empty() {
            findings.push(format!("e{}..e{} are gone from it", journal.size, size - 1));
        }
        let part = Part::Journal;
        let findings = findings.into_iter().map(|what| Finding { part, what });
        self.verified.findings.splice(before..before, findings);
    }

    /// Reads the journal, and holds every entry against those around it, and the shelf against them.
    fn journal(
        &mut self,
        salvage: Salvage,
        survey: &mut Survey,
        vault: Option<&Vault>,
        shelf: Option<&Shelf>,
        mut feed: Option<Feed>,
        progress: &mut dyn FnMut(u64),
    ) {
        let ledger = self.ledger;
        let examined = in_order(
            Stretches(salvage),
            |stretch| {
                let parts = stretch.into_iter();
                let examined = parts.map(|part| examine(part, ledger, vault, shelf.is_some()));
                examined.collect()
            },
            |examined: Vec<Examined>| {
                for examined in examined {
                    match examined {
                        Examined::Batch(batch, entries) => {
                            survey.see_batch(&batch);
                            self.batch(batch, entries, shelf, &mut feed, progress);
                        }
                        Examined::Other(part) => {
                            survey.see(&part);
                            if matches!(part, Salvaged::Gap(_)) {
                                self.step(shelf, progress);
                                self.whole = false;
                            }
                        }
                    }
                }
                Ok::<(), Infallible>(())
            },
        );
        let Ok(()) = examined;
        if let Some(feed) = feed {
            feed.finish();
        }
        self.step(shelf, progress);
    }

    fn batch(
        &mut self,
        batch: Batch,
        entries: Vec<ExaminedEntry>,
        shelf: Option<&Shelf>,
        feed: &mut Option<Feed>,
        progress: &mut dyn FnMut(u64),
    ) {
        let lines = batch.entries().map(|record| record.line);
        for ((seq, line), entry) in (batch.first_seq()..).zip(lines).zip(&entries) {
            self.entry(Seq::new(seq), line, entry);
        }
        if let (true, Some(feed)) = (self.whole, feed) {
            feed.take(entries);
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
        self.waiting_entries += batch.count() as usize;
        self.waiting.push(batch);
        if self.waiting_entries >= STEP_ENTRIES {
            self.step(shelf, progress);
        }
    }

    fn entry(&mut self, seq: Seq, line: &[u8], examined: &ExaminedEntry) {
        self.verified.entries += 1;
        self.frontier.push(examined.leaf);
        self.leaves.push(examined.leaf);
        if self.whole && self.wanted.binary_search(&self.frontier.size()).is_ok() {
            self.roots
                .push((self.frontier.size(), self.frontier.root()));
        }
        if let (true, Some(kept)) = (self.whole, &mut self.kept) {
            kept.compare(seq, line);
        }
        let entry = match &examined.entry {
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
        self.sealed(entry, &examined.seal);
        self.events.push((entry.id.bytes(), seq.number()));
        let keys = examined.keys.iter();
        self.keys.extend(keys.map(|key| (*key, seq.number())));
    }

    /// Holds the entries that wait against the shelf.
    fn step(&mut self, shelf: Option<&Shelf>, progress: &mut dyn FnMut(u64)) {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_entries = 0;
        let leaves = std::mem::take(&mut self.leaves);
        if let (Some(shelf), true) = (shelf, self.whole) {
            self.compare_lines(shelf, &waiting);
            self.compare_tiles(shelf, &leaves);
        }
        progress(self.verified.entries);
    }
}
