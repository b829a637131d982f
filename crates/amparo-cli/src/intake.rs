//! Drafts from files: checked as a whole first, appended after.
//!
//! Two passes over the input. The first keeps of each draft its id and what was decided of it, and
//! reports every fault of every file; the second appends in batches what is read again, and only
//! when the first found no fault. That it reads the same is seen by digests. Every batch carries the
//! same recording time, so that `undo` takes an import back as one.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::PathBuf;
use std::{iter, mem};

use amparo_core::Context;
use amparo_core::draft::{Draft, Unread};
use amparo_core::fault::Fault;
use amparo_core::limit;
use amparo_store::in_order;
use amparo_store::ledger::{self, Checked, Ids, Keep, Named, Namer, Plan, Planned, Refused};
use sha2::{Digest, Sha256};

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
/// Lines that are given to a thread at once, and bytes, where lines are long.
const PIECE_LINES: usize = 256;
const PIECE_BYTES: usize = 256 * 1024;
/// How many entries are recorded at once: a batch is held in memory until it is durable.
const BATCH_ENTRIES: usize = 8192;
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
        let reader: Box<dyn BufRead + Send + '_> = match &self.from {
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
    reader: Box<dyn BufRead + Send + 'i>,
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

impl Lines<'_> {
    /// The next lines, each with a line end; none at the end of the input.
    fn piece(&mut self) -> io::Result<Option<Piece>> {
        let mut piece = Piece::default();
        while piece.lines.len() < PIECE_LINES && piece.bytes.len() < PIECE_BYTES {
            let Some((number, line)) = self.next()? else {
                break;
            };
            piece.bytes.extend_from_slice(line);
            piece.bytes.push(b'\n');
            piece.lines.push((number, piece.bytes.len()));
        }
        Ok((!piece.lines.is_empty()).then_some(piece))
    }
}

/// What the first pass found.
pub struct Check {
    /// Of each input.
    pub tallies: Vec<Tally>,
    /// Of all of them.
    pub faults: Vec<InputFault>,
    /// What was decided of each draft.
    checked: Checked,
    /// Of each piece that was read.
    digests: VecDeque<[u8; 32]>,
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
) -> Result<Check, Failure> {
    let ledger = &writing.ledger;
    let reading = Reading::of(writing);
    let mut plan = Plan::new(ledger, &writing.by, Ids::FromContent, Keep::Nothing, random);
    let mut faults = Vec::new();
    let mut tallies = Vec::with_capacity(inputs.len());
    let mut digests = VecDeque::new();
    let mut done = 0;
    for input in inputs {
        let mut tally = Tally::default();
        reading.each_piece(input, |read| {
            let Read {
                piece,
                digest,
                drafts,
            } = read;
            digests.push_back(digest);
            for ((number, line), draft) in piece.lines().zip(drafts) {
                let fault = |fault| InputFault::of_line(&input.name, number, line, fault);
                match draft.map(|named| plan.add_named(named)) {
                    Ok(Ok(planned)) => tally.count(&planned),
                    Ok(Err(Refused::Rule(refusal))) => {
                        tally.refused += 1;
                        faults.push(fault(refusal.locate(line)));
                    }
                    Ok(Err(Refused::Read(error))) => return Err(error.into()),
                    Err(unread) => {
                        tally.refused += 1;
                        let found = all_faults(&mut plan, unread, line)?;
                        faults.extend(found.into_iter().map(fault));
                    }
                }
                done += 1;
                step(done);
            }
            Ok(())
        })?;
        tallies.push(tally);
    }
    Ok(Check {
        tallies,
        faults,
        checked: plan.into_checked(),
        digests,
    })
}

/// The faults of a line that is no draft, and what the ledger says against what could be read of it.
///
/// # Errors
/// Integrity, when the ledger cannot be read.
pub fn all_faults(
    plan: &mut Plan<'_, '_>,
    unread: Unread,
    line: &[u8],
) -> Result<Vec<Fault>, Failure> {
    let Unread { mut faults, partly } = unread;
    match partly.map(|partly| plan.check_partly(*partly)) {
        None | Some(Ok(())) => {}
        Some(Err(Refused::Rule(refusal))) => {
            // What is wrong with a field in itself is one fault, not two.
            let is_faulty = |fault: &Fault| fault.field == refusal.field;
            if !faults.iter().any(is_faulty) {
                faults.push(refusal.locate(line));
            }
        }
        Some(Err(Refused::Read(error))) => return Err(error.into()),
    }
    faults.sort_by_key(|fault| fault.column);
    Ok(faults)
}

