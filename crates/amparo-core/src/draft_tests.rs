//! Drafts and entries together: what is read, what is refused and where, what is written.

use super::*;
use crate::entry::{Entry, EntryError, Recorded};
use crate::id::{Code, Seq};
use crate::private::Openings;

fn context() -> Context {
    Context {
        today: "2026-02-25".parse().unwrap(),
        zone: chrono_tz::America::Caracas,
        secret: Secret::new([3; 32]),
    }
}

fn parse(line: &str) -> Result<Draft, Vec<Fault>> {
    Draft::parse(line.as_bytes(), &context())
}

/// One example of each kind, as a draft.
const EXAMPLES: &[&str] = &[
    r#"{"kind":"person","person":"fp:0123","private":{"name":"Ana Demo","aliases":["A. Demo"],"birth":"1971"},"sources":[{"publisher":"Demo Watch","kind":"ngo","published":"2026-02-10"}]}"#,
    r#"{"id":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","kind":"arrest","person":"fp:0123","occurred":"2025-05","authority":"SEBIN","place":"VE:Caracas","grounds":"conspiracy","sources":[{"publisher":"Demo Watch","kind":"ngo","reliability":"B","credibility":2}]}"#,
    r#"{"kind":"custody-observed","group":"g:rodeo-23","occurred":"2026-02-08T23:30","place":"VE:Miranda:Rodeo I","unsourced":true}"#,
    r#"{"kind":"disappearance","person":"fp:1","occurred":"2026-02-08..09","unsourced":true}"#,
    r#"{"kind":"transfer","person":"fp:1","occurred":"2026-02~","from":"VE:Caracas","place":"VE:Zulia","unsourced":true}"#,
    r#"{"kind":"house-arrest","person":"fp:1","occurred":"ayer","measures":["ankle monitor","no press"],"unsourced":true}"#,
    r#"{"kind":"conditional-release","person":"fp:1","occurred":"2026-02-08","measures":["report every 30 days"],"basis":"court-order","unsourced":true}"#,
    r#"{"kind":"release","person":"fp:0123","occurred":"2026-02-19","basis":"court-order","replaces":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","sources":[{"publisher":"family","kind":"family"}]}"#,
    r#"{"kind":"exit-unknown","person":"fp:1","occurred":"../2026-02","unsourced":true}"#,
    r#"{"kind":"exile","person":"fp:1","occurred":"2026-01/..","destination":"CO","cause":"threats","unsourced":true}"#,
    r#"{"kind":"sentence","person":"fp:1","occurred":"2026-01-10","offences":["treason"],"court":"2nd","jurisdiction":"military","term_days":3650,"unsourced":true}"#,
    r#"{"kind":"amnesty-request","person":"fp:0123","occurred":"2026-02-20","instrument":"ve-amnesty-2026","filed_by":"prosecutor","sources":[{"publisher":"National Assembly","kind":"official"}]}"#,
    r#"{"kind":"instrument","instrument":"ve-amnesty-2026","form":"amnesty","title":"Demo law","jurisdiction":"VE","adopted_by":"National Assembly","decision_days":15,"exclusions":[{"code":"arms","text":"armed action"}],"unsourced":true}"#,
    r#"{"kind":"claim","claimant":"Demo Watch","measure":"held","quantity":{"low":650,"approximate":true},"about":"2026-02-20","occurred":"2026-02-20","scope":"VE","sources":[{"publisher":"Demo Watch","kind":"ngo","sha256":"AB00000000000000000000000000000000000000000000000000000000000000"}]}"#,
    r#"{"kind":"group","group":"g:rodeo-23","size":23,"label":"unnamed, Rodeo I","sources":[{"publisher":"media","kind":"media"}]}"#,
    r#"{"kind":"identification","group":"g:rodeo-23","person":"fp:0123","unsourced":true}"#,
    r#"{"kind":"merge","person":"fp:0999","into":"fp:0123","unsourced":true}"#,
    r#"{"kind":"source-silent","list":"Demo list","period":"2026-02-01/2026-02-07","unsourced":true}"#,
    r#"{"kind":"note","person":"fp:1","text":"his \"trial\" goes on\n","private":{"sources":[{"publisher":"Demo","kind":"witness"}],"note":"unsafe"}}"#,
    r#"{"kind":"retraction","entry":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","reason":"wrong person"}"#,
    r#"{"kind":"profile","name":"a-week","version":1,"states":["house-arrest","detained"],"shortest_stay_days":7}"#,
];

