//! What a ledger accepts, what it refuses, and what it makes of a batch.

use super::*;

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
fn another_reference_leads_to_a_person_who_is_registered_with_it_in_the_same_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let registered =
        r#"{"kind":"person","person":"fp:1","private":{"refs":["court:12"]},"unsourced":true}"#;
    let by_court = arrest(1).replace("fp:1", "court:12");
    append(&mut ledger, 1, &[by_court.clone(), registered.into()]);
    let before = ledger.head().size;
    let batch = [
        registered.replace("fp:1", "fp:2").replace(":12", ":13"),
        by_court.replace(":12", ":13"),
    ];
    let appended = append(&mut ledger, 1, &batch);
    assert_eq!(appended.entries.len(), 2, "nobody else is registered");
    let subjects = (before..before + 2).map(|seq| {
        let entry = ledger.entry(Seq::new(seq)).unwrap().unwrap();
        entry.event.subject().unwrap()
    });
    let subjects: Vec<_> = subjects.collect();
    assert_eq!(subjects[0], subjects[1]);
}

#[test]
fn a_drawn_id_that_an_event_has_is_drawn_again_and_nothing_is_taken_for_a_duplicate() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let note = r#"{"kind":"note","text":"Demo","unsourced":true}"#;
    for run in 0..3_u8 {
        // Each run draws the same ids first.
        let (mut same, now) = (random(), at(1));
        let mut plan = Plan::new(&ledger, "desk", Ids::Fresh(now), Keep::Drafts, &mut same);
        let planned = plan.add(draft(&ledger, note)).unwrap();
        assert!(matches!(planned, Planned::New { .. }), "{run}");
        let batch = plan.into_batch();
        ledger.append(batch, now, &mut random()).unwrap();
    }
    assert_eq!(ledger.head().size, 4);
    // A source that gives one id for ever is told, and nothing is lost without a word.
    for is_first in [true, false] {
        let (mut stuck, now) = (|bytes: &mut [u8]| bytes.fill(7), at(1));
        let mut plan = Plan::new(&ledger, "desk", Ids::Fresh(now), Keep::Drafts, &mut stuck);
        let planned = plan.add(draft(&ledger, note));
        match is_first {
            true => {
                planned.unwrap();
                let batch = plan.into_batch();
                ledger.append(batch, now, &mut random()).unwrap();
            }
            false => {
                let told = matches!(planned, Err(Refused::Rule(r)) if r.rule == Rule::IdTaken);
                assert!(told);
            }
        }
    }
}

