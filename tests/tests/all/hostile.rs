//! Hostile text and private names in every command: what cannot steer, and what cannot leak.
//!
//! The commands come from the command line itself, so that one without a line in [`RUNS`] fails
//! the test. Each also runs with hostile text in each of its options.

/// Where private names must never be.
mod secret;
/// What hostile text does on each output, and that it is kept as it was.
mod shown;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use amparo_cli::{Cost, World};
use amparo_core::entry::Recorded;
use serde_json::Value;
use tempfile::TempDir;

use super::folders;

const NOW_MS: i64 = 1_772_000_000_000;

/// At least one run of each command that succeeds on the ledger of these tests, by words. `HOSTILE`
/// stands for hostile text. Lines of one command stand together.
const RUNS: &[&str] = &[
    "init -L new --name HOSTILE --tz UTC --recorder desk",
    "append note --text HOSTILE --unsourced",
    "append arrest p1 --occurred 2026-02-01 --authority HOSTILE --grounds HOSTILE --unsourced",
    "claim HOSTILE held 379 --about 2026-02-20 --unsourced",
    "import drafts.jsonl",
    "import list --rules rules.toml roster-20260220.csv",
    "correct e4 --cause HOSTILE --kind exile",
    "retract e4 --reason HOSTILE",
    "undo",
    "status",
    "status p1",
    "log",
    "log p1",
    "show e4",
    "show e5",
    "list",
    "list --state detained",
    "find Demo",
    "find --similar",
    "replay",
    "replay --check",
    "replay --person p1",
    "audit",
    "audit p1",
    "totals",
    "totals --by place,authority,court",
    "totals --by source,instrument,recorder",
    "totals --who",
    "totals --evidence",
    "totals --every week --from 2026-01-01 --to 2026-02-20 --state held --chart",
    "totals --every week --from 2026-01-01 --to 2026-02-20 --state held -o drawn.svg",
    "claims",
    "claims --evidence",
    "diff --from 2026-01-01@e3 --to 2026-02-20 --evidence",
    "flows --from 2026-01-01 --to 2026-02-20 --who",
    "report list-diff HOSTILE Demo",
    "publish HOSTILE",
    "cite",
    "check drafts.jsonl",
    "verify",
    "checkpoint",
    "resume -L put-back --from newer.jsonl",
    "recover put-back made --from newer.jsonl",
    "prove e4 -o proof",
    "verify-proof proof-of-e4 --policy log-policy",
    "witness key",
    "witness trust KEY",
    "witness seen",
    "witness ask -o asked",
    "witness sign request -L other -o signed",
    "witness add answer",
    "export -o out.jsonl",
    "export --csv tables",
    "export --datapackage package",
    "export --xlsx book.xlsx",
    "export --tiles tiles",
    "backup copy",
    "restore copied restored",
    "erase p2 --basis danger --reason HOSTILE",
    "key lock --new file:words",
    "key unlock -L shut --passphrase file:words",
    "key add -L shut --new file:other-words --passphrase file:words",
    "key field on -L shut --passphrase file:words",
    "key test -L shut --passphrase file:words",
    "person add HOSTILE --unsourced --namesake",
    "person alias p1 HOSTILE --unsourced",
    "person merge p2 p1 --unsourced",
    "person show p1",
    "person list",
    "group add HOSTILE --size 3 --unsourced",
    "group identify g1 p1 --unsourced",
    "group show g1",
    "group list",
    "instrument add demo-2 --title HOSTILE --unsourced",
    "instrument show demo-law",
    "instrument list",
    "profile add demo-profile --states detained",
    "profile show prison-only",
    "profile list",
    "vocab",
    "completions bash",
    "man append",
    "demo shown",
];

/// What a run gave.
pub struct Ran {
    code: u8,
    out: Vec<u8>,
    err: Vec<u8>,
}

