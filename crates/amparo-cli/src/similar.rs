//! Which people may be one and the same, by their names and references.
//!
//! It suggests and never merges; it reads no states, and it knows no more than the names do. Two
//! names fit only if every word of the shorter one is accounted for: sharing first names is never
//! enough. Of many people, only those are compared whom a table finds to share what a fit needs,
//! so that the work follows the number of names and not its square.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher as _;

use crate::fold;

/// A word of fewer letters that differs in one is another word.
const MISSPELT_LETTERS_MIN: usize = 4;
/// How many words the names must share where one has more words than the other.
const WORDS_SHARED_MIN: usize = 2;
/// A name that more others fit says nothing about any of them.
pub const OTHERS_MAX: usize = 20;

/// Why two people may be one, the strongest reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Both have the same reference in a list.
    SameReference,
    /// A name of one has the same words as a name of the other.
    SameWords,
    /// The same words, but for one letter, or two swapped letters, of one of them.
    OneLetter,
    /// One name has all words of the other, or words that begin with its initials, and more.
    MoreWords,
}

/// The place of a person in the list that the names were given in.
pub type Who = usize;

/// Two people who may be one, the smaller place first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The one.
    pub one: Who,
    /// The other.
    pub other: Who,
    /// Why.
    pub likeness: Likeness,
}

/// What was found among many.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Each pair once, in order.
    pub pairs: Vec<Pair>,
    /// Those whose name more than [`OTHERS_MAX`] others fit, in order: the name alone says too
    /// little, and pairs that only it would make are left out.
    pub too_many: Vec<Who>,
}

/// The names and references of many people, ready to be compared.
#[derive(Default)]
pub struct Names {
    words: Vec<String>,
    word_ids: HashMap<String, u32>,
    /// How many names have each word.
    held_by: Vec<u32>,
    names: Vec<Name>,
    by_reference: HashMap<String, Vec<Who>>,
}

/// One name: whose, and its words, each once and in order.
struct Name {
    who: Who,
    words: Vec<u32>,
}

/// How names are found by what they share.
struct Tables<'n> {
    /// The names of exactly these words.
    same: HashMap<&'n [u32], Vec<usize>>,
    /// Each name of more than two words under each two of its whole words, sorted.
    by_two_words: Vec<(u32, u32, u32)>,
    /// For each word, the words that differ from it in a letter, where there are any.
    misspelt: HashMap<u32, Vec<u32>>,
}

impl Names {
    /// Adds a name of somebody.
    pub fn add_name(&mut self, who: Who, name: &str) {
        let mut words: Vec<_> = fold::words(name)
            .into_iter()
            .map(|word| self.word_id(word))
            .collect();
        words.sort_unstable();
        words.dedup();
        if words.is_empty() {
            return;
        }
        for word in &words {
            self.held_by[*word as usize] += 1;
        }
        self.names.push(Name { who, words });
    }

    /// Adds a reference of somebody in a list.
    pub fn add_reference(&mut self, who: Who, reference: &str) {
        let same = self.by_reference.entry(reference.to_owned()).or_default();
        same.push(who);
    }

    /// Everybody who may be one with somebody, the strongest reason first. Linear.
    pub fn like(&self, who: Who) -> Vec<(Likeness, Who)> {
        let mut found = HashMap::new();
        for same in self.by_reference.values().filter(|of| of.contains(&who)) {
            for other in same {
                strongest(&mut found, *other, Likeness::SameReference);
            }
        }
        let (own, others): (Vec<_>, Vec<_>) = self.names.iter().partition(|name| name.who == who);
        for other in others {
            let reasons = own
                .iter()
                .filter_map(|own| self.likeness(&own.words, &other.words));
            if let Some(likeness) = reasons.min() {
                strongest(&mut found, other.who, likeness);
            }
        }
        found.remove(&who);
        let mut found: Vec<_> = found.into_iter().map(|(who, why)| (why, who)).collect();
        found.sort_unstable();
        found
    }

