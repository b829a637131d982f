//! `status`: the ledger at a glance, or where one person stands.

mod overview;
mod person;
mod timeline;

use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived::Derived;
use crate::error::Failure;
use crate::session::Session;

pub use overview::state_json;

/// Show where things stand at the end of a day: of one person, or of all together
///
/// Of a person: the state on each axis with what else is possible, since when, where and on whose
/// word; whether that is full freedom (released, and no open case); arrests after an exit; the
/// days held.
#[derive(Debug, Args)]
pub struct Status {
    /// The person or group: a ref (p7), a name, a UUID or a reference in a list
    person: Option<String>,
    /// With a person: every step on each axis, also those replaced or retracted
    #[arg(long, requires = "person")]
    timeline: bool,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Status {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        match &self.person {
            Some(typed) => {
                let derived = Derived::open_around(session, &self.at, typed)?;
                person::show(session, &derived, typed, self.timeline)?;
            }
            None => {
                let derived = Derived::open(session, &self.at)?;
                overview::show(session, &derived)?;
            }
        }
        Ok(Exit::Done)
    }
}
