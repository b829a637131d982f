//! The filters of the commands that look and count: on whose word, and of whom.
//!
//! Both sides of a range are included. Texts are matched as the log has them, places with all that
//! lies in them. Every option that is given must be met; an option given several times is met by
//! one of its values.

use amparo_core::date::{Day, Period};
use amparo_core::entry::Recorded;
use amparo_core::id::Subject;
use amparo_core::kind::Kind;
use amparo_core::value::{Jurisdiction, Place, SourceKind};
use amparo_core::word::Word;
use amparo_projections::Facts;
use amparo_projections::filter::Filter;
use amparo_store::ledger::Ledger;
use chrono_tz::Tz;
use clap::Args;

use crate::coordinates::until;
use crate::error::Failure;
use crate::output::{Meta, text};
use crate::people::People;
use crate::session::Session;

/// The most values of one filter.
const VALUES_MAX: usize = 1000;

/// The filters as they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Filters, each given once or more")]
pub struct FilterArgs {
    /// On the word of entries of this kind alone: arrest, release, ...
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// On the word of this publisher alone
    #[arg(long, value_name = "PUBLISHER")]
    source: Vec<String>,
    /// On the word of this kind of source alone: official, ngo, media, family, lawyer, ...
    #[arg(long, value_name = "KIND")]
    source_kind: Vec<String>,
    /// On the word of entries with so many independent publishers at least
    #[arg(long, value_name = "NUMBER")]
    min_sources: Option<usize>,
    /// On the word of entries of this recorder alone
    #[arg(long, value_name = "RECORDER")]
    recorder: Vec<String>,
    /// On the word of entries that can have happened then: 2026-02, 2026-02-08..2026-02-10
    #[arg(long, value_name = "FROM..TO")]
    occurred: Option<String>,
    /// On the word of entries recorded then: days or times
    #[arg(long, value_name = "FROM..TO")]
    recorded: Option<String>,
    /// Those in this place, or in a place within it: VE:Caracas
    #[arg(long, value_name = "PLACE")]
    place: Vec<String>,
    /// Those of whom this authority was named last
    #[arg(long, value_name = "AUTHORITY")]
    authority: Vec<String>,
    /// Those of whom this court was named last
    #[arg(long, value_name = "COURT")]
    court: Vec<String>,
    /// Those of whom this jurisdiction was named last: civil or military
    #[arg(long, value_name = "WORD")]
    jurisdiction: Vec<String>,
    /// Those of whom this offence is named
    #[arg(long, value_name = "OFFENCE")]
    offence: Vec<String>,
    /// Those for whom something was asked or decided under this instrument
    #[arg(long, value_name = "CODE")]
    instrument: Vec<String>,
    /// Those of whom this ground of exclusion was named last
    #[arg(long, value_name = "CODE")]
    ground: Vec<String>,
    /// This person, with those merged into them
    #[arg(long = "person", value_name = "PERSON")]
    whom: Vec<String>,
    /// This group
    #[arg(long = "group", value_name = "GROUP")]
    which: Vec<String>,
}

/// The filters, checked.
pub struct Asked {
    /// What the read models take.
    pub filter: Filter,
    shown: Vec<(&'static str, String)>,
}

impl Asked {
    /// The coordinates with the filters among them.
    pub fn show(&self, meta: Meta) -> Meta {
        let shown = self.shown.iter();
        shown.fold(meta, |meta, (option, value)| {
            meta.filter(option, Some(value))
        })
    }
}

impl FilterArgs {
    /// Whether no filter is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether somebody is named, in words that may be a name.
    pub fn names_somebody(&self) -> bool {
        !(self.whom.is_empty() && self.which.is_empty())
    }

    /// Checks the filters against a ledger and its facts.
    ///
    /// # Errors
    /// Usage for a word, place or range that does not read; exit 5 for an unknown person.
    pub fn check(
        &self,
        session: &mut Session<'_, '_>,
        ledger: &Ledger,
        facts: &Facts,
        today: Day,
    ) -> Result<Asked, Failure> {
        let zone = ledger.opening().time_zone;
        let mut subjects = Vec::new();
        for typed in self.whom.iter().chain(&self.which) {
            let people = People::to_find(ledger, facts, typed)?;
            let meant = people.to_look(typed, &mut |line| session.talk(line))?;
            subjects.push((people.reference(meant), merged(&people, meant)));
        }
        self.checked(zone, today, subjects)
    }

    /// Checks filters that name nobody, without a ledger.
    ///
    /// # Errors
    /// Usage for a word, place or range that does not read, and for filters that name somebody.
    pub fn check_unnamed(&self, zone: Tz, today: Day) -> Result<Asked, Failure> {
        match self.names_somebody() {
            true => Err(Failure::usage("nobody is known here by name")),
            false => self.checked(zone, today, Vec::new()),
        }
    }

