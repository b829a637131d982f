//! Reads the event part of an object: of a draft or of a stored entry, by the same rules.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use uuid::Uuid;

use crate::date::{self, DateError, Day, Occurred};
use crate::event::{Body, Case, Clemency, Custody, Event, Group};
use crate::fault::{Problem, Rule};
use crate::id::{Code, EventId, GroupId, PersonId, Subject};
use crate::identity::{External, Secret};
use crate::kind::{Kind, SubjectRule};
use crate::limit;
use crate::private::Private;
use crate::read_body::publication;
use crate::reader::{Reader, no_such_word};
use crate::value::Place;
use crate::word::Word as _;

/// What a draft is read against: the day, the zone and the secret of the ledger.
#[derive(Debug, Clone)]
pub struct Context {
    /// The recording day, in the ledger's time zone: nothing may have occurred after it.
    pub today: Day,
    /// The ledger's time zone.
    pub zone: Tz,
    /// The ledger's secret, which makes ids of external references.
    pub secret: Secret,
}

/// In what form the object came: as somebody wrote it, or as the log holds it.
pub(crate) enum Form<'c> {
    Draft(&'c Context),
    Stored,
}

/// Reads events of one form, and remembers which external references they were written with.
pub(crate) struct EventReader<'c> {
    form: Form<'c>,
    /// Whether kinds that only the ledger's own commands write are accepted in a draft.
    own: bool,
    pub(crate) externals: BTreeMap<Uuid, External>,
}

/// How private fields are written.
pub(crate) const PRIVATE_FORM: &str = "{\"name\":...}";

const BAD_SUBJECT: &str = "write a UUID or a reference such as foro-penal:0123";

impl<'c> EventReader<'c> {
    pub(crate) fn new(form: Form<'c>) -> Self {
        Self {
            form,
            own: false,
            externals: BTreeMap::new(),
        }
    }

    /// The same for a draft that a command of the ledger has made.
    pub(crate) fn own(context: &'c Context) -> Self {
        Self {
            own: true,
            ..Self::new(Form::Draft(context))
        }
    }

    /// The kind, which decides how the rest is read.
    pub(crate) fn kind(&self, r: &mut Reader<'_, '_>) -> Option<Kind> {
        if r.lacks("kind") {
            let problem = Problem::new(Rule::MissingField, "there is no `kind`")
                .remedy("add \"kind\":..., such as \"kind\":\"arrest\"");
            r.fault("kind", problem);
            return None;
        }
        let draft = matches!(self.form, Form::Draft(_));
        r.parsed("kind", limit::TEXT_BYTES_MAX, |word| {
            let found = if draft {
                Kind::from_spelling(word)
            } else {
                Kind::from_word(word)
            };
            match found.map(|kind| (kind, kind.written_by())) {
                Some((kind, Some(command))) if draft && (!self.own || kind == Kind::Ledger) => {
                    let message = format!("only the ledger itself writes an entry of `{kind}`");
                    Err(Problem::new(Rule::UnknownKind, message)
                        .remedy(format!("use the command `amparo {command}`")))
                }
                Some((kind, _)) => Ok(kind),
                None => Err(unknown_kind(word)),
            }
        })
    }

    /// All of the event but its private fields and its place in the log.
    pub(crate) fn event(&mut self, kind: Kind, r: &mut Reader<'_, '_>) -> Option<Event> {
        let rule = kind.rule();
        r.require(rule.required, || format!("the kind `{kind}`"));
        let body = self.body(kind, r);
        let occurred = self.occurred(kind, r);
        let sources = r.objects("sources", |r| self.source(r));
        let unsourced = r.flag("unsourced");
        let replaces = self.event_id(r, "replaces");
        if kind == Kind::Retraction && r.has("replaces") {
            let problem = Problem::new(Rule::Contradiction, "a retraction replaces nothing")
                .remedy("name what is withdrawn in `entry`, and leave `replaces` out");
            r.fault("replaces", problem);
        }
        Some(Event {
            body: body?,
            occurred,
            sources,
            unsourced,
            replaces,
        })
    }

