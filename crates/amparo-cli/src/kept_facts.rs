//! The facts of a ledger, of which those of a long log are kept from run to run.
//!
//! What is kept is a copy of what the log says, so it could say something else: it is believed only
//! under the sum and the root that the store checks, and `verify` and `replay --check` work it out
//! anew and say so when it is not what the log gives.

use amparo_core::entry::Entry;
use amparo_core::id::Seq;
use amparo_projections::{Facts, ReadModel as _};
use amparo_store::ledger::Ledger;

use crate::error::Failure;
use crate::kept_deltas;

/// The name under which facts are kept.
pub const NAME: &str = "facts";
/// Facts are kept anew when so many entries are not among those that are.
const KEEP_ENTRIES_MIN: u64 = 1024;
/// And when these are more than one in so many of them.
const KEEP_FRACTION: u64 = 32;

/// The facts of a ledger: those that are kept, and on from there. Tells `progress` how many there
/// are.
///
/// # Errors
/// Integrity, when an entry cannot be read.
pub fn read(ledger: &Ledger, progress: &mut dyn FnMut(u64)) -> Result<Facts, Failure> {
    let kept = ledger.kept(NAME).and_then(|kept| {
        let facts = Facts::unpack(kept.bytes()).ok();
        facts.filter(|facts| facts.len() as u64 == kept.size())
    });
    let kept = kept.unwrap_or_default();
    let known = kept.len() as u64;
    let facts = go_on(ledger, kept, progress)?;
    let new = facts.len() as u64 - known;
    if new >= KEEP_ENTRIES_MIN.max(known / KEEP_FRACTION)
        && let Ok(bytes) = facts.pack()
    {
        ledger.keep(NAME, facts.len() as u64, &bytes);
    }
    kept_deltas::keep(ledger, &facts);
    Ok(facts)
}

/// The same for whoever has nobody to tell.
///
/// # Errors
/// As [`read`].
pub fn of(ledger: &Ledger) -> Result<Facts, Failure> {
    read(ledger, &mut |_| {})
}

/// The same, without believing what is kept.
///
/// # Errors
/// As [`read`].
pub fn anew(ledger: &Ledger, progress: &mut dyn FnMut(u64)) -> Result<Facts, Failure> {
    go_on(ledger, Facts::default(), progress)
}

/// Adds what the log holds beyond the facts.
fn go_on(
    ledger: &Ledger,
    mut facts: Facts,
    progress: &mut dyn FnMut(u64),
) -> Result<Facts, Failure> {
    let size = ledger.head().size;
    let known = facts.len() as u64;
    // No more than what is there is reserved.
    facts.reserve(usize::try_from(size.saturating_sub(known)).unwrap_or_default());
    let add = |entries: Vec<Entry>| {
        for entry in entries {
            facts
                .apply(&entry)
                .map_err(|error| Failure::not_a_log(entry.seq, &error.to_string()))?;
        }
        progress(facts.len() as u64);
        Ok::<(), Failure>(())
    };
    ledger.each_stretch(known..size, Some, add)?;
    match facts.len() as u64 == size {
        true => Ok(facts),
        false => Err(Failure::not_a_log(
            Seq::new(facts.len() as u64),
            "it is missing",
        )),
    }
}
