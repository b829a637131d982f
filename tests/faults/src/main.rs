//! The program of the long runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    amparo_faults::main()
}
