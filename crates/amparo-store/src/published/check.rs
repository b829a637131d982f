//! Checking a public export against itself: every byte is read, hashed and compared.
//!
//! Trusts only the head that the checkpoint states, which the caller must compare with one that
//! is known from elsewhere, or check the signature of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use amparo_core::entry::Entry;
use amparo_core::private::Openings;
use amparo_tlog::append::TileEdge;
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};
use amparo_tlog::tile::{TileId, changed_bundles, changed_tiles};
use sha2::{Digest as _, Sha256};

use super::{DISCLOSURES, LOG_PUB, OPENINGS, Published, SUMMED, SUMS};
use crate::files::{Files as _, RealFiles};

/// The most bytes that are read of a file that is not a tile.
const FILE_BYTES_MAX: usize = 1 << 30;

/// What checking an export found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How many entries were read.
    pub entries: u64,
    /// How many disclosed openings match their digests.
    pub disclosed: u64,
    /// Every fault, naming the file.
    pub findings: Vec<String>,
}

/// Is told of each entry: its place and its line.
pub type CheckedLine<'l> = &'l mut dyn FnMut(u64, &[u8]);

impl Published {
    /// Reads and hashes every file of the export, and tells every line.
    pub fn check(&self, told: CheckedLine<'_>) -> Checked {
        let mut check = Check {
            published: self,
            checked: Checked {
                entries: 0,
                disclosed: 0,
                findings: Vec::new(),
            },
            frontier: Frontier::new(),
            edge: TileEdge::default(),
            openings: BTreeMap::new(),
        };
        check.sums();
        check.key();
        check.read_openings();
        for id in changed_bundles(0, self.size()) {
            match self.bundle(id) {
                Ok(lines) => check.lines(&lines, told),
                Err(error) => {
                    check.found(&id.to_string(), error);
                    break;
                }
            }
        }
        check.finish();
        check.strangers();
        check.checked
    }
}

struct Check<'p> {
    published: &'p Published,
    checked: Checked,
    frontier: Frontier,
    edge: TileEdge,
    openings: BTreeMap<String, Openings>,
}

