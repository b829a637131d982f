//! A disk that is full, and one that can only be read.
//!
//! On a file system of 2 MiB in memory entries are appended until nothing goes any more: is that
//! told, is everything still readable, and does appending go on once there is room? The room left
//! at the start differs from round to round, so that it ends in the journal, in the key file, in
//! the sled store and in between. On a file system that was made read-only after the ledger was
//! written: is everything readable, and nothing written?

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use amparo_store::Ledger;
use amparo_store::files::{Files, RealFiles};
use amparo_store::ledger::{Access, OpenError};
use amparo_store::shelf::ShelfError;

use crate::child::{self, Answer, Ask};
use crate::claim::{Broken, Length, insist, left_out};
use crate::folder;
use crate::mount::Mounted;
use crate::story::{self, STEPS, Told};

const DISK_KIB: usize = 2048;
/// How many rounds there are, and by how much the room differs from one to the next.
const ROUNDS: (usize, usize) = (3, 100);
const STEP_BYTES: usize = 6143;
/// What is removed to make room.
const BALLAST_BYTES: usize = 512 * 1024;
/// The most appends before a disk of that size must be full.
const APPENDS_MAX: usize = 2000;

/// What a round came to.
#[derive(Default)]
struct Counted {
    appended: usize,
}

/// Fills disks.
///
/// # Errors
/// [`Broken`] at the first round in which the claim does not hold.
pub fn full(length: Length) -> Result<String, Broken> {
    let mut counted = Counted::default();
    let rounds = length.pick(ROUNDS.0, ROUNDS.1);
    for round in 0..rounds {
        let disk = match Mounted::in_memory(DISK_KIB)? {
            Ok(disk) => disk,
            Err(why) => return Ok(left_out(&why)),
        };
        let every = ROUNDS.1 / rounds;
        fs::write(disk.at().join("ballast"), vec![1; BALLAST_BYTES])?;
        fs::write(disk.at().join("other"), vec![1; round * every * STEP_BYTES])?;
        let case = format!("round {round}");
        fill(disk.at(), &case, &mut counted)?;
    }
    let Counted { appended } = counted;
    Ok(format!(
        "{rounds} full disks after {appended} appends, each told as such: 0 entries lost, 0 unreadable, \
         0 that did not go on when there was room"
    ))
}

fn fill(disk: &Path, case: &str, counted: &mut Counted) -> Result<(), Broken> {
    let at = disk.join("ledger");
    story::begin(&at).map_err(|broken| Broken::new(format!("{case}: {broken}")))?;
    let mut lines = story::content(&at, Access::Read)?.lines;
    for number in 1.. {
        insist(number < APPENDS_MAX, || format!("{case}: never full"))?;
        match child::ask(&at, Ask::Append(number, 500 + number * 701 % 6000))? {
            Answer::Done(appended) => {
                counted.appended += 1;
                lines.extend(appended);
            }
            Answer::Full(_) => break,
            Answer::Failed(why) => return Err(Broken::new(format!("{case}: {why}"))),
        }
    }
    for _ in 0..2 {
        let found = read(&at, &format!("{case}, full"))?;
        check(&found, &lines, &format!("{case}, full"))?;
        // Whatever was recorded and not told is there from now on.
        lines = found;
    }
    fs::remove_file(disk.join("ballast"))?;
    match child::ask(&at, Ask::Append(APPENDS_MAX, 1000))? {
        Answer::Done(appended) => lines.extend(appended),
        Answer::Full(why) | Answer::Failed(why) => {
            return Err(Broken::new(format!("{case}, room again: {why}")));
        }
    }
    let found = read(&at, case)?;
    insist(found == lines, || {
        format!("{case}: other entries when there was room")
    })
}

/// Reads, verifies and exports a ledger by a process of its own.
fn read(at: &Path, case: &str) -> Result<Vec<Vec<u8>>, Broken> {
    match child::ask(at, Ask::Read)? {
        Answer::Done(lines) => Ok(lines),
        Answer::Full(why) | Answer::Failed(why) => Err(Broken::new(format!("{case}: {why}"))),
    }
}

