//! Who came in and who went out: does the stock at the end follow from the stock at the start?
//!
//! Over a period and for a profile: stock at the end of the day before, plus entries by kind,
//! less exits by kind, equals the stock at the end of the last day. All in point counts, groups
//! with their weight. The flows are read off the order of steps and the stocks off the profile,
//! apart from each other; the residual is what does not tie out, and is always there. At one
//! known-at it is 0. With a start as it was known at another, it is what was learned about the
//! start since.
//!
//! A filter that says of whom is met or not at the end of each day: who comes to meet it while held
//! comes in, by the entry that did it (a transfer into the place asked for), and goes out likewise.
//!
//! Only what stands at the end of a day flows: who is let go and taken again on one day neither
//! left nor came. With a shortest stay somebody comes in on the day the stay is long enough.

use std::collections::BTreeMap;

use amparo_core::course::{Course, Placed};
use amparo_core::date::{Day, Period};
use amparo_core::id::Seq;
use amparo_core::kind::{Kind, State};
use amparo_core::planted::{Bug, is_planted};

use crate::fact::{Fact, SubjectId};
use crate::filter::Filter;
use crate::profile::Profile;
use crate::trail::Trail;
use crate::view::View;

/// Stocks and flows of a profile over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flows {
    /// How many were held at the end of the day before the first.
    pub start: u64,
    /// Who came in, by the kind of the entry, in the order of kinds; kinds without any left out.
    pub entries: Vec<FlowRow>,
    /// Who went out, likewise.
    pub exits: Vec<FlowRow>,
    /// How many were held at the end of the last day.
    pub end: u64,
}

/// All who came in or went out by one kind of entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// The kind of the entry.
    pub kind: Kind,
    /// How many.
    pub count: u64,
    /// Those of them who had been held before, and out since.
    pub again: u64,
    /// Those of them of whom nothing about custody was documented before.
    pub newly_documented: u64,
    /// One by one, by day, then by the order of the log.
    pub moves: Vec<FlowMove>,
}

/// One who came in or went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowMove {
    /// The day at whose end the subject was first in, or first out.
    pub day: Day,
    /// The entry by which the subject came in or went out.
    pub entry: Seq,
    /// Who.
    pub subject: SubjectId,
    /// How many the subject counts for.
    pub weight: u64,
    /// Whether it is a coming in after an earlier stay.
    pub is_again: bool,
    /// Whether it is a coming in with nothing about custody documented before.
    pub is_newly_documented: bool,
}

impl Flows {
    /// How many came in.
    pub fn entered(&self) -> u64 {
        self.entries.iter().map(|row| row.count).sum()
    }

    /// How many went out.
    pub fn left(&self) -> u64 {
        self.exits.iter().map(|row| row.count).sum()
    }

    /// The stock at the end, less what the start and the flows make.
    pub fn residual(&self) -> i64 {
        // Counts are bounded by entries times the largest group, far below 2^63.
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        signed(self.end) - (signed(self.start) + signed(self.entered()) - signed(self.left()))
    }
}

/// The flows over a period, as known in a view, from a start as known in another (or the same), of those
/// of whom a filter asks. Both views are [on its word](View::on_word_of).
pub fn flows(
    start: &View<'_>,
    view: &View<'_>,
    period: Period,
    profile: &Profile,
    filter: &Filter,
) -> Flows {
    let (mut entries, mut exits) = (BTreeMap::new(), BTreeMap::new());
    for subject in view.subjects() {
        let weight = view.weight(subject);
        if weight == 0 || !filter.asks_about(view.facts(), subject, |one| view.root(one)) {
            continue;
        }
        let courses = view.courses(subject);
        let mut stays = stays(&courses.custody, profile);
        if filter.asks_of_whom() {
            let trail = view.trail(subject);
            let is_met = |day| filter.is_met(view.facts(), &trail, &courses, day);
            stays = stays_that_meet(&stays, &trail, is_met);
        }
        for stay in stays {
            let flow = |(day, entry)| FlowMove {
                day,
                entry,
                subject,
                weight,
                is_again: false,
                is_newly_documented: false,
            };
            let entered = FlowMove {
                is_again: stay.is_again,
                is_newly_documented: stay.is_newly_documented,
                ..flow(stay.entered)
            };
            let left = stay.left.map(flow);
            for (moves, of) in [(&mut entries, Some(entered)), (&mut exits, left)] {
                if let Some(of) = of.filter(|of| period.contains(of.day)) {
                    note(moves, view, of);
                }
            }
        }
    }
    Flows {
        start: match period.first().minus_days(1) {
            Some(day) => stock(start, day, profile, filter),
            None => 0,
        },
        entries: rows(entries),
        exits: rows(exits),
        end: stock(view, period.last(), profile, filter),
    }
}

