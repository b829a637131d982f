//! What counts in the start of a log, and what became of what does not.

use amparo_core::force::InForce;
use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_projections::Facts;

/// Which entries of the start of a log, or of an excerpt of it, are in force.
pub struct Standings {
    in_force: InForce,
    known: Vec<(Seq, Kind)>,
}

impl Standings {
    /// The standings of the first entries of a log, as its facts tell them.
    pub fn of_facts(facts: &Facts, prefix: u64) -> Self {
        let known = facts.seqs().take_while(|seq| seq.number() < prefix);
        let known: Vec<_> = known
            .filter_map(|seq| Some((seq, facts.fact(seq)?.kind())))
            .collect();
        Self {
            in_force: facts.in_force_of(known.len()),
            known,
        }
    }

    /// Whether an entry is in force.
    pub fn is_in_force(&self, seq: Seq) -> bool {
        self.place(seq).is_some_and(|n| self.in_force.holds(n))
    }

    /// The kind of an entry; `None` beyond the end.
    pub fn kind(&self, seq: Seq) -> Option<Kind> {
        let (_, kind) = self.known.get(self.place(seq)? as usize)?;
        Some(*kind)
    }

    fn place(&self, seq: Seq) -> Option<u64> {
        let place = self.known.binary_search_by_key(&seq, |(known, _)| *known);
        place.ok().map(|n| n as u64)
    }

    /// `in force`, or what put the entry out of force: `replaced by e52`, `retracted by e60`.
    pub fn of(&self, seq: Seq) -> String {
        if self.is_in_force(seq) {
            return "in force".to_owned();
        }
        let place = self.place(seq).unwrap_or(u64::MAX);
        let by = self.in_force.targeted_by(place);
        let by = by.filter_map(|n| Some(self.known.get(n as usize)?.0));
        match by.filter(|by| self.is_in_force(*by)).last() {
            Some(by) if self.kind(by) == Some(Kind::Retraction) => format!("retracted by {by}"),
            Some(by) => format!("replaced by {by}"),
            None => "not in force".to_owned(),
        }
    }
}
