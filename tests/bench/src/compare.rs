//! Amparo beside a plain file, SQLite and DuckDB, on the same bytes and in one run.
//!
//! Ratios say more than times: the machine is the same for both sides of each, and where single
//! writes are compared they take turns.

mod asked; // single questions

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use amparo_core::draft::Draft;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::Seq;
use amparo_projections::totals::totals;
use amparo_projections::{Facts, Profile, ReadModel as _, View};
use amparo_store::ledger::{Access, Ids, Keep, Ledger, Plan, ReadError};

use crate::measure;
use crate::sqlite::Table;

/// How many single appends are timed.
const APPENDS: usize = 400;
/// Entries of a commit, or of a sync of the plain file, in bulk.
const BATCH_ENTRIES: usize = 1000;
/// Runs of a cold process, of which the median counts.
const RUNS: usize = 5;
/// The day of the questions.
const DAY: &str = "2024-06-30";

/// One line of the table.
struct Row {
    what: &'static str,
    ours: String,
    reference: String,
    ratio: Option<f64>,
}

/// Makes a ledger of so many entries in a new folder, and prints how it compares.
///
/// # Errors
/// Whatever the system, the program or SQLite answers.
pub fn compare(
    program: &Path,
    folder: &Path,
    entries: u64,
    seed: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    fs::create_dir(folder)?;
    let stage = Stage {
        program: program.canonicalize()?,
        drafts: folder.join("drafts.jsonl"),
        ledger: folder.join("ledger"),
        lines: folder.join("lines.jsonl"),
        table: folder.join("lines.sqlite"),
        duck: folder.join("lines.duckdb"),
    };
    // By a process of its own: the memory of this one would count for those that it starts.
    let generated = Command::new(std::env::current_exe()?)
        .args(["generate", "--entries", &entries.to_string()])
        .args(["--seed", &seed.to_string()])
        .stdout(File::create(&stage.drafts)?)
        .status()?;
    succeeded(generated.success(), "generate")?;
    writeln!(out, "| what | Amparo | beside it | ratio |")?;
    writeln!(out, "|---|---:|---:|---:|")?;
    let mut tell = |row: Row| -> io::Result<()> {
        let ratio = row
            .ratio
            .map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let Row {
            what,
            ours,
            reference,
            ..
        } = row;
        writeln!(out, "| {what} | {ours} | {reference} | {ratio} |")?;
        out.flush()
    };
    stage.import()?.into_iter().try_for_each(&mut tell)?;
    stage.cold()?.into_iter().try_for_each(&mut tell)?;
    stage.counted()?.into_iter().try_for_each(&mut tell)?;
    tell(stage.disk()?)?;
    stage.replay()?.into_iter().try_for_each(&mut tell)?;
    stage.appends()?.into_iter().try_for_each(&mut tell)?;
    tell(stage.rebuild()?)
}

struct Stage {
    program: PathBuf,
    drafts: PathBuf,
    ledger: PathBuf,
    /// The entries as lines: the bytes that everybody is given.
    lines: PathBuf,
    table: PathBuf,
    duck: PathBuf,
}

impl Stage {
    /// Drafts into the ledger; its lines into a plain file and into SQLite.
    fn import(&self) -> io::Result<Vec<Row>> {
        let init = [
            "init",
            "--time-zone",
            "America/Caracas",
            "--name",
            "Demo",
            ".",
        ];
        fs::create_dir(&self.ledger)?;
        let made = Command::new(&self.program)
            .args(init)
            .current_dir(&self.ledger)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        succeeded(made.success(), "init")?;
        let import = ["import", &*self.drafts.to_string_lossy()];
        let cost = measure::median(&self.program, &self.ledger, &import, 1)?;
        succeeded(cost.is_success(), "import")?;
        let export = Command::new(&self.program)
            .arg("-L")
            .arg(&self.ledger)
            .arg("export")
            .stdout(File::create(&self.lines)?)
            .stderr(Stdio::null())
            .status()?;
        succeeded(export.success(), "export")?;
        let plain_path = self.lines.with_extension("plain");
        let mut file = File::create(&plain_path)?;
        let mut table = Table::create(&self.table)?;
        let (mut plain, mut sqlite, mut count) = (Duration::ZERO, Duration::ZERO, 0);
        let mut lines = BufReader::new(File::open(&self.lines)?).lines();
        loop {
            let batch: io::Result<Vec<String>> = lines.by_ref().take(BATCH_ENTRIES).collect();
            let batch = batch?;
            if batch.is_empty() {
                break;
            }
            plain += timed(|| {
                file.write_all((batch.join("\n") + "\n").as_bytes())?;
                file.sync_data()
            })?;
            sqlite += timed(|| table.append(count, &batch))?;
            count += batch.len() as u64;
        }
        drop(table);
        fs::remove_file(&plain_path)?;
        let row = |what, beside| Row {
            what,
            ours: rate(count, cost.time),
            reference: rate(count, beside),
            ratio: Some(ratio(cost.time, beside)),
        };
        Ok(vec![
            row(
                "import of drafts, and SQLite with 1,000 lines a commit",
                sqlite,
            ),
            row("the same, and a plain file synced every 1,000 lines", plain),
            Row {
                what: "memory at its peak during the import",
                ours: megabytes(cost.peak_bytes),
                reference: String::new(),
                ratio: None,
            },
        ])
    }

