//! The totals once more, straight from section 3 of the design and as slowly as it reads: what the
//! read models are checked against. Shares no rule with them or with the core.

use std::collections::{BTreeMap, BTreeSet};

use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_core::event::Body;
use amparo_core::id::{EventId, PersonId, Seq, Subject};
use amparo_core::identity::{External, Secret};
use amparo_core::kind::{CustodyState, State};
use amparo_core::value::Place;
use proptest::prelude::*;

use crate::filter::Filter;
use crate::grouping::Grouping;
use crate::sample::{Sample, day};
use crate::totals::{TotalsRow, totals, totals_by};
use crate::{Facts, Profile, ReadModel, RunningTotals, View};

/// Low, count and high by axis, state and instrument.
type Totals = BTreeMap<(String, String, String), (u64, u64, u64)>;

/// What came of the entries up to a known-at, from the newest entry back.
fn in_force(entries: &[Entry]) -> Vec<&Entry> {
    let mut out: BTreeSet<EventId> = BTreeSet::new();
    let mut in_force = Vec::new();
    for entry in entries.iter().rev() {
        if !out.contains(&entry.id) {
            in_force.push(entry);
            out.extend(entry.event.target());
        }
    }
    in_force.reverse();
    in_force
}

/// The latest merge of each person, in log order, leaving out what closes a circle.
fn merged(in_force: &[&Entry]) -> BTreeMap<PersonId, PersonId> {
    let merges: Vec<_> = in_force
        .iter()
        .filter_map(|entry| match entry.event.body() {
            Body::Merge { person, into } => Some((*person, *into)),
            _ => None,
        })
        .collect();
    let mut next = BTreeMap::new();
    for (n, (person, into)) in merges.iter().enumerate() {
        let superseded = merges[n + 1..].iter().any(|(later, _)| later == person);
        if !superseded && follow(&next, *into) != *person {
            next.insert(*person, *into);
        }
    }
    next
}

fn follow(next: &BTreeMap<PersonId, PersonId>, mut person: PersonId) -> PersonId {
    while let Some(into) = next.get(&person) {
        person = *into;
    }
    person
}

fn weight(subject: Subject, in_force: &[&Entry], next: &BTreeMap<PersonId, PersonId>) -> u64 {
    let Subject::Group(group) = subject else {
        return 1;
    };
    let (mut size, mut identified) = (0, BTreeSet::new());
    for entry in in_force {
        match entry.event.body() {
            Body::Group(stated) if stated.group == group => size = stated.size.unwrap_or(size),
            Body::Identification { group: of, person } if *of == group => {
                identified.insert(follow(next, *person));
            }
            _ => {}
        }
    }
    size.saturating_sub(identified.len() as u64)
}

/// One step: lo, hi, point, the key that orders it, the state.
type Step = (Day, Day, Day, (Day, u32, u64), String);

fn courses(
    in_force: &[&Entry],
    next: &BTreeMap<PersonId, PersonId>,
) -> BTreeMap<(Subject, String, String), Vec<Step>> {
    let mut courses: BTreeMap<_, Vec<Step>> = BTreeMap::new();
    for entry in in_force {
        let (Some(state), Some(subject)) = (entry.event.kind().state(), entry.event.subject())
        else {
            continue;
        };
        let subject = match subject {
            Subject::Person(person) => Subject::Person(follow(next, person)),
            group => group,
        };
        let span = entry.event.occurred().unwrap().span();
        let (lo, hi) = (span.lo(), span.hi());
        let point = lo.plus_days((hi.days_since(lo) / 2) as u32).unwrap();
        let seconds = span.time().map_or(999_999, |time| time.seconds());
        let key = (point, seconds, entry.seq.number());
        let instrument = entry.event.instrument().map_or("", |code| code.as_str());
        courses
            .entry((subject, state.axis().to_string(), instrument.to_owned()))
            .or_default()
            .push((lo, hi, point, key, state.word().to_owned()));
    }
    for steps in courses.values_mut() {
        steps.sort_by_key(|step| step.3);
        for n in 0..steps.len() {
            let lo = steps[..=n].iter().map(|step| step.0).max().unwrap();
            steps[n].0 = lo;
        }
        for n in 0..steps.len() {
            let hi = steps[n..].iter().map(|step| step.1).min().unwrap();
            steps[n].1 = hi;
        }
    }
    courses
}

