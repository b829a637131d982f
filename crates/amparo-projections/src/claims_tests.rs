//! Claims beside what is documented, by table.

use super::*;
use crate::sample::{Sample, day};

/// Three arrests, one of them uncertain, a group of ten, releases, a request.
const DOCUMENTED: [&str; 11] = [
    r#""kind":"arrest","person":"p:1","occurred":"2026-01-05","place":"VE:Caracas:A""#,
    r#""kind":"arrest","person":"p:2","occurred":"2026-01-20/2026-02-10","place":"VE:Zulia""#,
    r#""kind":"custody-observed","person":"p:1","occurred":"2026-01-15""#,
    r#""kind":"arrest","person":"p:1","occurred":"2026-01-16""#,
    r#""kind":"group","group":"g:1","size":10"#,
    r#""kind":"arrest","group":"g:1","occurred":"2026-01-25""#,
    r#""kind":"conditional-release","person":"p:1","occurred":"2026-02-08""#,
    r#""kind":"release","person":"p:1","occurred":"2026-02-19/2026-02-20""#,
    r#""kind":"instrument","instrument":"a""#,
    r#""kind":"clemency-request","person":"p:1","instrument":"a","occurred":"2026-02-15""#,
    r#""kind":"clemency-request","person":"p:1","instrument":"a","occurred":"2026-02-18""#,
];