fn stock(view: &View<'_>, as_of: Day, profile: &Profile, filter: &Filter) -> u64 {
    let is_asked =
        |subject: &SubjectId| !filter.asks_of_whom() || filter.keeps(view, *subject, as_of);
    let held = |subject| {
        let one = profile.held(&view.courses(subject).custody, as_of);
        one.times(view.weight(subject)).count
    };
    view.subjects().filter(is_asked).map(held).sum()
}

fn note(moves: &mut BTreeMap<Kind, Vec<FlowMove>>, view: &View<'_>, of: FlowMove) {
    if let Some(kind) = view.fact(of.entry).map(Fact::kind) {
        moves.entry(kind).or_default().push(of);
    }
}

fn rows(by_kind: BTreeMap<Kind, Vec<FlowMove>>) -> Vec<FlowRow> {
    let row = |(kind, mut moves): (Kind, Vec<FlowMove>)| {
        moves.sort_unstable_by_key(|of| (of.day, of.entry));
        let sum = |is: fn(&FlowMove) -> bool| {
            let those = moves.iter().filter(|of| is(of));
            those.map(|of| of.weight).sum()
        };
        FlowRow {
            kind,
            count: sum(|_| true),
            again: sum(|of| of.is_again),
            newly_documented: sum(|of| of.is_newly_documented),
            moves,
        }
    };
    by_kind.into_iter().map(row).collect()
}

/// A run of days at whose ends somebody counts as held, at the point dates.
#[derive(Clone, Copy)]
struct CountedStay {
    /// The first of these days, and the entry that it began by.
    entered: (Day, Seq),
    /// The first day out, and the entry that led out.
    left: Option<(Day, Seq)>,
    /// Whether there was a counted stay before.
    is_again: bool,
    /// Whether nothing about custody was documented before.
    is_newly_documented: bool,
}

