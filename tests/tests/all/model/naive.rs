//! Totals by the letter of section 3 of the design, as slowly as it reads.
//!
//! The model is fed the drafts as JSON and knows nothing of the program: own dates, own order, own
//! rules. Whatever it shares with the program it shares through the design alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::dates::{self, Day, When};

/// Kinds and the states after them, as the table of the design has them.
const STATES: [(&str, &str, &str); 22] = [
    ("custody", "arrest", "detained"),
    ("custody", "custody-observed", "detained"),
    ("custody", "disappearance", "disappeared"),
    ("custody", "house-arrest", "house-arrest"),
    ("custody", "conditional-release", "conditional-release"),
    ("custody", "release", "released"),
    ("custody", "exit-unknown", "exit-unknown"),
    ("custody", "escape", "escaped"),
    ("custody", "exile", "exiled"),
    ("custody", "death", "deceased"),
    ("case", "charge", "charged"),
    ("case", "conviction", "convicted"),
    ("case", "sentence", "sentenced"),
    ("case", "acquittal", "acquitted"),
    ("case", "dismissal", "dismissed"),
    ("case", "quashing", "quashed"),
    ("clemency", "clemency-request", "requested"),
    ("clemency", "clemency-grant", "granted"),
    ("clemency", "clemency-refusal", "refused"),
    ("clemency", "clemency-exclusion", "excluded"),
    ("clemency", "clemency-appeal", "appealed"),
    ("clemency", "clemency-revocation", "revoked"),
];

/// The profiles and the states that count as held.
pub const PROFILES: [(&str, &[&str]); 3] = [
    (
        "deprived-of-liberty",
        &["detained", "disappeared", "house-arrest"],
    ),
    ("prison-only", &["detained"]),
    (
        "with-measures",
        &[
            "detained",
            "disappeared",
            "house-arrest",
            "conditional-release",
        ],
    ),
];

/// Axis, instrument (empty where there is none) and state of a row.
pub type Row = (String, String, String);
/// Low, count and high of each row.
pub type Totals = BTreeMap<Row, [u64; 3]>;

/// The drafts of a history in their order, as they were handed in.
#[derive(Clone, Default)]
pub struct Naive {
    drafts: Vec<Value>,
}

fn text<'v>(draft: &'v Value, key: &str) -> Option<&'v str> {
    draft[key].as_str()
}

/// Axis and state of a kind that changes one.
fn change(draft: &Value) -> Option<(&'static str, &'static str)> {
    let kind = text(draft, "kind")?.replace("amnesty-", "clemency-");
    let row = STATES.iter().find(|(_, known, _)| *known == kind)?;
    Some((row.0, row.2))
}

/// Whom a draft is about: a group or a person, and which.
fn subject(draft: &Value) -> Option<(&'static str, String)> {
    let of = |key| text(draft, key).map(str::to_owned);
    match of("group") {
        Some(group) => Some(("group", group)),
        None => of("person").map(|person| ("person", person)),
    }
}

impl Naive {
    /// Adds a draft.
    pub fn push(&mut self, line: &str) {
        self.drafts.push(serde_json::from_str(line).unwrap());
    }

    /// The first drafts only.
    pub fn known(&self, size: usize) -> Self {
        Self {
            drafts: self.drafts[..size].to_vec(),
        }
    }

    /// Which drafts are in force, decided from the newest back.
    fn in_force(&self) -> Vec<bool> {
        let mut in_force = vec![true; self.drafts.len()];
        for n in (0..self.drafts.len()).rev() {
            let draft = &self.drafts[n];
            let target = text(draft, "entry").or(text(draft, "replaces"));
            if let (true, Some(target)) = (in_force[n], target) {
                let target = self.drafts[..n].iter().position(|d| d["id"] == target);
                in_force[target.unwrap()] = false;
            }
        }
        in_force
    }

    /// The drafts in force.
    fn standing(&self) -> Vec<(usize, &Value)> {
        let in_force = self.in_force();
        let all = self.drafts.iter().enumerate();
        all.filter(|(n, _)| in_force[*n]).collect()
    }

    /// From whom to whom: the latest merge in force of each person.
    fn merges(&self) -> BTreeMap<&str, &str> {
        let standing = self.standing().into_iter();
        let merges = standing.filter(|(_, draft)| draft["kind"] == "merge");
        let pair = |draft| Some((text(draft, "person")?, text(draft, "into")?));
        merges.filter_map(|(_, draft)| pair(draft)).collect()
    }

    /// How many merges hold.
    pub fn merged(&self) -> usize {
        self.merges().len()
    }

    /// Whether the merges in force lead somebody round in a circle.
    pub fn has_circle(&self) -> bool {
        let merges = self.merges();
        merges.keys().any(|start| {
            let mut at = *start;
            for _ in 0..=merges.len() {
                match merges.get(at) {
                    Some(into) => at = into,
                    None => return false,
                }
            }
            true
        })
    }

