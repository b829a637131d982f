//! A ledger folder through its whole life: made, filled, reopened, damaged, rebuilt, copied.

use std::path::Path;

use amparo_core::draft::Draft;
use amparo_core::fault::Rule;
use amparo_core::id::{EventId, Seq};

use super::*;
use crate::journal;

const DAY_MS: i64 = 86_400_000;

fn at(day: i64) -> Recorded {
    Recorded::from_ms(1_770_000_000_000 + day * DAY_MS).unwrap()
}

fn random() -> impl FnMut(&mut [u8]) {
    let mut state = 0x9e37_79b9_u64;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = (state >> 56) as u8;
        }
    }
}

fn made(folder: &Path) -> Ledger {
    let new = NewLedger {
        name: "Demo".into(),
        time_zone: chrono_tz::America::Caracas,
        recorder: "desk".into(),
    };
    Ledger::init(folder, &new, at(0), &mut random()).unwrap()
}

fn opened(folder: &Path, access: Access) -> (Ledger, Vec<Notice>) {
    let mut notices = Vec::new();
    let ledger = Ledger::open(folder, access, &mut |notice| notices.push(notice)).unwrap();
    (ledger, notices)
}

fn draft(ledger: &Ledger, line: &str) -> Draft {
    let context = ledger.context("2026-11-01".parse().unwrap());
    Draft::parse(line.as_bytes(), &context).unwrap_or_else(|faults| panic!("{line}: {faults:?}"))
}

fn planned(ledger: &Ledger, lines: &[String]) -> Result<Batch, Refused> {
    let mut random = random();
    let mut plan = Plan::new(ledger, "desk", Ids::FromContent, Keep::Drafts, &mut random);
    for line in lines {
        plan.add(draft(ledger, line))?;
    }
    Ok(plan.into_batch())
}

fn append(ledger: &mut Ledger, day: i64, lines: &[String]) -> Appended {
    let batch = planned(ledger, lines).unwrap();
    ledger.append(batch, at(day), &mut random()).unwrap()
}

fn person(n: usize) -> String {
    format!(
        r#"{{"kind":"person","person":"fp:{n}","private":{{"name":"Ana Demo {n}"}},"unsourced":true}}"#
    )
}

fn arrest(n: usize) -> String {
    format!(r#"{{"kind":"arrest","person":"fp:{n}","occurred":"2026-01-02","unsourced":true}}"#)
}

fn lines(ledger: &Ledger) -> Vec<Vec<u8>> {
    ledger
        .lines(0..u64::MAX)
        .map(|line| line.unwrap().1)
        .collect()
}

fn sound(folder: &Path) -> Verified {
    let verified = Ledger::verify(folder, &mut |_| {}).unwrap();
    assert_eq!(verified.findings, []);
    verified
}

/// A ledger of 600 entries in several batches, closed.
fn filled(folder: &Path) -> (Head, Vec<Vec<u8>>) {
    let mut ledger = made(folder);
    for n in 0..3 {
        append(&mut ledger, 1, &[person(n), arrest(n)]);
    }
    let many: Vec<_> = (3..300).flat_map(|n| [person(n), arrest(n)]).collect();
    append(&mut ledger, 2, &many);
    let kept = (ledger.head(), lines(&ledger));
    ledger.close().unwrap();
    kept
}

#[test]
fn a_ledger_reopens_as_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let (head, kept) = filled(&folder);
    let (ledger, notices) = opened(&folder, Access::Read);
    assert_eq!(
        (ledger.head(), lines(&ledger), notices),
        (head, kept, vec![])
    );
    assert_eq!(head.size, 601);
    assert_eq!(
        ledger.private(Seq::new(1)).unwrap().unwrap().name(),
        Some("Ana Demo 0")
    );
    drop(ledger);
    assert_eq!((sound(&folder).opened, sound(&folder).behind), (300, 0));
}

#[test]
fn a_subject_is_registered_just_before_the_first_entry_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let kinds = |appended: &Appended| -> Vec<String> {
        appended
            .entries
            .iter()
            .map(|entry| entry.kind.to_string())
            .collect()
    };
    assert_eq!(
        kinds(&append(&mut ledger, 1, &[arrest(1), arrest(2)])).len(),
        4
    );
    let refs = ledger.private(Seq::new(1)).unwrap().unwrap();
    assert_eq!(refs.refs(), [Box::from("fp:1")]);
    let later = r#"{"kind":"release","person":"fp:1","occurred":"2026-01-05","unsourced":true}"#;
    assert_eq!(kinds(&append(&mut ledger, 1, &[later.into()])), ["release"]);
}

