//! The command line as it is typed: every option raw, nothing checked.
//!
//! Checking is the next step, in [`globals`](crate::globals) and in each command; help texts are
//! the doc comments here and there.

use clap::{Args, Parser, ValueEnum};

use crate::command::Command;
use crate::draft_flags::SourceFlags;

/// An append-only, auditable ledger of detention status changes.
///
/// Data goes to standard output, talk to standard error. Exit codes: 0 done, 1 ran and the answer
/// is no, 2 usage, 3 input refused and nothing written, 4 integrity failure, 5 unknown or
/// ambiguous subject, 6 ledger in use or head moved, 70 internal.
#[derive(Debug, Parser)]
#[command(name = "amparo", version, color = clap::ColorChoice::Never, term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub shared: SharedArgs,
    /// Coordinates, for the commands that look.
    #[command(flatten)]
    pub at: CoordinateArgs,
    /// The recorder, for the commands that write.
    #[command(flatten)]
    pub recorder: RecorderArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, Clone, Default, Args)]
pub struct SharedArgs {
    /// The ledger's folder [default: $AMPARO_LEDGER, else found upward from here]
    #[arg(short = 'L', long = "ledger", value_name = "DIR", global = true)]
    pub ledger: Option<String>,
    /// How to write the answer [default: table]
    #[arg(short = 'O', long = "output", value_name = "FORMAT", global = true)]
    pub output: Option<OutputFormat>,
    /// Where to read the passphrase or the recovery key of locked names: ask, file:PATH, env:NAME
    /// [default: $AMPARO_PASSPHRASE_FROM, else the names stay locked]
    #[arg(long = "passphrase", value_name = "FROM", global = true)]
    pub passphrase: Option<String>,
}

/// The coordinates of an answer: which day, known when, counted how.
#[derive(Debug, Clone, Default, Args)]
pub struct CoordinateArgs {
    /// The state at the end of this day: 2026-02-20, today, yesterday, hoy, ayer [default: today]
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// Only what the ledger knew then: e41, a day, a time, head [default: head]
    #[arg(long, value_name = "WHEN")]
    pub known_at: Option<String>,
    /// Who counts as held [default: deprived-of-liberty]
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
}

/// The one coordinate of commands that show the log and derive nothing.
#[derive(Debug, Clone, Default, Args)]
pub struct KnownAtArgs {
    /// Only what the ledger knew then: e41, a day, a time, head [default: head]
    #[arg(long, value_name = "WHEN")]
    pub known_at: Option<String>,
}

impl CoordinateArgs {
    /// The option that was given, if any was: for the message of a command that takes none.
    pub fn given(&self) -> Option<&'static str> {
        [
            ("--as-of", &self.as_of),
            ("--known-at", &self.known_at),
            ("--profile", &self.profile),
        ]
        .into_iter()
        .find(|(_, value)| value.is_some())
        .map(|(name, _)| name)
    }
}

/// Who records.
#[derive(Debug, Clone, Default, Args)]
pub struct RecorderArgs {
    /// Who records this [default: $AMPARO_BY, else the recorder named at `init`]
    #[arg(long, value_name = "RECORDER")]
    pub by: Option<String>,
}

/// On whose word something is recorded, by whom, and whether at all.
#[derive(Debug, Clone, Default, Args)]
pub struct WriteArgs {
    /// On whose word.
    #[command(flatten)]
    pub sources: SourceFlags,
    /// Show the exact event, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Who records.
    #[command(flatten)]
    pub recorder: RecorderArgs,
}

/// The forms that an answer can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Columns for people to read.
    Table,
    /// One object: the coordinates and the rows.
    Json,
    /// One object on each line, each with its coordinates.
    Jsonl,
    /// Comma-separated values with a heading, each row with its coordinates.
    Csv,
    /// A table in Markdown.
    Md,
}
