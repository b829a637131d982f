//! Changed and broken input in every reader: does any panic, or take what it would not write?
//!
//! Each target starts from sound input, which the fixtures and a small ledger give, and changes it
//! at random: bits, pieces left out, doubled, swapped, words of the format in the wrong place. What
//! once made a reader fail lies in `crashes/TARGET`, and is tried first, in the short form too.

use std::fs;
use std::ops::AddAssign;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use amparo_model::random::Random;

use crate::claim::{Broken, Length};
use crate::fuzz_targets::{Target, targets};
use crate::model::in_shares;

/// How many inputs a reader in memory gets, and one that opens a ledger.
const QUICK: (u64, u64) = (1_500, 2_000_000);
const SLOW: (u64, u64) = (25, 20_000);
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
    let (mut tried, mut crashes) = (0, 0);
    for target in &targets {
        for path in past_crashes(target.name)? {
            attempt(target, &fs::read(path)?)?;
            crashes += 1;
        }
        for seed in &target.seeds {
            attempt(target, seed)?;
        }
        let count = if target.is_slow { SLOW } else { QUICK };
        let count = length.pick(count.0, count.1);
        let once = |n| {
            let mut random = Random::new(n);
            attempt(target, &changed(&target.seeds, &mut random))?;
            Ok(Tried(1))
        };
        tried += in_shares(0..count, once)?.0 + target.seeds.len() as u64;
    }
    Ok(format!(
        "{tried} inputs in {} readers and {crashes} of past failures, 0 panics, 0 taken that would be \
         written otherwise",
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
        Ok(target) => attempt(target, input).map_err(|broken| broken.to_string()),
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
pub fn write_seeds(folder: &Path) -> Result<Vec<&'static str>, Broken> {
    let mut names = Vec::new();
    for target in targets()? {
        let at = folder.join(target.name);
        fs::create_dir_all(&at)?;
        for (n, seed) in target.seeds.iter().enumerate() {
            fs::write(at.join(format!("sound-{n}")), seed)?;
        }
        names.push(target.name);
    }
    Ok(names)
}

fn past_crashes(target: &str) -> Result<Vec<PathBuf>, Broken> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("crashes")
        .join(target);
    match folder.exists() {
        true => Ok(crate::folder::files(&folder)?),
        false => Ok(Vec::new()),
    }
}

fn attempt(target: &Target, input: &[u8]) -> Result<(), Broken> {
    let ran = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    let why = match ran {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(broken)) => broken.to_string(),
        Err(_) => "a panic".to_owned(),
    };
    let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    Err(Broken::new(format!("{}: {why}, on {hex}", target.name)))
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
