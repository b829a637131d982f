//! `resume`: going on after a ledger was put back from an older copy.

use amparo_core::draft::Draft;
use amparo_store::ledger::{AppendError, Ids, Keep, Plan, ResumeError, Standing};
use amparo_store::published::open_export;
use clap::{ArgGroup, Args};

use super::Exit;
use crate::args::RecorderArgs;
use crate::draft_flags::Members;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Column, Reply};
use crate::session::{Session, Writing, whole_meta};

/// Go on with a ledger that was put back from an older copy
///
/// Such a ledger is neither appended to nor signed: entries may be missing, and whoever signs
/// without them signs a fork. With --from, the missing entries are taken from a newer export,
/// checked against every head that was signed. Without one, --fork records in the log that they
/// are given up, and why; heads that were signed before are moved to checkpoints/abandoned, and
/// witnesses will refuse the log from then on, as they should.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("how").required(true).args(["from", "fork"])))]
pub struct Resume {
    /// A newer export of the same ledger: JSON Lines, or the folder of `export --tiles`
    #[arg(long, value_name = "EXPORT|DIR")]
    from: Option<String>,
    /// Give up what is missing, and record that
    #[arg(long, requires = "reason")]
    fork: bool,
    /// Why it is given up
    #[arg(long, value_name = "TEXT", requires = "fork")]
    reason: Option<String>,
    #[command(flatten)]
    recorder: RecorderArgs,
}

impl Resume {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        let writing = session.writing(&self.recorder)?;
        match (&self.from, &self.reason) {
            (Some(from), _) => take(session, writing, from),
            (None, Some(reason)) => fork(session, writing, reason),
            (None, None) => Err(Failure::usage("--fork takes a --reason")),
        }
    }
}

fn take(session: &mut Session<'_, '_>, mut writing: Writing, from: &str) -> Result<Exit, Failure> {
    let path = session.world.dir.join(from);
    let before = writing.ledger.head().size;
    let random = &mut *session.world.random;
    let taken = writing
        .ledger
        .resume_from(&mut || open_export(&path), random)
        .map_err(|error| failed(&error))?;
    answer(session, &writing, taken, &[])?;
    let ledger = writing.ledger;
    session.talk(match taken {
        0 => "nothing was missing; the ledger goes on".to_owned(),
        _ => format!(
            "took e{before}..e{} from {from}; the ledger goes on",
            before + taken - 1
        ),
    });
    session.close(ledger);
    Ok(Exit::Done)
}

fn fork(
    session: &mut Session<'_, '_>,
    mut writing: Writing,
    reason: &str,
) -> Result<Exit, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("--reason is empty").hint("say why the entries are given up"));
    }
    let text = match writing.ledger.standing() {
        Standing::Sound => return Err(failed(&ResumeError::Nothing)),
        standing => format!("Resumed as a fork: {standing}. Reason: {reason}"),
    };
    let mut draft = Members::new();
    draft.insert("kind".into(), "note".into());
    draft.insert("text".into(), text.into());
    draft.insert("unsourced".into(), true.into());
    let line = serde_json::Value::from(draft).to_string();
    let context = writing.ledger.context(writing.today);
    let draft = Draft::parse(line.as_bytes(), &context).map_err(|_| {
        Failure::usage("--reason is too long, or holds characters that a text cannot")
    })?;
    let random = &mut *session.world.random;
    let batch = {
        let ids = Ids::Fresh(writing.now);
        let mut plan = Plan::new(&writing.ledger, &writing.by, ids, Keep::Drafts, random);
        plan.add(draft)
            .map_err(|_| Failure::internal("the decision cannot be recorded"))?;
        plan.into_batch()
    };
    let (appended, given_up) = writing
        .ledger
        .resume_as_fork(batch, writing.now, &mut *session.world.random)
        .map_err(|error| failed(&error))?;
    answer(session, &writing, appended.entries.len() as u64, &given_up)?;
    for entry in &appended.entries {
        session.talk(format!(
            "recorded {}: the decision to go on as a fork",
            entry.seq
        ));
    }
    session.close(writing.ledger);
    Ok(Exit::Done)
}

fn answer(
    session: &mut Session<'_, '_>,
    writing: &Writing,
    new: u64,
    given_up: &[u64],
) -> Result<(), Failure> {
    let columns = ["new", "entries", "root", "given_up"].map(Column::text);
    let mut reply = Reply::new(whole_meta(&writing.ledger), columns).into_record();
    let head = writing.ledger.head();
    reply.push(vec![
        Cell::count(new),
        Cell::count(head.size),
        Cell::text(head.root),
        Cell::list(given_up),
    ]);
    session.reply(&reply)
}

fn failed(error: &ResumeError) -> Failure {
    if let ResumeError::Keys(error) = error {
        return Failure::keys(error).cause("the private fields of the export need the keys");
    }
    if let ResumeError::Record(error @ AppendError::Keys(_)) = error {
        return Failure::appending(error);
    }
    let (kind, hint) = match error {
        ResumeError::Nothing => (FailureKind::Usage, "the ledger can be used as it is"),
        ResumeError::Open(_) => (FailureKind::Usage, "name what `amparo export` wrote"),
        ResumeError::Export(_) => (
            FailureKind::Refused,
            "an export is what `amparo export` writes, whole and unchanged",
        ),
        ResumeError::TooShort { .. } => (FailureKind::Integrity, "find a newer export"),
        ResumeError::OtherEntry { .. } | ResumeError::OtherHead { .. } => (
            FailureKind::Integrity,
            "keep both, and find out which is right before anything is recorded",
        ),
        ResumeError::Unreadable(_) => (
            FailureKind::Integrity,
            "`amparo verify` tells what is wrong; put the file back",
        ),
        ResumeError::Read(_) => (FailureKind::Integrity, "run the command again"),
        ResumeError::Record(AppendError::OutcomeUnknown(_)) => (
            FailureKind::Internal,
            "`amparo log` tells what is recorded; run the command again",
        ),
        ResumeError::ReadOnly
        | ResumeError::Keys(_)
        | ResumeError::Record(_)
        | ResumeError::Signing(_) => (FailureKind::Internal, "run the command again"),
    };
    Failure::new(kind, error.to_string())
        .causes_of(error)
        .hint(hint)
}
