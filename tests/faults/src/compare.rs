//! One random history in the read models and in the naive model, asked the same questions.

use std::collections::BTreeMap;
use std::fmt::Debug;

use amparo_core::Context;
use amparo_core::date::{Day, Period};
use amparo_core::draft::Draft;
use amparo_core::entry::{Entry, Recorded};
use amparo_core::id::{EventId, Seq};
use amparo_core::identity::Secret;
use amparo_model::dates;
use amparo_model::flowing;
use amparo_model::histories::{self, History, TODAY};
use amparo_model::laid_out::By;
use amparo_model::moving::Parts;
use amparo_model::naive::{PROFILES, Row, Totals};
use amparo_model::random::Random;
use amparo_projections::deltas::{Block, Follower};
use amparo_projections::diff::{Cause, Coordinates, DiffRow, diff};
use amparo_projections::flows::{FlowRow, flows};
use amparo_projections::grouping::Grouping;
use amparo_projections::totals::{TotalsRow, totals, totals_by};
use amparo_projections::{Facts, Filter, Profile, ReadModel as _, RunningTotals, View};

use crate::claim::{Broken, insist};

/// Where the days of all histories begin and end: four hours behind UTC, all year.
pub const ZONE: chrono_tz::Tz = chrono_tz::America::Caracas;
const FIRST_MS: i64 = 1_770_724_800_000;

/// A history, fed to both.
pub struct Compared<'h> {
    history: &'h History,
    entries: Vec<Entry>,
    facts: Facts,
}

/// At which coordinates something is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    as_of: dates::Day,
    /// How many drafts are known.
    drafts: usize,
    profile: &'static str,
}

impl Question {
    /// Among the coordinates of a history of so many drafts.
    pub fn random(random: &mut Random, drafts: usize) -> Self {
        let known = match random.chance(40) {
            true => drafts,
            false => 1 + random.below(drafts),
        };
        Self {
            as_of: histories::as_of(random),
            drafts: known,
            profile: random.pick(&PROFILES).0,
        }
    }

    /// The same with so many drafts known.
    pub fn knowing(self, drafts: usize) -> Self {
        Self { drafts, ..self }
    }
}

fn day(day: dates::Day) -> Result<Day, Broken> {
    let text = dates::iso(day);
    text.parse()
        .map_err(|_| Broken::new(format!("{text} is no day")))
}

fn profile(name: &str) -> Result<Profile, Broken> {
    Profile::named(name).ok_or_else(|| Broken::new(format!("no profile {name}")))
}

/// The log of these drafts, read back from its lines.
///
/// # Errors
/// [`Broken`] where a draft is none, or has no id.
pub fn entries(lines: &[String]) -> Result<Vec<Entry>, Broken> {
    let context = Context {
        today: TODAY.parse().map_err(|_| Broken::new("the day is none"))?,
        zone: ZONE,
        secret: Secret::new([7; 32]),
    };
    let entry = |(n, line): (usize, &String)| {
        let draft = Draft::parse(line.as_bytes(), &context);
        let draft = draft.map_err(|faults| Broken::new(format!("{line}: {faults:?}")))?;
        let recorded = i64::try_from(n).ok();
        let recorded = recorded.and_then(|n| Recorded::from_ms(FIRST_MS + n));
        let missing = || Broken::new(format!("{line}: no id, or no time"));
        let entry = Entry {
            seq: Seq::new(n as u64),
            id: draft.id().ok_or_else(missing)?,
            recorded: recorded.ok_or_else(missing)?,
            by: histories::recorder(n).into(),
            event: draft.event().clone(),
            private: Vec::new(),
        };
        let stored = entry.line();
        let read = Entry::parse_exact(stored.as_bytes());
        read.map_err(|fault| Broken::new(format!("{stored}: {fault:?}")))
    };
    lines.iter().enumerate().map(entry).collect()
}

/// The facts of entries.
///
/// # Errors
/// [`Broken`] where they do not follow from one another.
pub fn facts(entries: &[Entry]) -> Result<Facts, Broken> {
    let mut facts = Facts::default();
    for entry in entries {
        let applied = facts.apply(entry);
        applied.map_err(|error| Broken::new(error.to_string()))?;
    }
    Ok(facts)
}

/// Insists that both say the same.
fn agree<T: PartialEq + Debug>(program: T, naive: T, asked: impl Debug) -> Result<(), Broken> {
    insist(program == naive, || {
        format!("{asked:?}:\n{program:?}\nnaively\n{naive:?}")
    })
}