    /// Low, count and high of every row at the end of a day.
    pub fn totals(&self, as_of: Day, profile: &str) -> Totals {
        let standing = self.standing();
        let merges = self.merges();
        let resolve = |person: &str| {
            let mut at = person;
            while let Some(into) = merges.get(at) {
                at = into;
            }
            at.to_owned()
        };
        let mut rows = empty_rows(&standing, profile);
        let mut steps: BTreeMap<_, Vec<Step>> = BTreeMap::new();
        for (n, draft) in &standing {
            if let (Some((axis, state)), Some((form, whose))) = (change(draft), subject(draft)) {
                let whose = if form == "person" {
                    resolve(&whose)
                } else {
                    whose
                };
                let instrument = text(draft, "instrument").unwrap_or_default();
                let course = ((form, whose), axis, instrument);
                let when = dates::read(text(draft, "occurred").unwrap());
                let step = Step { when, n: *n, state };
                steps.entry(course).or_default().push(step);
            }
        }
        let held = PROFILES
            .iter()
            .find(|(name, _)| *name == profile)
            .unwrap()
            .1;
        for (((form, whose), axis, instrument), steps) in steps {
            let weight = match form {
                "group" => weight(&standing, &whose, resolve),
                _ => 1,
            };
            let standing = stand(steps, as_of);
            let states: BTreeSet<_> = standing.possible.iter().flatten().copied().collect();
            let mut add = |axis: &str, name: &str, counted: &[&str]| {
                let row = (axis.to_owned(), instrument.to_owned(), name.to_owned());
                let is_in = |state: &Option<&str>| state.is_some_and(|s| counted.contains(&s));
                let row = rows.entry(row).or_default();
                row[0] += weight * u64::from(standing.possible.iter().all(is_in));
                row[1] += weight * u64::from(is_in(&standing.point));
                row[2] += weight * u64::from(standing.possible.iter().any(is_in));
            };
            for state in states {
                add(axis, state, &[state]);
            }
            if axis == "custody" {
                add("profile", profile, held);
            }
        }
        rows
    }
}

/// The rows that there are whoever is in them.
fn empty_rows(standing: &[(usize, &Value)], profile: &str) -> Totals {
    let instruments: BTreeSet<_> = standing
        .iter()
        .filter(|(_, draft)| draft["kind"] != "claim")
        .filter_map(|(_, draft)| text(draft, "instrument"))
        .collect();
    let row = |axis: &str, instrument: &str, state: &str| {
        let key = (axis.to_owned(), instrument.to_owned(), state.to_owned());
        (key, [0; 3])
    };
    let mut rows = Totals::from([row("profile", "", profile)]);
    for (axis, _, state) in STATES {
        match axis {
            "clemency" => rows.extend(instruments.iter().map(|code| row(axis, code, state))),
            _ => rows.extend([row(axis, "", state)]),
        }
    }
    rows
}

/// The size of a group as last stated, less the distinct persons identified from it.
fn weight(standing: &[(usize, &Value)], group: &str, resolve: impl Fn(&str) -> String) -> u64 {
    let about = standing.iter().map(|(_, draft)| draft);
    let about: Vec<_> = about.filter(|draft| draft["group"] == group).collect();
    let sizes = about.iter().filter(|draft| draft["kind"] == "group");
    let size = sizes.filter_map(|draft| draft["size"].as_u64()).next_back();
    let identified = about
        .iter()
        .filter(|draft| draft["kind"] == "identification");
    let persons = identified.filter_map(|draft| text(draft, "person"));
    let persons: BTreeSet<_> = persons.map(resolve).collect();
    size.unwrap_or(0).saturating_sub(persons.len() as u64)
}

struct Step {
    when: When,
    n: usize,
    state: &'static str,
}

/// Where somebody stands on an axis; none is "not yet documented".
struct Standing {
    possible: Vec<Option<&'static str>>,
    point: Option<&'static str>,
}

fn stand(mut steps: Vec<Step>, as_of: Day) -> Standing {
    steps.sort_by_key(|step| {
        let time = step.when.time;
        (step.when.point(), time.is_none(), time, step.n)
    });
    let lo = |n: usize| steps[..=n].iter().map(|step| step.when.lo).max();
    let hi = |n: usize| steps[n..].iter().map(|step| step.when.hi).min();
    let point = |n: usize| Some(steps[n].when.point());
    // The number of the last step, from 1, that a bound puts on or before the day; 0 for none.
    let last = |bound: &dyn Fn(usize) -> Option<Day>| {
        let reached = (0..steps.len()).filter(|n| bound(*n) <= Some(as_of));
        reached.last().map_or(0, |n| n + 1)
    };
    let state = |index: usize| index.checked_sub(1).map(|n| steps[n].state);
    Standing {
        possible: (last(&hi)..=last(&lo)).map(state).collect(),
        point: state(last(&point)),
    }
}
