//! Bugs planted on purpose: does a claim catch each of them?
//!
//! A claim that cannot fail proves nothing. Here each bug of [`amparo_core::planted`] is planted by
//! itself, and the claim that is there for its like must break: in its short form, which runs with
//! every `cargo test`, or else in its long one.

use crate::claim::{Broken, Length};

/// Plants every bug, one at a time.
///
/// # Errors
/// [`Broken`] with the bugs that nobody caught; in a build without them as well.
#[cfg(not(feature = "planted"))]
pub fn bugs(_length: Length) -> Result<String, Broken> {
    Err(Broken::new(
        "this build has no bugs to plant: cargo run --features planted",
    ))
}

#[cfg(feature = "planted")]
pub use ground::bugs;

#[cfg(feature = "planted")]
mod ground {
    use std::collections::BTreeMap;
    use std::panic::{self, AssertUnwindSafe};

    use amparo_core::planted::{Bug, plant};

    use super::{Broken, Length};
    use crate::claim::{CLAIMS, insist};

    /// The claim that is there for bugs like this one.
    fn catcher(bug: Bug) -> &'static str {
        match bug {
            Bug::SyncSkipped | Bug::FolderNotSynced | Bug::KeysNotSynced => "power-cuts",
            Bug::FailedSyncIgnored => "failing-writes",
            Bug::TornFrameAccepted => "flipped-bits",
            Bug::CutLogAccepted => "cut-files",
            Bug::LowerBoundNotClamped
            | Bug::CertainADayLate
            | Bug::PointIsLastDay
            | Bug::TimeOfDayIgnored
            | Bug::RetractedRetractionHolds
            | Bug::FirstMergeWins
            | Bug::IdentifiedTwice
            | Bug::PlaceOutlivesState
            | Bug::NobodyAgain
            | Bug::CorrectionLearnedLate => "random-histories",
        }
    }

    /// Plants every bug, one at a time.
    ///
    /// # Errors
    /// [`Broken`] with the bugs that were not caught, and where a claim breaks without one.
    pub fn bugs(_length: Length) -> Result<String, Broken> {
        let mut caught: BTreeMap<&str, usize> = BTreeMap::new();
        let mut at_length = 0;
        let mut missed = Vec::new();
        for bug in Bug::ALL {
            let is_caught =
                |length| Ok::<_, Broken>(told(Some(bug), catcher(bug), length)?.is_err());
            if !is_caught(Length::Short)? {
                at_length += 1;
                if !is_caught(Length::Long)? {
                    missed.push(format!("{bug:?} by {}", catcher(bug)));
                    continue;
                }
            }
            *caught.entry(catcher(bug)).or_default() += 1;
        }
        for claim in caught.keys() {
            told(None, claim, Length::Short)??;
        }
        insist(missed.is_empty(), || {
            format!("not caught: {}", missed.join(", "))
        })?;
        let by = caught
            .iter()
            .map(|(claim, bugs)| format!("{bugs} by {claim}"));
        let by = by.collect::<Vec<_>>().join(", ");
        let bugs = Bug::ALL.len();
        Ok(format!(
            "{bugs} bugs planted, 0 missed: {by}; {at_length} of them only in the long form"
        ))
    }

    /// What a claim comes to with a bug planted: a panic is a failure too.
    fn told(bug: Option<Bug>, claim: &str, length: Length) -> Result<Result<(), Broken>, Broken> {
        let found = CLAIMS.iter().find(|known| known.name == claim);
        let found = found.ok_or_else(|| Broken::new(format!("no claim {claim}")))?;
        plant(bug);
        let ran = panic::catch_unwind(AssertUnwindSafe(|| (found.run)(length)));
        plant(None);
        Ok(match ran {
            Ok(counted) => counted.map(|_| ()),
            Err(_) => Err(Broken::new("a panic")),
        })
    }
}
