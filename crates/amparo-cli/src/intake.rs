//! Drafts from files: checked as a whole first, appended after.
//!
//! Two passes over the input. The first keeps nothing but ids and names, and reports every fault
//! of every file; the second appends in batches, and only when the first found none. Every batch
//! carries the same recording time, so that `undo` takes an import back as one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::PathBuf;

use amparo_core::draft::Draft;
use amparo_core::limit;
use amparo_store::ledger::{Batch, Ids, Keep, Ledger, Plan, Planned, Refused};

use crate::error::Failure;
use crate::faults::InputFault;
use crate::output::Head;
use crate::session::Writing;
use crate::world::World;

/// The most bytes read from standard input, which is kept for the second pass.
const STDIN_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// What a line reader keeps of one line: enough to see that it is too long.
const LINE_BYTES_KEPT: u64 = limit::LINE_BYTES_MAX as u64 + 16;
/// Input is read in pieces of this size.
const READ_BYTES: usize = 256 * 1024;
/// The mark that some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One file of drafts, readable more than once.
pub struct Input {
    /// As it was named; `-` is standard input.
    pub name: String,
    from: From,
}

enum From {
    File(PathBuf),
    Memory(Vec<u8>),
}

/// What became of the drafts of one file.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Drafts that are new entries.
    pub new: u64,
    /// Drafts that are recorded already.
    pub duplicate: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Subjects registered along the way.
    pub registered: u64,
    /// Where the log stood after the file.
    pub head: Option<Head>,
}

impl Input {
    /// Makes an input of a file name, `-` being standard input.
    ///
    /// # Errors
    /// Usage, when the file cannot be read.
    pub fn open(name: &str, world: &mut World<'_>) -> Result<Self, Failure> {
        let unreadable = |error: io::Error| {
            Failure::usage(format!("cannot read {name}")).cause(error.to_string())
        };
        let from = if name == "-" {
            let mut bytes = Vec::new();
            let mut stdin = (&mut world.stdin).take(STDIN_BYTES_MAX + 1);
            stdin.read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 > STDIN_BYTES_MAX {
                return Err(Failure::usage("standard input is too long").hint("import a file"));
            }
            From::Memory(bytes)
        } else {
            let path = world.dir.join(name);
            if path.is_dir() {
                return Err(Failure::usage(format!("{name} is a folder")));
            }
            File::open(&path).map_err(unreadable)?;
            From::File(path)
        };
        Ok(Self {
            name: name.to_owned(),
            from,
        })
    }

    fn lines(&self) -> Result<Lines<'_>, Failure> {
        let reader: Box<dyn BufRead + '_> = match &self.from {
            From::Memory(bytes) => Box::new(Cursor::new(bytes)),
            From::File(path) => {
                let file = File::open(path).map_err(|error| self.unreadable(&error))?;
                Box::new(BufReader::with_capacity(READ_BYTES, file))
            }
        };
        Ok(Lines {
            reader,
            number: 0,
            line: Vec::new(),
        })
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::usage(format!("cannot read {}", self.name)).cause(error.to_string())
    }
}

/// The lines of an input that are not blank.
struct Lines<'i> {
    reader: Box<dyn BufRead + 'i>,
    number: u64,
    line: Vec<u8>,
}

impl Lines<'_> {
    /// The next line that is not blank, without its end; cut where it is far too long.
    fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.reader).take(LINE_BYTES_KEPT);
            if limited.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.line.last() == Some(&b'\n') {
                self.line.pop();
            } else if self.line.len() as u64 == LINE_BYTES_KEPT {
                self.reader.skip_until(b'\n')?;
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some((self.number, &self.line)));
            }
        }
    }
}

/// The first pass: what would become of every draft, and every fault of every file.
///
/// # Errors
/// Integrity, or usage when a file cannot be read.
pub fn check(
    writing: &Writing,
    inputs: &[Input],
    random: &mut dyn FnMut(&mut [u8]),
    step: &mut dyn FnMut(u64),
) -> Result<(Vec<Tally>, Vec<InputFault>), Failure> {
    let ledger = &writing.ledger;
    let context = ledger.context(writing.today);
    let mut plan = Plan::new(ledger, &writing.by, Ids::FromContent, Keep::Nothing, random);
    let mut faults = Vec::new();
    let mut tallies = Vec::with_capacity(inputs.len());
    let mut done = 0;
    for input in inputs {
        let mut tally = Tally::default();
        let mut lines = input.lines()?;
        while let Some((number, line)) = lines.next().map_err(|error| input.unreadable(&error))? {
            let fault = |fault| InputFault::of_line(&input.name, number, line, fault);
            match Draft::parse(line, &context).map(|draft| plan.add(draft)) {
                Ok(Ok(planned)) => tally.count(&planned),
                Ok(Err(Refused::Rule(refusal))) => {
                    tally.refused += 1;
                    faults.push(fault(refusal.locate(line)));
                }
                Ok(Err(Refused::Read(error))) => return Err(error.into()),
                Err(found) => {
                    tally.refused += 1;
                    faults.extend(found.into_iter().map(fault));
                }
            }
            done += 1;
            step(done);
        }
        tallies.push(tally);
    }
    Ok((tallies, faults))
}

