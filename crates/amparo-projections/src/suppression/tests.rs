use amparo_core::course::Count;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const STATES: [&str; 5] = [
    "detained",
    "disappeared",
    "house-arrest",
    "released",
    "charged",
];
const HELD: usize = 3;

fn row(state: &str, by: Option<&str>, count: u64) -> TotalsRow {
    let axis = match state {
        "charged" => "case",
        "deprived-of-liberty" => "profile",
        _ => "custody",
    };
    TotalsRow {
        axis,
        state: state.to_owned(),
        instrument: None,
        by: by.map(|value| Some(value.to_owned())).into_iter().collect(),
        total: Count {
            low: count,
            count,
            high: count,
        },
    }
}

/// The tables of counts by group and state, with the held line and without rows of zero by group.
fn tables(counts: &[[u64; 5]]) -> (Vec<TotalsRow>, Vec<TotalsRow>) {
    let of = |counts: &[u64; 5], by: Option<&str>| {
        let mut rows: Vec<_> = STATES
            .iter()
            .zip(counts)
            .map(|(s, n)| row(s, by, *n))
            .collect();
        rows.push(row("deprived-of-liberty", by, counts[..HELD].iter().sum()));
        rows
    };
    let mut all = [0; 5];
    let mut grouped = Vec::new();
    for (group, counts) in counts.iter().enumerate() {
        all.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        grouped.extend(of(counts, Some(&format!("place {group}"))));
    }
    grouped.retain(|row| row.total.count > 0);
    (of(&all, None), grouped)
}

