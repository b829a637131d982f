//! What the read models are asked of: the whole log as facts, at the coordinates of a question.
//!
//! Facts are read up to the head whatever the known-at, since an old state is explained by what
//! came later; the known-at only cuts the view.

use amparo_core::id::{GroupId, PersonId, Subject};
use amparo_core::word::nearest;
use amparo_projections::fact::{Fact, SubjectId};
use amparo_projections::profiles::{self, profiles};
use amparo_projections::{Facts, Profile, View};
use amparo_store::ledger::Ledger;
use uuid::Uuid;

use crate::args::{CoordinateArgs, KnownAtArgs};
use crate::closure;
use crate::coordinates::Coordinates;
use crate::error::Failure;
use crate::filters::{Asked, FilterArgs};
use crate::kept_facts;
use crate::output::text;
use crate::people::{Found, Names, People};
use crate::progress::Progress;
use crate::session::{Reading, Session};

/// A ledger opened to derive something from, with all its facts.
pub struct Derived {
    /// The ledger.
    pub ledger: Ledger,
    /// The coordinates.
    pub at: Coordinates,
    /// Who counts as held.
    pub profile: Profile,
    /// Every entry up to the head.
    pub facts: Facts,
}

impl Derived {
    /// Opens the ledger at coordinates and reads the log. Linear in its length.
    ///
    /// # Errors
    /// Usage for coordinates that do not read and for an unknown profile, else whatever keeps the
    /// ledger from being read.
    pub fn open(session: &mut Session<'_, '_>, at: &CoordinateArgs) -> Result<Self, Failure> {
        let Reading { ledger, at } = session.reading(at)?;
        Self::of(session, ledger, at)
    }

    /// Opens the ledger at coordinates, for a question about one person or group alone: reads no more of a
    /// long log than bears on whom a reference or a UUID names.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_around(
        session: &mut Session<'_, '_>,
        at: &CoordinateArgs,
        typed: &str,
    ) -> Result<Self, Failure> {
        let Reading { ledger, at } = session.reading(at)?;
        // Other profiles are told by entries about nobody.
        let built_in = Profile::named(&at.profile);
        let facts = match built_in {
            Some(_) => closure::around(&ledger, typed)?,
            None => None,
        };
        match (built_in, facts) {
            (Some(profile), Some(facts)) => Ok(Self {
                ledger,
                at: at.counted_by(&profile),
                profile,
                facts,
            }),
            _ => Self::of(session, ledger, at),
        }
    }

    /// Opens the ledger for a question that has no as-of and no profile.
    ///
    /// # Errors
    /// As [`open`](Self::open), and usage when one of the two is given.
    pub fn open_log(session: &mut Session<'_, '_>, at: &KnownAtArgs) -> Result<Self, Failure> {
        let Reading { ledger, at } = session.reading_log(at)?;
        Self::of(session, ledger, at)
    }

    /// Reads the log of a ledger that is open already.
    ///
    /// # Errors
    /// Usage for an unknown profile, else whatever keeps the ledger from being read.
    pub fn of(
        session: &mut Session<'_, '_>,
        ledger: Ledger,
        at: Coordinates,
    ) -> Result<Self, Failure> {
        let facts = read_facts(session, &ledger)?;
        let profile = profile(&View::known_at(&facts, at.known_at), &at.profile)?;
        Ok(Self {
            ledger,
            at: at.counted_by(&profile),
            profile,
            facts,
        })
    }

    /// What was known at the known-at.
    pub fn then(&self) -> View<'_> {
        View::known_at(&self.facts, self.at.known_at)
    }

    /// The filters of a question, checked against the ledger.
    ///
    /// # Errors
    /// As [`FilterArgs::check`].
    pub fn filters(
        &self,
        session: &mut Session<'_, '_>,
        typed: &FilterArgs,
    ) -> Result<Asked, Failure> {
        typed.check(session, &self.ledger, &self.facts, self.at.today)
    }

    /// What was known then of those, and on the word of those, whom a filter asks for.
    pub fn asked(&self, asked: &Asked) -> View<'_> {
        self.then().asked(&asked.filter, self.at.as_of)
    }

    /// What is known by now.
    pub fn today(&self) -> View<'_> {
        View::head(&self.facts)
    }

    /// Everybody, with all names.
    ///
    /// # Errors
    /// Integrity, when private fields cannot be opened.
    pub fn people(&self) -> Result<People, Failure> {
        People::of(&self.ledger, &self.facts, Names::All)
    }

    /// Everybody, with the names of these alone.
    ///
    /// # Errors
    /// As [`people`](Self::people).
    pub fn people_named(
        &self,
        shown: impl IntoIterator<Item = SubjectId>,
    ) -> Result<People, Failure> {
        let shown = shown.into_iter().filter_map(|id| self.facts.subject(id));
        let mut shown: Vec<Subject> = shown.collect();
        shown.sort_unstable();
        shown.dedup();
        People::of(&self.ledger, &self.facts, Names::Of(&shown))
    }

    /// Everybody, with the names that are needed to find who is meant by a text, and to show that
    /// one with all whom merges and identifications tie to somebody.
    ///
    /// # Errors
    /// As [`people`](Self::people).
    pub fn people_around(&self, typed: &str) -> Result<People, Failure> {
        let meant = match Uuid::try_parse(typed) {
            Ok(uuid) => [
                Subject::Person(PersonId::new(uuid)),
                Subject::Group(GroupId::new(uuid)),
            ]
            .into_iter()
            .find_map(|subject| self.facts.subject_id(subject)),
            Err(_) => self
                .facts
                .registered(&typed.to_ascii_lowercase())
                .filter(|known| self.facts.shown(*known).eq_ignore_ascii_case(typed)),
        };
        // Anything else may be a name, and is compared with all of them.
        let Some(meant) = meant else {
            return self.people();
        };
        let tying = self.facts.seqs().filter_map(|seq| self.facts.fact(seq));
        let tied = tying.filter_map(|fact| Some([fact.subject()?, fact.second_subject()?]));
        self.people_named(tied.flatten().chain([meant]))
    }

    /// Who is meant by a text: the one whose entries a view holds, merges of then followed.
    ///
    /// # Errors
    /// Exit 5 when nobody or more than one fits, or the view knows nothing of the one who does.
    pub fn subject(
        &self,
        session: &mut Session<'_, '_>,
        people: &People,
        view: &View<'_>,
        typed: &str,
    ) -> Result<SubjectId, Failure> {
        let subject = match people.find(typed) {
            // A ref names its own person, whoever that one was merged into later.
            Found::One(subject) => subject,
            Found::Near(_) | Found::Several(_) => {
                people.to_look(typed, &mut |line| session.talk(line))?
            }
        };
        let known = self.facts.subject_id(subject).map(|known| view.root(known));
        known
            .filter(|known| view.entries(*known).next().is_some())
            .ok_or_else(|| {
                let reference = people.reference(subject);
                let message = format!("nothing was known of {reference} at {}", self.at.known_at);
                Failure::subject(message).hint("leave --known-at out for what is known by now")
            })
    }

    /// The sources of an entry for people to read: `Foro Penal (ngo)`.
    pub fn sources(&self, fact: &Fact) -> Vec<String> {
        let voices = self.facts.voices(fact).iter();
        let voices =
            voices.map(|voice| format!("{} ({})", self.facts.text(voice.publisher), voice.kind));
        let mut sources: Vec<_> = voices.collect();
        if fact.has_sealed_sources() {
            sources.push("sealed source".to_owned());
        }
        if sources.is_empty() {
            sources.push("unsourced".to_owned());
        }
        sources
    }

    /// The name of somebody, where one is known.
    pub fn name<'p>(&self, people: &'p People, subject: SubjectId) -> Option<&'p str> {
        people.name(self.facts.subject(subject)?)
    }

    /// Ref and name of somebody: `p7 Ana Demo`.
    pub fn label(&self, people: &People, subject: SubjectId) -> String {
        match self.name(people, subject) {
            Some(name) => format!("{} {name}", self.facts.shown(subject)),
            None => self.facts.shown(subject),
        }
    }
}

