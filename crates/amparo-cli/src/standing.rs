//! What counts in the start of a log, in one quick pass over its lines.
//!
//! A line is read as JSON only where something depends on its fields. The others tell their kind
//! and whether they correct something by their bytes: a line has one form only, and inside a text
//! of it every quotation mark is escaped, so `"kind":"` stands in it as a key or not at all.

use amparo_core::entry::Entry;
use amparo_core::force::InForce;
use amparo_core::id::Seq;
use amparo_core::kind::Kind;
use amparo_core::word::Word as _;
use amparo_store::ledger::{Ledger, ReadError};

use crate::error::{Failure, FailureKind};

const KIND_KEY: &str = "\"kind\":\"";
const REPLACES_KEY: &str = "\"replaces\":\"";

/// Which entries of the start of a log are in force, and the kind of each.
pub struct Standings {
    in_force: InForce,
    kinds: Vec<Kind>,
}

impl Standings {
    /// Reads the first entries of the log, and gives `each` those that say who is who: of the
    /// kinds person, group and merge. Linear in their number.
    ///
    /// # Errors
    /// Integrity, when an entry cannot be read.
    pub fn read(
        ledger: &Ledger,
        prefix: u64,
        each: &mut dyn FnMut(Entry),
    ) -> Result<Self, Failure> {
        let mut standings = Self {
            in_force: InForce::default(),
            kinds: Vec::new(),
        };
        for block in ledger.blocks(0..prefix) {
            for (seq, line) in block?.iter() {
                standings.take(ledger, Seq::new(seq), line, each)?;
            }
        }
        match standings.in_force.len() {
            found if found == prefix => Ok(standings),
            found => Err(unreadable(Seq::new(found))),
        }
    }

    fn take(
        &mut self,
        ledger: &Ledger,
        seq: Seq,
        line: &[u8],
        each: &mut dyn FnMut(Entry),
    ) -> Result<(), Failure> {
        let (kind, corrects) = glance(line).ok_or_else(|| unreadable(seq))?;
        let tells = matches!(kind, Kind::Person | Kind::Group | Kind::Merge);
        let mut target = None;
        if tells || corrects {
            let entry =
                Entry::parse(line).map_err(|source| ReadError::NotAnEntry { seq, source })?;
            if let Some(event) = entry.event.target() {
                target = ledger.seq_of(event)?.map(Seq::number);
            }
            if tells {
                each(entry);
            }
        }
        self.in_force.push(target);
        self.kinds.push(kind);
        Ok(())
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

/// The kind that a line names, and whether it replaces or retracts something.
fn glance(line: &[u8]) -> Option<(Kind, bool)> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, rest) = line.split_once(KIND_KEY)?;
    let kind = Kind::from_word(rest.split('"').next()?)?;
    Some((
        kind,
        kind == Kind::Retraction || rest.contains(REPLACES_KEY),
    ))
}

fn unreadable(seq: Seq) -> Failure {
    Failure::new(
        FailureKind::Integrity,
        format!("{seq} is not readable as an entry"),
    )
    .hint("`amparo verify` tells what is wrong with the ledger")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_reads_keys_and_is_not_misled_by_texts() {
        for (line, expect) in [
            (
                r#"{"seq":1,"by":"x","kind":"arrest","person":"y"}"#,
                Some((Kind::Arrest, false)),
            ),
            (
                r#"{"by":"\"kind\":\"death\"","kind":"note"}"#,
                Some((Kind::Note, false)),
            ),
            (
                r#"{"kind":"note","text":"\"replaces\":\"z\""}"#,
                Some((Kind::Note, false)),
            ),
            (
                r#"{"kind":"note","text":"x","replaces":"z"}"#,
                Some((Kind::Note, true)),
            ),
            (
                r#"{"kind":"retraction","entry":"z"}"#,
                Some((Kind::Retraction, true)),
            ),
            (r#"{"kind":"fruit"}"#, None),
            ("", None),
        ] {
            assert_eq!(glance(line.as_bytes()), expect, "{line}");
        }
    }
}
