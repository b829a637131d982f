//! The changes and syncs of a run, and what a power cut after any of them leaves.
//!
//! A model of a disk: nodes (files, folders) and changes to them. A change is durable once every
//! node that it touches was synced after it; a sync that failed covers nothing of a file, now or
//! later. Of the other changes any subset may survive.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Effect, Fault};

/// The unit in which a device writes: what of an unsynced write survives, survives by sectors.
const SECTOR_BYTES: usize = 512;

/// The number of a file or folder, whatever its name; the root folder is 0.
pub(super) type Node = usize;

const ROOT: Node = 0;

/// Which of the changes that were not synced survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivors {
    /// None of them.
    Nothing,
    /// All of them: the power was cut later than the process died.
    Everything,
    /// A random subset, the same for the same seed; writes also torn, or by sectors.
    Random(u64),
}

/// All changes and syncs of a run over a folder, in order, with what the folder held before.
#[derive(Clone, Debug)]
pub struct Recording {
    before: Tree,
    now: Tree,
    records: Vec<Record>,
}

impl Recording {
    pub(super) fn start(root: &Path) -> io::Result<Self> {
        let mut before = Tree {
            nodes: vec![Body::folder()],
        };
        before.load(ROOT, root)?;
        Ok(Self {
            now: before.clone(),
            before,
            records: Vec::new(),
        })
    }

    /// How many changes and syncs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing was changed or synced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Lays out, in the empty folder `into`, what the root folder holds when the power is cut
    /// after the first `at` changes and syncs.
    ///
    /// # Errors
    /// Those of the system while writing.
    pub fn power_cut(&self, at: usize, survivors: Survivors, into: &Path) -> io::Result<()> {
        let mut tree = self.before.clone();
        let records = self.records.get(..at).unwrap_or(&self.records);
        let durable = durable(records);
        let mut chance = Chance(match survivors {
            Survivors::Random(seed) => seed,
            Survivors::Nothing | Survivors::Everything => 0,
        });
        for (record, durable) in records.iter().zip(durable) {
            let Record::Change(change) = record else {
                continue;
            };
            match (durable, survivors) {
                (true, _) | (false, Survivors::Everything) => tree.apply(change, true),
                (false, Survivors::Nothing) => tree.apply(change, false),
                (false, Survivors::Random(_)) => tree.apply_by_chance(change, &mut chance),
            }
        }
        tree.save(ROOT, into)
    }

    pub(super) fn find(&self, path: &Path) -> Option<Node> {
        path.components()
            .try_fold(ROOT, |node, name| match &self.now.nodes[node] {
                Body::Folder(names) => names.get(name.as_os_str()).copied(),
                Body::File(_) => None,
            })
    }

    pub(super) fn next_node(&self) -> Node {
        self.now.nodes.len()
    }

    pub(super) fn change(&mut self, change: Change) {
        self.now.apply(&change, true);
        self.records.push(Record::Change(change));
    }

    /// Records a sync, or the failure of one.
    pub(super) fn sync(&mut self, node: Node, fault: Option<Fault>) -> io::Result<()> {
        let is_done = fault.is_none_or(|fault| fault.effect == Effect::Whole);
        match &self.now.nodes[node] {
            Body::File(_) | Body::Folder(_) if is_done => self.records.push(Record::Sync(node)),
            Body::File(_) => self.records.push(Record::SyncFailed(node)),
            // Names go through the journal of the file system: the next sync covers them, or
            // there is none.
            Body::Folder(_) => {}
        }
        fault.map_or(Ok(()), |fault| fault.error.answer())
    }
}

#[derive(Clone, Debug)]
enum Record {
    Change(Change),
    Sync(Node),
    SyncFailed(Node),
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Create {
        folder: Node,
        name: OsString,
        node: Node,
        is_folder: bool,
    },
    Write {
        node: Node,
        offset: u64,
        bytes: Arc<[u8]>,
    },
    Truncate {
        node: Node,
        len: u64,
    },
    Move {
        from: (Node, OsString),
        to: (Node, OsString),
        node: Node,
    },
    Remove {
        at: (Node, OsString),
        node: Node,
    },
}

impl Change {
    fn is_covered_by(&self, synced: &BTreeSet<Node>) -> bool {
        match self {
            Self::Create { folder, .. } => synced.contains(folder),
            Self::Write { node, .. } | Self::Truncate { node, .. } => synced.contains(node),
            Self::Move { from, to, .. } => synced.contains(&from.0) && synced.contains(&to.0),
            Self::Remove { at, .. } => synced.contains(&at.0),
        }
    }
}

