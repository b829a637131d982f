//! The readers of what the read models keep on disk: packed facts, and packed blocks of deltas.
//!
//! What they take must come back the same from the bytes that it packs to, and must be these very
//! bytes, but for numbers that are spelled longer than they need be; and it can be asked.

use std::fmt::Display;

use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_core::id::Seq;
use amparo_model::histories::{History, TODAY};
use amparo_model::random::Random;
use amparo_projections::deltas::{Block, Follower};
use amparo_projections::totals::totals;
use amparo_projections::{Facts, Profile, View};

use crate::claim::{Broken, insist};
use crate::compare;
use crate::fuzz_folders::fixtures;
use crate::fuzz_targets::{Target, target};

/// How many random histories are sound input, and of how many drafts.
const HISTORIES: u64 = 4;
const DRAFTS: usize = 24;

/// These readers; `lines` are those of a ledger.
///
/// # Errors
/// [`Broken`] where the sound input cannot be had.
pub fn packed(lines: &[Vec<u8>]) -> Result<Vec<Target>, Broken> {
    let as_of: Day = TODAY.parse().map_err(|_| Broken::new("the day is none"))?;
    let logs = logs(lines)?;
    let facts = logs.iter().map(|facts| facts.pack().map_err(broken));
    let blocks = logs.iter().map(|facts| {
        let (mut follower, mut block) = (Follower::at(facts, 0), Block::default());
        facts
            .seqs()
            .for_each(|_| follower.follow(facts, &mut block));
        block.pack().map_err(broken)
    });
    Ok(vec![
        target(
            "facts",
            facts.collect::<Result<_, _>>()?,
            Box::new(move |bytes| {
                let Ok(facts) = Facts::unpack(bytes) else {
                    return Ok(());
                };
                packs_again(bytes, &facts, Facts::pack, Facts::unpack)?;
                let _ = totals(&View::head(&facts), as_of, &Profile::default());
                Ok(())
            }),
        ),
        target(
            "deltas",
            blocks.collect::<Result<_, _>>()?,
            Box::new(move |bytes| {
                let Ok(block) = Block::unpack(bytes) else {
                    return Ok(());
                };
                packs_again(bytes, &block, Block::pack, Block::unpack)?;
                let last = Seq::new(block.size().saturating_sub(1));
                let _ = block.totals(last, as_of, &Profile::default());
                let _ = (
                    block.next(),
                    block.reference(last),
                    block.registration(false, 1),
                );
                Ok(())
            }),
        ),
    ])
}

/// The facts of several logs: a ledger's, the fixture's, random ones.
fn logs(lines: &[Vec<u8>]) -> Result<Vec<Facts>, Broken> {
    let entries = lines.iter().map(|line| Entry::parse(line).map_err(broken));
    let mut logs = vec![compare::facts(&entries.collect::<Result<Vec<_>, _>>()?)?];
    for drafts in fixtures("", "demo-small.jsonl")? {
        let drafts = String::from_utf8(drafts).map_err(broken)?;
        let drafts: Vec<_> = drafts.lines().map(str::to_owned).collect();
        logs.push(compare::facts(&compare::entries(&drafts)?)?);
    }
    for seed in 0..HISTORIES {
        let history = History::random(&mut Random::new(seed), DRAFTS);
        logs.push(compare::facts(&compare::entries(&history.lines)?)?);
    }
    Ok(logs)
}

fn packs_again<T: PartialEq, E: Display, F: Display>(
    bytes: &[u8],
    taken: &T,
    pack: impl Fn(&T) -> Result<Vec<u8>, E>,
    unpack: impl Fn(&[u8]) -> Result<T, F>,
) -> Result<(), Broken> {
    let packed = pack(taken).map_err(broken)?;
    insist(packed == bytes || packed.len() < bytes.len(), || {
        "other bytes".to_owned()
    })?;
    let again = unpack(&packed).map_err(broken)?;
    insist(again == *taken, || "another content".to_owned())
}

fn broken(error: impl Display) -> Broken {
    Broken::new(error.to_string())
}
