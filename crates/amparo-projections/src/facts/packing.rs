//! How the values of a fact are packed: words as their place in their vocabulary, times and days
//! as numbers.

use amparo_core::date::{Day, Span};
use amparo_core::entry::Recorded;
use serde::de::{Deserialize as _, Deserializer, Error as _};
use serde::ser::Serializer;

/// A member of a closed vocabulary.
pub(crate) mod word {
    use amparo_core::word::Word;

    use super::*;

    pub(crate) fn serialize<T: Word, S: Serializer>(word: &T, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(number(*word))
    }

    pub(crate) fn deserialize<'de, T: Word, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        member(u8::deserialize(from)?)
    }

    /// Vocabularies have some tens of words.
    pub(super) fn number<T: Word>(word: T) -> u8 {
        let place = T::ALL.iter().position(|member| *member == word);
        place.map_or(u8::MAX, |place| place as u8)
    }

    pub(super) fn member<T: Word, E: serde::de::Error>(number: u8) -> Result<T, E> {
        let member = T::ALL.get(usize::from(number)).copied();
        member.ok_or_else(|| E::custom(T::WHAT))
    }
}

/// The same where it may be missing.
pub(crate) mod maybe_word {
    use amparo_core::word::Word;

    use super::*;

    pub(crate) fn serialize<T: Word, S: Serializer>(
        word: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match word {
            Some(word) => to.serialize_some(&word::number(*word)),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Word, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<u8>::deserialize(from)?
            .map(word::member)
            .transpose()
    }
}

/// When an entry was accepted.
pub(crate) mod recorded {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &Recorded, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.ms())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Recorded, D::Error> {
        let recorded = Recorded::from_ms(i64::deserialize(from)?);
        recorded.ok_or_else(|| D::Error::custom("a time"))
    }
}

/// A date: the day of a plain one. Any other is read from its text when all texts are there.
pub(crate) mod plain_day {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(span: &Option<Span>, to: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => to.serialize_some(&span.lo().epoch_days()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Span>, D::Error> {
        let day = |days| Day::from_epoch_days(days).ok_or_else(|| D::Error::custom("a day"));
        Ok(Option::<i32>::deserialize(from)?
            .map(day)
            .transpose()?
            .map(Span::on))
    }
}
