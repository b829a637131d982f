//! `report publications`: do published figures still count the same, and what has changed since?

use amparo_core::course::Count;
use amparo_core::event::{Publication, PublishedNumber};
use amparo_core::id::Seq;
use amparo_projections::diff::{Cause, Coordinates, DiffRow, diff};
use amparo_projections::fact::Fact;
use amparo_projections::profiles::{self, profiles};
use amparo_projections::{Profile, View};
use clap::Args;

use crate::args::KnownAtArgs;
use crate::command::Exit;
use crate::command::totals::figure::Figure;
use crate::derived::Derived;
use crate::error::{Failure, FailureKind};
use crate::figures;
use crate::output::{Cell, Column, Reply, text};
use crate::session::{Session, today};

/// What the report answers.
pub const QUESTION: &str =
    "does each published figure still follow from the log, and what has changed since?";

/// Does each published figure still follow from the log, and what has changed since?
///
/// Each is counted again at its own coordinates: the numbers must be the same to the last one, and
/// the log must have had the head that the publication names; exit code 4 says that it is not so.
/// Then as of the same day by what is known now, with the change split as `diff` splits it; figures
/// laid out by a grouping show the change without its parts. A line that is new since stands below
/// those published, which were 0 for it.
/// Serves the right of reply of whoever a published number was held against, and the duty to
/// correct in public.
#[derive(Debug, Args)]
pub struct Publications {
    #[command(flatten)]
    at: KnownAtArgs,
}

/// A publication, and its numbers as they count now.
struct Again<'d> {
    entry: Seq,
    published: &'d Publication,
    follows: Follows,
    now: Vec<PublishedNumber>,
    /// Why the numbers changed; not for those laid out by a grouping.
    parts: Option<Vec<DiffRow>>,
}

/// What became of a publication when it was counted again at its own coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The same numbers, from the log that it names.
    FromTheLog,
    /// The log never had the head that it names.
    FromAnotherLog,
    /// Other numbers.
    OtherNumbers,
}

impl Follows {
    /// What is wrong, in words; nothing where it follows.
    fn fault(self) -> Option<&'static str> {
        match self {
            Self::FromTheLog => None,
            Self::FromAnotherLog => Some("the log never had the head that it names"),
            Self::OtherNumbers => Some("the log gives other numbers at its coordinates"),
        }
    }
}

impl Publications {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let derived = Derived::open_log(session, &self.at)?;
        let view = derived.then();
        let mut all = Vec::new();
        for (entry, fact, published) in view.publications() {
            all.push(again(session, &derived, entry, fact, published)?);
        }
        let for_people = figures::is_for_people(session.globals.format);
        let mut reply = Reply::at(derived.at.log_meta(), columns(for_people));
        for again in &all {
            let (published, now) = (&again.published.numbers, &again.now);
            let is_new = |now: &&PublishedNumber| lacks(published, now);
            for number in published.iter().chain(now.iter().filter(is_new)) {
                let (was, now) = (count_of(published, number), count_of(now, number));
                if !for_people || was.high > 0 || now.high > 0 {
                    reply.push(again.cells(number, (was, now), for_people));
                }
            }
        }
        session.reply(&reply)?;
        let faults = all.iter().filter_map(|again| {
            let fault = again.follows.fault()?;
            Some(format!("{}: {fault}", again.entry))
        });
        let faults: Vec<_> = faults.collect();
        if faults.is_empty() {
            return Ok(Exit::Done);
        }
        let message = format!(
            "{} of {} publications do not follow",
            faults.len(),
            all.len()
        );
        let failure = Failure::new(FailureKind::Integrity, message);
        let failure = faults.into_iter().fold(failure, Failure::cause);
        Err(failure.hint("`amparo verify` tells whether the log itself is sound"))
    }
}

fn again<'d>(
    session: &mut Session<'_, '_>,
    derived: &'d Derived,
    entry: Seq,
    fact: &Fact,
    published: &'d Publication,
) -> Result<Again<'d>, Failure> {
    let unsound = |cause: &str| Failure::not_a_log(entry, cause);
    let figure = Figure::of(&published.query).map_err(|_| unsound("its question does not read"))?;
    let profile = profile(derived, published)
        .ok_or_else(|| unsound("its profile was not known at its known-at"))?;
    // Words such as `yesterday` mean what they meant when the figure was published.
    let read_on = today(&derived.ledger, fact.recorded())?;
    let filters = figure.filters(session, derived, read_on)?;
    let at = |known_at| (published.as_of, known_at);
    let facts = &derived.facts;
    let then = figure.numbers(facts, at(published.known_at), &profile, &filters)?;
    let now = figure.numbers(facts, at(derived.at.known_at), &profile, &filters)?;
    let moment = |known_at| Coordinates {
        as_of: published.as_of,
        known_at: Some(known_at),
    };
    let parts = (!figure.is_grouped()).then(|| {
        let (start, end) = (moment(published.known_at), moment(derived.at.known_at));
        diff(facts, start, end, &profile, &filters.filter)
    });
    let follows = match (
        had_head(derived, entry, published),
        then == published.numbers,
    ) {
        (false, _) => Follows::FromAnotherLog,
        (true, false) => Follows::OtherNumbers,
        (true, true) => Follows::FromTheLog,
    };
    Ok(Again {
        entry,
        published,
        follows,
        now,
        parts,
    })
}

