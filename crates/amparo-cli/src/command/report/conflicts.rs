//! `report conflicts`: what in the log is odd, doubled or contradictory.

use amparo_core::word::nearest;
use amparo_projections::conflicts::{Finding, FindingCode, conflicts, conflicts_of};
use clap::Args;

use crate::args::KnownAtArgs;
use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::output::{Cell, Column, Reply, text};
use crate::people::People;
use crate::session::Session;
use crate::stream::Stream;

/// What the report answers.
pub const QUESTION: &str = "what in the log is odd, doubled or contradictory?";

/// What in the log is odd, doubled or contradictory?
///
/// Odd input is admitted and reported here, so that somebody can look, and correct or leave it:
/// nothing in this report changes a count. Finding nothing proves nothing. Serves
/// verification by the Berkeley Protocol on Digital Open Source Investigations: accounts that do not
/// agree are kept and compared, and none is dropped in silence.
#[derive(Debug, Args)]
pub struct Conflicts {
    /// Only what is odd about this person or group
    person: Option<String>,
    /// Only what breaks this rule, such as after-death
    #[arg(long)]
    rule: Option<String>,
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Conflicts {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let rule = self.rule.as_deref().map(rule).transpose()?;
        let derived = Derived::open_log(session, &self.at)?;
        let view = derived.then();
        let person = match &self.person {
            Some(typed) => {
                let people = derived.people_around(typed)?;
                Some(derived.subject(session, &people, &view, typed)?)
            }
            None => None,
        };
        let findings = match person {
            Some(person) => conflicts_of(&view, person),
            None => conflicts(&view),
        };
        let meta = derived
            .at
            .log_meta()
            .filter("person", person.map(|person| derived.facts.shown(person)))
            .filter("rule", rule.map(FindingCode::code));
        let columns = ["rule", "subject", "name", "entries", "meaning"].map(Column::text);
        let mut stream = Stream::new(Reply::at(meta, columns));
        let mut findings = findings;
        findings.retain(|found| rule.is_none_or(|rule| found.code == rule));
        let people = derived.people_named(findings.iter().filter_map(|found| found.subject))?;
        for finding in &findings {
            stream.push(session, row(&derived, &people, finding))?;
        }
        stream.finish(session)?;
        Ok(Exit::Done)
    }
}

fn row(derived: &Derived, people: &People, finding: &Finding) -> Vec<Cell> {
    let name = finding
        .subject
        .and_then(|subject| derived.name(people, subject));
    vec![
        Cell::text(finding.code.code()),
        Cell::maybe(finding.subject.map(|subject| derived.facts.shown(subject))),
        Cell::maybe(name),
        Cell::list(&finding.entries),
        Cell::text(finding.code.meaning()),
    ]
}

fn rule(typed: &str) -> Result<FindingCode, Failure> {
    let codes = || FindingCode::ALL.into_iter().map(FindingCode::code);
    let found = FindingCode::ALL
        .into_iter()
        .find(|rule| rule.code() == typed);
    found.ok_or_else(|| {
        let failure = Failure::usage(format!("`{}` is no rule", text::visible(typed)));
        match nearest(typed, codes()) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!(
                "there are {}",
                codes().collect::<Vec<_>>().join(", ")
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_rule_is_a_usage_failure_that_names_the_nearest() {
        for (typed, says) in [
            ("after-deth", "did you mean `after-death`?"),
            ("x", "there are release-without-custody"),
        ] {
            let failure = format!("{:?}", rule(typed).unwrap_err());
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{failure}"
            );
        }
    }
}
