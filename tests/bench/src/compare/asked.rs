//! Single questions: as cold processes, warm, and beside DuckDB.

use std::io;

use amparo_core::id::Seq;
use amparo_projections::Profile;
use amparo_projections::deltas::Block;
use amparo_store::ledger::Access;

use super::{
    APPENDS, DAY, RUNS, Row, Stage, megabytes, microseconds, middle, milliseconds, open, ratio,
    succeeded, timed,
};
use crate::{duck, measure};

impl Stage {
    /// Questions as cold processes.
    pub(super) fn cold(&self) -> io::Result<Vec<Row>> {
        let ask = |what, question: &str| -> io::Result<Row> {
            let arguments: Vec<&str> = question.split(' ').collect();
            // The first command of a new log keeps what it worked out of it.
            measure::median(&self.program, &self.ledger, &arguments, 1)?;
            let cost = measure::median(&self.program, &self.ledger, &arguments, RUNS)?;
            succeeded(cost.is_success(), question)?;
            Ok(Row {
                what,
                ours: format!(
                    "{}, {}",
                    milliseconds(cost.time),
                    megabytes(cost.peak_bytes)
                ),
                reference: String::new(),
                ratio: None,
            })
        };
        Ok(vec![
            ask(
                "totals of a day, as a cold process",
                &format!("totals --as-of {DAY}"),
            )?,
            ask(
                "the same as known at e100000",
                &format!("totals --as-of {DAY} --known-at e100000"),
            )?,
            self.warm()?,
            ask(
                "a year of totals by day, as a cold process",
                "totals --every day --from 2024-01-01 --to 2024-12-31",
            )?,
            ask("a person's timeline, as a cold process", "status p7")?,
            ask("verify: all that the folder holds", "verify")?,
            ask("verify of the log alone", "verify --log-only")?,
        ])
    }

    /// The totals of a day in a process that has read the block of the head before.
    fn warm(&self) -> io::Result<Row> {
        let ledger = open(&self.ledger, Access::Read)?;
        let head = Seq::new(ledger.head().size.saturating_sub(1));
        let name = format!("deltas-{:04}", Block::number_of(head));
        let kept = ledger.kept(&name);
        let kept = kept.ok_or_else(|| io::Error::other("no deltas are kept"))?;
        let block = Block::unpack(kept.bytes()).map_err(io::Error::other)?;
        let last = Seq::new(block.size().saturating_sub(1));
        let day = DAY.parse().map_err(io::Error::other)?;
        let mut times = Vec::with_capacity(APPENDS);
        for _ in 0..APPENDS {
            times.push(timed(|| {
                let rows = block.totals(last, day, &Profile::default());
                succeeded(rows.is_some(), "totals")
            })?);
        }
        Ok(Row {
            what: "the same in a process that has read the block",
            ours: microseconds(middle(&times)),
            reference: String::new(),
            ratio: None,
        })
    }

    /// The totals of a day, and the count alone in DuckDB's SQL.
    pub(super) fn counted(&self) -> io::Result<Vec<Row>> {
        if !duck::is_at_hand() {
            return Ok(vec![Row {
                what: "the count in DuckDB's SQL: Python has no module duckdb",
                ours: String::new(),
                reference: String::new(),
                ratio: None,
            }]);
        }
        let question = ["totals", "--as-of", DAY];
        let ours = measure::median(&self.program, &self.ledger, &question, RUNS)?;
        succeeded(ours.is_success(), "totals")?;
        let theirs = duck::count(&self.lines, &self.duck, DAY, RUNS)?;
        Ok(vec![
            Row {
                what: "all totals of a day with their ranges, and one count without in DuckDB's \
                       SQL, as cold processes",
                ours: milliseconds(ours.time),
                reference: format!(
                    "{} ({} deprived of liberty)",
                    milliseconds(theirs.cold),
                    theirs.count
                ),
                ratio: Some(ratio(ours.time, theirs.cold)),
            },
            Row {
                what: "that query of DuckDB's again in one process; its table made, once",
                ours: String::new(),
                reference: format!(
                    "{}; {}",
                    milliseconds(theirs.warm),
                    milliseconds(theirs.load)
                ),
                ratio: None,
            },
        ])
    }
}
