//! The name of a checkpoint: what `--known-at` takes.

use std::fmt;
use std::str::FromStr;

/// Longest name in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// The name of a checkpoint. Can never be read as an entry, a day or a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointName(String);

/// Why a text does not name a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointNameError {
    /// The name is empty or longer than [`NAME_BYTES_MAX`].
    #[error("a name has 1 to {NAME_BYTES_MAX} characters")]
    Length,
    /// A character that is not a small letter, a digit or one of `-_.`.
    #[error("a name is made of a-z, 0-9, `-`, `_` and `.`, and begins with a letter")]
    Character,
    /// The name means something else as a position in the log.
    #[error("`{0}` means something else as a position in the log")]
    Reserved(String),
}

/// Words that `--known-at` reads as something else.
const RESERVED: [&str; 8] = [
    "head",
    "today",
    "yesterday",
    "tomorrow",
    "hoy",
    "ayer",
    "anteayer",
    "now",
];

impl CheckpointName {
    /// Shows the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CheckpointName {
    type Err = CheckpointNameError;

    fn from_str(text: &str) -> Result<Self, CheckpointNameError> {
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return Err(CheckpointNameError::Length);
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if !text.chars().all(fits) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(CheckpointNameError::Character);
        }
        let is_entry = text.parse::<amparo_core::id::Seq>().is_ok();
        if RESERVED.contains(&text) || is_entry {
            return Err(CheckpointNameError::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_and_no_other_position() {
        let long = "a".repeat(NAME_BYTES_MAX);
        for (text, fits) in [
            ("press-2026-02-20", true),
            ("v1.2_final", true),
            (long.as_str(), true),
            (&"a".repeat(NAME_BYTES_MAX + 1), false),
            ("", false),
            ("e41", false),
            ("head", false),
            ("ayer", false),
            ("2026-02-20", false),
            ("Press", false),
            ("a b", false),
            ("../a", false),
            ("a/b", false),
            ("a\n", false),
        ] {
            assert_eq!(text.parse::<CheckpointName>().is_ok(), fits, "{text:?}");
        }
    }
}
