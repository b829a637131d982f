//! `verify-proof`: checks a proof with the verifier's own policy, and no ledger.

use std::fs::File;
use std::io::Read as _;

use amparo_core::entry::Entry;
use amparo_core::event::PublishedNumber;
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::growth::{self, GrowthProof, VerifyGrowthError};
use amparo_tlog::key::BadSignature;
use amparo_tlog::merkle::leaf_hash;
use amparo_tlog::policy::{Level, MAX_POLICY_LEN, Policy};
use amparo_tlog::proof::{LogProof, VerifyLogProofError};
use clap::Args;

use super::Exit;
use crate::error::{Failure, FailureKind};
use crate::figure_proof::{self, FigureFault, FigureProof};
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::Session;

/// Check a proof that `amparo prove` wrote; needs no ledger
///
/// The policy says whose signatures count, and must be your own: the key of the log that you were
/// given by those who run it, and the witnesses that you trust (C2SP tlog-policy). A line for a
/// policy without witnesses is `log KEY`, and the next one `quorum none`. Exit code 4 when
/// something in the proof is false, 1 when the policy does not accept who signed.
#[derive(Debug, Args)]
pub struct VerifyProof {
    /// The proof
    file: String,
    /// Whose signatures count
    #[arg(long, value_name = "FILE")]
    policy: String,
}

impl VerifyProof {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let policy = read(session, &self.policy, MAX_POLICY_LEN)?;
        let policy = Policy::parse(&policy).map_err(|error| {
            Failure::refused(format!("{}:{}: {}", self.policy, error.line, error.fault))
                .hint("a policy has lines such as `log KEY`, `witness NAME KEY`, `quorum none`")
        })?;
        let bytes = read(session, &self.file, figure_proof::BYTES_MAX)?;
        let reply = if bytes.starts_with(growth::HEADER.as_bytes()) {
            growth(&bytes, &policy)
        } else if bytes.starts_with(figure_proof::HEADER.as_bytes()) {
            figure(&bytes, &policy)
        } else {
            entry(&bytes, &policy)
        };
        match reply {
            Ok(reply) => {
                session.reply(&reply)?;
                Ok(Exit::Done)
            }
            Err(No::Policy(level)) => {
                session.talk(format!(
                    "the policy does not accept the checkpoint: {level}"
                ));
                Ok(Exit::No)
            }
            Err(No::Form(what)) => Err(Failure::refused(format!("{} is no proof", self.file))
                .cause(what)
                .hint("a proof is what `amparo prove` writes, whole and unchanged")),
            Err(No::False(what)) => {
                let message = format!("{} proves nothing", self.file);
                Err(Failure::new(FailureKind::Integrity, message)
                    .cause(what)
                    .hint("it was changed, or is of another log than the policy names"))
            }
        }
    }
}

/// Why a proof is not accepted.
enum No {
    /// The file does not read.
    Form(String),
    /// Something in it is false.
    False(String),
    /// All is true, and too few of those whom the policy asks for have signed.
    Policy(Level),
}

