//! Which lines of the totals are asked for: one state, the held line, or all of them.

use amparo_core::kind::State;
use amparo_core::word::{Word as _, nearest};
use amparo_projections::Profile;

use crate::error::Failure;
use crate::output::text;

/// The word for the line of the profile, whatever its name.
const HELD: &str = "held";

/// Which lines of the totals are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFilter {
    /// All of them.
    All,
    /// The line of the profile.
    Held,
    /// The line of a state; of a clemency state one for each instrument.
    State(State),
}

impl LineFilter {
    /// The lines that `--state` asks for: all where it is left out.
    ///
    /// # Errors
    /// Usage, for a word that is no state, nor the profile's name, nor `held`.
    pub fn of(typed: Option<&str>, profile: &Profile) -> Result<Self, Failure> {
        match typed {
            None => Ok(Self::All),
            Some(word) if word == HELD || word == profile.name() => Ok(Self::Held),
            Some(word) => state(word).map(Self::State),
        }
    }

    /// Whether a line is asked for.
    pub fn takes(&self, axis: &str, state: &str) -> bool {
        match self {
            Self::All => true,
            Self::Held => axis == "profile",
            Self::State(wanted) => axis == wanted.axis().word() && state == wanted.word(),
        }
    }
}

/// Reads a state.
///
/// # Errors
/// Usage, with the nearest state.
pub fn state(typed: &str) -> Result<State, Failure> {
    State::from_word(typed).ok_or_else(|| {
        let failure = Failure::usage(format!("`{}` is no state", text::visible(typed)));
        match nearest(typed, State::all().map(State::word)) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("`amparo vocab states` lists them"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_asked_for_by_its_state_the_profile_or_held() {
        let profile = Profile::default();
        for (typed, axis, state, takes) in [
            (None, "custody", "detained", true),
            (Some("detained"), "custody", "detained", true),
            (Some("detained"), "custody", "released", false),
            (Some("granted"), "clemency", "granted", true),
            (Some("held"), "profile", "deprived-of-liberty", true),
            (
                Some("deprived-of-liberty"),
                "profile",
                "deprived-of-liberty",
                true,
            ),
            (Some("held"), "custody", "detained", false),
        ] {
            let lines = LineFilter::of(typed, &profile).unwrap();
            assert_eq!(lines.takes(axis, state), takes, "{typed:?} {state}");
        }
    }

    #[test]
    fn an_unknown_state_is_a_usage_failure_that_names_the_nearest() {
        for (typed, says) in [
            ("relased", "did you mean `released`?"),
            ("x", "vocab states"),
        ] {
            let failure = format!("{:?}", LineFilter::of(Some(typed), &Profile::default()));
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{failure}"
            );
        }
    }
}
