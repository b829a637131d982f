//! What is kept of a ledger's log from run to run, worked out of entries that are given one by one:
//! what `verify` holds the kept against.

use amparo_core::entry::Entry;
use amparo_core::private::Private;
use amparo_projections::deltas::{Block, Follower};
use amparo_projections::{Facts, ReadModel as _};
use amparo_store::ledger::Rederive;
use zeroize::Zeroizing;

use crate::kept_names::{self, KeptNames};
use crate::{kept_deltas, kept_facts};

/// Facts, deltas and names of the entries so far; nothing once they are no log.
#[derive(Default)]
pub struct Rederived {
    facts: Option<Facts>,
    /// Only where names are kept.
    names: Option<KeptNames>,
    /// Only where deltas are kept.
    deltas: Option<(Follower, Block)>,
}

impl Rederive for Rederived {
    fn expect(&mut self, names: &[&str], entries: u64) {
        let mut facts = Facts::default();
        if let Ok(entries) = usize::try_from(entries) {
            facts.reserve(entries.min(Facts::ENTRIES_MAX));
        }
        let are_kept = names.iter().any(|name| kept_deltas::is_name(name));
        self.deltas = are_kept.then(|| (Follower::at(&facts, 0), Block::default()));
        self.names = names.contains(&kept_names::NAME).then(KeptNames::default);
        self.facts = Some(facts);
    }

    fn apply(&mut self, entry: &Entry, private: Option<&Private>) {
        if let (Some(names), Some(private)) = (&mut self.names, private)
            && kept_names::tells(entry.event.kind())
        {
            names.add(entry.seq, private);
        }
        let Some(facts) = &mut self.facts else { return };
        if facts.apply(entry).is_err() {
            self.facts = None;
            return;
        }
        if let Some((follower, block)) = &mut self.deltas {
            if block.is_full() {
                *block = block.next();
            }
            follower.follow(facts, block);
        }
    }

    fn bytes(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let facts = self.facts.as_ref()?;
        if name == kept_names::NAME {
            return Some(self.names.as_ref()?.bytes().clone());
        }
        if name == kept_facts::NAME {
            return facts.pack().ok().map(Zeroizing::new);
        }
        let (_, block) = self.deltas.as_ref()?;
        let is_its = name == kept_deltas::name(block.number());
        is_its.then(|| block.pack().ok().map(Zeroizing::new))?
    }
}
