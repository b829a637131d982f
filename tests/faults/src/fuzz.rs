//! Changed and broken input in every reader: does any panic, or take what it would not write?
//!
//! Each target starts from sound input, which the fixtures and a small ledger give, and from what a
//! fuzzer found that reaches something else, and changes it at random: bits, pieces left out, doubled,
//! swapped, words of the format in the wrong place. All of it is tried unchanged first, and what once
//! made a reader fail; in the short form too.

use std::fs;
use std::ops::AddAssign;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::OnceLock;

use amparo_model::random::Random;

use crate::claim::{Broken, Length};
use crate::corpus::{Kept, hex};
use crate::fuzz_targets::{Target, targets};
use crate::model::in_shares;

/// How many inputs a reader in memory gets, and one that opens a ledger.
const QUICK: (u64, u64) = (1_500, 2_000_000);
const SLOW: (u64, u64) = (25, 6_000);
/// The longest input.
pub const BYTES_MAX: usize = 70_000;
/// Words that mean something to one reader or another.
const WORDS: [&[u8]; 24] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\n\n",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e308",
    b"null",
    b"..",
    b"/",
    b"2026-02-30",
    b"\xe2\x80\x94 ",
    b"\\u0000",
    b"\\ud800",
];

#[derive(Debug, Default, Clone, Copy)]
struct Tried(u64);

impl AddAssign for Tried {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// Feeds every reader.
///
/// # Errors
/// [`Broken`] with the target and the input, in hex, that it failed on.
pub fn inputs(length: Length) -> Result<String, Broken> {
    let targets = targets()?;
    let (mut tried, mut kept, mut crashes) = (Tried(0), 0, 0);
    for target in &targets {
        let (corpus, past) = (
            Kept::Corpus.of(target.name)?,
            Kept::Crashes.of(target.name)?,
        );
        (kept, crashes) = (kept + corpus.len(), crashes + past.len());
        let start = [&target.seeds[..], &corpus[..]].concat();
        let unchanged = [&past[..], &start[..]].concat();
        tried += in_shares(0..unchanged.len() as u64, |n| {
            attempt(target, &unchanged[n as usize])
        })?;
        let count = if target.is_slow { SLOW } else { QUICK };
        tried += in_shares(0..length.pick(count.0, count.1), |n| {
            attempt(target, &changed(&start, &mut Random::new(n)))
        })?;
    }
    Ok(format!(
        "{} inputs in {} readers, {kept} of them what a fuzzer found and {crashes} past failures: \
         0 panics, 0 taken that would be written otherwise",
        tried.0,
        targets.len()
    ))
}

/// Feeds one reader with one input, for fuzzers that choose inputs by what they reach.
///
/// # Panics
/// With the reader and the input where it fails: that is how a fuzzer is told.
#[expect(clippy::panic, reason = "a fuzzer takes a panic for a failure")]
pub fn feed(name: &'static str, input: &[u8]) {
    static READER: OnceLock<Result<Target, Broken>> = OnceLock::new();
    let find = || {
        let found = targets()?.into_iter().find(|target| target.name == name);
        found.ok_or_else(|| Broken::new(format!("there is no reader {name}")))
    };
    let fed = match READER.get_or_init(find) {
        Ok(target) => attempt(target, input)
            .map(|_| ())
            .map_err(|broken| broken.to_string()),
        Err(broken) => Err(broken.to_string()),
    };
    if let Err(why) = fed {
        panic!("{why}");
    }
}

/// Writes the sound input of every reader, each into a folder of its own.
///
/// # Errors
/// [`Broken`] where it cannot be had or written.
pub fn write_sound(folder: &Path) -> Result<Vec<Target>, Broken> {
    let targets = targets()?;
    for target in &targets {
        write(&folder.join(target.name), "sound", &target.seeds)?;
    }
    Ok(targets)
}

/// Writes what is kept of every reader beside it.
///
/// # Errors
/// As [`write_sound`].
pub fn write_kept(folder: &Path, targets: &[Target]) -> Result<(), Broken> {
    for target in targets {
        let at = folder.join(target.name);
        write(&at, "kept", &Kept::Corpus.of(target.name)?)?;
        write(&at, "past", &Kept::Crashes.of(target.name)?)?;
    }
    Ok(())
}

fn write(folder: &Path, what: &str, inputs: &[Vec<u8>]) -> Result<(), Broken> {
    fs::create_dir_all(folder)?;
    for (n, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("{what}-{n}")), input)?;
    }
    Ok(())
}

fn attempt(target: &Target, input: &[u8]) -> Result<Tried, Broken> {
    let ran = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    let why = match ran {
        Ok(Ok(())) => return Ok(Tried(1)),
        Ok(Err(broken)) => broken.to_string(),
        Err(_) => "a panic".to_owned(),
    };
    let name = target.name;
    Err(Broken::new(format!("{name}: {why}, on {}", hex(input))))
}

/// A seed with a few changes.
fn changed(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(24)).min(bytes.len());
        match random.below(8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            4 => bytes.truncate(at),
            5 => {
                let other = random.pick(seeds);
                let from = random.below(other.len() + 1);
                let to = (from + random.below(64)).min(other.len());
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            6 => bytes.push(random.below(256) as u8),
            _ => drop(bytes.splice(at..end, random.pick(&WORDS).iter().copied())),
        }
    }
    bytes.truncate(BYTES_MAX);
    bytes
}
