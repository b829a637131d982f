//! What counts in the start of a log, and what became of what does not.

use amparo_core::force::InForce;
use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_projections::Facts;

/// Which entries of the start of a log are in force, and the kind of each.
pub struct Standings {
    in_force: InForce,
    kinds: Vec<Kind>,
}

impl Standings {
    /// The standings of the first entries of a log, as its facts tell them.
    pub fn of_facts(facts: &Facts, prefix: u64) -> Self {
        let mut standings = Self {
            in_force: InForce::default(),
            kinds: Vec::new(),
        };
        for fact in (0..prefix).map_while(|n| facts.fact(Seq::new(n))) {
            standings.in_force.push(fact.target().map(Seq::number));
            standings.kinds.push(fact.kind());
        }
        standings
    }

    /// Whether an entry is in force.
    pub fn is_in_force(&self, seq: Seq) -> bool {
        self.in_force.holds(seq.number())
    }

    /// The kind of an entry; `None` beyond the end.
    pub fn kind(&self, seq: Seq) -> Option<Kind> {
        let n = usize::try_from(seq.number()).ok()?;
        self.kinds.get(n).copied()
    }

    /// `in force`, or what put the entry out of force: `replaced by e52`, `retracted by e60`.
    pub fn of(&self, seq: Seq) -> String {
        if self.is_in_force(seq) {
            return "in force".to_owned();
        }
        let by = self.in_force.targeted_by(seq.number()).map(Seq::new);
        match by.filter(|by| self.is_in_force(*by)).last() {
            Some(by) if self.kind(by) == Some(Kind::Retraction) => format!("retracted by {by}"),
            Some(by) => format!("replaced by {by}"),
            None => "not in force".to_owned(),
        }
    }
}