/// A folder with a ledger in it, and files to import.
pub struct Scene {
    folder: TempDir,
    /// How many commands were run: no two draw the same.
    runs: AtomicU64,
}

impl Scene {
    /// An empty folder.
    fn empty() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new());
        Self {
            folder: folder.unwrap(),
            runs: AtomicU64::new(0),
        }
    }

    /// A folder with the same in it.
    fn copy(&self) -> Self {
        let copy = Self::empty();
        let at = copy.path().join("all");
        folders::copy(self.path(), &at);
        copy.runs
            .store(self.runs.load(Ordering::Relaxed), Ordering::Relaxed);
        copy
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where commands run: below the folder once it is a copy.
    fn dir(&self) -> PathBuf {
        let copied = self.path().join("all");
        if copied.exists() {
            copied
        } else {
            self.path().to_owned()
        }
    }

    /// Runs a command line in this process.
    fn run(&self, args: impl IntoIterator<Item = OsString>) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let mut state = run.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(7);
        let random = move |bytes: &mut [u8]| {
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
        };
        let mut world = World {
            stdin: Box::new(io::empty()),
            stdout: Box::new(&mut out),
            stderr: Box::new(&mut err),
            stderr_is_terminal: false,
            dir: self.dir(),
            env: BTreeMap::from([("AMPARO_LEDGER".into(), "ledger".into())]),
            clock: Box::new(|| Recorded::from_ms(NOW_MS).unwrap()),
            random: Box::new(random),
            ask: Box::new(|_| Err(io::ErrorKind::NotConnected.into())),
            lock_cost: Cost::CHEAP,
        };
        let args = [OsString::from("amparo")].into_iter().chain(args);
        let code = amparo_cli::run(args, &mut world);
        drop(world);
        Ran { code, out, err }
    }

    /// Runs a command line that succeeds.
    fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args.iter().map(OsString::from));
        assert_eq!(
            ran.code,
            0,
            "{args:?}\n{}",
            String::from_utf8_lossy(&ran.err)
        );
        ran
    }
}

impl Scene {
    /// A ledger with these drafts, signed and cosigned, with copies of it and files to read.
    fn with(name: &str, drafts: &[Value], roster: &str) -> Self {
        let scene = Self::empty();
        let file = |name: &str, text: &str| fs::write(scene.path().join(name), text).unwrap();
        let lines = |drafts: &[Value]| drafts.iter().map(|draft| format!("{draft}\n")).collect();
        let lines: [String; 2] = [lines(&drafts[1..]), lines(&drafts[..1])];
        scene.ok(&["init", "--name", name, "--tz", "UTC", "--recorder", "desk"]);
        file("first.jsonl", &lines[0]);
        file("drafts.jsonl", &lines[1]);
        file("rules.toml", RULES);
        file("roster-20260220.csv", roster);
        scene.ok(&["import", "first.jsonl"]);
        scene.ok(&["checkpoint"]);
        let log = fs::read_to_string(scene.path().join("ledger/checkpoints/log.pub")).unwrap();
        scene.ok(&[
            "init",
            "-L",
            "other",
            "--name",
            "Other",
            "--recorder",
            "desk",
        ]);
        scene.ok(&["witness", "trust", log.trim(), "-L", "other"]);
        let key = scene
            .ok(&["witness", "key", "-L", "other", "-O", "json"])
            .out;
        let key: Value = serde_json::from_slice(&key).unwrap();
        let key = key["rows"][0]["key"].as_str().unwrap();
        let policy = format!("log {log}witness other {key}\nquorum other\n");
        file("ledger/policy.txt", &policy);
        scene.ok(&["witness", "ask", "-o", "request"]);
        scene.ok(&["witness", "sign", "request", "-L", "other", "-o", "answer"]);
        scene.ok(&["prove", "e4", "-o", "proof-of-e4"]);
        scene.ok(&["backup", "copied"]);
        scene.ok(&["export", "-o", "export.jsonl"]);
        scene.ok(&["checkpoint", "-L", "other"]);
        file("log-policy", &format!("log {log}quorum none\n"));
        file("words", "four made-up demo words");
        file("other-words", "another made-up phrase");
        folders::copy(&scene.path().join("ledger"), &scene.path().join("shut"));
        scene.ok(&["key", "lock", "--new", "file:words", "-L", "shut"]);
        // A ledger that was put back from an older copy of its journal.
        folders::copy(&scene.path().join("ledger"), &scene.path().join("put-back"));
        let note = [
            "append",
            "note",
            "--text",
            "x",
            "--unsourced",
            "-L",
            "put-back",
        ];
        scene.ok(&note);
        scene.ok(&["checkpoint", "-L", "put-back"]);
        scene.ok(&["export", "-o", "newer.jsonl", "-L", "put-back"]);
        folders::replace(
            &scene.path().join("put-back/journal"),
            &scene.path().join("ledger/journal"),
        );
        folders::remove(&scene.path().join("put-back/sled"));
        scene
    }
}

