//! The readers of Amparo that open a ledger: whole commands on files that are changed and broken.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_cli::{Cost, World};
use amparo_core::entry::Recorded;
use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::Access;
use tempfile::TempDir;

use crate::claim::{Broken, insist};
use crate::fuzz_targets::{Read, Target, target};
use crate::{folder, story};

/// The exit code of a panic that the program caught.
const PANICKED: u8 = 70;
/// The name of a list: it tells its day.
const LIST: &str = "custody-20200102.csv";
/// The file of the keys of subjects.
const KEYS: &str = "keys/subjects";
/// When commands run: the same ledger has the same bytes in every process, so that what one process
/// keeps as sound input is sound in the next.
const NOW_MS: i64 = 1_771_000_000_000;
/// A published table of flows, as somebody may write it.
const FLOWS: &str = "\
period,stock at start,entry arrest,entry custody-observed,exits,exit release,stock at end,note
2020-01,0,4,1,0,0,5,
2020-02,5,23,0,2,,26,\"nobody knows, how\"
2020-03-01/2020-03-31,26,0,0,3,,23,
";

/// Runs a command line in a folder with a ledger named `ledger`; answers the exit code.
///
/// # Errors
/// [`Broken`] where there is no such time.
pub fn run(dir: &Path, args: &[&str]) -> Result<u8, Broken> {
    let mut state = 1_u64;
    let now = Recorded::from_ms(NOW_MS).ok_or_else(|| Broken::new("no such time"))?;
    let mut world = World {
        stdin: Box::new(io::empty()),
        stdout: Box::new(io::sink()),
        stderr: Box::new(io::sink()),
        stderr_is_terminal: false,
        dir: dir.to_owned(),
        env: BTreeMap::from([("AMPARO_LEDGER".into(), "ledger".into())]),
        clock: Box::new(move || now),
        ask: Box::new(|_| Err(io::ErrorKind::NotConnected.into())),
        lock_cost: Cost::CHEAP,
        random: Box::new(move |bytes| {
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
        }),
    };
    let args = ["amparo"].iter().chain(args).map(|arg| (*arg).into());
    Ok(amparo_cli::run(args, &mut world))
}

/// The files of a folder of fixtures whose names end so.
///
/// # Errors
/// Those of the system.
pub fn fixtures(folder: &str, ending: &str) -> Result<Vec<Vec<u8>>, Broken> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(folder);
    let files = folder::files(&at)?;
    let files = files
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(ending));
    files.map(|path| Ok(fs::read(path)?)).collect()
}

/// These readers; `parent` holds a ledger, which none of them writes to.
///
/// # Errors
/// [`Broken`] where the sound input cannot be had.
pub fn on_disk(parent: &Arc<TempDir>) -> Result<Vec<Target>, Broken> {
    let book = &["export", "--xlsx", "book.xlsx"];
    let code = run(parent.path(), book)?;
    insist(code == 0, || format!("{book:?}: exit code {code}"))?;
    let book = fs::read(parent.path().join("book.xlsx"))?;
    let list = || Command {
        args: &["import", "list", "-n", "--rules", "rules.toml", LIST],
        files: &[
            ("rules.toml", "rules/demo-list.toml"),
            (LIST, "lists/custody-20200102.csv"),
        ],
    };
    let table = || Command {
        args: &["import", "-n", "--rules", "rules.toml", "table.csv"],
        files: &[
            ("rules.toml", "rules/demo-people.toml"),
            ("table.csv", "tables/demo-people.csv"),
        ],
    };
    let alone = |args| Command { args, files: &[] };
    let (lists, rules) = (fixtures("lists", ".csv")?, fixtures("rules", ".toml")?);
    let tables = fixtures("tables", ".csv")?;
    let flows = vec![FLOWS.as_bytes().to_vec()];
    let draft_of_table = alone(&["import", "--draft-rules", "table.csv"]);
    let draft_of_book = alone(&["import", "--draft-rules", "book.xlsx"]);
    let check = alone(&["flows", "--check", "table.csv"]);
    let mut targets = ledger_files(parent)?;
    targets.extend([
        slow("known-at", coordinates(), known_at(parent)),
        slow("rules", rules.clone(), list().reading(parent, "rules.toml")),
        slow("rosters", lists, list().reading(parent, LIST)),
        slow("table-rules", rules, table().reading(parent, "rules.toml")),
        slow(
            "tables",
            tables.clone(),
            table().reading(parent, "table.csv"),
        ),
        slow(
            "drafted-rules",
            tables,
            draft_of_table.reading(parent, "table.csv"),
        ),
        slow(
            "workbooks",
            vec![book],
            draft_of_book.reading(parent, "book.xlsx"),
        ),
        slow("flow-tables", flows, check.reading(parent, "table.csv")),
    ]);
    Ok(targets)
}

fn slow(name: &'static str, seeds: Vec<Vec<u8>>, read: Read) -> Target {
    Target {
        is_slow: true,
        ..target(name, seeds, read)
    }
}

