//! `demo`: the founding case as a ledger of its own, and what a ledger shows of it.

mod record;
mod story;

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use crate::args::CoordinateArgs;
use crate::coordinates::Coordinates;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{Cell, Column, Reply, text};
use crate::session::{Session, whole_meta};

/// The folder where none is named.
const DEFAULT_DIR: &str = "amparo-demo";
/// The day that the story is told on: that of its last reports.
const TOLD_ON: &str = "2026-02-25";

/// Make a ledger of the Venezuelan amnesty of February 2026, and show what a ledger sees in it
///
/// Written from public reports, in the order in which they came out and under the times at which
/// a newsroom would have recorded them. Only here are recording times made up: a real ledger
/// takes them from the clock.
#[derive(Debug, Args)]
pub struct Demo {
    /// The folder to make; empty or not there yet [default: that of -L, else amparo-demo]
    dir: Option<String>,
}

impl Demo {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        session.no_options()?;
        let named = session.globals.named_ledger.clone();
        let (dir, shown) = match (self.dir, named) {
            (Some(dir), _) => (session.world.dir.join(&dir), PathBuf::from(dir)),
            (None, Some(named)) => (named.clone(), named),
            (None, None) => (
                session.world.dir.join(DEFAULT_DIR),
                PathBuf::from(DEFAULT_DIR),
            ),
        };
        let program = program(session);
        let prefix = format!(
            "{program} -L {}",
            text::shell_word(&shown.to_string_lossy())
        );
        let ledger = record::make(session, &dir, &prefix)?;
        if !figures::is_for_people(session.globals.format) {
            let mut reply = Reply::new(whole_meta(&ledger), columns());
            let head = ledger.head();
            reply.push(vec![
                Cell::text(dir.display()),
                Cell::text(ledger.opening().ledger),
                Cell::count(head.size),
                Cell::text(head.root),
            ]);
            session.reply(&reply)?;
            return Ok(Exit::Done);
        }
        let at = CoordinateArgs {
            as_of: Some(TOLD_ON.to_owned()),
            ..CoordinateArgs::default()
        };
        let at = Coordinates::check(&at, &ledger, (session.world.clock)())?;
        let derived = Derived::of(session, ledger, at)?;
        let story = story::tell(&derived, &shown, &prefix)?;
        session.write(text::visible_lines(&story).as_bytes())?;
        Ok(Exit::Done)
    }
}

fn columns() -> [Column; 4] {
    [
        Column::text("folder"),
        Column::text("ledger"),
        Column::number("entries"),
        Column::text("root"),
    ]
}

/// How to run this program again: through cargo, where that is how it was run.
fn program(session: &Session<'_, '_>) -> &'static str {
    match session.world.variable("CARGO_PKG_NAME") {
        Some("amparo-cli") => "cargo run -q --release --",
        _ => "amparo",
    }
}
