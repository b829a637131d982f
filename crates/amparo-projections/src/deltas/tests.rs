//! Deltas against what is counted anew: every entry, many days, every profile.

use amparo_core::date::Period;
use amparo_core::id::{Seq, Subject};
use proptest::prelude::*;

use super::block::{Cohort, Track};
use super::{Block, Follower, UnpackError, Whereabouts};
use crate::filter::Filter;
use crate::naive::{february, history};
use crate::sample::{Sample, day};
use crate::series::{Every, series};
use crate::totals::totals;
use crate::{Facts, Profile, View};

/// The blocks of a log, a new one after each so many entries.
fn blocks(facts: &Facts, entries: usize) -> Vec<Block> {
    let mut follower = Follower::at(facts, 0);
    let mut blocks = vec![Block::default()];
    for n in 0..facts.len() {
        if n > 0 && n.is_multiple_of(entries) {
            blocks.push(blocks.last().unwrap().next());
        }
        follower.follow(facts, blocks.last_mut().unwrap());
    }
    blocks
}

/// The block that was worked out up to an entry, kept, and gone on with from there.
fn interrupted(facts: &Facts, at: usize) -> Block {
    let mut block = Block::default();
    let mut follower = Follower::at(facts, 0);
    for _ in 0..at {
        follower.follow(facts, &mut block);
    }
    let mut block = Block::unpack(&block.pack().unwrap()).unwrap();
    let mut follower = Follower::at(facts, at as u64);
    for _ in at..facts.len() {
        follower.follow(facts, &mut block);
    }
    block
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn totals_are_those_counted_anew(sample in history(), entries in 1..20_usize) {
        let facts = sample.facts();
        let blocks = blocks(&facts, entries);
        for n in 0..facts.len() {
            let (block, seq) = (&blocks[n / entries], Seq::new(n as u64));
            let view = View::known_at(&facts, seq);
            for on in (0..32).step_by(3) {
                for profile in Profile::built_in() {
                    let rows = block.totals(seq, february(on), &profile);
                    let anew = totals(&view, february(on), &profile);
                    prop_assert_eq!(rows, Some(anew), "known at {} on {}", seq, february(on));
                }
            }
        }
    }

    #[test]
    fn a_series_is_that_counted_anew(
        sample in history(),
        entries in 1..20_usize,
        known in any::<prop::sample::Index>(),
        every in 0..4_usize,
    ) {
        let facts = sample.facts();
        prop_assume!(!facts.is_empty());
        let n = known.index(facts.len());
        let (block, seq) = (&blocks(&facts, entries)[n / entries], Seq::new(n as u64));
        let period = Period::new(february(0), february(33)).unwrap();
        let every = [Every::Day, Every::Week, Every::Month, Every::Year][every];
        let profile = Profile::default();
        let view = View::known_at(&facts, seq);
        let anew = series(&view, period, every, &profile, &Filter::default()).map(Some);
        prop_assert_eq!(block.series(seq, period, every, &profile), anew);
    }

    #[test]
    fn blocks_are_the_same_wherever_following_began(sample in history(), at in any::<prop::sample::Index>()) {
        let facts = sample.facts();
        let whole = blocks(&facts, usize::MAX).remove(0);
        prop_assert_eq!(&interrupted(&facts, at.index(facts.len() + 1)), &whole);
        prop_assert_eq!(whole.pack().unwrap(), interrupted(&facts, 0).pack().unwrap());
    }

    #[test]
    fn bytes_from_elsewhere_are_refused_or_read_and_never_panic(
        sample in history(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let facts = sample.facts();
        let mut bytes = blocks(&facts, usize::MAX).remove(0).pack().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(block) = Block::unpack(&bytes) {
            let last = Seq::new(block.size().saturating_sub(1));
            let _ = block.totals(last, february(20), &Profile::default());
            let _ = (block.next(), block.reference(last), block.registration(false, 1));
        }
        prop_assert!(Block::unpack(&bytes[..at]).is_err());
    }
}

#[test]
fn a_step_learnt_late_takes_its_place_whatever_was_learnt_of_another_instrument() {
    let step = |kind: &str, day: u32, instrument: &str| {
        format!(
            "\"kind\":\"clemency-{kind}\",\"person\":\"a:1\",\
             \"occurred\":\"2026-02-{day:02}\",\"instrument\":\"{instrument}\""
        )
    };
    let drafts = [
        step("request", 20, "law"),
        step("request", 5, "decree"),
        step("refusal", 10, "law"),
    ];
    let sample = Sample::of(&drafts.each_ref().map(String::as_str));
    let facts = sample.facts();
    let block = blocks(&facts, usize::MAX).remove(0);
    let (view, profile) = (View::known_at(&facts, Seq::new(2)), Profile::default());
    for on in (1..25).map(february) {
        let rows = block.totals(Seq::new(2), on, &profile);
        assert_eq!(rows, Some(totals(&view, on, &profile)), "on {on}");
    }
}

/// Three persons without ties to each other, one of them merged from two.
fn three() -> Sample {
    Sample::of(&[
        r#""kind":"person","person":"p:1""#,
        r#""kind":"arrest","person":"p:1","occurred":"2026-02-01""#,
        r#""kind":"person","person":"p:2""#,
        r#""kind":"group","group":"g:1","size":3"#,
        r#""kind":"arrest","person":"p:2","occurred":"2026-02-03""#,
        r#""kind":"person","person":"p:3""#,
        r#""kind":"merge","person":"p:3","into":"p:2""#,
        r#""kind":"release","person":"p:3","occurred":"2026-02-05""#,
        r#""kind":"release","person":"p:1","occurred":"2026-02-06","replaces":"@1""#,
        r#""kind":"retraction","entry":"@8""#,
        r#""kind":"retraction","entry":"@6""#,
    ])
}

#[test]
fn an_excerpt_says_of_its_subjects_what_the_whole_log_says() {
    let sample = three();
    let facts = sample.facts();
    let whole = blocks(&facts, usize::MAX).remove(0);
    let entries: Vec<_> = [2_usize, 4, 5, 6, 7, 10]
        .iter()
        .map(|n| sample.entries[*n].clone())
        .collect();
    let excerpt = Facts::excerpt(&entries, |seq| whole.reference(seq)).unwrap();
    assert_eq!(excerpt.head(), Some(Seq::new(10)));
    assert_eq!(excerpt.fact(Seq::new(3)), None);
    assert_eq!(excerpt.seq(sample.entries[7].id), Some(Seq::new(7)));
    for (shown, seq) in [("p2", 2), ("p3", 5)] {
        let id = excerpt.registered(shown).unwrap();
        assert_eq!(excerpt.shown(id), shown);
        assert_eq!(excerpt.subject(id), sample.entries[seq].event.subject());
    }
    assert_eq!(excerpt.registered("p1"), None);
    for known in [4, 6, 7, 9, 10] {
        let seq = Seq::new(known);
        let (part, all) = (View::known_at(&excerpt, seq), View::known_at(&facts, seq));
        for shown in ["p2", "p3"] {
            let of = |view: &View<'_>| {
                let id = view.facts().registered(shown).unwrap();
                let entries: Vec<_> = view.entries(id).map(|(seq, _)| seq).collect();
                let steps = view.courses(id).custody.steps().to_vec();
                let root = view.facts().subject(view.root(id)).map(Subject::uuid);
                (entries, steps, root)
            };
            assert_eq!(of(&part), of(&all), "{shown} at {seq}");
        }
    }
    let backwards = [sample.entries[4].clone(), sample.entries[2].clone()];
    assert!(Facts::excerpt(&backwards, |_| None).is_err());
}

