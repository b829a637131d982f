//! `flows`: who came in and who went out, and whether the stocks follow from it.

mod check;
mod table;

use amparo_core::date::Period;
use amparo_projections::View;
use amparo_projections::flows::{FlowMove, FlowRow, Flows as Answer, flows};
use clap::Args;

use super::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::filters::FilterArgs;
use crate::output::{Cell, Column, Meta, Reply};
use crate::people::People;
use crate::session::{Reading, Session};

/// Reconcile two stocks: held at the start, plus who came in, less who went out, is held at the end
///
/// The stock at the start is that at the end of the day before --from; the stock at the end is
/// that at the end of --to. Comings and goings are counted by the kind of their entry; those who
/// came in again, and those of whom nothing was documented before, are shown apart and are part of
/// the count. The residual is what does not tie out: 0 at one known-at. With a start as it was
/// known earlier (`--from 2026-02-01@e41`) it is what was learned about the start since. Who is let
/// go and taken again on one day neither left nor came. Filters that say of whom are met or
/// not at the end of each day: who is moved into a place comes in there by the transfer.
///
/// --check reads a published table of this kind from CSV, one row for each period, and lists every
/// figure that does not hold, with its line and column and what it would have to be. It is held
/// against the table's own arithmetic (kinds add up to their total, start and flows to the end, the
/// end of a period is the start of the next row where that follows at once) and against the ledger.
/// Exit code 1 when there is one. The columns, in any order:
///
///   period           2026-02, 2026, 2026-02-01..2026-02-14; needed
///   stock-at-start   held at the end of the day before
///   entries          who came in, in all
///   entry KIND       who came in by a kind: entry arrest, entry house-arrest
///   exits            who went out, in all
///   exit KIND        who went out by a kind: exit release, exit death
///   stock-at-end     held at the end of the last day
///   note, source     remarks, not read
///
/// An empty cell is not published and is not checked. Where kinds are told apart, a kind that the
/// ledger has and the table has not is listed too.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Flows {
    /// The first day; the stock at the start as known then, if a known-at follows
    #[arg(long, value_name = "DAY[@KNOWN]", required_unless_present = "check")]
    from: Option<String>,
    /// The last day, and what is known of all but the start [default: as known now]
    #[arg(long, value_name = "DAY[@KNOWN]", required_unless_present = "check")]
    to: Option<String>,
    /// A published table to check, as CSV; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "evidence"])]
    check: Option<String>,
    /// With --check: only what the ledger knew then: e41, a day, a time, head [default: head]
    #[arg(long, value_name = "WHEN", conflicts_with_all = ["from", "to"])]
    known_at: Option<String>,
    /// Who counts as held [default: deprived-of-liberty]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// List who came and went, with the entry of each
    #[arg(long, visible_alias = "who")]
    evidence: bool,
    #[command(flatten)]
    filters: FilterArgs,
}

impl Flows {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if let Some(file) = &self.check {
            return check::check(session, file, self.known_at, self.profile, &self.filters);
        }
        let (Some(from), Some(to)) = (self.from, self.to) else {
            return Err(Failure::usage("flows takes --from and --to, or --check"));
        };
        let from = match to.split_once('@') {
            Some((_, known)) if !from.contains('@') => format!("{from}@{known}"),
            Some(_) | None => from,
        };
        let (Reading { ledger, at }, from) = session.reading_between(&from, &to, &self.profile)?;
        let period = Period::new(from.as_of, at.as_of).ok_or_else(|| {
            Failure::usage(format!("--to {} is before --from {}", at.as_of, from.as_of))
        })?;
        let derived = Derived::of(session, ledger, at)?;
        let asked = derived.filters(session, &self.filters)?;
        let start = View::known_at(&derived.facts, from.known_at).on_word_of(&asked.filter);
        let view = derived.then().on_word_of(&asked.filter);
        let answer = flows(&start, &view, period, &derived.profile, &asked.filter);
        let meta = asked
            .show(derived.at.meta())
            .filter("from", Some(from.in_one_word()))
            .filter("to", Some(derived.at.in_one_word()));
        let reply = match self.evidence {
            true => {
                let moves = lines(&answer).flat_map(|(_, row)| &row.moves);
                let people = derived.people_named(moves.map(|one| one.subject))?;
                one_by_one(meta, &derived, &people, &answer)
            }
            false => by_kind(meta, &answer),
        };
        session.reply(&reply)?;
        Ok(Exit::Done)
    }
}

/// The lines of flows in their order, with their names.
fn lines(answer: &Answer) -> impl Iterator<Item = (&'static str, &FlowRow)> {
    let entries = answer.entries.iter().map(|row| ("entry", row));
    entries.chain(answer.exits.iter().map(|row| ("exit", row)))
}

/// The reconciliation: stock, entries by kind, exits by kind, stock, residual.
fn by_kind(meta: Meta, answer: &Answer) -> Reply {
    let texts = ["line", "kind"].map(Column::text).into_iter();
    let numbers = ["count", "again", "newly_documented"].map(Column::number);
    let mut reply = Reply::at(meta, texts.chain(numbers));
    let stock = |name, count| vec![Cell::text(name), Cell::Empty, count];
    reply.push(stock("stock-at-start", Cell::count(answer.start)));
    for (name, row) in lines(answer) {
        let is_entry = name == "entry";
        let of_entry = |count| {
            if is_entry {
                Cell::count(count)
            } else {
                Cell::Empty
            }
        };
        reply.push(vec![
            Cell::text(name),
            Cell::text(row.kind),
            Cell::count(row.count),
            of_entry(row.again),
            of_entry(row.newly_documented),
        ]);
    }
    reply.push(stock("stock-at-end", Cell::count(answer.end)));
    reply.push(stock("residual", Cell::Number(answer.residual())));
    reply
}

/// Who came and went, line by line.
fn one_by_one(meta: Meta, derived: &Derived, people: &People, answer: &Answer) -> Reply {
    let texts = ["line", "kind", "day", "entry", "subject", "name"].map(Column::text);
    let columns = texts.into_iter().chain([Column::number("count")]);
    let flags = ["again", "newly_documented", "sources"].map(Column::text);
    let mut reply = Reply::at(meta, columns.chain(flags));
    for (name, row) in lines(answer) {
        for one in &row.moves {
            let mut cells = vec![Cell::text(name), Cell::text(row.kind)];
            cells.extend(move_cells(derived, people, one));
            reply.push(cells);
        }
    }
    reply
}

fn move_cells(derived: &Derived, people: &People, one: &FlowMove) -> [Cell; 8] {
    let fact = derived.facts.fact(one.entry);
    [
        Cell::text(one.day),
        Cell::text(one.entry),
        Cell::text(derived.facts.shown(one.subject)),
        Cell::maybe(derived.name(people, one.subject)),
        Cell::count(one.weight),
        Cell::Flag(one.is_again),
        Cell::Flag(one.is_newly_documented),
        Cell::list(fact.map(|fact| derived.sources(fact)).unwrap_or_default()),
    ]
}
