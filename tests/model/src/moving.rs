//! Why the totals moved: the same way walked in the same steps, with everything counted anew at
//! each of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::dates::Day;
use crate::naive::{Naive, Row, Totals, text};

/// What moved a count: the day, what was learned late, corrected, retracted, merged, identified.
pub type Parts = [i64; 6];
const HAPPENED: usize = 0;
const LEARNED_LATE: usize = 1;
const CORRECTED: usize = 2;
const RETRACTED: usize = 3;
const MERGED: usize = 4;
const IDENTIFIED: usize = 5;

/// A day, and how many drafts are known.
pub type Place = (Day, usize);

impl Naive {
    /// The parts of every row of either end that moved on the way.
    pub fn moves(&self, from: Place, to: Place, profile: &str) -> BTreeMap<Row, Parts> {
        let sign = if to.1 < from.1 { -1 } else { 1 };
        let (start, end) = if to.1 < from.1 {
            (to, from)
        } else {
            (from, to)
        };
        let mut moves = BTreeMap::new();
        let mut before = self.known(start.1).sums(start.0, profile);
        let mut go = |after: Totals, part: usize| {
            let count = |totals: &Totals, row| totals.get(row).map_or(0, |total| total[1] as i64);
            let rows: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for row in rows {
                let change = count(&after, row) - count(&before, row);
                let parts: &mut Parts = moves.entry(row.clone()).or_default();
                parts[part] += sign * change;
            }
            before = after;
        };
        go(self.known(start.1).sums(end.0, profile), HAPPENED);
        for n in start.1..end.1 {
            go(
                self.known(n + 1).sums(end.0, profile),
                self.part(n, start.0),
            );
        }
        // An instrument that came up and went again in between is at neither end.
        let ends = [from, to].map(|(day, known)| self.known(known).totals(day, profile));
        moves.retain(|row, parts| {
            *parts != [0; 6] && ends.iter().any(|totals| totals.contains_key(row))
        });
        moves
    }

    /// To which part the effect of a draft goes.
    fn part(&self, n: usize, first_day: Day) -> usize {
        let kind = |n: usize| text(self.draft(n), "kind").unwrap();
        let mut withdrawn = n;
        while kind(withdrawn) == "retraction" {
            withdrawn = self.target(withdrawn).unwrap();
        }
        match kind(n) {
            _ if kind(withdrawn) == "merge" => MERGED,
            "retraction" => RETRACTED,
            _ if self.target(n).is_some() => CORRECTED,
            "identification" | "group" => IDENTIFIED,
            _ if self.when(n).is_some_and(|when| when.point() > first_day) => HAPPENED,
            _ => LEARNED_LATE,
        }
    }
}
