//! `report time-held`: how many days was each person held, over all stays?

use amparo_projections::reports::time_held::time_held;
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
pub const QUESTION: &str = "how many days was each person held, over all stays?";

/// How many days was each person held, over all stays?
///
/// The days at whose ends somebody was held by the profile, open stays included; the count says
/// who is held still. The bounds are sums of the bounds of each stay. A group has the days of
/// one of its members. Serves the deduction of time served, and claims to compensation (article
/// 9, paragraph 5, of the International Covenant on Civil and Political Rights).
#[derive(Debug, Args)]
pub struct TimeHeld {
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl TimeHeld {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked.show(derived.at.meta());
        let mut rows = Rows::new(session, &derived, meta, &["stays"]);
        for row in time_held(&view, as_of, &derived.profile) {
            let own = [Cell::count(row.stays.len() as u64)];
            rows.push(row.subject, row.still_held, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
