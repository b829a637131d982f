//! Whether a published table of stocks and flows holds, in itself and beside the ledger.

use std::fs::File;
use std::io::{self, Read};

use amparo_projections::flow_table::{Against, Checked};
use amparo_projections::flows::flows;

use super::table::{BYTES_MAX, PlacedTable};
use crate::args::CoordinateArgs;
use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::filters::FilterArgs;
use crate::output::{Cell, Column, Meta, Reply};
use crate::session::{Reading, Session};

/// Checks the table of a file, `-` being standard input.
pub fn check(
    session: &mut Session<'_, '_>,
    file: &str,
    known_at: Option<String>,
    profile: Option<String>,
    filters: &FilterArgs,
) -> Result<Exit, Failure> {
    if session.globals.at.as_of.is_some() {
        let message = "the periods of the table say when; there is no --as-of beside them";
        return Err(Failure::usage(message).hint("--known-at says what of the ledger counts"));
    }
    let text = read(session, file)?;
    let Reading { ledger, at } = session.reading(&CoordinateArgs {
        as_of: None,
        known_at,
        profile,
    })?;
    let table = PlacedTable::read(file, &text, at.today).map_err(|faults| {
        Failure::refused("the table cannot be read; `amparo flows --help` says how it is written")
            .faults(faults)
    })?;
    let Some(period) = table.table.period() else {
        return Err(Failure::internal("a table without rows was read"));
    };
    let derived = Derived::of(session, ledger, at)?;
    let asked = derived.filters(session, filters)?;
    let view = derived.then().on_word_of(&asked.filter);
    let documented = flows(&view, &view, period, &derived.profile, &asked.filter);
    let checked = table.table.check(&documented);
    let meta = Meta {
        as_of: None,
        ..asked.show(derived.at.meta())
    };
    let reply = reply(meta.filter("table", Some(file)), &table, &checked);
    session.reply(&reply)?;
    say(session, &table, &checked);
    Ok(match checked.differences.is_empty() {
        true => Exit::Done,
        false => Exit::No,
    })
}

fn reply(meta: Meta, table: &PlacedTable, checked: &Checked) -> Reply {
    let columns = [
        Column::number("line"),
        Column::number("column"),
        Column::text("period"),
        Column::text("figure"),
        Column::text("against"),
        Column::number("published"),
        Column::number("expected"),
    ];
    let mut reply = Reply::at(meta, columns);
    for difference in &checked.differences {
        let place = table.place(difference.row, difference.item);
        reply.push(vec![
            Cell::count(place.line),
            Cell::count(place.column),
            Cell::text(&table.periods[difference.row]),
            Cell::text(difference.item),
            Cell::text(difference.against),
            difference.published.map_or(Cell::Empty, Cell::count),
            Cell::Number(difference.expected),
        ]);
    }
    reply
}

fn say(session: &mut Session<'_, '_>, table: &PlacedTable, checked: &Checked) {
    for row in &checked.not_added_up {
        session.talk(format!(
            "note: {} cannot be added up: a stock or a flow of it is not published",
            table.periods[*row]
        ));
    }
    let of = |against: Against| {
        let of = checked
            .differences
            .iter()
            .filter(|of| of.against == against);
        of.count()
    };
    session.talk(format!(
        "{} periods, {} figures: {} do not hold in themselves, {} differ from the ledger",
        table.periods.len(),
        checked.figures,
        of(Against::Arithmetic),
        of(Against::Ledger)
    ));
}

fn read(session: &mut Session<'_, '_>, name: &str) -> Result<String, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("cannot read {name}")).cause(error.to_string());
    let mut bytes = Vec::new();
    if name == "-" {
        let mut stdin = (&mut session.world.stdin).take(BYTES_MAX + 1);
        stdin.read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = File::open(session.world.dir.join(name)).map_err(unreadable)?;
        let mut file = file.take(BYTES_MAX + 1);
        file.read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > BYTES_MAX {
        let message = format!("{name} has more than {BYTES_MAX} bytes");
        return Err(Failure::refused(message).hint("check it in parts"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Failure::refused(format!("{name}:{}: this is not UTF-8", line + 1))
            .hint("save the table as CSV in UTF-8")
    })
}