#[test]
fn an_entry_takes_no_more_bytes_of_a_batch_than_was_reckoned() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = made(&folder.path().join("ledger"));
    let all_fields = r#"{"kind":"person","person":"fp:9","private":{"name":"Ana \"Demo\"","aliases":["A\u0001"],"refs":["court:1"],"birth":"1971","sex":"f","nationality":"VE","note":"\u0002\\ñ","sources":[{"publisher":"p","kind":"ngo"}]}}"#;
    for line in [
        person(1),
        arrest(2),
        all_fields.to_owned(),
        format!(
            r#"{{"kind":"note","text":"{}","unsourced":true}}"#,
            "\\u0001".repeat(900)
        ),
    ] {
        let named = ledger.namer().name(draft(&ledger, &line));
        let reckoned = named.bytes_at_most("desk\u{1}");
        let mut random = random();
        let mut plan = Plan::new(
            &ledger,
            "desk\u{1}",
            Ids::FromContent,
            Keep::Drafts,
            &mut random,
        );
        plan.add_named(named).unwrap();
        let batch = plan.into_batch();
        let appended = ledger.append(batch, at(1), &mut random).unwrap();
        let seq = appended.entries.last().unwrap().seq;
        let line = ledger.line(seq).unwrap().unwrap().len();
        let sealed = ledger.shelf.sealed(seq.number()).unwrap();
        let sealed = sealed.map_or(0, |sealed| sealed.len());
        assert!(line + sealed <= reckoned, "{line} + {sealed} > {reckoned}");
    }
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
fn a_group_in_the_place_of_a_person_is_refused_and_a_person_in_that_of_a_group() {
    let [known, other] = [3, 4].map(|n| format!("00000000-0000-8000-8000-00000000000{n}"));
    let registered =
        |sort: &str, id: &str| format!(r#"{{"kind":"{sort}","{sort}":"{id}","unsourced":true}}"#);
    let arrested = |sort: &str, id: &str| {
        format!(r#"{{"kind":"arrest","{sort}":"{id}","occurred":"2026-01-02","unsourced":true}}"#)
    };
    let two = |kind: &str, (a, one): (&str, &str), (b, other): (&str, &str)| {
        format!(r#"{{"kind":"{kind}","{a}":"{one}","{b}":"{other}","unsourced":true}}"#)
    };
    let fp = "fp:1";
    for (sort, line, field, says) in [
        (
            "group",
            arrested("person", &known),
            "person",
            "`group` in the place",
        ),
        (
            "person",
            arrested("group", &known),
            "group",
            "`person` in the place",
        ),
        ("group", registered("person", &known), "person", "check"),
        (
            "group",
            two("merge", ("person", &known), ("into", fp)),
            "person",
            "check",
        ),
        (
            "group",
            two("merge", ("person", fp), ("into", &known)),
            "into",
            "check",
        ),
        (
            "person",
            two("identification", ("group", &known), ("person", fp)),
            "group",
            "check",
        ),
        (
            "group",
            two("identification", ("group", &known), ("person", &known)),
            "person",
            "check",
        ),
        (
            "group",
            two("identification", ("group", &other), ("person", &other)),
            "person",
            "check",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = made(&folder.path().join("ledger"));
        let told = |planned: Result<Batch, Refused>| {
            let Err(Refused::Rule(refusal)) = planned else {
                panic!("{line}")
            };
            assert_eq!(
                (refusal.rule, refusal.field),
                (Rule::WrongSubject, field),
                "{line}"
            );
            assert!(refusal.remedy.unwrap_or_default().contains(says), "{line}");
        };
        // Registered in the same batch, by name or by the way, and in the log.
        told(planned(&ledger, &[registered(sort, &known), line.clone()]));
        told(planned(&ledger, &[arrested(sort, &known), line.clone()]));
        append(&mut ledger, 1, &[arrested(sort, &known)]);
        told(planned(&ledger, std::slice::from_ref(&line)));
        told(planned(&ledger, &[arrested(sort, &known), line.clone()]));
        let right = [arrested(sort, &known).replace("01-02", "01-03"), arrest(1)];
        assert_eq!(planned(&ledger, &right).unwrap().len(), 3);
    }
}

#[test]
fn a_draft_that_was_read_in_part_is_held_against_the_ledger_and_changes_no_plan() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = made(&folder.path().join("ledger"));
    let group = "00000000-0000-8000-8000-000000000003";
    let context = ledger.context("2026-11-01".parse().unwrap());
    let mut random = random();
    let mut plan = Plan::new(&ledger, "desk", Ids::FromContent, Keep::Drafts, &mut random);
    let registered = format!(r#"{{"kind":"group","group":"{group}","unsourced":true}}"#);
    plan.add(draft(&ledger, &registered)).unwrap();
    let next = plan.next;
    let arrested = |who: &str| {
        format!(r#"{{"kind":"arrest","person":"{who}","occurred":"2026-02-30","unsourced":true}}"#)
    };
    for (line, rule) in [
        (
            r#"{"kind":"clemency-grant","person":"d:1","occurred":"2026-02-30","instrument":"nix","unsourced":true}"#.to_owned(),
            Some(Rule::UnknownInstrument),
        ),
        (
            format!(r#"{{"kind":"retraction","entry":"{group}","reson":"a"}}"#),
            Some(Rule::UnknownEntry),
        ),
        (arrested(group), Some(Rule::WrongSubject)),
        (arrested("d:1"), None),
    ] {
        let unread = Draft::parse_partly(line.as_bytes(), &context).unwrap_err();
        let told = match plan.check_partly(*unread.partly.unwrap()) {
            Ok(()) => None,
            Err(Refused::Rule(refusal)) => Some(refusal.rule),
            Err(Refused::Read(error)) => panic!("{line}: {error}"),
        };
        assert_eq!(told, rule, "{line}");
    }
    assert_eq!(plan.next, next);
    // Whoever was only named in part is registered with the first draft that can be recorded.
    plan.add(draft(&ledger, &arrest(1).replace("fp:1", "d:1")))
        .unwrap();
    assert_eq!(plan.next, next + 2);
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
fn a_ledger_opened_to_read_appends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ledger");
    drop(made(&folder));
    let (mut ledger, _) = opened(&folder, Access::Read);
    let batch = planned(&ledger, &[arrest(1)]).unwrap();
    let error = ledger.append(batch, at(1), &mut random()).unwrap_err();
    assert!(matches!(error, AppendError::ReadOnly));
}
