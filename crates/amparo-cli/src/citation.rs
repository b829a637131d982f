//! A number in a sentence, with all that it follows from.

use amparo_core::date::Day;
use amparo_core::entry::Recorded;
use amparo_core::event::{PublishedHead, PublishedNumber};
use amparo_core::id::Seq;
use amparo_projections::Profile;
use amparo_store::ledger::Ledger;

use crate::figures;
use crate::output::{short_root, text};

/// What every sentence about the numbers of a figure says besides.
pub struct Citation<'c> {
    /// The ledger.
    pub ledger: &'c Ledger,
    /// The day at whose end the numbers stand.
    pub as_of: Day,
    /// The last entry that counts, and when it was recorded.
    pub known_at: (Seq, Recorded),
    /// Who counts as held.
    pub profile: &'c Profile,
    /// The question.
    pub query: &'c [String],
    /// The log that the numbers were derived from.
    pub head: &'c PublishedHead,
}

impl Citation<'_> {
    /// The sentence of a number.
    pub fn sentence(&self, number: &PublishedNumber) -> String {
        let (seq, recorded) = self.known_at;
        let opening = self.ledger.opening();
        format!(
            "{} at the end of {} ({}), as known at {seq} (recorded {recorded}), counted by {} \
             ({}) with `{}`; ledger {} ({}), {} entries, root {} (in full {}).",
            what(number),
            self.as_of,
            opening.time_zone.name(),
            self.profile.label(),
            rule(self.profile),
            text::shell_words(self.query),
            opening.name,
            opening.ledger,
            self.head.size,
            short_root(&self.head.root),
            self.head.root,
        )
    }
}

/// `13 (12..14) held`, `2 granted under ve-amnesty-2026 where place is VE:Caracas`.
fn what(number: &PublishedNumber) -> String {
    let mut parts = vec![figures::count(amparo_core::course::Count {
        low: number.low,
        count: number.count,
        high: number.high,
    })];
    parts.push(match &*number.axis {
        "profile" => "held".to_owned(),
        _ => number.state.to_string(),
    });
    let instrument = number.instrument.as_ref();
    parts.extend(instrument.map(|code| format!("under {code}")));
    let by = number.by.iter().map(|(grouping, value)| match value {
        Some(value) => format!("where {grouping} is {value}"),
        None => format!("where {grouping} is not known"),
    });
    parts.extend(by);
    parts.join(" ")
}

fn rule(profile: &Profile) -> String {
    let states: Vec<_> = profile.states().iter().map(|state| state.word()).collect();
    match profile.shortest_stay_days() {
        0 => states.join(", "),
        days => format!("{} for {days} days or more", states.join(", ")),
    }
}
