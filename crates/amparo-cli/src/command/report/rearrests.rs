//! `report rearrests`: who was taken again, and how soon after being let out?

use amparo_projections::reports::rearrests::rearrests;
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
pub const QUESTION: &str = "who was taken again, and how soon after being let out?";

/// Who was taken again, and how soon after being let out?
///
/// For each time out of custody the first arrest after it, if it came soon enough; a second
/// report of one arrest is no second arrest. Days are those from the exit to the arrest. Serves
/// article 9, paragraph 1, and article 14, paragraph 7, of the International Covenant on Civil and
/// Political Rights (no arbitrary arrest; nobody tried again for what was decided), and the watch
/// for the revolving door: releases that are announced, and taken back.
#[derive(Debug, Args)]
pub struct Rearrests {
    /// Only arrests within so many days of the exit
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    within: u64,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Rearrests {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked
            .show(derived.at.meta())
            .filter("within", Some(self.within));
        let mut rows = Rows::new(session, &derived, meta, &["out"]);
        for row in rearrests(&view, as_of, self.within) {
            let own = [Cell::text(row.out.word())];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