#[test]
fn another_reference_leads_to_the_person_registered_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let two =
        r#"{"kind":"person","person":"fp:1","private":{"refs":["court:12"]},"unsourced":true}"#;
    append(&mut ledger, 1, &[two.into()]);
    let by_court = arrest(1).replace("fp:1", "court:12");
    let appended = append(&mut ledger, 1, std::slice::from_ref(&by_court));
    assert_eq!(appended.entries.len(), 1);
    let subject = |seq| {
        ledger
            .entry(Seq::new(seq))
            .unwrap()
            .unwrap()
            .event
            .subject()
    };
    assert_eq!(subject(1), subject(2));
    assert!(planned(&ledger, &[by_court]).unwrap().is_empty());
}

#[test]
fn the_same_draft_again_is_a_no_op_and_another_under_its_id_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let with_id = |text: &str| {
        let id = "01936b2e-7c1a-7d53-8f3e-0c7d1a2b3c4d";
        let private = r#","private":{"note":"secret"}"#;
        format!(r#"{{"id":"{id}","kind":"note","text":"{text}","unsourced":true{private}}}"#)
    };
    append(&mut ledger, 1, &[with_id("a"), with_id("a"), arrest(1)]);
    assert_eq!(ledger.head().size, 4);
    assert!(
        planned(&ledger, &[with_id("a"), arrest(1)])
            .unwrap()
            .is_empty()
    );
    let other_secret = with_id("a").replace("secret", "other");
    for other in [with_id("b"), other_secret] {
        let Err(Refused::Rule(refusal)) = planned(&ledger, &[other]) else {
            panic!()
        };
        assert_eq!((refusal.rule, refusal.field), (Rule::IdTaken, "id"));
    }
    let in_one_batch = planned(
        &ledger,
        &[
            with_id("c").replace("4d\"", "4e\""),
            with_id("d").replace("4d\"", "4e\""),
        ],
    );
    assert!(matches!(in_one_batch, Err(Refused::Rule(r)) if r.rule == Rule::IdTaken));
}

#[test]
fn what_the_ledger_does_not_know_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let opening = ledger.entry(Seq::OPENING).unwrap().unwrap().id;
    append(
        &mut ledger,
        1,
        &[r#"{"kind":"instrument","instrument":"ve-amnesty-2026","unsourced":true}"#.into()],
    );
    let unknown = EventId::new(uuid::Uuid::from_u128(5));
    let grant = |code: &str| {
        format!(
            r#"{{"kind":"clemency-grant","person":"fp:1","occurred":"2026-02","instrument":"{code}","unsourced":true}}"#
        )
    };
    for (line, rule, says) in [
        (
            format!(r#"{{"kind":"retraction","entry":"{unknown}"}}"#),
            Rule::UnknownEntry,
            "id",
        ),
        (
            arrest(1).replace(
                "\"unsourced\"",
                &format!("\"replaces\":\"{unknown}\",\"unsourced\""),
            ),
            Rule::UnknownEntry,
            "id",
        ),
        (
            format!(r#"{{"kind":"retraction","entry":"{opening}"}}"#),
            Rule::OpeningIsFixed,
            "",
        ),
        (
            grant("ve-amnesty-2027"),
            Rule::UnknownInstrument,
            "`ve-amnesty-2026`",
        ),
        (
            grant("other"),
            Rule::UnknownInstrument,
            "record the instrument",
        ),
    ] {
        let Err(Refused::Rule(refusal)) = planned(&ledger, std::slice::from_ref(&line)) else {
            panic!("{line}")
        };
        assert_eq!(refusal.rule, rule, "{line}");
        assert!(refusal.remedy.unwrap_or_default().contains(says), "{line}");
    }
    assert_eq!(
        planned(&ledger, &[grant("ve-amnesty-2026")]).unwrap().len(),
        2
    );
}

#[test]
fn a_merge_or_a_retraction_that_would_close_a_circle_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let merge = |id: u8, from: &str, into: &str| {
        format!(
            r#"{{"id":"00000000-0000-8000-8000-0000000000{id:02x}","kind":"merge","person":"fp:{from}","into":"fp:{into}","unsourced":true}}"#
        )
    };
    let retract = |id: u8, target: u8| {
        format!(
            r#"{{"id":"00000000-0000-8000-8000-0000000000{id:02x}","kind":"retraction","entry":"00000000-0000-8000-8000-0000000000{target:02x}"}}"#
        )
    };
    let circle = |ledger: &Ledger, lines: &[String]| match planned(ledger, lines) {
        Err(Refused::Rule(refusal)) => assert_eq!(refusal.rule, Rule::MergeWouldCycle),
        other => panic!("{lines:?}: {other:?}"),
    };
    circle(&ledger, &[merge(1, "a", "b"), merge(2, "b", "a")]);
    append(&mut ledger, 1, &[merge(1, "a", "b"), merge(2, "b", "c")]);
    circle(&ledger, &[merge(3, "c", "a")]);
    append(&mut ledger, 1, &[retract(4, 1), merge(3, "c", "a")]);
    // Bringing the first merge back would close the circle; so would a longer way to it.
    circle(&ledger, &[retract(5, 4)]);
    append(&mut ledger, 1, &[retract(6, 3), retract(5, 4)]);
    circle(&ledger, &[retract(7, 6)]);
}

#[test]
fn a_batch_checked_on_an_older_head_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let old = planned(&ledger, &[arrest(1)]).unwrap();
    append(&mut ledger, 1, &[arrest(2)]);
    let error = ledger.append(old, at(1), &mut random()).unwrap_err();
    assert!(matches!(
        error,
        AppendError::HeadMoved {
            expected: 1,
            found: 3
        }
    ));
    assert_eq!(ledger.head().size, 3);
}

