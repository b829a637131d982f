//! `claims --who`, `--figures` and `--disputes`: what is named of a claim, how a claimant's figure
//! moved, and where claimants contradict each other.

use amparo_projections::View;
use amparo_projections::claims::{ClaimRow, Figure, Gap, disputes, figures, named};

use super::{days, gap};
use crate::derived::Derived;
use crate::error::Failure;
use crate::figures::count_cells;
use crate::output::{Cell, Column, Meta, Reply};

/// Those who are documented of what each claim speaks of; their counts add up to `documented`.
///
/// # Errors
/// Integrity, when the names cannot be read.
pub fn who(
    meta: Meta,
    derived: &Derived,
    view: &View<'_>,
    rows: &[ClaimRow<'_>],
) -> Result<Reply, Failure> {
    let (as_of, profile) = (derived.at.as_of, &derived.profile);
    let of = |row: &ClaimRow<'_>| named(view, row.seq, as_of, profile);
    let opened: Vec<_> = rows.iter().map(|row| (row, of(row))).collect();
    let subjects = opened
        .iter()
        .flat_map(|(_, all)| all)
        .map(|one| one.subject);
    let people = derived.people_named(subjects)?;
    let texts = ["claim", "claimant", "measure"].map(Column::text);
    let counts = ["low", "count", "high"].map(Column::number);
    let of_one = ["ref", "name", "entry", "kind", "occurred", "sources"].map(Column::text);
    let mut reply = Reply::at(meta, texts.into_iter().chain(counts).chain(of_one));
    for (row, all) in &opened {
        for one in all {
            let fact = derived.facts.fact(one.entry);
            let mut cells = vec![
                Cell::text(row.seq),
                Cell::text(&row.claim.claimant),
                Cell::text(row.claim.measure),
            ];
            cells.extend(count_cells(one.total));
            cells.extend([
                Cell::text(derived.facts.shown(one.subject)),
                Cell::maybe(derived.name(&people, one.subject)),
                Cell::text(one.entry),
                Cell::maybe(fact.map(|fact| fact.kind())),
                Cell::maybe(fact.and_then(|fact| derived.facts.date(fact))),
                Cell::list(fact.map(|fact| derived.sources(fact)).unwrap_or_default()),
            ]);
            reply.push(cells);
        }
    }
    Ok(reply)
}

/// What each claimant stated of one thing, over time, and by how much it moved.
pub fn moves(meta: Meta, rows: &[ClaimRow<'_>], for_people: bool) -> Reply {
    let texts = ["claimant", "measure", "instrument", "scope", "day", "entry"].map(Column::text);
    let numbers: &[&'static str] = match for_people {
        true => &["claimed", "moved", "gap"],
        false => &[
            "claimed_low",
            "claimed_high",
            "moved_low",
            "moved_high",
            "gap_low",
            "gap_high",
        ],
    };
    let numbers = numbers.iter().map(|key| Column::number(*key));
    let mut reply = Reply::at(meta, texts.into_iter().chain(numbers));
    for figure in figures(rows) {
        for (n, step) in figure.steps.iter().enumerate() {
            let Some(row) = rows.iter().find(|row| row.seq == step.seq) else {
                continue;
            };
            let mut cells = of_figure(&figure).to_vec();
            cells.extend([Cell::maybe(step.day), Cell::text(step.seq)]);
            let claimed = &row.claim.quantity;
            let moved = (n > 0).then_some(step.moved).flatten();
            match for_people {
                true => cells.extend([
                    Cell::text(claimed),
                    Cell::maybe(moved.map(gap)),
                    Cell::text(gap(step.gap)),
                ]),
                false => {
                    let bound = |bound: Option<u64>| bound.map_or(Cell::Empty, Cell::count);
                    cells.extend([bound(claimed.low()), bound(claimed.high())]);
                    cells.extend(bounds(moved));
                    cells.extend(bounds(Some(step.gap)));
                }
            }
            reply.push(cells);
        }
    }
    reply
}

fn of_figure(figure: &Figure<'_>) -> [Cell; 4] {
    [
        Cell::text(figure.claimant),
        Cell::text(figure.measure),
        Cell::maybe(figure.instrument),
        Cell::maybe(figure.scope),
    ]
}

fn bounds(gap: Option<Gap>) -> [Cell; 2] {
    let bound = |bound: Option<i64>| bound.map_or(Cell::Empty, Cell::Number);
    [
        bound(gap.and_then(|gap| gap.low)),
        bound(gap.and_then(|gap| gap.high)),
    ]
}

/// The claims that contradict each other, two and two.
pub fn contradicting(meta: Meta, view: &View<'_>, rows: &[ClaimRow<'_>]) -> Reply {
    let columns = [
        Column::text("measure"),
        Column::text("about"),
        Column::text("entry"),
        Column::text("claimant"),
        Column::text("claimed"),
        Column::text("other"),
        Column::text("other_claimant"),
        Column::text("other_claimed"),
        Column::number("apart"),
    ];
    let mut reply = Reply::at(meta, columns);
    for dispute in disputes(view) {
        let row = |seq| rows.iter().find(|row| row.seq == seq);
        let (Some(one), Some(other)) = (row(dispute.one), row(dispute.other)) else {
            continue;
        };
        reply.push(vec![
            Cell::text(one.claim.measure),
            Cell::maybe(one.period.map(days)),
            Cell::text(one.seq),
            Cell::text(&one.claim.claimant),
            Cell::text(one.claim.quantity),
            Cell::text(other.seq),
            Cell::text(&other.claim.claimant),
            Cell::text(other.claim.quantity),
            Cell::count(dispute.apart),
        ]);
    }
    reply
}
