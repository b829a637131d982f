//! `report pretrial`: who is held without a sentence, and for how long?

use amparo_projections::reports::pretrial::pretrial;
use clap::Args;

use super::rows::Rows;
use crate::args::CoordinateArgs;
use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::filters::FilterArgs;
use crate::output::Cell;
use crate::session::Session;

/// What the report answers.
pub const QUESTION: &str = "who is held without a sentence, and for how long?";

/// Who is held without a sentence, and for how long?
///
/// Held by the profile, with no conviction, sentence, acquittal or dismissal that stands;
/// nothing documented of the case counts as undecided. The share of all who are held is told
/// beside the rows. Serves article 9, paragraph 3, of the International Covenant on Civil and
/// Political Rights (not the general rule), and indicator 16.3.2 of the Sustainable Development
/// Goals.
#[derive(Debug, Args)]
pub struct Pretrial {
    /// Only those held so for more than so many days
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    longer_than: u64,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Pretrial {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let answer = pretrial(&view, as_of, &derived.profile, self.longer_than);
        let meta = asked
            .show(derived.at.meta())
            .filter("longer-than", Some(self.longer_than));
        let mut rows = Rows::new(session, &derived, meta, &["case"]);
        for row in answer.rows {
            let own = [Cell::maybe(row.case.map(|state| state.word()))];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        let (unsentenced, held) = (answer.unsentenced, answer.held);
        let percent = match held.count {
            0 => String::new(),
            held => format!(", {} percent", unsentenced.count.saturating_mul(100) / held),
        };
        let (unsentenced, held) = (figures::count(unsentenced), figures::count(held));
        session.talk(format!(
            "{unsentenced} of {held} held have no sentence{percent}"
        ));
        rows.send(session)
    }
}