/// The profile that is meant by a name, or a name and a version, at what a view knows.
///
/// # Errors
/// Usage, with the nearest name.
pub fn profile(view: &View<'_>, typed: &str) -> Result<Profile, Failure> {
    let stated = profiles(view);
    profiles::find(&stated, typed).ok_or_else(|| {
        let mut names: Vec<_> = stated.iter().map(|stated| stated.profile.name()).collect();
        names.sort_unstable();
        names.dedup();
        let name = typed.split('@').next().unwrap_or_default();
        let failure = Failure::usage(format!("there is no profile `{}`", text::visible(typed)));
        match nearest(name, names.iter().copied()) {
            _ if names.contains(&name) => {
                failure.hint(format!("`amparo profile show {name}` lists its versions"))
            }
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!("there are {}", names.join(", "))),
        }
    })
}

/// The same of a ledger that is open; the log is read only for a profile that is not built in.
///
/// # Errors
/// As [`profile`] and [`read_facts`].
pub fn profile_of(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    at: &Coordinates,
) -> Result<Profile, Failure> {
    match Profile::named(&at.profile) {
        Some(built_in) => Ok(built_in),
        None => {
            let facts = read_facts(session, ledger)?;
            profile(&View::known_at(&facts, at.known_at), &at.profile)
        }
    }
}

/// The facts that a question about one person or group needs: an excerpt of a long log for whom a
/// reference or a UUID names, else all.
///
/// # Errors
/// Integrity, when an entry cannot be read.
pub fn facts_around(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    typed: &str,
) -> Result<Facts, Failure> {
    match closure::around(ledger, typed)? {
        Some(facts) => Ok(facts),
        None => read_facts(session, ledger),
    }
}

/// Reads the log into facts, and tells how far it is.
///
/// # Errors
/// Integrity, when an entry cannot be read.
pub fn read_facts(session: &mut Session<'_, '_>, ledger: &Ledger) -> Result<Facts, Failure> {
    let size = ledger.head().size;
    let world = &mut *session.world;
    let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
    kept_facts::read(ledger, &mut |done| {
        progress.step("reading the log", done, Some(size));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_profile_is_a_usage_failure_that_names_the_nearest() {
        let facts = Facts::default();
        let view = View::head(&facts);
        for (typed, says) in [
            (
                "prison",
                "there are deprived-of-liberty, prison-only, with-measures",
            ),
            ("prison_only", "did you mean `prison-only`?"),
            ("prison-only@2", "`amparo profile show prison-only`"),
            ("", "there are"),
        ] {
            let failure = format!("{:?}", profile(&view, typed).unwrap_err());
            assert!(
                failure.contains(says) && failure.contains("Usage"),
                "{typed}: {failure}"
            );
        }
        for known in Profile::built_in() {
            assert_eq!(profile(&view, known.name()).ok(), Some(known));
        }
    }
}
