//! Which rule does a profile's name stand for, as known at an entry?
//!
//! The built-in profiles, and those that entries in force state. Of one name the highest version
//! that was known holds; what was published with an older one stays computable, since the version
//! is chosen by the known-at of the view, or named. A corrected version keeps its number, and so
//! never comes before a newer one.

use amparo_core::event;
use amparo_core::id::Seq;

use crate::profile::Profile;
use crate::view::View;

/// A profile, and the entry that states it; none for a built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The entry.
    pub entry: Option<Seq>,
    /// The rule.
    pub profile: Profile,
}

/// The built-in profiles and then the stated ones, in log order.
pub fn profiles(view: &View<'_>) -> Vec<Stated> {
    let facts = view.facts();
    let built_in = Profile::built_in().map(|profile| Stated {
        entry: None,
        profile,
    });
    let known = view.known(&facts.profiling).iter();
    let in_force = known.filter(|position| view.counts_at(**position));
    let stated = in_force.filter_map(|position| {
        let entry = view.facts().seq_at(*position);
        let rule = facts.profile(facts.fact(entry)?)?;
        Some(Stated {
            entry: Some(entry),
            profile: of_rule(rule)?,
        })
    });
    built_in.into_iter().chain(stated).collect()
}

/// The profile that is meant by `NAME`, in its highest version, or by `NAME@VERSION`; of two
/// entries that state the same version the later counts.
pub fn find(profiles: &[Stated], typed: &str) -> Option<Profile> {
    let (name, version) = match typed.split_once('@') {
        Some((name, version)) => (name, Some(version.parse().ok()?)),
        None => (typed, None),
    };
    let is_meant = |profile: &&Profile| {
        profile.name() == name && version.is_none_or(|version: u32| profile.version() == version)
    };
    let meant = profiles.iter().map(|stated| &stated.profile);
    // Of equals the last is the maximum: the later entry.
    let meant = meant
        .filter(is_meant)
        .max_by_key(|profile| profile.version());
    meant.cloned()
}

/// The profile that an entry states; the format's limits are a profile's own.
fn of_rule(rule: &event::Profile) -> Option<Profile> {
    let version = u32::try_from(rule.version).ok()?;
    let stay = u32::try_from(rule.shortest_stay_days.unwrap_or(0)).ok()?;
    let states = rule.states.iter().copied();
    Profile::new(rule.name.as_str().to_owned(), version, states, stay).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn an_old_number_finds_the_version_of_its_day() {
        let sample = Sample::of(&[
            r#""kind":"profile","name":"a-week","version":1,"states":["detained"],"shortest_stay_days":7"#,
            r#""kind":"profile","name":"a-week","version":2,"states":["detained"],"shortest_stay_days":8"#,
            r#""kind":"profile","name":"a-week","version":3,"states":["detained"],"shortest_stay_days":9"#,
            r#""kind":"retraction","entry":"@2""#,
        ]);
        let facts = sample.facts();
        for (known, typed, days) in [
            (0, "a-week", Some(7)),
            (0, "a-week@2", None),
            (1, "a-week", Some(8)),
            (1, "a-week@1", Some(7)),
            (2, "a-week", Some(9)),
            (3, "a-week", Some(8)),
            (3, "a-week@3", None),
            (3, "a-week@", None),
        ] {
            let view = View::known_at(&facts, sample.entries[known].seq);
            let found = find(&profiles(&view), typed);
            let found = found.map(|profile| profile.shortest_stay_days());
            assert_eq!(found, days, "{known} {typed}");
        }
        let nothing = profiles(&View::nothing(&facts));
        assert_eq!(nothing.len(), 3);
        assert!(find(&nothing, "prison-only").is_some());
        assert!(find(&nothing, "prison-only@2").is_none());
    }

    #[test]
    fn a_corrected_old_version_is_no_newer_rule() {
        let sample = Sample::of(&[
            r#""kind":"profile","name":"a-week","version":1,"states":["detained"],"shortest_stay_days":6"#,
            r#""kind":"profile","name":"a-week","version":2,"states":["detained"],"shortest_stay_days":8"#,
            r#""kind":"profile","name":"a-week","version":1,"states":["detained"],"shortest_stay_days":7,"replaces":"@0""#,
        ]);
        let facts = sample.facts();
        let stated = profiles(&View::head(&facts));
        for (typed, days) in [("a-week", 8), ("a-week@1", 7), ("a-week@2", 8)] {
            let found = find(&stated, typed).unwrap();
            assert_eq!(found.shortest_stay_days(), days, "{typed}");
        }
    }

    #[test]
    fn built_in_names_are_those_that_the_format_keeps() {
        let names = Profile::built_in().map(|profile| profile.name().to_owned());
        assert_eq!(names, event::Profile::BUILT_IN);
        assert_eq!(
            u64::from(Profile::SHORTEST_STAY_DAYS_MAX),
            amparo_core::limit::STAY_DAYS_MAX
        );
    }
}