/// The second pass: appends the drafts of each file, in batches.
///
/// # Errors
/// Exit 6 when the head moved, exit 3 when a file has changed since the first pass, else whatever
/// keeps the store from writing; what was appended before stays.
pub fn append(
    writing: &mut Writing,
    inputs: &[Input],
    check: Check,
    random: &mut dyn FnMut(&mut [u8]),
    step: &mut dyn FnMut(u64),
) -> Result<Vec<Tally>, Failure> {
    let Check {
        mut tallies,
        mut checked,
        mut digests,
        ..
    } = check;
    let reading = Reading::of(writing);
    let now = writing.now;
    let mut done = 0;
    writing.ledger.append_all(|appender| {
        let mut batch = checked.batch();
        for (input, tally) in inputs.iter().zip(&mut tallies) {
            let changed = || {
                Failure::refused(format!("{} has changed while it was imported", input.name))
                    .hint("import it again: what is recorded already is left as it is")
            };
            reading.each_piece(input, |read| {
                if digests.pop_front() != Some(read.digest) {
                    return Err(changed());
                }
                for draft in read.drafts {
                    let named = draft.map_err(|_| changed())?;
                    if !checked.put(named, &mut batch, random) {
                        return Err(changed());
                    }
                    done += 1;
                    if batch.len() >= BATCH_ENTRIES || batch.is_full() {
                        let full = mem::replace(&mut batch, checked.batch());
                        appender.append(full, now, random)?;
                        step(done);
                    }
                }
                Ok(())
            })?;
            let rest = mem::replace(&mut batch, checked.batch());
            appender.append(rest, now, random)?;
            step(done);
            tally.head = Some(head(&appender.head()));
        }
        match digests.is_empty() {
            true => Ok(()),
            false => Err(Failure::refused(
                "the input is shorter than when it was checked",
            )),
        }
    })?;
    Ok(tallies)
}

/// Consecutive lines, as they were read.
#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    /// The number of each, and where it ends.
    lines: Vec<(u64, usize)>,
}

/// A piece, and what it says.
struct Read {
    piece: Piece,
    digest: [u8; 32],
    drafts: Vec<Result<Named, Unread>>,
}

/// What drafts are read with, on any thread.
struct Reading {
    context: Context,
    namer: Namer,
}

impl Reading {
    fn of(writing: &Writing) -> Self {
        Self {
            context: writing.ledger.context(writing.today),
            namer: writing.ledger.namer(),
        }
    }

    /// Reads an input on all cores, and gives its pieces to `take` in their order.
    fn each_piece(
        &self,
        input: &Input,
        mut take: impl FnMut(Read) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut lines = input.lines()?;
        in_order(
            iter::from_fn(move || lines.piece().transpose()),
            |piece| piece.map(|piece| self.read(piece)),
            |read| take(read.map_err(|error| input.unreadable(&error))?),
        )
    }

    fn read(&self, piece: Piece) -> Read {
        let drafts = piece.lines().map(|(_, line)| {
            let draft = Draft::parse_partly(line, &self.context)?;
            Ok(self.namer.name(draft))
        });
        Read {
            digest: Sha256::digest(&piece.bytes).into(),
            drafts: drafts.collect(),
            piece,
        }
    }
}

impl Piece {
    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = iter::once(0).chain(self.lines.iter().map(|(_, end)| *end));
        let spans = starts.zip(&self.lines);
        spans.map(|(start, (number, end))| (*number, &self.bytes[start..end - 1]))
    }
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
pub fn head(head: &ledger::Head) -> Head {
    Head {
        size: head.size,
        root: head.root.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use amparo_core::entry::Recorded;
    use amparo_store::ledger::NewLedger;

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

    #[test]
    fn a_file_that_changes_after_the_check_is_refused_from_there_on() {
        let folder = tempfile::tempdir().unwrap();
        let now = Recorded::from_ms(1_770_000_000_000).unwrap();
        let new = NewLedger {
            name: "Demo".into(),
            time_zone: chrono_tz::America::Caracas,
            recorder: "desk".into(),
        };
        let mut random = |bytes: &mut [u8]| bytes.fill(7);
        let path = folder.path().join("ledger");
        let ledger = ledger::Ledger::init(&path, &new, now, &mut random).unwrap();
        let mut writing = Writing {
            by: "desk".into(),
            now,
            today: "2026-02-02".parse().unwrap(),
            ledger,
        };
        let note =
            |n: usize| format!("{{\"kind\":\"note\",\"text\":\"n{n}\",\"unsourced\":true}}\n");
        let text: String = (0..2 * PIECE_LINES).map(note).collect();
        let input = |text: &str| Input {
            name: "x".into(),
            from: From::Memory(text.into()),
        };
        let changed = text.replace("\"n300\"", "\"n3OO\"");
        let (whole, half) = (text.as_str(), &text[..text.len() / 2]);
        let longer = format!("{text}{}", note(9999));
        for other in [changed.as_str(), half, &longer, ""] {
            let before = [input(whole)];
            let check = check(&writing, &before, &mut random, &mut |_| {}).unwrap();
            assert_eq!((check.tallies[0].refused, check.faults.len()), (0, 0));
            let refused = append(
                &mut writing,
                &[input(other)],
                check,
                &mut random,
                &mut |_| {},
            );
            let said = format!("{:?}", refused.unwrap_err());
            assert!(said.contains("Refused"), "{said}");
            assert_eq!(writing.ledger.head().size, 1, "nothing of it is recorded");
        }
        let unchanged = [input(whole)];
        let check = check(&writing, &unchanged, &mut random, &mut |_| {}).unwrap();
        append(&mut writing, &unchanged, check, &mut random, &mut |_| {}).unwrap();
        assert_eq!(writing.ledger.head().size, 1 + 2 * PIECE_LINES as u64);
    }
}
