//! The readers of Amparo, each with sound input, and what must hold of whatever they are given.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amparo_cli::{Cost, World};
use amparo_core::Context;
use amparo_core::date::{Context as Spelling, Occurred};
use amparo_core::draft::Draft;
use amparo_core::entry::Entry;
use amparo_core::identity::Secret;
use amparo_model::histories::{self, TODAY};
use amparo_model::random::Random;
use amparo_store::Ledger;
use amparo_store::files::faults::scratch;
use amparo_store::ledger::Access;
use amparo_tlog::bundle::read_bundle;
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::growth::GrowthProof;
use amparo_tlog::note::Note;
use amparo_tlog::policy::Policy;
use amparo_tlog::proof::LogProof;
use amparo_tlog::witness::AddCheckpoint;

use crate::claim::{Broken, insist};
use crate::compare::ZONE;
use crate::{folder, story};

/// Reads some bytes; [`Broken`] where what it answers cannot be.
type Read = Box<dyn Fn(&[u8]) -> Result<(), Broken> + Sync>;

/// One reader.
pub struct Target {
    /// What it reads.
    pub name: &'static str,
    /// Whether it opens a ledger for each input.
    pub is_slow: bool,
    /// Sound input.
    pub seeds: Vec<Vec<u8>>,
    /// The reader.
    pub read: Read,
}

fn target(name: &'static str, seeds: Vec<Vec<u8>>, read: Read) -> Target {
    Target {
        name,
        is_slow: false,
        seeds,
        read,
    }
}

/// All readers.
///
/// # Errors
/// [`Broken`] where the sound input cannot be had.
pub fn targets() -> Result<Vec<Target>, Broken> {
    let parent = scratch()?;
    let at = parent.path().join("ledger");
    story::told_in_peace(&at)?;
    let made = Made::new(parent.path())?;
    let lines = story::content(&at, Access::Read)?.lines;
    let mut targets = in_memory(&made, lines)?;
    targets.extend(on_disk(Arc::new(parent))?);
    Ok(targets)
}

/// Files that the program writes of a ledger.
struct Made {
    checkpoint: Vec<u8>,
    policy: Vec<u8>,
    proof: Vec<u8>,
    growth: Vec<u8>,
    request: Vec<u8>,
}

impl Made {
    fn new(dir: &Path) -> Result<Self, Broken> {
        let read = |name: &str| Ok::<_, Broken>(fs::read(dir.join(name))?);
        for args in [
            &["checkpoint", "--name", "fuzz"][..],
            &["prove", "e3", "-o", "proof"],
            &["append", "note", "--text", "x", "--unsourced"],
            &["checkpoint", "--name", "later"],
            &["prove", "--consistent", "fuzz", "later", "-o", "growth"],
        ] {
            let code = run(dir, args);
            insist(code == 0, || format!("{args:?}: exit code {code}"))?;
        }
        let log = String::from_utf8(read("ledger/checkpoints/log.pub")?);
        let log = log.map_err(|_| Broken::new("the key is no text"))?;
        let (_, key) = log.trim().split_once('+').unwrap_or_default();
        let policy = format!("log {log}witness w1 other.example+{key}\nquorum none\n");
        let heads = folder::files(&dir.join("ledger/checkpoints"))?;
        let mut found = None;
        for head in heads {
            let bytes = fs::read(head)?;
            found = found.or(SignedCheckpoint::parse(&bytes).ok().map(|_| bytes));
        }
        let checkpoint = found.ok_or_else(|| Broken::new("no signed head"))?;
        Ok(Self {
            request: [b"old 0\n\n", &checkpoint[..]].concat(),
            checkpoint,
            policy: policy.into_bytes(),
            proof: read("proof")?,
            growth: read("growth")?,
        })
    }
}

/// Runs a command line in a folder with a ledger named `ledger`; answers the exit code.
fn run(dir: &Path, args: &[&str]) -> u8 {
    let mut state = 1_u64;
    let mut world = World {
        stdin: Box::new(io::empty()),
        stdout: Box::new(io::sink()),
        stderr: Box::new(io::sink()),
        stderr_is_terminal: false,
        dir: dir.to_owned(),
        env: BTreeMap::from([("AMPARO_LEDGER".into(), "ledger".into())]),
        clock: World::real().clock,
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
    amparo_cli::run(args, &mut world)
}

fn fixtures(folder: &str, ending: &str) -> Result<Vec<Vec<u8>>, Broken> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(folder);
    let files = folder::files(&at)?;
    let files = files
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(ending));
    files.map(|path| Ok(fs::read(path)?)).collect()
}

