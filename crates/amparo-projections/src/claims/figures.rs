//! How did the figures that claimants state move, and where do claimants contradict each other?
//!
//! A figure is what one claimant states of one measure, instrument and scope, over time. Its
//! steps are in the order of the days they speak of, so that a figure for last week that is
//! stated today stands where it belongs.

use std::collections::BTreeMap;

use amparo_core::date::Day;
use amparo_core::id::Seq;
use amparo_core::value::Measure;
use amparo_core::word::Word as _;

use super::{ClaimRow, Gap, claims_in_force, contradictions, meant, stated};
use crate::view::View;

/// What one claimant states of one thing, over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure<'a> {
    /// Who states it.
    pub claimant: &'a str,
    /// What is counted.
    pub measure: Measure,
    /// The instrument it speaks of.
    pub instrument: Option<&'a str>,
    /// What part of the whole.
    pub scope: Option<&'a str>,
    /// The claims, by the last day they speak of, undated ones last, then in log order.
    pub steps: Vec<FigureStep>,
}

/// One claim of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FigureStep {
    /// The entry.
    pub seq: Seq,
    /// The last day it speaks of.
    pub day: Option<Day>,
    /// Claimed now, less claimed before; none for the first.
    pub moved: Option<Gap>,
    /// Claimed less documented.
    pub gap: Gap,
}

/// How the figures moved, by claimant, then measure, instrument and scope.
pub fn figures<'a>(rows: &[ClaimRow<'a>]) -> Vec<Figure<'a>> {
    let mut by_figure: BTreeMap<_, Vec<&ClaimRow<'a>>> = BTreeMap::new();
    for row in rows {
        let claim = row.claim;
        let instrument = claim.instrument.as_ref().map(|code| code.as_str());
        let key = (
            &*claim.claimant,
            claim.measure.word(),
            instrument,
            claim.scope.as_deref(),
        );
        by_figure.entry(key).or_default().push(row);
    }
    let mut figures = Vec::new();
    for ((claimant, _, instrument, scope), mut of) in by_figure {
        let day = |row: &ClaimRow<'_>| row.period.map(|period| period.last());
        of.sort_by_key(|row| (day(row).is_none(), day(row), row.seq));
        let step = |n: usize| FigureStep {
            seq: of[n].seq,
            day: day(of[n]),
            moved: n.checked_sub(1).map(|before| moved(of[before], of[n])),
            gap: of[n].gap,
        };
        figures.extend(of.first().map(|first| Figure {
            claimant,
            measure: first.claim.measure,
            instrument,
            scope,
            steps: (0..of.len()).map(step).collect(),
        }));
    }
    figures
}

fn moved(before: &ClaimRow<'_>, after: &ClaimRow<'_>) -> Gap {
    let ((low, high), (from_low, from_high)) = (
        stated(&after.claim.quantity),
        stated(&before.claim.quantity),
    );
    let less = |one: u64, other: u64| i64::try_from(i128::from(one) - i128::from(other)).ok();
    Gap {
        low: from_high.and_then(|from| less(low, from)),
        high: high.and_then(|high| less(high, from_low)),
    }
}

/// Two claims of different claimants on the same thing that cannot both be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispute {
    /// The claim recorded first.
    pub one: Seq,
    /// The other.
    pub other: Seq,
    /// How far the numbers are apart at least, with "about" meant widely.
    pub apart: u64,
}

/// Where claimants contradict each other, in log order.
pub fn disputes(view: &View<'_>) -> Vec<Dispute> {
    let claims: BTreeMap<_, _> = claims_in_force(view).into_iter().collect();
    let dispute = |(one, other): (Seq, Seq)| {
        let (low, high) = meant(&claims.get(&one)?.quantity);
        let (other_low, other_high) = meant(&claims.get(&other)?.quantity);
        let above = |low: u64, high: Option<u64>| high.map_or(0, |high| low.saturating_sub(high));
        Some(Dispute {
            one,
            other,
            apart: above(low, other_high).max(above(other_low, high)),
        })
    };
    contradictions(view)
        .into_iter()
        .filter_map(dispute)
        .collect()
}
