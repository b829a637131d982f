//! `report whereabouts-unknown`: of whom does nobody say where they are?

use amparo_projections::reports::whereabouts_unknown::whereabouts_unknown;
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
pub const QUESTION: &str = "of whom does nobody say where they are?";

/// Of whom does nobody say where they are?
///
/// The disappeared; those held with no place named; those who left custody and nobody says how.
/// Serves the International Convention for the Protection of All Persons from Enforced
/// Disappearance, articles 2, 17 and 18: concealment of the fate or whereabouts, and the duty
/// to say where somebody is held. A place of a disappeared person is where they were last seen.
#[derive(Debug, Args)]
pub struct WhereaboutsUnknown {
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl WhereaboutsUnknown {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked.show(derived.at.meta());
        let mut rows = Rows::new(session, &derived, meta, &["state", "last_seen"]);
        for row in whereabouts_unknown(&view, as_of) {
            let own = [
                Cell::text(row.state.word()),
                rows.said(row.last_seen.map(|(_, place)| place)),
            ];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
