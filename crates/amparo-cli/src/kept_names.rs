//! What persons and groups are called in private, kept sealed from run to run.
//!
//! Opening 230,000 names one by one takes seconds, and most answers of a long log show some. They are
//! kept in the order of the log, as their entries tell them, whether these are in force or not: so
//! what is kept follows from the log and the keys alone. The store seals it, and an erasure destroys
//! it; `verify` and `replay --check` open every name anew and say so where another is kept.

use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_core::private::Private;
use amparo_projections::Facts;
use amparo_store::ledger::{Ledger, ReadError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The name under which they are kept.
pub const NAME: &str = "names.sealed";
/// Names are kept anew when so many entries that tell some are not among those that are.
const KEEP_ENTRIES_MIN: usize = 1024;
/// And when these are more than one in so many of them.
const KEEP_FRACTION: usize = 32;
/// Fewer than one in so many are opened one by one.
const READ_FRACTION: usize = 16;

/// What an entry tells of how somebody is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called<'c> {
    seq: u64,
    /// The name of a person.
    pub name: Option<&'c str>,
    /// Other names.
    #[serde(borrow)]
    pub aliases: Vec<&'c str>,
    /// References in lists.
    #[serde(borrow)]
    pub refs: Vec<&'c str>,
}

impl<'c> Called<'c> {
    fn of(seq: Seq, private: &'c Private) -> Self {
        Self {
            seq: seq.number(),
            name: private.name(),
            aliases: private.aliases().iter().map(|alias| &**alias).collect(),
            refs: private.refs().iter().map(|text| &**text).collect(),
        }
    }

    /// The entry.
    pub fn seq(&self) -> Seq {
        Seq::new(self.seq)
    }
}

/// Whether entries of a kind tell how somebody is called.
pub fn tells(kind: Kind) -> bool {
    matches!(kind, Kind::Person | Kind::Group)
}

/// Names in the order of the log, as they are kept.
#[derive(Default)]
pub struct KeptNames(Zeroizing<Vec<u8>>);

impl KeptNames {
    /// Adds what the next entry tells.
    pub fn add(&mut self, seq: Seq, private: &Private) {
        // Written into memory, which is never full before the program ends.
        if let Ok(bytes) = postcard::to_allocvec(&Called::of(seq, private)) {
            self.0.extend_from_slice(&Zeroizing::new(bytes));
        }
    }

    /// The bytes to be kept.
    pub fn bytes(&self) -> &Zeroizing<Vec<u8>> {
        &self.0
    }

    fn iter(&self) -> impl Iterator<Item = Result<Called<'_>, postcard::Error>> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let taken = (!rest.is_empty()).then(|| postcard::take_from_bytes(rest))?;
            Some(taken.map(|(called, after)| {
                rest = after;
                called
            }))
        })
    }

    /// Those that are kept of a ledger, and of how many entries; nothing where they do not read.
    fn of(ledger: &Ledger) -> Option<(Self, u64)> {
        let kept = ledger.kept_sealed(NAME)?;
        let names = Self(kept.bytes);
        let is_sound = names.iter().all(|called| called.is_ok());
        is_sound.then_some((names, kept.size))
    }
}

/// Gives `each` how the subjects of these entries are called, in the order of the entries: `wanted` are
/// some of those that tell it, which are `all` of the facts.
///
/// # Errors
/// As [`Ledger::each_private`].
pub fn each(
    ledger: &Ledger,
    facts: &Facts,
    all: &[Seq],
    wanted: &[Seq],
    each: &mut dyn FnMut(&Called<'_>),
) -> Result<(), ReadError> {
    let size = ledger.head().size;
    // An excerpt of the facts knows only some of the entries.
    let is_whole = facts.len() as u64 == size;
    if !is_whole || ledger.is_locked() || wanted.len() < (all.len() / READ_FRACTION).max(1) {
        return open(ledger, wanted, &mut |seq, private| {
            each(&Called::of(seq, private));
        })
        .map(|_| ());
    }
    let (mut names, known) = KeptNames::of(ledger).unwrap_or_default();
    let behind = |seqs: &[Seq]| seqs.partition_point(|seq| seq.number() < known);
    let (kept_all, kept_wanted) = (behind(all), behind(wanted));
    let mut kept = wanted[..kept_wanted].iter().peekable();
    for called in names.iter().flatten() {
        while kept.next_if(|seq| **seq < called.seq()).is_some() {}
        if kept.next_if(|seq| **seq == called.seq()).is_some() {
            each(&called);
        }
    }
    let (all, wanted) = (&all[kept_all..], &wanted[kept_wanted..]);
    if all.len() < KEEP_ENTRIES_MIN.max(kept_all / KEEP_FRACTION) {
        return open(ledger, wanted, &mut |seq, private| {
            each(&Called::of(seq, private));
        })
        .map(|_| ());
    }
    let are_all = open(ledger, all, &mut |seq, private| {
        names.add(seq, private);
        if wanted.binary_search(&seq).is_ok() {
            each(&Called::of(seq, private));
        }
    })?;
    // Keys that come back would open more.
    if are_all {
        ledger.keep_sealed(NAME, size, names.bytes());
    }
    Ok(())
}

/// Those that are kept, beside those that the log gives; nothing where none are kept.
///
/// # Errors
/// As [`Ledger::each_private`].
pub fn beside(ledger: &Ledger, facts: &Facts) -> Result<Option<[KeptNames; 2]>, ReadError> {
    let Some((kept, size)) = KeptNames::of(ledger) else {
        return Ok(None);
    };
    let tells = |seq: &Seq| facts.fact(*seq).is_some_and(|fact| tells(fact.kind()));
    let known = facts.seqs().take_while(|seq| seq.number() < size);
    let mut anew = KeptNames::default();
    open(
        ledger,
        &known.filter(tells).collect::<Vec<_>>(),
        &mut |seq, private| {
            anew.add(seq, private);
        },
    )?;
    Ok(Some([kept, anew]))
}

fn open(
    ledger: &Ledger,
    seqs: &[Seq],
    each: &mut dyn FnMut(Seq, &Private),
) -> Result<bool, ReadError> {
    ledger.each_private(seqs, &mut |seq, private| each(seq, &private))
}