/// For each record, whether a later one makes it durable.
fn durable(records: &[Record]) -> Vec<bool> {
    let mut synced = BTreeSet::new();
    let mut durable = vec![false; records.len()];
    for (record, durable) in records.iter().zip(&mut durable).rev() {
        match record {
            Record::Change(change) => *durable = change.is_covered_by(&synced),
            Record::Sync(node) => {
                synced.insert(*node);
            }
            Record::SyncFailed(node) => {
                synced.remove(node);
            }
        }
    }
    durable
}

#[derive(Clone, Debug)]
enum Body {
    Folder(BTreeMap<OsString, Node>),
    File(Vec<u8>),
}

impl Body {
    fn folder() -> Self {
        Self::Folder(BTreeMap::new())
    }
}

#[derive(Clone, Debug)]
struct Tree {
    nodes: Vec<Body>,
}

impl Tree {
    /// Applies a change, or only lets the node that it creates exist without a name.
    fn apply(&mut self, change: &Change, survives: bool) {
        if let Change::Create { is_folder, .. } = change {
            self.nodes.push(if *is_folder {
                Body::folder()
            } else {
                Body::File(Vec::new())
            });
        }
        if !survives {
            return;
        }
        match change {
            Change::Create {
                folder, name, node, ..
            } => self.link(*folder, name, *node),
            Change::Write {
                node,
                offset,
                bytes,
            } => self.write(*node, *offset, bytes),
            Change::Truncate { node, len } => {
                if let Body::File(content) = &mut self.nodes[*node] {
                    content.truncate(usize::try_from(*len).unwrap_or(usize::MAX));
                }
            }
            Change::Move { from, to, node } => {
                self.unlink(from.0, &from.1, *node);
                self.link(to.0, &to.1, *node);
            }
            Change::Remove { at, node } => self.unlink(at.0, &at.1, *node),
        }
    }

    fn apply_by_chance(&mut self, change: &Change, chance: &mut Chance) {
        let Change::Write {
            node,
            offset,
            bytes,
        } = change
        else {
            return self.apply(change, chance.coin());
        };
        match chance.below(4) {
            0 => {}
            1 => self.write(*node, *offset, bytes),
            2 => self.write(*node, *offset, &bytes[..chance.below(bytes.len())]),
            _ => {
                let mut at = *offset;
                for sector in bytes.chunks(SECTOR_BYTES) {
                    if chance.coin() {
                        self.write(*node, at, sector);
                    }
                    at += sector.len() as u64;
                }
            }
        }
    }

    fn link(&mut self, folder: Node, name: &OsString, node: Node) {
        if let Body::Folder(names) = &mut self.nodes[folder] {
            names.insert(name.clone(), node);
        }
    }

    fn unlink(&mut self, folder: Node, name: &OsString, node: Node) {
        if let Body::Folder(names) = &mut self.nodes[folder]
            && names.get(name) == Some(&node)
        {
            names.remove(name);
        }
    }

    /// Where an earlier write is missing, zeros stand in its place, as in a file with a hole.
    fn write(&mut self, node: Node, offset: u64, bytes: &[u8]) {
        if let Body::File(content) = &mut self.nodes[node] {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = start.saturating_add(bytes.len());
            content.resize(content.len().max(end), 0);
            content[start..end].copy_from_slice(bytes);
        }
    }

    fn load(&mut self, folder: Node, path: &Path) -> io::Result<()> {
        for item in fs::read_dir(path)? {
            let item = item?;
            let node = self.nodes.len();
            if item.file_type()?.is_dir() {
                self.nodes.push(Body::folder());
                self.load(node, &item.path())?;
            } else {
                self.nodes.push(Body::File(fs::read(item.path())?));
            }
            self.link(folder, &item.file_name(), node);
        }
        Ok(())
    }

    fn save(&self, folder: Node, path: &Path) -> io::Result<()> {
        let Body::Folder(names) = &self.nodes[folder] else {
            return Ok(());
        };
        for (name, node) in names {
            let path = path.join(name);
            match &self.nodes[*node] {
                Body::Folder(_) => {
                    fs::create_dir(&path)?;
                    self.save(*node, &path)?;
                }
                Body::File(content) => fs::write(&path, content)?,
            }
        }
        Ok(())
    }
}

/// A small random series (SplitMix64), so that a failing seed can be run again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }
}
