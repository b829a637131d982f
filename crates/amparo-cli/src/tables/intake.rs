//! A table into the ledger: every row checked first, and recorded only if that went well.
//!
//! Two passes over the file, neither of which holds more of it than a row. The first keeps eight
//! bytes of each draft that would be new, to count it once, and the numbers of refused rows; the
//! second leaves those rows out and appends in batches.

use std::collections::{BTreeMap, HashSet, VecDeque};

use amparo_core::fault::Refusal;
use amparo_core::id::{EventId, Seq};
use amparo_core::kind::Kind;
use amparo_store::Ledger;
use amparo_store::ledger::{Batch, Ids, Keep, Plan, Planned, Refused};

use super::event::{Made, RowSays, Translation};
use super::file::{Rows, Stop, TableFile};
use super::near::{Decisions, NewPeople};
use super::refused::RefusedRows;
use super::row::{CellFault, Row};
use super::rules::TableRules;
use crate::error::Failure;
use crate::faults::InputFault;
use crate::kept_facts;
use crate::session::Writing;
use crate::standing::Standings;

/// The most faults that are told; a file of refused rows has all.
const FAULTS_TOLD_MAX: usize = 1000;
/// How many drafts a plan of the first pass takes before it is begun anew.
const PLAN_DRAFTS: usize = 20_000;
/// How many drafts are recorded at once: a batch is held in memory until it is durable.
const BATCH_DRAFTS: usize = 8_192;
/// How many marks are kept before those that stand twice are taken out.
const MARKS_FIRST: usize = 1024 * 1024;
/// What stands for the digest of a file that is not known before its end.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A random source, as the store takes it.
type Random<'r> = &'r mut dyn FnMut(&mut [u8]);

/// What is imported, and by what.
pub struct TableImport<'t> {
    /// The rules.
    pub rules: &'t TableRules,
    /// The file.
    pub file: &'t TableFile,
    /// Who was decided to be whom.
    pub decisions: &'t Decisions,
}

/// What becomes of a file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Rows that are not empty.
    pub rows: u64,
    /// Entries that are new, by kind.
    pub new: BTreeMap<Kind, u64>,
    /// Drafts that are recorded already, or stand in the file before.
    pub duplicate: u64,
    /// Of these, the ones that were replaced or taken back since.
    pub out_of_force: u64,
    /// Rows that are refused.
    pub refused: u64,
    /// People whom the ledger did not know.
    pub registered: u64,
}

/// What the first pass found.
pub struct Import {
    /// The figures.
    pub figures: Figures,
    /// What is wrong, up to a limit.
    pub faults: Vec<InputFault>,
    /// How many faults there are besides.
    pub faults_more: u64,
    /// Who is new to the ledger.
    pub people: NewPeople,
    sha256: String,
    refused_rows: Vec<u64>,
}

/// Counts distinct things by eight bytes of each.
#[derive(Default)]
struct Marks {
    marks: Vec<u64>,
    added: u64,
    limit: usize,
}

impl Marks {
    fn add(&mut self, id: [u8; 16]) {
        let mut half = [0; 8];
        half.copy_from_slice(&id[8..]);
        self.marks.push(u64::from_le_bytes(half));
        self.added += 1;
        if self.marks.len() >= self.limit.max(MARKS_FIRST) {
            self.distinct();
            self.limit = 2 * self.marks.len();
        }
    }

    fn distinct(&mut self) -> u64 {
        self.marks.sort_unstable();
        self.marks.dedup();
        self.marks.len() as u64
    }
}

/// What a first pass counts while it goes.
#[derive(Default)]
struct Counting {
    new: BTreeMap<Kind, Marks>,
    people: Marks,
    recorded: Vec<Seq>,
    rows: u64,
}