    /// Notes what is wrong with the sources as a whole.
    pub(crate) fn check_sources(&self, event: &Event, private: bool, r: &mut Reader<'_, '_>) {
        let sourced = private || r.has("sources");
        if sourced && event.unsourced {
            let problem = Problem::new(Rule::Contradiction, "both sources and `unsourced`")
                .remedy("leave `unsourced` out");
            r.fault("unsourced", problem);
        }
        if event.kind().rule().sourced
            && !sourced
            && !event.unsourced
            && r.lacks("sources")
            && (r.has("unsourced") || r.lacks("unsourced"))
        {
            let problem = Problem::new(Rule::NoSource, "no source says so").remedy(
                "add \"sources\":[{\"publisher\":...,\"kind\":...}], or \"unsourced\":true",
            );
            r.fault("sources", problem);
        }
    }

    fn body(&mut self, kind: Kind, r: &mut Reader<'_, '_>) -> Option<Body> {
        match kind {
            Kind::Ledger => self.opening(r).map(Body::Ledger),
            Kind::Instrument => self.instrument(r).map(Body::Instrument),
            Kind::Claim => self.claim(r).map(Body::Claim),
            Kind::Person => self.person(r, "person").map(Body::Person),
            Kind::Group => {
                let group = self.group(r);
                let size = r.whole("size", limit::QUANTITY_MAX);
                let label = r.text("label");
                Some(Body::Group(Group {
                    group: group?,
                    size,
                    label,
                }))
            }
            Kind::Identification => {
                let group = self.group(r);
                let person = self.person(r, "person");
                Some(Body::Identification {
                    group: group?,
                    person: person?,
                })
            }
            Kind::Merge => {
                let (person, into) = (self.person(r, "person"), self.person(r, "into"));
                let (person, into) = (person?, into?);
                if person == into {
                    let problem = Problem::new(
                        Rule::MergeWouldCycle,
                        "a person cannot be merged into themselves",
                    );
                    r.fault("into", problem);
                }
                Some(Body::Merge { person, into })
            }
            Kind::SourceSilent => {
                let list = r.text("list");
                let period = self.date(r, "period");
                Some(Body::SourceSilent {
                    list: list?,
                    period,
                })
            }
            Kind::Note => {
                let subject = self.subject(kind, r);
                let text = r.prose("text");
                Some(Body::Note {
                    subject,
                    text: text?,
                })
            }
            Kind::Retraction => {
                let entry = self.event_id(r, "entry");
                let reason = r.prose("reason");
                Some(Body::Retraction {
                    entry: entry?,
                    reason,
                })
            }
            Kind::Profile => self.profile(r).map(Body::Profile),
            Kind::Publication => publication(r).map(|read| Body::Publication(Box::new(read))),
            Kind::Erasure => {
                let subject = self.subject(kind, r);
                let (basis, reason) = (r.word("basis"), r.prose("reason"));
                Some(Body::Erasure {
                    subject: subject?,
                    basis: basis?,
                    reason,
                })
            }
            _ => self.status(kind, r),
        }
    }

