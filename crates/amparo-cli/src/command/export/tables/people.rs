//! `people`: one row for each person or group, and where it stands.

use amparo_core::id::Subject;
use amparo_core::kind::State;
use amparo_projections::View;
use amparo_projections::fact::SubjectId;
use amparo_projections::roster::present;

use super::Rows;
use super::schema::{Field, Table, Type, field};
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::Cell;
use crate::people::{Names, People};

const FIELDS: [Field; 13] = [
    field(
        "ref",
        Type::String,
        "How this ledger's answers call the person or group: p7, g2",
    ),
    field(
        "id",
        Type::String,
        "Its UUID, a pseudonym: another ledger has another one",
    ),
    field(
        "kind",
        Type::String,
        "person, or group of persons not yet told apart",
    ),
    field(
        "weight",
        Type::Integer,
        "How many it counts for: 1, or the size of a group less the persons told apart",
    ),
    field(
        "custody",
        Type::String,
        "The custody state at the point dates; empty where none is documented",
    ),
    field(
        "custody_since_first",
        Type::Date,
        "The first day on which the present run of that state can have begun",
    ),
    field("custody_since_last", Type::Date, "The last such day"),
    field(
        "case",
        Type::String,
        "The state of the case at the point dates; empty where none is documented",
    ),
    field(
        "held_low",
        Type::Integer,
        "How many of it are held by the profile however the uncertain dates fall",
    ),
    field(
        "held_count",
        Type::Integer,
        "How many are held at the point dates",
    ),
    field("held_high", Type::Integer, "How many can be held"),
    field(
        "place",
        Type::String,
        "Where it is, from the widest part to the narrowest",
    ),
    field(
        "entries",
        Type::Integer,
        "How many entries are about it, also those out of force",
    ),
];

const NAME: Field = field(
    "name",
    Type::String,
    "The name of a person, the label of a group",
);

/// The table; its names are a column of their own, where they are asked for.
pub fn table(with_names: bool) -> Table {
    let name = with_names.then_some(NAME);
    Table {
        name: "people",
        description: "One row for each person or group: where it stands at the end of the day",
        fields: FIELDS.into_iter().chain(name).collect(),
        primary_key: &["ref"],
        foreign_keys: &[],
    }
}

/// Writes a row for each person and group that is known, in the order of first mention.
///
/// # Errors
/// Integrity, when the names cannot be read; else whatever keeps a row from being written.
pub fn rows(derived: &Derived, with_names: bool, rows: &mut Rows<'_, '_>) -> Result<(), Failure> {
    let people = match with_names {
        true => Some(People::of(&derived.ledger, &derived.facts, Names::All)?),
        false => None,
    };
    let view = derived.then();
    for subject in view.subjects() {
        let mut cells = cells(derived, &view, subject);
        if let Some(people) = &people {
            cells.push(Cell::maybe(derived.name(people, subject)));
        }
        rows.row(&cells)?;
    }
    Ok(())
}

fn cells(derived: &Derived, view: &View<'_>, subject: SubjectId) -> Vec<Cell> {
    let as_of = derived.at.as_of;
    let known = derived.facts.subject(subject);
    let kind = known.map(|known| match known {
        Subject::Person(_) => "person",
        Subject::Group(_) => "group",
    });
    let courses = view.courses(subject);
    let custody = present(&courses.custody, as_of);
    let case = present(&courses.case, as_of);
    let weight = view.weight(subject);
    let held = derived.profile.held(&courses.custody, as_of).times(weight);
    let place = view.place(subject, as_of).map(|(_, place)| place);
    let mut cells = vec![
        Cell::text(derived.facts.shown(subject)),
        Cell::maybe(known.map(|known| known.uuid())),
        Cell::maybe(kind),
        Cell::count(weight),
        Cell::maybe(custody.map(|(state, _)| State::word(state))),
    ];
    cells.extend(figures::day_cells(custody.map(|(_, since)| since)));
    cells.push(Cell::maybe(case.map(|(state, _)| State::word(state))));
    cells.extend(figures::count_cells(held));
    cells.push(Cell::maybe(place.map(|place| derived.facts.text(place))));
    cells.push(Cell::count(view.entries(subject).count()));
    cells
}
