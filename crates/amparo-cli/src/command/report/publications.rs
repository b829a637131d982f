//! `report publications`: do published figures still count the same, and what has changed since?

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
use crate::derived::{Derived, not_a_log};
use crate::error::{Failure, FailureKind};
use crate::figures;
use crate::output::{Cell, Column, Reply};
use crate::session::{Session, today};

/// What the report answers.
pub const QUESTION: &str =
    "does each published figure still follow from the log, and what has changed since?";

/// Does each published figure still follow from the log, and what has changed since?
///
/// Each is counted again at its own coordinates: the numbers must be the same to the last one, and
/// exit code 4 says that they are not. Then as of the same day by what is known now, with the change
/// split as `diff` splits it; figures laid out by a grouping show the change without its parts.
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
    is_same: bool,
    now: Vec<PublishedNumber>,
    /// Why the numbers changed; not for those laid out by a grouping.
    parts: Option<Vec<DiffRow>>,
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
            for number in &again.published.numbers {
                if !for_people || number.high > 0 || again.now_of(number) != (0, 0, 0) {
                    reply.push(again.cells(number, for_people));
                }
            }
        }
        session.reply(&reply)?;
        let differing = all.iter().filter(|again| !again.is_same);
        let differing: Vec<_> = differing.map(|again| again.entry.to_string()).collect();
        match differing.is_empty() {
            true => Ok(Exit::Done),
            false => {
                let message = format!("{} do not follow from the log", differing.join(", "));
                Err(Failure::new(FailureKind::Integrity, message)
                    .hint("`amparo verify` tells whether the log itself is sound"))
            }
        }
    }
}

fn again<'d>(
    session: &mut Session<'_, '_>,
    derived: &'d Derived,
    entry: Seq,
    fact: &Fact,
    published: &'d Publication,
) -> Result<Again<'d>, Failure> {
    let unsound = |cause: &str| not_a_log(entry, cause);
    let figure = Figure::of(&published.query).map_err(|_| unsound("its question does not read"))?;
    let profile = profile(derived, published)
        .ok_or_else(|| unsound("its profile was not known at its known-at"))?;
    // Words such as `yesterday` mean what they meant when the figure was published.
    let read_on = today(&derived.ledger, fact.recorded())?;
    let filters = figure.filters(session, &derived.ledger, read_on)?;
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
    Ok(Again {
        entry,
        published,
        is_same: then == published.numbers,
        now,
        parts,
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
    /// Low, count and high of a number as known now; a line that is not there any more is zero.
    fn now_of(&self, number: &PublishedNumber) -> (u64, u64, u64) {
        let is_of = |now: &&PublishedNumber| {
            (&now.axis, &now.state, &now.instrument, &now.by)
                == (&number.axis, &number.state, &number.instrument, &number.by)
        };
        let now = self.now.iter().find(is_of);
        now.map_or((0, 0, 0), |now| (now.low, now.count, now.high))
    }

    fn cells(&self, number: &PublishedNumber, for_people: bool) -> Vec<Cell> {
        let published = self.published;
        let count = |(low, count, high)| amparo_core::course::Count { low, count, high };
        let was = count((number.low, number.count, number.high));
        let now = count(self.now_of(number));
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
                Cell::text(published.query.join(" ")),
            ]);
        }
        let by = number.by.iter().map(|(grouping, value)| {
            let value = value.as_deref().unwrap_or("not known");
            format!("{grouping} {value}")
        });
        cells.extend([
            Cell::Flag(self.is_same),
            Cell::text(&number.axis),
            Cell::text(&number.state),
            Cell::maybe(number.instrument.as_ref()),
            Cell::list(by),
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
