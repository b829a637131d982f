//! Tables of dates, and what holds for every text.

mod accepted; // what each text means, and what a draft becomes
mod days; // days, times, periods, order
mod properties; // any text, and bounds against slow models
mod refused; // what each wrong text is told

use super::{Context, Day};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Friday 2026-02-20 in Caracas (UTC-4, no summer time).
fn context() -> Context {
    Context {
        today: day("2026-02-20"),
        zone: chrono_tz::America::Caracas,
    }
}