impl Check<'_> {
    fn found(&mut self, file: &str, what: impl ToString) {
        self.checked
            .findings
            .push(format!("{file}: {}", what.to_string()));
    }

    fn read(&mut self, name: &str) -> Option<Vec<u8>> {
        match RealFiles.read(&self.published.folder.join(name), FILE_BYTES_MAX) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.found(name, error);
                None
            }
        }
    }

    /// The files that are not under `tile/` are those that the list of sums has, and no other.
    fn sums(&mut self) {
        let Some(listed) = self.read(SUMS) else {
            return self.found(SUMS, "it is missing");
        };
        let mut expected = String::new();
        for name in SUMMED {
            if let Some(bytes) = self.read(name) {
                let digest = Hash::from_bytes(Sha256::digest(&bytes).into());
                let line = format!("{digest}  {name}\n");
                let is_listed = listed
                    .split_inclusive(|byte| *byte == b'\n')
                    .any(|listed| listed == line.as_bytes());
                if !is_listed {
                    self.found(name, format!("it is not what {SUMS} says"));
                }
                expected.push_str(&line);
            } else if name != OPENINGS {
                self.found(name, "it is missing");
            }
        }
        if listed != expected.as_bytes() && self.checked.findings.is_empty() {
            self.found(SUMS, "it lists other files than there are");
        }
    }

    /// The key that lies in the export signed its checkpoint; whose key it is, is another matter.
    fn key(&mut self) {
        let Some(bytes) = self.read(LOG_PUB) else {
            return;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match text.trim_end().parse() {
            Ok(key) => {
                if let Err(error) = self.published.checkpoint.note().verify([&key]) {
                    self.found("checkpoint", error);
                }
            }
            Err(error) => {
                let error: amparo_tlog::key::ParseVerifierKeyError = error;
                self.found(LOG_PUB, error);
            }
        }
    }

    fn read_openings(&mut self) {
        let Some(bytes) = self.read(OPENINGS) else {
            return;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for (number, line) in (1..).zip(text.lines()) {
            match opening(line) {
                Some((entry, openings)) => {
                    self.openings.insert(entry, openings);
                }
                None => self.found(OPENINGS, format!("line {number} is no opening")),
            }
        }
    }

    fn lines(&mut self, lines: &[Vec<u8>], told: CheckedLine<'_>) {
        let first = self.frontier.size();
        let leaves: Vec<Hash> = lines.iter().map(|line| leaf_hash(line)).collect();
        for ((seq, line), leaf) in (first..).zip(lines).zip(&leaves) {
            told(seq, line);
            self.entry(seq, line);
            self.frontier.push(*leaf);
        }
        self.checked.entries = self.frontier.size();
        let Ok(tiles) = self.edge.push(&leaves) else {
            return self.found("tile", "the Merkle tree cannot be built");
        };
        let size = self.published.size();
        for tile in tiles {
            let id = tile.id();
            if TileId::of_tree(size, id.level(), id.index()) == Some(id) {
                self.tile(id, tile.bytes());
            }
        }
    }

    fn tile(&mut self, id: TileId, expected: &[u8]) {
        let name = id.to_string();
        match self.read(&name) {
            Some(found) if found == expected => {}
            Some(_) => self.found(&name, "it is not the hashes of the entries"),
            None => self.found(&name, "it is missing"),
        }
    }

    fn entry(&mut self, seq: u64, line: &[u8]) {
        let place = format!("e{seq}");
        let entry = match Entry::parse(line) {
            Ok(entry) => entry,
            Err(error) => return self.found(&place, error),
        };
        if entry.seq.number() != seq {
            self.found(&place, format!("it says that it is {}", entry.seq));
        }
        let Some(openings) = self.openings.remove(&entry.id.to_string()) else {
            return;
        };
        let digests = openings.digests(entry.id);
        match digests.iter().all(|digest| entry.private.contains(digest)) {
            true => self.checked.disclosed += 1,
            false => {
                let what = format!("what it discloses of {place} is not what was recorded");
                self.found(OPENINGS, what);
            }
        }
    }

    fn finish(&mut self) {
        let head = self.published.checkpoint.checkpoint().head();
        if self.frontier.size() == head.size() && self.frontier.root() != head.root() {
            self.found("checkpoint", "the entries lead to another root");
        }
        if self.frontier.size() == head.size() && !self.openings.is_empty() {
            let many = self.openings.len();
            self.found(OPENINGS, format!("{many} openings are of no entry"));
        }
    }

    /// Files that a reader could take for part of the log. Others are the host's own business.
    fn strangers(&mut self) {
        let size = self.published.size();
        let tiles = changed_tiles(0, size).map(|id| id.to_string());
        let bundles = changed_bundles(0, size).map(|id| id.to_string());
        let named = SUMMED.iter().map(|name| (*name).to_owned());
        let known: BTreeSet<String> = tiles.chain(bundles).chain(named).collect();
        let mut there = Vec::new();
        for part in ["tile", DISCLOSURES] {
            let folder = self.published.folder.join(part);
            match list(&folder, &format!("{part}/"), &mut there) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => self.found(part, error),
                Ok(()) | Err(_) => {}
            }
        }
        for name in there {
            if !known.contains(&name) {
                self.found(&name, "it is no part of this export");
            }
        }
    }
}

fn list(folder: &Path, before: &str, into: &mut Vec<String>) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        let name = format!("{before}{}", item.file_name().to_string_lossy());
        if item.file_type()?.is_dir() {
            list(&item.path(), &format!("{name}/"), into)?;
        } else {
            into.push(name);
        }
    }
    Ok(())
}

fn opening(line: &str) -> Option<(String, Openings)> {
    let rest = line.strip_prefix("{\"opening\":{\"entry\":\"")?;
    let (entry, rest) = rest.split_once("\",\"fields\":")?;
    let openings = Openings::from_json(rest.strip_suffix("}}")?).ok()?;
    Some((entry.to_owned(), openings))
}
