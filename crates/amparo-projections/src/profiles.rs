//! Which rule does a profile's name stand for, as known at an entry?
//!
//! The built-in profiles, and those that entries of the ledger state. A later entry of the same
//! name is another version of it; what was published with the old one stays computable, since the
//! version is chosen by the known-at. A stated profile can take the name of a built-in one from
//! its entry on.

use amparo_core::id::Seq;

use crate::profile::Profile;

/// The built-in profiles and the stated ones, in log order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles {
    stated: Vec<(Option<Seq>, Profile)>,
}

impl Profiles {
    /// The built-in profiles, and those that these entries in force state.
    pub fn new(stated: impl IntoIterator<Item = (Seq, Profile)>) -> Self {
        let built_in = Profile::built_in().map(|profile| (None, profile));
        let stated = stated
            .into_iter()
            .map(|(seq, profile)| (Some(seq), profile));
        let mut stated: Vec<_> = built_in.into_iter().chain(stated).collect();
        stated.sort_by_key(|(seq, _)| *seq);
        Self { stated }
    }

    /// The latest version of a profile as known at an entry; with `None`, before the first.
    pub fn named(&self, name: &str, known_at: Option<Seq>) -> Option<&Profile> {
        self.versions(name, known_at).last()
    }

    /// The version of a profile of that number, as known at an entry; the latest that has it.
    pub fn version(&self, name: &str, version: u32, known_at: Option<Seq>) -> Option<&Profile> {
        let versions = self.versions(name, known_at);
        versions
            .filter(|profile| profile.version() == version)
            .last()
    }

    /// Every version of a profile as known at an entry, the built-in one first.
    pub fn versions(&self, name: &str, known_at: Option<Seq>) -> impl Iterator<Item = &Profile> {
        let known = self.stated.iter().filter(move |(seq, _)| *seq <= known_at);
        let profiles = known.map(|(_, profile)| profile);
        profiles.filter(move |profile| profile.name() == name)
    }

    /// The names known at an entry, each once, in the order of their first version.
    pub fn names(&self, known_at: Option<Seq>) -> Vec<&str> {
        let mut names = Vec::new();
        for (_, profile) in self.stated.iter().filter(|(seq, _)| *seq <= known_at) {
            if !names.contains(&profile.name()) {
                names.push(profile.name());
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use amparo_core::kind::CustodyState;

    use super::*;

    fn week(version: u32, days: u32) -> Profile {
        Profile::new("a-week".to_owned(), version, [CustodyState::Detained], days).unwrap()
    }

    #[test]
    fn an_old_number_finds_the_version_of_its_day() {
        let seq = |n| Some(Seq::new(n));
        let profiles = Profiles::new([(Seq::new(9), week(2, 8)), (Seq::new(4), week(1, 7))]);
        for (known_at, version, days) in [
            (None, None, None),
            (seq(3), None, None),
            (seq(4), None, Some(7)),
            (seq(8), None, Some(7)),
            (seq(9), None, Some(8)),
            (seq(9), Some(1), Some(7)),
            (seq(8), Some(2), None),
        ] {
            let found = match version {
                Some(version) => profiles.version("a-week", version, known_at),
                None => profiles.named("a-week", known_at),
            };
            let found = found.map(Profile::shortest_stay_days);
            assert_eq!(found, days, "{known_at:?} {version:?}");
        }
        assert_eq!(profiles.names(None).len(), 3);
        assert_eq!(profiles.names(seq(9)).last(), Some(&"a-week"));
        let built_in = profiles.named("prison-only", None);
        assert_eq!(built_in.map(Profile::name), Some("prison-only"));
    }
}
