//! Oddities in how things are recorded: corrections, merges, groups, grounds.

use std::collections::HashMap;

use amparo_core::force::InForce;
use amparo_core::id::Subject;
use amparo_core::kind::Kind;

use super::{Finding, FindingCode};
use crate::fact::SubjectId;
use crate::view::View;

/// Corrections in force of what was already out of force when they were recorded.
pub(super) fn corrections_of_what_is_out(view: &View<'_>) -> Vec<Finding> {
    let facts = view.facts();
    // A target stands among the facts: they are a whole log, or closed.
    let position_of = |seq| facts.position(seq).map_or(u64::MAX, u64::from);
    let mut in_force = InForce::default();
    let mut findings = Vec::new();
    let known = view.seqs();
    for (seq, fact) in known.filter_map(|seq| Some((seq, view.fact(seq)?))) {
        let target = facts.target(fact);
        if let Some(target) = target
            && !in_force.holds(position_of(target))
            && view.is_in_force(seq)
        {
            findings.push(Finding {
                code: FindingCode::CorrectsWhatIsOut,
                subject: fact.subject().map(|subject| view.root(subject)),
                entries: vec![target, seq],
            });
        }
        in_force.push(target.map(position_of));
    }
    findings
}

/// Merges that would close a circle.
pub(super) fn merge_circles(view: &View<'_>) -> Vec<Finding> {
    let circular = view.merges_closing_a_circle().iter();
    circular
        .map(|seq| Finding {
            code: FindingCode::MergeCircle,
            subject: view.fact(*seq).and_then(|fact| fact.subject()),
            entries: vec![*seq],
        })
        .collect()
}

/// What is odd about a group; nothing for a person.
pub(super) fn of_group(view: &View<'_>, subject: SubjectId) -> Vec<Finding> {
    if !matches!(view.facts().subject(subject), Some(Subject::Group(_))) {
        return Vec::new();
    }
    let in_force = |kind: Option<Kind>| {
        let entries = view.entries(subject);
        let of_kind = entries.filter(|(seq, fact)| {
            view.is_in_force(*seq) && kind.is_none_or(|kind| fact.kind() == kind)
        });
        of_kind.map(|(seq, _)| seq).collect::<Vec<_>>()
    };
    let group = view.group(subject);
    let (code, entries) = match group.size {
        None => (FindingCode::GroupWithoutSize, in_force(None)),
        Some(size) if size < group.identified => {
            let identifications = in_force(Some(Kind::Identification));
            (FindingCode::GroupOverdrawn, identifications)
        }
        Some(_) => return Vec::new(),
    };
    if entries.is_empty() {
        return Vec::new();
    }
    vec![Finding {
        code,
        subject: Some(subject),
        entries,
    }]
}

/// Exclusions on a ground that no entry in force gives the instrument.
pub(super) fn unknown_grounds(view: &View<'_>) -> Vec<Finding> {
    let facts = view.facts();
    let mut latest = HashMap::new();
    for n in view.known(&facts.instrumenting) {
        let fact = facts.at(*n);
        if let (true, Some(code)) = (view.counts_at(*n), fact.instrument()) {
            latest.insert(code, facts.instrument(fact));
        }
    }
    let has_ground = |instrument, ground: &str| {
        let exclusions = latest.get(&instrument).copied().flatten();
        let mut exclusions = exclusions.into_iter().flat_map(|i| &i.exclusions);
        exclusions.any(|exclusion| exclusion.code.as_str() == ground)
    };
    let known = view.seqs();
    let found = known.filter_map(|seq| {
        let fact = view.fact(seq).filter(|_| view.counts(seq))?;
        let (instrument, ground) = (fact.instrument()?, fact.ground()?);
        let is_unknown = !has_ground(instrument, facts.text(ground));
        is_unknown.then(|| Finding {
            code: FindingCode::UnknownGround,
            subject: fact.subject().map(|subject| view.root(subject)),
            entries: vec![seq],
        })
    });
    found.collect()
}