/// All that was acknowledged is there, and at most one batch that nobody was told of.
fn check(found: &[Vec<u8>], lines: &[Vec<u8>], case: &str) -> Result<(), Broken> {
    insist(
        found.starts_with(lines) && found.len() <= lines.len() + 2,
        || format!("{case}: {} entries of {}", found.len(), lines.len()),
    )
}

fn export(at: &Path, lines: &[Vec<u8>], case: &str) -> Result<(), Broken> {
    let opened = Ledger::open(at, Access::Read, &mut |_| {});
    let ledger = opened.map_err(|error| Broken::new(format!("{case}: {}", chain(&error))))?;
    let mut out = Vec::new();
    let exported = ledger.export(false, &mut out, &mut |_| {});
    exported.map_err(|error| Broken::new(format!("{case}: {}", chain(&error))))?;
    let whole: Vec<u8> = lines
        .iter()
        .flat_map(|line| [line, &b"\n"[..]].concat())
        .collect();
    insist(out == whole, || {
        format!("{case}: the export is not the log")
    })
}

/// An error and what caused it.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let (mut causes, mut last) = (vec![error], error);
    while let Some(cause) = last.source() {
        causes.push(cause);
        last = cause;
    }
    causes
}

/// Whether an error says that the disk is full.
pub fn is_told_full(error: &(dyn Error + 'static)) -> bool {
    let is_full = |cause: &(dyn Error + 'static)| {
        let of_system = cause.downcast_ref::<io::Error>();
        of_system.is_some_and(|error| error.kind() == io::ErrorKind::StorageFull)
            || matches!(cause.downcast_ref(), Some(ShelfError::Full))
    };
    causes(error).into_iter().any(is_full)
}

pub fn chain(error: &(dyn Error + 'static)) -> String {
    let said: Vec<_> = causes(error).iter().map(ToString::to_string).collect();
    said.join(": ")
}

/// Reads ledgers on a file system that cannot be written.
///
/// # Errors
/// [`Broken`] at the first case in which the claim does not hold.
pub fn read_only(_: Length) -> Result<String, Broken> {
    let real: Arc<dyn Files> = Arc::new(RealFiles);
    let mut cases = 0;
    for (last, step) in STEPS.iter().enumerate() {
        for has_store in [true, false] {
            let disk = match Mounted::in_memory(64 * 1024)? {
                Ok(disk) => disk,
                Err(why) => return Ok(left_out(&why)),
            };
            let at = disk.at().join("ledger");
            for place in 0..=last {
                let told = story::take(place, &real, &at)?;
                insist(told == Told::Done, || format!("{told:?}"))?;
            }
            let content = story::content(&at, Access::Read)?;
            if !has_store {
                fs::remove_dir_all(at.join("sled"))?;
            }
            let before = bytes_of(&at)?;
            disk.make_read_only()?;
            let case = format!("after {step:?}, sled store: {has_store}");
            let found = story::content(&at, Access::Read);
            let found = found.map_err(|broken| Broken::new(format!("{case}: {broken}")))?;
            insist(found == content, || format!("{case}: read otherwise"))?;
            story::insist_sound(&at, &case)?;
            export(&at, &content.lines, &case)?;
            let opened = Ledger::open(&at, Access::Write, &mut |_| {});
            let is_told = matches!(&opened, Err(OpenError::Io { source, .. })
                if source.kind() == io::ErrorKind::ReadOnlyFilesystem);
            insist(is_told, || format!("{case}: opened to write"))?;
            insist(bytes_of(&at)? == before, || {
                format!("{case}: something was written")
            })?;
            cases += 1;
        }
    }
    Ok(format!(
        "{cases} ledgers on read-only file systems, 0 not read, verified and exported whole, 0 bytes \
         written"
    ))
}

fn bytes_of(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    folder::files(folder)?.iter().map(fs::read).collect()
}