    fn status(&mut self, kind: Kind, r: &mut Reader<'_, '_>) -> Option<Body> {
        use crate::kind::Axis;
        let subject = self.subject(kind, r);
        let fields = kind.rule().fields;
        let takes = |name: &str| fields.contains(&name);
        match kind.axis()? {
            Axis::Custody => {
                let custody = Custody {
                    kind,
                    subject: Subject::Person(PersonId::new(Uuid::nil())),
                    authority: takes("authority").then(|| r.text("authority")).flatten(),
                    from: takes("from").then(|| place(r, "from")).flatten(),
                    place: takes("place").then(|| place(r, "place")).flatten(),
                    grounds: if takes("grounds") {
                        prose_list(r, "grounds")
                    } else {
                        Vec::new()
                    },
                    measures: if takes("measures") {
                        prose_list(r, "measures")
                    } else {
                        Vec::new()
                    },
                    basis: takes("basis").then(|| r.word("basis")).flatten(),
                    destination: takes("destination")
                        .then(|| r.text("destination"))
                        .flatten(),
                    cause: takes("cause").then(|| r.prose("cause")).flatten(),
                };
                Some(Body::Custody(Custody {
                    subject: subject?,
                    ..custody
                }))
            }
            Axis::Case => {
                let offences = r.texts("offences", limit::TEXT_BYTES_MAX);
                let (court, jurisdiction) = (r.text("court"), r.word("jurisdiction"));
                let term_days = r.whole("term_days", limit::DAYS_MAX);
                let subject = subject?;
                Some(Body::Case(Case {
                    kind,
                    subject,
                    offences,
                    court,
                    jurisdiction,
                    term_days,
                }))
            }
            Axis::Clemency => {
                let instrument = code(r, "instrument");
                let (court, filed_by) = (r.text("court"), r.text("filed_by"));
                let ground = code(r, "ground");
                Some(Body::Clemency(Clemency {
                    kind,
                    subject: subject?,
                    instrument: instrument?,
                    court,
                    filed_by,
                    ground,
                }))
            }
        }
    }

    /// The private fields of a draft, in clear.
    pub(crate) fn private(&mut self, r: &mut Reader<'_, '_>) -> Option<Private> {
        const FIELDS: [&str; 8] = [
            "name",
            "aliases",
            "refs",
            "birth",
            "sex",
            "nationality",
            "note",
            "sources",
        ];
        r.object("private", true, PRIVATE_FORM, |r| {
            let private = Private {
                name: r.text("name"),
                aliases: r.texts("aliases", limit::TEXT_BYTES_MAX),
                refs: r.texts("refs", limit::EXTERNAL_BYTES_MAX),
                birth: self.date(r, "birth").map(|date| date.as_str().into()),
                sex: r.text("sex"),
                nationality: r.text("nationality"),
                note: r.prose("note"),
                sources: r.objects("sources", |r| self.source(r)),
            };
            for external in &private.refs {
                if External::new(external).is_none() {
                    r.fault(
                        "refs",
                        Problem::new(Rule::Malformed, "a reference is scheme:value"),
                    );
                }
            }
            r.finish(&FIELDS, |_| None);
            Some(private)
        })
    }

    fn subject(&mut self, kind: Kind, r: &mut Reader<'_, '_>) -> Option<Subject> {
        let optional = kind.rule().subject == SubjectRule::Optional;
        match (r.has("person"), r.has("group")) {
            (true, true) => {
                let problem = Problem::new(Rule::Contradiction, "both `person` and `group`")
                    .remedy("an entry is about one of them; keep one");
                r.fault("group", problem);
                let _ = (r.take("person"), r.take("group"));
                None
            }
            (true, false) => self.person(r, "person").map(Subject::Person),
            (false, true) => self.group(r).map(Subject::Group),
            (false, false) if optional || !(r.lacks("person") && r.lacks("group")) => None,
            (false, false) => {
                let problem = Problem::new(
                    Rule::MissingField,
                    format!("the kind `{kind}` needs `person`"),
                )
                .remedy(format!("add \"person\" or \"group\"; {BAD_SUBJECT}"));
                r.fault("person", problem);
                None
            }
        }
    }

    fn person(&mut self, r: &mut Reader<'_, '_>, name: &str) -> Option<PersonId> {
        self.referred(r, name, |secret, external| secret.person(external).uuid())
            .map(PersonId::new)
    }

    fn group(&mut self, r: &mut Reader<'_, '_>) -> Option<GroupId> {
        self.referred(r, "group", |secret, external| secret.group(external).uuid())
            .map(GroupId::new)
    }

