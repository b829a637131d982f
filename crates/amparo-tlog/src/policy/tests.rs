use super::*;
use crate::checkpoint::{Checkpoint, TreeHead};
use crate::cosignature::Cosigner;
use crate::key::{ParseVerifierKeyError, PublicKeyError};
use crate::note::NoteSigner;
use crate::signature::Signature;

fn log(seed: u8) -> NoteSigner {
    NoteSigner::from_seed("example.com/ledger".parse().unwrap(), &[seed; 32])
}

fn witness(seed: u8) -> Cosigner {
    Cosigner::from_seed(
        format!("witness.example/{seed}").parse().unwrap(),
        &[seed; 32],
    )
}

fn checkpoint(cosigned: &[u8]) -> SignedCheckpoint {
    let body = Checkpoint::new(Origin::from(log(1).name()), TreeHead::EMPTY);
    let mut signed = SignedCheckpoint::sign(body, &log(1)).unwrap();
    for seed in cosigned {
        let time = Timestamp::from_unix_seconds(1_000 + u64::from(*seed)).unwrap();
        let text = signed.note().text().to_owned();
        signed.add(witness(*seed).cosign(&text, time)).unwrap();
    }
    signed
}

/// Witnesses X1..X3 (seeds 11..13) and Y1..Y2 (seeds 21, 22), and the given last lines.
fn policy(last_lines: &str) -> Result<Policy, ParsePolicyError> {
    let mut text = format!(
        "# who we trust\n\n log\t{} https://example.com/ \n",
        log(1).verifier_key()
    );
    for (name, seed) in [("X1", 11), ("X2", 12), ("X3", 13), ("Y1", 21), ("Y2", 22)] {
        text += &format!("witness {name} {}\n", witness(seed).verifier_key());
    }
    Policy::parse(format!("{text}{last_lines}").as_bytes())
}

#[test]
fn a_quorum_counts_groups_of_groups() {
    let x_and_y = "group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup both all X Y\nquorum both\n";
    let cases: [(&str, &[u8], bool, Level); 12] = [
        ("quorum none\n", &[], true, Level::Signed),
        (
            "quorum none\n",
            &[11, 99],
            true,
            Level::Cosigned {
                witnesses: 1,
                of: 5,
            },
        ),
        ("quorum X2\n", &[], false, Level::Signed),
        (
            "quorum X2\n",
            &[11],
            false,
            Level::Cosigned {
                witnesses: 1,
                of: 5,
            },
        ),
        (
            "quorum X2\n",
            &[12],
            true,
            Level::Cosigned {
                witnesses: 1,
                of: 5,
            },
        ),
        (
            "quorum X2",
            &[12],
            true,
            Level::Cosigned {
                witnesses: 1,
                of: 5,
            },
        ),
        (
            x_and_y,
            &[11, 12],
            false,
            Level::Cosigned {
                witnesses: 2,
                of: 5,
            },
        ),
        (
            x_and_y,
            &[11, 21, 22],
            false,
            Level::Cosigned {
                witnesses: 3,
                of: 5,
            },
        ),
        (
            x_and_y,
            &[11, 13, 22],
            true,
            Level::Cosigned {
                witnesses: 3,
                of: 5,
            },
        ),
        (
            "group a all X1 Y1\nquorum a\n",
            &[11],
            false,
            Level::Cosigned {
                witnesses: 1,
                of: 5,
            },
        ),
        (
            "group a all X1 Y1\nquorum a\n",
            &[21, 11],
            true,
            Level::Cosigned {
                witnesses: 2,
                of: 5,
            },
        ),
        (
            "group a 1 X1\ngroup b any a\nquorum b\n",
            &[11],
            true,
            Level::Cosigned {
                witnesses: 1,
                of: 5,
            },
        ),
    ];
    for (lines, cosigned, accepted, level) in cases {
        let verdict = policy(lines)
            .unwrap()
            .assess(&checkpoint(cosigned))
            .unwrap();
        assert_eq!(
            (verdict.is_accepted(), verdict.level()),
            (accepted, level),
            "{lines}"
        );
        assert_eq!(verdict.is_quorum_met(), accepted);
    }
}

#[test]
fn the_verdict_names_the_witnesses_and_their_times() {
    let verdict = policy("quorum none\n")
        .unwrap()
        .assess(&checkpoint(&[22, 11]))
        .unwrap();
    let named: Vec<String> = verdict
        .cosigned_by()
        .iter()
        .map(|by| format!("{} {} {}", by.name, by.key_name, by.time.unix_seconds()))
        .collect();
    assert_eq!(
        named,
        ["X1 witness.example/11 1011", "Y2 witness.example/22 1022"]
    );
    let levels = [
        Level::Unsigned,
        Level::Signed,
        Level::Cosigned {
            witnesses: 2,
            of: 3,
        },
    ];
    assert_eq!(
        levels.map(|level| level.to_string()),
        ["unsigned", "signed", "cosigned 2 of 3"]
    );
}

