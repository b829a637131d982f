//! Identifiers: of events, persons, groups, ledgers and instruments, and positions in the log.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::limit;

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID of any version as the identifier.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The identifier as a UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The sixteen bytes of the UUID.
            pub const fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

uuid_id! {
    /// Names an event for ever, and makes recording it twice a no-op.
    EventId
}
uuid_id! {
    /// Names a person without saying who it is.
    PersonId
}
uuid_id! {
    /// Names a group of persons not yet told apart.
    GroupId
}
uuid_id! {
    /// Names a ledger.
    LedgerId
}

/// Whose status an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One person.
    Person(PersonId),
    /// A group, counted by its size.
    Group(GroupId),
}

impl Subject {
    /// The UUID behind the subject.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Person(person) => person.uuid(),
            Self::Group(group) => group.uuid(),
        }
    }
}

/// A position in the log, from 0, without gaps; shown `e49`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// The entry that opens the ledger.
    pub const OPENING: Seq = Seq(0);

    /// The position of this number.
    pub const fn new(position: u64) -> Self {
        Self(position)
    }

    /// The position as a number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// Why a text is no entry reference or code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not `e` and a number.
    #[error("not an entry reference; write it like e49")]
    NotASeq,
    /// Empty, too long, or with characters that codes do not have.
    #[error("not a code: 1 to {max} letters, digits, '-', '_' or '.'", max = limit::CODE_BYTES_MAX)]
    NotACode,
}

impl FromStr for Seq {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix('e').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::NotASeq);
        }
        digits.parse().map(Self).map_err(|_| IdError::NotASeq)
    }
}

/// A short name that people choose and type: of an instrument, an exclusion ground.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Box<str>);

impl Code {
    /// Checks a code: 1 to 64 letters, digits, `-`, `_` or `.`.
    ///
    /// # Errors
    /// [`IdError::NotACode`] for anything else.
    pub fn new(text: &str) -> Result<Self, IdError> {
        let sound = text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if text.is_empty() || text.len() > limit::CODE_BYTES_MAX || !sound {
            return Err(IdError::NotACode);
        }
        Ok(Self(text.into()))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_reads_with_and_without_its_letter() {
        for (text, read) in [
            ("e49", Ok(Seq(49))),
            ("0", Ok(Seq(0))),
            ("e", Err(IdError::NotASeq)),
            ("e+1", Err(IdError::NotASeq)),
            ("-1", Err(IdError::NotASeq)),
            ("e99999999999999999999", Err(IdError::NotASeq)),
        ] {
            assert_eq!(text.parse(), read, "{text}");
        }
    }

    #[test]
    fn codes_have_no_spaces_and_an_end() {
        assert!(Code::new("ve-amnesty-2026").is_ok());
        assert!(Code::new(&"a".repeat(limit::CODE_BYTES_MAX)).is_ok());
        for bad in ["", "a b", "a/b", &"a".repeat(limit::CODE_BYTES_MAX + 1)] {
            assert_eq!(Code::new(bad), Err(IdError::NotACode), "{bad}");
        }
    }
}
