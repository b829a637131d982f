//! `report granted-but-held`: who is deprived of liberty although clemency was granted?

use amparo_projections::reports::granted_but_held::granted_but_held;
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
pub const QUESTION: &str = "who is deprived of liberty although clemency was granted?";

/// Who is deprived of liberty although clemency was granted?
///
/// The grant must be in force under its instrument: after an appeal or a revocation it is not.
/// Somebody taken again after the grant is here too, and is marked: that may be another matter.
/// Serves category I of the Working Group on Arbitrary Detention (Methods of Work, paragraph 8
/// (a)): no legal basis can be invoked, as when a person is kept in detention despite an
/// amnesty law applicable to them.
#[derive(Debug, Args)]
pub struct GrantedButHeld {
    /// Only those held so many days after the grant at least
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    days: u64,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl GrantedButHeld {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked
            .show(derived.at.meta())
            .filter("days", Some(self.days));
        let mut rows = Rows::new(session, &derived, meta, &["instrument", "taken_again"]);
        for row in granted_but_held(&view, as_of, &derived.profile, self.days) {
            let own = [
                rows.said(Some(row.instrument)),
                Cell::Flag(row.is_taken_again),
            ];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
