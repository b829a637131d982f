//! `report list-diff`: whom does one publisher document as held, and another does not?

use amparo_projections::reports::list_diff::list_diff;
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
pub const QUESTION: &str = "whom does one publisher document as held, and another does not?";

/// Whom does one publisher document as held, and another does not?
///
/// Each publisher is taken at its own word: only the entries that it stands behind make its
/// list. Who is on the first list and not on the second is here, with what the second says of
/// them, if anything. Serves the comparison of lists behind every dispute of numbers, and
/// the matching that multiple systems estimation starts from: it turns a gap into names to ask
/// after.
#[derive(Debug, Args)]
pub struct ListDiff {
    /// The publisher whose list it is
    publisher: String,
    /// The publisher on whose list they are missing
    other: String,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl ListDiff {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked
            .show(derived.at.meta())
            .filter("publisher", Some(&self.publisher))
            .filter("other", Some(&self.other));
        let mut rows = Rows::new(session, &derived, meta, &["other_says"]);
        for row in list_diff(&view, as_of, &derived.profile, &self.publisher, &self.other) {
            let own = [Cell::maybe(row.other_state.map(|state| state.word()))];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