    /// All who may be one with somebody else.
    pub fn pairs(&self) -> Pairs {
        let mut found = HashMap::new();
        let mut too_many = Vec::new();
        let mut note = |one: Who, other: Who, likeness| {
            if one != other {
                strongest(&mut found, (one.min(other), one.max(other)), likeness);
            }
        };
        for same in self.by_reference.values() {
            for (n, one) in same.iter().enumerate() {
                for other in &same[n + 1..] {
                    note(*one, *other, Likeness::SameReference);
                }
            }
        }
        let tables = self.tables();
        for name in &self.names {
            match self.fitting(&tables, name) {
                Some(fitting) => {
                    for (other, likeness) in fitting {
                        note(name.who, other, likeness);
                    }
                }
                None => too_many.push(name.who),
            }
        }
        too_many.sort_unstable();
        too_many.dedup();
        let pair = |((one, other), likeness)| Pair {
            one,
            other,
            likeness,
        };
        let mut pairs: Vec<_> = found.into_iter().map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (pair.one, pair.other));
        Pairs { pairs, too_many }
    }

    /// Why two names fit, if they do; each is given as its words in order.
    fn likeness(&self, one: &[u32], other: &[u32]) -> Option<Likeness> {
        let rest = |of: &[u32], without: &[u32]| -> Vec<u32> {
            let lacks = |word: &u32| without.binary_search(word).is_err();
            of.iter().copied().filter(lacks).collect()
        };
        let (rest, other_rest) = (rest(one, other), rest(other, one));
        let shared = one.len() - rest.len();
        match (rest.as_slice(), other_rest.as_slice()) {
            ([], []) => Some(Likeness::SameWords),
            ([word], [misspelt]) if shared > 0 && self.is_misspelt(*word, *misspelt) => {
                Some(Likeness::OneLetter)
            }
            (rest, other_rest) => {
                let whole = one.iter().filter(|word| !self.is_initial(**word)).count();
                let whole_rest = rest.iter().filter(|word| !self.is_initial(**word)).count();
                let fits = whole - whole_rest >= WORDS_SHARED_MIN
                    && (self.stands_for(rest, other_rest) || self.stands_for(other_rest, rest));
                fits.then_some(Likeness::MoreWords)
            }
        }
    }

    /// Whether every one of some words is the initial of another of the others.
    fn stands_for(&self, initials: &[u32], words: &[u32]) -> bool {
        let mut left = words.to_vec();
        initials.iter().all(|initial| {
            let text = self.word(*initial);
            let begins =
                |word: &u32| self.is_initial(*initial) && self.word(*word).starts_with(text);
            let place = left.iter().position(begins);
            place.map(|place| left.swap_remove(place)).is_some()
        })
    }

    /// One letter of a script that has capitals; in others a letter can be a whole name.
    fn is_initial(&self, word: u32) -> bool {
        let mut letters = self.word(word).chars();
        letters.next().is_some_and(char::is_lowercase) && letters.next().is_none()
    }

    fn is_misspelt(&self, one: u32, other: u32) -> bool {
        let (one, other) = (self.word(one), self.word(other));
        can_be_misspelt(one)
            && can_be_misspelt(other)
            && strsim::damerau_levenshtein(one, other) == 1
    }

    /// Everybody of a name of the same words, but for a letter, or of more words; `None` when
    /// they are too many.
    fn fitting(&self, tables: &Tables<'_>, name: &Name) -> Option<Vec<(Who, Likeness)>> {
        let mut fitting = Vec::new();
        let mut take = |names: &[usize], likeness| {
            let others = names.iter().map(|n| self.names[*n].who);
            let others = others.filter(|who| *who != name.who);
            fitting.extend(others.take(OTHERS_MAX + 1).map(|who| (who, likeness)));
            fitting.len() <= OTHERS_MAX
        };
        let words = name.words.as_slice();
        let same = tables.same.get(words).map_or(&[][..], Vec::as_slice);
        if !take(same, Likeness::SameWords) {
            return None;
        }
        for place in (0..words.len()).filter(|_| words.len() > 1) {
            for misspelt in tables.misspelt.get(&words[place]).into_iter().flatten() {
                let mut other = words.to_vec();
                other[place] = *misspelt;
                other.sort_unstable();
                let near = tables.same.get(other.as_slice());
                if !take(near.map_or(&[][..], Vec::as_slice), Likeness::OneLetter) {
                    return None;
                }
            }
        }
        let is_whole = |word: &u32| !self.is_initial(*word);
        let whole: Vec<_> = words.iter().copied().filter(is_whole).collect();
        let has_all = |n: &usize| {
            let other = &self.names[*n].words;
            whole.iter().all(|word| other.binary_search(word).is_ok())
        };
        for n in self.sharing_two_words(tables, words).filter(has_all) {
            if self.likeness(words, &self.names[n].words) == Some(Likeness::MoreWords)
                && !take(&[n], Likeness::MoreWords)
            {
                return None;
            }
        }
        Some(fitting)
    }

    /// The names that have the two whole words of a name which the fewest names have.
    fn sharing_two_words<'t>(
        &self,
        tables: &'t Tables<'_>,
        words: &[u32],
    ) -> impl Iterator<Item = usize> + use<'t> {
        let whole = words.iter().copied().filter(|word| !self.is_initial(*word));
        let mut rarest: Vec<_> = whole.collect();
        rarest.sort_unstable_by_key(|word| (self.held_by[*word as usize], *word));
        let two = match rarest.as_slice() {
            [one, other, ..] => Some(((*one).min(*other), (*one).max(*other))),
            [] | [_] => None,
        };
        let all = &tables.by_two_words;
        let start = two.map_or(all.len(), |two| {
            all.partition_point(|(a, b, _)| (*a, *b) < two)
        });
        let of_two = all[start..].iter();
        of_two
            .take_while(move |(a, b, _)| Some((*a, *b)) == two)
            .map(|(_, _, n)| *n as usize)
    }

    fn tables(&self) -> Tables<'_> {
        let mut same: HashMap<&[u32], Vec<usize>> = HashMap::with_capacity(self.names.len());
        let mut by_two_words = Vec::new();
        for (n, name) in (0_u32..).zip(&self.names) {
            same.entry(&name.words).or_default().push(n as usize);
            if name.words.len() <= WORDS_SHARED_MIN {
                continue;
            }
            let whole = name.words.iter().copied();
            let whole: Vec<_> = whole.filter(|word| !self.is_initial(*word)).collect();
            for (place, one) in whole.iter().enumerate() {
                by_two_words.extend(whole[place + 1..].iter().map(|other| (*one, *other, n)));
            }
        }
        by_two_words.sort_unstable();
        Tables {
            same,
            by_two_words,
            misspelt: self.misspelt(),
        }
    }

    /// The words that differ in a letter: they are equal once each has lost at most one.
    fn misspelt(&self) -> HashMap<u32, Vec<u32>> {
        let mut shortened: Vec<(u64, u32)> = Vec::new();
        for (id, word) in (0_u32..).zip(&self.words) {
            if can_be_misspelt(word) {
                shortened.push((hash(word.chars()), id));
                for lost in 0..word.chars().count() {
                    let kept = word.chars().enumerate().filter(|(n, _)| *n != lost);
                    shortened.push((hash(kept.map(|(_, c)| c)), id));
                }
            }
        }
        shortened.sort_unstable();
        shortened.dedup();
        let mut misspelt: HashMap<u32, Vec<u32>> = HashMap::new();
        for alike in shortened.chunk_by(|one, other| one.0 == other.0) {
            for (n, (_, one)) in alike.iter().enumerate() {
                let others = alike[n + 1..].iter().map(|(_, other)| *other);
                for other in others.filter(|other| self.is_misspelt(*one, *other)) {
                    misspelt.entry(*one).or_default().push(other);
                    misspelt.entry(other).or_default().push(*one);
                }
            }
        }
        for words in misspelt.values_mut() {
            words.sort_unstable();
            words.dedup();
        }
        misspelt
    }

    fn word(&self, id: u32) -> &str {
        &self.words[id as usize]
    }

    fn word_id(&mut self, word: String) -> u32 {
        if let Some(id) = self.word_ids.get(&word) {
            return *id;
        }
        let id = self.words.len() as u32;
        self.words.push(word.clone());
        self.held_by.push(0);
        self.word_ids.insert(word, id);
        id
    }
}