/// The totals of the entries, with only those lines that are not zero.
fn naive_totals(entries: &[Entry], as_of: Day, profile: &Profile) -> Totals {
    let in_force = in_force(entries);
    let next = merged(&in_force);
    let mut totals = Totals::new();
    for ((subject, axis, instrument), steps) in courses(&in_force, &next) {
        let weight = weight(subject, &in_force, &next);
        let last = |pick: &dyn Fn(&Step) -> Day| {
            let reached = steps.iter().rposition(|step| pick(step) <= as_of);
            reached.map_or(0, |n| n + 1)
        };
        let (certain, possible, point) = (last(&|s| s.1), last(&|s| s.0), last(&|s| s.2));
        let state_after = |n: usize| match n {
            0 => "not yet documented".to_owned(),
            n => steps[n - 1].4.clone(),
        };
        let states: BTreeSet<_> = (certain..=possible).map(state_after).collect();
        let mut sets: Vec<(String, String, BTreeSet<String>)> = states
            .iter()
            .map(|state| (axis.clone(), state.clone(), BTreeSet::from([state.clone()])))
            .collect();
        if axis == "custody" {
            let held = profile.states().iter().map(|state| state.word().to_owned());
            sets.push(("profile".into(), profile.name().into(), held.collect()));
        }
        for (axis, name, set) in sets {
            let one = (
                u64::from(states.is_subset(&set)) * weight,
                u64::from(set.contains(&state_after(point))) * weight,
                u64::from(!states.is_disjoint(&set)) * weight,
            );
            let sum = totals.entry((axis, name, instrument.clone())).or_default();
            *sum = (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2);
        }
    }
    totals.retain(|(_, state, _), sum| sum.2 > 0 && state != "not yet documented");
    totals
}

fn shape(rows: &[TotalsRow]) -> Totals {
    let shown = rows.iter().filter(|row| !row.total.is_zero());
    let cell = |row: &TotalsRow| {
        let instrument = row.instrument.clone().unwrap_or_default();
        let key = (row.axis.to_owned(), row.state.clone(), instrument);
        (key, (row.total.low, row.total.count, row.total.high))
    };
    shown.map(cell).collect()
}

fn date() -> impl Strategy<Value = String> {
    let day = 1..28_u32;
    prop_oneof![
        4 => day.clone().prop_map(|d| format!("2026-02-{d:02}")),
        3 => (day.clone(), 0..12_u32)
            .prop_map(|(d, n)| format!("2026-02-{d:02}/2026-02-{:02}", (d + n).min(28))),
        1 => Just("2026-02".to_owned()),
        1 => day.clone().prop_map(|d| format!("../2026-02-{d:02}")),
        1 => (day, 0..24_u32).prop_map(|(d, h)| format!("2026-02-{d:02}T{h:02}:30")),
    ]
}

