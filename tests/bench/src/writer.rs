//! The stories of all people as one file of drafts, in the order in which they become known.
//!
//! Kept in memory until they are written, about 350 bytes for each draft.

use std::io::{self, Write};

use serde_json::json;

use crate::story::{DAYS, INSTRUMENT, Told, date, story, uuid};

/// The most days after the last that something becomes known.
const AFTER: u32 = 200;
/// The days between two claims of how many are held.
const CLAIM_DAYS: usize = 30;

/// Writes exactly so many drafts, one on a line.
///
/// # Errors
/// Whatever the writer answers.
pub fn write_drafts(entries: u64, seed: u64, mut out: impl Write) -> io::Result<()> {
    let mut by_day: Vec<String> = vec![String::new(); (DAYS + AFTER) as usize];
    let mut left = entries;
    let mut rng = fastrand::Rng::with_seed(seed);
    let opening = json!({
        "kind": "instrument", "id": uuid(&mut rng), "instrument": INSTRUMENT, "form": "amnesty",
        "title": "Amnesty Demo", "decision_days": 15, "occurred": date(0),
        "exclusions": [{"code": "violence", "text": "acts of violence"}], "unsourced": true,
    });
    if left > 0 {
        writeln!(out, "{opening}")?;
        left -= 1;
    }
    for day in (0..DAYS as usize).step_by(CLAIM_DAYS) {
        if left == 0 {
            break;
        }
        let on = date(day as u32);
        let claim = json!({
            "kind": "claim", "id": uuid(&mut rng), "claimant": "Monitor Demo", "measure": "held",
            "quantity": {"low": rng.u32(500..90_000), "approximate": true}, "about": on,
            "occurred": on, "sources": [{"publisher": "Monitor Demo", "kind": "ngo"}],
        });
        tell(&mut by_day[day], &claim.to_string());
        left -= 1;
    }
    for person in 1.. {
        if left == 0 {
            break;
        }
        // What comes last may be cut off; nothing refers to what comes after it.
        for Told { day, line } in story(seed, person).into_iter().take(left as usize) {
            let day = (day as usize).min(by_day.len() - 1);
            tell(&mut by_day[day], &line);
            left -= 1;
        }
    }
    by_day
        .iter()
        .try_for_each(|day| out.write_all(day.as_bytes()))?;
    out.flush()
}

fn tell(day: &mut String, line: &str) {
    day.push_str(line);
    day.push('\n');
}

#[cfg(test)]
mod tests {
    use amparo_core::Context;
    use amparo_core::date::Day;
    use amparo_core::draft::Draft;
    use amparo_core::identity::Secret;

    use super::*;

    fn drafts(entries: u64, seed: u64) -> String {
        let mut out = Vec::new();
        write_drafts(entries, seed, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_as_many_lines_as_asked_for() {
        for entries in [0, 1, 2, 50, 1_000] {
            assert_eq!(drafts(entries, 1).lines().count() as u64, entries);
        }
        assert_eq!(drafts(500, 1), drafts(500, 1));
        assert_ne!(drafts(500, 1), drafts(500, 2));
    }

    #[test]
    fn every_line_is_a_draft_that_a_ledger_takes() {
        let context = Context {
            secret: Secret::new([7; 32]),
            today: Day::MAX,
            zone: chrono_tz::UTC,
        };
        let text = drafts(5_000, 3);
        for line in text.lines() {
            if let Err(faults) = Draft::parse(line.as_bytes(), &context) {
                panic!("{line}: {faults:?}");
            }
        }
        for kind in [
            "replaces",
            "\"2021-",
            "~\"",
            "clemency-grant",
            "charge",
            "claim",
        ] {
            assert!(
                text.contains(kind),
                "no {kind} in {} drafts",
                text.lines().count()
            );
        }
    }
}