/// Insists that both have the same totals; answers whether some number is open.
///
/// # Errors
/// [`Broken`] with the rows that differ.
pub fn totals_agree(rows: Vec<TotalsRow>, history: &History, at: Question) -> Result<bool, Broken> {
    let naive = history.naive.known(at.drafts).totals(at.as_of, at.profile);
    let program = as_map(rows);
    let is_open = naive.values().any(|[low, _, high]| low < high);
    if program == naive {
        return Ok(is_open);
    }
    let differs = |row: &&Row| program.get(*row) != naive.get(*row);
    let rows = program.keys().chain(naive.keys()).filter(differs);
    let line = |row: &Row| {
        format!(
            "{row:?}: {:?}, naively {:?}",
            program.get(row),
            naive.get(row)
        )
    };
    let rows: Vec<_> = rows.map(line).collect();
    Err(Broken::new(format!("{at:?}: {}", rows.join("\n"))))
}

/// The totals that a view has at the coordinates.
///
/// # Errors
/// [`Broken`] where these are none.
pub fn rows(facts: &Facts, known: Seq, at: Question) -> Result<Vec<TotalsRow>, Broken> {
    let view = View::known_at(facts, known);
    Ok(totals(&view, day(at.as_of)?, &profile(at.profile)?))
}

/// A block as it comes back from where it was kept.
fn kept(block: &Block) -> Result<Block, Broken> {
    let bytes = block
        .pack()
        .map_err(|error| Broken::new(error.to_string()))?;
    Block::unpack(&bytes).map_err(|error| Broken::new(error.to_string()))
}

fn as_map(rows: impl IntoIterator<Item = TotalsRow>) -> Totals {
    let entry = |row: TotalsRow| {
        let instrument = row.instrument.unwrap_or_default();
        let total = [row.total.low, row.total.count, row.total.high];
        ((row.axis.to_owned(), instrument, row.state), total)
    };
    rows.into_iter().map(entry).collect()
}

/// The read models' name for a way to lay out totals.
fn grouping(by: By) -> Result<Grouping, Broken> {
    Ok(match by {
        By::Place(depth) => Grouping::Place { depth },
        By::Last("authority") => Grouping::Authority,
        By::Last("court") => Grouping::Court,
        By::Last("jurisdiction") => Grouping::Jurisdiction,
        By::Last("ground") => Grouping::Ground,
        By::Source("publisher") => Grouping::Publisher,
        By::Source("kind") => Grouping::SourceKind,
        By::Last(key) | By::Source(key) => return Err(Broken::new(format!("no grouping {key}"))),
        By::Instrument => Grouping::Instrument,
        By::Recorder => Grouping::Recorder,
    })
}

impl<'h> Compared<'h> {
    /// Feeds a history to the read models.
    ///
    /// # Errors
    /// [`Broken`] where a draft is refused.
    pub fn new(history: &'h History) -> Result<Self, Broken> {
        let entries = entries(&history.lines)?;
        Ok(Self {
            history,
            facts: facts(&entries)?,
            entries,
        })
    }

    fn question(&self, random: &mut Random) -> Question {
        Question::random(random, self.history.lines.len())
    }

    /// Totals at random coordinates; answers whether some number is open.
    pub fn totals(&self, random: &mut Random) -> Result<bool, Broken> {
        let at = self.question(random);
        let agreed = totals_agree(rows(&self.facts, last(at.drafts), at)?, self.history, at);
        agreed.map_err(|broken| self.fewest(at, broken))
    }

    /// Totals that follow the log, moved to another day on the way.
    pub fn running(&self, random: &mut Random) -> Result<(), Broken> {
        let at = self.question(random);
        let start = day(histories::as_of(random))?;
        let mut running = RunningTotals::new(start, profile(at.profile)?);
        let turn = random.below(at.drafts);
        for (n, entry) in self.entries[..at.drafts].iter().enumerate() {
            let applied = running.apply(entry);
            applied.map_err(|error| Broken::new(error.to_string()))?;
            if n == turn {
                running.move_to(day(at.as_of)?);
            }
        }
        totals_agree(running.rows(), self.history, at).map(|_| ())
    }

    /// Totals as sums of moves, in blocks, the last of which was kept for a while and taken up again.
    pub fn moved(&self, random: &mut Random) -> Result<(), Broken> {
        let at = self.question(random);
        let (entries, kept_at) = (1 + random.below(at.drafts), random.below(at.drafts));
        let mut follower = Follower::at(&self.facts, 0);
        let mut block = Block::default();
        for n in 0..at.drafts {
            if n > 0 && n.is_multiple_of(entries) {
                block = block.next();
            }
            if n == kept_at && n < entries {
                block = kept(&block)?;
                follower = Follower::at(&self.facts, n as u64);
            }
            follower.follow(&self.facts, &mut block);
        }
        let rows = block.totals(last(at.drafts), day(at.as_of)?, &profile(at.profile)?);
        let rows = rows.ok_or_else(|| Broken::new("the block does not answer"))?;
        totals_agree(rows, self.history, at).map(|_| ())
    }

