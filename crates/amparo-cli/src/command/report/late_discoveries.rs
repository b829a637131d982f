//! `report late-discoveries`: how long after it happened was each thing recorded?

use amparo_core::course::Count;
use amparo_core::date::Day;
use amparo_projections::reports::late_discoveries::{PublisherLag, late_discoveries};
use clap::Args;

use super::rows::{Row, Rows};
use crate::args::CoordinateArgs;
use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::filters::FilterArgs;
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::Session;

/// What the report answers.
pub const QUESTION: &str = "how long after it happened was each thing recorded, and through whom?";

/// How long after it happened was each thing recorded, and through whom?
///
/// The lag from the date of an entry to the day of its recording; one that replaces another
/// discovers nothing and is left out. Serves the reader of a fresh number: if half of a
/// publisher's entries come thirty days late, last month's count will rise (the reporting delay
/// of public health statistics).
#[derive(Debug, Args)]
pub struct LateDiscoveries {
    /// Only entries recorded so many days late at least
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    days: u64,
    /// One row for each publisher, with the lag that half of its entries do not exceed
    #[arg(long)]
    by_source: bool,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl LateDiscoveries {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let zone = derived.ledger.opening().time_zone;
        let day_of = |time: amparo_core::entry::Recorded| Day::at(time.ms(), zone);
        let answer = late_discoveries(&derived.asked(&asked), self.days, day_of);
        let meta = asked
            .show(derived.at.meta())
            .filter("days", Some(self.days));
        if self.by_source {
            let reply = by_source(meta, &derived, &answer.by_publisher);
            session.reply(&reply)?;
            return Ok(Exit::Done);
        }
        let rows = Rows::new(session, &derived, meta, &["sources"]);
        let one = Count {
            low: 1,
            count: 1,
            high: 1,
        };
        rows.send_each(
            session,
            answer.rows,
            |row| row.subject,
            |row| {
                let publishers = row.publishers.iter().map(|id| derived.facts.text(*id));
                Row {
                    subject: row.subject,
                    total: one,
                    days: row.days,
                    own: [Cell::list(publishers)].into(),
                    entries: [row.entry].into(),
                }
            },
        )
    }
}

fn by_source(meta: Meta, derived: &Derived, lags: &[PublisherLag]) -> Reply {
    let numbers = ["entries", "late", "median_days", "longest_days"].map(Column::number);
    let columns = [Column::text("source")].into_iter().chain(numbers);
    let mut reply = Reply::at(meta, columns);
    for lag in lags {
        let publisher = lag.publisher.map(|id| derived.facts.text(id));
        let mut cells = vec![Cell::maybe(publisher)];
        cells.extend([lag.entries, lag.late, lag.median_days, lag.longest_days].map(Cell::count));
        reply.push(cells);
    }
    reply
}
