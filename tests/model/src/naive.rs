//! Totals by the letter of section 3 of the design, as slowly as it reads.
//!
//! The model is fed the drafts as JSON and knows nothing of the program: own dates, own order, own
//! rules. Whatever it shares with the program it shares through the design alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::dates::{self, Day, When};

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
    drafts: Vec<Arc<Read>>,
}

/// A draft that was read.
struct Read {
    draft: Value,
    /// The number of the draft that it replaces or retracts.
    target: Option<usize>,
    when: Option<When>,
    /// Axis and state, if it changes one.
    change: Option<(&'static str, &'static str)>,
}

/// A text of a draft.
pub(crate) fn text<'v>(draft: &'v Value, key: &str) -> Option<&'v str> {
    draft[key].as_str()
}

/// Axis and state of a kind that changes one.
fn change(draft: &Value) -> Option<(&'static str, &'static str)> {
    let kind = text(draft, "kind")?.replace("amnesty-", "clemency-");
    let row = STATES.iter().find(|(_, known, _)| *known == kind)?;
    Some((row.0, row.2))
}

/// Whom a draft is about: `group` or `person`, and which.
pub(crate) type Subject = (&'static str, String);

fn subject(draft: &Value) -> Option<Subject> {
    let of = |key| text(draft, key).map(str::to_owned);
    match of("group") {
        Some(group) => Some(("group", group)),
        None => of("person").map(|person| ("person", person)),
    }
}

impl Naive {
    /// Adds a draft.
    pub fn push(&mut self, line: &str) {
        let draft: Value = serde_json::from_str(line).unwrap();
        let target = text(&draft, "entry").or(text(&draft, "replaces"));
        let number = |id| self.drafts.iter().position(|read| read.draft["id"] == id);
        self.drafts.push(Arc::new(Read {
            target: target.map(|id| number(id).unwrap()),
            when: text(&draft, "occurred").map(dates::read),
            change: change(&draft),
            draft,
        }));
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
            if let (true, Some(target)) = (in_force[n], self.target(n)) {
                in_force[target] = false;
            }
        }
        in_force
    }

    /// How many drafts there are.
    pub fn len(&self) -> usize {
        self.drafts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// A draft by its number.
    pub(crate) fn draft(&self, n: usize) -> &Value {
        &self.drafts[n].draft
    }

    /// When a draft says that it happened.
    pub(crate) fn when(&self, n: usize) -> Option<When> {
        self.drafts[n].when
    }

    /// The number of the draft that a draft replaces or retracts.
    pub(crate) fn target(&self, n: usize) -> Option<usize> {
        self.drafts[n].target
    }

    /// The drafts in force.
    fn standing(&self) -> Vec<(usize, &Value)> {
        let in_force = self.in_force();
        let all = self.drafts.iter().map(|read| &read.draft).enumerate();
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

    /// The drafts in force that change a state or a place, by whom they belong to after merges.
    pub(crate) fn stories(&self) -> Vec<Story<'_>> {
        let standing = self.standing();
        let merges = self.merges();
        let resolve = |person: &str| {
            let mut at = person;
            while let Some(into) = merges.get(at) {
                at = into;
            }
            at.to_owned()
        };
        let mut stories: BTreeMap<Subject, Story<'_>> = BTreeMap::new();
        for (n, draft) in &standing {
            let moves = self.drafts[*n].change.is_some() || draft["kind"] == "transfer";
            let Some((form, whose)) = subject(draft).filter(|_| moves) else {
                continue;
            };
            let (whose, weight) = match form {
                "group" => (whose.clone(), weight(&standing, &whose, resolve)),
                _ => (resolve(&whose), 1),
            };
            let steps = Vec::new();
            let story = stories
                .entry((form, whose))
                .or_insert(Story { weight, steps });
            story.steps.push(Step {
                when: self.when(*n).unwrap(),
                n: *n,
                draft,
                change: self.drafts[*n].change,
            });
        }
        let mut stories: Vec<_> = stories.into_values().collect();
        stories.iter_mut().for_each(Story::sort);
        stories
    }

    /// Low, count and high of every row at the end of a day.
    pub fn totals(&self, as_of: Day, profile: &str) -> Totals {
        let mut rows = empty_rows(&self.standing(), profile);
        rows.extend(self.sums(as_of, profile));
        rows
    }

    /// The same, of those rows only that somebody may stand in.
    pub(crate) fn sums(&self, as_of: Day, profile: &str) -> Totals {
        let mut rows = Totals::new();
        for story in self.stories() {
            story.add_to(&mut rows, as_of, profile);
        }
        rows
    }
}

/// The states that a profile counts as held.
pub(crate) fn held(profile: &str) -> &'static [&'static str] {
    let known = PROFILES.iter().find(|(name, _)| *name == profile);
    known.unwrap().1
}

