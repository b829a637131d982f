//! What Amparo claims, tried out and counted: under failing disks, power cuts and damage, and on
//! random histories.
//!
//! Each claim is a file with one question. `cargo test` asks each in a short form; this program
//! asks them at length, and writes what it counted to `tests/SCOREBOARD.md`. Refuses to be part
//! of the product, and to go on after a claim that does not hold: it names the case and stops.

mod child; // one thing done by a process of its own
mod claim; // the claims by name, and how long each is tried
mod clock; // many processes at once, and a clock that jumps
mod compare; // one random history in the read models and in the naive model
mod corpus; // inputs of readers that are kept
mod damage; // flipped bits and cut files: named, healed, never silent
mod disk; // a disk that is full, and one that can only be read
mod export; // flipped bits of a public export: named
mod ext4; // a real file system, copied while it is written
mod folder; // copies of ledger folders
mod fuzz; // changed and broken input in every reader
mod fuzz_folders; // the readers that are whole commands on a ledger
mod fuzz_packed; // the readers of what read models keep
mod fuzz_targets; // the readers, with sound input
mod guided; // inputs that a fuzzer chooses by what they reach
mod kill; // processes killed while they write
mod model; // random histories against the naive model
mod model_store; // the same through the real store, damaged on the way
mod mount; // file systems of our own for a moment
mod planted; // bugs planted on purpose, and which claim catches each
mod power; // the power cut after every file operation
mod recovery; // a damaged journal: what is intact carried over, the rest named
mod scoreboard; // the page that the counts go to
mod story; // a ledger's life in steps, and what each step was told
mod sweep; // every file operation failing in turn

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

pub use fuzz::feed;

use claim::{Broken, CLAIMS, Claim, Length, is_left_out};

/// Try the claims of Amparo under faults at length, and write the counts to the scoreboard
#[derive(Debug, Parser)]
#[command(name = "amparo-faults")]
struct Faults {
    /// Only this claim; else all of them
    claim: Option<String>,
    /// Try the short form, as `cargo test` does, and write nothing
    #[arg(long)]
    short: bool,
    /// Write the input that readers start from into this folder, for `cargo fuzz`, and try nothing
    #[arg(long, value_name = "FOLDER", conflicts_with = "claim")]
    seeds: Option<PathBuf>,
    /// The page that is written
    #[arg(long, default_value = "tests/SCOREBOARD.md")]
    scoreboard: PathBuf,
}

/// Does what the arguments of this process say, or what another process asks this one for.
pub fn main() -> ExitCode {
    let asked = child::answer_if_asked();
    if let Ok(true) = asked {
        return ExitCode::SUCCESS;
    }
    match asked.and_then(|_| run(&Faults::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            // Nothing is left to do where even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {broken}");
            ExitCode::FAILURE
        }
    }
}

fn run(faults: &Faults) -> Result<(), Broken> {
    if let Some(folder) = &faults.seeds {
        let targets = fuzz::write_sound(folder)?;
        fuzz::write_kept(folder, &targets)?;
        let names: Vec<_> = targets.iter().map(|target| target.name).collect();
        return Ok(writeln!(io::stdout(), "{}", names.join(", "))?);
    }
    let chosen = |name: &str| faults.claim.as_deref().is_none_or(|claim| claim == name);
    let claims: Vec<_> = CLAIMS.iter().filter(|claim| chosen(claim.name)).collect();
    if claims.is_empty() {
        let names: Vec<_> = CLAIMS.iter().map(|claim| claim.name).collect();
        let known = names.join(", ");
        return Err(Broken::new(format!("no such claim; there are {known}")));
    }
    for claim in claims {
        if !claim.is_built() && faults.claim.is_none() {
            let Claim { name, cargo, .. } = claim;
            writeln!(io::stdout(), "{name}: left out; it is built with {cargo}")?;
            continue;
        }
        let length = if faults.short {
            Length::Short
        } else {
            Length::Long
        };
        let counted = (claim.run)(length)?;
        writeln!(io::stdout(), "{}: {counted}", claim.name)?;
        if length == Length::Long && !is_left_out(&counted) {
            scoreboard::write(&faults.scoreboard, claim, &counted)?;
        }
    }
    Ok(())
}