impl From<BadSignature> for No {
    fn from(error: BadSignature) -> Self {
        Self::False(error.to_string())
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn entry(bytes: &[u8], policy: &Policy) -> Result<Reply, No> {
    let proof = LogProof::parse(bytes).map_err(|error| No::Form(chain(&error)))?;
    let line = proof
        .extra()
        .ok_or_else(|| No::Form("it holds no entry".to_owned()))?;
    let verdict = proof
        .verify(leaf_hash(line), policy)
        .map_err(|error| match error {
            VerifyLogProofError::NotAccepted { level } => No::Policy(level),
            VerifyLogProofError::Signature(_) | VerifyLogProofError::Inclusion(_) => {
                No::False(chain(&error))
            }
        })?;
    let entry = Entry::parse(line).map_err(|error| No::False(error.to_string()))?;
    if entry.seq.number() != proof.index() {
        return Err(No::False(format!(
            "e{} says that it is {}",
            proof.index(),
            entry.seq
        )));
    }
    let own = [
        (Column::text("entry"), Cell::text(entry.seq)),
        (Column::text("kind"), Cell::text(entry.event.kind())),
        (Column::text("recorded"), Cell::text(entry.recorded)),
        (
            Column::text("line"),
            Cell::Json(String::from_utf8_lossy(line).into_owned()),
        ),
    ];
    Ok(record(own, proof.checkpoint(), verdict.level()))
}

fn growth(bytes: &[u8], policy: &Policy) -> Result<Reply, No> {
    let proof = GrowthProof::parse(bytes).map_err(|error| No::Form(chain(&error)))?;
    let verdict = proof.verify(policy).map_err(|error| match error {
        VerifyGrowthError::NotAccepted { level } => No::Policy(level),
        VerifyGrowthError::OldUnsigned => No::Policy(Level::Unsigned),
        VerifyGrowthError::Signature(_)
        | VerifyGrowthError::TwoLogs
        | VerifyGrowthError::Consistency(_) => No::False(chain(&error)),
    })?;
    let old = proof.old().checkpoint().head();
    let own = [
        (Column::text("older"), Cell::count(old.size())),
        (Column::text("older_root"), Cell::text(old.root())),
    ];
    Ok(record(own, proof.new_checkpoint(), verdict.level()))
}

fn record(
    own: impl IntoIterator<Item = (Column, Cell)>,
    checkpoint: &SignedCheckpoint,
    level: Level,
) -> Reply {
    let checkpoint = checkpoint.checkpoint();
    let proven = (Column::text("result"), Cell::text("proven"));
    let behind = [
        (Column::text("origin"), Cell::text(checkpoint.origin())),
        (
            Column::text("checkpoint"),
            Cell::count(checkpoint.head().size()),
        ),
        (Column::text("root"), Cell::text(checkpoint.head().root())),
        (Column::text("level"), Cell::text(level)),
    ];
    let (columns, row): (Vec<_>, Vec<_>) = std::iter::once(proven).chain(own).chain(behind).unzip();
    let mut reply = Reply::new(Meta::default(), columns).into_record();
    reply.push(row);
    reply
}

fn figure(bytes: &[u8], policy: &Policy) -> Result<Reply, No> {
    let (figure, numbers) = FigureProof::read(bytes).map_err(no_figure)?;
    let verdict = policy.assess(&figure.checkpoint)?;
    figure.check_entries().map_err(no_figure)?;
    if !verdict.is_accepted() {
        return Err(No::Policy(verdict.level()));
    }
    let names = [
        "as_of",
        "known_at",
        "profile",
        "question",
        "published",
        "axis",
        "state",
    ];
    let counts = ["low", "count", "high"].map(Column::number);
    let behind = ["instrument", "by", "checkpoint", "level"].map(Column::text);
    let columns = names
        .map(Column::text)
        .into_iter()
        .chain(counts)
        .chain(behind);
    let mut reply = Reply::new(Meta::default(), columns);
    let is_shown = |number: &&PublishedNumber| number.high > 0 || &*number.axis == "profile";
    for number in numbers.iter().filter(is_shown) {
        let by = number.by.iter().map(|(grouping, value)| {
            format!("{grouping} {}", value.as_deref().unwrap_or("unknown"))
        });
        reply.push(vec![
            Cell::text(figure.as_of),
            Cell::text(figure.known_at),
            Cell::text(&figure.profile),
            Cell::text(figure.query.join(" ")),
            Cell::maybe(figure.publication),
            Cell::text(&number.axis),
            Cell::text(&number.state),
            Cell::count(number.low),
            Cell::count(number.count),
            Cell::count(number.high),
            Cell::maybe(number.instrument.as_ref().map(|code| code.as_str())),
            Cell::list(by),
            Cell::count(figure.checkpoint.checkpoint().head().size()),
            Cell::text(verdict.level()),
        ]);
    }
    Ok(reply)
}

fn no_figure(fault: FigureFault) -> No {
    match fault {
        FigureFault::Form(what) => No::Form(what),
        FigureFault::Entry(what) => No::False(what),
        FigureFault::NotOfTheLog(what) => No::False(format!(
            "the signed log does not begin with these entries: {what}"
        )),
        FigureFault::OtherFigure(counted) => {
            No::False(format!("the entries give other figures: {counted}"))
        }
    }
}

/// Reads a file that must not be longer than so many bytes.
fn read(session: &Session<'_, '_>, name: &str, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let failed = |what: String| Failure::usage(format!("cannot read {name}")).cause(what);
    let file = File::open(session.world.dir.join(name)).map_err(|e| failed(e.to_string()))?;
    let mut bytes = Vec::new();
    let mut limited = file.take(bytes_max as u64 + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|e| failed(e.to_string()))?;
    match bytes.len() > bytes_max {
        true => Err(failed(format!("it has more than {bytes_max} bytes"))),
        false => Ok(bytes),
    }
}
