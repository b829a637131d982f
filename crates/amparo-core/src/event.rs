//! The event: one thing that happened or was said, as a recorder describes it.
//!
//! Drafts and entries share this type. It holds only what may stand in clear in the log; what
//! identifies or endangers somebody is [`Private`](crate::private::Private), and apart.

use uuid::Uuid;

use crate::date::{Day, Occurred};
use crate::id::{Code, EventId, GroupId, LedgerId, PersonId, Seq, Subject};
use crate::kind::{CustodyState, Kind};
use crate::value::{Basis, ErasureBasis, Form, Jurisdiction, Measure, Place, Quantity, Source};

/// One thing that happened (or was claimed), with its date and its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub(crate) body: Body,
    pub(crate) occurred: Option<Occurred>,
    pub(crate) sources: Vec<Source>,
    pub(crate) unsourced: bool,
    pub(crate) replaces: Option<EventId>,
}

/// What the event says, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The opening of the ledger.
    Ledger(Opening),
    /// A change on the custody axis, or a transfer.
    Custody(Custody),
    /// A change on the case axis.
    Case(Case),
    /// A change on the clemency axis, under one instrument.
    Clemency(Clemency),
    /// An instrument of clemency: a law, a decree.
    Instrument(Instrument),
    /// Somebody's statement of a number.
    Claim(Claim),
    /// A person is registered, or more is said of them in private fields.
    Person(PersonId),
    /// A group is registered, or described anew.
    Group(Group),
    /// A person is told apart from a group.
    Identification {
        /// The group.
        group: GroupId,
        /// The person who was counted in it.
        person: PersonId,
    },
    /// Two registered persons are one.
    Merge {
        /// The person whose entries move.
        person: PersonId,
        /// The person whom they belong to.
        into: PersonId,
    },
    /// A list that says nothing new for a period.
    SourceSilent {
        /// The list.
        list: Box<str>,
        /// The period.
        period: Option<Occurred>,
    },
    /// A remark.
    Note {
        /// Whom it is about, if anyone.
        subject: Option<Subject>,
        /// The remark.
        text: Box<str>,
    },
    /// An earlier entry is withdrawn.
    Retraction {
        /// The event withdrawn.
        entry: EventId,
        /// Why.
        reason: Option<Box<str>>,
    },
    /// A rule of who counts as held.
    Profile(Profile),
    /// A figure that was published.
    Publication(Box<Publication>),
    /// The private fields of a person or group were erased.
    Erasure {
        /// Whose.
        subject: Subject,
        /// On what ground.
        basis: ErasureBasis,
        /// Why, in words.
        reason: Option<Box<str>>,
    },
}

/// A named, versioned rule of who counts as held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What it is called.
    pub name: Code,
    /// Its version, from 1.
    pub version: u64,
    /// The custody states that count; at least one, each once.
    pub states: Vec<CustodyState>,
    /// The shortest stay that counts, in days.
    pub shortest_stay_days: Option<u64>,
}

impl Profile {
    /// The names of the profiles that every ledger has; no entry states another rule for them.
    pub const BUILT_IN: [&str; 3] = ["deprived-of-liberty", "prison-only", "with-measures"];
}

/// A figure that was published, with all that it follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// What the figure is called.
    pub figure: Box<str>,
    /// The question, as the words of a command line.
    pub query: Vec<Box<str>>,
    /// The day at whose end the numbers stand.
    pub as_of: Day,
    /// The last entry that counts.
    pub known_at: Seq,
    /// The name of the profile.
    pub profile: Code,
    /// The version of the profile.
    pub profile_version: u64,
    /// The numbers.
    pub numbers: Vec<PublishedNumber>,
    /// The head that they were derived from.
    pub head: PublishedHead,
}

/// One number of a published figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedNumber {
    /// `custody`, `case`, `clemency`, or `profile` for the held line.
    pub axis: Box<str>,
    /// The state, or the profile's name.
    pub state: Box<str>,
    /// The instrument, on the clemency axis.
    pub instrument: Option<Code>,
    /// What it is grouped by, with the value; none where it is not known.
    pub by: Vec<(Box<str>, Option<Box<str>>)>,
    /// However the uncertain dates fall.
    pub low: u64,
    /// At the point dates.
    pub count: u64,
    /// For some way that the uncertain dates can fall.
    pub high: u64,
}

/// The head of a log, as a publication names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedHead {
    /// How many entries there were.
    pub size: u64,
    /// Their Merkle root, in lower-case hex.
    pub root: Box<str>,
}

