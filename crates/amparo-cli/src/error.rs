//! Why a command did not do what it was asked: kind, causes and hints, and the exit code.
//!
//! A failure is one line, `error:`, then its causes, then a blank line and what to do next. With
//! `-O json` it is one JSON object on standard error. No failure quotes a private field.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use amparo_core::id::Seq;
use amparo_store::ledger::{AppendError, Ledger, OpenError, ReadError};
use amparo_store::shelf::ShelfError;
use amparo_store::signing::SigningError;
use amparo_store::{SlotError, VaultError};

use crate::faults::InputFault;
use crate::output::text;
use crate::world::World;

/// What to do where names are needed and locked.
const LOCKED_HINT: &str = "say where the passphrase or the recovery key is read: --passphrase \
                           ask, file:PATH or env:NAME";

/// What to do with a log that does not extend what was signed of it.
pub const RESUME_HINT: &str = "take the missing entries from a newer export with `amparo resume \
                               --from`, or give them up with `amparo resume --fork --reason TEXT`";

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The command line itself.
    Usage,
    /// Input that the ledger does not take.
    Refused,
    /// The ledger is not what it was.
    Integrity,
    /// Nobody of that name, or more than one.
    Subject,
    /// Somebody else writes, or wrote first.
    InUse,
    /// The program or the machine.
    Internal,
}

/// What to do about a full disk.
const FULL_HINT: &str = "the disk is full: make room, and run the command again. Nothing recorded is \
                         lost, and commands that only look go on";

impl FailureKind {
    /// The exit code (design, section 7).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Integrity => 4,
            Self::Subject => 5,
            Self::InUse => 6,
            Self::Internal => 70,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Integrity => "integrity",
            Self::Subject => "subject",
            Self::InUse => "in-use",
            Self::Internal => "internal",
        }
    }
}

/// One who may have been meant: a ref, and what to know them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The ref to type, `p7`.
    pub reference: String,
    /// The name or label.
    pub name: String,
}

