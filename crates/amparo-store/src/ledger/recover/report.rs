//! What a recovery says in the new log: a note in the place of each lost entry, and the report.
//!
//! Both stay in the log for ever, and say nothing but places, counts and roots.

use std::ops::Range;

use amparo_core::entry::Recorded;
use amparo_core::limit::PROSE_BYTES_MAX;

use super::Recovered;

/// The most runs of lost entries, and of damaged places, that the report names one by one.
const NAMED_MAX: usize = 100;

/// The note in the place of a lost entry.
pub(super) fn placeholder(seq: u64, now: Recorded) -> String {
    format!(
        "Lost: e{seq} could not be read when this ledger was recovered on {now}. This note stands \
         in its place, and its recording time is that of the entry before it."
    )
}

/// The report on a whole recovery.
pub(super) fn report(recovered: &Recovered, now: Recorded) -> String {
    let mut text = format!("Recovered on {now} from a damaged ledger.");
    for (origin, count) in &recovered.carried {
        // Paths are the business of the machine that it was done on.
        let from = match origin {
            super::Origin::Journal => "the journal",
            super::Origin::Store => "the sled store",
            super::Origin::Copy(_) => "a copy that was given",
        };
        text.push_str(&format!(" {count} entries byte for byte from {from}."));
    }
    match recovered.lost.as_slice() {
        [] => text.push_str(" No entry that is known of is lost."),
        lost => text.push_str(&format!(
            " {} entries are lost: {}; a note stands in the place of each, and the log is the old \
             one up to its first {} entries only.",
            recovered.lost_entries(),
            ranges(lost),
            recovered.same_until
        )),
    }
    if recovered.is_end_unknown {
        text.push_str(" Nothing tells where the old log ended: there may have been later entries.");
    }
    if !recovered.heads_ahead.is_empty() {
        let sizes = recovered
            .heads_ahead
            .iter()
            .take(NAMED_MAX)
            .map(u64::to_string);
        let sizes: Vec<_> = sizes.collect();
        text.push_str(&format!(
            " Heads of these sizes were signed before and do not lead here: {}.",
            sizes.join(", ")
        ));
    }
    let (size, root) = (recovered.size, recovered.root);
    text.push_str(&format!(
        " Root of the {size} entries before this one: {root}."
    ));
    text.push_str(" Damage found:");
    for what in recovered.damage.iter().take(NAMED_MAX) {
        let more = format!(" {what};");
        if text.len() + more.len() > PROSE_BYTES_MAX - 64 {
            break;
        }
        text.push_str(&more);
    }
    if recovered.damage.len() > NAMED_MAX {
        text.push_str(" and more;");
    }
    text.pop();
    text.push('.');
    text
}

/// Runs of entries in words: `e5..e7, e12`.
pub(super) fn ranges(lost: &[Range<u64>]) -> String {
    let mut words: Vec<_> = lost
        .iter()
        .take(NAMED_MAX)
        .map(|range| match range.end - range.start {
            1 => format!("e{}", range.start),
            _ => format!("e{}..e{}", range.start, range.end - 1),
        })
        .collect();
    if lost.len() > NAMED_MAX {
        words.push(format!("and {} more runs", lost.len() - NAMED_MAX));
    }
    words.join(", ")
}
