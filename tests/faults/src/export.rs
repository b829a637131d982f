//! A public export with a flipped bit: is it named, whichever byte it is in?
//!
//! The export is held against the ledger it was written from, as whoever was handed it would ask
//! somebody to do who has the log. One name is disclosed, so that there is an opening to check.

use std::fs;
use std::path::Path;

use amparo_core::private::PrivateField;
use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::{Access, KeptElsewhere, Verification};
use amparo_store::published::Disclosure;

use crate::claim::{Broken, Length, insist};
use crate::{damage, folder, story};

/// Every how many-th byte the short form tries: a prime.
const SHORT_EVERY: usize = 199;

/// Whether `verify --against` finds anything, or takes it for no export at all.
fn is_named(ledger: &Path, export: &Path) -> Result<bool, Broken> {
    let Ok(kept) = KeptElsewhere::open(export, "export") else {
        return Ok(true);
    };
    let verification = Verification {
        kept: Some(kept),
        ..Verification::default()
    };
    let verified = Ledger::verify_with(ledger, verification, &mut |_| {})
        .map_err(|error| Broken::new(error.to_string()))?;
    Ok(!verified.findings.is_empty())
}

/// Flips a bit in one byte after the other of every file.
///
/// # Errors
/// [`Broken`] with the flips that are not named.
pub fn flips(length: Length) -> Result<String, Broken> {
    let parent = scratch()?;
    let (at, export) = (parent.path().join("ledger"), parent.path().join("export"));
    story::told_in_peace(&at)?;
    let broken = |error: &dyn std::error::Error| Broken::new(error.to_string());
    let ledger = Ledger::open(&at, Access::Read, &mut |_| {}).map_err(|error| broken(&error))?;
    let disclosed = Disclosure::new([PrivateField::Name], None);
    let written = ledger.publish(&export, &disclosed, &mut |_| {});
    written.map_err(|error| broken(&error))?;
    drop(ledger);
    fs::remove_dir_all(at.join("sled"))?;
    insist(!is_named(&at, &export)?, || {
        "a sound export is not".to_owned()
    })?;
    let every = length.pick(SHORT_EVERY, 1);
    let bits = |bytes: usize| (0..bytes).step_by(every).map(|at| at * 8 + at % 8);
    let files = folder::files(&export)?;
    let (cases, bytes) = damage::flip(&files, bits, || is_named(&at, &export))?;
    Ok(format!(
        "{cases} flipped bits in an export of {bytes} bytes, 0 not named"
    ))
}