    /// What journal, sled store and kept facts take, and the lines and SQLite.
    fn disk(&self) -> io::Result<Row> {
        let ours = ["journal", "sled", "derived"].map(|part| bytes_in(&self.ledger.join(part)));
        let ours: io::Result<Vec<u64>> = ours.into_iter().collect();
        let ours: u64 = ours?.iter().sum();
        let lines = fs::metadata(&self.lines)?.len();
        let table = fs::metadata(&self.table)?.len();
        Ok(Row {
            what: "disk: journal, sled and kept facts, and the lines as text (SQLite)",
            ours: megabytes(ours),
            reference: format!("{} ({})", megabytes(lines), megabytes(table)),
            ratio: Some(ours as f64 / lines as f64),
        })
    }

    /// The whole log into facts and totals, by the same code, from the ledger and from SQLite.
    fn replay(&self) -> io::Result<Vec<Row>> {
        let mut ledger = None;
        let opened = timed(|| {
            ledger = Some(open(&self.ledger, Access::Read)?);
            Ok(())
        })?;
        let Some(ledger) = ledger else {
            return Err(io::Error::other("the ledger did not open"));
        };
        let count = ledger.head().size;
        let mut ours = Facts::default();
        let from_ledger = timed(|| {
            let add = |entries: Vec<Entry>| {
                let mut entries = entries.iter();
                entries
                    .try_for_each(|entry| ours.apply(entry))
                    .map_err(Failed::of)
            };
            ledger
                .each_stretch(0..count, Some, add)
                .map_err(|Failed(error)| error)?;
            held(&ours)
        })?;
        drop(ledger);
        let mut theirs = Facts::default();
        let from_table = timed(|| {
            let table = Table::open(&self.table)?;
            table.each(|line| {
                let entry = Entry::parse(line.as_bytes()).map_err(io::Error::other)?;
                theirs.apply(&entry).map_err(io::Error::other)
            })?;
            held(&theirs)
        })?;
        succeeded(ours == theirs, "the same facts")?;
        Ok(vec![
            Row {
                what: "open, in process",
                ours: milliseconds(opened),
                reference: String::new(),
                ratio: None,
            },
            Row {
                what: "full replay into facts and totals, and from SQLite's rows",
                ours: rate(count, from_ledger),
                reference: rate(count, from_table),
                ratio: Some(ratio(from_ledger, from_table)),
            },
        ])
    }

