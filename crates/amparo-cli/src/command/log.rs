//! `log`: the entries, as they were recorded.

use amparo_core::id::{Seq, Subject};
use amparo_core::kind::State;
use amparo_projections::Facts;
use amparo_projections::fact::Fact;
use amparo_store::ledger::Ledger;
use clap::Args;

use super::Exit;
use crate::args::KnownAtArgs;
use crate::derived::{facts_around, read_facts};
use crate::error::Failure;
use crate::filters::FilterArgs;
use crate::lines::state;
use crate::listing::Listing;
use crate::output::Reply;
use crate::people::People;
use crate::session::{Reading, Session};

/// List the entries in the order of their recording, of one person or of all
#[derive(Debug, Args)]
pub struct Log {
    /// Only entries about this person or group, and those merged into them
    person: Option<String>,
    /// Only entries that lead to this state
    #[arg(long)]
    state: Option<String>,
    /// Only the last entries
    #[arg(long, value_name = "NUMBER")]
    last: Option<usize>,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    at: KnownAtArgs,
}

impl Log {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let state = self.state.as_deref().map(state).transpose()?;
        let Reading { ledger, at } = session.reading_log(&self.at)?;
        let facts = match &self.person {
            Some(typed) if self.filters.is_empty() => facts_around(session, &ledger, typed)?,
            Some(_) | None => read_facts(session, &ledger)?,
        };
        let subjects = match &self.person {
            Some(typed) => Some(subjects(session, &ledger, &facts, typed)?),
            None => None,
        };
        let mut filters = self.filters.check(session, &ledger, &facts, at.today)?;
        filters.filter.states.extend(state);
        let mut seqs = match &subjects {
            Some(asked) => seqs_of(&ledger, &asked.all)?,
            None => (0..at.prefix()).map(Seq::new).collect(),
        };
        seqs.retain(|seq| *seq <= at.known_at);
        if !filters.filter.is_empty() {
            let passes = |fact: &Fact| filters.filter.passes(&facts, fact);
            seqs.retain(|seq| facts.fact(*seq).is_some_and(passes));
        }
        let skip = self.last.map_or(0, |last| seqs.len().saturating_sub(last));
        let mut entries = Vec::with_capacity(seqs.len() - skip);
        for seq in &seqs[skip..] {
            entries.extend(ledger.entry(*seq)?);
        }
        let listing = Listing::of(&ledger, &facts, at.prefix(), &entries)?;
        let meta = at
            .log_meta()
            .filter("person", subjects.map(|asked| asked.reference))
            .filter("state", state.map(State::word))
            .filter("last", self.last);
        let meta = filters.show(meta);
        let mut reply = Reply::at(meta, Listing::columns());
        for entry in &entries {
            reply.push(listing.row(entry, &ledger)?);
        }
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

/// Who was asked about: the one, and all whose entries belong to the one.
struct Asked {
    reference: String,
    all: Vec<Subject>,
}

fn subjects(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    facts: &Facts,
    typed: &str,
) -> Result<Asked, Failure> {
    let people = People::to_find(ledger, facts, typed)?;
    let subject = people.to_look(typed, &mut |line| session.talk(line))?;
    let merged = people.iter().map(|known| known.subject);
    let all = merged
        .filter(|known| people.resolve(*known) == subject)
        .collect();
    Ok(Asked {
        reference: people.reference(subject),
        all,
    })
}

/// The entries that name any of these, in the order of the log.
fn seqs_of(ledger: &Ledger, subjects: &[Subject]) -> Result<Vec<Seq>, Failure> {
    let mut seqs = Vec::new();
    for subject in subjects {
        seqs.extend(ledger.seqs_of(*subject)?);
    }
    seqs.sort_unstable();
    seqs.dedup();
    Ok(seqs)
}