impl TableImport<'_> {
    fn unreadable(&self, row: u64, fault: CellFault) -> Failure {
        let fault = InputFault::of_cell(&self.file.name, row, fault.into());
        Failure::refused("1 fault; nothing was written").faults(vec![fault])
    }

    fn stopped(&self, stop: Stop) -> Failure {
        match stop {
            Stop::Fault(row, fault) => self.unreadable(row, fault),
            Stop::Failure(failure) => failure,
        }
    }

    fn rows(&self) -> Result<Rows<'_>, Failure> {
        self.file
            .rows(self.rules)
            .map_err(|stop| self.stopped(stop))
    }

    /// The first pass: what would become of every row; the refused ones go to a file, if any.
    ///
    /// # Errors
    /// Exit 3 where the file cannot be read to its end, else integrity, or whatever keeps the
    /// refused rows from being written.
    pub fn check(
        &self,
        writing: &Writing,
        mut refused: Option<&mut RefusedRows<'_>>,
        random: Random<'_>,
        step: &mut dyn FnMut(u64),
    ) -> Result<Import, Failure> {
        let ledger = &writing.ledger;
        let context = ledger.context(writing.today);
        let translation = Translation {
            rules: self.rules,
            ledger,
            context: &context,
            decisions: self.decisions,
            sha256: NO_DIGEST,
        };
        let mut import = Import {
            figures: Figures::default(),
            faults: Vec::new(),
            faults_more: 0,
            people: NewPeople::default(),
            sha256: String::new(),
            refused_rows: Vec::new(),
        };
        let mut counting = Counting::default();
        let mut rows = self.rows()?;
        let mut row = Row::default();
        let mut ended = false;
        while !ended {
            let mut plan = Plan::new(
                ledger,
                &writing.by,
                Ids::FromContent,
                Keep::Nothing,
                &mut *random,
            );
            let mut planned = HashSet::new();
            while planned.len() < PLAN_DRAFTS {
                if !rows.next(&mut row).map_err(|stop| self.stopped(stop))? {
                    ended = true;
                    break;
                }
                counting.rows += 1;
                step(counting.rows);
                let says = match translation.row(&rows.header, &row)? {
                    Ok(says) => counting.row(ledger, &mut plan, &mut planned, says)?,
                    Err(faults) => Err(faults),
                };
                match says {
                    Ok(says) => import.people.add(row.number, &says.who, &says.told),
                    Err(faults) => {
                        if let Some(refused) = &mut refused {
                            let added = refused.add(&rows.header, &row, &faults);
                            added.map_err(Failure::writing)?;
                        }
                        let sheet = rows.header.sheet.as_deref();
                        import.refuse(&self.file.name, sheet, row.number, faults);
                    }
                }
            }
        }
        import.sha256 = rows.sha256()?;
        counting.finish(ledger, &mut import.figures)?;
        Ok(import)
    }

    /// The second pass: records every row that the first one did not refuse.
    ///
    /// # Errors
    /// Exit 6 when the head moved, exit 3 when the file has changed since the first pass, else
    /// whatever keeps the store from writing; what was appended before stays.
    pub fn record(
        &self,
        writing: &mut Writing,
        import: &Import,
        random: Random<'_>,
        step: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let mut pass = Pass {
            import: self,
            rows: self.rows()?,
            row: Row::default(),
            refused: import.refused_rows.iter().copied().collect(),
            waiting: VecDeque::new(),
            count: 0,
            ended: false,
        };
        while !pass.ended || !pass.waiting.is_empty() {
            let batch = pass.fill(writing, &import.sha256, &mut *random)?;
            if !batch.is_empty() {
                writing.ledger.append(batch, writing.now, &mut *random)?;
            }
            step(pass.count);
        }
        match pass.rows.sha256()? == import.sha256 {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn changed(&self) -> Failure {
        let name = &self.file.name;
        Failure::refused(format!("{name} has changed while it was imported")).hint(
            "what was recorded names the digest of the file as it was: `amparo undo` takes it back",
        )
    }
}

impl Import {
    fn refuse(&mut self, file: &str, sheet: Option<&str>, row: u64, faults: Vec<CellFault>) {
        self.figures.refused += 1;
        self.refused_rows.push(row);
        for fault in faults {
            match self.faults.len() < FAULTS_TOLD_MAX {
                true => self
                    .faults
                    .push(InputFault::of_cell(file, row, fault.into()).in_sheet(sheet)),
                false => self.faults_more += 1,
            }
        }
    }
}

impl Counting {
    /// Counts the drafts of a row, unless one of them is refused.
    fn row(
        &mut self,
        ledger: &Ledger,
        plan: &mut Plan<'_, '_>,
        planned: &mut HashSet<EventId>,
        says: RowSays,
    ) -> Result<Result<RowSays, Vec<CellFault>>, Failure> {
        let mut says = says;
        let mut faults = Vec::new();
        let mut new = Vec::new();
        let mut recorded = Vec::new();
        for Made { id, kind, draft } in says.drafts.drain(..) {
            if let Some(seq) = ledger.seq_of(id)? {
                recorded.push(seq);
                continue;
            }
            if !planned.contains(&id) {
                match plan.add(draft) {
                    Ok(Planned::New { .. } | Planned::Duplicate { .. }) => {
                        planned.insert(id);
                    }
                    Err(Refused::Rule(refusal)) => {
                        faults.push(refused_row(kind, refusal));
                        continue;
                    }
                    Err(Refused::Read(error)) => return Err(error.into()),
                }
            }
            new.push((kind, id));
        }
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        self.recorded.extend(recorded);
        for (kind, id) in new {
            self.new.entry(kind).or_default().add(id.bytes());
        }
        if says.who.is_new {
            let uuid = ledger.person_under(&says.who.own)?;
            self.people.add(uuid.into_bytes());
        }
        Ok(Ok(says))
    }

    fn finish(mut self, ledger: &Ledger, figures: &mut Figures) -> Result<(), Failure> {
        figures.rows = self.rows;
        figures.registered = self.people.distinct();
        figures.duplicate = self.recorded.len() as u64;
        for (kind, marks) in &mut self.new {
            let distinct = marks.distinct();
            figures.duplicate += marks.added - distinct;
            figures.new.insert(*kind, distinct);
        }
        if !self.recorded.is_empty() {
            self.recorded.sort_unstable();
            self.recorded.dedup();
            let standings = Standings::of_facts(&kept_facts::of(ledger)?, ledger.head().size);
            let out = self.recorded.iter();
            figures.out_of_force = out.filter(|seq| !standings.is_in_force(**seq)).count() as u64;
        }
        Ok(())
    }
}

/// The fault of a row that the ledger cannot take.
fn refused_row(kind: Kind, refusal: Refusal) -> CellFault {
    let Refusal {
        rule,
        field,
        message,
        remedy,
    } = refusal;
    let fault = CellFault::new(rule, format!("{kind}, {field}: {message}"));
    match remedy {
        Some(remedy) => fault.remedy(remedy),
        None => fault,
    }
}

/// The second pass, on its way through the rows.
struct Pass<'p> {
    import: &'p TableImport<'p>,
    rows: Rows<'p>,
    row: Row,
    /// The rows that are left out, in their order.
    refused: VecDeque<u64>,
    waiting: VecDeque<Made>,
    count: u64,
    ended: bool,
}

