//! Inputs chosen by what they reach in a reader: does any make it panic or take what it would not write?
//!
//! `cargo fuzz` builds each reader with counters in it (libFuzzer), and changes inputs that reached
//! something new; `fuzzed-input` asks the same readers blindly. What was found worth keeping stays in
//! `tests/fuzz/corpus`, from which the next run goes on. A failure lies in `tests/fuzz/artifacts`; moved
//! to `tests/faults/crashes` it is tried in every test run from then on.

use std::path::Path;
use std::process::Command;

use crate::claim::{Broken, Length, insist, left_out};
use crate::fuzz::{BYTES_MAX, write_seeds};

/// How long each reader is fed.
const SECONDS: u64 = 60;
const COUNT: &str = "stat::number_of_executed_units:";

/// Feeds every reader; at length only, since the readers have to be built anew for it.
///
/// # Errors
/// [`Broken`] with what libFuzzer said of the input that failed.
pub fn inputs(length: Length) -> Result<String, Broken> {
    if length == Length::Short {
        return Ok(left_out("at length only: it builds every reader anew"));
    }
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let fuzz = || {
        let mut command = Command::new("cargo");
        command.arg("fuzz").current_dir(&tests);
        command
    };
    let is_there = fuzz().arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        let remedy = "cargo install --locked cargo-fuzz";
        return Ok(left_out(&format!("cargo-fuzz is not installed ({remedy})")));
    }
    let names = write_seeds(&tests.join("fuzz/corpus"))?;
    let mut executed = 0;
    for name in &names {
        let output = fuzz()
            .args(["run", "--sanitizer", "none", name, "--"])
            .arg(format!("-max_total_time={SECONDS}"))
            .arg(format!("-max_len={BYTES_MAX}"))
            .arg("-print_final_stats=1")
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        insist(output.status.success(), || format!("{name}: {said}"))?;
        let count = said.lines().find_map(|line| line.strip_prefix(COUNT));
        let count = count.and_then(|count| count.trim().parse::<u64>().ok());
        let no_count = || Broken::new(format!("{name}: no count in {said}"));
        executed += count.ok_or_else(no_count)?;
    }
    Ok(format!(
        "{executed} inputs in {} readers, {SECONDS} seconds each: 0 panics, 0 taken that would be written \
         otherwise",
        names.len()
    ))
}
