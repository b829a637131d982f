//! Closed vocabularies: enums whose members are words of the format.
//!
//! Each vocabulary is one enum; its words, its order and its nearest-spelling search come from
//! the same list, so that parser, writer, command line and documentation cannot drift apart.

/// A member of a closed vocabulary, written as one word in drafts and entries.
pub trait Word: Copy + Eq + 'static {
    /// What the vocabulary is a list of, in the singular, for messages: `source kind`.
    const WHAT: &'static str;
    /// Every member, in the order in which lists and reports show them.
    const ALL: &'static [Self];

    /// The word as it stands in the format.
    fn word(self) -> &'static str;

    /// Finds the member that is written so, exactly.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|member| member.word() == word)
    }

    /// The word of the vocabulary nearest to a mistyped one, when one is near.
    fn nearest(word: &str) -> Option<&'static str> {
        nearest(word, Self::ALL.iter().map(|member| member.word()))
    }
}

/// The candidate nearest to a mistyped word, when one is near enough to be what was meant.
///
/// Case and `_`/`-`/space are forgiven first; then up to a third of the letters may differ (so a word of one or two letters is never guessed).
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const COMPARED_CHARS_MAX: usize = 64;
    let fold = |text: &str| -> String {
        text.chars()
            .take(COMPARED_CHARS_MAX)
            .map(|c| {
                if matches!(c, '_' | ' ') {
                    '-'
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect()
    };
    let wanted = fold(word);
    candidates
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &fold(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Defines an enum and its [`Word`] implementation from one list.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident, $what:literal {
        $($(#[$member_meta:meta])* $member:ident = $word:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$member_meta])* #[doc = concat!("`", $word, "`")] $member),+ }

        impl $crate::word::Word for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$member),+];

            fn word(self) -> &'static str {
                match self { $(Self::$member => $word),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad($crate::word::Word::word(*self))
            }
        }
    };
}
pub(crate) use vocabulary;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_finds_its_nearest_and_a_strange_one_finds_none() {
        let words = ["arrest", "release", "house-arrest", "conditional-release"];
        for (typed, found) in [
            ("arest", Some("arrest")),
            ("House Arrest", Some("house-arrest")),
            ("house_arrest", Some("house-arrest")),
            ("relaese", Some("release")),
            ("banana", None),
            ("arrst", Some("arrest")),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words.into_iter()), found, "{typed}");
        }
    }
}
