//! Large made-up ledgers, and what the commands of Amparo cost on them as cold processes.
//!
//! Refuses to be part of the product: nothing here is linked into it, and it is given the program
//! to measure. The same seed gives the same drafts, so figures can be compared between versions.

mod compare; // beside a plain file and SQLite, on the same bytes
mod duck; // the reference for the as-of count, where Python has it
mod measure; // each command as a process of its own: time, memory, bytes
mod questions; // the commands that are measured
mod sqlite; // the reference
mod story; // what happens to one person
mod writer; // the stories of all, in the order in which they become known

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Generate large ledgers of made-up people, and measure the program on them
#[derive(Debug, Parser)]
#[command(name = "amparo-bench")]
struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write drafts for `amparo import` to standard output
    Generate {
        /// How many drafts; the import adds the entry that opens the ledger
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
        /// The same seed gives the same drafts
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Make a ledger, and lay its figures beside those of a plain file and SQLite
    Compare {
        /// How many drafts
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
        /// The same seed gives the same drafts
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The program
        #[arg(long, default_value = "target/release/amparo")]
        program: PathBuf,
        /// A folder to be made for all that is written; it is left there
        folder: PathBuf,
    },
    /// Run every reading command on a ledger, each time as a new process, and print a table
    Measure {
        /// The program
        #[arg(long, default_value = "target/release/amparo")]
        program: PathBuf,
        /// The ledger
        #[arg(long)]
        ledger: PathBuf,
        /// How often each command runs; the median counts
        #[arg(long, default_value_t = 3)]
        runs: usize,
        /// Only commands that contain this text
        #[arg(long)]
        only: Option<String>,
    },
}

fn main() -> ExitCode {
    match run(Bench::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do where even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> io::Result<()> {
    match what {
        What::Generate { entries, seed } => {
            let out = io::stdout().lock();
            writer::write_drafts(entries, seed, io::BufWriter::with_capacity(1 << 20, out))
        }
        What::Compare {
            entries,
            seed,
            program,
            folder,
        } => compare::compare(&program, &folder, entries, seed, &mut io::stdout().lock()),
        What::Measure {
            program,
            ledger,
            runs,
            only,
        } => {
            let out = &mut io::stdout().lock();
            writeln!(
                out,
                "| command | seconds | processor | peak MB | output MB |"
            )?;
            writeln!(out, "|---|---:|---:|---:|---:|")?;
            let asked = questions::QUESTIONS
                .iter()
                .filter(|question| only.as_ref().is_none_or(|only| question.contains(&**only)));
            for question in asked {
                let arguments: Vec<&str> = question.split(' ').collect();
                let cost = measure::median(&program, &ledger, &arguments, runs)?;
                writeln!(out, "| `{question}` | {cost} |")?;
                out.flush()?;
            }
            Ok(())
        }
    }
}
