//! `completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Exit;
use crate::args::Cli;
use crate::error::Failure;
use crate::session::Session;

/// Write the completions of a shell, to be sourced by it
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "amparo", &mut script);
        session.write(&script)?;
        Ok(Exit::Done)
    }
}
