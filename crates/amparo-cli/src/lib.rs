//! The command line of Amparo: reads arguments, asks the store and the read models, prints.
//!
//! Everything from outside (streams, folder, environment, clock, randomness) comes through
//! [`World`], so that the same arguments on the same ledger at the same time give the same bytes.
//! The crate holds no rule of counting and no rule of the log: those are the core's, the
//! projections' and the store's. It never writes to the real standard streams by itself.

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

mod args;
mod chart;
mod citation;
mod closure;
mod command;
mod compose;
mod coordinates;
mod derived;
mod draft_flags;
mod entry_ref;
mod error;
mod excerpt;
mod faults;
mod figure_proof;
mod figures;
mod filters;
mod fold;
mod globals;
mod identifier;
mod intake;
mod kept_deltas;
mod kept_facts;
mod kept_names;
mod lines;
mod listing;
mod lists;
mod lookups;
mod new_file;
mod output;
mod people;
mod progress;
mod record;
mod rederived;
mod secret_from;
mod session;
mod similar;
mod source_flag;
mod standing;
mod stream;
mod summary;
mod tables;
mod unfinished;
mod world;

pub use amparo_store::Cost;
pub use world::World;

/// Runs one command line in a world, and answers its exit code (design, section 7).
///
/// The first argument is the program's name. A panic inside is caught: exit code 70 and a message
/// that quotes nothing, since a quotation could hold a name.
pub fn run(args: impl IntoIterator<Item = OsString>, world: &mut World<'_>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| command::dispatch(&args, world)));
    outcome.unwrap_or_else(|_| {
        let failure = error::Failure::internal("the program met a state that it was not built for")
            .hint("nothing is lost: what was acknowledged is on disk; `amparo verify` checks it");
        failure.report(false, world)
    })
}

/// The command line as it is declared: every command with its options.
pub fn command_line() -> clap::Command {
    <args::Cli as clap::CommandFactory>::command()
}

/// Runs the arguments of this process in the real world.
///
/// Replaces the panic hook by one that tells where, and quotes nothing.
pub fn main() -> ExitCode {
    let mut world = World::real();
    world.quiet_panics();
    ExitCode::from(run(std::env::args_os(), &mut world))
}