/// The entry that a draft becomes, with what it is sealed with.
pub(crate) fn entry_of(draft: &Draft, seq: u64) -> (Entry, Openings) {
    let id = draft.content_id(&context().secret);
    let openings = Openings::new(draft.private(), || [seq as u8; 32]);
    let entry = Entry {
        seq: Seq::new(seq),
        id,
        recorded: Recorded::from_ms(1_771_000_000_123).unwrap(),
        by: "desk".into(),
        event: draft.event().clone(),
        private: openings.digests(id),
    };
    (entry, openings)
}

/// The entries that the examples become, under their numbers.
pub(crate) fn entries() -> impl Iterator<Item = Entry> {
    let numbered = (0..).zip(EXAMPLES);
    numbered.map(|(n, example)| entry_of(&parse(example).unwrap(), n).0)
}

#[test]
fn every_example_becomes_an_entry_that_reads_back_to_the_same_bytes() {
    for (n, example) in EXAMPLES.iter().enumerate() {
        let draft = parse(example).unwrap_or_else(|faults| panic!("{example}: {faults:?}"));
        let (entry, openings) = entry_of(&draft, n as u64);
        let line = entry.line();
        assert_eq!(
            Entry::parse_exact(line.as_bytes()).as_ref(),
            Ok(&entry),
            "{line}"
        );
        assert!(!line.contains("Ana") && !line.contains("unsafe"), "{line}");
        let private = openings.private().unwrap();
        assert_eq!(entry.content(&private), draft.content());
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["seq"], n);
    }
}

#[test]
fn the_same_content_has_one_id_however_it_is_spelt() {
    let id = |line: &str| parse(line).unwrap().content_id(&context().secret);
    let plain = id(
        r#"{"kind":"clemency-grant","person":"fp:1","occurred":"2026-02-08/2026-02-09","instrument":"x","unsourced":true}"#,
    );
    let other = id(
        r#" {"unsourced":true, "instrument":"x","occurred":"2026-02-08..09","person":"fp:1","kind":"amnesty-grant"}"#,
    );
    assert_eq!(plain, other);
    let third = id(
        r#"{"kind":"clemency-grant","person":"fp:2","occurred":"2026-02-08/2026-02-09","instrument":"x","unsourced":true}"#,
    );
    assert_ne!(plain, third);
}

#[test]
fn a_reference_is_kept_as_a_private_field_of_the_registration() {
    let draft = parse(EXAMPLES[0]).unwrap();
    assert_eq!(draft.private().refs(), [Box::from("fp:0123")]);
    assert!(draft.external(draft.event().subject().unwrap()).is_some());
    let arrest = parse(EXAMPLES[1]).unwrap();
    assert!(arrest.private().is_empty());
}

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

/// A publication as a command makes it, of so many numbers, with some text in the place of another.
fn published(numbers: usize, old: &str, new: &str) -> Result<Draft, Vec<Fault>> {
    const NUMBER: &str = r#"{"axis":"profile","state":"prison-only","low":1,"count":2,"high":3}"#;
    let line = format!(
        r#"{{"kind":"publication","figure":"Held","query":["totals","--state","held"],"as_of":"2026-02-20","known_at":4,"profile":"prison-only","profile_version":1,"numbers":[{}],"head":{{"size":5,"root":"{}"}}}}"#,
        vec![NUMBER; numbers].join(","),
        "ab".repeat(32),
    );
    assert!(line.contains(old), "{old}");
    Draft::parse_own(line.replacen(old, new, 1).as_bytes(), &context())
        .map_err(|unread| unread.faults)
}

