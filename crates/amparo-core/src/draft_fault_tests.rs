//! What is refused in a draft, where, and what is said of it.

use super::tests::{context, parse};
use super::*;
use crate::id::Code;

/// Each fault: the line, the rule, the column, a part of message or remedy.
const FAULTS: &[(&str, Rule, usize, &str)] = &[
    ("", Rule::Syntax, 1, "JSON"),
    ("{\"kind\":}", Rule::Syntax, 9, "JSON"),
    ("[]", Rule::WrongType, 1, "not a list"),
    ("{}", Rule::MissingField, 1, "kind"),
    (
        r#"{"kind":"arest","unsourced":true}"#,
        Rule::UnknownKind,
        9,
        "`arrest`",
    ),
    (r#"{"kind":"ledger"}"#, Rule::UnknownKind, 9, "itself"),
    (
        r#"{"kind":"arrest","person":"ñ","occurred":"2026","unsourced":true}"#,
        Rule::Malformed,
        27,
        "foro-penal:0123",
    ),
    (
        r#"{"kind":"release","person":"fp:ñ","occured":"2026","unsourced":true}"#,
        Rule::UnknownField,
        35,
        "`occurred`",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","place":"VE","unsourced":true}"#,
        Rule::UnknownField,
        53,
        "arrest",
    ),
    (
        r#"{"kind":"release","person":"fp:1","unsourced":true}"#,
        Rule::MissingField,
        1,
        "occurred",
    ),
    (
        r#"{"kind":"release","occurred":"2026","unsourced":true}"#,
        Rule::MissingField,
        1,
        "person",
    ),
    (
        r#"{"kind":"release","person":"fp:1","group":"g:1","occurred":"2026","unsourced":true}"#,
        Rule::Contradiction,
        43,
        "both",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026-02-30","unsourced":true}"#,
        Rule::BadDate,
        55,
        "28",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026-02-26","unsourced":true}"#,
        Rule::FutureDate,
        46,
        "2026-02-25",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026-02-25"}"#,
        Rule::NoSource,
        1,
        "unsourced",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","unsourced":true,"sources":[{"publisher":"a","kind":"ngo"}]}"#,
        Rule::Contradiction,
        65,
        "both",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","sources":[]}"#,
        Rule::MissingField,
        63,
        "empty",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","sources":[{"publisher":"a","kind":"blog"}]}"#,
        Rule::UnknownWord,
        88,
        "official",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","sources":[{"publisher":"a","kind":"ngo","reliability":"G"}]}"#,
        Rule::UnknownWord,
        108,
        "reliability",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","sources":[{"publisher":"a","kind":"ngo","credibility":7}]}"#,
        Rule::AboveLimit,
        108,
        "6",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","basis":null,"unsourced":true}"#,
        Rule::WrongType,
        61,
        "leave the field out",
    ),
    (
        r#"{"kind":"release","kind":"release","person":"fp:1","occurred":"2026","unsourced":true}"#,
        Rule::DuplicateKey,
        19,
        "second",
    ),
    (
        r#"{"kind":"release","person":"fp:1","occurred":"2026","basis":"court order","unsourced":true}"#,
        Rule::UnknownWord,
        61,
        "court-order",
    ),
    (
        r#"{"kind":"claim","claimant":"a","measure":"held","quantity":{"low":9,"high":3},"unsourced":true}"#,
        Rule::Malformed,
        60,
        "above",
    ),
    (
        r#"{"kind":"claim","claimant":"a","measure":"held","quantity":379,"unsourced":true}"#,
        Rule::WrongType,
        60,
        "with equal bounds for an exact number",
    ),
    (
        r#"{"kind":"note","text":"a","sources":["Demo Watch"]}"#,
        Rule::WrongType,
        38,
        "an object",
    ),
    (
        r#"{"kind":"note","text":"a","private":{"sources":[{"publisher":"X","kind":"ngos"}]}}"#,
        Rule::UnknownWord,
        73,
        "ngo",
    ),
    (
        r#"{"kind":"note","text":"a","private":{"sources":"x"}}"#,
        Rule::WrongType,
        48,
        "a list of objects",
    ),
    (
        r#"{"kind":"note","text":"a","private":{"sources":[]}}"#,
        Rule::MissingField,
        48,
        "leave the field out",
    ),
    (
        r#"{"kind":"note","text":"a","private":{"source":[{"publisher":"X","kind":"ngo"}]}}"#,
        Rule::UnknownField,
        38,
        "`sources`",
    ),
    (
        r#"{"kind":"note","text":"a","private":"unsafe","unsourced":true}"#,
        Rule::WrongType,
        37,
        "{\"name\":...}",
    ),
    (
        r#"{"kind":"claim","claimant":"a","measure":"held","quantity":{"low":-9},"unsourced":true}"#,
        Rule::WrongType,
        67,
        "whole",
    ),
    (
        r#"{"kind":"merge","person":"fp:1","into":"fp:1","unsourced":true}"#,
        Rule::MergeWouldCycle,
        40,
        "themselves",
    ),
    (
        r#"{"kind":"note","text":" ","unsourced":true}"#,
        Rule::MissingField,
        23,
        "empty",
    ),
    (
        r#"{"kind":"person","person":"fp:1","private":{"nombre":"Demo"},"unsourced":true}"#,
        Rule::UnknownField,
        45,
        "name",
    ),
    (
        r#"{"kind":"person","person":"fp:1","private":{},"unsourced":true}"#,
        Rule::MissingField,
        44,
        "empty",
    ),
    (
        r#"{"kind":"retraction","entry":"e49"}"#,
        Rule::Malformed,
        30,
        "UUID",
    ),
    (
        r#"{"seq":4,"kind":"retraction","entry":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d"}"#,
        Rule::UnknownField,
        2,
        "by the ledger",
    ),
];

#[test]
fn faults_are_found_where_they_stand_with_a_remedy() {
    for (line, rule, column, says) in FAULTS {
        let faults = parse(line).unwrap_err();
        let found = faults.iter().find(|fault| fault.rule == *rule);
        let fault = found.unwrap_or_else(|| panic!("{line}: {faults:?}"));
        assert_eq!(fault.column, *column, "{line}: {fault:?}");
        let words = format!(
            "{} {}",
            fault.message,
            fault.remedy.as_deref().unwrap_or_default()
        );
        assert!(words.contains(says), "{line}: {words}");
        assert_eq!(faults.len(), 1, "{line}: {faults:?}");
    }
}

#[test]
fn a_mistyped_kind_is_answered_with_kinds_that_a_draft_may_have() {
    let remedy = |kind: &str| {
        let line = format!(r#"{{"kind":"{kind}","unsourced":true}}"#);
        let faults = parse(&line).unwrap_err();
        assert_eq!(faults[0].rule, Rule::UnknownKind, "{line}");
        faults[0].remedy.clone().unwrap()
    };
    assert_eq!(remedy("amnesty-reqest"), "did you mean `amnesty-request`?");
    for of_the_ledger in ["erasur", "publicaton", "leger"] {
        let remedy = remedy(of_the_ledger);
        assert!(remedy.starts_with("write one of arrest, "), "{remedy}");
        for kind in ["erasure", "publication", "ledger"] {
            assert!(!remedy.contains(kind), "{remedy}");
        }
    }
}

#[test]
fn a_fault_of_a_whole_object_is_told_under_its_name() {
    for quantity in ["379", "{}", r#"{"low":9,"high":3}"#] {
        let line = format!(
            r#"{{"kind":"claim","claimant":"a","measure":"held","quantity":{quantity},"unsourced":true}}"#
        );
        let faults = parse(&line).unwrap_err();
        assert_eq!(faults.len(), 1, "{line}");
        assert_eq!(faults[0].field, "quantity", "{line}");
        assert!(faults[0].remedy.is_some(), "{line}");
    }
}

#[test]
fn of_a_faulty_line_is_kept_what_could_be_read() {
    let partly = |line: &str| {
        let unread = Draft::parse_partly(line.as_bytes(), &context()).unwrap_err();
        assert_eq!(unread.faults, parse(line).unwrap_err(), "{line}");
        unread.partly.map(|partly| partly.event().clone())
    };
    let grant = r#"{"kind":"clemency-grant","person":"fp:1","occurred":"2026-02-30","instrument":"x","unsourced":true}"#;
    let event = partly(grant).unwrap();
    assert_eq!(event.instrument().map(Code::as_str), Some("x"));
    assert_eq!(event.occurred(), None);
    let retraction =
        r#"{"kind":"retraction","entry":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","reson":"a"}"#;
    assert!(partly(retraction).unwrap().target().is_some());
    for line in [
        "[]",
        r#"{"kind":"clemency-grant","person":"fp:1","instrument":1}"#,
    ] {
        assert_eq!(partly(line), None, "{line}");
    }
}

#[test]
fn to_say_that_it_is_not_unsourced_is_no_source() {
    let line = r#"{"kind":"note","text":"a","unsourced":false}"#;
    assert_eq!(parse(line).unwrap_err()[0].rule, Rule::NoSource);
}

#[test]
fn a_retraction_replaces_nothing() {
    let id = "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d";
    let line = format!(r#"{{"kind":"retraction","entry":"{id}","replaces":"{id}"}}"#);
    assert_eq!(parse(&line).unwrap_err()[0].rule, Rule::Contradiction);
}

#[test]
fn every_fault_of_a_line_is_reported() {
    let line = r#"{"kind":"arrest","persn":"fp:1","occurred":"2026-13","place":"VE:","sources":[{"publisher":"","kind":"blog"}]}"#;
    let columns: Vec<_> = parse(line)
        .unwrap_err()
        .iter()
        .map(|fault| fault.column)
        .collect();
    assert_eq!(columns.len(), 5, "{columns:?}");
    assert!(columns.is_sorted());
}

#[test]
fn limits_hold_at_the_limit_and_fail_one_past_it() {
    let reason = |bytes: usize| {
        let reason = "x".repeat(bytes);
        parse(&format!(
            r#"{{"kind":"note","text":"{reason}","unsourced":true}}"#
        ))
    };
    assert!(reason(limit::PROSE_BYTES_MAX).is_ok());
    assert_eq!(
        reason(limit::PROSE_BYTES_MAX + 1).unwrap_err()[0].rule,
        Rule::AboveLimit
    );
    let list = |items: usize| {
        let items = vec!["\"x\""; items].join(",");
        parse(&format!(
            r#"{{"kind":"charge","person":"fp:1","occurred":"2026","offences":[{items}],"unsourced":true}}"#
        ))
    };
    assert!(list(limit::LIST_ITEMS_MAX).is_ok());
    assert_eq!(
        list(limit::LIST_ITEMS_MAX + 1).unwrap_err()[0].rule,
        Rule::AboveLimit
    );
    let line = vec![b' '; limit::LINE_BYTES_MAX + 1];
    assert_eq!(
        Draft::parse(&line, &context()).unwrap_err()[0].rule,
        Rule::AboveLimit
    );
}

#[test]
fn text_that_is_not_utf8_is_refused_at_its_column() {
    let faults = Draft::parse(b"{\"kind\":\"\xc3\xb1\xff\"}", &context()).unwrap_err();
    assert_eq!((faults[0].rule, faults[0].column), (Rule::NotUtf8, 11));
}

#[test]
fn private_values_are_never_quoted_in_a_fault() {
    let line = r#"{"kind":"person","person":"fp:1","private":{"name":"Ana Demo","birth":"Ana Demo","sources":[{"publisher":"Ana Demo","kind":"Ana Demo"}]},"unsourced":true}"#;
    let faults = parse(line).unwrap_err();
    assert!(
        faults.len() >= 2 && !format!("{faults:?}").contains("Demo"),
        "{faults:?}"
    );
}
