//! How many days was each person held, over all stays?
//!
//! The days at whose ends the subject was in a state of the profile, up to the day of the report,
//! open stays included; a shortest stay of the profile is left aside, as in a timeline. The
//! bounds are sums of the bounds of each stay: they hold, and are wider than they need be where
//! one uncertain date ends a stay and begins another. Serves the deduction of time served, and
//! claims to compensation (article 9, paragraph 5, of the International Covenant on Civil and
//! Political Rights). A group has the days of one of its members.

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_core::id::Seq;

use crate::fact::SubjectId;
use crate::profile::Profile;
use crate::timeline::{Stay, stays};
use crate::view::View;

/// The days that somebody was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeHeld {
    /// Who.
    pub subject: SubjectId,
    /// How sure it is that the subject is held still, times what the subject counts for.
    pub still_held: Count,
    /// Days over all stays, of one member of a group.
    pub days: Count,
    /// The stays, in order.
    pub stays: Vec<Stay>,
    /// What each stay began and ended with.
    pub entries: Vec<Seq>,
}

/// The days that each subject was held up to the end of a day, the longest first. Who was not
/// possibly held on any day is left out.
pub fn time_held(view: &View<'_>, as_of: Day, profile: &Profile) -> Vec<TimeHeld> {
    let mut rows = Vec::new();
    for subject in view.subjects() {
        let weight = view.weight(subject);
        let custody = view.courses(subject).custody;
        let stays = stays(&custody, as_of, profile);
        let mut days = Count::default();
        for stay in &stays {
            days += stay.days;
        }
        if weight == 0 || days.is_zero() {
            continue;
        }
        let still_held = custody.at(as_of);
        let still_held = still_held.count(|state| profile.states().contains(state));
        let ends = stays.iter().flat_map(|stay| [Some(stay.from), stay.to]);
        rows.push(TimeHeld {
            subject,
            still_held: still_held.times(weight),
            days,
            entries: ends.flatten().collect(),
            stays,
        });
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.days.count));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, day};

    #[test]
    fn days_add_up_over_stays_the_open_one_included() {
        let facts = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-01-01""#,
            r#""kind":"release","person":"p:1","occurred":"2026-01-11""#,
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-01/2026-02-03""#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-01-01""#,
            r#""kind":"release","person":"p:2","occurred":"2026-01-05""#,
            r#""kind":"release","person":"p:3","occurred":"2026-01-05""#,
        ])
        .facts();
        let view = View::head(&facts);
        for (on, expect) in [
            ("2025-12-31", ""),
            ("2026-01-05", "1 5/5/5 [0]; 0 4/4/4 [3, 4]"),
            ("2026-01-31", "0 10/10/10 [0, 1]; 0 4/4/4 [3, 4]"),
            ("2026-02-01", "0 10/10/11 [0, 1, 2]; 0 4/4/4 [3, 4]"),
            ("2026-02-10", "1 18/19/20 [0, 1, 2]; 0 4/4/4 [3, 4]"),
        ] {
            let rows = time_held(&view, day(on), &Profile::default());
            let shown = |row: &TimeHeld| {
                let Count { low, count, high } = row.days;
                let entries: Vec<_> = row.entries.iter().map(|seq| seq.number()).collect();
                format!("{} {low}/{count}/{high} {entries:?}", row.still_held.count)
            };
            let shown: Vec<_> = rows.iter().map(shown).collect();
            assert_eq!(shown.join("; "), expect, "{on}");
        }
    }
}
