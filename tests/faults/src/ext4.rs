//! The power cut on a real file system: an ext4 image on a loop device, copied while it is written.
//!
//! A process appends to a ledger on the image. At random moments it is held still, and the image is
//! copied: what the kernel had not written to the device by then is not in the copy. Each copy is
//! mounted, whereby ext4 replays its own journal, and the ledger in it is opened. Limit: the process
//! stands between two system calls, so that no copy is of a sync half done; `power-cuts` has those.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use amparo_store::files::faults::scratch;
use amparo_store::ledger::Access;

use crate::child::{self, Ask};
use crate::claim::{Broken, Length, insist, left_out};
use crate::kill;
use crate::mount::{Mounted, run};
use crate::story;

/// How many images there are, and how many cuts each takes.
const IMAGES: (usize, usize) = (1, 12);
const CUTS_OF_ONE: (usize, usize) = (2, 10);
const IMAGE_BYTES: u64 = 64 * 1024 * 1024;
/// How many times a copy is begun again since the kernel wrote meanwhile.
const COPIES_MAX: usize = 50;
/// How many times it is looked whether the writer stands still, a millisecond apart.
const LOOKS_MAX: usize = 10_000;
/// The longest time from a cut to the next.
const MOMENTS_MS: u64 = 90;

/// What the cuts came to.
#[derive(Default)]
struct Counted {
    cuts: usize,
    acknowledged: usize,
    more: usize,
}

/// Cuts the power of images.
///
/// # Errors
/// [`Broken`] at the first cut after which the claim does not hold.
pub fn cuts(length: Length) -> Result<String, Broken> {
    let mut counted = Counted::default();
    for image in 0..length.pick(IMAGES.0, IMAGES.1) {
        let each = length.pick(CUTS_OF_ONE.0, CUTS_OF_ONE.1);
        if let Err(why) = cut_one(image, each, &mut counted)? {
            return Ok(left_out(&why));
        }
    }
    let Counted {
        cuts,
        acknowledged,
        more,
    } = counted;
    Ok(format!(
        "{cuts} copies of an ext4 image in use, {acknowledged} acknowledged entries looked for in them, {more} \
         with a batch that nobody was told of yet: 0 acknowledged entries lost, 0 batches torn"
    ))
}

/// Writes on one image and cuts it so many times; why not, where the system does not let us.
fn cut_one(image: usize, cuts: usize, counted: &mut Counted) -> Result<Result<(), String>, Broken> {
    let folder = scratch()?;
    let disk = folder.path().join("disk");
    fs::File::create(&disk)?.set_len(IMAGE_BYTES)?;
    if let Err(why) = run(Command::new("mkfs.ext4").arg("-q").arg(&disk)) {
        return Ok(Err(why));
    }
    let mounted = match mount(&disk)? {
        Ok(mounted) => mounted,
        Err(why) => return Ok(Err(why)),
    };
    let at = mounted.at().join("ledger");
    story::begin(&at)?;
    let begun = story::content(&at, Access::Read)?.lines;
    let told = folder.path().join("told");
    fs::write(&told, "")?;
    let mut writer = Writer(child::spawn(&at, Ask::Write(0), &told)?);
    for cut in 0..cuts {
        let moment = 1 + (image * cuts + cut) as u64 * 37 % MOMENTS_MS;
        // Not a wait for something to happen: the moment itself is what is tried.
        thread::sleep(Duration::from_millis(moment));
        let copy = folder.path().join("copy");
        writer.hold()?;
        let told = fs::read(&told)?;
        copy_still(&disk, &copy)?;
        let case = format!("image {image}, cut {cut}");
        let more = check(&copy, &begun, &told, &case)?;
        // Only now: a writer that goes on through slow checks fills the image.
        writer.go_on()?;
        counted.cuts += 1;
        counted.acknowledged += kill::acknowledged(&told).0.len();
        counted.more += usize::from(more);
    }
    Ok(Ok(()))
}

fn mount(disk: &Path) -> Result<Result<Mounted, String>, Broken> {
    let disk = disk.to_string_lossy();
    Mounted::mount(&["-t", "ext4", "-o", "loop", &disk])
}

/// Copies an image; begun again where it was written meanwhile, so that the copy is of one moment.
fn copy_still(disk: &Path, copy: &Path) -> Result<(), Broken> {
    for _ in 0..COPIES_MAX {
        let bytes = fs::read(disk)?;
        if fs::read(disk)? == bytes {
            fs::write(copy, bytes)?;
            return Ok(());
        }
    }
    Err(Broken::new("the image never stood still"))
}

/// Checks the ledger of a copy; whether it holds a batch that was not told.
fn check(copy: &Path, begun: &[Vec<u8>], told: &[u8], case: &str) -> Result<bool, Broken> {
    let say = |broken: Broken| Broken::new(format!("{case}: {broken}"));
    let mounted = mount(copy)?;
    let mounted = mounted.map_err(|why| Broken::new(format!("{case}: {why}")))?;
    let at = mounted.at().join("ledger");
    let found = story::content(&at, Access::Write).map_err(say)?.lines;
    let (told, steps) = kill::acknowledged(told);
    let sure: Vec<_> = begun.iter().map(Vec::as_slice).chain(told).collect();
    let is_there = found.len() >= sure.len() && found.iter().zip(&sure).all(|(a, b)| a == b);
    insist(is_there, || {
        format!("{case}: {} entries told, {} there", sure.len(), found.len())
    })?;
    let more = found.len() - sure.len();
    let batch = kill::batch_of(steps);
    insist(more == 0 || more == batch, || {
        format!("{case}: {more} entries of a batch of {batch}")
    })?;
    story::insist_sound(&at, case)?;
    Ok(more > 0)
}

/// A process that writes until this is dropped.
struct Writer(Child);

impl Writer {
    /// Holds it still: answers when none of its threads runs.
    fn hold(&mut self) -> Result<(), Broken> {
        self.signal("-STOP")?;
        for _ in 0..LOOKS_MAX {
            let states = self.states()?;
            if states.iter().any(|state| "ZX".contains(*state)) {
                return Err(Broken::new(self.said()));
            }
            if states.iter().all(|state| *state == 'T') {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err(Broken::new("the writer could not be held still"))
    }

    fn go_on(&self) -> Result<(), Broken> {
        self.signal("-CONT")
    }

    /// What it said before it ended.
    fn said(&mut self) -> String {
        let mut said = String::new();
        if let Some(stderr) = self.0.stderr.as_mut() {
            // What cannot be read is only missing from the message.
            let _ = stderr.read_to_string(&mut said);
        }
        format!("the writer ended by itself: {said}")
    }

    fn signal(&self, signal: &str) -> Result<(), Broken> {
        let pid = self.0.id().to_string();
        run(Command::new("kill").args([signal, &pid])).map_err(Broken::new)
    }

    /// The states of its threads, by the letters of the system.
    fn states(&self) -> io::Result<Vec<char>> {
        let tasks = format!("/proc/{}/task", self.0.id());
        let states = fs::read_dir(tasks)?.map(|task| {
            let stat = fs::read_to_string(task?.path().join("stat"))?;
            let after_name = stat.rsplit(')').next().unwrap_or_default();
            Ok(after_name.trim_start().chars().next().unwrap_or('X'))
        });
        states.collect()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
