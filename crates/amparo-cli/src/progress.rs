//! Progress of what takes more than a second, on standard error.
//!
//! On a terminal it is a bar that goes away; anywhere else it is a plain line now and then, and
//! nothing at all for what is quick.

use std::io::Write;
use std::time::{Duration, Instant};

use amparo_store::ledger::Notice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::text;

/// How long something takes before it is worth a word.
const QUIET: Duration = Duration::from_secs(1);
/// How often a plain line is written.
const EVERY: Duration = Duration::from_secs(10);

/// Tells how far a long task is.
pub struct Progress<'p> {
    out: &'p mut dyn Write,
    is_terminal: bool,
    started: Instant,
    said: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl<'p> Progress<'p> {
    /// Starts counting time; says nothing yet.
    pub fn new(out: &'p mut dyn Write, is_terminal: bool) -> Self {
        Self {
            out,
            is_terminal,
            started: Instant::now(),
            said: None,
            bar: None,
        }
    }

    /// Tells that so much of the whole is done, if it is time to tell.
    pub fn step(&mut self, what: &str, done: u64, total: Option<u64>) {
        if self.started.elapsed() < QUIET {
            return;
        }
        if self.is_terminal {
            let bar = self.bar.get_or_insert_with(|| bar(what, total));
            bar.set_position(done);
            return;
        }
        if self.said.is_none_or(|said| said.elapsed() >= EVERY) {
            self.said = Some(Instant::now());
            let of = total
                .map(|total| format!(" of {total}"))
                .unwrap_or_default();
            let _ = writeln!(self.out, "{what}: {done}{of}");
        }
    }

    /// Passes on what the store has to say while it opens.
    pub fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::CatchingUp { done, total } => {
                self.step("catching up with the journal", *done, Some(*total));
            }
            Notice::TornBatchCut { .. }
            | Notice::TornBatchIgnored { .. }
            | Notice::StoreRebuilt { .. }
            | Notice::StoreBehind { .. }
            | Notice::TemporaryStore
            | Notice::NoRoom
            | Notice::NoKeys
            | Notice::Locked
            | Notice::OpenToOthers { .. } => {
                let line = text::visible(&notice.to_string());
                let _ = writeln!(self.out, "note: {line}");
            }
        }
    }

    /// Ends the bar, if there is one.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(what: &str, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{msg} {wide_bar} {human_pos} of {human_len}",
        None => "{msg} {spinner} {human_pos}",
    };
    let style = ProgressStyle::with_template(template);
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}
