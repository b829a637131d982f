//! All that a run takes from outside itself: streams, folder, environment, clock, randomness.
//!
//! The shipped program makes its world with [`World::real`] and nothing in it can be overridden;
//! a test program makes its own, with a clock of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::panic;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use amparo_core::entry::Recorded;
use amparo_store::Cost;
use zeroize::Zeroizing;

/// Fills a slice with random bytes.
pub type Random<'w> = Box<dyn FnMut(&mut [u8]) + 'w>;

/// Asks at the terminal for a line that is not shown.
pub type Ask<'w> = Box<dyn FnMut(&str) -> io::Result<Zeroizing<String>> + 'w>;

/// What a run may touch.
pub struct World<'w> {
    /// Where `-` reads from.
    pub stdin: Box<dyn BufRead + 'w>,
    /// Where data goes.
    pub stdout: Box<dyn Write + 'w>,
    /// Where talk goes.
    pub stderr: Box<dyn Write + 'w>,
    /// Whether progress may be drawn in place on standard error.
    pub stderr_is_terminal: bool,
    /// The folder that relative paths start from.
    pub dir: PathBuf,
    /// The environment.
    pub env: BTreeMap<OsString, OsString>,
    /// What time it is.
    pub clock: Box<dyn Fn() -> Recorded + 'w>,
    /// Fills a slice with random bytes.
    pub random: Random<'w>,
    /// Asks a question at the terminal, and reads a line that is not shown.
    pub ask: Ask<'w>,
    /// What a guess at a passphrase is made to cost.
    pub lock_cost: Cost,
}

impl World<'_> {
    /// The world that this process runs in.
    pub fn real() -> Self {
        Self {
            stdin: Box::new(io::BufReader::new(io::stdin())),
            stdout: Box::new(io::BufWriter::new(io::stdout())),
            stderr: Box::new(io::stderr()),
            stderr_is_terminal: io::stderr().is_terminal(),
            dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            env: std::env::vars_os().collect(),
            clock: Box::new(system_time),
            random: Box::new(system_random),
            ask: Box::new(|question| rpassword::prompt_password(question).map(Zeroizing::new)),
            lock_cost: Cost::RECOMMENDED,
        }
    }

    /// Makes a panic of this process say where it happened and nothing else.
    pub fn quiet_panics(&self) {
        panic::set_hook(Box::new(|info| {
            let place = info.location().map(|at| {
                let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
                format!("{file}:{}", at.line())
            });
            let place = place.unwrap_or_else(|| "an unknown place".to_owned());
            let _ = writeln!(io::stderr(), "internal error at {place}");
        }));
    }

    /// The value of an environment variable, unless it is empty or not UTF-8.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let value = self.env.get(&OsString::from(name))?.to_str()?;
        (!value.is_empty()).then_some(value)
    }
}

/// What the system clock says; a clock outside the years 1970 to 9999 ends the run.
#[allow(clippy::expect_used)]
fn system_time() -> Recorded {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = since_epoch
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok());
    ms.and_then(Recorded::from_ms)
        .expect("the system clock stands outside the years 1970 to 9999")
}

/// Fills a slice from the operating system.
///
/// Without randomness no salt and no key may be made, so a system that has none ends the run: the
/// panic is caught by [`run`](crate::run), before anything was written.
#[allow(clippy::expect_used)]
fn system_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives no randomness");
}
