//! Random histories against the naive model: does every read model count as the design says?
//!
//! A case that fails names the seed of its history; `AMPARO_MODEL_SEED` runs that history alone.

use std::num::NonZeroUsize;
use std::ops::{AddAssign, Range};
use std::thread;

use amparo_model::histories::History;
use amparo_model::random::Random;

use crate::claim::{Broken, Length, insist};
use crate::compare::Compared;

/// How many histories: in each test run, and at length.
const HISTORIES: (u64, u64) = (20_000, 1_000_000);
/// How many drafts a history has at most.
const DRAFTS_MAX: (usize, usize) = (24, 40);

/// What was compared.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counted {
    histories: u64,
    drafts: u64,
    /// Histories in which somebody is merged.
    merged: u64,
    /// Answers compared, row by row.
    answers: u64,
    /// Totals among them in which some date leaves a number open.
    open: u64,
}

impl AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        self.histories += other.histories;
        self.drafts += other.drafts;
        self.merged += other.merged;
        self.answers += other.answers;
        self.open += other.open;
    }
}

/// The seeds of a run: that of the environment alone, else these.
///
/// # Errors
/// [`Broken`] where the environment names no number.
pub fn seeds(seeds: Range<u64>) -> Result<Range<u64>, Broken> {
    match std::env::var("AMPARO_MODEL_SEED") {
        Ok(seed) => {
            let seed = seed.parse::<u64>();
            let seed = seed.map_err(|_| Broken::new("AMPARO_MODEL_SEED is no number"))?;
            Ok(seed..seed + 1)
        }
        Err(_) => Ok(seeds),
    }
}

/// Runs a share of the seeds on each processor and adds up what they counted.
///
/// # Errors
/// Whatever the first share that fails answers.
pub fn in_shares<C: Default + AddAssign + Send>(
    seeds: Range<u64>,
    count: impl Fn(u64) -> Result<C, Broken> + Sync,
) -> Result<C, Broken> {
    let shares = thread::available_parallelism().map_or(1, NonZeroUsize::get) as u64;
    let share = |first: u64| {
        let mut sum = C::default();
        for seed in seeds.clone().skip(first as usize).step_by(shares as usize) {
            let counted = count(seed);
            sum += counted.map_err(|broken| Broken::new(format!("history {seed}: {broken}")))?;
        }
        Ok::<C, Broken>(sum)
    };
    thread::scope(|scope| {
        let share = &share;
        let running: Vec<_> = (0..shares)
            .map(|first| scope.spawn(move || share(first)))
            .collect();
        let mut sum = C::default();
        for running in running {
            let counted = running.join();
            sum += counted.map_err(|_| Broken::new("a history ended in a panic"))??;
        }
        Ok(sum)
    })
}

/// Compares all read models with the naive one.
///
/// # Errors
/// [`Broken`] with the history and the coordinates at which they differ.
pub fn histories(length: Length) -> Result<String, Broken> {
    let seeds = seeds(0..length.pick(HISTORIES.0, HISTORIES.1))?;
    let drafts_max = length.pick(DRAFTS_MAX.0, DRAFTS_MAX.1);
    let counted = in_shares(seeds, |seed| history(seed, drafts_max))?;
    let Counted {
        histories,
        drafts,
        merged,
        answers,
        open,
    } = counted;
    // One history alone may hold anything.
    insist(histories == 1 || open > histories / 4, || {
        "hardly any total was uncertain".to_owned()
    })?;
    insist(histories == 1 || merged > histories / 10, || {
        "hardly anybody was merged".to_owned()
    })?;
    Ok(format!(
        "{histories} histories of {drafts} drafts, {merged} with merges: {answers} answers, {open} \
         of them with a range, 0 different"
    ))
}

fn history(seed: u64, drafts_max: usize) -> Result<Counted, Broken> {
    let mut random = Random::new(seed);
    let drafts = 1 + random.below(drafts_max);
    let history = History::random(&mut random, drafts);
    let compared = Compared::new(&history)?;
    let mut counted = Counted {
        histories: 1,
        drafts: history.lines.len() as u64,
        merged: u64::from(history.naive.merged() > 1),
        ..Counted::default()
    };
    for _ in 0..2 {
        counted.open += u64::from(compared.totals(&mut random)?);
    }
    compared.running(&mut random)?;
    compared.moved(&mut random)?;
    compared.laid_out(&mut random)?;
    compared.flows(&mut random)?;
    compared.diff(&mut random)?;
    counted.answers = 7;
    Ok(counted)
}