#[test]
fn a_clock_set_back_is_held_at_the_last_time_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    append(&mut ledger, 5, &[arrest(1)]);
    let held = append(&mut ledger, 3, &[arrest(2)]);
    assert_eq!(held.clock_held, Some(at(3)));
    assert_eq!(ledger.entry(Seq::new(4)).unwrap().unwrap().recorded, at(5));
}

#[test]
fn a_second_process_is_told_that_the_ledger_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let held = made(&folder);
    for access in [Access::Read, Access::Write] {
        let error = Ledger::open(&folder, access, &mut |_| {}).unwrap_err();
        assert!(matches!(error, OpenError::InUse), "{error:?}");
    }
    drop(held);
    opened(&folder, Access::Write);
}

#[test]
fn a_ledger_opened_to_read_appends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    drop(made(&folder));
    let (mut ledger, _) = opened(&folder, Access::Read);
    let batch = planned(&ledger, &[arrest(1)]).unwrap();
    let error = ledger.append(batch, at(1), &mut random()).unwrap_err();
    assert!(matches!(error, AppendError::ReadOnly));
}

#[test]
fn only_an_empty_folder_becomes_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let new = NewLedger {
        name: "Demo".into(),
        time_zone: chrono_tz::UTC,
        recorder: "desk".into(),
    };
    let ledger = folder.path().join("ledger");
    drop(made(&ledger));
    let again = Ledger::init(&ledger, &new, at(0), &mut random()).unwrap_err();
    assert!(matches!(again, InitError::IsALedger(_)), "{again:?}");
    let other = Ledger::init(folder.path(), &new, at(0), &mut random()).unwrap_err();
    assert!(matches!(other, InitError::NotEmpty(_)), "{other:?}");
    let unnamed = NewLedger {
        name: " ".into(),
        ..new
    };
    let error = Ledger::init(&folder.path().join("b"), &unnamed, at(0), &mut random());
    assert!(matches!(error.unwrap_err(), InitError::BadText("name")));
}

/// Does something to the sled store of a filled ledger, and looks whether all answers return.
fn rebuilt_after(harm: impl FnOnce(&Path)) -> Vec<Notice> {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    let (head, kept) = filled(&folder);
    harm(&folder.join(SHELF));
    let (ledger, notices) = opened(&folder, Access::Read);
    assert_eq!((ledger.head(), lines(&ledger)), (head, kept));
    assert_eq!(
        ledger.private(Seq::new(1)).unwrap().unwrap().name(),
        Some("Ana Demo 0")
    );
    drop(ledger);
    sound(&folder);
    notices
}

fn every_file(folder: &Path, act: &mut dyn FnMut(&Path)) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            every_file(&path, act)
        } else {
            act(&path)
        }
    }
}

#[test]
fn a_sled_store_that_is_gone_damaged_or_strange_is_built_again() {
    let gone = |shelf: &Path| std::fs::remove_dir_all(shelf).unwrap();
    let damaged = |shelf: &Path| {
        every_file(shelf, &mut |file| std::fs::write(file, b"damaged").unwrap());
    };
    let strange = |shelf: &Path| {
        let other = tempfile::tempdir().unwrap();
        let other = other.path().join("ledger");
        let new = NewLedger {
            name: "Other".into(),
            time_zone: chrono_tz::UTC,
            recorder: "desk".into(),
        };
        Ledger::init(&other, &new, at(0), &mut |bytes| bytes.fill(7)).unwrap();
        std::fs::remove_dir_all(shelf).unwrap();
        std::fs::rename(other.join(SHELF), shelf).unwrap();
    };
    for harm in [&gone as &dyn Fn(&Path), &damaged, &strange] {
        let notices = rebuilt_after(harm);
        assert!(
            matches!(notices[..], [Notice::StoreRebuilt { .. }, ..]),
            "{notices:?}"
        );
    }
}