#[test]
fn registrations_are_found_by_their_number_across_blocks() {
    let facts = three().facts();
    let blocks = blocks(&facts, 5);
    assert_eq!(blocks.len(), 3);
    for (block, is_group, number, expect) in [
        (0, false, 1, Whereabouts::At(Seq::new(0))),
        (0, false, 2, Whereabouts::At(Seq::new(2))),
        (0, true, 1, Whereabouts::At(Seq::new(3))),
        (0, false, 3, Whereabouts::Behind),
        (1, false, 3, Whereabouts::At(Seq::new(5))),
        (1, false, 2, Whereabouts::Before),
        (2, true, 1, Whereabouts::Before),
        (2, false, 4, Whereabouts::Behind),
    ] {
        assert_eq!(
            blocks[block].registration(is_group, number),
            expect,
            "{block} {number}"
        );
    }
    for (block, seq, number) in [
        (0, 2, Some(2)),
        (0, 3, Some(1)),
        (0, 1, None),
        (1, 5, Some(3)),
        (1, 2, None),
    ] {
        assert_eq!(blocks[block].reference(Seq::new(seq)), number, "e{seq}");
    }
}

#[test]
fn a_block_answers_neither_for_other_entries_nor_for_a_shortest_stay() {
    let facts = three().facts();
    let blocks = blocks(&facts, 5);
    let on = day("2026-02-05");
    let profile = Profile::default();
    for (seq, answers) in [(4, false), (5, true), (9, true), (10, false)] {
        let rows = blocks[1].totals(Seq::new(seq), on, &profile);
        assert_eq!(rows.is_some(), answers, "e{seq}");
    }
    let stay = profile.with_shortest_stay(2).unwrap();
    assert_eq!(blocks[1].totals(Seq::new(5), on, &stay), None);
}

#[test]
fn a_cohort_in_a_state_of_another_axis_is_refused() {
    let mut block = blocks(&three().facts(), usize::MAX).remove(0);
    let custody = block.cohorts.values()[0];
    assert_eq!(custody.track, Track::Custody);
    let track = Track::Case;
    block.cohort_number(Cohort { track, ..custody });
    let bytes = block.pack().unwrap();
    assert_eq!(Block::unpack(&bytes), Err(UnpackError::Disordered));
}

#[test]
fn bytes_of_another_version_or_of_a_damaged_block_are_refused() {
    let mut bytes = blocks(&three().facts(), usize::MAX)
        .remove(0)
        .pack()
        .unwrap();
    assert!(Block::unpack(&bytes).is_ok());
    bytes.push(0);
    assert_eq!(Block::unpack(&bytes), Err(UnpackError::Disordered));
    bytes[0] = 99;
    assert_eq!(
        Block::unpack(&bytes),
        Err(UnpackError::OtherVersion { found: 99 })
    );
}
