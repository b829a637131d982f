//! Totals compared with a naive model, written apart, on thousands of random histories.
//!
//! A failure names the seed of its history and the fewest drafts that still disagree;
//! `AMPARO_MODEL_SEED` runs that history alone, `AMPARO_MODEL_HISTORIES` sets how many there are.

/// Days and dates by hand.
mod dates;
/// Random drafts.
mod histories;
/// Section 3 of the design by the letter.
mod naive;
/// The histories in the real program.
mod program;
/// Figures published on the way through a history.
mod publications;
/// Choices from a seed.
pub mod random;

use amparo_core::Context;
use amparo_core::date::{Context as Spelling, Occurred};
use amparo_core::draft::Draft;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::Seq;
use amparo_core::identity::Secret;
use amparo_projections::totals::{TotalsRow, totals};
use amparo_projections::{Facts, Profile, ReadModel as _, RunningTotals, View};

use self::dates::Day;
use self::histories::{History, TODAY};
use self::naive::{PROFILES, Totals};
use self::random::Random;

/// Where the days of all histories begin and end: four hours behind UTC, all year.
const ZONE: &str = "America/Caracas";
const HISTORIES: u64 = 3000;
const QUESTIONS: usize = 4;

/// A number from the environment.
pub fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect(name))
}

/// The seeds of this run: that of the environment alone, else the first so many.
fn seeds(count: u64) -> std::ops::Range<u64> {
    match setting("AMPARO_MODEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..count,
    }
}

/// At which coordinates totals are asked.
#[derive(Debug, Clone, Copy)]
struct Question {
    as_of: Day,
    /// How many drafts are known.
    known: usize,
    profile: &'static str,
}

impl Question {
    fn random(random: &mut Random, drafts: usize) -> Self {
        let known = match random.chance(40) {
            true => drafts,
            false => 1 + random.below(drafts),
        };
        Self {
            as_of: histories::as_of(random),
            known,
            profile: random.pick(&PROFILES).0,
        }
    }
}

#[test]
fn dates_have_the_bounds_that_the_naive_model_reads() {
    let mut random = Random::new(0);
    let spelling = Spelling {
        today: TODAY.parse().unwrap(),
        zone: ZONE.parse().unwrap(),
    };
    for _ in 0..5000 {
        let text = histories::date(&mut random);
        let span = Occurred::parse_draft(&text, &spelling).unwrap().span();
        let naive = dates::read(&text);
        let bounds = [span.lo(), span.hi(), span.point()].map(|day| day.to_string());
        let naive_bounds = [naive.lo, naive.hi, naive.point()].map(dates::iso);
        assert_eq!(bounds, naive_bounds, "{text}");
        let time = span.time().map(|time| i64::from(time.seconds()));
        assert_eq!(time, naive.time, "{text}");
    }
}

#[test]
fn totals_are_those_of_the_naive_model() {
    let seeds = seeds(setting("AMPARO_MODEL_HISTORIES").unwrap_or(HISTORIES));
    let (mut histories, mut drafts, mut open, mut merged) = (0, 0, 0, 0);
    for seed in seeds {
        let mut random = Random::new(seed);
        let length = 1 + random.below(40);
        let history = History::random(&mut random, length);
        if history.lines.is_empty() {
            continue;
        }
        let facts = facts(&history.lines);
        for _ in 0..QUESTIONS {
            let question = Question::random(&mut random, history.lines.len());
            let naive = naive_totals(&history, question);
            if let Some(difference) = disagreement(&facts, &naive, question) {
                let (lines, difference) = fewest(history, question, difference);
                panic!(
                    "AMPARO_MODEL_SEED={seed}, {question:?} on {}:\n{}\n{difference}",
                    dates::iso(question.as_of),
                    lines.join("\n"),
                );
            }
            open += usize::from(naive.values().any(|[low, _, high]| low < high));
        }
        running_totals_agree(&history, &mut random, seed);
        histories += 1;
        merged += usize::from(history.naive.merged() > 1);
        drafts += history.lines.len();
    }
    println!(
        "{histories} histories with {drafts} drafts, {merged} with merges, and {open} answers \
         with a range agree"
    );
    // One history alone may hold anything.
    if histories > 1 {
        assert!(open > histories / 2, "hardly any total was uncertain");
        assert!(merged > histories / 10, "hardly anybody was merged");
    }
}

