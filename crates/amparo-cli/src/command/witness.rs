//! `witness`: organisations that watch each other's logs.

use std::fs::File;
use std::io::Read as _;

use amparo_store::ledger::{AddCosignatureError, AskError, Ledger, WitnessError};
use amparo_tlog::cosignature::Timestamp;
use amparo_tlog::key::VerifierKey;
use amparo_tlog::policy::Policy;
use amparo_tlog::signature::Signature;
use amparo_tlog::witness::{AddCheckpoint, MAX_REQUEST_LEN, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};

use super::Exit;
use crate::error::{Failure, FailureKind, RESUME_HINT};
use crate::new_file;
use crate::output::{Cell, Column, Reply, text};
use crate::session::{Session, whole_meta};

/// What the one line of a request begins with; the body of tlog-witness follows, in base64.
const REQUEST: &str = "amparo-witness-request/v1 ";
/// The most bytes of a request or an answer.
const LINE_BYTES_MAX: u64 = (MAX_REQUEST_LEN as u64).div_ceil(3) * 4 + 64;

/// Have other organisations cosign this log, and cosign theirs: over files of one line
///
/// A witness cosigns a head only if the log merely grew since the last head it saw, so two
/// histories of one log can never both be cosigned. Its key stands in the other's policy.txt,
/// which also says how many must have signed. `ask` and `add` are for the log that is watched,
/// `key`, `trust`, `sign` and `seen` for the witness. An answer that is refused because the log
/// rewrote its past is an alarm: exit code 4.
#[derive(Debug, Args)]
pub struct Witness {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Tell the key under which this ledger cosigns, for the policy.txt of others
    Key,
    /// Know the key of another log, and watch it from now on
    Trust {
        /// The key, as the other's checkpoints/log.pub has it
        key: String,
    },
    /// List the logs that are watched, with the last head seen of each
    Seen,
    /// Write a request to a witness: one line, for a stick or a mail
    Ask {
        /// The witness, by the name in its key [default: the only one of policy.txt]
        name: Option<String>,
        /// How many entries it saw last [default: the newest head that it cosigned]
        #[arg(long, value_name = "SIZE")]
        seen: Option<u64>,
        /// Write to a new file [default: standard output]
        #[arg(short = 'o', long, value_name = "FILE")]
        out: Option<String>,
    },
    /// As a witness, check a request, and answer it with one line
    Sign {
        /// The request
        request: String,
        /// Write to a new file [default: standard output]
        #[arg(short = 'o', long, value_name = "FILE")]
        out: Option<String>,
    },
    /// Add a witness's answer to the head that it cosigned
    Add {
        /// The answer
        answer: String,
    },
}

impl Witness {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.what {
            What::Key => key(session),
            What::Trust { key } => trust(session, &key),
            What::Seen => seen(session),
            What::Ask { name, seen, out } => ask(session, name.as_deref(), seen, out.as_deref()),
            What::Sign { request, out } => sign(session, &request, out.as_deref()),
            What::Add { answer } => add(session, &answer),
        }
    }
}

fn key(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let mut ledger = session.signing()?;
    let key = ledger.witness_key(&mut *session.world.random);
    let key = key.map_err(|error| not_cosigned(&error))?;
    let mut reply = Reply::new(whole_meta(&ledger), [Column::text("key")]).into_record();
    reply.push(vec![Cell::text(&key)]);
    session.reply(&reply)?;
    session.talk("a line for the policy.txt of others: witness NAME KEY");
    session.close(ledger);
    Ok(Exit::Done)
}

fn trust(session: &mut Session<'_, '_>, typed: &str) -> Result<Exit, Failure> {
    let key: VerifierKey = typed.trim().parse().map_err(|error| {
        Failure::usage(format!("this is no key of a log: {error}"))
            .hint("give the line of the other's checkpoints/log.pub, in quotes")
    })?;
    let mut ledger = session.signing()?;
    let is_new = ledger
        .trust_log(&key)
        .map_err(|error| not_cosigned(&error))?;
    session.talk(match is_new {
        true => format!("watching {} from now on", key.name()),
        false => format!("{} was watched already", key.name()),
    });
    show_seen(session, &ledger)?;
    session.close(ledger);
    Ok(Exit::Done)
}

fn seen(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let ledger = session.whole()?;
    show_seen(session, &ledger)?;
    Ok(Exit::Done)
}