    /// Single appends, in turns with a plain file and SQLite.
    fn appends(&self) -> io::Result<Vec<Row>> {
        let mut ledger = open(&self.ledger, Access::Write)?;
        let mut file = File::create(self.lines.with_extension("single"))?;
        let mut table = Table::create(&self.table.with_extension("single"))?;
        let (mut ours, mut plain, mut sqlite) = (Vec::new(), Vec::new(), Vec::new());
        let first = BufReader::new(File::open(&self.drafts)?).lines();
        let mut people =
            first.filter_map(|line| line.ok().filter(|line| line.contains("\"arrest\"")));
        for n in 0..APPENDS {
            let Some(line) = people.next() else { break };
            let now = Recorded::from_ms(ledger.head().recorded.ms() + 1);
            let now = now.ok_or_else(|| io::Error::other("no such time"))?;
            let context = ledger.context(DAY.parse().map_err(io::Error::other)?);
            let mut draft: serde_json::Value = serde_json::from_str(&line)?;
            if let Some(members) = draft.as_object_mut() {
                members.remove("id");
            }
            let draft = draft.to_string();
            let parsed = Draft::parse(draft.as_bytes(), &context)
                .map_err(|_| io::Error::other("a draft does not read"))?;
            let mut random = |bytes: &mut [u8]| bytes.fill(n as u8);
            ours.push(timed(|| {
                let mut plan =
                    Plan::new(&ledger, "desk", Ids::Fresh(now), Keep::Drafts, &mut random);
                plan.add(parsed.clone()).map_err(io::Error::other)?;
                let batch = plan.into_batch();
                ledger
                    .append(batch, now, &mut |bytes| bytes.fill(n as u8))
                    .map_err(io::Error::other)?;
                Ok(())
            })?);
            let seq = ledger.head().size - 1;
            let line = ledger.line(Seq::new(seq)).map_err(io::Error::other)?;
            let line = String::from_utf8(line.unwrap_or_default()).map_err(io::Error::other)?;
            plain.push(timed(|| {
                file.write_all((line.clone() + "\n").as_bytes())?;
                file.sync_data()
            })?);
            sqlite.push(timed(|| {
                table.append(n as u64, std::slice::from_ref(&line))
            })?);
        }
        let row = |what, beside: &[Duration]| {
            let mut ratios: Vec<f64> = ours
                .iter()
                .zip(beside)
                .map(|(a, b)| ratio(*a, *b))
                .collect();
            ratios.sort_unstable_by(f64::total_cmp);
            Row {
                what,
                ours: microseconds(middle(&ours)),
                reference: microseconds(middle(beside)),
                ratio: ratios.get(ratios.len() / 2).copied(),
            }
        };
        Ok(vec![
            row(
                "one durable append, and a plain write with fdatasync",
                &plain,
            ),
            row("the same, and an insert of SQLite", &sqlite),
        ])
    }

    /// The sled store built again from the journal.
    fn rebuild(&self) -> io::Result<Row> {
        fs::remove_dir_all(self.ledger.join("sled"))?;
        let mut size = 0;
        let rebuilt = timed(|| {
            let ledger = open(&self.ledger, Access::Write)?;
            size = ledger.head().size;
            ledger.close().map_err(io::Error::other)
        })?;
        Ok(Row {
            what: "the sled store built again from the journal",
            ours: format!("{:.1} s, {}", rebuilt.as_secs_f64(), rate(size, rebuilt)),
            reference: String::new(),
            ratio: None,
        })
    }
}

/// An error of the system, made of whatever was met on the way.
struct Failed(io::Error);

impl Failed {
    fn of(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(io::Error::other(error))
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::of(error)
    }
}

fn open(folder: &Path, access: Access) -> io::Result<Ledger> {
    Ledger::open(folder, access, &mut |_| {}).map_err(io::Error::other)
}

/// The totals of the day: what a replay is for.
fn held(facts: &Facts) -> io::Result<()> {
    let day = DAY.parse().map_err(io::Error::other)?;
    let rows = totals(&View::head(facts), day, &Profile::default());
    succeeded(!rows.is_empty(), "totals")
}

fn succeeded(did: bool, what: &str) -> io::Result<()> {
    match did {
        true => Ok(()),
        false => Err(io::Error::other(format!("{what}: failed"))),
    }
}

fn timed(what: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let start = Instant::now();
    what()?;
    Ok(start.elapsed())
}

/// The bytes of all files in a folder; 0 where there is none.
fn bytes_in(folder: &Path) -> io::Result<u64> {
    let items = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        items => items?,
    };
    let mut bytes = 0;
    for item in items {
        let item = item?;
        bytes += match item.file_type()?.is_dir() {
            true => bytes_in(&item.path())?,
            false => item.metadata()?.len(),
        };
    }
    Ok(bytes)
}

fn middle(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ratio(ours: Duration, reference: Duration) -> f64 {
    ours.as_secs_f64() / reference.as_secs_f64()
}

fn rate(entries: u64, time: Duration) -> String {
    format!(
        "{:.0}k entries/s",
        entries as f64 / time.as_secs_f64() / 1e3
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

fn microseconds(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios_are_what_they_are_called() {
        let times = [9, 1, 5].map(Duration::from_millis);
        assert_eq!(middle(&times), Duration::from_millis(5));
        assert_eq!(middle(&[]), Duration::ZERO);
        assert!((ratio(times[0], times[1]) - 9.0).abs() < 1e-9);
        assert_eq!(rate(3_000_000, Duration::from_secs(2)), "1500k entries/s");
        assert_eq!(megabytes(1_500_000), "2 MB");
        assert_eq!(milliseconds(Duration::from_micros(1_400)), "1 ms");
        assert_eq!(microseconds(Duration::from_micros(14)), "14 µs");
    }
}
