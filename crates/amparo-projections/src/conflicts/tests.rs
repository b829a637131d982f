//! Each rule by the history that meets it, and the nearest that does not.

use super::*;
use crate::sample::Sample;

fn found(drafts: &[&str]) -> Vec<String> {
    let facts = Sample::of(drafts).facts();
    let finding = |finding: Finding| {
        let entries: Vec<_> = finding.entries.iter().map(Seq::to_string).collect();
        format!("{} {}", finding.code.code(), entries.join(" "))
    };
    conflicts(&View::head(&facts))
        .into_iter()
        .map(finding)
        .collect()
}

/// A status of one person: the kind, the date, further fields.
fn on(kind: &str, date: &str, more: &str) -> String {
    format!(r#""kind":"{kind}","person":"p:1","occurred":"{date}"{more}"#)
}

#[test]
fn histories_show_their_oddities_and_no_more() {
    type Step = (&'static str, &'static str);
    let cases: &[(&[Step], &[&str])] = &[
        (&[("arrest", "2026-02-01"), ("release", "2026-02-09")], &[]),
        (
            &[("release", "2026-02-09")],
            &["release-without-custody e0"],
        ),
        (
            &[("exit-unknown", "2026-02-09")],
            &["release-without-custody e0"],
        ),
        (
            &[
                ("conditional-release", "2026-02-01"),
                ("release", "2026-02-09"),
            ],
            &["release-without-custody e0"],
        ),
        (
            &[("disappearance", "2026-02-01"), ("release", "2026-02-09")],
            &[],
        ),
        (&[("escape", "2026-02-01")], &["escape-without-custody e0"]),
        (&[("arrest", "2026-02-01"), ("escape", "2026-02-09")], &[]),
        (
            &[("transfer", "2026-02-01")],
            &["transfer-without-custody e0"],
        ),
        (&[("transfer", "2026-02-02"), ("arrest", "2026-02-01")], &[]),
        (
            &[
                ("arrest", "2026-02-01"),
                ("release", "2026-02-05"),
                ("transfer", "2026-02-09"),
            ],
            &["transfer-without-custody e2"],
        ),
        (
            &[
                ("arrest", "2026-02-01T08:00"),
                ("arrest", "2026-02-01T20:00"),
            ],
            &["arrests-on-one-day e0 e1"],
        ),
        (
            &[("arrest", "2026-02-01"), ("arrest", "2026-02-04")],
            &["reported-twice e0 e1"],
        ),
        (
            &[("arrest", "2026-02-01"), ("arrest", "2026-02-05")],
            &["arrest-while-detained e0 e1"],
        ),
        (
            &[("arrest", "2026-02-01"), ("custody-observed", "2026-02-03")],
            &[],
        ),
        (
            &[
                ("custody-observed", "2026-02-01"),
                ("custody-observed", "2026-02-03"),
            ],
            &[],
        ),
        (
            &[
                ("arrest", "2026-02-01"),
                ("release", "2026-02-05"),
                ("arrest", "2026-02-07"),
            ],
            &[],
        ),
        (
            &[
                ("arrest", "2026-01-01"),
                ("release", "2026-02-05"),
                ("release", "2026-02-05/2026-02-06"),
            ],
            &["reported-twice e1 e2"],
        ),
        (
            &[
                ("conditional-release", "2026-02-08"),
                ("arrest", "2026-02-08/2026-02-09"),
            ],
            &["release-without-custody e0", "order-uncertain e0 e1"],
        ),
        (
            &[
                ("arrest", "2026-02-01/2026-02-03"),
                ("release", "2026-02-04"),
            ],
            &[],
        ),
        (
            &[
                ("death", "2026-02-05"),
                ("arrest", "2026-02-09"),
                ("charge", "2026-02-06"),
                ("charge", "2026-02-05"),
            ],
            &["after-death e0 e1 e2", "reported-twice e3 e2"],
        ),
        (
            &[("death", "2026-02-05"), ("death", "2026-02-06")],
            &["reported-twice e0 e1"],
        ),
        (
            &[("death", "2026-02-05"), ("death", "2026-02-16")],
            &["after-death e0 e1"],
        ),
    ];
    for (steps, expect) in cases {
        let drafts: Vec<_> = steps
            .iter()
            .map(|(kind, date)| on(kind, date, ""))
            .collect();
        let drafts: Vec<_> = drafts.iter().map(String::as_str).collect();
        assert_eq!(found(&drafts), *expect, "{steps:?}");
    }
}

#[test]
fn charges_with_other_offences_are_other_events() {
    let charge = |offence| {
        on(
            "charge",
            "2026-02-01",
            &format!(r#","offences":["{offence}"]"#),
        )
    };
    assert_eq!(found(&[&charge("a"), &charge("b")]), [""; 0]);
    assert_eq!(
        found(&[&charge("a"), &charge("a")]),
        ["reported-twice e0 e1"]
    );
    assert_eq!(
        found(&[&charge("a"), &on("charge", "2026-02-02", "")]),
        ["reported-twice e0 e1"]
    );
}

#[test]
fn correcting_what_is_out_is_found_while_the_correction_is_in_force() {
    let arrest = on("arrest", "2026-02-01", "");
    let again = on("arrest", "2026-02-02", r#","replaces":"@0""#);
    let retract = |n: usize| format!(r#""kind":"retraction","entry":"@{n}""#);
    assert_eq!(
        found(&[&arrest, &retract(0), &retract(0)]),
        ["corrects-what-is-out e0 e2"]
    );
    assert_eq!(
        found(&[&arrest, &retract(0), &again]),
        ["corrects-what-is-out e0 e2"]
    );
    assert_eq!(found(&[&arrest, &retract(0), &again, &retract(2)]), [""; 0]);
    assert_eq!(
        found(&[&arrest, &retract(0), &retract(1), &retract(0)]),
        [""; 0]
    );
}

#[test]
fn a_merge_that_comes_back_into_a_circle_is_found_and_disregarded() {
    let merge = |from, into| format!(r#""kind":"merge","person":"p:{from}","into":"p:{into}""#);
    let drafts = [
        &on("arrest", "2026-02-01", ""),
        &merge(1, 2),
        r#""kind":"retraction","entry":"@1""#,
        &merge(2, 1),
        r#""kind":"retraction","entry":"@2""#,
    ];
    assert_eq!(found(&drafts), ["merge-circle e3"]);
    let facts = Sample::of(&drafts).facts();
    let view = View::head(&facts);
    let left: Vec<_> = view
        .subjects()
        .map(|subject| facts.subject(subject))
        .collect();
    assert_eq!(left.len(), 1);
    assert_eq!(found(&drafts[..4]), [""; 0]);
}

#[test]
fn groups_need_a_size_that_bears_those_told_apart() {
    let seen = r#""kind":"custody-observed","group":"g:1","occurred":"2026-02-01""#;
    let sized = r#""kind":"group","group":"g:1","size":1"#;
    let apart = |p| format!(r#""kind":"identification","group":"g:1","person":"p:{p}""#);
    assert_eq!(found(&[seen]), ["group-without-size e0"]);
    assert_eq!(found(&[seen, sized]), [""; 0]);
    assert_eq!(found(&[seen, sized, &apart(1)]), [""; 0]);
    assert_eq!(found(&[seen, sized, &apart(1), &apart(1)]), [""; 0]);
    assert_eq!(
        found(&[seen, sized, &apart(1), &apart(2)]),
        ["group-overdrawn e2 e3"]
    );
    assert_eq!(
        found(&[seen, r#""kind":"retraction","entry":"@0""#]),
        [""; 0]
    );
}

#[test]
fn grounds_are_those_of_the_instrument_in_force() {
    let law = r#""kind":"instrument","instrument":"a","exclusions":[{"code":"arms","text":"x"}]"#;
    let excluded = |ground| {
        let more = format!(r#","instrument":"a","ground":"{ground}""#);
        on("clemency-exclusion", "2026-02-01", &more)
    };
    assert_eq!(found(&[law, &excluded("arms")]), [""; 0]);
    assert_eq!(found(&[law, &excluded("drugs")]), ["unknown-ground e1"]);
    let retract = r#""kind":"retraction","entry":"@0""#;
    assert_eq!(
        found(&[law, &excluded("arms"), retract]),
        ["unknown-ground e1"]
    );
}

#[test]
fn contradicting_claims_are_found_with_both_entries() {
    let claim = |claimant, n: u64| {
        format!(
            r#""kind":"claim","claimant":"{claimant}","measure":"held","quantity":{{"low":{n},"high":{n}}},"about":"2026-02-01""#
        )
    };
    assert_eq!(
        found(&[&claim("A", 1), &claim("B", 2)]),
        ["claims-contradict e0 e1"]
    );
    assert_eq!(found(&[&claim("A", 1), &claim("B", 1)]), [""; 0]);
}

#[test]
fn every_rule_has_its_own_code_and_stands_in_the_list() {
    let mut codes: Vec<_> = FindingCode::ALL.iter().map(|code| code.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), FindingCode::ALL.len());
    assert!(FindingCode::ALL.is_sorted());
}
