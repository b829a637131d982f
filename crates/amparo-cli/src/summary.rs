//! An event in one line, for people: what it says beyond its kind, subject and date.

use amparo_core::event::{Body, Claim, Clemency, Custody, Event, Instrument, Profile, Publication};
use amparo_core::id::{PersonId, Subject};
use amparo_core::value::Source;

use crate::people::People;

/// Words that the texts below put beside what stands in a line.
const ADDED: [&str; 22] = [
    "a", "about", "after", "as", "at", "by", "days", "decision", "filed", "from", "ground", "is",
    "known", "least", "ledger", "most", "of", "persons", "sealed", "source", "stay", "within",
];

/// Words that are looked for in what entries say, held against their lines first: most of a long log
/// need not be parsed to find who or what is mentioned.
pub struct Mentioned {
    /// Those that what an entry says can have from its line alone.
    words: Vec<String>,
}

impl Mentioned {
    /// Looks for these words, folded.
    pub fn new(wanted: &[String]) -> Self {
        // Numbers and dates are put together, other scripts may be folded.
        let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        let from_line = |word: &&String| is_plain(word) && !ADDED.contains(&word.as_str());
        Self {
            words: wanted.iter().filter(from_line).cloned().collect(),
        }
    }

    /// Whether [`details`] and [`sources`] of the entry of a line may have all the words: not where a
    /// plain line lacks one, unless somebody's name is put in.
    pub fn may_be_in(&self, line: &[u8]) -> bool {
        let lower = match std::str::from_utf8(line) {
            Ok(line) if line.is_ascii() && !line.contains('\\') => line.to_ascii_lowercase(),
            _ => return true,
        };
        let is_there = |word: &String| lower.contains(word.as_str());
        let names = || {
            ["identification", "merge"]
                .iter()
                .any(|kind| lower.contains(kind))
        };
        self.words.iter().all(is_there) || names()
    }
}

/// What an event says beyond its kind, subject and date.
pub fn details(event: &Event, people: &People) -> String {
    let person = |person: PersonId| people.label(Subject::Person(person));
    let parts: Vec<String> = match event.body() {
        Body::Ledger(opening) => {
            vec![
                format!("ledger \"{}\"", opening.name),
                opening.time_zone.name().to_owned(),
            ]
        }
        Body::Custody(custody) => custody_parts(custody),
        Body::Case(case) => {
            let offences = case.offences.iter().map(|offence| offence.to_string());
            let term = case.term_days.map(|days| format!("{days} days"));
            let jurisdiction = case
                .jurisdiction
                .map(|jurisdiction| jurisdiction.to_string());
            offences
                .chain(text(&case.court))
                .chain(jurisdiction)
                .chain(term)
                .collect()
        }
        Body::Clemency(clemency) => clemency_parts(clemency),
        Body::Instrument(instrument) => instrument_parts(instrument),
        Body::Claim(claim) => vec![claim_line(claim)],
        Body::Person(_) => Vec::new(),
        Body::Group(group) => {
            let size = group.size.map(|size| format!("{size} persons"));
            size.into_iter().chain(text(&group.label)).collect()
        }
        Body::Identification { person: told, .. } => vec![format!("is {}", person(*told))],
        Body::Merge { into, .. } => vec![format!("is {}", person(*into))],
        Body::SourceSilent { list, period } => {
            let period = period.as_ref().map(|period| period.to_string());
            [list.to_string()].into_iter().chain(period).collect()
        }
        Body::Note { text, .. } => vec![text.to_string()],
        Body::Retraction { reason, .. } => text(reason).collect(),
        Body::Profile(profile) => profile_parts(profile),
        Body::Publication(publication) => publication_parts(publication),
        Body::Erasure { basis, reason, .. } => [basis.to_string()]
            .into_iter()
            .chain(text(reason))
            .collect(),
    };
    parts.join(", ")
}

fn custody_parts(custody: &Custody) -> Vec<String> {
    let from = custody.from.as_ref().map(|place| format!("from {place}"));
    let place = custody.place.as_ref().map(|place| place.to_string());
    let basis = custody.basis.map(|basis| basis.to_string());
    let lists = custody
        .grounds
        .iter()
        .chain(&custody.measures)
        .map(|text| text.to_string());
    text(&custody.authority)
        .chain(from)
        .chain(place)
        .chain(basis)
        .chain(lists)
        .chain(text(&custody.destination))
        .chain(text(&custody.cause))
        .collect()
}

fn profile_parts(profile: &Profile) -> Vec<String> {
    let states = profile.states.iter().map(|state| state.to_string());
    let stay = profile.shortest_stay_days;
    let stay = stay.map(|days| format!("after a stay of {days} days"));
    let name = format!("{}@{}", profile.name, profile.version);
    [name].into_iter().chain(states).chain(stay).collect()
}

fn publication_parts(publication: &Publication) -> Vec<String> {
    vec![
        publication.figure.to_string(),
        crate::output::text::shell_words(&publication.query),
        format!("as of {}", publication.as_of),
        format!("known at {}", publication.known_at),
        format!("{}@{}", publication.profile, publication.profile_version),
    ]
}

fn clemency_parts(clemency: &Clemency) -> Vec<String> {
    let ground = clemency
        .ground
        .as_ref()
        .map(|ground| format!("ground {ground}"));
    let filed = clemency
        .filed_by
        .as_ref()
        .map(|by| format!("filed by {by}"));
    [clemency.instrument.to_string()]
        .into_iter()
        .chain(text(&clemency.court))
        .chain(filed)
        .chain(ground)
        .collect()
}

