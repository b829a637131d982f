//! `report at-liberty-case-open`: who is at liberty with a case still open?

use amparo_projections::reports::at_liberty_case_open::at_liberty_case_open;
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
pub const QUESTION: &str = "who is at liberty with a case still open?";

/// Who is at liberty with a case still open?
///
/// Released, or out on conditions, while a charge, conviction or sentence stands: let go, and
/// not free. Serves articles 9 and 14 of the International Covenant on Civil and Political
/// Rights (release subject to guarantees to appear, trial without undue delay): what a count of
/// releases leaves out.
#[derive(Debug, Args)]
pub struct AtLibertyCaseOpen {
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl AtLibertyCaseOpen {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked.show(derived.at.meta());
        let mut rows = Rows::new(session, &derived, meta, &["custody", "case"]);
        for row in at_liberty_case_open(&view, as_of) {
            let own = [Cell::text(row.custody.word()), Cell::text(row.case.word())];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