/// The log of these drafts, read back from its lines.
fn entries(lines: &[String]) -> Vec<Entry> {
    let context = Context {
        today: TODAY.parse().unwrap(),
        zone: ZONE.parse().unwrap(),
        secret: Secret::new([7; 32]),
    };
    let entry = |(n, line): (usize, &String)| {
        let draft = Draft::parse(line.as_bytes(), &context)
            .unwrap_or_else(|faults| panic!("{line}: {faults:?}"));
        let entry = Entry {
            seq: Seq::new(n as u64),
            id: draft.id().unwrap(),
            recorded: Recorded::from_ms(1_770_724_800_000 + n as i64).unwrap(),
            by: "desk".into(),
            event: draft.event().clone(),
            private: Vec::new(),
        };
        Entry::parse_exact(entry.line().as_bytes()).unwrap()
    };
    lines.iter().enumerate().map(entry).collect()
}

fn facts(lines: &[String]) -> Facts {
    let mut facts = Facts::default();
    for entry in entries(lines) {
        facts.apply(&entry).unwrap();
    }
    facts
}

fn profile(name: &str) -> Profile {
    Profile::named(name).unwrap()
}

fn as_map(rows: Vec<TotalsRow>) -> Totals {
    let entry = |row: TotalsRow| {
        let instrument = row.instrument.unwrap_or_default();
        let total = [row.total.low, row.total.count, row.total.high];
        ((row.axis.to_owned(), instrument, row.state), total)
    };
    rows.into_iter().map(entry).collect()
}

/// The rows on which the two differ, if any.
fn difference(program: &Totals, naive: &Totals) -> Option<String> {
    let keys = program.keys().chain(naive.keys());
    let differing = keys.filter(|key| program.get(*key) != naive.get(*key));
    let line = |key| {
        format!(
            "{key:?}: {:?}, naively {:?}",
            program.get(key),
            naive.get(key)
        )
    };
    differing.map(line).reduce(|all, line| all + "\n" + &line)
}

fn naive_totals(history: &History, at: Question) -> Totals {
    history.naive.known(at.known).totals(at.as_of, at.profile)
}

fn disagreement(facts: &Facts, naive: &Totals, at: Question) -> Option<String> {
    let view = View::known_at(facts, Seq::new(at.known as u64 - 1));
    let as_of = dates::iso(at.as_of).parse().unwrap();
    let rows = totals(&view, as_of, &profile(at.profile));
    difference(&as_map(rows), naive)
}

/// Totals that follow the log, moved to another day on the way, end where the others are.
fn running_totals_agree(history: &History, random: &mut Random, seed: u64) {
    let question = Question::random(random, history.lines.len());
    let start = dates::iso(histories::as_of(random)).parse().unwrap();
    let mut running = RunningTotals::new(start, profile(question.profile));
    let turn = random.below(question.known);
    for (n, entry) in entries(&history.lines[..question.known]).iter().enumerate() {
        running.apply(entry).unwrap();
        if n == turn {
            running.move_to(dates::iso(question.as_of).parse().unwrap());
        }
    }
    let naive = naive_totals(history, question);
    let difference = difference(&as_map(running.rows()), &naive);
    assert_eq!(
        difference, None,
        "AMPARO_MODEL_SEED={seed}, {question:?}, running"
    );
}

/// Leaves out drafts for as long as the rest disagrees too.
fn fewest(history: History, at: Question, difference: String) -> (Vec<String>, String) {
    let (mut lines, mut difference) = (history.lines, difference);
    lines.truncate(at.known);
    for n in (0..lines.len()).rev() {
        let mut fewer = lines.clone();
        let left_out = fewer.remove(n);
        let id = &left_out[6..44];
        if fewer.is_empty() || fewer.iter().any(|line| line.contains(id)) {
            continue;
        }
        let shorter = History::of(fewer);
        let known = shorter.lines.len();
        let at = Question { known, ..at };
        let facts = facts(&shorter.lines);
        if let Some(still) = disagreement(&facts, &naive_totals(&shorter, at), at) {
            (lines, difference) = (shorter.lines, still);
        }
    }
    (lines, difference)
}