/// The parts of stays on whose days a filter is met.
fn stays_that_meet(
    stays: &[CountedStay],
    trail: &Trail<'_>,
    is_met: impl Fn(Day) -> bool,
) -> Vec<CountedStay> {
    let mut days: Vec<_> = trail.days().collect();
    days.sort_unstable();
    days.dedup();
    let mut parts: Vec<CountedStay> = Vec::new();
    for stay in stays {
        let (first, _) = stay.entered;
        let is_within = |day: &Day| *day > first && stay.left.is_none_or(|(out, _)| *day < out);
        let turning = days.iter().copied().filter(is_within);
        let mut part: Option<CountedStay> = None;
        for day in std::iter::once(first).chain(turning) {
            let by = trail
                .reached(day)
                .last()
                .map_or(Seq::OPENING, |(seq, _)| *seq);
            match (part, is_met(day)) {
                (None, true) if day == first => part = Some(*stay),
                (None, true) => {
                    part = Some(CountedStay {
                        entered: (day, by),
                        is_newly_documented: false,
                        ..*stay
                    });
                }
                (Some(met), false) => {
                    parts.push(CountedStay {
                        left: Some((day, by)),
                        ..met
                    });
                    part = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        parts.extend(part);
    }
    for (n, part) in parts.iter_mut().enumerate() {
        part.is_again = n > 0 && !is_planted(Bug::NobodyAgain);
    }
    parts
}

/// The stays that a profile counts, in order.
fn stays(custody: &Course<State>, profile: &Profile) -> Vec<CountedStay> {
    let steps = custody.steps();
    let wait = profile.shortest_stay_days().saturating_sub(1);
    let held = |n: usize| profile.states().contains(steps[n].step.state);
    let mut stays: Vec<CountedStay> = Vec::new();
    let mut began: Option<(Day, usize)> = None;
    let mut first = 0;
    while first < steps.len() {
        let day = steps[first].step.span.point();
        let of_day = |placed: &Placed<State>| placed.step.span.point() == day;
        let next = first
            + steps[first..]
                .iter()
                .take_while(|step| of_day(step))
                .count();
        let is_in = held(next - 1);
        // The turn is the first step of the day from which on it stays so.
        let turn = (first..next).rev().take_while(|n| held(*n) == is_in).last();
        let turn = turn.unwrap_or(first);
        match (began, is_in) {
            (None, true) => began = Some((day, turn)),
            (Some((from, entry)), false) => {
                let stay = counted(steps, (from, entry), wait, Some((day, turn)), &stays);
                stays.extend(stay);
                began = None;
            }
            (None, false) | (Some(_), true) => {}
        }
        first = next;
    }
    if let Some((from, entry)) = began {
        stays.extend(counted(steps, (from, entry), wait, None, &stays));
    }
    stays
}

/// The stay, if it lasts until the profile counts it; with the days and the numbers of the steps that
/// it began and ended by.
fn counted(
    steps: &[Placed<State>],
    (from, entry): (Day, usize),
    wait: u32,
    exit: Option<(Day, usize)>,
    before: &[CountedStay],
) -> Option<CountedStay> {
    let counted_from = from.plus_days(wait)?;
    let lasts = exit.is_none_or(|(day, _)| counted_from < day);
    let seq = |step: usize| steps[step].step.seq;
    lasts.then(|| CountedStay {
        entered: (counted_from, seq(entry)),
        left: exit.map(|(day, step)| (day, seq(step))),
        is_again: !before.is_empty() && !is_planted(Bug::NobodyAgain),
        is_newly_documented: entry == 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::naive::{february, history, of_whom};
    use crate::sample::{Sample, day};
    use crate::totals::totals;
    use amparo_core::value::Place;

    fn shown(flows: &Flows) -> String {
        let row = |sign: &'static str| {
            move |row: &FlowRow| {
                let FlowRow {
                    kind,
                    count,
                    again,
                    newly_documented,
                    ..
                } = row;
                format!(" {sign}{count} {kind} ({again} again, {newly_documented} new)")
            }
        };
        let entries: String = flows.entries.iter().map(row("+")).collect();
        let exits: String = flows.exits.iter().map(row("-")).collect();
        format!(
            "{}{entries}{exits} = {}, {}",
            flows.start,
            flows.end,
            flows.residual()
        )
    }

    const HISTORY: [&str; 13] = [
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-01""#,
        r#""kind":"conditional-release","person":"p:1","occurred":"2026-02-08""#,
        // Let go and taken again on one day is no flow; nor is a second report.
        r#""kind":"release","person":"p:1","occurred":"2026-02-12T10:00""#,
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-12T18:00""#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-02-02""#,
        r#""kind":"release","person":"p:2","occurred":"2026-02-10T09:00""#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-02-10T20:00""#,
        r#""kind":"group","group":"g:1","size":5"#,
        r#""kind":"custody-observed","group":"g:1","occurred":"2026-02-11""#,
        // In and further on the same day: came in by the first, went out by the first.
        r#""kind":"disappearance","person":"p:3","occurred":"2026-02-11T01:00""#,
        r#""kind":"arrest","person":"p:3","occurred":"2026-02-11T02:00""#,
        r#""kind":"exile","person":"p:3","occurred":"2026-02-20""#,
        r#""kind":"death","person":"p:3","occurred":"2026-02-20""#,
    ];

    #[test]
    fn stock_and_flows_tie_out_by_kind() {
        let facts = Sample::of(&HISTORY).facts();
        let view = View::head(&facts);
        for (stay, from, to, expect) in [
            (
                0,
                "2026-02-01",
                "2026-02-09",
                "0 +2 arrest (0 again, 2 new) -1 conditional-release (0 again, 0 new) = 1, 0",
            ),
            (
                0,
                "2026-02-10",
                "2026-02-20",
                "1 +1 arrest (1 again, 0 new) +5 custody-observed (0 again, 5 new) \
                 +1 disappearance (0 again, 1 new) -1 exile (0 again, 0 new) = 7, 0",
            ),
            (0, "2026-03-01", "2026-03-31", "7 = 7, 0"),
            // A week counts from its seventh day: p:1 is let go the day after.
            (
                7,
                "2026-02-01",
                "2026-02-08",
                "0 +2 arrest (0 again, 2 new) -1 conditional-release (0 again, 0 new) = 1, 0",
            ),
            (8, "2026-02-01", "2026-02-08", "0 = 0, 0"),
        ] {
            let profile = Profile::default().with_shortest_stay(stay).unwrap();
            let period = Period::new(day(from), day(to)).unwrap();
            let flows = flows(&view, &view, period, &profile, &Filter::default());
            assert_eq!(shown(&flows), expect, "{stay} {from}");
        }
    }

    #[test]
    fn what_was_learned_about_the_start_is_the_residual() {
        let facts = Sample::of(&HISTORY).facts();
        let then = View::known_at(&facts, Seq::new(3));
        let period = Period::new(day("2026-02-08"), day("2026-02-09")).unwrap();
        let flows = flows(
            &then,
            &View::head(&facts),
            period,
            &Profile::default(),
            &Filter::default(),
        );
        assert_eq!(
            shown(&flows),
            "1 -1 conditional-release (0 again, 0 new) = 1, 1"
        );
    }

    #[test]
    fn who_is_moved_into_a_place_comes_in_there() {
        let facts = Sample::of(&[
            r#""kind":"arrest","person":"p:1","occurred":"2026-02-01","place":"VE:A""#,
            r#""kind":"transfer","person":"p:1","occurred":"2026-02-05","place":"VE:B""#,
            r#""kind":"arrest","person":"p:2","occurred":"2026-02-03","place":"VE:B""#,
            r#""kind":"death","person":"p:2","occurred":"2026-02-07""#,
            r#""kind":"transfer","person":"p:1","occurred":"2026-02-10","place":"VE:A""#,
        ])
        .facts();
        let view = View::head(&facts);
        let asked = |from, to, place| {
            let filter = Filter {
                places: vec![Place::new(place).unwrap()],
                ..Filter::default()
            };
            let period = Period::new(day(from), day(to)).unwrap();
            shown(&flows(&view, &view, period, &Profile::default(), &filter))
        };
        for (place, expect) in [
            (
                "VE:B",
                "0 +1 arrest (0 again, 1 new) +1 transfer (0 again, 0 new) \
                 -1 death (0 again, 0 new) = 1, 0",
            ),
            ("VE:A", "1 -1 transfer (0 again, 0 new) = 0, 0"),
            (
                "VE",
                "1 +1 arrest (0 again, 1 new) -1 death (0 again, 0 new) = 1, 0",
            ),
        ] {
            assert_eq!(asked("2026-02-02", "2026-02-08", place), expect, "{place}");
        }
        // Back in a place is again.
        assert_eq!(
            asked("2026-02-09", "2026-02-11", "VE:A"),
            "0 +1 transfer (1 again, 0 new) = 1, 0"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn at_one_known_at_nothing_is_left_over(
            sample in history(),
            known in any::<prop::sample::Index>(),
            first in 0..20_u32,
            length in 0..14_u32,
            stay in 0..6_u32,
            profile in 0..3_usize,
            filter in of_whom(),
        ) {
            let facts = sample.facts();
            let known = Seq::new(known.index(facts.len().max(1)) as u64);
            let view = View::known_at(&facts, known).on_word_of(&filter);
            let profile = Profile::built_in()[profile].clone().with_shortest_stay(stay).unwrap();
            let period = Period::new(february(first), february(first + length)).unwrap();
            let flows = flows(&view, &view, period, &profile, &filter);
            prop_assert_eq!(flows.residual(), 0, "{}", shown(&flows));
            for (stock, on) in [(flows.start, period.first().minus_days(1)), (flows.end, Some(period.last()))] {
                let asked = View::known_at(&facts, known).asked(&filter, on.unwrap());
                let rows = totals(&asked, on.unwrap(), &profile);
                prop_assert_eq!(stock, rows.last().map_or(0, |row| row.total.count));
            }
            for row in flows.entries.iter().chain(&flows.exits) {
                let sum: u64 = row.moves.iter().map(|of| of.weight).sum();
                prop_assert_eq!(row.count, sum);
                prop_assert!(row.again + row.newly_documented <= row.count);
            }
        }

        #[test]
        fn the_residual_is_what_was_learned_late_of_the_start(
            sample in history(),
            known in any::<[prop::sample::Index; 2]>(),
            first in 0..20_u32,
            length in 0..14_u32,
            profile in 0..3_usize,
        ) {
            let facts = sample.facts();
            let mut known = known.map(|known| known.index(facts.len().max(1)) as u64);
            known.sort_unstable();
            let [then, now] = known.map(|known| View::known_at(&facts, Seq::new(known)));
            let profile = &Profile::built_in()[profile];
            let (from, to) = (february(first), february(first + length));
            let period = Period::new(from, to).unwrap();
            let flows = flows(&then, &now, period, profile, &Filter::default());
            let before = from.minus_days(1).unwrap();
            let held = |view: &View<'_>| {
                let mut rows = totals(view, before, profile).into_iter();
                rows.find(|row| row.state == profile.name()).map_or(0, |row| row.total.count as i64)
            };
            prop_assert_eq!(flows.residual(), held(&now) - held(&then), "{}", shown(&flows));
        }

        #[test]
        fn nothing_is_left_over_where_nothing_was_learned_late(
            mut sample in history(),
            news in prop::collection::vec((0..4_usize, 1..9_u32, 0..14_u32, 0..3_u32), 1..8),
            first in 0..14_u32,
            profile in 0..3_usize,
        ) {
            let known = sample.entries.last().map_or(0, |entry| entry.seq.number());
            for (kind, person, after, days) in news {
                let kind = ["arrest", "release", "house-arrest", "disappearance"][kind];
                let (lo, hi) = (february(first + after), february(first + after + days));
                sample.add(&format!(
                    r#""kind":"{kind}","person":"p:{person}","occurred":"{lo}/{hi}""#
                ));
            }
            let facts = sample.facts();
            let (then, now) = (View::known_at(&facts, Seq::new(known)), View::head(&facts));
            let period = Period::new(february(first), february(first + 14)).unwrap();
            let flows = flows(&then, &now, period, &Profile::built_in()[profile], &Filter::default());
            prop_assert_eq!(flows.residual(), 0, "{}", shown(&flows));
        }
    }
}