#[test]
fn witnesses_do_not_stand_in_for_the_log() {
    let mut strangers = Policy::of_log(log(2).verifier_key()).unwrap();
    strangers.witnesses = policy("quorum none").unwrap().witnesses;
    let verdict = strangers.assess(&checkpoint(&[11, 12])).unwrap();
    assert_eq!(
        (verdict.is_accepted(), verdict.level()),
        (false, Level::Unsigned)
    );
    assert_eq!(verdict.cosigned_by().len(), 2);

    // A trusted key of another log is nothing to this one.
    let other = NoteSigner::from_seed("example.com/other".parse().unwrap(), &[3; 32]);
    let body = Checkpoint::new(Origin::from(other.name()), TreeHead::EMPTY).to_string();
    let other_note = crate::note::Note::sign(body.clone(), &other).unwrap();
    let line: Signature = other_note.signatures()[0].clone();
    let swapped = format!("{}\n{line}\n", body.replace("/other", "/ledger"));
    let swapped = SignedCheckpoint::parse(swapped.as_bytes()).unwrap();
    let mut both = Policy::of_log(log(1).verifier_key()).unwrap();
    both.add_log(other.verifier_key()).unwrap();
    let verdict = both.assess(&swapped).unwrap();
    assert_eq!(verdict.level(), Level::Unsigned);
}

#[test]
fn a_false_cosignature_of_a_trusted_witness_spoils_the_checkpoint() {
    let time = Timestamp::from_unix_seconds(5).unwrap();
    let mut signed = checkpoint(&[11]);
    signed
        .add(witness(12).cosign("another text\n", time))
        .unwrap();
    let name = witness(12).verifier_key().name().clone();
    let assessed = policy("quorum none\n").unwrap().assess(&signed);
    assert_eq!(assessed, Err(BadSignature { name }));
    let log_only = Policy::of_log(log(1).verifier_key()).unwrap();
    assert_eq!(
        log_only
            .assess(&signed)
            .map(|verdict| verdict.is_accepted()),
        Ok(true)
    );
}

#[test]
fn a_log_key_is_added_once_and_must_be_one() {
    let mut policy = Policy::of_log(log(1).verifier_key()).unwrap();
    assert_eq!(
        policy.add_log(log(1).verifier_key()),
        Err(AddLogError::Duplicate)
    );
    assert_eq!(
        policy.add_log(witness(9).verifier_key()),
        Err(AddLogError::Kind)
    );
    assert_eq!(
        Policy::of_log(witness(9).verifier_key()),
        Err(AddLogError::Kind)
    );
    for seed in 2..=64 {
        policy.add_log(log(seed).verifier_key()).unwrap();
    }
    assert_eq!(
        policy.add_log(log(65).verifier_key()),
        Err(AddLogError::TooMany)
    );
}

