//! How long after it happened was each thing recorded, and through whom?
//!
//! The lag from the date of a status entry to the day of its recording. Entries that replace
//! another are left out: they correct what was known, and discover nothing. Serves the reader of
//! a fresh number: if half of a publisher's entries come thirty days late, last month's count
//! will rise (the "reporting delay" of public health statistics).

use std::collections::BTreeMap;

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::entry::Recorded;
use amparo_core::id::Seq;

use crate::fact::{Fact, SubjectId, TextId};
use crate::sources::Standing;
use crate::view::View;

/// The entries recorded late, and how late each publisher is in general.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateDiscoveries {
    /// The entries recorded at least so many days late, the latest first.
    pub rows: Vec<LateDiscovery>,
    /// All status entries by publisher, unsourced and sealed ones last, by name.
    pub by_publisher: Vec<PublisherLag>,
}

/// One entry recorded late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateDiscovery {
    /// Whom it is about, after merges.
    pub subject: SubjectId,
    /// Days from the date to the recording, as sure as the date.
    pub days: Count,
    /// The publishers that are named.
    pub publishers: Vec<TextId>,
    /// The entry.
    pub entry: Seq,
}

/// The lags of one publisher's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherLag {
    /// The publisher; none for entries that name none.
    pub publisher: Option<TextId>,
    /// How many status entries it stands behind.
    pub entries: u64,
    /// How many of them were recorded at least as late as asked, by the point dates.
    pub late: u64,
    /// The lag that half of them do not exceed, in days, by the point dates.
    pub median_days: u64,
    /// The longest lag.
    pub longest_days: u64,
}

/// The lags of the status entries that count; `day_of` gives the day of a recording in the
/// ledger's time zone.
pub fn late_discoveries(
    view: &View<'_>,
    days_min: u64,
    day_of: impl Fn(Recorded) -> Option<Day>,
) -> LateDiscoveries {
    let facts = view.facts();
    let mut rows = Vec::new();
    let mut lags: BTreeMap<_, (Option<TextId>, Vec<u64>)> = BTreeMap::new();
    for subject in view.subjects() {
        for (entry, fact) in view.entries(subject).filter(|(seq, _)| view.counts(*seq)) {
            let Some(days) = lag(fact, &day_of) else {
                continue;
            };
            let publishers = Standing::behind(facts, [fact]).publishers;
            let named = publishers.iter().map(|id| Some(*id));
            let unnamed = publishers.is_empty().then_some(None);
            for publisher in named.chain(unnamed) {
                let key = (
                    publisher.is_none(),
                    publisher.map_or("", |id| facts.text(id)),
                );
                let of = lags.entry(key).or_insert_with(|| (publisher, Vec::new()));
                of.1.push(days.count);
            }
            if days.count >= days_min {
                rows.push(LateDiscovery {
                    subject,
                    days,
                    publishers,
                    entry,
                });
            }
        }
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.days.count), row.entry));
    let of_publisher = |(publisher, mut lags): (Option<TextId>, Vec<u64>)| {
        lags.sort_unstable();
        let late = lags.len() - lags.partition_point(|days| *days < days_min);
        PublisherLag {
            publisher,
            entries: lags.len() as u64,
            late: late as u64,
            median_days: lags[(lags.len() - 1) / 2],
            longest_days: lags[lags.len() - 1],
        }
    };
    LateDiscoveries {
        rows,
        by_publisher: lags.into_values().map(of_publisher).collect(),
    }
}

/// Days from the date of a status entry to its recording; none for what is no discovery.
fn lag(fact: &Fact, day_of: impl Fn(Recorded) -> Option<Day>) -> Option<Count> {
    let is_discovery = fact.kind().axis().is_some() && !fact.is_correction();
    let span = fact.span().filter(|_| is_discovery)?;
    let recorded = day_of(fact.recorded())?;
    let days = |from: Day| u64::try_from(recorded.days_since(from)).unwrap_or(0);
    Some(Count {
        low: days(span.hi()),
        count: days(span.point()),
        high: days(span.lo()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn lags_run_from_the_date_to_the_recording() {
        let facts = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-05-01","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-05-18/2026-05-20","sources":[{"publisher":"Watch","kind":"ngo"},{"publisher":"Press","kind":"media"}]"#,
            r#""kind":"arrest","person":"p:3","occurred":"2026-05-27""#,
            r#""kind":"arrest","person":"p:1","occurred":"2026-01-01","replaces":"@0""#,
            r#""kind":"release","person":"p:2","occurred":"2026-05-28","sources":[{"publisher":"Watch","kind":"ngo"}]"#,
        ])
        .facts();
        // All are recorded on 2026-05-28.
        let day_of = |_: Recorded| Some(day("2026-05-28"));
        for (known, days_min, rows, by_publisher) in [
            (0, 27, "e0 27..27", "Watch 1/1 27 27"),
            (0, 28, "", "Watch 0/1 27 27"),
            (
                4,
                9,
                "e1 8..10",
                "Press 1/1 9 9; Watch 1/2 0 9; none 0/1 1 1",
            ),
            (4, 10, "", "Press 0/1 9 9; Watch 0/2 0 9; none 0/1 1 1"),
        ] {
            let view = View::known_at(&facts, Seq::new(known));
            let found = late_discoveries(&view, days_min, day_of);
            let row =
                |row: &LateDiscovery| format!("{} {}..{}", row.entry, row.days.low, row.days.high);
            let shown: Vec<_> = found.rows.iter().map(row).collect();
            assert_eq!(shown.join("; "), rows);
            let sum = |of: &PublisherLag| {
                let name = of.publisher.map_or("none", |id| facts.text(id));
                let PublisherLag {
                    entries,
                    late,
                    median_days,
                    longest_days,
                    ..
                } = of;
                format!("{name} {late}/{entries} {median_days} {longest_days}")
            };
            let shown: Vec<_> = found.by_publisher.iter().map(sum).collect();
            assert_eq!(shown.join("; "), by_publisher);
        }
    }
}
