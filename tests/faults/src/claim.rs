//! The claims: what is said, and what tries it. A claim holds in every case, or is [`Broken`].

use std::io;

use crate::{
    clock, damage, disk, export, ext4, fuzz, guided, kill, model, model_store, planted, power,
    recovery, sweep,
};

/// How long a claim is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// In seconds, with every test run: a fixed part of the cases.
    Short,
    /// All cases.
    Long,
}

impl Length {
    /// One of two values.
    pub fn pick<T>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

/// One claim.
#[derive(Debug)]
pub struct Claim {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What is claimed, as the scoreboard says it.
    pub says: &'static str,
    /// The options of cargo with which it is built.
    pub cargo: &'static str,
    /// Tries it; answers the counts in words.
    pub run: fn(Length) -> Result<String, Broken>,
}

/// All claims, in the order of the scoreboard.
pub const CLAIMS: &[Claim] = &[
    Claim {
        name: "failing-writes",
        says: "Whichever file operation of init, append, import, correct or checkpoint fails \
               (EIO, ENOSPC; not done, torn, or done unseen), nothing acknowledged is missing, \
               after a restart and after a power cut, and the same command again ends in the same \
               bytes",
        cargo: "--release",
        run: sweep::writes,
    },
    Claim {
        name: "failing-reads",
        says: "Whichever file operation fails while the sled store is built again from the \
               journal, the answer is an error or the whole log",
        cargo: "--release",
        run: sweep::rebuilds,
    },
    Claim {
        name: "failing-exports",
        says: "An export that cannot be written whole ends in an error, at whichever byte, and \
               leaves the log as it was",
        cargo: "--release",
        run: sweep::exports,
    },
    Claim {
        name: "power-cuts",
        says: "After a power cut at any point, with the sled store gone, older or torn, the ledger \
               opens, holds every acknowledged entry and signed head, opens their private fields, \
               and can be appended to",
        cargo: "--release",
        run: power::cuts,
    },
    Claim {
        name: "flipped-bits",
        says: "verify names every single flipped bit of journal, keys and signed heads",
        cargo: "--release",
        run: damage::flips,
    },
    Claim {
        name: "cut-files",
        says: "verify names every truncation of journal, keys and signed heads",
        cargo: "--release",
        run: damage::truncations,
    },
    Claim {
        name: "flipped-exports",
        says: "verify --against names a flipped bit in any byte of a public export",
        cargo: "--release",
        run: export::flips,
    },
    Claim {
        name: "damaged-reads",
        says: "With a flipped bit in any 17th byte of the folder, sled store included, a reader gets \
               an error or every entry as it was written: never another text, never fewer entries",
        cargo: "--release",
        run: damage::reads,
    },
    Claim {
        name: "full-disks",
        says: "On a full disk of 2 MiB a command that writes says so, everything recorded is read, \
               verified and exported, and appending goes on once there is room",
        cargo: "--release",
        run: disk::full,
    },
    Claim {
        name: "read-only",
        says: "A ledger on a file system that cannot be written is read, verified and exported, with \
               its sled store or without, and nothing is written",
        cargo: "--release",
        run: disk::read_only,
    },
    Claim {
        name: "killed-writers",
        says: "When a process is killed (SIGKILL) at any moment while it appends or imports, every \
               entry that it had acknowledged is there, a batch in flight is there whole or not at \
               all, and the same import again brings nothing twice",
        cargo: "--release",
        run: kill::kills,
    },
    Claim {
        name: "ext4-cuts",
        says: "After a power cut at any moment while a process appends and imports on a real ext4 file \
               system, every entry that it had acknowledged is there, and a batch in flight whole or \
               not at all",
        cargo: "--release",
        run: ext4::cuts,
    },
    Claim {
        name: "two-at-once",
        says: "While one process has the ledger every other is told so (exit code 6) and writes \
               nothing; of those that come at once, what each was told was recorded is there once, in \
               one log",
        cargo: "--release",
        run: clock::meetings,
    },
    Claim {
        name: "clock-jumps",
        says: "When the clock jumps back or far forward and the time zone of the system changes, \
               entries keep their order, the recording time never goes back, it is told where the clock \
               was held, and answers stay the same",
        cargo: "--release",
        run: clock::jumps,
    },
    Claim {
        name: "recoveries",
        says: "From a journal with a flipped bit, two, a zeroed sector or a cut end, `recover` carries \
               over every entry outside the damaged batches byte for byte, names every other as \
               lost, invents none, and with a backup brings the whole log back",
        cargo: "--release",
        run: recovery::recoveries,
    },
    Claim {
        name: "random-histories",
        says: "Totals, running totals, totals as sums of moves, totals by place, authority, court, source and the like, \
               flows and the parts of a diff are those of a naive model written apart, on random \
               histories with corrections of corrections, merges, groups and uncertain dates, at \
               random coordinates",
        cargo: "--release",
        run: model::histories,
    },
    Claim {
        name: "stored-histories",
        says: "Random histories come back from the real store line by line, with the totals of \
               the naive model, though it is reopened after each batch and the sled store is \
               damaged, cut, deleted or put back from an older day in between",
        cargo: "--release",
        run: model_store::histories,
    },
    Claim {
        name: "fuzzed-input",
        says: "No reader panics on changed or broken input, and none takes what it would write \
               otherwise: drafts, entry lines, dates, journal segments, key files, settings, packed facts and \
               deltas, checkpoints and their names, proofs of entries, of growth and of figures, witness \
               requests, policies, bundles, rules and rosters of lists, rules and tables of people, \
               workbooks, published tables of flows, known-at",
        cargo: "--release",
        run: fuzz::inputs,
    },
    Claim {
        name: "guided-fuzzing",
        says: "The same readers, fed by libFuzzer, which goes on from inputs that reached something new",
        cargo: "--release",
        run: guided::inputs,
    },
    Claim {
        name: "planted-bugs",
        says: "Of the bugs that are planted on purpose in the journal, the keys, the plan of a batch \
               and the rules of counting, each is caught by a claim above",
        cargo: "--features planted",
        run: planted::bugs,
    },
];

/// How the counts of a claim begin that cannot be tried here.
const LEFT_OUT: &str = "left out: ";

/// Says that a claim cannot be tried here, and why.
pub fn left_out(why: &str) -> String {
    format!("{LEFT_OUT}{why}")
}

/// Whether these counts say that.
pub fn is_left_out(counted: &str) -> bool {
    counted.starts_with(LEFT_OUT)
}

impl Claim {
    /// Whether this build can try it.
    pub fn is_built(&self) -> bool {
        self.cargo != "--features planted" || cfg!(feature = "planted")
    }
}

/// A claim that does not hold, or could not be tried: which case, and what happened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

impl Broken {
    /// With the case and what happened in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Insists that something holds; else says what was found.
///
/// # Errors
/// [`Broken`] where it does not.
pub fn insist(holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken(what())) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn every_claim_holds_in_its_short_form() {
        for claim in CLAIMS.iter().filter(|claim| claim.is_built()) {
            let counted = (claim.run)(Length::Short);
            let counted = counted.unwrap_or_else(|broken| panic!("{}: {broken}", claim.name));
            let is_counted = counted.starts_with(|first: char| first.is_ascii_digit());
            assert!(is_counted || is_left_out(&counted), "{counted}");
            if is_left_out(&counted) {
                let said = writeln!(io::stderr(), "{}: {counted}", claim.name);
                said.unwrap();
            }
        }
    }
}
