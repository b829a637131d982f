//! A generation: one run of each index, written together and never changed.
//!
//! Small generations lie in strips of the desk. Large ones have a store of their own, so that
//! dropping one gives its room back: inside a sled store freed room is kept, and written over with
//! zeros at each open.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::page::Record;
use super::run::{Run, RunMeta, RunWriter};
use super::{PERSON_WIDTH, SEQ_WIDTH, ShelfError, Stamp};
use crate::kv::Kv;

/// Keys, over all three runs, from which a generation gets a store of its own.
const KEYS_OF_OWN_STORE: u64 = if cfg!(test) { 1 << 10 } else { 1 << 14 };

const FOLDER_PREFIX: &str = "runs-";

/// The indexes of a shelf, in the order of a generation's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexKind {
    Events,
    Subjects,
    Refs,
}

impl IndexKind {
    pub(super) const ALL: [Self; 3] = [Self::Events, Self::Subjects, Self::Refs];

    pub(super) fn at(self) -> usize {
        self as usize
    }

    /// Bytes a value takes: a sequence or a person.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Events | Self::Subjects => SEQ_WIDTH,
            Self::Refs => PERSON_WIDTH,
        }
    }
}

/// What the manifest says about a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GenerationMeta {
    pub(super) number: u32,
    /// Whether it has a store of its own.
    pub(super) own_store: bool,
    pub(super) runs: [RunMeta; 3],
}

impl GenerationMeta {
    pub(super) fn records(&self) -> u64 {
        self.runs
            .iter()
            .fold(0, |sum, run| sum.saturating_add(run.records))
    }

    /// Strips of the desk it takes up.
    pub(super) fn desk_strips(&self) -> Range<u32> {
        let end = |run: &RunMeta| run.first_strip.saturating_add(run.strips());
        match self.runs.as_slice() {
            [first, .., last] if !self.own_store => first.first_strip..end(last),
            _ => 0..0,
        }
    }
}

/// Where generations are written: the shelf's folder and its desk.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) dir: &'a Path,
    pub(super) desk: &'a Kv,
    pub(super) stamp: Stamp,
}

impl Place<'_> {
    fn folder(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{FOLDER_PREFIX}{number:06}"))
    }

    /// Removes the stores of generations that are not among `kept`: left by a crash.
    pub(super) fn remove_strays(&self, kept: &[GenerationMeta]) -> Result<(), ShelfError> {
        let kept: Vec<_> = kept.iter().map(|meta| self.folder(meta.number)).collect();
        for file in std::fs::read_dir(self.dir).map_err(ShelfError::Io)? {
            let file = file.map_err(ShelfError::Io)?;
            let ours = file
                .file_name()
                .to_string_lossy()
                .starts_with(FOLDER_PREFIX);
            if ours && !kept.contains(&file.path()) {
                std::fs::remove_dir_all(file.path()).map_err(ShelfError::Io)?;
            }
        }
        Ok(())
    }
}

/// A generation that can be read. Its own store is opened when first asked.
pub(super) struct Generation {
    meta: GenerationMeta,
    runs: [Run; 3],
    own: OnceLock<Kv>,
    opening: Mutex<()>,
}

impl Generation {
    pub(super) fn new(meta: GenerationMeta) -> Self {
        let runs = IndexKind::ALL.map(|kind| {
            Run::new(
                (meta.number, kind.at() as u8),
                meta.runs[kind.at()],
                kind.width(),
            )
        });
        Self {
            meta,
            runs,
            own: OnceLock::new(),
            opening: Mutex::new(()),
        }
    }

    pub(super) fn meta(&self) -> GenerationMeta {
        self.meta
    }

    pub(super) fn run(&self, kind: IndexKind) -> &Run {
        &self.runs[kind.at()]
    }

    /// The store that holds its runs.
    pub(super) fn store<'a>(&'a self, place: Place<'a>) -> Result<&'a Kv, ShelfError> {
        if !self.meta.own_store {
            return Ok(place.desk);
        }
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let _one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let folder = place.folder(self.meta.number);
        if !folder.join("db").is_file() {
            return Err(ShelfError::damaged("an index store is missing")); // opening would create it
        }
        let own = Kv::open(&folder)?;
        place.stamp.check_or_write(&own)?;
        Ok(self.own.get_or_init(|| own))
    }

    /// Writes a generation of the records that `of` gives for each index, in order, with at most
    /// `keys_max` different keys each. `first_strip` is the next free strip of the desk.
    pub(super) fn write<'a, R>(
        place: Place<'a>,
        number: u32,
        first_strip: u32,
        keys_max: [u64; 3],
        of: impl Fn(IndexKind) -> Result<R, ShelfError>,
    ) -> Result<Self, ShelfError>
    where
        R: Iterator<Item = Result<Record, ShelfError>> + 'a,
    {
        let own_store = keys_max.iter().sum::<u64>() >= KEYS_OF_OWN_STORE;
        let own = if own_store {
            Some(create(place, number)?)
        } else {
            None
        };
        let store = own.as_ref().unwrap_or(place.desk);
        let mut next_strip = if own_store { 0 } else { first_strip };
        let mut metas = [RunMeta::default(); 3];
        for kind in IndexKind::ALL {
            let most = keys_max[kind.at()];
            let mut writer = RunWriter::new(store, next_strip, kind.width(), most);
            for record in of(kind)? {
                writer.push(record?)?;
            }
            metas[kind.at()] = writer.finish()?;
            next_strip = next_strip.saturating_add(metas[kind.at()].strips());
        }
        if let Some(own) = own {
            own.sync()?;
            drop(own); // to be opened anew when asked, with a snapshot and an empty cache
            drop(Kv::open(&place.folder(number))?);
        }
        Ok(Self::new(GenerationMeta {
            number,
            own_store,
            runs: metas,
        }))
    }

    /// Removes what the generation wrote. No manifest may name it any more.
    pub(super) fn remove(self, place: Place<'_>) -> Result<(), ShelfError> {
        let (folder, own_store) = (place.folder(self.meta.number), self.meta.own_store);
        for strip in self.meta.desk_strips() {
            place.desk.drop_table(crate::kv::Table::Run(strip))?;
        }
        drop(self);
        if own_store {
            std::fs::remove_dir_all(folder).map_err(ShelfError::Io)
        } else {
            Ok(())
        }
    }
}

fn create(place: Place<'_>, number: u32) -> Result<Kv, ShelfError> {
    let folder = place.folder(number);
    if folder.exists() {
        // Left from before a crash; its number was given again.
        std::fs::remove_dir_all(&folder).map_err(ShelfError::Io)?;
    }
    let own = Kv::open(&folder)?;
    place.stamp.check_or_write(&own)?;
    Ok(own)
}
