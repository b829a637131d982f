//! The program under test: the shipped command line, in a world whose clock and randomness are
//! given.
//!
//! The shipped program has no variable that could forge a time, so the tests bring this one.
//! `AMPARO_TEST_NOW` is the time of the run, as `2026-02-10T14:03:22.123Z`; randomness follows
//! from it, so that the same commands at the same times make the same ledger, byte for byte.
//! `AMPARO_TEST_TYPED` is what is typed when the terminal is asked, a line for each question.

use std::cell::Cell;
use std::io::ErrorKind;
use std::process::ExitCode;

use amparo_cli::{Cost, World};
use amparo_core::entry::Recorded;
use zeroize::Zeroizing;

fn main() -> ExitCode {
    let mut world = World::real();
    let Some(now) = world.variable("AMPARO_TEST_NOW").and_then(Recorded::parse) else {
        return ExitCode::from(99);
    };
    world.quiet_panics();
    world.clock = Box::new(move || now);
    world.lock_cost = Cost::CHEAP;
    let typed = world.variable("AMPARO_TEST_TYPED").map(str::to_owned);
    let mut typed = typed.into_iter().flat_map(|typed| lines(&typed));
    world.ask = Box::new(move |_| typed.next().ok_or(ErrorKind::NotConnected.into()));
    let state = Cell::new(now.ms().unsigned_abs() | 1);
    world.random = Box::new(move |bytes| bytes.fill_with(|| next(&state)));
    ExitCode::from(amparo_cli::run(std::env::args_os(), &mut world))
}

/// What is typed at a terminal that there is not.
fn lines(typed: &str) -> Vec<Zeroizing<String>> {
    let lines = typed.lines().map(str::to_owned);
    lines.map(Zeroizing::new).collect()
}

/// One byte of an xorshift64* sequence: well spread, and worth nothing as a secret.
fn next(state: &Cell<u64>) -> u8 {
    let mut x = state.get();
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    state.set(x);
    (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
}
