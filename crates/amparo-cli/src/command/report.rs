//! `report`: questions that documenters ask again and again, one file each.

mod at_liberty_case_open;
mod conflicts;
mod excluded;
mod granted_but_held;
mod late_discoveries;
mod list_diff;
mod overdue_requests;
mod pretrial;
mod publications;
mod rearrests;
mod rows;
mod single_source;
mod stale;
mod time_held;
mod whereabouts_unknown;

use clap::{Args, Subcommand};

use super::Exit;
use crate::error::Failure;
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::Session;

/// Write one of the reports; without a name, list them
#[derive(Debug, Args)]
pub struct Report {
    #[command(subcommand)]
    name: Option<Name>,
}

/// Which report.
#[derive(Debug, Subcommand)]
enum Name {
    GrantedButHeld(granted_but_held::GrantedButHeld),
    OverdueRequests(overdue_requests::OverdueRequests),
    Rearrests(rearrests::Rearrests),
    AtLibertyCaseOpen(at_liberty_case_open::AtLibertyCaseOpen),
    WhereaboutsUnknown(whereabouts_unknown::WhereaboutsUnknown),
    Excluded(excluded::Excluded),
    Pretrial(pretrial::Pretrial),
    TimeHeld(time_held::TimeHeld),
    SingleSource(single_source::SingleSource),
    Stale(stale::Stale),
    LateDiscoveries(late_discoveries::LateDiscoveries),
    Conflicts(conflicts::Conflicts),
    ListDiff(list_diff::ListDiff),
    Publications(publications::Publications),
}

/// The reports and the question that each answers.
const REPORTS: [(&str, &str); 14] = [
    ("granted-but-held", granted_but_held::QUESTION),
    ("overdue-requests", overdue_requests::QUESTION),
    ("rearrests", rearrests::QUESTION),
    ("at-liberty-case-open", at_liberty_case_open::QUESTION),
    ("whereabouts-unknown", whereabouts_unknown::QUESTION),
    ("excluded", excluded::QUESTION),
    ("pretrial", pretrial::QUESTION),
    ("time-held", time_held::QUESTION),
    ("single-source", single_source::QUESTION),
    ("stale", stale::QUESTION),
    ("late-discoveries", late_discoveries::QUESTION),
    ("conflicts", conflicts::QUESTION),
    ("list-diff", list_diff::QUESTION),
    ("publications", publications::QUESTION),
];

impl Report {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.name {
            Some(Name::GrantedButHeld(report)) => report.run(session),
            Some(Name::OverdueRequests(report)) => report.run(session),
            Some(Name::Rearrests(report)) => report.run(session),
            Some(Name::AtLibertyCaseOpen(report)) => report.run(session),
            Some(Name::WhereaboutsUnknown(report)) => report.run(session),
            Some(Name::Excluded(report)) => report.run(session),
            Some(Name::Pretrial(report)) => report.run(session),
            Some(Name::TimeHeld(report)) => report.run(session),
            Some(Name::SingleSource(report)) => report.run(session),
            Some(Name::Stale(report)) => report.run(session),
            Some(Name::LateDiscoveries(report)) => report.run(session),
            Some(Name::Conflicts(report)) => report.run(session),
            Some(Name::ListDiff(report)) => report.run(session),
            Some(Name::Publications(report)) => report.run(session),
            None => list(session),
        }
    }
}

fn list(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    session.no_options()?;
    let mut reply = Reply::new(Meta::default(), ["report", "question"].map(Column::text));
    for (name, question) in REPORTS {
        reply.push(vec![Cell::text(name), Cell::text(question)]);
    }
    session.reply(&reply)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_report_that_can_be_asked_for() {
        let command = Name::augment_subcommands(clap::Command::new("report"));
        let asked: Vec<_> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(asked, REPORTS.map(|(name, _)| name));
    }
}
