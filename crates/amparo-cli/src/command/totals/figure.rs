//! A figure of totals as it is published: the question in words, and its numbers at coordinates.
//!
//! Only what the words say is asked, whenever it is: nothing of the day on which it is asked again
//! goes into the answer. So the same words at the same coordinates give the same numbers for good.

use std::ffi::OsString;

use amparo_core::date::Day;
use amparo_core::event::PublishedNumber;
use amparo_core::id::{Code, Seq};
use amparo_projections::totals::TotalsRow;
use amparo_projections::{Facts, Profile, View};
use chrono_tz::Tz;
use clap::Parser;

use super::rows::instrument;
use super::{Totals, counted};
use crate::derived::Derived;
use crate::error::Failure;
use crate::filters::Asked;
use crate::lines::LineFilter;
use crate::output::text;
use crate::session::Session;

/// The question where none is asked: how many are held.
pub const DEFAULT: [&str; 3] = ["totals", "--state", "held"];

/// The words behind `totals`.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Words {
    #[command(flatten)]
    totals: Totals,
}

/// A question that can be published.
#[derive(Debug)]
pub struct Figure {
    totals: Totals,
}

impl Figure {
    /// Reads the words of a question.
    ///
    /// # Errors
    /// Usage, for words that do not read, that ask for more than numbers at one moment, or that
    /// could hold a name: they will stand in clear.
    pub fn of(words: &[impl AsRef<str>]) -> Result<Self, Failure> {
        let mut words = words.iter().map(AsRef::as_ref);
        let command = words.next().unwrap_or_default();
        if command != "totals" {
            let message = format!("`{}` gives no figure to publish", text::visible(command));
            return Err(Failure::usage(message).hint("write `-- totals --state held --by place`"));
        }
        let totals = Words::try_parse_from(words.map(OsString::from))
            .map_err(|error| {
                let said = error.render().to_string();
                let first = said.lines().next().unwrap_or_default();
                let first = first.trim_start_matches("error: ");
                Failure::usage(text::visible(first))
                    .hint("`amparo totals --help` says what it takes")
            })?
            .totals;
        if let Some(option) = totals.at.given() {
            let message = format!("{option} stands among the words of the question");
            return Err(Failure::usage(message).hint(format!("write {option} before the `--`")));
        }
        let is_more = totals.every.is_some() || totals.who || totals.evidence;
        if is_more {
            return Err(Failure::usage(
                "a figure is the numbers of one moment, without a series and without people",
            ));
        }
        if totals.suppress_below.is_some() {
            return Err(Failure::usage(
                "a figure that is published stands in the log with all its numbers; none is withheld",
            )
            .hint("ask for wider groups, such as `--depth 1`, until no number is small"));
        }
        if totals.filters.names_somebody() {
            return Err(Failure::usage(
                "a figure that is published asks for nobody by name: its words stand in clear",
            ));
        }
        totals.groupings()?;
        Ok(Self { totals })
    }

    /// Whether the numbers are laid out by something.
    pub fn is_grouped(&self) -> bool {
        !self.totals.by.is_empty()
    }

    /// The filters, as read on a day.
    ///
    /// # Errors
    /// Usage, for a filter that does not read.
    pub fn filters(
        &self,
        session: &mut Session<'_, '_>,
        derived: &Derived,
        read_on: Day,
    ) -> Result<Asked, Failure> {
        let (ledger, facts) = (&derived.ledger, &derived.facts);
        self.totals.filters.check(session, ledger, facts, read_on)
    }

    /// The filters, without a ledger: a figure names nobody.
    ///
    /// # Errors
    /// Usage, for a filter that does not read.
    pub fn filters_alone(&self, zone: Tz, read_on: Day) -> Result<Asked, Failure> {
        self.totals.filters.check_unnamed(zone, read_on)
    }

    /// Which lines are asked for.
    ///
    /// # Errors
    /// Usage, for a state that there is not.
    pub fn lines(&self, profile: &Profile) -> Result<LineFilter, Failure> {
        LineFilter::of(self.totals.state.as_deref(), profile)
    }

    /// The numbers at coordinates.
    ///
    /// # Errors
    /// As [`lines`](Self::lines).
    pub fn numbers(
        &self,
        facts: &Facts,
        at: (Day, Seq),
        profile: &Profile,
        asked: &Asked,
    ) -> Result<Vec<PublishedNumber>, Failure> {
        let (as_of, known_at) = at;
        let wanted = self.lines(profile)?;
        let view = View::known_at(facts, known_at).asked(&asked.filter, as_of);
        let (names, groupings): (Vec<_>, Vec<_>) = self.totals.groupings()?.into_iter().unzip();
        let mut rows = counted(&view, as_of, profile, &groupings, None);
        rows.retain(|shown| wanted.takes(shown.row.axis, &shown.row.state));
        let numbers = rows.iter().filter_map(|shown| number(&shown.row, &names));
        Ok(numbers.collect())
    }
}

/// A row as it is published; none for a row that no table shows.
fn number(row: &TotalsRow, names: &[&'static str]) -> Option<PublishedNumber> {
    let instrument = instrument(row, names)?;
    let by = names.iter().zip(&row.by);
    let by = by.filter(|(name, _)| **name != "instrument");
    Some(PublishedNumber {
        axis: row.axis.into(),
        state: row.state.as_str().into(),
        instrument: instrument.and_then(|code| Code::new(code).ok()),
        by: by
            .map(|(name, value)| ((*name).into(), value.as_deref().map(Into::into)))
            .collect(),
        low: row.total.low,
        count: row.total.count,
        high: row.total.high,
    })
}
