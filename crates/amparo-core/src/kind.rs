//! Kinds of entries, the axes they move and the states they lead to (design: the table of kinds).
//!
//! Refuses to know anything of a particular person: this is the grammar of the ledger, one place
//! for which kind means what, which fields it takes and which of them it needs.

use crate::word::{Word, nearest, vocabulary};

vocabulary! {
    /// What an entry records.
    Kind, "kind" {
        /// Opens the ledger: always `e0`, and nowhere else.
        Ledger = "ledger",
        Arrest = "arrest",
        CustodyObserved = "custody-observed",
        Disappearance = "disappearance",
        Transfer = "transfer",
        HouseArrest = "house-arrest",
        ConditionalRelease = "conditional-release",
        Release = "release",
        ExitUnknown = "exit-unknown",
        Escape = "escape",
        Exile = "exile",
        Death = "death",
        Charge = "charge",
        Conviction = "conviction",
        Sentence = "sentence",
        Acquittal = "acquittal",
        Dismissal = "dismissal",
        Quashing = "quashing",
        ClemencyRequest = "clemency-request",
        ClemencyGrant = "clemency-grant",
        ClemencyRefusal = "clemency-refusal",
        ClemencyExclusion = "clemency-exclusion",
        ClemencyAppeal = "clemency-appeal",
        ClemencyRevocation = "clemency-revocation",
        Instrument = "instrument",
        Claim = "claim",
        Person = "person",
        Group = "group",
        Identification = "identification",
        Merge = "merge",
        SourceSilent = "source-silent",
        Note = "note",
        Retraction = "retraction",
        /// A rule of who counts as held.
        Profile = "profile",
        /// A figure that was published, with all that it follows from.
        Publication = "publication",
        /// The key of a person's private fields was destroyed.
        Erasure = "erasure",
    }
}

vocabulary! {
    /// One of the three independent questions about a person; clemency is asked per instrument.
    Axis, "axis" { Custody = "custody", Case = "case", Clemency = "clemency" }
}

vocabulary! {
    /// Where a person stands on the custody axis.
    CustodyState, "custody state" {
        Detained = "detained",
        Disappeared = "disappeared",
        HouseArrest = "house-arrest",
        ConditionalRelease = "conditional-release",
        Released = "released",
        ExitUnknown = "exit-unknown",
        Escaped = "escaped",
        Exiled = "exiled",
        Deceased = "deceased",
    }
}

vocabulary! {
    /// Where a person stands on the case axis.
    CaseState, "case state" {
        Charged = "charged",
        Convicted = "convicted",
        Sentenced = "sentenced",
        Acquitted = "acquitted",
        Dismissed = "dismissed",
        Quashed = "quashed",
    }
}

vocabulary! {
    /// Where a person stands with one instrument of clemency.
    ClemencyState, "clemency state" {
        Requested = "requested",
        Granted = "granted",
        Refused = "refused",
        Excluded = "excluded",
        Appealed = "appealed",
        Revoked = "revoked",
    }
}

impl CaseState {
    /// Whether the case still hangs over the person.
    pub fn is_open(self) -> bool {
        match self {
            Self::Charged | Self::Convicted | Self::Sentenced => true,
            Self::Acquitted | Self::Dismissed | Self::Quashed => false,
        }
    }
}

/// A state on one of the three axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// On the custody axis.
    Custody(CustodyState),
    /// On the case axis.
    Case(CaseState),
    /// On the clemency axis, for the entry's instrument.
    Clemency(ClemencyState),
}

impl State {
    /// The axis this state belongs to.
    pub fn axis(self) -> Axis {
        match self {
            Self::Custody(_) => Axis::Custody,
            Self::Case(_) => Axis::Case,
            Self::Clemency(_) => Axis::Clemency,
        }
    }

    /// The word of the state, unique over all axes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Custody(state) => state.word(),
            Self::Case(state) => state.word(),
            Self::Clemency(state) => state.word(),
        }
    }

    /// Every state, custody first, in the order of reports.
    pub fn all() -> impl Iterator<Item = State> {
        let custody = CustodyState::ALL.iter().copied().map(State::Custody);
        let case = CaseState::ALL.iter().copied().map(State::Case);
        let clemency = ClemencyState::ALL.iter().copied().map(State::Clemency);
        custody.chain(case).chain(clemency)
    }

    /// Finds a state by its word.
    pub fn from_word(word: &str) -> Option<State> {
        State::all().find(|state| state.word() == word)
    }
}

/// Whose entry it is: which key stands in the subject's place of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectRule {
    /// Exactly one of `person` and `group`.
    PersonOrGroup,
    /// One of `person` and `group`, or neither.
    Optional,
    /// The fields of the kind name whom or what it is about.
    InFields,
}