/// The fields of `e0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// What the ledger is called.
    pub name: Box<str>,
    /// The time zone in which its days begin and end.
    pub time_zone: chrono_tz::Tz,
    /// The ledger's id.
    pub ledger: LedgerId,
    /// The version of the entry format.
    pub format: u64,
}

/// A custody kind and its fields; which of them a kind takes is said by [`Kind::rule`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custody {
    /// The kind, always of the custody axis.
    pub kind: Kind,
    /// Whose custody.
    pub subject: Subject,
    /// Who took them.
    pub authority: Option<Box<str>>,
    /// Where a transfer started.
    pub from: Option<Place>,
    /// Where they are, were last seen, or were taken to.
    pub place: Option<Place>,
    /// Why they were taken, as stated.
    pub grounds: Vec<Box<str>>,
    /// The terms they live under.
    pub measures: Vec<Box<str>>,
    /// On what ground they were let go.
    pub basis: Option<Basis>,
    /// Where they went.
    pub destination: Option<Box<str>>,
    /// Of what they died, or what drove them out.
    pub cause: Option<Box<str>>,
}

/// A case kind and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The kind, always of the case axis.
    pub kind: Kind,
    /// Whose case.
    pub subject: Subject,
    /// The offences named.
    pub offences: Vec<Box<str>>,
    /// The court.
    pub court: Option<Box<str>>,
    /// Civil or military.
    pub jurisdiction: Option<Jurisdiction>,
    /// The term of a sentence, in days.
    pub term_days: Option<u64>,
}

/// A clemency kind and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clemency {
    /// The kind, always of the clemency axis.
    pub kind: Kind,
    /// For whom.
    pub subject: Subject,
    /// Under which instrument.
    pub instrument: Code,
    /// The court that decides.
    pub court: Option<Box<str>>,
    /// Who filed the request.
    pub filed_by: Option<Box<str>>,
    /// The exclusion code of the instrument.
    pub ground: Option<Code>,
}

/// An instrument of clemency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// The code that entries name it by.
    pub instrument: Code,
    /// What form it takes.
    pub form: Option<Form>,
    /// Its title.
    pub title: Option<Box<str>>,
    /// Where it is law.
    pub jurisdiction: Option<Box<str>>,
    /// Who adopted it.
    pub adopted_by: Option<Box<str>>,
    /// Within how many days a request must be decided.
    pub decision_days: Option<u64>,
    /// Whom or what it leaves out.
    pub exclusions: Vec<Exclusion>,
}

/// A ground on which an instrument excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The code that entries name it by.
    pub code: Code,
    /// What it says.
    pub text: Box<str>,
}

/// Somebody's statement of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who states it.
    pub claimant: Box<str>,
    /// What is counted.
    pub measure: Measure,
    /// How many.
    pub quantity: Quantity,
    /// The day (held) or period (all else) it speaks of.
    pub about: Option<Occurred>,
    /// The instrument it speaks of.
    pub instrument: Option<Code>,
    /// What part of the whole it speaks of, in words or as a place.
    pub scope: Option<Box<str>>,
}

/// A group of persons not yet told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group.
    pub group: GroupId,
    /// How many they are.
    pub size: Option<u64>,
    /// What to call them.
    pub label: Option<Box<str>>,
}

impl Event {
    /// What the event says.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// When it happened.
    pub fn occurred(&self) -> Option<&Occurred> {
        self.occurred.as_ref()
    }

    /// On whose word, as far as it may be shown.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Whether the recorder said that there is no source.
    pub fn is_unsourced(&self) -> bool {
        self.unsourced
    }

    /// The event that this one replaces.
    pub fn replaces(&self) -> Option<EventId> {
        self.replaces
    }

    /// The event that this one puts out of force, by replacing or retracting it.
    pub fn target(&self) -> Option<EventId> {
        match self.body {
            Body::Retraction { entry, .. } => Some(entry),
            _ => self.replaces,
        }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        match &self.body {
            Body::Ledger(_) => Kind::Ledger,
            Body::Custody(custody) => custody.kind,
            Body::Case(case) => case.kind,
            Body::Clemency(clemency) => clemency.kind,
            Body::Instrument(_) => Kind::Instrument,
            Body::Claim(_) => Kind::Claim,
            Body::Person(_) => Kind::Person,
            Body::Group(_) => Kind::Group,
            Body::Identification { .. } => Kind::Identification,
            Body::Merge { .. } => Kind::Merge,
            Body::SourceSilent { .. } => Kind::SourceSilent,
            Body::Note { .. } => Kind::Note,
            Body::Retraction { .. } => Kind::Retraction,
            Body::Profile(_) => Kind::Profile,
            Body::Publication(_) => Kind::Publication,
            Body::Erasure { .. } => Kind::Erasure,
        }
    }

