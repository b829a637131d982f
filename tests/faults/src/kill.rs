//! Processes killed while they append and import: is everything there that they had been told?
//!
//! A process of its own appends one person after the other, every fourth time an import of many in
//! one batch, and notes each that was acknowledged. It is killed at a random moment. A reader then
//! finds every acknowledged entry, and of the batch that was in flight all or nothing; taken again,
//! nothing is there twice.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::Access;

use crate::child::{self, Ask};
use crate::claim::{Broken, Length, insist};
use crate::disk::chain;
use crate::story;

const KILLS: (usize, usize) = (4, 1000);
/// How many kills a ledger takes before another is begun, so that reading stays quick.
const KILLS_OF_ONE: usize = 10;
/// How many ledgers there are at a time, each written and read by itself.
const LANES: usize = 4;
/// How many people an import brings.
const IMPORTED: usize = 40;
/// The people of one process; none does so many.
const PEOPLE_OF_ONE: usize = 100_000;
/// The latest moment of a kill, and the steps to it: from before the ledger is open on.
const MOMENTS_MS: u64 = 70;

/// Kills processes.
///
/// # Errors
/// [`Broken`] at the first kill after which the claim does not hold.
pub fn kills(length: Length) -> Result<String, Broken> {
    let kills = length.pick(KILLS.0, KILLS.1);
    let lanes: Vec<_> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| scope.spawn(move || kills_of((lane..kills).step_by(LANES))))
            .collect();
        let ended = lanes.into_iter().map(|lane| match lane.join() {
            Ok(counted) => counted,
            Err(_) => Err(Broken::new("a panic")),
        });
        ended.collect()
    });
    let (mut acknowledged, mut in_flight) = (0, 0);
    for lane in lanes {
        let (told, more) = lane?;
        acknowledged += told;
        in_flight += more;
    }
    Ok(format!(
        "{kills} killed processes, {acknowledged} entries acknowledged before, {in_flight} batches \
         recorded and not yet told: 0 lost, 0 torn, 0 twice after the same import again"
    ))
}

/// Kills processes one after the other; the entries that were told, and the batches that were not.
fn kills_of(kills: impl Iterator<Item = usize>) -> Result<(usize, usize), Broken> {
    let (mut acknowledged, mut in_flight) = (0, 0);
    let mut one = One::begin()?;
    for (nth, kill) in kills.enumerate() {
        if nth > 0 && nth % KILLS_OF_ONE == 0 {
            one = One::begin()?;
        }
        let moment = Duration::from_millis((kill as u64 * 37) % MOMENTS_MS);
        let case = format!("kill {kill} after {moment:?}");
        let (told, more) = one.kill(kill, moment, &case)?;
        acknowledged += told;
        in_flight += usize::from(more);
    }
    Ok((acknowledged, in_flight))
}

/// A ledger whose writers are killed.
struct One {
    parent: tempfile::TempDir,
    lines: Vec<Vec<u8>>,
}

impl One {
    fn begin() -> Result<Self, Broken> {
        let parent = scratch()?;
        let at = parent.path().join("ledger");
        story::begin(&at)?;
        let lines = story::content(&at, Access::Read)?.lines;
        Ok(Self { parent, lines })
    }

    /// Kills one process; how many entries it was told, and whether it recorded more.
    fn kill(&mut self, kill: usize, moment: Duration, case: &str) -> Result<(usize, bool), Broken> {
        let at = self.parent.path().join("ledger");
        let told = self.parent.path().join("told");
        fs::write(&told, "")?;
        let first = kill * PEOPLE_OF_ONE;
        let mut process = child::spawn(&at, Ask::Write(first), &told)?;
        // Not a wait for something to happen: the moment itself is what is tried.
        thread::sleep(moment);
        process.kill()?;
        process.wait()?;
        let told = fs::read(&told)?;
        let (acknowledged, steps) = acknowledged(&told);
        let found = story::content(&at, Access::Read)?.lines;
        insist(found.starts_with(&self.lines), || {
            format!("{case}: an older entry is lost")
        })?;
        let new = &found[self.lines.len()..];
        let is_there = acknowledged
            .iter()
            .zip(new)
            .all(|(told, found)| *told == found);
        insist(is_there && new.len() >= acknowledged.len(), || {
            format!("{case}: {} told, {} there", acknowledged.len(), new.len())
        })?;
        let more = new.len() - acknowledged.len();
        let batch = batch_of(steps);
        insist(more == 0 || more == batch, || {
            format!("{case}: {more} entries of a batch of {batch}")
        })?;
        self.take_again(first, steps, case)?;
        Ok((acknowledged.len(), more > 0))
    }

    /// Takes the step that was in flight again.
    fn take_again(&mut self, first: usize, steps: usize, case: &str) -> Result<(), Broken> {
        let at = self.parent.path().join("ledger");
        let opened = Ledger::open(&at, Access::Write, &mut |_| {});
        let mut ledger = opened.map_err(|error| Broken::new(format!("{case}: {error}")))?;
        for step in 0..=steps {
            let appended = story::append_people(&mut ledger, numbers(first, step), 20)?;
            appended.map_err(|error| Broken::new(format!("{case}: {error}")))?;
        }
        drop(ledger.close());
        story::insist_sound(&at, case)?;
        self.lines = story::content(&at, Access::Read)?.lines;
        let ids: HashSet<_> = self.lines.iter().map(|line| id_of(line)).collect();
        insist(ids.len() == self.lines.len(), || {
            format!("{case}: an event is there twice")
        })
    }
}

/// Appends until it is killed, and notes what was acknowledged.
///
/// # Errors
/// [`Broken`] where the ledger does not open or take an entry.
pub fn write_until_killed(at: &Path, first: usize, told: &Path) -> Result<(), Broken> {
    let mut told = fs::OpenOptions::new().append(true).open(told)?;
    let opened = Ledger::open(at, Access::Write, &mut |_| {});
    let mut ledger = opened.map_err(|error| Broken::new(chain(&error)))?;
    for step in 0.. {
        let appended = story::append_people(&mut ledger, numbers(first, step), 20)?;
        let mut lines = appended.map_err(|error| Broken::new(chain(&error)))?;
        lines.push(Vec::new());
        // Every line and an empty one, each with its end, in one write.
        let mut said = lines.join(&b'\n');
        said.push(b'\n');
        told.write_all(&said)?;
    }
    Ok(())
}

/// The lines that a process noted as acknowledged, and how many steps they came in.
pub fn acknowledged(told: &[u8]) -> (Vec<&[u8]>, usize) {
    let ends = told
        .windows(2)
        .enumerate()
        .filter(|(_, two)| *two == b"\n\n");
    let ends: Vec<_> = ends.map(|(at, _)| at).collect();
    let end = ends.last().copied().unwrap_or(0);
    let lines = told[..end].split(|byte| *byte == b'\n');
    (lines.filter(|line| !line.is_empty()).collect(), ends.len())
}

/// How many entries a step brings.
pub fn batch_of(step: usize) -> usize {
    2 * people(step)
}

/// How many people a step brings.
fn people(step: usize) -> usize {
    if step % 4 == 3 { IMPORTED } else { 1 }
}

fn numbers(first: usize, step: usize) -> std::ops::Range<usize> {
    let start = first + (0..step).map(people).sum::<usize>();
    start..start + people(step)
}

/// The event id of a line.
fn id_of(line: &[u8]) -> &[u8] {
    let at = line.windows(6).position(|window| window == b"\"id\":\"");
    at.and_then(|at| line.get(at + 6..at + 42))
        .unwrap_or_default()
}
