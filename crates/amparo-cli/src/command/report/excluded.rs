//! `report excluded`: who is left out of an instrument of clemency, on what ground, and by whose courts?

use amparo_core::word::Word as _;
use amparo_projections::reports::excluded::excluded;
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
pub const QUESTION: &str =
    "who is left out of an instrument of clemency, on what ground, and by whose courts?";

/// Who is left out of an instrument of clemency, on what ground, and by whose courts?
///
/// Exclusions that stand at the end of a day, with the ground named last and the jurisdiction
/// of the case. Serves the watch for exclusion as a class: article 26 of the International
/// Covenant on Civil and Political Rights; military courts over civilians, Human Rights
/// Committee, General Comment 32, paragraph 22.
#[derive(Debug, Args)]
pub struct Excluded {
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Excluded {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked.show(derived.at.meta());
        let mut rows = Rows::new(
            session,
            &derived,
            meta,
            &["instrument", "ground", "jurisdiction"],
        );
        for row in excluded(&view, as_of) {
            let own = [
                rows.said(Some(row.instrument)),
                rows.said(row.ground),
                Cell::maybe(row.jurisdiction.map(|word| word.word())),
            ];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