/// Whether the log had the head of a publication before it recorded the publication.
fn had_head(derived: &Derived, entry: Seq, published: &Publication) -> bool {
    let head = &published.head;
    let is_before = (1..=entry.number()).contains(&head.size);
    let root = is_before.then(|| derived.ledger.tree().root(head.size).ok());
    root.flatten()
        .is_some_and(|root| root.to_string() == *head.root)
}

fn is_line(one: &PublishedNumber, other: &PublishedNumber) -> bool {
    (&one.axis, &one.state, &one.instrument, &one.by)
        == (&other.axis, &other.state, &other.instrument, &other.by)
}

fn lacks(numbers: &[PublishedNumber], wanted: &PublishedNumber) -> bool {
    !numbers.iter().any(|number| is_line(number, wanted))
}

/// The count of a line; one that is not there is zero.
fn count_of(numbers: &[PublishedNumber], wanted: &PublishedNumber) -> Count {
    let found = numbers.iter().find(|number| is_line(number, wanted));
    found.map_or(Count::default(), |number| Count {
        low: number.low,
        count: number.count,
        high: number.high,
    })
}

/// The profile of a publication, in its version, as known then.
fn profile(derived: &Derived, published: &Publication) -> Option<Profile> {
    let view = View::known_at(&derived.facts, published.known_at);
    let label = format!("{}@{}", published.profile, published.profile_version);
    profiles::find(&profiles(&view), &label)
}

fn columns(for_people: bool) -> Vec<Column> {
    let mut columns = ["entry", "figure", "as_of"].map(Column::text).to_vec();
    if !for_people {
        columns.extend(["known_at_entry", "profile", "query"].map(Column::text));
    }
    columns.push(Column::text("same"));
    columns.extend(["axis", "state", "instrument", "by"].map(Column::text));
    match for_people {
        true => columns.extend(["published", "now"].map(Column::number)),
        false => {
            columns.extend(figures::count_columns("published"));
            columns.extend(figures::count_columns("now"));
        }
    }
    columns.push(Column::number("change"));
    columns.extend(Cause::ALL.map(|cause| Column::number(cause.word())));
    columns
}

impl Again<'_> {
    fn cells(
        &self,
        number: &PublishedNumber,
        (was, now): (Count, Count),
        for_people: bool,
    ) -> Vec<Cell> {
        let published = self.published;
        let mut cells = vec![
            Cell::text(self.entry),
            Cell::text(&published.figure),
            Cell::text(published.as_of),
        ];
        if !for_people {
            cells.extend([
                Cell::text(published.known_at),
                Cell::text(format!(
                    "{}@{}",
                    published.profile, published.profile_version
                )),
                Cell::text(text::shell_words(&published.query)),
            ]);
        }
        cells.extend([
            Cell::Flag(self.follows == Follows::FromTheLog),
            Cell::text(&number.axis),
            Cell::text(&number.state),
            Cell::maybe(number.instrument.as_ref()),
            figures::published_by(number),
        ]);
        match for_people {
            true => cells.extend([was, now].map(|count| Cell::text(figures::count(count)))),
            false => cells.extend([was, now].into_iter().flat_map(figures::count_cells)),
        }
        let change = i128::from(now.count) - i128::from(was.count);
        cells.push(Cell::count(change));
        cells.extend(self.parts_of(number));
        cells
    }

    fn parts_of(&self, number: &PublishedNumber) -> Vec<Cell> {
        let is_of = |row: &&DiffRow| {
            let instrument = number.instrument.as_ref().map(|code| code.as_str());
            row.axis == &*number.axis
                && *row.state == *number.state
                && row.instrument.as_deref() == instrument
        };
        let row = self.parts.as_ref().map(|rows| rows.iter().find(is_of));
        let part = |cause| match row {
            None => Cell::Empty,
            Some(row) => Cell::Number(row.map_or(0, |row| row.part(cause))),
        };
        Cause::ALL.map(part).to_vec()
    }
}
