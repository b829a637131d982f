//! The power cut after every file operation of a ledger's life: what is found afterwards?
//!
//! All changes and syncs of the story are recorded. After each of them the power is cut: what was
//! not synced is gone, or all there, or there in a random subset with torn writes. The sled store
//! writes through no interface that could be recorded, and may be lost at any time: it is gone after
//! the cut, or as it was after an earlier step, or that with one of its files torn.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use amparo_store::files::Files;
use amparo_store::files::faults::{FaultyFiles, Survivors, scratch};
use amparo_store::ledger::Access;
use tempfile::TempDir;

use crate::claim::{Broken, Length, insist};
use crate::folder;
use crate::story::{self, Content, STEPS, Told};

/// How many states there are at least in the long form.
const STATES_MIN: usize = 10_000;
/// How many random subsets the short form tries after each operation.
const SHORT_SUBSETS: usize = 1;

/// What was acknowledged, and after which change or sync.
struct Acknowledged {
    recorded: usize,
    content: Content,
    /// The sled store at that time.
    store: TempDir,
}

/// What is left of the sled store after a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    Gone,
    /// As it was this many steps before.
    Older(usize),
    /// The same, with one of its files torn.
    Torn(usize),
}

impl Store {
    fn of(number: usize) -> Self {
        match number % 4 {
            0 => Self::Gone,
            1 => Self::Older(number / 4 % 3),
            _ => Self::Torn(number / 4 % 3),
        }
    }

    /// Lays it out in a ledger folder, as it may be when the step before `next` was acknowledged.
    fn lay(
        self,
        at: &Path,
        history: &[Acknowledged],
        next: usize,
        number: usize,
    ) -> io::Result<()> {
        let (Self::Older(steps) | Self::Torn(steps)) = self else {
            return Ok(());
        };
        let Some(step) = next
            .checked_sub(1 + steps)
            .and_then(|step| history.get(step))
        else {
            return Ok(());
        };
        let to = at.join("sled");
        folder::copy(&step.store.path().join("sled"), &to)?;
        let files = folder::files(&to)?;
        let file = files.get(number % files.len().max(1));
        if let (Self::Torn(_), Some(file)) = (self, file) {
            let mut bytes = fs::read(file)?;
            let at = (number * 7919) % bytes.len().max(1);
            match number % 3 {
                0 => bytes.truncate(at),
                1 => bytes
                    .iter_mut()
                    .skip(at)
                    .take(4096)
                    .for_each(|byte| *byte = 0),
                _ => bytes.iter_mut().skip(at).for_each(|byte| *byte = 0),
            }
            fs::write(file, bytes)?;
        }
        Ok(())
    }
}

/// Cuts the power everywhere.
///
/// # Errors
/// [`Broken`] at the first state in which the claim does not hold.
pub fn cuts(length: Length) -> Result<String, Broken> {
    let parent = scratch()?;
    let at = parent.path().join("ledger");
    let files = FaultyFiles::new(parent.path())?;
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let mut history = Vec::new();
    for (place, step) in STEPS.iter().enumerate() {
        let told = story::take(place, &shared, &at)?;
        insist(told == Told::Done, || format!("{step:?}: {told:?}"))?;
        let recorded = files.recorded();
        let content = story::content(&at, Access::Read)?;
        let store = scratch()?;
        folder::copy(&at.join("sled"), &store.path().join("sled"))?;
        history.push(Acknowledged {
            recorded,
            content,
            store,
        });
    }
    let recording = files.recording();
    let points = recording.len() + 1;
    let subsets = length.pick(SHORT_SUBSETS, STATES_MIN.div_ceil(points));
    let (mut states, mut more) = (0_usize, 0_usize);
    for point in 0..points {
        let seeds = (0..subsets).map(|n| Survivors::Random((point * subsets + n) as u64));
        for survivors in [Survivors::Nothing, Survivors::Everything]
            .into_iter()
            .chain(seeds)
        {
            let cut = scratch()?;
            recording.power_cut(point, survivors, cut.path())?;
            let ledger = cut.path().join("ledger");
            let next = history.partition_point(|step| step.recorded <= point);
            let store = Store::of(states);
            let case = format!("cut after {point}, {survivors:?}, sled store {store:?}");
            if ledger.join("amparo.toml").exists() {
                store.lay(&ledger, &history, next, states)?;
            }
            more += usize::from(check(&ledger, &history, next, &case)?);
            states += 1;
        }
    }
    Ok(format!(
        "{states} states after {points} points, {more} with entries that nobody was told of yet, \
         0 acknowledged entries lost"
    ))
}

/// Checks one state; answers whether it holds more than was acknowledged.
fn check(at: &Path, history: &[Acknowledged], next: usize, case: &str) -> Result<bool, Broken> {
    let say = |broken: Broken| Broken::new(format!("{case}: {broken}"));
    let told = next.checked_sub(1).map(|last| &history[last].content);
    let coming = history.get(next).map(|step| &step.content);
    if !at.join("amparo.toml").exists() {
        insist(told.is_none(), || format!("{case}: no ledger"))?;
        if at.exists() {
            fs::remove_dir_all(at)?;
        }
        return Ok(false);
    }
    let found = story::content(at, Access::Write).map_err(say)?;
    let is_told = Some(&found) == told;
    let is_coming = Some(&found) == coming;
    insist(is_told || is_coming, || {
        let (lines, signed) = (found.lines.len(), found.signed);
        format!("{case}: {lines} entries, {signed} signed")
    })?;
    if next < STEPS.len() && next > 0 {
        let real: Arc<dyn Files> = Arc::new(amparo_store::files::RealFiles);
        let again = story::take(next, &real, at).map_err(say)?;
        insist(again == Told::Done, || format!("{case}: then {again:?}"))?;
        let found = story::content(at, Access::Read).map_err(say)?;
        insist(Some(&found) == coming, || {
            format!("{case}: gone on with, it ends elsewhere")
        })?;
    }
    Ok(is_coming && !is_told)
}
