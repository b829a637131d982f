//! The `amparo` program: the command line on the real world.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Entries are read by one thread and dropped by another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    amparo_cli::main()
}
