//! `replay`: the state after each entry or day, as it came to be known.

mod check;
mod person;
mod stretch;
mod total;

use clap::{Args, ValueEnum};

use super::Exit;
use crate::args::CoordinateArgs;
use crate::error::Failure;
use crate::session::Session;

/// Show how the state grew: who was held after each entry, or after each day of recording
///
/// Without --as-of each line is as of the day on which its entry was recorded, so that it says
/// what somebody would have been told on that day; with --as-of all lines speak of that one day,
/// and show how the picture of it changed. `jsonl` and `csv` are written as they come.
#[derive(Debug, Args)]
pub struct Replay {
    /// A line after each entry, or after the last entry of each day
    #[arg(long, value_name = "STEP", default_value = "entry")]
    every: Every,
    /// From this entry or day of recording on: e10, 2026-02-08
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// Up to this entry or day of recording
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
    /// Only how the state of this person or group changed
    #[arg(long)]
    person: Option<String>,
    /// Derive every projection anew from the log, compare with the way it is kept up to date, and
    /// end with exit code 4 if they differ
    #[arg(long, conflicts_with_all = ["every", "from", "to", "person"])]
    check: bool,
    #[command(flatten)]
    at: CoordinateArgs,
}

/// After what a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Every {
    /// Each entry.
    Entry,
    /// The last entry of each day of recording.
    Day,
}

impl Replay {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if self.check {
            return match self.at.given() {
                Some(option) => Err(Failure::usage(format!("--check takes no {option}"))
                    .hint("it compares at many coordinates of its own")),
                None => check::run(session),
            };
        }
        match &self.person {
            Some(typed) => person::run(session, &self, typed),
            None => total::run(session, &self),
        }?;
        Ok(Exit::Done)
    }
}
