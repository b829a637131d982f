//! Who stands behind entries: publishers counted once each, however often they are named.
//!
//! Two publishers whose names differ only in case or outer white space are one. That one of them
//! copies from the other cannot be read off the log, and is not guessed.

use std::collections::BTreeMap;

use amparo_core::value::SourceKind;

use crate::fact::{Fact, TextId};
use crate::facts::Facts;

/// The publishers behind some entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The publishers that are named, each once, in the order of their names.
    pub publishers: Vec<TextId>,
    /// Whether some source is sealed: it counts as one publisher more.
    pub has_sealed: bool,
}

impl Standing {
    /// The publishers behind these entries.
    pub fn behind<'f>(facts: &Facts, entries: impl IntoIterator<Item = &'f Fact>) -> Self {
        let mut named = BTreeMap::new();
        let mut has_sealed = false;
        for fact in entries {
            for voice in facts.voices(fact) {
                let name = folded(facts.text(voice.publisher));
                named.entry(name).or_insert(voice.publisher);
            }
            has_sealed |= fact.has_sealed_sources();
        }
        Self {
            publishers: named.into_values().collect(),
            has_sealed,
        }
    }

    /// How many independent publishers there are, as far as the log can tell.
    pub fn count(&self) -> usize {
        self.publishers.len() + usize::from(self.has_sealed)
    }
}

/// Whether somebody else than officials stands behind an entry.
pub fn has_independent_word(facts: &Facts, fact: &Fact) -> bool {
    let mut voices = facts.voices(fact).iter();
    fact.has_sealed_sources() || voices.any(|voice| voice.kind != SourceKind::Official)
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}