    /// Whose status or identity the event is about, if it is about one subject.
    ///
    /// An identification is about its group, a merge about the person whose entries move.
    pub fn subject(&self) -> Option<Subject> {
        match &self.body {
            Body::Custody(custody) => Some(custody.subject),
            Body::Case(case) => Some(case.subject),
            Body::Clemency(clemency) => Some(clemency.subject),
            Body::Person(person) | Body::Merge { person, .. } => Some(Subject::Person(*person)),
            Body::Erasure { subject, .. } => Some(*subject),
            Body::Group(group) => Some(Subject::Group(group.group)),
            Body::Identification { group, .. } => Some(Subject::Group(*group)),
            Body::Note { subject, .. } => *subject,
            Body::Ledger(_)
            | Body::Instrument(_)
            | Body::Claim(_)
            | Body::SourceSilent { .. }
            | Body::Retraction { .. }
            | Body::Profile(_)
            | Body::Publication(_) => None,
        }
    }

    /// Every person and group the event names; at most two.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> + use<> {
        let second = match &self.body {
            Body::Identification { person, .. } => Some(Subject::Person(*person)),
            Body::Merge { into, .. } => Some(Subject::Person(*into)),
            _ => None,
        };
        self.subject().into_iter().chain(second)
    }

    /// Puts one person or group in the place of another, wherever the event names it.
    pub(crate) fn rename(&mut self, from: Uuid, to: Uuid) {
        let person = |person: &mut PersonId| {
            if person.uuid() == from {
                *person = PersonId::new(to);
            }
        };
        let group = |group: &mut GroupId| {
            if group.uuid() == from {
                *group = GroupId::new(to);
            }
        };
        let subject = |subject: &mut Subject| match subject {
            Subject::Person(id) => person(id),
            Subject::Group(id) => group(id),
        };
        match &mut self.body {
            Body::Custody(custody) => subject(&mut custody.subject),
            Body::Case(case) => subject(&mut case.subject),
            Body::Clemency(clemency) => subject(&mut clemency.subject),
            Body::Erasure { subject: whose, .. } => subject(whose),
            Body::Person(id) => person(id),
            Body::Group(described) => group(&mut described.group),
            Body::Identification {
                group: from_group,
                person: told_apart,
            } => {
                group(from_group);
                person(told_apart);
            }
            Body::Merge {
                person: moved,
                into,
            } => {
                person(moved);
                person(into);
            }
            Body::Note { subject: about, .. } => about.iter_mut().for_each(subject),
            Body::Ledger(_)
            | Body::Instrument(_)
            | Body::Claim(_)
            | Body::SourceSilent { .. }
            | Body::Retraction { .. }
            | Body::Profile(_)
            | Body::Publication(_) => {}
        }
    }

    /// The opening of a ledger.
    pub fn opening(opening: Opening) -> Self {
        let body = Body::Ledger(opening);
        Self {
            body,
            occurred: None,
            sources: Vec::new(),
            unsourced: false,
            replaces: None,
        }
    }

    /// What an event says and when, without who says so and what it replaces.
    pub fn bare(body: Body, occurred: Option<Occurred>) -> Self {
        let mut event = Self {
            body,
            occurred,
            sources: Vec::new(),
            unsourced: false,
            replaces: None,
        };
        event.unsourced = event.kind().rule().sourced;
        event
    }

    /// A remark of the ledger itself, about nobody.
    pub fn remark(text: &str) -> Self {
        let body = Body::Note {
            subject: None,
            text: text.into(),
        };
        Self {
            body,
            occurred: None,
            sources: Vec::new(),
            unsourced: true,
            replaces: None,
        }
    }

    /// The instrument the event speaks of.
    pub fn instrument(&self) -> Option<&Code> {
        match &self.body {
            Body::Clemency(clemency) => Some(&clemency.instrument),
            Body::Instrument(instrument) => Some(&instrument.instrument),
            Body::Claim(claim) => claim.instrument.as_ref(),
            _ => None,
        }
    }
}
