//! Many processes at once, and a clock that jumps: is there one order, and is it told who waited?
//!
//! Every command is the real command line in a process of its own. While one process has the ledger,
//! others are refused and write nothing; when all come at once, those that are told `recorded` are
//! there, each once. Then the clock jumps back and far forward, and the time zone of the system
//! changes with every command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;

use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::Access;

use crate::child;
use crate::claim::{Broken, Length, insist};
use crate::story;

const NOW_MS: i64 = 1_770_724_800_000;
const DAY_MS: i64 = 86_400_000;
/// How many times processes meet, and how many each time.
const MEETINGS: (usize, usize) = (1, 50);
const PROCESSES: usize = 8;
const IN_USE: &str = "6";
/// How many clocks jump, and how often each before another ledger is begun.
const CLOCKS: (usize, usize) = (1, 50);
const JUMPS: usize = 20;
/// By how many days the clock jumps, back or forward; the last jump is to the end of years.
const JUMPS_DAYS: [i64; 7] = [0, -1, 1, -400, 30, -20_000, 4000];
const LAST_MS: i64 = 253_402_300_799_999;
const ZONES: [&str; 5] = [
    "UTC",
    "America/Caracas",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "Pacific/Pago_Pago",
];

/// A ledger that commands are run on.
struct Bench {
    parent: tempfile::TempDir,
    at: PathBuf,
    answers: usize,
}

/// A command that runs.
struct Running {
    process: Child,
    answer: PathBuf,
}

impl Running {
    /// Its exit code and what it said.
    fn end(self) -> Result<(String, String), Broken> {
        let output = self.process.wait_with_output()?;
        let answer = fs::read_to_string(&self.answer).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr);
        let (code, text) = answer
            .split_once('\n')
            .ok_or_else(|| Broken::new(format!("no answer: {said}")))?;
        Ok((code.to_owned(), text.to_owned()))
    }
}

impl Bench {
    fn begin() -> Result<Self, Broken> {
        let parent = scratch()?;
        let at = parent.path().join("ledger");
        story::begin(&at)?;
        Ok(Self {
            parent,
            at,
            answers: 0,
        })
    }

    fn start(&mut self, ms: i64, zone: &str, args: &str) -> Result<Running, Broken> {
        self.answers += 1;
        let answer = self.parent.path().join(format!("answer{}", self.answers));
        let process = child::spawn_cli(&self.at, ms, zone, args, &answer)?;
        Ok(Running { process, answer })
    }

    fn note(&mut self, ms: i64, zone: &str, text: &str) -> Result<Running, Broken> {
        let args = format!("append note --unsourced --text {text}");
        self.start(ms, zone, &args)
    }
}

/// Lets processes meet.
///
/// # Errors
/// [`Broken`] at the first meeting after which the claim does not hold.
pub fn meetings(length: Length) -> Result<String, Broken> {
    let meetings = length.pick(MEETINGS.0, MEETINGS.1);
    let (mut refused, mut recorded, mut late) = (0, 0, 0);
    let mut bench = Bench::begin()?;
    for meeting in 0..meetings {
        let case = format!("meeting {meeting}");
        let before = lines(&bench.at)?;
        let opened = Ledger::open(&bench.at, Access::Write, &mut |_| {});
        let holder = opened.map_err(|error| Broken::new(format!("{case}: {error}")))?;
        for ended in all_at_once(&mut bench, &format!("held-{meeting}"))? {
            let (code, text) = ended;
            let is_told = code == IN_USE && text.contains("another process is using this ledger");
            insist(is_told, || format!("{case}, held: exit {code}: {text}"))?;
            refused += 1;
        }
        drop(holder.close());
        insist(lines(&bench.at)? == before, || {
            format!("{case}: one that was refused has written")
        })?;
        let ended = all_at_once(&mut bench, &format!("free-{meeting}"))?;
        let after = lines(&bench.at)?;
        let mut told = 0;
        for (n, (code, text)) in ended.iter().enumerate() {
            let is_told = code == "0";
            insist(is_told || code == IN_USE, || {
                format!("{case}: exit {code}: {text}")
            })?;
            let text = format!("\"free-{meeting}-{n}\"");
            let there = after.iter().filter(|line| line.contains(&text)).count();
            insist(there == usize::from(is_told), || {
                format!("{case}: process {n} ended with {code} and is there {there} times")
            })?;
            told += there;
        }
        insist(
            after.starts_with(&before) && after.len() == before.len() + told,
            || format!("{case}: the log forked"),
        )?;
        story::insist_sound(&bench.at, &case)?;
        recorded += told;
        late += ended.len() - told;
    }
    Ok(format!(
        "{refused} processes that came while another had the ledger, each told so with exit code 6, \
         0 entries of theirs; {recorded} recorded of {} that came at once, {late} told to come again: 0 \
         lost, 0 twice, 0 forks",
        recorded + late
    ))
}