/// All that is in force about a person or a group.
pub(crate) struct Story<'n> {
    /// How many it stands for.
    pub(crate) weight: u64,
    /// The steps of all axes in their order, transfers among them.
    pub(crate) steps: Vec<Step<'n>>,
}

/// One draft in a story.
#[derive(Clone, Copy)]
pub(crate) struct Step<'n> {
    pub(crate) when: When,
    /// The number of the draft.
    pub(crate) n: usize,
    pub(crate) draft: &'n Value,
    change: Option<(&'static str, &'static str)>,
}

impl<'n> Step<'n> {
    /// The state after it; none for a transfer.
    pub(crate) fn state(&self) -> Option<&'static str> {
        self.change.map(|(_, state)| state)
    }

    /// The axis; that of a transfer is custody.
    pub(crate) fn axis(&self) -> &'static str {
        self.change.map_or("custody", |(axis, _)| axis)
    }

    /// A text of the draft.
    pub(crate) fn text(&self, key: &str) -> Option<&'n str> {
        text(self.draft, key)
    }
}

impl<'n> Story<'n> {
    fn sort(&mut self) {
        self.steps.sort_by_key(|step| {
            let time = step.when.time;
            (step.when.point(), time.is_none(), time, step.n)
        });
    }

    /// The steps that change the state on an axis, under an instrument (empty for none).
    pub(crate) fn course(&self, axis: &str, instrument: &str) -> Vec<Step<'n>> {
        let on_axis = |step: &&Step<'_>| {
            step.change.is_some_and(|(of, _)| of == axis)
                && step.text("instrument").unwrap_or_default() == instrument
        };
        self.steps.iter().filter(on_axis).copied().collect()
    }

    /// Adds where the subject stands at the end of a day.
    pub(crate) fn add_to(&self, rows: &mut Totals, as_of: Day, profile: &str) {
        let changes = self.steps.iter().filter(|step| step.state().is_some());
        let of = |step: &Step<'n>| (step.axis(), step.text("instrument").unwrap_or_default());
        let courses: BTreeSet<_> = changes.map(of).collect();
        for (axis, instrument) in courses {
            let standing = stand(&self.course(axis, instrument), as_of);
            let states: BTreeSet<_> = standing.possible.iter().flatten().copied().collect();
            let mut add = |axis: &str, name: &str, counted: &[&str]| {
                let row = (axis.to_owned(), instrument.to_owned(), name.to_owned());
                let is_in = |state: &Option<&str>| state.is_some_and(|s| counted.contains(&s));
                let row = rows.entry(row).or_default();
                row[0] += self.weight * u64::from(standing.possible.iter().all(is_in));
                row[1] += self.weight * u64::from(is_in(&standing.point));
                row[2] += self.weight * u64::from(standing.possible.iter().any(is_in));
            };
            for state in states {
                add(axis, state, &[state]);
            }
            if axis == "custody" {
                add("profile", profile, held(profile));
            }
        }
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

/// Where somebody stands on an axis; none is "not yet documented".
struct Standing {
    possible: Vec<Option<&'static str>>,
    point: Option<&'static str>,
}

fn stand(steps: &[Step<'_>], as_of: Day) -> Standing {
    let lo = |n: usize| steps[..=n].iter().map(|step| step.when.lo).max();
    let hi = |n: usize| steps[n..].iter().map(|step| step.when.hi).min();
    let point = |n: usize| Some(steps[n].when.point());
    // The number of the last step, from 1, that a bound puts on or before the day; 0 for none.
    let last = |bound: &dyn Fn(usize) -> Option<Day>| {
        let reached = (0..steps.len()).filter(|n| bound(*n) <= Some(as_of));
        reached.last().map_or(0, |n| n + 1)
    };
    let state = |index: usize| index.checked_sub(1).and_then(|n| steps[n].state());
    Standing {
        possible: (last(&hi)..=last(&lo)).map(state).collect(),
        point: state(last(&point)),
    }
}
