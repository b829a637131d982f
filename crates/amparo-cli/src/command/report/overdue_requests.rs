//! `report overdue-requests`: which requests for clemency were not decided in time?

use amparo_projections::reports::overdue_requests::overdue_requests;
use clap::Args;

use super::rows::Rows;
use crate::args::CoordinateArgs;
use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::filters::FilterArgs;
use crate::output::Cell;
use crate::session::Session;

/// What the report answers.
pub const QUESTION: &str = "which requests for clemency were not decided in time?";

/// Which requests for clemency were not decided in time?
///
/// A request without a decision since, past the decision days of its instrument. An instrument
/// that sets none has no overdue request. Serves the right to an effective remedy (article 2,
/// paragraph 3, of the International Covenant on Civil and Political Rights) and the time
/// limits that an amnesty act sets for its courts.
#[derive(Debug, Args)]
pub struct OverdueRequests {
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl OverdueRequests {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked.show(derived.at.meta());
        let mut rows = Rows::new(session, &derived, meta, &["instrument", "decision_days"]);
        for row in overdue_requests(&view, as_of) {
            let own = [
                rows.said(Some(row.instrument)),
                Cell::count(row.decision_days),
            ];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
