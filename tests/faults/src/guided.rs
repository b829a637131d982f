//! Inputs chosen by what they reach in a reader: does any make it panic or take what it would not write?
//!
//! `cargo fuzz` builds each reader with counters in it (libFuzzer), and changes inputs that reached
//! something new; `fuzzed-input` asks the same readers blindly. A run starts from sound input and from
//! `corpus/TARGET`, and writes there what is worth keeping: as few inputs as reach all that was reached
//! and that sound input does not. A failure lies in `tests/fuzz/artifacts`; its line goes to `crashes/TARGET`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use amparo_store::files::faults::scratch;

use crate::claim::{Broken, Length, insist, left_out};
use crate::corpus::keep;
use crate::folder::files;
use crate::fuzz::{BYTES_MAX, write_kept, write_sound};
use crate::fuzz_targets::Target;

/// How long each reader is fed.
const SECONDS: u64 = 30;
/// How long one input may take.
const INPUT_SECONDS: u64 = 30;
/// How many inputs are kept of a reader in memory, and of one that opens a ledger: all are tried in
/// every test run.
const QUICK_MAX: usize = 300;
const SLOW_MAX: usize = 40;
const COUNT: &str = "stat::number_of_executed_units:";

/// Feeds every reader; at length only, since the readers have to be built anew for it.
///
/// # Errors
/// [`Broken`] with what libFuzzer said of the input that failed.
pub fn inputs(length: Length) -> Result<String, Broken> {
    if length == Length::Short {
        return Ok(left_out("at length only: it builds every reader anew"));
    }
    let is_there = cargo_fuzz().arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        let remedy = "cargo install --locked cargo-fuzz";
        return Ok(left_out(&format!("cargo-fuzz is not installed ({remedy})")));
    }
    let (sound, found) = (scratch()?, tests().join("fuzz/corpus"));
    write_sound(sound.path())?;
    let targets = write_sound(&found)?;
    write_kept(&found, &targets)?;
    let mut executed = 0;
    for target in &targets {
        executed += feed(target, &found.join(target.name))?;
        minimise(
            target,
            &sound.path().join(target.name),
            &found.join(target.name),
        )?;
    }
    Ok(format!(
        "{executed} inputs in {} readers, {SECONDS} seconds each: 0 panics, 0 taken that would be written \
         otherwise",
        targets.len()
    ))
}

/// Feeds a reader, from a folder of inputs that what reaches something new is added to; answers how
/// many inputs it was fed.
fn feed(target: &Target, found: &Path) -> Result<u64, Broken> {
    let time = format!("-max_total_time={SECONDS}");
    let said = fuzz(target, &[found], &[&time, "-print_final_stats=1"])?;
    let count = said.lines().find_map(|line| line.strip_prefix(COUNT));
    let count = count.and_then(|count| count.trim().parse().ok());
    count.ok_or_else(|| Broken::new(format!("{}: no count in {said}", target.name)))
}

/// Keeps the few inputs that reach what sound input does not.
fn minimise(target: &Target, sound: &Path, found: &Path) -> Result<(), Broken> {
    let before = files(sound)?;
    fuzz(
        target,
        &[sound, found],
        &["-set_cover_merge=1", "-use_counters=0"],
    )?;
    let added = files(sound)?;
    let added = added.iter().filter(|path| !before.contains(path));
    let inputs = added.map(fs::read).collect::<Result<_, _>>()?;
    let most = if target.is_slow { SLOW_MAX } else { QUICK_MAX };
    Ok(keep(target.name, inputs, most)?)
}

/// Runs libFuzzer on folders of inputs; answers what it said.
fn fuzz(target: &Target, folders: &[&Path], options: &[&str]) -> Result<String, Broken> {
    let output = cargo_fuzz()
        .args(["run", "--sanitizer", "none", target.name])
        .args(folders)
        .arg(OsStr::new("--"))
        .arg(format!("-max_len={BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS}"))
        .args(options)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    insist(output.status.success(), || {
        format!("{}: {said}", target.name)
    })?;
    Ok(said)
}

fn cargo_fuzz() -> Command {
    let mut command = Command::new("cargo");
    command.arg("fuzz").current_dir(tests());
    command
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
