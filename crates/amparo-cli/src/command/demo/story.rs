//! What the demonstration tells: everything in it is derived from the ledger just made, and every
//! table can be had again with a command that stands below.

use std::fmt::Write as _;
use std::path::Path;

use amparo_core::id::Seq;
use amparo_core::kind::{Axis, State};
use amparo_projections::View;
use amparo_projections::claims::claims;
use amparo_projections::fact::SubjectId;
use amparo_projections::timeline::{Strand, TimelineStep, standing, timeline};

use crate::args::OutputFormat;
use crate::command::claims::gap;
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures;
use crate::output::{self, Cell, Column, Meta, Reply};

/// The claims that are shown: requests announced, grants in headlines, and what came of it.
const CLAIMS: [u64; 6] = [32, 38, 54, 20, 18, 30];
/// He whose story is told, by the name that stands in his private fields.
const PERSON: &str = "p1";
/// The day whose picture changed.
const DAY: &str = "2026-02-09";
/// The three times at which that day is looked at.
const KNOWN: [(&str, u64); 3] = [
    ("on 8 February", 10),
    ("on 9 February", 13),
    ("on 10 February, and now", 55),
];

/// The whole story.
pub fn tell(derived: &Derived, dir: &Path, prefix: &str) -> Result<String, Failure> {
    let people = derived.people()?;
    let view = derived.today();
    let person = derived.facts.registered(PERSON).ok_or_else(unsound)?;
    let name = derived.name(&people, person).ok_or_else(unsound)?;
    let head = derived.ledger.head();
    let root: String = head.root.to_string().chars().take(12).collect();
    let mut story = format!(
        "AMPARO: what happened, what was known, and on whose word\n\n\
         {entries} entries on the Venezuelan amnesty of February 2026, in {dir}, as public reports\n\
         told it from 10 January to 25 February 2026. Nothing in it was ever edited; root {root}.\n\
         The times of recording are made up, as only a demonstration may: a ledger takes the clock's.\n",
        entries = head.size,
        dir = dir.display(),
    );
    section(
        &mut story,
        "1. CLAIMED AND DOCUMENTED",
        "A claim is somebody's number. It is laid beside what is documented person by person, and\n\
         never added to it.",
        &claimed(derived, &view)?,
        "379 was announced as requests that prosecutors had filed; headlines made 379 grants of\n\
         it. This ledger documents no request and no grant by name. Days later, officials\n\
         counted 179 people out of prison. \"1 (0..1)\" is 1 by the likeliest dates, and 0 or 1 as\n\
         far as the dates are certain.",
    )?;
    section(
        &mut story,
        &format!("2. ONE MAN ON THREE AXES: {name} ({PERSON})"),
        "Custody, case and clemency are three questions, and each has its own answer.",
        &three_axes(derived, &view, person)?,
        "Let out on terms, taken again around midnight, under house arrest, then freed. His\n\
         trial goes on, so that is not full freedom; and the court acted of its own motion, so\n\
         there is no amnesty in his story. What his family first reported (e11) is replaced by\n\
         e14, and still there.",
    )?;
    section(
        &mut story,
        "3. ONE DAY, AS IT WAS KNOWN",
        &format!("His custody at the end of {DAY}, by what the ledger held at three times."),
        &one_day(derived, person)?,
        "Nobody was wrong to print what the first lines say: the ledger can still show, and\n\
         prove, what was known on each day.",
    )?;
    story.push_str("\nTRY NEXT\n");
    for (what, command) in commands() {
        let _ = write!(story, "\n  # {what}\n  {prefix} {command}\n");
    }
    Ok(story)
}

/// The commands to try, each with what it shows.
fn commands() -> [(&'static str, &'static str); 7] {
    [
        (
            "his status on 9 February, by what was known on the 8th",
            "status Guanipa --as-of 2026-02-09 --known-at 2026-02-08",
        ),
        (
            "what that rests on, fact by fact, and what came of each",
            "audit Guanipa --as-of 2026-02-09 --known-at 2026-02-09",
        ),
        (
            "every step, also the one that was replaced",
            "status Guanipa --timeline",
        ),
        (
            "a number, with the range that an uncertain date leaves",
            "totals --as-of 2026-02-19",
        ),
        ("all claims", "claims --as-of 2026-02-25"),
        ("how the picture grew, day by day", "replay --every day"),
        ("read and hash every byte again", "verify"),
    ]
}

