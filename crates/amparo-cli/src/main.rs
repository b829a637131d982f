//! The `amparo` program: the command line on the real world.

use std::process::ExitCode;

fn main() -> ExitCode {
    amparo_cli::main()
}
