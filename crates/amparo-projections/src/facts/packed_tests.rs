//! What is packed comes back, and nothing else does.

use proptest::prelude::*;

use super::*;
use crate::naive::history;
use crate::sample::{Sample, day};
use crate::totals::totals;
use crate::{Profile, ReadModel as _, View};

/// One entry of each sort that facts keep.
fn everything() -> Sample {
    Sample::of(&[
        r#""kind":"person","person":"p:a""#,
        r#""kind":"instrument","instrument":"amnesty","form":"amnesty","title":"Law","exclusions":[{"code":"x","text":"Crimes"}]"#,
        r#""kind":"profile","name":"a-week","version":1,"states":["house-arrest","detained"],"shortest_stay_days":7"#,
        r#""kind":"arrest","person":"p:a","occurred":"2026-02-08T23:30","place":"VE:Caracas","authority":"Police","sources":[{"publisher":"Watch","kind":"ngo"},{"publisher":"Press","kind":"media"}]"#,
        r#""kind":"claim","claimant":"Ministry","measure":"held","quantity":{"low":5},"about":"2026-02-08","occurred":"2026-02","sources":[{"publisher":"Press","kind":"media","url":"https://example.org/1"}]"#,
        r#""kind":"charge","person":"p:a","occurred":"2026-02-09/..","offences":["treason"],"jurisdiction":"military","court":"First""#,
        r#""kind":"clemency-request","person":"p:a","occurred":"2026-02-10","instrument":"amnesty","court":"First""#,
        r#""kind":"group","group":"g:1","size":3,"label":"Students""#,
        r#""kind":"identification","group":"g:1","person":"p:b""#,
        r#""kind":"merge","person":"p:b","into":"p:a""#,
        r#""kind":"source-silent","list":"Daily","period":"2026-02-10""#,
        r#""kind":"release","person":"p:a","occurred":"2026-02~","basis":"court-order","replaces":"@3""#,
        r#""kind":"retraction","entry":"@11""#,
    ])
}

#[test]
fn what_is_packed_comes_back_and_goes_on() {
    let sample = everything();
    for known in 0..=sample.entries.len() {
        let mut facts = Facts::default();
        for entry in &sample.entries[..known] {
            facts.apply(entry).unwrap();
        }
        let packed = facts.pack().unwrap();
        let mut back = Facts::unpack(&packed).unwrap();
        assert_eq!(back, facts, "{known} entries");
        for entry in &sample.entries[known..] {
            back.apply(entry).unwrap();
        }
        assert_eq!(back, sample.facts(), "{known} entries and the rest");
    }
}

#[test]
fn a_published_figure_comes_back_whole() {
    let root = "ab".repeat(32);
    let line = format!(
        r#"{{"seq":0,"id":"01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d","recorded":"2026-02-10T14:03:22.123Z","by":"desk","kind":"publication","figure":"Held","query":["totals","--by","place"],"as_of":"2026-02-20","known_at":4,"profile":"prison-only","profile_version":1,"numbers":[{{"axis":"custody","state":"detained","by":[{{"grouping":"place"}}],"low":1,"count":1,"high":2}}],"head":{{"size":5,"root":"{root}"}}}}"#
    );
    let mut facts = Facts::default();
    facts
        .apply(&Entry::parse(line.as_bytes()).unwrap())
        .unwrap();
    let back = Facts::unpack(&facts.pack().unwrap()).unwrap();
    assert_eq!(back, facts);
    let published = back
        .fact(Seq::new(0))
        .and_then(|fact| back.publication(fact));
    assert_eq!(published.map(|published| published.numbers.len()), Some(1));
}

#[test]
fn other_versions_and_cut_bytes_are_refused() {
    let packed = everything().facts().pack().unwrap();
    for end in 0..packed.len() {
        assert!(Facts::unpack(&packed[..end]).is_err(), "cut at {end}");
    }
    let longer = [&packed[..], &[0]].concat();
    assert_eq!(Facts::unpack(&longer), Err(UnpackError::Length));
    let mut newer = packed.clone();
    newer[0] = VERSION as u8 + 1;
    let found = VERSION + 1;
    assert_eq!(
        Facts::unpack(&newer),
        Err(UnpackError::OtherVersion { found })
    );
}

#[test]
fn changed_bytes_are_refused_or_read_as_other_facts_that_can_be_asked() {
    let packed = everything().facts().pack().unwrap();
    let mut read = 0;
    for at in 0..packed.len() {
        for change in [1, 0x80, 0xff] {
            let mut changed = packed.clone();
            changed[at] ^= change;
            if let Ok(facts) = Facts::unpack(&changed) {
                read += 1;
                let view = View::head(&facts);
                let _ = totals(&view, day("2026-02-20"), &Profile::default());
                let again = facts.pack().unwrap();
                assert!(again == changed || again.len() < changed.len(), "{at}");
            }
        }
    }
    // The checksum of whoever keeps the bytes is what tells these.
    assert!(read > 0);
}

#[test]
fn a_line_that_is_kept_is_that_of_its_fact() {
    let sample = everything();
    let packed = sample.facts().pack().unwrap();
    for (written, other) in [
        (&br#"{"seq":4,"#[..], &br#"{"seq":5,"#[..]),
        (br#""occurred":"2026-02""#, br#""occurred":"2026-01""#),
        (br#""claimant":"Ministry""#, br#""claimant":"Monistry""#),
    ] {
        let at = packed.windows(written.len()).position(|it| it == written);
        let mut changed = packed.clone();
        changed[at.unwrap()..][..other.len()].copy_from_slice(other);
        let dangling = UnpackError::Dangling { seq: Seq::new(4) };
        assert_eq!(Facts::unpack(&changed), Err(dangling));
    }
}

#[test]
fn the_bytes_of_version_1_stay_what_they_are() {
    let packed = everything().facts().pack().unwrap();
    // Another number here means another VERSION: facts that were kept are then derived anew.
    assert_eq!(
        (packed.len(), fingerprint(&packed)),
        (1354, 346_250_203_192_980_472)
    );
}

/// FNV-1a.
fn fingerprint(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_history_comes_back(sample in history()) {
        let facts = sample.facts();
        let packed = facts.pack().unwrap();
        prop_assert_eq!(Facts::unpack(&packed), Ok(facts));
    }
}