/// The last segment of the journal: its name in the ledger's folder.
fn segment_of(parent: &TempDir) -> Result<PathBuf, Broken> {
    let at = parent.path().join("ledger");
    let segments = folder::files(&at.join("journal"))?;
    let segment = segments.last().ok_or_else(|| Broken::new("no journal"))?;
    Ok(segment.strip_prefix(&at).unwrap_or(segment).to_owned())
}

/// The readers of the ledger's own files.
fn ledger_files(parent: &Arc<TempDir>) -> Result<Vec<Target>, Broken> {
    let own = [
        ("journal-segments", segment_of(parent)?),
        ("key-files", KEYS.into()),
        ("checkpoint-names", "checkpoints/names".into()),
        ("settings", "amparo.toml".into()),
    ];
    let targets = own.into_iter().map(|(target, name)| {
        let mut seeds = vec![fs::read(parent.path().join("ledger").join(&name))?];
        if target == "key-files" {
            seeds.extend(locked_keys(parent)?);
        }
        Ok(slow(target, seeds, ledger_file(parent, name)?))
    });
    targets.collect()
}

/// The keys locked, and locked for the field.
fn locked_keys(parent: &TempDir) -> Result<Vec<Vec<u8>>, Broken> {
    let folder = scratch()?;
    let at = folder.path().join("ledger");
    folder::copy(&parent.path().join("ledger"), &at)?;
    fs::write(folder.path().join("pass"), "correct horse battery staple")?;
    let steps = [
        &["key", "lock", "--new", "file:pass"][..],
        &["key", "field", "on", "--passphrase", "file:pass"],
    ];
    let keys = steps.map(|args| {
        let code = run(folder.path(), args)?;
        insist(code == 0, || format!("{args:?}: exit code {code}"))?;
        Ok(fs::read(at.join(KEYS))?)
    });
    keys.into_iter().collect()
}

/// A ledger with one of its files changed: checked whole, and read.
fn ledger_file(parent: &Arc<TempDir>, name: PathBuf) -> Result<Read, Broken> {
    let parent = parent.clone();
    let sound = story::content(&parent.path().join("ledger"), Access::Read)?.lines;
    Ok(Box::new(move |bytes| {
        let copy = scratch()?;
        let at = copy.path().join("ledger");
        folder::copy(&parent.path().join("ledger"), &at)?;
        fs::write(at.join(&name), bytes)?;
        let _ = Ledger::verify(&at, &mut |_| {});
        let read = story::content(&at, Access::Read);
        let is_other = read.is_ok_and(|read| !sound.starts_with(&read.lines));
        insist(!is_other, || "lines that were never written".to_owned())
    }))
}

/// The file of a figure with all that it follows from, checked against a policy.
///
/// # Errors
/// [`Broken`] where this one does not verify.
pub fn figure_proofs(proof: Vec<u8>, policy: Vec<u8>) -> Result<Target, Broken> {
    let check = move |bytes: &[u8]| {
        let folder = scratch()?;
        fs::write(folder.path().join("policy"), &policy)?;
        fs::write(folder.path().join("proof"), bytes)?;
        let args = &["verify-proof", "proof", "--policy", "policy"];
        run(folder.path(), args)
    };
    let code = check(&proof)?;
    insist(code == 0, || format!("a sound figure: exit code {code}"))?;
    let read = move |bytes: &[u8]| {
        let code = check(bytes)?;
        insist(code != PANICKED, || format!("exit code {code}"))
    };
    Ok(slow("figure-proofs", vec![proof], Box::new(read)))
}

fn known_at(parent: &Arc<TempDir>) -> Read {
    let parent = parent.clone();
    Box::new(move |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for option in ["known-at", "as-of"] {
            insist_no_panic(parent.path(), &["status", &format!("--{option}={text}")])?;
        }
        Ok(())
    })
}

fn coordinates() -> Vec<Vec<u8>> {
    let typed = [
        "e4",
        "head",
        "2026-02-10",
        "2026-02-10T14:03",
        "2026-02-10T14:03:22.123Z",
        "fuzz",
        "yesterday",
        "ayer",
        "2026-02",
        "e99999999999999999999",
    ];
    typed.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A command that records nothing, and the fixtures that it reads, by the names that it has for them.
struct Command {
    args: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
}

impl Command {
    /// Runs it with one of its files changed, in a folder of its own.
    fn reading(self, parent: &Arc<TempDir>, changed: &'static str) -> Read {
        let parent = parent.clone();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        Box::new(move |bytes| {
            let folder = scratch()?;
            for (name, fixture) in self.files {
                fs::copy(fixtures.join(fixture), folder.path().join(name))?;
            }
            fs::write(folder.path().join(changed), bytes)?;
            let at = folder.path().join("ledger");
            folder::copy(&parent.path().join("ledger"), &at)?;
            insist_no_panic(folder.path(), self.args)
        })
    }
}

fn insist_no_panic(dir: &Path, args: &[&str]) -> Result<(), Broken> {
    let code = run(dir, args)?;
    insist(code != PANICKED, || {
        format!("{}: exit code {code}", args[0])
    })
}