#[test]
fn what_a_command_did_is_recorded_and_is_nobody_elses_draft() {
    let erasure =
        r#"{"kind":"erasure","person":"fp:1","basis":"consent-withdrawn","reason":"asked"}"#;
    let of_group = r#"{"kind":"erasure","group":"g:1","basis":"danger"}"#;
    for draft in [
        published(2, "Held", "Held, bulletin 7").unwrap(),
        Draft::parse_own(erasure.as_bytes(), &context()).unwrap(),
        Draft::parse_own(of_group.as_bytes(), &context()).unwrap(),
    ] {
        let entry = Entry {
            seq: Seq::new(5),
            id: EventId::new(Uuid::from_u128(8)),
            recorded: Recorded::from_ms(1_771_000_000_123).unwrap(),
            by: "desk".into(),
            event: draft.event().clone(),
            private: Vec::new(),
        };
        let line = entry.line();
        assert_eq!(Entry::parse_exact(line.as_bytes()), Ok(entry), "{line}");
        let fault = &parse(&draft.content()).unwrap_err()[0];
        assert_eq!((fault.rule, fault.column), (Rule::UnknownKind, 9));
        assert!(
            fault.remedy.as_deref().unwrap().contains("amparo "),
            "{fault:?}"
        );
    }
    let opening = Draft::parse_own(br#"{"kind":"ledger"}"#, &context());
    assert_eq!(opening.unwrap_err().faults[0].rule, Rule::UnknownKind);
}

#[test]
fn a_publication_is_refused_for_what_no_answer_can_be() {
    for (old, new, rule, field) in [
        ("\"Held\"", "\" \"", Rule::MissingField, "figure"),
        ("2026-02-20", "2026-02", Rule::BadDate, "as_of"),
        (
            "\"known_at\":4",
            "\"known_at\":5",
            Rule::Contradiction,
            "known_at",
        ),
        (
            "\"low\":1",
            "\"low\":3",
            Rule::Malformed,
            "numbers[0].count",
        ),
        (
            "\"high\":3",
            "\"high\":1",
            Rule::Malformed,
            "numbers[0].count",
        ),
        (
            "\"axis\":\"profile\"",
            "\"axis\":\"held\"",
            Rule::UnknownWord,
            "numbers[0].axis",
        ),
        (
            "_version\":1",
            "_version\":0",
            Rule::Malformed,
            "profile_version",
        ),
        (
            "\"root\":\"ab",
            "\"root\":\"xy",
            Rule::Malformed,
            "head.root",
        ),
    ] {
        let faults = published(1, old, new).unwrap_err();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.rule, &*fault.field))
            .collect();
        assert_eq!(found, [(rule, field)], "{old} {new}");
    }
    assert_eq!(
        published(0, "Held", "Held").unwrap_err()[0].field,
        "numbers"
    );
    assert!(published(limit::NUMBERS_MAX, "Held", "Held").is_ok());
    let faults = published(limit::NUMBERS_MAX + 1, "Held", "Held").unwrap_err();
    assert_eq!(faults[0].rule, Rule::AboveLimit);
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

#[test]
fn a_line_in_other_bytes_is_no_entry_line() {
    let line = r#"{"seq":1,"id":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","recorded":"2026-02-10T14:03:22.123Z","by":"desk","kind":"note","text":"a","unsourced":true}"#;
    assert!(Entry::parse_exact(line.as_bytes()).is_ok());
    for other in [
        line.replace("\"by\":\"desk\",", "")
            .replace("\"text\"", "\"by\":\"desk\",\"text\""),
        line.replace(":1,", ": 1,"),
        line.replace("\"a\"", "\"\\u0061\""),
        line.replace("01936B2E", "01936b2e").replace("7c1a", "7C1A"),
    ] {
        assert_eq!(
            Entry::parse_exact(other.as_bytes()),
            Err(EntryError::NotExact),
            "{other}"
        );
    }
    for bad in [
        "{}",
        &line.replace("123Z", "Z"),
        &line.replace("\"a\"", "1"),
    ] {
        assert!(
            matches!(Entry::parse(bad.as_bytes()), Err(EntryError::Faults(_))),
            "{bad}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_input_panics(line in ".{0,200}", n in 0..EXAMPLES.len(), at in 0..400_usize, byte: u8) {
        let _ = parse(&line);
        let mut bytes = EXAMPLES[n].as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = Draft::parse(&bytes, &context());
        let _ = Entry::parse(&bytes);
    }
}
