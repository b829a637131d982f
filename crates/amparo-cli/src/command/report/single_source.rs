//! `report single-source`: who counts as held on the word of one publisher, or of none?

use amparo_projections::reports::single_source::single_source;
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
pub const QUESTION: &str = "who counts as held on the word of one publisher, or of none?";

/// Who counts as held on the word of one publisher, or of none?
///
/// Looks at the entries of the present stay: if at most one independent publisher stands behind
/// all of them together, the person is here. Two names that differ only in case are one
/// publisher. Serves the rule of two independent sources (Berkeley Protocol on Digital Open
/// Source Investigations): what to corroborate next.
#[derive(Debug, Args)]
pub struct SingleSource {
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl SingleSource {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open(session, &self.at)?;
        let asked = derived.filters(session, &self.filters)?;
        let (view, as_of) = (derived.asked(&asked), derived.at.as_of);
        let meta = asked.show(derived.at.meta());
        let mut rows = Rows::new(session, &derived, meta, &["publisher", "sealed"]);
        for row in single_source(&view, as_of, &derived.profile) {
            let own = [rows.said(row.publisher), Cell::Flag(row.is_sealed)];
            rows.push(row.subject, row.total, row.days, own, &row.entries);
        }
        rows.send(session)
    }
}
