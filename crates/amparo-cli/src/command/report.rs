//! `report`: questions that documenters ask again and again, one file each.

mod conflicts;

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
    Conflicts(conflicts::Conflicts),
}

/// The reports and the question that each answers.
const REPORTS: [(&str, &str); 1] = [("conflicts", conflicts::QUESTION)];

impl Report {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.name {
            Some(Name::Conflicts(report)) => report.run(session),
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
