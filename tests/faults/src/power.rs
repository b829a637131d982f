//! The power cut after every file operation of a ledger's life: what is found afterwards?
//!
//! All changes and syncs of the story are recorded. After each of them the power is cut: what was
//! not synced is gone, or all there, or there in a random subset with torn writes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use amparo_store::files::Files;
use amparo_store::files::faults::{FaultyFiles, Survivors, scratch};
use amparo_store::ledger::Access;

use crate::claim::{Broken, Length, insist};
use crate::story::{self, Content, STEPS, Told};

/// How many states there are at least in the long form.
const STATES_MIN: usize = 10_000;
/// How many random subsets the short form tries after each operation.
const SHORT_SUBSETS: usize = 1;

/// What was acknowledged, and after which change or sync.
struct Acknowledged {
    recorded: usize,
    content: Content,
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
        history.push(Acknowledged { recorded, content });
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
            let case = format!("cut after {point}, {survivors:?}");
            more += usize::from(check(&cut.path().join("ledger"), &history, point, &case)?);
            states += 1;
        }
    }
    Ok(format!(
        "{states} states after {points} points, {more} with entries that nobody was told of yet, \
         0 acknowledged entries lost"
    ))
}

/// Checks one state; answers whether it holds more than was acknowledged.
fn check(at: &Path, history: &[Acknowledged], point: usize, case: &str) -> Result<bool, Broken> {
    let say = |broken: Broken| Broken::new(format!("{case}: {broken}"));
    let next = history.partition_point(|step| step.recorded <= point);
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