/// Whether a cause is a disk without room.
fn is_full_disk(cause: &(dyn Error + 'static)) -> bool {
    let is_full = |error: &io::Error| {
        let kind = error.kind();
        matches!(
            kind,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    };
    cause.downcast_ref().is_some_and(is_full)
        || matches!(cause.downcast_ref(), Some(ShelfError::Full))
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure(Box<Told>);

/// All that is told of a failure; boxed, since most results hold none.
#[derive(Debug)]
struct Told {
    kind: FailureKind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    faults: Vec<InputFault>,
    candidates: Vec<Candidate>,
    broken_pipe: bool,
}

impl Failure {
    /// A failure for an entry that does not follow from those before it.
    pub fn not_a_log(seq: Seq, cause: &str) -> Self {
        let message = format!("{seq} cannot be read as part of this log");
        Self::new(FailureKind::Integrity, message)
            .cause(cause)
            .hint("`amparo verify` tells what is wrong with the ledger")
    }

    /// A failure of a kind, in one line.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self(Box::new(Told {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            faults: Vec::new(),
            candidates: Vec::new(),
            broken_pipe: false,
        }))
    }

    /// The command line is wrong: exit 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// The ledger does not take the input, and nothing was written: exit 3.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// The subject is unknown or ambiguous: exit 5.
    pub fn subject(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Subject, message)
    }

    /// The program or the machine failed: exit 70.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, message)
    }

    /// A ledger that does not open.
    pub fn opening(error: &OpenError, dir: &Path) -> Self {
        if let OpenError::Keys(error @ VaultError::Secret(_)) = error {
            return Self::keys(error);
        }
        let kind = match error {
            OpenError::NotALedger(_) => FailureKind::Usage,
            OpenError::InUse => FailureKind::InUse,
            OpenError::Damaged(_)
            | OpenError::DamagedWithin(_)
            | OpenError::Inconsistent { .. }
            | OpenError::NotAnEntry { .. }
            | OpenError::Settings(_)
            | OpenError::Keys(_) => FailureKind::Integrity,
            OpenError::Store(_) | OpenError::Io { .. } => FailureKind::Internal,
        };
        let failure = Self::new(kind, error.to_string()).causes_of(error);
        match kind {
            FailureKind::Usage => failure.hint(format!(
                "name the ledger's folder with -L, or make one with `amparo init {}`",
                dir.display()
            )),
            FailureKind::InUse => failure.hint("wait for the other command to end, then try again"),
            FailureKind::Integrity => {
                failure.hint("change nothing in the folder, and compare it with a copy")
            }
            FailureKind::Refused | FailureKind::Subject | FailureKind::Internal => failure,
        }
    }

    /// Refuses what needs names where they are locked: an answer without them would be false.
    ///
    /// # Errors
    /// Exit 3.
    pub fn unless_names(ledger: &Ledger) -> Result<(), Self> {
        match ledger.is_locked() {
            true => Err(Self::reading(&ReadError::Locked)),
            false => Ok(()),
        }
    }

    /// A read that the store could not do.
    pub fn reading(error: &ReadError) -> Self {
        let (kind, hint) = match error {
            ReadError::StoreDamaged(_) => (FailureKind::Integrity, "run the command again"),
            ReadError::NotAnEntry { .. } | ReadError::SealDamaged { .. } => (
                FailureKind::Integrity,
                "`amparo verify` tells what is wrong with the ledger",
            ),
            ReadError::Locked => (FailureKind::Refused, LOCKED_HINT),
            ReadError::NoKeys => (
                FailureKind::Refused,
                "a copy without keys can be looked at, not written to",
            ),
            ReadError::Store(_) | ReadError::Keys(_) | ReadError::Planned(_) => {
                (FailureKind::Internal, "try again")
            }
        };
        Self::new(kind, error.to_string())
            .causes_of(error)
            .hint(hint)
    }

    /// A write that the store did not do, or does not know to have done.
    pub fn appending(error: &AppendError) -> Self {
        if let AppendError::Keys(error @ VaultError::Locked) = error {
            return Self::keys(error).cause("a name or another private field needs the keys");
        }
        let kind = match error {
            AppendError::HeadMoved { .. } => FailureKind::InUse,
            AppendError::Guarded(_) => FailureKind::Integrity,
            AppendError::ReadOnly
            | AppendError::OutcomeUnknown(_)
            | AppendError::NotRecorded(_)
            | AppendError::Poisoned
            | AppendError::Keys(_)
            | AppendError::Unsealed(_) => FailureKind::Internal,
        };
        let failure = Self::new(kind, error.to_string()).causes_of(error);
        match error {
            AppendError::Guarded(_) => failure.hint(RESUME_HINT),
            AppendError::OutcomeUnknown(_) => {
                failure.hint("`amparo log` tells what is recorded; the same ids can be sent again")
            }
            _ => failure,
        }
    }

    /// Keys that cannot be used, or not in this way.
    pub fn keys(error: &VaultError) -> Self {
        let (kind, hint) = match error {
            VaultError::Locked => (FailureKind::Refused, LOCKED_HINT),
            VaultError::Secret(SlotError::Wrong | SlotError::NoSlot) => (
                FailureKind::Refused,
                "try again; the recovery key that was printed opens them as well",
            ),
            VaultError::Secret(SlotError::TooShort | SlotError::TooLong) => {
                (FailureKind::Refused, "six words that nobody could guess")
            }
            VaultError::Secret(SlotError::Full) => (
                FailureKind::Refused,
                "`amparo key add --only` puts one passphrase in the place of all",
            ),
            VaultError::Secret(
                SlotError::NotARecoveryKey | SlotError::Cost | SlotError::PublicKey,
            ) => (
                FailureKind::Integrity,
                "compare the folder keys/ with a copy",
            ),
            VaultError::AlreadyLocked => (
                FailureKind::Usage,
                "`amparo key add` adds a passphrase or a new recovery key",
            ),
            VaultError::NotLocked => (FailureKind::Usage, "`amparo key lock` locks them"),
            VaultError::Unusable { .. } => (
                FailureKind::Integrity,
                "`amparo verify` tells what is wrong with the ledger",
            ),
            VaultError::Io { .. } | VaultError::NoKeys | VaultError::Poisoned => (
                FailureKind::Internal,
                "`amparo key test` tells whether the names are locked by now",
            ),
        };
        Self::new(kind, error.to_string())
            .causes_of(error)
            .hint(hint)
    }

    /// What was signed, and cannot be read or kept.
    pub fn signing(error: &SigningError) -> Self {
        let kind = match error {
            SigningError::Damaged { .. } => FailureKind::Integrity,
            SigningError::NameTaken { .. } => FailureKind::Usage,
            SigningError::Io { .. } => FailureKind::Internal,
        };
        Self::new(kind, error.to_string())
            .causes_of(error)
            .hint("`amparo verify` tells what is wrong with the ledger")
    }

    /// Standard output, or a file of output, that does not take more.
    pub fn writing(error: io::Error) -> Self {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        let mut failure =
            Self::internal("the answer could not be written").cause(error.to_string());
        failure.0.broken_pipe = broken_pipe;
        failure
    }

    /// Adds the chain of sources below an error.
    pub fn causes_of(mut self, error: &dyn Error) -> Self {
        let mut source = error.source();
        while let Some(cause) = source {
            self.0.causes.push(cause.to_string());
            if is_full_disk(cause) {
                self.0.hints.push(FULL_HINT.to_owned());
            }
            source = cause.source();
        }
        self
    }

    /// Adds a cause.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.0.causes.push(cause.into());
        self
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds the faults of the input.
    pub fn faults(mut self, faults: Vec<InputFault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// Adds who may have been meant.
    pub fn candidates(mut self, candidates: Vec<Candidate>) -> Self {
        self.0.candidates = candidates;
        self
    }

    /// The same failure, of a subject: exit 5.
    pub fn of_subject(mut self, message: impl Into<String>) -> Self {
        (self.0.kind, self.0.message) = (FailureKind::Subject, message.into());
        self
    }

    /// The failure in one line, with its causes.
    pub fn message(&self) -> String {
        [&self.0.message]
            .into_iter()
            .chain(&self.0.causes)
            .cloned()
            .collect::<Vec<_>>()
            .join(": ")
    }

    /// Whether the reader of our output went away, which ends a run quietly.
    pub fn is_broken_pipe(&self) -> bool {
        self.0.broken_pipe
    }

    /// Writes the failure on standard error and answers its exit code.
    pub fn report(&self, as_json: bool, world: &mut World<'_>) -> u8 {
        let written = if as_json { self.json() } else { self.text() };
        // Standard output first, so that what was answered stands before what went wrong.
        let _ = world.stdout.flush();
        let _ = world
            .stderr
            .write_all(written.as_bytes())
            .and_then(|()| world.stderr.flush());
        self.0.kind.exit_code()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |line: String| {
            out.push_str(&line);
            out.push('\n');
        };
        for fault in &self.0.faults {
            fault.lines().into_iter().for_each(&mut line);
        }
        line(format!("error: {}", text::visible(&self.0.message)));
        for cause in &self.0.causes {
            line(format!("caused by: {}", text::visible(cause)));
        }
        for Candidate { reference, name } in &self.0.candidates {
            line(
                format!("  {reference}  {}", text::visible(name))
                    .trim_end()
                    .to_owned(),
            );
        }
        if !self.0.hints.is_empty() {
            line(String::new());
        }
        for hint in &self.0.hints {
            line(format!("hint: {}", text::visible(hint)));
        }
        out
    }

    fn json(&self) -> String {
        let texts = |texts: &[String]| {
            let texts: Vec<_> = texts.iter().map(|t| text::json(t)).collect();
            format!("[{}]", texts.join(","))
        };
        let faults: Vec<_> = self.0.faults.iter().map(InputFault::json).collect();
        let candidates = self
            .0
            .candidates
            .iter()
            .map(|Candidate { reference, name }| {
                format!(
                    "{{\"ref\":{},\"name\":{}}}",
                    text::json(reference),
                    text::json(name)
                )
            });
        format!(
            "{{\"error\":{{\"kind\":\"{}\",\"code\":{},\"message\":{},\"causes\":{},\
             \"hints\":{},\"faults\":[{}],\"candidates\":[{}]}}}}\n",
            self.0.kind.word(),
            self.0.kind.exit_code(),
            text::json(&self.0.message),
            texts(&self.0.causes),
            texts(&self.0.hints),
            faults.join(","),
            candidates.collect::<Vec<_>>().join(","),
        )
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::reading(&error)
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        Self::appending(&error)
    }
}
