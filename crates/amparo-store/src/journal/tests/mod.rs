//! What the journal promises, tested on whole journals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Access, AppendError, Journal, LastBatch, Opened, Record, Root, Sizes, Verified};
use crate::files::faults::scratch;
use crate::files::{Files, RealFiles};

mod append; // refusals, and what an append leaves
mod damage; // flipped bits, cut and missing files
mod faults; // every operation fails
mod layout; // LAYOUT.md, byte by byte
mod misplaced; // sound in itself, and in the wrong place
mod power; // power cuts after every operation
mod round_trip; // what goes in comes out

const LEDGER: [u8; 16] = *b"the ledger's id!";
const EMPTY_ROOT: Root = [0xe0; 32];
/// So small that a few batches fill a segment, and a segment has several blocks.
const SMALL: Sizes = Sizes {
    segment_bytes: 900,
    block_bytes: 400,
};

/// The entry of a sequence, always the same; up to some 200 bytes.
fn entry(seq: u64) -> (Vec<u8>, Vec<u8>) {
    let padding = "x".repeat(usize::try_from(seq * 37 % 101).unwrap());
    let line = format!(r#"{{"seq":{seq},"kind":"note","text":"{padding}"}}"#);
    let sealed = vec![u8::try_from(seq % 251).unwrap(); usize::try_from(seq * 13 % 53).unwrap()];
    (line.into_bytes(), sealed)
}

fn root(size: u64) -> Root {
    let mut root = EMPTY_ROOT;
    if size > 0 {
        root[..8].copy_from_slice(&size.to_le_bytes());
    }
    root
}

fn recorded_ms(first_seq: u64) -> u64 {
    1_770_000_000_000 + first_seq / 2
}

/// Appends the next `count` entries.
fn append(journal: &mut Journal, count: u64) -> Result<(), AppendError> {
    let size = journal.size();
    let entries: Vec<_> = (size..size + count).map(entry).collect();
    let records: Vec<_> = entries
        .iter()
        .map(|(line, sealed)| Record { line, sealed })
        .collect();
    journal.append(size, recorded_ms(size), root(size + count), &records)
}

fn open_in(files: Arc<dyn Files>, folder: &Path, access: Access) -> (Journal, Opened) {
    let (mut journal, opened) = Journal::open(files, folder, access, None).unwrap();
    journal.set_sizes(SMALL);
    (journal, opened)
}

/// Checks that every entry below `size` reads back, and that there are no more.
fn check_content(journal: &Journal, size: u64) {
    assert_eq!(journal.size(), size);
    let mut seq = 0;
    for batch in journal.batches(0) {
        let batch = batch.unwrap();
        assert_eq!(batch.first_seq(), seq);
        assert_eq!(batch.recorded_ms(), recorded_ms(seq));
        for record in batch.entries() {
            let (line, sealed) = entry(seq);
            assert_eq!(
                record,
                Record {
                    line: &line,
                    sealed: &sealed
                }
            );
            seq += 1;
        }
        assert_eq!((batch.end_seq(), *batch.root_after()), (seq, root(seq)));
    }
    assert_eq!(seq, size);
}

fn verify(folder: &Path, acknowledged: Option<u64>) -> Verified {
    Journal::verify(Arc::new(RealFiles), folder, acknowledged).unwrap()
}

/// A journal in a folder of its own.
struct Fixture {
    parent: tempfile::TempDir,
    sizes: Sizes,
}

impl Fixture {
    /// One with these batches, given by their counts.
    fn with_batches(counts: &[u64]) -> Self {
        Self::with_sizes(SMALL, counts)
    }

    fn in_one_segment(counts: &[u64]) -> Self {
        Self::with_sizes(Sizes::default(), counts)
    }

    fn with_sizes(sizes: Sizes, counts: &[u64]) -> Self {
        let parent = scratch().unwrap();
        let fixture = Self { parent, sizes };
        Journal::create(Arc::new(RealFiles), &fixture.folder(), LEDGER, EMPTY_ROOT).unwrap();
        let mut journal = fixture.open(Access::Write).0;
        for count in counts {
            append(&mut journal, *count).unwrap();
        }
        assert!(journal.postponed_sealing().is_none());
        fixture
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("journal")
    }

    fn open(&self, access: Access) -> (Journal, Opened) {
        let (mut journal, opened) = open_in(Arc::new(RealFiles), &self.folder(), access);
        journal.set_sizes(self.sizes);
        (journal, opened)
    }

    /// The names in the folder.
    fn names(&self) -> Vec<String> {
        let listed = RealFiles.list(&self.folder()).unwrap();
        listed
            .into_iter()
            .map(|item| item.name.into_string().unwrap())
            .collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// The open segment.
    fn last_log(&self) -> String {
        self.names()
            .into_iter()
            .rfind(|name| name.ends_with(".log"))
            .unwrap()
    }
}
