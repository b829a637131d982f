//! Random histories through the real program, compared with the naive model (package
//! `amparo-model`). The read models by themselves are compared with it at length in
//! `tests/faults`.
//!
//! A failure names the seed of its history; `AMPARO_MODEL_SEED` runs that history alone.

/// The histories in the real program.
mod program;
/// Figures published on the way through a history.
mod publications;

use amparo_core::date::{Context as Spelling, Occurred};
use amparo_model::dates;
use amparo_model::histories::{self, TODAY};
use amparo_model::naive::Totals;
use amparo_model::random::Random;

/// Where the days of all histories begin and end: four hours behind UTC, all year.
const ZONE: &str = "America/Caracas";

/// A number from the environment.
pub fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect(name))
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