    /// Totals laid out by something.
    pub fn laid_out(&self, random: &mut Random) -> Result<(), Broken> {
        let at = self.question(random);
        let by = *random.pick(&By::ALL);
        let view = View::known_at(&self.facts, last(at.drafts));
        let profile = profile(at.profile)?;
        let rows = totals_by(&view, day(at.as_of)?, &profile, &[grouping(by)?]);
        let mut program: BTreeMap<Option<String>, Totals> = BTreeMap::new();
        for mut row in rows {
            let value = row.by.pop().flatten();
            program.entry(value).or_default().extend(as_map([row]));
        }
        let known = self.history.naive.known(at.drafts);
        agree(program, known.totals_by(at.as_of, at.profile, by), (at, by))
    }

    /// Stock and flows of a random period.
    pub fn flows(&self, random: &mut Random) -> Result<(), Broken> {
        let at = self.question(random);
        let first = at.as_of - random.between(0, 60);
        let view = View::known_at(&self.facts, last(at.drafts));
        let period = Period::new(day(first)?, day(at.as_of)?);
        let period = period.ok_or_else(|| Broken::new("no such period"))?;
        let flows = flows(
            &view,
            &view,
            period,
            &profile(at.profile)?,
            &Filter::default(),
        );
        let by_kind = |rows: &[FlowRow]| {
            let of = |row: &FlowRow| [row.count, row.again, row.newly_documented];
            let rows = rows.iter().map(|row| (row.kind.to_string(), of(row)));
            rows.collect::<BTreeMap<_, _>>()
        };
        let program = flowing::Flows {
            start: flows.start,
            entries: by_kind(&flows.entries),
            exits: by_kind(&flows.exits),
            end: flows.end,
        };
        let known = self.history.naive.known(at.drafts);
        let asked = (at, dates::iso(first));
        agree(program, known.flows(first, at.as_of, at.profile), asked)
    }

    /// Why every number moved from one pair of coordinates to another.
    pub fn diff(&self, random: &mut Random) -> Result<(), Broken> {
        let (from, to) = (self.question(random), self.question(random));
        let coordinates = |at: Question| {
            Ok::<_, Broken>(Coordinates {
                as_of: day(at.as_of)?,
                known_at: Some(last(at.drafts)),
            })
        };
        let (start, end) = (coordinates(from)?, coordinates(to)?);
        let profile = profile(to.profile)?;
        let rows = diff(&self.facts, start, end, &profile, &Filter::default());
        let parts = |row: &DiffRow| Cause::ALL.map(|cause| row.part(cause));
        let row = |row: DiffRow| {
            let parts = parts(&row);
            let instrument = row.instrument.unwrap_or_default();
            ((row.axis.to_owned(), instrument, row.state), parts)
        };
        let mut program: BTreeMap<Row, Parts> = rows.into_iter().map(row).collect();
        program.retain(|_, parts| *parts != [0; 6]);
        let places = [from, to].map(|at| (at.as_of, at.drafts));
        let naive = self.history.naive.moves(places[0], places[1], to.profile);
        agree(program, naive, (from, to))
    }

    /// Leaves out drafts for as long as the rest has other totals too.
    fn fewest(&self, at: Question, mut broken: Broken) -> Broken {
        let mut lines = self.history.lines[..at.drafts].to_vec();
        for n in (0..lines.len()).rev() {
            let mut fewer = lines.clone();
            let left_out = fewer.remove(n);
            let id = &left_out[6..44];
            if fewer.is_empty() || fewer.iter().any(|line| line.contains(id)) {
                continue;
            }
            let shorter = History::of(fewer);
            let drafts = shorter.lines.len();
            let at = at.knowing(drafts);
            let again = Compared::new(&shorter).and_then(|compared| {
                totals_agree(rows(&compared.facts, last(drafts), at)?, &shorter, at)
            });
            if let Err(still) = again {
                broken = still;
                lines = shorter.lines;
            }
        }
        Broken::new(format!("{broken}\n{}", lines.join("\n")))
    }
}

/// The last of so many entries.
fn last(entries: usize) -> Seq {
    Seq::new(entries.saturating_sub(1) as u64)
}

/// Which of the drafts of a history an entry is.
pub fn is_draft(history: &History, id: EventId) -> bool {
    (0..history.lines.len()).any(|n| histories::id(n) == id.uuid().to_string())
}