impl Pass<'_> {
    /// Plans drafts until the batch is full or the file ends.
    fn fill(
        &mut self,
        writing: &Writing,
        sha256: &str,
        random: Random<'_>,
    ) -> Result<Batch, Failure> {
        let ledger = &writing.ledger;
        let context = ledger.context(writing.today);
        let translation = Translation {
            rules: self.import.rules,
            ledger,
            context: &context,
            decisions: self.import.decisions,
            sha256,
        };
        let mut plan = Plan::new(ledger, &writing.by, Ids::FromContent, Keep::Drafts, random);
        let mut planned = HashSet::new();
        while !plan.is_full() && planned.len() < BATCH_DRAFTS {
            let Some(Made { id, draft, .. }) = self.waiting.pop_front() else {
                if !self.read(&translation)? {
                    break;
                }
                continue;
            };
            if planned.contains(&id) || ledger.seq_of(id)?.is_some() {
                continue;
            }
            match plan.add(draft) {
                Ok(Planned::New { .. } | Planned::Duplicate { .. }) => {
                    planned.insert(id);
                }
                Err(Refused::Rule(_)) => return Err(self.import.changed()),
                Err(Refused::Read(error)) => return Err(error.into()),
            }
        }
        Ok(plan.into_batch())
    }

    /// Reads one row; answers false at the end of the file.
    fn read(&mut self, translation: &Translation<'_>) -> Result<bool, Failure> {
        let more = self.rows.next(&mut self.row);
        if !more.map_err(|_| self.import.changed())? {
            self.ended = true;
            return Ok(false);
        }
        self.count += 1;
        if self.refused.front() == Some(&self.row.number) {
            self.refused.pop_front();
            return Ok(true);
        }
        let says = translation.row(&self.rows.header, &self.row)?;
        let says = says.map_err(|_| self.import.changed())?;
        self.waiting.extend(says.drafts);
        Ok(true)
    }
}
