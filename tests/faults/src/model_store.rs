//! Random histories through the real store, reopened, damaged and rebuilt on the way: does it
//! give back every line, and do the same totals follow from them?

use std::fs;
use std::ops::AddAssign;
use std::path::Path;

use amparo_core::draft::Draft;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::Seq;
use amparo_model::histories::{History, TODAY};
use amparo_model::random::Random;
use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::{Access, Ids, Keep, NewLedger, Plan};

use crate::claim::{Broken, Length};
use crate::compare::{self, Question, ZONE};
use crate::model::{in_shares, seeds};
use crate::{folder, story};

const HISTORIES: (u64, u64) = (40, 10_000);
const DRAFTS_MAX: usize = 40;
/// How many drafts one process appends at most.
const BATCH_MAX: usize = 12;
/// Other seeds than those of the histories in memory.
const FIRST_SEED: u64 = 3_000_000;
const FIRST_MS: i64 = 1_770_724_800_000;

#[derive(Debug, Default, Clone, Copy)]
struct Counted {
    histories: u64,
    batches: u64,
    entries: u64,
    damages: u64,
}

impl AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        self.histories += other.histories;
        self.batches += other.batches;
        self.entries += other.entries;
        self.damages += other.damages;
    }
}

/// Puts histories through the store.
///
/// # Errors
/// [`Broken`] with the history whose lines or totals differ.
pub fn histories(length: Length) -> Result<String, Broken> {
    let last = FIRST_SEED + length.pick(HISTORIES.0, HISTORIES.1);
    let Counted {
        histories,
        batches,
        entries,
        damages,
    } = in_shares(seeds(FIRST_SEED..last)?, history)?;
    Ok(format!(
        "{histories} histories of {entries} entries, reopened {batches} times and the sled store \
         damaged, deleted or made stale {damages} times: 0 lines and 0 totals different"
    ))
}

fn history(seed: u64) -> Result<Counted, Broken> {
    let mut random = Random::new(seed);
    let drafts = 1 + random.below(DRAFTS_MAX);
    let history = History::random(&mut random, drafts);
    let parent = scratch()?;
    let at = parent.path().join("ledger");
    let stale = parent.path().join("stale");
    make(&at, &mut random)?;
    let mut counted = Counted {
        histories: 1,
        ..Counted::default()
    };
    let mut rest = &history.lines[..];
    let mut read: Vec<Vec<u8>> = Vec::new();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + random.below(rest.len().min(BATCH_MAX)));
        append(&at, now, counted.batches, &mut random)?;
        rest = later;
        counted.batches += 1;
        counted.damages += u64::from(damage(&at, &stale, &mut random)?);
        let lines = story::content(&at, Access::Read)?.lines;
        if !lines.starts_with(&read) || lines.len() < read.len() + now.len() {
            return Err(Broken::new("a line is missing or another"));
        }
        read = lines;
    }
    counted.entries = read.len() as u64;
    compare_totals(&history, &read, &mut random)?;
    story::insist_sound(&at, "at the end")?;
    Ok(counted)
}

fn make(at: &Path, random: &mut Random) -> Result<(), Broken> {
    let new = NewLedger {
        name: "Demo".into(),
        time_zone: ZONE,
        recorder: "desk".into(),
    };
    let made = Ledger::init(at, &new, recorded(0)?, &mut |bytes| fill(random, bytes));
    let ledger = made.map_err(|error| Broken::new(error.to_string()))?;
    ledger
        .close()
        .map_err(|error| Broken::new(error.to_string()))
}

fn append(at: &Path, lines: &[String], batch: u64, random: &mut Random) -> Result<(), Broken> {
    let told = |error: &dyn std::error::Error| Broken::new(error.to_string());
    let opened = Ledger::open(at, Access::Write, &mut |_| {});
    let mut ledger = opened.map_err(|error| told(&error))?;
    let today = TODAY.parse().map_err(|_| Broken::new("the day is none"))?;
    let context = ledger.context(today);
    let mut fill = |bytes: &mut [u8]| fill(random, bytes);
    let mut plan = Plan::new(&ledger, "desk", Ids::FromContent, Keep::Drafts, &mut fill);
    for line in lines {
        let draft = Draft::parse(line.as_bytes(), &context);
        let draft = draft.map_err(|faults| Broken::new(format!("{line}: {faults:?}")))?;
        let planned = plan.add(draft);
        planned.map_err(|refused| Broken::new(format!("{line}: {refused}")))?;
    }
    let batch_of = plan.into_batch();
    let appended = ledger.append(batch_of, recorded(batch + 1)?, &mut fill);
    appended.map_err(|error| told(&error))?;
    ledger.close().map_err(|error| told(&error))
}

/// Does something to the sled store, or nothing; answers whether.
fn damage(at: &Path, stale: &Path, random: &mut Random) -> Result<bool, Broken> {
    let sled = at.join("sled");
    let files = folder::files(&sled)?;
    match random.below(6) {
        0 => fs::remove_dir_all(&sled)?,
        1 if !files.is_empty() => {
            let path = random.pick(&files);
            let mut content = fs::read(path)?;
            if content.is_empty() {
                return Ok(false);
            }
            let byte = random.below(content.len());
            content[byte] ^= 1 << random.below(8);
            fs::write(path, content)?;
        }
        2 if !files.is_empty() => {
            let path = random.pick(&files);
            let content = fs::read(path)?;
            fs::write(path, &content[..random.below(content.len() + 1)])?;
        }
        3 if stale.exists() => {
            fs::remove_dir_all(&sled)?;
            folder::copy(stale, &sled)?;
        }
        4 if !stale.exists() => {
            folder::copy(&sled, stale)?;
            return Ok(false);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Totals from the lines that were read, at a few coordinates.
fn compare_totals(history: &History, lines: &[Vec<u8>], random: &mut Random) -> Result<(), Broken> {
    let mut entries = Vec::new();
    for line in lines {
        let entry = Entry::parse_exact(line);
        entries.push(entry.map_err(|fault| Broken::new(format!("{fault:?}")))?);
    }
    let facts = compare::facts(&entries)?;
    for _ in 0..3 {
        let known = random.below(entries.len());
        let drafts = entries[..=known].iter();
        let drafts = drafts.filter(|entry| compare::is_draft(history, entry.id));
        let drafts = drafts.count();
        let at = Question::random(random, history.lines.len()).knowing(drafts);
        let rows = compare::rows(&facts, Seq::new(known as u64), at)?;
        compare::totals_agree(rows, history, at)?;
    }
    Ok(())
}

fn recorded(step: u64) -> Result<Recorded, Broken> {
    let ms = i64::try_from(step).ok().map(|step| FIRST_MS + step);
    let recorded = ms.and_then(Recorded::from_ms);
    recorded.ok_or_else(|| Broken::new("no such time"))
}

fn fill(random: &mut Random, bytes: &mut [u8]) {
    bytes.fill_with(|| random.below(256) as u8);
}
