//! Bugs planted on purpose, to see that the tests catch them.
//!
//! Without the feature `planted`, and in every build without debug assertions, [`is_planted`] is a
//! constant `false` and nothing of this is left in the program. With it, a test run plants one bug
//! at a time (`plant`). Refuses to be in a release: that does not compile.

#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!("the feature `planted` is for tests: a release has no planted bugs");

/// A bug that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A batch is acknowledged without a sync.
    SyncSkipped,
    /// A sync that fails is taken for done.
    FailedSyncIgnored,
    /// A name in a folder is not made durable.
    FolderNotSynced,
    /// The keys of new subjects are not synced before the batch.
    KeysNotSynced,
    /// The checksum of a frame is not looked at.
    TornFrameAccepted,
    /// A log that ends before its signed heads is taken for whole.
    CutLogAccepted,
    /// The lower bound of a step is not clamped to that of the step before.
    LowerBoundNotClamped,
    /// The day on which something has certainly happened is one day late.
    CertainADayLate,
    /// The point of a date is its last day.
    PointIsLastDay,
    /// The time of day orders nothing.
    TimeOfDayIgnored,
    /// A retraction of a retraction changes nothing.
    RetractedRetractionHolds,
    /// The first merge of a person wins.
    FirstMergeWins,
    /// Persons identified from a group count once for each time.
    IdentifiedTwice,
    /// A place outlives the state that it was named with.
    PlaceOutlivesState,
    /// Nobody is ever taken again.
    NobodyAgain,
    /// A correction is told as something learned late.
    CorrectionLearnedLate,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::SyncSkipped,
        Self::FailedSyncIgnored,
        Self::FolderNotSynced,
        Self::KeysNotSynced,
        Self::TornFrameAccepted,
        Self::CutLogAccepted,
        Self::LowerBoundNotClamped,
        Self::CertainADayLate,
        Self::PointIsLastDay,
        Self::TimeOfDayIgnored,
        Self::RetractedRetractionHolds,
        Self::FirstMergeWins,
        Self::IdentifiedTwice,
        Self::PlaceOutlivesState,
        Self::NobodyAgain,
        Self::CorrectionLearnedLate,
    ];
}

#[cfg(feature = "planted")]
mod ground {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Bug;

    const NONE: usize = usize::MAX;
    static PLANTED: AtomicUsize = AtomicUsize::new(NONE);

    /// Plants a bug in this process, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(NONE, |bug| bug as usize), Ordering::SeqCst);
    }

    /// Whether a bug is planted.
    #[must_use]
    pub fn is_planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::SeqCst) == bug as usize
    }
}

#[cfg(feature = "planted")]
pub use ground::{is_planted, plant};

/// Whether a bug is planted: never, in this build.
#[cfg(not(feature = "planted"))]
#[must_use]
#[inline(always)]
pub const fn is_planted(_bug: Bug) -> bool {
    false
}