/// The second pass: appends the drafts of each file, in batches.
///
/// # Errors
/// Exit 6 when the head moved, exit 3 when a file has changed since the first pass, else whatever
/// keeps the store from writing; what was appended before stays.
pub fn append(
    writing: &mut Writing,
    inputs: &[Input],
    random: &mut dyn FnMut(&mut [u8]),
    step: &mut dyn FnMut(u64),
) -> Result<Vec<Tally>, Failure> {
    let mut tallies = Vec::with_capacity(inputs.len());
    let mut done = 0;
    for input in inputs {
        let mut tally = Tally::default();
        let mut lines = input.lines()?;
        loop {
            let before = done;
            let batch = fill(writing, input, &mut lines, &mut tally, &mut done, random)?;
            let was_last = done == before;
            if !batch.is_empty() {
                writing.ledger.append(batch, writing.now, random)?;
            }
            step(done);
            if was_last {
                break;
            }
        }
        tally.head = Some(head(&writing.ledger));
        tallies.push(tally);
    }
    Ok(tallies)
}

/// Plans drafts until the batch is full or the file ends.
fn fill(
    writing: &Writing,
    input: &Input,
    lines: &mut Lines<'_>,
    tally: &mut Tally,
    done: &mut u64,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Batch, Failure> {
    let changed = || {
        Failure::refused(format!("{} has changed while it was imported", input.name))
            .hint("import it again: what is recorded already is left as it is")
    };
    let ledger = &writing.ledger;
    let context = ledger.context(writing.today);
    let mut plan = Plan::new(ledger, &writing.by, Ids::FromContent, Keep::Drafts, random);
    while !plan.is_full() {
        let next = lines.next().map_err(|error| input.unreadable(&error))?;
        let Some((_, line)) = next else { break };
        let draft = Draft::parse(line, &context).map_err(|_| changed())?;
        match plan.add(draft) {
            Ok(planned) => tally.count(&planned),
            Err(Refused::Rule(_)) => return Err(changed()),
            Err(Refused::Read(error)) => return Err(error.into()),
        }
        *done += 1;
    }
    Ok(plan.into_batch())
}

impl Tally {
    fn count(&mut self, planned: &Planned) {
        match planned {
            Planned::New { registers, .. } => {
                self.new += 1;
                self.registered += registers.len() as u64;
            }
            Planned::Duplicate { .. } => self.duplicate += 1,
        }
    }
}

/// Where a ledger stands.
pub fn head(ledger: &Ledger) -> Head {
    let head = ledger.head();
    Head {
        size: head.size,
        root: head.root.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let input = Input {
            name: "x".into(),
            from: From::Memory(text.to_vec()),
        };
        let mut lines = input.lines().unwrap();
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, line.to_vec()));
        }
        all
    }

    #[test]
    fn blank_lines_count_and_are_skipped_and_a_mark_goes() {
        let expect = vec![
            (1, b"{}".to_vec()),
            (4, b"[]\r".to_vec()),
            (5, b"x".to_vec()),
        ];
        assert_eq!(lines(b"\xef\xbb\xbf{}\n\n  \r\n[]\r\nx"), expect);
        assert_eq!(lines(b""), vec![]);
        assert_eq!(lines(b"\n\n"), vec![]);
    }

    #[test]
    fn a_line_far_too_long_is_cut_and_the_next_is_whole() {
        let mut text = vec![b'a'; 3 * limit::LINE_BYTES_MAX];
        text.extend(b"\n{}\n");
        let read = lines(&text);
        assert_eq!(read.len(), 2);
        assert!(read[0].1.len() > limit::LINE_BYTES_MAX);
        assert_eq!(read[1], (2, b"{}".to_vec()));
    }

    #[test]
    fn a_line_of_exactly_what_is_kept_does_not_swallow_the_next() {
        for more in [LINE_BYTES_KEPT as usize - 1, LINE_BYTES_KEPT as usize] {
            let mut text = vec![b'a'; more];
            text.extend(b"\n{}\n");
            assert_eq!(lines(&text).last(), Some(&(2, b"{}".to_vec())), "{more}");
        }
    }
}
