//! `totals`, and `totals_by` where a grouping is asked for: the rows of the command.
//!
//! The two are two tables, so that no row of either is a sum of others of the same.

use amparo_core::date::Day;
use amparo_projections::{Profile, View};

use super::schema::{Field, Table, Type, described, field};
use crate::command::totals::{Asked, counted, rows};
use crate::error::Failure;
use crate::output::{Cell, Meta};

const FIELDS: [Field; 15] = [
    field(
        "axis",
        Type::String,
        "custody, case or clemency; profile for the line of who is held. Numbers of two axes are \
         never added up: everybody can be on each",
    ),
    field("state", Type::String, "The state, or the profile's name"),
    field(
        "low",
        Type::Integer,
        "How many are in it however the uncertain dates fall",
    ),
    field("count", Type::Integer, "How many at the point dates"),
    field("high", Type::Integer, "How many can be in it"),
    field(
        "instrument",
        Type::String,
        "The amnesty, pardon or the like, on the clemency axis",
    ),
    field(
        "place",
        Type::String,
        "Those who are in this place; empty where it is not known",
    ),
    field(
        "authority",
        Type::String,
        "Those of whom this authority was named last",
    ),
    field(
        "court",
        Type::String,
        "Those of whom this court was named last",
    ),
    field(
        "jurisdiction",
        Type::String,
        "Those of whom this jurisdiction was named last",
    ),
    field(
        "ground",
        Type::String,
        "Those of whom this ground of exclusion was named last",
    ),
    field(
        "source",
        Type::String,
        "Those on whom this publisher says something; one can be under several",
    ),
    field(
        "source_kind",
        Type::String,
        "Those on whom this kind of source says something; one can be under several",
    ),
    field(
        "recorder",
        Type::String,
        "Those of whom this recorder recorded something; one can be under several",
    ),
    field(
        "suppressed",
        Type::Boolean,
        "Whether the numbers are withheld, to protect the few they are of",
    ),
];

/// What is asked for.
pub struct Question<'q> {
    /// The end of the day.
    pub as_of: Day,
    /// Who counts as held.
    pub profile: &'q Profile,
    /// The groupings; none for the totals over everybody.
    pub groupings: &'q [Asked],
    /// The threshold below which numbers are withheld.
    pub suppress_below: Option<u64>,
}

/// The table with its rows.
///
/// # Errors
/// Internal, for a column that is described nowhere.
pub fn table(
    view: &View<'_>,
    question: &Question<'_>,
    meta: &Meta,
) -> Result<(Table, Vec<Vec<Cell>>), Failure> {
    let (names, groupings): (Vec<_>, Vec<_>) = question.groupings.iter().copied().unzip();
    let below = question.suppress_below;
    let counted = counted(view, question.as_of, question.profile, &groupings, below);
    let reply = rows::for_programs(meta.clone(), &names, &counted, below.is_some());
    let (columns, rows) = reply.into_rows();
    let (name, description) = match names.is_empty() {
        true => (
            "totals",
            "How many are in each state of each axis, and how many are held, over everybody",
        ),
        false => (
            "totals_by",
            "The same laid out by groups; a row that is not there is zero for certain",
        ),
    };
    let table = Table {
        name,
        description,
        fields: described(&columns, &FIELDS)?,
        primary_key: &[],
        foreign_keys: &[],
    };
    Ok((table, rows))
}