/// Starts processes together; how each ended.
fn all_at_once(bench: &mut Bench, text: &str) -> Result<Vec<(String, String)>, Broken> {
    let running = (0..PROCESSES).map(|n| bench.note(NOW_MS, "UTC", &format!("{text}-{n}")));
    let running: Vec<_> = running.collect::<Result<_, _>>()?;
    running.into_iter().map(Running::end).collect()
}

/// Lets clocks jump.
///
/// # Errors
/// [`Broken`] at the first jump after which the claim does not hold.
pub fn jumps(length: Length) -> Result<String, Broken> {
    let clocks = length.pick(CLOCKS.0, CLOCKS.1);
    let (mut jumps, mut held) = (0, 0);
    for clock in 0..clocks {
        let mut bench = Bench::begin()?;
        let mut clock_ms = NOW_MS;
        for jump in 0..JUMPS {
            let case = format!("clock {clock}, jump {jump}");
            let by = JUMPS_DAYS[(clock + jump * (clock % 6 + 1)) % JUMPS_DAYS.len()];
            clock_ms = match jump + 1 == JUMPS {
                true => LAST_MS,
                false => (clock_ms + by * DAY_MS + 3_700_001).max(0),
            };
            let zone = ZONES[(clock + jump) % ZONES.len()];
            let before = lines(&bench.at)?;
            let newest = recorded(&before)?;
            let (code, text) = bench.note(clock_ms, zone, &format!("jump-{jump}"))?.end()?;
            insist(code == "0", || format!("{case}: exit {code}: {text}"))?;
            let after = lines(&bench.at)?;
            let is_next = after.starts_with(&before) && after.len() == before.len() + 1;
            insist(is_next, || format!("{case}: not one entry more"))?;
            let now = amparo_core::entry::Recorded::from_ms(clock_ms).map(|now| now.to_string());
            let now = now.ok_or_else(|| Broken::new("no such time"))?;
            // In this spelling the order of texts is that of times.
            let is_held = now < newest;
            let is_right = recorded(&after)? == if is_held { newest } else { now };
            insist(is_right, || format!("{case}: another recording time"))?;
            insist(text.contains("the clock stands before") == is_held, || {
                format!("{case}: {text}")
            })?;
            held += usize::from(is_held);
            jumps += 1;
        }
        story::insist_sound(&bench.at, &format!("clock {clock}"))?;
        same_in_every_zone(&mut bench, clock_ms, clock)?;
    }
    Ok(format!(
        "{jumps} jumps of {clocks} clocks, {held} of them behind the last entry, held and told: 0 recording \
         times went back, 0 entries out of order, 0 answers other in one of {} time zones",
        ZONES.len()
    ))
}

/// What is asked gives the same answer whatever the system takes for its time zone.
fn same_in_every_zone(bench: &mut Bench, ms: i64, clock: usize) -> Result<(), Broken> {
    for question in ["totals -O json", "export", "log -O json"] {
        let mut answers = Vec::new();
        for zone in ZONES {
            let (code, text) = bench.start(ms, zone, question)?.end()?;
            insist(code == "0", || format!("{question}: exit {code}: {text}"))?;
            answers.push(text);
        }
        insist(answers.iter().all(|answer| *answer == answers[0]), || {
            format!("clock {clock}: {question} differs between time zones")
        })?;
    }
    Ok(())
}

fn lines(at: &Path) -> Result<Vec<String>, Broken> {
    let lines = story::content(at, Access::Read)?.lines;
    let lines = lines
        .iter()
        .map(|line| String::from_utf8_lossy(line).into_owned());
    Ok(lines.collect())
}

/// When the last of these lines was recorded.
fn recorded(lines: &[String]) -> Result<String, Broken> {
    let last = lines.last().map(String::as_str).unwrap_or_default();
    let found = last.split("\"recorded\":\"").nth(1);
    let found = found.and_then(|rest| rest.get(..24));
    found
        .map(str::to_owned)
        .ok_or_else(|| Broken::new(format!("no recording time in {last}")))
}