fn subject() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (0..5_u8).prop_map(|p| format!(r#""person":"p:{p}""#)),
        2 => (0..2_u8).prop_map(|g| format!(r#""group":"g:{g}""#)),
    ]
}

fn status() -> impl Strategy<Value = String> {
    const KINDS: [&str; 14] = [
        "arrest",
        "custody-observed",
        "disappearance",
        "transfer",
        "house-arrest",
        "conditional-release",
        "release",
        "exit-unknown",
        "death",
        "charge",
        "acquittal",
        "clemency-request",
        "clemency-grant",
        "clemency-exclusion",
    ];
    (prop::sample::select(&KINDS[..]), subject(), date(), 0..3_u8).prop_map(
        |(kind, subject, date, n)| {
            let more = match (kind, n) {
                ("arrest" | "custody-observed" | "transfer", 1) => r#","place":"VE:A""#.to_owned(),
                ("arrest" | "custody-observed" | "transfer", 2) => r#","place":"VE:B""#.to_owned(),
                ("charge", 1 | 2) => format!(r#","court":"c{n}""#),
                _ if kind.starts_with("clemency") => format!(r#","instrument":"i{}""#, n % 2),
                _ => String::new(),
            };
            format!(r#""kind":"{kind}",{subject},"occurred":"{date}"{more}"#)
        },
    )
}

/// One draft; what it corrects, if anything, is picked among the entries before it.
fn draft() -> impl Strategy<Value = (String, prop::sample::Index, bool)> {
    let plain = prop_oneof![
        12 => status(),
        4 => (0..5_u8, 1..5_u8).prop_map(|(p, n)| format!(
            r#""kind":"merge","person":"p:{p}","into":"p:{}""#, (p + n) % 5)),
        3 => (0..2_u8, 0..9_u8)
            .prop_map(|(g, size)| format!(r#""kind":"group","group":"g:{g}","size":{size}"#)),
        1 => (0..2_u8).prop_map(|g| format!(r#""kind":"group","group":"g:{g}","label":"x""#)),
        5 => (0..2_u8, 0..5_u8).prop_map(|(g, p)| format!(
            r#""kind":"identification","group":"g:{g}","person":"p:{p}""#)),
        1 => (0..2_u8).prop_map(|i| format!(r#""kind":"instrument","instrument":"i{i}""#)),
        5 => Just(r#""kind":"retraction""#.to_owned()),
    ];
    (
        plain,
        any::<prop::sample::Index>(),
        prop::bool::weighted(0.2),
    )
}

/// Random histories of a few persons and groups in one February.
pub(crate) fn history() -> impl Strategy<Value = Sample> {
    prop::collection::vec(draft(), 1..40).prop_map(|drafts| {
        let mut sample = Sample::default();
        for (draft, target, replaces) in drafts {
            let before = sample.entries.len();
            let target = (before > 0).then(|| target.index(before.max(1)));
            match (draft.contains("retraction"), target) {
                (true, None) => continue,
                (true, Some(target)) => sample.add(&format!(r#"{draft},"entry":"@{target}""#)),
                (false, Some(target)) if replaces => {
                    sample.add(&format!(r#"{draft},"replaces":"@{target}""#))
                }
                (false, _) => sample.add(&draft),
            };
        }
        sample
    })
}

/// Filters that say of whom, of such histories; and one that asks nothing.
pub(crate) fn of_whom() -> impl Strategy<Value = Filter> {
    let place = || vec![Place::new("VE:A").unwrap()];
    let subject = || Secret::new([3; 32]).person(&External::new("p:1").unwrap());
    let fields = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    fields.prop_map(move |(placed, tried, asked, standing, named)| {
        let texts = |is: bool, text: &str| is.then(|| text.to_owned()).into_iter().collect();
        let detained = State::Custody(CustodyState::Detained);
        Filter {
            places: if placed { place() } else { Vec::new() },
            courts: texts(tried && !placed, "c1"),
            instruments: texts(asked && !tried, "i1"),
            states: Vec::from_iter((standing && asked).then_some(detained)),
            subjects: (named && standing)
                .then(|| Subject::Person(subject()))
                .into_iter()
                .collect(),
            ..Filter::default()
        }
    })
}

/// The n-th day of February.
pub(crate) fn february(n: u32) -> Day {
    day("2026-01-31").plus_days(n).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn totals_equal_those_of_the_naive_model(sample in history(), profile in 0..3_usize) {
        let profile = &Profile::built_in()[profile];
        let facts = sample.facts();
        for known in 0..sample.entries.len() {
            let view = View::known_at(&facts, sample.entries[known].seq);
            for n in (0..32).step_by(3) {
                let rows = totals(&view, february(n), profile);
                let expect = naive_totals(&sample.entries[..=known], february(n), profile);
                prop_assert_eq!(shape(&rows), expect, "known at e{} on {}", known, february(n));
                for TotalsRow { total, .. } in rows {
                    prop_assert!(total.low <= total.count && total.count <= total.high);
                }
            }
        }
    }

    #[test]
    fn a_state_under_an_instrument_is_the_same_by_instrument_and_of_one(
        sample in history(),
        on in 0..32_u32,
    ) {
        let facts = sample.facts();
        let (on, profile) = (february(on), Profile::default());
        let laid_out = totals_by(&View::head(&facts), on, &profile, &[Grouping::Instrument]);
        for row in totals(&View::head(&facts), on, &profile) {
            let Some(code) = row.instrument.clone().filter(|_| !row.total.is_zero()) else {
                continue;
            };
            let same = |other: &TotalsRow| {
                (other.state.as_str(), &other.instrument) == (row.state.as_str(), &row.instrument)
            };
            let of_it = |other: &&TotalsRow| same(other) && other.by == [Some(code.clone())];
            prop_assert_eq!(laid_out.iter().find(of_it).map(|other| other.total), Some(row.total));
            let filter = Filter { instruments: vec![code.clone()], ..Filter::default() };
            let asked = totals(&View::head(&facts).asked(&filter, on), on, &profile);
            let asked = asked.iter().find(|other| same(other)).map(|other| other.total);
            prop_assert_eq!(asked, Some(row.total));
        }
    }

    #[test]
    fn what_was_published_counts_the_same_whatever_is_appended_later(
        sample in history(),
        known in any::<prop::sample::Index>(),
        on in 0..32_u32,
        stay in 0..6_u32,
    ) {
        let known = known.index(sample.entries.len().max(1));
        let mut then = Facts::default();
        for entry in sample.entries.iter().take(known + 1) {
            then.apply(entry).unwrap();
        }
        let now = sample.facts();
        let profile = Profile::default().with_shortest_stay(stay).unwrap();
        let (then, now) = (View::head(&then), View::known_at(&now, Seq::new(known as u64)));
        prop_assert_eq!(
            totals(&then, february(on), &profile),
            totals(&now, february(on), &profile)
        );
        for grouping in [
            Grouping::Place { depth: 1 },
            Grouping::Publisher,
            Grouping::Instrument,
            Grouping::Recorder,
        ] {
            prop_assert_eq!(
                totals_by(&then, february(on), &profile, &[grouping]),
                totals_by(&now, february(on), &profile, &[grouping])
            );
        }
    }

    #[test]
    fn running_totals_equal_rebuilt_ones_after_every_entry_and_move(
        sample in history(),
        days in prop::collection::vec(0..32_u32, 1..6),
        stay in 0..9_u32,
    ) {
        let profile = Profile::default().with_shortest_stay(stay).unwrap();
        let mut running = RunningTotals::new(february(days[0]), profile.clone());
        for (n, entry) in sample.entries.iter().enumerate() {
            running.apply(entry).unwrap();
            if n % 3 == 0 {
                running.move_to(february(days[n % days.len()]));
            }
            let view = View::head(running.facts());
            prop_assert_eq!(running.rows(), totals(&view, running.as_of(), &profile));
        }
        let at_once = RunningTotals::of(sample.facts(), running.as_of(), profile.clone());
        prop_assert_eq!(at_once.rows(), running.rows());
        for day in days {
            running.move_to(february(day));
            let view = View::head(running.facts());
            prop_assert_eq!(running.rows(), totals(&view, february(day), &profile));
        }
    }
}
