//! The identity of a log.
//!
//! Refuses what would not fit on one line. Invariant: an origin is the first line of a
//! checkpoint, and nothing else in it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::key::KeyName;

/// Longest origin in bytes.
pub const MAX_ORIGIN_LEN: usize = 255;

/// The identity of a log: the first line of its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OriginError {
    /// The origin is empty.
    #[error("an origin is not empty")]
    Empty,
    /// The origin is longer than [`MAX_ORIGIN_LEN`].
    #[error("an origin has at most {MAX_ORIGIN_LEN} bytes, not {found}")]
    TooLong {
        /// Length in bytes.
        found: usize,
    },
    /// The origin has a control character, such as a newline.
    #[error("an origin has no control characters")]
    ControlCharacter,
}

impl Origin {
    /// Shows the origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a key of this name signs for the log.
    pub fn is_named(&self, name: &KeyName) -> bool {
        self.0 == name.as_str()
    }
}

impl From<&KeyName> for Origin {
    /// Names a log as its key: the rules for key names are the stricter ones.
    fn from(name: &KeyName) -> Self {
        Self(name.as_str().to_owned())
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.is_empty() {
            return Err(OriginError::Empty);
        }
        if text.len() > MAX_ORIGIN_LEN {
            return Err(OriginError::TooLong { found: text.len() });
        }
        if text.chars().any(char::is_control) {
            return Err(OriginError::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_one_short_line() {
        let longest = "o".repeat(MAX_ORIGIN_LEN);
        let longer = "o".repeat(MAX_ORIGIN_LEN + 1);
        let cases = [
            ("go.sum database tree", Ok(())),
            (&longest, Ok(())),
            (
                &longer,
                Err(OriginError::TooLong {
                    found: MAX_ORIGIN_LEN + 1,
                }),
            ),
            ("", Err(OriginError::Empty)),
            ("a\nb", Err(OriginError::ControlCharacter)),
            ("a\u{7f}", Err(OriginError::ControlCharacter)),
        ];
        for (text, outcome) in cases {
            let read = text.parse::<Origin>();
            assert_eq!(read, outcome.map(|()| Origin(text.to_owned())));
        }
    }

    #[test]
    fn a_log_is_named_as_its_key() {
        let name: KeyName = "example.com/log".parse().unwrap();
        assert!(Origin::from(&name).is_named(&name));
        assert!(!Origin::from(&name).is_named(&"example.com/other".parse().unwrap()));
    }
}
