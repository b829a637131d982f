//! Recovery from a damaged journal: is every intact entry carried over, and none invented?
//!
//! Bytes are flipped and zeroed, the end is cut, one place or several at a time. Without any other
//! copy each place of the new log must hold the old line, or say that it is lost, and no more may
//! be lost than the damaged batches held; with a backup the whole log must come back.

use std::fs;
use std::path::{Path, PathBuf};

use amparo_core::entry::Recorded;
use amparo_store::Ledger;
use amparo_store::backup::backup;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::{Access, RecoverError, Recovered, Recovery};
use tempfile::TempDir;

use crate::claim::{Broken, Length, insist};
use crate::folder;
use crate::story::{self, STEPS};

const SEGMENT: &str = "journal/00000000000000000000.log";
/// Every how many-th place is damaged: primes.
const EVERY: (usize, usize) = (997, 5);
const NOW_MS: i64 = 1_780_000_000_000;

/// A sound ledger without a sled store, and a backup of it.
struct Sound {
    parent: TempDir,
    lines: Vec<Vec<u8>>,
    journal: Vec<u8>,
}

/// A recovered ledger.
struct Found {
    lines: Vec<Vec<u8>>,
    recovered: Recovered,
}

/// One way to damage a journal.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// A bit is flipped.
    Flip,
    /// A sector is zeroed, as a disk does that cannot read it any more.
    Sector,
    /// A bit is flipped here, and another in a place far from it.
    Two,
    /// The file ends here.
    Cut,
}

const WAYS: [Damage; 4] = [Damage::Flip, Damage::Sector, Damage::Two, Damage::Cut];

impl Damage {
    fn of(self, journal: &[u8], at: usize) -> Vec<u8> {
        let mut bytes = journal.to_vec();
        match self {
            Self::Flip => bytes[at] ^= 1 << (at % 8),
            Self::Sector => {
                let start = at / 512 * 512;
                let end = bytes.len().min(start + 512);
                bytes[start..end].fill(0);
            }
            Self::Two => {
                bytes[at] ^= 1 << (at % 8);
                let other = (at * 7 + 4001) % journal.len();
                bytes[other] ^= 1 << (other % 8);
            }
            Self::Cut => bytes.truncate(at),
        }
        bytes
    }
}

impl Sound {
    fn new() -> Result<Self, Broken> {
        let parent = scratch()?;
        let at = parent.path().join("ledger");
        let after = story::told_in_peace(&at)?;
        let lines = after.last().map(|content| content.lines.clone());
        let copied = backup(&at, &parent.path().join("backup"));
        copied.map_err(|error| Broken::new(error.to_string()))?;
        fs::remove_dir_all(at.join("sled"))?;
        Ok(Self {
            journal: fs::read(at.join(SEGMENT))?,
            lines: lines.unwrap_or_default(),
            parent,
        })
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("ledger")
    }

    /// Recovers the ledger with this journal; `None` where nothing is damaged that can be seen.
    fn recover(
        &self,
        journal: &[u8],
        copies: Vec<PathBuf>,
        case: &str,
    ) -> Result<Option<Found>, Broken> {
        let parent = scratch()?;
        let damaged = parent.path().join("damaged");
        folder::copy(&self.folder(), &damaged)?;
        fs::write(damaged.join(SEGMENT), journal)?;
        let recovery = Recovery {
            damaged: damaged.clone(),
            folder: parent.path().join("new"),
            copies,
            recorder: None,
            opening: Some(("Demo".into(), chrono_tz::America::Caracas)),
        };
        let now = Recorded::from_ms(NOW_MS).ok_or_else(|| Broken::new("no such time"))?;
        let mut random = story::random(STEPS.len());
        let made = Ledger::recover(&recovery, now, &mut random, &mut |_| {});
        let (ledger, recovered) = match made {
            Ok(made) => made,
            Err(RecoverError::Sound) => return Ok(None),
            Err(error) => return Err(Broken::new(format!("{case}: {error}"))),
        };
        drop(ledger);
        insist(fs::read(damaged.join(SEGMENT))? == journal, || {
            format!("{case}: the damaged journal was written to")
        })?;
        let content = story::content(&recovery.folder, Access::Read)?;
        check_log(&recovery.folder, case)?;
        Ok(Some(Found {
            lines: content.lines,
            recovered,
        }))
    }

