//! Drafts from files: checked as a whole first, appended after.
//!
//! Two passes over the input. The first keeps of each draft its id and what was decided of it, and
//! reports every fault of every file; the second appends in batches what is read again, and only
//! when the first found no fault. That it reads the same is seen by digests. Every batch carries the
//! same recording time, so that `undo` takes an import back as one.

mod input;

use std::collections::VecDeque;
use std::{iter, mem};

use amparo_core::Context;
use amparo_core::draft::{Draft, Unread};
use amparo_core::fault::Fault;
use amparo_store::in_order;
use amparo_store::ledger::{self, Checked, Ids, Keep, Named, Namer, Plan, Planned, Refused};
use sha2::{Digest, Sha256};

pub use self::input::Input;
use self::input::Piece;
use crate::error::Failure;
use crate::faults::InputFault;
use crate::output::Head;
use crate::session::Writing;

/// How many entries are recorded at once: a batch is held in memory until it is durable.
const BATCH_ENTRIES: usize = 8192;
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
            digest: Sha256::digest(piece.bytes()).into(),
            drafts: drafts.collect(),
            piece,
        }
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

    use super::input::PIECE_LINES;
    use super::*;

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
        let input = |text: &str| Input::of_text(text.as_bytes());
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