fn shown(rows: &[TotalsRow], withheld: &[bool]) -> String {
    let cell = |(row, hidden): (&TotalsRow, &bool)| match hidden {
        true => format!("{} *", row.state),
        false => format!("{} {}", row.state, row.total.count),
    };
    rows.iter()
        .zip(withheld)
        .map(cell)
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn a_small_number_takes_another_of_its_line_and_of_its_group_with_it() {
    let (overall, grouped) = tables(&[[20, 2, 0, 7, 9], [30, 11, 0, 8, 9], [40, 12, 0, 9, 9]]);
    let withheld = withheld(&overall, &grouped, &Profile::default(), 5);
    assert_eq!(
        shown(&overall, &withheld.overall),
        "detained 90, disappeared 25, house-arrest 0, released 24, charged 27, \
         deprived-of-liberty 115"
    );
    assert_eq!(
        shown(&grouped, &withheld.grouped),
        "detained *, disappeared *, released 7, charged 9, deprived-of-liberty 22, \
         detained *, disappeared *, released 8, charged 9, deprived-of-liberty 41, \
         detained 40, disappeared 12, released 9, charged 9, deprived-of-liberty 52"
    );
}

#[test]
fn a_small_total_takes_another_of_the_held_sum_with_it_whatever_the_groups() {
    let (overall, grouped) = tables(&[[20, 3, 9, 6, 6]]);
    let alone = withheld(&overall, &[], &Profile::default(), 5);
    assert_eq!(
        shown(&overall, &alone.overall),
        "detained 20, disappeared *, house-arrest *, released 6, charged 6, \
         deprived-of-liberty 32"
    );
    let beside = withheld(&overall, &grouped, &Profile::default(), 5);
    assert_eq!(beside.overall, alone.overall);
}

#[test]
fn a_low_or_a_high_that_is_small_withholds_the_number() {
    let mut only = row("released", None, 20);
    only.total.low = 1;
    let withheld = |below| withheld(&[only.clone()], &[], &Profile::default(), below).overall;
    assert_eq!(
        (withheld(5), withheld(1), withheld(0)),
        (vec![true], vec![false], vec![false])
    );
}

/// Which withheld numbers are settled by the sums alone: a column of the system, brought to reduced
/// form over a prime field, whose row has no other column.
fn settled(counts: &[[u64; 5]], withheld: &Withheld) -> Vec<(usize, u64)> {
    const PRIME: i128 = 2_147_483_647;
    let (overall, grouped) = tables(counts);
    let rows: Vec<_> = overall.iter().chain(&grouped).collect();
    let hidden: Vec<_> = withheld.overall.iter().chain(&withheld.grouped).collect();
    let unknown: Vec<_> = (0..rows.len()).filter(|n| *hidden[*n]).collect();
    let mut keys: Vec<_> = rows.iter().map(|row| row.by.clone()).collect();
    keys.dedup();
    let mut sums: Vec<Vec<i128>> = Vec::new();
    let mut equation = |weight: &dyn Fn(&TotalsRow) -> i128| {
        sums.push(unknown.iter().map(|n| weight(rows[*n])).collect());
    };
    for total in &overall {
        let of_line = |row: &TotalsRow| match (row.state == total.state, row.by.is_empty()) {
            (false, _) => 0,
            (true, true) => -1,
            (true, false) => 1,
        };
        equation(&of_line);
    }
    for key in &keys {
        let of_group = |row: &TotalsRow| match row.by == *key {
            true if row.axis == "profile" => -1,
            true if STATES[..HELD].contains(&&*row.state) => 1,
            _ => 0,
        };
        equation(&of_group);
    }
    let mut done = 0;
    for column in 0..unknown.len() {
        let Some(pivot) = (done..sums.len()).find(|n| sums[*n][column].rem_euclid(PRIME) != 0)
        else {
            continue;
        };
        sums.swap(done, pivot);
        let inverse = power(sums[done][column].rem_euclid(PRIME), PRIME - 2, PRIME);
        for value in &mut sums[done] {
            *value = (value.rem_euclid(PRIME) * inverse) % PRIME;
        }
        let pivot = sums[done].clone();
        for (n, sum) in sums.iter_mut().enumerate() {
            let factor = sum[column];
            if n != done && factor != 0 {
                sum.iter_mut()
                    .zip(&pivot)
                    .for_each(|(value, p)| *value = (*value - factor * p).rem_euclid(PRIME));
            }
        }
        done += 1;
    }
    let alone = |sum: &&Vec<i128>| sum.iter().filter(|value| **value != 0).count() == 1;
    let of = |sum: &Vec<i128>| unknown[sum.iter().position(|value| *value != 0).unwrap()];
    let found = sums[..done].iter().filter(alone).map(of);
    found.map(|n| (n, rows[n].total.count)).collect()
}

fn power(base: i128, mut exponent: i128, modulus: i128) -> i128 {
    let (mut result, mut square) = (1, base);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * square % modulus;
        }
        square = square * square % modulus;
        exponent /= 2;
    }
    result
}

#[test]
fn the_oracle_finds_what_withholding_small_numbers_alone_gives_away() {
    let counts = [[20, 2, 0, 7, 9], [30, 11, 0, 8, 9]];
    let (overall, grouped) = tables(&counts);
    let small = |rows: &[TotalsRow]| rows.iter().map(|row| is_small(row, 5)).collect();
    let only_small = Withheld {
        overall: small(&overall),
        grouped: small(&grouped),
    };
    let given_away: Vec<_> = settled(&counts, &only_small)
        .iter()
        .map(|found| found.1)
        .collect();
    assert_eq!(given_away, [2]);
}

proptest! {
    #[test]
    fn no_small_number_follows_from_those_that_are_shown(
        counts in vec(any::<[u8; 5]>(), 1..7), width in 2u64..40, below in 2u64..12,
    ) {
        let counts: Vec<[u64; 5]> =
            counts.iter().map(|row| row.map(|n| u64::from(n) % width)).collect();
        let (overall, grouped) = tables(&counts);
        let withheld = withheld(&overall, &grouped, &Profile::default(), below);
        for (n, row) in overall.iter().chain(&grouped).enumerate() {
            let hidden = withheld.overall.iter().chain(&withheld.grouped).nth(n).unwrap();
            prop_assert!(*hidden || !is_small(row, below), "{row:?} is shown");
        }
        for (_, count) in settled(&counts, &withheld) {
            prop_assert!(!(1..below).contains(&count), "{count} follows: {counts:?}");
        }
    }
}
