//! What is remembered of planned entries: the place of each id, and what tells its content.
//!
//! A file of drafts is checked before any of it is recorded, and there may be millions: so only the
//! latest are in memory, and the others in sorted runs in a temporary file without a name, with a
//! filter for each run. Where there is no room for one, all stay in memory.
//!
//! The file holds ids, places, and digests under the ledger's secret: nothing that tells a name.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use amparo_core::id::EventId;

use crate::shelf::Filter;

/// Entries in memory before they are written as a run: just what a map of their size takes.
const RECENT_MAX: usize = if cfg!(test) { 64 } else { (1 << 20) / 8 * 7 };
/// Entries that are read to find one.
const PAGE_ENTRIES: usize = 100;
const ENTRY_BYTES: usize = 16 + 8 + 16;

/// What is remembered of an entry that is planned and not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct New {
    pub(super) seq: u64,
    pub(super) content: [u8; 16],
}

/// All that is planned.
pub(super) struct PlannedIds {
    folder: PathBuf,
    recent: HashMap<EventId, New>,
    runs: Vec<Run>,
    file: Option<File>,
    /// Where the next run begins.
    end: u64,
    /// There is no room for runs.
    stays: bool,
}

/// Entries in the order of their ids.
struct Run {
    at: u64,
    entries: usize,
    filter: Filter,
    /// The first id of each page.
    fence: Vec<u128>,
}

impl PlannedIds {
    /// Nothing yet; what does not fit in memory will go into this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            recent: HashMap::new(),
            runs: Vec::new(),
            file: None,
            end: 0,
            stays: false,
        }
    }

    /// Remembers an entry; its id is a new one.
    pub(super) fn insert(&mut self, id: EventId, new: New) {
        if self.recent.len() >= RECENT_MAX && !self.stays {
            // What could not be written is still here.
            self.stays = self.write_recent().is_err();
        }
        self.recent.insert(id, new);
    }

    /// What is remembered of an id.
    ///
    /// # Errors
    /// Those of the system, where the temporary file cannot be read.
    pub(super) fn get(&self, id: EventId) -> io::Result<Option<New>> {
        if let Some(new) = self.recent.get(&id) {
            return Ok(Some(*new));
        }
        let key = u128::from_be_bytes(id.bytes());
        for run in &self.runs {
            if run.filter.may_hold(key)
                && let Some(found) = self.find(run, key)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn find(&self, run: &Run, key: u128) -> io::Result<Option<New>> {
        let page = run.fence.partition_point(|first| *first <= key);
        let (Some(page), Some(mut file)) = (page.checked_sub(1), self.file.as_ref()) else {
            return Ok(None);
        };
        let first = page * PAGE_ENTRIES;
        let entries = PAGE_ENTRIES.min(run.entries - first);
        let mut bytes = [0; PAGE_ENTRIES * ENTRY_BYTES];
        let bytes = &mut bytes[..entries * ENTRY_BYTES];
        file.seek(SeekFrom::Start(run.at + (first * ENTRY_BYTES) as u64))?;
        file.read_exact(bytes)?;
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        let found = entries.binary_search_by_key(&key, |entry| decode(entry).0);
        Ok(found.ok().map(|at| decode(&entries[at]).1))
    }

    fn write_recent(&mut self) -> io::Result<()> {
        let mut entries: Vec<_> = self.recent.iter().collect();
        entries.sort_unstable_by_key(|(id, _)| **id);
        let mut run = Run {
            at: self.end,
            entries: entries.len(),
            filter: Filter::new(entries.len() as u64),
            fence: Vec::with_capacity(entries.len().div_ceil(PAGE_ENTRIES)),
        };
        if self.file.is_none() {
            let file = tempfile::tempfile_in(&self.folder).or_else(|_| tempfile::tempfile())?;
            self.file = Some(file);
        }
        let Some(mut file) = self.file.as_ref() else {
            return Ok(());
        };
        file.seek(SeekFrom::Start(self.end))?;
        let mut out = io::BufWriter::with_capacity(1 << 18, file);
        for (n, (id, new)) in entries.iter().enumerate() {
            let key = u128::from_be_bytes(id.bytes());
            run.filter.insert(key);
            if n % PAGE_ENTRIES == 0 {
                run.fence.push(key);
            }
            out.write_all(&id.bytes())?;
            out.write_all(&new.seq.to_be_bytes())?;
            out.write_all(&new.content)?;
        }
        out.flush()?;
        drop(out);
        self.end += (entries.len() * ENTRY_BYTES) as u64;
        self.runs.push(run);
        self.recent.clear();
        Ok(())
    }
}

fn decode(entry: &[u8; ENTRY_BYTES]) -> (u128, New) {
    let (mut id, mut seq, mut content) = ([0; 16], [0; 8], [0; 16]);
    id.copy_from_slice(&entry[..16]);
    seq.copy_from_slice(&entry[16..24]);
    content.copy_from_slice(&entry[24..]);
    let seq = u64::from_be_bytes(seq);
    (u128::from_be_bytes(id), New { seq, content })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// An id as far from others as those of events are, and what is remembered of it.
    fn planned(n: u64) -> (EventId, New) {
        let id = u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let content = id.rotate_left(7).to_be_bytes();
        (EventId::new(Uuid::from_u128(id)), New { seq: n, content })
    }

    #[test]
    fn every_planned_id_is_found_wherever_it_lies_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        // Where the folder cannot be written to, that of temporary files is taken.
        for folder in [folder.path().to_owned(), folder.path().join("none")] {
            let mut ids = PlannedIds::new(&folder);
            for n in 0..1000 {
                let (id, new) = planned(n);
                assert_eq!(ids.get(id).unwrap(), None);
                ids.insert(id, new);
                assert_eq!(ids.get(id).unwrap(), Some(new));
            }
            assert!(ids.runs.len() > 10);
            for n in 0..1000 {
                let (id, new) = planned(n);
                assert_eq!(ids.get(id).unwrap(), Some(new), "{n}");
            }
            assert!((1000..9000).all(|n| ids.get(planned(n).0).unwrap().is_none()));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn where_nothing_can_be_written_all_stay_in_memory() {
        let mut ids = PlannedIds::new(Path::new("none"));
        ids.stays = true;
        (0..1000)
            .map(planned)
            .for_each(|(id, new)| ids.insert(id, new));
        assert!(ids.runs.is_empty());
        assert!(
            (0..1000)
                .map(planned)
                .all(|(id, new)| ids.get(id).unwrap() == Some(new))
        );
    }
}
