//! Small histories for tests: drafts in JSON become entries with fixed ids and times.

use amparo_core::Context;
use amparo_core::date::Day;
use amparo_core::draft::Draft;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::{EventId, Seq};
use amparo_core::identity::Secret;
use uuid::Uuid;

use crate::{Facts, ReadModel};

/// A day, from `2026-02-08`.
pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// The entries of a ledger in the making, `e0` and on; each is accepted a second after the last.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) entries: Vec<Entry>,
}

impl Sample {
    /// A sample of these drafts; see [`add`](Self::add).
    pub(crate) fn of(drafts: &[&str]) -> Self {
        let mut sample = Self::default();
        for draft in drafts {
            sample.add(draft);
        }
        sample
    }

    /// Adds a draft, written without braces. `@3` stands for the id of `e3`; without sources the
    /// draft is unsourced.
    pub(crate) fn add(&mut self, draft: &str) -> Seq {
        let mut line = format!("{{{draft}}}");
        if !draft.contains("\"sources\"") && !draft.contains("\"retraction\"") {
            line.insert_str(line.len() - 1, ",\"unsourced\":true");
        }
        for n in (0..self.entries.len()).rev() {
            line = line.replace(&format!("@{n}\""), &format!("{}\"", id(n).uuid()));
        }
        let context = Context {
            today: day("2026-12-31"),
            zone: chrono_tz::Tz::UTC,
            secret: Secret::new([3; 32]),
        };
        let draft = Draft::parse(line.as_bytes(), &context)
            .unwrap_or_else(|faults| panic!("{line}: {faults:?}"));
        let seq = Seq::new(self.entries.len() as u64);
        self.entries.push(Entry {
            seq,
            id: id(self.entries.len()),
            recorded: Recorded::from_ms(1_780_000_000_000 + 1000 * seq.number() as i64).unwrap(),
            by: "desk".into(),
            event: draft.event().clone(),
            private: Vec::new(),
        });
        seq
    }

    /// The facts of all entries.
    pub(crate) fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        for entry in &self.entries {
            facts.apply(entry).unwrap();
        }
        facts
    }
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.entries
            .iter()
            .try_for_each(|entry| write!(f, "\n{}", entry.line()))
    }
}

fn id(n: usize) -> EventId {
    EventId::new(Uuid::from_u128(0xA0_0000 + n as u128))
}