    fn referred(
        &mut self,
        r: &mut Reader<'_, '_>,
        name: &str,
        derive: impl FnOnce(&Secret, &External) -> Uuid,
    ) -> Option<Uuid> {
        let Form::Draft(context) = &self.form else {
            return uuid(r, name);
        };
        let externals = &mut self.externals;
        r.parsed(name, limit::EXTERNAL_BYTES_MAX, |text| {
            if let Ok(uuid) = Uuid::try_parse(text) {
                return Ok(uuid);
            }
            let external = External::new(text).ok_or_else(|| {
                Problem::new(Rule::Malformed, "neither a UUID nor a reference").remedy(BAD_SUBJECT)
            })?;
            let uuid = derive(&context.secret, &external);
            externals.insert(uuid, external);
            Ok(uuid)
        })
    }

    fn event_id(&self, r: &mut Reader<'_, '_>, name: &str) -> Option<EventId> {
        uuid(r, name).map(EventId::new)
    }

    fn occurred(&mut self, kind: Kind, r: &mut Reader<'_, '_>) -> Option<Occurred> {
        if kind.rule().dated && r.lacks("occurred") {
            let problem = Problem::new(
                Rule::MissingField,
                format!("the kind `{kind}` needs `occurred`"),
            )
            .remedy("add \"occurred\", as exact as it is known: 2026-02-08, 2026-02, 2026~");
            r.fault("occurred", problem);
        }
        let occurred = self.date(r, "occurred")?;
        if let Form::Draft(context) = &self.form
            && occurred.lies_after(context.today)
        {
            let message = format!("this lies after today, {}", context.today);
            let problem = Problem::new(Rule::FutureDate, message)
                .remedy("record what has happened; a plan or an announcement is a note or a claim");
            r.fault("occurred", problem);
        }
        Some(occurred)
    }

    pub(super) fn date(&self, r: &mut Reader<'_, '_>, name: &str) -> Option<Occurred> {
        r.parsed(name, limit::TEXT_BYTES_MAX, |text| {
            let read = match &self.form {
                Form::Stored => Occurred::parse_stored(text),
                Form::Draft(context) => {
                    let spelling = date::Context {
                        today: context.today,
                        zone: context.zone,
                    };
                    Occurred::parse_draft(text, &spelling)
                }
            };
            read.map_err(bad_date)
        })
    }
}

fn unknown_kind(word: &str) -> Problem {
    let kinds = Kind::drafts().map(Kind::word).collect();
    Problem {
        rule: Rule::UnknownKind,
        ..no_such_word(word, true, Kind::WHAT, Kind::nearest_spelling(word), kinds)
    }
}

fn bad_date(error: DateError) -> Problem {
    Problem {
        rule: Rule::BadDate,
        offset: Some(error.offset()),
        message: error.to_string(),
        remedy: error.remedy().map(str::to_owned),
    }
}

fn prose_list(r: &mut Reader<'_, '_>, name: &str) -> Vec<Box<str>> {
    r.texts(name, limit::PROSE_BYTES_MAX)
}

/// Takes a UUID, of any version.
pub(crate) fn uuid(r: &mut Reader<'_, '_>, name: &str) -> Option<Uuid> {
    r.parsed(name, limit::TEXT_BYTES_MAX, |text| {
        Uuid::try_parse(text).map_err(|_| {
            Problem::new(Rule::Malformed, "this is no UUID")
                .remedy("write it like 01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d")
        })
    })
}

pub(super) fn place(r: &mut Reader<'_, '_>, name: &str) -> Option<Place> {
    r.parsed(name, limit::TEXT_BYTES_MAX, |text| {
        Place::new(text).ok_or_else(|| {
            Problem::new(Rule::Malformed, "this is no place")
                .remedy("write up to 8 parts from wide to narrow, like VE:Caracas:El Helicoide")
        })
    })
}

pub(super) fn code(r: &mut Reader<'_, '_>, name: &str) -> Option<Code> {
    r.parsed(name, limit::TEXT_BYTES_MAX, |text| {
        Code::new(text).map_err(|error| Problem::new(Rule::Malformed, error.to_string()))
    })
}
