//! One thing done by a process of its own: what a crashed or stuck one leaves goes with it.
//!
//! The process is this program once more, asked by a variable of its environment; under `cargo
//! test` it is the test binary, asked to run the one test that answers.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use amparo_cli::World;
use amparo_core::entry::Recorded;
use amparo_store::Ledger;
use amparo_store::ledger::Access;

use crate::claim::Broken;
use crate::disk::{chain, is_told_full};
use crate::kill;
use crate::story;

const ASK: &str = "AMPARO_FAULTS_ASK";

/// What a process is asked to do with a ledger.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// Register somebody with a private note of so many bytes, and record an arrest.
    Append(usize, usize),
    /// Read, verify and export it whole.
    Read,
    /// Append people from this number on until it is killed; the answer grows with each.
    Write(usize),
}

/// What a process answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done; the lines appended or read.
    Done(Vec<Vec<u8>>),
    /// It was not, since the disk is full: while opening, or later.
    Full(String),
    /// It was not, for another reason.
    Failed(String),
}

/// Has a process of its own do it, and waits for its end.
///
/// # Errors
/// [`Broken`] where there was no answer.
pub fn ask(ledger: &Path, ask: Ask) -> Result<Answer, Broken> {
    let folder = tempfile::tempdir()?;
    let to = folder.path().join("answer");
    let output = spawn(ledger, ask, &to)?.wait_with_output()?;
    let answer = fs::read(&to).unwrap_or_default();
    let mut lines = answer.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    match first.split_once(' ') {
        Some(("done", _)) => Ok(Answer::Done(lines.map(<[u8]>::to_vec).collect())),
        Some(("full", why)) => Ok(Answer::Full(why.to_owned())),
        Some(("failed", why)) => Ok(Answer::Failed(why.to_owned())),
        Some(_) | None => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(Broken::new(format!("{ask:?}: no answer: {said}")))
        }
    }
}

/// Starts a process that answers into a file.
///
/// # Errors
/// [`Broken`] where it does not start.
pub fn spawn(ledger: &Path, ask: Ask, to: &Path) -> Result<Child, Broken> {
    let asked = match ask {
        Ask::Append(n, bytes) => format!("append {n} {bytes}"),
        Ask::Read => "read".to_owned(),
        Ask::Write(first) => format!("write {first}"),
    };
    Ok(command(ledger, &asked, to)?.spawn()?)
}

/// Runs the command line on a ledger at a time and in a time zone of the system; no argument holds
/// a space. It answers with the exit code in a line, and then with what was said.
///
/// # Errors
/// [`Broken`] where it does not start.
pub fn spawn_cli(
    ledger: &Path,
    ms: i64,
    zone: &str,
    args: &str,
    to: &Path,
) -> Result<Child, Broken> {
    let mut command = command(ledger, &format!("cli {ms} {args}"), to)?;
    Ok(command.env("TZ", zone).spawn()?)
}

fn command(ledger: &Path, asked: &str, to: &Path) -> Result<Command, Broken> {
    let mut command = Command::new(env::current_exe()?);
    if cfg!(test) {
        command.args([
            "child::tests::a_process_answers_what_it_is_asked",
            "--exact",
        ]);
    }
    command
        .env(
            ASK,
            format!("{asked}\n{}\n{}", ledger.display(), to.display()),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Ok(command)
}

/// Answers, if this process was asked; whether it was.
///
/// # Errors
/// [`Broken`] where the answer cannot be written.
pub fn answer_if_asked() -> Result<bool, Broken> {
    let Ok(asked) = env::var(ASK) else {
        return Ok(false);
    };
    let mut lines = asked.lines();
    let (Some(what), Some(ledger), Some(to)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(Broken::new("asked nothing"));
    };
    let words: Vec<_> = what.split(' ').collect();
    let number = |at: usize| {
        words
            .get(at)
            .and_then(|word| word.parse().ok())
            .unwrap_or(0)
    };
    let ledger = PathBuf::from(ledger);
    let answer = match words.first() {
        Some(&"write") => {
            kill::write_until_killed(&ledger, number(1), Path::new(to))?;
            return Ok(true);
        }
        Some(&"cli") => {
            let ms = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
            fs::write(to, cli(&ledger, ms, words.get(2..).unwrap_or_default())?)?;
            return Ok(true);
        }
        Some(&"append") => append(&ledger, number(1), number(2))?,
        _ => read(&ledger)?,
    };
    let said = match answer {
        Answer::Done(lines) if lines.is_empty() => b"done ".to_vec(),
        Answer::Done(lines) => [&b"done \n"[..], &lines.join(&b'\n')].concat(),
        Answer::Full(why) => format!("full {why}").into_bytes(),
        Answer::Failed(why) => format!("failed {why}").into_bytes(),
    };
    fs::write(to, said)?;
    Ok(true)
}

fn cli(at: &Path, ms: i64, args: &[&str]) -> Result<Vec<u8>, Broken> {
    let now = Recorded::from_ms(ms).ok_or_else(|| Broken::new("no such time"))?;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut world = World::real();
    world.stdout = Box::new(&mut out);
    world.stderr = Box::new(&mut err);
    world.clock = Box::new(move || now);
    world.env.insert("AMPARO_LEDGER".into(), at.into());
    let args = iter::once(&"amparo").chain(args).map(OsString::from);
    let code = amparo_cli::run(args, &mut world);
    drop(world);
    Ok([format!("{code}\n").into_bytes(), out, err].concat())
}

fn append(at: &Path, n: usize, bytes: usize) -> Result<Answer, Broken> {
    let mut ledger = match Ledger::open(at, Access::Write, &mut |_| {}) {
        Ok(ledger) => ledger,
        Err(error) => return Ok(failed(&error)),
    };
    let appended = story::append_people(&mut ledger, n..n + 1, bytes)?;
    // What the sled store has no room for, it takes from the journal later.
    let _ = ledger.close();
    Ok(match appended {
        Ok(lines) => Answer::Done(lines),
        Err(error) => failed(&error),
    })
}

fn read(at: &Path) -> Result<Answer, Broken> {
    story::insist_sound(at, "verified")?;
    let ledger = match Ledger::open(at, Access::Read, &mut |_| {}) {
        Ok(ledger) => ledger,
        Err(error) => return Ok(failed(&error)),
    };
    let lines = story::content_of(&ledger)?.lines;
    let mut out = Vec::new();
    if let Err(error) = ledger.export(false, &mut out, &mut |_| {}) {
        return Ok(failed(&error));
    }
    let whole: Vec<u8> = lines
        .iter()
        .flat_map(|line| [line, &b"\n"[..]].concat())
        .collect();
    Ok(match out == whole {
        true => Answer::Done(lines),
        false => Answer::Failed("the export is not the log".to_owned()),
    })
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Answer {
    match is_told_full(error) {
        true => Answer::Full(chain(error)),
        false => Answer::Failed(chain(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_answers_what_it_is_asked() {
        let is_asked = answer_if_asked().unwrap();
        assert_eq!(is_asked, env::var_os(ASK).is_some());
    }
}