fn show_seen(session: &mut Session<'_, '_>, ledger: &Ledger) -> Result<(), Failure> {
    let columns = ["origin", "size", "root"].map(Column::text);
    let columns = columns.into_iter().chain([Column::machine("key")]);
    let mut reply = Reply::new(whole_meta(ledger), columns);
    for (key, last) in ledger
        .witnessed()
        .map_err(|error| Failure::signing(&error))?
    {
        reply.push(vec![
            Cell::text(key.name()),
            last.map_or(Cell::Empty, |last| Cell::count(last.size())),
            Cell::maybe(last.map(|last| last.root())),
            Cell::text(&key),
        ]);
    }
    session.reply(&reply)
}

fn ask(
    session: &mut Session<'_, '_>,
    name: Option<&str>,
    seen: Option<u64>,
    out: Option<&str>,
) -> Result<Exit, Failure> {
    let ledger = session.whole()?;
    let seen = match seen {
        Some(seen) => seen,
        None => {
            let policy = ledger.policy().map_err(|error| Failure::signing(&error))?;
            match policy {
                Some((policy, _)) => {
                    let witness = witness(&policy, name)?;
                    let last = ledger.last_cosigned_by(witness);
                    last.map_err(|error| Failure::signing(&error))?
                }
                None => 0,
            }
        }
    };
    let request = ledger
        .ask_witness(seen)
        .map_err(|error| not_asked(&error))?;
    let size = request.checkpoint().checkpoint().head().size();
    let line = format!("{REQUEST}{}\n", BASE64.encode(request.to_string()));
    put(session, out, &line)?;
    session.talk(format!(
        "asks for a head of {size} entries, from {seen} that were seen"
    ));
    Ok(Exit::Done)
}

/// The witness of a name, or the only one.
fn witness<'p>(policy: &'p Policy, name: Option<&str>) -> Result<&'p VerifierKey, Failure> {
    let known: Vec<&VerifierKey> = policy.witness_keys().collect();
    let names = || {
        let names: Vec<_> = known.iter().map(|key| key.name().as_str()).collect();
        names.join(", ")
    };
    let named = |key: &&&VerifierKey| name == Some(key.name().as_str());
    match (name, known.as_slice()) {
        (_, []) => Err(Failure::usage("policy.txt names no witness")
            .hint("add a line `witness NAME KEY` to it, or say what the witness saw: --seen 0")),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::usage("policy.txt names several witnesses")
            .hint(format!("say which one: {}", names()))),
        (Some(typed), _) => known.iter().find(named).copied().ok_or_else(|| {
            let shown = text::visible(typed);
            Failure::subject(format!("policy.txt names no witness {shown}"))
                .hint(format!("it names {}", names()))
        }),
    }
}

fn sign(session: &mut Session<'_, '_>, name: &str, out: Option<&str>) -> Result<Exit, Failure> {
    let line = read(session, name)?;
    let body = line
        .strip_prefix(REQUEST)
        .and_then(|line| BASE64.decode(line).ok());
    let request = body.map(|body| AddCheckpoint::parse(&body));
    let no_request = || {
        Failure::refused(format!("{name} is no request to a witness"))
            .hint("a request is the line that `amparo witness ask` writes, whole and unchanged")
    };
    let request = request.ok_or_else(no_request)?;
    let request = request.map_err(|error| no_request().cause(error.to_string()))?;
    let mut ledger = session.signing()?;
    let seconds = (session.world.clock)().ms().unsigned_abs() / 1000;
    let now = Timestamp::from_unix_seconds(seconds);
    let now = now.map_err(|error| Failure::internal(error.to_string()))?;
    let cosigned = match ledger.cosign(&request, now, &mut *session.world.random) {
        Ok(cosigned) => cosigned,
        Err(WitnessError::Refused(Refusal::OtherOldSize { last, .. })) => {
            session.talk(format!(
                "not cosigned: this witness last saw {last} entries; the log must ask again from \
                 there: `amparo witness ask --seen {last}`"
            ));
            return Ok(Exit::No);
        }
        Err(error) => return Err(not_cosigned(&error)),
    };
    put(session, out, &format!("{}\n", cosigned.signature))?;
    let (origin, size) = (
        request.checkpoint().checkpoint().origin(),
        cosigned.head.size(),
    );
    session.talk(match cosigned.before {
        Some(before) => format!(
            "cosigned {size} entries of {origin}, which had {}",
            before.size()
        ),
        None => format!(
            "cosigned {size} entries of {origin}: the first head seen of it, taken on trust"
        ),
    });
    session.close(ledger);
    Ok(Exit::Done)
}