fn section(
    story: &mut String,
    title: &str,
    before: &str,
    table: &Reply,
    after: &str,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    output::write(table, OutputFormat::Table, &mut bytes).map_err(Failure::writing)?;
    let _ = write!(story, "\n{title}\n\n{before}\n\n");
    for line in String::from_utf8_lossy(&bytes).lines() {
        let _ = writeln!(story, "  {line}");
    }
    let _ = write!(story, "\n{after}\n");
    Ok(())
}

fn claimed(derived: &Derived, view: &View<'_>) -> Result<Reply, Failure> {
    let columns = [
        Column::text("claimant"),
        Column::text("measure"),
        Column::number("claimed"),
        Column::number("documented"),
        Column::number("gap"),
        Column::text("entry"),
    ];
    let mut table = Reply::new(Meta::default(), columns);
    let rows = claims(view, derived.at.as_of, &derived.profile);
    for seq in CLAIMS.map(Seq::new) {
        let row = rows.iter().find(|row| row.seq == seq).ok_or_else(unsound)?;
        table.push(vec![
            Cell::text(&row.claim.claimant),
            Cell::text(row.claim.measure),
            Cell::text(row.claim.quantity),
            Cell::text(figures::count(row.documented)),
            Cell::text(gap(row.gap)),
            Cell::text(seq),
        ]);
    }
    Ok(table)
}

fn three_axes(derived: &Derived, view: &View<'_>, person: SubjectId) -> Result<Reply, Failure> {
    let columns = [
        "occurred",
        "custody",
        "case",
        "clemency",
        "entry",
        "on the word of",
    ];
    let mut table = Reply::new(Meta::default(), columns.map(Column::text));
    let story = timeline(view, person, derived.at.as_of, &derived.profile).ok_or_else(unsound)?;
    let strands = story.strands.iter();
    let steps = strands.flat_map(|strand| strand.steps.iter().map(move |step| (strand, step)));
    let mut steps: Vec<_> = steps.collect();
    steps.sort_by_key(|(_, step)| (step.fact.span().map(|span| span.order_key()), step.seq));
    for (strand, step) in steps {
        table.push(step_row(derived, strand, step));
    }
    Ok(table)
}

fn step_row(derived: &Derived, strand: &Strand<'_>, step: &TimelineStep<'_>) -> Vec<Cell> {
    let state = step.state.map_or(step.fact.kind().to_string(), |state| {
        state.word().to_owned()
    });
    let state = if step.is_rearrest {
        format!("{state} (re-arrest)")
    } else {
        state
    };
    let on = |axis| {
        if strand.axis == axis {
            Cell::text(&state)
        } else {
            Cell::Empty
        }
    };
    let mut word: Vec<_> = derived.facts.publishers(step.fact).collect();
    word.dedup();
    let replaced: Vec<_> = step.put_out_by.iter().map(Seq::to_string).collect();
    let word = match replaced.as_slice() {
        [] => word.join("; "),
        by => format!("{} (replaced by {})", word.join("; "), by.join(", ")),
    };
    vec![
        Cell::maybe(derived.facts.date(step.fact)),
        on(Axis::Custody),
        on(Axis::Case),
        on(Axis::Clemency),
        Cell::text(step.seq),
        Cell::text(word),
    ]
}

fn one_day(derived: &Derived, person: SubjectId) -> Result<Reply, Failure> {
    let columns = ["known", "at", "custody", "by entry", "on the word of"].map(Column::text);
    let mut table = Reply::new(Meta::default(), columns);
    let day = DAY.parse().map_err(|_| unsound())?;
    for (when, known_at) in KNOWN {
        let known_at = Seq::new(known_at);
        let view = View::known_at(&derived.facts, known_at);
        let standing = standing(&view.courses(person).custody, day);
        let entry = standing.entry.ok_or_else(unsound)?;
        let fact = view.fact(entry).ok_or_else(unsound)?;
        let word: Vec<_> = derived.facts.publishers(fact).collect();
        table.push(vec![
            Cell::text(when),
            Cell::text(known_at),
            Cell::maybe(standing.point.map(State::word)),
            Cell::text(entry),
            Cell::text(word.join("; ")),
        ]);
    }
    Ok(table)
}

fn unsound() -> Failure {
    Failure::internal("the demonstration that is built into this program is not sound")
}
