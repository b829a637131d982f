//! The read models of Amparo: every number and every answer that is derived from the log.
//!
//! [`Facts`] is fed every entry in order. A [`View`] of it is what was known at some entry: which
//! entries are in force, who is whom, what a group weighs. Each question is a file of its own, a
//! pure function over a view: [`totals`], [`series`], [`flows`], [`timeline`], [`roster`],
//! [`claims`], [`conflicts`], [`audit`], [`reports`]. [`diff`] goes from one view to another, and
//! [`RunningTotals`] follows the log entry by entry.
//!
//! ```
//! use amparo_core::entry::Entry;
//! use amparo_projections::{Facts, Profile, ReadModel, View, totals::totals};
//!
//! let line = r#"{"seq":0,"id":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","recorded":"2026-02-10T14:03:22.123Z","by":"desk","kind":"arrest","person":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4e","occurred":"2026-02","unsourced":true}"#;
//! let mut facts = Facts::default();
//! facts.apply(&Entry::parse(line.as_bytes())?)?;
//!
//! let rows = totals(&View::head(&facts), "2026-02-20".parse()?, &Profile::default());
//! let held = rows.last().ok_or("no held line")?;
//! assert_eq!((held.state.as_str(), held.total.to_string().as_str()), ("deprived-of-liberty", "1 (0..1)"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate refuses to store anything and to print anything. Dropping a read model loses
//! nothing: fed the same entries it gives the same answers.

// Everything about a past state, and what became of it.
pub mod audit;
// Changes of state.
pub mod changes;
// Claimed against documented.
pub mod claims;
// Which entries bear on some entries.
pub mod closure;
// What is odd in the log.
pub mod conflicts;
// A subject's steps on the three axes.
pub mod courses;
// Totals of any past state, without counting again.
pub mod deltas;
// Why a number moved.
pub mod diff;
// One entry, compactly.
pub mod fact;
// The whole log, compactly.
pub mod facts;
// Which entries count.
pub mod filter;
// Published tables of flows beside what is documented.
pub mod flow_table;
// Who came in and who went out.
pub mod flows;
// Totals laid out by place, court, source and the like.
pub mod grouping;
// Who counts as held.
pub mod profile;
// Which rule a profile's name stands for.
pub mod profiles;
// What documenters file.
pub mod reports;
// Who is in a state.
pub mod roster;
// Totals kept up to date.
pub mod running;
// Totals over time.
pub mod series;
// What must be withheld of published totals.
pub mod suppression;
// Who stands behind entries.
pub mod sources;
// Sets of states.
pub mod state_set;
// The story of one subject.
pub mod timeline;
// How many are in each state.
pub mod totals;
// What is known at an entry.
pub mod view;

mod following;
mod interner;
mod merging;
mod scope;
mod stance;
mod trail;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod sample;

pub use facts::{ApplyError, Facts};
pub use filter::Filter;
pub use profile::Profile;
pub use running::RunningTotals;
pub use trail::Trail;
pub use view::View;

use amparo_core::entry::Entry;

/// A model that follows the log.
pub trait ReadModel {
    /// Takes the next entry of the log.
    ///
    /// # Errors
    /// [`ApplyError`] when the entry is not the next one, or there are too many; the model is
    /// then as it was.
    fn apply(&mut self, entry: &Entry) -> Result<(), ApplyError>;
}
