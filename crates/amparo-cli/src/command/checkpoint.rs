//! `checkpoint`: signs the head of the log.

use std::fs;

use amparo_store::ledger::{CheckpointError, Signed};
use amparo_store::signing::{CheckpointName, SigningError, Stored};
use amparo_tlog::key::VerifierKey;
use clap::Args;

use super::Exit;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Column, Reply};
use crate::session::{Session, whole_meta};

/// The most bytes that are read of a key file.
const KEY_BYTES_MAX: u64 = 1024;

/// Sign the head of the log: its origin, size and root, with the ledger's own key
///
/// The signed head is kept in the folder checkpoints, as a file that stock tools read (C2SP
/// tlog-checkpoint). Give it to others: with it anybody can later show that the log was cut or
/// rewritten. A log that does not extend what was signed before is not signed: exit code 4.
#[derive(Debug, Args)]
pub struct Checkpoint {
    /// A name for it, which --known-at then takes: press-2026-02-20
    #[arg(long, conflicts_with = "list")]
    name: Option<String>,
    /// Sign with a key file that is kept elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    key: Option<String>,
    /// List the signed heads, and sign nothing
    #[arg(long)]
    list: bool,
}

impl Checkpoint {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if self.list {
            return list(session);
        }
        let name = self.name.as_deref().map(name).transpose()?;
        let key = self
            .key
            .as_deref()
            .map(|file| key(session, file))
            .transpose()?;
        let mut ledger = session.signing()?;
        let random = &mut *session.world.random;
        let signed = ledger.checkpoint(name.as_ref(), key.as_deref(), random);
        let signed = signed.map_err(|error| not_signed(&error))?;
        let mut reply = Reply::new(whole_meta(&ledger), columns()).into_record();
        reply.push(row(&signed.stored, &signed.key));
        session.reply(&reply)?;
        session.talk(said(&signed));
        session.close(ledger);
        Ok(Exit::Done)
    }
}

fn said(signed: &Signed) -> String {
    let file = &signed.stored.file;
    match signed.is_new {
        true => format!("signed; give {file} to others, who can then tell if the log is rewritten"),
        false => format!("this head was signed before: {file}"),
    }
}

fn list(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let ledger = session.whole()?;
    let key = ledger.log_key().map_err(|error| unreadable(&error))?;
    let mut reply = Reply::new(whole_meta(&ledger), columns());
    if let Some(key) = key {
        for stored in ledger.checkpoints().map_err(|error| unreadable(&error))? {
            reply.push(row(&stored, &key));
        }
    }
    session.reply(&reply)?;
    Ok(Exit::Done)
}

fn columns() -> [Column; 8] {
    [
        Column::text("size"),
        Column::text("root"),
        Column::text("names"),
        Column::text("cosigned"),
        Column::text("file"),
        Column::machine("origin"),
        Column::machine("key"),
        Column::machine("note"),
    ]
}

fn row(stored: &Stored, key: &VerifierKey) -> Vec<Cell> {
    let checkpoint = stored.checkpoint.checkpoint();
    let signatures = stored.checkpoint.note().signatures();
    let others = signatures.iter().filter(|signature| !signature.is_by(key));
    vec![
        Cell::count(checkpoint.head().size()),
        Cell::text(checkpoint.head().root()),
        Cell::list(&stored.names),
        Cell::list(others.map(|signature| signature.name())),
        Cell::text(&stored.file),
        Cell::text(checkpoint.origin()),
        Cell::text(key),
        Cell::text(&stored.checkpoint),
    ]
}

fn name(typed: &str) -> Result<CheckpointName, Failure> {
    typed.parse().map_err(|error| {
        Failure::usage(format!("--name: {error}")).hint("write one such as press-2026-02-20")
    })
}

fn key(session: &Session<'_, '_>, file: &str) -> Result<Vec<u8>, Failure> {
    let path = session.world.dir.join(file);
    let failed = |what: String| Failure::usage(format!("--key: cannot read {file}")).cause(what);
    let len = fs::metadata(&path)
        .map_err(|error| failed(error.to_string()))?
        .len();
    if len > KEY_BYTES_MAX {
        return Err(failed("it is no key file".to_owned()));
    }
    fs::read(&path).map_err(|error| failed(error.to_string()))
}

fn not_signed(error: &CheckpointError) -> Failure {
    let (kind, hint) = match error {
        CheckpointError::Guarded(_) => (FailureKind::Integrity, crate::error::RESUME_HINT),
        CheckpointError::OtherRoot | CheckpointError::Tiles(_) => (
            FailureKind::Integrity,
            "run the command again; `amparo verify` tells what is wrong",
        ),
        CheckpointError::NoKey => (
            FailureKind::Refused,
            "put keys/checkpoint.key back, or name the key's file with --key",
        ),
        CheckpointError::OtherKey | CheckpointError::NotAKey(_) => (
            FailureKind::Usage,
            "name the file of the key that `init` made: keys/checkpoint.key",
        ),
        CheckpointError::Keep(SigningError::NameTaken { .. }) => (
            FailureKind::Usage,
            "the head is signed; give it another name, since a name never moves",
        ),
        CheckpointError::Keep(SigningError::Damaged { .. }) => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong; put the file back",
        ),
        CheckpointError::NotWritable
        | CheckpointError::Sign(_)
        | CheckpointError::Keep(SigningError::Io { .. })
        | CheckpointError::Store(_) => (FailureKind::Internal, "run the command again"),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}

fn unreadable(error: &SigningError) -> Failure {
    Failure::signing(error)
}
