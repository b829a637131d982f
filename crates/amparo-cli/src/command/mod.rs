//! The commands, one file each: its arguments, their help, and what it does.
//!
//! A new command is a file here, a line in [`Command`] and a line in [`Command::run`].

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;
use clap::{Parser as _, Subcommand};

use crate::args::{Cli, OutputFormat};
use crate::error::Failure;
use crate::globals::Globals;
use crate::output::text;
use crate::session::Session;
use crate::world::World;

mod append;
mod audit;
mod backup;
mod check;
mod checkpoint;
mod cite;
mod claim;
mod claims;
mod completions;
mod correct;
mod demo;
mod diff;
mod erase;
mod export;
mod find;
mod flows;
mod group;
mod import;
mod import_list;
mod import_table;
mod init;
mod instrument;
mod key;
mod list;
mod log;
mod man;
mod person;
mod profile;
mod prove;
mod publish;
mod recover;
mod replay;
mod report;
mod restore;
mod resume;
mod retract;
mod show;
mod status;
pub mod totals;
mod undo;
mod verify;
mod verify_proof;
mod vocab;
mod witness;

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done: exit code 0.
    Done,
    /// It ran, and the answer is "no": exit code 1.
    No,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Init),
    Append(Box<append::Append>),
    Claim(claim::Claim),
    Import(import::Import),
    Correct(Box<correct::Correct>),
    Retract(retract::Retract),
    Undo(undo::Undo),
    Status(status::Status),
    Log(log::Log),
    Show(show::Show),
    List(list::List),
    Find(find::Find),
    Replay(replay::Replay),
    Audit(audit::Audit),
    Totals(totals::Totals),
    Claims(claims::Claims),
    Diff(diff::Diff),
    Flows(flows::Flows),
    Report(report::Report),
    Publish(publish::Publish),
    Cite(cite::Cite),
    Check(check::Check),
    Verify(verify::Verify),
    Checkpoint(checkpoint::Checkpoint),
    Resume(resume::Resume),
    Prove(prove::Prove),
    VerifyProof(verify_proof::VerifyProof),
    Witness(witness::Witness),
    Export(export::Export),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Recover(recover::Recover),
    Erase(erase::Erase),
    Person(person::Person),
    Group(group::Group),
    Key(key::Key),
    Instrument(instrument::Instrument),
    Profile(profile::Profile),
    Vocab(vocab::Vocab),
    Completions(completions::Completions),
    Man(man::Man),
    Demo(demo::Demo),
}

impl Command {
    fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self {
            Self::Init(command) => command.run(session),
            Self::Append(command) => command.run(session),
            Self::Claim(command) => command.run(session),
            Self::Import(command) => command.run(session),
            Self::Correct(command) => command.run(session),
            Self::Retract(command) => command.run(session),
            Self::Undo(command) => command.run(session),
            Self::Status(command) => command.run(session),
            Self::Log(command) => command.run(session),
            Self::Show(command) => command.run(session),
            Self::List(command) => command.run(session),
            Self::Find(command) => command.run(session),
            Self::Replay(command) => command.run(session),
            Self::Audit(command) => command.run(session),
            Self::Totals(command) => command.run(session),
            Self::Claims(command) => command.run(session),
            Self::Diff(command) => command.run(session),
            Self::Flows(command) => command.run(session),
            Self::Report(command) => command.run(session),
            Self::Publish(command) => command.run(session),
            Self::Cite(command) => command.run(session),
            Self::Check(command) => command.run(session),
            Self::Verify(command) => command.run(session),
            Self::Checkpoint(command) => command.run(session),
            Self::Resume(command) => command.run(session),
            Self::Prove(command) => command.run(session),
            Self::VerifyProof(command) => command.run(session),
            Self::Witness(command) => command.run(session),
            Self::Export(command) => command.run(session),
            Self::Backup(command) => command.run(session),
            Self::Restore(command) => command.run(session),
            Self::Recover(command) => command.run(session),
            Self::Erase(command) => command.run(session),
            Self::Person(command) => command.run(session),
            Self::Group(command) => command.run(session),
            Self::Key(command) => command.run(session),
            Self::Instrument(command) => command.run(session),
            Self::Profile(command) => command.run(session),
            Self::Vocab(command) => command.run(session),
            Self::Completions(command) => command.run(session),
            Self::Man(command) => command.run(session),
            Self::Demo(command) => command.run(session),
        }
    }
}

/// Reads the arguments, runs the command, reports a failure, and answers the exit code.
pub fn dispatch(args: &[OsString], world: &mut World<'_>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return not_a_command(&error, asks_for_json(args), world),
    };
    let globals = Globals::new(cli.shared, cli.at, cli.recorder, world);
    let as_json = globals.format == OutputFormat::Json;
    let mut session = Session { world, globals };
    match cli.command.run(&mut session) {
        Ok(Exit::Done) => 0,
        Ok(Exit::No) => 1,
        Err(failure) if failure.is_broken_pipe() => 0,
        Err(failure) => failure.report(as_json, session.world),
    }
}

/// Help and version are answers; everything else that is no command is a usage failure.
fn not_a_command(error: &clap::Error, as_json: bool, world: &mut World<'_>) -> u8 {
    let text = text::visible_lines(&error.render().to_string());
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // A reader that has gone away has seen enough.
        let _ = world
            .stdout
            .write_all(text.as_bytes())
            .and_then(|()| world.stdout.flush());
        return 0;
    }
    if !as_json {
        let _ = world.stderr.write_all(text.as_bytes());
        return crate::error::FailureKind::Usage.exit_code();
    }
    let mut parts = text
        .split("\n\n")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let message = parts
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    let hints = parts.filter(|part| part.starts_with("tip:") || part.starts_with("Usage:"));
    let failure = Failure::usage(message.replace('\n', " "));
    hints
        .fold(failure, |failure, hint| failure.hint(hint))
        .report(true, world)
}

/// Whether the arguments ask for JSON, as far as arguments that do not read can tell.
fn asks_for_json(args: &[OsString]) -> bool {
    let args: Vec<_> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let joined = ["-Ojson", "-O=json", "--output=json"];
    args.iter().any(|arg| joined.contains(arg))
        || args
            .windows(2)
            .any(|two| matches!(two, ["-O" | "--output", "json"]))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }
}
