//! Drafts and entries together: what is read, and what is written of it.

use super::*;
use crate::entry::{Entry, EntryError, Recorded};
use crate::id::Seq;
use crate::private::Openings;

pub(super) fn context() -> Context {
    Context {
        today: "2026-02-25".parse().unwrap(),
        zone: chrono_tz::America::Caracas,
        secret: Secret::new([3; 32]),
    }
}

pub(super) fn parse(line: &str) -> Result<Draft, Vec<Fault>> {
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
