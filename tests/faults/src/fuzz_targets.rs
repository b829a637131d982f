//! The readers of Amparo, each with sound input, and what must hold of whatever they are given.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use amparo_core::Context;
use amparo_core::date::{Context as Spelling, Occurred};
use amparo_core::draft::Draft;
use amparo_core::entry::Entry;
use amparo_core::identity::Secret;
use amparo_core::limit;
use amparo_model::histories::{self, TODAY};
use amparo_model::random::Random;
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
use crate::fuzz_folders::{figure_proofs, fixtures, on_disk, run};
use crate::fuzz_packed::packed;
use crate::{folder, story};

/// The key of some witness.
const WITNESS: &str = "amparo-witness/42f5e7fb-36c5-443e-b13e-96b349fd9aad+33f3ea7c+\
                       BNH2YgRI1EmjJdgO+xlRXBi21jUV3QCNm1ZvjD5/IFX6";

/// Reads some bytes; [`Broken`] where what it answers cannot be.
pub type Read = Box<dyn Fn(&[u8]) -> Result<(), Broken> + Send + Sync>;

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

/// A reader that needs nothing but its input.
pub fn target(name: &'static str, seeds: Vec<Vec<u8>>, read: Read) -> Target {
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
    let mut targets = packed(&lines)?;
    targets.extend(in_memory(&made, lines)?);
    targets.push(figure_proofs(made.figure, made.policy)?);
    targets.extend(on_disk(&Arc::new(parent))?);
    Ok(targets)
}

/// Files that the program writes of a ledger.
struct Made {
    checkpoint: Vec<u8>,
    policy: Vec<u8>,
    proof: Vec<u8>,
    growth: Vec<u8>,
    figure: Vec<u8>,
    request: Vec<u8>,
}

impl Made {
    fn new(dir: &Path) -> Result<Self, Broken> {
        let read = |name: &str| Ok::<_, Broken>(fs::read(dir.join(name))?);
        for args in [
            &["checkpoint", "--name", "fuzz"][..],
            &["prove", "e3", "-o", "proof"],
            &["append", "note", "--text", "x", "--unsourced"],
            &[
                "profile",
                "add",
                "a-week",
                "--states",
                "detained",
                "--shortest-stay",
                "7",
            ],
            &["publish", "Weekly bulletin 7"],
            &["checkpoint", "--name", "later"],
            &["prove", "--consistent", "fuzz", "later", "-o", "growth"],
            &["prove", "--figure", "-o", "figure"],
        ] {
            let code = run(dir, args)?;
            insist(code == 0, || format!("{args:?}: exit code {code}"))?;
        }
        let log = String::from_utf8(read("ledger/checkpoints/log.pub")?);
        let log = log.map_err(|_| Broken::new("the key is no text"))?;
        let policy = format!("log {log}witness w1 {WITNESS}\nquorum none\n").into_bytes();
        insist(Policy::parse(&policy).is_ok(), || "no policy".to_owned())?;
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
            policy,
            proof: read("proof")?,
            growth: read("growth")?,
            figure: read("figure")?,
        })
    }
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
                // With a space before it a line is no longer one that the ledger writes, and is read
                // another way.
                let spaced = [b" ", bytes].concat();
                if spaced.len() <= limit::LINE_BYTES_MAX {
                    let is_same = Entry::parse(bytes).ok() == Entry::parse(&spaced).ok();
                    insist(is_same, || "read in two ways, two entries".to_owned())?;
                }
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