#[test]
fn each_fault_of_a_policy_has_its_name_and_line() {
    let key = witness(30).verifier_key();
    let name = |text: &str| PolicyName(text.as_bytes().to_vec());
    let items = |usage| PolicyFault::Items { usage };
    let unknown = |text| PolicyFault::UnknownName { name: name(text) };
    let taken = |text| PolicyFault::NameTaken { name: name(text) };
    let threshold = PolicyFault::Threshold { members: 2 };
    let group = "group <name> any|all|<k> <name>...";
    // The lines of `policy` end at line 8.
    let cases = [
        (9, "".to_owned(), PolicyFault::NoQuorum),
        (
            9,
            "quorum none\r\n".to_owned(),
            PolicyFault::ControlCharacter,
        ),
        (
            9,
            "# \u{7f}\nquorum none\n".to_owned(),
            PolicyFault::ControlCharacter,
        ),
        (9, "Quorum none\n".to_owned(), PolicyFault::Keyword),
        (9, "log\n".to_owned(), items("log <vkey> [<url>]")),
        (9, "log a b c\n".to_owned(), items("log <vkey> [<url>]")),
        (
            9,
            "log a\n".to_owned(),
            PolicyFault::Key(ParseVerifierKeyError::Form),
        ),
        (
            9,
            format!("log {key}\n"),
            PolicyFault::Log(AddLogError::Kind),
        ),
        (
            9,
            format!("log {}\n", log(1).verifier_key()),
            PolicyFault::Log(AddLogError::Duplicate),
        ),
        (
            9,
            "witness a\n".to_owned(),
            items("witness <name> <vkey> [<url>]"),
        ),
        (
            9,
            format!("witness a {key} u # why\n"),
            items("witness <name> <vkey> [<url>]"),
        ),
        (
            9,
            format!("witness a {}\n", log(4).verifier_key()),
            PolicyFault::WitnessKind,
        ),
        (
            10,
            format!("witness a {key}\nwitness b {key}\n"),
            PolicyFault::DuplicateWitness,
        ),
        (9, format!("witness none {key}\n"), taken("none")),
        (9, format!("witness X1 {key}\n"), taken("X1")),
        (9, "group none 1 X1\n".to_owned(), taken("none")),
        (9, "group X1 1 X2\n".to_owned(), taken("X1")),
        (9, "group g any\n".to_owned(), items(group)),
        (9, "group g\n".to_owned(), items(group)),
        (9, "group g 0 X1 X2\n".to_owned(), threshold.clone()),
        (9, "group g 3 X1 X2\n".to_owned(), threshold.clone()),
        (9, "group g -1 X1 X2\n".to_owned(), threshold.clone()),
        (9, "group g 01 X1 X2\n".to_owned(), threshold),
        (9, "group g any X1 g\n".to_owned(), unknown("g")),
        (9, "group g any none\n".to_owned(), unknown("none")),
        (
            9,
            "group g all X1 X1\n".to_owned(),
            PolicyFault::InTwoGroups { name: name("X1") },
        ),
        (
            10,
            "group g any X1\ngroup h any X1\n".to_owned(),
            PolicyFault::InTwoGroups { name: name("X1") },
        ),
        (9, "quorum\n".to_owned(), items("quorum <name>|none")),
        (9, "quorum Z\n".to_owned(), unknown("Z")),
        (9, "quorum g\ngroup g any X1\n".to_owned(), unknown("g")),
        (
            10,
            "quorum none\nquorum none\n".to_owned(),
            PolicyFault::SecondQuorum,
        ),
    ];
    for (line, lines, fault) in cases {
        assert_eq!(
            policy(&lines),
            Err(ParsePolicyError { line, fault }),
            "{lines:?}"
        );
    }
    let weak = "log n+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nquorum none\n";
    let fault = PolicyFault::Key(ParseVerifierKeyError::Key(PublicKeyError));
    assert_eq!(
        Policy::parse(weak.as_bytes()),
        Err(ParsePolicyError { line: 1, fault })
    );
    let fault = PolicyFault::KeyNotUtf8;
    assert_eq!(
        Policy::parse(b"log \xff\n"),
        Err(ParsePolicyError { line: 1, fault })
    );
}

#[test]
fn names_are_bytes() {
    let key = witness(30).verifier_key().to_string();
    let text = [
        b"# caf\xe9\nwitness caf\xe9 ",
        key.as_bytes(),
        b"\nquorum caf\xe9\n",
    ]
    .concat();
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.witnesses[0].name.as_bytes(), b"caf\xe9");
    assert_eq!(policy.witnesses[0].name.to_string(), "caf\u{fffd}");
}

#[test]
fn a_policy_has_limits() {
    let lines = |word: &str, count: u8| -> String {
        (1..=count)
            .map(|seed| match word {
                "log" => format!("log {}\n", log(seed).verifier_key()),
                "witness" => format!("witness w{seed} {}\n", witness(seed).verifier_key()),
                _ => format!("group g{seed} any w{seed}\n"),
            })
            .collect()
    };
    let read = |text: String| Policy::parse(format!("{text}quorum none\n").as_bytes());
    let full = lines("log", 64) + &lines("witness", 64) + &lines("group", 64);
    assert_eq!(
        read(full.clone()).map(|policy| policy.witness_count()),
        Ok(64)
    );
    let at_65 = |text: String, fault| {
        assert_eq!(read(text).map_err(|error| error.fault), Err(fault));
    };
    at_65(lines("log", 65), PolicyFault::Log(AddLogError::TooMany));
    at_65(lines("witness", 65), PolicyFault::TooManyWitnesses);
    at_65(full + "group more any g1\n", PolicyFault::TooManyGroups);
    let found = MAX_POLICY_LEN + 1;
    let long = Policy::parse(&vec![b'\n'; found]);
    assert_eq!(
        long,
        Err(ParsePolicyError {
            line: 1,
            fault: PolicyFault::TooLong { found }
        })
    );
}
