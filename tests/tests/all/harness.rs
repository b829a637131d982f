//! One ledger in a temporary folder, and the program run on it with a clock of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tempfile::TempDir;

/// The first day of every test: 2026-02-10, noon in UTC.
const FIRST_MS: i64 = 1_770_724_800_000;
/// How far the clock moves from one run to the next.
const STEP_MS: i64 = 60_000;

/// A folder with the program run in it. The clock moves on by a minute with each run.
pub struct Bench {
    folder: TempDir,
    has_ledger: bool,
    runs: AtomicU64,
}

/// Where the ledger is, in the folder.
const LEDGER: &str = "ledger";

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Bench {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            folder,
            has_ledger: false,
            runs: AtomicU64::new(0),
        }
    }

    /// A folder with a ledger named Demo, in the time zone of Caracas.
    pub fn new() -> Self {
        Self::new_in("America/Caracas")
    }

    /// A folder with a ledger named Demo, in a time zone.
    pub fn new_in(zone: &str) -> Self {
        let bench = Self {
            has_ledger: true,
            ..Self::empty()
        };
        bench.ok(&["init", "--name", "Demo", "--tz", zone, "--recorder", "desk"]);
        bench
    }

    /// A ledger with the small fixture imported.
    pub fn demo() -> Self {
        let bench = Self::new();
        bench.ok(&["import", &fixture("demo-small.jsonl")]);
        bench
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The ledger's folder.
    pub fn ledger(&self) -> PathBuf {
        self.path().join(LEDGER)
    }

    /// Writes a file beside the ledger, and answers its name.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path().join(name), content).unwrap();
        name.to_owned()
    }

    /// The program, ready to run with these arguments at the next minute.
    pub fn command(&self, args: &[&str]) -> Command {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let now = FIRST_MS + STEP_MS * i64::try_from(run).unwrap();
        let now = amparo_core::entry::Recorded::from_ms(now).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_amparo-at"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("AMPARO_TEST_NOW", now.to_string())
            .stdin(Stdio::null());
        if self.has_ledger {
            command.env("AMPARO_LEDGER", LEDGER);
        }
        command
    }

    /// Runs the program.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::from(self.command(args).output().unwrap())
    }

    /// Runs the program with this on its standard input.
    pub fn run_with_stdin(&self, args: &[&str], input: &str) -> Run {
        let path = self.path().join("stdin.tmp");
        fs::write(&path, input).unwrap();
        let stdin = fs::File::open(&path).unwrap();
        let run = Run::from(self.command(args).stdin(stdin).output().unwrap());
        fs::remove_file(path).unwrap();
        run
    }

    /// Runs the program, insists on exit code 0 and on a sound ledger after it.
    pub fn ok(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}\n{}{}", run.out, run.err);
        let verified = self.run(&["verify"]);
        assert_eq!(
            verified.code, 0,
            "after {args:?}\n{}{}",
            verified.out, verified.err
        );
        run
    }

    /// Runs the program, insists on an exit code other than 0, and that the log did not move.
    pub fn refused(&self, code: i32, args: &[&str]) -> Run {
        let before = self.head();
        let run = self.run(args);
        assert_eq!(run.code, code, "{args:?}\n{}{}", run.out, run.err);
        assert_eq!(self.head(), before, "{args:?} has written");
        run
    }

    /// The rows of an answer in JSON.
    pub fn rows(&self, args: &[&str]) -> Vec<Value> {
        let args = [args, &["-O", "json"]].concat();
        self.ok(&args).rows()
    }

    /// Size and root of the log.
    pub fn head(&self) -> String {
        self.run(&["verify", "-O", "json"]).json()["meta"]["head"].to_string()
    }
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }

    /// The rows of standard output as JSON.
    pub fn rows(&self) -> Vec<Value> {
        self.json()["rows"].as_array().unwrap().clone()
    }

    /// The error of standard error as JSON; its last line, since notes may stand before it.
    pub fn error(&self) -> Value {
        let line = self.err.lines().last().unwrap_or_default();
        let error: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}\n{self:?}"));
        error["error"].clone()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The path of a fixture.
pub fn fixture(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

/// The folder of the fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The rows of the first table of a Markdown file, cells without their backticks.
pub fn markdown_rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect()
}

/// Runs a command with both streams in one file, in the order in which they were written.
pub fn together(command: &mut Command, folder: &Path) -> String {
    let path = folder.join("together.tmp");
    let file = fs::File::create(&path).unwrap();
    let status = command
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .status()
        .unwrap();
    let said = fs::read_to_string(&path).unwrap();
    fs::remove_file(path).unwrap();
    assert!(status.success(), "{said}");
    said
}
