//! Which numbers of published totals must be withheld, so that nobody in a small one is found out?
//!
//! A number below the threshold, and not zero, is withheld: its low, count and high together. That
//! alone hides nothing, since it can be had by subtraction: from the total over all groups, or, on
//! the custody axis, from the held line, which is the sum of its profile's states. So more numbers
//! are withheld beside it, the smallest first, until none that is withheld follows from those that
//! are shown, and what is withheld of one sum amounts to the threshold at least.
//!
//! The answer holds for these two tables alone. Totals of another day, or laid out in another way,
//! are further sums, and whoever publishes them beside these must think of that.

mod sums;

use std::collections::HashMap;
use std::hash::Hash;

use crate::profile::Profile;
use crate::totals::TotalsRow;
use sums::{Number, Sums};

/// Which rows are withheld, in the order of the rows asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Of the totals over everybody.
    pub overall: Vec<bool>,
    /// Of the totals laid out by groups.
    pub grouped: Vec<bool>,
}

/// Decides what is withheld of totals over everybody, and of the same totals laid out by groups.
///
/// What is withheld of `overall` does not depend on `grouped`: the first can be published before
/// the second, and beside several of them. A threshold of 0 or 1 withholds nothing.
pub fn withheld(
    overall: &[TotalsRow],
    grouped: &[TotalsRow],
    profile: &Profile,
    below: u64,
) -> Withheld {
    let (mut lines, mut groups) = (HashMap::new(), HashMap::new());
    let mut number = |row: &TotalsRow, group| Number {
        line: nth(
            &mut lines,
            (row.axis, row.state.clone(), row.instrument.clone()),
        ),
        group,
        is_of_held: is_of_held(row, profile),
        count: row.total.count,
        is_small: is_small(row, below),
    };
    let everybody = overall.iter().map(|row| number(row, Sums::EVERYBODY));
    let mut numbers: Vec<_> = everybody.collect();
    for row in grouped {
        let group = Sums::EVERYBODY + 1 + nth(&mut groups, &row.by);
        numbers.push(number(row, group));
    }
    let mut grouped = Sums::new(numbers, below).protected();
    let overall = grouped.drain(..overall.len()).collect();
    Withheld { overall, grouped }
}

/// The number of a key, given out in the order of first sight.
fn nth<K: Eq + Hash>(known: &mut HashMap<K, usize>, key: K) -> usize {
    let next = known.len();
    *known.entry(key).or_insert(next)
}

/// Whether a row stands in the sum that makes up the held line.
fn is_of_held(row: &TotalsRow, profile: &Profile) -> bool {
    match row.axis {
        "profile" => true,
        "custody" => {
            let mut states = profile.states().iter();
            states.any(|state| state.word() == row.state)
        }
        _ => false,
    }
}

fn is_small(row: &TotalsRow, below: u64) -> bool {
    let total = row.total;
    [total.low, total.count, total.high]
        .iter()
        .any(|number| (1..below).contains(number))
}

#[cfg(test)]
mod tests;