/// The readers that need nothing but their input.
fn in_memory(made: &Made, lines: Vec<Vec<u8>>) -> Result<Vec<Target>, Broken> {
    let today = TODAY.parse().map_err(|_| Broken::new("the day is none"))?;
    let context = Context {
        today,
        zone: ZONE,
        secret: Secret::new([7; 32]),
    };
    let spelling = Spelling { today, zone: ZONE };
    let drafts = fixtures("", ".jsonl")?;
    let drafts = drafts
        .iter()
        .flat_map(|file| file.split(|byte| *byte == b'\n'));
    let mut random = Random::new(0);
    let dates = (0..200).map(|_| histories::date(&mut random).into_bytes());
    let bundle: Vec<u8> = lines
        .iter()
        .flat_map(|line| {
            let len = u16::try_from(line.len()).unwrap_or(u16::MAX).to_be_bytes();
            [&len[..], line].concat()
        })
        .collect();
    Ok(vec![
        target(
            "drafts",
            drafts.map(<[u8]>::to_vec).collect(),
            Box::new(move |bytes| {
                let Ok(draft) = Draft::parse(bytes, &context) else {
                    return Ok(());
                };
                let again = Draft::parse(draft.content().as_bytes(), &context);
                insist(again.is_ok(), || {
                    "what it holds does not read again".to_owned()
                })
            }),
        ),
        target(
            "entry-lines",
            lines,
            Box::new(|bytes| {
                let _ = Entry::parse(bytes);
                match Entry::parse_exact(bytes) {
                    Ok(entry) => insist(entry.line().as_bytes() == bytes, || {
                        "another line".to_owned()
                    }),
                    Err(_) => Ok(()),
                }
            }),
        ),
        target(
            "dates",
            dates.collect(),
            Box::new(move |bytes| {
                let Ok(text) = std::str::from_utf8(bytes) else {
                    return Ok(());
                };
                let Ok(date) = Occurred::parse_draft(text, &spelling) else {
                    return Ok(());
                };
                let stored = Occurred::parse_stored(&date.to_string());
                let is_same = stored.is_ok_and(|stored| stored.span() == date.span());
                let span = date.span();
                insist(
                    is_same && span.lo() <= span.point() && span.point() <= span.hi(),
                    || format!("{date} has other bounds"),
                )
            }),
        ),
        target(
            "checkpoints",
            vec![made.checkpoint.clone()],
            Box::new(|bytes| {
                let _ = Note::parse(bytes);
                match SignedCheckpoint::parse(bytes) {
                    Ok(read) => insist(read.to_string().as_bytes() == bytes, || {
                        "two spellings".into()
                    }),
                    Err(_) => Ok(()),
                }
            }),
        ),
        target(
            "proofs",
            vec![made.proof.clone()],
            Box::new(|bytes| match LogProof::parse(bytes) {
                Ok(read) => insist(read.to_string().as_bytes() == bytes, || {
                    "two spellings".into()
                }),
                Err(_) => Ok(()),
            }),
        ),
        target(
            "growth-proofs",
            vec![made.growth.clone()],
            Box::new(|bytes| match GrowthProof::parse(bytes) {
                Ok(read) => insist(read.to_string().as_bytes() == bytes, || {
                    "two spellings".into()
                }),
                Err(_) => Ok(()),
            }),
        ),
        target(
            "witness-requests",
            vec![made.request.clone()],
            Box::new(|bytes| {
                let _ = AddCheckpoint::parse(bytes);
                Ok(())
            }),
        ),
        target(
            "policies",
            vec![made.policy.clone()],
            Box::new(|bytes| {
                let _ = Policy::parse(bytes);
                Ok(())
            }),
        ),
        target(
            "bundles",
            vec![bundle],
            Box::new(|bytes| {
                let _ = read_bundle(bytes);
                Ok(())
            }),
        ),
    ])
}

/// The readers that open a ledger, each time on a folder of their own where they write.
fn on_disk(parent: Arc<tempfile::TempDir>) -> Result<Vec<Target>, Broken> {
    let at = parent.path().join("ledger");
    let journal = folder::files(&at.join("journal"))?;
    let segment = journal
        .last()
        .ok_or_else(|| Broken::new("no journal"))?
        .clone();
    let name = segment.strip_prefix(&at).unwrap_or(&segment).to_owned();
    let sound = story::content(&at, Access::Read)?.lines;
    let (first, second, third) = (parent.clone(), parent.clone(), parent);
    let slow = |name, seeds, read: Read| Target {
        is_slow: true,
        ..target(name, seeds, read)
    };
    Ok(vec![
        slow(
            "journal-segments",
            vec![fs::read(segment)?],
            Box::new(move |bytes| {
                let copy = scratch()?;
                let at = copy.path().join("ledger");
                folder::copy(&first.path().join("ledger"), &at)?;
                fs::write(at.join(&name), bytes)?;
                let _ = Ledger::verify(&at, &mut |_| {});
                let read = story::content(&at, Access::Read);
                let is_sound = read.is_ok_and(|read| !sound.starts_with(&read.lines));
                insist(!is_sound, || "lines that were never written".to_owned())
            }),
        ),
        slow(
            "known-at",
            known_at(),
            Box::new(move |bytes| {
                let text = String::from_utf8_lossy(bytes);
                let code = run(second.path(), &["status", &format!("--known-at={text}")]);
                let also = run(second.path(), &["status", &format!("--as-of={text}")]);
                insist(code != 70 && also != 70, || "exit code 70".to_owned())
            }),
        ),
        slow(
            "rules",
            fixtures("rules", ".toml")?,
            imported(&third, "rules.toml")?,
        ),
        slow(
            "rosters",
            fixtures("lists", ".csv")?,
            imported(&third, "custody-20200102.csv")?,
        ),
    ])
}

fn known_at() -> Vec<Vec<u8>> {
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

/// An import of a list with one of its two files changed; nothing is written.
fn imported(parent: &Arc<tempfile::TempDir>, name: &'static str) -> Result<Read, Broken> {
    let ledger = parent.clone();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let files: [(&str, PathBuf); 2] = [
        ("rules.toml", fixtures.join("rules/demo-list.toml")),
        (
            "custody-20200102.csv",
            fixtures.join("lists/custody-20200102.csv"),
        ),
    ];
    Ok(Box::new(move |bytes| {
        let folder = scratch()?;
        for (other, path) in &files {
            fs::copy(path, folder.path().join(other))?;
        }
        fs::write(folder.path().join(name), bytes)?;
        let at = folder.path().join("ledger");
        folder::copy(&ledger.path().join("ledger"), &at)?;
        let args = [
            "import",
            "list",
            "-n",
            "--rules",
            "rules.toml",
            "custody-20200102.csv",
        ];
        let code = run(folder.path(), &args);
        insist(code != 70, || "exit code 70".to_owned())
    }))
}