#[test]
fn a_sled_store_that_is_behind_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    let old = tempfile::tempdir().unwrap();
    open::copy_folder(&folder.join(SHELF), &old.path().join(SHELF)).unwrap();
    let (mut ledger, _) = opened(&folder, Access::Write);
    append(&mut ledger, 3, &[arrest(900)]);
    let (head, kept) = (ledger.head(), lines(&ledger));
    ledger.close().unwrap();
    std::fs::remove_dir_all(folder.join(SHELF)).unwrap();
    open::copy_folder(&old.path().join(SHELF), &folder.join(SHELF)).unwrap();
    assert_eq!(sound(&folder).behind, 2);
    let (ledger, notices) = opened(&folder, Access::Read);
    assert_eq!(
        (ledger.head(), lines(&ledger), notices),
        (head, kept, vec![])
    );
}

#[test]
fn a_journal_that_lost_what_the_store_holds_is_damage_and_not_a_torn_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    every_file(&folder.join(JOURNAL), &mut |file| {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    });
    let error = Ledger::open(&folder, Access::Write, &mut |_| {}).unwrap_err();
    assert!(
        matches!(
            &error,
            OpenError::Damaged(journal::OpenError::Damaged { .. })
        ),
        "{error:?}"
    );
    let verified = Ledger::verify(&folder, &mut |_| {}).unwrap();
    assert!(
        verified
            .findings
            .iter()
            .any(|finding| finding.part == Part::Journal)
    );
    // With the store gone as well, nobody can tell it from a batch that was never acknowledged.
    std::fs::remove_dir_all(folder.join(SHELF)).unwrap();
    let (ledger, notices) = opened(&folder, Access::Write);
    assert_eq!(ledger.head().size, 7);
    assert!(
        matches!(notices[..], [Notice::TornBatchCut { .. }]),
        "{notices:?}"
    );
}

#[test]
fn an_export_makes_a_ledger_with_the_same_root_and_with_openings_the_same_names() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    let (head, kept) = filled(&from);
    let (ledger, _) = opened(&from, Access::Read);
    for openings in [false, true] {
        let mut export = Vec::new();
        ledger.export(openings, &mut export, &mut |_| {}).unwrap();
        let to = folder.path().join(format!("to-{openings}"));
        let copy = Ledger::init_from(&to, &mut &export[..], "desk", &mut random(), &mut |_| {});
        let copy = copy.unwrap();
        assert_eq!((copy.head(), lines(&copy)), (head, kept.clone()));
        let name = copy
            .private(Seq::new(1))
            .unwrap()
            .map(|private| private.name().is_some());
        assert_eq!(name, openings.then_some(true));
        copy.close().unwrap();
        sound(&to);
        // A known reference leads to the same person, where the references came along.
        let (copy, _) = opened(&to, Access::Write);
        let entries = planned(&copy, &[arrest(1).replace("01-02", "01-03")])
            .unwrap()
            .len();
        assert_eq!(entries, if openings { 1 } else { 2 });
    }
}

#[test]
fn an_export_that_was_altered_makes_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    filled(&from);
    let (ledger, _) = opened(&from, Access::Read);
    let mut export = Vec::new();
    ledger.export(true, &mut export, &mut |_| {}).unwrap();
    let export = String::from_utf8(export).unwrap();
    let all: Vec<&str> = export.lines().collect();
    let without = |n: usize| [&all[..n], &all[n + 1..]].concat().join("\n");
    for (n, altered) in [
        without(0),
        without(1),
        export.replacen("\"by\":\"desk\"", "\"by\": \"desk\"", 1),
        export.replacen("Ana Demo 1", "Ana Demo 2", 1),
        String::new(),
    ]
    .into_iter()
    .enumerate()
    {
        let to = folder.path().join(format!("to-{n}"));
        let made = Ledger::init_from(
            &to,
            &mut altered.as_bytes(),
            "desk",
            &mut random(),
            &mut |_| {},
        );
        assert!(made.is_err(), "{n}");
        assert!(Ledger::find(&to).is_none_or(|found| found != to));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_ledger() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for part in ["", JOURNAL, KEYS, SHELF] {
        assert_eq!(mode(&folder.join(part)), 0o700, "{part}");
    }
    for part in [JOURNAL, KEYS] {
        every_file(&folder.join(part), &mut |file| {
            assert_eq!(mode(file), 0o600)
        });
    }
}

#[test]
fn names_are_nowhere_in_the_folder_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    filled(&folder);
    every_file(&folder, &mut |file| {
        let bytes = std::fs::read(file).unwrap();
        for secret in [&b"Ana Demo"[..], b"fp:1"] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret),
                "{file:?}"
            );
        }
    });
}
