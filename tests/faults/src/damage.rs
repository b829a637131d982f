//! Flipped bits and cut files: are they named, and does nobody read anything false?
//!
//! The ledger has a signed head, so that a cut at the end of a batch is no secret either. What
//! a user may edit (`amparo.toml`) and what means nothing (`LOCK`) is left out.

use std::fs;
use std::path::{Path, PathBuf};

use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::Access;
use tempfile::TempDir;

use crate::claim::{Broken, Length, insist};
use crate::folder;
use crate::story::{self, Content};

/// Every how many-th bit and length the short form tries: primes.
const SHORT_FLIPS_EVERY: usize = 193;
const SHORT_CUTS_EVERY: usize = 23;
/// How a batch begins in the journal: a cut before one leaves a sound, shorter journal.
const BATCH_BEGINS: [u8; 4] = [0xff, 0xa3, 0xf7, 0xfe];
/// Every how many-th byte is damaged for a reader, who takes longer than `verify`.
const READS_EVERY: (usize, usize) = (1009, 17);

/// A sound ledger that is copied and damaged.
struct Sound {
    parent: TempDir,
    content: Content,
}

impl Sound {
    fn new() -> Result<Self, Broken> {
        let parent = scratch()?;
        let after = story::told_in_peace(&parent.path().join("ledger"))?;
        let content = after.last().cloned();
        Ok(Self {
            content: content.ok_or_else(|| Broken::new("no steps"))?,
            parent,
        })
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("ledger")
    }

    /// The files of the log, its keys and its signed heads.
    fn files(&self) -> Result<Vec<PathBuf>, Broken> {
        let mut files = Vec::new();
        for part in ["journal", "keys", "checkpoints"] {
            files.extend(folder::files(&self.folder().join(part))?);
        }
        Ok(files)
    }
}

/// Whether `verify` finds anything.
fn is_named(folder: &Path) -> bool {
    Ledger::verify(folder, &mut |_| {}).map_or(true, |verified| !verified.findings.is_empty())
}

fn name_of<'p>(sound: &Sound, path: &'p Path) -> std::path::Display<'p> {
    path.strip_prefix(sound.folder()).unwrap_or(path).display()
}

/// Flips every bit of every file.
///
/// # Errors
/// [`Broken`] with the flips that `verify` does not name.
pub fn flips(length: Length) -> Result<String, Broken> {
    let sound = Sound::new()?;
    fs::remove_dir_all(sound.folder().join("sled"))?;
    insist(!is_named(&sound.folder()), || {
        "a sound ledger is not".to_owned()
    })?;
    let every = length.pick(SHORT_FLIPS_EVERY, 1);
    let bits = |bytes: usize| (0..bytes * 8).step_by(every);
    let (cases, bytes) = flip(&sound.files()?, bits, || Ok(is_named(&sound.folder())))?;
    Ok(format!(
        "{cases} flipped bits in {bytes} bytes, 0 not named"
    ))
}

/// Flips bits of files, one at a time, and asks each time whether that is named; the bits are those
/// of a file of so many bytes. Answers how many there were, and in how many bytes.
///
/// # Errors
/// [`Broken`] with the flips that are not named.
pub fn flip<B: Iterator<Item = usize>>(
    files: &[PathBuf],
    bits: impl Fn(usize) -> B,
    mut is_named: impl FnMut() -> Result<bool, Broken>,
) -> Result<(usize, usize), Broken> {
    let (mut cases, mut bytes, mut silent) = (0, 0, Vec::new());
    for path in files {
        let content = fs::read(path)?;
        bytes += content.len();
        for bit in bits(content.len()) {
            let mut flipped = content.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(path, &flipped)?;
            cases += 1;
            if !is_named()? {
                let name = path.file_name().unwrap_or_default();
                silent.push(format!("bit {bit} of {}", name.display()));
            }
        }
        fs::write(path, &content)?;
    }
    insist(silent.is_empty(), || {
        format!("not named: {}", silent.join(", "))
    })?;
    Ok((cases, bytes))
}

/// Cuts every file at every length.
///
/// # Errors
/// [`Broken`] with the cuts that `verify` does not name.
pub fn truncations(length: Length) -> Result<String, Broken> {
    let sound = Sound::new()?;
    fs::remove_dir_all(sound.folder().join("sled"))?;
    let (mut cases, mut line_ends, mut silent) = (0_usize, 0_usize, Vec::new());
    for path in sound.files()? {
        let content = fs::read(&path)?;
        let every = length.pick(SHORT_CUTS_EVERY, 1);
        let is_tried =
            |len: &usize| len.is_multiple_of(every) || content[*len..].starts_with(&BATCH_BEGINS);
        for len in (0..content.len()).filter(is_tried) {
            fs::write(&path, &content[..len])?;
            cases += 1;
            if is_named(&sound.folder()) {
                continue;
            }
            // The key that signs reads the same without the line end of its file.
            if content[len..] == *b"\n" {
                line_ends += 1;
            } else {
                silent.push(format!("{} cut to {len}", name_of(&sound, &path)));
            }
        }
        fs::write(&path, &content)?;
    }
    insist(silent.is_empty(), || {
        format!("not named: {}", silent.join(", "))
    })?;
    Ok(format!(
        "{cases} truncations, 0 not named but for {line_ends} that took a line end with no meaning"
    ))
}

/// Reads with a bit flipped in one byte after the other, sled store included, and reads once more
/// after whatever the first reader set right.
///
/// # Errors
/// [`Broken`] at the first false answer.
pub fn reads(length: Length) -> Result<String, Broken> {
    let sound = Sound::new()?;
    let mut files = sound.files()?;
    files.extend(folder::files(&sound.folder().join("sled"))?);
    let (mut cases, mut errors, mut number) = (0_usize, 0_usize, 0_usize);
    for path in files {
        let content = fs::read(&path)?;
        for (byte, value) in content.iter().enumerate() {
            number += 1;
            if number % length.pick(READS_EVERY.0, READS_EVERY.1) != 0 {
                continue;
            }
            let copy = scratch()?;
            let at = copy.path().join("ledger");
            folder::copy(&sound.folder(), &at)?;
            let mut flipped = content.clone();
            flipped[byte] = value ^ (1 << (number % 8));
            let within = path.strip_prefix(sound.folder()).unwrap_or(&path);
            fs::write(at.join(within), &flipped)?;
            let case = format!("byte {byte} of {}", within.display());
            let first = story::content(&at, Access::Read);
            let second = story::content(&at, Access::Read);
            cases += 1;
            errors += usize::from(first.is_err());
            for read in [&first, &second].into_iter().flatten() {
                insist(read.lines == sound.content.lines, || {
                    format!("{case}: {} entries, and no error", read.lines.len())
                })?;
            }
            let is_derived = within.starts_with("sled");
            insist(!is_derived || second.is_ok(), || {
                format!("{case}: not healed: {second:?}")
            })?;
        }
    }
    Ok(format!(
        "{cases} damaged bytes, {errors} told as errors, 0 false answers; all damage of the sled \
         store healed"
    ))
}
