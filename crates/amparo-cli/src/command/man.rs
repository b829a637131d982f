//! `man`: the manual.

use clap::{Args, CommandFactory as _};
use clap_mangen::Man as Page;

use super::Exit;
use crate::args::Cli;
use crate::error::Failure;
use crate::session::Session;

/// Write a page of the manual, in roff: `amparo man | man -l -`
#[derive(Debug, Args)]
pub struct Man {
    /// The command whose page is wanted [default: the page of amparo]
    command: Option<String>,
}

impl Man {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let mut whole = Cli::command();
        whole.build();
        let command = match &self.command {
            None => whole,
            Some(name) => {
                let found = whole.find_subcommand(name).cloned();
                let found = found.ok_or_else(|| {
                    Failure::usage("there is no command of that name")
                        .hint("`amparo --help` lists them")
                })?;
                found.name(format!("amparo-{name}"))
            }
        };
        let mut page = Vec::new();
        Page::new(command)
            .render(&mut page)
            .map_err(Failure::writing)?;
        session.write(&page)?;
        Ok(Exit::Done)
    }
}