fn instrument_parts(instrument: &Instrument) -> Vec<String> {
    let form = instrument.form.map(|form| form.to_string());
    let days = instrument
        .decision_days
        .map(|days| format!("decision within {days} days"));
    [instrument.instrument.to_string()]
        .into_iter()
        .chain(form)
        .chain(text(&instrument.title))
        .chain(text(&instrument.jurisdiction))
        .chain(text(&instrument.adopted_by))
        .chain(days)
        .collect()
}

fn claim_line(claim: &Claim) -> String {
    let about = claim
        .about
        .as_ref()
        .map(|about| format!(" ({about})"))
        .unwrap_or_default();
    let scope = claim
        .scope
        .as_ref()
        .map(|scope| format!(", {scope}"))
        .unwrap_or_default();
    format!(
        "{}: {} {}{about}{scope}",
        claim.claimant, claim.quantity, claim.measure
    )
}

fn text(value: &Option<Box<str>>) -> impl Iterator<Item = String> {
    value.iter().map(|value| value.to_string())
}

/// The sources of an event in one line; the ones that must not be seen are counted.
pub fn sources(event: &Event, sealed: bool) -> String {
    let shown = event.sources().iter().map(source);
    let sealed = sealed.then(|| "sealed source".to_owned());
    let none = event.is_unsourced().then(|| "unsourced".to_owned());
    shown
        .chain(sealed)
        .chain(none)
        .collect::<Vec<_>>()
        .join("; ")
}

/// One source in a few words, with its grades: `Foro Penal (ngo, B2)`.
pub fn source(source: &Source) -> String {
    let reliability = source
        .reliability
        .map(|grade| grade.to_string())
        .unwrap_or_default();
    let credibility = source
        .credibility
        .map(|grade| grade.grade().to_string())
        .unwrap_or_default();
    let grades = format!("{reliability}{credibility}");
    let grades = if grades.is_empty() {
        grades
    } else {
        format!(", {grades}")
    };
    format!("{} ({}{grades})", source.publisher, source.kind)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, slice};

    use amparo_core::Context;
    use amparo_core::draft::Draft;
    use amparo_core::entry::{Entry, Recorded};
    use amparo_core::id::{EventId, Seq};
    use amparo_core::identity::Secret;
    use uuid::Uuid;

    use super::*;
    use crate::fold;

    /// What the fixtures leave out.
    const MORE: [&str; 5] = [
        r#"{"kind":"claim","claimant":"Demo Watch","measure":"held","quantity":{"low":5},"about":"2026-01-02","unsourced":true}"#,
        r#"{"kind":"claim","claimant":"Demo Watch","measure":"held","quantity":{"high":5,"approximate":true},"unsourced":true}"#,
        r#"{"kind":"profile","name":"demo","version":2,"states":["detained"],"shortest_stay_days":3,"unsourced":true}"#,
        r#"{"kind":"note","text":"Court \"Two\" of Demo","unsourced":true}"#,
        r#"{"kind":"note","text":"Tribunál de Demo","unsourced":true}"#,
    ];

    fn entries() -> Vec<Entry> {
        let context = Context {
            today: "2026-12-31".parse().unwrap(),
            zone: chrono_tz::Tz::UTC,
            secret: Secret::new([3; 32]),
        };
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        let names = [
            "demo-small",
            "demo-revolving-door",
            "demo-two-lists",
            "venezuela-2026",
        ];
        let files = names.map(|name| fixtures.join(name).with_extension("jsonl"));
        let mut drafts: String = files
            .map(|file| fs::read_to_string(file).unwrap())
            .join("\n");
        drafts.extend(MORE.map(|draft| format!("{draft}\n")));
        let drafts = drafts
            .lines()
            .filter_map(|line| Draft::parse(line.as_bytes(), &context).ok());
        drafts
            .map(|draft| Entry {
                seq: Seq::new(1),
                id: EventId::new(Uuid::from_u128(7)),
                recorded: Recorded::from_ms(1_780_000_000_000).unwrap(),
                by: "desk".into(),
                event: draft.event().clone(),
                private: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn a_line_is_passed_over_only_where_its_entry_does_not_say_a_word() {
        let entries = entries();
        let (mut said, mut passed_over) = (0, 0);
        let mut words = Vec::new();
        for entry in &entries {
            let text = format!(
                "{} {}",
                details(&entry.event, &People::default()),
                sources(&entry.event, true)
            );
            let line = entry.line();
            for word in fold::words(&text) {
                let mentioned = Mentioned::new(slice::from_ref(&word));
                assert!(mentioned.may_be_in(line.as_bytes()), "{word}: {line}");
                said += 1;
                words.push(word);
            }
        }
        words.sort_unstable();
        words.dedup();
        for entry in &entries {
            let line = entry.line();
            let may =
                |word: &&String| Mentioned::new(slice::from_ref(*word)).may_be_in(line.as_bytes());
            passed_over += words.len() - words.iter().filter(may).count();
        }
        assert!(entries.len() > 60 && said > 500, "{} {said}", entries.len());
        assert!(
            passed_over > entries.len() * words.len() / 2,
            "{passed_over}"
        );
    }
}