fn row(claim: &str, as_of: &str) -> Option<String> {
    let mut sample = Sample::of(&DOCUMENTED);
    sample.add(&format!(r#""kind":"claim","claimant":"Watch",{claim}"#));
    let facts = sample.facts();
    let view = View::head(&facts);
    let rows = claims(&view, day(as_of), &Profile::default());
    let row = rows.first()?;
    let Count { low, count, high } = row.documented;
    let bound = |bound: Option<i64>| bound.map_or("-".to_owned(), |n| n.to_string());
    let place = row.place.unwrap_or_default();
    let gap = format!("{}..{}", bound(row.gap.low), bound(row.gap.high));
    Some(
        format!("{low}/{count}/{high} gap {gap} {place}")
            .trim_end()
            .to_owned(),
    )
}

#[test]
fn each_measure_is_compared_with_its_own_changes() {
    let exact = |measure: &str, n: u64, rest: &str| {
        format!(r#""measure":"{measure}","quantity":{{"low":{n},"high":{n}}}{rest}"#)
    };
    let january = r#","about":"2026-01""#;
    let february = r#","about":"2026-02""#;
    let on_the = |day: &str| format!(r#","about":"2026-02-{day}""#);
    for (measure, claimed, rest, expect) in [
        ("held", 20, on_the("01"), "11/12/12 gap 8..9"),
        ("held", 20, on_the("08"), "10/11/11 gap 9..10"),
        // A period: its last day.
        ("held", 20, january.into(), "11/12/12 gap 8..9"),
        // The re-arrest of somebody detained is none; a sighting is none.
        ("arrests", 11, january.into(), "11/12/12 gap -1..0"),
        ("arrests", 11, february.into(), "0/0/1 gap 10..11"),
        ("releases", 1, february.into(), "1/1/1 gap 0..0"),
        ("releases", 1, on_the("19"), "0/1/1 gap 0..1"),
        ("releases", 1, on_the("20"), "0/0/1 gap 0..1"),
        (
            "conditional-releases",
            0,
            february.into(),
            "1/1/1 gap -1..-1",
        ),
        // Released from conditional release is no exit from custody.
        ("exits", 2, february.into(), "1/1/1 gap 1..1"),
        ("deaths", 0, february.into(), "0/0/0 gap 0..0"),
        // Once for a person and an instrument, whenever before the day; of a period in it.
        ("clemency-requests", 379, on_the("20"), "1/1/1 gap 378..378"),
        ("clemency-requests", 379, on_the("14"), "0/0/0 gap 379..379"),
        (
            "clemency-requests",
            379,
            on_the("15/2026-02-18"),
            "1/1/1 gap 378..378",
        ),
        (
            "clemency-requests",
            379,
            on_the("16/2026-02-20"),
            "0/0/0 gap 379..379",
        ),
        (
            "clemency-requests",
            379,
            r#","instrument":"a""#.into(),
            "1/1/1 gap 378..378",
        ),
        (
            "clemency-grants",
            379,
            r#","instrument":"a""#.into(),
            "0/0/0 gap 379..379",
        ),
        (
            "held",
            5,
            r#","about":"2026-02-01","scope":"VE:Caracas""#.into(),
            "1/1/1 gap 4..4 VE:Caracas",
        ),
        (
            "arrests",
            5,
            r#","about":"2026-01","scope":"VE""#.into(),
            "1/2/2 gap 3..4 VE",
        ),
        (
            "releases",
            5,
            r#","about":"2026-02","scope":"VE:Zulia""#.into(),
            "0/0/0 gap 5..5 VE:Zulia",
        ),
        // A scope that is no place of the log is not counted.
        (
            "releases",
            5,
            r#","about":"2026-02","scope":"women""#.into(),
            "1/1/1 gap 4..4",
        ),
    ] {
        let claim = exact(measure, claimed, &rest);
        assert_eq!(
            row(&claim, "2026-02-28").as_deref(),
            Some(expect),
            "{claim}"
        );
    }
}

#[test]
fn gaps_are_as_open_as_the_claim() {
    for (quantity, gap) in [
        (r#"{"low":420}"#, "1/1/1 gap 419..-"),
        (r#"{"high":50}"#, "1/1/1 gap -1..49"),
        (r#"{"low":650,"approximate":true}"#, "1/1/1 gap 649..649"),
        (
            r#"{"low":100,"high":999,"approximate":true}"#,
            "1/1/1 gap 99..998",
        ),
    ] {
        let claim = format!(r#""measure":"releases","quantity":{quantity},"about":"2026-02""#);
        assert_eq!(
            row(&claim, "2026-02-28").as_deref(),
            Some(gap),
            "{quantity}"
        );
    }
}

#[test]
fn a_claim_about_later_days_is_not_compared_yet_and_a_period_ends_with_the_day() {
    let claim =
        |about: &str| format!(r#""measure":"releases","quantity":{{"low":1}},"about":"{about}""#);
    assert_eq!(row(&claim("2026-03"), "2026-02-28"), None);
    let cut = row(&claim("2026-02"), "2026-02-18");
    assert_eq!(cut.as_deref(), Some("0/0/0 gap 1..-"));
    let undated = r#""measure":"releases","quantity":{"low":1}"#;
    assert_eq!(
        row(undated, "2026-02-20").as_deref(),
        Some("1/1/1 gap 0..-")
    );
    let made = r#""measure":"releases","quantity":{"low":1},"occurred":"2026-02-19""#;
    assert_eq!(row(made, "2026-02-28").as_deref(), Some("0/1/1 gap 0..-"));
}

#[test]
fn claims_contradict_on_the_same_thing_only() {
    let claim = |claimant: &str, quantity: &str, about: &str| {
        format!(
            r#""kind":"claim","claimant":"{claimant}","measure":"held","quantity":{quantity},"about":"{about}""#
        )
    };
    let (over_800, exactly_448) = (r#"{"low":801}"#, r#"{"low":448,"high":448}"#);
    let about_650 = r#"{"low":650,"approximate":true}"#;
    for (one, other, expect) in [
        (
            claim("A", over_800, "2026-02-19"),
            claim("B", exactly_448, "2026-02-19"),
            1,
        ),
        (
            claim("A", over_800, "2026-02-19"),
            claim("A", exactly_448, "2026-02-19"),
            0,
        ),
        (
            claim("A", over_800, "2026-02-19"),
            claim("B", exactly_448, "2026-02-18"),
            0,
        ),
        // Held speaks of a day: the last of the period.
        (
            claim("A", over_800, "2026-02"),
            claim("B", exactly_448, "2026-02-28"),
            1,
        ),
        (
            claim("A", about_650, "2026-02-19"),
            claim("B", r#"{"low":601}"#, "2026-02-19"),
            0,
        ),
        (
            claim("A", about_650, "2026-02-19"),
            claim("B", r#"{"high":585}"#, "2026-02-19"),
            0,
        ),
        (
            claim("A", about_650, "2026-02-19"),
            claim("B", r#"{"high":584}"#, "2026-02-19"),
            1,
        ),
    ] {
        let sample = Sample::of(&[&one, &other]);
        let facts = sample.facts();
        let view = View::head(&facts);
        assert_eq!(contradictions(&view).len(), expect, "{one} {other}");
        let rows = claims(&view, day("2026-12-31"), &Profile::default());
        let flagged = rows.iter().filter(|row| !row.contradicted_by.is_empty());
        assert_eq!(flagged.count(), 2 * expect, "{one} {other}");
    }
}

#[test]
fn how_a_figure_moved_is_in_log_order_without_what_was_withdrawn() {
    let claim = |n: u64, more: &str| {
        format!(
            r#""kind":"claim","claimant":"A","measure":"held","quantity":{{"low":{n},"high":{n}}}{more}"#
        )
    };
    let drafts = [
        claim(902, ""),
        claim(809, ""),
        claim(810, r#","replaces":"@1""#),
        claim(650, ""),
    ];
    let drafts: Vec<&str> = drafts.iter().map(String::as_str).collect();
    let facts = Sample::of(&drafts).facts();
    let view = View::head(&facts);
    let rows = claims(&view, day("2026-12-31"), &Profile::default());
    let figures = moved(&rows, "A", Measure::Held).map(|row| row.claim.quantity.to_string());
    assert_eq!(figures.collect::<Vec<_>>(), ["902", "810", "650"]);
}

#[test]
fn what_is_named_adds_up_to_what_is_documented() {
    let mut sample = Sample::of(&DOCUMENTED);
    for (measure, about) in [
        ("held", "2026-02-01"),
        ("held", "2026-02-08"),
        ("arrests", "2026-01"),
        ("releases", "2026-02-19"),
        ("clemency-requests", "2026-02-20"),
    ] {
        sample.add(&format!(
            r#""kind":"claim","claimant":"Watch","measure":"{measure}","quantity":{{"low":1}},"about":"{about}""#
        ));
    }
    sample.add(
        r#""kind":"claim","claimant":"Watch","measure":"held","quantity":{"low":1},"about":"2026-02-01","scope":"VE:Caracas""#,
    );
    let facts = sample.facts();
    let view = View::head(&facts);
    let on = day("2026-02-28");
    let entries = |seq| -> Vec<u64> {
        let named = named(&view, seq, on, &Profile::default());
        named.iter().map(|named| named.entry.number()).collect()
    };
    let expect: [&[u64]; 6] = [&[3, 1, 5], &[1, 5], &[0, 1, 5], &[7], &[9], &[3]];
    let rows = claims(&view, on, &Profile::default());
    assert_eq!(rows.len(), expect.len());
    for (row, expect) in rows.iter().zip(expect) {
        assert_eq!(entries(row.seq), expect, "{}", row.seq);
        let mut sum = Count::default();
        for named in named(&view, row.seq, on, &Profile::default()) {
            sum += named.total;
        }
        assert_eq!(sum, row.documented, "{}", row.seq);
    }
    assert_eq!(entries(Seq::new(0)), Vec::<u64>::new());
}

#[test]
fn figures_move_by_the_days_they_speak_of() {
    let claim = |claimant: &str, quantity: &str, about: &str| {
        format!(
            r#""kind":"claim","claimant":"{claimant}","measure":"held","quantity":{quantity},"about":"{about}""#
        )
    };
    let drafts = [
        claim("A", r#"{"low":902,"high":902}"#, "2026-01-05"),
        claim("B", r#"{"low":420}"#, "2026-01-05"),
        claim("A", r#"{"low":640,"high":660}"#, "2026-02-20"),
        claim("A", r#"{"low":800,"high":800}"#, "2026-01-31"),
        claim("B", r#"{"low":300,"high":310}"#, "2026-02-20"),
    ];
    let drafts: Vec<&str> = drafts.iter().map(String::as_str).collect();
    let facts = Sample::of(&drafts).facts();
    let view = View::head(&facts);
    let rows = claims(&view, day("2026-12-31"), &Profile::default());
    let step = |step: &FigureStep| {
        let bound = |bound: Option<i64>| bound.map_or("-".to_owned(), |n| n.to_string());
        let moved = step.moved.map_or(String::new(), |moved| {
            format!(" {}..{}", bound(moved.low), bound(moved.high))
        });
        format!("{}{moved}", step.seq)
    };
    let shown = |figure: &Figure<'_>| {
        let steps: Vec<_> = figure.steps.iter().map(step).collect();
        format!("{}: {}", figure.claimant, steps.join(", "))
    };
    let shown: Vec<_> = figures(&rows).iter().map(shown).collect();
    assert_eq!(
        shown,
        ["A: e0, e3 -102..-102, e2 -160..-140", "B: e1, e4 -..-110"]
    );
    let apart: Vec<_> = disputes(&view)
        .iter()
        .map(|of| (of.one.number(), of.other.number(), of.apart))
        .collect();
    assert_eq!(apart, [(2, 4, 330)]);
}
