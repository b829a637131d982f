//! `verify`: reads and hashes everything again.

use amparo_store::ledger::{Extent, Finding, KeptElsewhere, Ledger, Part, Verification, Verified};
use amparo_tlog::policy::Level;
use clap::Args;

use super::Exit;
use crate::error::{Failure, FailureKind};
use crate::output::{Cell, Column, Head, KnownAt, Meta, Reply};
use crate::progress::Progress;
use crate::rederived::Rederived;
use crate::session::Session;

/// Read every byte of the ledger again, hash it, and compare all that is held twice
///
/// Exit code 4 and every finding, when something is not as it was. The level says who signed the
/// newest signed head: unsigned, signed, or cosigned k of n. Where the ledger's folder has a
/// policy.txt, and it does not accept that head, the answer is no: exit code 1.
#[derive(Debug, Args)]
pub struct Verify {
    /// Also hold the log against what is kept elsewhere: a checkpoint, an export in JSON Lines, or
    /// the folder of `export --tiles`. Nothing else shows that entries were cut off at the end, or
    /// that the whole log was built anew
    #[arg(long, value_name = "DIR|FILE|CHECKPOINT")]
    against: Option<String>,
    /// Look at the log alone: every byte of the journal, every line, root and signed head. Faster;
    /// says nothing of names and their keys, nor of what derived files and the sled store hold,
    /// which only tells how far the log had come
    #[arg(long)]
    log_only: bool,
}

impl Verify {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let folder = session.globals.ledger_dir(session.world)?;
        let kept = match &self.against {
            Some(name) => Some(kept(session, name)?),
            None => None,
        };
        let (extent, secret) = match self.log_only {
            true => (Extent::Log, None),
            false => (Extent::Ledger, session.secret(&folder)?),
        };
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let mut step = |done| progress.step("entries verified", done, None);
        let mut rederived = Rederived::default();
        let verification = Verification {
            extent,
            kept,
            secret: secret.as_ref(),
            model: Some(&mut rederived),
        };
        let verified = Ledger::verify_with(&folder, verification, &mut step)
            .map_err(|error| Failure::opening(&error, &folder))?;
        drop(progress);
        let findings: Vec<String> = verified.findings.iter().map(ToString::to_string).collect();
        let sound = findings.is_empty();
        session.reply(&answer(&verified, extent, &findings))?;
        if sound {
            return Ok(by_policy(session, &verified));
        }
        let plural = if findings.len() == 1 { "" } else { "s" };
        let elsewhere = |finding: &Finding| finding.part == Part::Elsewhere;
        let derived = |finding: &Finding| finding.part == Part::Derived;
        let copied = |finding: &Finding| derived(finding) || finding.part == Part::Store;
        let hint = match verified.findings.iter().all(copied) {
            true if verified.findings.iter().all(derived) => {
                "the log is sound: remove the folder derived, and the next command works it out \
                 again"
            }
            true => {
                "the journal is sound and nothing is lost: move the folders sled and derived away, \
                 and the next command builds them again"
            }
            false if verified.findings.iter().all(elsewhere) => {
                "the ledger is sound in itself, and not the log that is kept elsewhere: keep both, \
                 and find out which was changed"
            }
            false => "change nothing in the folder, and compare it with a copy",
        };
        let failure = Failure::new(
            FailureKind::Integrity,
            format!(
                "the ledger is not as it was: {} finding{plural}",
                findings.len()
            ),
        )
        .hint(hint);
        Err(findings.into_iter().fold(failure, Failure::cause))
    }
}

fn kept(session: &Session<'_, '_>, name: &str) -> Result<KeptElsewhere, Failure> {
    KeptElsewhere::open(&session.world.dir.join(name), name).map_err(|error| {
        Failure::usage(format!("--against {name}: {error}"))
            .causes_of(&error)
            .hint("name a checkpoint file, what `amparo export` wrote, or its folder of tiles")
    })
}

/// A sound ledger whose newest signed head the user's own policy does not accept is a "no".
fn by_policy(session: &mut Session<'_, '_>, verified: &Verified) -> Exit {
    match verified.signed.and_then(|signed| signed.is_accepted) {
        Some(false) => {
            session.talk("too few of those whom policy.txt asks for have signed the newest head");
            Exit::No
        }
        Some(true) | None => Exit::Done,
    }
}

/// Who signed the newest signed head: unsigned, signed, or cosigned k of n.
fn level(verified: &Verified) -> Level {
    verified
        .signed
        .map_or(Level::Unsigned, |signed| signed.level)
}

fn answer(verified: &Verified, extent: Extent, findings: &[String]) -> Reply {
    let columns = [
        Column::text("result"),
        Column::text("entries"),
        Column::text("root"),
        Column::text("opened"),
        Column::text("unopened"),
        Column::text("behind"),
        Column::text("checkpoint"),
        Column::text("level"),
        Column::text("findings"),
    ];
    let head = verified.head;
    let meta = Meta {
        known_at: head.map(|head| KnownAt {
            seq: head.size.saturating_sub(1),
            recorded: head.recorded,
        }),
        head: head.map(|head| Head {
            size: head.size,
            root: head.root.to_string(),
        }),
        ..Meta::default()
    };
    let mut reply = Reply::new(meta, columns).into_record();
    let result = match (findings.is_empty(), extent) {
        (true, Extent::Ledger) => "sound",
        (true, Extent::Log) => "log sound",
        (false, _) => "damaged",
    };
    // Nobody has tried to open a name for the log alone.
    let opened = |entries: u64| match extent {
        Extent::Ledger => Cell::count(entries),
        Extent::Log => Cell::Empty,
    };
    reply.push(vec![
        Cell::text(result),
        Cell::count(verified.entries),
        Cell::maybe(head.map(|head| head.root)),
        opened(verified.opened),
        opened(verified.unopened),
        Cell::count(verified.behind),
        verified
            .signed
            .map_or(Cell::Empty, |signed| Cell::count(signed.size)),
        Cell::text(level(verified)),
        Cell::list(findings),
    ]);
    reply
}