    /// How many entries have a byte that is another in this journal, batch by batch.
    fn touched(&self, journal: &[u8]) -> Vec<bool> {
        let mut touched = vec![false; self.lines.len()];
        for range in self.batches() {
            let bytes = range.bytes.clone();
            let is_same = journal.get(bytes.clone()) == self.journal.get(bytes);
            touched[range.entries].fill(!is_same);
        }
        touched
    }

    /// Where the batches lie: frames begin with their magic, and tell their length and count.
    fn batches(&self) -> Vec<Placed> {
        const HEADER: usize = 76;
        let number = |at: usize| {
            let bytes = self
                .journal
                .get(at..at + 4)
                .and_then(|bytes| bytes.first_chunk());
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
        };
        let (mut at, mut seq, mut placed) = (HEADER, 0, Vec::new());
        while at < self.journal.len() {
            let (end, last) = (at + 72 + number(at + 8), seq + number(at + 12));
            placed.push(Placed {
                bytes: at..end,
                entries: seq..last,
            });
            (at, seq) = (end, last);
        }
        placed
    }
}

/// A batch in the journal.
struct Placed {
    bytes: std::ops::Range<usize>,
    entries: std::ops::Range<usize>,
}

/// The new log must be sound in itself; that old signed heads do not lead to it is no fault of it.
fn check_log(folder: &Path, case: &str) -> Result<(), Broken> {
    let verified = Ledger::verify(folder, &mut |_| {});
    let verified = verified.map_err(|error| Broken::new(format!("{case}: {error}")))?;
    let of_log = |finding: &&amparo_store::ledger::Finding| {
        finding.part != amparo_store::ledger::Part::Checkpoints
    };
    let findings: Vec<_> = verified.findings.iter().filter(of_log).collect();
    insist(findings.is_empty(), || format!("{case}: {findings:?}"))
}

/// Damages the journal everywhere, and recovers it without and with a backup.
///
/// # Errors
/// [`Broken`] at the first case in which the claim does not hold.
pub fn recoveries(length: Length) -> Result<String, Broken> {
    let sound = Sound::new()?;
    let places = (0..sound.journal.len()).step_by(length.pick(EVERY.0, EVERY.1));
    let (mut cases, mut carried, mut lost) = (0_usize, 0_usize, 0_usize);
    for (number, at) in places.enumerate() {
        let way = WAYS[number % WAYS.len()];
        let case = format!("{way:?} at byte {at}");
        let journal = way.of(&sound.journal, at);
        cases += 1;
        let found = sound.recover(&journal, Vec::new(), &case)?;
        let Found { lines, .. } = found.ok_or_else(|| Broken::new(format!("{case}: sound")))?;
        let touched = sound.touched(&journal);
        for (seq, old) in sound.lines.iter().enumerate() {
            let is_kept = lines.get(seq) == Some(old);
            let text = format!("\"text\":\"Lost: e{seq} could");
            let is_said = lines
                .get(seq)
                .is_none_or(|line| seq == 0 || String::from_utf8_lossy(line).contains(&text));
            insist(is_kept || (touched[seq] && is_said), || {
                format!("{case}: e{seq} is neither kept nor named as lost")
            })?;
            carried += usize::from(is_kept);
            lost += usize::from(!is_kept);
        }
        let copies = vec![sound.parent.path().join("backup")];
        let whole = sound.recover(&journal, copies, &case)?;
        let Found { lines, recovered } =
            whole.ok_or_else(|| Broken::new(format!("{case}: sound")))?;
        insist(lines.starts_with(&sound.lines), || {
            format!("{case}: with a backup, something is lost")
        })?;
        insist(lines.len() == sound.lines.len() + 1, || {
            format!("{case}: {} entries of {}", lines.len(), recovered.size)
        })?;
    }
    Ok(format!(
        "{cases} damaged journals: {carried} entries carried over, {lost} named as lost, all of \
         them in damaged batches, 0 invented; with a backup 0 lost"
    ))
}
