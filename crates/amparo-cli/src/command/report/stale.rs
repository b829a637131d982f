//! `report stale`: who counts as held, and nobody independent has said a word since?

use amparo_projections::reports::stale::stale;
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
pub const QUESTION: &str = "who counts as held, and nobody independent has said a word since?";

/// Who counts as held, and nobody independent has said a word since?
///
/// A word is any entry about the person, on any axis, that a source other than an official one
/// stands behind: the holder's own word does not show that somebody is still there and well.
/// Serves the safeguards against enforced disappearance (article 17 of the Convention: contact
/// with the outside world), and a documenter's own upkeep.
#[derive(Debug, Args)]
pub struct Stale {
    /// Only those with no word for so many days at least
    #[arg(long, value_name = "NUMBER", default_value_t = 90)]
    days: u64,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Stale {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked
            .show(derived.at.meta())
            .filter("days", Some(self.days));
        let mut rows = Rows::new(session, &derived, meta, &["last_word"]);
        for row in stale(&view, as_of, &derived.profile, self.days) {
            let own = [Cell::maybe(row.last_word)];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
