//! What in the log is odd, doubled or contradictory?
//!
//! Odd but well-formed input is admitted and reported here; nothing in this file changes a count.
//! Each finding names a rule and the entries that meet it, so that somebody can look, and correct
//! or leave it. Not finding anything proves nothing.

mod history;
mod record;

use amparo_core::id::Seq;
use amparo_core::kind::Kind;

use crate::claims::contradictions;
use crate::fact::SubjectId;
use crate::view::View;

/// How many days apart two reports of one kind may be to be, perhaps, of one event.
pub const ONE_EVENT_DAYS: i32 = 3;

/// The rules of this report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// A release, conditional release or unknown exit with no custody before it.
    ReleaseWithoutCustody,
    /// An escape of somebody not in custody.
    EscapeWithoutCustody,
    /// A transfer of somebody not in custody.
    TransferWithoutCustody,
    /// Two arrests on one day.
    ArrestsOnOneDay,
    /// An arrest of somebody already detained.
    ArrestWhileDetained,
    /// Two reports of one kind, with dates at most [`ONE_EVENT_DAYS`] days apart, and nothing
    /// between them: perhaps one event.
    ReportedTwice,
    /// Two steps to different states whose uncertain dates overlap, so that their order is not
    /// certain.
    OrderUncertain,
    /// Something that happened after the person's death.
    AfterDeath,
    /// An entry that replaces or retracts what was already out of force.
    CorrectsWhatIsOut,
    /// A merge that would close a circle; it is disregarded.
    MergeCircle,
    /// A group of which no entry in force says how many they are: it counts for none.
    GroupWithoutSize,
    /// More persons told apart from a group than it has.
    GroupOverdrawn,
    /// An exclusion on a ground that the instrument does not have.
    UnknownGround,
    /// Two claims of the same thing that cannot both be true.
    ClaimsContradict,
}

impl FindingCode {
    /// Every rule, in the order of reports.
    pub const ALL: [Self; 14] = [
        Self::ReleaseWithoutCustody,
        Self::EscapeWithoutCustody,
        Self::TransferWithoutCustody,
        Self::ArrestsOnOneDay,
        Self::ArrestWhileDetained,
        Self::ReportedTwice,
        Self::OrderUncertain,
        Self::AfterDeath,
        Self::CorrectsWhatIsOut,
        Self::MergeCircle,
        Self::GroupWithoutSize,
        Self::GroupOverdrawn,
        Self::UnknownGround,
        Self::ClaimsContradict,
    ];

    /// The code of the rule, in reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::ReleaseWithoutCustody => "release-without-custody",
            Self::EscapeWithoutCustody => "escape-without-custody",
            Self::TransferWithoutCustody => "transfer-without-custody",
            Self::ArrestsOnOneDay => "arrests-on-one-day",
            Self::ArrestWhileDetained => "arrest-while-detained",
            Self::ReportedTwice => "reported-twice",
            Self::OrderUncertain => "order-uncertain",
            Self::AfterDeath => "after-death",
            Self::CorrectsWhatIsOut => "corrects-what-is-out",
            Self::MergeCircle => "merge-circle",
            Self::GroupWithoutSize => "group-without-size",
            Self::GroupOverdrawn => "group-overdrawn",
            Self::UnknownGround => "unknown-ground",
            Self::ClaimsContradict => "claims-contradict",
        }
    }

    /// What the rule says, in one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::ReleaseWithoutCustody => "let go with no custody documented before",
            Self::EscapeWithoutCustody => "escaped while not documented as held",
            Self::TransferWithoutCustody => "transferred while not documented as held",
            Self::ArrestsOnOneDay => "two arrests on one day",
            Self::ArrestWhileDetained => "arrested while already detained",
            Self::ReportedTwice => "two reports of one kind, days apart: perhaps one event",
            Self::OrderUncertain => "dates overlap, so that the order is not certain",
            Self::AfterDeath => "happened after the person's death",
            Self::CorrectsWhatIsOut => "corrects what was already replaced or withdrawn",
            Self::MergeCircle => "would close a circle of merges, and is disregarded",
            Self::GroupWithoutSize => "nobody says how many the group are: it counts for none",
            Self::GroupOverdrawn => "more persons told apart than the group has",
            Self::UnknownGround => "the instrument has no such exclusion",
            Self::ClaimsContradict => "two claims of the same thing that cannot both be true",
        }
    }
}

/// One oddity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub code: FindingCode,
    /// Whom it is about, if it is about one subject.
    pub subject: Option<SubjectId>,
    /// The entries that meet the rule, the earlier first.
    pub entries: Vec<Seq>,
}

/// The oddities among the entries that count, by the newest entry of each, then by rule.
pub fn conflicts(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for subject in view.subjects() {
        findings.extend(history::of_subject(view, subject));
        findings.extend(record::of_group(view, subject));
    }
    findings.extend(record::corrections_of_what_is_out(view));
    findings.extend(record::merge_circles(view));
    findings.extend(record::unknown_grounds(view));
    let contradictions = contradictions(view).into_iter();
    findings.extend(contradictions.map(|(one, other)| Finding {
        code: FindingCode::ClaimsContradict,
        subject: None,
        entries: vec![one, other],
    }));
    findings.sort_by_key(|finding| (finding.entries.iter().max().copied(), finding.code));
    findings
}

/// The oddities in the history of one subject, by the order of its steps.
pub fn conflicts_of(view: &View<'_>, subject: SubjectId) -> Vec<Finding> {
    let subject = view.root(subject);
    let mut findings = history::of_subject(view, subject);
    findings.extend(record::of_group(view, subject));
    findings
}

/// Whether entries of a kind report one event each: sightings and transfers come in numbers.
fn is_one_event(kind: Kind) -> bool {
    kind.state().is_some() && kind != Kind::CustodyObserved
}

#[cfg(test)]
#[path = "conflicts/tests.rs"]
mod tests;
