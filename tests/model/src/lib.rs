//! The naive model: random histories, and every count of them once more, from the design alone.
//!
//! The model is fed drafts as JSON and knows nothing of the program: own dates, own order, own
//! rules, as slowly as the design reads. Whatever it shares with the program it shares through the
//! design. The same seed gives the same history on any machine. For tests only: text that is not
//! of its own making it refuses with a panic.

#![expect(
    clippy::unwrap_used,
    reason = "the model reads nothing but the histories it makes; a slip in them must stop a test"
)]

// Days and dates by hand.
pub mod dates;
// Who came in and who went out.
pub mod flowing;
// Random drafts.
pub mod histories;
// Totals by place, court, source and the like.
pub mod laid_out;
// Why totals moved.
pub mod moving;
// Section 3 of the design by the letter.
pub mod naive;
// Choices from a seed.
pub mod random;
