//! Random histories: drafts that a ledger accepts, as odd as it has to accept them.
//!
//! A handful of people, groups and instruments over a few months, so that dates tie, entries
//! overlap, merges chain, and corrections correct corrections.

use crate::dates::{self, Day};
use crate::naive::Naive;
use crate::random::Random;

/// The recording day of all histories.
pub const TODAY: &str = "2026-02-10";

const PERSONS: [&str; 6] = [
    "demo:1",
    "demo:2",
    "demo:3",
    "demo:4",
    "list.b:1",
    "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d",
];
const GROUPS: [&str; 2] = ["demo:yard", "demo:van"];
const INSTRUMENTS: [&str; 3] = ["law-a", "law-b", "pardon-c"];
const CUSTODY: [&str; 11] = [
    "arrest",
    "custody-observed",
    "disappearance",
    "transfer",
    "house-arrest",
    "conditional-release",
    "release",
    "exit-unknown",
    "escape",
    "exile",
    "death",
];
const CASE: [&str; 6] = [
    "charge",
    "conviction",
    "sentence",
    "acquittal",
    "dismissal",
    "quashing",
];
const CLEMENCY: [&str; 7] = [
    "clemency-request",
    "amnesty-request",
    "clemency-grant",
    "clemency-refusal",
    "clemency-exclusion",
    "clemency-appeal",
    "clemency-revocation",
];
/// The keys with which a draft replaces or retracts another.
const TARGETS: [&str; 2] = [r#""replaces":"#, r#""entry":"#];
const PLACES: [&str; 5] = ["VE", "VE:Demo", "VE:Demo:Yard", "VE:Other:Yard", "CO"];
const AUTHORITIES: [&str; 3] = ["Demo Police", "Demo Guard", "Demo Army"];
const COURTS: [&str; 2] = ["Demo Court 1", "Demo Court 2"];
const JURISDICTIONS: [&str; 2] = ["civil", "military"];
const GROUNDS: [&str; 2] = ["violence", "drugs"];
const PUBLISHERS: [&str; 3] = ["Demo Watch", "Demo Radio", "Demo Assembly"];
const SOURCE_KINDS: [&str; 3] = ["ngo", "media", "official"];
/// Who records the entries of a history, in turn.
pub const RECORDERS: [&str; 3] = ["desk", "court-desk", "night-desk"];
/// Times of a day: few, so that they tie.
const TIMES: [&str; 5] = ["07:00", "07:00:30", "23:30", "00:00", "03:30Z"];

/// A history in the making: the lines of its drafts, and the naive model that has read them.
#[derive(Clone, Default)]
pub struct History {
    /// One draft in JSON for each line, each with an id.
    pub lines: Vec<String>,
    /// The model.
    pub naive: Naive,
}

impl History {
    /// The history of a seed, with so many drafts.
    pub fn random(random: &mut Random, drafts: usize) -> Self {
        let mut history = Self::default();
        for code in &INSTRUMENTS[..random.below(INSTRUMENTS.len() + 1)] {
            history.push(format!(
                r#""kind":"instrument","instrument":"{code}","unsourced":true"#
            ));
        }
        let instruments = history.lines.len();
        for _ in 0..drafts {
            let fields = history.fields(random, instruments);
            // Nothing else changes who is merged with whom.
            let may_close = fields.contains(r#""kind":"merge""#)
                || fields.contains(TARGETS[0])
                || fields.contains(TARGETS[1]);
            history.push(fields);
            if may_close && history.naive.has_circle() {
                history.lines.pop();
                history.naive = history.naive.known(history.lines.len());
            }
        }
        history
    }

    /// The history of these drafts.
    pub fn of(lines: Vec<String>) -> Self {
        let mut naive = Naive::default();
        lines.iter().for_each(|line| naive.push(line));
        Self { lines, naive }
    }

    /// A draft that would close a circle of merges, if a few tries find one.
    pub fn circle(&self, random: &mut Random) -> Option<String> {
        (0..60).find_map(|_| {
            let fields = if self.lines.is_empty() || random.chance(70) {
                merge(random)
            } else {
                retraction(random.below(self.lines.len()))
            };
            let mut longer = self.clone();
            longer.push(fields);
            let closed = longer.naive.has_circle();
            longer.lines.pop().filter(|_| closed)
        })
    }

    fn push(&mut self, fields: String) {
        let line = format!(r#"{{"id":"{}",{fields}}}"#, id(self.lines.len()));
        self.naive.push(&line);
        self.lines.push(line);
    }

    fn fields(&self, random: &mut Random, instruments: usize) -> String {
        let correctable = self.lines.len();
        let mut fields = match random.below(100) {
            0..12 if correctable > 0 => return retraction(self.target(random)),
            0..22 => merge(random),
            22..30 => format!(
                r#""kind":"identification","group":"{}","person":"{}","unsourced":true"#,
                random.pick(&GROUPS),
                random.pick(&PERSONS)
            ),
            30..38 => group(random),
            38..40 => person(random),
            40..42 if instruments > 0 => {
                let code = random.pick(&INSTRUMENTS[..instruments]);
                format!(r#""kind":"instrument","instrument":"{code}","unsourced":true"#)
            }
            42..44 => r#""kind":"claim","claimant":"Demo","measure":"held","quantity":{"low":650},"unsourced":true"#.to_owned(),
            44..46 => r#""kind":"note","text":"x","unsourced":true"#.to_owned(),
            46..58 if instruments > 0 => {
                let code = random.pick(&INSTRUMENTS[..instruments]);
                let fields = status(random, &CLEMENCY);
                format!(r#"{fields},"instrument":"{code}""#)
            }
            46..64 => status(random, &CASE),
            _ => status(random, &CUSTODY),
        };
        if correctable > 0 && random.chance(12) {
            let target = id(self.target(random));
            fields.push_str(&format!(r#","replaces":"{target}""#));
        }
        fields
    }

    /// What to correct: often something recent, so that corrections are corrected in turn.
    fn target(&self, random: &mut Random) -> usize {
        let recent = if random.chance(60) { 4 } else { usize::MAX };
        let among = self.lines.len().min(recent);
        self.lines.len() - 1 - random.below(among)
    }
}

/// The id of a draft by its number.
pub fn id(n: usize) -> String {
    format!("0195a000-0000-7000-8000-{n:012x}")
}

/// Who recorded a draft, by its number.
pub fn recorder(n: usize) -> &'static str {
    RECORDERS[n % RECORDERS.len()]
}

fn retraction(target: usize) -> String {
    format!(r#""kind":"retraction","entry":"{}""#, id(target))
}

fn merge(random: &mut Random) -> String {
    let from = random.below(PERSONS.len());
    let into = (from + 1 + random.below(PERSONS.len() - 1)) % PERSONS.len();
    let (from, into) = (PERSONS[from], PERSONS[into]);
    format!(r#""kind":"merge","person":"{from}","into":"{into}","unsourced":true"#)
}

fn group(random: &mut Random) -> String {
    let group = random.pick(&GROUPS);
    match random.chance(80) {
        true => {
            let size = random.below(6);
            format!(r#""kind":"group","group":"{group}","size":{size},"unsourced":true"#)
        }
        false => format!(r#""kind":"group","group":"{group}","label":"x","unsourced":true"#),
    }
}

fn person(random: &mut Random) -> String {
    let person = random.pick(&PERSONS);
    format!(
        r#""kind":"person","person":"{person}","private":{{"name":"Ana Demo"}},"unsourced":true"#
    )
}

fn status(random: &mut Random, kinds: &[&str]) -> String {
    let kind = random.pick(kinds);
    let subject = match random.chance(25) {
        true => format!(r#""group":"{}""#, random.pick(&GROUPS)),
        false => format!(r#""person":"{}""#, random.pick(&PERSONS)),
    };
    let occurred = date(random);
    let particulars = particulars(random, kind);
    let sources = sources(random);
    format!(r#""kind":"{kind}",{subject},"occurred":"{occurred}"{particulars},{sources}"#)
}

/// Some of the fields that a kind takes and that totals can be laid out by.
fn particulars(random: &mut Random, kind: &str) -> String {
    let mut fields = String::new();
    let mut add = |random: &mut Random, key: &str, of: &[&str]| {
        if random.chance(60) {
            fields.push_str(&format!(r#","{key}":"{}""#, random.pick(of)));
        }
    };
    match kind {
        "arrest" | "disappearance" => {
            add(random, "authority", &AUTHORITIES);
            add(random, "place", &PLACES);
        }
        "custody-observed" | "transfer" | "house-arrest" | "escape" | "exile" | "death" => {
            add(random, "place", &PLACES);
        }
        _ if CASE.contains(&kind) => {
            add(random, "court", &COURTS);
            add(random, "jurisdiction", &JURISDICTIONS);
        }
        _ if CLEMENCY.contains(&kind) => {
            add(random, "court", &COURTS);
            add(random, "ground", &GROUNDS);
        }
        _ => {}
    }
    fields
}

fn sources(random: &mut Random) -> String {
    if random.chance(40) {
        return r#""unsourced":true"#.to_owned();
    }
    let source = |random: &mut Random| {
        let (publisher, kind) = (random.pick(&PUBLISHERS), random.pick(&SOURCE_KINDS));
        format!(r#"{{"publisher":"{publisher}","kind":"{kind}"}}"#)
    };
    let first = source(random);
    match random.chance(30) {
        true => format!(r#""sources":[{first},{}]"#, source(random)),
        false => format!(r#""sources":[{first}]"#),
    }
}

/// A day on which something happened: within some weeks before the recording day.
fn day(random: &mut Random) -> Day {
    let today = dates::read(TODAY).lo;
    random.between(today - 50, today)
}

/// The day of a question: mostly among the days of the history, sometimes far off.
pub fn as_of(random: &mut Random) -> Day {
    let today = dates::read(TODAY).lo;
    match random.below(20) {
        0 => dates::number(1990, 6, 1),
        1 => dates::number(2026, 12, 31),
        2 => random.between(today - 400, today + 100),
        _ => random.between(today - 70, today + 25),
    }
}

/// A date in one of many forms that does not lie after the recording day.
pub fn date(random: &mut Random) -> String {
    let first = day(random);
    let last = dates::iso(first + random.between(0, 20));
    let first = dates::iso(first);
    let (year, month) = (&first[..4], &first[..7]);
    let mark = *random.pick(&["", "", "~", "?", "%"]);
    match random.below(40) {
        0..12 => first,
        12..16 => format!("{first}T{}", random.pick(&TIMES)),
        16..19 => format!("{month}{mark}"),
        19 => format!("{month}-XX"),
        20 => format!("{year}{mark}"),
        21 => "2025-XX".to_owned(),
        22 => "202X".to_owned(),
        23 => format!("{first}{mark}"),
        24..30 => format!("{first}/{last}"),
        30 => format!("{month}/{last}"),
        31 => format!("{first}{mark}/2026-02{mark}"),
        32 => format!("../{first}"),
        33 => "/2025-12".to_owned(),
        34 => format!("{first}/.."),
        35 => format!("{month}/"),
        36 => format!("[{first}..{last}]"),
        37 => format!("[{first},{last}]"),
        38 => format!("{first}..{last}"),
        _ if last[..7] == *month => format!("{first}..{}", &last[8..]),
        _ => format!("..{first}"),
    }
}