impl fmt::Display for Likeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameReference => "same-reference",
            Self::SameWords => "same-words",
            Self::OneLetter => "one-letter",
            Self::MoreWords => "more-words",
        })
    }
}

/// A number is never misspelt: 1023 and 1024 are two.
fn can_be_misspelt(word: &str) -> bool {
    word.chars().all(char::is_alphabetic) && word.chars().count() >= MISSPELT_LETTERS_MIN
}

fn hash(letters: impl Iterator<Item = char>) -> u64 {
    let mut hasher = DefaultHasher::new();
    letters.for_each(|letter| hasher.write_u32(letter.into()));
    hasher.finish()
}

/// Keeps the strongest reason for each.
fn strongest<K: std::hash::Hash + Eq>(found: &mut HashMap<K, Likeness>, key: K, why: Likeness) {
    let known = found.entry(key).or_insert(why);
    *known = why.min(*known);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(all: &[&str]) -> Names {
        let mut names = Names::default();
        for (who, name) in all.iter().enumerate() {
            names.add_name(who, name);
        }
        names
    }

    #[test]
    fn names_fit_when_every_word_of_the_shorter_is_accounted_for() {
        use Likeness::{MoreWords, OneLetter, SameWords};
        for (one, other, expect) in [
            ("José Núñez", "NUNEZ, Jose", Some(SameWords)),
            ("Pepe", "pepe", Some(SameWords)),
            ("張偉", "張偉", Some(SameWords)),
            ("José Núñez", "Jose Nunes", Some(OneLetter)),
            ("Pedro Demo", "Perdo Demo", Some(OneLetter)),
            ("Ana Demo Ruiz", "Ana Demo", Some(MoreWords)),
            ("Juan P. Guanipa", "Juan Pablo Guanipa", Some(MoreWords)),
            ("J. P. Demo Ruiz", "Pablo Juan Demo Ruiz", Some(MoreWords)),
            // First names are not enough, and neither are they with a surname left out of one.
            ("Juan Pablo Guanipa", "Juan Pablo Guaidó", None),
            ("Juan Pablo Guanipa", "Juan Gerardo Guaidó", None),
            ("Juan Pablo Guanipa Villalobos", "Juan Pablo Guaidó", None),
            ("Juan", "Juan Guaidó", None),
            ("J. Guaidó", "Juan Guaidó", None),
            ("J. P. Demo Ruiz", "Pablo Pedro Demo Ruiz", None),
            ("Pepe", "Pepa", None),
            ("Ana Demo", "Eva Demo", None),
            ("Demo Person 1023", "Demo Person 1024", None),
            // Two spellings at once, and a spelling in a name of more words, are a guess.
            ("José Núñez", "Joze Nunes", None),
            ("José Núñez Demo", "Jose Nunes", None),
            ("張偉", "張瑋", None),
        ] {
            for two in [[one, other], [other, one]] {
                let names = names(&two);
                let like = names.like(0).first().map(|(likeness, _)| *likeness);
                let pair = names.pairs().pairs.first().map(|pair| pair.likeness);
                assert_eq!((like, pair), (expect, expect), "{two:?}");
            }
        }
    }

    #[test]
    fn a_shared_reference_is_the_strongest_reason() {
        let mut names = names(&["Ana Demo", "Ana Demo", "Eva Demo"]);
        names.add_reference(0, "demo:1");
        names.add_reference(1, "demo:1");
        assert_eq!(names.like(1), [(Likeness::SameReference, 0)]);
        let [pair] = names.pairs().pairs[..] else {
            unreachable!("one pair")
        };
        assert_eq!(
            (pair.one, pair.other, pair.likeness),
            (0, 1, Likeness::SameReference)
        );
    }

    #[test]
    fn a_name_that_too_many_fit_is_set_apart() {
        for (namesakes, expect) in [(OTHERS_MAX + 1, 0), (OTHERS_MAX + 2, OTHERS_MAX + 2)] {
            let mut all = vec!["Ana Demo"; namesakes];
            all.push("Eva Demo");
            let found = names(&all).pairs();
            assert_eq!(found.too_many.len(), expect);
            assert_eq!(found.pairs.is_empty(), expect > 0);
        }
    }

    proptest! {
        #[test]
        fn the_tables_find_what_comparing_everybody_finds(
            all in prop::collection::vec("(jose|josefa|j|ana) (pablo|paolo|p|demo) ?(nunez|nunes)?", 1..12),
        ) {
            let all: Vec<_> = all.iter().map(String::as_str).collect();
            let names = names(&all);
            let mut slow = Vec::new();
            for one in 0..all.len() {
                let later = names.like(one).into_iter().filter(|(_, other)| *other > one);
                let mut later: Vec<_> = later.map(|(why, other)| (one, other, why)).collect();
                later.sort_unstable();
                slow.extend(later);
            }
            let fast: Vec<_> = names.pairs().pairs.iter()
                .map(|pair| (pair.one, pair.other, pair.likeness)).collect();
            prop_assert_eq!(fast, slow);
        }
    }
}
