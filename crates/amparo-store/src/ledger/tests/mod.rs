//! A ledger folder through its whole life: made, filled, reopened, damaged, rebuilt, copied.

use std::path::Path;

use amparo_core::draft::Draft;
use amparo_core::fault::Rule;
use amparo_core::id::{EventId, Seq};

use super::*;

mod appending;
mod bulk;
mod derived;
mod folder;
mod kept_sealed;
mod recovering;
mod torn_keys;
mod verifying;

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
