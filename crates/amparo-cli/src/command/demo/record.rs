//! The demonstration ledger: drafts and recording times from the fixture.

use std::path::Path;

use amparo_core::draft::Draft;
use amparo_core::entry::Recorded;
use amparo_store::ledger::{Ids, InitError, Keep, Ledger, NewLedger, Plan};

use crate::error::{Failure, FailureKind};
use crate::session::{Session, today};

/// The drafts, in the order in which they were learned.
const DRAFTS: &str = include_str!("../../../../../fixtures/venezuela-2026.jsonl");
/// How many of the next drafts are recorded together, and when.
const DAYS: &str = include_str!("../../../../../fixtures/venezuela-2026.days.csv");
/// Who recorded it.
const RECORDER: &str = "demo";

/// Drafts that are recorded together.
struct Report<'f> {
    lines: Vec<&'f str>,
    recorded: Recorded,
}

/// Makes the ledger in a folder that is empty or not there yet.
///
/// `prefix` is how to name it on the command line, for hints.
pub fn make(session: &mut Session<'_, '_>, dir: &Path, prefix: &str) -> Result<Ledger, Failure> {
    let reports = reports().ok_or_else(unsound)?;
    let first = reports.first().ok_or_else(unsound)?;
    let new = NewLedger {
        name: "Venezuela, amnesty of February 2026 (demonstration)".to_owned(),
        time_zone: chrono_tz::America::Caracas,
        recorder: RECORDER.to_owned(),
    };
    let random = &mut *session.world.random;
    let made = Ledger::init(dir, &new, first.recorded, &mut *random);
    let mut ledger = made.map_err(|error| refused(&error, prefix))?;
    for report in &reports {
        let context = ledger.context(today(&ledger, report.recorded)?);
        let ids = Ids::Fresh(report.recorded);
        let mut plan = Plan::new(&ledger, RECORDER, ids, Keep::Drafts, &mut *random);
        for line in &report.lines {
            let draft = Draft::parse(line.as_bytes(), &context).map_err(|_| unsound())?;
            plan.add(draft).map_err(|_| unsound())?;
        }
        let batch = plan.into_batch();
        ledger.append(batch, report.recorded, &mut *random)?;
    }
    Ok(ledger)
}

/// The fixture, report by report; `None` if its two files do not fit each other.
fn reports() -> Option<Vec<Report<'static>>> {
    let mut drafts = DRAFTS.lines();
    let mut reports = Vec::new();
    for day in DAYS.lines().skip(1) {
        let (count, recorded) = day.split_once(',')?;
        let count: usize = count.parse().ok()?;
        let lines: Vec<_> = drafts.by_ref().take(count).collect();
        let recorded = Recorded::parse(recorded).or_else(|| {
            // The fixture leaves out the milliseconds that the format has.
            Recorded::parse(&format!("{}.000Z", recorded.strip_suffix('Z')?))
        })?;
        (lines.len() == count).then(|| reports.push(Report { lines, recorded }))?;
    }
    drafts.next().is_none().then_some(reports)
}

fn unsound() -> Failure {
    Failure::internal("the demonstration that is built into this program is not sound")
}

fn refused(error: &InitError, prefix: &str) -> Failure {
    let (kind, hint) = match error {
        InitError::IsALedger(_) => (
            FailureKind::Usage,
            format!("look at it with `{prefix} status Guanipa --timeline`"),
        ),
        InitError::NotEmpty(_) => (
            FailureKind::Usage,
            "a demonstration is made where nothing is yet".to_owned(),
        ),
        InitError::InUse => (
            FailureKind::InUse,
            "wait for the other process to end".to_owned(),
        ),
        InitError::BadText(_)
        | InitError::Io { .. }
        | InitError::Keys(_)
        | InitError::Signing(_)
        | InitError::Journal(_)
        | InitError::Open(_) => (
            FailureKind::Internal,
            "no demonstration was made".to_owned(),
        ),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
        .hint("`amparo demo DIR` makes one in another folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_the_fixture_take_every_draft_once_and_never_go_back() {
        let reports = reports().unwrap();
        let lines: usize = reports.iter().map(|report| report.lines.len()).sum();
        assert_eq!(lines, DRAFTS.lines().count());
        assert!(reports.is_sorted_by_key(|report| report.recorded));
    }
}
