//! `key`: who can read the names.

use amparo_store::{Ledger, SlotKind, VaultError};
use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use crate::error::Failure;
use crate::output::{Cell, Column, Reply};
use crate::secret_from::SecretFrom;
use crate::session::{Session, whole_meta};

/// Lock the names with a passphrase, so that the folder alone shows nobody's
///
/// The key of each person is sealed; a passphrase opens them, and a recovery key that is printed
/// once. Whoever has neither can still count, verify, sign, export without openings, and record
/// what names nobody new. What needs names is refused, and says so. Nobody can help who loses both:
/// the names are then gone for good.
///
/// Not locked are the ledger's secret, with which a guessed reference of a list can be tested, and
/// the keys that sign. Copies of keys/ made before stay as they were.
#[derive(Debug, Args)]
pub struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lock the names under a new passphrase, and print a recovery key, once
    Lock {
        /// Where to read the new passphrase: ask, file:PATH, env:NAME [default: ask]
        #[arg(long, value_name = "FROM")]
        new: Option<String>,
    },
    /// Take the lock away: the keys lie in clear again
    Unlock,
    /// Add a further passphrase, or print a new recovery key in the place of the old one
    Add {
        /// Where to read the new passphrase: ask, file:PATH, env:NAME [default: ask]
        #[arg(long, value_name = "FROM")]
        new: Option<String>,
        /// The new passphrase takes the place of all earlier ones
        #[arg(long)]
        only: bool,
        /// A new recovery key; the old one opens nothing any more
        #[arg(long, conflicts_with_all = ["new", "only"])]
        recovery: bool,
    },
    /// Record new names without the passphrase, and show none: for a laptop in the field
    ///
    /// Needs a lock, and its passphrase this once: set it up where the passphrase is kept, and take
    /// the folder to the field without it. From then on names are recorded there by whoever has the
    /// folder, each sealed for the passphrase, and nobody can read them there, not even who wrote
    /// them. Back at the office the passphrase opens all of them.
    ///
    /// What needs names is refused in the field: finding by name, correcting what is private,
    /// telling that a namesake is there. Say who is meant by ref, p7. Not hidden there are pseudonyms,
    /// days and places; the ledger's secret, with which a guessed reference can be tested; what a
    /// running command holds in memory; and what was typed, in the shell's history.
    Field {
        /// on or off
        #[arg(value_enum)]
        state: OnOff,
    },
    /// Tell whether the names are locked, and whether a secret opens them
    Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnOff {
    On,
    Off,
}

impl Key {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match self.what {
            What::Lock { new } => lock(session, new.as_deref()),
            What::Unlock => unlock(session),
            What::Add { recovery: true, .. } => renew(session),
            What::Add { new, only, .. } => add(session, new.as_deref(), only),
            What::Field { state } => field(session, state == OnOff::On),
            What::Test => test(session),
        }
    }
}

fn lock(session: &mut Session<'_, '_>, new: Option<&str>) -> Result<Exit, Failure> {
    let mut ledger = session.signing()?;
    if !ledger.slots().is_empty() {
        return Err(Failure::keys(&VaultError::AlreadyLocked));
    }
    let passphrase = new_from(new)?.read_new(session.world)?;
    let cost = session.world.lock_cost;
    let printed = ledger.lock_keys(&passphrase, cost, &mut *session.world.random);
    let printed = printed.map_err(|error| Failure::keys(&error))?;
    show_recovery_key(session, &ledger, &printed)?;
    session.talk(
        "the names are locked. Write the recovery key down and keep it elsewhere: it is shown once. \
         Copies of keys/ that were made before are not locked",
    );
    session.close(ledger);
    Ok(Exit::Done)
}

fn unlock(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let mut ledger = opened(session)?;
    let unlocked = ledger.unlock_keys(&mut *session.world.random);
    unlocked.map_err(|error| Failure::keys(&error))?;
    session.talk("the names are not locked any more: whoever reads keys/ reads them");
    session.close(ledger);
    Ok(Exit::Done)
}

fn add(session: &mut Session<'_, '_>, new: Option<&str>, only: bool) -> Result<Exit, Failure> {
    let from = new_from(new)?;
    let mut ledger = opened(session)?;
    let passphrase = from.read_new(session.world)?;
    let cost = session.world.lock_cost;
    let added = ledger.add_passphrase(&passphrase, only, cost, &mut *session.world.random);
    added.map_err(|error| Failure::keys(&error))?;
    session.talk(match only {
        true => {
            "the new passphrase opens the names, and no earlier one. With an old copy of keys/ \
                 an earlier one still opens that copy"
        }
        false => "the new passphrase opens the names as well",
    });
    session.close(ledger);
    Ok(Exit::Done)
}

fn renew(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let mut ledger = opened(session)?;
    let cost = session.world.lock_cost;
    let printed = ledger.renew_recovery_key(cost, &mut *session.world.random);
    let printed = printed.map_err(|error| Failure::keys(&error))?;
    show_recovery_key(session, &ledger, &printed)?;
    session.talk("write the recovery key down and keep it elsewhere: it is shown once");
    session.close(ledger);
    Ok(Exit::Done)
}

fn field(session: &mut Session<'_, '_>, is_for_field: bool) -> Result<Exit, Failure> {
    let mut ledger = opened(session)?;
    let set = ledger.set_for_field(is_for_field, &mut *session.world.random);
    set.map_err(|error| Failure::keys(&error))?;
    session.talk(match is_for_field {
        true => {
            "new names are recorded without the passphrase from now on, and only the passphrase or \
             the recovery key shows them: keep both away from the field"
        }
        false => "new names are recorded with the passphrase only",
    });
    session.close(ledger);
    Ok(Exit::Done)
}

fn test(session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
    let ledger = session.whole()?;
    let slots = ledger.slots();
    let count = |kind| slots.iter().filter(|slot| **slot == kind).count() as u64;
    let columns = ["locked", "field", "passphrases", "recovery_keys", "opened"];
    let columns = columns.map(Column::text);
    let mut reply = Reply::new(whole_meta(&ledger), columns).into_record();
    reply.push(vec![
        Cell::Flag(!slots.is_empty()),
        Cell::Flag(ledger.is_for_field()),
        Cell::count(count(SlotKind::Passphrase)),
        Cell::count(count(SlotKind::Recovery)),
        Cell::Flag(!ledger.is_locked()),
    ]);
    session.reply(&reply)?;
    Ok(match ledger.is_locked() {
        true => Exit::No,
        false => Exit::Done,
    })
}

/// The ledger with its lock opened; the secret is asked for where nothing says whence it comes.
fn opened(session: &mut Session<'_, '_>) -> Result<Ledger, Failure> {
    let from = &mut session.globals.passphrase;
    from.get_or_insert_with(|| "ask".to_owned());
    let ledger = session.signing()?;
    match ledger.slots().is_empty() {
        true => Err(Failure::keys(&VaultError::NotLocked)),
        false => Ok(ledger),
    }
}

fn new_from(typed: Option<&str>) -> Result<SecretFrom, Failure> {
    SecretFrom::parse("--new", typed.unwrap_or("ask"))
}

fn show_recovery_key(
    session: &mut Session<'_, '_>,
    ledger: &Ledger,
    printed: &str,
) -> Result<(), Failure> {
    let mut reply = Reply::new(whole_meta(ledger), [Column::text("recovery_key")]).into_record();
    reply.push(vec![Cell::text(printed)]);
    session.reply(&reply)
}