fn add(session: &mut Session<'_, '_>, name: &str) -> Result<Exit, Failure> {
    let line = read(session, name)?;
    let signature = Signature::parse(&line).map_err(|error| {
        Failure::refused(format!("{name} is no answer of a witness"))
            .cause(error.to_string())
            .hint("an answer is the line that `amparo witness sign` writes, whole and unchanged")
    })?;
    let mut ledger = session.signing()?;
    let stored = ledger
        .add_cosignature(signature)
        .map_err(|error| not_added(&error))?;
    let policy = ledger.policy().map_err(|error| Failure::signing(&error))?;
    let verdict = policy.and_then(|(policy, _)| policy.assess(&stored.checkpoint).ok());
    let columns = ["size", "root", "level", "accepted", "file"].map(Column::text);
    let mut reply = Reply::new(whole_meta(&ledger), columns).into_record();
    let head = stored.checkpoint.checkpoint().head();
    reply.push(vec![
        Cell::count(head.size()),
        Cell::text(head.root()),
        Cell::maybe(verdict.as_ref().map(|verdict| verdict.level())),
        Cell::Flag(verdict.is_some_and(|verdict| verdict.is_accepted())),
        Cell::text(&stored.file),
    ]);
    session.reply(&reply)?;
    session.close(ledger);
    Ok(Exit::Done)
}

/// Writes a line to a new file, or to standard output.
fn put(session: &mut Session<'_, '_>, out: Option<&str>, line: &str) -> Result<(), Failure> {
    match out {
        Some(name) => new_file::write(session, name, line.as_bytes()),
        None => session.write(line.as_bytes()),
    }
}

/// Reads the one line of a file.
fn read(session: &Session<'_, '_>, name: &str) -> Result<String, Failure> {
    let failed = |what: String| Failure::usage(format!("cannot read {name}")).cause(what);
    let file = File::open(session.world.dir.join(name)).map_err(|e| failed(e.to_string()))?;
    let mut bytes = Vec::new();
    let mut limited = file.take(LINE_BYTES_MAX + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|e| failed(e.to_string()))?;
    if bytes.len() as u64 > LINE_BYTES_MAX {
        return Err(failed(format!("it has more than {LINE_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not text".to_owned()))?;
    // A mail may have brought other line ends.
    Ok(text.trim().to_owned())
}

fn not_asked(error: &AskError) -> Failure {
    let (kind, hint) = match error {
        AskError::NotSigned => (
            FailureKind::Refused,
            "sign the head with `amparo checkpoint`",
        ),
        AskError::SeenMore { .. } => (
            FailureKind::Integrity,
            "either --seen is wrong, or this log lost entries: compare it with what the witness has",
        ),
        AskError::Tiles(_) | AskError::Signing(_) => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong with the ledger",
        ),
        AskError::Proof(_) => (FailureKind::Internal, "run the command again"),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}

fn not_cosigned(error: &WitnessError) -> Failure {
    let (kind, hint) = match error {
        WitnessError::Refused(refusal) if refusal.is_alarm() => (
            FailureKind::Integrity,
            "ALARM: the log may have been rewritten. Ask once more, since a request can be damaged \
             on its way; if it is refused again, keep the request as evidence and tell others",
        ),
        WitnessError::Refused(Refusal::UnknownLog { .. }) => (
            FailureKind::Refused,
            "watch it with `amparo witness trust KEY`, with a key that you were given by its owners",
        ),
        WitnessError::Refused(Refusal::BadSignature(_) | Refusal::Shrinks { .. }) => (
            FailureKind::Integrity,
            "keep the request, and ask the owners of the log",
        ),
        WitnessError::Refused(_) => (FailureKind::Refused, "ask the owners of the log"),
        WitnessError::Guarded(_) => (FailureKind::Integrity, RESUME_HINT),
        WitnessError::NoKeys => (FailureKind::Refused, "cosign where the keys are"),
        WitnessError::Signing(_) => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong with the ledger",
        ),
        WitnessError::NotWritable => (FailureKind::Internal, "run the command again"),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}

fn not_added(error: &AddCosignatureError) -> Failure {
    let (kind, hint) = match error {
        AddCosignatureError::UnknownWitness(_) => (
            FailureKind::Refused,
            "add a line `witness NAME KEY` to policy.txt, with the key that they gave you",
        ),
        AddCosignatureError::OfNoHead => (
            FailureKind::Integrity,
            "ask the witness for the answer once more",
        ),
        AddCosignatureError::Full => (FailureKind::Refused, "sign a newer head"),
        AddCosignatureError::Signing(_) => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong with the ledger",
        ),
        AddCosignatureError::NotWritable => (FailureKind::Internal, "run the command again"),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}