    fn checked(
        &self,
        zone: Tz,
        today: Day,
        subjects: Vec<(String, Vec<Subject>)>,
    ) -> Result<Asked, Failure> {
        let place = |typed: &String| {
            Place::new(typed).ok_or_else(|| {
                Failure::usage("--place: this is no place").hint("write it as VE:Caracas")
            })
        };
        let period = |typed: &String| {
            Period::parse(typed, today).map_err(|error| {
                Failure::usage(format!("--occurred: {error}")).hint("write 2026-02-08..2026-02-10")
            })
        };
        let filter = Filter {
            kinds: read("--kind", &self.kind, |typed| {
                Kind::from_spelling(typed).ok_or_else(|| Kind::nearest(typed))
            })?,
            publishers: self.source.clone(),
            source_kinds: words::<SourceKind>("--source-kind", &self.source_kind)?,
            publishers_min: self.min_sources.unwrap_or(0),
            recorders: self.recorder.clone(),
            occurred: self.occurred.as_ref().map(period).transpose()?,
            recorded: match &self.recorded {
                Some(typed) => Some(recorded(typed, zone, today)?),
                None => None,
            },
            states: Vec::new(),
            places: self.place.iter().map(place).collect::<Result<_, _>>()?,
            authorities: self.authority.clone(),
            courts: self.court.clone(),
            jurisdictions: words::<Jurisdiction>("--jurisdiction", &self.jurisdiction)?,
            offences: self.offence.clone(),
            instruments: self.instrument.clone(),
            grounds: self.ground.clone(),
            subjects: subjects.iter().flat_map(|(_, all)| all).copied().collect(),
        };
        let mut shown = self.shown()?;
        shown.extend(
            subjects
                .into_iter()
                .map(|(reference, _)| ("person", reference)),
        );
        Ok(Asked { filter, shown })
    }

    /// The options that are given, several values in one text.
    fn shown(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let several = [
            ("kind", &self.kind),
            ("source", &self.source),
            ("source-kind", &self.source_kind),
            ("recorder", &self.recorder),
            ("place", &self.place),
            ("authority", &self.authority),
            ("court", &self.court),
            ("jurisdiction", &self.jurisdiction),
            ("offence", &self.offence),
            ("instrument", &self.instrument),
            ("ground", &self.ground),
        ];
        if several.iter().any(|(_, values)| values.len() > VALUES_MAX) {
            let message = format!("a filter takes at most {VALUES_MAX} values");
            return Err(Failure::usage(message));
        }
        let given = several.into_iter().filter(|(_, values)| !values.is_empty());
        let mut shown: Vec<_> = given
            .map(|(option, values)| (option, values.join("; ")))
            .collect();
        let one = [
            ("min-sources", self.min_sources.map(|n| n.to_string())),
            ("occurred", self.occurred.clone()),
            ("recorded", self.recorded.clone()),
        ];
        shown.extend(
            one.into_iter()
                .filter_map(|(option, value)| Some((option, value?))),
        );
        Ok(shown)
    }
}

/// Somebody, and everybody whose entries belong to the same.
fn merged(people: &People, meant: Subject) -> Vec<Subject> {
    let all = people.iter().map(|known| known.subject);
    all.filter(|known| people.resolve(*known) == people.resolve(meant))
        .collect()
}

/// Reads the days or times from and to which something was recorded, both included.
fn recorded(typed: &str, zone: Tz, today: Day) -> Result<(Recorded, Recorded), Failure> {
    let (from, to) = typed.split_once("..").unwrap_or((typed, typed));
    let first = until("--recorded", from, zone, today)?.first;
    let last = until("--recorded", to, zone, today)?.last;
    match first <= last {
        true => Ok((first, last)),
        false => Err(Failure::usage("--recorded ends before it begins")),
    }
}

fn words<T: Word>(option: &str, typed: &[String]) -> Result<Vec<T>, Failure> {
    read(option, typed, |typed| {
        T::from_word(typed).ok_or_else(|| T::nearest(typed))
    })
}

/// Reads words; a word that does not read comes with the nearest that does.
fn read<T>(
    option: &str,
    typed: &[String],
    word: impl Fn(&str) -> Result<T, Option<&'static str>>,
) -> Result<Vec<T>, Failure> {
    let one = |typed: &String| {
        word(typed).map_err(|near| {
            let message = format!("{option}: `{}` is none", text::visible(typed));
            match near {
                Some(near) => Failure::usage(message).hint(format!("did you mean `{near}`?")),
                None => Failure::usage(message).hint("`amparo vocab` lists the words"),
            }
        })
    };
    typed.iter().map(one).collect()
}