/// What a kind takes: its own fields in line order, and what it cannot do without.
#[derive(Debug, Clone, Copy)]
pub struct KindRule {
    /// Who the entry is about.
    pub subject: SubjectRule,
    /// Own fields, in the order of the line.
    pub fields: &'static [&'static str],
    /// Own fields that must be there.
    pub required: &'static [&'static str],
    /// Whether a date is needed.
    pub dated: bool,
    /// Whether at least one source, or `unsourced`, is needed.
    pub sourced: bool,
}

impl Kind {
    /// The kinds a draft may have: all but those that the ledger writes itself.
    pub fn drafts() -> impl Iterator<Item = Kind> {
        let all = Kind::ALL.iter().copied();
        all.filter(|kind| kind.written_by().is_none())
    }

    /// The command that alone writes entries of this kind; `None` where anybody's draft may.
    ///
    /// Such an entry says of the ledger what only the command makes true: that it was opened, that
    /// a figure was derived from it, that a key was destroyed.
    pub fn written_by(self) -> Option<&'static str> {
        match self {
            Self::Ledger => Some("init"),
            Self::Publication => Some("publish"),
            Self::Erasure => Some("erase"),
            _ => None,
        }
    }

    /// Finds a kind by its word or by an accepted other spelling of it.
    ///
    /// `amnesty-request` and its like are accepted for `clemency-request`; the entry always
    /// holds the kind's own word.
    pub fn from_spelling(word: &str) -> Option<Kind> {
        match word.strip_prefix("amnesty-") {
            Some(rest) => Kind::from_word(&format!("clemency-{rest}")),
            None => Kind::from_word(word),
        }
    }

    /// The kind of a draft whose word, or accepted other spelling, is nearest to a mistyped one,
    /// when one is near: in the spelling that was meant.
    pub fn nearest_spelling(word: &str) -> Option<String> {
        let other = |kind: Kind| {
            Some(format!(
                "amnesty-{}",
                kind.word().strip_prefix("clemency-")?
            ))
        };
        let words = Kind::drafts().map(|kind| kind.word().to_owned());
        let spellings: Vec<String> = words.chain(Kind::drafts().filter_map(other)).collect();
        nearest(word, spellings.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The state after an entry of this kind; `None` where it leaves every state as it was.
    pub fn state(self) -> Option<State> {
        use {CaseState as Case, ClemencyState as Clemency, CustodyState as Custody};
        Some(match self {
            Self::Arrest | Self::CustodyObserved => State::Custody(Custody::Detained),
            Self::Disappearance => State::Custody(Custody::Disappeared),
            Self::HouseArrest => State::Custody(Custody::HouseArrest),
            Self::ConditionalRelease => State::Custody(Custody::ConditionalRelease),
            Self::Release => State::Custody(Custody::Released),
            Self::ExitUnknown => State::Custody(Custody::ExitUnknown),
            Self::Escape => State::Custody(Custody::Escaped),
            Self::Exile => State::Custody(Custody::Exiled),
            Self::Death => State::Custody(Custody::Deceased),
            Self::Charge => State::Case(Case::Charged),
            Self::Conviction => State::Case(Case::Convicted),
            Self::Sentence => State::Case(Case::Sentenced),
            Self::Acquittal => State::Case(Case::Acquitted),
            Self::Dismissal => State::Case(Case::Dismissed),
            Self::Quashing => State::Case(Case::Quashed),
            Self::ClemencyRequest => State::Clemency(Clemency::Requested),
            Self::ClemencyGrant => State::Clemency(Clemency::Granted),
            Self::ClemencyRefusal => State::Clemency(Clemency::Refused),
            Self::ClemencyExclusion => State::Clemency(Clemency::Excluded),
            Self::ClemencyAppeal => State::Clemency(Clemency::Appealed),
            Self::ClemencyRevocation => State::Clemency(Clemency::Revoked),
            Self::Transfer
            | Self::Ledger
            | Self::Instrument
            | Self::Claim
            | Self::Person
            | Self::Group
            | Self::Identification
            | Self::Merge
            | Self::SourceSilent
            | Self::Note
            | Self::Retraction
            | Self::Profile
            | Self::Publication
            | Self::Erasure => return None,
        })
    }

    /// The axis an entry of this kind belongs to; a transfer belongs to custody and moves no state.
    pub fn axis(self) -> Option<Axis> {
        match self {
            Self::Transfer => Some(Axis::Custody),
            _ => self.state().map(State::axis),
        }
    }

    /// What the kind takes and needs.
    pub fn rule(self) -> KindRule {
        const CASE: &[&str] = &["offences", "court", "jurisdiction", "term_days"];
        const CLEMENCY: &[&str] = &["instrument", "court", "filed_by", "ground"];
        const DEPARTURE: &[&str] = &["place", "destination", "cause"];
        const PUBLICATION: &[&str] = &[
            "figure",
            "query",
            "as_of",
            "known_at",
            "profile",
            "profile_version",
            "numbers",
            "head",
        ];
        let (fields, required): (&[&str], &[&str]) = match self {
            Self::Ledger => (
                &["name", "time_zone", "ledger", "format"],
                &["name", "time_zone", "ledger", "format"],
            ),
            Self::Arrest => (&["authority", "place", "grounds"], &[]),
            Self::CustodyObserved => (&["place"], &[]),
            Self::Disappearance => (&["authority", "place"], &[]),
            Self::Transfer => (&["from", "place"], &[]),
            Self::HouseArrest => (&["place", "measures"], &[]),
            Self::ConditionalRelease => (&["measures", "basis"], &[]),
            Self::Release => (&["basis"], &[]),
            Self::ExitUnknown => (&[], &[]),
            Self::Escape | Self::Exile | Self::Death => (DEPARTURE, &[]),
            Self::Charge
            | Self::Conviction
            | Self::Sentence
            | Self::Acquittal
            | Self::Dismissal
            | Self::Quashing => (CASE, &[]),
            Self::ClemencyRequest
            | Self::ClemencyGrant
            | Self::ClemencyRefusal
            | Self::ClemencyExclusion
            | Self::ClemencyAppeal
            | Self::ClemencyRevocation => (CLEMENCY, &["instrument"]),
            Self::Instrument => (
                &[
                    "instrument",
                    "form",
                    "title",
                    "jurisdiction",
                    "adopted_by",
                    "decision_days",
                    "exclusions",
                ],
                &["instrument"],
            ),
            Self::Claim => (
                &[
                    "claimant",
                    "measure",
                    "quantity",
                    "about",
                    "instrument",
                    "scope",
                ],
                &["claimant", "measure", "quantity"],
            ),
            Self::Person => (&["person"], &["person"]),
            Self::Group => (&["group", "size", "label"], &["group"]),
            Self::Identification => (&["group", "person"], &["group", "person"]),
            Self::Merge => (&["person", "into"], &["person", "into"]),
            Self::SourceSilent => (&["list", "period"], &["list"]),
            Self::Note => (&["text"], &["text"]),
            Self::Retraction => (&["entry", "reason"], &["entry"]),
            Self::Profile => (
                &["name", "version", "states", "shortest_stay_days"],
                &["name", "version", "states"],
            ),
            Self::Publication => (PUBLICATION, PUBLICATION),
            Self::Erasure => (&["basis", "reason"], &["basis"]),
        };
        let subject = match self {
            Self::Note => SubjectRule::Optional,
            Self::Erasure => SubjectRule::PersonOrGroup,
            _ if self.axis().is_some() => SubjectRule::PersonOrGroup,
            _ => SubjectRule::InFields,
        };
        KindRule {
            subject,
            fields,
            required,
            dated: self.axis().is_some(),
            // What the ledger says of itself needs nobody's word.
            sourced: !matches!(
                self,
                Self::Ledger | Self::Retraction | Self::Profile | Self::Publication | Self::Erasure
            ),
        }
    }

    /// The kinds that take a field of this name, for the message about a misplaced one.
    pub fn taking(field: &str) -> impl Iterator<Item = Kind> {
        Kind::drafts().filter(move |kind| kind.rule().fields.contains(&field))
    }
}

/// Whether some kind, or every entry, has a field of this name.
pub(crate) fn is_field(name: &str) -> bool {
    const SHARED: [&str; 9] = [
        "id",
        "kind",
        "person",
        "group",
        "occurred",
        "sources",
        "unsourced",
        "replaces",
        "private",
    ];
    SHARED.contains(&name)
        || Kind::ALL
            .iter()
            .any(|kind| kind.rule().fields.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_none_is_used_twice() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(*kind));
        }
        let mut words: Vec<_> = State::all().map(State::word).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }

    #[test]
    fn amnesty_spellings_are_accepted_for_clemency_kinds_only() {
        assert_eq!(
            Kind::from_spelling("amnesty-grant"),
            Some(Kind::ClemencyGrant)
        );
        assert_eq!(Kind::from_spelling("amnesty-arrest"), None);
        assert_eq!(Kind::from_spelling("arrest"), Some(Kind::Arrest));
    }

    #[test]
    fn a_mistyped_kind_finds_the_nearest_that_a_draft_may_have_in_either_spelling() {
        for (typed, found) in [
            ("arest", Some("arrest")),
            ("amnesty-reqest", Some("amnesty-request")),
            ("Amnesty Grant", Some("amnesty-grant")),
            ("clemency-reqest", Some("clemency-request")),
            ("erasur", None),
            ("publicaton", None),
            ("leger", None),
        ] {
            assert_eq!(Kind::nearest_spelling(typed).as_deref(), found, "{typed}");
        }
    }

    #[test]
    fn required_fields_are_fields_of_the_kind() {
        for kind in Kind::ALL {
            let rule = kind.rule();
            assert!(
                rule.required.iter().all(|name| rule.fields.contains(name)),
                "{kind}"
            );
        }
    }

    #[test]
    fn only_state_kinds_and_transfers_need_a_date() {
        let dated: Vec<_> = Kind::ALL.iter().filter(|kind| kind.rule().dated).collect();
        assert_eq!(dated.len(), 23);
        assert!(!Kind::Claim.rule().dated);
    }
}
