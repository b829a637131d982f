//! What were the totals at the end of any day, by what was known at any entry, without counting anybody
//! again?
//!
//! Whoever has the same stance on an axis counts the same: a *cohort*. An entry moves a few subjects from
//! one cohort to another, from some day on: a *move*. So the totals at a known-at and an as-of
//! are the sum of all moves by the entries up to the one, of the days up to the other: no subject is looked
//! at, and no fact. The moves of [`BLOCK_ENTRIES`] entries are a [`Block`], which begins with the sums
//! of all moves before it; so any past state is read from one block, however long the log is.
//!
//! A [`Follower`] works the moves out, entry by entry, from the facts; those of an excerpt will do for
//! entries about its subjects. A block is a function of the entries alone: the same log gives the
//! same bytes, wherever following it began and however often it was interrupted.
//!
//! Blocks count everybody: a question with a filter, a group or a shortest stay is asked of a
//! [`View`](crate::View). They also know which entry registered the 7th person, so that a reference like
//! `p7` is found without the log.

mod block;
mod count;
mod follower;
mod packed;
#[cfg(test)]
mod tests;

pub use block::{BLOCK_ENTRIES, Block, Whereabouts};
pub use follower::Follower;
pub use packed::UnpackError;