/// Rules of a list with one row for each person.
const RULES: &str = r#"
list = "demo-list"
scheme = "demo"
time-zone = "UTC"
moment = "end"
[source]
publisher = "Demo Prison Service"
kind = "official"
[date]
file-name = "roster-%Y%m%d"
[enter]
kind = "custody-observed"
[[layout]]
person = "NUMBER"
admission = "ADMITTED"
admission-formats = ["%Y-%m-%d"]
"#;

/// The words of a run, with this in the place of `HOSTILE`.
fn words(scene: &Scene, run: &str, hostile: &str) -> Vec<OsString> {
    let word = |word: &str| match word {
        "HOSTILE" => hostile.into(),
        "KEY" => OsString::from(
            fs::read_to_string(scene.dir().join("other/checkpoints/log.pub"))
                .unwrap()
                .trim(),
        ),
        word => OsString::from(word),
    };
    run.split(' ').map(word).collect()
}

/// Every command that does something by itself, by its words, with its options.
fn commands() -> Vec<(String, clap::Command)> {
    fn gather(path: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name());
            let path = path.trim_start();
            gather(path, sub, found);
            if !sub.is_subcommand_required_set() {
                found.push((path.to_owned(), sub.clone()));
            }
        }
    }
    let mut found = Vec::new();
    gather("", &amparo_cli::command_line(), &mut found);
    found
}

/// The runs of a command: those of it and of none below it. Reports need nothing but their name.
fn runs_of(path: &str, all: &[(String, clap::Command)]) -> Vec<String> {
    let of = |path: &str, run: &str| run == path || run.starts_with(&format!("{path} "));
    let below = |run: &str| {
        let mut deeper = all
            .iter()
            .filter(|(other, _)| of(path, other) && other != path);
        deeper.any(|(other, _)| of(other, run))
    };
    let runs = RUNS.iter().filter(|run| of(path, run) && !below(run));
    let mut runs: Vec<_> = runs.map(|run| (*run).to_owned()).collect();
    if runs.is_empty() && path.starts_with("report") {
        runs.push(path.to_owned());
    }
    runs
}

/// Does something for each of many, on every processor.
fn each<T: Sync>(all: &[T], does: impl Fn(&T) + Sync) {
    let next = Mutex::new(all.iter());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(one) = { next.lock().unwrap().next() } {
                    does(one);
                }
            });
        }
    });
}

#[test]
fn every_command_has_a_run() {
    let all = commands();
    let missing: Vec<_> = all
        .iter()
        .filter(|(path, _)| runs_of(path, &all).is_empty())
        .collect();
    let missing: Vec<_> = missing.iter().map(|(path, _)| path).collect();
    assert!(
        missing.is_empty(),
        "add a run that succeeds for {missing:?}"
    );
    assert!(all.len() > 60, "{}", all.len());
}
